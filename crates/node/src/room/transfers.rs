//! Files that people send and fetch in a room.

use std::path::Path;

use bytes::{Bytes, BytesMut};
use rumormill_proto::{
    content::{Content, File, Target, is_file_name},
    epochs::Secret,
    pieces::{PLAIN_PIECE, seal_piece},
};
use rumormill_store::{Import, RoomFile, limits::PIECE_BYTES};
use tokio::io::AsyncReadExt as _;

use super::Room;
use crate::{
    error::Error,
    event::FileState,
    files::{Fetch, Offer},
    message::What,
    random::random,
};

/// A file that is being taken in, to be sent. It is dropped if it is not sent.
pub struct Upload {
    room: Room,
    import: Import,
    sealer: Option<Sealer>,
}

/// Seals the bytes of a file piece by piece, in a closed room.
struct Sealer {
    key: Secret,
    /// The number of the next piece.
    next: u64,
    /// The size of the file so far.
    size: u64,
    /// The bytes of the next piece.
    rest: Vec<u8>,
}

impl Sealer {
    fn new() -> Self {
        Self { key: Secret::new(random()), next: 0, size: 0, rest: Vec::new() }
    }

    /// Takes the next bytes of the file, and gives the pieces that they complete.
    fn seal(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.size += bytes.len() as u64;
        self.rest.extend_from_slice(bytes);
        let mut sealed = Vec::new();
        while self.rest.len() >= PLAIN_PIECE {
            let rest = self.rest.split_off(PLAIN_PIECE);
            sealed.extend(self.piece());
            self.rest = rest;
        }
        sealed
    }

    /// The last piece, unless the one before it was.
    fn end(&mut self) -> Vec<u8> {
        if self.next > 0 && self.rest.is_empty() { Vec::new() } else { self.piece() }
    }

    fn piece(&mut self) -> Vec<u8> {
        self.next += 1;
        seal_piece(&self.key, self.next - 1, &std::mem::take(&mut self.rest))
    }
}

impl Upload {
    /// Takes the next bytes of it.
    ///
    /// # Errors
    /// [`Error::Store`] when it is too large or the disk is full.
    pub async fn write(self, bytes: Bytes) -> Result<Self, Error> {
        let Self { room, mut import, mut sealer } = self;
        let write = move |_: &_| {
            match &mut sealer {
                Some(sealer) => import.write(&sealer.seal(&bytes))?,
                None => import.write(&bytes)?,
            }
            Ok((import, sealer))
        };
        let (import, sealer) = room.node.shelf.on_disk(write).await?;
        Ok(Self { room, import, sealer })
    }

    /// That was all of it: it becomes a file of this name, which no message offers yet.
    ///
    /// # Errors
    /// [`Error::FileName`] and [`Error::Store`].
    pub async fn end(self, name: &str, mime: &str, reply_to: Option<Target>) -> Result<Offer, Error> {
        let Self { room, mut import, mut sealer } = self;
        if !is_file_name(name) {
            return Err(Error::FileName);
        }
        if let Some(sealer) = &mut sealer {
            let last = sealer.end();
            import = room.node.shelf.on_disk(move |_| import.write(&last).map(|()| import)).await?;
        }
        let (hash, carried, pin) = room.node.shelf.take_whole(room.id(), import).await?;
        let (size, key) = sealer.map_or((carried, None), |sealer| (sealer.size, Some(Box::new(sealer.key))));
        let file = File { hash, size, key, name: name.to_owned(), mime: mime.to_owned(), reply_to };
        Ok(Offer::new(file, pin))
    }

    /// That was all of it: offers it to the room. Resolves once that is durable here, with the message and the file.
    ///
    /// # Errors
    /// Those of [`Upload::end`] and [`Room::say`].
    pub async fn say(self, name: &str, mime: &str, reply_to: Option<Target>) -> Result<(Target, File), Error> {
        let room = self.room.clone();
        let offer = self.end(name, mime, reply_to).await?;
        let said = room.put(&Content::File(offer.file().clone())).await?;
        Ok((said, offer.file().clone()))
    }
}

impl Room {
    /// Sends a file from the disk under the last part of its path. `mime` is its media type, empty when that is not known.
    /// Resolves once the message is durable here; members fetch the file when they want it.
    ///
    /// # Errors
    /// [`Error::FileName`], [`Error::Unreadable`] when the file cannot be read, and those of [`Upload::write`] and
    /// [`Upload::say`].
    pub async fn send_file(&self, path: &Path, mime: &str) -> Result<Target, Error> {
        let unreadable = |why: std::io::Error| Error::Unreadable { path: path.to_owned(), why: why.to_string() };
        let name = path.file_name().and_then(|name| name.to_str()).ok_or(Error::FileName)?;
        let mut source = tokio::fs::File::open(path).await.map_err(unreadable)?;
        let mut upload = self.upload().await?;
        loop {
            let mut bytes = BytesMut::with_capacity(PIECE_BYTES);
            if source.read_buf(&mut bytes).await.map_err(unreadable)? == 0 {
                break;
            }
            upload = upload.write(bytes.freeze()).await?;
        }
        let (said, _) = upload.say(name, mime, None).await?;
        Ok(said)
    }

    /// Begins to take in a file that comes in pieces, to be sent.
    ///
    /// # Errors
    /// [`Error::Store`] when the disk is full.
    pub async fn upload(&self) -> Result<Upload, Error> {
        let room = self.id();
        let import = self.node.shelf.on_disk(move |files| files.import(&room)).await?;
        let sealer = self.is_closed().then(Sealer::new);
        Ok(Upload { room: self.clone(), import, sealer })
    }

    /// The file that a message offers.
    ///
    /// # Errors
    /// [`Error::NoFile`] when it offers none, and those of [`Room::messages`].
    pub async fn file(&self, of: Target) -> Result<File, Error> {
        match self.message(of).await?.map(|message| message.what) {
            Some(What::File(file)) => Ok(file),
            _ => Err(Error::NoFile),
        }
    }

    /// The state of a file on this node, and how many of its bytes are here.
    pub fn file_state(&self, file: &File) -> (FileState, u64) {
        self.node.shelf.standing(self.id(), file)
    }

    /// Asks for the file that a message offers, if it is not here. It comes even if nobody reads the [`Fetch`].
    ///
    /// # Errors
    /// [`Error::TooManyFiles`] when too many are asked for, and those of [`Room::file`].
    pub async fn fetch(&self, of: Target) -> Result<Fetch, Error> {
        let file = self.file(of).await?;
        self.node.shelf.begin_fetch(self.id(), file).await
    }

    /// Stops asking for the file that a message offers, and drops the pieces that came.
    ///
    /// # Errors
    /// As [`Room::file`]; [`Error::Store`] when it cannot be removed.
    pub async fn give_up(&self, of: Target) -> Result<(), Error> {
        let file = RoomFile { room: self.id(), hash: self.file(of).await?.hash };
        self.node.shelf.give_up(file, Error::GivenUp).await
    }
}

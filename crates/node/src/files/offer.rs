//! What users do with files: send one, ask for one, give one up.

use std::sync::Arc;

use bytes::Bytes;
use rumormill_proto::content::{Content, File, Target, is_file_name};
use rumormill_store::{Import, RoomFile};
use tokio::sync::watch;

use super::{Fetch, FileState, Progress, Shelf};
use crate::{error::Error, limits::WANTS, room::Room, room::Said};

/// A file that is being taken in, to be sent. What is not sent is forgotten.
pub struct Upload {
    room: Room,
    import: Import,
}

impl Upload {
    /// Takes the next bytes of it.
    ///
    /// # Errors
    /// [`Error::Store`] when it is too large or the disk is full.
    pub async fn write(self, bytes: Bytes) -> Result<Self, Error> {
        let Self { room, mut import } = self;
        let shelf = room.node.shelf.clone();
        let import = shelf.on_disk(move |_| import.write(&bytes).map(|()| import)).await?;
        Ok(Self { room, import })
    }

    /// That was all of it: offers it to the room. Resolves once that is durable here, with where it was said and what.
    ///
    /// # Errors
    /// [`Error::FileName`], [`Error::Store`], and what [`Room::say_all`] says.
    pub async fn say(self, name: &str, mime: &str, reply_to: Option<Target>) -> Result<(Said, File), Error> {
        let Self { room, import } = self;
        if !is_file_name(name) {
            return Err(Error::FileName);
        }
        let shelf = room.node.shelf.clone();
        let (pin, size) = {
            let _changing = shelf.changing.lock().await;
            let (hash, size) = shelf.on_disk(move |_| import.end()).await?;
            let pin = Pin::new(shelf.clone(), RoomFile { room: room.id(), hash });
            shelf.take_in(pin.file, size);
            (pin, size)
        };
        let (name, mime) = (name.to_owned(), mime.to_owned());
        let file = File { hash: pin.file.hash, size, name, mime, reply_to };
        let said = room.say_content(&Content::File(file.clone())).await;
        drop(pin);
        shelf.tidy();
        Ok((said?, file))
    }
}

/// Keeps a file that no entry names so far.
struct Pin {
    shelf: Arc<Shelf>,
    file: RoomFile,
}

impl Pin {
    fn new(shelf: Arc<Shelf>, file: RoomFile) -> Self {
        *shelf.state().pinned.entry(file).or_default() += 1;
        Self { shelf, file }
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut state = self.shelf.state();
        if let Some(count) = state.pinned.get_mut(&self.file) {
            *count -= 1;
            if *count == 0 {
                state.pinned.remove(&self.file);
            }
        }
    }
}

impl Room {
    /// Begins to take a file in that is to be sent.
    ///
    /// # Errors
    /// [`Error::Store`] when the disk is full.
    pub async fn upload(&self) -> Result<Upload, Error> {
        let room = self.id();
        let import = self.node.shelf.on_disk(move |files| files.import(&room)).await?;
        Ok(Upload { room: self.clone(), import })
    }

    /// The file that a message offers.
    ///
    /// # Errors
    /// [`Error::NoFile`] when it offers none, and what [`Room::page`] says.
    pub async fn file(&self, target: Target) -> Result<File, Error> {
        match self.message(target).await?.map(|message| message.what) {
            Some(crate::talk::What::File(file)) => Ok(file),
            _ => Err(Error::NoFile),
        }
    }

    /// How a file stands here, and how many bytes of it are here.
    pub fn file_state(&self, file: &File) -> (FileState, u64) {
        self.node.shelf.standing(self.id(), file)
    }

    /// Asks for the file that a message offers, if it is not here. It comes even if nobody waits for it.
    ///
    /// # Errors
    /// [`Error::TooManyFiles`] when too many are asked for, and what [`Room::file`] says.
    pub async fn fetch(&self, target: Target) -> Result<Fetch, Error> {
        let file = self.file(target).await?;
        let shelf = &self.node.shelf;
        let (key, size) = (RoomFile { room: self.id(), hash: file.hash }, file.size);
        let differs = |other: u64| other != size;
        let misnamed = shelf.state().wants.get(&key).is_some_and(|want| differs(want.size));
        if misnamed {
            // One of the two messages does not tell the truth: the one asked for last is tried.
            shelf.give_up(key, Error::GivenUp).await?;
        }
        let mut state = shelf.state();
        if state.held.get(&key).is_some_and(|held| differs(held.size)) {
            return Err(Error::NoFile);
        }
        let progress = if state.held.contains_key(&key) {
            watch::channel(Progress { state: FileState::Here, have: size, failed: None }).1
        } else if let Some(want) = state.wants.get(&key) {
            want.progress.send_if_modified(|progress| {
                let waits = progress.state == FileState::Waiting;
                if waits {
                    progress.state = FileState::Asking;
                    want.again.notify_one();
                }
                waits
            });
            want.progress.subscribe()
        } else if state.wants.len() >= WANTS {
            return Err(Error::TooManyFiles);
        } else {
            shelf.want(key, size, &mut state)
        };
        drop(state);
        Ok(Fetch::new(self.id(), file, shelf.clone(), progress))
    }

    /// No longer asks for the file that a message offers; what came of it goes.
    ///
    /// # Errors
    /// As [`Room::file`]; [`Error::Store`] when it cannot be removed.
    pub async fn give_up(&self, target: Target) -> Result<(), Error> {
        let file = RoomFile { room: self.id(), hash: self.file(target).await?.hash };
        self.node.shelf.give_up(file, Error::GivenUp).await
    }
}

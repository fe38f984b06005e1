//! A file that is being fetched from one peer after the other, piece by piece.
//!
//! ```text
//! asked     on a stream of its own: channel number, hash 32, size number, first piece number; then its end
//! answered  1 byte: 0 it is not here, and the end; 1 it is
//!           then from the first piece on to the last, each: length 4 bytes, as many bytes
//! piece     256 KiB of the file, or what is left of it, behind the pairs of hashes that lead to it from the root
//! ```

use std::sync::Arc;

use bytes::Bytes;
use iroh::endpoint::{Connection, RecvStream};
use rumormill_proto::{
    codec::put_number,
    content::File,
    epochs::Secret,
    ids::RoomId,
    pieces::{PLAIN_PIECE, SEALED_PIECE, open_piece},
    reject::Reject,
};
use rumormill_store::{
    FileSource, Part, Piece, RoomFile,
    limits::{PIECE_BYTES, SENT_PIECE_BYTES},
};
use tokio::{
    sync::{Notify, watch},
    time::sleep,
};

use super::{
    shelf::{Progress, Shelf},
    slots::Moved,
};
use crate::{command::Command, connection::Lane, error::Error, event::FileState, limits::FILE_AGAIN, random::random};

/// The outcome of asking one peer.
enum Came {
    /// All of it is here.
    Whole(Part),
    /// The peer does not have it, no longer has it, or stopped sending.
    Short(Part),
    /// The peer was too slow, and others waited.
    Slow(Part),
    /// The peer sent something else.
    Wrong(Part),
}

/// The outcome of asking all peers.
enum Round {
    /// All of it is here.
    Whole,
    /// No connected peer has it.
    Nobody,
    /// A peer was too slow, and others waited.
    Yielded,
}

/// Whether another peer can be asked when one is slow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Others {
    Left,
    None,
}

/// A file that can be read while it is fetched.
pub struct Fetch {
    room: RoomId,
    file: File,
    shelf: Arc<Shelf>,
    progress: watch::Receiver<Progress>,
    source: Option<Arc<FileSource>>,
    /// The number and the bytes of the piece that was opened last.
    opened: Option<(u64, Bytes)>,
}

impl Fetch {
    pub(super) fn new(room: RoomId, file: File, shelf: Arc<Shelf>, progress: watch::Receiver<Progress>) -> Self {
        Self { room, file, shelf, progress, source: None, opened: None }
    }

    /// The file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Resolves when the file is here or is arriving.
    ///
    /// # Errors
    /// [`Error::NobodyHasIt`] when no connected peer has it; the node asks again when a peer comes. [`Error::Store`]
    /// when it cannot be written, [`Error::GivenUp`].
    pub async fn begun(&mut self) -> Result<(), Error> {
        loop {
            let Progress { state, failed, .. } = self.progress.borrow_and_update().clone();
            match (failed, state) {
                (Some(why), _) => return Err(why),
                (None, FileState::Here | FileState::Fetching) => return Ok(()),
                (None, FileState::Waiting) => return Err(Error::NobodyHasIt),
                (None, FileState::Absent | FileState::Asking) => {}
            }
            self.progress.changed().await.map_err(|_| Error::GivenUp)?;
        }
    }

    /// The bytes from `at` on that are here, at least one and at most a piece, as soon as there are any; none at `end`
    /// or the end of the file. When the peers that have the file are gone, waits for another.
    ///
    /// # Errors
    /// [`Error::Store`] when it cannot be read or written, [`Error::GivenUp`].
    pub async fn read(&mut self, at: u64, end: u64) -> Result<Bytes, Error> {
        let end = end.min(self.file.size);
        if at >= end {
            return Ok(Bytes::new());
        }
        let Some(key) = self.file.key.clone() else {
            let have = self.come(at).await?;
            let source = self.source().await?;
            let len = (have.min(end) - at).min(PIECE_BYTES as u64) as usize;
            return self.shelf.on_disk(move |_| source.read(at, len)).await;
        };
        let (number, from) = (at / PLAIN_PIECE as u64, (at % PLAIN_PIECE as u64) as usize);
        let piece = self.piece(&key, number).await?;
        let until = piece.len().min(from.saturating_add((end - at) as usize));
        Ok(piece.get(from..until).map(|part| piece.slice_ref(part)).unwrap_or_default())
    }

    /// Waits until more than so many of the bytes that travel are here. Returns how many are.
    async fn come(&mut self, at: u64) -> Result<u64, Error> {
        loop {
            let Progress { have, failed, .. } = self.progress.borrow_and_update().clone();
            if let Some(why) = failed {
                return Err(why);
            }
            if have > at {
                return Ok(have);
            }
            self.progress.changed().await.map_err(|_| Error::GivenUp)?;
        }
    }

    /// A piece of a sealed file, opened.
    async fn piece(&mut self, key: &Secret, number: u64) -> Result<Bytes, Error> {
        if let Some((_, piece)) = self.opened.as_ref().filter(|(opened, _)| *opened == number) {
            return Ok(piece.clone());
        }
        let begin = number * SEALED_PIECE as u64;
        let len = (self.file.carried().saturating_sub(begin)).min(SEALED_PIECE as u64);
        self.come((begin + len).saturating_sub(1)).await?;
        let (source, key) = (self.source().await?, key.clone());
        let open = move |_: &_| Ok(open_piece(&key, number, &source.read(begin, len as usize)?).map(Bytes::from));
        // The bytes are those that the message names, so its author sealed something else.
        let piece = self.shelf.on_disk(open).await?.ok_or(Error::NoFile)?;
        self.opened = Some((number, piece.clone()));
        Ok(piece)
    }

    /// The file itself, kept open because its name on the disk may change.
    async fn source(&mut self) -> Result<Arc<FileSource>, Error> {
        if let Some(source) = &self.source {
            return Ok(source.clone());
        }
        let (file, size) = (RoomFile { room: self.room, hash: self.file.hash }, self.file.carried());
        let source = self.shelf.on_disk(move |files| files.source(file, size)).await?.ok_or(Error::GivenUp)?;
        Ok(self.source.insert(Arc::new(source)).clone())
    }
}

impl Shelf {
    /// Fetches a file, however long it takes.
    pub(super) async fn fetch(self: Arc<Self>, file: RoomFile, size: u64, again: Arc<Notify>) {
        let mut arrivals = self.arrivals.subscribe();
        loop {
            arrivals.borrow_and_update();
            match self.round(file, size).await {
                Ok(Round::Whole) => return,
                // Again, after the others that waited.
                Ok(Round::Yielded) => continue,
                Ok(Round::Nobody) if self.keeps_room(&file.room).is_some() => return self.put_off(&file),
                Ok(Round::Nobody) | Err(Error::Closed) => {}
                Err(why) => {
                    tracing::warn!(file = %file.hash.short(), %why, "cannot fetch");
                    // If it cannot be removed now, the next start removes it.
                    let _ = self.give_up(file, why).await;
                    return;
                }
            }
            if self.ways.commands.upgrade().is_none() {
                return;
            }
            tokio::select! {
                _ = arrivals.changed() => {}
                () = again.notified() => {}
                () = sleep(FILE_AGAIN) => {}
            }
        }
    }

    /// Asks all connected peers, one after the other.
    async fn round(self: &Arc<Self>, file: RoomFile, size: u64) -> Result<Round, Error> {
        if !self.names(file).await? {
            return Err(Error::NoFile);
        }
        let mut part = self.on_disk(move |files| files.part(file, size)).await?;
        self.tell((file, size), Progress { have: part.have(), state: FileState::Asking, failed: None });
        if part.is_whole() {
            self.whole(part, file, size).await?;
            return Ok(Round::Whole);
        }
        let mut lanes = self.ask(|answer| Command::Lanes { room: file.room, answer }).await?;
        // In a random order, so that fetchers do not all ask the same peer first; peers that are busy with another file
        // are asked last.
        lanes.sort_by_cached_key(|lane| (lane.asking.available_permits() == 0, random()));
        let mut yielded = false;
        let last = lanes.len().saturating_sub(1);
        for (at, lane) in lanes.iter().enumerate() {
            let others = if at < last { Others::Left } else { Others::None };
            match self.ask_one(lane, others, part, (file, size)).await? {
                Came::Whole(whole) => {
                    self.whole(whole, file, size).await?;
                    return Ok(Round::Whole);
                }
                Came::Short(rest) => part = rest,
                Came::Slow(rest) => (part, yielded) = (rest, true),
                Came::Wrong(rest) => {
                    part = rest;
                    let (link, reject) = (lane.link, Reject::Malformed("piece of a file"));
                    let commands = self.ways.commands.upgrade().ok_or(Error::Closed)?;
                    commands.send(Command::Faulted { link, reject }).await.map_err(|_| Error::Closed)?;
                }
            }
        }
        if yielded {
            return Ok(Round::Yielded);
        }
        let have = part.have();
        self.tell((file, size), Progress { state: FileState::Waiting, have, failed: None });
        Ok(Round::Nobody)
    }

    /// Asks one peer for the missing pieces, one at a time. A slow peer yields to other peers and other files.
    async fn ask_one(
        self: &Arc<Self>,
        lane: &Lane,
        others: Others,
        mut part: Part,
        (file, size): (RoomFile, u64),
    ) -> Result<Came, Error> {
        // A busy peer is waited for here, before this takes a slot from others.
        let Ok(_asking) = lane.asking.acquire().await else { return Ok(Came::Short(part)) };
        let Some(mut slot) = self.fetches.take().await else { return Ok(Came::Short(part)) };
        let is_wanted = || others == Others::Left;
        let mut asked = Vec::new();
        put_number(&mut asked, u64::from(lane.channel));
        asked.extend_from_slice(&file.hash.0);
        put_number(&mut asked, size);
        put_number(&mut asked, part.next());
        let mut stream = match self.fetches.hold(ask(&lane.connection, asked), is_wanted).await {
            Moved::Done(Some(stream)) => stream,
            Moved::Yielded => return Ok(Came::Slow(part)),
            Moved::Done(None) | Moved::Stalled => return Ok(Came::Short(part)),
        };
        let mut told = None;
        loop {
            let piece = match self.fetches.hold(piece(&mut stream), is_wanted).await {
                Moved::Done(Some(piece)) => piece,
                Moved::Yielded => return Ok(Came::Slow(part)),
                Moved::Done(None) | Moved::Stalled => return Ok(Came::Short(part)),
            };
            drop(slot);
            let put = move |_: &_| Ok((part.put(&piece)?, part));
            let (taken, rest) = self.on_disk(put).await?;
            part = rest;
            if taken == Piece::Wrong {
                return Ok(Came::Wrong(part));
            }
            if part.is_whole() {
                return Ok(Came::Whole(part));
            }
            told = self.progressed((file, size), part.have(), told);
            let Some(next) = self.fetches.take().await else { return Ok(Came::Short(part)) };
            slot = next;
        }
    }

    /// Reports how much of a file is here; the room gets an event for every further percent.
    fn progressed(&self, (file, size): (RoomFile, u64), have: u64, told: Option<u64>) -> Option<u64> {
        let at = Some(have * 100 / size.max(1));
        let progress = Progress { state: FileState::Fetching, have, failed: None };
        if at != told {
            self.tell((file, size), progress);
        } else if let Some(want) = self.state().wants.get(&file) {
            want.progress.send_replace(progress);
        }
        at
    }

    /// Takes in a file whose last piece has come.
    async fn whole(self: &Arc<Self>, part: Part, file: RoomFile, size: u64) -> Result<(), Error> {
        let changing = self.changing.lock().await;
        self.on_disk(move |_| part.end()).await?;
        // A reader of the fetch who hears the end must not find it wanted still.
        self.take_in(file, size);
        let want = self.state().wants.remove(&file);
        drop(changing);
        let here = Progress { state: FileState::Here, have: size, failed: None };
        if let Some(want) = want {
            want.progress.send_replace(here.clone());
        }
        self.tell((file, size), here);
        if self.keeps_room(&file.room).is_some() {
            self.state().changed.insert(file.room);
        }
        self.tidy();
        Ok(())
    }
}

/// Asks a peer for a file. Returns the stream on which its pieces come, if the peer has it.
async fn ask(connection: &Connection, asked: Vec<u8>) -> Option<RecvStream> {
    let (mut send, mut receive) = connection.open_bi().await.ok()?;
    send.set_priority(-1).ok()?;
    send.write_all(&asked).await.ok()?;
    send.finish().ok()?;
    let mut answer = [0];
    receive.read_exact(&mut answer).await.ok()?;
    (answer == [1]).then_some(receive)
}

/// The next piece; `None` at the end of the stream, and when it is longer than any.
async fn piece(stream: &mut RecvStream) -> Option<Vec<u8>> {
    let mut len = [0; 4];
    stream.read_exact(&mut len).await.ok()?;
    let len = usize::try_from(u32::from_be_bytes(len)).ok().filter(|len| *len <= SENT_PIECE_BYTES)?;
    let mut bytes = vec![0; len];
    stream.read_exact(&mut bytes).await.ok()?;
    Some(bytes)
}

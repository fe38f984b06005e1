//! Files that users of this node send, and files that they ask for.

use std::sync::Arc;

use rumormill_proto::{
    content::File,
    ids::{FileId, RoomId},
};
use rumormill_store::{Import, RoomFile};
use tokio::sync::watch;

use super::{
    fetch::Fetch,
    shelf::{Progress, Shelf},
};
use crate::{error::Error, event::FileState, limits::WANTS};

/// A file that is here and that no message offers yet. It is dropped unless a message offers it before this is dropped.
pub struct Offer {
    file: File,
    _pin: Pin,
}

impl Offer {
    pub(crate) fn new(file: File, pin: Pin) -> Self {
        Self { file, _pin: pin }
    }

    /// The file.
    pub fn file(&self) -> &File {
        &self.file
    }
}

/// Keeps a file that no entry names yet.
pub(crate) struct Pin {
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
        drop(state);
        self.shelf.tidy();
    }
}

impl Shelf {
    /// Takes in a file that was written whole. Returns its hash, its size, and a guard that keeps it until an entry
    /// names it.
    ///
    /// # Errors
    /// [`Error::Store`] when the disk is full.
    pub(crate) async fn take_whole(
        self: &Arc<Self>,
        room: RoomId,
        import: Import,
    ) -> Result<(FileId, u64, Pin), Error> {
        let _changing = self.changing.lock().await;
        let (hash, size) = self.on_disk(move |_| import.end()).await?;
        let pin = Pin::new(self.clone(), RoomFile { room, hash });
        self.take_in(pin.file, size);
        Ok((hash, size, pin))
    }

    /// Asks for a file, if it is not here.
    ///
    /// # Errors
    /// [`Error::TooManyFiles`] when too many are asked for, [`Error::NoFile`] when the file that is here has another size.
    pub(crate) async fn begin_fetch(self: &Arc<Self>, room: RoomId, file: File) -> Result<Fetch, Error> {
        let (key, size) = (RoomFile { room, hash: file.hash }, file.carried());
        let is_misnamed = self.state().wants.get(&key).is_some_and(|want| want.size != size);
        if is_misnamed {
            // One of the two messages lies about the size. The one asked for last is tried.
            self.give_up(key, Error::GivenUp).await?;
        }
        let mut state = self.state();
        if state.held.get(&key).is_some_and(|held| held.size != size) {
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
            self.want(key, size, &mut state)
        };
        drop(state);
        Ok(Fetch::new(room, file, self.clone(), progress))
    }
}

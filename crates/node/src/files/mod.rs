//! Files of the rooms on this node: which are here, which are asked for, and what is dropped.
//!
//! A file is fetched when somebody asks for it and never by itself. It comes piece by piece from one peer after the
//! other, whoever has it; each piece is verified before it is written. When nobody has it, it is asked for again when
//! somebody comes. What an ended process had asked for is asked for by the next one: that a part is on the disk is what
//! remembers it.

mod fetch;
mod offer;
mod places;
mod serve;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{SystemTime, UNIX_EPOCH},
};

use iroh::endpoint::Connection;
use rumormill_proto::{
    content::File,
    ids::{AuthorId, RoomId},
};
use rumormill_store::{Files, HeldFile, KeepFiles, Listed, Read, RoomFile, limits::OFFERERS, surplus};
use tokio::{
    runtime::Handle,
    sync::{Notify, Semaphore, mpsc, oneshot, watch},
    task::AbortHandle,
    time::timeout,
};

use self::places::Places;
pub use self::{fetch::Fetch, offer::Upload};
use crate::{
    command::Command,
    driver::Boards,
    error::Error,
    limits::{FETCHES, FILE_TURN, FILES_SERVED, TIDY_EVERY, WANTS},
    link::LinkId,
    readers::Readers,
    room::RoomEvent,
};

/// How a file stands on this node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileState {
    /// It is not here, and nobody asked for it.
    #[default]
    Absent,
    /// Those who are here are asked for it.
    Asking,
    /// It is on its way.
    Fetching,
    /// Nobody who has it is here.
    Waiting,
    /// All of it is here.
    Here,
}

/// A connection by which a peer can be asked for files of a room.
pub(crate) struct Lane {
    pub(crate) link: LinkId,
    /// Index of our tag for the room.
    pub(crate) channel: u32,
    pub(crate) connection: Connection,
    /// One permit: a peer is asked for one file at a time.
    pub(crate) asking: Arc<Semaphore>,
}

/// How far a file is that was asked for.
#[derive(Clone, Debug, Default)]
struct Progress {
    state: FileState,
    /// Bytes from the front that are here.
    have: u64,
    /// Why it will not come.
    failed: Option<Error>,
}

/// A file that was asked for and is not here.
struct Want {
    size: u64,
    progress: watch::Sender<Progress>,
    /// Somebody asked once more.
    again: Arc<Notify>,
    task: AbortHandle,
}

/// What a shelf asks others in the node by.
pub(crate) struct Ways {
    pub(crate) commands: mpsc::WeakSender<Command>,
    pub(crate) readers: Arc<Readers>,
    pub(crate) boards: Boards,
}

/// The files of a node.
pub(crate) struct Shelf {
    files: Files,
    ways: Ways,
    runtime: Handle,
    state: Mutex<State>,
    /// Held while the names of whole files change.
    changing: tokio::sync::Mutex<()>,
    fetches: Places,
    served: Places,
    /// Changes when somebody comes.
    arrivals: watch::Sender<u64>,
    untidy: Arc<Notify>,
}

#[derive(Default)]
struct State {
    held: BTreeMap<RoomFile, HeldFile>,
    wants: BTreeMap<RoomFile, Want>,
    /// Files that no entry names so far, and by how many they are about to be.
    pinned: BTreeMap<RoomFile, usize>,
}

impl Shelf {
    /// The files of a home; `parts` of them are asked for again. Its tasks run where this is called, until the driver
    /// has ended.
    pub(crate) fn open(files: Files, Listed { whole, parts, unread }: Listed, ways: Ways) -> Arc<Self> {
        unread.iter().for_each(|why| tracing::error!(%why, "cannot read which files of a room are here"));
        let held = whole.into_iter().map(|held| (held.file, held)).collect();
        let shelf = Arc::new(Self {
            files,
            ways,
            runtime: Handle::current(),
            state: Mutex::new(State { held, ..State::default() }),
            changing: tokio::sync::Mutex::default(),
            fetches: Places::new(FETCHES, FILE_TURN),
            served: Places::new(FILES_SERVED, FILE_TURN),
            arrivals: watch::Sender::default(),
            untidy: Arc::default(),
        });
        let mut state = shelf.state();
        for (file, size) in parts.into_iter().take(WANTS) {
            shelf.want(file, size, &mut state);
        }
        drop(state);
        shelf.runtime.spawn(keep_tidy(Arc::downgrade(&shelf), shelf.untidy.clone()));
        shelf
    }

    /// Nothing is asked for any more.
    pub(crate) fn close(&self) {
        std::mem::take(&mut self.state().wants).values().for_each(|want| want.task.abort());
        self.untidy.notify_one();
    }

    /// Somebody came to a room, who may have what is waited for.
    pub(crate) fn came(&self) {
        self.arrivals.send_modify(|count| *count += 1);
    }

    /// A file may have lost its name, or a room its patience.
    pub(crate) fn tidy(&self) {
        self.untidy.notify_one();
    }

    /// How a file stands, and how many bytes of it are here.
    pub(crate) fn standing(&self, room: RoomId, file: &File) -> (FileState, u64) {
        let (state, key) = (self.state(), RoomFile { room, hash: file.hash });
        if state.held.get(&key).is_some_and(|held| held.size == file.size) {
            return (FileState::Here, file.size);
        }
        let want = state.wants.get(&key).filter(|want| want.size == file.size);
        want.map(|want| want.progress.borrow().clone()).map_or((FileState::Absent, 0), |at| (at.state, at.have))
    }

    /// Asks for a file that is not here.
    fn want(self: &Arc<Self>, file: RoomFile, size: u64, state: &mut State) -> watch::Receiver<Progress> {
        let progress = watch::Sender::new(Progress { state: FileState::Asking, ..Progress::default() });
        let (told, again) = (progress.subscribe(), Arc::new(Notify::new()));
        let task = self.runtime.spawn(self.clone().fetch(file, size, again.clone())).abort_handle();
        state.wants.insert(file, Want { size, progress, again, task });
        told
    }

    /// Notes how far a file is, and tells its room.
    fn tell(&self, (file, size): (RoomFile, u64), progress: Progress) {
        if let Some(want) = self.state().wants.get(&file) {
            want.progress.send_replace(progress.clone());
        }
        let Progress { state, have, .. } = progress;
        let boards = self.ways.boards.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(board) = boards.get(&file.room) {
            board.tell(RoomEvent::File { hash: file.hash, state, have, size });
        }
    }

    /// Whether the room names the file.
    async fn names(&self, file: RoomFile) -> Result<bool, Error> {
        self.ways.readers.read(move |read| read.names(&file.room, &file.hash)).await
    }

    /// Asks the driver something.
    async fn ask<T>(&self, question: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let commands = self.ways.commands.upgrade().ok_or(Error::Closed)?;
        commands.send(question(answer)).await.map_err(|_| Error::Closed)?;
        drop(commands);
        answered.await.map_err(|_| Error::Closed)
    }

    /// Does something that waits for the disk.
    async fn on_disk<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Files) -> Result<T, rumormill_store::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let shelf = self.clone();
        Ok(tokio::task::spawn_blocking(move || work(&shelf.files)).await.map_err(|_| Error::Closed)??)
    }

    /// Takes a file among those that are here.
    fn take_in(&self, file: RoomFile, size: u64) {
        let held = HeldFile { file, size, came_ms: now_ms() };
        self.state().held.insert(file, held);
    }

    /// Drops what no room names or keeps.
    async fn sweep(self: &Arc<Self>) -> Result<(), Error> {
        let changing = self.changing.lock().await;
        let (held, wanted): (Vec<HeldFile>, Vec<RoomFile>) = {
            let state = self.state();
            (state.held.values().copied().collect(), state.wants.keys().copied().collect())
        };
        if held.is_empty() && wanted.is_empty() {
            return Ok(());
        }
        let files: Vec<RoomFile> = held.iter().map(|held| held.file).chain(wanted).collect();
        let read = move |read: &mut dyn Read| {
            let offerers = |file: RoomFile| Ok((file, read.offerers(&file.room, &file.hash, OFFERERS)?));
            files.into_iter().map(offerers).collect::<Result<BTreeMap<_, _>, _>>()
        };
        let mut offers = self.ways.readers.read(read).await?;
        let unnamed: BTreeSet<RoomFile> =
            offers.iter().filter(|(_, by)| by.is_empty()).map(|(file, _)| *file).collect();
        let named = held.iter().filter(|held| !unnamed.contains(&held.file)).copied().collect();
        self.spare_ours(&mut offers);
        for file in surplus(named, &self.keeps(), &offers, now_ms()).into_iter().chain(unnamed) {
            self.give_up(file, Error::NoFile).await?;
            let dropped = {
                let mut state = self.state();
                if state.pinned.contains_key(&file) { None } else { state.held.remove(&file) }
            };
            if let Some(HeldFile { size, .. }) = dropped {
                self.on_disk(move |files| files.remove(file)).await?;
                self.tell((file, size), Progress::default());
            }
        }
        drop(changing);
        Ok(())
    }

    /// What we offer ourselves takes of nobody's share.
    fn spare_ours(&self, offers: &mut BTreeMap<RoomFile, Vec<AuthorId>>) {
        let boards = self.ways.boards.lock().unwrap_or_else(PoisonError::into_inner);
        for (file, by) in offers {
            if boards.get(&file.room).is_some_and(|board| by.contains(&board.posted().author)) {
                by.clear();
            }
        }
    }

    /// How many files each room keeps.
    fn keeps(&self) -> BTreeMap<RoomId, KeepFiles> {
        let boards = self.ways.boards.lock().unwrap_or_else(PoisonError::into_inner);
        boards.iter().map(|(room, board)| (*room, board.posted().retention.files)).collect()
    }

    /// A file is no longer asked for.
    async fn give_up(self: &Arc<Self>, file: RoomFile, why: Error) -> Result<(), Error> {
        let Some(want) = self.state().wants.remove(&file) else { return Ok(()) };
        want.progress.send_replace(Progress { failed: Some(why), ..Progress::default() });
        let size = want.size;
        self.on_disk(move |files| files.remove(file)).await?;
        self.tell((file, size), Progress::default());
        want.task.abort();
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drops what no room keeps, whenever that may have changed.
async fn keep_tidy(shelf: Weak<Shelf>, untidy: Arc<Notify>) {
    loop {
        // The time being up is as good a reason.
        let _ = timeout(TIDY_EVERY, untidy.notified()).await;
        let Some(shelf) = shelf.upgrade() else { return };
        match shelf.sweep().await {
            Ok(()) => {}
            Err(Error::Closed) => return,
            Err(why) => tracing::warn!(%why, "cannot drop files"),
        }
    }
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
}

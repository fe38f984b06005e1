//! The shelf: the files that are here, those that are being fetched, and those that are dropped.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{SystemTime, UNIX_EPOCH},
};

use rumormill_proto::{
    content::File,
    ids::{AuthorId, RoomId},
    pieces::plain_have,
};
use rumormill_store::{
    Files, HeldFile, KeepFiles, Listed, Read, RoomFile,
    limits::{HOME_FILES, OFFERERS},
    surplus,
};
use tokio::{
    runtime::Handle,
    sync::{Notify, mpsc, oneshot, watch},
    task::AbortHandle,
    time::timeout,
};

use super::slots::Slots;
use crate::{
    board::Boards,
    command::Command,
    error::Error,
    event::{FileState, RoomEvent},
    limits::{FETCHES, FILE_TURN, FILES_SERVED, TIDY_EVERY, WANTS},
    readers::Readers,
};

/// How much of a wanted file is here.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    pub(super) state: FileState,
    /// Bytes from its beginning that are here.
    pub(super) have: u64,
    /// Why it will not come.
    pub(super) failed: Option<Error>,
}

/// A file that is wanted and not here.
pub(super) struct Want {
    pub(super) size: u64,
    pub(super) progress: watch::Sender<Progress>,
    /// Notified when a user asks again.
    pub(super) again: Arc<Notify>,
    pub(super) task: AbortHandle,
}

/// The shelf's ways to the rest of the node.
pub(crate) struct Ways {
    pub(crate) commands: mpsc::WeakSender<Command>,
    pub(crate) readers: Arc<Readers>,
    pub(crate) boards: Boards,
}

/// The files of a node.
pub(crate) struct Shelf {
    files: Files,
    pub(super) ways: Ways,
    runtime: Handle,
    state: Mutex<State>,
    /// Held while the set of whole files changes.
    pub(super) changing: tokio::sync::Mutex<()>,
    pub(super) fetches: Slots,
    pub(super) served: Slots,
    /// Changes when a peer comes.
    pub(super) arrivals: watch::Sender<u64>,
    untidy: Arc<Notify>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) held: BTreeMap<RoomFile, HeldFile>,
    pub(super) wants: BTreeMap<RoomFile, Want>,
    /// Files that no entry names yet, each with the number of entries that are about to.
    pub(super) pinned: BTreeMap<RoomFile, usize>,
    /// Rooms that we keep in which files may be offered that are not here.
    pub(super) offers: BTreeSet<RoomId>,
    /// Files that nobody has who is there: at most as many as rooms offer.
    pub(super) put_off: BTreeSet<RoomFile>,
    /// Files of such rooms that were dropped because they exceeded a bound, and are not fetched again; at most
    /// [`HOME_FILES`].
    pub(super) dropped: BTreeSet<RoomFile>,
    /// How many files that such rooms offer do not fit, if any.
    pub(super) left_out: BTreeMap<RoomId, u64>,
    /// Such rooms whose files take another amount than the driver knows.
    pub(super) changed: BTreeSet<RoomId>,
}

impl Shelf {
    /// The shelf of a home. It continues to fetch `parts`. Its tasks run on the runtime of the caller until the driver
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
            fetches: Slots::new(FETCHES, FILE_TURN),
            served: Slots::new(FILES_SERVED, FILE_TURN),
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

    /// Ends all fetches.
    pub(crate) fn close(&self) {
        std::mem::take(&mut self.state().wants).values().for_each(|want| want.task.abort());
        self.untidy.notify_one();
    }

    /// Notes that a peer came to a room and may have a wanted file.
    pub(crate) fn came(&self) {
        self.arrivals.send_modify(|count| *count += 1);
    }

    /// Notes that a file may have lost its last message, or that a room keeps less than before.
    pub(crate) fn tidy(&self) {
        self.untidy.notify_one();
    }

    /// The state of a file, and how many of its bytes are here.
    pub(crate) fn standing(&self, room: RoomId, file: &File) -> (FileState, u64) {
        let (state, key) = (self.state(), RoomFile { room, hash: file.hash });
        let carried = file.carried();
        if state.held.get(&key).is_some_and(|held| held.size == carried) {
            return (FileState::Here, file.size);
        }
        let want = state.wants.get(&key).filter(|want| want.size == carried);
        let at = want.map(|want| want.progress.borrow().clone());
        let plain = |have| if file.key.is_some() { plain_have(have) } else { have };
        at.map_or((FileState::Absent, 0), |at| (at.state, plain(at.have)))
    }

    /// Begins to fetch a file.
    pub(super) fn want(self: &Arc<Self>, file: RoomFile, size: u64, state: &mut State) -> watch::Receiver<Progress> {
        let progress = watch::Sender::new(Progress { state: FileState::Asking, ..Progress::default() });
        let (told, again) = (progress.subscribe(), Arc::new(Notify::new()));
        let task = self.runtime.spawn(self.clone().fetch(file, size, again.clone())).abort_handle();
        state.wants.insert(file, Want { size, progress, again, task });
        told
    }

    /// Notes how much of a file is here, and tells the room.
    pub(super) fn tell(&self, (file, size): (RoomFile, u64), progress: Progress) {
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
    pub(super) async fn names(&self, file: RoomFile) -> Result<bool, Error> {
        self.ways.readers.read(move |read| read.names(&file.room, &file.hash)).await
    }

    /// Asks the driver a question.
    pub(super) async fn ask<T>(&self, question: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let commands = self.ways.commands.upgrade().ok_or(Error::Closed)?;
        commands.send(question(answer)).await.map_err(|_| Error::Closed)?;
        drop(commands);
        answered.await.map_err(|_| Error::Closed)
    }

    /// Does work that waits for the disk.
    pub(crate) async fn on_disk<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Files) -> Result<T, rumormill_store::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let shelf = self.clone();
        Ok(tokio::task::spawn_blocking(move || work(&shelf.files)).await.map_err(|_| Error::Closed)??)
    }

    /// Adds a file to those that are here.
    pub(super) fn take_in(&self, file: RoomFile, size: u64) {
        let held = HeldFile { file, size, came_ms: now_ms() };
        self.state().held.insert(file, held);
    }

    /// Drops the files that no room names or keeps.
    async fn sweep(self: &Arc<Self>) -> Result<(), Error> {
        let changing = self.changing.lock().await;
        let (held, wanted): (Vec<HeldFile>, Vec<RoomFile>) = {
            let state = self.state();
            // A file may be named, and its pin dropped, while the names are read: the end of the pin has it looked at.
            let loose = state.held.values().filter(|held| !state.pinned.contains_key(&held.file));
            (loose.copied().collect(), state.wants.keys().copied().collect())
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
            self.end_fetch(file, Error::NoFile).await?;
            let dropped = {
                let mut state = self.state();
                if state.pinned.contains_key(&file) { None } else { state.held.remove(&file) }
            };
            if let Some(HeldFile { size, .. }) = dropped {
                if self.keeps_room(&file.room).is_some() {
                    let mut state = self.state();
                    state.changed.insert(file.room);
                    state.dropped.insert(file);
                    if state.dropped.len() > HOME_FILES {
                        state.dropped.pop_first();
                    }
                }
                self.on_disk(move |files| files.remove(file)).await?;
                self.tell((file, size), Progress::default());
            }
        }
        drop(changing);
        Ok(())
    }

    /// Files that we offer ourselves do not count for anybody's share.
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

    /// Ends the fetch of a file, and drops the pieces that came. A file that is becoming complete is let become so, and
    /// stays.
    pub(crate) async fn give_up(self: &Arc<Self>, file: RoomFile, why: Error) -> Result<(), Error> {
        let _changing = self.changing.lock().await;
        self.end_fetch(file, why).await
    }

    /// The same, for a caller who keeps the set of whole files from changing.
    async fn end_fetch(self: &Arc<Self>, file: RoomFile, why: Error) -> Result<(), Error> {
        let Some(want) = self.state().wants.remove(&file) else { return Ok(()) };
        want.progress.send_replace(Progress { failed: Some(why), ..Progress::default() });
        let size = want.size;
        self.on_disk(move |files| files.remove(file)).await?;
        self.tell((file, size), Progress::default());
        want.task.abort();
        Ok(())
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drops the files that no room keeps, whenever that may have changed.
async fn keep_tidy(shelf: Weak<Shelf>, untidy: Arc<Notify>) {
    loop {
        // Both the notification and the timeout are reasons to look.
        let _ = timeout(TIDY_EVERY, untidy.notified()).await;
        let Some(shelf) = shelf.upgrade() else { return };
        let swept = match shelf.sweep().await {
            Ok(()) => shelf.fetch_offers().await,
            why => why,
        };
        shelf.tell_changed().await;
        match swept {
            Ok(()) => {}
            Err(Error::Closed) => return,
            Err(why) => tracing::warn!(%why, "cannot drop or look for files"),
        }
    }
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
}

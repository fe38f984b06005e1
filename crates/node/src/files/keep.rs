//! What a keeper stores of files: it fetches, as sealed bytes, those that people offer in its rooms, because the people may
//! be gone when others want them. It drops the oldest when they exceed the bounds of a room or of the home, as members do.

use std::sync::{Arc, PoisonError};

use rumormill_proto::ids::{FileId, RoomId};
use rumormill_store::{KeepFiles, RoomFile, limits::HOME_FILES};

use super::shelf::{Shelf, State};
use crate::{command::Command, error::Error, limits::WANTS};

impl Shelf {
    /// Notes that files may be offered in a room that are not here, and that somebody may have.
    pub(crate) fn look_for_offers(&self, room: RoomId) {
        let mut state = self.state();
        state.offers.insert(room);
        state.put_off.retain(|file| file.room != room);
        drop(state);
        self.tidy();
    }

    /// Notes that other bounds hold for a room that we keep: what was dropped may fit now.
    pub(crate) fn keep_anew(&self, room: RoomId) {
        self.state().dropped.retain(|file| file.room != room);
        self.look_for_offers(room);
    }

    /// Bytes of the files of a room that are here, and how many do not fit that it offers.
    pub(crate) fn stored(&self, room: &RoomId) -> (u64, u64) {
        let state = self.state();
        let [first, last] = [u8::MIN, u8::MAX].map(|byte| RoomFile { room: *room, hash: FileId([byte; 32]) });
        let bytes = state.held.range(first..=last).map(|(_, held)| held.size).fold(0, u64::saturating_add);
        (bytes, state.left_out.get(room).copied().unwrap_or(0))
    }

    /// Tells the driver which of the rooms that we keep take another amount than before.
    pub(super) async fn tell_changed(&self) {
        let changed = {
            let boards = self.ways.boards.lock().unwrap_or_else(PoisonError::into_inner);
            let mut state = self.state();
            state.left_out.retain(|room, _| boards.contains_key(room));
            std::mem::take(&mut state.changed)
        };
        for room in changed {
            let Some(commands) = self.ways.commands.upgrade() else { return };
            // The driver may have ended.
            let _ = commands.send(Command::Restock { room }).await;
        }
    }

    /// Whether we store this room without being able to read it.
    pub(super) fn keeps_room(&self, room: &RoomId) -> Option<KeepFiles> {
        let boards = self.ways.boards.lock().unwrap_or_else(PoisonError::into_inner);
        let posted = boards.get(room)?.posted();
        posted.keeps.then_some(posted.retention.files)
    }

    /// Begins to fetch the newest files that are offered and not here.
    pub(super) async fn fetch_offers(self: &Arc<Self>) -> Result<(), Error> {
        let rooms = std::mem::take(&mut self.state().offers);
        for room in rooms {
            let Some(keep) = self.keeps_room(&room) else { continue };
            let most =
                keep.count.map_or(HOME_FILES, |count| usize::try_from(count).unwrap_or(HOME_FILES).min(HOME_FILES));
            let offered = match self.ways.readers.read(move |read| read.carried(&room, most)).await {
                Ok(offered) => offered,
                Err(why) => {
                    self.state().offers.insert(room);
                    return Err(why);
                }
            };
            let (all, mut left) = (offered.len(), keep.bytes.unwrap_or(u64::MAX));
            let fits = offered.into_iter().take_while(|(_, size)| {
                let fits = *size <= left;
                left = left.saturating_sub(*size);
                fits
            });
            let mut fits: Vec<(RoomFile, u64)> = fits.map(|(hash, size)| (RoomFile { room, hash }, size)).collect();
            // What comes last stays longest.
            fits.reverse();
            let mut state = self.state();
            let dropped = fits.iter().filter(|(file, _)| state.dropped.contains(file)).count();
            state.leave_out(room, all - fits.len() + dropped);
            for (file, size) in fits {
                let known = state.held.contains_key(&file) || state.wants.contains_key(&file);
                if known || state.dropped.contains(&file) || state.put_off.contains(&file) {
                    continue;
                }
                if state.wants.len() >= WANTS {
                    // Again once one of them is here, or nobody has it.
                    state.offers.insert(room);
                    break;
                }
                self.want(file, size, &mut state);
            }
        }
        Ok(())
    }

    /// Stops to wait for a file that nobody has who is there. What came of it stays, for when somebody comes.
    pub(super) fn put_off(&self, file: &RoomFile) {
        let mut state = self.state();
        state.wants.remove(file);
        // Others have their turn first, and it has one again when somebody comes.
        state.put_off.insert(*file);
        if !state.offers.is_empty() {
            drop(state);
            self.tidy();
        }
    }
}

impl State {
    /// Notes how many files that a room offers do not fit.
    fn leave_out(&mut self, room: RoomId, files: usize) {
        let before = match files {
            0 => self.left_out.remove(&room),
            files => self.left_out.insert(room, files as u64),
        };
        if before.unwrap_or(0) != files as u64 {
            self.changed.insert(room);
        }
    }
}

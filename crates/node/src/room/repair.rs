//! Checks and repairs of a room's stored entries.

use rumormill_store::CheckReport;

use super::Room;
use crate::{command::Command, error::Error, status::Mended};

impl Room {
    /// Verifies every hash and signature that is kept of the room.
    ///
    /// # Errors
    /// [`Error::Store`] when the home cannot be read, [`Error::Closed`].
    pub async fn check(&self) -> Result<CheckReport, Error> {
        self.look(|read, room| read.check(room)).await
    }

    /// As [`Room::check`], and calls `tell` meanwhile with the number of checked entries.
    ///
    /// # Errors
    /// As [`Room::check`].
    pub async fn check_telling(&self, mut tell: impl FnMut(u64) + Send + 'static) -> Result<CheckReport, Error> {
        self.look(move |read, room| read.check_telling(room, &mut tell)).await
    }

    /// Removes the entries that [`Room::check`] finds damaged, and asks peers for them; a stopped room takes part
    /// again. The node's other rooms wait while something is taken out.
    ///
    /// # Errors
    /// [`Error::Store`] when the home cannot be written, [`Error::Damaged`] when that is not enough, [`Error::Left`] and
    /// [`Error::Closed`].
    pub async fn mend(&self) -> Result<Mended, Error> {
        if self.stopped().is_none() {
            let report = self.check().await?;
            if report.is_clean() {
                return Ok(Mended { report, lost: Vec::new() });
            }
        }
        self.node.ask(|answer| Command::Mend { room: self.board.id, answer }).await
    }
}

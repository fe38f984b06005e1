//! What of a room can be kept outside of it, and brought back.

use rumormill_proto::{
    fork::Proof,
    ids::{AuthorId, Seq},
    input::{Import, Imported, Kept},
    run::RawRun,
};
use rumormill_store::{CheckReport, Error as StoreError};
use tokio::sync::oneshot;

use crate::{command::Command, error::Error, mend::Mended, room::Room};

impl Room {
    /// What is held of all logs, authors ascending.
    ///
    /// # Errors
    /// As [`Room::page`].
    pub async fn logs(&self) -> Result<Vec<Kept>, Error> {
        self.read(|read, room| read.kept(room)).await
    }

    /// Why a log is cut, if it is.
    ///
    /// # Errors
    /// As [`Room::page`].
    pub async fn proof(&self, author: AuthorId) -> Result<Option<Proof>, Error> {
        self.read(move |read, room| read.proof(room, &author)).await
    }

    /// The topmost run of entries within `first..=last` of a log, which lies in one block; signed where that ends, where
    /// the log ends, and where it is cut. `None` where nothing is held, or what is held is damaged.
    ///
    /// # Errors
    /// As [`Room::page`].
    pub async fn run(&self, author: AuthorId, first: Seq, last: Seq) -> Result<Option<RawRun>, Error> {
        let read = self.read(move |read, room| match read.run(room, &author, first, last) {
            Err(StoreError::Corrupt { .. }) => Ok(None),
            run => run,
        });
        read.await
    }

    /// Takes what is verified of pieces of logs that were kept elsewhere, and nothing that is held already. What was
    /// dropped here because it is old or was taken back stays dropped. Resolves once it is durable.
    ///
    /// # Errors
    /// [`Error::Stopped`] and [`Error::Closed`].
    pub async fn import(&self, import: Import) -> Result<Imported, Error> {
        let (answer, imported) = oneshot::channel();
        self.node.command(Command::Import { room: self.board.id, import, answer }).await?;
        imported.await.map_err(|_| self.stopped().unwrap_or(Error::Closed))
    }

    /// Verifies every hash and signature that is kept of the room; tells on the way how many entries were looked at.
    ///
    /// # Errors
    /// As [`Room::page`].
    pub async fn check_telling(&self, mut tell: impl FnMut(u64) + Send + 'static) -> Result<CheckReport, Error> {
        self.look(move |read, room| read.check_telling(room, &mut tell)).await
    }

    /// Takes out what [`Room::check_telling`] finds damaged, and asks peers for it; a room that took part in nothing takes
    /// part again. Where something is, the node's other rooms
    /// wait until it is out; where nothing is, they do not notice.
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

//! A room as its members exchange it: signed entries, in the timeline and in the logs of their authors.

use bytes::Bytes;
use rumormill_proto::{
    content::Target,
    entry::Kind,
    fork::Proof,
    ids::{AuthorId, Seq},
    input::{Import, ImportCounts, Kept},
    log::Head,
    run::RawRun,
    time::Time,
    timeline::Place,
};
use rumormill_store::{Error as StoreError, Once, TimelineRow};
use tokio::sync::oneshot;

use super::Room;
use crate::{
    command::Command,
    error::Error,
    limits::{PAGE_LINES, SAYINGS, TEXT_BYTES},
};

/// The entries of a room, see [`Room::entries`].
#[derive(Clone, Copy)]
pub struct Entries<'a>(&'a Room);

impl Room {
    /// The entries below the room's messages, for exports, other kinds of content, and tools that look closer.
    pub fn entries(&self) -> Entries<'_> {
        Entries(self)
    }
}

impl Entries<'_> {
    /// The `limit` entries before `before` in the timeline, or the last ones; ascending. A page has at most
    /// [`PAGE_LINES`].
    ///
    /// # Errors
    /// As [`Room::messages`].
    pub async fn page(self, before: Option<Place>, limit: usize) -> Result<Vec<TimelineRow>, Error> {
        self.0.read(move |read, room| read.page(room, before, limit.min(PAGE_LINES))).await
    }

    /// The `limit` entries after `after` in the timeline, or the first ones; ascending. A page has at most
    /// [`PAGE_LINES`].
    ///
    /// # Errors
    /// As [`Room::messages`].
    pub async fn page_after(self, after: Option<Place>, limit: usize) -> Result<Vec<TimelineRow>, Error> {
        self.0.read(move |read, room| read.page_after(room, after, limit.min(PAGE_LINES))).await
    }

    /// One entry; `None` when it is not in the timeline.
    ///
    /// # Errors
    /// As [`Room::messages`].
    pub async fn one(self, of: Target) -> Result<Option<TimelineRow>, Error> {
        self.0.read(move |read, room| read.line(room, &of.author, of.seq)).await
    }

    /// The time of an author's first entry; `None` when it is not here.
    ///
    /// # Errors
    /// As [`Room::messages`].
    pub async fn since(self, author: AuthorId) -> Result<Option<Time>, Error> {
        let first = self.run(author, 0, 0).await?;
        Ok(first.and_then(|run| run.entries().first().map(|entry| entry.time)))
    }

    /// The authors who wrote something, and the head of each one's log; authors ascending.
    ///
    /// # Errors
    /// As [`Room::messages`].
    pub async fn heads(self) -> Result<Vec<(AuthorId, Head)>, Error> {
        self.0.read(|read, room| read.heads(room)).await
    }

    /// The held part of each log, authors ascending.
    ///
    /// # Errors
    /// As [`Room::messages`].
    pub async fn logs(self) -> Result<Vec<Kept>, Error> {
        self.0.read(|read, room| read.kept(room)).await
    }

    /// The proof by which a log is cut, if it is.
    ///
    /// # Errors
    /// As [`Room::messages`].
    pub async fn proof(self, author: AuthorId) -> Result<Option<Proof>, Error> {
        self.0.read(move |read, room| read.proof(room, &author)).await
    }

    /// The topmost run of entries within `first..=last` of a log. It is within one block, and is signed if it ends at
    /// the end of the block, at the end of the log or at its cut. `None` if nothing is held, or the held entries are
    /// damaged.
    ///
    /// # Errors
    /// As [`Room::messages`].
    pub async fn run(self, author: AuthorId, first: Seq, last: Seq) -> Result<Option<RawRun>, Error> {
        let read = self.0.read(move |read, room| match read.run(room, &author, first, last) {
            Err(StoreError::Corrupt { .. }) => Ok(None),
            run => run,
        });
        read.await
    }

    /// Writes several entries at once, which travel as one run. Resolves once all are durable here, with their places in
    /// our log in the same order. When there are fewer places than entries, the rest was not written.
    ///
    /// # Errors
    /// [`Error::TooLong`] when one is too large and [`Error::Busy`] when they are too many, in both cases before anything
    /// is written; [`Error::Refused`], [`Error::Stopped`], [`Error::Damaged`], [`Error::Left`] and [`Error::Closed`].
    pub async fn say(self, sayings: Vec<(Kind, Bytes)>) -> Result<Vec<Target>, Error> {
        self.say_once(sayings, Vec::new()).await
    }

    /// As [`Entries::say`], for a call that is carried out once however often it is made: `once` has a key for each
    /// entry. An entry that was written under its key before, even before a crash, is not written again, and its place
    /// is returned instead. Each home knows the latest [`ONCE`](crate::ONCE) keys of a room.
    ///
    /// # Errors
    /// [`Error::OtherCall`] when something else was asked for under the same key and [`Error::CallWaits`] when the same
    /// call is not answered yet, in both cases before anything is written; and those of [`Entries::say`].
    pub async fn say_once(self, sayings: Vec<(Kind, Bytes)>, once: Vec<Once>) -> Result<Vec<Target>, Error> {
        if sayings.iter().any(|(_, body)| body.len() > TEXT_BYTES) {
            return Err(Error::TooLong);
        }
        if sayings.len() > SAYINGS {
            return Err(Error::Busy);
        }
        let room = self.0.board.id;
        self.0.node.ask(|answer| Command::Say { room, sayings, once, answer }).await
    }

    pub(super) async fn say_one(self, kind: Kind, body: Bytes) -> Result<Target, Error> {
        let said = self.say(vec![(kind, body)]).await?;
        said.first().copied().ok_or(Error::Closed)
    }

    /// Imports the entries that verify from pieces of logs kept elsewhere, if they are not held here. Bodies that were
    /// dropped here because they are old or retracted stay dropped. Resolves once everything is durable.
    ///
    /// # Errors
    /// [`Error::Stopped`], [`Error::Damaged`], [`Error::Left`] and [`Error::Closed`].
    pub async fn import(self, import: Import) -> Result<ImportCounts, Error> {
        let (answer, imported) = oneshot::channel();
        self.0.node.command(Command::Import { room: self.0.board.id, import, answer }).await?;
        imported.await.map_err(|_| self.0.stopped().unwrap_or(Error::Closed))
    }
}

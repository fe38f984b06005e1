//! Closing an open room, which its founder may do.

use std::collections::BTreeSet;

use rumormill_proto::{
    content::Target,
    entry::{Founding, Kind, founding},
    governance::Says,
    ids::AuthorId,
};

use super::Room;
use crate::{command::Command, error::Error};

/// What programs of the first version show before they are parted with: nothing else tells their people why.
const TOO_OLD: &str = "This room is closed from here on, and programs of version 0.1 are too old for it. \
                       Whoever uses one and wrote here is in again with version 0.2 or later; \
                       whoever did not needs a new ticket.";

impl Room {
    /// Whether this is an open room that we founded, so that we may close it.
    ///
    /// # Errors
    /// As [`Room::messages`].
    pub async fn may_close(&self) -> Result<bool, Error> {
        Ok(!self.is_closed() && self.founding().await?.is_some())
    }

    /// The body of the entry by which we founded this room as an open one.
    async fn founding(&self) -> Result<Option<bytes::Bytes>, Error> {
        let me = self.author();
        let first = self.entries().one(Target { author: me, seq: 0 }).await?.filter(|line| line.kind == Kind::FOUND);
        let body = first.and_then(|line| line.body.bytes().cloned());
        Ok(body.filter(|body| matches!(founding(&self.id(), &me, body), Ok(Founding::Open { .. }))))
    }

    /// Closes an open room that we founded, once and for good: everybody who wrote here is kept but those in `without`, and
    /// what all of them said so far stays. Resolves once that is durable, with the act that did it. If a linked peer seems
    /// to be of the first version, which shows no acts, a line says before it that such programs are too old.
    ///
    /// # Errors
    /// [`Error::Rank`] when we did not found it or it is closed already, and those of [`Entries::say`](crate::Entries::say).
    pub async fn close(&self, without: BTreeSet<AuthorId>) -> Result<Target, Error> {
        let body = self.founding().await?.filter(|_| !self.is_closed()).ok_or(Error::Rank)?;
        let me = self.author();
        if self.node.ask(|answer| Command::Nameless { room: self.id(), answer }).await? {
            self.say(TOO_OLD).await?;
        }
        let lists = self.read(move |read, room| Ok(read.governance(room, me)?.fold().lists(&without))).await?;
        let close = Says::close(lists.len(), &body);
        for list in lists {
            self.say_act(list).await?;
        }
        let closed = self.say_act(close).await?;
        // The room has changed over once the driver answers.
        self.record().await.map(|_| closed)
    }

    /// Says an act in a room that is open. It names our act before it.
    async fn say_act(&self, says: Says) -> Result<Target, Error> {
        let me = self.author();
        let act = self.read(move |read, room| Ok(read.governance(room, me)?.fold().closes(says).encode())).await?;
        let (kind, body) = act.map_err(|_| Error::TooLong)?;
        self.entries().say_one(kind, body).await
    }
}

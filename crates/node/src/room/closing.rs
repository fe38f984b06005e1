//! Closing an open room, which its founder may do, or whom the founder named when it stepped down.

use std::collections::BTreeSet;

use bytes::Bytes;
use rumormill_proto::{
    content::Target,
    entry::{Founding, Kind, founding},
    governance::{Act, Appointed, Role, Says},
    ids::{AuthorId, RoomId},
    run::RawRun,
};
use rumormill_store::{Error as StoreError, Read};

use super::Room;
use crate::{
    command::Command,
    error::Error,
    seat::closing::{StepDown, step_down},
};

/// What programs of the first version show before they are parted with: nothing else tells their people why.
const TOO_OLD: &str = "This room is closed from here on, and programs of version 0.1 are too old for it. \
                       Whoever uses one and wrote here is in again with version 0.2 or later; \
                       whoever did not needs a new ticket.";

/// What allows us to close a room.
struct Right {
    /// The body of the entry that founded it.
    founding: Bytes,
    /// The founder's step-down that names us, unless we founded it.
    named: Option<RawRun>,
}

impl Room {
    /// Whether this is an open room that we may close: we founded it, or whoever did stepped down and named us.
    ///
    /// # Errors
    /// As [`Room::messages`].
    pub async fn may_close(&self) -> Result<bool, Error> {
        Ok(self.right().await?.is_some())
    }

    async fn right(&self) -> Result<Option<Right>, Error> {
        if self.is_closed() {
            return Ok(None);
        }
        let me = self.author();
        let founder = self.board.posted().standing.founder.unwrap_or(me);
        self.read(move |read, room| right(read, room, (me, founder))).await
    }

    /// Closes an open room that we may close, once and for good: everybody who wrote here is kept but those in `without`, and
    /// what all of them said so far stays. Resolves once that is durable, with the act that did it. If a linked peer seems
    /// to be of the first version, which shows no acts, a line says before it that such programs are too old.
    ///
    /// # Errors
    /// [`Error::Rank`] when we may not or it is closed already, and those of [`Entries::say`](crate::Entries::say).
    pub async fn close(&self, without: BTreeSet<AuthorId>) -> Result<Target, Error> {
        let Right { founding, named } = self.right().await?.ok_or(Error::Rank)?;
        let me = self.author();
        if self.node.ask(|answer| Command::Nameless { room: self.id(), answer }).await? {
            self.say(TOO_OLD).await?;
        }
        let founder = named.as_ref().map_or(me, RawRun::author);
        let lists =
            move |read: &mut dyn Read, room: &RoomId| Ok(read.governance(room, founder)?.fold().lists(&me, &without));
        let lists = self.read(lists).await?;
        let close = Says::close(lists.len(), &founding, named);
        for list in lists {
            self.say_act(list).await?;
        }
        let closed = self.say_act(close).await?;
        // The room has changed over once the driver answers.
        self.record().await.map(|_| closed)
    }

    /// Gives up the right to close this open room, which we founded, for good, and names somebody who wrote here and may close
    /// it from then on. Resolves once that is durable, with the act that did it.
    ///
    /// # Errors
    /// [`Error::Rank`] when we did not found it, stepped down before or name ourselves, [`Error::NothingThere`] when nothing of
    /// theirs is here, and those of [`Entries::say`](crate::Entries::say).
    pub async fn name_closer(&self, who: AuthorId) -> Result<Target, Error> {
        let right = self.right().await?.filter(|right| right.named.is_none() && who != self.author());
        right.ok_or(Error::Rank)?;
        let heads = self.entries().heads().await?;
        let (_, head) = heads.into_iter().find(|(author, _)| *author == who).ok_or(Error::NothingThere)?;
        let keys = vec![Appointed { key: who, from: head.seq + 1 }];
        self.say_act(Says::Appoint { role: Role::CoOwner, keys, despite: Vec::new() }).await?;
        self.say_act(Says::StepDown { closer: Some(who) }).await
    }

    /// Says an act in a room that is open. It names our act before it.
    async fn say_act(&self, says: Says) -> Result<Target, Error> {
        let me = self.author();
        let before = self.read(move |read, room| read.last_act(room, &me)).await?;
        let (kind, body) = Act { before, says }.encode().map_err(|_| Error::TooLong)?;
        self.entries().say_one(kind, body).await
    }
}

fn right(read: &mut dyn Read, room: &RoomId, (me, founder): (AuthorId, AuthorId)) -> Result<Option<Right>, StoreError> {
    let first = read.line(room, &founder, 0)?.filter(|line| line.kind == Kind::FOUND);
    let body = first.and_then(|line| line.body.bytes().cloned());
    let body = body.filter(|body| matches!(founding(room, &founder, body), Ok(Founding::Open { .. })));
    let Some(founding) = body else { return Ok(None) };
    Ok(match step_down(read, room, &founder)? {
        None => (founder == me).then_some(Right { founding, named: None }),
        Some(StepDown { closer, run }) => (closer == Some(me)).then_some(Right { founding, named: Some(run) }),
    })
}

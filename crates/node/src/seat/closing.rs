//! An open room at its seat whose owner, or whom that named, may close it, or has.

use rumormill_proto::{
    admit::Entry,
    entry::Kind,
    governance::{Act, Says},
    ids::{AuthorId, RoomId},
    run::RawRun,
};
use rumormill_store::{Error as StoreError, Read};

use super::Seat;
use crate::{event::RoomEvent, limits::FOUNDER_ACTS};

/// The step-down of somebody who founded an open room.
pub(crate) struct StepDown {
    /// Who may close the room since.
    pub(crate) closer: Option<AuthorId>,
    /// The act, as its author signed it.
    pub(crate) run: RawRun,
}

/// The first step-down of an open room's founder: behind it none of the founder's acts counts.
pub(crate) fn step_down(
    read: &mut dyn Read,
    room: &RoomId,
    founder: &AuthorId,
) -> Result<Option<StepDown>, StoreError> {
    for seq in read.act_seqs(room, founder)?.into_iter().take(FOUNDER_ACTS) {
        for run in read.acts(room, &[(*founder, seq)])? {
            let Some(entry) = run.entries().first().filter(|entry| entry.kind == Kind::STEP_DOWN) else { continue };
            let act = entry.body.bytes().and_then(|body| Act::parse(entry.kind, body).ok().flatten());
            if let Some(Act { says: Says::StepDown { closer }, .. }) = act {
                return Ok(Some(StepDown { closer, run }));
            }
        }
    }
    Ok(None)
}

impl Seat {
    /// Who founded an open room, once that is known.
    pub(crate) fn founder(&self) -> Option<AuthorId> {
        self.engine.founder()
    }

    /// Whether an entry may close this room, which is open: by its founder, or by whom that named when it stepped down.
    pub(crate) fn is_closing(&self, entry: &Entry, read: &mut dyn Read) -> bool {
        let Some(founder) = self.founder().filter(|_| self.setup.closed.is_none()) else { return false };
        match (entry.author == founder, entry.kind) {
            (true, Kind::LIST | Kind::CLOSE | Kind::STEP_DOWN) => true,
            (false, Kind::LIST | Kind::CLOSE) => match step_down(read, &self.setup.id, &founder) {
                Ok(down) => down.is_some_and(|down| down.closer == Some(entry.author)),
                Err(why) => {
                    tracing::error!(%why, "cannot read who may close a room");
                    false
                }
            },
            _ => false,
        }
    }

    /// Whether a closed room was founded as an open one.
    pub(crate) fn was_open(&self) -> bool {
        self.board.posted().closed.as_ref().is_some_and(|closed| closed.shown.closing.is_some())
    }

    /// Tells interfaces that the room is a closed one from here on.
    pub(crate) fn tell_closed(&mut self) {
        let membership = self.board.posted().closed.as_ref().map(|closed| closed.membership);
        membership.into_iter().for_each(|membership| self.board.tell(RoomEvent::Membership(membership)));
        let authors = self.engine.frontier().logs().map(|(author, _)| *author).collect();
        self.board.tell(RoomEvent::Recounted { authors });
    }
}

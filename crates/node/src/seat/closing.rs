//! An open room at its seat whose owner may close it, or has.

use rumormill_proto::{admit::Entry, entry::Kind, ids::AuthorId};

use super::Seat;
use crate::event::RoomEvent;

impl Seat {
    /// Who founded an open room, once that is known.
    pub(crate) fn founder(&self) -> Option<AuthorId> {
        self.engine.founder()
    }

    /// Whether an entry may close this room, which is open.
    pub(crate) fn is_closing(&self, entry: &Entry) -> bool {
        [Kind::LIST, Kind::CLOSE].contains(&entry.kind)
            && self.setup.closed.is_none()
            && self.founder() == Some(entry.author)
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

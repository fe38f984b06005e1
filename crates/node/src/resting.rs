//! The rooms that pause for a while because the store cannot make their messages durable.

use std::collections::BTreeMap;

use rumormill_proto::ids::RoomId;

use crate::seat::Seat;

/// The rooms that rest.
#[derive(Default)]
pub(crate) struct Resting(BTreeMap<RoomId, Rest>);

struct Rest {
    seat: Seat,
    until_ms: u64,
}

impl Resting {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn seat(&self, room: &RoomId) -> Option<&Seat> {
        self.0.get(room).map(|rest| &rest.seat)
    }

    /// Lets a room rest until then.
    pub(crate) fn insert(&mut self, seat: Seat, until_ms: u64) {
        self.0.insert(seat.setup.id, Rest { seat, until_ms });
    }

    /// Takes a room out, with the time until which it was to rest.
    pub(crate) fn remove(&mut self, room: &RoomId) -> Option<(Seat, u64)> {
        self.0.remove(room).map(|Rest { seat, until_ms }| (seat, until_ms))
    }

    /// When the first of them resumes.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        self.0.values().map(|rest| rest.until_ms).min()
    }

    /// The rooms whose time has come.
    pub(crate) fn due(&self, now_ms: u64) -> Vec<RoomId> {
        self.0.iter().filter(|(_, rest)| rest.until_ms <= now_ms).map(|(room, _)| *room).collect()
    }
}

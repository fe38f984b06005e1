//! Reports of messages at the seat of a closed room: who is told, and what is taken.

use rumormill_proto::{
    content::Target,
    governance::Role,
    ids::{AuthorId, PeerId},
    time::Now,
};

use super::Seat;
use crate::{event::RoomEvent, limits::REPORTS_AN_HOUR};

const HOUR_MS: u64 = 3_600_000;

/// The hour since the Unix epoch, and how many reports of each author we took in it.
pub(super) type Taken = (u64, std::collections::BTreeMap<AuthorId, usize>);

impl Seat {
    /// The linked peers at which somebody writes who governs this room.
    pub(crate) fn governors_linked(&self) -> Vec<PeerId> {
        let posted = self.board.posted();
        let Some(closed) = &posted.closed else { return Vec::new() };
        let governs = |author: &AuthorId| {
            let role = closed.seats.get(author).and_then(|seat| seat.role);
            role.is_some_and(Role::governs)
        };
        posted.members.iter().filter(|(_, member)| governs(&member.author)).map(|(peer, _)| *peer).collect()
    }

    /// Takes the report of somebody who is present, if we govern, and tells interfaces.
    pub(crate) fn reported(&mut self, peer: &PeerId, of: Target, words: &[u8], now: Now) {
        let hour = now.wall_ms / HOUR_MS;
        let by = {
            let posted = self.board.posted();
            let present = |author: &AuthorId| {
                let seat = posted.closed.as_ref().and_then(|closed| closed.seats.get(author));
                seat.is_some_and(|seat| seat.knocks.is_none())
            };
            posted.members.get(peer).map(|member| member.author).filter(present)
        };
        let Some(by) = by.filter(|_| self.governs()) else { return };
        let (since, taken) = &mut self.reports;
        if std::mem::replace(since, hour) != hour {
            taken.clear();
        }
        let count = taken.entry(by).or_default();
        *count += 1;
        if *count <= REPORTS_AN_HOUR
            && let Ok(words) = std::str::from_utf8(words)
        {
            self.board.tell(RoomEvent::Reported { by, of, words: words.to_owned() });
        }
    }
}

//! The peers that we dial, and in which order: rooms take turns, so that a room that only hears of dead peers delays no
//! other room's dials.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use iroh::EndpointAddr;
use rumormill_proto::ids::{PeerId, RoomId};

use crate::limits::{DIALS, DIALS_OF_ROOM, DIALS_WAITING};

/// The way to a peer.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) addr: EndpointAddr,
    /// Whether only other peers told of it.
    pub(crate) told: bool,
}

/// Peers that wait to be dialled, are being dialled or are asked again.
#[derive(Default)]
pub(crate) struct Dials {
    /// The rooms that want each peer.
    wanted: BTreeMap<PeerId, BTreeSet<RoomId>>,
    /// Peers that wait, by the room that wanted them first.
    waiting: BTreeMap<RoomId, VecDeque<(PeerId, Way)>>,
    /// Peers that are being dialled, and the room each dial is for.
    under_way: BTreeMap<PeerId, RoomId>,
    /// The room whose turn it was last.
    last: Option<RoomId>,
}

impl Dials {
    /// Queues a peer for a room; `false` when too many wait for that room already.
    pub(crate) fn add(&mut self, room: RoomId, peer: PeerId, way: Way) -> bool {
        if let Some(rooms) = self.wanted.get_mut(&peer) {
            rooms.insert(room);
            return true;
        }
        let waiting = self.waiting.entry(room).or_default();
        let fits = waiting.len() < DIALS_WAITING;
        if fits {
            waiting.push_back((peer, way));
            self.wanted.insert(peer, BTreeSet::from([room]));
        }
        fits
    }

    /// Notes that a room wants to talk again with a peer that is connected.
    pub(crate) fn ask_again(&mut self, room: RoomId, peer: PeerId) {
        self.wanted.entry(peer).or_default().insert(room);
    }

    /// The next peer to dial, if one more dial may be under way.
    pub(crate) fn next(&mut self) -> Option<(PeerId, Way)> {
        if self.under_way.len() >= DIALS {
            return None;
        }
        let of_room = |room: &RoomId| self.under_way.values().filter(|of| *of == room).count();
        let may: Vec<RoomId> = self.waiting.keys().filter(|room| of_room(room) < DIALS_OF_ROOM).copied().collect();
        let room = *may.iter().find(|room| Some(**room) > self.last).or(may.first())?;
        let waiting = self.waiting.get_mut(&room)?;
        let next = waiting.pop_front();
        if waiting.is_empty() {
            self.waiting.remove(&room);
        }
        let (peer, way) = next?;
        self.last = Some(room);
        self.under_way.insert(peer, room);
        Some((peer, way))
    }

    /// Notes that a dial led to a connection.
    pub(crate) fn reached(&mut self, peer: &PeerId) {
        self.under_way.remove(peer);
    }

    /// Forgets a peer that talks with us or cannot be reached. Returns the rooms that wanted it.
    pub(crate) fn end(&mut self, peer: &PeerId) -> BTreeSet<RoomId> {
        self.under_way.remove(peer);
        let rooms = self.wanted.remove(peer).unwrap_or_default();
        for room in &rooms {
            if let Some(waiting) = self.waiting.get_mut(room) {
                waiting.retain(|(waits, _)| waits != peer);
                if waiting.is_empty() {
                    self.waiting.remove(room);
                }
            }
        }
        rooms
    }
}

#[cfg(test)]
mod tests {
    use iroh::SecretKey;

    use super::*;

    fn peer(room: u8, at: usize) -> (PeerId, Way) {
        let mut secret = [room; 32];
        secret[..8].copy_from_slice(&at.to_be_bytes());
        let id = SecretKey::from_bytes(&secret).public();
        (PeerId(*id.as_bytes()), Way { addr: EndpointAddr::new(id), told: false })
    }

    fn ask(dials: &mut Dials, room: u8, count: usize) -> usize {
        let taken = (0..count).filter(|at| {
            let (peer, way) = peer(room, *at);
            dials.add(RoomId([room; 32]), peer, way)
        });
        taken.count()
    }

    fn begun(dials: &mut Dials) -> Vec<PeerId> {
        std::iter::from_fn(|| dials.next()).map(|(peer, _)| peer).collect()
    }

    #[test]
    fn a_room_that_hears_of_dead_peers_delays_no_other() {
        let mut dials = Dials::default();
        assert_eq!(ask(&mut dials, 1, 1000), DIALS_WAITING);
        assert_eq!(begun(&mut dials).len(), DIALS_OF_ROOM);
        assert_eq!(ask(&mut dials, 2, 1), 1);
        assert_eq!(begun(&mut dials), [peer(2, 0).0]);
        assert_eq!(dials.end(&peer(1, 0).0), BTreeSet::from([RoomId([1; 32])]));
        assert_eq!(begun(&mut dials), [peer(1, DIALS_OF_ROOM).0]);
    }

    #[test]
    fn rooms_take_turns() {
        let mut dials = Dials::default();
        (1..=4).for_each(|room| assert_eq!(ask(&mut dials, room, 20), 20));
        let begun = begun(&mut dials);
        assert_eq!(begun.len(), DIALS);
        (1..=4).for_each(|room| {
            let of_room = (0..20).filter(|at| begun.contains(&peer(room, *at).0)).count();
            assert_eq!(of_room, DIALS / 4, "{room}");
        });
    }

    #[test]
    fn who_talks_with_us_is_dialled_no_more() {
        let mut dials = Dials::default();
        ask(&mut dials, 1, 2);
        dials.end(&peer(1, 1).0);
        assert_eq!(begun(&mut dials), [peer(1, 0).0]);
        dials.reached(&peer(1, 0).0);
        assert!(dials.under_way.is_empty());
        assert_eq!(dials.end(&peer(1, 0).0).len(), 1, "the room is told once more is known");
        assert!(dials.wanted.is_empty() && dials.waiting.is_empty());
    }
}

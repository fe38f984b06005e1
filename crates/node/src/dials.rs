//! The peers to dial, and their order: rooms take turns, so a room that knows only dead peers does not delay other
//! rooms' dials.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use iroh::{EndpointAddr, TransportAddr};
use rumormill_proto::ids::{PeerId, RoomId};

use crate::limits::{DIALS, DIALS_OF_ROOM, DIALS_WAITING, WAYS};

/// The way to a peer.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) addr: EndpointAddr,
    /// Whether it is only hearsay of other peers.
    pub(crate) told: bool,
}

/// Peers that wait to be dialled, are being dialled or are asked again.
#[derive(Default)]
pub(crate) struct Dials {
    /// Why each is dialled, and where.
    wanted: BTreeMap<PeerId, Wanted>,
    /// Those that wait, by the room that wanted them first.
    waiting: BTreeMap<RoomId, VecDeque<(PeerId, Way)>>,
    /// Those under way, and for whom.
    under_way: Vec<(PeerId, RoomId)>,
    /// The room that had the last turn.
    last: Option<RoomId>,
}

/// A peer that is wanted.
#[derive(Default)]
struct Wanted {
    /// By whom.
    rooms: BTreeSet<RoomId>,
    /// The address of its last or next dial.
    addrs: BTreeSet<TransportAddr>,
    ways: usize,
    /// Whether a dial has led to a connection, whose end decides.
    is_met: bool,
}

impl Dials {
    /// Queues a peer for a room; `false` when too many wait for that room already. A peer that is being dialled is
    /// dialled once more at an address that was not tried yet, unless only others told of it: one room's address may be
    /// out of date, but a fresh ticket is not.
    pub(crate) fn add(&mut self, room: RoomId, peer: PeerId, way: Way) -> bool {
        if let Some(wanted) = self.wanted.get_mut(&peer) {
            wanted.rooms.insert(room);
            let is_news = !way.told && !way.addr.addrs.is_subset(&wanted.addrs);
            if !is_news || wanted.is_met || wanted.ways >= WAYS {
                return true;
            }
        }
        let waiting = self.waiting.entry(room).or_default();
        if waiting.len() >= DIALS_WAITING {
            return self.wanted.contains_key(&peer);
        }
        let wanted = self.wanted.entry(peer).or_default();
        wanted.rooms.insert(room);
        wanted.addrs.extend(way.addr.addrs.iter().cloned());
        wanted.ways += 1;
        waiting.push_back((peer, way));
        true
    }

    /// Whether a peer waits to be dialled, is being dialled or is asked again.
    pub(crate) fn wants(&self, peer: &PeerId) -> bool {
        self.wanted.contains_key(peer)
    }

    /// Whether a peer is wanted by a room.
    pub(crate) fn wants_for(&self, room: &RoomId, peer: &PeerId) -> bool {
        self.wanted.get(peer).is_some_and(|wanted| wanted.rooms.contains(room))
    }

    /// Notes that a room wants to talk again with a peer that is connected.
    pub(crate) fn ask_again(&mut self, room: RoomId, peer: PeerId) {
        self.wanted.entry(peer).or_default().rooms.insert(room);
    }

    /// The next peer to dial, if one more dial may be under way.
    pub(crate) fn next(&mut self) -> Option<(PeerId, Way)> {
        if self.under_way.len() >= DIALS {
            return None;
        }
        let of_room = |room: &RoomId| self.under_way.iter().filter(|(_, of)| of == room).count();
        let may: Vec<RoomId> = self.waiting.keys().filter(|room| of_room(room) < DIALS_OF_ROOM).copied().collect();
        let room = *may.iter().find(|room| Some(**room) > self.last).or(may.first())?;
        let waiting = self.waiting.get_mut(&room)?;
        let next = waiting.pop_front();
        if waiting.is_empty() {
            self.waiting.remove(&room);
        }
        let (peer, way) = next?;
        self.last = Some(room);
        self.under_way.push((peer, room));
        Some((peer, way))
    }

    /// Notes that a dial led to a connection.
    pub(crate) fn reached(&mut self, peer: &PeerId) {
        self.over(peer);
        if let Some(wanted) = self.wanted.get_mut(peer) {
            wanted.is_met = true;
        }
    }

    /// A dial came to nothing. Returns the rooms that wanted the peer, when it is tried no other way.
    pub(crate) fn failed(&mut self, peer: &PeerId) -> BTreeSet<RoomId> {
        self.over(peer);
        let is_met = self.wanted.get(peer).is_some_and(|wanted| wanted.is_met);
        let waits = self.waiting.values().flatten().any(|(waits, _)| waits == peer);
        match is_met || waits || self.under_way.iter().any(|(dialled, _)| dialled == peer) {
            true => BTreeSet::new(),
            false => self.end(peer),
        }
    }

    /// One dial of a peer is no longer under way.
    fn over(&mut self, peer: &PeerId) {
        if let Some(at) = self.under_way.iter().position(|(dialled, _)| dialled == peer) {
            self.under_way.remove(at);
        }
    }

    /// Forgets a peer that talks with us or cannot be reached. Returns the rooms that wanted it.
    pub(crate) fn end(&mut self, peer: &PeerId) -> BTreeSet<RoomId> {
        self.under_way.retain(|(dialled, _)| dialled != peer);
        let rooms = self.wanted.remove(peer).unwrap_or_default().rooms;
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

    #[test]
    fn a_peer_that_is_dialled_where_it_was_is_dialled_where_a_fresh_ticket_says_too() {
        let (mut dials, [one, other]) = (Dials::default(), [RoomId([1; 32]), RoomId([2; 32])]);
        let at = |port: u16, told| {
            let (peer, way) = peer(1, 0);
            (peer, Way { addr: way.addr.with_ip_addr(([127, 0, 0, 1], port).into()), told })
        };
        let add = |dials: &mut Dials, room, (peer, way)| dials.add(room, peer, way);
        assert!(add(&mut dials, one, at(1, false)));
        assert_eq!(begun(&mut dials).len(), 1);
        assert!(add(&mut dials, other, at(1, false)) && add(&mut dials, other, at(7, true)));
        assert_eq!(begun(&mut dials).len(), 0, "nothing new is known of ourselves");
        (2..20).for_each(|port| assert!(add(&mut dials, other, at(port, false))));
        assert_eq!(begun(&mut dials).len(), WAYS - 1, "and not without bound");
        let (peer, _) = at(1, false);
        (1..WAYS).for_each(|_| assert_eq!(dials.failed(&peer), BTreeSet::new(), "another way is being tried"));
        assert_eq!(dials.failed(&peer), BTreeSet::from([one, other]));
        // A way that fails says nothing of the one that led to it.
        assert!(add(&mut dials, one, at(1, false)) && add(&mut dials, one, at(2, false)));
        assert_eq!(begun(&mut dials).len(), 2);
        dials.reached(&peer);
        assert_eq!(dials.failed(&peer), BTreeSet::new());
        assert_eq!(dials.end(&peer), BTreeSet::from([one]));
        assert!(dials.wanted.is_empty() && dials.under_way.is_empty());
    }
}

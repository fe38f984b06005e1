//! Finding out which rooms both sides of a connection are in, without naming any.
//!
//! Each side announces a tag for every room that it is in. A side that knows a room's secret can compute the tag that
//! the other side would announce for it. To anyone else tags are random bytes, and different ones on every connection:
//!
//! ```text
//! tag = keyed_hash(derive_key("rumormill 1 greeting", room secret), exported ++ role ++ room)
//! ```
//!
//! `exported` is 32 bytes of keying material from TLS, so a tag proves knowledge on this connection only. `role` is 0
//! for the dialler and 1 for the accepter, so a tag cannot be sent back. Announcements are padded with random tags and
//! sorted. A frame names its room by the index of the sender's tag.

use std::collections::BTreeMap;

use rumormill_proto::{ids::RoomId, reject::Reject};

use crate::limits::{TAG_GROUP, TAGS};

/// The tag of a room on one connection in one direction.
pub(crate) type Tag = [u8; 32];

/// Label of the keying material that tags are bound to.
pub(crate) const EXPORTER: &[u8] = b"rumormill 1 greeting";

/// Our role in a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// We dialled.
    Dialler,
    /// We accepted.
    Accepter,
}

impl Role {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Dialler => Self::Accepter,
            Self::Accepter => Self::Dialler,
        }
    }
}

/// One room on one connection.
#[derive(Clone, Copy, Debug, Default)]
struct Ends {
    /// Index of our tag, and whether we talk about the room now.
    mine: Option<(u32, bool)>,
    /// The same of the other side.
    theirs: Option<(u32, bool)>,
}

impl Ends {
    fn shared(self) -> bool {
        matches!((self.mine, self.theirs), (Some((_, true)), Some((_, true))))
    }
}

/// The rooms of one connection, as one side knows them.
pub(crate) struct Channels {
    exported: [u8; 32],
    role: Role,
    rooms: BTreeMap<RoomId, Ends>,
    /// How many tags we announced, padding included.
    announced: u32,
    /// Rooms of ours that we announce once the other side does, and their secrets.
    silent: BTreeMap<RoomId, [u8; 32]>,
    /// The tags that the other side would announce for our rooms, and has not announced yet.
    expected: BTreeMap<Tag, RoomId>,
    /// The rooms of the other side's tags.
    theirs: Vec<Option<RoomId>>,
    /// Its tags that match no room of ours so far, and their indices.
    unknown: BTreeMap<Tag, u32>,
}

impl Channels {
    /// A connection on which nothing was announced.
    pub(crate) fn new(exported: [u8; 32], role: Role) -> Self {
        Self {
            exported,
            role,
            rooms: BTreeMap::new(),
            announced: 0,
            silent: BTreeMap::new(),
            expected: BTreeMap::new(),
            theirs: Vec::new(),
            unknown: BTreeMap::new(),
        }
    }

    /// The tags to announce for rooms that were not announced before; none when no more fit. Padding comes from
    /// `random`.
    pub(crate) fn announce(&mut self, rooms: &[(RoomId, [u8; 32])], mut random: impl FnMut() -> Tag) -> Vec<Tag> {
        let padded = rooms.len().next_multiple_of(TAG_GROUP);
        if self.announced as usize + padded > TAGS {
            return Vec::new();
        }
        let tag = |(room, secret): &(RoomId, [u8; 32])| (tag(secret, &self.exported, self.role, room), Some(*room));
        let mut tags: Vec<(Tag, Option<RoomId>)> = rooms.iter().map(tag).collect();
        tags.resize_with(padded, || (random(), None));
        tags.sort();
        for (index, (_, room)) in (self.announced..).zip(&tags) {
            if let Some(room) = room {
                self.rooms.entry(*room).or_default().mine = Some((index, true));
            }
        }
        self.announced += tags.len() as u32;
        rooms.iter().for_each(|(room, _)| _ = self.silent.remove(room));
        self.expect(rooms);
        tags.into_iter().map(|(tag, _)| tag).collect()
    }

    /// Rooms to announce once the other side does.
    pub(crate) fn keep_silent(&mut self, rooms: &[(RoomId, [u8; 32])]) {
        self.silent.extend(rooms.iter().copied());
        self.expect(rooms);
    }

    /// Whether a room was announced, or is once the other side does.
    pub(crate) fn has(&self, room: &RoomId) -> bool {
        self.silent.contains_key(room) || self.rooms.get(room).is_some_and(|ends| ends.mine.is_some())
    }

    /// The secret of a room that was not announced.
    pub(crate) fn silent(&self, room: &RoomId) -> Option<[u8; 32]> {
        self.silent.get(room).copied()
    }

    /// The rooms to announce now, because the other side did.
    pub(crate) fn called_for(&self) -> Vec<(RoomId, [u8; 32])> {
        let called = |room: &RoomId| self.rooms.get(room).is_some_and(|ends| ends.theirs.is_some());
        self.silent.iter().filter(|(room, _)| called(room)).map(|(room, secret)| (*room, *secret)).collect()
    }

    fn expect(&mut self, rooms: &[(RoomId, [u8; 32])]) {
        for (room, secret) in rooms {
            if self.rooms.get(room).is_some_and(|ends| ends.theirs.is_some()) {
                continue;
            }
            let expected = tag(secret, &self.exported, self.role.other(), room);
            match self.unknown.remove(&expected) {
                Some(index) => self.match_up(*room, index),
                None => drop(self.expected.insert(expected, *room)),
            }
        }
    }

    /// Takes the tags that the other side announced.
    ///
    /// # Errors
    /// [`Reject`] when there are too many, or one comes twice.
    pub(crate) fn learn(&mut self, tags: Vec<Tag>) -> Result<(), Reject> {
        if self.theirs.len() + tags.len() > TAGS {
            return Err(Reject::Limit("tags"));
        }
        for tag in tags {
            let index = self.theirs.len() as u32;
            self.theirs.push(None);
            match self.expected.remove(&tag) {
                Some(room) => self.match_up(room, index),
                None if self.unknown.insert(tag, index).is_some() => return Err(Reject::Malformed("tags")),
                None => {}
            }
        }
        Ok(())
    }

    fn match_up(&mut self, room: RoomId, index: u32) {
        self.theirs[index as usize] = Some(room);
        self.rooms.entry(room).or_default().theirs = Some((index, true));
    }

    /// The keying material that signatures on this connection are bound to.
    pub(crate) fn exported(&self) -> [u8; 32] {
        self.exported
    }

    /// The room of the other side's channel, if we are in it, whether or not both sides talk about it.
    ///
    /// # Errors
    /// [`Reject`] when the other side announced no such tag.
    pub(crate) fn named(&self, index: u32) -> Result<Option<RoomId>, Reject> {
        self.theirs.get(index as usize).copied().ok_or(Reject::Malformed("channel"))
    }

    /// The rooms that both sides talk about.
    pub(crate) fn shared(&self) -> impl Iterator<Item = RoomId> + '_ {
        self.rooms.iter().filter(|(_, ends)| ends.shared()).map(|(room, _)| *room)
    }

    /// Whether both sides talk about this room.
    pub(crate) fn shares(&self, room: &RoomId) -> bool {
        self.rooms.get(room).is_some_and(|ends| ends.shared())
    }

    /// Our channel for a room that both sides talk about.
    pub(crate) fn mine(&self, room: &RoomId) -> Option<u32> {
        let ends = self.rooms.get(room).filter(|ends| ends.shared())?;
        ends.mine.map(|(index, _)| index)
    }

    /// The room of the other side's channel, if both sides talk about it.
    ///
    /// # Errors
    /// [`Reject`] when the other side announced no such tag.
    pub(crate) fn theirs(&self, index: u32) -> Result<Option<RoomId>, Reject> {
        Ok(self.named(index)?.filter(|room| self.shares(room)))
    }

    /// Stops talking about a room. Returns our channel, to send to the other side.
    pub(crate) fn part(&mut self, room: &RoomId) -> Option<u32> {
        let (index, talks) = self.rooms.get_mut(room)?.mine.as_mut()?;
        std::mem::take(talks).then_some(*index)
    }

    /// Talks about a room again. Returns our channel, to send to the other side; `None` when that side never announced
    /// the room.
    pub(crate) fn resume(&mut self, room: &RoomId) -> Option<u32> {
        let ends = self.rooms.get_mut(room)?;
        ends.theirs?;
        let (index, talks) = ends.mine.as_mut()?;
        *talks = true;
        Some(*index)
    }

    /// The other side stops talking about the room of its channel. Returns the room, if that side talked about it.
    ///
    /// # Errors
    /// [`Reject`] when the other side announced no such tag.
    pub(crate) fn parted(&mut self, index: u32) -> Result<Option<RoomId>, Reject> {
        let shared = self.theirs(index)?;
        self.set_theirs(index, false);
        Ok(shared)
    }

    /// The other side talks again about the room of its channel. Returns the room, if we are in it.
    ///
    /// # Errors
    /// [`Reject`] when the other side announced no such tag.
    pub(crate) fn resumed(&mut self, index: u32) -> Result<Option<RoomId>, Reject> {
        let room = self.named(index)?;
        self.set_theirs(index, true);
        Ok(room)
    }

    fn set_theirs(&mut self, index: u32, talking: bool) {
        let room = self.theirs.get(index as usize).copied().flatten();
        if let Some((_, talks)) = room.and_then(|room| self.rooms.get_mut(&room)?.theirs.as_mut()) {
            *talks = talking;
        }
    }
}

fn tag(secret: &[u8; 32], exported: &[u8; 32], role: Role, room: &RoomId) -> Tag {
    let key = blake3::derive_key("rumormill 1 greeting", secret);
    let mut hasher = blake3::Hasher::new_keyed(&key);
    let role = match role {
        Role::Dialler => 0,
        Role::Accepter => 1,
    };
    hasher.update(exported).update(&[role]).update(&room.0);
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPORTED: [u8; 32] = [5; 32];

    fn rooms(rooms: &[u8]) -> Vec<(RoomId, [u8; 32])> {
        rooms.iter().map(|room| (RoomId([*room; 32]), [room + 100; 32])).collect()
    }

    fn padding(from: u8) -> impl FnMut() -> Tag {
        let mut next = from;
        move || {
            next += 1;
            [next; 32]
        }
    }

    fn greet(ours: &[u8], others: &[u8]) -> (Channels, Channels) {
        let mut a = Channels::new(EXPORTED, Role::Dialler);
        let mut b = Channels::new(EXPORTED, Role::Accepter);
        let from_a = a.announce(&rooms(ours), padding(0));
        let from_b = b.announce(&rooms(others), padding(100));
        assert_eq!(from_a.len() % TAG_GROUP, 0);
        a.learn(from_b).unwrap();
        b.learn(from_a).unwrap();
        (a, b)
    }

    fn shared(channels: &Channels) -> Vec<u8> {
        channels.shared().map(|room| room.0[0]).collect()
    }

    #[test]
    fn both_find_the_rooms_they_share_and_no_other() {
        for (ours, others, both) in [
            (&[1, 2, 3][..], &[2, 3, 4][..], &[2, 3][..]),
            (&[1], &[2], &[]),
            (&[], &[1], &[]),
            (&[1, 2, 3, 4, 5, 6, 7, 8, 9], &[9], &[9]),
        ] {
            let (a, b) = greet(ours, others);
            assert_eq!((shared(&a), shared(&b)), (both.to_vec(), both.to_vec()));
        }
    }

    #[test]
    fn a_channel_means_the_same_room_at_both_ends() {
        let (a, b) = greet(&[1, 2, 3], &[3, 2]);
        for room in [RoomId([2; 32]), RoomId([3; 32])] {
            assert_eq!(b.theirs(a.mine(&room).unwrap()), Ok(Some(room)));
            assert_eq!(a.theirs(b.mine(&room).unwrap()), Ok(Some(room)));
        }
        assert_eq!(a.mine(&RoomId([1; 32])), None);
        assert_eq!(a.theirs(TAG_GROUP as u32), Err(Reject::Malformed("channel")));
    }

    #[test]
    fn a_room_joined_later_is_found_from_either_side() {
        let (mut a, mut b) = greet(&[1], &[1, 2]);
        let tags = a.announce(&rooms(&[2]), padding(20));
        assert_eq!(shared(&a), [1, 2]);
        b.learn(tags).unwrap();
        assert_eq!(shared(&b), [1, 2]);
    }

    #[test]
    fn a_silent_room_is_announced_once_the_other_side_does() {
        let mut a = Channels::new(EXPORTED, Role::Dialler);
        let mut b = Channels::new(EXPORTED, Role::Accepter);
        let from_a = a.announce(&rooms(&[1]), padding(0));
        a.keep_silent(&rooms(&[2, 3]));
        b.learn(from_a).unwrap();
        a.learn(b.announce(&rooms(&[1, 2]), padding(100))).unwrap();
        assert_eq!((shared(&a), shared(&b)), (vec![1], vec![1]));
        let called = a.called_for();
        assert_eq!(called, rooms(&[2]));
        b.learn(a.announce(&called, padding(20))).unwrap();
        assert_eq!((shared(&a), shared(&b)), (vec![1, 2], vec![1, 2]));
        assert!(a.called_for().is_empty());
        assert_eq!((a.silent(&RoomId([2; 32])), a.silent(&RoomId([3; 32]))), (None, Some([103; 32])));
    }

    #[test]
    fn a_tag_serves_one_connection_one_direction_and_one_secret() {
        let base = tag(&[1; 32], &EXPORTED, Role::Dialler, &RoomId([1; 32]));
        let others = [
            tag(&[2; 32], &EXPORTED, Role::Dialler, &RoomId([1; 32])),
            tag(&[1; 32], &[6; 32], Role::Dialler, &RoomId([1; 32])),
            tag(&[1; 32], &EXPORTED, Role::Accepter, &RoomId([1; 32])),
            tag(&[1; 32], &EXPORTED, Role::Dialler, &RoomId([2; 32])),
        ];
        assert!(others.iter().all(|other| *other != base));
        let (mut a, _) = greet(&[1], &[]);
        let mut mirror = Channels::new(EXPORTED, Role::Dialler);
        a.learn(mirror.announce(&rooms(&[1]), padding(50))).unwrap();
        assert!(shared(&a).is_empty());
    }

    #[test]
    fn parting_and_resuming_is_seen_by_both() {
        let (mut a, mut b) = greet(&[1], &[1]);
        let room = RoomId([1; 32]);
        let channel = a.part(&room).unwrap();
        assert_eq!(a.part(&room), None);
        assert_eq!(b.parted(channel), Ok(Some(room)));
        assert_eq!((shared(&a), shared(&b)), (vec![], vec![]));
        assert_eq!(b.theirs(channel), Ok(None));
        assert_eq!(a.resume(&room), Some(channel));
        assert_eq!(b.resumed(channel), Ok(Some(room)));
        assert_eq!((shared(&a), shared(&b)), (vec![1], vec![1]));
        assert_eq!(a.resume(&RoomId([9; 32])), None);
    }

    #[test]
    fn hostile_announcements_are_refused() {
        let (mut a, _) = greet(&[1], &[]);
        assert_eq!(a.learn(vec![[1; 32], [1; 32]]), Err(Reject::Malformed("tags")));
        assert_eq!(a.learn(vec![[0; 32]; TAGS]), Err(Reject::Limit("tags")));
    }
}

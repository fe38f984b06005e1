//! How long a node waits for a rumor that is under way before it repairs.
//!
//! In a room that is too busy for its machines rumors are late, and to repair what is under way makes the room busier
//! still. So a rumor that comes after it was repaired doubles the time that the next rumors get, and each rumor that
//! comes unrepaired takes a little of that back, as TCP does with its retransmission timer (RFC 6298, section 5.5). A
//! node that has had to wait longer than usual also does not serve, unasked, entries that came to it within that time.
//!
//! A node also measures how late it comes to what is due, and no peer has a say in that: while its machine is that
//! busy, what it waits for may lie in its own inbox. So it adds that time to everything it waits for, twice, because
//! others are as busy.
//!
//! Late rumors are easy to fake, so no peer counts for much. A repair counts only if it brought something new. The peer
//! that repaired cannot show by its own push that the repair was in vain. Each peer counts once in [`AGAIN`] rumors.
//! How far patience grows depends on how many of the links have shown late rumors: in a room that is too busy most of
//! them do.

use std::collections::{BTreeMap, VecDeque};

use crate::{
    defence,
    ids::{AuthorId, PeerId, Seq},
    limits::{LACK_MS, LATELY},
    run::RawRun,
};

/// The unit in which patience is counted.
const ONE: u64 = 1024;

/// How many times patience doubles at most: sixteen times [`LACK_MS`] is three seconds, about what the fastest rounds
/// need to repair a room.
const DOUBLINGS: usize = 4;

/// A rumor that comes unrepaired takes back this part of what patience has grown by: if two rumors in a hundred are
/// repaired in vain, patience stays where it is.
const SHRINKS: u64 = 64;

/// Each new measure of how late we are counts for one in so many, as with TCP's round trips.
const SMOOTHED: u64 = 8;

/// Milliseconds of a measure that count at most: what is added for it is three seconds at most.
const LATE_MS: u64 = LACK_MS << (DOUBLINGS - 1);

/// New rumors until the same peer counts again: as many as take back two thirds of what patience has grown by, so that
/// one peer alone keeps patience below five times its usual length.
const AGAIN: u64 = SHRINKS;

/// New rumors for which we remember a peer that pushed what was repaired: twenty peers are remembered in a room of
/// fifty in which two rumors in a hundred are repaired in vain.
const REMEMBERED: u64 = 16 * AGAIN;

/// A node's estimates from rumors that came after they were repaired.
#[derive(Debug)]
pub(crate) struct Patience {
    grown: u64,
    /// Milliseconds by which we come late to what is due, times [`SMOOTHED`].
    late_ms: u64,
    /// Entries that a peer brought because they had not come by themselves; oldest first.
    repaired: VecDeque<Repaired>,
    /// Runs that came lately, and when; oldest first.
    fresh: VecDeque<(u64, AuthorId, Seq)>,
    /// New rumors so far.
    rumors: u64,
    /// Linked peers that pushed what had been repaired, and how many new rumors had come by then.
    late: BTreeMap<PeerId, u64>,
}

/// Entries that were repaired.
#[derive(Debug)]
struct Repaired {
    by: PeerId,
    author: AuthorId,
    first: Seq,
    last: Seq,
}

impl Patience {
    pub(crate) fn new() -> Self {
        Self {
            grown: ONE,
            late_ms: 0,
            repaired: VecDeque::new(),
            fresh: VecDeque::new(),
            rumors: 0,
            late: BTreeMap::new(),
        }
    }

    /// How long we wait for something that comes within `ms` in a room that is not too busy.
    pub(crate) fn ms(&self, ms: u64) -> u64 {
        ms * self.grown / ONE + 2 * self.late_ms / SMOOTHED
    }

    /// We came `late_ms` late to what was due.
    pub(crate) fn came_to(&mut self, late_ms: u64) {
        self.late_ms -= self.late_ms / SMOOTHED;
        self.late_ms += late_ms.min(LATE_MS);
    }

    /// A peer brought entries that were new and had not come by themselves.
    pub(crate) fn repaired(&mut self, by: PeerId, run: &RawRun) {
        keep(&mut self.repaired, Repaired { by, author: run.author(), first: run.first(), last: run.last() });
    }

    /// A rumor came over one of `links`. `new` says whether any of it was new; `known` is what we held already.
    pub(crate) fn rumor(&mut self, from: PeerId, links: usize, new: bool, known: &[RawRun]) {
        self.rumors += u64::from(new);
        let bounded = defence::is_on("patience");
        let repaired = |run: &RawRun| {
            let holds = |repaired: &Repaired| {
                repaired.author == run.author()
                    && (repaired.first..=repaired.last).contains(&run.last())
                    && !(bounded && repaired.by == from)
            };
            self.repaired.iter().position(holds)
        };
        match known.iter().find_map(repaired) {
            Some(at) => {
                self.repaired.remove(at);
                self.came_late(from, if bounded { links } else { 1 });
            }
            None if new => self.grown -= (self.grown - ONE) / SHRINKS,
            None => {}
        }
    }

    fn came_late(&mut self, from: PeerId, links: usize) {
        let rumors = self.rumors;
        let counts = |counted: &u64, within: u64| rumors - counted < within;
        if defence::is_on("patience") && self.late.get(&from).is_some_and(|counted| counts(counted, AGAIN)) {
            return;
        }
        self.late.insert(from, rumors);
        self.late.retain(|_, counted| counts(counted, REMEMBERED));
        let doublings = (4 * DOUBLINGS * self.late.len() / links.max(1)).clamp(1, DOUBLINGS);
        self.grown = (2 * self.grown).min(ONE << doublings).max(self.grown);
    }

    /// The link to a peer is gone.
    pub(crate) fn forget(&mut self, peer: &PeerId) {
        self.late.remove(peer);
    }

    /// A run came that we pass on and that others may be getting too.
    pub(crate) fn came(&mut self, author: AuthorId, first: Seq, now_ms: u64) {
        keep(&mut self.fresh, (now_ms, author, first));
    }

    /// The first seq of this log that may still be on its way to peers as a rumor.
    pub(crate) fn fresh_from(&self, author: &AuthorId, now_ms: u64) -> Seq {
        let ms = self.ms(LACK_MS) - LACK_MS;
        let lately = self.fresh.iter().rev().take_while(|(came_ms, ..)| now_ms < came_ms + ms);
        lately.filter(|(_, of, _)| of == author).map(|(.., first)| *first).min().unwrap_or(Seq::MAX)
    }
}

/// Adds one more and keeps the last [`LATELY`].
fn keep<T>(lately: &mut VecDeque<T>, one: T) {
    if lately.len() >= LATELY {
        lately.pop_front();
    }
    lately.push_back(one);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        entry::{Body, Kind, RawEntry},
        ids::EntryId,
        time::Time,
    };

    const ADA: AuthorId = AuthorId([1; 32]);

    fn line(seq: Seq) -> RawRun {
        let entry = RawEntry { time: Time::from_ms(1), seen: vec![], kind: Kind::TEXT, body: Body::Here("".into()) };
        RawRun::new(ADA, seq, EntryId::default(), vec![entry], None).unwrap()
    }

    fn peer(number: usize) -> PeerId {
        PeerId([number as u8; 32])
    }

    /// The last of all peers repairs a line, which still comes as a rumor from another.
    fn repair_in_vain(patience: &mut Patience, from: usize, links: usize, seq: Seq) {
        patience.repaired(peer(255), &line(seq));
        patience.rumor(peer(from), links, false, &[line(seq)]);
    }

    #[test]
    fn a_rumor_that_was_repaired_in_vain_doubles_patience_within_bounds() {
        let mut patience = Patience::new();
        assert_eq!(patience.ms(200), 200);
        patience.rumor(peer(1), 50, false, &[line(0)]);
        assert_eq!(patience.ms(200), 200, "nobody repaired this");
        repair_in_vain(&mut patience, 1, 50, 1);
        assert_eq!(patience.ms(200), 400);
        patience.rumor(peer(2), 50, false, &[line(1)]);
        assert_eq!(patience.ms(200), 400, "a third copy tells nothing more");
        (2..20).for_each(|at| repair_in_vain(&mut patience, at, 50, at as Seq));
        assert_eq!(patience.ms(200), 3_200, "a third of the room is late");
        (0..500).for_each(|seq| patience.rumor(peer(1), 50, true, &[line(seq)]));
        assert!((200..220).contains(&patience.ms(200)), "{}", patience.ms(200));
        (0..2 * LATELY as Seq).for_each(|seq| patience.repaired(peer(1), &line(seq)));
        assert_eq!(patience.repaired.len(), LATELY);
    }

    #[test]
    fn one_peer_alone_keeps_nobody_waiting() {
        let mut patience = Patience::new();
        patience.repaired(peer(1), &line(0));
        patience.rumor(peer(1), 50, false, &[line(0)]);
        assert_eq!(patience.ms(200), 200, "it repaired this itself");
        (0..1_000).for_each(|seq| repair_in_vain(&mut patience, 1, 50, seq));
        assert_eq!(patience.ms(200), 400);
        // Four keys of one liar, in a room of fifty that goes on talking.
        let mut most = 0;
        for seq in 0..10_000 {
            patience.rumor(peer(9), 50, true, &[line(seq)]);
            repair_in_vain(&mut patience, 1 + seq as usize % 4, 50, 1_000 + seq);
            most = most.max(patience.ms(200));
        }
        assert_eq!(most, 400);
        // The same liar in a pair, where nobody else can be late.
        for seq in 0..10_000 {
            patience.rumor(peer(9), 1, true, &[line(seq)]);
            repair_in_vain(&mut patience, 1, 1, 1_000 + seq);
            most = most.max(patience.ms(200));
        }
        assert!(most < 1_000, "{most}");
        (0..100).for_each(|number| patience.forget(&peer(number)));
        assert_eq!(patience.late.len(), 0);
    }

    #[test]
    fn a_machine_that_comes_late_itself_gives_everything_that_time_besides() {
        let mut patience = Patience::new();
        patience.came_to(800);
        assert_eq!(patience.ms(200), 400, "once is little");
        (0..100).for_each(|_| patience.came_to(800));
        assert!((1_780..=1_800).contains(&patience.ms(200)), "{}", patience.ms(200));
        assert!((1_730..=1_750).contains(&patience.ms(150)), "{}", patience.ms(150));
        (0..100).for_each(|_| patience.came_to(u64::MAX));
        assert!(patience.ms(200) <= 200 + (LACK_MS << DOUBLINGS), "{}", patience.ms(200));
        (0..100).for_each(|_| patience.came_to(0));
        assert!(patience.ms(200) <= 201, "{}", patience.ms(200));
    }

    #[test]
    fn what_came_a_moment_ago_is_fresh_to_who_had_to_be_patient() {
        let mut patience = Patience::new();
        (5..7).for_each(|seq| patience.came(ADA, seq, 1_000));
        assert_eq!(patience.fresh_from(&ADA, 1_000), Seq::MAX);
        repair_in_vain(&mut patience, 1, 1, 0);
        assert_eq!(patience.fresh_from(&ADA, 1_000 + LACK_MS - 1), 5);
        assert_eq!(patience.fresh_from(&ADA, 1_000 + LACK_MS), Seq::MAX);
        assert_eq!(patience.fresh_from(&AuthorId([2; 32]), 1_000), Seq::MAX);
    }
}

//! Which authors of a room are vouched for, and whose logs a node keeps when there are more authors than there is
//! space.
//!
//! Keys cost nothing, so one member can write under as many as it likes. But a key cannot make somebody who belongs to
//! the room answer it, react to it or mention it. That is a *vouch*, see [`crate::content::vouched_for`]. The founder
//! has a share of [`FOUNDER_SHARE`]. An author with a share of s gives the k-th author that it vouches for, in the
//! order of its log, a share of s / 2k. Of several vouchers the best counts. An author with a share of one or more is
//! *vouched for*. So an author that is vouched for once cannot bring in keys without number, and those it brings in
//! stand behind those that authors with larger shares brought in.
//!
//! A node keeps the [`VOUCHED`] authors with the largest shares, and of all others the [`UNVOUCHED`] with the lowest
//! rank: a hash of the room and the first eight bytes of the author, which is what a [`crate::frame::Brief`] tells.
//!
//! Invariant: the choice depends only on the logs it chooses from, and stays the same when logs that it did not choose
//! are taken away. For only kept authors vouch, and the path of best vouchers to a kept author leads over larger
//! shares, all of which are kept. Therefore nodes that each want what they would keep of the other's logs end with the
//! same logs, in whatever order these came and whenever one was evicted.
//!
//! A node holds two kinds of authors whatever their rank: the one that writes here, and those that write from a linked
//! peer, so that a newcomer is read where it comes in and can be answered. They are *guests*, held for this node alone:
//! no digest counts them.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
};

use crate::{
    admit::Run,
    content::{Vouch, retracted, vouched_for},
    defence,
    entry::Kind,
    ids::{AuthorId, RoomId, Seq},
    limits::{EVICTED_AT_ONCE, FOUNDER_SHARE, RECKON_MS, RECKONED, UNVOUCHED, VOUCHED},
};

/// How many authors a room keeps. All nodes of a room must hold to the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crowd {
    /// Authors that are vouched for, at most.
    pub vouched: usize,
    /// Authors that nobody vouches for, at most.
    pub unvouched: usize,
}

impl Default for Crowd {
    fn default() -> Self {
        Self { vouched: VOUCHED, unvouched: UNVOUCHED }
    }
}

/// The rank of an author among those that nobody vouches for: the lowest come first.
type Rank = u64;

/// How a held log counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counting {
    Vouched,
    Unvouched,
    /// It has no place; this node holds it for itself alone.
    Guest,
    /// It has no place, and will be taken out of the store.
    Leaving,
    /// The store is taking it out.
    Left,
}

/// The authors that one author vouches for, as far as that counts.
#[derive(Clone, Debug, Default)]
struct Vouches {
    /// Each author once, in the order of the log.
    list: Vec<Vouch>,
    named: BTreeSet<AuthorId>,
    /// How long the list may be.
    most: usize,
}

impl Vouches {
    fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// Adds one behind all others; returns whether it counts.
    fn push(&mut self, vouch: Vouch) -> bool {
        let counts = self.list.len() < self.most && self.named.insert(vouch.of);
        if counts {
            self.list.push(vouch);
        }
        counts
    }

    /// Takes out all for which `gone` is true; returns whether there were any.
    fn remove(&mut self, gone: impl Fn(Seq) -> bool) -> bool {
        let before = self.list.len();
        self.list.retain(|vouch| !gone(vouch.seq));
        self.named = self.list.iter().map(|vouch| vouch.of).collect();
        self.list.len() < before
    }

    fn is_full(&self) -> bool {
        self.list.len() >= self.most
    }
}

/// What a change of standing means for a log that we hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shift {
    /// It counts for this node alone, or will leave.
    Aside(AuthorId),
    /// It counts again.
    Up(AuthorId),
}

/// The standing of all authors of a room.
pub(crate) struct Standing {
    room: RoomId,
    crowd: Crowd,
    founder: Option<AuthorId>,
    /// Every author whose log we hold.
    places: BTreeMap<AuthorId, Counting>,
    /// Every author that is vouched for, held or not, with the share.
    shares: BTreeMap<AuthorId, u32>,
    /// The vouches of the authors that are vouched for and held.
    vouches: BTreeMap<AuthorId, Vouches>,
    unvouched: BTreeSet<(Rank, AuthorId)>,
    guests: BTreeSet<(Rank, AuthorId)>,
    friends: BTreeSet<AuthorId>,
    leaving: BTreeSet<AuthorId>,
    /// How many more authors may come in turn, whatever their rank: one of them may be the founder, which we do not
    /// know yet.
    searches: usize,
    shifts: Vec<Shift>,
    /// Authors whose vouches to ask the store for.
    asking: BTreeSet<AuthorId>,
    /// Whether vouches changed since the last reckoning, and when the next one may be.
    changed: bool,
    next_ms: u64,
    /// When the next request that waits for the store may go there.
    turn_ms: u64,
}

impl Standing {
    pub(crate) fn new(room: RoomId, crowd: Crowd) -> Self {
        Self {
            room,
            crowd,
            founder: None,
            places: BTreeMap::new(),
            shares: BTreeMap::new(),
            vouches: BTreeMap::new(),
            unvouched: BTreeSet::new(),
            guests: BTreeSet::new(),
            friends: BTreeSet::new(),
            leaving: BTreeSet::new(),
            searches: 2 * (crowd.vouched + crowd.unvouched),
            shifts: Vec::new(),
            asking: BTreeSet::new(),
            changed: false,
            next_ms: 0,
            turn_ms: 0,
        }
    }

    /// Whether we would keep a log of this author.
    pub(crate) fn admits(&self, author: &AuthorId) -> bool {
        self.shares.contains_key(author)
            || self.friends.contains(author) && defence::is_on("guest")
            || self.has_space((self.rank(author.prefix()), *author))
    }

    /// The same, of the author with this prefix.
    pub(crate) fn admits_prefix(&self, prefix: u64) -> bool {
        let lowest = AuthorId::lowest(prefix);
        let is_there = |author: Option<&AuthorId>| author.is_some_and(|author| author.prefix() == prefix);
        is_there(self.shares.range(lowest..).next().map(|(author, _)| author))
            || is_there(self.friends.range(lowest..).next())
            || self.has_space((self.rank(prefix), lowest))
    }

    fn has_space(&self, ranked: (Rank, AuthorId)) -> bool {
        let searches = self.founder.is_none() && self.searches > 0;
        // A log on its way out is still held: the author that takes its place waits until the store has caught up.
        let evicts = self.leaving.len() < EVICTED_AT_ONCE && defence::is_on("evict");
        let is_better = |worst: &(Rank, AuthorId)| evicts && (searches || ranked < *worst);
        self.unvouched.len() < self.space() || self.unvouched.last().is_some_and(is_better)
    }

    /// The author that founded the room, once that is known.
    pub(crate) fn founder(&self) -> Option<AuthorId> {
        self.founder
    }

    /// Places for authors that nobody vouches for. Until the founding entry is here we cannot know that any author is
    /// vouched for, the founder included, so all places are theirs.
    fn space(&self) -> usize {
        match self.founder {
            Some(_) => self.crowd.unvouched,
            None => self.crowd.unvouched + self.crowd.vouched,
        }
    }

    /// Whether a log is on its way out: then we take none of it.
    pub(crate) fn is_leaving(&self, author: &AuthorId) -> bool {
        matches!(self.places.get(author), Some(Counting::Leaving | Counting::Left))
    }

    /// Whether others should wait for what we saw of this author: not when there are more authors than there is space,
    /// and nobody vouches for this one.
    pub(crate) fn is_regarded(&self, author: &AuthorId) -> bool {
        self.unvouched.len() < self.space() || self.shares.contains_key(author)
    }

    /// A log that the store kept, and whom its author vouches for. [`Standing::reckon`] is to follow.
    pub(crate) fn restore(&mut self, author: AuthorId, vouches: Vec<Vouch>) {
        if vouches.first() == Some(&Vouch { seq: 0, of: author }) {
            self.founder = Some(author);
        }
        let mut kept = Vouches::new(FOUNDER_SHARE as usize / 2);
        vouches.into_iter().filter(|vouch| vouch.of != author).for_each(|vouch| _ = kept.push(vouch));
        self.vouches.insert(author, kept);
        self.places.insert(author, Counting::Unvouched);
        self.unvouched.insert((self.rank(author.prefix()), author));
        self.changed = true;
    }

    /// We hold a log that we did not hold before.
    pub(crate) fn enter(&mut self, author: AuthorId) {
        if self.places.contains_key(&author) {
            return;
        }
        if self.shares.contains_key(&author) {
            self.places.insert(author, Counting::Vouched);
            self.ask(author);
            self.changed = true;
        } else {
            self.places.insert(author, Counting::Unvouched);
            self.unvouched.insert((self.rank(author.prefix()), author));
        }
        self.fit();
    }

    /// A run of this author has its place: at the end of the log if `head` was the last seq before.
    pub(crate) fn note(&mut self, run: &Run, head: Option<Seq>) {
        let author = run.author();
        let founds = |entry: &crate::admit::Entry| entry.kind == Kind::FOUND && entry.body.bytes().is_some();
        if run.entries().iter().any(founds) && self.founder != Some(author) {
            self.founder = Some(author);
            self.changed = true;
        }
        let Some(vouches) = self.vouches.get_mut(&author) else { return };
        let (mut ask, mut changed) = (false, false);
        for entry in run.entries() {
            let vouched = vouched_for(&author, entry.kind, &entry.body);
            if head.is_none_or(|head| entry.seq > head) {
                for of in vouched {
                    changed |= of != author && vouches.push(Vouch { seq: entry.seq, of });
                }
            } else {
                ask |= !vouched.is_empty();
            }
            if let Some(of) = retracted(entry.kind, &entry.body) {
                ask |= vouches.remove(|seq| seq == of);
            }
        }
        self.changed |= changed || ask;
        if ask {
            self.ask(author);
        }
    }

    /// A log was cut.
    pub(crate) fn cut(&mut self, author: AuthorId, at: Seq) {
        if self.vouches.get_mut(&author).is_some_and(|vouches| vouches.remove(|seq| seq >= at)) {
            self.changed = true;
            self.ask(author);
        }
    }

    /// The store tells which authors an author vouches for, as [`Standing::asks`] asked. What came meanwhile lies above
    /// all that.
    pub(crate) fn told(&mut self, author: AuthorId, told: Vec<Vouch>) {
        let Some(vouches) = self.vouches.get_mut(&author) else { return };
        let top = told.last().map_or(0, |vouch| vouch.seq);
        let above: Vec<_> = vouches.list.iter().filter(|vouch| vouch.seq > top).copied().collect();
        let mut merged = Vouches::new(vouches.most);
        told.into_iter().chain(above).filter(|vouch| vouch.of != author).for_each(|vouch| _ = merged.push(vouch));
        self.changed |= merged.list != vouches.list;
        *vouches = merged;
    }

    fn ask(&mut self, author: AuthorId) {
        let Some(share) = self.shares.get(&author) else { return };
        let most = *share as usize / 2;
        let vouches = self.vouches.entry(author).or_default();
        vouches.most = vouches.most.max(most);
        self.asking.insert(author);
    }

    /// Up to so many authors whose vouches the store is to tell by [`Standing::told`], and how many of each.
    pub(crate) fn asks(&mut self, most: usize) -> Vec<(AuthorId, usize)> {
        let authors = std::iter::from_fn(|| self.asking.pop_first()).take(most);
        let of_one = |author: AuthorId| self.vouches.get(&author).map(|vouches| (author, vouches.most));
        authors.filter_map(of_one).collect()
    }

    /// An author writes here or from a linked peer: its log is held.
    pub(crate) fn befriend(&mut self, author: AuthorId) {
        if self.friends.insert(author) && self.places.get(&author) == Some(&Counting::Leaving) {
            self.leaving.remove(&author);
            self.host(author);
        }
    }

    /// No linked peer writes as this author any more.
    pub(crate) fn part(&mut self, author: AuthorId) {
        if self.friends.remove(&author) && self.places.get(&author) == Some(&Counting::Guest) {
            self.guests.remove(&(self.rank(author.prefix()), author));
            self.lead_out(author);
        }
    }

    fn host(&mut self, author: AuthorId) {
        self.places.insert(author, Counting::Guest);
        self.guests.insert((self.rank(author.prefix()), author));
        self.shifts.push(Shift::Aside(author));
    }

    fn lead_out(&mut self, author: AuthorId) {
        self.places.insert(author, Counting::Leaving);
        self.leaving.insert(author);
        self.vouches.remove(&author);
        self.shifts.push(Shift::Aside(author));
    }

    /// Gives the places for authors that nobody vouches for to those of the lowest rank.
    fn fit(&mut self) {
        while self.unvouched.len() > self.space() {
            let Some((_, author)) = self.unvouched.pop_last() else { break };
            self.searches = self.searches.saturating_sub(1);
            match self.friends.contains(&author) {
                true => self.host(author),
                false => self.lead_out(author),
            }
        }
        while self.unvouched.len() < self.space()
            && let Some(guest) = self.guests.pop_first()
        {
            self.unvouched.insert(guest);
            self.places.insert(guest.1, Counting::Unvouched);
            self.shifts.push(Shift::Up(guest.1));
        }
    }

    /// Up to so many logs that the store is to take out.
    pub(crate) fn evict(&mut self, most: usize) -> Vec<AuthorId> {
        let going: Vec<_> = self.leaving.iter().take(most).copied().collect();
        for author in &going {
            self.leaving.remove(author);
            self.places.insert(*author, Counting::Left);
        }
        going
    }

    /// The store took out a log, or a part of it. The rest of it has no place yet.
    pub(crate) fn left(&mut self, author: &AuthorId) {
        self.places.remove(author);
    }

    /// What changed for logs that we hold.
    pub(crate) fn shifts(&mut self) -> Vec<Shift> {
        std::mem::take(&mut self.shifts)
    }

    /// When there is something to do next.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        let waits = !self.leaving.is_empty() || !self.asking.is_empty();
        if waits { Some(self.turn_ms) } else { self.changed.then_some(self.next_ms) }
    }

    /// Reckons up which authors are vouched for, if that may have changed and some time has passed. Returns those that
    /// newly are and whose logs we do not hold.
    pub(crate) fn reckon(&mut self, now_ms: u64) -> Vec<AuthorId> {
        self.turn_ms = now_ms + 1;
        if !self.changed || now_ms < self.next_ms {
            return Vec::new();
        }
        self.changed = false;
        let (shares, reckoned) = self.reckon_up();
        self.next_ms = now_ms + RECKON_MS + (reckoned / RECKONED) as u64;
        let before = std::mem::replace(&mut self.shares, shares);
        let fallen: Vec<_> = before.keys().filter(|author| !self.shares.contains_key(*author)).copied().collect();
        for author in fallen {
            if self.places.get(&author) == Some(&Counting::Vouched) {
                self.places.insert(author, Counting::Unvouched);
                self.unvouched.insert((self.rank(author.prefix()), author));
            }
        }
        let mut news = Vec::new();
        let shares: Vec<_> = self.shares.iter().map(|(author, share)| (*author, *share)).collect();
        for (author, share) in shares {
            if !self.rise(author) && !before.contains_key(&author) {
                news.push(author);
            }
            let is_short = |vouches: &Vouches| vouches.is_full() && vouches.most < share as usize / 2;
            let held = self.places.get(&author) == Some(&Counting::Vouched);
            if held && self.vouches.get(&author).is_none_or(is_short) {
                self.ask(author);
            }
        }
        let shares = &self.shares;
        self.vouches.retain(|author, _| shares.contains_key(author));
        self.fit();
        news
    }

    /// An author is vouched for; returns whether we hold its log.
    fn rise(&mut self, author: AuthorId) -> bool {
        let ranked = (self.rank(author.prefix()), author);
        match self.places.get(&author) {
            None | Some(Counting::Left) => return false,
            Some(Counting::Vouched) => return true,
            Some(Counting::Unvouched) => _ = self.unvouched.remove(&ranked),
            Some(Counting::Guest) => {
                self.guests.remove(&ranked);
                self.shifts.push(Shift::Up(author));
            }
            Some(Counting::Leaving) => {
                self.leaving.remove(&author);
                self.shifts.push(Shift::Up(author));
            }
        }
        self.places.insert(author, Counting::Vouched);
        true
    }

    /// The shares of all authors that are vouched for, the largest first and no more than there may be, and how many
    /// vouches it took to reckon them: Dijkstra's algorithm, because a share is never larger than its voucher's.
    fn reckon_up(&self) -> (BTreeMap<AuthorId, u32>, usize) {
        let ranked = |author: AuthorId| Reverse((self.rank(author.prefix()), author));
        let founder = self.founder.filter(|_| defence::is_on("vouch"));
        let mut ready: BinaryHeap<_> = founder.into_iter().map(|founder| (FOUNDER_SHARE, ranked(founder))).collect();
        let mut shares = BTreeMap::new();
        let (mut held, mut reckoned) = (0, 0);
        while let Some((share, Reverse((_, author)))) = ready.pop() {
            if shares.contains_key(&author) {
                continue;
            }
            shares.insert(author, share);
            held += usize::from(self.places.contains_key(&author));
            // An author that comes behind the last that fits would have to leave again, held or not.
            if held == self.crowd.vouched {
                break;
            }
            let vouches = self.vouches.get(&author).map(|vouches| vouches.list.as_slice()).unwrap_or_default();
            for (vouch, part) in vouches.iter().zip(1..=share / 2) {
                reckoned += 1;
                if !shares.contains_key(&vouch.of) {
                    let share = if defence::is_on("share") { share / (2 * part) } else { share };
                    ready.push((share, ranked(vouch.of)));
                }
            }
        }
        (shares, reckoned)
    }

    fn rank(&self, prefix: u64) -> Rank {
        let hash = blake3::keyed_hash(&self.room.0, &prefix.to_be_bytes());
        let [a, b, c, d, e, f, g, h, ..] = *hash.as_bytes();
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use proptest::prelude::*;

    use super::*;

    const ROOM: RoomId = RoomId([1; 32]);
    const FOUNDER: u16 = 0;
    const CROWD: Crowd = Crowd { vouched: 6, unvouched: 4 };

    fn id(number: u16) -> AuthorId {
        AuthorId(*blake3::hash(&number.to_be_bytes()).as_bytes())
    }

    /// Logs, by author: the authors that each entry vouches for. An author that vouches for itself founds the room.
    type Room = BTreeMap<u16, Vec<u16>>;

    fn vouches(list: &[u16]) -> Vec<Vouch> {
        list.iter().zip(0..).map(|(of, seq)| Vouch { seq, of: id(*of) }).collect()
    }

    /// A node, as far as it keeps logs: what it holds, what it evicted, and its store.
    struct Node {
        standing: Standing,
        held: Room,
        ms: u64,
    }

    impl Node {
        fn new() -> Self {
            Self { standing: Standing::new(ROOM, CROWD), held: Room::new(), ms: 0 }
        }

        /// Takes a log, if it has a place; returns whether it had.
        fn take(&mut self, author: u16, list: &[u16]) -> bool {
            let takes = !self.held.contains_key(&author) && self.standing.admits(&id(author));
            if takes {
                self.held.insert(author, list.to_vec());
                if list.first() == Some(&author) {
                    self.standing.founder = Some(id(author));
                    self.standing.changed = true;
                }
                self.standing.enter(id(author));
            }
            self.settle();
            takes
        }

        /// Reckons, answers for the store and evicts, until nothing more follows.
        fn settle(&mut self) {
            while let Some(due) = self.standing.next_deadline() {
                self.ms = self.ms.max(due);
                self.standing.reckon(self.ms);
                for (author, most) in self.standing.asks(2) {
                    let log = self.held.iter().find(|(number, _)| id(**number) == author).map(|(_, list)| list);
                    let told = vouches(log.map(Vec::as_slice).unwrap_or_default());
                    self.standing.told(author, told.into_iter().take(most).collect());
                }
                for author in self.standing.evict(1) {
                    self.held.retain(|number, _| id(*number) != author);
                    self.standing.left(&author);
                }
            }
        }

        /// The logs that count in the digest.
        fn counted(&self) -> BTreeSet<u16> {
            let counts = |number: &u16| {
                matches!(self.standing.places.get(&id(*number)), Some(Counting::Vouched | Counting::Unvouched))
            };
            self.held.keys().copied().filter(counts).collect()
        }

        /// Begins anew with what the store kept.
        fn restart(&mut self) {
            self.standing = Standing::new(ROOM, CROWD);
            for (author, list) in &self.held {
                self.standing.restore(id(*author), vouches(list));
            }
            self.settle();
        }
    }

    /// Two nodes tell each other of their logs until neither wants anything.
    fn exchange(one: &mut Node, other: &mut Node) {
        for _ in 0..200 {
            let mut moved = false;
            let (ours, theirs) = (one.held.clone(), other.held.clone());
            for (from, to) in [(ours, &mut *other), (theirs, &mut *one)] {
                for (author, list) in &from {
                    let full = to.standing.admits(&id(*author));
                    let told = to.standing.admits_prefix(id(*author).prefix());
                    assert!(to.held.contains_key(author) || full == told, "a brief tells enough");
                    moved |= to.take(*author, list);
                }
            }
            if !moved {
                return;
            }
        }
        panic!("two nodes fetch from each other for ever");
    }

    fn logs() -> impl Strategy<Value = Room> {
        let list = prop::collection::vec(0..40u16, 0..5);
        let first = prop::collection::vec(1..40u16, 0..4);
        (prop::collection::btree_map(1..40u16, list, 0..36), first).prop_map(|(mut room, first)| {
            room.iter_mut().for_each(|(author, list)| list.retain(|of| of != author));
            room.insert(FOUNDER, [vec![FOUNDER], first].concat());
            room
        })
    }

    proptest! {
        /// Whatever each of two nodes saw first, and whenever it began anew, they end with the same logs.
        #[test]
        fn nodes_that_exchange_keep_the_same_logs(
            room in logs(),
            one in Just((0..40u16).collect::<Vec<_>>()).prop_shuffle(),
            other in Just((0..40u16).collect::<Vec<_>>()).prop_shuffle(),
            (seen, restarts) in (0..40usize, any::<bool>()),
        ) {
            let mut nodes = [Node::new(), Node::new()];
            for (node, order) in nodes.iter_mut().zip([&one[..], &other[..seen]]) {
                for author in order {
                    room.get(author).map(|list| node.take(*author, list));
                }
            }
            let [first, second] = &mut nodes;
            if restarts {
                second.restart();
            }
            exchange(first, second);
            prop_assert_eq!(first.counted(), second.counted());
            prop_assert_eq!(&first.standing.shares, &second.standing.shares);
            prop_assert!(first.held.len() <= CROWD.vouched + CROWD.unvouched);
            let before = first.counted();
            first.restart();
            prop_assert_eq!(first.counted(), before);
        }

        /// Logs that were not chosen have no say in the choice.
        #[test]
        fn the_choice_is_the_same_without_what_it_left_out(room in logs(), out in 1..40u16) {
            let all = |room: &Room| {
                let mut node = Node::new();
                for (author, list) in room {
                    node.standing.restore(id(*author), vouches(list));
                    node.held.insert(*author, list.clone());
                }
                node.settle();
                node.counted()
            };
            let chosen = all(&room);
            if !chosen.contains(&out) {
                let mut less = room.clone();
                less.remove(&out);
                prop_assert_eq!(all(&less), chosen);
            }
        }
    }

    fn node(logs: &[(u16, &[u16])]) -> Node {
        let mut node = Node::new();
        for (author, list) in logs {
            assert!(node.take(*author, list), "{author} has a place");
        }
        node
    }

    fn flood(node: &mut Node, keys: Range<u16>) {
        keys.for_each(|key| _ = node.take(key, &[]));
    }

    #[test]
    fn strangers_in_any_number_push_out_nobody_who_is_answered() {
        let mut node = node(&[(FOUNDER, &[FOUNDER, 1]), (1, &[2]), (2, &[])]);
        flood(&mut node, 100..1_000);
        assert_eq!(node.held.len(), 3 + CROWD.unvouched);
        assert!([FOUNDER, 1, 2].iter().all(|author| node.counted().contains(author)));
        let lost = (100..1_000).find(|key| !node.held.contains_key(key)).unwrap();
        assert!(!node.take(lost, &[]), "what was evicted is not fetched again");
        node.standing.told(id(1), vouches(&[2, lost]));
        node.settle();
        assert!(node.take(lost, &[]) && node.counted().contains(&lost), "until somebody vouches for it");
    }

    #[test]
    fn who_is_vouched_for_once_brings_in_no_crowd() {
        let many: Vec<u16> = (200..600).collect();
        let mut node = node(&[(FOUNDER, &[FOUNDER, 1, 2, 3]), (1, &[]), (2, &many), (3, &[10]), (10, &[])]);
        let others = [vec![2], many.clone()].concat();
        many.iter().for_each(|key| _ = node.take(*key, &others));
        flood(&mut node, 1_000..1_400);
        assert_eq!(node.held.len(), CROWD.vouched + CROWD.unvouched);
        assert!([FOUNDER, 1, 2, 3, 10].iter().all(|author| node.counted().contains(author)));
        let shares = |author: u16| node.standing.shares.get(&id(author)).copied();
        let expected = [FOUNDER_SHARE, FOUNDER_SHARE / 2, FOUNDER_SHARE / 4, FOUNDER_SHARE / 6, FOUNDER_SHARE / 12];
        assert_eq!([FOUNDER, 1, 2, 3, 10].map(shares), expected.map(Some));
    }

    #[test]
    fn a_guest_is_held_and_does_not_count() {
        let mut node = node(&[(FOUNDER, &[FOUNDER])]);
        flood(&mut node, 100..1_000);
        let worst = (100..1_000).max_by_key(|key| node.standing.rank(id(*key).prefix())).unwrap();
        let before = node.counted();
        node.standing.befriend(id(worst));
        assert!(node.take(worst, &[]) && node.held.contains_key(&worst));
        assert_eq!(node.counted(), before);
        assert!(node.standing.shifts().contains(&Shift::Aside(id(worst))));
        node.standing.part(id(worst));
        node.settle();
        assert!(!node.held.contains_key(&worst));
    }

    #[test]
    fn a_vouch_that_is_taken_back_or_cut_off_counts_no_more() {
        let mut node = node(&[(FOUNDER, &[FOUNDER, 1, 2]), (1, &[3]), (2, &[]), (3, &[])]);
        node.standing.cut(id(FOUNDER), 1);
        node.held.insert(FOUNDER, vec![FOUNDER]);
        node.settle();
        let vouched: Vec<_> = node.standing.shares.keys().copied().collect();
        assert_eq!(vouched, [id(FOUNDER)]);
    }

    #[test]
    fn no_more_are_vouched_for_than_the_founders_share_allows() {
        // This many authors, at most, can share out what an author with this share has.
        let mut most = vec![0u64; FOUNDER_SHARE as usize + 1];
        for share in 2..most.len() {
            most[share] = (1..=share / 2).map(|part| 1 + most[share / (2 * part)]).sum();
        }
        assert_eq!((most[100], most[FOUNDER_SHARE as usize]), (262, 440_863));
    }
}

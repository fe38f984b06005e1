//! The peers we know and those we keep links with.
//!
//! With a [`Shape::Fixed`] view the links are given, and each is dialled until it stands. With a [`Shape::Open`] view
//! the view decides, in three sizes of room:
//!
//! - Up to [`MESH_PEERS`](crate::limits::MESH_PEERS) others: a full mesh.
//! - Beyond that, a partial view as in HyParView (Leitão et al. 2007): a few active links, which are kept up, and more
//!   peers known, passive, from which a broken link is replaced. HyParView's links are random; here most links have a
//!   place. Seen from a peer the id space falls into branches (see [`mod@branch`]): the ids that begin with another
//!   digit, the ids that share one digit and then differ, and so on. Delegation needs one link into every branch that
//!   has anybody in it to reach all with n-1 copies: log8 n levels of seven. A few links to any peers, and the links
//!   that others chose, are there for when one fails.
//! - The smallest branches are full meshes again: a peer is linked with its whole neighbourhood, the peers that share
//!   so many digits with it that they are [`MESH_PEERS`](crate::limits::MESH_PEERS) at most. So the last levels are
//!   one, and a small room is the neighbourhood of no digits.
//! - Peers tell each other of peers in shuffles. Half of the peers in a shuffle are chosen to be near to the receiver
//!   in the id space. So a newcomer's links lead, level by level, to the peers nearest to it, as in Pastry (Rowstron
//!   and Druschel 2001).
//!
//! Strangers cannot take the view over. A link that we chose is never given up for another. Of the links that others
//! chose, the longest-lived half are safe too. What one peer tells fills a sixteenth of what we know at most, and we
//! tell only of peers that have worked for us. Dials, retries and shuffles are all paced.
//!
//! And strangers that come in numbers count for less than peers that have *brought* something: that were the first to
//! give us an entry, by a rumor or by anti-entropy. Of equals we dial and tell of those first. For a newcomer we first
//! give up a peer that is outside of our neighbourhood and has brought nothing. However many links others made, beyond
//! our neighbourhood at least [`RANDOM_LINKS`](crate::limits::RANDOM_LINKS) links are to be links that we chose, or
//! links to peers that have brought something. No peer is shut out for silence: in a silent room all are equal.

pub mod branch;
mod cover;
mod known;

use std::{cmp::Reverse, collections::BTreeMap};

use bytes::Bytes;

use crate::{
    frame::{Contact, Frame},
    frontier::Branch,
    ids::PeerId,
    input::Output,
    limits::{DIAL_BURST, DIAL_MS, GREETED_PEERS, INBOUND_LINKS, LASTING_LINKS, SHUFFLE_PEERS, SHUFFLE_SAMPLE},
    random::Random,
    turn::Turn,
};

use branch::{branch, shared};
use cover::{Branches, Cover, Need, Sharing};
use known::Known;

/// Pause after the first failure, and the longest, for a fixed view: its peers are on this host and start in
/// any order, within the second that a console waits.
const FIXED_RETRY_MS: (u64, u64) = (100, 1_000);

/// Pause after the first failure, and bounds of the longest, for an open view. Between the bounds the longest is
/// [`OPEN_DIAL_MS`] for each peer that fails: two halves of a small room find each other ten seconds after whatever was
/// between them is gone, and a large list of dead peers costs no more than a small one.
const OPEN_RETRY_MS: (u64, u64, u64) = (1_000, 10_000, 300_000);

/// Milliseconds between dials to peers that fail, all together: 5 kB each, 2.5 kB a second.
const OPEN_DIAL_MS: u64 = 2_000;

/// A link that ends sooner counts as a failure: it was refused rather than lost.
const BRIEF_LINK_MS: u64 = 10_000;

/// The head start that two peers of one neighbourhood that hear of each other leave to the one whose turn it is, before
/// both dial.
const TURN_MS: u64 = 1_000;

/// Shuffles come after one second, two, four, and then about every twenty: a newcomer learns quickly, and in a quiet
/// room a dozen contacts of 90 bytes each way come to 100 bytes a second.
const SHUFFLE_MS: (u64, u64) = (1_000, 20_000);

/// We do not tell of peers whose link broke longer ago.
const FRESH_MS: u64 = 600_000;

/// The least time between two answers to a peer's shuffles, and between two times that others are told of it.
const ANSWER_MS: u64 = 1_000;

/// The peers that the engine keeps links with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Exactly these peers: the lab's line.
    Fixed(Vec<PeerId>),
    /// A full mesh while the room is small, a partial view beyond that.
    Open,
}

/// A link that is up.
#[derive(Clone, Debug)]
struct Link {
    since_ms: u64,
    /// Whether we dialled it.
    chosen: bool,
    /// When its shuffle may be answered again.
    answer_ms: u64,
}

/// The peers we know and those we keep links with.
#[derive(Clone, Debug)]
pub struct View {
    shape: Shape,
    me: PeerId,
    links: BTreeMap<PeerId, Link>,
    known: Known,
    /// Digits that our neighbourhood shares with us.
    near: u8,
    /// Whether all we know there, and have not failed to reach, are linked.
    near_linked: bool,
    /// The time until which our dials are paid for, one every [`DIAL_MS`].
    paid_ms: u64,
    dial_ms: Option<u64>,
    shuffle_ms: Option<u64>,
    shuffle_pause_ms: u64,
}

impl View {
    /// A view without links.
    pub fn new(mut shape: Shape, me: PeerId) -> Self {
        if let Shape::Fixed(peers) = &mut shape {
            peers.sort_unstable();
        }
        Self {
            shape,
            me,
            links: BTreeMap::new(),
            known: Known::new(me),
            near: 0,
            near_linked: false,
            paid_ms: 0,
            dial_ms: None,
            shuffle_ms: None,
            shuffle_pause_ms: SHUFFLE_MS.0,
        }
    }

    /// The peers with a link, ascending.
    pub fn active(&self) -> impl Iterator<Item = PeerId> + '_ {
        self.links.keys().copied()
    }

    /// The peers with a link that we dialled ourselves.
    pub fn chosen(&self) -> impl Iterator<Item = PeerId> + '_ {
        self.links.iter().filter(|(_, link)| link.chosen).map(|(peer, _)| *peer)
    }

    /// Whether there is a link to `peer`.
    pub fn is_active(&self, peer: &PeerId) -> bool {
        self.links.contains_key(peer)
    }

    /// How many links there are.
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// How many peers we know, linked or not.
    pub fn known(&self) -> usize {
        self.known.len()
    }

    /// Whether there is no link.
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// Whether the links are fixed and independent of the id space.
    pub fn is_fixed(&self) -> bool {
        matches!(self.shape, Shape::Fixed(_))
    }

    /// Whether, as far as we know, all peers are linked with each other: all that we know and have not failed to reach
    /// are linked, [`MESH_PEERS`](crate::limits::MESH_PEERS) at most.
    pub fn is_mesh(&self) -> bool {
        self.near == 0 && self.near_linked
    }

    /// Whether, as far as we know, we have a link with every peer in this branch, because it is in our neighbourhood.
    pub fn is_whole(&self, branch: Branch) -> bool {
        self.near_linked && branch.depth() > self.near
    }

    /// The links, each with the branch it lies in, ascending by peer.
    pub fn branches(&self) -> impl Iterator<Item = (PeerId, Branch)> + '_ {
        self.links.keys().map(|peer| (*peer, branch(&self.me, peer)))
    }

    /// Peers that have worked, best first: those with a link, then those that had one last. For tickets, and for the
    /// store to begin with next time.
    pub fn contacts(&self) -> Vec<Contact> {
        self.known.worked().iter().filter_map(|peer| self.known.contact(peer)).collect()
    }

    /// A link is up. A second one to the same peer replaces the first. Returns the peer whose link has to be closed, if
    /// any: this one if it has no place here, or another one that makes room. The view has forgotten that peer already
    /// and needs no [`View::down`].
    #[must_use]
    pub fn up(&mut self, peer: PeerId, address: Option<Bytes>, turn: &mut Turn<'_>) -> Option<PeerId> {
        if !self.admits(&peer) {
            return Some(peer);
        }
        let now_ms = turn.now.ticks_ms;
        let fresh = match self.known.get(&peer) {
            Some(known) => known.worked_ms.is_some_and(|ms| ms + ANSWER_MS <= now_ms),
            None => true,
        };
        let dialled = self.known.up(peer, address, now_ms, turn.random);
        let link = self.links.entry(peer).or_insert(Link { since_ms: now_ms, chosen: false, answer_ms: 0 });
        link.chosen |= dialled;
        let mut given_up = None;
        if !self.is_fixed() {
            given_up = self.give_up_one(&peer, turn);
            self.greet(peer, turn);
            if fresh {
                self.tell_of(peer, turn);
            }
            self.shuffle_ms.get_or_insert(now_ms + turn.random.jitter(self.shuffle_pause_ms));
        }
        self.fill(turn);
        given_up
    }

    /// `peer` was the first to give us an entry, by a rumor or by anti-entropy.
    pub fn brought(&mut self, peer: &PeerId) {
        self.known.brought(peer);
    }

    /// The link to `peer` is gone.
    pub fn down(&mut self, peer: PeerId, turn: &mut Turn<'_>) {
        self.unlink(&peer, turn);
        self.fill(turn);
    }

    /// A dial failed.
    pub fn unreachable(&mut self, peer: PeerId, turn: &mut Turn<'_>) {
        if self.is_active(&peer) {
            return;
        }
        let pace = self.retry_ms();
        self.known.failed(&peer, turn.now.ticks_ms, |failures| pause_ms(pace, failures, turn.random));
        self.fill(turn);
    }

    /// Forgets a peer without a link: it is told of to nobody.
    pub fn forget(&mut self, peer: &PeerId) {
        if !self.is_active(peer) {
            self.known.forget(peer);
        }
    }

    /// `source` tells of peers; `None` when a ticket, the LAN or the store does.
    pub fn heard(&mut self, contacts: Vec<Contact>, source: Option<PeerId>, turn: &mut Turn<'_>) {
        let now_ms = turn.now.ticks_ms;
        for contact in contacts {
            let both_hear = source.is_some() && shared(&self.me, &contact.peer) >= self.near;
            let theirs = both_hear && !turn_is_mine(&self.me, &contact.peer);
            let due_ms = if theirs { now_ms + turn.random.jitter(TURN_MS) } else { now_ms };
            if self.admits(&contact.peer) {
                self.known.hear(contact, source, due_ms, turn.random);
            }
        }
        self.fill(turn);
    }

    /// A shuffle came: remember some of these peers, and tell of others unless it is an answer.
    pub fn shuffle(&mut self, from: PeerId, peers: Vec<Contact>, answer: bool, turn: &mut Turn<'_>) {
        let fixed = self.is_fixed();
        let Some(link) = self.links.get_mut(&from).filter(|_| !fixed) else { return };
        if !answer && link.answer_ms <= turn.now.ticks_ms {
            link.answer_ms = turn.now.ticks_ms + ANSWER_MS;
            let peers = self.told(&from, SHUFFLE_SAMPLE, turn);
            turn.send(from, Frame::Shuffle { peers, answer: true });
        }
        self.heard(peers, Some(from), turn);
    }

    /// The deadline has come.
    pub fn wake(&mut self, turn: &mut Turn<'_>) {
        if self.shuffle_ms.is_some_and(|ms| ms <= turn.now.ticks_ms) {
            self.begin_shuffle(turn);
        }
        if self.dial_ms.is_some_and(|ms| ms <= turn.now.ticks_ms) {
            self.fill(turn);
        }
    }

    /// When to wake the view.
    pub fn next_deadline(&self) -> Option<u64> {
        self.dial_ms.into_iter().chain(self.shuffle_ms).min()
    }

    fn admits(&self, peer: &PeerId) -> bool {
        match &self.shape {
            Shape::Fixed(peers) => peers.binary_search(peer).is_ok(),
            Shape::Open => *peer != self.me,
        }
    }

    /// Pause after the first failure, and the longest.
    fn retry_ms(&self) -> (u64, u64) {
        if self.is_fixed() {
            return FIXED_RETRY_MS;
        }
        let (first, least, most) = OPEN_RETRY_MS;
        let failing = self.known.iter().filter(|(_, known)| known.failures > 0).count() as u64;
        (first, (failing * OPEN_DIAL_MS).clamp(least, most))
    }

    fn unlink(&mut self, peer: &PeerId, turn: &mut Turn<'_>) {
        let Some(link) = self.links.remove(peer) else { return };
        let now_ms = turn.now.ticks_ms;
        if now_ms < link.since_ms + BRIEF_LINK_MS && !self.is_fixed() {
            let pace = self.retry_ms();
            self.known.failed(peer, now_ms, |failures| pause_ms(pace, failures, turn.random));
        } else {
            let first_ms = if self.is_fixed() { FIXED_RETRY_MS.0 } else { OPEN_RETRY_MS.0 };
            self.known.down(peer, now_ms + turn.random.jitter(first_ms), now_ms);
        }
        if self.links.is_empty() {
            (self.shuffle_ms, self.shuffle_pause_ms) = (None, SHUFFLE_MS.0);
        }
    }

    /// If more links have come than there is room for, gives one of them up: neither a lasting one nor `newcomer`. A
    /// peer that has brought nothing goes before the others, and a peer in our neighbourhood goes last, because we
    /// should only dial it again. Returns the peer.
    fn give_up_one(&mut self, newcomer: &PeerId, turn: &mut Turn<'_>) -> Option<PeerId> {
        let inbound = || self.links.iter().filter(|(_, link)| !link.chosen);
        if inbound().count() <= INBOUND_LINKS {
            return None;
        }
        let mut inbound: Vec<_> = inbound().map(|(peer, link)| (link.since_ms, *peer)).collect();
        inbound.sort_unstable();
        let worth = |peer: &PeerId| {
            let near = branch(&self.me, peer).depth() > self.near;
            (near, self.known.get(peer).is_some_and(|known| known.brought))
        };
        let recent = inbound.split_off(LASTING_LINKS).into_iter().filter(|(_, peer)| peer != newcomer);
        let mut recent: Vec<_> = recent.map(|(_, peer)| (worth(&peer), peer)).collect();
        let least = recent.iter().map(|(worth, _)| *worth).min();
        recent.retain(|(worth, _)| Some(*worth) == least);
        let &(_, peer) = turn.random.pick(&recent)?;
        self.unlink(&peer, turn);
        Some(peer)
    }

    /// Tells a new peer whom we know.
    pub fn greet(&mut self, peer: PeerId, turn: &mut Turn<'_>) {
        let peers = self.told(&peer, SHUFFLE_PEERS, turn);
        if !peers.is_empty() {
            turn.send(peer, Frame::Shuffle { peers, answer: true });
        }
    }

    /// Tells others of a new peer: all in a mesh, those nearest to it in a larger room.
    fn tell_of(&mut self, peer: PeerId, turn: &mut Turn<'_>) {
        let Some(contact) = self.known.contact(&peer) else { return };
        let mut others: Vec<_> = self.links.keys().filter(|other| **other != peer).collect();
        if self.near > 0 {
            turn.random.shuffle(&mut others);
            others.sort_by_key(|other| Reverse(shared(other, &peer)));
            others.truncate(GREETED_PEERS);
        }
        for to in others {
            turn.send(*to, Frame::Shuffle { peers: vec![contact.clone()], answer: true });
        }
    }

    /// Whom to tell `peer` of: the peers nearest to it, one in each of its other branches, and any others, up to
    /// `count`. All of them work or lately did, and of equals those that have brought something come first.
    fn told(&self, peer: &PeerId, count: usize, turn: &mut Turn<'_>) -> Vec<Contact> {
        let now_ms = turn.now.ticks_ms;
        let works = |ms: u64| ms.saturating_add(FRESH_MS) > now_ms;
        let mut peers: Vec<_> = Vec::with_capacity(self.known.len());
        let known =
            self.known.iter().filter(|(id, known)| *id != peer && (known.linked || known.worked_ms.is_some_and(works)));
        peers.extend(known.map(|(id, known)| (shared(peer, id), id, known)));
        turn.random.shuffle(&mut peers);
        peers.sort_by_key(|(digits, _, known)| Reverse((*digits, known.brought)));
        let mut branches = Branches::default();
        let (mut told, mut rest) = (Vec::with_capacity(SHUFFLE_PEERS), Vec::with_capacity(peers.len()));
        for (place, (_, id, known)) in peers.into_iter().enumerate() {
            match branches.insert(branch(peer, id)) || place < count / 2 {
                true => told.push((id, known)),
                false => rest.push((id, known)),
            }
        }
        told.truncate(SHUFFLE_PEERS);
        let (brought, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(_, known)| known.brought);
        for any in [brought, others] {
            let more = count.saturating_sub(told.len());
            told.extend(turn.random.sample(any, more));
        }
        told.into_iter().map(|(id, known)| known.contact(id)).collect()
    }

    /// Shuffles with one peer: any peer, or half of the time one that shares at least a random number of digits with
    /// us, because such peers know whom we lack there.
    fn begin_shuffle(&mut self, turn: &mut Turn<'_>) {
        let mut links: Vec<_> = self.branches().map(|(peer, branch)| (branch.depth(), peer)).collect();
        let deepest = links.iter().map(|(depth, _)| *depth).max().unwrap_or(0);
        let least = if turn.random.coin(2) { turn.random.below(u64::from(deepest)) as u8 + 1 } else { 0 };
        links.retain(|(depth, _)| *depth >= least);
        let Some(&(_, to)) = turn.random.pick(&links) else {
            self.shuffle_ms = None;
            return;
        };
        let peers = self.told(&to, SHUFFLE_SAMPLE, turn);
        turn.send(to, Frame::Shuffle { peers, answer: false });
        self.shuffle_pause_ms = SHUFFLE_MS.1.min(self.shuffle_pause_ms * 2);
        self.shuffle_ms = Some(turn.now.ticks_ms + turn.random.jitter(self.shuffle_pause_ms));
    }

    /// Dials the peers that are wanted and may be dialled, and sets the deadline for the others.
    fn fill(&mut self, turn: &mut Turn<'_>) {
        let (mut cover, mut wanted) = self.look();
        let now_ms = turn.now.ticks_ms;
        if self.budget_ms() <= now_ms {
            turn.random.shuffle(&mut wanted);
            wanted.sort_by_key(|idle| (idle.branch.depth(), Reverse(idle.merit)));
            for need in Need::ALL {
                wanted.retain(|idle| {
                    let ready = idle.due_ms <= now_ms && self.budget_ms() <= now_ms;
                    let dialled = ready && cover.wants(need, idle.branch) && self.dial(&idle.peer, turn);
                    if dialled {
                        cover.add(idle.branch, true);
                    }
                    !dialled
                });
            }
        }
        let left = wanted.iter().filter(|idle| cover.wants_any(idle.branch));
        self.dial_ms = left.map(|idle| idle.due_ms.max(self.budget_ms())).min();
    }

    /// Looks at all known peers: finds our neighbourhood, the part of the id space that the links cover, and the peers
    /// to link. Peers belong to the neighbourhood if they have a link or may have one, because we have not failed to
    /// reach them.
    fn look(&mut self) -> (Cover, Vec<Idle>) {
        let mut cover = Cover::default();
        self.links.iter().for_each(|(peer, link)| cover.add(branch(&self.me, peer), link.chosen));
        let mut sharing = Sharing::default();
        let mut idle = Vec::new();
        for (peer, known) in self.known.iter() {
            if known.linked || known.failures == 0 {
                sharing.add(shared(&self.me, peer), known.linked);
            }
            if known.is_idle() {
                idle.push((peer, known));
            } else if !known.linked {
                cover.add(branch(&self.me, peer), true);
            } else if known.brought && self.links.get(peer).is_some_and(|link| !link.chosen) {
                cover.vouch(branch(&self.me, peer));
            }
        }
        if !self.is_fixed() {
            (self.near, self.near_linked) = sharing.neighbourhood();
        }
        let cover = cover.with_near(self.near);
        let idle = idle.into_iter().map(|(peer, known)| Idle {
            peer: *peer,
            branch: branch(&self.me, peer),
            merit: (known.brought, known.worked_ms.is_some()),
            due_ms: known.due_ms,
        });
        (cover, idle.filter(|idle| cover.wants_any(idle.branch)).collect())
    }

    /// When the next dial is paid for.
    fn budget_ms(&self) -> u64 {
        match self.shape {
            Shape::Fixed(_) => 0,
            Shape::Open => self.paid_ms.saturating_sub((DIAL_BURST - 1) * DIAL_MS),
        }
    }

    fn dial(&mut self, peer: &PeerId, turn: &mut Turn<'_>) -> bool {
        let Some(known) = self.known.get_mut(peer) else { return false };
        known.dialling = true;
        self.paid_ms = self.paid_ms.max(turn.now.ticks_ms) + DIAL_MS;
        turn.out.push(Output::Dial(Contact { peer: *peer, address: known.next_address() }));
        true
    }
}

/// A peer that could be dialled.
#[derive(Debug)]
struct Idle {
    peer: PeerId,
    branch: Branch,
    /// Whether it has brought something, and whether it has worked.
    merit: (bool, bool),
    due_ms: u64,
}

/// Tells each of two peers that hear of each other whether to dial first. A bit of both ids decides, so that every peer
/// has about half of the dials.
fn turn_is_mine(me: &PeerId, peer: &PeerId) -> bool {
    let odd = (me.0[31] ^ peer.0[31]) & 1 == 1;
    odd == (me < peer)
}

/// The pause after a number of failures: doubling, with jitter.
fn pause_ms((first, most): (u64, u64), failures: u32, random: &mut Random) -> u64 {
    let doublings = failures.saturating_sub(1).min(16);
    random.jitter(most.min(first << doublings))
}

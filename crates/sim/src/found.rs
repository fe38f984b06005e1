//! A room that exists already: everybody joined long ago, links are up, and all is quiet.
//!
//! Joining is costly: a hundred thousand peers that join one by one send ninety million frames before anybody speaks.
//! Here each engine hears of a few peers in every branch of the id space, as from shuffles, and chooses among them
//! itself; a dial links at once. A minute passes meanwhile, so that rounds and shuffles reach their quiet pace and are
//! spread over time. Only greetings and comparisons are carried, since there is nothing else to send.

use std::collections::VecDeque;

use rumormill_proto::{
    frame::{Contact, Frame},
    ids::{PeerId, Seq},
    input::{Credential, Input, Output},
    limits::{DIAL_BURST, DIAL_MS, MESH_PEERS},
    random::Random,
    time::Now,
};

use crate::{
    peer::{Remains, contact, index_of},
    queue::Index,
    world::{Form, World},
};

/// Peers offered to each peer, at most: half of what an engine remembers. Dials of others fill the other half.
const OFFERED: usize = 128;

/// Peers offered to all peers together, beyond one in every branch: 170 bytes each, 1.4 GB.
const OFFERED_TO_ALL: usize = 8_000_000;

/// Digits of three bits that two ids can share.
const DIGITS: u32 = 21;

/// Milliseconds between two passes over all peers: the time that pays for a burst of dials.
const LOOK_MS: u64 = DIAL_BURST * DIAL_MS;

/// Passes during which peers join: as long as the longest period of an engine.
const COMING: usize = 20_000 / LOOK_MS as usize;

/// Passes until all engines are at their quiet pace: shuffles after 1, 2, 4, 8, 16 and 20 seconds, within a quarter.
const LOOKS: usize = COMING + 64_000 / LOOK_MS as usize;

impl World {
    /// Puts `count` peers into a room as it would be some time after they joined, each with the links that its engine
    /// keeps. Meant for rooms too large to join one by one. Takes the first minute and a half of the world, and about n
    /// log n steps.
    ///
    /// # Panics
    /// When a peer joined before.
    pub fn found(&mut self, count: usize) -> Vec<usize> {
        assert!(self.peers.is_empty(), "a room is founded before anybody joins it");
        self.peers.reserve_exact(count);
        for peer in 0..count {
            let neighbours = if self.setup.form == Form::Open { Vec::new() } else { self.ticket(peer) };
            self.move_in(None, neighbours);
        }
        let offers = self.offers();
        let comings = self.comings(count);
        let mut late = Vec::new();
        for look in 0..LOOKS {
            let begin_us = self.queue.now_us();
            self.answer(&mut late);
            self.queue.pass((begin_us + LOOK_MS * 1_000).saturating_sub(self.queue.now_us()));
            for (coming, peers) in comings.iter().enumerate().take(look + 1) {
                for &peer in peers {
                    let home = &self.peers[peer as usize].home;
                    let input = match coming == look {
                        true => Input::Heard { contacts: offers.to(home, &mut self.random) },
                        false => Input::Wake,
                    };
                    let now = self.clock(peer);
                    self.found_one(peer, input, now, &mut late);
                }
            }
        }
        self.answer(&mut late);
        (0..count as Index).for_each(|peer| self.expect_wake(peer));
        (0..count).collect()
    }
}

impl World {
    /// The peers that join at each pass. Peers of one pass join branch by branch of the id space, in an order that
    /// favours no branch: neighbours interact a lot, and so stay in the processor's cache.
    fn comings(&mut self, count: usize) -> Vec<Vec<Index>> {
        let mut order: Vec<Index> = (0..count as Index).collect();
        self.random.shuffle(&mut order);
        let mut comings = vec![Vec::new(); COMING];
        for (at, peer) in order.into_iter().enumerate() {
            comings[at * COMING / count].push(peer);
        }
        for peers in &mut comings {
            let turned = self.random.number();
            peers.sort_by_key(|peer| self.peers[*peer as usize].home.id.prefix() ^ turned);
        }
        comings
    }

    /// Passes an input to one engine, and handles everything that follows at this moment.
    fn found_one(&mut self, peer: Index, input: Input, now: Now, late: &mut Vec<Answer>) {
        let mut inputs = VecDeque::from([(peer, input)]);
        let mut outputs = Vec::new();
        while let Some((at, input)) = inputs.pop_front() {
            let Some(process) = &mut self.peers[at as usize].process else { continue };
            if matches!(input, Input::Wake) && process.engine.next_deadline() > now.ticks_ms {
                continue;
            }
            process.engine.handle(input, now, &mut outputs);
            outputs.drain(..).for_each(|output| self.follow(at, output, &mut inputs, late));
        }
    }

    /// Delivers answers to greetings after a realistic delay, because peers measure it. Handles one peer after another,
    /// each in order of time.
    fn answer(&mut self, late: &mut Vec<Answer>) {
        let mut answers = std::mem::take(late);
        answers.sort_unstable();
        let end_us = answers.iter().map(|answer| answer.at_us).max().unwrap_or(0);
        for Answer { to, at_us, from, next } in answers {
            let now = self.clock_at(to, at_us);
            let input = Input::Received { from, frame: Frame::Known { next } };
            self.found_one(to, input, now, late);
        }
        self.queue.pass(end_us.saturating_sub(self.queue.now_us()));
    }

    fn follow(&mut self, at: Index, output: Output, inputs: &mut VecDeque<(Index, Input)>, late: &mut Vec<Answer>) {
        let me = self.peers[at as usize].home.id;
        match output {
            Output::Dial(Contact { peer, .. }) => {
                let other = index_of(&peer);
                let link = self.number();
                self.put_end(at, other, link);
                self.put_end(other, at, link);
                inputs.push_back((at, Input::Up { peer, address: Some(contact(peer).address) }));
                inputs.push_back((other, Input::Up { peer: me, address: Some(contact(me).address) }));
                let [here, there] = [at, other].map(|at| self.peers[at as usize].home.author);
                inputs.push_back((at, Input::Proved { peer, author: there, by: Credential::default() }));
                inputs.push_back((other, Input::Proved { peer: me, author: here, by: Credential::default() }));
            }
            Output::Close { peer, .. } => {
                let other = index_of(&peer);
                self.drop_end(at, other);
                self.drop_end(other, at);
                inputs.push_back((other, Input::Down { peer: me }));
            }
            Output::Send { to, frame: frame @ Frame::Hello(_) } => {
                inputs.push_back((index_of(&to), Input::Received { from: me, frame }));
            }
            Output::Send { to, frame: Frame::Known { next } } => {
                let to = index_of(&to);
                let at_us = self.queue.now_us() + 2 * self.network.latency_us(at, to);
                late.push(Answer { to, at_us, from: me, next });
            }
            Output::Send { to, frame: Frame::Status { digest, answer: false } } => {
                let frame = Frame::Status { digest, answer: true };
                inputs.push_back((at, Input::Received { from: to, frame }));
            }
            _ => {}
        }
    }

    /// The peers that each peer may hear of.
    fn offers(&self) -> Offers {
        let mut ids: Vec<PeerId> = self.peers.iter().map(|peer| peer.home.id).collect();
        ids.sort_unstable();
        let most = OFFERED.min(OFFERED_TO_ALL / ids.len().max(1));
        Offers { ids, most, form: self.setup.form }
    }
}

/// An answer to a greeting, on its way.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Answer {
    to: Index,
    at_us: u64,
    from: PeerId,
    next: Seq,
}

/// All peers of a room.
struct Offers {
    /// Ascending.
    ids: Vec<PeerId>,
    /// Number of peers offered to each, beyond one in every branch.
    most: usize,
    form: Form,
}

impl Offers {
    /// The peers offered to a peer: its neighbours in a line, a selection in an open room.
    fn to(&self, home: &Remains, random: &mut Random) -> Vec<Contact> {
        let told = match self.form {
            Form::Line(_) => home.contacts.clone(),
            Form::Open if self.ids.len() <= MESH_PEERS => half(&home.id, &self.ids).collect(),
            Form::Open if self.ids.len() <= self.most => self.ids.clone(),
            Form::Open => self.some(&home.id, random),
        };
        told.into_iter().filter(|id| *id != home.id).map(contact).collect()
    }

    /// The whole neighbourhood and one peer beyond it, so that a peer knows where it ends; two peers in every branch of
    /// the id space, unless that is too many; and random others.
    fn some(&self, peer: &PeerId, random: &mut Random) -> Vec<PeerId> {
        let branches = self.branches(peer);
        let mut told: Vec<PeerId> = Vec::new();
        for ids in branches.iter().rev() {
            let one_too_many = MESH_PEERS + 1 - told.len();
            if ids.len() >= one_too_many {
                told.extend(random.sample(ids.to_vec(), one_too_many));
                break;
            }
            told.extend_from_slice(ids);
        }
        for most in [usize::MAX, self.most] {
            let one_each = branches.iter().filter_map(|ids| random.pick(ids).copied());
            let left = most.saturating_sub(told.len());
            told.extend(one_each.take(left));
        }
        let left = self.most.saturating_sub(told.len());
        told.extend((0..left).filter_map(|_| random.pick(&self.ids).copied()));
        told
    }

    /// The peers in each branch as the peer sees it, largest branch first, without empty branches.
    fn branches(&self, peer: &PeerId) -> Vec<&[PeerId]> {
        let mut branches = Vec::new();
        let mut within = &self.ids[..];
        for depth in 1..=DIGITS {
            if within.len() <= 1 {
                break;
            }
            let digits = |id: &PeerId| id.prefix() >> (64 - 3 * depth);
            let all = within;
            let mut rest = all;
            while let Some(first) = rest.first() {
                let digit = digits(first);
                let (branch, after) = rest.split_at(rest.partition_point(|id| digits(id) == digit));
                rest = after;
                match digit == digits(peer) {
                    true => within = branch,
                    false => branches.push(branch),
                }
            }
        }
        branches
    }
}

/// The half of a mesh that `peer` dials; the other half dials `peer`. So each peer dials as many links as it accepts,
/// as when all hear of each other at the same time.
fn half<'a>(peer: &PeerId, ids: &'a [PeerId]) -> impl Iterator<Item = PeerId> + 'a {
    let me = index_of(peer);
    ids.iter().copied().filter(move |id| (me < index_of(id)) != (me + index_of(id)).is_multiple_of(2))
}

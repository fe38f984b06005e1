//! Rumor mongering as in Demers et al., "Epidemic algorithms for replicated database maintenance", 1987, section 1.4.
//!
//! A peer that has heard a rumor is *infective*: from time to time it contacts a random peer and tells it. As more
//! and more peers know, more and more contacts are unnecessary, and a peer that has made some of those loses
//! interest; it is *removed*. In the end nobody is infective, and a share of all peers, the *residue*, may still
//! be *susceptible*: it never heard. The variants of the paper differ in three things:
//!
//! - *Push or pull.* By push an infective peer contacts another to tell it; by pull every peer contacts another to ask,
//!   and keeps asking when nothing is hot. Here push-pull does each at its own pace, with partners of its own.
//! - *Feedback or blind.* With feedback a contact counts as unnecessary only if its partner knew already; blind, all
//!   contacts count, and no answer is needed.
//! - *Counter or coin.* A peer loses interest after k unnecessary contacts, or after each with probability 1/k. A
//!   useful contact puts the counter back to 0: without that table 1 does not come out. By pull, all peers that ask
//!   within one cycle count together: if one of them needed the rumor the counter goes back to 0, otherwise it goes up
//!   by one (footnote to table 3).
//!
//! The residue by push is about e^-m when each peer makes m contacts, whatever the variant. Feedback and counter with
//! k = 1 .. 5 leave 18 %, 3.7 %, 1.1 %, 0.36 % and 0.12 % of 1,000 peers (table 1), blind and coin 96 %, 20 %, 6 %,
//! 2.1 % and 0.8 % (table 2). Anti-entropy has to find the rest.
//!
//! The paper's cycles are the pace here: contacts about a rumor are [`Mongering::every_ms`] apart. Two things are
//! ours, and the tests show that the tables stay what they are:
//!
//! - *No peer is told that is known to know:* the peer that told us, and the peers that have answered. Among 1,000
//!   peers that rules out a handful and changes nothing. On a line, where a peer has two neighbours and heard from one
//!   of them, it is everything: otherwise half of all contacts go back, each costs a coin, and with a fair one a third
//!   of all peers lose interest before they told the other side. (By pull, or blind, they still may.)
//! - *After a useful contact the next follows at once,* so that a rumor does not wait for a cycle at each hop.

use std::collections::BTreeSet;

use crate::{
    frame::Frame,
    ids::PeerId,
    input::Step,
    limits::{PUSH_BYTES, PUSH_RUNS, PUSH_TRIES},
    run::RawRun,
    turn::Turn,
    view::View,
};

use super::{
    Source, Spread,
    awaited::{Awaited, Sent},
    hot::{Hot, Rumor, portions},
};

/// Which way a contact carries rumors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Peers that know tell others.
    Push,
    /// All peers ask others.
    Pull,
    /// Both.
    PushPull,
}

/// When a peer loses interest in a rumor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// After k unnecessary contacts.
    Counter(u32),
    /// After an unnecessary contact, with probability 1/k.
    Coin(u32),
}

/// The parameters of section 1.4.
#[derive(Clone, Debug, PartialEq)]
pub struct Mongering {
    /// Which way a contact carries rumors.
    pub direction: Direction,
    /// Whether only contacts that knew the rumor count as unnecessary; otherwise all do ("blind").
    pub feedback: bool,
    /// When a peer loses interest.
    pub stop: Stop,
    /// Milliseconds between two contacts about a rumor, and between two times that a peer asks; at least 1.
    pub every_ms: u64,
}

impl Default for Mongering {
    /// As in the first system: push, feedback, a fair coin. 20 ms, so that a rumor that is told twice at every hop
    /// still crosses 15 links in a third of the second that a console waits.
    fn default() -> Self {
        Self { direction: Direction::Push, feedback: true, stop: Stop::Coin(2), every_ms: 20 }
    }
}

impl Mongering {
    fn pushes(&self) -> bool {
        self.direction != Direction::Pull
    }

    fn pulls(&self) -> bool {
        self.direction != Direction::Push
    }
}

/// When a rumor is told next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// At this time.
    At(u64),
    /// When the last contact has answered.
    Answer,
    /// When there is a link.
    Link,
    /// When a peer asks.
    Asked,
}

/// The state of a rumor at a peer while it is infective.
#[derive(Debug)]
struct Interest {
    /// Peers known to know.
    knowing: BTreeSet<PeerId>,
    /// Unnecessary contacts since the last useful one.
    unnecessary: u32,
    /// Contacts in a row that were not answered.
    silent: usize,
    next: Next,
    /// By pull: whether a contact of this cycle was useful, if there was any.
    cycle: Option<bool>,
}

/// The rumors in which we have not lost interest.
pub(super) struct Monger {
    policy: Mongering,
    hot: Hot<Interest>,
    /// The rumors with [`Next::At`], by that time.
    due: BTreeSet<(u64, u64)>,
    awaited: Awaited,
    pull_ms: Option<u64>,
}

impl Monger {
    pub(super) fn new(policy: Mongering) -> Self {
        let policy = Mongering { every_ms: policy.every_ms.max(1), ..policy };
        Self { policy, hot: Hot::new(), due: BTreeSet::new(), awaited: Awaited::new(), pull_ms: None }
    }

    /// Contacts a random partner about each rumor whose time has come. One partner gets as many rumors as fit one push.
    fn contact(&mut self, view: &View, turn: &mut Turn<'_>) {
        while let Some(&(ms, number)) = self.due.first().filter(|(ms, _)| *ms <= turn.now.ticks_ms) {
            let Some(rumor) = self.hot.get(number) else {
                self.due.remove(&(ms, number));
                continue;
            };
            let partners: Vec<_> = view.active().filter(|peer| !rumor.state.knowing.contains(peer)).collect();
            match turn.random.pick(&partners) {
                Some(&partner) => self.tell(partner, turn),
                None if view.is_empty() => self.set_next(number, Next::Link),
                None => self.lose(number),
            }
        }
    }

    fn tell(&mut self, partner: PeerId, turn: &mut Turn<'_>) {
        let due = self.due.iter().take_while(|(ms, _)| *ms <= turn.now.ticks_ms).map(|(_, number)| *number);
        let rumors = self.one_push(due, &partner);
        self.push(partner, rumors.clone(), false, turn);
        for number in rumors {
            if self.policy.feedback {
                self.set_next(number, Next::Answer);
            } else {
                self.set_next(number, Next::At(turn.now.ticks_ms + self.policy.every_ms));
                self.unnecessary(number, turn);
            }
        }
    }

    /// As many of `numbers` as fit one push, without those that `partner` is known to know.
    fn one_push(&self, numbers: impl Iterator<Item = u64>, partner: &PeerId) -> Vec<u64> {
        let (mut runs, mut bytes) = (0, 0);
        let mut fits = |rumor: &Rumor<Interest>| {
            let first = runs == 0;
            runs += rumor.runs.len();
            bytes += rumor.runs.iter().map(|run| run.wire().len()).sum::<usize>();
            first || (runs <= PUSH_RUNS && bytes <= PUSH_BYTES)
        };
        let untold =
            numbers.filter(|number| self.hot.get(*number).is_some_and(|rumor| !rumor.state.knowing.contains(partner)));
        untold.take_while(|number| self.hot.get(*number).is_some_and(&mut fits)).collect()
    }

    fn push(&mut self, to: PeerId, rumors: Vec<u64>, pulled: bool, turn: &mut Turn<'_>) {
        let sent = Sent { to, rumors, part: 0, tried: Vec::new(), pulled, leisure_ms: 0 };
        super::push(sent, &self.hot, &mut self.awaited, turn);
    }

    /// Counts an unnecessary contact, after which we may lose interest.
    fn unnecessary(&mut self, number: u64, turn: &mut Turn<'_>) {
        let Some(rumor) = self.hot.get_mut(number) else { return };
        rumor.state.unnecessary += 1;
        let lost = match self.policy.stop {
            Stop::Counter(k) => rumor.state.unnecessary >= k,
            Stop::Coin(k) => {
                let lost = turn.random.coin(k);
                turn.step(Step::Coin { go_on: !lost });
                lost
            }
        };
        if lost {
            self.lose(number);
        }
    }

    fn lose(&mut self, number: u64) {
        self.set_next(number, Next::Answer);
        self.hot.remove(number);
    }

    fn set_next(&mut self, number: u64, next: Next) {
        let Some(rumor) = self.hot.get_mut(number) else { return };
        if let Next::At(ms) = std::mem::replace(&mut rumor.state.next, next) {
            self.due.remove(&(ms, number));
        }
        if let Next::At(ms) = next {
            self.due.insert((ms, number));
        }
    }

    /// Goes on with rumors whose contact failed, unless that has happened too often.
    fn silent(&mut self, sent: &Sent, turn: &mut Turn<'_>) {
        for &number in &sent.rumors {
            let Some(rumor) = self.hot.get_mut(number) else { continue };
            rumor.state.silent += 1;
            if rumor.state.silent > PUSH_TRIES {
                self.lose(number);
            } else if rumor.state.next == Next::Answer {
                self.set_next(number, Next::At(turn.now.ticks_ms));
            }
        }
    }

    /// Ends a cycle of pulling: asks one random peer, and counts the answers of the peers that asked us.
    fn end_cycle(&mut self, view: &View, turn: &mut Turn<'_>) {
        let cycles: Vec<_> =
            self.hot.iter_mut().filter_map(|(number, rumor)| Some((number, rumor.state.cycle.take()?))).collect();
        for (number, useful) in cycles {
            if useful && self.policy.feedback {
                self.useful(number);
            } else {
                self.unnecessary(number, turn);
            }
        }
        let partner = turn.random.below(view.len() as u64) as usize;
        self.pull_ms = view.active().nth(partner).map(|to| {
            turn.send(to, Frame::Pull);
            turn.now.ticks_ms + self.policy.every_ms
        });
    }

    fn useful(&mut self, number: u64) {
        if let Some(rumor) = self.hot.get_mut(number) {
            rumor.state.unnecessary = 0;
        }
    }

    /// Notes for this cycle the answer about one rumor of a peer that asked us.
    fn asked(&mut self, number: u64, from: PeerId, new: bool) {
        let Some(rumor) = self.hot.get_mut(number) else { return };
        rumor.state.knowing.insert(from);
        rumor.state.cycle = Some(new || rumor.state.cycle == Some(true));
    }

    /// Notes a partner's answer about one rumor in a push that was sent at `sent_ms`.
    fn told(&mut self, number: u64, from: PeerId, new: bool, sent_ms: u64, turn: &mut Turn<'_>) {
        let Some(rumor) = self.hot.get_mut(number) else { return };
        rumor.state.knowing.insert(from);
        rumor.state.silent = 0;
        if !self.policy.feedback {
            return;
        }
        if new {
            self.useful(number);
            self.set_next(number, Next::At(turn.now.ticks_ms));
        } else {
            self.set_next(number, Next::At(turn.now.ticks_ms.max(sent_ms + self.policy.every_ms)));
            self.unnecessary(number, turn);
        }
    }
}

impl Spread for Monger {
    fn hot(&mut self, runs: Vec<RawRun>, from: Option<Source>, view: &View, turn: &mut Turn<'_>) {
        let hops = from.map_or(0, |from| from.hops).saturating_add(1);
        let next = if self.policy.pushes() { Next::At(turn.now.ticks_ms) } else { Next::Asked };
        for runs in portions(runs) {
            let knowing = from.map(|from| from.peer).into_iter().collect();
            let interest = Interest { knowing, unnecessary: 0, silent: 0, next: Next::Asked, cycle: None };
            let number = self.hot.insert(runs, hops, interest);
            self.set_next(number, next);
        }
        self.contact(view, turn);
        while let Some(sent) = self.awaited.excess() {
            sent.rumors.iter().for_each(|number| self.lose(*number));
        }
    }

    /// A peer that pushes something knows it. The rumor does not become hot again.
    fn known(&mut self, runs: Vec<RawRun>, from: Source, _view: &View, _turn: &mut Turn<'_>) {
        for number in self.hot.among(&runs) {
            if let Some(rumor) = self.hot.get_mut(number) {
                rumor.state.knowing.insert(from.peer);
            }
        }
    }

    fn ack(&mut self, from: PeerId, (push, new): (u64, bool), view: &View, turn: &mut Turn<'_>) {
        let Some((sent, sent_ms)) = self.awaited.answered(&from, push, turn.now.ticks_ms) else { return };
        for &number in &sent.rumors {
            if sent.pulled {
                self.asked(number, from, new);
            } else {
                self.told(number, from, new, sent_ms, turn);
            }
        }
        self.contact(view, turn);
    }

    /// Pushes the hot rumors. A peer that asks for a rumor it is known to know has made an unnecessary contact, and
    /// needs no copy to say so.
    fn pull(&mut self, from: PeerId, turn: &mut Turn<'_>) {
        if !self.policy.pulls() {
            return;
        }
        let numbers: Vec<_> = self.hot.iter().map(|(number, _)| number).collect();
        let untold = self.one_push(numbers.iter().copied(), &from);
        for number in numbers {
            if self.hot.get(number).is_some_and(|rumor| rumor.state.knowing.contains(&from)) {
                self.asked(number, from, false);
            }
        }
        self.push(from, untold, true, turn);
    }

    fn up(&mut self, peer: PeerId, view: &View, turn: &mut Turn<'_>) {
        for sent in self.awaited.lost(&peer) {
            self.silent(&sent, turn);
        }
        let mut waiting = Vec::new();
        for (number, rumor) in self.hot.iter_mut() {
            rumor.state.knowing.remove(&peer);
            waiting.extend((rumor.state.next == Next::Link).then_some(number));
        }
        waiting.into_iter().for_each(|number| self.set_next(number, Next::At(turn.now.ticks_ms)));
        if self.policy.pulls() {
            self.pull_ms.get_or_insert(turn.now.ticks_ms);
        }
        self.contact(view, turn);
    }

    fn greeted(&mut self, _peer: &PeerId, _now_ms: u64) {}

    fn is_urgent(&self, _part: u8) -> bool {
        true
    }

    fn down(&mut self, peer: PeerId, view: &View, turn: &mut Turn<'_>) {
        for sent in self.awaited.lost(&peer) {
            self.silent(&sent, turn);
        }
        self.contact(view, turn);
    }

    fn wake(&mut self, view: &View, turn: &mut Turn<'_>) {
        while let Some(sent) = self.awaited.late(turn.now.ticks_ms) {
            self.silent(&sent, turn);
        }
        if self.pull_ms.is_some_and(|ms| ms <= turn.now.ticks_ms) {
            self.end_cycle(view, turn);
        }
        self.contact(view, turn);
    }

    fn next_deadline(&self) -> Option<u64> {
        let told = self.due.first().map(|(ms, _)| *ms);
        told.into_iter().chain(self.pull_ms).chain(self.awaited.next_deadline()).min()
    }
}

//! Mongering against the tables of Demers et al. 1987: 1,000 peers, one rumor, cycles in step.

mod net;

use std::collections::BTreeMap;

use net::{line, peer};
use rumormill_proto::{
    ids::PeerId,
    message::Push,
    random::Random,
    rumor::{
        Action, Policy, Rumors, Source,
        mongering::{Direction, Mongering, Stop},
    },
    view::{Shape, View},
};

const PEERS: usize = 1000;
const CYCLE_MS: u64 = 10;

fn everybody_linked() -> Vec<View> {
    let peers: Vec<_> = (0..PEERS).map(peer).collect();
    let link = |me: &PeerId| {
        let others: Vec<_> = peers.iter().filter(|peer| *peer != me).copied().collect();
        let mut view = View::new(Shape::Fixed(others.clone()), *me);
        others.into_iter().for_each(|peer| view.up(peer, None, 0, &mut Random::new(0), &mut vec![]));
        view
    };
    peers.iter().map(link).collect()
}

/// What came of one rumor.
#[derive(Debug, Default)]
struct Outcome {
    /// Share of the peers that never heard.
    residue: f64,
    /// Copies sent, for each peer.
    traffic: f64,
    /// Cycle in which the last peer heard that did.
    last: f64,
}

/// Peers that go through cycles in step: all contacts of a cycle take place at once, and whether a partner
/// knew already is judged by the start of the cycle, as in the paper.
struct Cycles<'a> {
    views: &'a [View],
    rumors: Vec<Rumors>,
    random: Random,
    cycle: u64,
    /// In which cycle each peer heard.
    heard: Vec<Option<u64>>,
    copies: u64,
    contacts: Vec<(usize, Action)>,
    acks: Vec<(usize, usize, u64, bool)>,
}

impl Cycles<'_> {
    /// Lets one peer do something; what it then wants to say is kept for the next cycle.
    fn turn(&mut self, who: usize, act: impl FnOnce(&mut Rumors, &View, u64, &mut Random, &mut Vec<Action>)) {
        let mut out = Vec::new();
        act(&mut self.rumors[who], &self.views[who], self.cycle * CYCLE_MS, &mut self.random, &mut out);
        self.contacts.extend(out.into_iter().map(|action| (who, action)));
    }

    fn contact(&mut self, from: usize, action: Action, numbers: &BTreeMap<PeerId, usize>) {
        match action {
            Action::Push { to, push } => self.push(from, numbers[&to], push),
            Action::Pull { to } if self.heard[numbers[&to]].is_some_and(|at| at < self.cycle) => {
                let waiting = std::mem::take(&mut self.contacts);
                self.turn(numbers[&to], |rumors, view, now, random, out| {
                    rumors.pull(peer(from), view, now, random, out)
                });
                for (from, answer) in std::mem::replace(&mut self.contacts, waiting) {
                    self.contact(from, answer, numbers);
                }
            }
            Action::Pull { .. } | Action::Have { .. } | Action::Step(_) => {}
        }
    }

    fn push(&mut self, from: usize, to: usize, push: Push) {
        self.copies += 1;
        let source = Source { peer: peer(from), part: push.part, hops: push.hops };
        let new = self.heard[to].is_none_or(|at| at == self.cycle);
        self.acks.push((from, to, push.push, new));
        if self.heard[to].is_some() {
            self.turn(to, |rumors, view, now, random, out| rumors.known(push.runs, source, view, now, random, out));
        } else {
            self.heard[to] = Some(self.cycle);
            self.turn(to, |rumors, view, now, random, out| rumors.hot(push.runs, Some(source), view, now, random, out));
        }
    }

    fn end(&mut self) {
        for (from, to, push, new) in std::mem::take(&mut self.acks) {
            self.turn(from, |rumors, view, now, random, out| rumors.ack(peer(to), push, new, view, now, random, out));
        }
        for who in 0..PEERS {
            if self.rumors[who].next_deadline().is_some_and(|ms| ms <= self.cycle * CYCLE_MS) {
                self.turn(who, Rumors::wake);
            }
        }
    }
}

/// Spreads one rumor until nobody is told any more.
fn spread(policy: &Mongering, views: &[View], seed: u64) -> Outcome {
    let numbers: BTreeMap<_, _> = (0..PEERS).map(|number| (peer(number), number)).collect();
    let policy = Policy::Mongering(policy.clone());
    let rumors = (0..PEERS).map(|number| Rumors::new(&policy, peer(number), false)).collect();
    let heard = vec![None; PEERS];
    let (random, contacts, acks) = (Random::new(seed), vec![], vec![]);
    let mut cycles = Cycles { views, rumors, random, cycle: 0, heard, copies: 0, contacts, acks };
    for who in 0..PEERS {
        cycles.turn(who, |rumors, view, now, random, out| rumors.up(peer((who + 1) % PEERS), view, now, random, out));
    }
    cycles.end();
    cycles.heard[0] = Some(0);
    cycles.turn(0, |rumors, view, now, random, out| rumors.hot(vec![line(1, 0)], None, view, now, random, out));
    let mut quiet = 0;
    while quiet < 5 {
        cycles.cycle += 1;
        let copies = cycles.copies;
        for (from, action) in std::mem::take(&mut cycles.contacts) {
            cycles.contact(from, action, &numbers);
        }
        cycles.end();
        quiet = if cycles.copies == copies { quiet + 1 } else { 0 };
    }
    let heard: Vec<_> = cycles.heard.iter().flatten().copied().collect();
    Outcome {
        residue: (PEERS - heard.len()) as f64 / PEERS as f64,
        traffic: cycles.copies as f64 / PEERS as f64,
        last: heard.into_iter().max().unwrap_or(0) as f64,
    }
}

fn mean(policy: &Mongering, views: &[View], runs: u64) -> Outcome {
    let mut mean = Outcome::default();
    for seed in 0..runs {
        let outcome = spread(policy, views, seed);
        mean.residue += outcome.residue / runs as f64;
        mean.traffic += outcome.traffic / runs as f64;
        mean.last += outcome.last / runs as f64;
    }
    mean
}

#[test]
fn the_tables_come_out() {
    use Direction::{Pull, Push};
    use Stop::{Coin, Counter};
    // Direction, feedback, stop, then residue and traffic of tables 1, 2 and 3.
    let rows = [
        (Push, true, Counter(1), 0.18, 1.7),
        (Push, true, Counter(2), 0.037, 3.3),
        (Push, true, Counter(3), 0.011, 4.5),
        (Push, false, Coin(1), 0.96, 0.04),
        (Push, false, Coin(2), 0.20, 1.6),
        (Push, false, Coin(3), 0.060, 2.8),
        (Pull, true, Counter(1), 0.031, 2.7),
        (Pull, true, Counter(2), 0.000_58, 4.5),
    ];
    let views = everybody_linked();
    for (direction, feedback, stop, residue, traffic) in rows {
        let policy = Mongering { direction, feedback, stop, every_ms: CYCLE_MS };
        let mean = mean(&policy, &views, 3);
        println!("{direction:?} {feedback} {stop:?} {mean:?}");
        // Three runs: three times the spread of their mean is a quarter of small residues, 0.04 of large ones.
        let off = 0.002 + 0.04_f64.min(residue / 4.0);
        assert!((mean.residue - residue).abs() < off, "{direction:?} {feedback} {stop:?}: {mean:?}, not {residue}");
        assert!((mean.traffic - traffic).abs() < 0.2, "{direction:?} {feedback} {stop:?}: {mean:?}, not {traffic}");
        assert!(mean.last < 45.0, "{direction:?} {feedback} {stop:?}: {mean:?}");
    }
}

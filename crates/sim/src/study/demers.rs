//! Rumor mongering compared with tables 1 to 3 of Demers et al. 1987: one rumor among 1,000 peers that all know each
//! other, in cycles.
//!
//! The policy is the one that nodes run, without the engine around it. The paper's contacts have no latency: all
//! contacts of a cycle happen at once, and a partner counts as informed if it was at the start of the cycle. Only so do
//! the residue and the traffic of table 1 come out.

use bytes::Bytes;
use rumormill_proto::{
    entry::{Body, Kind, RawEntry},
    frame::{Frame, Push},
    ids::{AuthorId, EntryId, PeerId},
    input::Output,
    random::Random,
    rumor::{
        Policy, Rumors, Source,
        mongering::{Direction, Mongering, Stop},
    },
    run::RawRun,
    time::{Now, Time},
    turn::Turn,
    view::{Shape, View},
};

use super::{Figure, Lot, Measure, Plot, Row, Table};
use crate::{
    peer::{index_of, peer_id},
    violation::{Story, Violation},
    world::scatter,
};

/// Milliseconds a cycle.
const CYCLE_MS: u64 = 10;

/// Cycles without a copy after which the rumor has died out.
const QUIET: u32 = 5;

/// Cycles after which a rumor counts as endless: ten times the longest in the paper.
const CYCLES: u64 = 400;

/// One of the paper's variants, with the paper's figures.
struct Variant {
    name: &'static str,
    direction: Direction,
    feedback: bool,
    stop: Stop,
    residue: f64,
    traffic: f64,
    last: f64,
}

impl Variant {
    /// Table 1.
    const fn push(k: u32, residue: f64, traffic: f64, last: f64) -> Self {
        let (direction, stop) = (Direction::Push, Stop::Counter(k));
        Self { name: "1: push, feedback, counter", direction, feedback: true, stop, residue, traffic, last }
    }

    /// Table 2.
    const fn blind(k: u32, residue: f64, traffic: f64, last: f64) -> Self {
        let (direction, stop) = (Direction::Push, Stop::Coin(k));
        Self { name: "2: push, blind, coin", direction, feedback: false, stop, residue, traffic, last }
    }

    /// Table 3.
    const fn pull(k: u32, residue: f64, traffic: f64, last: f64) -> Self {
        let (direction, stop) = (Direction::Pull, Stop::Counter(k));
        Self { name: "3: pull, feedback, counter", direction, feedback: true, stop, residue, traffic, last }
    }

    fn keys(&self, who: &str) -> Vec<String> {
        let (Stop::Counter(k) | Stop::Coin(k)) = self.stop;
        vec![self.name.into(), who.into(), k.to_string()]
    }

    fn policy(&self) -> Policy {
        let Self { direction, feedback, stop, .. } = *self;
        Policy::Mongering(Mongering { direction, feedback, stop, every_ms: CYCLE_MS })
    }
}

const VARIANTS: [Variant; 13] = [
    Variant::push(1, 0.18, 1.7, 16.8),
    Variant::push(2, 0.037, 3.3, 16.9),
    Variant::push(3, 0.011, 4.5, 17.4),
    Variant::push(4, 0.0036, 5.6, 17.5),
    Variant::push(5, 0.0012, 6.7, 17.7),
    Variant::blind(1, 0.96, 0.04, 38.0),
    Variant::blind(2, 0.20, 1.6, 33.0),
    Variant::blind(3, 0.060, 2.8, 32.0),
    Variant::blind(4, 0.021, 3.9, 32.0),
    Variant::blind(5, 0.008, 4.9, 32.0),
    Variant::pull(1, 0.031, 2.7, 17.6),
    Variant::pull(2, 0.000_58, 4.5, 15.4),
    Variant::pull(3, 0.000_004, 6.1, 14.0),
];

/// Produces the tables, with our row beside the paper's.
///
/// # Errors
/// When a rumor never ends.
pub fn study(lot: &Lot<'_>) -> Story<Vec<Table>> {
    let peers = if lot.quick { 300 } else { 1_000 };
    let ours = lot.figures(&VARIANTS, |variant, seed| spread(&variant.policy(), peers, seed))?;
    let mut rows = Vec::new();
    for (variant, figures) in VARIANTS.iter().zip(ours) {
        let published = [variant.residue, variant.traffic, variant.last].map(Figure::published);
        rows.push(Row { keys: variant.keys("ours"), figures: figures.to_vec() });
        rows.push(Row { keys: variant.keys("paper"), figures: published.into_iter().chain([Figure::NONE]).collect() });
    }
    Ok(vec![Table {
        file: "demers",
        caption: format!(
            "One rumor among {peers} peers, beside tables 1 to 3 of Demers et al. 1987 (1,000 sites). Residue: the \
             share of peers that never hear it; traffic: copies for each peer; t_last: the last cycle in which a peer \
             hears it. Our mean cycle of hearing differs by definition from the paper's t_ave."
        ),
        keys: &["table", "who", "k"],
        measures: &[
            Measure { name: "residue", digits: 6 },
            Measure { name: "traffic", digits: 2 },
            Measure { name: "t_last", digits: 1 },
            Measure { name: "mean cycle", digits: 1 },
        ],
        rows,
        plots: &[
            Plot { file: "demers-residue", x: 2, y: 0, log_x: false, log_y: true, only: &[] },
            Plot { file: "demers-traffic", x: 2, y: 1, log_x: false, log_y: false, only: &[] },
        ],
    }])
}

/// Spreads one rumor until it dies out. Returns residue, traffic, the last cycle in which a peer heard it, and the mean
/// of all cycles in which a peer did.
fn spread(policy: &Policy, peers: usize, seed: u64) -> Story<[f64; 4]> {
    let mut cycles = Cycles::new(policy, peers, seed);
    cycles.begin();
    let mut quiet = 0;
    while quiet < QUIET {
        let copies = cycles.copies;
        cycles.go_on();
        quiet = if cycles.copies == copies { quiet + 1 } else { 0 };
        if cycles.cycle > CYCLES {
            let (property, sentence) = ("a rumor ends", format!("it still spreads in cycle {CYCLES}"));
            return Err(Violation { property, sentence, seed, at_us: CYCLES * CYCLE_MS * 1_000, test: String::new() });
        }
    }
    let heard: Vec<f64> = cycles.heard.iter().flatten().map(|cycle| *cycle as f64).collect();
    let (count, all) = (heard.len() as f64, peers as f64);
    let last = heard.iter().copied().fold(0.0, f64::max);
    Ok([1.0 - count / all, cycles.copies as f64 / all, last, heard.iter().sum::<f64>() / count])
}

/// Peers that act in cycles.
struct Cycles {
    names: Vec<PeerId>,
    /// Links to all peers. A peer is removed during its own turn, because nobody contacts itself.
    view: View,
    rumors: Vec<Rumors>,
    random: Random,
    cycle: u64,
    /// The cycle in which each peer heard the rumor.
    heard: Vec<Option<u64>>,
    copies: u64,
    /// Frames for the next cycle, with sender and receiver.
    contacts: Vec<(usize, PeerId, Frame)>,
    /// Answers: who receives one from whom, about which push, and whether it was new.
    acks: Vec<(usize, usize, u64, bool)>,
}

impl Cycles {
    fn new(policy: &Policy, peers: usize, seed: u64) -> Self {
        let names: Vec<_> = (0..peers).map(|at| peer_id(scatter(seed, at as u64), at as u32)).collect();
        let mut sorted = names.clone();
        sorted.sort();
        Self {
            view: View::new(Shape::Fixed(sorted), PeerId(scatter(seed, peers as u64))),
            rumors: names.iter().map(|name| Rumors::new(policy, *name)).collect(),
            names,
            random: Random::new(seed),
            cycle: 0,
            heard: vec![None; peers],
            copies: 0,
            contacts: Vec::new(),
            acks: Vec::new(),
        }
    }

    /// Links all peers, and gives the rumor to one.
    fn begin(&mut self) {
        let (mut unused, mut out) = (Random::new(0), Vec::new());
        for name in &self.names {
            _ = self.view.up(*name, None, &mut Turn::new(Now::default(), &mut unused, &mut out));
        }
        for who in 0..self.names.len() {
            let other = self.names[(who + 1) % self.names.len()];
            self.turn(who, |rumors, view, turn| rumors.up(other, view, turn));
        }
        self.end();
        self.heard[0] = Some(0);
        self.turn(0, |rumors, view, turn| rumors.hot(line(), None, view, turn));
    }

    /// One cycle: delivers all frames at once, and then the answers.
    fn go_on(&mut self) {
        self.cycle += 1;
        for (from, to, frame) in std::mem::take(&mut self.contacts) {
            self.contact(from, to, frame);
        }
        self.end();
    }

    /// Lets one peer act; keeps its frames for the next cycle.
    fn turn(&mut self, who: usize, act: impl FnOnce(&mut Rumors, &View, &mut Turn<'_>)) {
        let (now, name) = (Now { ticks_ms: self.cycle * CYCLE_MS, wall_ms: 0 }, self.names[who]);
        let (mut out, mut aside, mut unused) = (Vec::new(), Vec::new(), Random::new(0));
        self.view.down(name, &mut Turn::new(now, &mut unused, &mut aside));
        act(&mut self.rumors[who], &self.view, &mut Turn::new(now, &mut self.random, &mut out));
        _ = self.view.up(name, None, &mut Turn::new(now, &mut unused, &mut aside));
        let said = out.into_iter().filter_map(|output| match output {
            Output::Send { to, frame } => Some((who, to, frame)),
            _ => None,
        });
        self.contacts.extend(said);
    }

    fn contact(&mut self, from: usize, to: PeerId, frame: Frame) {
        let to = index_of(&to) as usize;
        match frame {
            Frame::Push(push) => self.push(from, to, push),
            Frame::Pull if self.heard[to].is_some_and(|at| at < self.cycle) => self.pull(from, to),
            _ => {}
        }
    }

    /// Answers a pull within the same cycle.
    fn pull(&mut self, from: usize, to: usize) {
        let (waiting, asking) = (std::mem::take(&mut self.contacts), self.names[from]);
        self.turn(to, |rumors, _, turn| rumors.pull(asking, turn));
        for (from, to, answer) in std::mem::replace(&mut self.contacts, waiting) {
            self.contact(from, to, answer);
        }
    }

    fn push(&mut self, from: usize, to: usize, push: Push) {
        self.copies += 1;
        let source = Source { peer: self.names[from], part: push.part, hops: push.hops };
        let new = self.heard[to].is_none_or(|at| at == self.cycle);
        self.acks.push((from, to, push.push, new));
        if self.heard[to].is_some() {
            self.turn(to, |rumors, view, turn| rumors.known(push.runs, source, view, turn));
        } else {
            self.heard[to] = Some(self.cycle);
            self.turn(to, |rumors, view, turn| rumors.hot(push.runs, Some(source), view, turn));
        }
    }

    fn end(&mut self) {
        for (from, to, push, new) in std::mem::take(&mut self.acks) {
            let to = self.names[to];
            self.turn(from, |rumors, view, turn| rumors.ack(to, (push, new), view, turn));
        }
        for who in 0..self.names.len() {
            if self.rumors[who].next_deadline().is_some_and(|ms| ms <= self.cycle * CYCLE_MS) {
                self.turn(who, Rumors::wake);
            }
        }
    }
}

/// The rumor: one line, whose author does not matter here.
fn line() -> Vec<RawRun> {
    let body = Body::Here(Bytes::from_static(b"hello"));
    let entry = RawEntry { time: Time::from_ms(1), seen: Vec::new(), kind: Kind::TEXT, body };
    RawRun::new(AuthorId([1; 32]), 0, EntryId::default(), vec![entry], None).into_iter().collect()
}

//! How fast and at what cost a line reaches everybody: `spread`.
//!
//! A room is quiet. A peer says a line; the study watches until it has reached everybody, and then a while longer,
//! because late frames cost too. Computing takes no time here: the study measures the network and the order in which
//! peers pass the line on.

use std::collections::BTreeMap;

use rumormill_proto::{
    frame::Frame,
    ids::{AuthorId, Seq},
    rumor::{
        Policy,
        delegating::Delegating,
        mongering::{Direction, Mongering, Stop},
    },
    run::RawRun,
};

use super::{Lot, Measure, Plot, Row, Table, gauge::Gauge};
use crate::{
    checkers::{Checker, Verdict},
    fact::Fact,
    network::Weather,
    violation::Story,
    world::{Setup, World},
};

/// Milliseconds within which a line should reach everybody by any way.
pub const WINDOW_MS: u64 = 5_000;

/// Bytes of a line.
pub const LINE_BYTES: usize = 100;

/// The peers that speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Senders {
    /// Always the same peer.
    Single,
    /// A different peer each time.
    Changing,
    /// All at once.
    Simultaneous,
}

impl Senders {
    /// The peers that speak in a round, given the number of peers.
    pub fn in_round(self, round: usize, peers: usize) -> Vec<usize> {
        match self {
            Self::Single => vec![0],
            // Far apart, and each peer once before any peer twice: the step has no factor in common with the sizes
            // used.
            Self::Changing => vec![(round * 617 + 3) % peers],
            Self::Simultaneous => (0..peers).collect(),
        }
    }
}

/// A room, and the peers that speak in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Number of peers.
    pub peers: usize,
    /// Latency one way in milliseconds, least and most; each pair of peers has its own.
    pub latency_ms: (u64, u64),
    /// The peers that speak.
    pub senders: Senders,
    /// Percentage of frames that the transport has to resend.
    pub resend_percent: u64,
    /// Unmeasured rounds at the beginning, in which contenders can learn from traffic.
    pub warm_up: usize,
    /// Measured rounds: in each, one peer or all peers say a line.
    pub rounds: usize,
}

/// Means over the measured rounds of one room.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// Copies of a line sent for each peer that should receive it.
    pub copies: f64,
    /// Bytes sent for each line and peer: with answers and announcements, without the traffic of an idle room.
    pub bytes: f64,
    /// Frames sent for each line and peer, likewise.
    pub frames: f64,
    /// Links that the last copy to arrive as a rumor crossed.
    pub hops: f64,
    /// Milliseconds until half of the other peers had a line, or all lines.
    pub median_ms: f64,
    /// Milliseconds until the last peer had it; the window's length if it did not get it within the window.
    pub last_ms: f64,
    /// Milliseconds until the last peer had it, in the slowest round.
    pub worst_ms: f64,
    /// Share of peers that got it within the window, by any way.
    pub reached: f64,
    /// Share of peers that got it as a rumor.
    pub told: f64,
}

/// A system that spreads lines: our engine with one policy, or another system.
pub trait Contender: Sync {
    /// Its name in tables.
    fn name(&self) -> &str;

    /// Whether to measure it at this point.
    fn enters(&self, _point: &Point) -> bool {
        true
    }

    /// Spreads lines in one room.
    ///
    /// # Errors
    /// A violation.
    fn spread(&self, point: &Point, seed: u64) -> Story<Spread>;
}

/// Our engine with a policy.
pub struct Ours {
    /// Its name in tables.
    pub name: &'static str,
    /// Its policy for rumors.
    pub policy: Policy,
    /// The largest room it is measured in.
    pub most_peers: usize,
}

impl Ours {
    /// The policies to compare, the default first.
    pub fn all() -> Vec<Self> {
        let mongering = Mongering { direction: Direction::Push, feedback: true, stop: Stop::Counter(4), every_ms: 20 };
        vec![
            Self { name: "delegating", policy: Policy::Delegating(Delegating::default()), most_peers: usize::MAX },
            Self { name: "mongering", policy: Policy::Mongering(mongering), most_peers: 1_000 },
        ]
    }
}

impl Contender for Ours {
    fn name(&self) -> &str {
        self.name
    }

    fn enters(&self, point: &Point) -> bool {
        point.peers <= self.most_peers
    }

    fn spread(&self, point: &Point, seed: u64) -> Story<Spread> {
        let (mut world, gauge) = room(point.peers, point.latency_ms, &self.policy, seed);
        world.set_weather(weather(point.latency_ms, point.resend_percent));
        for round in 0..point.warm_up {
            say(&mut world, point.senders, round);
            world.run_ms(WINDOW_MS)?;
        }
        let mut rounds = Vec::new();
        for round in point.warm_up..point.warm_up + point.rounds {
            *gauge.lock() = Tally::from_ms(world.now_ms());
            let lines = say(&mut world, point.senders, round);
            world.run_ms(WINDOW_MS)?;
            rounds.push(gauge.lock().spread(point.peers, lines));
        }
        Ok(mean(&rounds))
    }
}

/// Lets the senders of a round speak; returns the number of lines.
fn say(world: &mut World, senders: Senders, round: usize) -> usize {
    let text = format!("{round:>LINE_BYTES$}");
    let speakers = senders.in_round(round, world.peer_count());
    speakers.iter().for_each(|peer| world.say(*peer, &text));
    speakers.len()
}

/// Weather with nothing but latency.
pub(super) fn weather((least, most): (u64, u64), resend_percent: u64) -> Weather {
    Weather { latency_us: (least * 1_000, most * 1_000), jitter_us: 0, resend_percent, ..Weather::clear() }
}

/// A quiet room, and the observations in it.
pub(super) fn room(peers: usize, latency_ms: (u64, u64), policy: &Policy, seed: u64) -> (World, Gauge<Tally>) {
    let weather = weather(latency_ms, 0);
    let setup = Setup { policy: policy.clone(), weather, turn_us: 0, ..Setup::new(seed) };
    let gauge = Gauge::<Tally>::default();
    let mut world = World::with(setup).watching(&[]).with_checker(Box::new(gauge.clone()));
    world.found(peers);
    (world, gauge)
}

/// The means over rounds, and the longest of their last times.
pub fn mean(rounds: &[Spread]) -> Spread {
    let count = rounds.len() as f64;
    let mean = |measure: fn(&Spread) -> f64| rounds.iter().map(measure).sum::<f64>() / count;
    Spread {
        copies: mean(|one| one.copies),
        bytes: mean(|one| one.bytes),
        frames: mean(|one| one.frames),
        hops: mean(|one| one.hops),
        median_ms: mean(|one| one.median_ms),
        last_ms: mean(|one| one.last_ms),
        worst_ms: rounds.iter().map(|one| one.last_ms).fold(0.0, f64::max),
        reached: mean(|one| one.reached),
        told: mean(|one| one.told),
    }
}

/// A line was shown at a peer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight {
    pub(super) at_ms: u64,
    /// The line, from 0.
    line: usize,
    /// Links crossed, if it came as a rumor.
    hops: Option<u8>,
}

/// Observations of one round.
#[derive(Debug, Default)]
pub(super) struct Tally {
    since_ms: u64,
    pub(super) shown: Vec<Sight>,
    /// The lines, in the order in which they were said.
    lines: BTreeMap<(AuthorId, Seq), usize>,
    copies: u64,
    frames: u64,
    bytes: u64,
}

impl Tally {
    pub(super) fn from_ms(since_ms: u64) -> Self {
        Self { since_ms, ..Self::default() }
    }

    fn show(&mut self, line: (AuthorId, Seq), at_ms: u64, hops: Option<u8>) {
        let next = self.lines.len();
        let line = *self.lines.entry(line).or_insert(next);
        self.shown.push(Sight { at_ms, line, hops });
    }

    /// The times at which this line was shown.
    pub(super) fn times(&self, line: usize) -> Vec<u64> {
        self.shown.iter().filter(|sight| sight.line == line).map(|sight| sight.at_ms).collect()
    }

    fn spread(&self, peers: usize, lines: usize) -> Spread {
        let deliveries = (lines * (peers - 1)) as f64;
        // A line that arrives after its round's window counts in no other round.
        let shown = || self.shown.iter().filter(|sight| sight.line < lines);
        // A speaker shows its own line too, over no link.
        let mut times: Vec<_> = shown().map(|sight| sight.at_ms - self.since_ms).collect();
        times.sort_unstable();
        let times = &times[lines.min(times.len())..];
        let told = shown().filter(|sight| sight.hops.is_some()).count();
        let at = |share: f64| {
            let place = ((deliveries * share).ceil() as usize).saturating_sub(1);
            times.get(place).map_or(WINDOW_MS as f64, |ms| *ms as f64)
        };
        Spread {
            copies: self.copies as f64 / deliveries,
            bytes: self.bytes as f64 / deliveries,
            frames: self.frames as f64 / deliveries,
            hops: shown().filter_map(|sight| sight.hops).max().map_or(0.0, f64::from),
            median_ms: at(0.5),
            last_ms: at(1.0),
            worst_ms: at(1.0),
            reached: times.len() as f64 / deliveries,
            told: told as f64 / deliveries,
        }
    }
}

impl Checker for Gauge<Tally> {
    fn property(&self) -> &'static str {
        "shown lines are counted"
    }

    fn see(&mut self, fact: &Fact<'_>) -> Verdict {
        match fact {
            Fact::Shown { entry, at_ms, hops, .. } => self.lock().show((entry.author, entry.seq), *at_ms, *hops),
            Fact::Sent { frame, wire, .. } => {
                let entries = |runs: &[RawRun]| runs.iter().map(|run| run.entries().len() as u64).sum();
                let copies: u64 = match frame {
                    Frame::Push(push) => entries(&push.runs),
                    Frame::Runs { runs, .. } => entries(runs),
                    Frame::Ack { .. } | Frame::Have { .. } | Frame::Want(_) | Frame::Done { .. } => 0,
                    _ => return Ok(()),
                };
                let mut tally = self.lock();
                tally.copies += copies;
                tally.frames += 1;
                tally.bytes += wire.len() as u64;
            }
            _ => {}
        }
        Ok(())
    }
}

const MEASURES: &[Measure] = &[
    Measure { name: "copies", digits: 3 },
    Measure { name: "bytes", digits: 0 },
    Measure { name: "frames", digits: 2 },
    Measure { name: "hops", digits: 1 },
    Measure { name: "median ms", digits: 0 },
    Measure { name: "last ms", digits: 0 },
    Measure { name: "worst ms", digits: 0 },
    Measure { name: "reached", digits: 4 },
    Measure { name: "told", digits: 4 },
];

const PLOTS: &[Plot] = &[
    Plot {
        file: "spread-last",
        x: 1,
        y: 5,
        log_x: true,
        log_y: true,
        only: &[(2, "10-50"), (3, "changing"), (4, "0")],
    },
    Plot {
        file: "spread-last-100",
        x: 1,
        y: 5,
        log_x: true,
        log_y: true,
        only: &[(2, "100"), (3, "changing"), (4, "0")],
    },
    Plot { file: "spread-copies", x: 1, y: 0, log_x: true, log_y: false, only: &[(3, "changing"), (4, "0")] },
    Plot {
        file: "spread-loss",
        x: 4,
        y: 5,
        log_x: false,
        log_y: false,
        only: &[(0, "delegating"), (2, "10-50"), (3, "changing")],
    },
];

/// The points of the study.
pub fn points(quick: bool) -> Vec<Point> {
    let slow = (100, 100);
    let sizes: &[usize] = if quick { &[5, 20, 60] } else { &[5, 20, 100, 1_000, 10_000] };
    let mut points = Vec::new();
    for &peers in sizes {
        let rounds = if quick { 2 } else { 10 };
        let point = |latency_ms, senders| Point { peers, latency_ms, senders, resend_percent: 0, warm_up: 5, rounds };
        points.push(point((10, 50), Senders::Changing));
        points.push(point(slow, Senders::Changing));
        if peers > 1_000 {
            continue;
        }
        points.push(point((10, 50), Senders::Single));
        if peers <= 100 {
            points.push(Point { rounds: 2, ..point((10, 50), Senders::Simultaneous) });
        }
        for resend_percent in if quick { &[30][..] } else { &[1, 10, 30] } {
            points.push(Point { resend_percent: *resend_percent, ..point((10, 50), Senders::Changing) });
        }
    }
    points
}

/// Points for a very large room, where a few lines must do.
pub fn large(peers: usize) -> Vec<Point> {
    let point =
        |latency_ms| Point { peers, latency_ms, senders: Senders::Changing, resend_percent: 0, warm_up: 1, rounds: 5 };
    vec![point((10, 50)), point((100, 100))]
}

/// Spreads lines in rooms of all kinds, with all contenders.
///
/// # Errors
/// A violation in one of the worlds.
pub fn study(lot: &Lot<'_>, contenders: &[&dyn Contender]) -> Story<Vec<Table>> {
    table(lot, contenders, &points(lot.quick)).map(|table| vec![table])
}

/// As [`study`], at these points.
///
/// # Errors
/// As [`study`].
pub fn table(lot: &Lot<'_>, contenders: &[&dyn Contender], points: &[Point]) -> Story<Table> {
    let mut entered: Vec<(&dyn Contender, Point)> = Vec::new();
    for point in points {
        entered.extend(contenders.iter().filter(|one| one.enters(point)).map(|one| (*one, *point)));
    }
    let figures = lot.figures(&entered, |(contender, point), seed| {
        let Spread { copies, bytes, frames, hops, median_ms, last_ms, worst_ms, reached, told } =
            contender.spread(point, seed)?;
        Ok([copies, bytes, frames, hops, median_ms, last_ms, worst_ms, reached, told])
    })?;
    let rows = entered
        .iter()
        .zip(figures)
        .map(|((contender, point), figures)| Row { keys: keys(*contender, point), figures: figures.to_vec() });
    Ok(Table {
        file: "spread",
        caption: format!(
            "One line of {LINE_BYTES} bytes, sent {} times in a room at rest: copies, bytes and frames for each peer \
             that should receive it, links crossed, milliseconds until half and until the last of them have it (the \
             slowest round separately), the share that has it within {} s, and the share that got it as a rumor.",
            points.first().map_or(0, |point| point.rounds),
            WINDOW_MS / 1_000
        ),
        keys: &["policy", "peers", "latency ms", "senders", "resent %"],
        measures: MEASURES,
        rows: rows.collect(),
        plots: PLOTS,
    })
}

fn keys(contender: &dyn Contender, point: &Point) -> Vec<String> {
    let (least, most) = point.latency_ms;
    let latency = if least == most { format!("{least}") } else { format!("{least}-{most}") };
    let senders = match point.senders {
        Senders::Single => "single",
        Senders::Changing => "changing",
        Senders::Simultaneous => "all at once",
    };
    let resent = point.resend_percent.to_string();
    vec![contender.name().to_owned(), point.peers.to_string(), latency, senders.to_owned(), resent]
}

//! The broadcast workload of the Maelstrom challenge: `glomers`.
//!
//! Twenty-five peers, a hop of 100 ms, a hundred operations a second for twenty seconds. Half of them are broadcasts at
//! random peers, half are local reads. All messages between peers in that time count, whatever their purpose; all
//! frames from one peer to another in one turn are one message. A broadcast is stable when every peer has it.

use std::collections::BTreeSet;

use rumormill_proto::{
    random::Random,
    rumor::{Policy, delegating::Delegating},
    sync::Pace,
};

use super::{Figure, Lot, Measure, Row, Table, gauge::Gauge, spread::Ours};
use crate::{
    checkers::{Checker, Verdict},
    fact::Fact,
    network::Weather,
    violation::Story,
    world::{Setup, World},
};

const PEERS: usize = 25;

/// Milliseconds a hop.
const HOP_MS: u64 = 100;

/// Milliseconds between two broadcasts.
const EVERY_MS: u64 = 20;

/// Operations for each broadcast: the broadcast and a read.
const OPERATIONS: usize = 2;

/// Milliseconds after which an unstable broadcast counts as lost.
const WINDOW_MS: u64 = 10_000;

/// How often peers compare: entries on their way make any two peers differ, and rounds that find only those are not
/// worth their messages.
pub(crate) const PACE: Pace = Pace { busy_ms: 5_000, quiet_ms: 10_000 };

/// A way to spread lines in this room.
struct Way {
    name: &'static str,
    policy: Policy,
}

/// Our ways, for low latency and for few messages.
fn ways() -> Vec<Way> {
    let gathering = |gather_ms| Policy::Delegating(Delegating { gather_ms, ..Delegating::default() });
    let mut ways: Vec<_> = Ours::all().into_iter().map(|ours| Way { name: ours.name, policy: ours.policy }).collect();
    ways.push(Way { name: "delegating, gathering 150 ms", policy: gathering(150) });
    ways
}

/// Published figures: messages an operation, median and greatest milliseconds.
const PUBLISHED: [(&str, [f64; 3]); 5] = [
    ("required in 3d", [30.0, 400.0, 600.0]),
    ("best found for 3d", [14.73, 78.0, 102.0]),
    ("a tree", [11.99, 386.0, 505.0]),
    ("required in 3e", [20.0, 1_000.0, 2_000.0]),
    ("best found for 3e, one hub", [1.987, 339.0, 678.0]),
];

/// Runs the workload once. Returns messages an operation, median and greatest milliseconds until stable, and the share
/// of broadcasts that became stable.
fn run(way: &Way, seconds: u64, seed: u64) -> Story<[f64; 4]> {
    let weather = Weather { latency_us: (HOP_MS * 1_000, HOP_MS * 1_000), jitter_us: 0, ..Weather::clear() };
    let setup = Setup { policy: way.policy.clone(), weather, pace: PACE, turn_us: 0, ..Setup::new(seed) };
    let gauge = Gauge::<Tally>::default();
    let mut world = World::with(setup).watching(&[]).with_checker(Box::new(gauge.clone()));
    world.found(PEERS);
    *gauge.lock() = Tally::default();
    let mut random = Random::new(!seed);
    let mut said_ms = Vec::new();
    for number in 0..seconds * 1_000 / EVERY_MS {
        // At random moments, with this average rate.
        world.run_ms(random.below(2 * EVERY_MS + 1))?;
        said_ms.push(world.now_ms());
        world.say(random.below(PEERS as u64) as usize, &number.to_string());
    }
    let messages = gauge.lock().messages;
    world.run_ms(WINDOW_MS)?;
    let tally = gauge.lock();
    let mut stable: Vec<u64> = Vec::new();
    for (number, said_ms) in said_ms.iter().enumerate() {
        let text = number.to_string();
        let times: Vec<_> = tally.shown.iter().filter(|(shown, _)| *shown == text).map(|(_, at_ms)| *at_ms).collect();
        if times.len() == PEERS {
            stable.extend(times.iter().max().map(|at_ms| at_ms - said_ms));
        }
    }
    stable.sort_unstable();
    let at = |place: usize| stable.get(place).map_or(f64::NAN, |ms| *ms as f64);
    let operations = OPERATIONS * said_ms.len();
    let share = stable.len() as f64 / said_ms.len() as f64;
    Ok([messages as f64 / operations as f64, at(stable.len() / 2), at(stable.len().saturating_sub(1)), share])
}

/// Runs the workload with every policy.
///
/// # Errors
/// A violation in one of the worlds.
pub fn study(lot: &Lot<'_>) -> Story<Vec<Table>> {
    let (ways, seconds) = (ways(), if lot.quick { 4 } else { 20 });
    let figures = lot.figures(&ways, |way, seed| run(way, seconds, seed))?;
    let mut rows: Vec<_> = ways
        .iter()
        .zip(figures)
        .map(|(way, figures)| Row { keys: vec![way.name.to_owned()], figures: figures.to_vec() })
        .collect();
    rows.extend(PUBLISHED.iter().map(|(name, figures)| {
        let figures = figures.iter().map(|figure| Figure::published(*figure)).chain([Figure::NONE]);
        Row { keys: vec![(*name).to_owned()], figures: figures.collect() }
    }));
    Ok(vec![Table {
        file: "glomers",
        caption: format!(
            "{PEERS} peers, {HOP_MS} ms a hop, 100 operations a second for {seconds} s, half of them reads: messages \
             between peers for each operation, and milliseconds until a broadcast is everywhere."
        ),
        keys: &["policy"],
        measures: &[
            Measure { name: "messages/op", digits: 2 },
            Measure { name: "median ms", digits: 0 },
            Measure { name: "most ms", digits: 0 },
            Measure { name: "stable", digits: 4 },
        ],
        rows,
        plots: &[],
    }])
}

/// Observations of a run.
#[derive(Debug, Default)]
struct Tally {
    /// Entries shown, and when.
    shown: Vec<(String, u64)>,
    messages: u64,
    /// Peers that were sent something in the current turn.
    spoken_to: BTreeSet<usize>,
}

impl Checker for Gauge<Tally> {
    fn property(&self) -> &'static str {
        "messages are counted"
    }

    fn see(&mut self, fact: &Fact<'_>) -> Verdict {
        let mut tally = self.lock();
        match fact {
            Fact::Turn { .. } => tally.spoken_to.clear(),
            Fact::Sent { to, .. } => tally.messages += u64::from(tally.spoken_to.insert(*to)),
            Fact::Shown { entry, at_ms, .. } => {
                let text = entry.body.bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
                tally.shown.extend(text.map(|text| (text, *at_ms)));
            }
            _ => {}
        }
        Ok(())
    }
}

//! What remains of a room when most of it dies at once: `crash`.
//!
//! A room is quiet. Then most peers end at the same moment as if killed, and the survivors say lines, one after the
//! other. A survivor does not know who else survived: a link to a dead peer is silent, which is noticed after a while.

use rumormill_proto::random::Random;

use super::{
    Lot, Measure, Plot, Row, Table,
    spread::{Contender, LINE_BYTES, Ours, Tally, WINDOW_MS, room, weather},
};
use crate::{network::Weather, violation::Story};

/// Number of lines.
pub const LINES: usize = 30;

/// Milliseconds between two checks of whom a line has reached.
const LOOK_MS: u64 = 50;

/// Milliseconds that "eventually" may take after the last line: ten of the longest pauses between dials.
const PATIENCE_MS: u64 = 3_000_000;

/// A room, and the part of it that dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crash {
    /// Number of peers.
    pub peers: usize,
    /// Percentage of peers that die.
    pub percent: usize,
    /// Milliseconds until one end of a link notices that the other is silent, least and most.
    pub silence_ms: (u64, u64),
}

/// The share of the survivors that received a line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Survival {
    /// The first line, within 1 s.
    pub first_1s: f64,
    /// The first line, within 2 s.
    pub first_2s: f64,
    /// The first line, within the window of 5 s.
    pub first: f64,
    /// The second line, within the window.
    pub second: f64,
    /// The last line, within the window.
    pub thirtieth: f64,
    /// All lines, however long it takes.
    pub eventually: f64,
    /// Seconds after the crash until all survivors had all lines.
    pub all_s: f64,
}

/// A contender whose peers can die.
pub trait Mortal: Contender {
    /// Kills most of a room and lets the rest speak. A line is said when the previous one has reached all survivors, or
    /// [`WINDOW_MS`] later.
    ///
    /// # Errors
    /// A violation.
    fn crash(&self, point: &Crash, seed: u64) -> Story<Survival>;
}

impl Mortal for Ours {
    fn crash(&self, point: &Crash, seed: u64) -> Story<Survival> {
        let (mut world, gauge) = room(point.peers, (10, 50), &self.policy, seed);
        world.set_weather(Weather { silence_ms: point.silence_ms, ..weather((10, 50), 0) });
        let mut order: Vec<usize> = (0..point.peers).collect();
        Random::new(!seed).shuffle(&mut order);
        let survivors = order.split_off(point.peers * point.percent / 100);
        order.iter().for_each(|peer| world.crash(*peer));
        let crash_ms = world.now_ms();
        *gauge.lock() = Tally::from_ms(crash_ms);
        let mut said_ms = Vec::new();
        for line in 0..LINES {
            said_ms.push(world.now_ms());
            let end_ms = world.now_ms() + WINDOW_MS;
            world.say(survivors[line % survivors.len()], &format!("{line:>LINE_BYTES$}"));
            while world.now_ms() < end_ms && gauge.lock().times(line).len() < survivors.len() {
                world.run_ms(LOOK_MS)?;
            }
        }
        let all = LINES * survivors.len();
        let end_ms = world.now_ms() + PATIENCE_MS;
        while world.now_ms() < end_ms && gauge.lock().shown.len() < all {
            world.run_ms(WINDOW_MS)?;
        }
        let tally = gauge.lock();
        let share = |line: usize, within_ms: u64| {
            let times = tally.times(line);
            // The speaker has its own line, which proves nothing.
            let reached = times.iter().filter(|at_ms| **at_ms <= said_ms[line] + within_ms).count();
            reached.saturating_sub(1) as f64 / (survivors.len() - 1) as f64
        };
        let last_ms = tally.shown.iter().map(|sight| sight.at_ms).max().unwrap_or(crash_ms);
        Ok(Survival {
            first_1s: share(0, 1_000),
            first_2s: share(0, 2_000),
            first: share(0, WINDOW_MS),
            second: share(1, WINDOW_MS),
            thirtieth: share(LINES - 1, WINDOW_MS),
            eventually: tally.shown.len() as f64 / all as f64,
            all_s: (last_ms - crash_ms) as f64 / 1_000.0,
        })
    }
}

const MEASURES: &[Measure] = &[
    Measure { name: "1st in 1 s", digits: 4 },
    Measure { name: "1st in 2 s", digits: 4 },
    Measure { name: "1st", digits: 4 },
    Measure { name: "2nd", digits: 4 },
    Measure { name: "30th", digits: 4 },
    Measure { name: "eventually", digits: 4 },
    Measure { name: "all after s", digits: 0 },
];

const PLOTS: &[Plot] = &[
    Plot { file: "crash-first", x: 2, y: 2, log_x: false, log_y: false, only: &[(3, "2-8")] },
    Plot { file: "crash-first-at-once", x: 2, y: 2, log_x: false, log_y: false, only: &[(3, "0.01-0.05")] },
];

/// The points of the study: what transports notice, and peers that learn of every death one latency later, as in the
/// simulator of iroh-gossip.
pub fn points(quick: bool) -> Vec<Crash> {
    let sizes: &[usize] = if quick { &[40] } else { &[100, 1_000] };
    let shares: &[usize] = if quick { &[50, 80] } else { &[50, 60, 70, 80, 90, 95] };
    let mut points = Vec::new();
    for &peers in sizes {
        for silence_ms in [(2_000, 8_000), (10, 50)] {
            points.extend(shares.iter().map(|&percent| Crash { peers, percent, silence_ms }));
        }
    }
    points
}

/// Lets rooms die.
///
/// # Errors
/// A violation in one of the worlds.
pub fn study(lot: &Lot<'_>, contenders: &[&dyn Mortal]) -> Story<Vec<Table>> {
    table(lot, contenders, &points(lot.quick)).map(|table| vec![table])
}

/// As [`study`], at these points.
///
/// # Errors
/// As [`study`].
pub fn table(lot: &Lot<'_>, contenders: &[&dyn Mortal], points: &[Crash]) -> Story<Table> {
    let pairs: Vec<_> = points.iter().flat_map(|point| contenders.iter().map(|one| (*one, *point))).collect();
    let figures = lot.figures(&pairs, |(contender, point), seed| {
        let Survival { first_1s, first_2s, first, second, thirtieth, eventually, all_s } =
            contender.crash(point, seed)?;
        Ok([first_1s, first_2s, first, second, thirtieth, eventually, all_s])
    })?;
    let rows = pairs.iter().zip(figures).map(|((contender, point), figures)| {
        let (least, most) = point.silence_ms;
        let silence = format!("{}-{}", least as f64 / 1e3, most as f64 / 1e3);
        let (peers, percent) = (point.peers.to_string(), point.percent.to_string());
        Row { keys: vec![contender.name().to_owned(), peers, percent, silence], figures: figures.to_vec() }
    });
    Ok(Table {
        file: "crash",
        caption: format!(
            "So many of a hundred peers die at once, which is noticed after so many seconds of silence; then survivors \
             say {LINES} lines of {LINE_BYTES} bytes, each when the one before has reached all or after {} s: the share \
             of survivors that has a line within that window unless told otherwise, and in the end.",
            WINDOW_MS / 1_000
        ),
        keys: &["policy", "peers", "dead %", "silence s"],
        measures: MEASURES,
        rows: rows.collect(),
        plots: PLOTS,
    })
}

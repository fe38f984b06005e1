//! What a line costs on the wire, by who speaks: `talk`.
//!
//! What an entry names as seen is most of a short line's bytes where many speak. So lines are counted when one peer after
//! the other speaks, each having read the line before; when the next one speaks while lines are still under way; and when
//! all speak at once, having read what all said before.

use super::{
    Lot, Measure, Row, Table,
    spread::{LINE_BYTES, Senders, Tally, WINDOW_MS, room},
};
use crate::violation::Story;

/// Milliseconds one way, at least and at most.
const LATENCY_MS: (u64, u64) = (10, 50);

/// Milliseconds between two lines where each answers others than the line before: less than most links take.
const BRISK_MS: u64 = 20;

/// How people talk.
#[derive(Clone, Copy, Debug)]
struct Talk {
    name: &'static str,
    senders: Senders,
    /// Milliseconds from one line, or from a line of everybody, to the next.
    every_ms: u64,
}

const TALKS: [Talk; 4] = [
    Talk { name: "one", senders: Senders::Single, every_ms: WINDOW_MS },
    Talk { name: "by turns", senders: Senders::Changing, every_ms: WINDOW_MS },
    Talk { name: "by turns, brisk", senders: Senders::Changing, every_ms: BRISK_MS },
    Talk { name: "all at once", senders: Senders::Simultaneous, every_ms: WINDOW_MS },
];

/// Lets rooms talk in all these ways.
///
/// # Errors
/// What broke in one of the worlds.
pub fn study(lot: &Lot<'_>) -> Story<Vec<Table>> {
    let sizes: &[usize] = if lot.quick { &[4, 16] } else { &[4, 16, 32] };
    let points: Vec<_> = TALKS.iter().flat_map(|talk| sizes.iter().map(move |peers| (*talk, *peers))).collect();
    let figures = lot.figures(&points, |(talk, peers), seed| said(*talk, *peers, seed))?;
    let row = |((talk, peers), figures): (&(Talk, usize), [_; 3])| Row {
        keys: vec![talk.name.to_owned(), peers.to_string()],
        figures: figures.to_vec(),
    };
    Ok(vec![Table {
        file: "talk",
        caption: format!(
            "Lines of {LINE_BYTES} bytes by who speaks, after everybody has spoken once: bytes and copies for each line \
             and peer that is to get it, answers and announcements included, and how many authors a line names as seen."
        ),
        keys: &["who speaks", "peers"],
        measures: &[
            Measure { name: "bytes", digits: 0 },
            Measure { name: "copies", digits: 3 },
            Measure { name: "names", digits: 2 },
        ],
        rows: points.iter().zip(figures).map(row).collect(),
        plots: &[],
    }])
}

/// Everybody speaks once, and then four times more.
fn said(talk: Talk, peers: usize, seed: u64) -> Story<[f64; 3]> {
    let (mut world, gauge) = room(peers, LATENCY_MS, &Default::default(), seed);
    let turns = if matches!(talk.senders, Senders::Simultaneous) { 1 } else { peers };
    let text = format!("{:>LINE_BYTES$}", "x");
    let mut lines = 0;
    for round in 0..5 * turns {
        if round == turns {
            world.run_ms(WINDOW_MS)?;
            *gauge.lock() = Tally::from_ms(world.now_ms());
            lines = 0;
        }
        let speakers = talk.senders.in_round(round, peers);
        speakers.iter().for_each(|peer| world.say(*peer, &text));
        lines += speakers.len();
        world.run_ms(talk.every_ms)?;
    }
    world.run_ms(WINDOW_MS)?;
    let tally = gauge.lock();
    let spread = tally.spread(peers, lines);
    Ok([spread.bytes, spread.copies, tally.names() as f64 / lines as f64])
}

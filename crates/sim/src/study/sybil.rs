//! Honest peers among many false ones: `sybil`.
//!
//! A room of honest peers is quiet, and now and then one of them speaks. Then many false peers join. Each dials every
//! honest peer, and again when it is dropped; it accepts everything, answers that it was new, passes nothing on, and
//! mentions only other false peers. After a while honest newcomers join with tickets that name honest peers; then all
//! honest peers speak in turn.

use std::collections::BTreeSet;

use super::{Lot, Measure, Plot, Row, Table};
use crate::{
    nature::Nature,
    queue::Index,
    violation::Story,
    world::{Setup, World},
};

/// Milliseconds between two times that false peers dial the peers they have no link with, and that an honest peer
/// speaks.
const SIEGE_MS: u64 = 10_000;

/// Milliseconds within which a line should arrive as a rumor.
const SOON_MS: u64 = 1_000;

/// Milliseconds within which a line should arrive by any way: three rounds of anti-entropy at its slowest.
const LATE_MS: u64 = 30_000;

/// Honest peers for each newcomer.
const FOR_ONE_NEWCOMER: usize = 8;

/// A room under siege.
#[derive(Clone, Copy, Debug)]
struct Point {
    honest: usize,
    false_ones: usize,
    siege_ms: u64,
    lines: usize,
}

/// Runs the sieges.
///
/// # Errors
/// A property that no false peer may violate.
pub fn study(lot: &Lot<'_>) -> Story<Vec<Table>> {
    let (honest, siege_ms, lines) = if lot.quick { (16, 60_000, 8) } else { (32, 600_000, 36) };
    let parts: &[usize] = if lot.quick { &[0, 3] } else { &[0, 1, 3] };
    let point = |part: &usize| Point { honest, false_ones: part * honest, siege_ms, lines };
    let points: Vec<_> = parts.iter().map(point).collect();
    let figures = lot.figures(&points, besiege)?;
    let row = |(point, figures): (&Point, [_; 8])| Row {
        keys: vec![point.honest.to_string(), point.false_ones.to_string()],
        figures: figures.to_vec(),
    };
    Ok(vec![Table {
        file: "sybil",
        caption: format!(
            "Honest peers, and one newcomer with a ticket for every {FOR_ONE_NEWCOMER} of them, after {} s among \
             false peers that dial all, accept everything, pass nothing on and mention only each other, while an honest peer says \
             a line every {} s. False links as a percentage of an honest peer's links, of the links it dialled, and of \
             the links that a newcomer dialled, for the mean and for the worst honest peer; percentage of lines that \
             an honest peer has within {} s and {} s.",
            siege_ms / 1_000,
            SIEGE_MS / 1_000,
            SOON_MS / 1_000,
            LATE_MS / 1_000
        ),
        keys: &["honest", "false"],
        measures: &[
            Measure { name: "links %", digits: 1 },
            Measure { name: "worst %", digits: 1 },
            Measure { name: "dialled %", digits: 1 },
            Measure { name: "dialled, worst %", digits: 1 },
            Measure { name: "dialled, newcomers %", digits: 1 },
            Measure { name: "honest links, least", digits: 1 },
            Measure { name: "soon %", digits: 2 },
            Measure { name: "late %", digits: 2 },
        ],
        rows: points.iter().zip(figures).map(row).collect(),
        plots: &[Plot { file: "sybil-dialled", x: 1, y: 2, log_x: false, log_y: false, only: &[] }],
    }])
}

fn besiege(point: &Point, seed: u64) -> Story<[f64; 8]> {
    let mut room = World::with(Setup::new(seed)).watching(&[]);
    let mut honest = room.found(point.honest);
    let false_ones = room.join(point.false_ones);
    false_ones.iter().for_each(|peer| room.turn_into(*peer, Nature::False));
    let liars: BTreeSet<usize> = false_ones.iter().copied().collect();
    siege(&mut room, (&honest, &false_ones), point.siege_ms)?;
    let newcomers = room.join_by(&honest, point.honest / FOR_ONE_NEWCOMER);
    honest.extend(&newcomers);
    siege(&mut room, (&honest, &false_ones), point.siege_ms)?;
    let (mut soon, mut late) = (0, 0);
    for line in 0..point.lines {
        let (speaker, text) = (honest[line * 5 % honest.len()], format!("line {line}"));
        room.say(speaker, &text);
        room.run_ms(SOON_MS)?;
        soon += heard(&room, &honest, &text);
    }
    room.run_ms(LATE_MS)?;
    for line in 0..point.lines {
        late += heard(&room, &honest, &format!("line {line}"));
    }
    let deliveries = (point.lines * honest.len()) as f64 / 100.0;
    let all: Vec<_> = honest.iter().map(|peer| false_percent(&room.links(*peer), &liars)).collect();
    let dialled: Vec<_> = honest.iter().map(|peer| false_percent(&room.dialled(*peer), &liars)).collect();
    let honest_links = honest.iter().map(|peer| room.links(*peer).iter().filter(|to| !liars.contains(to)).count());
    Ok([
        mean(&all),
        worst(&all),
        mean(&dialled),
        worst(&dialled),
        mean(&dialled[point.honest..]),
        honest_links.min().unwrap_or(0) as f64,
        f64::from(soon) / deliveries,
        f64::from(late) / deliveries,
    ])
}

/// Lets false peers dial all honest ones for a while, in which the honest ones speak in turn.
fn siege(room: &mut World, (honest, false_ones): (&[usize], &[usize]), ms: u64) -> Story {
    for turn in 0..(ms / SIEGE_MS) as usize {
        room.say(honest[turn * 5 % honest.len()], "anybody here?");
        for &one in false_ones {
            let linked = room.links(one);
            for &other in honest.iter().filter(|other| !linked.contains(other)) {
                room.dial(one as Index, room.id(other));
            }
        }
        room.run_ms(SIEGE_MS)?;
    }
    Ok(())
}

/// The number of peers that have a line.
fn heard(room: &World, peers: &[usize], text: &str) -> u32 {
    peers.iter().map(|peer| u32::from(room.texts(*peer).iter().any(|line| line == text))).sum()
}

fn false_percent(links: &[usize], liars: &BTreeSet<usize>) -> f64 {
    let lying = links.iter().filter(|to| liars.contains(to)).count();
    100.0 * lying as f64 / links.len().max(1) as f64
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn worst(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}

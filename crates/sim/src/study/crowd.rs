//! Newcomers in a flood of authors: `crowd`.
//!
//! Each member of a room gets a reply from an earlier member, who replies to two, beginning with the founder; some
//! members leave. Then one of the peers speaks under a thousand new keys a second, and mentions as many of them as it
//! can, since it got a reply once itself. Meanwhile a newcomer joins with a ticket that names one honest member, says
//! something and gets a reply from that member, as each member did.

use rumormill_proto::standing::Crowd;

use super::{Lot, Measure, Row, Table};
use crate::{
    nature::Nature,
    violation::Story,
    world::{Setup, World},
};

/// New authors a second.
const KEYS: usize = 1_000;

/// Members who got a reply and left before the flood.
const ABSENT: usize = 3;

/// Milliseconds between two bursts of new authors.
const BURST_MS: u64 = 100;

/// Milliseconds within which an author who got a reply must be shown.
const SHOWN_MS: u64 = 30_000;

/// Milliseconds after the flood within which all peers must hold the same.
const QUIET_MS: u64 = 60_000;

/// A room in a flood.
#[derive(Clone, Copy, Debug)]
struct Point {
    honest: usize,
    flood_ms: u64,
    crowd: Crowd,
}

/// Runs the floods.
///
/// # Errors
/// A property that no flood may violate.
pub fn study(lot: &Lot<'_>) -> Story<Vec<Table>> {
    let small = Point { honest: 6, flood_ms: 3_000, crowd: Crowd { vouched: 64, unvouched: 256 } };
    let large = Point { honest: 16, flood_ms: 90_000, crowd: Crowd::default() };
    let points = [if lot.quick { small } else { large }];
    let figures = lot.figures(&points, flood)?;
    let row = |(point, figures): (&Point, [_; 7])| Row {
        keys: vec![point.honest.to_string(), (KEYS as u64 * point.flood_ms / 1_000).to_string()],
        figures: figures.to_vec(),
    };
    Ok(vec![Table {
        file: "crowd",
        caption: format!(
            "Honest peers while one peer speaks under {KEYS} new keys a second, and a newcomer who gets a reply from \
             one member: percentage of peers that show the newcomer within {} s; least percentage of peers that show a \
             member, departed ones included; mean milliseconds until all have a member's line, in calm and in the \
             flood; most authors held, and the bound; milliseconds from the end of the flood until all digests are \
             equal, at most {}.",
            SHOWN_MS / 1_000,
            QUIET_MS
        ),
        keys: &["honest", "keys"],
        measures: &[
            Measure { name: "newcomer %", digits: 1 },
            Measure { name: "members %", digits: 1 },
            Measure { name: "calm ms", digits: 0 },
            Measure { name: "flood ms", digits: 0 },
            Measure { name: "authors", digits: 0 },
            Measure { name: "may be", digits: 0 },
            Measure { name: "equal ms", digits: 0 },
        ],
        rows: points.iter().zip(figures).map(row).collect(),
        plots: &[],
    }])
}

fn flood(point: &Point, seed: u64) -> Story<[f64; 7]> {
    let mut room = World::with(Setup { crowd: point.crowd, ..Setup::new(seed) }).watching(&[]);
    let founder = room.begin_room();
    let mut honest = vec![founder];
    honest.extend(room.join(point.honest - 1));
    let legion = room.join_by(&honest, 1)[0];
    room.turn_into(legion, Nature::Mute);
    for peer in &honest {
        room.run_ms(500)?;
        room.say(*peer, "hello");
    }
    for (at, peer) in honest.iter().enumerate().skip(1) {
        room.run_ms(500)?;
        room.reply(honest[at / 2], *peer, "welcome");
    }
    let absent = room.join(ABSENT);
    room.run_ms(2_000)?;
    for (host, guest) in honest.clone().into_iter().rev().zip(&absent) {
        room.say(*guest, "I cannot stay");
        room.run_ms(500)?;
        room.reply(host, *guest, "until then");
        room.run_ms(500)?;
    }
    absent.iter().for_each(|guest| room.crash(*guest));
    let calm = delivery(&mut room, &honest, |_| ())?;
    let bursts = (point.flood_ms / BURST_MS) as usize;
    let mut burst = |room: &mut World| room.speak_as_strangers(legion, KEYS * BURST_MS as usize / 1_000);
    room.reply(founder, legion, "and who are you?");
    for _ in 0..bursts / 2 {
        burst(&mut room);
        room.run_ms(BURST_MS)?;
    }
    let host = honest[point.honest / 2];
    let newcomer = room.join_by(&[host], 1)[0];
    room.run_ms(2_000)?;
    room.say(newcomer, "good evening");
    let (mut answered, mut shown_ms, mut most) = (false, None, 0);
    let said_ms = room.now_ms();
    for _ in bursts / 2..bursts {
        burst(&mut room);
        room.run_ms(BURST_MS)?;
        if !answered && room.shows(host, newcomer) {
            room.reply(host, newcomer, "good evening to you");
            answered = true;
        }
        if shown(&room, &honest, newcomer) >= 95.0 {
            shown_ms.get_or_insert(room.now_ms() - said_ms);
        }
        most = honest.iter().map(|peer| room.authors(*peer)).fold(most, usize::max);
    }
    let flooded = delivery(&mut room, &honest, &mut burst)?;
    let ended_ms = room.now_ms();
    let everybody = [&honest[..], &[newcomer]].concat();
    while room.digests(&everybody).len() > 1 && room.now_ms() < ended_ms + QUIET_MS {
        room.run_ms(BURST_MS)?;
    }
    let equal_ms = if room.digests(&everybody).len() > 1 { f64::INFINITY } else { (room.now_ms() - ended_ms) as f64 };
    let late = shown_ms.is_none_or(|ms| ms > SHOWN_MS);
    let newcomer_shown = if late { 0.0 } else { shown(&room, &honest, newcomer) };
    let members = honest.iter().chain(&absent).map(|member| shown(&room, &honest, *member)).fold(100.0, f64::min);
    let bound = point.crowd.vouched + point.crowd.unvouched;
    Ok([newcomer_shown, members, calm, flooded, most as f64, bound as f64, equal_ms])
}

/// The percentage of peers that show something by another.
fn shown(room: &World, peers: &[usize], other: usize) -> f64 {
    100.0 * peers.iter().filter(|peer| room.shows(**peer, other)).count() as f64 / peers.len() as f64
}

/// Milliseconds until all have a line, in the mean of one line by each; `meanwhile` runs every [`BURST_MS`].
fn delivery(room: &mut World, peers: &[usize], mut meanwhile: impl FnMut(&mut World)) -> Story<f64> {
    let mut sum = 0;
    for (at, speaker) in peers.iter().enumerate() {
        let text = format!("line {at} at {}", room.now_ms());
        room.say(*speaker, &text);
        let said_ms = room.now_ms();
        let mut burst_ms = said_ms;
        while !peers.iter().all(|peer| room.texts(*peer).contains(&text)) && room.now_ms() < said_ms + SHOWN_MS {
            if burst_ms <= room.now_ms() {
                meanwhile(room);
                burst_ms += BURST_MS;
            }
            room.run_ms(5)?;
        }
        sum += room.now_ms() - said_ms;
    }
    Ok(sum as f64 / peers.len() as f64)
}

//! Newcomers in a flood of authors: `crowd`.
//!
//! Each member of a room is answered by one who came before, two by each, from the founder on; some of them leave. Then one of the peers speaks under a thousand
//! keys a second that nobody has seen before, and mentions as many of them as it can, for it was answered once itself. In the midst of that a newcomer comes by a ticket that names one honest
//! member, says something and is answered by it, as everything said there in turn is.

use rumormill_proto::standing::Crowd;

use super::{Lot, Measure, Row, Table};
use crate::{
    nature::Nature,
    violation::Story,
    world::{Setup, World},
};

/// New authors a second.
const KEYS: usize = 1_000;

/// Members who were answered and left before it.
const ABSENT: usize = 3;

/// Milliseconds between two bursts of them.
const BURST_MS: u64 = 100;

/// Milliseconds in which who was answered is to be shown.
const SHOWN_MS: u64 = 30_000;

/// Milliseconds after the flood within which all are to hold the same.
const QUIET_MS: u64 = 60_000;

/// A room in a flood.
#[derive(Clone, Copy, Debug)]
struct Point {
    honest: usize,
    flood_ms: u64,
    crowd: Crowd,
}

/// Floods rooms.
///
/// # Errors
/// When something breaks that no flood may break.
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
            "Honest peers while somebody speaks under {KEYS} new keys a second, and a newcomer that is answered by one \
             member: peers of a hundred that show the newcomer within {} s; peers of a hundred that show a member, those who left among them, at least; \
             milliseconds until all have a member's line, in the mean, calm and in the flood; authors held at most, and \
             how many there may be; milliseconds from the end of the flood until all digests are equal, at most {}.",
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

/// In a hundred peers, how many show something of another.
fn shown(room: &World, peers: &[usize], other: usize) -> f64 {
    100.0 * peers.iter().filter(|peer| room.shows(**peer, other)).count() as f64 / peers.len() as f64
}

/// Milliseconds until all have a line, in the mean of one line by each; meanwhile something may happen every
/// [`BURST_MS`].
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

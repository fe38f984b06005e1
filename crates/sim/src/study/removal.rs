//! How long somebody who is removed reads on, and what it costs to shut them out: `removal`.
//!
//! Whoever removes makes the new epoch in the same batch, so what the remover says next cannot be read any more. Others
//! write under it once the removal has reached them, and an entry goes out together with the secret of its epoch. In a
//! room with a keeper the new epoch also has a sealed box for everybody who is in.

use rumormill_proto::governance::{Order, Role};

use super::{
    Lot, Measure, Row, Table,
    spread::{LINE_BYTES, WINDOW_MS},
};
use crate::{network::Weather, violation::Story, world::World};

/// Microseconds one way, at least and at most.
const LATENCY_US: (u64, u64) = (10_000, 50_000);

/// Milliseconds between two looks at who knows of the removal.
const LOOK_MS: u64 = 5;

/// The founder removes one of so many members, the founder included.
#[derive(Clone, Copy, Debug)]
struct Point {
    members: usize,
    has_keeper: bool,
}

/// Removes members of such rooms.
///
/// # Errors
/// What broke in one of the worlds.
pub fn study(lot: &Lot<'_>) -> Story<Vec<Table>> {
    let sizes: &[usize] = if lot.quick { &[12] } else { &[50, 300] };
    let of = |members: &usize| [false, true].map(|has_keeper| Point { members: *members, has_keeper });
    let points: Vec<Point> = sizes.iter().flat_map(of).collect();
    let figures = lot.figures(&points, |point, seed| removed(*point, seed))?;
    let row = |(point, figures): (&Point, [_; 3])| Row {
        keys: vec![point.members.to_string(), if point.has_keeper { "one" } else { "none" }.to_owned()],
        figures: figures.to_vec(),
    };
    Ok(vec![Table {
        file: "removal",
        caption: format!(
            "A member is removed: milliseconds until half of those who stay, and the last of them, write what it cannot \
             read; bytes for each of them in the {} s from the removal on, those of an idle room taken off.",
            WINDOW_MS / 1_000
        ),
        keys: &["members", "keepers"],
        measures: &[
            Measure { name: "median ms", digits: 0 },
            Measure { name: "last ms", digits: 0 },
            Measure { name: "bytes", digits: 0 },
        ],
        rows: points.iter().zip(figures).map(row).collect(),
        plots: &[],
    }])
}

/// A room of so many members that talked, and is quiet.
fn room(point: Point, seed: u64) -> Story<World> {
    let mut room = World::new(seed);
    room.set_weather(Weather { latency_us: LATENCY_US, ..Weather::clear() });
    room.begin_closed_with(point.members - 1)?;
    if point.has_keeper {
        let keeper = room.join(1)[0];
        room.become_keeper(keeper);
        room.run_ms(WINDOW_MS)?;
        room.order(0, Order::Appoint(room.author(keeper), Role::Keeper));
    }
    for peer in 0..point.members {
        room.say(peer, "here I am");
        room.run_ms(100)?;
    }
    room.settle()?;
    Ok(room)
}

fn removed(point: Point, seed: u64) -> Story<[f64; 3]> {
    let mut room = room(point, seed)?;
    let (out, stay) = (point.members - 1, point.members - 1);
    let before = room.traffic().bytes;
    room.run_ms(WINDOW_MS)?;
    let idle = room.traffic().bytes - before;
    let (before, begun_ms) = (room.traffic().bytes, room.now_ms());
    room.remove(0, out);
    let (mut unaware, mut times): (Vec<usize>, _) = ((0..stay).collect(), Vec::new());
    while !unaware.is_empty() {
        room.run_ms(LOOK_MS)?;
        let passed_ms = room.now_ms() - begun_ms;
        if passed_ms > WINDOW_MS {
            return Err(room.violation("a removal reaches everybody", format!("{unaware:?} do not know of it")));
        }
        let (knows, rest): (Vec<usize>, _) = unaware.into_iter().partition(|peer| !room.is_member(*peer, out));
        // The last to know says at once what the removed must not read.
        if let (Some(last), true) = (knows.last(), rest.is_empty()) {
            room.say(*last, &format!("{:>LINE_BYTES$}", "behind your back"));
        }
        times.extend(knows.iter().map(|_| passed_ms as f64));
        unaware = rest;
    }
    room.run_ms(WINDOW_MS - (room.now_ms() - begun_ms))?;
    let bytes = (room.traffic().bytes - before).saturating_sub(idle) as f64 / stay as f64;
    room.settle()?;
    room.same_members()?;
    room.members_read_all()?;
    room.who_is_out_reads_nothing()?;
    Ok([times[times.len() / 2], times[times.len() - 1], bytes])
}

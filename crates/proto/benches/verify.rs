//! Entries verified per second and core: one signature each against runs of 64.
//!
//! Prints medians over repeated passes of one run of the program, so that the ratio holds on a noisy machine.

use std::{hint::black_box, time::Instant};

use bytes::Bytes;
use rumormill_proto::{
    admit::{Admission, Author, Trust},
    entry::{Body, Kind, RawEntry},
    ids::{EntryId, RoomId},
    run::RawRun,
    time::Time,
};

const ROOM: RoomId = RoomId([1; 32]);
const ENTRIES: u64 = 64 * 64;
const PASSES: usize = 15;

/// The same entries as runs of `of` entries each, as they travel.
fn wires(of: u64) -> Vec<Bytes> {
    let author = Author::from_secret(&[5; 32]);
    let mut prev = EntryId::default();
    let mut door = Admission::new(ROOM);
    let mut wires = Vec::new();
    // Seq 0 is a multiple of the block and so a run of its own: leave it out.
    for first in (1..=ENTRIES).step_by(of as usize) {
        let entry = |at: u64| RawEntry {
            time: Time::from_ms(1_700_000_000_000 + at),
            seen: vec![],
            kind: Kind::TEXT,
            body: Body::Here(Bytes::from(vec![b'x'; 200])),
        };
        let run = author.sign(&ROOM, first, prev, (first..first + of).map(entry).collect()).expect("canonical");
        prev = door.admit(&run, Trust::Signature).expect("our own").last().id;
        wires.push(run.wire().clone());
    }
    wires
}

/// Entries per second, from bytes to verified entries.
fn rate(wires: &[Bytes]) -> f64 {
    let mut door = Admission::new(ROOM);
    let start = Instant::now();
    for wire in wires {
        let run = RawRun::parse(wire.clone()).expect("canonical");
        black_box(door.admit(&run, Trust::Signature).expect("signed"));
    }
    ENTRIES as f64 / start.elapsed().as_secs_f64()
}

fn main() {
    let (single, runs) = (wires(1), wires(64));
    let mut rates: Vec<(f64, f64)> = (0..PASSES).map(|_| (rate(&single), rate(&runs))).collect();
    let ratio = |(single, runs): &(f64, f64)| runs / single;
    rates.sort_by(|one, other| ratio(one).total_cmp(&ratio(other)));
    let (single, runs) = rates[PASSES / 2];
    println!("entries of 200 bytes verified per second and core, median of {PASSES} passes");
    println!("  one signature each   {single:>12.0}");
    println!("  runs of 64           {runs:>12.0}");
    println!("  ratio                {:>12.1}", runs / single);
}

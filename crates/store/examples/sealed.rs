//! What sealing costs: `cargo run --release -p rumormill-store --example sealed [entries]`.
//!
//! The same texts of a closed room, sealed and in plain, take the way of a delivery: they are signed, verified, committed one by
//! one, and read again; then they are caught up with in blocks. The passes take turns in one run, and CPU time is compared.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "an example that cannot go on has nothing to say")]

use std::fs;

use rumormill_proto::{
    admit::{Admission, Author, Run, Trust},
    entry::{Body, Kind, RawEntry},
    epochs::{Ring, Secret},
    ids::{EntryId, RoomId},
    run::{RawRun, block_end},
    time::Time,
};
use rumormill_store::{Change, Disk, Store};

const ROOM: RoomId = RoomId([7; 32]);
const BODY_BYTES: usize = 200;
const PASSES: usize = 7;

/// CPU time that this process took so far, in microseconds.
fn cpu_us() -> f64 {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse::<f64>().unwrap() / 1_000.0
}

/// CPU microseconds an entry to write, to take one by one, to take in blocks; and bytes an entry on the wire.
fn pass(entries: u64, ring: Option<&Ring>) -> [f64; 4] {
    let dir = tempfile::tempdir().unwrap();
    let author = Author::from_secret(&[5; 32]);
    let raw = |seq: u64| {
        let text = format!("{seq} {}", "word ".repeat(BODY_BYTES / 5));
        let body = text.as_bytes()[..BODY_BYTES].to_vec();
        let sealed = ring.and_then(|ring| ring.seal(&ring.epochs()[0], (&author.id(), seq), Kind::TEXT, &body));
        let (kind, body) = sealed.unwrap_or((Kind::TEXT, body.into()));
        RawEntry { time: Time::from_ms(1_000 + seq), seen: vec![], kind, body: Body::Here(body) }
    };
    let (mut prev, mut wires) = (EntryId::default(), Vec::new());
    let mut door = Admission::new(ROOM);
    let begin = cpu_us();
    for seq in 0..entries {
        let run = author.sign(&ROOM, seq, prev, vec![raw(seq)]).unwrap();
        prev = door.admit(&run, Trust::Signature).unwrap().last().id;
        wires.push(run.wire().clone());
    }
    let write = cpu_us() - begin;
    let mut disk = store(&dir.path().join("one"), ring);
    let begin = cpu_us();
    for wire in &wires {
        let run = RawRun::parse(wire.clone()).unwrap();
        let run = Admission::new(ROOM).admit(&run, Trust::Signature).unwrap();
        disk.commit(&[(ROOM, Change::Append(&run))]).unwrap();
    }
    let mut reader = disk.reader().unwrap();
    assert_eq!(reader.page(&ROOM, None, 50).unwrap().last().map(|line| line.kind), Some(Kind::TEXT));
    let deliver = cpu_us() - begin;
    let blocks: Vec<RawRun> = blocks(entries, &author, &raw);
    let mut disk = store(&dir.path().join("blocks"), ring);
    let begin = cpu_us();
    for some in blocks.chunks(64) {
        let mut door = Admission::new(ROOM);
        let runs: Vec<Run> = some.iter().map(|run| door.admit(run, Trust::Signature).unwrap()).collect();
        let changes: Vec<_> = runs.iter().map(|run| (ROOM, Change::Append(run))).collect();
        disk.commit(&changes).unwrap();
    }
    while disk.index(4_096).unwrap() {}
    let catch_up = cpu_us() - begin;
    let bytes: usize = wires.iter().map(bytes::Bytes::len).sum();
    [write, deliver, catch_up, bytes as f64].map(|sum| sum / entries as f64)
}

fn store(path: &std::path::Path, ring: Option<&Ring>) -> Disk {
    let mut disk = Disk::open(path).unwrap();
    for secret in ring.into_iter().flat_map(|ring| ring.from(0)) {
        disk.commit(&[(ROOM, Change::Keep(secret))]).unwrap();
    }
    disk
}

fn blocks(entries: u64, author: &Author, raw: &impl Fn(u64) -> RawEntry) -> Vec<RawRun> {
    let (mut first, mut prev, mut blocks) = (0, EntryId::default(), Vec::new());
    let mut door = Admission::new(ROOM);
    while first < entries {
        let last = block_end(first).min(entries - 1);
        let run = author.sign(&ROOM, first, prev, (first..=last).map(raw).collect()).unwrap();
        prev = door.admit(&run, Trust::Signature).unwrap().last().id;
        first = last + 1;
        blocks.push(run);
    }
    blocks
}

fn main() {
    let entries = std::env::args().nth(1).map_or(20_000, |argument| argument.parse::<u64>().unwrap());
    let ring = Ring::new(ROOM, [Secret::new([9; 32])]);
    let mut all: [Vec<[f64; 4]>; 2] = Default::default();
    for _ in 0..PASSES {
        all[0].push(pass(entries, None));
        all[1].push(pass(entries, Some(&ring)));
    }
    println!("{entries} entries of {BODY_BYTES} bytes, medians of {PASSES} passes each, in turns");
    println!("{:34} {:>8} {:>8} {:>8}", "an entry", "plain", "sealed", "more");
    let what =
        ["written, CPU us", "delivered and stored, CPU us", "caught up with and indexed, CPU us", "bytes on the wire"];
    for (at, what) in what.into_iter().enumerate() {
        let median = |passes: &[[f64; 4]]| {
            let mut figures: Vec<f64> = passes.iter().map(|pass| pass[at]).collect();
            figures.sort_by(f64::total_cmp);
            figures[PASSES / 2]
        };
        let (plain, sealed) = (median(&all[0]), median(&all[1]));
        println!("{what:34} {plain:8.2} {sealed:8.2} {:7.1}%", 100.0 * (sealed / plain - 1.0));
    }
}

//! Dropped bodies are gone from the files, not only from the answers.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::{collections::BTreeSet, fs, path::Path};

use common::{
    Dice, ROOM, Script, append,
    chat::{edit, nick, react, retract, topic},
    text,
};
use rumormill_proto::{entry::RawEntry, ids::Seq};
use rumormill_store::{Disk, Error, Read, Store, limits::WIPE_COMMITS};

const MARK: &str = "hush";

/// A unique word of 20 letters.
fn secret(seq: Seq) -> String {
    format!("{:016x}{MARK}", Dice::new(seq).next())
}

/// Which of these words are in which files of a home. Ignores their beginnings: an index keeps enough of a word to tell
/// it from the previous one, and that much of some words as a signpost.
fn leaks(home: &Path, seqs: &[Seq]) -> Vec<(String, Seq)> {
    let mut leaks = Vec::new();
    for path in fs::read_dir(home).unwrap().map(|entry| entry.unwrap().path()) {
        let bytes = fs::read(&path).unwrap();
        let marks = bytes.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK.as_bytes());
        let found: BTreeSet<&[u8]> = marks.filter_map(|(at, _)| bytes.get(at.checked_sub(8)?..at + 4)).collect();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let leaked = seqs.iter().filter(|seq| found.contains(&secret(**seq).as_bytes()[8..]));
        leaks.extend(leaked.map(|seq| (name.clone(), *seq)));
    }
    leaks
}

/// A log of `count` texts of varying lengths, each with a unique word.
fn texts(count: u64) -> Vec<RawEntry> {
    let body = |seq: Seq| format!("{} {} and some more", secret(seq), "x y".repeat((seq as usize * 31) % 230));
    (0..count).map(|seq| text(1 + seq, body(seq))).collect()
}

fn words_of(reader: &mut dyn Read, seq: Seq) -> usize {
    reader.search(&ROOM, &secret(seq).as_str().into(), 9).unwrap().len()
}

#[test]
fn what_is_retracted_is_in_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let mut disk = Disk::open(&home).unwrap();
    let mut dice = Dice::new(1);
    const TEXTS: u64 = 700;
    let mut entries = texts(TEXTS);
    let mut order: Vec<Seq> = (0..TEXTS).collect();
    for at in (1..order.len()).rev() {
        order.swap(at, dice.below(at + 1));
    }
    entries.extend(order.iter().zip(0..).map(|(of, at)| retract(10_000 + at, *of)));
    let script = Script::new(ROOM, 1, entries);
    // Some arrive one by one and are joined, some arrive in blocks, and others arrive in between.
    for run in (0..300).map(|seq| script.run(seq, seq)) {
        append(&mut disk, ROOM, &[run]).unwrap();
    }
    let other = Script::new(ROOM, 2, (0..2000).map(|seq| text(seq + 1, "z ".repeat(seq as usize % 97))).collect());
    for (run, others) in script.runs(300, TEXTS - 1).into_iter().zip(other.runs(0, 1999)) {
        append(&mut disk, ROOM, &[run, others]).unwrap();
        disk.index(50).unwrap();
    }
    while disk.index(100).unwrap() {}
    let mut retracted = Vec::new();
    let mut next = TEXTS;
    while next < script.len() {
        let last = (next + 1 + dice.below(60) as u64).min(script.len() - 1);
        append(&mut disk, ROOM, &script.runs(next, last)).unwrap();
        retracted.extend((next..=last).map(|at| order[(at - TEXTS) as usize]));
        next = last + 1;
        disk.index(9).unwrap();
        assert_eq!(leaks(&home, &retracted), [], "after {} of {TEXTS}", retracted.len());
    }
    let mut reader = disk.reader().unwrap();
    assert!((0..TEXTS).all(|seq| words_of(&mut *reader, seq) == 0));
    assert!(reader.check(&ROOM).unwrap().is_clean());
    drop(disk);
    assert_eq!(leaks(&home, &order), []);
}

/// A store with retracted entries, none of which is wiped yet.
fn retracted(home: &Path) -> (Disk, Script) {
    let mut disk = Disk::open(home).unwrap();
    let mut entries = texts(40);
    entries[3] = edit(4, 2, &secret(3));
    entries[5] = nick(6, &secret(5));
    entries[6] = topic(7, &secret(6));
    let script_id = Script::lines(1, 1, 1, 1).target(0);
    entries[7] = react(8, script_id, &secret(7), true);
    entries.extend((0..40).map(|of| retract(1000 + of, of)));
    let script = Script::new(ROOM, 1, entries);
    append(&mut disk, ROOM, &script.runs(0, 39)).unwrap();
    disk.index(99).unwrap();
    append(&mut disk, ROOM, &script.runs(40, 79)).unwrap();
    assert!(!leaks(home, &all()).is_empty(), "a commit alone wipes nothing");
    (disk, script)
}

fn all() -> Vec<Seq> {
    (0..40).collect()
}

#[test]
fn what_is_retracted_is_wiped_by_the_next_index() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let (mut disk, _) = retracted(&home);
    while disk.index(99).unwrap() {}
    assert_eq!(leaks(&home, &all()), []);
}

#[test]
fn what_is_retracted_is_wiped_when_the_store_is_closed_or_opened() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let (disk, _) = retracted(&home);
    // The state after a crash.
    let crashed = dir.path().join("crashed");
    fs::create_dir(&crashed).unwrap();
    fs::set_permissions(&crashed, fs::metadata(&home).unwrap().permissions()).unwrap();
    for name in ["rumormill.db", "rumormill.db-wal", "lock"] {
        fs::copy(home.join(name), crashed.join(name)).unwrap();
    }
    // An open reader keeps the write-ahead log.
    let reader = disk.reader().unwrap();
    drop(disk);
    assert_eq!(leaks(&home, &all()), []);
    drop(reader);

    assert!(!leaks(&crashed, &all()).is_empty());
    let _disk = Disk::open(&crashed).unwrap();
    assert_eq!(leaks(&crashed, &all()), []);
}

#[test]
fn what_is_retracted_is_wiped_after_some_commits() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let (mut disk, _) = retracted(&home);
    let other = Script::lines(2, u64::from(WIPE_COMMITS), 1, 1);
    for seq in 0..u64::from(WIPE_COMMITS) - 2 {
        append(&mut disk, ROOM, &[other.run(seq, seq)]).unwrap();
    }
    assert!(!leaks(&home, &all()).is_empty());
    append(&mut disk, ROOM, &[other.run(other.len() - 2, other.len() - 2)]).unwrap();
    assert_eq!(leaks(&home, &all()), []);
}

/// A reader that is active at that moment keeps the bodies, and nothing waits for it.
#[test]
fn what_somebody_reads_is_wiped_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let raw = |home: &Path| rusqlite::Connection::open(home.join("rumormill.db")).unwrap();
    let (mut disk, _) = retracted(&home);
    let reading = raw(&home);
    reading.execute_batch("BEGIN; SELECT count(*) FROM run").unwrap();
    disk.index(99).unwrap();
    assert!(!leaks(&home, &all()).is_empty());
    reading.execute_batch("COMMIT").unwrap();
    disk.index(99).unwrap();
    assert_eq!(leaks(&home, &all()), []);
}

/// Runs work on the store that waits for a reader, who ends as soon as the work waits.
fn beside_a_reader<T: Send + 'static>(home: &Path, disk: Disk, work: impl FnOnce(Disk) -> T + Send + 'static) -> T {
    let raw = || rusqlite::Connection::open(home.join("rumormill.db")).unwrap();
    let reading = raw();
    reading.execute_batch("BEGIN; SELECT count(*) FROM run").unwrap();
    let other = raw();
    other.busy_timeout(std::time::Duration::ZERO).unwrap();
    let working = std::thread::spawn(move || work(disk));
    // Who waits for readers in order to wipe keeps writers out.
    while !working.is_finished() && other.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_ok() {
        std::thread::yield_now();
    }
    reading.execute_batch("COMMIT").unwrap();
    drop((reading, other));
    working.join().unwrap()
}

#[test]
fn a_store_that_closes_waits_for_a_reader_and_wipes() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let (disk, _) = retracted(&home);
    beside_a_reader(&home, disk, drop);
    assert_eq!(leaks(&home, &all()), []);
}

#[test]
fn a_room_that_was_left_is_gone_when_the_sweep_ends_although_somebody_read_it() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let (mut disk, _) = retracted(&home);
    disk.leave(&ROOM).unwrap();
    // Kept open, so that closing wipes nothing.
    let _disk = beside_a_reader(&home, disk, |mut disk| {
        while disk.sweep(99).unwrap() {}
        disk
    });
    assert_eq!(leaks(&home, &all()), []);
}

#[test]
fn a_sweep_does_not_promise_what_a_reader_keeps() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let (mut disk, _) = retracted(&home);
    disk.leave(&ROOM).unwrap();
    let reading = rusqlite::Connection::open(home.join("rumormill.db")).unwrap();
    reading.execute_batch("BEGIN; SELECT count(*) FROM run").unwrap();
    let swept = loop {
        match disk.sweep(99) {
            Ok(true) => {}
            ended => break ended,
        }
    };
    assert!(matches!(swept, Err(Error::Read { .. })), "{swept:?}");
    assert!(!leaks(&home, &all()).is_empty());
    reading.execute_batch("COMMIT").unwrap();
    assert_eq!(disk.sweep(99), Ok(false));
    assert_eq!(leaks(&home, &all()), []);
}

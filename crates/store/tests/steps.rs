//! Work that costs more than its cause is done in steps, and continues after a crash.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[macro_use]
mod common;

use std::{fs, path::Path};

use common::{
    OTHER_ROOM, ROOM, Script, append,
    chat::{edit, retract},
    text, timeline,
};
use rumormill_store::{Disk, Store, limits::EDITS_AT_ONCE};
use rusqlite::Connection;

/// Rows that one step of the tests removes.
const ROWS: usize = 16;

fn count(home: &Path, sql: &str) -> i64 {
    Connection::open(home.join("rumormill.db")).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Sweeps to the end; reopens the home between steps, as after a crash. Returns the number of steps.
fn sweep(home: &Path, mut after: impl FnMut(&Disk)) -> usize {
    let mut steps = 0;
    loop {
        let mut disk = Disk::open(home).unwrap();
        steps += 1;
        let more = disk.sweep(ROWS).unwrap();
        after(&disk);
        if !more {
            return steps;
        }
    }
}

#[test]
fn a_text_with_many_edits_is_taken_back_in_steps() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let edits = 400;
    let mut entries = vec![text(1, "hushword"), text(2, "stays")];
    entries.extend((0..edits).map(|at| edit(3 + at, 0, &format!("hushword once more {at}"))));
    entries.push(retract(3 + edits, 0));
    let script = Script::new(ROOM, 1, entries);
    let last = script.len() - 1;
    let mut disk = Disk::open(&home).unwrap();
    append(&mut disk, ROOM, &script.runs(0, last - 1)).unwrap();
    while disk.index(1_000).unwrap() {}
    append(&mut disk, ROOM, &[script.run(last, last)]).unwrap();
    let bodies = |disk: &Disk| timeline(disk, &ROOM).iter().filter(|line| line.body.bytes().is_some()).count();
    // The later edits, the other text and the retraction keep their bodies.
    assert_eq!(bodies(&disk), edits as usize - EDITS_AT_ONCE + 2);
    let unseen = |disk: &Disk| {
        let mut reader = disk.reader().unwrap();
        let notes = reader.notes(&ROOM, &[script.target(0)], 99).unwrap();
        assert_eq!(notes.iter().map(|line| line.place.seq).collect::<Vec<_>>(), [last], "no edit of it is shown");
        assert_eq!(reader.search(&ROOM, "hushword", 9).unwrap(), [], "nor found");
        assert!(reader.check(&ROOM).unwrap().is_clean());
    };
    unseen(&disk);
    let mut before = bodies(&disk);
    drop(disk);
    let steps = sweep(&home, |disk| {
        let left = bodies(disk);
        assert!(before - left <= ROWS, "{before} to {left}");
        before = left;
        unseen(disk);
    });
    assert_eq!((before, steps), (2, (edits as usize - EDITS_AT_ONCE) / ROWS + 1));
    let mut disk = Disk::open(&home).unwrap();
    while disk.index(1_000).unwrap() {}
    drop(disk);
    let bytes = fs::read(home.join("rumormill.db")).unwrap();
    assert!(!bytes.windows(8).any(|window| window == b"hushword"));
}

#[test]
fn a_room_that_is_left_and_its_words_go_in_steps() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let mut disk = Disk::open(&home).unwrap();
    let words = |at: u64| text(1 + at, format!("hushword{at} {at}hush {}", at * 7_919));
    let script = Script::new(ROOM, 1, (0..6_000).map(words).collect());
    append(&mut disk, ROOM, &script.runs(0, 5_999)).unwrap();
    let kept = Script::new(OTHER_ROOM, 2, vec![text(1, "stays")]);
    append(&mut disk, OTHER_ROOM, &kept.runs(0, 0)).unwrap();
    while disk.index(1_000).unwrap() {}
    let leaves = count(&home, "SELECT count(*) FROM words_data");
    assert!(leaves > 3 * ROWS as i64, "{leaves} leaves of the index");

    disk.leave(&ROOM).unwrap();
    // The commit that leaves the room moves no rows.
    let gone = "SELECT coalesce(max(name), '') FROM sqlite_schema WHERE name GLOB 'gone_[0-9]*_data'";
    let table: String =
        Connection::open(home.join("rumormill.db")).unwrap().query_row(gone, [], |row| row.get(0)).unwrap();
    assert_eq!(count(&home, &format!("SELECT count(*) FROM {table}")), leaves);
    drop(disk);
    let tables = "SELECT count(*) FROM sqlite_schema WHERE name GLOB 'gone_[0-9]*'";
    let rows = |home: &Path| match count(home, &format!("SELECT count(*) FROM sqlite_schema WHERE name = '{table}'")) {
        0 => 0,
        _ => count(home, &format!("SELECT count(*) FROM {table}")),
    };
    let (mut runs, mut left) = (count(&home, "SELECT count(*) FROM run"), rows(&home));
    let steps = sweep(&home, |disk| {
        let now = (count(&home, "SELECT count(*) FROM run"), rows(&home));
        assert!(runs - now.0 <= ROWS as i64 && left - now.1 <= ROWS as i64, "{runs}, {left} to {now:?}");
        (runs, left) = now;
        assert_eq!(disk.reader().unwrap().search(&OTHER_ROOM, "stays", 9).unwrap().len(), 1, "others are found");
        assert!(disk.reader().unwrap().check(&OTHER_ROOM).unwrap().is_clean());
    });
    assert!(steps > 10 && count(&home, tables) == 0 && runs == 1, "{steps} steps");
    let mut disk = Disk::open(&home).unwrap();
    while disk.index(1_000).unwrap() {}
    assert_eq!(disk.reader().unwrap().search(&OTHER_ROOM, "stays", 9).unwrap().len(), 1);
    drop(disk);
    let bytes = fs::read(home.join("rumormill.db")).unwrap();
    assert!(!bytes.windows(8).any(|window| window == b"hushword"));
}

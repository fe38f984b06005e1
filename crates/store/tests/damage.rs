//! Flipped bits on the disk: a check finds them, they are never served, and intact data stays readable.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::path::Path;

use common::{
    ROOM, Script, append,
    chat::{edit, nick, retract},
    seeing, text,
};
use rumormill_proto::{
    admit::{Admission, Trust},
    ids::{AuthorId, Seq},
    run::RawRun,
};
use rumormill_store::{Change, CheckReport, Disk, Error, Fault, Read, Store, TimelineRow};
use rusqlite::Connection;

const ENTRIES: u64 = 70;
/// Seqs around the ends of runs.
const ASKED: [Seq; 9] = [0, 1, 30, 63, 64, 65, 67, 68, 69];

/// A store with a log in two runs and more, another log that was cut, and a second connection to damage them with.
struct Fixture {
    disk: Disk,
    raw: Connection,
    script: Script,
    other: Script,
    author: AuthorId,
    _dir: tempfile::TempDir,
}

fn fixture() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let mut disk = Disk::open(&home).unwrap();
    let other = Script::lines(2, 40, 15, 10);
    let entry = |seq: Seq| {
        let (ms, said) = (10 + seq * 10, format!("said {seq}"));
        let entry = match seq {
            20 => nick(ms, &said),
            66 => edit(ms, 31, &said),
            69 => retract(ms, 32),
            _ => text(ms, said),
        };
        seeing(entry, vec![(other.id(), seq / 2)])
    };
    let script = Script::new(ROOM, 1, (0..ENTRIES).map(entry).collect());
    append(&mut disk, ROOM, &script.runs(0, 64)).unwrap();
    append(&mut disk, ROOM, &[script.run(65, 67), script.run(68, 69)]).unwrap();
    append(&mut disk, ROOM, &other.runs(0, 39)).unwrap();
    let proof = other.proof(&other.forked(20, 2), 20);
    disk.commit(&[(ROOM, Change::Cut(&proof))]).unwrap();
    let raw = Connection::open(home.join("rumormill.db")).unwrap();
    Fixture { disk, raw, author: script.id(), script, other, _dir: dir }
}

impl Fixture {
    fn blob(&self, column: &str, table: &str, row: i64) -> Vec<u8> {
        self.raw.query_row(&format!("SELECT {column} FROM {table} WHERE rowid = ?1"), [row], |row| row.get(0)).unwrap()
    }

    fn set(&self, column: &str, table: &str, row: i64, value: &[u8]) {
        let changed = self.raw.execute(&format!("UPDATE {table} SET {column} = ?2 WHERE rowid = ?1"), (row, value));
        assert_eq!(changed.unwrap(), 1);
    }

    fn check(&self) -> CheckReport {
        self.disk.reader().unwrap().check(&ROOM).unwrap()
    }

    /// What the entries say about others, and names.
    fn about(&self) -> (Vec<TimelineRow>, Vec<String>) {
        let targets: Vec<_> = (0..ENTRIES).map(|seq| self.script.target(seq)).collect();
        let mut reader = self.disk.reader().unwrap();
        let nicks = reader.nicks(&ROOM).unwrap().into_iter().map(|(.., name)| name).collect();
        (reader.notes(&ROOM, &targets, 9).unwrap(), nicks)
    }

    fn rows(&self, table: &str) -> Vec<i64> {
        let mut find = self.raw.prepare(&format!("SELECT rowid FROM {table} ORDER BY rowid")).unwrap();
        find.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }
}

fn page(reader: &mut dyn Read) -> Vec<TimelineRow> {
    reader.page(&ROOM, None, usize::MAX).unwrap()
}

/// The topmost runs up to each of the seqs.
fn served(reader: &mut dyn Read, author: &AuthorId) -> Vec<Result<Option<RawRun>, Error>> {
    ASKED.iter().map(|last| reader.run(&ROOM, author, 0, *last)).collect()
}

#[test]
fn a_flipped_bit_in_a_run_is_found_and_not_served() {
    let fixture = fixture();
    let mut reader = fixture.disk.reader().unwrap();
    let (whole, lines) = (served(&mut *reader, &fixture.author), page(&mut *reader));
    assert!(fixture.check().is_clean());
    for column in ["wire", "top", "seal"] {
        for row in fixture.rows("run") {
            let good = fixture.blob(column, "run", row);
            // Every byte of a short value, some bytes of a long one.
            for at in (0..good.len()).step_by((good.len() / 37).max(1)) {
                let mut bad = good.clone();
                bad[at] ^= 1 << (at % 8);
                fixture.set(column, "run", row, &bad);
                let what = format!("{column} {row}, byte {at}");

                let report = fixture.check();
                assert!(!report.is_clean(), "{what}");
                for (found, whole) in served(&mut *reader, &fixture.author).iter().zip(&whole) {
                    assert!(found == whole || matches!(found, Err(Error::Corrupt { .. })), "{what}");
                }
                let found = page(&mut *reader);
                assert!(found.iter().all(|line| lines.contains(line)), "{what}");
                // Entries in other rows stay readable.
                assert!(found.len() >= lines.len() - 64, "{what}");
                reader.search(&ROOM, &"said".into(), 99).unwrap();
                for seq in ASKED {
                    reader.recall(&ROOM, &fixture.author, seq).unwrap();
                }
            }
            fixture.set(column, "run", row, &good);
        }
    }
    assert!(fixture.check().is_clean());
}

#[test]
fn what_is_damaged_is_told_by_author_and_seq() {
    let fixture = fixture();
    let rows = fixture.rows("run");
    // The rows of the first author hold 0..=0, 1..=64, 65..=67, 68..=69.
    let flip = |column: &str, row: i64, at: usize| {
        let mut bytes = fixture.blob(column, "run", row);
        let at = at.min(bytes.len() - 1);
        bytes[at] ^= 1;
        fixture.set(column, "run", row, &bytes);
    };
    let told = || {
        let problems = fixture.check().problems;
        problems
            .into_iter()
            .map(|problem| (problem.author, problem.first, problem.last, problem.fault))
            .collect::<Vec<_>>()
    };
    let wire = fixture.blob("wire", "run", rows[1]);
    let body = wire.windows(7).position(|window| window == b"said 30").unwrap();
    for (column, row, at, expected) in [
        ("wire", rows[1], body, (fixture.author, 1, 64, Fault::Hash)),
        ("wire", rows[1], usize::MAX, (fixture.author, 1, 64, Fault::Signature)),
        ("seal", rows[2], 0, (fixture.author, 65, 67, Fault::Signature)),
        ("wire", rows[2], 0, (fixture.author, 65, 67, Fault::Unreadable)),
        ("top", rows[2], 0, (fixture.author, 65, 67, Fault::Hash)),
    ] {
        flip(column, row, at);
        assert_eq!(told().first(), Some(&expected), "{column} {row}");
        flip(column, row, at);
    }
    fixture.raw.execute("DELETE FROM run WHERE rowid = ?1", [rows[2]]).unwrap();
    assert_eq!(told(), vec![(fixture.author, 65, 67, Fault::Missing)]);
}

/// Ways to damage the content of a store and leave the file intact.
const CHANGES: [&str; 18] = [
    "DELETE FROM place WHERE seq = 30",
    "UPDATE place SET time = time + 1 WHERE seq = 30",
    "UPDATE place SET seq = 31 WHERE seq = 30",
    "INSERT INTO place SELECT room, time + 1, log, seq FROM place LIMIT 1",
    "UPDATE run SET first = first + 1000, last = last + 1000 WHERE first = 65",
    "UPDATE run SET log = log + 1 WHERE first = 65",
    "UPDATE log SET cut = cut - 1 WHERE cut IS NOT NULL",
    "UPDATE log SET cut = NULL WHERE cut IS NOT NULL",
    "DELETE FROM proof",
    "UPDATE proof SET wire = x'00'",
    "UPDATE log SET spans = x'' WHERE cut IS NULL",
    "UPDATE log SET spans = x'0102' WHERE cut IS NULL",
    "UPDATE log SET author = x'0102' WHERE cut IS NULL",
    "DELETE FROM log WHERE cut IS NULL",
    "DELETE FROM run WHERE first = 1 AND last = 64",
    "DELETE FROM run WHERE last = 69",
    "UPDATE run SET wire = x'00' WHERE first IN (1, 68)",
    "UPDATE run SET seal = x'0000000000000000' WHERE first = 65",
];

#[test]
fn a_changed_timeline_or_log_is_found() {
    for change in CHANGES {
        let fixture = fixture();
        assert!(fixture.raw.execute(change, []).unwrap() > 0, "{change}");
        let report = fixture.disk.reader().unwrap().check(&ROOM);
        assert!(!report.is_ok_and(|report| report.is_clean()), "{change}");
    }
}

#[test]
fn what_is_mended_is_clean_and_can_be_fetched_again() {
    for change in CHANGES {
        let mut fixture = fixture();
        let before = page(&mut *fixture.disk.reader().unwrap());
        let about = fixture.about();
        assert!(fixture.disk.mend(&ROOM).unwrap().is_clean());
        assert!(before.iter().any(|line| line.body.bytes().is_none()));
        fixture.raw.execute(change, []).unwrap();

        assert!(!fixture.disk.mend(&ROOM).is_ok_and(|report| report.is_clean()), "{change}");
        let report = fixture.check();
        assert!(report.is_clean(), "{change}: {report:?}");
        assert!(fixture.disk.mend(&ROOM).unwrap().is_clean());

        // A peer that has everything sends all of it again.
        for (script, cut) in [(&fixture.script, None), (&fixture.other, Some(20))] {
            let kept = fixture.disk.kept(&ROOM).unwrap();
            let kept = kept.into_iter().find(|kept| kept.author == script.id());
            let mut log = kept.map(|kept| kept.log).unwrap_or_default();
            if let (Some(cut), None) = (cut, log.cut()) {
                let proof = script.proof(&script.forked(cut, 2), cut);
                log = fixture.disk.commit(&[(ROOM, Change::Cut(&proof))]).unwrap().remove(0).1;
            }
            let end = cut.unwrap_or(script.len());
            let missing: Vec<_> = (0..end).filter(|seq| !log.holds(*seq)).collect();
            for seqs in missing.chunk_by(|below, above| below + 1 == *above) {
                let runs = script.runs(seqs[0], seqs[seqs.len() - 1]);
                append(&mut fixture.disk, ROOM, &runs).unwrap();
            }
        }
        // The retracted entry still has no body.
        assert_eq!(page(&mut *fixture.disk.reader().unwrap()), before, "{change}");
        assert_eq!(fixture.about(), about, "{change}");
        assert!(fixture.check().is_clean(), "{change}");
    }
}

#[test]
fn one_bad_log_keeps_no_other_from_being_read() {
    let fixture = fixture();
    fixture.raw.execute("UPDATE run SET wire = x'00' WHERE first = 1 AND last = 64", []).unwrap();
    let mut reader = fixture.disk.reader().unwrap();
    let lines = page(&mut *reader);
    assert_eq!(lines.len(), 70 - 64 + 20);
    let newest = reader.page(&ROOM, None, 10).unwrap();
    assert_eq!(newest, lines[lines.len() - 10..]);
    assert!(matches!(reader.line(&ROOM, &fixture.author, 30), Err(Error::Corrupt { .. })));
    assert!(reader.line(&ROOM, &fixture.author, 66).unwrap().is_some());
    let run = reader.run(&ROOM, &fixture.author, 0, 69).unwrap().unwrap();
    Admission::new(ROOM).admit(&run, Trust::Signature).unwrap();
}

/// Damages bytes of the file itself, not of a value in it.
#[test]
fn a_file_with_flipped_bits_is_never_believed() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let script = Script::lines(1, 200, 10, 10);
    append(&mut Disk::open(&home).unwrap(), ROOM, &script.runs(0, 199)).unwrap();
    let path = home.join("rumormill.db");
    let good = std::fs::read(&path).unwrap();
    let expected: Vec<_> = (0..200).map(|seq| script.line(seq)).collect();
    for at in (0..good.len()).step_by(good.len() / 150) {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        std::fs::write(&path, &bad).unwrap();
        let _ = read_all(&home, &script, &expected);
    }
    std::fs::write(&path, &good).unwrap();
    read_all(&home, &script, &expected).unwrap();
}

/// Reads everything; what reads without an error must be what was written.
fn read_all(home: &Path, script: &Script, expected: &[TimelineRow]) -> Result<(), Error> {
    let disk = Disk::open(home)?;
    let mut reader = disk.reader()?;
    let lines = reader.page(&ROOM, None, usize::MAX)?;
    assert!(lines.iter().all(|line| expected.contains(line)));
    for last in 0..200 {
        if let Some(run) = reader.run(&ROOM, &script.id(), 0, last)? {
            assert_eq!(run, script.served(run.first(), run.last()));
        }
    }
    let clean = reader.check(&ROOM)?.is_clean();
    assert!(!clean || lines == expected);
    Ok(())
}

#[test]
fn indexes_that_say_something_else_are_found_and_made_anew() {
    let changes = [
        "DELETE FROM note WHERE kind = 4",
        "UPDATE note SET name = 'mallory' WHERE kind = 2",
        "UPDATE note SET stands = 1 - stands",
        "UPDATE room SET entries = entries + 1",
        "UPDATE room SET bytes = 0",
        "DELETE FROM gone",
    ];
    for change in changes {
        let mut fixture = fixture();
        let about = fixture.about();
        assert!(fixture.raw.execute(change, []).unwrap() > 0, "{change}");
        assert!(!fixture.check().is_clean(), "{change}");
        assert!(!fixture.disk.mend(&ROOM).unwrap().is_clean(), "{change}");
        assert!(fixture.check().is_clean(), "{change}");
        assert_eq!(fixture.about(), about, "{change}");
    }
}

#[test]
fn a_home_is_looked_into_without_opening_it() {
    let fixture = fixture();
    let home = fixture._dir.path().join("home");
    // Beside the process that has the home open.
    let (_, mut read) = Disk::inspect(&home, None).unwrap();
    assert!(read.check(&ROOM).unwrap().is_clean());
    fixture.raw.pragma_update(None, "user_version", 1).unwrap();
    assert!(matches!(Disk::inspect(&home, None), Err(Error::Older { .. })));
    assert!(matches!(Disk::inspect(fixture._dir.path(), None), Err(Error::Io { .. } | Error::Foreign { .. })));
}

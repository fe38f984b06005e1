//! Power loss. The tests make images of the disk as a power cut may leave it, with the writes since the last barrier
//! lost, torn or garbled. Everything acknowledged must be there, and nothing may be there in part.
//!
//! A commit writes only to the write-ahead log, a checkpoint only to the database; so an image is the disk before such
//! a step, mixed by sectors with the disk after it. Seeds and numbers of images come from the environment:
//! `RUMORMILL_SEED`, `RUMORMILL_IMAGES`.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use common::{
    Dice, ROOM, Script, append,
    chat::{edit, retract},
    number_from, record, seeing, text,
};
use rumormill_proto::ids::Seq;
use rumormill_store::{Change, Disk, Error, Keep, Store, TimelineRow};
use rusqlite::Connection;

/// The unit in which a disk writes: an interrupted write may ruin all of it.
const SECTOR_BYTES: usize = 4096;
const STEPS: usize = 20;

/// The files of a store: database and write-ahead log. The log's index does not survive a power cut.
#[derive(Clone, PartialEq, Eq)]
struct Files([Vec<u8>; 2]);

const NAMES: [&str; 2] = ["rumormill.db", "rumormill.db-wal"];

impl Files {
    fn of(home: &Path) -> Self {
        Self(NAMES.map(|name| fs::read(home.join(name)).unwrap_or_default()))
    }

    fn lay_down(&self, home: &Path) {
        fs::create_dir(home).unwrap();
        fs::set_permissions(home, fs::Permissions::from_mode(0o700)).unwrap();
        for (name, bytes) in NAMES.iter().zip(&self.0) {
            fs::write(home.join(name), bytes).unwrap();
            fs::set_permissions(home.join(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
    }

    /// A disk after the power fails in the step from `self`, which is on the disk, to `after`, which is being written.
    fn image(&self, after: &Self, dice: &mut Dice) -> Self {
        Self(std::array::from_fn(|file| mix(&self.0[file], &after.0[file], dice)))
    }
}

fn mix(before: &[u8], after: &[u8], dice: &mut Dice) -> Vec<u8> {
    if before == after {
        return before.to_vec();
    }
    let mut image = before.to_vec();
    let sector = |bytes: &[u8], at: usize| bytes.get(at..(at + SECTOR_BYTES).min(bytes.len())).map(<[u8]>::to_vec);
    let differing: Vec<usize> =
        (0..after.len()).step_by(SECTOR_BYTES).filter(|at| sector(before, *at) != sector(after, *at)).collect();
    // All sectors up to some sector, and each later one with this chance.
    let (all, chance) = (dice.below(differing.len() + 1), [0, 0, 20, 50, 90][dice.below(5)]);
    for (count, at) in differing.iter().enumerate() {
        if count >= all && dice.below(100) >= chance {
            continue;
        }
        let mut bytes = sector(after, *at).unwrap_or_default();
        // The sector being written when the power failed, and some later ones: new up to some byte, then old, or
        // garbage throughout.
        match dice.below(8) {
            0 if count >= all => bytes.fill_with(|| dice.below(256) as u8),
            1 if count >= all => {
                let old = sector(before, *at).unwrap_or_default();
                let torn = dice.below(bytes.len());
                for (byte, old) in bytes.iter_mut().zip(old).skip(torn) {
                    *byte = old;
                }
            }
            _ => {}
        }
        if image.len() < at + bytes.len() {
            image.resize(at + bytes.len(), 0);
        }
        image[*at..*at + bytes.len()].copy_from_slice(&bytes);
    }
    // A file may have grown by part of a sector, or have lost its new length.
    if image.len() > before.len() && dice.below(2) == 0 {
        image.truncate(before.len() + dice.below(image.len() - before.len() + 1));
    }
    image
}

/// The whole timeline, if the store is sound.
fn read(home: &Path) -> Result<Vec<TimelineRow>, String> {
    let say = |why: Error| why.to_string();
    let disk = Disk::open(home).map_err(say)?;
    let mut reader = disk.reader().map_err(say)?;
    let report = reader.check(&ROOM).map_err(say)?;
    if !report.is_clean() {
        return Err(format!("{report:?}"));
    }
    reader.page(&ROOM, None, usize::MAX).map_err(say)
}

/// A moment at which everything written was acknowledged.
struct Moment {
    files: Files,
    lines: Vec<TimelineRow>,
}

/// The moments of a story: three authors write and retract, one log is cut, old bodies are dropped, and now and then
/// the write-ahead log is moved into the database or truncated.
fn story(home: &Path, dice: &mut Dice) -> Vec<Moment> {
    let mut disk = Disk::open(home).unwrap();
    let raw = Connection::open(home.join(NAMES[0])).unwrap();
    let keep = Keep { entries: Some(150), ..Keep::default() };
    disk.put_room(&record(ROOM, keep)).unwrap();
    let moment = |disk: &Disk| Moment { files: Files::of(home), lines: common::timeline(disk, &ROOM) };
    let mut moments = vec![moment(&disk)];
    let other = Script::lines(9, 1, 1, 1);
    let scripts: Vec<_> = (1..4u8)
        .map(|secret| {
            let entry = |seq: Seq| {
                let said = format!("{seq} ").repeat(1 + (seq as usize * 37) % 90);
                let ms = 100 + seq * 10 + u64::from(secret);
                let entry = match seq % 19 {
                    7 => edit(ms, seq - 3, &said),
                    11 | 13 => retract(ms, seq - 9),
                    _ => text(ms, said),
                };
                seeing(entry, vec![(other.id(), seq)])
            };
            Script::new(ROOM, secret, (0..300).map(entry).collect())
        })
        .collect();
    let mut next: [Seq; 2] = [0; 2];
    for step in 0..STEPS {
        match dice.below(8) {
            0 | 1 => {
                raw.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
            }
            2 => {
                // The pages that this truncates are in the database already, and its barriers ensure that.
                raw.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
                moments.push(moment(&disk));
                disk.index(50).unwrap();
            }
            3 => {
                disk.expire(&ROOM, 0, 90).unwrap();
            }
            _ => {
                let mut runs = Vec::new();
                for _ in 0..=dice.below(3) {
                    let who = dice.below(2);
                    let end = (next[who] + 1 + dice.below(70) as u64).min(300);
                    if next[who] < end {
                        runs.extend(scripts[who].runs(next[who], end - 1));
                        next[who] = end;
                    }
                }
                append(&mut disk, ROOM, &runs).unwrap();
            }
        }
        moments.push(moment(&disk));
        if step == STEPS / 2 {
            append(&mut disk, ROOM, &scripts[2].runs(0, 80)).unwrap();
            moments.push(moment(&disk));
            let proof = scripts[2].proof(&scripts[2].forked(40, 3), 40);
            disk.commit(&[(ROOM, Change::Cut(&proof))]).unwrap();
            moments.push(moment(&disk));
        }
    }
    moments
}

#[test]
fn what_was_acknowledged_outlives_the_power() {
    let (seed, images) = (number_from("RUMORMILL_SEED", 1), number_from("RUMORMILL_IMAGES", 200));
    let dir = tempfile::tempdir().unwrap();
    let mut dice = Dice::new(seed);
    let (mut made, mut stories) = (0, 0);
    while made < images {
        stories += 1;
        let moments = story(&dir.path().join(format!("story-{stories}")), &mut dice);
        for pair in moments.windows(2) {
            for _ in 0..3 {
                made += 1;
                let image = pair[0].files.image(&pair[1].files, &mut dice);
                let home = dir.path().join(format!("image-{made}"));
                image.lay_down(&home);
                let found = read(&home);
                let as_it_should = found.as_ref().is_ok_and(|lines| *lines == pair[0].lines || *lines == pair[1].lines);
                assert!(
                    as_it_should,
                    "image {made} of RUMORMILL_SEED={seed}: {:?} lines, acknowledged {}, then {}",
                    found.map(|lines| lines.len()),
                    pair[0].lines.len(),
                    pair[1].lines.len()
                );
                fs::remove_dir_all(&home).unwrap();
            }
        }
    }
}

/// Without barriers, the disk would be certain to hold only its first content. The same images made from that disk must
/// fail.
#[test]
fn a_store_without_barriers_would_be_caught() {
    let dir = tempfile::tempdir().unwrap();
    let mut dice = Dice::new(number_from("RUMORMILL_SEED", 2));
    let moments = story(&dir.path().join("story"), &mut dice);
    let mut caught = 0;
    for (count, moment) in moments.iter().enumerate().skip(5) {
        let image = moments[0].files.image(&moment.files, &mut dice);
        let home = dir.path().join(format!("image-{count}"));
        image.lay_down(&home);
        caught += usize::from(read(&home).as_ref() != Ok(&moment.lines));
    }
    assert!(caught > (moments.len() - 5) / 2, "only {caught} caught");
}

const CHILD: &str = "RUMORMILL_TEST_COMMITS_IN";

/// Commits, and prints each commit.
#[test]
#[ignore = "run by the test that watches its system calls"]
fn commits_and_says_so() {
    let Some(home) = std::env::var_os(CHILD) else { return };
    let mut disk = Disk::open(Path::new(&home)).unwrap();
    let script = Script::lines(1, 40, 10, 10);
    for seq in 0..40 {
        append(&mut disk, ROOM, &[script.run(seq, seq)]).unwrap();
        println!("acknowledged {seq}");
    }
}

/// The system calls show the barriers: an fsync of the write-ahead log stands between a write to it and the next
/// acknowledgement. Only the filler of a commit's last sector, and what lies behind that sector, may come later.
#[test]
fn nothing_is_acknowledged_before_it_is_synced() {
    let dir = tempfile::tempdir().unwrap();
    let (home, trace) = (dir.path().join("home"), dir.path().join("trace"));
    let watched = Command::new("strace")
        .args(["-f", "-y", "-s", "16", "-e", "trace=write,pwrite64,fsync,fdatasync", "-o"])
        .arg(&trace)
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "commits_and_says_so", "--nocapture", "--test-threads=1"])
        .env(CHILD, &home)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !watched.is_ok_and(|status| status.success()) {
        println!("skipped: system calls cannot be watched here");
        return;
    }
    let (mut unsynced, mut synced, mut acknowledged) = (Vec::new(), 0, 0);
    for line in fs::read_to_string(&trace).unwrap().lines() {
        let to_log = line.contains("rumormill.db-wal>");
        if line.contains("pwrite64(") && to_log {
            unsynced.push(offset(line));
        } else if (line.contains("fsync(") || line.contains("fdatasync(")) && to_log {
            unsynced.clear();
            synced += 1;
        } else if line.contains("\"acknowledged ") {
            acknowledged += 1;
            assert!(synced >= acknowledged, "no barrier before {line}");
            let fills_up = unsynced.is_empty() || unsynced.len() == 1 && unsynced[0].is_multiple_of(SECTOR_BYTES);
            assert!(fills_up, "{unsynced:?} written, but not synced before {line}");
            unsynced.clear();
        }
    }
    assert_eq!(acknowledged, 40);
}

/// The offset of a write: the last argument of the call.
fn offset(line: &str) -> usize {
    let (_, arguments) = line.rsplit_once(", ").unwrap();
    arguments.split(')').next().unwrap().parse().unwrap()
}

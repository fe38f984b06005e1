//! A disk that is full or not writable: nothing more is acknowledged, nothing acknowledged is lost, and the store works
//! again when there is space.
//!
//! Needs a small disk of its own, which the test mounts where no other process sees it. Where mounting is not allowed,
//! the test is skipped and says so.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

mod common;

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use common::{ROOM, Script, append, text, timeline};
use rumormill_store::{Disk, Error, Store};

const DISK: &str = "RUMORMILL_TEST_SMALL_DISK";

/// Runs a test of this file on a disk of two megabytes.
fn on_a_small_disk(test: &str) {
    let dir = tempfile::tempdir().unwrap();
    let mount = r#"mount -t tmpfs -o size=2m,mode=0700 tmpfs "$0" || exit 77; exec "$@""#;
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user", "sh", "-c", mount]).arg(dir.path());
    command.arg(std::env::current_exe().unwrap()).args(["--ignored", "--exact", test, "--nocapture"]);
    let ran = command.env(DISK, dir.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).output();
    let Ok(ran) = ran else { return println!("skipped: no small disk can be mounted here") };
    let said = String::from_utf8_lossy(&ran.stdout);
    match said.contains("running 1 test") {
        true => assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr)),
        false => println!("skipped: no small disk can be mounted here"),
    }
}

fn small_disk() -> Option<PathBuf> {
    std::env::var_os(DISK).map(PathBuf::from)
}

fn script() -> Script {
    Script::new(ROOM, 1, (0..2000).map(|seq| text(10 + seq, format!("{seq} ").repeat(200))).collect())
}

/// Appends blocks until one fails; returns how many entries were acknowledged, and the error.
fn fill(disk: &mut Disk, script: &Script, from: u64) -> (u64, Error) {
    let mut kept = from;
    for run in script.runs(from, 1999) {
        match append(disk, ROOM, std::slice::from_ref(&run)) {
            Ok(()) => kept = run.last().seq + 1,
            Err(why) => return (kept, why),
        }
    }
    unreachable!("two megabytes hold no 2000 entries of a kilobyte")
}

#[test]
fn a_full_disk_loses_nothing() {
    on_a_small_disk("fills_the_disk");
}

#[test]
#[ignore = "run on a small disk"]
fn fills_the_disk() {
    let Some(disk) = small_disk() else { return };
    let (home, script) = (disk.join("home"), script());
    // The rest of the disk has to hold the write-ahead log twice.
    let fillers = [(disk.join("small"), 128 << 10), (disk.join("large"), 1100 << 10)];
    fillers.iter().for_each(|(filler, bytes)| std::fs::write(filler, vec![0; *bytes]).unwrap());
    let mut store = Disk::open(&home).unwrap();
    let (kept, why) = fill(&mut store, &script, 0);
    assert!(kept > 0 && matches!(why, Error::Full { .. }), "{why}");
    // Stored entries stay readable throughout, and the store works again when there is space.
    assert_eq!(timeline(&store, &ROOM).len() as u64, kept);
    std::fs::remove_file(&fillers[0].0).unwrap();
    let (more, why) = fill(&mut store, &script, kept);
    assert!(more > kept && matches!(why, Error::Full { .. }), "{why}");
    let kept = more;
    assert_eq!(timeline(&store, &ROOM).len() as u64, kept);
    drop(store);

    std::fs::remove_file(&fillers[1].0).unwrap();
    let mut store = Disk::open(&home).unwrap();
    // An unacknowledged commit is not there, even if all but the filler of its last sector was written.
    assert_eq!(timeline(&store, &ROOM).len() as u64, kept);
    let (more, why) = fill(&mut store, &script, kept);
    assert!(more > kept && matches!(why, Error::Full { .. }), "{why}");
    let report = store.reader().unwrap().check(&ROOM).unwrap();
    assert!(report.is_clean() && report.entries == more, "{report:?}");
    drop(store);
    // Even now it opens, or reports why not.
    match Disk::open(&home) {
        Ok(store) => assert!(timeline(&store, &ROOM).len() as u64 >= more),
        Err(why) => assert!(matches!(why, Error::Full { .. }), "{why}"),
    }
}

#[test]
fn a_disk_that_is_not_to_be_written_is_told() {
    on_a_small_disk("becomes_read_only");
}

fn remount(disk: &Path, how: &str) {
    let done = Command::new("mount").args(["-o", how]).arg(disk).status().unwrap();
    assert!(done.success());
}

#[test]
#[ignore = "run on a small disk"]
fn becomes_read_only() {
    let Some(disk) = small_disk() else { return };
    let (home, script) = (disk.join("home"), script());
    let mut store = Disk::open(&home).unwrap();
    append(&mut store, ROOM, &script.runs(0, 10)).unwrap();
    drop(store);
    remount(&disk, "remount,ro");
    let why = Disk::open(&home).err().unwrap();
    assert!(matches!(why, Error::ReadOnly { .. }), "{why}");
    remount(&disk, "remount,rw");
    let mut store = Disk::open(&home).unwrap();
    append(&mut store, ROOM, &script.runs(11, 20)).unwrap();
    assert_eq!(timeline(&store, &ROOM).len(), 21);
}

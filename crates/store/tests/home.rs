//! The home on disk: private, locked, and refused unchanged when it is not ours to open.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use common::{ROOM, Script, append, timeline};
use rumormill_store::{Disk, Error, Store};
use rusqlite::Connection;

const DATABASE: &str = "rumormill.db";

/// A closed home with one entry.
fn home() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let mut disk = Disk::open(&home).unwrap();
    append(&mut disk, ROOM, &Script::lines(1, 3, 10, 10).runs(0, 2)).unwrap();
    (dir, home)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn refused(home: &Path) -> Error {
    let error = Disk::open(home).err().unwrap();
    assert!(!error.to_string().is_empty() && !error.help().is_empty());
    error
}

#[test]
fn everything_is_made_for_its_owner_only() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("deep").join("home");
    let mut disk = Disk::open(&home).unwrap();
    append(&mut disk, ROOM, &[Script::lines(1, 1, 10, 10).run(0, 0)]).unwrap();
    assert_eq!((mode(&home), mode(home.parent().unwrap())), (0o700, 0o700));
    let files: Vec<_> = fs::read_dir(&home).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 4, "database, its two companions and the lock: {files:?}");
    assert!(files.iter().all(|file| mode(file) == 0o600), "{files:?}");
}

#[test]
fn what_others_can_read_is_refused_until_the_cure_is_taken() {
    let (_dir, home) = home();
    for path in [home.clone(), home.join(DATABASE), home.join("lock")] {
        let private = mode(&path);
        for bits in [0o040, 0o004, 0o001] {
            set_mode(&path, private | bits);
            let error = refused(&home);
            assert!(
                matches!(&error, Error::Exposed { path: of, .. } if of.ends_with(path.file_name().unwrap())),
                "{error}"
            );
            assert!(error.help().starts_with(&format!("chmod {private:o} ")), "{}", error.help());
        }
        set_mode(&path, private);
    }
    assert_eq!(timeline(&Disk::open(&home).unwrap(), &ROOM).len(), 3);
}

#[test]
fn a_home_is_open_once() {
    let (_dir, home) = home();
    let disk = Disk::open(&home).unwrap();
    assert!(matches!(refused(&home), Error::Locked { .. }));
    let mut reader = disk.reader().unwrap();
    drop(disk);
    // A leftover reader neither holds the lock nor is disturbed by the next process.
    let mut next = Disk::open(&home).unwrap();
    append(&mut next, ROOM, &[Script::lines(2, 3, 10, 10).run(1, 2)]).unwrap();
    assert_eq!(reader.page(&ROOM, None, 9).unwrap().len(), 5);
}

#[test]
fn links_are_refused() {
    for name in [DATABASE, "lock", "rumormill.db-wal"] {
        let (dir, home) = home();
        let (path, elsewhere) = (home.join(name), dir.path().join("elsewhere"));
        if path.exists() {
            fs::rename(&path, &elsewhere).unwrap();
        } else {
            fs::write(&elsewhere, b"").unwrap();
            set_mode(&elsewhere, 0o600);
        }
        symlink(&elsewhere, &path).unwrap();
        assert!(matches!(refused(&home), Error::Link { .. }), "{name} as a symbolic link");
        fs::remove_file(&path).unwrap();
        fs::hard_link(&elsewhere, &path).unwrap();
        assert!(matches!(refused(&home), Error::Link { .. }), "{name} with a second name");
        fs::remove_file(&elsewhere).unwrap();
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(matches!(refused(&home), Error::Link { .. }), "{name} as a directory");
    }
    // The home itself may be reached through a link.
    let (dir, home) = home();
    let link = dir.path().join("link");
    symlink(&home, &link).unwrap();
    assert_eq!(timeline(&Disk::open(&link).unwrap(), &ROOM).len(), 3);
}

/// The content of the home, except the index of the write-ahead log and empty files.
fn files(home: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let paths = fs::read_dir(home).unwrap().map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| !path.ends_with("rumormill.db-shm"));
    let mut files: Vec<_> = paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    files.retain(|(_, bytes)| !bytes.is_empty());
    files.sort();
    files
}

#[test]
fn a_newer_version_is_refused_untouched() {
    let (_dir, home) = home();
    let raw = Connection::open(home.join(DATABASE)).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    // First with the version only in the write-ahead log, then also in the file.
    for _ in 0..2 {
        let before = files(&home);
        assert!(matches!(refused(&home), Error::Newer { found: 99, known: 19, .. }));
        assert!(files(&home) == before);
        raw.pragma_update(None, "wal_checkpoint", "truncate").ok();
    }
    drop(raw);
    let before = files(&home);
    assert!(matches!(refused(&home), Error::Newer { .. }));
    assert!(files(&home) == before);
}

#[test]
fn what_is_not_our_database_is_refused_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    drop(Disk::open(&home).unwrap());
    let path = home.join(DATABASE);
    fs::remove_file(&path).unwrap();
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch("CREATE TABLE theirs(x)").unwrap();
    drop(raw);
    set_mode(&path, 0o600);
    let theirs = fs::read(&path).unwrap();
    assert!(matches!(refused(&home), Error::Foreign { .. }));
    assert!(fs::read(&path).unwrap() == theirs);
    fs::write(&path, b"not a database, though it is long enough to be one's header; ".repeat(20)).unwrap();
    let theirs = fs::read(&path).unwrap();
    assert!(matches!(refused(&home), Error::Foreign { .. }));
    assert!(fs::read(&path).unwrap() == theirs);
}

#[test]
fn an_empty_file_left_by_a_crash_becomes_a_store() {
    let (_dir, home) = home();
    let path = home.join(DATABASE);
    fs::remove_file(&path).unwrap();
    fs::write(&path, b"").unwrap();
    set_mode(&path, 0o600);
    let mut disk = Disk::open(&home).unwrap();
    append(&mut disk, ROOM, &[Script::lines(1, 1, 10, 10).run(0, 0)]).unwrap();
}

#[test]
fn a_home_may_have_any_name() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a b?c=d#e%41", "ü 家", "'\";--"] {
        let home = dir.path().join(name);
        assert_eq!(Disk::open(&home).unwrap().peer_secret([4; 32]).unwrap(), [4; 32]);
        assert!(home.join(DATABASE).is_file(), "{name}");
        let disk = Disk::open(&home).unwrap();
        assert_eq!(disk.reader().unwrap().count(&ROOM).unwrap(), 0);
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
}

#[test]
fn secrets_and_rooms_outlive_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    assert_eq!(Disk::open(&home).unwrap().peer_secret([4; 32]).unwrap(), [4; 32]);
    assert_eq!(Disk::open(&home).unwrap().peer_secret([5; 32]).unwrap(), [4; 32]);
}

#[test]
fn a_room_that_is_left_goes_in_steps_and_a_crash_in_between_brings_none_of_it_back() {
    let (_dir, home) = home();
    let database = home.join(DATABASE);
    let mut disk = Disk::open(&home).unwrap();
    let script = Script::lines(2, 200, 10, 10);
    append(&mut disk, ROOM, &script.runs(0, 199)).unwrap();
    disk.leave(&ROOM).unwrap();
    assert!(disk.sweep(1).unwrap(), "there is more");
    drop(disk);
    let rows = || -> i64 {
        let db = Connection::open(&database).unwrap();
        let count = |table| db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0));
        ["run", "place", "aside", "note", "arrival", "log", "room"].into_iter().map(|table| count(table).unwrap()).sum()
    };
    let left = rows();
    assert!(left > 0);
    let mut disk = Disk::open(&home).unwrap();
    assert!(disk.kept(&ROOM).unwrap().is_empty() && timeline(&disk, &ROOM).is_empty());
    append(&mut disk, ROOM, &[script.run(0, 0)]).unwrap();
    let mut steps = 0;
    while disk.sweep(1).unwrap() {
        steps += 1;
    }
    assert!(steps > 8, "{steps} steps");
    assert_eq!(timeline(&disk, &ROOM).len(), 1, "joining again meanwhile starts empty");
    disk.leave(&ROOM).unwrap();
    while disk.sweep(1).unwrap() {}
    drop(disk);
    assert_eq!(rows(), 0);
}

//! The tables, and how connections to them are set up.
//!
//! ```text
//! run ──── log ──── room            a run is kept as it travels, signature included
//! place ───┘          │             the timeline: one small row an entry, in order
//! arrival ────────────┤             runs in the order they came, for the indexes
//! words, slice, saw ──┘             the indexes, up to room.indexed
//! note, gone                        what entries say of others, and who is not to be read any more
//! ```
//!
//! Rooms and logs are small integers inside. An arrival's id is its room's above [`ARRIVAL_BITS`] bits of a
//! counter, so that those of one room are a range.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, TransactionBehavior, config::DbConfig};

use super::{fail::Fail, notes};
use crate::{
    error::Error,
    limits::{CHECKPOINT_PAGES, READER_CACHE_KIB, STATEMENTS, WAL_BYTES, WRITER_CACHE_KIB},
};

/// Bits of an arrival's id that count within its room.
pub(super) const ARRIVAL_BITS: u32 = 40;

/// "rumo": tells our files from others'.
const APPLICATION: u32 = 0x7275_6d6f;

/// What leads from each version of the tables to the next; the first makes them. Never changed, only added to.
const MIGRATIONS: [&str; 2] = ["
    CREATE TABLE peer(secret BLOB NOT NULL);

    CREATE TABLE room(
        id INTEGER PRIMARY KEY,
        room BLOB NOT NULL UNIQUE,
        -- What the user put; null when nothing was.
        secret BLOB, author_secret BLOB, name TEXT, contacts BLOB,
        -- Highest arrival in the indexes.
        indexed INTEGER NOT NULL DEFAULT 0
    );

    CREATE TABLE log(
        id INTEGER PRIMARY KEY,
        room INTEGER NOT NULL,
        author BLOB NOT NULL,
        spans BLOB NOT NULL,
        cut INTEGER,
        UNIQUE(room, author)
    );

    CREATE TABLE proof(log INTEGER PRIMARY KEY, wire BLOB NOT NULL);

    CREATE TABLE run(
        id INTEGER PRIMARY KEY,
        log INTEGER NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        -- Id of the last entry.
        top BLOB NOT NULL,
        -- Of the hash of the signature: hashes lead to everything else in a run.
        seal BLOB NOT NULL,
        wire BLOB NOT NULL,
        UNIQUE(log, first)
    );

    CREATE TABLE place(
        room INTEGER NOT NULL,
        -- The 64 bits of hybrid time, the highest one flipped so that signed numbers keep the order.
        time INTEGER NOT NULL,
        log INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        -- Seq too: nothing holds an author to its times across a gap.
        PRIMARY KEY(room, time, log, seq)
    ) WITHOUT ROWID;

    CREATE TABLE arrival(
        id INTEGER PRIMARY KEY,
        log INTEGER NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        -- Time of the last entry, as in place.
        newest INTEGER NOT NULL
    );

    -- Folded words of the texts of each arrival, which has no words of its own when nothing was said in it.
    CREATE VIRTUAL TABLE words USING fts5(text, content='', detail=none, columnsize=0, tokenize='ascii');

    -- Ranges of arrivals in words, with the time of the newest entry.
    CREATE TABLE slice(id INTEGER PRIMARY KEY, last INTEGER NOT NULL, arrivals INTEGER NOT NULL, newest INTEGER NOT NULL);

    -- The highest seq of one log that entries of another name as seen, and the first entry that names it.
    CREATE TABLE saw(
        target INTEGER NOT NULL,
        log INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY(target, log)
    ) WITHOUT ROWID;
", "
    -- Entries that are about something, for as long as they are in the timeline and have a body.
    CREATE TABLE note(
        room INTEGER NOT NULL,
        -- Log and seq of what it is about; zeros when that is its author or the room.
        target INTEGER NOT NULL,
        of INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        log INTEGER NOT NULL,
        -- Of a reaction.
        sign TEXT NOT NULL,
        -- As in place.
        time INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        -- Of a nick.
        name TEXT NOT NULL,
        -- Whether it says something, or takes back what was said.
        says INTEGER NOT NULL,
        -- Whether it says something and is the last one up to sign.
        stands INTEGER NOT NULL,
        PRIMARY KEY(room, target, of, kind, log, sign, time, seq)
    ) WITHOUT ROWID;

    CREATE INDEX standing ON note(room, target, of, kind, time DESC) WHERE stands = 1;

    -- Entries that their author retracted, held or not.
    CREATE TABLE gone(log INTEGER NOT NULL, of INTEGER NOT NULL, PRIMARY KEY(log, of)) WITHOUT ROWID;

    -- Leads from a body that is dropped to its words.
    CREATE INDEX arrival_of ON arrival(log, first);

    -- Words that are taken out leave no trace in words that were put in since.
    INSERT INTO words(words) VALUES ('delete-all');
    INSERT INTO words(words, rank) VALUES ('secure-delete', 1);
    DELETE FROM slice;
    UPDATE room SET indexed = 0;
"];

/// The version from which on notes are taken as entries come.
const NOTES: u32 = 2;

const NEWEST: u32 = MIGRATIONS.len() as u32;

/// The one connection that writes.
pub(super) fn writer(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let mut db = Connection::open_with_flags(careful(path), flags | OpenFlags::SQLITE_OPEN_URI)
        .map_err(|why| Fail::from(why).at(path))?;
    // Closing a file that we cannot read must not fold the write-ahead log into it.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(|why| Fail::from(why).at(path))?;
    if db.is_readonly("main").map_err(|why| Fail::from(why).at(path))? {
        return Err(Error::ReadOnly { path: path.to_owned() });
    }
    let version = version(&db, path)?;
    set_up(&mut db, version).map_err(|why| why.at(path))?;
    Ok(db)
}

/// The file by a name that asks not to trust the disk with half a sector: a write that is cut off may ruin the whole
/// sector, so each commit begins in one of its own. That costs a page a commit.
#[cfg(unix)]
fn careful(path: &Path) -> String {
    use std::{fmt::Write, os::unix::ffi::OsStrExt};
    let mut name = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => name.push(char::from(*byte)),
            _ => write!(name, "%{byte:02x}").unwrap_or_default(),
        }
    }
    name + "?psow=0"
}

#[cfg(not(unix))]
fn careful(path: &Path) -> &Path {
    path
}

/// A connection that reads.
pub(super) fn reader(path: &Path) -> Result<Connection, Fail> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let db = Connection::open_with_flags(path, flags)?;
    db.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    db.pragma_update(None, "cell_size_check", true)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(db)
}

/// The version of the tables in a file; 0 when there are none.
fn version(db: &Connection, path: &Path) -> Result<u32, Error> {
    let number = |name| db.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
    let tables = || db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
    let read = || Ok::<_, Fail>((number("application_id")?, number("user_version")?, tables()?));
    match read().map_err(|why| why.at(path))? {
        (APPLICATION, found, _) if found > NEWEST => Err(Error::Newer { path: path.to_owned(), found, known: NEWEST }),
        (APPLICATION, found, _) => Ok(found),
        (0, 0, 0) => Ok(0),
        _ => Err(Error::Foreign { path: path.to_owned() }),
    }
}

fn set_up(db: &mut Connection, version: u32) -> Result<(), Fail> {
    let mode: String = db.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(Fail::Odd(format!("cannot keep a write-ahead log here (journal mode {mode})")));
    }
    // A commit that returns has reached the disk, not only the system.
    db.pragma_update(None, "synchronous", "full")?;
    db.pragma_update(None, "fullfsync", true)?;
    db.pragma_update(None, "checkpoint_fullfsync", true)?;
    db.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    // What is dropped is overwritten, in pages that nothing uses any more too.
    db.pragma_update(None, "secure_delete", true)?;
    db.pragma_update(None, "journal_size_limit", WAL_BYTES)?;
    db.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    db.pragma_update(None, "cell_size_check", true)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    migrate(db, version)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(())
}

fn migrate(db: &mut Connection, version: u32) -> Result<(), Fail> {
    let steps = MIGRATIONS.get(version as usize..).unwrap_or_default();
    if steps.is_empty() {
        return Ok(());
    }
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    steps.iter().try_for_each(|step| tx.execute_batch(step))?;
    if (1..NOTES).contains(&version) {
        notes::read_all(&tx)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION)?;
    tx.pragma_update(None, "user_version", NEWEST)?;
    tx.commit()?;
    Ok(())
}

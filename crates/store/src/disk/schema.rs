//! The tables, and how connections to them are set up.
//!
//! ```text
//! run ──── log ──── room            a run is stored in its wire form, signature included
//! place, aside ───────┤             the timeline: one small row an entry, in order; messages and non-messages
//! arrival ────────────┤             runs in order of arrival, for the index
//! words, slice ───────┘             the index of words, up to room.indexed
//! note, gone                        what entries say about others, and which entries are retracted
//! vouch                             authors that entries vouch for
//! act                               where acts stand
//! bare                              entries whose bodies are wanted
//! epoch, locked                     secrets of closed rooms, and entries that wait for one
//! lapsed                            parts of logs of closed rooms that do not count
//! once                              calls that must be carried out only once
//! ```
//!
//! Inside, rooms and logs are small integers. An arrival's id is its room's number above [`ARRIVAL_BITS`] bits of a
//! counter, so that the arrivals of one room form a range.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, TransactionBehavior, config::DbConfig};

use super::{
    acts, bare, expire,
    fail::Fail,
    home::DATABASE,
    notes, place,
    seal::{self, HomeKey},
    source::Source,
    vouches,
};
use crate::{
    error::Error,
    limits::{CHECKPOINT_PAGES, READER_CACHE_KIB, STATEMENTS, WAL_BYTES, WRITER_CACHE_KIB},
};

/// Bits of an arrival's id that count within its room.
pub(super) const ARRIVAL_BITS: u32 = 40;

/// "rumo": marks a file as ours.
const APPLICATION: u32 = 0x7275_6d6f;

/// Migrates each version of the tables to the next; the first creates them. Entries are appended, never changed.
const MIGRATIONS: [&str; 19] = ["
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
", "
    -- How much is kept, as the user put it; null is without bound.
    ALTER TABLE room ADD COLUMN age_ms INTEGER;
    ALTER TABLE room ADD COLUMN keep_entries INTEGER;
    ALTER TABLE room ADD COLUMN keep_bytes INTEGER;
    -- The place up to which there are no bodies of what is said.
    ALTER TABLE room ADD COLUMN floor BLOB;
    -- Bodies of what is said in the timeline, and their bytes.
    ALTER TABLE room ADD COLUMN entries INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE room ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
", "
    -- Whether those who ask on the LAN are told of it.
    ALTER TABLE room ADD COLUMN announced INTEGER NOT NULL DEFAULT 0;
", "
    -- The same bounds for files.
    ALTER TABLE room ADD COLUMN file_age_ms INTEGER;
    ALTER TABLE room ADD COLUMN keep_files INTEGER;
    ALTER TABLE room ADD COLUMN file_bytes INTEGER;
    -- Leads from the hash of a file, which is its sign, to whether a room names it.
    CREATE INDEX naming ON note(sign, room) WHERE kind = 8 AND stands = 1;
", "
    -- Authors that entries in the timeline vouch for.
    CREATE TABLE vouch(
        log INTEGER NOT NULL,
        of BLOB NOT NULL,
        seq INTEGER NOT NULL,
        -- Its place among those that the entry vouches for.
        at INTEGER NOT NULL,
        -- Whether no entry of the log below vouches for the same.
        first INTEGER NOT NULL,
        PRIMARY KEY(log, of, seq)
    ) WITHOUT ROWID;

    CREATE INDEX first_vouch ON vouch(log, seq, at) WHERE first = 1;
    CREATE INDEX vouch_of ON vouch(log, seq);
    -- Leads from a log that leaves to what its entries name as seen.
    CREATE INDEX saw_by ON saw(log);
", "
    -- Entries in the timeline that came without their bodies, where nothing here explains it.
    CREATE TABLE bare(
        room INTEGER NOT NULL,
        -- As in place.
        time INTEGER NOT NULL,
        log INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        -- Of the body.
        hash BLOB NOT NULL,
        PRIMARY KEY(room, time, log, seq)
    ) WITHOUT ROWID;

    CREATE INDEX bare_of ON bare(log, seq);
", "
    -- What is in the timeline and is no message, so that reading messages walks past none of it; place has the rest.
    CREATE TABLE aside(
        room INTEGER NOT NULL,
        time INTEGER NOT NULL,
        log INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY(room, time, log, seq)
    ) WITHOUT ROWID;
", "
    -- What each author may take of a room in bytes of bodies, as the user put it.
    ALTER TABLE room ADD COLUMN share_bytes INTEGER;
    -- What the log's author takes of its share.
    ALTER TABLE log ADD COLUMN taken INTEGER NOT NULL DEFAULT 0;
    -- The seq below which bodies were let go, how many, and the time of the newest of these, as in place.
    ALTER TABLE log ADD COLUMN reaches INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE log ADD COLUMN let_go INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE log ADD COLUMN let_go_time INTEGER;
    -- Entries that were taken back and of whose edits some have a body still.
    CREATE TABLE retracting(log INTEGER NOT NULL, of INTEGER NOT NULL, PRIMARY KEY(log, of)) WITHOUT ROWID;
    CREATE INDEX heavy ON log(room, taken) WHERE taken > 0;
    CREATE INDEX shared ON log(room, author) WHERE let_go > 0;
", "
    -- Emoji are words, and vowel signs are none: the index of words is made anew.
    INSERT INTO words(words) VALUES ('delete-all');
    DELETE FROM slice;
    UPDATE room SET indexed = CASE WHEN length(room) = 8 THEN (id + 1) << 40 ELSE 0 END;
", "
    -- Calls that are carried out once, and the entries that they wrote.
    CREATE TABLE once(
        room INTEGER NOT NULL,
        -- Counts up within the room.
        at INTEGER NOT NULL,
        -- Hashes of the call's name, and of what it asks for.
        key BLOB NOT NULL,
        asks BLOB NOT NULL,
        author BLOB NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY(room, at)
    ) WITHOUT ROWID;

    CREATE UNIQUE INDEX once_named ON once(room, key);
", "
    -- Entries name few others: who holds a message is found in the entries below it.
    DROP TABLE saw;
", "
    -- Of a closed room: who founded it, and the ticket by which the user came; or, without a secret, the author whose
    -- device this home is.
    ALTER TABLE room ADD COLUMN founder BLOB;
    ALTER TABLE room ADD COLUMN ticket BLOB;
    ALTER TABLE room ADD COLUMN ticket_secret BLOB;
", "
    -- Secrets under which words of closed rooms are sealed, by their hash.
    CREATE TABLE epoch(
        room INTEGER NOT NULL,
        id BLOB NOT NULL,
        secret BLOB NOT NULL,
        PRIMARY KEY(room, id)
    ) WITHOUT ROWID;

    -- Entries that wait for the secret of an epoch that begins like this.
    CREATE TABLE locked(
        room INTEGER NOT NULL,
        prefix BLOB NOT NULL,
        log INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY(room, prefix, log, seq)
    ) WITHOUT ROWID;
", "
    -- Of a private room: the room that it comes out of, and the keys of its people.
    ALTER TABLE room ADD COLUMN private BLOB;
", "
    -- Whether this home stores and serves a closed room without being able to read it.
    ALTER TABLE room ADD COLUMN keeps INTEGER NOT NULL DEFAULT 0;
", "
    -- Parts of the logs of closed rooms that do not count, and since when, in milliseconds.
    CREATE TABLE lapsed(
        room INTEGER NOT NULL,
        log INTEGER NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        since INTEGER NOT NULL,
        -- Whether their bodies were dropped.
        dropped INTEGER NOT NULL,
        PRIMARY KEY(room, log, first)
    ) WITHOUT ROWID;
", "
    -- Where acts stand.
    CREATE TABLE act(log INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(log, seq)) WITHOUT ROWID;
", "
    -- The name that the user chose before being let in, and that is to be said then.
    ALTER TABLE room ADD COLUMN nick TEXT;
    -- Up to where bounds dropped bodies, whatever the bounds are now.
    ALTER TABLE room ADD COLUMN bared BLOB;
    UPDATE room SET bared = floor;
"];

/// The first version that records notes as entries arrive.
const NOTES: u32 = 2;

/// The first version that counts bodies as they come and go.
const COUNTS: u32 = 3;

/// The first version that records vouches as entries arrive.
const VOUCHES: u32 = 6;

/// The first version that moves non-messages aside.
const ASIDE: u32 = 8;

/// The first version that counts what each author uses of its share, and records every missing body.
const SHARES: u32 = 9;

/// The first version that records where acts stand.
const ACTS: u32 = 18;

const NEWEST: u32 = MIGRATIONS.len() as u32;

/// The only connection that writes.
pub(super) fn writer(path: &Path, key: Option<&HomeKey>) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let mut db = Connection::open_with_flags(uri(path, CAREFUL), flags | OpenFlags::SQLITE_OPEN_URI)
        .map_err(|why| Fail::from(why).at(path))?;
    // Closing a file that we cannot read must not merge the write-ahead log into it.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(|why| Fail::from(why).at(path))?;
    if db.is_readonly("main").map_err(|why| Fail::from(why).at(path))? {
        return Err(Error::ReadOnly { path: path.to_owned() });
    }
    let version = version(&db, path)?;
    seal::give(&db, key).map_err(|why| why.at(path))?;
    set_up(&mut db, version).map_err(|why| why.at(path))?;
    Ok(db)
}

/// A one-page commit that changes nothing.
pub(super) fn mark(db: &Connection) -> Result<(), Fail> {
    Ok(db.pragma_update(None, "application_id", APPLICATION)?)
}

/// Tells SQLite not to trust the disk with half a sector: an interrupted write may ruin the whole sector, so each
/// commit begins in a sector of its own. That costs a page a commit.
const CAREFUL: &str = "psow=0";

/// Tells SQLite that nobody writes the file: it takes no lock and creates nothing beside it.
const STILL: &str = "immutable=1";

/// The file as a URI that says how to open it.
#[cfg(unix)]
fn uri(path: &Path, how: &str) -> String {
    use std::{fmt::Write, os::unix::ffi::OsStrExt};
    let mut name = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => name.push(char::from(*byte)),
            _ => write!(name, "%{byte:02x}").unwrap_or_default(),
        }
    }
    name + "?" + how
}

#[cfg(not(unix))]
fn uri<'a>(path: &'a Path, _: &str) -> &'a Path {
    path
}

/// A reading connection.
pub(super) fn reader(source: &Source, key: Option<&HomeKey>) -> Result<Connection, Fail> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let db = match source {
        Source::Shared(path) => Connection::open_with_flags(path, flags)?,
        Source::Copied { copy, .. } => Connection::open_with_flags(copy.path().join(DATABASE), flags)?,
        Source::Still(path) => Connection::open_with_flags(uri(path, STILL), flags | OpenFlags::SQLITE_OPEN_URI)?,
    };
    keep_plans(&db)?;
    seal::give(&db, key)?;
    db.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    db.pragma_update(None, "cell_size_check", true)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(db)
}

/// A reading connection to a file with tables of the newest version.
pub(super) fn inspector(source: &Source, key: Option<&HomeKey>) -> Result<Connection, Error> {
    let path = source.path();
    let db = reader(source, key).map_err(|why| why.at(path))?;
    match version(&db, path)? {
        NEWEST => seal::is_sealed(&db, path).map(|_| db),
        found => Err(Error::Older { path: path.to_owned(), found, known: NEWEST }),
    }
}

/// Compiles each statement once. Otherwise SQLite compiles a statement again for new values, because another plan might
/// suit them better. That is a third of the cost of reading, and every statement here has only one plan.
fn keep_plans(db: &Connection) -> Result<(), Fail> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Version of the tables in a file; 0 when there are none.
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
    keep_plans(db)?;
    let mode: String = db.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(Fail::Odd(format!("cannot keep a write-ahead log here (journal mode {mode})")));
    }
    // A commit that returns has reached the disk, not just the operating system.
    db.pragma_update(None, "synchronous", "full")?;
    db.pragma_update(None, "fullfsync", true)?;
    db.pragma_update(None, "checkpoint_fullfsync", true)?;
    db.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    // Overwrites dropped data, including in pages no longer used.
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
    if (1..COUNTS).contains(&version) {
        expire::recount(&tx, None)?;
    }
    if (1..VOUCHES).contains(&version) {
        vouches::read_all(&tx)?;
    }
    if (1..ASIDE).contains(&version) {
        place::part_all(&tx)?;
    }
    if (1..SHARES).contains(&version) {
        expire::recount_shares(&tx, None)?;
        bare::look_all(&tx)?;
    }
    if (1..ACTS).contains(&version) {
        acts::read_all(&tx)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION)?;
    tx.pragma_update(None, "user_version", NEWEST)?;
    tx.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rumormill_proto::{
        admit::{Admission, Author, Run, Trust},
        content::{Content, Target},
        entry::{Body, RawEntry},
        ids::{EntryId, RoomId, Seq},
        log::Log,
        time::Time,
    };

    use super::*;
    use crate::{
        Disk, Store,
        disk::{
            piece,
            record::{int, put_spans, put_time},
        },
        note::raw_entries,
    };

    const ROOM: RoomId = RoomId([1; 32]);

    fn said(author: &Author) -> Vec<Content> {
        let own = |seq| Target { author: author.id(), seq };
        vec![
            Content::Text("first".into()),
            Content::Nick("ada".into()),
            Content::Topic("lunch".into()),
            Content::Text("hushword".into()),
            Content::Edit { of: 0, text: "edited".into() },
            Content::Edit { of: 3, text: "hushword too".into() },
            Content::Reaction { to: own(0), sign: "+".into(), on: true },
            Content::Retraction { of: 3 },
            Content::Text("last".into()),
        ]
    }

    /// Runs that say all that: one with the first entry, one with the others.
    fn runs(author: &Author) -> [Run; 2] {
        let entries: Vec<RawEntry> = said(author)
            .iter()
            .zip(1..)
            .map(|(content, ms)| {
                let (kind, body) = content.encode().unwrap();
                RawEntry { time: Time::from_ms(ms), seen: vec![], kind, body: Body::Here(body) }
            })
            .collect();
        let mut door = Admission::new(ROOM);
        let mut run = |first: Seq, prev, entries: &[RawEntry]| {
            let raw = author.sign(&ROOM, first, prev, entries.to_vec()).unwrap();
            door.admit(&raw, Trust::Signature).unwrap()
        };
        let lowest = run(0, EntryId::default(), &entries[..1]);
        let others = run(1, lowest.last().id, &entries[1..]);
        [lowest, others]
    }

    /// A file as the first version made it: everything stored and indexed, but without notes.
    fn first_version(path: &Path, author: &Author, runs: &[Run]) {
        let db = Connection::open(path).unwrap();
        db.execute_batch(MIGRATIONS[0]).unwrap();
        db.pragma_update(None, "application_id", APPLICATION).unwrap();
        db.pragma_update(None, "user_version", 1).unwrap();
        let base = 1i64 << ARRIVAL_BITS;
        db.execute("INSERT INTO room(id, room, indexed) VALUES (1, ?1, ?2)", (&ROOM.0, base + 2)).unwrap();
        let mut log = Log::default();
        for (run, arrival) in runs.iter().zip(base + 1..) {
            log.insert(run).unwrap();
            let signature = run.signature().copied();
            let (first, last) = (run.first(), run.last());
            let raw =
                rumormill_proto::run::RawRun::new(author.id(), first.seq, first.prev, raw_entries(run), signature);
            piece::put(&db, 1, &raw.unwrap(), &last.id).unwrap();
            for entry in run.entries() {
                let place = (1, put_time(entry.time), 1, int(entry.seq));
                db.execute("INSERT INTO place VALUES (?1, ?2, ?3, ?4)", place).unwrap();
            }
            let row = (arrival, 1, int(first.seq), int(last.seq), put_time(last.time));
            db.execute("INSERT INTO arrival VALUES (?1, ?2, ?3, ?4, ?5)", row).unwrap();
            let words = if first.seq == 0 { "first " } else { "hushword last " };
            db.execute("INSERT INTO words(rowid, text) VALUES (?1, ?2)", (arrival, words)).unwrap();
            db.execute("INSERT INTO slice VALUES (?1, ?1, 1, ?2)", (arrival, put_time(last.time))).unwrap();
        }
        let kept = (&author.id().0, put_spans(log.spans()));
        db.execute("INSERT INTO log(id, room, author, spans) VALUES (1, 1, ?1, ?2)", kept).unwrap();
    }

    #[test]
    fn a_file_of_the_first_version_is_read_for_what_its_entries_are_about() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        drop(Disk::open(&home).unwrap());
        let path = home.join("rumormill.db");
        fs::write(&path, b"").unwrap();
        let author = Author::from_secret(&[5; 32]);
        first_version(&path, &author, &runs(&author));

        let mut disk = Disk::open(&home).unwrap();
        let mut reader = disk.reader().unwrap();
        let target = |seq| Target { author: author.id(), seq };
        let seqs = |lines: Vec<crate::TimelineRow>| lines.iter().map(|line| line.place.seq).collect::<Vec<_>>();
        assert_eq!(seqs(reader.notes(&ROOM, &[target(0)], 9).unwrap()), [4, 6]);
        assert_eq!(seqs(reader.notes(&ROOM, &[target(3)], 9).unwrap()), [7]);
        assert_eq!(reader.nicks(&ROOM).unwrap()[0].2, "ada");
        assert_eq!(reader.topic(&ROOM).unwrap().unwrap().place.seq, 2);
        let lines = reader.page(&ROOM, None, 99).unwrap();
        let gone = lines.iter().filter(|line| line.body.bytes().is_none());
        assert_eq!(seqs(gone.cloned().collect()), [3, 5]);
        assert_eq!(seqs(reader.messages(&ROOM, None, 99).unwrap()), [0, 1, 2, 3, 8]);
        for _ in 0..3 {
            let mut found = |words: &str| seqs(reader.search(&ROOM, &words.into(), 9).unwrap());
            assert_eq!(
                (found("edited"), found("last"), found("first"), found("hushword")),
                (vec![0], vec![8], vec![], vec![])
            );
            disk.index(1).unwrap();
        }
        assert!(reader.check(&ROOM).unwrap().is_clean());
        assert_eq!(reader.bare(&ROOM, 9).unwrap().1, 0, "the dropped body was retracted");
        drop((reader, disk));
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(8).any(|window| window == b"hushword"));
        assert!(Disk::open(&home).unwrap().mend(&ROOM).unwrap().is_clean());
    }

    /// The same runs as served by a peer that dropped all bodies but the retraction's.
    fn blank(runs: &[Run]) -> Vec<Run> {
        let keeps = |entry: &RawEntry| entry.kind == rumormill_proto::entry::Kind::RETRACTION;
        let dropped = |entry: RawEntry| RawEntry { body: entry.body.dropped(), ..entry };
        let bare = |run: &Run| {
            let entries = raw_entries(run).into_iter().map(|entry| if keeps(&entry) { entry } else { dropped(entry) });
            let (first, signature) = (run.first(), run.signature().copied());
            let raw =
                rumormill_proto::run::RawRun::new(run.author(), first.seq, first.prev, entries.collect(), signature);
            Admission::new(ROOM).admit(&raw.unwrap(), Trust::Signature).unwrap()
        };
        runs.iter().map(bare).collect()
    }

    #[test]
    fn bodies_that_were_lost_before_they_were_looked_for_are_wanted() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        drop(Disk::open(&home).unwrap());
        let path = home.join("rumormill.db");
        fs::write(&path, b"").unwrap();
        let author = Author::from_secret(&[5; 32]);
        first_version(&path, &author, &blank(&runs(&author)));

        let disk = Disk::open(&home).unwrap();
        let (bare, all) = disk.reader().unwrap().bare(&ROOM, 99).unwrap();
        let mut seqs: Vec<Seq> = bare.iter().map(|bare| bare.seq).collect();
        seqs.sort_unstable();
        // Excludes the retracted text, and edits above it, which may have been about it.
        assert_eq!((seqs, all), (vec![0, 1, 2, 6, 8], 5));
    }
}

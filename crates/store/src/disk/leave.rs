//! Removes a room that the user leaves. One small commit detaches it; then its rows go in steps, so that other rooms
//! need not wait for a million entries. After a crash the rest of its rows belong to nothing and go at the next start.
//!
//! A room being removed has its own number in place of its id. That is shorter than any id, so the user can join the
//! same room again meanwhile, under another number.

use rumormill_proto::ids::RoomId;
use rusqlite::{Connection, OptionalExtension};

use super::{fail::Fail, forget, record, schema::ARRIVAL_BITS};

/// Statements that delete rows of a room, in order. Logs go last because they lead to the other rows.
const STEPS: [&str; 13] = [
    "DELETE FROM run WHERE id IN
        (SELECT run.id FROM log CROSS JOIN run ON run.log = log.id WHERE room = ?1 LIMIT ?2)",
    "DELETE FROM proof WHERE log IN
        (SELECT proof.log FROM log CROSS JOIN proof ON proof.log = log.id WHERE room = ?1 LIMIT ?2)",
    "DELETE FROM act WHERE (log, seq) IN
        (SELECT log, seq FROM log CROSS JOIN act ON act.log = log.id WHERE room = ?1 LIMIT ?2)",
    "DELETE FROM gone WHERE (log, of) IN
        (SELECT log, of FROM log CROSS JOIN gone ON gone.log = log.id WHERE room = ?1 LIMIT ?2)",
    "DELETE FROM vouch WHERE (log, of, seq) IN
        (SELECT vouch.log, of, seq FROM log CROSS JOIN vouch ON vouch.log = log.id WHERE room = ?1 LIMIT ?2)",
    "DELETE FROM place WHERE (room, time, log, seq) IN
        (SELECT room, time, log, seq FROM place WHERE room = ?1 LIMIT ?2)",
    "DELETE FROM aside WHERE (room, time, log, seq) IN
        (SELECT room, time, log, seq FROM aside WHERE room = ?1 LIMIT ?2)",
    "DELETE FROM bare WHERE (room, time, log, seq) IN
        (SELECT room, time, log, seq FROM bare WHERE room = ?1 LIMIT ?2)",
    "DELETE FROM lapsed WHERE (room, log, first) IN
        (SELECT room, log, first FROM lapsed WHERE room = ?1 LIMIT ?2)",
    "DELETE FROM once WHERE (room, at) IN
        (SELECT room, at FROM once WHERE room = ?1 LIMIT ?2)",
    "DELETE FROM note WHERE (room, target, of, kind, log, sign, time, seq) IN
        (SELECT room, target, of, kind, log, sign, time, seq FROM note WHERE room = ?1 LIMIT ?2)",
    "DELETE FROM arrival WHERE id IN
        (SELECT id FROM arrival WHERE id > ?1 << 40 AND id < (?1 + 1) << 40 LIMIT ?2)",
    "DELETE FROM log WHERE id IN (SELECT id FROM log WHERE room = ?1 LIMIT ?2)",
];

const _: () = assert!(ARRIVAL_BITS == 40, "as in the statements here");

/// Rows of other tables that cost as much as one run.
const SMALL_ROWS: usize = 32;

/// Detaches a room. Words cannot be removed from their index without their texts, so the whole index is rebuilt.
pub(super) fn leave(db: &Connection, room: &RoomId) -> Result<(), Fail> {
    let Some(number) = record::room(db, room)? else { return Ok(()) };
    db.execute(
        "UPDATE room SET room = ?2, secret = NULL, author_secret = NULL, name = NULL, contacts = NULL,
            founder = NULL, ticket = NULL, ticket_secret = NULL WHERE id = ?1",
        (number, number.to_be_bytes()),
    )?;
    db.execute("DELETE FROM epoch WHERE room = ?1", [number])?;
    db.execute("DELETE FROM locked WHERE room = ?1", [number])?;
    index_anew(db)
}

/// Starts another index of words; departing rooms are not added to it. The rows of the old index belong to nothing from
/// here on and go in steps.
pub(super) fn index_anew(db: &Connection) -> Result<(), Fail> {
    // An empty index has two rows.
    let used = db.prepare_cached("SELECT 1 FROM words_data WHERE id > 10 LIMIT 1")?.exists([])?;
    if used {
        let mut number = db.prepare("SELECT coalesce(max(rowid), 0) + 1 FROM sqlite_schema")?;
        let number: i64 = number.query_row([], |row| row.get(0))?;
        db.execute_batch(&format!(
            "ALTER TABLE words_data RENAME TO gone_{number}_data; ALTER TABLE words_idx RENAME TO gone_{number}_idx;
            DROP TABLE words; {WORDS}"
        ))?;
    }
    db.execute_batch(
        "DELETE FROM slice;
        UPDATE room SET indexed = CASE WHEN length(room) = 8 THEN (id + 1) << 40 ELSE 0 END",
    )?;
    Ok(())
}

/// Creates an empty index of words, as the migrations do.
const WORDS: &str = "
    CREATE VIRTUAL TABLE words USING fts5(text, content='', detail=none, columnsize=0, tokenize='ascii');
    INSERT INTO words(words, rank) VALUES ('secure-delete', 1)";

/// Removes up to `rows` rows that belong to no departing room: of abandoned indexes and of edits of retracted entries.
/// Returns whether there are more.
pub(super) fn go_on(db: &Connection, rows: usize) -> Result<bool, Fail> {
    if let Some(table) = given_up(db)? {
        return index_goes_on(db, &table, rows);
    }
    forget::go_on(db, rows)
}

/// Removes some rows of an abandoned index: leaves of 4 kB, or small rows. Drops the table with the last of them.
fn index_goes_on(db: &Connection, table: &str, rows: usize) -> Result<bool, Fail> {
    let (key, rows) = if table.ends_with("_data") { ("id", rows) } else { ("segid, term", SMALL_ROWS * rows) };
    let gone = db.execute(
        &format!("DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} LIMIT ?1)"),
        [i64::try_from(rows).unwrap_or(i64::MAX)],
    )?;
    if gone < rows {
        db.execute_batch(&format!("DROP TABLE {table}"))?;
    }
    Ok(true)
}

/// A table of an abandoned index of words.
fn given_up(db: &Connection) -> Result<Option<String>, Fail> {
    let mut find =
        db.prepare_cached("SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'gone_[0-9]*' LIMIT 1")?;
    Ok(find.query_row([], |row| row.get(0)).optional()?)
}

/// Removes up to `rows` rows of a departing room; returns whether there are more.
pub(super) fn room_goes_on(db: &Connection, number: i64, rows: usize) -> Result<bool, Fail> {
    for (step, rows) in STEPS.into_iter().zip([rows].into_iter().chain(std::iter::repeat(SMALL_ROWS * rows))) {
        if db.prepare_cached(step)?.execute((number, i64::try_from(rows).unwrap_or(i64::MAX)))? > 0 {
            return Ok(true);
        }
    }
    db.execute("DELETE FROM room WHERE id = ?1", [number])?;
    is_going(db)
}

/// Whether anything waits to be removed.
pub(super) fn is_going(db: &Connection) -> Result<bool, Fail> {
    Ok(!going(db)?.is_empty() || is_going_beside_rooms(db)?)
}

/// The same, without departing rooms.
pub(super) fn is_going_beside_rooms(db: &Connection) -> Result<bool, Fail> {
    Ok(given_up(db)?.is_some() || forget::is_going(db)?)
}

/// Departing rooms.
pub(super) fn going(db: &Connection) -> Result<Vec<i64>, Fail> {
    let mut find = db.prepare_cached("SELECT id FROM room WHERE length(room) = 8")?;
    Ok(find.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

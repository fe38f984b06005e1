//! How a room goes that the user leaves: in one small commit nothing leads to it any more, and then its rows go in steps, so
//! that other rooms need not wait for a million entries. What a crash leaves of it is still nobody's, and goes at the next
//! start.
//!
//! A room that goes has its own number in the place of its id, which is shorter than any id, so that who enters the same
//! room meanwhile gets another number.

use rumormill_proto::ids::RoomId;
use rusqlite::{Connection, OptionalExtension};

use super::{fail::Fail, record, schema::ARRIVAL_BITS};

/// What deletes some rows of a room, in the order in which they go: logs lead to the first of them, and go last.
const STEPS: [&str; 11] = [
    "DELETE FROM run WHERE id IN
        (SELECT run.id FROM log CROSS JOIN run ON run.log = log.id WHERE room = ?1 LIMIT ?2)",
    "DELETE FROM proof WHERE log IN
        (SELECT proof.log FROM log CROSS JOIN proof ON proof.log = log.id WHERE room = ?1 LIMIT ?2)",
    "DELETE FROM gone WHERE (log, of) IN
        (SELECT log, of FROM log CROSS JOIN gone ON gone.log = log.id WHERE room = ?1 LIMIT ?2)",
    "DELETE FROM vouch WHERE (log, of, seq) IN
        (SELECT vouch.log, of, seq FROM log CROSS JOIN vouch ON vouch.log = log.id WHERE room = ?1 LIMIT ?2)",
    "DELETE FROM saw WHERE (target, log) IN
        (SELECT target, saw.log FROM log CROSS JOIN saw ON saw.target = log.id WHERE room = ?1 LIMIT ?2)",
    "DELETE FROM place WHERE (room, time, log, seq) IN
        (SELECT room, time, log, seq FROM place WHERE room = ?1 LIMIT ?2)",
    "DELETE FROM aside WHERE (room, time, log, seq) IN
        (SELECT room, time, log, seq FROM aside WHERE room = ?1 LIMIT ?2)",
    "DELETE FROM bare WHERE (room, time, log, seq) IN
        (SELECT room, time, log, seq FROM bare WHERE room = ?1 LIMIT ?2)",
    "DELETE FROM note WHERE (room, target, of, kind, log, sign, time, seq) IN
        (SELECT room, target, of, kind, log, sign, time, seq FROM note WHERE room = ?1 LIMIT ?2)",
    "DELETE FROM arrival WHERE id IN
        (SELECT id FROM arrival WHERE id > ?1 << 40 AND id < (?1 + 1) << 40 LIMIT ?2)",
    "DELETE FROM log WHERE id IN (SELECT id FROM log WHERE room = ?1 LIMIT ?2)",
];

const _: () = assert!(ARRIVAL_BITS == 40, "as in the statements here");

/// Rows of other tables that cost what a run does.
const SMALL_ROWS: usize = 32;

/// Lets nothing lead to a room any more. Words cannot be taken out of their index without the texts they are from, so that
/// all of it is built anew.
pub(super) fn leave(db: &Connection, room: &RoomId) -> Result<(), Fail> {
    let Some(number) = record::room(db, room)? else { return Ok(()) };
    db.execute(
        "UPDATE room SET room = ?2, secret = NULL, author_secret = NULL, name = NULL, contacts = NULL WHERE id = ?1",
        (number, number.to_be_bytes()),
    )?;
    index_anew(db)
}

/// Empties the index of words; what goes is not put into it any more.
pub(super) fn index_anew(db: &Connection) -> Result<(), Fail> {
    db.execute_batch(
        "INSERT INTO words(words) VALUES ('delete-all'); DELETE FROM slice;
        UPDATE room SET indexed = CASE WHEN length(room) = 8 THEN (id + 1) << 40 ELSE 0 END",
    )?;
    Ok(())
}

/// Takes out up to `rows` rows of rooms that go; returns whether there are more.
pub(super) fn go_on(db: &Connection, rows: usize) -> Result<bool, Fail> {
    let Some(number) = going(db)? else { return Ok(false) };
    for (step, rows) in STEPS.into_iter().zip([rows].into_iter().chain(std::iter::repeat(SMALL_ROWS * rows))) {
        if db.prepare_cached(step)?.execute((number, i64::try_from(rows).unwrap_or(i64::MAX)))? > 0 {
            return Ok(true);
        }
    }
    db.execute("DELETE FROM room WHERE id = ?1", [number])?;
    Ok(going(db)?.is_some())
}

/// Whether there is a room that goes.
pub(super) fn is_going(db: &Connection) -> Result<bool, Fail> {
    Ok(going(db)?.is_some())
}

fn going(db: &Connection) -> Result<Option<i64>, Fail> {
    let mut find = db.prepare_cached("SELECT id FROM room WHERE length(room) = 8 LIMIT 1")?;
    Ok(find.query_row([], |row| row.get(0)).optional()?)
}

//! How a room goes that the user leaves.

use rumormill_proto::ids::RoomId;
use rusqlite::Connection;

use super::{fail::Fail, record, schema::ARRIVAL_BITS};

/// Rows that belong to the logs of a room, by the column that names the log.
const OF_LOGS: [(&str, &str); 6] =
    [("proof", "log"), ("run", "log"), ("gone", "log"), ("vouch", "log"), ("saw", "log"), ("saw", "target")];

/// Takes out everything that is kept of a room. Words cannot be taken out of their index without the texts they are
/// from, so that all of it is built anew.
pub(super) fn leave(db: &Connection, room: &RoomId) -> Result<(), Fail> {
    let Some(number) = record::room(db, room)? else { return Ok(()) };
    for (table, column) in OF_LOGS {
        let rows = format!("DELETE FROM {table} WHERE {column} IN (SELECT id FROM log WHERE room = ?1)");
        db.execute(&rows, [number])?;
    }
    let base = number << ARRIVAL_BITS;
    db.execute("DELETE FROM arrival WHERE id > ?1 AND id < ?2", (base, base + (1 << ARRIVAL_BITS)))?;
    for table in ["place", "note", "bare", "log"] {
        db.execute(&format!("DELETE FROM {table} WHERE room = ?1"), [number])?;
    }
    db.execute("DELETE FROM room WHERE id = ?1", [number])?;
    db.execute_batch("INSERT INTO words(words) VALUES ('delete-all'); DELETE FROM slice; UPDATE room SET indexed = 0")?;
    Ok(())
}

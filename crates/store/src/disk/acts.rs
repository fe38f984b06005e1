//! Where acts stand: a row for each, so that what governs a room is found without reading what is said in it.
//!
//! A row may outlive its entry while a log is taken out.

use rumormill_proto::ids::Seq;
use rusqlite::Connection;

use super::{
    fail::Fail,
    piece::for_all,
    record::{int, seq},
};

/// Records an act.
pub(super) fn add(db: &Connection, log: i64, at: Seq) -> Result<(), Fail> {
    db.prepare_cached("INSERT OR IGNORE INTO act VALUES (?1, ?2)")?.execute((log, int(at)))?;
    Ok(())
}

/// Whether an act is recorded.
pub(super) fn is_recorded(db: &Connection, log: i64, at: Seq) -> Result<bool, Fail> {
    Ok(db.prepare_cached("SELECT 1 FROM act WHERE log = ?1 AND seq = ?2")?.exists((log, int(at)))?)
}

/// Removes the acts of a log from `at` on.
pub(super) fn cut(db: &Connection, log: i64, at: Seq) -> Result<(), Fail> {
    db.prepare_cached("DELETE FROM act WHERE log = ?1 AND seq >= ?2")?.execute((log, int(at)))?;
    Ok(())
}

/// The acts of a log, ascending.
pub(super) fn of_log(db: &Connection, log: i64) -> Result<Vec<Seq>, Fail> {
    let mut find = db.prepare_cached("SELECT seq FROM act WHERE log = ?1 ORDER BY seq")?;
    let mut rows = find.query([log])?;
    let mut acts = Vec::new();
    while let Some(row) = rows.next()? {
        acts.push(seq(row.get(0)?)?);
    }
    Ok(acts)
}

/// Records the acts of everything stored before this table existed. Skips damaged runs.
pub(super) fn read_all(db: &Connection) -> Result<(), Fail> {
    for_all(db, |log, _, seq, entry| if entry.kind.is_act() { add(db, log, seq) } else { Ok(()) })
}

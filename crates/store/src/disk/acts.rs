//! Where acts stand: a row for each, so that what governs a room is found without reading what is said in it.
//!
//! A row may outlive its entry while a log is taken out.

use rumormill_proto::ids::{AuthorId, Seq};
use rusqlite::{Connection, Row};

use super::{
    fail::Fail,
    piece::for_each,
    record::{self, array, int, seq},
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
    let mut find = db.prepare("SELECT id, author, spans, cut FROM log ORDER BY id")?;
    let mut logs = find.query([])?;
    while let Some(row) = logs.next()? {
        match read_log(db, row) {
            Ok(()) | Err(Fail::Odd(_)) => {}
            Err(why) => return Err(why),
        }
    }
    Ok(())
}

fn read_log(db: &Connection, row: &Row<'_>) -> Result<(), Fail> {
    let (log, author) = (row.get(0)?, AuthorId(array(row, 1)?));
    let Some(last) = record::read_log(row, 2)?.next().checked_sub(1) else { return Ok(()) };
    for_each(db, log, (0, last), |stored| {
        let run = stored.run(&author);
        let entries = run.iter().flat_map(|run| run.entries().iter().zip(run.first()..));
        let acts = entries.filter(|(entry, seq)| *seq <= last && entry.kind.is_act());
        acts.map(|(_, seq)| seq).try_for_each(|seq| add(db, log, seq))?;
        Ok(true)
    })
}

//! The rows of the timeline. Messages have one table; everything else, such as reactions and kinds of future versions,
//! has another, `aside`. So a member who writes a million entries that nobody reads delays nobody's page.

use rumormill_proto::{
    entry::RawEntry,
    ids::{AuthorId, Seq},
};
use rusqlite::Connection;

use super::{
    fail::Fail,
    piece::for_each,
    record::{self, array, int, put_time},
};
use crate::note::is_message;

/// Room, time, log, seq: a row of either table.
pub(super) type Placed = (i64, i64, i64, i64);

/// Rows to write in the order of the tables.
#[derive(Default)]
pub(super) struct Places {
    messages: Vec<Placed>,
    aside: Vec<Placed>,
}

impl Places {
    /// Adds an entry's place.
    pub(super) fn add(&mut self, (room, log, seq): (i64, i64, Seq), entry: &RawEntry) {
        let row = (room, put_time(entry.time), log, int(seq));
        if is_message(entry) { self.messages.push(row) } else { self.aside.push(row) }
    }

    /// Writes the pending rows.
    pub(super) fn write(&mut self, db: &Connection) -> Result<(), Fail> {
        for (rows, table) in [(&mut self.messages, "place"), (&mut self.aside, "aside")] {
            rows.sort_unstable();
            let mut put = db.prepare_cached(&format!("INSERT INTO {table} VALUES (?1, ?2, ?3, ?4)"))?;
            for row in rows.drain(..) {
                put.execute(row)?;
            }
        }
        Ok(())
    }
}

/// Removes one entry from the timeline.
pub(super) fn remove(db: &Connection, row: Placed) -> Result<(), Fail> {
    for table in ["place", "aside"] {
        let one = format!("DELETE FROM {table} WHERE room = ?1 AND time = ?2 AND log = ?3 AND seq = ?4");
        db.prepare_cached(&one)?.execute(row)?;
    }
    Ok(())
}

/// Removes entries of unknown times from the timeline.
pub(super) fn remove_unread(db: &Connection, (room, log): (i64, i64), (first, last): (Seq, Seq)) -> Result<(), Fail> {
    for table in ["place", "aside"] {
        let any = format!("DELETE FROM {table} WHERE room = ?1 AND log = ?2 AND seq BETWEEN ?3 AND ?4");
        db.prepare_cached(&any)?.execute((room, log, int(first), int(last)))?;
    }
    Ok(())
}

/// Moves an entry aside when its body, which arrived later, shows that it is not a message.
pub(super) fn judge(db: &Connection, row: Placed, entry: &RawEntry) -> Result<(), Fail> {
    let mut take = db.prepare_cached("DELETE FROM place WHERE room = ?1 AND time = ?2 AND log = ?3 AND seq = ?4")?;
    if !is_message(entry) && take.execute(row)? > 0 {
        db.prepare_cached("INSERT INTO aside VALUES (?1, ?2, ?3, ?4)")?.execute(row)?;
    }
    Ok(())
}

/// Whether the timeline has an entry.
pub(super) fn is_placed(db: &Connection, row: (Option<i64>, i64, Option<i64>, i64)) -> Result<bool, Fail> {
    let mut find = db.prepare_cached(
        "SELECT 1 FROM place WHERE room = ?1 AND time = ?2 AND log = ?3 AND seq = ?4
            UNION ALL SELECT 1 FROM aside WHERE room = ?1 AND time = ?2 AND log = ?3 AND seq = ?4",
    )?;
    Ok(find.exists(row)?)
}

/// Moves non-messages aside in a file that keeps all entries in one table. Leaves damaged runs for a mend.
pub(super) fn part_all(db: &Connection) -> Result<(), Fail> {
    let mut find = db.prepare("SELECT room, id, author, spans, cut FROM log ORDER BY id")?;
    let mut logs = find.query([])?;
    let mut take = db.prepare("DELETE FROM place WHERE room = ?1 AND time = ?2 AND log = ?3 AND seq = ?4")?;
    let mut put = db.prepare("INSERT OR IGNORE INTO aside VALUES (?1, ?2, ?3, ?4)")?;
    while let Some(row) = logs.next()? {
        let (room, log): (i64, i64) = (row.get(0)?, row.get(1)?);
        let (Ok(author), Ok(held)) = (array(row, 2).map(AuthorId), record::read_log(row, 3)) else { continue };
        let Some(last) = held.next().checked_sub(1) else { continue };
        for_each(db, log, (0, last), |stored| {
            let run = stored.run(&author);
            for (entry, seq) in run.iter().flat_map(|run| run.entries().iter().zip(run.first()..)) {
                let row = (room, put_time(entry.time), log, int(seq));
                if !is_message(entry) && take.execute(row)? > 0 {
                    put.execute(row)?;
                }
            }
            Ok(true)
        })?;
    }
    Ok(())
}

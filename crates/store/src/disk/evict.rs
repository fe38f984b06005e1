//! Logs that leave because a room has more authors than there is space.
//!
//! A log goes from below, some blocks at a time, so that a long one holds nobody up; what is left of it in between is a
//! log with a gap, like any that is being fetched.

use rumormill_proto::{
    ids::Seq,
    log::{Log, Span},
};
use rusqlite::{Connection, OptionalExtension};

use super::{
    bare,
    batch::unplace,
    fail::Fail,
    forget::take_out,
    notes::Whose,
    piece::covering,
    record::{int, seq},
};
use crate::{keep::Tally, row::evicted_end};

/// What is left of a log, and what is counted no more.
pub(super) struct Left {
    /// Nothing when the last of it went.
    pub(super) log: Option<Log>,
    pub(super) gone: Tally,
}

/// Takes out the lowest entries of a log, and with the last one all that is kept of it.
pub(super) fn evict(db: &Connection, whose: Whose<'_>, log: &Log) -> Result<Left, Fail> {
    db.prepare_cached("DELETE FROM vouch WHERE log = ?1")?.execute([whose.log])?;
    let Some(lowest) = lowest(db, whose.log)? else {
        forget(db, whose)?;
        return Ok(Left { log: None, gone: Tally::default() });
    };
    let end = evicted_end(lowest);
    // What lies beyond a cut left the timeline already.
    let shown = log.cut().map_or(Some(end), |cut| cut.checked_sub(1).map(|last| last.min(end)));
    let shown = shown.filter(|last| lowest <= *last);
    let gone = shown.map_or(Ok(Tally::default()), |last| unplace(db, whose, (lowest, last)))?;
    bare::remove(db, whose.log, (lowest, end))?;
    take_out(db, whose, (lowest, end))?;
    let mut arrived = db.prepare_cached("DELETE FROM arrival WHERE log = ?1 AND first BETWEEN ?2 AND ?3")?;
    arrived.execute((whose.log, int(lowest), int(end)))?;
    if self::lowest(db, whose.log)?.is_none() {
        forget(db, whose)?;
        return Ok(Left { log: None, gone });
    }
    Ok(Left { log: Some(above(db, whose, log, end + 1)?), gone })
}

/// The lowest entry that is kept of a log, evidence included.
fn lowest(db: &Connection, log: i64) -> Result<Option<Seq>, Fail> {
    let mut find = db.prepare_cached("SELECT first FROM run WHERE log = ?1 ORDER BY first LIMIT 1")?;
    let lowest: Option<i64> = find.query_row([log], |row| row.get(0)).optional()?;
    lowest.map(seq).transpose()
}

/// What is left of a log from `first` on.
fn above(db: &Connection, whose: Whose<'_>, log: &Log, first: Seq) -> Result<Log, Fail> {
    let mut spans = Vec::new();
    for span in log.spans().iter().filter(|span| first <= span.last.seq) {
        let stored = if first <= span.first { None } else { covering(db, whose.log, first)? };
        match stored.and_then(|stored| stored.run(whose.author)) {
            _ if first <= span.first => spans.push(*span),
            Some(run) if run.first() == first => {
                let first_time = run.entries().first().map_or(span.first_time, |entry| entry.time);
                spans.push(Span { first, prev: run.prev(), first_time, last: span.last });
            }
            // It cannot be read, and goes with the next piece.
            _ => {}
        }
    }
    Ok(Log::restored(spans, log.cut()))
}

/// Takes out what is kept beside the entries of a log. Its number stays when entries are about those of it.
fn forget(db: &Connection, whose: Whose<'_>) -> Result<(), Fail> {
    for rows in [
        "DELETE FROM proof WHERE log = ?1",
        "DELETE FROM gone WHERE log = ?1",
        "DELETE FROM arrival WHERE log = ?1",
        "UPDATE log SET spans = x'', cut = NULL, taken = 0, reaches = 0, let_go = 0, let_go_time = NULL WHERE id = ?1",
    ] {
        db.prepare_cached(rows)?.execute([whose.log])?;
    }
    let mut about = db.prepare_cached("SELECT 1 FROM note WHERE room = ?1 AND target = ?2 LIMIT 1")?;
    if !about.exists((whose.room, whose.log))? {
        db.prepare_cached("DELETE FROM log WHERE id = ?1")?.execute([whose.log])?;
    }
    Ok(())
}

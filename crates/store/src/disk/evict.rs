//! Eviction of logs when a room has more authors than it has space for.
//!
//! A log goes from the lowest entry up, some blocks at a time, so that a long one does not delay other work. In
//! between, the rest is a log with a gap, as during a fetch.

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

/// The rest of a log, and the reduction of the counts.
pub(super) struct Left {
    /// `None` when the last of it went.
    pub(super) log: Option<Log>,
    pub(super) gone: Tally,
}

/// Removes the lowest entries of a log, and with the last one everything stored for it.
pub(super) fn evict(db: &Connection, whose: Whose<'_>, log: &Log) -> Result<Left, Fail> {
    db.prepare_cached("DELETE FROM vouch WHERE log = ?1")?.execute([whose.log])?;
    let Some(lowest) = lowest(db, whose.log)? else {
        forget(db, whose)?;
        return Ok(Left { log: None, gone: Tally::default() });
    };
    let end = evicted_end(lowest);
    // Entries beyond a cut have left the timeline already.
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

/// The lowest stored entry of a log, evidence included.
fn lowest(db: &Connection, log: i64) -> Result<Option<Seq>, Fail> {
    let mut find = db.prepare_cached("SELECT first FROM run WHERE log = ?1 ORDER BY first LIMIT 1")?;
    let lowest: Option<i64> = find.query_row([log], |row| row.get(0)).optional()?;
    lowest.map(seq).transpose()
}

/// The rest of a log from `first` on.
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
            // This run is unreadable; the next step removes it.
            _ => {}
        }
    }
    Ok(Log::restored(spans, log.cut()))
}

/// Removes what is stored beside the entries of a log. Keeps the log's number while notes are about its entries.
fn forget(db: &Connection, whose: Whose<'_>) -> Result<(), Fail> {
    for rows in [
        "DELETE FROM act WHERE log = ?1",
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

//! Bodies that are let go because their author has said more than its share of the room.
//!
//! Blocks are let go whole, so that no run is written more than once for each of its entries.

use rumormill_proto::{
    defence,
    entry::RawEntry,
    ids::{AuthorId, Seq},
    log::Log,
    run::block_end,
};
use rusqlite::{Connection, OptionalExtension};

use super::{
    bare,
    fail::Fail,
    forget::{Dropped, drop_within},
    notes::{self, Whose},
    piece::for_each,
    record::{array, int, put_time, read_log, read_time, seq},
};
use crate::{
    limits::SHARE_BLOCKS,
    row::block_start,
    share::{Shared, share_bytes, stands_out, weight},
};

/// Counts bytes that came to a log, or went.
pub(super) fn add(db: &Connection, log: i64, bytes: i64) -> Result<(), Fail> {
    if bytes != 0 {
        db.prepare_cached("UPDATE log SET taken = taken + ?2 WHERE id = ?1")?.execute((log, bytes))?;
    }
    Ok(())
}

/// Bytes that count of a log, and the seq below which bodies were let go.
pub(super) fn standing(db: &Connection, log: i64) -> Result<(i64, Seq), Fail> {
    let mut find = db.prepare_cached("SELECT taken, reaches FROM log WHERE id = ?1")?;
    let (bytes, floor) = find.query_row([log], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((bytes, seq(floor)?))
}

/// What each author may take of a room.
pub(super) fn of_room(db: &Connection, room: i64) -> Result<i64, Fail> {
    let mut find = db.prepare_cached("SELECT share_bytes FROM room WHERE id = ?1")?;
    let put: Option<i64> = find.query_row([room], |row| row.get(0))?;
    Ok(share_bytes(put.map(i64::unsigned_abs)))
}

/// What one step came to.
#[derive(Default)]
pub(super) struct Step {
    pub(super) dropped: Dropped,
    /// Whether the log is still over its share, and has something to let go.
    pub(super) more: bool,
}

/// Lets bodies of a log go that are over its share, oldest first, in up to [`SHARE_BLOCKS`] blocks. The newest block stays
/// whatever the share.
pub(super) fn hold(db: &Connection, whose: Whose<'_>, share: i64, held: &Log) -> Result<Step, Fail> {
    let mut step = Step::default();
    let Some(head) = held.head().filter(|_| defence::is_on("disk-share")) else { return Ok(step) };
    for blocks in 0..=SHARE_BLOCKS {
        let (bytes, floor) = standing(db, whose.log)?;
        if bytes <= share {
            return Ok(step);
        }
        let mut find =
            db.prepare_cached("SELECT first FROM run WHERE log = ?1 AND first >= ?2 ORDER BY first LIMIT 1")?;
        let lowest: Option<i64> = find.query_row((whose.log, int(floor)), |row| row.get(0)).optional()?;
        let Some(end) = lowest.map(seq).transpose()?.map(block_end).filter(|end| *end < block_start(head.seq)) else {
            return Ok(step);
        };
        if blocks == SHARE_BLOCKS {
            step.more = true;
            return Ok(step);
        }
        step.dropped += let_go(db, whose, (floor, end))?;
        db.prepare_cached("UPDATE log SET reaches = ?2 WHERE id = ?1")?.execute((whose.log, int(end + 1)))?;
    }
    Ok(step)
}

/// Lets the bodies of `first..=last` go, and what is wanted there. What lies beside them in the same run stays: it stayed when
/// it was its turn.
pub(super) fn let_go(db: &Connection, whose: Whose<'_>, (first, last): (Seq, Seq)) -> Result<Dropped, Fail> {
    let mut stored = Vec::new();
    for_each(db, whose.log, (first, last), |run| {
        stored.push(run);
        Ok(true)
    })?;
    let goes = |at: Seq, entry: &RawEntry| {
        let named = (first..=last).contains(&at);
        Ok(named && weight(entry) > 0 && !(stands_out(entry.kind) && notes::stands(db, whose, at, entry)?))
    };
    let mut dropped = Dropped::default();
    for run in &stored {
        dropped += drop_within(db, whose, run, goes)?;
    }
    bare::let_go(db, whose.log, (first, last))?;
    if let Some(newest) = dropped.newest {
        let mut told = db.prepare_cached(
            "UPDATE log SET let_go = let_go + ?2, let_go_time = max(coalesce(let_go_time, ?3), ?3) WHERE id = ?1",
        )?;
        told.execute((whose.log, int(dropped.bodies as u64), put_time(newest)))?;
    }
    Ok(dropped)
}

/// The logs of a room that are over a share, heaviest first.
pub(super) fn over(db: &Connection, room: i64, share: i64) -> Result<Vec<(i64, AuthorId, Log)>, Fail> {
    let mut find = db.prepare_cached(
        "SELECT id, author, spans, cut FROM log INDEXED BY heavy WHERE room = ?1 AND taken > 0 AND taken > ?2
            ORDER BY taken DESC",
    )?;
    let mut rows = find.query((room, share))?;
    let mut over = Vec::new();
    while let Some(row) = rows.next()? {
        over.push((row.get(0)?, AuthorId(array(row, 1)?), read_log(row, 2)?));
    }
    Ok(over)
}

/// What shares took in a room, authors ascending.
pub(super) fn told(db: &Connection, room: i64) -> Result<Vec<Shared>, Fail> {
    let mut find = db.prepare_cached(
        "SELECT author, taken, let_go, let_go_time FROM log INDEXED BY shared WHERE room = ?1 AND let_go > 0 ORDER BY author",
    )?;
    let mut rows = find.query([room])?;
    let mut told = Vec::new();
    while let Some(row) = rows.next()? {
        let bytes = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
        let (let_go, newest) = (seq(row.get(2)?)?, read_time(row.get(3)?));
        told.push(Shared { author: AuthorId(array(row, 0)?), bytes, let_go, newest });
    }
    Ok(told)
}

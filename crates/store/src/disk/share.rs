//! Drops bodies of authors who exceed their share of the room.
//!
//! Whole blocks lose their bodies, so that each run is rewritten at most once for each of its entries.

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

/// Adds to the bytes counted for a log; `bytes` can be negative.
pub(super) fn add(db: &Connection, log: i64, bytes: i64) -> Result<(), Fail> {
    if bytes != 0 {
        db.prepare_cached("UPDATE log SET taken = taken + ?2 WHERE id = ?1")?.execute((log, bytes))?;
    }
    Ok(())
}

/// Bytes counted for a log, and the seq below which bodies were dropped.
pub(super) fn standing(db: &Connection, log: i64) -> Result<(i64, Seq), Fail> {
    let mut find = db.prepare_cached("SELECT taken, reaches FROM log WHERE id = ?1")?;
    let (bytes, floor) = find.query_row([log], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((bytes, seq(floor)?))
}

/// Bytes that each author may keep in a room.
pub(super) fn of_room(db: &Connection, room: i64) -> Result<i64, Fail> {
    let mut find = db.prepare_cached("SELECT share_bytes FROM room WHERE id = ?1")?;
    let put: Option<i64> = find.query_row([room], |row| row.get(0))?;
    Ok(share_bytes(put.map(i64::unsigned_abs)))
}

/// The effect of one step.
#[derive(Default)]
pub(super) struct Step {
    pub(super) dropped: Dropped,
    /// Whether the log is still over its share and has more to drop.
    pub(super) more: bool,
}

/// Drops the oldest bodies of a log over its share, in up to [`SHARE_BLOCKS`] blocks. The newest block always stays.
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

/// Drops the bodies of `first..=last`, and no longer wants missing ones there. Bodies beside them in the same run stay,
/// as they did in their own turn.
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

/// The logs of a room that exceed a share, heaviest first.
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

/// How shares were applied in a room, authors ascending.
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

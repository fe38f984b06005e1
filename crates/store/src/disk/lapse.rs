//! Notes which parts of logs do not count, and drops their bodies when they have not for long; see [`crate::lapsed`].

use rumormill_proto::ids::{AuthorId, RoomId, Seq};
use rusqlite::Connection;

use super::{
    expire,
    fail::Fail,
    forget::{Dropped, drop_within},
    notes::Whose,
    piece::for_each,
    record::{self, array, int, seq},
};
use crate::{
    keep::Tally,
    lapsed::{self, Lapsed},
};

/// What there is to note and to drop in a room.
pub(super) struct Plan {
    room: i64,
    parts: Vec<Lapsed>,
    due: Vec<Lapsed>,
    /// Whether more waits after this.
    pub(super) more: bool,
}

/// Finds what to note and to drop; `None` when nothing changes.
pub(super) fn plan(
    db: &Connection,
    room: &RoomId,
    parts: &[(AuthorId, Seq, Seq)],
    (now_ms, most): (u64, usize),
) -> Result<Option<Plan>, Fail> {
    let Some(room) = record::room(db, room)? else { return Ok(None) };
    let mut held = Vec::with_capacity(parts.len());
    for part in parts {
        held.extend(record::log(db, room, &part.0)?.map(|_| *part));
    }
    let before = noted(db, room)?;
    let mut parts = lapsed::renewed(&before, &held, now_ms);
    let (due, more) = lapsed::take_due(&mut parts, now_ms, most);
    Ok((parts != before).then_some(Plan { room, parts, due, more }))
}

/// The parts that were noted, in order.
fn noted(db: &Connection, room: i64) -> Result<Vec<Lapsed>, Fail> {
    let mut find = db.prepare_cached(
        "SELECT author, first, last, since, dropped FROM lapsed CROSS JOIN log ON log.id = lapsed.log
            WHERE lapsed.room = ?1 ORDER BY author, first",
    )?;
    let mut rows = find.query([room])?;
    let mut noted = Vec::new();
    while let Some(row) = rows.next()? {
        let (first, last) = (seq(row.get(1)?)?, seq(row.get(2)?)?);
        let since_ms = row.get::<_, i64>(3)?.unsigned_abs();
        noted.push(Lapsed { author: AuthorId(array(row, 0)?), first, last, since_ms, dropped: row.get(4)? });
    }
    Ok(noted)
}

/// Carries out a plan; returns what was dropped.
pub(super) fn lapse(db: &Connection, plan: &Plan) -> Result<Dropped, Fail> {
    db.prepare_cached("DELETE FROM lapsed WHERE room = ?1")?.execute([plan.room])?;
    let mut put = db.prepare_cached("INSERT INTO lapsed VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for Lapsed { author, first, last, since_ms, dropped } in &plan.parts {
        let Some(log) = record::log(db, plan.room, author)? else { continue };
        put.execute((plan.room, log.id, int(*first), int(*last), int(*since_ms), dropped))?;
    }
    let mut dropped = Dropped::default();
    for part in &plan.due {
        dropped += drop_part(db, plan.room, part)?;
    }
    let mut count = Tally::default();
    count -= dropped.tally;
    expire::add(db, plan.room, count)?;
    Ok(dropped)
}

fn drop_part(db: &Connection, room: i64, part: &Lapsed) -> Result<Dropped, Fail> {
    let mut dropped = Dropped::default();
    let Some(log) = record::log(db, room, &part.author)? else { return Ok(dropped) };
    let mut stored = Vec::new();
    for_each(db, log.id, (part.first, part.last), |run| {
        stored.push(run);
        Ok(true)
    })?;
    let whose = Whose { room, log: log.id, author: &part.author };
    for run in &stored {
        let goes = |at, entry: &_| Ok((part.first..=part.last).contains(&at) && lapsed::lapses(entry));
        dropped += drop_within(db, whose, run, goes)?;
    }
    Ok(dropped)
}

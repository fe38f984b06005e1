//! Drops bodies that exceed a room's bounds.

use std::collections::BTreeMap;

use rumormill_proto::{
    ids::{AuthorId, RoomId},
    time::Time,
    timeline::Place,
};
use rusqlite::{Connection, Row};

use super::{
    bare,
    fail::Fail,
    forget::{Dropped, drop_bodies},
    notes::Whose,
    piece::{Pieces, for_each},
    record::{self, array, int, read_log},
    walk::{Way, Which, walk},
};
use crate::{
    keep::{Expiry, Filled, Keep, KeepFiles, Tally},
    share::weight,
};

/// The bodies over the bounds of a room, and how far up they reach.
pub(super) struct Plan {
    room: i64,
    expiry: Expiry,
    floor: Option<Place>,
    /// Whether more waits after this.
    pub(super) more: bool,
}

/// Finds what to drop in a room, within at most `most` entries of its timeline.
pub(super) fn plan(db: &Connection, room: &RoomId, now_ms: u64, most: usize) -> Result<Option<Plan>, Fail> {
    let Some(number) = record::room(db, room)? else { return Ok(None) };
    let mut find = db.prepare_cached(
        "SELECT age_ms, keep_entries, keep_bytes, file_age_ms, keep_files, file_bytes, share_bytes, entries, bytes, floor
                FROM room WHERE id = ?1",
    )?;
    let (keep, tally, floor) = find.query_row([number], |row| {
        Ok((
            read_keep(row, 0)?.of_texts(),
            Tally { entries: row.get(7)?, bytes: row.get(8)? },
            row.get::<_, Option<[u8; FLOOR]>>(9)?,
        ))
    })?;
    if keep == Keep::default() {
        return Ok(None);
    }
    let floor = floor.map(|floor| read_floor(&floor));
    let mut expiry = Expiry::new(keep, tally, now_ms, most);
    let mut pieces = Pieces::new(db, room)?;
    walk(db, room, (Which::All, Way::Up(floor)), |place, log| {
        let row = pieces.row(log, &place.author, place.seq)?;
        let body = row.map_or(Tally::default(), |row| Tally::of(&row.raw));
        Ok(expiry.visit(place, body))
    })?;
    let ended = expiry.end(floor);
    Ok(ended.map(|(floor, more)| Plan { room: number, expiry, floor, more }))
}

/// Carries out a plan; returns what was dropped.
pub(super) fn expire(db: &Connection, plan: &Plan) -> Result<Dropped, Fail> {
    let mut dropped = Dropped::default();
    for (author, seqs) in &plan.expiry.over {
        let Some(log) = record::log(db, plan.room, author)? else { continue };
        let seqs: Vec<_> = seqs.iter().copied().collect();
        dropped += drop_bodies(db, Whose { room: plan.room, log: log.id, author }, &seqs)?;
    }
    let mut count = Tally::default();
    count -= dropped.tally;
    add(db, plan.room, count)?;
    plan.floor.map_or(Ok(()), |floor| bare::expire(db, plan.room, floor))?;
    // Its bytes are in the order of places.
    let mut keep = db.prepare_cached("UPDATE room SET floor = ?2, bared = max(?2, ifnull(bared, ?2)) WHERE id = ?1")?;
    keep.execute((plan.room, plan.floor.map(put_floor)))?;
    Ok(dropped)
}

/// Adds to the body counts of a room; `count` can be negative.
pub(super) fn add(db: &Connection, room: i64, count: Tally) -> Result<(), Fail> {
    let mut add = db.prepare_cached("UPDATE room SET entries = entries + ?2, bytes = bytes + ?3 WHERE id = ?1")?;
    add.execute((room, count.entries, count.bytes))?;
    Ok(())
}

/// Recounts the bodies of all rooms, or of one, from the runs. Damaged runs do not count.
pub(super) fn recount(db: &Connection, room: Option<i64>) -> Result<(), Fail> {
    db.execute("UPDATE room SET entries = 0, bytes = 0 WHERE ?1 IS NULL OR id = ?1", [room])?;
    let mut find = db.prepare("SELECT room, id, author, spans, cut FROM log WHERE ?1 IS NULL OR room = ?1")?;
    let mut logs = find.query([room])?;
    let mut counts: BTreeMap<i64, Tally> = BTreeMap::new();
    while let Some(row) = logs.next()? {
        let mut count = Tally::default();
        match count_log(db, row, &mut count) {
            Ok(()) | Err(Fail::Odd(_)) => *counts.entry(row.get(0)?).or_default() += count,
            Err(why) => return Err(why),
        }
    }
    counts.into_iter().try_for_each(|(room, count)| add(db, room, count))
}

/// Recounts how much of their shares the authors of all rooms, or of one, use. Damaged runs do not count.
pub(super) fn recount_shares(db: &Connection, room: Option<i64>) -> Result<(), Fail> {
    let mut find = db.prepare("SELECT id, author, spans, cut FROM log WHERE ?1 IS NULL OR room = ?1")?;
    let mut logs = find.query([room])?;
    let mut counts: Vec<(i64, i64)> = Vec::new();
    while let Some(row) = logs.next()? {
        let (Ok(author), Ok(held)) = (array(row, 1).map(AuthorId), read_log(row, 2)) else { continue };
        let mut count = 0;
        let Some(last) = held.next().checked_sub(1) else { continue };
        for_each(db, row.get(0)?, (0, last), |stored| {
            let run = stored.run(&author);
            let entries = run.iter().flat_map(|run| run.entries().iter().zip(run.first()..));
            count += entries.filter(|(_, at)| *at <= last).map(|(entry, _)| weight(entry)).sum::<i64>();
            Ok(true)
        })?;
        counts.push((row.get(0)?, count));
    }
    let mut put = db.prepare_cached("UPDATE log SET taken = ?2 WHERE id = ?1")?;
    counts.into_iter().try_for_each(|count| put.execute(count).map(|_| ()))?;
    Ok(())
}

fn count_log(db: &Connection, row: &Row<'_>, count: &mut Tally) -> Result<(), Fail> {
    let author = AuthorId(array(row, 2)?);
    let Some(last) = read_log(row, 3)?.next().checked_sub(1) else { return Ok(()) };
    for_each(db, row.get(1)?, (0, last), |stored| {
        let run = stored.run(&author);
        let entries = run.iter().flat_map(|run| run.entries());
        entries.for_each(|entry| *count += Tally::of(entry));
        Ok(true)
    })
}

/// Reads the bounds of a room from seven columns, starting at `at`.
pub(super) fn read_keep(row: &Row<'_>, at: usize) -> rusqlite::Result<Keep> {
    let bound = |at| row.get::<_, Option<i64>>(at).map(|bound| bound.map(i64::unsigned_abs));
    let files = KeepFiles { age_ms: bound(at + 3)?, count: bound(at + 4)?, bytes: bound(at + 5)? };
    let share = bound(at + 6)?;
    Ok(Keep { age_ms: bound(at)?, entries: bound(at + 1)?, bytes: bound(at + 2)?, files, share })
}

/// Stores the bounds of a room. Changed bounds are applied from the beginning of the timeline.
pub(super) fn put_keep(db: &Connection, room: i64, keep: &Keep) -> Result<(), Fail> {
    let mut put = db.prepare_cached(
        "UPDATE room SET age_ms = ?2, keep_entries = ?3, keep_bytes = ?4, file_age_ms = ?5, keep_files = ?6,
            file_bytes = ?7, share_bytes = ?8, floor = CASE WHEN (age_ms, keep_entries, keep_bytes) IS (?2, ?3, ?4) THEN floor END WHERE id = ?1",
    )?;
    let Keep { age_ms, entries, bytes, files, share } = keep;
    let texts = (age_ms.map(int), entries.map(int), bytes.map(int));
    let files = (files.age_ms.map(int), files.count.map(int), files.bytes.map(int));
    put.execute((room, texts.0, texts.1, texts.2, files.0, files.1, files.2, share.map(int)))?;
    Ok(())
}

/// The floor of a room.
pub(super) fn floor(db: &Connection, room: i64) -> Result<Option<Place>, Fail> {
    let mut find = db.prepare_cached("SELECT floor FROM room WHERE id = ?1")?;
    let floor: Option<[u8; FLOOR]> = find.query_row([room], |row| row.get(0))?;
    Ok(floor.map(|floor| read_floor(&floor)))
}

/// How much of a room's bounds its bodies use.
pub(super) fn filled(db: &Connection, room: &RoomId) -> Result<Filled, Fail> {
    let Some(number) = record::room(db, room)? else { return Ok(Filled::default()) };
    let mut find = db.prepare_cached("SELECT entries, bytes, bared FROM room WHERE id = ?1")?;
    Ok(find.query_row([number], |row| {
        let bared: Option<[u8; FLOOR]> = row.get(2)?;
        Ok(Filled::of(Tally { entries: row.get(0)?, bytes: row.get(1)? }, bared.map(|bared| read_floor(&bared))))
    })?)
}

/// Bytes of a floor: time 8, author 32, seq 8.
const FLOOR: usize = 48;

fn put_floor(floor: Place) -> [u8; FLOOR] {
    let mut bytes = [0; FLOOR];
    bytes[..8].copy_from_slice(&floor.time.0.to_be_bytes());
    bytes[8..40].copy_from_slice(&floor.author.0);
    bytes[40..].copy_from_slice(&floor.seq.to_be_bytes());
    bytes
}

fn read_floor(bytes: &[u8; FLOOR]) -> Place {
    let number = |at: usize| u64::from_be_bytes(std::array::from_fn(|byte| bytes[at + byte]));
    let author = AuthorId(std::array::from_fn(|byte| bytes[8 + byte]));
    Place { time: Time(number(0)), author, seq: number(40) }
}

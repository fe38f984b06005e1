//! Whom entries vouch for: a row for each author that an entry names, marked when no lower entry names it.
//!
//! A row outlives its entry's body when that is dropped for space, and goes when the entry is retracted.

use std::collections::BTreeMap;

use rumormill_proto::{
    content::{Vouch, vouched_for},
    entry::RawEntry,
    ids::{AuthorId, Seq},
    limits::FOUNDER_SHARE,
};
use rusqlite::{Connection, OptionalExtension};

use super::{
    fail::Fail,
    piece::for_all,
    record::{array, int, seq},
};

/// Records whom an entry vouches for.
pub(super) fn add(db: &Connection, (log, author): (i64, &AuthorId), at: Seq, entry: &RawEntry) -> Result<(), Fail> {
    for (of, place) in vouched_for(author, entry.kind, &entry.body).iter().zip(0i64..) {
        let first = first(db, log, of)?;
        let is_first = first.is_none_or(|first| (int(at), place) < first);
        if let Some((seq, _)) = first.filter(|_| is_first) {
            mark(db, (log, of, seq), false)?;
        }
        let mut put = db.prepare_cached("INSERT OR IGNORE INTO vouch VALUES (?1, ?2, ?3, ?4, ?5)")?;
        put.execute((log, &of.0, int(at), place, is_first))?;
    }
    Ok(())
}

/// The first place in a log that names an author.
fn first(db: &Connection, log: i64, of: &AuthorId) -> Result<Option<(i64, i64)>, Fail> {
    let mut find = db.prepare_cached("SELECT seq, at FROM vouch WHERE log = ?1 AND of = ?2 ORDER BY seq LIMIT 1")?;
    Ok(find.query_row((log, &of.0), |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

fn mark(db: &Connection, (log, of, seq): (i64, &AuthorId, i64), first: bool) -> Result<(), Fail> {
    let mut mark = db.prepare_cached("UPDATE vouch SET first = ?4 WHERE log = ?1 AND of = ?2 AND seq = ?3")?;
    mark.execute((log, &of.0, seq, first))?;
    Ok(())
}

/// Removes the vouches of an entry.
pub(super) fn remove(db: &Connection, log: i64, at: Seq) -> Result<(), Fail> {
    let mut find = db.prepare_cached("SELECT of FROM vouch WHERE log = ?1 AND seq = ?2 ORDER BY at")?;
    let mut rows = find.query((log, int(at)))?;
    let mut named = Vec::new();
    while let Some(row) = rows.next()? {
        named.push(AuthorId(array(row, 0)?));
    }
    db.prepare_cached("DELETE FROM vouch WHERE log = ?1 AND seq = ?2")?.execute((log, int(at)))?;
    for of in &named {
        if let Some((seq, _)) = first(db, log, of)? {
            mark(db, (log, of, seq), true)?;
        }
    }
    Ok(())
}

/// Removes the vouches of a log from `at` on.
pub(super) fn cut(db: &Connection, log: i64, at: Seq) -> Result<(), Fail> {
    db.prepare_cached("DELETE FROM vouch WHERE log = ?1 AND seq >= ?2")?.execute((log, int(at)))?;
    Ok(())
}

/// Whom a log vouches for, each author once at its first vouch, in the log's order.
pub(super) fn of_log(db: &Connection, log: i64, most: usize) -> Result<Vec<Vouch>, Fail> {
    let mut find = db.prepare_cached(
        "SELECT seq, of FROM vouch INDEXED BY first_vouch WHERE log = ?1 AND first = 1 ORDER BY seq, at LIMIT ?2",
    )?;
    let mut rows = find.query((log, int(most as u64)))?;
    let mut vouches = Vec::new();
    while let Some(row) = rows.next()? {
        vouches.push(Vouch { seq: seq(row.get(0)?)?, of: AuthorId(array(row, 1)?) });
    }
    Ok(vouches)
}

/// The same for all logs of a room, by the number of the log; as many for each as can count.
pub(super) fn of_room(db: &Connection, room: i64) -> Result<BTreeMap<i64, Vec<Vouch>>, Fail> {
    let mut find = db.prepare_cached("SELECT id FROM log WHERE room = ?1 AND id IN (SELECT log FROM vouch)")?;
    let logs: Vec<i64> = find.query_map([room], |row| row.get(0))?.collect::<Result<_, _>>()?;
    logs.into_iter().map(|log| Ok((log, of_log(db, log, FOUNDER_SHARE as usize / 2)?))).collect()
}

/// Records the vouches of everything stored before this table existed. Skips damaged runs.
pub(super) fn read_all(db: &Connection) -> Result<(), Fail> {
    for_all(db, |log, author, seq, entry| add(db, (log, author), seq, entry))
}

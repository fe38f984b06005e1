//! Dropping bodies: from their run, from the notes and from the search index.
//!
//! Dropped bodies are overwritten in place (`secure_delete`). Copies in the write-ahead log go when that is truncated,
//! see [`wipe`].

use std::{ops::AddAssign, time::Duration};

use rumormill_proto::{
    entry::RawEntry,
    ids::{AuthorId, Seq},
    run::RawRun,
    time::Time,
};
use rusqlite::{Connection, OptionalExtension};

use super::{
    bare, expire,
    fail::Fail,
    index::{Arrival, folded},
    notes::{self, Whose},
    piece::{self, Stored, covering},
    record::{int, seq},
    share, vouches,
};
use crate::{
    keep::Tally,
    limits::{BUSY_MS, EDITS_AT_ONCE},
    note::may_go,
    row::block_start,
    share::weight,
};

/// What was dropped.
#[derive(Clone, Copy, Default)]
pub(super) struct Dropped {
    pub(super) bodies: usize,
    /// The part that counts towards the room's bounds.
    pub(super) tally: Tally,
    /// Time of the newest dropped entry.
    pub(super) newest: Option<Time>,
}

impl AddAssign for Dropped {
    fn add_assign(&mut self, more: Self) {
        self.bodies += more.bodies;
        self.tally += more.tally;
        self.newest = self.newest.max(more.newest);
    }
}

/// Drops bodies of one log; seqs ascending.
pub(super) fn drop_bodies(db: &Connection, whose: Whose<'_>, seqs: &[Seq]) -> Result<Dropped, Fail> {
    let mut dropped = Dropped::default();
    let mut rest = seqs;
    while let Some(seq) = rest.first() {
        let stored = covering(db, whose.log, *seq)?.filter(|stored| stored.last >= *seq);
        let Some(stored) = stored else {
            rest = &rest[1..];
            continue;
        };
        let (within, above) = rest.split_at(rest.partition_point(|seq| *seq <= stored.last));
        dropped += drop_within(db, whose, &stored, |seq, entry| Ok(within.contains(&seq) && may_go(entry)))?;
        rest = above;
    }
    Ok(dropped)
}

/// Drops the selected bodies of one run. Keeps the stored ids and signature, so that earlier damage is still detected.
pub(super) fn drop_within(
    db: &Connection,
    whose: Whose<'_>,
    stored: &Stored,
    goes: impl Fn(Seq, &RawEntry) -> Result<bool, Fail>,
) -> Result<Dropped, Fail> {
    let Some(run) = stored.run(whose.author) else { return Ok(Dropped::default()) };
    let mut going: Vec<(Seq, &RawEntry)> = Vec::new();
    for (seq, entry) in (run.first()..).zip(run.entries()) {
        going.extend(goes(seq, entry)?.then_some((seq, entry)));
    }
    let (Some((first, _)), Some((last, _))) = (going.first(), going.last()) else { return Ok(Dropped::default()) };
    let texts = texts(db, whose.author, (whose.log, *first, *last))?;
    for (seq, entry) in &going {
        notes::remove(db, whose, *seq, entry)?;
    }
    let left = (run.first()..).zip(run.entries()).map(|(seq, entry)| match going.iter().any(|(at, _)| *at == seq) {
        true => RawEntry { body: entry.body.dropped(), ..entry.clone() },
        false => entry.clone(),
    });
    let left = RawRun::new(*whose.author, run.first(), run.prev(), left.collect(), run.signature().copied())?;
    let mut put = db.prepare_cached("UPDATE run SET wire = ?3 WHERE log = ?1 AND first = ?2")?;
    put.execute((whose.log, int(stored.first), &left.wire()[..]))?;
    texts.iter().try_for_each(|(arrival, text)| reword(db, arrival, text))?;
    let mut dropped = Dropped { bodies: going.len(), ..Dropped::default() };
    going.iter().for_each(|(_, entry)| dropped.tally += Tally::of(entry));
    dropped.newest = going.iter().map(|(_, entry)| entry.time).max();
    share::add(db, whose.log, -going.iter().map(|(_, entry)| weight(entry)).sum::<i64>())?;
    Ok(dropped)
}

/// The indexed arrivals that contain some of the entries `first..=last`, with their words.
pub(super) fn texts(
    db: &Connection,
    author: &AuthorId,
    (log, first, last): (i64, Seq, Seq),
) -> Result<Vec<(Arrival, String)>, Fail> {
    // An arriving run lies within one block.
    let mut find = db.prepare_cached(
        "SELECT arrival.id, arrival.log, author, first, last, newest FROM arrival CROSS JOIN log ON log.id = arrival.log
            CROSS JOIN room ON room.id = log.room WHERE arrival.log = ?1 AND first BETWEEN ?2 AND ?4 AND last >= ?3
            AND arrival.id <= room.indexed",
    )?;
    let mut rows = find.query((log, int(block_start(first)), int(first), int(last)))?;
    let mut texts = Vec::new();
    while let Some(row) = rows.next()? {
        let arrival = Arrival { author: *author, ..Arrival::read(row)? };
        let text = folded(db, &arrival)?;
        texts.push((arrival, text));
    }
    Ok(texts)
}

/// Removes the runs of a log that begin within `first..=last`, and their words from the index.
pub(super) fn take_out(db: &Connection, whose: Whose<'_>, (first, last): (Seq, Seq)) -> Result<(), Fail> {
    let texts = texts(db, whose.author, (whose.log, first, last))?;
    piece::remove(db, whose.log, (first, last))?;
    texts.iter().try_for_each(|(arrival, text)| reword(db, arrival, text))
}

/// Indexes an arrival again; its words were `before`.
pub(super) fn reword(db: &Connection, arrival: &Arrival, before: &str) -> Result<(), Fail> {
    let after = folded(db, arrival)?;
    if after == before {
        return Ok(());
    }
    // An arrival without words is not in the index.
    if !before.is_empty() {
        let mut delete = db.prepare_cached("INSERT INTO words(words, rowid, text) VALUES ('delete', ?1, ?2)")?;
        delete.execute((arrival.id, before))?;
    }
    if !after.is_empty() {
        db.prepare_cached("INSERT INTO words(rowid, text) VALUES (?1, ?2)")?.execute((arrival.id, after))?;
    }
    Ok(())
}

/// Drops the body of entry `of` of a log and the bodies of its edits, if held. The first edits are dropped at once,
/// further ones by [`go_on`]. None of them is in effect from here on.
pub(super) fn retract(db: &Connection, whose: Whose<'_>, of: Seq) -> Result<Dropped, Fail> {
    vouches::remove(db, whose.log, of)?;
    bare::remove(db, whose.log, (of, of))?;
    let mut seqs = notes::edits(db, whose, of, EDITS_AT_ONCE)?;
    if seqs.len() == EDITS_AT_ONCE {
        notes::quiet(db, whose, of)?;
        db.prepare_cached("INSERT OR IGNORE INTO retracting VALUES (?1, ?2)")?.execute((whose.log, int(of)))?;
    }
    seqs.push(of);
    seqs.sort_unstable();
    drop_bodies(db, whose, &seqs)
}

/// Drops up to `rows` more edits of retracted entries; returns whether more wait.
pub(super) fn go_on(db: &Connection, rows: usize) -> Result<bool, Fail> {
    let mut find = db.prepare_cached(
        "SELECT retracting.log, of, room, author FROM retracting LEFT JOIN log ON log.id = retracting.log LIMIT 1",
    )?;
    let found = find.query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))).optional()?;
    let Some((log, of, room, author)) = found else { return Ok(false) };
    let (log, of, room, author): (i64, i64, Option<i64>, Option<[u8; 32]>) = (log, of, room, author);
    let mut dropped = Dropped::default();
    if let (Some(room), Some(author)) = (room, author.map(AuthorId)) {
        let whose = Whose { room, log, author: &author };
        let mut seqs = notes::edits(db, whose, seq(of)?, rows)?;
        seqs.sort_unstable();
        dropped = drop_bodies(db, whose, &seqs)?;
        let mut count = Tally::default();
        count -= dropped.tally;
        expire::add(db, room, count)?;
    }
    // Asking again does not remove damaged edits.
    if dropped.bodies < rows {
        db.prepare_cached("DELETE FROM retracting WHERE log = ?1 AND of = ?2")?.execute((log, of))?;
    }
    is_going(db)
}

/// Whether edits of retracted entries wait to be dropped.
pub(super) fn is_going(db: &Connection) -> Result<bool, Fail> {
    Ok(db.prepare_cached("SELECT 1 FROM retracting LIMIT 1")?.exists([])?)
}

/// Moves everything into the database and truncates the write-ahead log, which erases dropped bodies from it. That is
/// impossible while anyone reads the log: waits up to `patience` for readers to end. Returns whether they did.
pub(super) fn wipe(db: &Connection, patience: Duration) -> Result<bool, Fail> {
    db.busy_timeout(patience)?;
    let busy = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    db.busy_timeout(Duration::from_millis(BUSY_MS))?;
    Ok(busy? == 0)
}

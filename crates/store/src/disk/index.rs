//! The index of words. It is written after the entries, in slices, when there is time.
//!
//! Runs are indexed in the order of their arrival. An arrival is one document: the folded words of all its texts.

use rumormill_proto::ids::{AuthorId, Seq};
use rusqlite::Connection;

use super::{
    epochs::views,
    fail::Fail,
    piece::for_each,
    record::{array, seq},
    schema::ARRIVAL_BITS,
};
use crate::{limits::SLICE_ARRIVALS, note::said, words::each_word};

/// A run as it arrived.
pub(super) struct Arrival {
    pub(super) id: i64,
    pub(super) log: i64,
    pub(super) author: AuthorId,
    pub(super) first: Seq,
    pub(super) last: Seq,
    /// Time of the last entry, in the database's form.
    pub(super) newest: i64,
}

impl Arrival {
    /// Reads the columns id, log, author, first, last, newest.
    pub(super) fn read(row: &rusqlite::Row<'_>) -> Result<Self, Fail> {
        Ok(Self {
            id: row.get(0)?,
            log: row.get(1)?,
            author: AuthorId(array(row, 2)?),
            first: seq(row.get(3)?)?,
            last: seq(row.get(4)?)?,
            newest: row.get(5)?,
        })
    }
}

/// The unindexed arrivals of a room; the caller adds an order.
macro_rules! unindexed {
    ($order:literal) => {
        concat!(
            "SELECT arrival.id, log, author, first, last, newest FROM room
                CROSS JOIN arrival ON arrival.id > max(room.indexed, room.id << 40) AND arrival.id < (room.id + 1) << 40
                CROSS JOIN log ON log.id = arrival.log WHERE room.id = ?1 ORDER BY ",
            $order
        )
    };
}
pub(super) use unindexed;

const _: () = assert!(ARRIVAL_BITS == 40, "as in the statement above");

/// Whether an entry waits to be indexed.
pub(super) fn is_behind(db: &Connection) -> Result<bool, Fail> {
    Ok(rooms_behind(db)?.next().is_some())
}

fn rooms_behind(db: &Connection) -> Result<impl Iterator<Item = i64>, Fail> {
    let mut find = db.prepare_cached(
        "SELECT id FROM room WHERE EXISTS (SELECT 1 FROM arrival
            WHERE arrival.id > max(room.indexed, room.id << 40) AND arrival.id < (room.id + 1) << 40) ORDER BY id",
    )?;
    let rooms: Result<Vec<_>, _> = find.query_map([], |row| row.get(0))?.collect();
    Ok(rooms?.into_iter())
}

/// Indexes up to `entries` entries, but at least one run; returns whether more wait.
pub(super) fn go_on(db: &Connection, entries: usize) -> Result<bool, Fail> {
    let mut left = entries as u64;
    for room in rooms_behind(db)? {
        if left == 0 {
            return Ok(true);
        }
        let arrivals = next_arrivals(db, room, left)?;
        left = left.saturating_sub(arrivals.iter().map(|arrival| arrival.last - arrival.first + 1).sum());
        index(db, room, &arrivals)?;
    }
    is_behind(db)
}

fn next_arrivals(db: &Connection, room: i64, entries: u64) -> Result<Vec<Arrival>, Fail> {
    let mut find = db.prepare_cached(unindexed!("arrival.id"))?;
    let mut rows = find.query([room])?;
    let mut arrivals = Vec::new();
    let mut held = 0;
    while held < entries
        && let Some(row) = rows.next()?
    {
        let arrival = Arrival::read(row)?;
        held += (arrival.last + 1).saturating_sub(arrival.first);
        arrivals.push(arrival);
    }
    Ok(arrivals)
}

fn index(db: &Connection, room: i64, arrivals: &[Arrival]) -> Result<(), Fail> {
    let mut put = db.prepare_cached("INSERT INTO words(rowid, text) VALUES (?1, ?2)")?;
    for arrival in arrivals {
        let text = folded(db, arrival)?;
        if !text.is_empty() {
            put.execute((arrival.id, text))?;
        }
        put_slice(db, arrival)?;
    }
    if let Some(last) = arrivals.last() {
        db.prepare_cached("UPDATE room SET indexed = ?2 WHERE id = ?1")?.execute((room, last.id))?;
    }
    Ok(())
}

/// The folded words of an arrival.
pub(super) fn folded(db: &Connection, arrival: &Arrival) -> Result<String, Fail> {
    let mut text = String::new();
    for_each(db, arrival.log, (arrival.first, arrival.last), |stored| {
        let Some(run) = stored.run(&arrival.author) else { return Ok(true) };
        let entries = views(db, arrival.id >> ARRIVAL_BITS, &run)?.into_iter();
        for (_, entry) in entries.filter(|(seq, _)| (arrival.first..=arrival.last).contains(seq)) {
            if let Some(said) = said(entry.kind, &entry.body) {
                each_word(&said, |word| text.extend([word, " "]));
            }
        }
        Ok(true)
    })?;
    Ok(text)
}

/// Adds an arrival to the last slice of its room, or to a new slice when that is full.
fn put_slice(db: &Connection, arrival: &Arrival) -> Result<(), Fail> {
    let base = arrival.id >> ARRIVAL_BITS << ARRIVAL_BITS;
    let mut grow = db.prepare_cached(
        "UPDATE slice SET last = ?2, arrivals = arrivals + 1, newest = max(newest, ?3)
            WHERE id = (SELECT max(id) FROM slice WHERE id BETWEEN ?1 AND ?2) AND arrivals < ?4",
    )?;
    if grow.execute((base, arrival.id, arrival.newest, SLICE_ARRIVALS as i64))? == 0 {
        let mut put = db.prepare_cached("INSERT INTO slice VALUES (?1, ?1, 1, ?2)")?;
        put.execute((arrival.id, arrival.newest))?;
    }
    Ok(())
}

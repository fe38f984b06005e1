//! Who holds a message: read from the entries below it when somebody asks.
//!
//! Entries name few others, so an index of what each names does not answer this. But of each author only the entries up
//! to the first that knows the message matter, and that is mostly the first one below it. A binary search finds where
//! these entries begin in each stretch of each log; then all stretches are read side by side, in the order of the
//! timeline.

use std::{cmp::Reverse, collections::BinaryHeap};

use rumormill_proto::{
    entry::RawEntry,
    ids::{AuthorId, RoomId, Seq},
    knows::Knows,
    run::RawRun,
    timeline::Place,
};
use rusqlite::Connection;

use super::{
    fail::Fail,
    piece::covering,
    record::{self, array, read_log},
};
use crate::limits::HOLDER_ENTRIES;

/// Authors of whom an entry below an entry of the timeline knows it; ascending.
pub(super) fn holders(db: &Connection, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<Vec<AuthorId>, Fail> {
    let Some(number) = record::room(db, room)? else { return Ok(Vec::new()) };
    let Some(of) = record::log(db, number, author)?.filter(|of| of.log.holds(seq)) else { return Ok(Vec::new()) };
    let mut own = Stretch { log: of.id, author: *author, next: seq, last: seq, run: None };
    let Some(said) = own.place(db)? else { return Ok(Vec::new()) };
    let mut stretches = stretches(db, (number, of.id), &said)?;
    let mut order = BinaryHeap::new();
    for (at, stretch) in stretches.iter_mut().enumerate() {
        stretch.begin(db, &said)?;
        order.extend(stretch.place(db)?.map(|place| Reverse((place, at))));
    }
    let mut knows = Knows::new(*author);
    let mut left = HOLDER_ENTRIES;
    while let Some(Reverse((place, at))) = order.pop() {
        if knows.has(&place.author, seq) {
            continue;
        }
        let Some(stretch) = stretches.get_mut(at).filter(|_| left > 0) else { break };
        left -= 1;
        if let Some(entry) = stretch.entry(db)? {
            knows.look((place.author, place.seq), &entry.seen);
        }
        if stretch.next < stretch.last {
            stretch.next += 1;
            order.extend(stretch.place(db)?.map(|place| Reverse((place, at))));
        }
    }
    Ok(knows.holders(seq))
}

/// The stretches that end below a place, of all logs but one.
fn stretches(db: &Connection, (room, but): (i64, i64), said: &Place) -> Result<Vec<Stretch>, Fail> {
    let mut find = db.prepare_cached("SELECT id, author, spans, cut FROM log WHERE room = ?1 AND id <> ?2")?;
    let mut rows = find.query((room, but))?;
    let mut stretches = Vec::new();
    while let Some(row) = rows.next()? {
        let (log, author) = (row.get(0)?, AuthorId(array(row, 1)?));
        for span in read_log(row, 2)?.spans() {
            let end = Place { time: span.last.time, author, seq: span.last.seq };
            if end > *said {
                stretches.push(Stretch { log, author, next: span.first, last: end.seq, run: None });
            }
        }
    }
    Ok(stretches)
}

/// Entries of a log without a gap, read one after the other.
struct Stretch {
    log: i64,
    author: AuthorId,
    next: Seq,
    last: Seq,
    run: Option<RawRun>,
}

impl Stretch {
    /// Goes to the first entry below a place.
    fn begin(&mut self, db: &Connection, said: &Place) -> Result<(), Fail> {
        let (mut first, mut end) = (self.next, self.last);
        while first < end {
            self.next = first + (end - first) / 2;
            match self.place(db)? {
                Some(place) if place <= *said => first = self.next + 1,
                _ => end = self.next,
            }
        }
        self.next = first;
        Ok(())
    }

    /// The place of the next entry; `None` when it cannot be read.
    fn place(&mut self, db: &Connection) -> Result<Option<Place>, Fail> {
        let (author, seq) = (self.author, self.next);
        Ok(self.entry(db)?.map(|entry| Place { time: entry.time, author, seq }))
    }

    fn entry(&mut self, db: &Connection) -> Result<Option<&RawEntry>, Fail> {
        let holds = |run: &RawRun| (run.first()..=run.last()).contains(&self.next);
        if !self.run.as_ref().is_some_and(holds) {
            self.run = covering(db, self.log, self.next)?.and_then(|stored| stored.run(&self.author));
        }
        let run = self.run.as_ref().filter(|run| run.first() <= self.next);
        Ok(run.and_then(|run| run.entries().get((self.next - run.first()) as usize)))
    }
}

//! Queries on the index of words, and on what is not indexed yet.

use std::{borrow::Cow, collections::BTreeMap};

use rumormill_proto::{
    content::Content,
    entry::{Kind, LogKey, RawEntry},
    ids::{AuthorId, RoomId, Seq},
    run::RawRun,
    timeline::Place,
};
use rusqlite::Connection;

use super::{
    epochs::{view, views},
    fail::Fail,
    index::{Arrival, unindexed},
    notes,
    piece::{for_each, rows},
    record::{self, put_time, read_time, seq},
    schema::ARRIVAL_BITS,
};
use crate::{TimelineRow, note::is_said, row::Row, wanted::Sought, words::Query};

/// The newest `limit` entries that match a search, newest first.
pub(super) fn search(
    db: &Connection,
    room: &RoomId,
    sought: &Sought<'_>,
    limit: usize,
) -> Result<Vec<TimelineRow>, Fail> {
    let Some(number) = record::room(db, room)?.filter(|_| limit > 0) else { return Ok(Vec::new()) };
    let cuts = BTreeMap::new();
    let mut hits = Hits { db, sought, limit, room: *room, number, cuts, lines: BTreeMap::new() };
    let mut waiting = db.prepare_cached(unindexed!("newest DESC"))?;
    let mut waiting = waiting.query([number])?;
    while let Some(row) = waiting.next()? {
        let arrival = Arrival::read(row)?;
        if hits.are_newer(arrival.newest) {
            break;
        }
        hits.take(&arrival)?;
    }
    let mut slices =
        db.prepare_cached("SELECT id, last, newest FROM slice WHERE id BETWEEN ?1 AND ?2 ORDER BY newest DESC")?;
    let mut slices = slices.query((number << ARRIVAL_BITS, ((number + 1) << ARRIVAL_BITS) - 1))?;
    while let Some(slice) = slices.next()? {
        if hits.are_newer(slice.get(2)?) {
            break;
        }
        for arrival in indexed(db, sought.query.as_ref(), slice.get(0)?, slice.get(1)?)? {
            if hits.are_newer(arrival.newest) {
                break;
            }
            hits.take(&arrival)?;
        }
    }
    Ok(hits.lines.into_values().rev().collect())
}

/// The arrivals of a slice whose texts have all the words, though perhaps in different entries; without a query all of
/// them. Newest first.
fn indexed(db: &Connection, query: Option<&Query>, first: i64, last: i64) -> Result<Vec<Arrival>, Fail> {
    let Some(query) = query else {
        let mut all = db.prepare_cached(
            "SELECT arrival.id, log, author, first, last, newest FROM arrival CROSS JOIN log ON log.id = arrival.log
                WHERE arrival.id BETWEEN ?1 AND ?2 ORDER BY newest DESC",
        )?;
        let all = all.query_and_then((first, last), Arrival::read)?;
        return all.collect();
    };
    let mut find = db.prepare_cached(
        "SELECT arrival.id, log, author, first, last, newest FROM words CROSS JOIN arrival ON arrival.id = words.rowid
            CROSS JOIN log ON log.id = arrival.log WHERE words MATCH ?1 AND words.rowid BETWEEN ?2 AND ?3
            ORDER BY newest DESC",
    )?;
    // Words contain letters, digits, emoji and trailing signs, none of which is special in quotes. The index splits
    // words at the signs, so every hit is checked again.
    let mut terms: Vec<_> = query.whole.iter().map(|word| format!("\"{word}\"")).collect();
    terms.push(format!("\"{}\" *", query.beginning));
    let found = find.query_and_then((terms.join(" "), first, last), Arrival::read)?;
    found.collect()
}

/// The newest entries found so far.
struct Hits<'a> {
    db: &'a Connection,
    sought: &'a Sought<'a>,
    limit: usize,
    room: RoomId,
    number: i64,
    /// Cuts of the logs visited.
    cuts: BTreeMap<i64, Seq>,
    lines: BTreeMap<Place, TimelineRow>,
}

impl Hits<'_> {
    /// Whether there are enough hits, all newer than this time, or the search wants nothing so old.
    fn are_newer(&self, newest: i64) -> bool {
        if self.sought.is_past(read_time(newest).ms()) {
            return true;
        }
        let oldest = self.lines.first_key_value().map(|(place, _)| put_time(place.time));
        self.lines.len() >= self.limit && oldest.is_some_and(|oldest| oldest > newest)
    }

    fn take(&mut self, arrival: &Arrival) -> Result<(), Fail> {
        let Some(below_cut) = self.cut(arrival.log)?.checked_sub(1) else { return Ok(()) };
        let end = arrival.last.min(below_cut);
        for_each(self.db, arrival.log, (arrival.first, end), |stored| {
            let Some(run) = stored.run(&arrival.author) else { return Ok(true) };
            let mut found = Vec::new();
            for (seq, entry) in self.matching(&run, (arrival.first, end))? {
                found.extend(self.shown(arrival.log, seq, &entry)?);
            }
            // An edit is usually in another run than its target.
            let (here, elsewhere): (Vec<Seq>, Vec<Seq>) =
                found.into_iter().partition(|seq| (stored.first..=stored.last).contains(seq));
            let key = LogKey::new(&self.room, &arrival.author);
            let piece = if here.is_empty() { None } else { stored.verify(&key, &arrival.author) };
            for row in piece.iter().flat_map(|piece| here.iter().flat_map(|seq| piece.rows(*seq, *seq))) {
                self.keep(row, arrival.author)?;
            }
            for seq in elsewhere {
                let rows = rows(self.db, &key, (arrival.log, &arrival.author), (seq, seq))?;
                rows.into_iter().try_for_each(|row| self.keep(row, arrival.author))?;
            }
            Ok(true)
        })
    }

    fn keep(&mut self, mut row: Row, author: AuthorId) -> Result<(), Fail> {
        row.raw = view(self.db, self.number, (&author, row.seq), &row.raw)?.into_owned();
        let fits = || self.sought.fits(author, (row.raw.kind, &row.raw.body), row.raw.time.ms());
        if !is_said(row.raw.kind) || !fits() {
            return Ok(());
        }
        self.lines.insert(row.place(author), row.to_line(author));
        if self.lines.len() > self.limit {
            self.lines.pop_first();
        }
        Ok(())
    }

    /// The entry to show for a match: the entry itself, or the one it edits; `None` when that reads differently now.
    fn shown(&self, log: i64, seq: Seq, entry: &RawEntry) -> Result<Option<Seq>, Fail> {
        let Some(Content::Edit { of, .. }) = edited(entry) else {
            return Ok(notes::edit(self.db, self.number, log, seq)?.is_none().then_some(seq));
        };
        Ok((notes::edit(self.db, self.number, log, of)? == Some(seq)).then_some(of))
    }

    /// Matches within `first..=last`, skipping those older than enough others.
    fn matching<'r>(&self, run: &'r RawRun, (first, last): (Seq, Seq)) -> Result<Vec<(Seq, Cow<'r, RawEntry>)>, Fail> {
        let author = run.author();
        // What an edit is shown as is judged in `keep`.
        let fits = |entry: &RawEntry| {
            entry.kind == Kind::EDIT || self.sought.fits(author, (entry.kind, &entry.body), entry.time.ms())
        };
        let matches = |entry: &RawEntry| {
            !self.are_newer(put_time(entry.time)) && self.sought.finds_in(entry.kind, &entry.body) && fits(entry)
        };
        let entries = views(self.db, self.number, run)?.into_iter();
        Ok(entries.filter(|(seq, entry)| (first..=last).contains(seq) && matches(entry)).collect())
    }

    fn cut(&mut self, log: i64) -> Result<Seq, Fail> {
        if let Some(cut) = self.cuts.get(&log) {
            return Ok(*cut);
        }
        let mut find = self.db.prepare_cached("SELECT cut FROM log WHERE id = ?1")?;
        let cut: Option<i64> = find.query_row([log], |row| row.get(0))?;
        let cut = cut.map_or(Ok(Seq::MAX), seq)?;
        self.cuts.insert(log, cut);
        Ok(cut)
    }
}

fn edited(entry: &RawEntry) -> Option<Content> {
    let body = entry.body.bytes().filter(|_| entry.kind == Kind::EDIT)?;
    Content::parse(entry.kind, body).ok()?
}

//! What a check reads from a room in memory.

use rumormill_proto::{
    entry::RawEntry,
    fork::Proof,
    ids::{AuthorId, Seq},
    input::Kept,
    limits::BLOCK,
    run::RawRun,
    timeline::Place,
};

use super::{Group, Shelf};
use crate::{
    check::{Found, Source, Totals},
    error::Error,
    note::Note,
    row::{Row, assemble},
};

impl Source for &Shelf {
    fn kept(&mut self) -> Result<Vec<Kept>, Error> {
        Ok(Shelf::kept(self))
    }

    fn proof(&mut self, author: &AuthorId) -> Result<Option<Proof>, Error> {
        Ok(Shelf::proofs(self, author).into_iter().next())
    }

    fn runs(&mut self, author: &AuthorId, first: Seq, last: Seq) -> Result<Vec<Found>, Error> {
        let rows: Vec<_> = self.rows(author, first, last).take(BLOCK as usize).cloned().collect();
        let one_run = |below: &Row, above: &Row| {
            below.leads_to(above) && below.signature.is_none() && !below.seq.is_multiple_of(BLOCK)
        };
        let found = |rows: &[Row]| {
            let (first, last) = (rows.first()?, rows.last()?);
            Some(Found {
                first: first.seq,
                last: last.seq,
                top: last.id,
                sealed: true,
                run: assemble(*author, rows).ok(),
            })
        };
        Ok(rows.chunk_by(one_run).filter_map(found).collect())
    }

    fn misplaced(&mut self, run: &RawRun) -> Result<Option<Seq>, Error> {
        let author = run.author();
        let mut places =
            run.entries().iter().zip(run.first()..).map(|(entry, seq)| Place { time: entry.time, author, seq });
        Ok(places.find(|place| !self.timeline.contains(place)).map(|place| place.seq))
    }

    fn unnoted(&mut self, run: &RawRun) -> Result<Option<Seq>, Error> {
        let author = run.author();
        let noted = |seq: Seq, entry: &RawEntry| {
            let Some(Note { about, kind, sign, .. }) = Note::of(&author, seq, &self.opened(&author, seq, entry)) else {
                return true;
            };
            let notes = self.notes.get(&Group { about, kind, author, sign });
            notes.is_some_and(|notes| notes.contains_key(&(entry.time, seq)))
        };
        Ok(run.entries().iter().zip(run.first()..).find(|(entry, seq)| !noted(*seq, entry)).map(|(_, seq)| seq))
    }

    fn notes(&mut self, run: &RawRun) -> Result<u64, Error> {
        let author = run.author();
        let entries = run.entries().iter().zip(run.first()..);
        let noted =
            |(entry, seq): &(&RawEntry, Seq)| Note::of(&author, *seq, &self.opened(&author, *seq, entry)).is_some();
        Ok(entries.filter(noted).count() as u64)
    }

    fn totals(&mut self) -> Result<Totals, Error> {
        let notes = self.notes.values().map(|notes| notes.len() as u64).sum();
        Ok(Totals {
            places: self.timeline.len() as u64,
            notes,
            bodies: self.tally,
            wanted: self.bare.len() as u64,
            misplaced_notes: 0,
        })
    }

    fn file(&mut self) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }
}

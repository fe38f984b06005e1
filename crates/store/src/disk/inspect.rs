//! What a check reads from the database.

use std::path::Path;

use rumormill_proto::{
    fork::Proof,
    ids::{AuthorId, RoomId, Seq},
    input::Kept,
    run::RawRun,
};
use rusqlite::Connection;

use super::{
    acts, epochs,
    fail::Fail,
    kept,
    notes::{self, Whose},
    piece::Stored,
    place::is_placed,
    proofs,
    record::{self, int, put_time},
};
use crate::{
    check::{Found, Source, Totals},
    error::Error,
    keep::Tally,
    limits::CHECK_RUNS,
    note::Note,
};

/// A room in one snapshot.
pub(super) struct Inspection<'a> {
    db: &'a Connection,
    path: &'a Path,
    room: RoomId,
    /// Number of the room, if it has one.
    number: Option<i64>,
}

impl<'a> Inspection<'a> {
    pub(super) fn new(db: &'a Connection, path: &'a Path, room: &RoomId) -> Result<Self, Error> {
        let number = record::room(db, room).map_err(|why| why.at(path))?;
        Ok(Self { db, path, room: *room, number })
    }

    fn ask<T>(&self, question: impl FnOnce(&Connection) -> Result<T, Fail>) -> Result<T, Error> {
        question(self.db).map_err(|why| why.at(self.path))
    }

    fn log(&self, author: &AuthorId) -> Result<Option<i64>, Fail> {
        let mut find = self.db.prepare_cached("SELECT id FROM log WHERE room = ?1 AND author = ?2")?;
        let mut rows = find.query((self.number, &author.0))?;
        rows.next()?.map(|row| Ok(row.get(0)?)).transpose()
    }
}

impl Source for Inspection<'_> {
    fn kept(&mut self) -> Result<Vec<Kept>, Error> {
        self.ask(|db| kept(db, &self.room))
    }

    fn proof(&mut self, author: &AuthorId) -> Result<Option<Proof>, Error> {
        self.ask(|db| match self.log(author)? {
            Some(log) => Ok(proofs(db, &self.room, (log, author))?.into_iter().next()),
            None => Ok(None),
        })
    }

    fn runs(&mut self, author: &AuthorId, first: Seq, last: Seq) -> Result<Vec<Found>, Error> {
        self.ask(|db| {
            let Some(log) = self.log(author)? else { return Ok(Vec::new()) };
            let mut find = db.prepare_cached(
                "SELECT first, last, top, seal, wire FROM run WHERE log = ?1 AND first BETWEEN ?2 AND ?3
                    ORDER BY first LIMIT ?4",
            )?;
            let mut rows = find.query((log, int(first), int(last), CHECK_RUNS))?;
            let mut runs = Vec::new();
            while let Some(row) = rows.next()? {
                let stored = Stored::read(row)?;
                let run = stored.run(author);
                let sealed = run.as_ref().is_some_and(|run| stored.sealed(run));
                runs.push(Found { first: stored.first, last: stored.last, top: stored.top, sealed, run });
            }
            Ok(runs)
        })
    }

    fn misplaced(&mut self, run: &RawRun) -> Result<Option<Seq>, Error> {
        self.ask(|db| {
            let log = self.log(&run.author())?;
            for (entry, seq) in run.entries().iter().zip(run.first()..) {
                if !is_placed(db, (self.number, put_time(entry.time), log, int(seq)))? {
                    return Ok(Some(seq));
                }
            }
            Ok(None)
        })
    }

    fn unnoted(&mut self, run: &RawRun) -> Result<Option<Seq>, Error> {
        self.ask(|db| {
            let author = run.author();
            let Some((room, log)) = self.number.zip(self.log(&author)?) else { return Ok(None) };
            let whose = Whose { room, log, author: &author };
            for (entry, seq) in run.entries().iter().zip(run.first()..) {
                let is_found = !entry.kind.is_act() || acts::is_recorded(db, log, seq)?;
                if !is_found || !notes::is_noted(db, whose, seq, entry)? {
                    return Ok(Some(seq));
                }
            }
            Ok(None)
        })
    }

    fn notes(&mut self, run: &RawRun) -> Result<u64, Error> {
        self.ask(|db| {
            let read = epochs::views(db, self.number.unwrap_or_default(), run)?;
            let notes = read.iter().filter(|(seq, entry)| Note::of(&run.author(), *seq, entry).is_some());
            Ok(notes.count() as u64)
        })
    }

    fn totals(&mut self) -> Result<Totals, Error> {
        let Some(room) = self.number else { return Ok(Totals::default()) };
        self.ask(|db| {
            let count = |sql: &str| record::seq(db.query_row(sql, [room], |row| row.get(0))?);
            let counted = "SELECT entries, bytes FROM room WHERE id = ?1";
            let bodies = db.query_row(counted, [room], |row| Ok(Tally { entries: row.get(0)?, bytes: row.get(1)? }))?;
            Ok(Totals {
                places: count("SELECT count(*) FROM place WHERE room = ?1")?
                    + count("SELECT count(*) FROM aside WHERE room = ?1")?,
                notes: count("SELECT count(*) FROM note WHERE room = ?1")?,
                bodies,
                wanted: count("SELECT count(*) FROM bare WHERE room = ?1")?,
                misplaced_notes: notes::misplaced(db, room)?,
            })
        })
    }

    fn file(&mut self) -> Result<Vec<String>, Error> {
        self.ask(|db| {
            let mut check = db.prepare("PRAGMA integrity_check")?;
            let said: Result<Vec<String>, _> = check.query_map([], |row| row.get(0))?.collect();
            Ok(said?.into_iter().filter(|line| line != "ok").collect())
        })
    }
}

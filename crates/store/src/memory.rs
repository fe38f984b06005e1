//! The store in ordered maps: for the simulator, which holds many, and for nodes that keep nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound::{Excluded, Unbounded},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use rumormill_proto::{
    admit::Run,
    entry::Kind,
    fork::Proof,
    ids::{AuthorId, EntryId, RoomId, Seq},
    input::Kept,
    limits::BLOCK,
    log::{Head, Log},
    run::{RawRun, block_end},
    timeline::Place,
};

use crate::{
    Change, CheckReport, Line, Read, RoomRecord, Store,
    check::{self, Found},
    error::Error,
    limits::CONTACTS,
    row::{Row, assemble, block_start, keeps_signature, recalled, superseded, topmost},
    words::Query,
};

/// A store that is gone when it is dropped. Clones and readers share what it holds.
#[derive(Clone, Default)]
pub struct Memory {
    held: Arc<RwLock<Held>>,
}

#[derive(Clone, Default)]
struct Held {
    shelves: BTreeMap<RoomId, Box<Shelf>>,
    records: BTreeMap<RoomId, RoomRecord>,
    peer_secret: Option<[u8; 32]>,
}

/// What is held of one room.
#[derive(Clone, Default)]
struct Shelf {
    logs: BTreeMap<AuthorId, Shelved>,
    entries: BTreeMap<(AuthorId, Seq), Row>,
    timeline: BTreeSet<Place>,
    /// Entries beyond a cut, each with its prev.
    evidence: BTreeMap<(AuthorId, Seq), (EntryId, Row)>,
}

#[derive(Clone, Default)]
struct Shelved {
    log: Log,
    proof: Option<Box<Proof>>,
}

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// A store of its own that holds the same at this moment.
    pub fn backup(&self) -> Self {
        Self { held: Arc::new(RwLock::new(self.read().clone())) }
    }

    fn read(&self) -> RwLockReadGuard<'_, Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Held> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Memory {
    fn commit(&mut self, changes: &[(RoomId, Change<'_>)]) -> Result<Vec<(AuthorId, Log)>, Error> {
        let mut held = self.write();
        let logs = held.judge(changes)?;
        let mut left = Vec::new();
        for ((room, change), log) in changes.iter().zip(logs) {
            let shelf = held.shelves.entry(*room).or_default();
            match change {
                Change::Append(run) => shelf.append(run, log),
                Change::Cut(proof) => {
                    shelf.cut(proof, log.clone());
                    left.push((proof.author(), log));
                }
            }
        }
        Ok(left)
    }

    fn kept(&self, room: &RoomId) -> Result<Vec<Kept>, Error> {
        Ok(self.read().shelves.get(room).map(|shelf| shelf.kept()).unwrap_or_default())
    }

    fn rooms(&self) -> Result<Vec<RoomRecord>, Error> {
        Ok(self.read().records.values().cloned().collect())
    }

    fn put_room(&mut self, room: &RoomRecord) -> Result<(), Error> {
        let mut record = room.clone();
        record.contacts.truncate(CONTACTS);
        self.write().records.insert(room.id, record);
        Ok(())
    }

    fn peer_secret(&mut self, fresh: [u8; 32]) -> Result<[u8; 32], Error> {
        Ok(*self.write().peer_secret.get_or_insert(fresh))
    }

    /// There are no indexes here: what is held fits in memory, and is read through.
    fn index(&mut self, _entries: usize) -> Result<bool, Error> {
        Ok(false)
    }

    fn reader(&self) -> Result<Box<dyn Read>, Error> {
        Ok(Box::new(self.clone()))
    }
}

impl Held {
    /// What each change leaves of its log, were they all made in order.
    fn judge(&self, changes: &[(RoomId, Change<'_>)]) -> Result<Vec<Log>, Error> {
        let mut logs: BTreeMap<(RoomId, AuthorId), Log> = BTreeMap::new();
        let mut judged = Vec::with_capacity(changes.len());
        for (at, (room, change)) in changes.iter().enumerate() {
            let author = change.author();
            let shelf = self.shelves.get(room);
            let kept = || shelf.and_then(|shelf| shelf.logs.get(&author)).map(|shelved| shelved.log.clone());
            let log = logs.entry((*room, author)).or_insert_with(|| kept().unwrap_or_default());
            match change {
                Change::Append(run) => log.insert(run).map_err(|why| Error::Unfit { author, why })?,
                Change::Cut(proof) => {
                    let below = proof.at().checked_sub(1);
                    let below = below.and_then(|seq| {
                        let row = shelf.and_then(|shelf| shelf.entries.get(&(author, seq)));
                        row.map(|row| row.head(seq)).or_else(|| appended(&changes[..at], room, &author, seq))
                    });
                    log.cut_at(proof.at(), below);
                }
            }
            judged.push(log.clone());
        }
        Ok(judged)
    }
}

/// The entry at `seq`, when one of the changes appends it.
fn appended(changes: &[(RoomId, Change<'_>)], room: &RoomId, author: &AuthorId, seq: Seq) -> Option<Head> {
    let mut entries = changes.iter().filter(|(of, _)| of == room).flat_map(|(_, change)| match change {
        Change::Append(run) if run.author() == *author => run.entries(),
        _ => &[],
    });
    entries.find(|entry| entry.seq == seq).map(|entry| Head { seq, id: entry.id, time: entry.time })
}

impl Shelf {
    /// Puts a run where it was judged to fit; `log` is what comes of it.
    fn append(&mut self, run: &Run, log: Log) {
        let author = run.author();
        let shelved = self.logs.entry(author).or_default();
        if let Some(top) = superseded(&shelved.log, run)
            && let Some(row) = self.entries.get_mut(&(author, top))
        {
            row.signature = None;
        }
        let last = run.last().seq;
        let signature = run.signature().filter(|_| keeps_signature(&log, last));
        for entry in run.entries() {
            let row = Row::of(entry, signature.filter(|_| entry.seq == last));
            self.timeline.insert(row.place(author, entry.seq));
            self.entries.insert((author, entry.seq), row);
        }
        shelved.log = log;
    }

    fn cut(&mut self, proof: &Proof, log: Log) {
        let (author, at) = (proof.author(), proof.at());
        let shelved = self.logs.entry(author).or_default();
        if shelved.log.cut().is_some_and(|cut| cut <= at) {
            return;
        }
        let before = std::mem::replace(&mut shelved.log, log);
        shelved.proof = Some(Box::new(proof.clone()));
        let ends = self.entries.range((author, 0)..(author, at)).next_back();
        let mut prev = ends.map(|((_, seq), row)| (seq + 1, row.id));
        while let Some((_, seq)) = self.entries.range((author, at)..=(author, Seq::MAX)).next().map(|(key, _)| *key) {
            let Some(row) = self.entries.remove(&(author, seq)) else { break };
            self.timeline.remove(&row.place(author, seq));
            let bottom = before.spans().iter().find(|span| span.first == seq).map(|span| span.prev);
            let linked = prev.filter(|(next, _)| *next == seq).map(|(_, id)| id);
            prev = Some((seq + 1, row.id));
            self.evidence.insert((author, seq), (linked.or(bottom).unwrap_or_default(), row));
        }
    }

    fn kept(&self) -> Vec<Kept> {
        let logs = self.logs.iter();
        logs.map(|(author, Shelved { log, proof })| Kept {
            author: *author,
            log: log.clone(),
            proof: proof.as_deref().cloned(),
        })
        .collect()
    }

    fn log(&self, author: &AuthorId) -> Option<&Log> {
        self.logs.get(author).map(|shelved| &shelved.log)
    }

    fn line(&self, place: &Place) -> Option<Line> {
        let row = self.entries.get(&(place.author, place.seq))?;
        Some(row.clone().into_line(place.author, place.seq))
    }

    fn run(&self, author: &AuthorId, first: Seq, last: Seq) -> Option<RawRun> {
        let piece = topmost(self.log(author)?, first, last)?;
        let below = || piece.first.checked_sub(1).and_then(|seq| self.entries.get(&(*author, seq)));
        let prev = piece.prev.or_else(|| below().map(|row| row.id))?;
        let rows = self.entries.range((*author, piece.first)..=(*author, piece.last));
        assemble(*author, prev, rows.map(|((_, seq), row)| (*seq, row.clone())).collect()).ok()
    }

    fn recall(&self, author: &AuthorId, seq: Seq) -> Option<RawRun> {
        let block = (*author, block_start(seq))..=(*author, block_end(seq));
        let entries = self.entries.range(block.clone()).map(|((_, seq), row)| (*seq, row.clone()));
        let evidence = self.evidence.range(block).map(|((_, seq), (_, row))| (*seq, row.clone()));
        let rows: Vec<_> = entries.chain(evidence).collect();
        let piece = recalled(&rows, seq)?;
        let prev = self.prev(author, piece.first()?.0)?;
        assemble(*author, prev, piece.to_vec()).and_then(|run| run.without_bodies()).ok()
    }

    /// The id before the entry at `seq`, which is held.
    fn prev(&self, author: &AuthorId, seq: Seq) -> Option<EntryId> {
        let evidence = self.evidence.get(&(*author, seq)).map(|(prev, _)| *prev);
        let bottom = || self.log(author)?.spans().iter().find(|span| span.first == seq).map(|span| span.prev);
        let below = || self.entries.get(&(*author, seq.checked_sub(1)?)).map(|row| row.id);
        evidence.or_else(bottom).or_else(below)
    }
}

impl Memory {
    /// Asks the shelf of a room; the answer of an empty one when there is none.
    fn ask<T: Default>(&self, room: &RoomId, question: impl FnOnce(&Shelf) -> T) -> Result<T, Error> {
        Ok(self.read().shelves.get(room).map(|shelf| question(shelf)).unwrap_or_default())
    }
}

impl Read for Memory {
    fn page(&mut self, room: &RoomId, before: Option<Place>, limit: usize) -> Result<Vec<Line>, Error> {
        self.ask(room, |shelf| {
            let end = before.map_or(Unbounded, Excluded);
            let places = shelf.timeline.range((Unbounded, end)).rev().take(limit);
            let mut page: Vec<_> = places.filter_map(|place| shelf.line(place)).collect();
            page.reverse();
            page
        })
    }

    fn page_after(&mut self, room: &RoomId, after: Option<Place>, limit: usize) -> Result<Vec<Line>, Error> {
        self.ask(room, |shelf| {
            let start = after.map_or(Unbounded, Excluded);
            let places = shelf.timeline.range((start, Unbounded)).take(limit);
            places.filter_map(|place| shelf.line(place)).collect()
        })
    }

    fn run(&mut self, room: &RoomId, author: &AuthorId, first: Seq, last: Seq) -> Result<Option<RawRun>, Error> {
        self.ask(room, |shelf| shelf.run(author, first, last))
    }

    fn recall(&mut self, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<Option<RawRun>, Error> {
        self.ask(room, |shelf| shelf.recall(author, seq))
    }

    fn newest(&mut self, room: &RoomId, count: usize) -> Result<Vec<(AuthorId, Seq, Seq)>, Error> {
        self.ask(room, |shelf| {
            let mut spans = BTreeMap::new();
            for place in shelf.timeline.iter().rev().take(count) {
                spans.entry(place.author).or_insert((place.seq, place.seq)).0 = place.seq;
            }
            spans.into_iter().map(|(author, (first, last))| (author, first, last)).collect()
        })
    }

    fn line(&mut self, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<Option<Line>, Error> {
        self.ask(room, |shelf| shelf.entries.get(&(*author, seq)).map(|row| row.clone().into_line(*author, seq)))
    }

    fn beyond_cut(&mut self, room: &RoomId, author: &AuthorId) -> Result<Vec<Line>, Error> {
        self.ask(room, |shelf| {
            let beyond = shelf.evidence.range((*author, 0)..=(*author, Seq::MAX));
            beyond.map(|((_, seq), (_, row))| row.clone().into_line(*author, *seq)).collect()
        })
    }

    fn search(&mut self, room: &RoomId, words: &str, limit: usize) -> Result<Vec<Line>, Error> {
        let Some(query) = Query::new(words) else { return Ok(Vec::new()) };
        self.ask(room, |shelf| {
            let lines = shelf.timeline.iter().rev().filter_map(|place| shelf.line(place));
            lines.filter(|line| line.kind == Kind::TEXT && query.finds_in(&line.body)).take(limit).collect()
        })
    }

    fn count(&mut self, room: &RoomId) -> Result<u64, Error> {
        self.ask(room, |shelf| shelf.entries.len() as u64)
    }

    fn holders(&mut self, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<Vec<AuthorId>, Error> {
        self.ask(room, |shelf| {
            let names = |row: &Row| row.raw.seen.iter().any(|(named, up_to)| named == author && *up_to >= seq);
            let holders = shelf.entries.iter().filter(|(_, row)| names(row)).map(|((author, _), _)| *author);
            holders.collect::<BTreeSet<_>>().into_iter().collect()
        })
    }

    fn check(&mut self, room: &RoomId) -> Result<CheckReport, Error> {
        match self.read().shelves.get(room) {
            Some(shelf) => check::check(room, &mut shelf.as_ref()),
            None => Ok(CheckReport::default()),
        }
    }
}

impl check::Source for &Shelf {
    fn kept(&mut self) -> Result<Vec<Kept>, Error> {
        Ok(Shelf::kept(self))
    }

    fn entries(&mut self, author: &AuthorId, first: Seq, last: Seq) -> Result<Vec<Found>, Error> {
        if first > last {
            return Ok(Vec::new());
        }
        let rows = self.entries.range((*author, first)..=(*author, last)).take(BLOCK as usize);
        Ok(rows.map(|((_, seq), row)| Found { seq: *seq, prev: None, row: Some(row.clone()) }).collect())
    }

    fn evidence(&mut self, author: &AuthorId, first: Seq) -> Result<Vec<Found>, Error> {
        let rows = self.evidence.range((*author, first)..=(*author, Seq::MAX)).take(BLOCK as usize);
        let found = rows.map(|((_, seq), (prev, row))| Found { seq: *seq, prev: Some(*prev), row: Some(row.clone()) });
        Ok(found.collect())
    }

    fn file(&mut self) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }
}

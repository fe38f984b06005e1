//! One commit: adds runs to logs and to the timeline, and cuts logs.

use std::collections::BTreeMap;

use bytes::Bytes;
use rumormill_proto::{
    admit::Run,
    content::Target,
    entry::{LogKey, RawEntry},
    epochs::{Opened, Secret},
    fork::Proof,
    ids::{AuthorId, EntryId, RoomId, Seq},
    log::{Head, Log},
    run::{RawRun, block_end},
    timeline::Place,
};
use rusqlite::Connection;

use super::{
    acts, bare,
    epochs::{self, Opener},
    evict::{Left, evict},
    expire,
    fail::Fail,
    forget::{Dropped, drop_bodies, retract, reword, take_out, texts},
    notes::{self, Whose},
    once,
    piece::{self, covering, for_each},
    place::{self, Places},
    proofs,
    record::{self, int, put_spans, put_time},
    schema::ARRIVAL_BITS,
    share, vouches,
};
use crate::{
    Once,
    keep::{Tally, is_below},
    note::{Note, goes, raw_entries, view_as},
    row::{keeps_signature, made_whole, with_proof},
    share::{explains, weight},
};

/// Changes within an open transaction. Only [`Batch::end`] completes them.
pub(super) struct Batch<'a> {
    db: &'a Connection,
    rooms: BTreeMap<RoomId, Room>,
    logs: BTreeMap<(i64, AuthorId), Touched>,
    /// Places to write in the order of their table.
    places: Places,
    /// Stored bodies that were dropped.
    dropped: usize,
    opener: Opener<'a>,
    /// Change of the body counts, by room.
    counts: BTreeMap<i64, Tally>,
}

/// Side effects of a batch.
#[derive(Clone, Copy)]
pub(super) struct Ended {
    /// Stored bodies that were dropped.
    pub(super) dropped: usize,
}

#[derive(Clone, Copy)]
struct Room {
    id: i64,
    next_arrival: i64,
    /// Place below which no bodies are kept.
    floor: Option<Place>,
    /// Bytes of bodies that each author may keep.
    share: i64,
}

struct Touched {
    id: i64,
    log: Log,
}

impl<'a> Batch<'a> {
    pub(super) fn new(db: &'a Connection) -> Self {
        Self {
            db,
            rooms: BTreeMap::new(),
            logs: BTreeMap::new(),
            places: Places::default(),
            dropped: 0,
            opener: Opener::new(db),
            counts: BTreeMap::new(),
        }
    }

    pub(super) fn append(&mut self, room: &RoomId, run: &Run) -> Result<(), Fail> {
        let author = run.author();
        let (first, last) = (run.first().seq, run.last().seq);
        let Room { id: room, next_arrival, floor, share } = self.room(room)?;
        let touched = self.log(room, &author)?;
        touched.log.insert(run).map_err(|why| Fail::Unfit { author, why })?;
        let log = touched.id;
        let whole = made_whole(&touched.log, run);

        let whose = Whose { room, log, author: &author };
        let entries = self.read(whose, floor, run)?;
        let raw = RawRun::new(author, first, run.first().prev, entries, run.signature().copied())?;
        piece::put(self.db, log, &raw, &run.last().id)?;
        let mut arrive = self.db.prepare_cached("INSERT INTO arrival VALUES (?1, ?2, ?3, ?4, ?5)")?;
        arrive.execute((next_arrival, log, int(first), int(last), put_time(run.last().time)))?;
        whole.map_or(Ok(()), |block| join(self.db, log, &author, block))?;
        let (_, reaches) = share::standing(self.db, log)?;
        if first < reaches {
            let dropped = share::let_go(self.db, whose, (first, last))?;
            self.drop(room, dropped);
        }
        self.hold(whose, share)
    }

    /// Drops bodies over an author's share.
    fn hold(&mut self, whose: Whose<'_>, share: i64) -> Result<(), Fail> {
        let Some((_, held)) = self.known(whose.room, whose.author)? else { return Ok(()) };
        let step = share::hold(self.db, whose, share, &held)?;
        self.drop(whose.room, step.dropped);
        Ok(())
    }

    /// Counts dropped bodies.
    fn drop(&mut self, room: i64, dropped: Dropped) {
        self.dropped += dropped.bodies;
        *self.counts.entry(room).or_default() -= dropped.tally;
    }

    /// The entries of a run in the form to store. Drops the targets of its retractions, inside the run and elsewhere,
    /// and bodies in it that were retracted earlier or are too old. Records notes of what remains.
    fn read(&mut self, whose: Whose<'_>, floor: Option<Place>, run: &Run) -> Result<Vec<RawEntry>, Fail> {
        let mut entries = raw_entries(run);
        let at = run.first().seq;
        for (entry, seq) in entries.iter().zip(at..) {
            let retracted = Note::of(whose.author, seq, entry).and_then(|note| note.retracts());
            // The note is complete from here on; a second retraction finds nothing to do.
            if let Some(of) = retracted
                && !notes::is_gone(self.db, whose.log, of)?
            {
                notes::put_gone(self.db, whose.log, of)?;
                let dropped = retract(self.db, whose, of)?;
                self.drop(whose.room, dropped);
            }
        }
        let (mut count, mut taken) = (Tally::default(), 0);
        let (_, reaches) = share::standing(self.db, whose.log)?;
        let gone = notes::gone(self.db, whose.log, (at, run.last().seq))?;
        let is_gone = |of: Seq| match of < at {
            true => notes::is_gone(self.db, whose.log, of),
            false => Ok(gone.contains(&of)),
        };
        for (entry, seq) in entries.iter_mut().zip(at..) {
            if entry.kind.is_act() {
                acts::add(self.db, whose.log, seq)?;
            }
            let place = Place { time: entry.time, author: *whose.author, seq };
            let explained = is_below(floor, place, entry.kind) || explains(reaches, seq, entry.kind);
            if entry.body.bytes().is_none() && !gone.contains(&seq) && !explained {
                bare::put(self.db, whose, seq, entry)?;
            }
            let opened = self.opener.open(whose.room, (whose.author, seq), entry)?;
            if opened == Opened::Locked {
                epochs::lock(self.db, whose.room, (whose.log, seq), entry)?;
            }
            let mut read = view_as(opened, entry).into_owned();
            let goes = goes(whose.author, seq, &read, is_gone)?;
            if !goes {
                vouches::add(self.db, (whose.log, whose.author), seq, &read)?;
            }
            if goes || is_below(floor, place, entry.kind) {
                entry.body = entry.body.dropped();
                read.body = entry.body.clone();
            }
            self.places.add((whose.room, whose.log, seq), &read);
            notes::add(self.db, whose, seq, &read)?;
            count += Tally::of(entry);
            taken += weight(entry);
        }
        share::add(self.db, whose.log, taken)?;
        *self.counts.entry(whose.room).or_default() += count;
        Ok(entries)
    }

    /// Cuts a log.
    pub(super) fn cut(&mut self, room_id: &RoomId, proof: &Proof) -> Result<(), Fail> {
        self.places.write(self.db)?;
        let (author, at) = (proof.author(), proof.at());
        let room = self.room(room_id)?.id;
        let db = self.db;
        let touched = self.log(room, &author)?;
        let shown = touched.log.cut().unwrap_or(Seq::MAX);
        if shown <= at {
            return Ok(());
        }
        let below = split(db, &LogKey::new(room_id, &author), (touched.id, &author), at)?;
        let gone = unplace(db, Whose { room, log: touched.id, author: &author }, (at, shown - 1))?;
        touched.log.cut_at(at, below);
        vouches::cut(db, touched.id, at)?;
        bare::remove(db, touched.id, (at, Seq::MAX))?;
        let mut prove = db.prepare_cached("INSERT OR REPLACE INTO proof VALUES (?1, ?2)")?;
        prove.execute((touched.id, &proof.wire()[..]))?;
        *self.counts.entry(room).or_default() -= gone;
        Ok(())
    }

    /// Keeps a proof that a log of a closed room is forked.
    pub(super) fn prove(&mut self, room_id: &RoomId, proof: &Proof) -> Result<(), Fail> {
        let room = self.room(room_id)?.id;
        let log = self.log(room, &proof.author())?.id;
        let proofs = with_proof(proofs(self.db, room_id, (log, &proof.author()))?, proof.clone());
        let wire: Vec<u8> = proofs.iter().flat_map(|proof| proof.wire().iter().copied()).collect();
        self.db.prepare_cached("INSERT OR REPLACE INTO proof VALUES (?1, ?2)")?.execute((log, wire))?;
        Ok(())
    }

    /// Takes out the entries of a log from `at` on.
    pub(super) fn part(&mut self, room_id: &RoomId, author: &AuthorId, at: Seq) -> Result<(), Fail> {
        self.places.write(self.db)?;
        let room = self.room(room_id)?.id;
        let db = self.db;
        let touched = self.log(room, author)?;
        let whose = Whose { room, log: touched.id, author };
        let below = split(db, &LogKey::new(room_id, author), (touched.id, author), at)?;
        let gone = unplace(db, whose, (at, Seq::MAX))?;
        vouches::cut(db, touched.id, at)?;
        acts::cut(db, touched.id, at)?;
        bare::remove(db, touched.id, (at, Seq::MAX))?;
        take_out(db, whose, (at, Seq::MAX))?;
        let mut arrived = db.prepare_cached("DELETE FROM arrival WHERE log = ?1 AND first >= ?2")?;
        arrived.execute((touched.id, int(at)))?;
        let mut shorter =
            db.prepare_cached("UPDATE arrival SET last = ?2 - 1 WHERE log = ?1 AND first < ?2 AND last >= ?2")?;
        shorter.execute((touched.id, int(at)))?;
        touched.log.end_at(at, below);
        *self.counts.entry(room).or_default() -= gone;
        self.dropped += 1;
        Ok(())
    }

    /// Keeps the evidence for the entry below the cut of a log.
    pub(super) fn prolong(&mut self, room: &RoomId, run: &Run) -> Result<(), Fail> {
        let (author, first) = (run.author(), run.first().seq);
        let room = self.room(room)?.id;
        let Some((log, held)) = self.known(room, &author)? else { return Ok(()) };
        if held.cut() != Some(first) {
            return Ok(());
        }
        take_out(self.db, Whose { room, log, author: &author }, (first, block_end(first)))?;
        let raw = RawRun::new(author, first, run.first().prev, raw_entries(run), run.signature().copied())?;
        piece::put(self.db, log, &raw, &run.last().id)
    }

    /// Removes a log, or the lowest entries of it.
    pub(super) fn evict(&mut self, room_id: &RoomId, author: &AuthorId) -> Result<(), Fail> {
        self.places.write(self.db)?;
        let room = self.room(room_id)?.id;
        let Some((log, held)) = self.known(room, author)? else { return Ok(()) };
        let Left { log: left, gone } = evict(self.db, Whose { room, log, author }, &held)?;
        match left {
            Some(left) => self.log(room, author)?.log = left,
            None => _ = self.logs.remove(&(room, *author)),
        }
        *self.counts.entry(room).or_default() -= gone;
        self.dropped += 1;
        Ok(())
    }

    /// Stores a wanted body.
    pub(super) fn fill(&mut self, room_id: &RoomId, author: &AuthorId, body: (Seq, &Bytes)) -> Result<(), Fail> {
        let Room { id: room, floor, share, .. } = self.room(room_id)?;
        let Some((log, _)) = self.known(room, author)? else { return Ok(()) };
        let whose = Whose { room, log, author };
        let filled = bare::fill(self.db, whose, floor, body)?;
        *self.counts.entry(room).or_default() += filled.came;
        self.drop(room, filled.dropped);
        self.hold(whose, share)
    }

    /// Stores a secret, and reads the entries that waited for it.
    pub(super) fn keep(&mut self, room_id: &RoomId, secret: &Secret) -> Result<(), Fail> {
        self.places.write(self.db)?;
        let Room { id: room, .. } = self.room(room_id)?;
        let (db, epoch) = (self.db, secret.id());
        let locked = epochs::locked(db, room, &epoch)?;
        let mut indexed = BTreeMap::new();
        for (log, author, seq) in &locked {
            let found = texts(db, author, (*log, *seq, *seq))?;
            indexed.extend(found.into_iter().map(|(arrival, text)| (arrival.id, (arrival, text))));
        }
        if !epochs::put(db, room, secret)? {
            return Ok(());
        }
        self.opener = Opener::new(db);
        for (log, author, seq) in &locked {
            self.unlock(Whose { room, log: *log, author }, *seq)?;
        }
        indexed.values().try_for_each(|(arrival, text)| reword(db, arrival, text))?;
        epochs::unlock(db, room, &epoch)
    }

    /// Reads an entry that can be opened from now on.
    fn unlock(&mut self, whose: Whose<'_>, at: Seq) -> Result<(), Fail> {
        let Whose { room, log, author } = whose;
        let db = self.db;
        let held = self.known(room, author)?.is_some_and(|(_, held)| held.holds(at));
        let stored = covering(db, log, at)?.filter(|stored| held && stored.last >= at);
        let Some(run) = stored.and_then(|stored| stored.run(author)) else { return Ok(()) };
        let Some(raw) = run.entries().get((at - run.first()) as usize) else { return Ok(()) };
        let read = self.opener.view(room, (author, at), raw)?;
        if goes(author, at, &read, |of| notes::is_gone(db, log, of))? {
            let dropped = drop_bodies(db, whose, &[at])?;
            self.drop(room, dropped);
            return Ok(());
        }
        vouches::add(db, (log, author), at, &read)?;
        notes::add(db, whose, at, &read)?;
        place::judge(db, (room, put_time(raw.time), log, int(at)), &read)
    }

    /// Records which call wrote an entry.
    pub(super) fn once(&mut self, room: &RoomId, call: &Once, of: Target) -> Result<(), Fail> {
        once::put(self.db, self.room(room)?.id, call, of)
    }

    /// The log after the changes so far.
    pub(super) fn left(&mut self, room_id: &RoomId, author: &AuthorId) -> Result<Log, Fail> {
        let room = self.room(room_id)?.id;
        Ok(self.known(room, author)?.map(|(_, log)| log).unwrap_or_default())
    }

    /// Number and state of a log, if it has a number.
    fn known(&self, room: i64, author: &AuthorId) -> Result<Option<(i64, Log)>, Fail> {
        match self.logs.get(&(room, *author)) {
            Some(touched) => Ok(Some((touched.id, touched.log.clone()))),
            None => Ok(record::log(self.db, room, author)?.map(|known| (known.id, known.log))),
        }
    }

    /// Writes everything pending, before the transaction commits.
    pub(super) fn end(mut self) -> Result<Ended, Fail> {
        self.places.write(self.db)?;
        let mut keep = self.db.prepare_cached("UPDATE log SET spans = ?2, cut = ?3 WHERE id = ?1")?;
        for Touched { id, log } in self.logs.values() {
            keep.execute((id, put_spans(log.spans()), log.cut().map(int)))?;
        }
        for (room, count) in &self.counts {
            expire::add(self.db, *room, *count)?;
        }
        Ok(Ended { dropped: self.dropped })
    }

    /// The numbers of a room; reserves its next arrival number.
    fn room(&mut self, room: &RoomId) -> Result<Room, Fail> {
        if let Some(known) = self.rooms.get_mut(room) {
            known.next_arrival += 1;
            return Ok(*known);
        }
        let id = number_room(self.db, room)?;
        let base = id << ARRIVAL_BITS;
        // Also higher than any indexed arrival, even if that one is gone: otherwise the new arrival would count as
        // indexed.
        let last: i64 = self
            .db
            .prepare_cached(
                "SELECT max(?1, indexed, coalesce((SELECT max(id) FROM arrival WHERE id > ?1 AND id < ?2), 0))
                    FROM room WHERE id = ?3",
            )?
            .query_row((base, base + (1 << ARRIVAL_BITS), id), |row| row.get(0))?;
        let known = Room {
            id,
            next_arrival: last + 1,
            floor: expire::floor(self.db, id)?,
            share: share::of_room(self.db, id)?,
        };
        self.rooms.insert(*room, known);
        Ok(known)
    }

    fn log(&mut self, room: i64, author: &AuthorId) -> Result<&mut Touched, Fail> {
        use std::collections::btree_map::Entry::{Occupied, Vacant};
        match self.logs.entry((room, *author)) {
            Occupied(known) => Ok(known.into_mut()),
            Vacant(unknown) => {
                let (id, log) = number_log(self.db, room, author)?;
                Ok(unknown.insert(Touched { id, log }))
            }
        }
    }
}

/// The number of a room, assigned if it has none.
pub(super) fn number_room(db: &Connection, room: &RoomId) -> Result<i64, Fail> {
    if let Some(known) = record::room(db, room)? {
        return Ok(known);
    }
    db.prepare_cached("INSERT INTO room(room) VALUES (?1)")?.execute([&room.0])?;
    Ok(db.last_insert_rowid())
}

/// The number of a log, assigned if it has none, and the log's state.
pub(super) fn number_log(db: &Connection, room: i64, author: &AuthorId) -> Result<(i64, Log), Fail> {
    if let Some(known) = record::log(db, room, author)? {
        return Ok((known.id, known.log));
    }
    let mut make = db.prepare_cached("INSERT INTO log(room, author, spans) VALUES (?1, ?2, x'')")?;
    make.execute((room, &author.0))?;
    Ok((db.last_insert_rowid(), Log::default()))
}

/// Joins the runs of a complete block into one, so that it is read and served at once; but an act keeps its signature, and
/// so ends a run. If one of them is damaged, all stay as they are for a check to report.
fn join(db: &Connection, log: i64, author: &AuthorId, (start, end): (Seq, Seq)) -> Result<(), Fail> {
    let mut runs: Vec<(RawRun, EntryId)> = Vec::new();
    let mut sealed = true;
    for_each(db, log, (start, end), |stored| {
        let Some(run) = stored.run(author) else { return Ok(true) };
        let ends = run.last() == end || keeps_signature(&run);
        sealed &= !ends || stored.sealed(&run);
        runs.push((run, stored.top));
        Ok(true)
    })?;
    let whole = runs.first().is_some_and(|(first, _)| first.first() == start)
        && runs.iter().map(|(run, _)| run.entries().len() as u64).sum::<u64>() == end - start + 1;
    let parts: Vec<_> = runs.split_inclusive(|(run, _)| keeps_signature(run)).collect();
    if !whole || !sealed || parts.len() == runs.len() {
        return Ok(());
    }
    piece::remove(db, log, (start, end))?;
    for part in parts {
        let ([(first, _), ..], [.., (last, top)]) = (part, part) else { continue };
        let entries = part.iter().flat_map(|(run, _)| run.entries().iter().cloned()).collect();
        let joined = RawRun::new(*author, first.first(), first.prev(), entries, last.signature().copied())?;
        piece::put(db, log, &joined, top)?;
    }
    Ok(())
}

/// Splits the run that holds both `at - 1` and `at`, if there is one. Returns the entry at `at - 1` if it is held.
fn split(db: &Connection, key: &LogKey, (log, author): (i64, &AuthorId), at: Seq) -> Result<Option<Head>, Fail> {
    let Some(below) = at.checked_sub(1) else { return Ok(None) };
    let Some(stored) = covering(db, log, below)?.filter(|stored| stored.last >= below) else { return Ok(None) };
    let damaged = || Fail::Odd(format!("entries {}..={} of {} are damaged", stored.first, stored.last, author.short()));
    let piece = stored.verify(key, author).ok_or_else(damaged)?;
    let head = piece.rows(below, below).next().map(|row| row.head()).ok_or_else(damaged)?;
    if stored.last > below {
        let parted = (below + 1 - stored.first) as usize;
        let (lower, upper) = piece.run.entries().split_at(parted);
        let lower = RawRun::new(*author, stored.first, piece.run.prev(), lower.to_vec(), None)?;
        let signature = piece.run.signature().filter(|_| piece.sealed).copied();
        let upper = RawRun::new(*author, at, head.id, upper.to_vec(), signature)?;
        db.prepare_cached("DELETE FROM run WHERE log = ?1 AND first = ?2")?.execute((log, int(stored.first)))?;
        piece::put(db, log, &lower, &head.id)?;
        piece::put(db, log, &upper, &stored.top)?;
    }
    Ok(Some(head))
}

/// Removes entries from the timeline and the notes; returns the reduction of the counts. For a damaged run the times
/// are unknown, so its places are looked up one by one.
pub(super) fn unplace(db: &Connection, whose: Whose<'_>, (first, last): (Seq, Seq)) -> Result<Tally, Fail> {
    let (mut gone, mut weighed) = (Tally::default(), 0);
    let Whose { room, log, author } = whose;
    for_each(db, log, (first, last), |stored| {
        match stored.run(author) {
            Some(run) => {
                for (entry, seq) in run.entries().iter().zip(run.first()..) {
                    place::remove(db, (room, put_time(entry.time), log, int(seq)))?;
                    notes::remove(db, whose, seq, entry)?;
                    gone += Tally::of(entry);
                    weighed += weight(entry);
                }
            }
            None => {
                place::remove_unread(db, (room, log), (stored.first, stored.last))?;
                notes::remove_unread(db, whose, (stored.first, stored.last))?;
            }
        }
        Ok(true)
    })?;
    share::add(db, log, -weighed)?;
    Ok(gone)
}

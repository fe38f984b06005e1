//! The store in ordered maps, for the simulator, which holds many stores, and for nodes that keep nothing.

mod bare;
mod check;
mod crowd;
mod epochs;
mod forks;
mod notes;
mod once;
mod share;
mod timeline;

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    ops::{RangeBounds, RangeInclusive},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use crowd::{came, without_lowest};
use epochs::view;
use once::Calls;
use rumormill_proto::{
    admit::Run,
    content::{Target, Vouch},
    entry::Kind,
    epochs::{Ring, Secret},
    fork::Proof,
    ids::{AuthorId, FileId, RoomId, Seq},
    input::{Bare, Kept},
    limits::{ADDRESS_BYTES, FOUNDER_SHARE},
    log::{Head, Log},
    run::{RawRun, block_end},
    time::Time,
    timeline::Place,
};
use share::Taken;

use crate::{
    Change, CheckReport, Filled, Once, Read, RoomRecord, Rooms, Store, TimelineRow,
    error::Error,
    keep::{Expiry, Keep, Tally, is_below},
    lapsed::Lapsed,
    limits::CONTACTS,
    note::{Note, goes, is_message},
    row::{Row, assemble, block_start, heads, made_whole, prolonged, recall, rows, topmost, unproved, widen},
    share::{Shared, share_bytes, weight},
    wanted::{Sought, Wanted},
};

/// A store that vanishes when dropped. Clones and readers share its content.
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

/// The content of one room.
#[derive(Clone, Default)]
struct Shelf {
    logs: BTreeMap<AuthorId, Shelved>,
    /// All entries, those beyond a cut included.
    rows: BTreeMap<(AuthorId, Seq), Row>,
    timeline: BTreeSet<Place>,
    /// The places in the timeline that hold messages.
    messages: BTreeSet<Place>,
    notes: Notes,
    /// Authors that entries in the timeline vouch for.
    vouches: BTreeMap<(AuthorId, Seq), Vec<AuthorId>>,
    /// Retracted entries, held or not.
    gone: BTreeSet<(AuthorId, Seq)>,
    /// Entries whose bodies are wanted.
    bare: BTreeMap<Place, [u8; 32]>,
    tally: Tally,
    /// Calls that must be carried out only once.
    once: Calls,
    /// How much of its share each author uses.
    taken: BTreeMap<AuthorId, Taken>,
    /// Place below which no bodies are kept.
    floor: Option<Place>,
    /// Up to where bounds dropped bodies, whatever the bounds are now.
    bared: Option<Place>,
    /// The secrets of epochs.
    ring: Ring,
    /// The parts of logs that do not count.
    lapsed: Vec<Lapsed>,
}

/// One thing that one author says, possibly repeatedly.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    about: Option<Target>,
    kind: Kind,
    author: AuthorId,
    sign: String,
}

/// Whether an entry says it or takes it back.
type Says = bool;

#[derive(Clone, Default)]
struct Shelved {
    log: Log,
    /// The lowest first.
    proofs: Vec<Proof>,
}

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// A separate store with the same content as of now.
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
        for ((room, change), log) in changes.iter().zip(logs) {
            let share = held.share(room);
            let shelf = held.shelves.entry(*room).or_default();
            match change {
                Change::Append(run) => {
                    shelf.append(run, log);
                    shelf.came(run.author(), (run.first().seq, run.last().seq), share);
                }
                Change::Cut(proof) => shelf.cut(proof, log),
                Change::Prove(proof) => shelf.prove(proof),
                Change::Part { author, at } => shelf.part(**author, *at, log),
                Change::Prolong(run) => shelf.prolong(run),
                Change::Evict(author) => shelf.evict(author, log),
                Change::Fill { author, seq, body } => {
                    shelf.fill(**author, *seq, body);
                    shelf.came(**author, (*seq, *seq), share);
                }
                Change::Keep(secret) => shelf.keep(room, secret),
                Change::Once(once, of) => shelf.once.put(once, *of),
            }
        }
        let shortened = changes.iter().filter(|(_, change)| change.shortens());
        let left =
            shortened.filter_map(|(room, change)| change.author().map(|author| (author, held.log(room, &author))));
        Ok(left.collect())
    }

    fn kept(&self, room: &RoomId) -> Result<Vec<Kept>, Error> {
        Ok(self.read().shelves.get(room).map(|shelf| shelf.kept()).unwrap_or_default())
    }

    fn rooms(&self) -> Result<Rooms, Error> {
        Ok(Rooms { whole: self.read().records.values().cloned().collect(), damaged: Vec::new() })
    }

    fn put_room(&mut self, room: &RoomRecord) -> Result<(), Error> {
        let mut record = room.clone();
        record.contacts.retain(|contact| contact.address.len() <= ADDRESS_BYTES);
        record.contacts.truncate(CONTACTS);
        let mut held = self.write();
        let before = held.records.insert(room.id, record);
        if let Some(shelf) = held.shelves.get_mut(&room.id)
            && before.is_none_or(|before| before.keep.of_texts() != room.keep.of_texts())
        {
            shelf.floor = None;
        }
        Ok(())
    }

    fn leave(&mut self, room: &RoomId) -> Result<(), Error> {
        let mut held = self.write();
        held.records.remove(room);
        held.shelves.remove(room);
        Ok(())
    }

    /// `leave` removes a room at once, so nothing remains.
    fn sweep(&mut self, _rows: usize) -> Result<bool, Error> {
        Ok(false)
    }

    fn peer_secret(&mut self, fresh: [u8; 32]) -> Result<[u8; 32], Error> {
        Ok(*self.write().peer_secret.get_or_insert(fresh))
    }

    /// Memory needs no index: search reads everything.
    fn index(&mut self, _entries: usize) -> Result<bool, Error> {
        Ok(false)
    }

    fn expire(&mut self, room: &RoomId, now_ms: u64, most: usize) -> Result<bool, Error> {
        let mut held = self.write();
        let keep = held.records.get(room).map(|record| record.keep.of_texts()).unwrap_or_default();
        let share = held.share(room);
        let more = held.shelves.get_mut(room).is_some_and(|shelf| shelf.share(share));
        if keep == Keep::default() {
            return Ok(more);
        }
        // An entry that arrives later and is already too old keeps no body, even where none has arrived yet.
        let shelf = held.shelves.entry(*room).or_default();
        Ok(shelf.expire(Expiry::new(keep, shelf.tally, now_ms, most)) || more)
    }

    fn lapse(
        &mut self,
        room: &RoomId,
        parts: &[(AuthorId, Seq, Seq)],
        now_ms: u64,
        most: usize,
    ) -> Result<bool, Error> {
        Ok(self.write().shelves.get_mut(room).is_some_and(|shelf| shelf.lapse(parts, now_ms, most)))
    }

    /// Memory does not rot.
    fn mend(&mut self, room: &RoomId) -> Result<CheckReport, Error> {
        self.check(room)
    }

    fn reader(&self) -> Result<Box<dyn Read>, Error> {
        Ok(Box::new(self.clone()))
    }
}

impl Held {
    /// Bytes of bodies that each author may keep in a room.
    fn share(&self, room: &RoomId) -> i64 {
        share_bytes(self.records.get(room).and_then(|record| record.keep.share))
    }

    fn log(&self, room: &RoomId, author: &AuthorId) -> Log {
        self.shelves.get(room).and_then(|shelf| shelf.log(author)).cloned().unwrap_or_default()
    }

    /// The log that each change would leave, all made in order.
    fn judge(&self, changes: &[(RoomId, Change<'_>)]) -> Result<Vec<Log>, Error> {
        let mut logs: BTreeMap<(RoomId, AuthorId), Log> = BTreeMap::new();
        let mut judged = Vec::with_capacity(changes.len());
        for (at, (room, change)) in changes.iter().enumerate() {
            let Some(author) = change.author() else {
                judged.push(Log::default());
                continue;
            };
            let shelf = self.shelves.get(room);
            let kept = || shelf.and_then(|shelf| shelf.logs.get(&author)).map(|shelved| shelved.log.clone());
            let log = logs.entry((*room, author)).or_insert_with(|| kept().unwrap_or_default());
            match change {
                Change::Append(run) => log.insert(run).map_err(|why| Error::Unfit { author, why })?,
                Change::Cut(proof) => {
                    let below = proof.at().checked_sub(1);
                    let below = below.and_then(|seq| {
                        let row = shelf.and_then(|shelf| shelf.rows.get(&(author, seq)));
                        row.map(Row::head).or_else(|| appended(&changes[..at], room, &author, seq))
                    });
                    log.cut_at(proof.at(), below);
                }
                Change::Part { at: end, .. } => {
                    let below = end.checked_sub(1).and_then(|seq| {
                        let row = shelf.and_then(|shelf| shelf.rows.get(&(author, seq)));
                        appended(&changes[..at], room, &author, seq).or_else(|| row.map(Row::head))
                    });
                    log.end_at(*end, below);
                }
                Change::Fill { .. } | Change::Prolong(_) | Change::Once(..) | Change::Prove(_) | Change::Keep(_) => {}
                Change::Evict(author) => {
                    let came = came(&changes[..at], room, author);
                    *log = without_lowest(log, shelf.map(|shelf| shelf.rows(author, 0, Seq::MAX)), came);
                }
            }
            judged.push(log.clone());
        }
        Ok(judged)
    }
}

/// The entry at `seq`, if one of the changes appends it.
fn appended(changes: &[(RoomId, Change<'_>)], room: &RoomId, author: &AuthorId, seq: Seq) -> Option<Head> {
    let mut entries = came(changes, room, author);
    entries.find(|entry| entry.seq == seq).map(|entry| Head { seq, id: entry.id, time: entry.time })
}

impl Shelf {
    /// Appends a run that was judged to fit; `log` is the result.
    fn append(&mut self, run: &Run, log: Log) {
        let author = run.author();
        for row in rows(run) {
            self.vouch(author, &row);
            self.timeline.insert(row.place(author));
            self.note_bare(author, &row);
            if is_message(&view(&self.ring, author, &row)) {
                self.messages.insert(row.place(author));
            }
            self.note(author, &row);
            self.tally += Tally::of(&row.raw);
            self.taken.entry(author).or_default().bytes += weight(&row.raw);
            self.rows.insert((author, row.seq), row);
        }
        for entry in run.entries() {
            self.forget(author, entry.seq);
        }
        if let Some((start, end)) = made_whole(&log, run) {
            let inner = self.rows.range_mut((author, start)..(author, end));
            inner.filter(|(_, row)| !row.raw.kind.is_act()).for_each(|(_, row)| row.signature = None);
        }
        self.logs.entry(author).or_default().log = log;
    }

    fn note(&mut self, author: AuthorId, row: &Row) {
        if let Some((group, says)) = group(&self.ring, author, row) {
            self.notes.entry(group).or_default().insert((row.raw.time, row.seq), says);
        }
    }

    /// Drops the target of an entry that retracts, or the entry itself when it is retracted.
    fn forget(&mut self, author: AuthorId, seq: Seq) {
        let Some(row) = self.rows.get(&(author, seq)) else { return };
        let mut going = vec![seq];
        if let Some(of) = Note::of(&author, seq, &row.raw).and_then(|note| note.retracts())
            && self.gone.insert((author, of))
        {
            going.push(of);
            let edits =
                Group { about: Some(Target { author, seq: of }), kind: Kind::EDIT, author, sign: String::new() };
            going.extend(self.notes.get(&edits).into_iter().flatten().map(|((_, seq), _)| *seq));
        }
        for seq in going {
            let Some(row) = self.rows.get(&(author, seq)) else { continue };
            let read = view(&self.ring, author, row);
            let Ok(goes) = goes::<Infallible>(&author, seq, &read, |of| Ok(self.gone.contains(&(author, of))));
            if self.gone.contains(&(author, seq)) {
                self.vouches.remove(&(author, seq));
                self.bare.remove(&row.place(author));
            }
            if goes || is_below(self.floor, row.place(author), row.raw.kind) {
                self.drop_body(author, seq);
            }
        }
    }

    fn drop_body(&mut self, author: AuthorId, seq: Seq) {
        let Some(row) = self.rows.get_mut(&(author, seq)) else { return };
        unnote(&mut self.notes, &self.ring, author, row);
        self.tally -= Tally::of(&row.raw);
        self.taken.entry(author).or_default().bytes -= weight(&row.raw);
        row.raw.body = row.raw.body.dropped();
    }

    /// The last place of each group that has something in effect.
    fn standing(&self, groups: impl RangeBounds<Group>) -> impl Iterator<Item = (&Group, Place)> {
        self.notes.range(groups).filter_map(|(group, said)| {
            let ((time, seq), says) = said.last_key_value()?;
            says.then_some((group, Place { time: *time, author: group.author, seq: *seq }))
        })
    }

    /// What is in effect about one entry, or about authors and the room; of a range of kinds.
    fn about(&self, about: Option<Target>, kinds: RangeInclusive<Kind>) -> impl Iterator<Item = (&Group, Place)> {
        let group = |kind, author| Group { about, kind, author, sign: String::new() };
        let first = group(*kinds.start(), AuthorId([0; 32]));
        let groups = self.standing(first..);
        groups.take_while(move |(group, _)| group.about == about && group.kind <= *kinds.end())
    }

    fn kept(&self) -> Vec<Kept> {
        let kept = |(author, Shelved { log, .. }): (&AuthorId, &Shelved)| Kept {
            author: *author,
            log: log.clone(),
            vouches: self.vouches_of(author, FOUNDER_SHARE as usize / 2),
        };
        self.logs.iter().map(kept).collect()
    }

    fn proofs(&self, author: &AuthorId) -> Vec<Proof> {
        self.logs.get(author).map(|shelved| shelved.proofs.clone()).unwrap_or_default()
    }

    fn log(&self, author: &AuthorId) -> Option<&Log> {
        self.logs.get(author).map(|shelved| &shelved.log)
    }

    /// The rows of a log within `first..=last`.
    fn rows(&self, author: &AuthorId, first: Seq, last: Seq) -> impl Iterator<Item = &Row> {
        let range = (first <= last).then_some((*author, first)..=(*author, last));
        range.into_iter().flat_map(|range| self.rows.range(range)).map(|(_, row)| row)
    }

    fn run(&self, author: &AuthorId, first: Seq, last: Seq) -> Option<RawRun> {
        let log = self.log(author)?;
        let (first, last) = topmost(log, first, last)?;
        let run = assemble(*author, &self.rows(author, first, last).cloned().collect::<Vec<_>>()).ok()?;
        if unproved(log, &run) {
            let block: Vec<_> = self.rows(author, block_start(last), block_end(last)).cloned().collect();
            return prolonged(*author, &block, (first, last)).or(Some(run));
        }
        Some(run)
    }
}

/// What an entry is about, and whether it says something there.
fn group(ring: &Ring, author: AuthorId, row: &Row) -> Option<(Group, Says)> {
    let Note { about, kind, sign, says, .. } = Note::of(&author, row.seq, &view(ring, author, row))?;
    Some((Group { about, kind, author, sign }, says))
}

type Notes = BTreeMap<Group, BTreeMap<(Time, Seq), Says>>;

fn unnote(notes: &mut Notes, ring: &Ring, author: AuthorId, row: &Row) {
    let Some((group, _)) = group(ring, author, row) else { return };
    let said = notes.entry(group.clone()).or_default();
    said.remove(&(row.raw.time, row.seq));
    if said.is_empty() {
        notes.remove(&group);
    }
}

impl Memory {
    /// Asks the shelf of a room, or an empty one if the room has none.
    fn ask<T: Default>(&self, room: &RoomId, question: impl FnOnce(&Shelf) -> T) -> Result<T, Error> {
        Ok(self.read().shelves.get(room).map(|shelf| question(shelf)).unwrap_or_default())
    }
}

impl Read for Memory {
    fn page(&mut self, room: &RoomId, before: Option<Place>, limit: usize) -> Result<Vec<TimelineRow>, Error> {
        self.ask(room, |shelf| shelf.page(&shelf.timeline, before, limit))
    }

    fn page_after(&mut self, room: &RoomId, after: Option<Place>, limit: usize) -> Result<Vec<TimelineRow>, Error> {
        self.ask(room, |shelf| shelf.page_after(&shelf.timeline, after, limit))
    }

    fn messages(&mut self, room: &RoomId, before: Option<Place>, limit: usize) -> Result<Vec<TimelineRow>, Error> {
        self.ask(room, |shelf| shelf.page(&shelf.messages, before, limit))
    }

    fn messages_after(&mut self, room: &RoomId, after: Option<Place>, limit: usize) -> Result<Vec<TimelineRow>, Error> {
        self.ask(room, |shelf| shelf.page_after(&shelf.messages, after, limit))
    }

    fn run(&mut self, room: &RoomId, author: &AuthorId, first: Seq, last: Seq) -> Result<Option<RawRun>, Error> {
        self.ask(room, |shelf| shelf.run(author, first, last))
    }

    fn act_seqs(&mut self, room: &RoomId, author: &AuthorId) -> Result<Vec<Seq>, Error> {
        self.ask(room, |shelf| shelf.act_seqs(author))
    }

    fn recall(&mut self, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<Option<RawRun>, Error> {
        self.ask(room, |shelf| {
            let block = shelf.rows(author, block_start(seq), block_end(seq));
            recall(*author, &block.cloned().collect::<Vec<_>>(), seq)
        })
    }

    fn newest(&mut self, room: &RoomId, count: usize) -> Result<Vec<(AuthorId, Seq, Seq)>, Error> {
        self.ask(room, |shelf| {
            let mut spans = BTreeMap::new();
            shelf.timeline.iter().rev().take(count).for_each(|place| widen(&mut spans, place));
            spans.into_iter().map(|(author, (first, last))| (author, first, last)).collect()
        })
    }

    fn line(&mut self, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<Option<TimelineRow>, Error> {
        self.ask(room, |shelf| {
            let row = shelf.rows.get(&(*author, seq)).filter(|_| shelf.log(author).is_some_and(|log| log.holds(seq)));
            row.map(|row| shelf.read_line(*author, row))
        })
    }

    fn notes(&mut self, room: &RoomId, targets: &[Target], limit: usize) -> Result<Vec<TimelineRow>, Error> {
        self.ask(room, |shelf| {
            let targets: BTreeSet<_> = targets.iter().collect();
            let mut lines: Vec<_> = targets.iter().flat_map(|target| shelf.notes_of(**target, limit)).collect();
            lines.sort_unstable_by_key(|line| line.place);
            lines
        })
    }

    fn vouches(&mut self, room: &RoomId, author: &AuthorId, most: usize) -> Result<Vec<Vouch>, Error> {
        self.ask(room, |shelf| shelf.vouches_of(author, most))
    }

    fn bare(&mut self, room: &RoomId, most: usize) -> Result<(Vec<Bare>, u64), Error> {
        self.ask(room, |shelf| shelf.bare(most))
    }

    fn shares(&mut self, room: &RoomId) -> Result<Vec<Shared>, Error> {
        self.ask(room, Shelf::shares)
    }

    fn is_bare(&mut self, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<bool, Error> {
        self.ask(room, |shelf| shelf.is_bare(author, seq))
    }

    fn once(&mut self, room: &RoomId, key: &[u8; 32]) -> Result<Option<(Once, Target)>, Error> {
        self.ask(room, |shelf| shelf.once.find(key))
    }

    fn secrets(&mut self, room: &RoomId) -> Result<Vec<Secret>, Error> {
        self.ask(room, |shelf| shelf.ring.from(0).cloned().collect())
    }

    fn nicks(&mut self, room: &RoomId) -> Result<Vec<(AuthorId, Place, String)>, Error> {
        self.ask(room, Shelf::nicks)
    }

    fn named_before(&mut self, room: &RoomId, place: Place) -> Result<Option<String>, Error> {
        self.ask(room, |shelf| shelf.named_before(place))
    }

    fn kept(&mut self, room: &RoomId) -> Result<Vec<Kept>, Error> {
        self.ask(room, Shelf::kept)
    }

    fn proofs(&mut self, room: &RoomId, author: &AuthorId) -> Result<Vec<Proof>, Error> {
        self.ask(room, |shelf| shelf.proofs(author))
    }

    fn heads(&mut self, room: &RoomId) -> Result<Vec<(AuthorId, Head)>, Error> {
        self.ask(room, |shelf| heads(shelf.kept()))
    }

    fn letters(&mut self, room: &RoomId, most: usize) -> Result<Vec<TimelineRow>, Error> {
        self.ask(room, |shelf| shelf.letters(most))
    }

    fn topic(&mut self, room: &RoomId) -> Result<Option<TimelineRow>, Error> {
        self.ask(room, |shelf| {
            let last = shelf.about(None, Kind::TOPIC..=Kind::TOPIC).map(|(_, place)| place).max()?;
            shelf.line(&last)
        })
    }

    fn carried(&mut self, room: &RoomId, most: usize) -> Result<Vec<(FileId, u64)>, Error> {
        self.ask(room, |shelf| shelf.carried(most))
    }

    fn offerers(&mut self, room: &RoomId, file: &FileId, most: usize) -> Result<Vec<AuthorId>, Error> {
        self.ask(room, |shelf| shelf.offerers(file, most))
    }

    fn beyond_cut(&mut self, room: &RoomId, author: &AuthorId) -> Result<Vec<TimelineRow>, Error> {
        self.ask(room, |shelf| {
            let cut = shelf.log(author).and_then(Log::cut);
            let beyond = cut.into_iter().flat_map(|cut| shelf.rows(author, cut, Seq::MAX));
            beyond.map(|row| shelf.read_line(*author, row)).collect()
        })
    }

    fn search(&mut self, room: &RoomId, wanted: &Wanted, limit: usize) -> Result<Vec<TimelineRow>, Error> {
        let Some(sought) = Sought::new(wanted) else { return Ok(Vec::new()) };
        self.ask(room, |shelf| {
            let lines = shelf.timeline.iter().rev().filter_map(|place| shelf.line(place));
            lines.filter(|line| shelf.finds(&sought, line)).take(limit).collect()
        })
    }

    fn count(&mut self, room: &RoomId) -> Result<u64, Error> {
        self.ask(room, |shelf| shelf.timeline.len() as u64)
    }

    fn filled(&mut self, room: &RoomId) -> Result<Filled, Error> {
        self.ask(room, |shelf| Filled::of(shelf.tally, shelf.bared))
    }

    fn holders(&mut self, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<Vec<AuthorId>, Error> {
        self.ask(room, |shelf| shelf.holders(author, seq))
    }

    fn check_telling(&mut self, room: &RoomId, tell: &mut dyn FnMut(u64)) -> Result<CheckReport, Error> {
        match self.read().shelves.get(room) {
            Some(shelf) => crate::check::check(room, &mut shelf.as_ref(), tell),
            None => Ok(CheckReport::default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_store_is_light() {
        // Empty maps have no heap memory; the shared part has two counters and a lock.
        assert!(size_of::<Memory>() + size_of::<Held>() + 64 < 512);
    }
}

//! Stored runs, one row each, verified again when read.

use std::collections::BTreeMap;

use bytes::Bytes;
use rumormill_proto::{
    entry::{LogKey, RawEntry},
    ids::{AuthorId, EntryId, RoomId, Seq},
    run::RawRun,
};
use rusqlite::Connection;

use super::{
    epochs::Opener,
    fail::Fail,
    record::{self, array, blob, int, seq},
};
use crate::{TimelineRow, limits::CACHED_PIECES_BYTES, row::Row};

/// The columns of a row.
pub(super) struct Stored {
    pub(super) first: Seq,
    pub(super) last: Seq,
    /// Stored id of the last entry.
    pub(super) top: EntryId,
    seal: [u8; SEAL_BYTES],
    wire: Bytes,
}

/// Bytes of a hash that shows whether a signature is unchanged. A bad signature must never be served, because peers bar
/// its sender; verifying each one would double the cost of serving.
const SEAL_BYTES: usize = 8;

fn seal(run: &RawRun) -> [u8; SEAL_BYTES] {
    let hash = blake3::hash(run.signature().map_or(&[], |signature| &signature[..]));
    std::array::from_fn(|at| hash.as_bytes()[at])
}

impl Stored {
    pub(super) fn read(row: &rusqlite::Row<'_>) -> Result<Self, Fail> {
        Ok(Self {
            first: seq(row.get(0)?)?,
            last: seq(row.get(1)?)?,
            top: EntryId(array(row, 2)?),
            seal: array(row, 3)?,
            wire: Bytes::copy_from_slice(blob(row, 4)?),
        })
    }

    /// The run, if it decodes and belongs to this log and these seqs. Does not compute its hashes.
    pub(super) fn run(&self, author: &AuthorId) -> Option<RawRun> {
        let run = RawRun::parse(self.wire.clone()).ok()?;
        let fits = run.author() == *author && (run.first(), run.last()) == (self.first, self.last);
        fits.then_some(run)
    }

    /// Whether the signature of the run is as stored.
    pub(super) fn sealed(&self, run: &RawRun) -> bool {
        seal(run) == self.seal
    }

    /// The run with its ids, if they lead to the stored id of the last entry.
    pub(super) fn verify(&self, key: &LogKey, author: &AuthorId) -> Option<Piece> {
        let run = self.run(author)?;
        let mut scratch = Vec::new();
        let mut prev = run.prev();
        let links = run.entries().iter().zip(run.first()..);
        let ids: Vec<_> = links
            .map(|(entry, seq)| {
                prev = key.id(seq, &prev, entry, &mut scratch);
                prev
            })
            .collect();
        let sealed = self.sealed(&run);
        (prev == self.top).then_some(Piece { run, ids, sealed })
    }
}

/// A run with verified hashes.
pub(super) struct Piece {
    pub(super) run: RawRun,
    ids: Vec<EntryId>,
    /// Whether the signature is as stored.
    pub(super) sealed: bool,
}

impl Piece {
    /// The entries within `first..=last`.
    pub(super) fn rows(&self, first: Seq, last: Seq) -> impl Iterator<Item = Row> + '_ {
        let skipped = first.saturating_sub(self.run.first()) as usize;
        (skipped..self.ids.len()).map(|at| self.row(at)).take_while(move |row| row.seq <= last)
    }

    fn row(&self, at: usize) -> Row {
        let prev = at.checked_sub(1).map_or(self.run.prev(), |below| self.ids[below]);
        let signature = self.run.signature().filter(|_| self.sealed && at + 1 == self.ids.len());
        let seq = self.run.first() + at as u64;
        Row {
            seq,
            prev,
            id: self.ids[at],
            raw: self.run.entries()[at].clone(),
            sealed: self.run.entries()[at].kind.opened().is_some(),
            signature: signature.copied().map(Box::new),
        }
    }
}

/// Stores a run whose last entry has the id `top`.
pub(super) fn put(db: &Connection, log: i64, run: &RawRun, top: &EntryId) -> Result<(), Fail> {
    let mut put =
        db.prepare_cached("INSERT INTO run(log, first, last, top, seal, wire) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    put.execute((log, int(run.first()), int(run.last()), &top.0, seal(run), &run.wire()[..]))?;
    Ok(())
}

/// Removes the runs of a log that begin within `first..=last`.
pub(super) fn remove(db: &Connection, log: i64, (first, last): (Seq, Seq)) -> Result<(), Fail> {
    let mut drop = db.prepare_cached("DELETE FROM run WHERE log = ?1 AND first BETWEEN ?2 AND ?3")?;
    drop.execute((log, int(first), int(last)))?;
    Ok(())
}

/// Reads the runs of a log that overlap `first..=last`, ascending, one at a time, until `visit` says false.
pub(super) fn for_each(
    db: &Connection,
    log: i64,
    (first, last): (Seq, Seq),
    mut visit: impl FnMut(Stored) -> Result<bool, Fail>,
) -> Result<(), Fail> {
    let mut find = db.prepare_cached(
        "SELECT first, last, top, seal, wire FROM run WHERE log = ?1 AND first <= ?3 AND first >=
            coalesce((SELECT max(first) FROM run WHERE log = ?1 AND first <= ?2), 0) ORDER BY first",
    )?;
    let mut rows = find.query((log, int(first), int(last)))?;
    while let Some(row) = rows.next()? {
        let stored = Stored::read(row)?;
        if stored.last >= first && !visit(stored)? {
            break;
        }
    }
    Ok(())
}

/// Reads every entry of every log, without what was cut off. Skips the rest of a log at a damaged run.
pub(super) fn for_all(
    db: &Connection,
    mut visit: impl FnMut(i64, &AuthorId, Seq, &RawEntry) -> Result<(), Fail>,
) -> Result<(), Fail> {
    let mut find = db.prepare("SELECT id, author, spans, cut FROM log ORDER BY id")?;
    let mut logs = find.query([])?;
    while let Some(row) = logs.next()? {
        match for_log(db, row, &mut visit) {
            Ok(()) | Err(Fail::Odd(_)) => {}
            Err(why) => return Err(why),
        }
    }
    Ok(())
}

fn for_log(
    db: &Connection,
    row: &rusqlite::Row<'_>,
    visit: &mut impl FnMut(i64, &AuthorId, Seq, &RawEntry) -> Result<(), Fail>,
) -> Result<(), Fail> {
    let (log, author) = (row.get(0)?, AuthorId(array(row, 1)?));
    let Some(last) = record::read_log(row, 2)?.next().checked_sub(1) else { return Ok(()) };
    for_each(db, log, (0, last), |stored| {
        let run = stored.run(&author);
        let mut entries = run.iter().flat_map(|run| run.entries().iter().zip(run.first()..=last));
        entries.try_for_each(|(entry, seq)| visit(log, &author, seq, entry)).map(|()| true)
    })
}

/// The run of a log with the highest beginning at or below `seq`.
pub(super) fn covering(db: &Connection, log: i64, seq: Seq) -> Result<Option<Stored>, Fail> {
    let mut find = db.prepare_cached(
        "SELECT first, last, top, seal, wire FROM run WHERE log = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1",
    )?;
    let mut rows = find.query((log, int(seq)))?;
    rows.next()?.map(Stored::read).transpose()
}

/// The entries of a log within `first..=last`, ascending, without runs that fail to verify. Meant for about one block.
pub(super) fn rows(
    db: &Connection,
    key: &LogKey,
    (log, author): (i64, &AuthorId),
    (first, last): (Seq, Seq),
) -> Result<Vec<Row>, Fail> {
    let mut rows = Vec::new();
    for_each(db, log, (first, last), |stored| {
        rows.extend(stored.verify(key, author).iter().flat_map(|piece| piece.rows(first, last)));
        Ok(true)
    })?;
    Ok(rows)
}

/// The last piece read of each log: a walk along the timeline alternates between logs.
pub(super) struct Pieces<'a> {
    db: &'a Connection,
    room: RoomId,
    number: Option<i64>,
    opener: Opener<'a>,
    held: BTreeMap<i64, Held>,
    bytes: usize,
}

struct Held {
    first: Seq,
    last: Seq,
    piece: Option<Piece>,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(db: &'a Connection, room: &RoomId) -> Result<Self, Fail> {
        let number = record::room(db, room)?;
        Ok(Self { db, room: *room, number, opener: Opener::new(db), held: BTreeMap::new(), bytes: 0 })
    }

    /// One entry, opened; `None` when it is missing or fails to verify.
    pub(super) fn line(&mut self, log: i64, author: &AuthorId, seq: Seq) -> Result<Option<TimelineRow>, Fail> {
        let Some((mut row, number)) = self.row(log, author, seq)?.zip(self.number) else { return Ok(None) };
        if row.raw.kind.opened().is_some() {
            row.raw = self.opener.view(number, (author, seq), &row.raw)?.into_owned();
        }
        Ok(Some(row.to_line(*author)))
    }

    /// The same, as it is stored.
    pub(super) fn row(&mut self, log: i64, author: &AuthorId, seq: Seq) -> Result<Option<Row>, Fail> {
        let holds = |held: &Held| (held.first..=held.last).contains(&seq);
        if !self.held.get(&log).is_some_and(holds) {
            let Some(stored) = covering(self.db, log, seq)? else { return Ok(None) };
            self.keep(log, author, &stored);
        }
        let piece = self.held.get(&log).filter(|held| holds(held)).and_then(|held| held.piece.as_ref());
        Ok(piece.and_then(|piece| piece.rows(seq, seq).next()))
    }

    fn keep(&mut self, log: i64, author: &AuthorId, stored: &Stored) {
        self.bytes += stored.wire.len();
        if self.bytes > CACHED_PIECES_BYTES {
            self.held.clear();
            self.bytes = stored.wire.len();
        }
        let piece = stored.verify(&LogKey::new(&self.room, author), author);
        self.held.insert(log, Held { first: stored.first, last: stored.last, piece });
    }
}

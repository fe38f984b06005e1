//! The secrets of epochs of closed rooms, and entries that wait for one. Bodies are stored sealed, as they travel, and
//! opened wherever they are read.

use std::borrow::Cow;

use rumormill_proto::{
    entry::RawEntry,
    epochs::{EpochId, Opened, Ring, Secret},
    ids::{AuthorId, RoomId, Seq},
    limits::EPOCHS_ALIKE,
    run::RawRun,
};
use rusqlite::Connection;

use super::{
    fail::Fail,
    record::{array, int, seq},
};
use crate::note::{epoch_of, view_as};

/// Stores a secret; returns whether it is new.
pub(super) fn put(db: &Connection, room: i64, secret: &Secret) -> Result<bool, Fail> {
    let mut put = db.prepare_cached("INSERT OR IGNORE INTO epoch VALUES (?1, ?2, sealed(?3, 'epoch', ?2))")?;
    Ok(put.execute((room, &secret.id().0, secret.bytes()))? > 0)
}

/// All secrets of a room, in the order of their epochs.
pub(super) fn all(db: &Connection, room: i64) -> Result<Vec<Secret>, Fail> {
    let mut find = db.prepare_cached("SELECT opened(secret, 'epoch', id) FROM epoch WHERE room = ?1 ORDER BY id")?;
    let mut rows = find.query([room])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(Secret::new(array(row, 0)?));
    }
    Ok(all)
}

/// Opens bodies. Neighbours are mostly sealed under one epoch, so the last one is at hand.
pub(super) struct Opener<'a> {
    db: &'a Connection,
    last: Option<(i64, [u8; 8], Ring)>,
}

impl<'a> Opener<'a> {
    pub(super) fn new(db: &'a Connection) -> Self {
        Self { db, last: None }
    }

    /// What comes of opening the body of an entry.
    pub(super) fn open(&mut self, room: i64, at: (&AuthorId, Seq), entry: &RawEntry) -> Result<Opened, Fail> {
        let Some(prefix) = epoch_of(entry) else { return Ok(Ring::default().open(at, entry.kind, &entry.body)) };
        let ring = match self.last.take() {
            Some((of, begins, ring)) if (of, begins) == (room, prefix) => ring,
            _ => ring(self.db, room, prefix)?,
        };
        let opened = ring.open(at, entry.kind, &entry.body);
        if opened != Opened::Locked {
            self.last = Some((room, prefix, ring));
        }
        Ok(opened)
    }

    /// An entry as it is read: with its body opened where that can be done.
    pub(super) fn view<'e>(
        &mut self,
        room: i64,
        at: (&AuthorId, Seq),
        entry: &'e RawEntry,
    ) -> Result<Cow<'e, RawEntry>, Fail> {
        match entry.kind.opened() {
            None => Ok(Cow::Borrowed(entry)),
            Some(_) => Ok(view_as(self.open(room, at, entry)?, entry)),
        }
    }
}

/// The secrets of the epochs of a room that begin like this.
fn ring(db: &Connection, room: i64, prefix: [u8; 8]) -> Result<Ring, Fail> {
    let (mut lowest, mut highest) = (EpochId::default(), EpochId([0xff; 32]));
    lowest.0[..prefix.len()].copy_from_slice(&prefix);
    highest.0[..prefix.len()].copy_from_slice(&prefix);
    let mut find = db.prepare_cached(
        "SELECT opened(epoch.secret, 'epoch', epoch.id), room.room FROM epoch CROSS JOIN room ON room.id = epoch.room
            WHERE epoch.room = ?1 AND epoch.id BETWEEN ?2 AND ?3 LIMIT ?4",
    )?;
    let mut rows = find.query((room, &lowest.0, &highest.0, EPOCHS_ALIKE as i64))?;
    let (mut id, mut secrets) = (RoomId::default(), Vec::new());
    while let Some(row) = rows.next()? {
        secrets.push(Secret::new(array(row, 0)?));
        id = RoomId(array(row, 1)?);
    }
    Ok(Ring::new(id, secrets))
}

/// One entry as it is read.
pub(super) fn view<'e>(
    db: &Connection,
    room: i64,
    at: (&AuthorId, Seq),
    entry: &'e RawEntry,
) -> Result<Cow<'e, RawEntry>, Fail> {
    Opener::new(db).view(room, at, entry)
}

/// The entries of a run as they are read.
pub(super) fn views<'r>(db: &Connection, room: i64, run: &'r RawRun) -> Result<Vec<(Seq, Cow<'r, RawEntry>)>, Fail> {
    let (author, mut opener) = (run.author(), Opener::new(db));
    let entries = (run.first()..).zip(run.entries());
    entries.map(|(seq, entry)| Ok((seq, opener.view(room, (&author, seq), entry)?))).collect()
}

/// Notes that an entry waits for a secret, if it does.
pub(super) fn lock(db: &Connection, room: i64, (log, at): (i64, Seq), entry: &RawEntry) -> Result<(), Fail> {
    let Some(prefix) = epoch_of(entry) else { return Ok(()) };
    let mut put = db.prepare_cached("INSERT OR IGNORE INTO locked VALUES (?1, ?2, ?3, ?4)")?;
    put.execute((room, &prefix, log, int(at)))?;
    Ok(())
}

/// The entries that wait for the secret of an epoch: number and author of their log, and their seq.
pub(super) fn locked(db: &Connection, room: i64, epoch: &EpochId) -> Result<Vec<(i64, AuthorId, Seq)>, Fail> {
    let mut find = db.prepare_cached(
        "SELECT log, author, seq FROM locked CROSS JOIN log ON log.id = locked.log
            WHERE locked.room = ?1 AND prefix = ?2 ORDER BY log, seq",
    )?;
    let mut rows = find.query((room, &epoch.prefix()))?;
    let mut locked = Vec::new();
    while let Some(row) = rows.next()? {
        locked.push((row.get(0)?, AuthorId(array(row, 1)?), seq(row.get(2)?)?));
    }
    Ok(locked)
}

/// The entries under epochs that begin like this one wait no more.
pub(super) fn unlock(db: &Connection, room: i64, epoch: &EpochId) -> Result<(), Fail> {
    db.prepare_cached("DELETE FROM locked WHERE room = ?1 AND prefix = ?2")?.execute((room, &epoch.prefix()))?;
    Ok(())
}

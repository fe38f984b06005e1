//! The store in one SQLite file.
//!
//! One connection writes; every reader has its own. A commit is one transaction in the write-ahead log, and returns
//! only when that has reached the disk.

mod acts;
mod bare;
mod batch;
mod epochs;
mod evict;
mod expire;
mod fail;
mod forget;
mod holders;
pub(crate) mod home;
mod index;
mod inspect;
mod lapse;
mod leave;
mod mend;
mod notes;
mod once;
mod piece;
mod place;
mod read;
mod record;
mod rooms;
mod schema;
mod seal;
mod search;
mod share;
mod source;
mod still;
mod vouches;
mod walk;

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::Path,
    time::Duration,
};

use bytes::Bytes;
use rumormill_proto::{
    admit::Admission,
    fork::Proof,
    ids::{AuthorId, RoomId, Seq},
    input::Kept,
    log::Log,
};
use rusqlite::{Connection, TransactionBehavior};

use self::{
    batch::Batch,
    fail::Fail,
    home::LockedHome,
    inspect::Inspection,
    notes::Whose,
    read::DiskReader,
    record::{array, blob, read_log},
    source::Source,
};
pub use self::{seal::HomeKey, still::Still};
use crate::{
    Change, CheckReport, Read, RoomRecord, Rooms, Store, check,
    error::Error,
    keep::Tally,
    limits::{BUSY_MS, WIPE_COMMITS},
};

/// How long to wait for readers when what they read has to go.
const READERS_END: Duration = Duration::from_millis(BUSY_MS);

/// A store on disk, exclusive to this process until dropped.
pub struct Disk {
    /// Declared before the home, so that it closes before the lock is released.
    db: Connection,
    home: LockedHome,
    /// The key under which the keys in it are sealed, if they are.
    key: Option<HomeKey>,
    /// Commits since the write-ahead log first contained dropped bodies, including that one.
    unwiped: Option<u32>,
}

impl Disk {
    /// Opens the store in `dir`, creating it if missing; takes the lock.
    ///
    /// # Errors
    /// [`Error::Locked`] when another process has it; [`Error::Exposed`] and [`Error::Link`] when it is not private;
    /// [`Error::Newer`] and [`Error::Foreign`] when it is not a store of this version or an older one, and then it is
    /// left unchanged; [`Error::ReadOnly`], [`Error::Full`] and [`Error::Io`] when it cannot be written.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        Self::open_under(dir, None)
    }

    /// Opens the store in `dir`, whose keys may be sealed under this key. They will be if there are none yet; keys that are
    /// not sealed stay so until [`Disk::seal`].
    ///
    /// # Errors
    /// Those of [`Disk::open`]; [`Error::Sealed`] when the keys are sealed under another key.
    pub fn open_under(dir: &Path, key: Option<&HomeKey>) -> Result<Self, Error> {
        let home = LockedHome::open(dir)?;
        let db = schema::writer(home.database(), key)?;
        let key = match seal::is_sealed(&db, home.database())? {
            Some(false) => None,
            _ => key.cloned(),
        };
        seal::give(&db, key.as_ref()).map_err(|why| why.at(home.database()))?;
        let mut disk = Self { db, home, key, unwiped: Some(0) };
        // Removes leftovers of a crash. If this fails, the next commit reports it.
        let _ = disk.wipe(Duration::ZERO);
        Ok(disk)
    }

    /// Inspects the store in `dir`, whose keys may be sealed under this key, even while another process has it open: takes no lock and writes nothing. Returns
    /// the rooms and a read handle.
    ///
    /// # Errors
    /// [`Error::Io`] when there is none, [`Error::Foreign`], [`Error::Newer`], and [`Error::Older`] when the tables are
    /// of an older version; [`Error::Sealed`] as for [`Disk::open_under`].
    pub fn inspect(dir: &Path, key: Option<&HomeKey>) -> Result<(Rooms, Box<dyn Read>), Error> {
        let source = Source::find(dir)?;
        let db = schema::inspector(&source, key)?;
        Ok((rooms::rooms(&db, source.path())?, Box::new(DiskReader::open(source, key.cloned())?)))
    }

    /// Seals all keys under this key, and leaves nothing of them in the files.
    ///
    /// # Errors
    /// [`Error::Read`] when somebody has been reading the file for long; those of a commit.
    pub fn seal(&mut self, key: &HomeKey) -> Result<(), Error> {
        seal::give(&self.db, Some(key)).map_err(|why| why.at(self.home.database()))?;
        self.key = Some(key.clone());
        self.transact(seal::seal)?;
        self.committed(1);
        match self.wipe(READERS_END)? {
            true => Ok(()),
            false => Err(Error::Read { path: self.home.database().to_owned() }),
        }
    }

    /// Opens all keys, so that the home needs no key from then on.
    ///
    /// # Errors
    /// Those of a commit.
    pub fn unseal(&mut self) -> Result<(), Error> {
        self.transact(seal::open)?;
        self.key = None;
        seal::give(&self.db, None).map_err(|why| why.at(self.home.database()))
    }

    /// Whether `dir` contains a store; true also when that cannot be determined.
    pub fn is_in(dir: &Path) -> bool {
        let found = std::fs::symlink_metadata(dir.join(home::DATABASE));
        !found.is_err_and(|why| why.kind() == std::io::ErrorKind::NotFound)
    }

    /// Whether a process has the store in `dir` open.
    pub fn is_open(dir: &Path) -> bool {
        source::is_open(dir)
    }

    /// A number that changes when the store in `dir` is opened or written.
    pub fn stamp(dir: &Path) -> u64 {
        let mut stamp = DefaultHasher::new();
        source::is_open(dir).hash(&mut stamp);
        for end in ["", "-wal"] {
            let found = std::fs::metadata(dir.join(format!("{}{end}", home::DATABASE)));
            found.ok().map(|found| (found.modified().ok(), found.len())).hash(&mut stamp);
        }
        stamp.finish()
    }

    /// Truncates the write-ahead log when it contains dropped bodies; returns whether it did. Waits up to `patience` for
    /// readers.
    fn wipe(&mut self, patience: Duration) -> Result<bool, Error> {
        let wiped = self.unwiped.is_some() && self.ask(|db| forget::wipe(db, patience))?;
        if wiped {
            self.unwiped = None;
        }
        Ok(wiped)
    }

    /// Counts a commit that dropped this many bodies. The commit is durable whether or not they can be wiped now.
    fn committed(&mut self, dropped: usize) {
        if dropped > 0 || self.unwiped.is_some() {
            let commits = self.unwiped.map_or(1, |commits| commits.saturating_add(1));
            self.unwiped = Some(commits);
            if commits.is_multiple_of(WIPE_COMMITS) {
                let _ = self.wipe(Duration::ZERO);
            }
        }
    }

    /// Makes changes in one durable transaction, or none of them.
    fn transact<T>(&mut self, changes: impl FnOnce(&Connection) -> Result<T, Fail>) -> Result<T, Error> {
        let made = in_one(&mut self.db, changes).map_err(|why| why.at(self.home.database()));
        if matches!(made, Err(Error::Full { .. } | Error::Io { .. } | Error::ReadOnly { .. })) {
            // A failed commit leaves its pages behind the end of the write-ahead log, possibly complete except for the
            // filler of the last sector. After a crash they would count, although they were never acknowledged.
            // Overwriting their beginning with a page, for which the disk already has room, prevents that.
            let _ = schema::mark(&self.db);
        }
        made
    }

    /// Drops some bodies of an author over its share: the share was reduced, or an older version wrote them.
    fn share(&mut self, room: &RoomId) -> Result<bool, Error> {
        let over = self.ask(|db| {
            let Some(room) = record::room(db, room)? else { return Ok(None) };
            let share = share::of_room(db, room)?;
            Ok(Some((room, share, share::over(db, room, share)?)))
        })?;
        let Some((room, share, over)) = over else { return Ok(false) };
        for (log, author, held) in &over {
            let whose = Whose { room, log: *log, author };
            let step = self.transact(|db| {
                let step = share::hold(db, whose, share, held)?;
                let mut count = Tally::default();
                count -= step.dropped.tally;
                expire::add(db, room, count)?;
                Ok(step)
            })?;
            self.committed(step.dropped.bodies);
            if step.more {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Queries the writing connection.
    fn ask<T>(&self, question: impl FnOnce(&Connection) -> Result<T, Fail>) -> Result<T, Error> {
        question(&self.db).map_err(|why| why.at(self.home.database()))
    }
}

fn in_one<T>(db: &mut Connection, changes: impl FnOnce(&Connection) -> Result<T, Fail>) -> Result<T, Fail> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let made = changes(&tx)?;
    tx.commit()?;
    Ok(made)
}

impl Drop for Disk {
    /// Wipes first: a reader that is still open would keep the content of the write-ahead log. If a reader stays, the
    /// next opening wipes.
    fn drop(&mut self) {
        let _ = self.wipe(READERS_END);
    }
}

impl Store for Disk {
    fn commit(&mut self, changes: &[(RoomId, Change<'_>)]) -> Result<Vec<(AuthorId, Log)>, Error> {
        let (left, ended) = self.transact(|db| {
            let mut batch = Batch::new(db);
            for (room, change) in changes {
                match change {
                    Change::Append(run) => batch.append(room, run)?,
                    Change::Cut(proof) => batch.cut(room, proof)?,
                    Change::Prove(proof) => batch.prove(room, proof)?,
                    Change::Part { author, at } => batch.part(room, author, *at)?,
                    Change::Prolong(run) => batch.prolong(room, run)?,
                    Change::Evict(author) => batch.evict(room, author)?,
                    Change::Fill { author, seq, body } => batch.fill(room, author, (*seq, body))?,
                    Change::Keep(secret) => batch.keep(room, secret)?,
                    Change::Once(once, of) => batch.once(room, once, *of)?,
                }
            }
            let mut left = Vec::new();
            for (room, change) in changes.iter().filter(|(_, change)| change.shortens()) {
                let Some(author) = change.author() else { continue };
                left.push((author, batch.left(room, &author)?));
            }
            Ok((left, batch.end()?))
        })?;
        self.committed(ended.dropped);
        Ok(left)
    }

    fn kept(&self, room: &RoomId) -> Result<Vec<Kept>, Error> {
        self.ask(|db| kept(db, room))
    }

    fn rooms(&self) -> Result<Rooms, Error> {
        rooms::rooms(&self.db, self.home.database())
    }

    fn put_room(&mut self, room: &RoomRecord) -> Result<(), Error> {
        self.transact(|db| rooms::put(db, room))
    }

    fn leave(&mut self, room: &RoomId) -> Result<(), Error> {
        self.transact(|db| leave::leave(db, room))?;
        self.committed(1);
        Ok(())
    }

    fn sweep(&mut self, rows: usize) -> Result<bool, Error> {
        let mut stuck = None;
        for number in self.ask(leave::going)? {
            match self.transact(|db| leave::room_goes_on(db, number, rows)) {
                Ok(more) => {
                    self.committed(rows);
                    return Ok(more);
                }
                // A damaged room stays and does not block the others.
                Err(why) => stuck = stuck.or(Some(why)),
            }
        }
        if self.ask(leave::is_going_beside_rooms)? {
            let more = self.transact(|db| leave::go_on(db, rows))?;
            self.committed(rows);
            return Ok(more);
        }
        // The write-ahead log has the last copies. A caller of `sweep` may promise somebody that they are gone.
        if !self.wipe(READERS_END)? && self.unwiped.is_some() {
            stuck = stuck.or(Some(Error::Read { path: self.home.database().to_owned() }));
        }
        stuck.map_or(Ok(false), Err)
    }

    fn peer_secret(&mut self, fresh: [u8; 32]) -> Result<[u8; 32], Error> {
        self.transact(|db| {
            let mut find = db.prepare_cached("SELECT opened(secret, 'peer', x'') FROM peer")?;
            if let Some(row) = find.query([])?.next()? {
                return array(row, 0);
            }
            db.execute("INSERT INTO peer VALUES (sealed(?1, 'peer', x''))", [&fresh])?;
            Ok(fresh)
        })
    }

    fn index(&mut self, entries: usize) -> Result<bool, Error> {
        if self.wipe(Duration::ZERO)? {
            return self.ask(index::is_behind);
        }
        if !self.ask(index::is_behind)? {
            return Ok(false);
        }
        self.transact(|db| index::go_on(db, entries))
    }

    fn expire(&mut self, room: &RoomId, now_ms: u64, most: usize) -> Result<bool, Error> {
        let more = self.share(room)?;
        let Some(plan) = self.ask(|db| expire::plan(db, room, now_ms, most))? else { return Ok(more) };
        let dropped = self.transact(|db| expire::expire(db, &plan))?;
        self.committed(dropped.bodies);
        Ok(plan.more || more)
    }

    fn lapse(
        &mut self,
        room: &RoomId,
        parts: &[(AuthorId, Seq, Seq)],
        now_ms: u64,
        most: usize,
    ) -> Result<bool, Error> {
        let Some(plan) = self.ask(|db| lapse::plan(db, room, parts, (now_ms, most)))? else { return Ok(false) };
        let dropped = self.transact(|db| lapse::lapse(db, &plan))?;
        self.committed(dropped.bodies);
        Ok(plan.more)
    }

    fn mend(&mut self, room: &RoomId) -> Result<CheckReport, Error> {
        let mut inspection = Inspection::new(&self.db, self.home.database(), room)?;
        let report = check::check(room, &mut inspection, &mut |_| ())?;
        if !report.is_clean() {
            self.transact(|db| mend::mend(db, room))?;
        }
        Ok(report)
    }

    fn reader(&self) -> Result<Box<dyn Read>, Error> {
        Ok(Box::new(DiskReader::open(Source::Shared(self.home.database().to_owned()), self.key.clone())?))
    }
}

/// Everything known of each log of a room, authors ascending.
fn kept(db: &Connection, room: &RoomId) -> Result<Vec<Kept>, Fail> {
    let Some(number) = record::room(db, room)? else { return Ok(Vec::new()) };
    let mut find = db.prepare_cached(
        "SELECT author, spans, cut, id FROM log WHERE room = ?1 AND (spans <> x'' OR cut IS NOT NULL) ORDER BY author",
    )?;
    let mut rows = find.query([number])?;
    let mut vouches = vouches::of_room(db, number)?;
    let mut kept = Vec::new();
    while let Some(row) = rows.next()? {
        let vouches = vouches.remove(&row.get(3)?).unwrap_or_default();
        kept.push(Kept { author: AuthorId(array(row, 0)?), log: read_log(row, 1)?, vouches });
    }
    Ok(kept)
}

/// The proofs that a log is forked, the lowest first: what cuts a log, or in a closed room two at most. Damaged proofs
/// count as none.
fn proofs(db: &Connection, room: &RoomId, (log, author): (i64, &AuthorId)) -> Result<Vec<Proof>, Fail> {
    let mut find = db.prepare_cached("SELECT wire FROM proof WHERE log = ?1")?;
    let mut rows = find.query([log])?;
    let Some(row) = rows.next()? else { return Ok(Vec::new()) };
    let wire = Bytes::copy_from_slice(blob(row, 0)?);
    let mut proofs = Proof::parse_all(&mut Admission::new(*room), wire).unwrap_or_default();
    proofs.retain(|proof| proof.author() == *author);
    Ok(proofs)
}

//! A store that is read and never changed, because nobody can or should write its home.

use std::{fs, path::Path};

use rumormill_proto::{
    ids::{AuthorId, RoomId, Seq},
    input::Kept,
    log::Log,
};
use rusqlite::Connection;

use super::{
    home::{DATABASE, refuse_exposed, refuse_strange},
    kept,
    read::DiskReader,
    rooms, schema,
    seal::HomeKey,
    source::{Source, is_open},
};
use crate::{Change, CheckReport, Read, RoomRecord, Rooms, Store, error::Error};

/// A store on disk that is never changed: it refuses every change as [`Error::ReadOnly`], and skips background work.
pub struct Still {
    db: Connection,
    source: Source,
    key: Option<HomeKey>,
}

impl Still {
    /// Opens the store in `dir`, which no process may have open, and whose keys may be sealed under this key. Creates nothing there.
    ///
    /// # Errors
    /// [`Error::Locked`] when another process has it open; [`Error::Exposed`] and [`Error::Link`] when it is not private;
    /// [`Error::Io`] when there is none, [`Error::Foreign`], [`Error::Newer`], and [`Error::Older`] when the tables are not
    /// of this version; [`Error::Sealed`] when the keys are sealed under another key.
    pub fn open(dir: &Path, key: Option<&HomeKey>) -> Result<Self, Error> {
        refuse_exposed(dir, &fs::metadata(dir).map_err(|why| Error::io(dir, &why))?)?;
        refuse_strange(&dir.join(DATABASE))?;
        if is_open(dir) {
            return Err(Error::Locked { path: dir.to_owned() });
        }
        let source = Source::find(dir)?;
        Ok(Self { db: schema::inspector(&source, key)?, source, key: key.cloned() })
    }

    fn refuse<T>(&self) -> Result<T, Error> {
        Err(Error::ReadOnly { path: self.source.path().to_owned() })
    }
}

impl Store for Still {
    fn commit(&mut self, _: &[(RoomId, Change<'_>)]) -> Result<Vec<(AuthorId, Log)>, Error> {
        self.refuse()
    }

    fn kept(&self, room: &RoomId) -> Result<Vec<Kept>, Error> {
        kept(&self.db, room).map_err(|why| why.at(self.source.path()))
    }

    fn rooms(&self) -> Result<Rooms, Error> {
        rooms::rooms(&self.db, self.source.path())
    }

    fn put_room(&mut self, _: &RoomRecord) -> Result<(), Error> {
        self.refuse()
    }

    fn leave(&mut self, _: &RoomId) -> Result<(), Error> {
        self.refuse()
    }

    fn sweep(&mut self, _: usize) -> Result<bool, Error> {
        Ok(false)
    }

    fn peer_secret(&mut self, fresh: [u8; 32]) -> Result<[u8; 32], Error> {
        Ok(fresh)
    }

    fn index(&mut self, _: usize) -> Result<bool, Error> {
        Ok(false)
    }

    fn expire(&mut self, _: &RoomId, _: u64, _: usize) -> Result<bool, Error> {
        Ok(false)
    }

    fn lapse(&mut self, _: &RoomId, _: &[(AuthorId, Seq, Seq)], _: u64, _: usize) -> Result<bool, Error> {
        Ok(false)
    }

    fn mend(&mut self, _: &RoomId) -> Result<CheckReport, Error> {
        self.refuse()
    }

    fn reader(&self) -> Result<Box<dyn Read>, Error> {
        Ok(Box::new(DiskReader::open(self.source.clone(), self.key.clone())?))
    }
}

//! Reading a home without opening it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use rumormill_proto::ids::RoomId;
use rumormill_store::{CheckReport, Disk, HomeKey, Read, Rooms};

use crate::error::Error;

/// Reads a home without opening it, beside a node that may have it open: takes no lock and writes nothing.
pub struct Inspector {
    dir: PathBuf,
    stamp: u64,
    rooms: Vec<(RoomId, String)>,
    damaged: BTreeMap<RoomId, String>,
    read: Box<dyn Read>,
}

impl Inspector {
    /// Begins to read the home in `dir`, whose keys may be sealed under this key.
    ///
    /// # Errors
    /// [`Error::Store`] when it cannot be read, or is of another version.
    pub fn open(dir: &Path, key: Option<&HomeKey>) -> Result<Self, Error> {
        let (dir, stamp) = (dir.to_owned(), Disk::stamp(dir));
        let (Rooms { whole, damaged }, read) = Disk::inspect(&dir, key)?;
        let named = damaged.iter().map(|room| (room.id, room.name.clone()));
        let rooms = whole.into_iter().map(|record| (record.id, record.name)).chain(named).collect();
        let damaged = damaged.into_iter().map(|room| (room.id, room.why)).collect();
        Ok(Self { dir, stamp, rooms, damaged, read })
    }

    /// Whether there is a home in `dir`; true if that is unknown.
    pub fn is_home(dir: &Path) -> bool {
        Disk::is_in(dir)
    }

    /// Whether a node has the home in `dir` open.
    pub fn is_open(dir: &Path) -> bool {
        Disk::is_open(dir)
    }

    /// Whether nobody has opened or written the home since the inspection began. If somebody has, apparent damage may
    /// not be real.
    pub fn is_unchanged(&self) -> bool {
        Disk::stamp(&self.dir) == self.stamp
    }

    /// The rooms of the home and their names.
    pub fn rooms(&self) -> Vec<(RoomId, String)> {
        self.rooms.clone()
    }

    /// Why a room is damaged, if it is.
    pub fn damaged(&self, room: &RoomId) -> Option<Error> {
        self.damaged.get(room).map(|why| Error::Damaged { why: why.clone() })
    }

    /// How many entries of a room are kept.
    ///
    /// # Errors
    /// [`Error::Store`] when the home cannot be read.
    pub fn entries(&mut self, room: &RoomId) -> Result<u64, Error> {
        Ok(self.read.count(room)?)
    }

    /// Verifies every stored hash and signature of a room, and calls `tell` meanwhile with the number of checked
    /// entries.
    ///
    /// # Errors
    /// [`Error::Store`] when the home cannot be read.
    pub fn check(&mut self, room: &RoomId, tell: &mut dyn FnMut(u64)) -> Result<CheckReport, Error> {
        Ok(self.read.check_telling(room, tell)?)
    }
}

//! How far each room was read: one file in the home, small and written whole.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use tempfile::NamedTempFile;

use super::words::{PlaceText, RoomHex};
use crate::failure::{Exit, Failure};

/// How far each room was read.
pub(super) struct Marks {
    path: PathBuf,
    places: Mutex<BTreeMap<RoomHex, PlaceText>>,
}

impl Marks {
    /// Reads the file in `dir`; one that is not there, or makes no sense, marks nothing.
    ///
    /// # Errors
    /// When there is a file and it cannot be read.
    pub(super) fn open(dir: &Path) -> Result<Self, Failure> {
        let path = dir.join("read.json");
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(broken(&path, &error)),
        };
        Ok(Self { path, places: Mutex::new(serde_json::from_slice(&text).unwrap_or_default()) })
    }

    pub(super) fn of(&self, room: &RoomHex) -> Option<PlaceText> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).get(room).cloned()
    }

    /// Everything up to `place` is read; what was read before stays read.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn set(&self, room: RoomHex, place: PlaceText) -> Result<(), Failure> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.get(&room).is_some_and(|known| *known >= place) {
            return Ok(());
        }
        places.insert(room, place);
        self.write(&places).map_err(|error| broken(&self.path, &error))
    }

    /// Forgets a room.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn forget(&self, room: &RoomHex) -> Result<(), Failure> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        match places.remove(room) {
            Some(_) => self.write(&places).map_err(|error| broken(&self.path, &error)),
            None => Ok(()),
        }
    }

    fn write(&self, places: &BTreeMap<RoomHex, PlaceText>) -> io::Result<()> {
        let mut file = NamedTempFile::new_in(self.path.parent().unwrap_or(Path::new(".")))?;
        file.write_all(&serde_json::to_vec(places)?)?;
        file.persist(&self.path)?;
        Ok(())
    }
}

fn broken(path: &Path, error: &io::Error) -> Failure {
    let help = "make it yours, readable and writable".into();
    Failure { exit: Exit::Ours, code: "read-marks".into(), what: format!("{}: {error}", path.display()), help }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_kept_and_never_goes_back() {
        let dir = tempfile::tempdir().unwrap();
        let marks = Marks::open(dir.path()).unwrap();
        assert_eq!(marks.of(&"r".into()), None);
        marks.set("r".into(), "2".into()).unwrap();
        marks.set("r".into(), "1".into()).unwrap();
        assert_eq!(Marks::open(dir.path()).unwrap().of(&"r".into()), Some("2".into()));
    }
}

//! A small value of the home, kept as one JSON file that is always written whole.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use rumormill_api::Refused;
use serde::{Serialize, de::DeserializeOwned};
use tempfile::NamedTempFile;

/// A value, and its file.
pub struct Kept<T> {
    path: PathBuf,
    worth: Worth,
    thing: Mutex<T>,
}

/// What a loss of the value would cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Worth {
    /// Only convenience.
    Little,
    /// Something that people rely on: every change is on disk before `change` returns, and a malformed file is refused.
    Much,
}

impl<T: Default + DeserializeOwned + Serialize> Kept<T> {
    /// Reads a file; a missing or malformed one gives the default value.
    ///
    /// # Errors
    /// When the file exists and cannot be read.
    pub fn open(path: PathBuf) -> Result<Self, Refused> {
        let text = read(&path)?.unwrap_or_default();
        let thing = Mutex::new(serde_json::from_slice(&text).unwrap_or_default());
        Ok(Self { path, worth: Worth::Little, thing })
    }

    /// Reads the file of a value that must not get lost; a missing file gives the default value.
    ///
    /// # Errors
    /// When the file exists and cannot be read, or is malformed.
    pub fn open_whole(path: PathBuf) -> Result<Self, Refused> {
        let thing = match read(&path)? {
            Some(text) => serde_json::from_slice(&text).map_err(|error| {
                let what = format!("{} makes no sense: {error}", path.display());
                Refused::new("file", what, "mend it, or move it away to begin anew")
            })?,
            None => T::default(),
        };
        Ok(Self { path, worth: Worth::Much, thing: Mutex::new(thing) })
    }

    /// Reads the value.
    pub fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.thing.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the value, and writes it if `change` returns true.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn change(&self, change: impl FnOnce(&mut T) -> bool) -> Result<bool, Refused> {
        let mut thing = self.thing.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut thing);
        if changed {
            self.write(&thing).map_err(|error| broken(&self.path, &error))?;
        }
        Ok(changed)
    }

    fn write(&self, thing: &T) -> io::Result<()> {
        let mut file = NamedTempFile::new_in(self.path.parent().unwrap_or(Path::new(".")))?;
        file.write_all(&serde_json::to_vec(thing)?)?;
        if self.worth == Worth::Little {
            file.persist(&self.path)?;
            return Ok(());
        }
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        fs::File::open(self.path.parent().unwrap_or(Path::new(".")))?.sync_all()
    }
}

/// The contents of a file; `None` if there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>, Refused> {
    match fs::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(broken(path, &error)),
    }
}

fn broken(path: &Path, error: &io::Error) -> Refused {
    Refused::new("file", format!("{}: {error}", path.display()), "make it your own file, readable and writable")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_file_of_worth_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kept.json");
        let kept = Kept::<Vec<u8>>::open_whole(path.clone()).unwrap();
        assert!(
            kept.change(|bytes| {
                bytes.push(7);
                true
            })
            .unwrap()
        );
        assert_eq!(Kept::<Vec<u8>>::open_whole(path.clone()).unwrap().read(Vec::clone), [7_u8]);
        fs::write(&path, "[7").unwrap();
        assert_eq!(Kept::<Vec<u8>>::open_whole(path.clone()).map(drop).unwrap_err().code, "file");
        assert_eq!(Kept::<Vec<u8>>::open(path.clone()).unwrap().read(Vec::len), 0);
        assert_eq!(fs::read(&path).unwrap(), b"[7", "it is still there");
    }
}

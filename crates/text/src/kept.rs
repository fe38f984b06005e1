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
    thing: Mutex<T>,
}

impl<T: Default + DeserializeOwned + Serialize> Kept<T> {
    /// Reads a file; a missing or malformed one gives the default value.
    ///
    /// # Errors
    /// When the file exists and cannot be read.
    pub fn open(path: PathBuf) -> Result<Self, Refused> {
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(broken(&path, &error)),
        };
        Ok(Self { path, thing: Mutex::new(serde_json::from_slice(&text).unwrap_or_default()) })
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
        file.persist(&self.path)?;
        Ok(())
    }
}

fn broken(path: &Path, error: &io::Error) -> Refused {
    Refused::new("file", format!("{}: {error}", path.display()), "make it your own file, readable and writable")
}

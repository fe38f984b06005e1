//! How to read a store that this process need not have open.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    sync::Arc,
};

use tempfile::TempDir;

use super::home::{DATABASE, LOCK};
use crate::error::Error;

/// A file to read, and how to read it.
#[derive(Clone)]
pub(super) enum Source {
    /// Another process may be writing it.
    Shared(PathBuf),
    /// Nobody is writing it.
    Still(PathBuf),
    /// A copy, with the content of its write-ahead log, where that log cannot be read in place.
    Copied {
        /// The original.
        of: PathBuf,
        /// The directory of the copy.
        copy: Arc<TempDir>,
    },
}

impl Source {
    /// Chooses how to read the store in `dir` without creating or changing anything there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn find(dir: &Path) -> Result<Self, Error> {
        let dir = fs::canonicalize(dir).map_err(|why| Error::io(dir, &why))?;
        let path = dir.join(DATABASE);
        let log = dir.join(format!("{DATABASE}-wal"));
        let has_log = fs::metadata(&log).is_ok_and(|found| found.len() > 0);
        match (is_open(&dir), has_log) {
            (false, false) => Ok(Self::Still(path)),
            // Reading a write-ahead log needs an index file beside it, which SQLite would create.
            (false, true) => Self::copy(path, &log),
            (true, _) => Ok(Self::Shared(path)),
        }
    }

    /// The file's path for errors.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Shared(path) | Self::Still(path) | Self::Copied { of: path, .. } => path,
        }
    }

    fn copy(of: PathBuf, log: &Path) -> Result<Self, Error> {
        let copy = tempfile::tempdir().map_err(|why| Error::io(&std::env::temp_dir(), &why))?;
        for from in [&of, log] {
            let to = copy.path().join(from.file_name().unwrap_or_default());
            fs::copy(from, &to).map_err(|why| Error::io(from, &why))?;
        }
        Ok(Self::Copied { of, copy: Arc::new(copy) })
    }
}

/// Whether a process has the home open.
pub(super) fn is_open(dir: &Path) -> bool {
    let lock = File::open(dir.join(LOCK)).map(|file| file.try_lock_shared());
    matches!(lock, Ok(Err(TryLockError::WouldBlock)))
}

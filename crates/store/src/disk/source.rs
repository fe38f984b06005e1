//! From what a store is read that need not be open to this process.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    sync::Arc,
};

use tempfile::TempDir;

use super::home::{DATABASE, LOCK};
use crate::error::Error;

/// A file that is read, and how.
#[derive(Clone)]
pub(super) enum Source {
    /// Beside whoever writes it.
    Shared(PathBuf),
    /// While nobody writes it.
    Still(PathBuf),
    /// A copy of it with all that its write-ahead log says, where that cannot be read in its place.
    Copied {
        /// The file.
        of: PathBuf,
        /// Where the copy is.
        copy: Arc<TempDir>,
    },
}

impl Source {
    /// How the store in `dir` is read so that nothing is made or changed there.
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
            // A write-ahead log is read through an index beside it, which is made where there is none.
            (false, true) => Self::copy(path, &log),
            (true, _) => Ok(Self::Shared(path)),
        }
    }

    /// The file, as errors name it.
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

//! The directory of a store: private, and open to one process at a time.
//!
//! It holds secrets, so it is created for its owner only and refused when others can read it. A link in place of a file
//! could redirect a write, and a second name could let a second process bypass the lock: both are refused.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use crate::error::Error;

/// Name of the lock file, which keeps other processes out.
pub(super) const LOCK: &str = "lock";
/// Name of the database in a home.
pub(super) const DATABASE: &str = "rumormill.db";

/// A home, locked until it is dropped.
pub(super) struct LockedHome {
    database: PathBuf,
    /// Holds the lock.
    _lock: File,
}

impl LockedHome {
    /// Locks `dir`, which is created if missing.
    pub(super) fn open(dir: &Path) -> Result<Self, Error> {
        let missing = !dir.exists();
        make(dir).map_err(|why| Error::io(dir, &why))?;
        let dir = fs::canonicalize(dir).map_err(|why| Error::io(dir, &why))?;
        refuse_exposed(&dir, &fs::metadata(&dir).map_err(|why| Error::io(&dir, &why))?)?;
        let lock = lock(&dir.join(LOCK))?;
        let database = dir.join(DATABASE);
        for suffix in ["", "-wal", "-shm"] {
            refuse_strange(&dir.join(format!("{DATABASE}{suffix}")))?;
        }
        create(&database).map_err(|why| Error::io(&database, &why))?;
        for named in dir.ancestors().take(if missing { 2 } else { 1 }) {
            sync(named).map_err(|why| Error::io(named, &why))?;
        }
        Ok(Self { database, _lock: lock })
    }

    pub(super) fn database(&self) -> &Path {
        &self.database
    }
}

fn lock(path: &Path) -> Result<File, Error> {
    refuse_strange(path)?;
    create(path).map_err(|why| Error::io(path, &why))?;
    let file = OpenOptions::new().write(true).open(path).map_err(|why| Error::io(path, &why))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked { path: path.to_owned() }),
        Err(TryLockError::Error(why)) => Err(Error::io(path, &why)),
    }
}

/// Refuses a path that is not a plain file, has a second name, or that others can read. A missing file is fine.
pub(super) fn refuse_strange(path: &Path) -> Result<(), Error> {
    let found = match fs::symlink_metadata(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found.map_err(|why| Error::io(path, &why))?,
    };
    if !found.is_file() || has_other_names(&found) {
        return Err(Error::Link { path: path.to_owned() });
    }
    refuse_exposed(path, &found)
}

#[cfg(unix)]
pub(crate) fn refuse_exposed(path: &Path, found: &fs::Metadata) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    let mode = found.permissions().mode() & 0o777;
    match mode & 0o077 {
        0 => Ok(()),
        _ => Err(Error::Exposed { path: path.to_owned(), mode }),
    }
}

#[cfg(unix)]
fn has_other_names(found: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(found) > 1
}

#[cfg(unix)]
pub(crate) fn make(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Creates a file for its owner only, if it is missing.
#[cfg(unix)]
fn create(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    made(OpenOptions::new().write(true).create_new(true).mode(0o600).open(path))
}

/// Makes the file names in a directory durable.
#[cfg(unix)]
pub(crate) fn sync(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(not(unix))]
pub(crate) fn refuse_exposed(_: &Path, _: &fs::Metadata) -> Result<(), Error> {
    Ok(())
}

#[cfg(not(unix))]
fn has_other_names(_: &fs::Metadata) -> bool {
    false
}

#[cfg(not(unix))]
pub(crate) fn make(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)
}

#[cfg(not(unix))]
fn create(path: &Path) -> io::Result<()> {
    made(OpenOptions::new().write(true).create_new(true).open(path))
}

#[cfg(not(unix))]
pub(crate) fn sync(_: &Path) -> io::Result<()> {
    Ok(())
}

fn made(file: io::Result<File>) -> io::Result<()> {
    match file {
        Err(why) if why.kind() != io::ErrorKind::AlreadyExists => Err(why),
        _ => Ok(()),
    }
}

//! The lab's files on disk: `.lab/secret`, from which all keys of the lab derive, and one record for each process it
//! started.
//!
//! A process holds an exclusive lock on its record while it lives, and the system releases the lock when the process
//! ends in any way. So a locked record proves that the process it names is alive and ours; a process id alone could
//! have been reused.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    process,
};

use nix::{
    errno::Errno,
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::failure::{Cause, Failure};

/// Prefix of incomplete records.
const UNFINISHED: &str = ".new-";

/// A process, as recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Started {
    /// Its process id in the system.
    pub(crate) os_pid: u32,
    /// Its pid in the room.
    pub(crate) pid: u16,
    /// Number of processes in the room.
    pub(crate) n: u16,
    /// TCP port for its consoles.
    pub(crate) port: u16,
}

/// The lock on a process's own record; released when the process ends.
pub(crate) struct Record(#[expect(dead_code, reason = "held for its lock")] File);

/// The directory of one lab.
pub(crate) struct LabDir {
    path: PathBuf,
}

impl LabDir {
    /// Whether `dir` contains a lab.
    pub(crate) fn exists(dir: &Path) -> bool {
        dir.join(".lab").exists()
    }

    /// Opens the lab of `dir`; creates its `.lab`, private to this user, if missing.
    ///
    /// # Errors
    /// When it cannot be created.
    pub(crate) fn open(dir: &Path) -> Result<Self, Failure> {
        let path = dir.join(".lab");
        let records = path.join("processes");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&records).map_err(|error| broken(&records, &error))?;
        Ok(Self { path })
    }

    /// The secret of this lab, created by the first process that asks.
    ///
    /// # Errors
    /// When it cannot be read or created, or when others may read it.
    pub(crate) fn secret(&self) -> Result<[u8; 32], Failure> {
        let path = self.path.join("secret");
        match self.read_secret(&path) {
            Ok(secret) => secret,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.make_secret(&path)?;
                self.read_secret(&path).map_err(|error| broken(&path, &error))?
            }
            Err(error) => Err(broken(&path, &error)),
        }
    }

    fn read_secret(&self, path: &Path) -> io::Result<Result<[u8; 32], Failure>> {
        let mut file = File::open(path)?;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            return Ok(Err(Failure {
                cause: Cause::NotAllowed,
                code: "permissions".into(),
                what: format!("others may read {}", path.display()),
                help: format!("chmod 600 {}", path.display()),
            }));
        }
        let mut secret = [0; 32];
        file.read_exact(&mut secret)?;
        Ok(Ok(secret))
    }

    /// Creates the secret. Processes that start together race here: a link, unlike a rename, never replaces a file, so
    /// all of them read the first one.
    fn make_secret(&self, path: &Path) -> Result<(), Failure> {
        let (mut secret, mut name) = ([0; 32], [0; 8]);
        getrandom::fill(&mut secret)
            .and_then(|()| getrandom::fill(&mut name))
            .map_err(|error| broken(path, &error.into()))?;
        let fresh = self.path.join(format!("{UNFINISHED}{}", u64::from_be_bytes(name)));
        private(&fresh).and_then(|mut file| file.write_all(&secret)).map_err(|error| broken(&fresh, &error))?;
        let linked = fs::hard_link(&fresh, path);
        fs::remove_file(&fresh).map_err(|error| broken(&fresh, &error))?;
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(broken(path, &error)),
            _ => Ok(()),
        }
    }

    /// Records this process; it counts as running while the returned lock is held.
    ///
    /// # Errors
    /// When the record cannot be written.
    pub(crate) fn record(&self, pid: u16, n: u16, port: u16) -> Result<Record, Failure> {
        let os_pid = process::id();
        let path = self.records().join(os_pid.to_string());
        let fresh = self.records().join(format!("{UNFINISHED}{os_pid}"));
        let write = || {
            let mut file = private(&fresh)?;
            writeln!(file, "{os_pid} {pid} {n} {port}")?;
            file.try_lock()?;
            fs::rename(&fresh, &path)?;
            Ok(file)
        };
        write().map(Record).map_err(|error: io::Error| broken(&path, &error))
    }

    /// The live processes of this lab, by pid. Removes the records of dead ones.
    ///
    /// # Errors
    /// When the records cannot be listed.
    pub(crate) fn running(&self) -> Result<Vec<Started>, Failure> {
        let mut alive: Vec<Started> = self.locked()?.into_iter().map(|(started, _)| started).collect();
        alive.sort_by_key(|started| (started.pid, started.os_pid));
        Ok(alive)
    }

    /// Ends every process of this lab, waits for each to exit, and returns how many there were.
    ///
    /// # Errors
    /// When a process may not be ended.
    pub(crate) fn stop_all(&self) -> Result<usize, Failure> {
        let alive = self.locked()?;
        for (started, _) in &alive {
            end(started)?;
        }
        for (started, file) in &alive {
            let path = self.records().join(started.os_pid.to_string());
            file.lock_shared().map_err(|error| broken(&path, &error))?;
            forget(&path)?;
        }
        Ok(alive.len())
    }

    fn locked(&self) -> Result<Vec<(Started, File)>, Failure> {
        let records = self.records();
        let mut alive = Vec::new();
        for found in fs::read_dir(&records).map_err(|error| broken(&records, &error))? {
            let path = found.map_err(|error| broken(&records, &error))?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(UNFINISHED)) {
                continue;
            }
            match live(&path) {
                Ok(Some(record)) => alive.push(record),
                Ok(None) => forget(&path)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(broken(&path, &error)),
            }
        }
        Ok(alive)
    }

    fn records(&self) -> PathBuf {
        self.path.join("processes")
    }
}

/// The record, if the process that wrote it still holds its lock. Tries a shared lock, so that two readers do not
/// mistake each other for the process.
fn live(path: &Path) -> io::Result<Option<(Started, File)>> {
    let file = File::open(path)?;
    match file.try_lock_shared() {
        Ok(()) => return Ok(None),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let mut text = String::new();
    (&file).take(64).read_to_string(&mut text)?;
    let numbers: Vec<u32> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [os_pid, pid, n, port] = numbers[..] else { return Ok(None) };
    let small = |number: u32| u16::try_from(number).map_err(io::Error::other);
    Ok(Some((Started { os_pid, pid: small(pid)?, n: small(n)?, port: small(port)? }, file)))
}

fn end(started: &Started) -> Result<(), Failure> {
    let Ok(os_pid) = i32::try_from(started.os_pid) else { return Ok(()) };
    match kill(Pid::from_raw(os_pid), Signal::SIGKILL) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(error) => Err(Failure {
            cause: Cause::NotAllowed,
            code: "stop".into(),
            what: format!("process {} (system id {os_pid}) cannot be ended: {error}", started.pid),
            help: "stop the lab as the user who started it".into(),
        }),
    }
}

fn forget(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(broken(path, &error)),
        _ => Ok(()),
    }
}

fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

fn broken(path: &Path, error: &io::Error) -> Failure {
    Failure {
        cause: Cause::Ours,
        code: "lab".into(),
        what: format!("{}: {error}", path.display()),
        help: "the lab keeps its secret and its records in `.lab`; make that directory yours and writable".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn all_who_start_together_get_one_secret() {
        let dir = tempfile::tempdir().unwrap();
        let ask = || LabDir::open(dir.path()).unwrap().secret().unwrap();
        let secrets: Vec<[u8; 32]> = thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(secrets.iter().all(|secret| *secret == secrets[0] && *secret != [0; 32]));
    }

    #[test]
    fn a_secret_that_others_may_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let lab = LabDir::open(dir.path()).unwrap();
        lab.secret().unwrap();
        fs::set_permissions(dir.path().join(".lab/secret"), fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(lab.secret().unwrap_err().code, "permissions");
    }

    #[test]
    fn a_record_counts_while_its_lock_is_held() {
        let dir = tempfile::tempdir().unwrap();
        let lab = LabDir::open(dir.path()).unwrap();
        assert_eq!(lab.stop_all().unwrap(), 0);
        let record = lab.record(3, 4, 5000).unwrap();
        assert_eq!(lab.running().unwrap(), [Started { os_pid: process::id(), pid: 3, n: 4, port: 5000 }]);
        drop(record);
        assert!(lab.running().unwrap().is_empty());
        assert_eq!(fs::read_dir(lab.records()).unwrap().count(), 0);
    }

    #[test]
    fn a_record_of_a_process_that_is_gone_ends_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let lab = LabDir::open(dir.path()).unwrap();
        let own = process::id();
        fs::write(lab.records().join(own.to_string()), format!("{own} 0 1 5000\n")).unwrap();
        assert_eq!(lab.stop_all().unwrap(), 0);
    }
}

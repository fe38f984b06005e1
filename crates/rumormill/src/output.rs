//! Where a command writes to: standard output, a file that appears once it is whole, or a pipe or device.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::failure::{Exit, Failure};

/// Links that lead to a file: as many as the system follows.
const LINKS: usize = 40;

/// Where a command writes to.
pub(crate) enum Output {
    /// Standard output.
    Stdout,
    /// What is there already and is no file: a pipe, a terminal, `/dev/null`. It is written to and never replaced.
    There(File, PathBuf),
    /// A file that is whole or not there.
    New(NamedTempFile, PathBuf),
}

impl Output {
    /// Standard output where nothing is named. Links are followed: what they lead to is written, and they stay.
    ///
    /// # Errors
    /// When it cannot be written, or is a directory.
    pub(crate) fn open(to: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = to else { return Ok(Self::Stdout) };
        let failed = |error: io::Error| unwritable(path, &error);
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => Err(failed(io::ErrorKind::IsADirectory.into())),
            Ok(found) if !found.is_file() => {
                Ok(Self::There(File::options().write(true).open(path).map_err(failed)?, path.to_owned()))
            }
            _ => {
                let target = followed(path).map_err(failed)?;
                let dir = target.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
                Ok(Self::New(NamedTempFile::new_in(dir).map_err(failed)?, target))
            }
        }
    }

    /// Writes the next piece.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(&mut self, piece: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Stdout => io::stdout().write_all(piece).map_err(|error| Failure::output(&error)),
            Self::There(file, path) => file.write_all(piece).map_err(|error| broken_off(path, &error)),
            Self::New(file, path) => file.write_all(piece).map_err(|error| unwritable(path, &error)),
        }
    }

    /// Ends it: from here on the file is there.
    ///
    /// # Errors
    /// When it cannot be written to its end.
    pub(crate) fn close(self) -> Result<(), Failure> {
        match self {
            Self::Stdout => io::stdout().flush().map_err(|error| Failure::output(&error)),
            Self::There(mut file, path) => file.flush().map_err(|error| broken_off(&path, &error)),
            Self::New(file, path) => {
                file.as_file().sync_all().map_err(|error| unwritable(&path, &error))?;
                file.persist(&path).map(|_| ()).map_err(|error| unwritable(&path, &error.error))
            }
        }
    }
}

/// Where links lead, also to what is not there yet.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            // What is no link, or not there, is where they lead.
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("links lead in a circle"))
}

/// Whoever reads a pipe may have had enough; that is no failure.
fn broken_off(path: &Path, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::output(error),
        _ => unwritable(path, error),
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure {
        exit: Exit::Ours,
        code: "output".into(),
        what: format!("{}: {error}", path.display()),
        help: "name another file with --to FILE".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{FileTypeExt as _, symlink};

    use super::*;

    fn write(path: &Path) -> Result<(), Failure> {
        let mut output = Output::open(Some(path))?;
        output.write(b"words")?;
        output.close()
    }

    #[test]
    fn a_file_appears_when_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("to");
        let mut output = Output::open(Some(&path)).unwrap();
        output.write(b"words").unwrap();
        assert!(!path.exists());
        output.close().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"words");
        write(&path).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing else is left there");
    }

    #[test]
    fn links_stay_and_lead_to_what_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link, further) = (dir.path().join("real"), dir.path().join("link"), dir.path().join("further"));
        symlink("real", &link).unwrap();
        symlink(&link, &further).unwrap();
        for start in [None, Some("before")] {
            start.into_iter().for_each(|text| fs::write(&real, text).unwrap());
            write(&further).unwrap();
            assert_eq!(fs::read(&real).unwrap(), b"words");
            assert!(link.is_symlink() && further.is_symlink());
        }
        symlink("b", dir.path().join("a")).unwrap();
        symlink("a", dir.path().join("b")).unwrap();
        assert!(write(&dir.path().join("a")).unwrap_err().what.contains("circle"));
    }

    #[test]
    fn what_is_no_file_is_written_to_and_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read(pipe).unwrap()
        });
        write(&pipe).unwrap();
        assert_eq!(reader.join().unwrap(), b"words");
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
        // A link to a device, so that a test that fails harms nothing of the machine.
        let link = dir.path().join("null");
        symlink("/dev/null", &link).unwrap();
        write(&link).unwrap();
        assert!(link.is_symlink());
        assert!(write(dir.path()).unwrap_err().what.contains("directory"));
    }
}

//! The target of an output: standard output, a file that appears once it is whole, or an existing pipe or device.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use rumormill_api::Refused;
use rumormill_text::parts;
use tempfile::NamedTempFile;

use crate::failure::Failure;

/// Links to follow to a file: as many as the system follows.
const LINKS: usize = 40;

/// The target of an output.
pub enum Output {
    /// Standard output.
    Stdout,
    /// An existing pipe, terminal or device such as `/dev/null`, which is written to and never replaced.
    There(File, PathBuf),
    /// A file that appears when it is whole, or not at all.
    New(NamedTempFile, Destination),
}

/// The path at which a file appears.
pub enum Destination {
    /// This path, replacing any file.
    Over(PathBuf),
    /// This path, if no file is there.
    Free(PathBuf),
    /// This name in this directory, or a similar free name.
    In(PathBuf, String),
}

/// What to do with an existing file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Present {
    /// Replace it.
    Replaced,
    /// Keep it, and write nothing.
    Kept,
}

impl Output {
    /// Writes to `path`. Follows links: their target is written, and the links stay.
    ///
    /// # Errors
    /// When it cannot be written, is a directory, or exists and must be kept.
    pub fn to(path: &Path, present: Present) -> Result<Self, Failure> {
        let failed = |error: io::Error| unwritable(path, &error);
        let target = followed(path).map_err(failed)?;
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => Err(failed(io::ErrorKind::IsADirectory.into())),
            Ok(found) if !found.is_file() => {
                Ok(Self::There(File::options().write(true).open(path).map_err(failed)?, path.to_owned()))
            }
            // An open file, such as /dev/stdout: its earlier contents stay.
            Ok(_) if target.is_none() => {
                Ok(Self::There(File::options().append(true).open(path).map_err(failed)?, path.to_owned()))
            }
            Ok(_) if present == Present::Kept => Err(taken(path)),
            _ => {
                let target = target.unwrap_or_else(|| path.to_owned());
                let dir = target.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
                let file = new_in(dir).map_err(failed)?;
                Ok(Self::New(
                    file,
                    if present == Present::Kept { Destination::Free(target) } else { Destination::Over(target) },
                ))
            }
        }
    }

    /// Writes to a file in `dir` with this name or a similar free one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn within(dir: &Path, name: &str) -> Result<Self, Failure> {
        let file = new_in(dir).map_err(|error| unwritable(dir, &error))?;
        Ok(Self::New(file, Destination::In(dir.to_owned(), name.to_owned())))
    }

    /// Writes the next piece.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, piece: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Stdout => io::stdout().write_all(piece).map_err(|error| Failure::output(&error)),
            Self::There(file, path) => file.write_all(piece).map_err(|error| broken_off(path, &error)),
            Self::New(file, place) => file.write_all(piece).map_err(|error| unwritable(place.path(), &error)),
        }
    }

    /// Finishes the output: the file appears. Returns its path, except for an existing pipe or device.
    ///
    /// # Errors
    /// When the rest cannot be written, or another file has appeared there meanwhile.
    pub fn close(self) -> Result<Option<PathBuf>, Failure> {
        match self {
            Self::Stdout => io::stdout().flush().map_err(|error| Failure::output(&error)).map(|()| None),
            Self::There(mut file, path) => file.flush().map_err(|error| broken_off(&path, &error)).map(|()| None),
            Self::New(file, place) => {
                file.as_file().sync_all().map_err(|error| unwritable(place.path(), &error))?;
                place.take(file).map(Some)
            }
        }
    }
}

impl Destination {
    fn path(&self) -> &Path {
        match self {
            Self::Over(path) | Self::Free(path) | Self::In(path, _) => path,
        }
    }

    /// Makes a file appear; returns its path.
    fn take(self, file: NamedTempFile) -> Result<PathBuf, Failure> {
        match self {
            Self::Over(path) => {
                file.persist(&path).map_err(|error| unwritable(&path, &error.error))?;
                Ok(path)
            }
            Self::Free(path) => match file.persist_noclobber(&path) {
                Ok(_) => Ok(path),
                Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(taken(&path)),
                Err(error) => Err(unwritable(&path, &error.error)),
            },
            Self::In(dir, name) => free(file, &dir, &name).map_err(|error| unwritable(&dir, &error)),
        }
    }
}

fn new_in(dir: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(".rumormill-").tempfile_in(dir)
}

/// Gives a file the first free name: `a.jpg`, `a (2).jpg`, …
fn free(mut file: NamedTempFile, dir: &Path, name: &str) -> io::Result<PathBuf> {
    let (stem, end) = parts(name);
    for number in 1..=99 {
        let name = if number == 1 { name.to_owned() } else { format!("{stem} ({number}){end}") };
        let path = dir.join(name);
        match file.persist_noclobber(&path) {
            Ok(_) => return Ok(path),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => file = error.file,
            Err(error) => return Err(error.error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// The target of links, whether or not it exists; `None` for a file that a process has open.
fn followed(path: &Path) -> io::Result<Option<PathBuf>> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&path) {
            Ok(_) if path.starts_with("/proc") || path.starts_with("/dev/fd") => return Ok(None),
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            // A path that is no link, or does not exist, is the target.
            Err(_) => return Ok(Some(path)),
        }
    }
    Err(io::Error::other("links lead in a circle"))
}

/// The reader of a pipe may stop early; that is no failure.
fn broken_off(path: &Path, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::OutputClosed,
        _ => unwritable(path, error),
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let help = "choose a place that you can write to, and that has room";
    Failure::Ours(Refused::new("output", format!("{}: {error}", path.display()), help))
}

fn taken(path: &Path) -> Failure {
    let help = "choose another name with --to, or --force to replace it";
    Failure::Choice(Refused::new("exists", format!("{} is there already", path.display()), help))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{FileTypeExt as _, symlink};

    use super::*;

    fn write_as(path: &Path, present: Present) -> Result<Option<PathBuf>, Failure> {
        let mut output = Output::to(path, present)?;
        output.write(b"words")?;
        output.close()
    }

    fn write(path: &Path) -> Result<Option<PathBuf>, Failure> {
        write_as(path, Present::Replaced)
    }

    fn why(failed: Result<Option<PathBuf>, Failure>) -> String {
        Refused::from(failed.unwrap_err()).what
    }

    #[test]
    fn a_file_appears_when_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("to");
        let mut output = Output::to(&path, Present::Replaced).unwrap();
        output.write(b"words").unwrap();
        assert!(!path.exists());
        output.close().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"words");
        write(&path).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing else is left there");
    }

    #[test]
    fn links_stay_and_their_targets_are_written() {
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
        assert!(why(write(&dir.path().join("a"))).contains("circle"));
    }

    #[test]
    fn pipes_and_devices_are_written_and_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read(pipe).unwrap()
        });
        assert_eq!(write_as(&pipe, Present::Kept).unwrap(), None, "there is no file to be kept");
        assert_eq!(reader.join().unwrap(), b"words");
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
        // A link to a device, so that a failing test does no harm to the machine.
        let link = dir.path().join("null");
        symlink("/dev/null", &link).unwrap();
        write(&link).unwrap();
        assert!(link.is_symlink());
        assert!(why(write(dir.path())).contains("directory"));
    }

    #[test]
    fn existing_files_are_kept_and_links_may_dangle() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        symlink("real", &link).unwrap();
        assert_eq!(write_as(&link, Present::Kept).unwrap(), Some(real.clone()));
        fs::write(&real, b"mine").unwrap();
        for path in [&real, &link] {
            assert!(why(write_as(path, Present::Kept)).contains("is there already"));
        }
        let late = dir.path().join("late");
        let output = Output::to(&late, Present::Kept).unwrap();
        fs::write(&late, b"mine").unwrap();
        assert!(why(output.close()).contains("is there already"), "it came meanwhile");
        assert_eq!([fs::read(real).unwrap(), fs::read(late).unwrap()], [b"mine", b"mine"]);
    }

    #[test]
    fn the_contents_of_an_open_file_stay() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        fs::write(&path, b"before ").unwrap();
        let open = File::options().append(true).open(&path).unwrap();
        let by_number = PathBuf::from(format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&open)));
        assert_eq!(write(&by_number).unwrap(), None);
        assert_eq!(fs::read(&path).unwrap(), b"before words");
    }

    #[test]
    fn an_existing_file_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str| Output::within(dir.path(), name).unwrap().close().unwrap().unwrap();
        let names = ["a.jpg", "a.jpg", "a.jpg", "b", "b"].map(|name| put(name).file_name().unwrap().to_owned());
        assert_eq!(names, ["a.jpg", "a (2).jpg", "a (3).jpg", "b", "b (2)"]);
    }
}

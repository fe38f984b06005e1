//! What can go wrong with a store: what happened, naming the file, and the cure.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use rumormill_proto::{ids::AuthorId, limits::FILE_BYTES, log::Unfit};

/// Why the store did not do what it was asked to. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A run has no place in its log. The caller's mistake: the log it judged by is not the one kept.
    Unfit {
        /// Whose log.
        author: AuthorId,
        /// Why not.
        why: Unfit,
    },
    /// Another process has the home open.
    Locked {
        /// The lock.
        path: PathBuf,
    },
    /// Others can read what should be private.
    Exposed {
        /// The file or directory.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A link, or a file with a second name, where only a file of our own may be.
    Link {
        /// The name.
        path: PathBuf,
    },
    /// A database that is not Rumormill's.
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A newer version wrote the file; it was left as it is.
    Newer {
        /// The file.
        path: PathBuf,
        /// Version of the file.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
    /// An older version wrote the file, which was only to be looked at.
    Older {
        /// The file.
        path: PathBuf,
        /// Version of the file.
        found: u32,
        /// The version known here.
        known: u32,
    },
    /// There is no room on the disk.
    Full {
        /// The file.
        path: PathBuf,
    },
    /// A file is larger than a room takes.
    TooLarge,
    /// The file may not be written.
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// The system could not read or write.
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        what: String,
    },
    /// The file contradicts itself, or is not readable as what it should be.
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

impl Error {
    /// What can be done about it.
    pub fn help(&self) -> String {
        match self {
            Self::Unfit { .. } => "this is a mistake in Rumormill; please report it".into(),
            Self::Locked { .. } => "stop the other process, or use another home".into(),
            Self::Exposed { path, mode } => format!("chmod {:o} {}", mode & 0o700, path.display()),
            Self::Link { .. } => "put the file itself in its place, under this name only, or use another home".into(),
            Self::Foreign { .. } => "use another home; if it was Rumormill's, the disk may be failing".into(),
            Self::Newer { .. } => "use the newer Rumormill that wrote it".into(),
            Self::Older { .. } => "open the home once, which brings it up to date".into(),
            Self::Full { .. } => "make room on the disk; nothing acknowledged is lost".into(),
            Self::TooLarge => format!("send a file of at most {} MiB", FILE_BYTES >> 20),
            Self::ReadOnly { .. } => "make it writable, or use another home".into(),
            Self::Io { .. } => "see to the disk; nothing acknowledged is lost".into(),
            Self::Corrupt { .. } => "the disk may be failing: copy the home elsewhere, then mend it".into(),
        }
    }

    pub(crate) fn io(path: &Path, why: &io::Error) -> Self {
        let path = path.to_owned();
        match why.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path },
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Self::ReadOnly { path },
            _ => Self::Io { path, what: why.to_string() },
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfit { author, why } => write!(f, "a run does not fit the log of {}: {why:?}", author.short()),
            Self::Locked { path } => write!(f, "{}: another process has this home open", path.display()),
            Self::Exposed { path, mode } => write!(f, "{}: others can read it (mode {mode:o})", path.display()),
            Self::Link { path } => write!(f, "{}: is a link, or has a second name", path.display()),
            Self::Foreign { path } => write!(f, "{}: is not a database of Rumormill's", path.display()),
            Self::Newer { path, found, known } => {
                write!(f, "{}: has version {found}, and {known} is the newest known here", path.display())
            }
            Self::Older { path, found, known } => {
                write!(f, "{}: has version {found}, and {known} is what is looked into here", path.display())
            }
            Self::Full { path } => write!(f, "no room on the disk for {}", path.display()),
            Self::TooLarge => write!(f, "a file has at most {FILE_BYTES} bytes"),
            Self::ReadOnly { path } => write!(f, "{}: may not be written", path.display()),
            Self::Io { path, what } | Self::Corrupt { path, what } => write!(f, "{}: {what}", path.display()),
        }
    }
}

impl std::error::Error for Error {}

//! Errors of a store: each says what happened, names the file, and gives the cure.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use rumormill_proto::{ids::AuthorId, limits::FILE_BYTES, log::Unfit};

/// Why the store refused. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A run does not fit its log. This is the caller's mistake: it judged by another log than the stored one.
    Unfit {
        /// Author of the log.
        author: AuthorId,
        /// Why not.
        why: Unfit,
    },
    /// Another process has the home open.
    Locked {
        /// The lock.
        path: PathBuf,
    },
    /// Others can read a file that should be private.
    Exposed {
        /// The file or directory.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A link, or a file with a second name, where only a plain file of ours is allowed.
    Link {
        /// The name.
        path: PathBuf,
    },
    /// A database that is not Rumormill's.
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The keys are sealed, and the store was opened without the key to them.
    Sealed {
        /// The file.
        path: PathBuf,
    },
    /// A newer version wrote the file, which was left unchanged.
    Newer {
        /// The file.
        path: PathBuf,
        /// Version of the file.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
    /// An older version wrote the file, which was opened for inspection only.
    Older {
        /// The file.
        path: PathBuf,
        /// Version of the file.
        found: u32,
        /// The version known here.
        known: u32,
    },
    /// The disk is full.
    Full {
        /// The file.
        path: PathBuf,
    },
    /// A file is larger than a room accepts.
    TooLarge,
    /// The file is not writable.
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// Dropped bodies stay in the file, because somebody has been reading it for long.
    Read {
        /// The file.
        path: PathBuf,
    },
    /// The system failed to read or write.
    Io {
        /// The file.
        path: PathBuf,
        /// The system's message.
        what: String,
    },
    /// The file contradicts itself or has the wrong format.
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The problem.
        what: String,
    },
}

impl Error {
    /// What the user can do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Unfit { .. } => "this is a mistake in Rumormill; please report it".into(),
            Self::Locked { .. } => "stop the other process, or use another home".into(),
            Self::Exposed { path, mode } => format!("chmod {:o} {}", mode & 0o700, path.display()),
            Self::Link { .. } => "replace it with a plain file that has no second name, or use another home".into(),
            Self::Foreign { .. } => "use another home; if Rumormill made this one, the disk may be failing".into(),
            Self::Sealed { .. } => "put back `keys.age` of this home, which opens them under your passphrase".into(),
            Self::Newer { .. } => "use the newer Rumormill that wrote it".into(),
            Self::Older { .. } => "open the home once with this version, which upgrades it".into(),
            Self::Full { .. } => "make room on the disk; nothing acknowledged is lost".into(),
            Self::TooLarge => format!("send a file of at most {} MiB", FILE_BYTES >> 20),
            Self::ReadOnly { .. } => "make it writable, or use another home".into(),
            Self::Read { .. } => "end the program that reads it".into(),
            Self::Io { .. } => "check the disk; nothing acknowledged is lost".into(),
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
            Self::Link { path } => write!(f, "{}: is a link or has a second name", path.display()),
            Self::Foreign { path } => write!(f, "{}: is not a Rumormill database", path.display()),
            Self::Sealed { path } => write!(f, "{}: its keys are sealed, and not under this key", path.display()),
            Self::Newer { path, found, known } => {
                write!(f, "{}: has version {found}; this Rumormill knows up to {known}", path.display())
            }
            Self::Older { path, found, known } => {
                write!(f, "{}: has version {found}; this Rumormill inspects only {known}", path.display())
            }
            Self::Full { path } => write!(f, "no room on the disk for {}", path.display()),
            Self::TooLarge => write!(f, "a file has at most {FILE_BYTES} bytes"),
            Self::ReadOnly { path } => write!(f, "{}: may not be written", path.display()),
            Self::Read { path } => write!(f, "{}: somebody is reading it", path.display()),
            Self::Io { path, what } | Self::Corrupt { path, what } => write!(f, "{}: {what}", path.display()),
        }
    }
}

impl std::error::Error for Error {}

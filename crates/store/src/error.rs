//! What can go wrong with a store: what happened, naming the file, and the cure.

use std::{fmt, path::PathBuf};

use rumormill_proto::{ids::AuthorId, log::Unfit};

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
            Self::Unfit { .. } => "this is a bug in Rumormill; please report it".to_owned(),
            Self::Corrupt { .. } => "the disk may be failing: copy the home elsewhere and check it".to_owned(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfit { author, why } => write!(f, "a run does not fit the log of {}: {why:?}", author.short()),
            Self::Corrupt { path, what } => write!(f, "{}: {what}", path.display()),
        }
    }
}

impl std::error::Error for Error {}

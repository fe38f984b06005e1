//! Errors inside the disk store, where the file is not known.

use std::path::Path;

use rumormill_proto::{ids::AuthorId, log::Unfit, reject::Reject};
use rusqlite::ErrorCode;

use crate::error::Error;

/// An error that becomes an [`Error`] where the file is known.
#[derive(Debug)]
pub(super) enum Fail {
    /// The database failed.
    Sql(rusqlite::Error),
    /// The content of the database is malformed.
    Odd(String),
    /// A run does not fit its log.
    Unfit { author: AuthorId, why: Unfit },
}

impl Fail {
    pub(super) fn at(self, path: &Path) -> Error {
        match self {
            Self::Unfit { author, why } => Error::Unfit { author, why },
            Self::Odd(what) => Error::Corrupt { path: path.to_owned(), what },
            Self::Sql(why) => sql(path.to_owned(), &why),
        }
    }
}

fn sql(path: std::path::PathBuf, why: &rusqlite::Error) -> Error {
    let what = why.to_string();
    match why.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Error::Full { path },
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Error::ReadOnly { path },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch) => {
            Error::Corrupt { path, what }
        }
        Some(ErrorCode::NotADatabase) => Error::Foreign { path },
        Some(_) => Error::Io { path, what },
        None => Error::Corrupt { path, what },
    }
}

impl From<rusqlite::Error> for Fail {
    fn from(why: rusqlite::Error) -> Self {
        Self::Sql(why)
    }
}

impl From<Reject> for Fail {
    fn from(why: Reject) -> Self {
        Self::Odd(why.to_string())
    }
}

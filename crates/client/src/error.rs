//! How asking fails.

use std::fmt;

use http::StatusCode;
use rumormill_api::Refused;

/// Why a request came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The process refused it.
    Refused {
        /// The status that it answered with.
        status: StatusCode,
        /// Why, and what to do.
        refused: Refused,
    },
    /// Nobody answers: the process is not there, or went away.
    Gone(String),
    /// The answer is not what the contract says.
    Garbled(String),
    /// The answer began and broke off.
    BrokenOff(String),
}

impl Error {
    /// What somebody else's error says.
    pub(crate) fn gone(error: impl fmt::Display) -> Self {
        Self::Gone(error.to_string())
    }

    pub(crate) fn garbled(error: impl fmt::Display) -> Self {
        Self::Garbled(error.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { refused, .. } => write!(f, "{}; {}", refused.what, refused.help),
            Self::Gone(why) => write!(f, "the process that has the home open does not answer: {why}"),
            Self::Garbled(why) => write!(f, "the answer makes no sense: {why}"),
            Self::BrokenOff(why) => write!(f, "the answer broke off: {why}"),
        }
    }
}

impl std::error::Error for Error {}

/// What a person is told of it.
impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused { refused, .. } => refused,
            Error::Gone(_) => Self::new("gone", error.to_string(), "try again; if it hangs, end it"),
            Error::BrokenOff(why) => {
                let help = "try again; `rumormill check` tells whether something is damaged";
                Self::new("broken", format!("it ended too early: {why}"), help)
            }
            Error::Garbled(why) => Self::internal("answer", why),
        }
    }
}

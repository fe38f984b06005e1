//! Errors of a call.

use std::fmt;

use http::StatusCode;
use rumormill_api::Refused;

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The process refused it.
    Refused {
        /// The status of the answer.
        status: StatusCode,
        /// The reason, and what to do.
        refused: Refused,
    },
    /// There is no answer: the process is not running, or exited.
    Gone(String),
    /// The answer violates the contract.
    Garbled(String),
    /// The answer began and was cut off.
    BrokenOff(String),
}

impl Error {
    /// An error of the transport.
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
            Self::Garbled(why) => write!(f, "the answer is malformed: {why}"),
            Self::BrokenOff(why) => write!(f, "the answer was cut off: {why}"),
        }
    }
}

impl std::error::Error for Error {}

/// The error as shown to people.
impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused { refused, .. } => refused,
            Error::Gone(_) => Self::new("gone", error.to_string(), "try again; if it hangs, end it"),
            Error::BrokenOff(why) => {
                let help = "try again; `rumormill check` shows whether something is damaged";
                Self::new("broken", format!("it ended too early: {why}"), help)
            }
            Error::Garbled(why) => Self::internal("answer", why),
        }
    }
}

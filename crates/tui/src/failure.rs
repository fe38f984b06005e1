//! Why a visit ends, or an action failed.

use std::{fmt, io};

use rumormill_api::Refused;
use rumormill_client::Error;

/// The reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The reader of the output has gone.
    OutputClosed,
    /// A request failed.
    Asked(Error),
    /// The person's choice is not possible; another one is.
    Choice(Refused),
    /// Incoming data ended early.
    BrokenOff(Refused),
    /// The room can no longer be written.
    Stopped(Refused),
    /// Something on this machine, or in this program, does not work.
    Ours(Refused),
}

impl Failure {
    /// A fault in the program that only we can fix.
    pub(crate) fn internal(code: &str, what: impl Into<String>) -> Self {
        Self::Ours(Refused::internal(code, what))
    }

    /// The failure of an output.
    pub(crate) fn output(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Self::Ours(Refused::new("output", error.to_string(), "make room where the output goes")),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Asked(error)
    }
}

/// The text of a failure for people.
impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::OutputClosed => Self::new("output", "nobody reads what is shown", "open the room again"),
            Failure::Asked(error) => error.into(),
            Failure::Choice(refused)
            | Failure::BrokenOff(refused)
            | Failure::Stopped(refused)
            | Failure::Ours(refused) => refused,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Refused { code, what, help } = self.clone().into();
        write!(f, "error[{code}]: {what}\nhelp: {help}")
    }
}

impl std::error::Error for Failure {}

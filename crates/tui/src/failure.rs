//! Why a visit ends, or something that was to be done failed.

use std::{fmt, io};

use rumormill_api::Refused;
use rumormill_client::Error;

/// Why it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Whoever read what is shown went away.
    OutputClosed,
    /// What asking came to.
    Asked(Error),
    /// What the person chose cannot be had; something else can.
    Choice(Refused),
    /// Something that was on its way here did not come to its end.
    BrokenOff(Refused),
    /// The room can be written no more.
    Stopped(Refused),
    /// Something of this machine, or of ours, does not work.
    Ours(Refused),
}

impl Failure {
    /// Something of ours that nobody but us can mend.
    pub(crate) fn internal(code: &str, what: impl Into<String>) -> Self {
        Self::Ours(Refused::internal(code, what))
    }

    /// What showing something came to.
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

/// What a person is told of it.
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

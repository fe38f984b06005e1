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
    /// What happened here, and what to do.
    Failed(Refused),
}

impl Failure {
    /// Something of ours that nobody but us can mend.
    pub(crate) fn internal(code: &str, what: impl Into<String>) -> Self {
        Self::Failed(Refused::internal(code, what))
    }

    /// What showing something came to.
    pub(crate) fn output(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Self::Failed(Refused::new("output", error.to_string(), "make room where the output goes")),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Asked(error)
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::Failed(refused)
    }
}

/// What a person is told of it.
impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::OutputClosed => Self::new("output", "nobody reads what is shown", "open the room again"),
            Failure::Asked(error) => error.into(),
            Failure::Failed(refused) => refused,
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

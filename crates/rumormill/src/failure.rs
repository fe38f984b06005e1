//! How a command fails: two lines on standard error, `error[code]: what happened` and `help: what to do next`,
//! and an exit code that a script can act on.

use std::{borrow::Cow, fmt, io};

use http::StatusCode;
use rumormill_api::Refused;
use rumormill_server::Refusal;

/// The exit code of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Whoever read our output went away; not a failure, nothing is said.
    Done = 0,
    /// Something of ours does not work.
    Ours = 1,
    /// The command was not understood.
    Usage = 2,
    /// Somebody, or the system, does not allow it.
    NotAllowed = 3,
    /// What is kept is damaged.
    Integrity = 4,
    /// The ticket is no good.
    Ticket = 5,
    /// Nobody could be reached.
    Unreachable = 6,
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What the process exits with.
    pub(crate) exit: Exit,
    /// One word that stays the same from version to version.
    pub(crate) code: Cow<'static, str>,
    /// What happened, naming the file or flag.
    pub(crate) what: String,
    /// What to do next.
    pub(crate) help: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}\nhelp: {}", self.code, self.what, self.help)
    }
}

impl From<rumormill_client::Error> for Failure {
    fn from(error: rumormill_client::Error) -> Self {
        let status = match &error {
            rumormill_client::Error::Refused { status, .. } => *status,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::of(status, error.into())
    }
}

impl From<Refusal> for Failure {
    fn from(Refusal { status, refused }: Refusal) -> Self {
        Self::of(status, refused)
    }
}

impl From<rumormill_node::Error> for Failure {
    fn from(error: rumormill_node::Error) -> Self {
        Refusal::from(error).into()
    }
}

/// What is told where no status goes with it, as where an answer has begun already.
impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::of(StatusCode::INTERNAL_SERVER_ERROR, refused)
    }
}

impl From<rumormill_tui::Failure> for Failure {
    fn from(failure: rumormill_tui::Failure) -> Self {
        match failure {
            rumormill_tui::Failure::OutputClosed => Self::output(&io::ErrorKind::BrokenPipe.into()),
            rumormill_tui::Failure::Asked(error) => error.into(),
            rumormill_tui::Failure::Failed(refused) => refused.into(),
        }
    }
}

impl From<rumormill_lab::Failure> for Failure {
    fn from(failure: rumormill_lab::Failure) -> Self {
        use rumormill_lab::Cause;
        let exit = match failure.cause {
            Cause::OutputClosed => Exit::Done,
            Cause::Ours => Exit::Ours,
            Cause::Usage => Exit::Usage,
            Cause::NotAllowed => Exit::NotAllowed,
        };
        Self { exit, code: failure.code, what: failure.what, help: failure.help }
    }
}

impl Failure {
    /// The failure that a refusal is to a command.
    fn of(status: StatusCode, Refused { code, what, help }: Refused) -> Self {
        let exit = match (&*code, status) {
            ("ticket", _) => Exit::Ticket,
            ("integrity" | "corrupt" | "damaged", _) => Exit::Integrity,
            ("room" | "nobody" | "several" | "file" | "exists", _) => Exit::Usage,
            (_, StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED) => Exit::NotAllowed,
            (_, StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::PAYLOAD_TOO_LARGE) => Exit::Usage,
            ("broken-off", _) | (_, StatusCode::SERVICE_UNAVAILABLE) => Exit::Unreachable,
            _ => Exit::Ours,
        };
        Self { exit, code: code.into(), what, help }
    }

    /// Something of ours that nobody but us can mend.
    pub(crate) fn internal(code: &'static str, what: String) -> Self {
        Refused::internal(code, what).into()
    }

    /// What writing to standard output came to.
    pub(crate) fn output(error: &io::Error) -> Self {
        let exit = if error.kind() == io::ErrorKind::BrokenPipe { Exit::Done } else { Exit::Ours };
        Self { exit, code: "output".into(), what: error.to_string(), help: "make room where the output goes".into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_become_failures() {
        let refused = Refused { code: "ticket".into(), what: "no".into(), help: "yes".into() };
        let failure = Failure::from(rumormill_client::Error::Refused { status: StatusCode::BAD_REQUEST, refused });
        assert_eq!((failure.exit, failure.to_string().as_str()), (Exit::Ticket, "error[ticket]: no\nhelp: yes"));
        assert_eq!(Failure::from(rumormill_client::Error::Garbled("502 Bad Gateway: <html>".into())).exit, Exit::Ours);
    }
}

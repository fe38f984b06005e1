//! Failures of commands: two lines on standard error, `error[code]: what happened` and `help: what to do next`, and an
//! exit code that a script can act on.

use std::{borrow::Cow, fmt, io};

use rumormill_api::{Code, Refused, codes};
use rumormill_server::Refusal;

/// The exit code of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The reader of our output closed it; this is no failure and prints nothing.
    Done = 0,
    /// Something on this machine does not work.
    Ours = 1,
    /// The command makes no sense.
    Usage = 2,
    /// A person or the system does not allow it.
    NotAllowed = 3,
    /// Stored or imported data is damaged.
    Integrity = 4,
    /// The ticket is invalid.
    Ticket = 5,
    /// No peer could be reached.
    Unreachable = 6,
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code of the process.
    pub(crate) exit: Exit,
    /// One word that is stable across versions.
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
            rumormill_client::Error::Refused { status, .. } => status.as_u16(),
            _ => return Self::with(Exit::Ours, error.into()),
        };
        Self::of(status, error.into())
    }
}

impl From<Refusal> for Failure {
    fn from(Refusal { status, refused, .. }: Refusal) -> Self {
        Self::of(status.as_u16(), refused)
    }
}

impl From<rumormill_node::Error> for Failure {
    fn from(error: rumormill_node::Error) -> Self {
        Refusal::from(error).into()
    }
}

/// A refusal without a status, for example after an answer has begun: its code implies the status.
impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::of(refused.status(), refused)
    }
}

impl From<rumormill_tui::Failure> for Failure {
    fn from(failure: rumormill_tui::Failure) -> Self {
        match failure {
            rumormill_tui::Failure::OutputClosed => Self::output(&io::ErrorKind::BrokenPipe.into()),
            rumormill_tui::Failure::Asked(error) => error.into(),
            rumormill_tui::Failure::Choice(refused) => Self::with(Exit::Usage, refused),
            rumormill_tui::Failure::BrokenOff(refused) => Self::with(Exit::Unreachable, refused),
            rumormill_tui::Failure::Stopped(refused) | rumormill_tui::Failure::Ours(refused) => {
                Self::with(Exit::Ours, refused)
            }
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
    /// Converts a refusal into a failure. This is the only place that derives exit codes from refusals.
    fn of(status: u16, refused: Refused) -> Self {
        let is = |codes: &[Code]| codes.iter().any(|code| refused.is(*code));
        let exit = match status {
            _ if is(&[codes::TICKET]) => Exit::Ticket,
            _ if is(&[codes::INTEGRITY, codes::CORRUPT, codes::DAMAGED]) => Exit::Integrity,
            _ if is(&[codes::SEVERAL]) => Exit::Usage,
            401 | 403 => Exit::NotAllowed,
            400 | 404 | 413 => Exit::Usage,
            503 => Exit::Unreachable,
            _ => Exit::Ours,
        };
        Self::with(exit, refused)
    }

    fn with(exit: Exit, Refused { code, what, help }: Refused) -> Self {
        Self { exit, code: code.into(), what, help }
    }

    /// A fault in the program that only we can fix.
    pub(crate) fn internal(code: &'static str, what: String) -> Self {
        Self::with(Exit::Ours, Refused::internal(code, what))
    }

    /// Converts an error of writing to standard output.
    pub(crate) fn output(error: &io::Error) -> Self {
        let exit = if error.kind() == io::ErrorKind::BrokenPipe { Exit::Done } else { Exit::Ours };
        Self { exit, code: "output".into(), what: error.to_string(), help: "make room where the output goes".into() }
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn the_exit_code_shows_the_kind_of_failure() {
        let exits = [
            (Exit::Ours, vec![codes::FULL, codes::BUSY, codes::TOO_MANY_ROOMS, codes::GIVEN_UP]),
            (Exit::Usage, vec![codes::ROOM, codes::SEVERAL, codes::NAME, codes::NO_FILE, codes::TOO_LARGE]),
            (Exit::NotAllowed, vec![codes::LOCKED, codes::READ_ONLY, codes::TOKEN, codes::NOT_YOURS]),
            (Exit::Integrity, vec![codes::INTEGRITY, codes::CORRUPT, codes::DAMAGED]),
            (Exit::Ticket, vec![codes::TICKET]),
            (Exit::Unreachable, vec![codes::NOBODY_HAS_IT]),
        ];
        for (exit, code) in exits.into_iter().flat_map(|(exit, codes)| codes.into_iter().map(move |code| (exit, code)))
        {
            let refused = code.refuse("no", "yes");
            let status = StatusCode::from_u16(code.status).unwrap();
            let asked = rumormill_client::Error::Refused { status, refused: refused.clone() };
            assert_eq!([Failure::from(refused).exit, Failure::from(asked).exit], [exit; 2], "{}", code.word);
        }
    }

    #[test]
    fn refusals_become_failures() {
        let refused = Refused { code: "ticket".into(), what: "no".into(), help: "yes".into() };
        let failure = Failure::from(rumormill_client::Error::Refused { status: StatusCode::BAD_REQUEST, refused });
        assert_eq!((failure.exit, failure.to_string().as_str()), (Exit::Ticket, "error[ticket]: no\nhelp: yes"));
        assert_eq!(Failure::from(rumormill_client::Error::Garbled("502 Bad Gateway: <html>".into())).exit, Exit::Ours);
    }
}

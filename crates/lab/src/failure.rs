//! Why a command of the lab failed.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use rumormill_node::Error;

/// Whose fault a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The reader of our output is gone, so nobody would see an error.
    OutputClosed,
    /// A failure of the program or its environment.
    Ours,
    /// An invalid command.
    Usage,
    /// Another user or the system refuses.
    NotAllowed,
}

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    /// Whose fault it is.
    pub cause: Cause,
    /// One word that is stable across versions.
    pub code: Cow<'static, str>,
    /// What happened, naming the file or flag.
    pub what: String,
    /// What to do next.
    pub help: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "error[{}]: {}\nhelp: {}", self.code, self.what, self.help)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { cause: Cause::Ours, code: error.code().into(), what: error.to_string(), help: error.help() }
    }
}

impl Failure {
    /// A bug in the program.
    pub(crate) fn internal(code: &'static str, what: String) -> Self {
        let help = "this should not happen; `rumormill doctor` may know more".into();
        Self { cause: Cause::Ours, code: code.into(), what, help }
    }

    /// A write to standard output, or a read from standard input, failed.
    pub(crate) fn output(error: &io::Error) -> Self {
        let cause = if error.kind() == io::ErrorKind::BrokenPipe { Cause::OutputClosed } else { Cause::Ours };
        Self { cause, code: "output".into(), what: error.to_string(), help: "make room where the output goes".into() }
    }
}

/// Prints a line of data.
///
/// # Errors
/// When nobody reads the output.
pub(crate) fn data(line: &str) -> Result<(), Failure> {
    writeln!(io::stdout(), "{line}").map_err(|error| Failure::output(&error))
}

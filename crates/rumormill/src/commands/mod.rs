//! The commands: one file each.

use std::{
    future::Future,
    io::{self, Write},
};

use jiff::Span;
use rumormill_api::Seeking;
use rumormill_text::{
    Clock, escaped,
    show::{count, looked_for},
};
use serde::Serialize;
use tokio::runtime;

use crate::failure::{Exit, Failure};

pub(crate) mod backup;
pub(crate) mod bot;
pub(crate) mod chat;
pub(crate) mod check;
pub(crate) mod close;
pub(crate) mod completions;
pub(crate) mod device;
pub(crate) mod digest;
pub(crate) mod doctor;
pub(crate) mod edit;
pub(crate) mod export;
pub(crate) mod forget;
pub(crate) mod get;
pub(crate) mod hook;
pub(crate) mod import;
pub(crate) mod join;
pub(crate) mod keep;
pub(crate) mod keeper;
pub(crate) mod keepers;
pub(crate) mod lock;
pub(crate) mod log;
pub(crate) mod msg;
pub(crate) mod new;
pub(crate) mod nick;
pub(crate) mod paths;
pub(crate) mod peers;
pub(crate) mod people;
pub(crate) mod react;
pub(crate) mod read;
pub(crate) mod reply;
pub(crate) mod report;
pub(crate) mod resync;
pub(crate) mod retract;
pub(crate) mod rooms;
pub(crate) mod rules;
pub(crate) mod search;
pub(crate) mod seen;
pub(crate) mod send;
pub(crate) mod serve;
pub(crate) mod spread;
pub(crate) mod start;
pub(crate) mod ticket;
pub(crate) mod top;
pub(crate) mod topic;
pub(crate) mod verify;

/// The time this long ago, in milliseconds since the Unix epoch.
///
/// # Errors
/// When that is before all calendars.
pub(crate) fn since_ms(clock: &Clock, since: Option<&Span>) -> Result<Option<u64>, Failure> {
    let ms = since.map(|span| clock.before(span)).transpose();
    ms.map_err(|why| Failure {
        exit: Exit::Usage,
        code: "since".into(),
        what: why.to_string(),
        help: "say how long ago, as 7d, 12h or 90m".into(),
    })
}

/// Runs a command that talks to the network.
///
/// # Errors
/// The failure of the command, or that the system gives no threads.
pub(crate) fn run<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::internal("runtime", error.to_string()))?;
    let result = runtime.block_on(command);
    // A thread that waits for standard input never returns.
    runtime.shutdown_background();
    result
}

/// Prints a line of data.
///
/// # Errors
/// When nobody reads it.
pub(crate) fn data(line: &str) -> Result<(), Failure> {
    writeln!(io::stdout(), "{line}").map_err(|error| Failure::output(&error))
}

/// Prints a line of JSON.
///
/// # Errors
/// When nobody reads it.
pub(crate) fn json(line: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(line).map_err(|error| Failure::internal("json", error.to_string()))?;
    data(&escaped(&text))
}

/// Reports how many messages were not printed, and the flag that prints them.
pub(crate) fn tell_hidden(messages: usize) {
    if messages > 0 {
        talk(&format!("{} of people you hid or hold back; --all shows them", count(messages, "message", "messages")));
    }
}

/// The failure to reach anybody of a room; names the peers it looked for and the reason, where known.
pub(crate) fn unreachable(seeking: Option<&Seeking>, help: &str) -> Failure {
    let sought = seeking.map(|seeking| looked_for(seeking, &Clock::local())).unwrap_or_default();
    let sought: Vec<&str> = sought.iter().skip(1).map(String::as_str).collect();
    let whom = if sought.is_empty() { String::new() } else { format!(": {}", sought.join("; ")) };
    Failure {
        exit: Exit::Unreachable,
        code: "unreachable".into(),
        what: format!("nobody of the room could be reached{whom}"),
        help: help.into(),
    }
}

/// Prints a notice for people on standard error. Ignores errors: nobody needs to read it.
pub(crate) fn talk(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

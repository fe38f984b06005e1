//! The log on standard error: lines for people, or JSON for programs that collect logs.

use std::{io, panic};

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;

/// The form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A line for people.
    Text,
    /// A JSON object in one line for each event.
    Json,
}

/// What is logged when a form is chosen and `RUST_LOG` is not set: what an operator wants to know of every day.
///
/// The library of the DHT calls each try to enter it without a network an error.
const USUAL: &str = "warn,rumormill_node=info,rumormill_server=info,n0_mainline=off";

/// Logs from now on if a form is chosen or `RUST_LOG` is set; otherwise commands log nothing.
pub(crate) fn begin(format: Option<Format>) {
    let filter = match (EnvFilter::try_from_default_env(), format) {
        (Ok(filter), _) => filter,
        (Err(_), Some(_)) => EnvFilter::new(USUAL),
        (Err(_), None) => return,
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(io::stderr);
    match format {
        None | Some(Format::Text) => log.init(),
        Some(Format::Json) => {
            log.json().flatten_event(true).with_current_span(false).with_span_list(false).init();
            panic::set_hook(Box::new(|info| {
                let at = info.location().map(ToString::to_string).unwrap_or_default();
                tracing::error!(at, "a bug: {}", info.payload_as_str().unwrap_or("a thread panicked"));
            }));
        }
    }
}

/// Logs why the command failed, as the last event of a log of JSON.
pub(crate) fn end(Failure { code, what, help, exit: _ }: &Failure) {
    tracing::error!(code = &**code, help, "{what}");
}

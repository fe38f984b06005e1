//! Progress of long work: on standard error, and only at a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A progress bar. Clones show the same bar.
#[derive(Clone)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A bar for a number of entries.
    pub(crate) fn new(what: &'static str, entries: u64) -> Self {
        Self::bar(what, entries, "{msg} {bar:30} {human_pos} of {human_len}, {eta} left")
    }

    /// A bar for bytes whose total grows.
    pub(crate) fn bytes(what: &'static str) -> Self {
        Self::bar(what, 0, "{msg} {bar:30} {bytes} of {total_bytes}, {eta} left")
    }

    fn bar(what: &'static str, length: u64, template: &str) -> Self {
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(length).with_style(style).with_message(what);
        bar.enable_steady_tick(Duration::from_millis(100));
        Self(bar)
    }

    /// Adds to the progress.
    pub(crate) fn add(&self, more: u64) {
        self.0.inc(more);
    }

    /// Adds to the total.
    pub(crate) fn more(&self, length: u64) {
        self.0.inc_length(length);
    }

    /// Sets the progress.
    pub(crate) fn reach(&self, all: u64) {
        self.0.set_position(all);
    }

    /// Switches to another part of the work.
    pub(crate) fn turn(&self, what: &'static str, all: u64, of: u64) {
        self.0.set_message(what);
        self.0.set_length(of);
        self.0.set_position(all);
    }

    /// Ends the bar and removes it from the screen.
    pub(crate) fn end(&self) {
        self.0.finish_and_clear();
    }
}

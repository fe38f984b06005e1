//! The trace of a process on standard error: one line an event, with a time and the pid.
//!
//! Consoles discard it or let the pipe fill up. So a separate thread writes it, and tracing never waits: lines that do
//! not fit are counted, dropped, and reported when there is space again.

use std::{
    fmt,
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use jiff::{Timestamp, tz::TimeZone};
use tracing_subscriber::{
    EnvFilter,
    fmt::{MakeWriter, format::Writer, time::FormatTime},
};

use crate::limits::{TRACE_LINE_BYTES, TRACE_LINES};

/// What to trace unless `RUST_LOG` is set.
const FILTER: &str = "info,noq_proto=error,noq=error,iroh=warn,netwatch=error";

/// Sends the trace of the process to standard error.
pub(crate) fn begin(pid: u16, quiet: bool) {
    let filter = match quiet {
        true => EnvFilter::new("off"),
        false => EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(FILTER)),
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_target(false)
        .with_level(false)
        .with_timer(Stamp { pid, zone: TimeZone::system() })
        .with_writer(Overflowing::begin(io::stderr()))
        .init();
}

/// Time of day and pid, in front of every line.
struct Stamp {
    pid: u16,
    zone: TimeZone,
}

impl FormatTime for Stamp {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        write!(writer, "{} p{}", Timestamp::now().to_zoned(self.zone.clone()).strftime("%H:%M:%S%.3f"), self.pid)
    }
}

/// A writer that never blocks its caller.
#[derive(Clone)]
struct Overflowing {
    lines: SyncSender<Vec<u8>>,
    dropped: Arc<AtomicU64>,
}

impl Overflowing {
    fn begin(to: impl Write + Send + 'static) -> Self {
        let (lines, waiting) = sync_channel(TRACE_LINES);
        let dropped = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&dropped);
        thread::spawn(move || drain(&waiting, &count, to));
        Self { lines, dropped }
    }
}

/// Ends when no sender or no reader is left; from then on every line is dropped.
fn drain(waiting: &Receiver<Vec<u8>>, dropped: &AtomicU64, mut to: impl Write) -> io::Result<()> {
    while let Ok(line) = waiting.recv() {
        to.write_all(&line)?;
        let missing = dropped.swap(0, Ordering::Relaxed);
        if missing > 0 {
            writeln!(to, "({missing} lines were not read in time and dropped)")?;
        }
    }
    Ok(())
}

impl Write for Overflowing {
    /// Called once a line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let short = &line[..line.len().min(TRACE_LINE_BYTES)];
        if self.lines.try_send(short.to_vec()).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Overflowing {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

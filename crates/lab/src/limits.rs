//! Every bound of the lab, each with the arithmetic that chose it.

/// Bytes of one line from a console: the largest text (8 KiB), its command and id, twice over. A longer line gets one
/// answer and is discarded as it arrives.
pub(crate) const LINE_BYTES: usize = 16 * 1024;

/// Bytes read from a console at once. A connection buffers one line and one piece: 20 KiB.
pub(crate) const PIECE_BYTES: usize = 4 * 1024;

/// Consoles connected to one process: one each for a room full of people, and at most 1.3 MiB of lines.
pub(crate) const CONSOLES: usize = 64;

/// Milliseconds that a console has for its first command before another can replace it: many turns of a busy machine.
pub(crate) const HEARD_MS: u64 = 100;

/// Bytes of a reply gathered before they are written: 64 times what a console reads at once.
pub(crate) const REPLY_BYTES: usize = 64 * 1024;

/// Milliseconds that a console may take to accept [`REPLY_BYTES`]: with 10 s even 6.4 kB/s is fast enough, and a
/// console that never reads costs only its connection.
pub(crate) const REPLY_MS: u64 = 10_000;

/// Milliseconds until the next accept after the system ran out of descriptors.
pub(crate) const ACCEPT_AGAIN_MS: u64 = 100;

/// Lines of the timeline read at once: 256 of 100 bytes are 25 kB, of the largest body 2 MiB.
pub(crate) const PAGE_LINES: usize = 256;

/// Lines of the trace that wait for standard error: ten seconds of a busy process at 100 bytes each are 100 kB. Further
/// lines are counted and dropped, because nothing may wait for a reader of traces.
pub(crate) const TRACE_LINES: usize = 1024;

/// Bytes of one line of the trace; a line quotes at most one text.
pub(crate) const TRACE_LINE_BYTES: usize = 1024;

/// Processes in one lab: they use consecutive UDP ports, and a line of 1,024 is ten times what one host can run.
pub(crate) const LAB_PROCESSES: u16 = 1024;

/// Milliseconds that the proxy waits for an answer: a hundred times what a log of 100,000 texts takes.
pub(crate) const ANSWER_MS: u64 = 10_000;

/// Bytes of one answer to the proxy: a log of half a million texts of 100 bytes.
pub(crate) const ANSWER_BYTES: u64 = 64 << 20;

/// Milliseconds that the proxy gives the room after a text was said, before it requests a log: stock consoles give as
/// much, and in that time a message crosses a line of 16.
pub(crate) const SAY_SETTLE_MS: u64 = 1_000;

/// Milliseconds that the proxy gives a started process: stock consoles sleep two seconds for a recovery.
pub(crate) const START_SETTLE_MS: u64 = 2_000;

/// Milliseconds that the demo waits for anything: ten times what the slowest step takes on a busy machine.
pub(crate) const DEMO_MS: u64 = 30_000;

/// Reports of the demo's processes in transit: a hundred times what a step causes.
pub(crate) const DEMO_REPORTS: usize = 1024;

//! Bounds on what an answer may cost.

/// Bytes of an answer, or of a line where one comes line by line: the largest page, 256 messages of 8 KiB, with everything JSON adds to it.
pub(crate) const ANSWERED_BYTES: usize = 16 * 1024 * 1024;

/// Bytes of one event: a message of 8 KiB, escaped, and what belongs to it.
pub(crate) const EVENT_BYTES: usize = 256 * 1024;

/// Milliseconds before events are asked for again, at first; each try without an answer doubles them.
pub(crate) const AGAIN_MS: u64 = 100;

/// The longest of these pauses.
pub(crate) const AGAIN_MOST_MS: u64 = 5_000;

/// Seconds that a call which is too fast waits at most before it is made again, whatever it is told.
pub(crate) const WAIT_MOST_S: u64 = 60;

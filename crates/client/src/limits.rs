//! Bounds on the cost of an answer.

/// Bytes of an answer, or of one line of an answer in lines: the largest page, 256 messages of 8 KiB, with everything
/// JSON adds to it.
pub(crate) const ANSWERED_BYTES: usize = 16 * 1024 * 1024;

/// Bytes of one event: a message of 8 KiB, escaped, and its other fields.
pub(crate) const EVENT_BYTES: usize = 256 * 1024;

/// Milliseconds between two attempts to connect to a socket at which another process will listen.
pub(crate) const CONNECT_AGAIN_MS: u64 = 50;

/// Milliseconds before the stream of events reconnects at first; each failed attempt doubles them.
pub(crate) const AGAIN_MS: u64 = 100;

/// The longest of these pauses in milliseconds.
pub(crate) const AGAIN_MOST_MS: u64 = 5_000;

/// Seconds after which a call that was too fast is repeated at the latest, whatever the answer says.
pub(crate) const WAIT_MOST_S: u64 = 60;

//! Bounds that server and client share, each with the arithmetic that chose it.

/// Lines in one request to send messages: two runs.
pub const LINES_AT_ONCE: usize = 128;

/// Bytes of a line of an import: the largest text of 8 KiB with every byte escaped as six, its bytes once more in
/// base64, and the references to other entries; rounded up.
pub const IMPORT_LINE_BYTES: usize = 128 * 1024;

/// Milliseconds between the time of a message elsewhere and its import, up to which it counts as a new message: it was
/// passed on at once, as by a webhook, and is no part of an archive. As far apart as two clocks may be.
pub(crate) const HANDED_ON_MS: u64 = 120_000;

/// People that one message mentions: a table at lunch.
pub const MENTIONS: usize = 32;

/// Messages of one author within a minute from which on the rest can be held back, at most: one a second. For each message
/// as many are read.
pub const FLOOD: u64 = 60;

/// Bytes of one text, as an entry holds it.
pub const TEXT_BYTES: usize = 8 * 1024;

/// Bytes of a person's name.
pub const NICK_BYTES: usize = 80;

/// Bytes of an `Idempotency-Key`: a message's `ref` of 75 and some words, or a UUID many times over.
pub const KEY_BYTES: usize = 256;

/// Entries that one author writes in a room over this API at once, each as a separate run: as many as peers take of one
/// author.
pub const RUNS_AT_ONCE: u32 = 256;

/// The same for each second after that. Up to 64 lines in one request are one run.
pub const RUNS_PER_S: u32 = 128;

/// Lines that travel as one run.
pub const RUN_LINES: usize = 64;

//! Bounds that both sides keep to, each with the arithmetic that chose it.

/// Lines said by one request: two runs.
pub const LINES_AT_ONCE: usize = 128;

/// Bytes of a line of an import: the largest text of 8 KiB, every byte of it written as six, its bytes once more in
/// base64, and what it names as seen; rounded up.
pub const IMPORT_LINE_BYTES: usize = 128 * 1024;

/// People that one message names: a table at lunch.
pub const MENTIONS: usize = 32;

/// Bytes of one text, as an entry holds it.
pub const TEXT_BYTES: usize = 8 * 1024;

/// Bytes of a person's name.
pub const NICK_BYTES: usize = 80;

/// Bytes of an `Idempotency-Key`: a message's `ref` of 75 and some words, or a UUID many times over.
pub const KEY_BYTES: usize = 256;

/// Entries that one author writes in a room over this API at once, each as a run of its own: what peers take of one author.
pub const RUNS_AT_ONCE: u32 = 256;

/// The same for each second after that. Up to 64 lines that are said by one request are one run.
pub const RUNS_PER_S: u32 = 128;

/// Lines that travel as one run.
pub const RUN_LINES: usize = 64;

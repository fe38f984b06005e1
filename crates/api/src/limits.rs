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

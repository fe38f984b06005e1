//! Bounds on what is shown and remembered, each with the arithmetic that chose it.

/// Characters of a name to show.
pub const NICK_CHARS: usize = 24;

/// Hexadecimal digits of an id.
pub(crate) const ID_DIGITS: usize = 64;

/// People to list where a word may mean several: two lines of a terminal.
pub(crate) const NAMED_AT_ONCE: usize = 8;

/// People of a room to know by name: as many as a node remembers nicks, 2 MB at 200 bytes each. Others are shown with
/// the beginning of their id.
pub const PEOPLE_KNOWN: usize = 10_000;

/// Bytes of the name under which a file of others is saved: every file system accepts 255, minus space for ` (99)`
/// behind it and one sign before it.
pub(crate) const FILE_NAME_BYTES: usize = 240;

/// Bytes of a file name's extension with its dot; anything longer is not an extension.
pub(crate) const FILE_END_BYTES: usize = 16;

/// Bytes of a text to search for a ticket: a long mail.
pub(crate) const PASTED_BYTES: usize = 16 * 1024;

/// Pieces into which a ticket may be wrapped: the longest, with eight contacts, has some 1,800 letters, 30 lines of
/// mail.
pub(crate) const PASTED_PIECES: usize = 64;

/// Peers that are named while a room has found nobody: a ticket has at most eight.
pub(crate) const SOUGHT_NAMED: usize = 8;

/// Milliseconds without a message after which a person counts as gone, and is not among those whom a message may reach:
/// 30 days, for some are on holiday for four weeks.
pub const AWAY_MS: u64 = 30 * 24 * 3_600_000;

/// Characters of a message that stand in a line about it.
pub const EXCERPT_CHARS: usize = 120;

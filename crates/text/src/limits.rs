//! Bounds on what is shown and remembered, each with the arithmetic that chose it.

/// Characters of a name that are shown.
pub const NICK_CHARS: usize = 24;

/// Hexadecimal digits of an id.
pub(crate) const ID_DIGITS: usize = 64;

/// People who are listed where a word may mean several of them: two lines of a terminal.
pub(crate) const NAMED_AT_ONCE: usize = 8;

/// People of a room that are known by name: as many as a node remembers nicks, 200 bytes each are 2 MB. Who is beyond is
/// shown with the beginning of their id.
pub const PEOPLE_KNOWN: usize = 10_000;

/// Bytes of a name by which a file of others is saved: what every file system takes, 255, with room for ` (99)` behind it and
/// for one sign before it.
pub(crate) const FILE_NAME_BYTES: usize = 240;

/// Bytes of the end of a file's name that says what the file is, with its dot; what is longer is no such end.
pub(crate) const FILE_END_BYTES: usize = 16;

/// Bytes of a text in which a ticket is looked for: a long mail.
pub(crate) const PASTED_BYTES: usize = 16 * 1024;

/// Pieces that a ticket may be wrapped into: the longest, of eight contacts, has some 1,800 letters, 30 lines of mail.
pub(crate) const PASTED_PIECES: usize = 64;

/// Milliseconds after which somebody who said nothing more counts as gone, and not among those whom a message may reach: 30
/// days, for some are on holiday for four weeks.
pub const AWAY_MS: u64 = 30 * 24 * 3_600_000;

//! Bounds of what governors' nodes do by themselves, and of the rules of a room.

/// Milliseconds after which governors' nodes confirm a newcomer: a governor at its desk has noticed a raid by then.
pub const CONFIRM_MS: u64 = 3_600_000;

/// Milliseconds by which a governor's node is later for each governor before it that was seen: it then has looked twice, and
/// what it wrote has come.
pub const CONFIRM_LATER_MS: u64 = 2 * BOOKS_MS;

/// Newcomers of one ticket, or devices, that are confirmed in [`CONFIRM_MS`]: a class in an hour or two, and a raid so slowly
/// that somebody ends it.
pub const CONFIRMED: usize = 20;

/// Milliseconds for which a governor counts as somebody who may do the bookkeeping: a week.
pub const GOVERNOR_SEEN_MS: u64 = 7 * 24 * 3_600_000;

/// Milliseconds between two looks of a governor's node at the books, and before the first: others' acts have come by
/// then, and what is due at one look is one entry.
pub const BOOKS_MS: u64 = 600_000;

/// Milliseconds after which a governor's node looks at the books again when it wrote something, or could not write yet.
pub const BOOKS_AGAIN_MS: u64 = 1_000;

/// Milliseconds for which somebody has to be surplus before a governor's node removes it by name, and by which each governor
/// is later than the one before it: an earlier welcome that is on its way has come by then.
pub const PUT_OUT_MS: u64 = 60_000;

/// People whom one member lets in by one ticket on one day.
pub const WELCOMES_A_DAY: usize = 200;

/// Logs of which a ruling says how many entries it does not rule: as many as a ticket lets in, at most 38 bytes each, 7.6 KiB in
/// all. In a room of more members the others go by the times that they claim.
pub const RULED_LOGS: usize = 200;

/// Authors that one act lists when an open room is closed: at most 72 bytes each, 7.4 KB, so that the act fits into a body
/// and a chain. A room of ten thousand authors is closed by a hundred of them.
pub const ACT_LISTED: usize = 103;

/// Rulings of a room that are applied, the last ones: each is looked at for each message.
pub const RULINGS: usize = 64;

/// The longest slow mode, in seconds: a day.
pub const SLOW_S: u64 = 86_400;

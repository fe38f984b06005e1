//! Bounds on what is shown and kept at a terminal, each with the arithmetic that chose it.

use rumormill_api::TEXT_BYTES;

/// Bytes of a file read from the disk at once, to be sent: what a node writes at once.
pub(crate) const FILE_READ_BYTES: usize = 64 * 1024;

/// Lines typed or piped that wait to be said.
pub(crate) const TYPED_LINES: usize = 64;

/// Lines typed that are remembered from visit to visit.
pub(crate) const TYPED_LINES_KEPT: usize = 1_000;

/// Bytes of a line read from standard input: twice the largest text, for an order may stand before it. A longer one is refused.
pub(crate) const TYPED_BYTES: usize = 2 * TEXT_BYTES;

/// Lines that wait to be printed above the one being typed: what one gathering of events can tell, twice.
pub(crate) const PRINT_LINES: usize = 2 * EVENTS_AT_ONCE;

/// Lines shown at once: what fits on a large screen.
pub(crate) const SCREENFUL: usize = 50;

/// Events taken before what they tell is shown: as many as a node keeps for a reader.
pub(crate) const EVENTS_AT_ONCE: usize = 1024;

/// Milliseconds that late lines are gathered, so that a repair shows as one.
pub(crate) const LATE_MS: u64 = 300;

/// Milliseconds that a newcomer waits for the others before the first page is shown: LAN discovery takes up to 1.6 s, and the
/// newest page half a second more.
pub(crate) const FIND_MS: u64 = 2_500;

/// Peers whose coming and going is told: a screen has room for fewer.
pub(crate) const PEERS_NAMED: usize = 1024;

/// Milliseconds between two words on a long fetch.
pub(crate) const PROGRESS_MS: u64 = 1_000;

/// Own lines whose receipt is awaited at once: more than a screenful.
pub(crate) const RECEIPTS: usize = 64;

/// Milliseconds until an own line is shown with whatever receipt it has: above two round trips around the earth.
pub(crate) const RECEIPT_MS: u64 = 1_500;

/// Milliseconds that what may change receipts is gathered before they are looked up: ten look-ups a second.
pub(crate) const STIR_MS: u64 = 100;

/// Files that a terminal has asked for and not saved so far: as many as a node asks for.
pub(crate) const GETTING: usize = 64;

/// Milliseconds that leaving waits for what was said to reach somebody, and `send` for somebody to come: LAN
/// discovery takes up to 1.6 s, and a dial round the earth less than another.
pub const LEAVE_MS: u64 = 3_000;

/// Milliseconds that somebody is shown to write after it was told last: twice what lies between two tellings.
pub(crate) const TYPING_MS: u64 = 6_000;

/// People who are shown to write at once: more are no news.
pub(crate) const TYPISTS: usize = 16;

/// Milliseconds between two times that a screen tells that its person writes: what the node passes on.
pub(crate) const TYPING_EVERY_MS: u64 = 3_000;

/// Letters of a message that a desktop is asked to show: three lines.
pub(crate) const NOTIFIED_CHARS: usize = 160;

/// Messages of the open room that the terminal keeps: 50 screens of 100 lines. 5,000 of 100 bytes and the 400 of
/// their ids are 2.5 MB, of the largest texts 42 MB; other rooms keep none and read a page when they are opened.
pub(crate) const MESSAGES_KEPT: usize = 5_000;

/// Messages of a page that the terminal asks for: twice a large screen, so that one page up is there at once.
pub(crate) const PAGE_MESSAGES: usize = 100;

/// What a search may find: a screenful, newest first.
pub(crate) const HITS: usize = 50;

/// Rooms in the terminal's list, each with a line that was begun and not sent: 100 of [`TYPED_BYTES`] are 1.6 MB.
pub(crate) const ROOMS_LISTED: usize = 100;

/// Words of the program to the person that stay between the messages: two screens of errors.
pub(crate) const NOTES: usize = 200;

/// Requests that wait for their answer: a fast typist says ten lines a second, and an answer takes milliseconds.
pub(crate) const ASKS_WAITING: usize = 256;

/// Rows of a message that are shown until it is selected: 8 KiB of line breaks would be 340 screens.
pub(crate) const MESSAGE_ROWS: usize = 20;

/// Rows of the input line; what is beyond scrolls.
pub(crate) const INPUT_ROWS: usize = 5;

/// Different signs shown under a message, and characters of each: a row of 60 columns.
pub(crate) const SIGNS: usize = 10;
pub(crate) const SIGN_CHARS: usize = 12;

/// Code points of one character on the screen: the longest emoji have ten, piles of accents have hundreds and
/// would cover the rows above.
pub(crate) const GRAPHEME_CHARS: usize = 12;

/// Lines of a paste that are taken without a question.
pub(crate) const PASTE_LINES: usize = 3;

/// Milliseconds between two looks at the clock: what is read is told once a second.
pub(crate) const TICK_MS: u64 = 1_000;

/// Milliseconds that `join` looks for rooms on the LAN: discovery takes up to 1.6 s, and that much again.
pub const JOIN_LOOKS_MS: u64 = 3_200;

//! Bounds on what the terminal shows and keeps, each with the arithmetic that chose it.

use rumormill_api::TEXT_BYTES;

/// Bytes of a file to send that are read from the disk at once: as many as a node writes at once.
pub(crate) const FILE_READ_BYTES: usize = 64 * 1024;

/// Typed or piped lines that wait to be sent.
pub(crate) const TYPED_LINES: usize = 64;

/// Typed lines that are kept for later visits.
pub(crate) const TYPED_LINES_KEPT: usize = 1_000;

/// Bytes of a line read from standard input: twice the largest text, for an order may precede it. A longer line is
/// refused.
pub(crate) const TYPED_BYTES: usize = 2 * TEXT_BYTES;

/// Lines that wait to be printed above the line being typed: twice the lines of one batch of events.
pub(crate) const PRINT_LINES: usize = 2 * EVENTS_AT_ONCE;

/// Lines shown at once: what fits on a large screen.
pub(crate) const SCREENFUL: usize = 50;

/// Shown messages that a chat remembers: four pages, so that one which is read again has nothing that was forgotten.
pub(crate) const TOLD: usize = 4 * SCREENFUL;

/// People of whom it is told that something they said is held back: more names than that nobody reads.
pub(crate) const FOLDED_NAMED: usize = 50;

/// Events that are taken before they are shown: as many as a node keeps for a reader.
pub(crate) const EVENTS_AT_ONCE: usize = 1024;

/// Milliseconds that late lines are gathered, so that a repair shows as one.
pub(crate) const LATE_MS: u64 = 300;

/// Milliseconds that a newcomer waits for the others before the first page is shown: LAN discovery takes up to 1.6 s, and the
/// newest page half a second more.
pub(crate) const FIND_MS: u64 = 2_500;

/// Peers whose arrivals and departures are reported: more than fit on a screen.
pub(crate) const PEERS_NAMED: usize = 1024;

/// Milliseconds between two notices about a long fetch.
pub(crate) const PROGRESS_MS: u64 = 1_000;

/// My lines whose receipts are awaited at once: more than a screenful.
pub(crate) const RECEIPTS: usize = 64;

/// Milliseconds until a line of mine is shown with whatever receipt it has: above two round trips around the earth.
pub(crate) const RECEIPT_MS: u64 = 1_500;

/// Milliseconds until a line of mine is shown when nobody is here: as long as a receipt of somebody who just came
/// takes.
pub(crate) const ALONE_MS: u64 = 500;

/// Milliseconds that events which may change receipts are gathered before a check: ten checks a second.
pub(crate) const STIR_MS: u64 = 100;

/// Files that a terminal has requested and not saved so far: as many as a node fetches.
pub(crate) const GETTING: usize = 64;

/// Milliseconds that leaving waits for the last lines to reach somebody, and `send` for somebody to come: LAN discovery
/// takes up to 1.6 s, and a dial around the earth less than another.
pub const LEAVE_MS: u64 = 3_000;

/// Milliseconds that somebody is shown as typing after the last event: twice the interval of these events.
pub(crate) const TYPING_MS: u64 = 6_000;

/// People who are shown as typing at once: more is no useful information.
pub(crate) const TYPISTS: usize = 16;

/// Milliseconds between two reports that this person is typing: as often as the node passes them on.
pub(crate) const TYPING_EVERY_MS: u64 = 3_000;

/// Letters of a message in a desktop notification: three lines.
pub(crate) const NOTIFIED_CHARS: usize = 160;

/// Messages of the open room that the terminal keeps: 50 screens of 100 lines. 5,000 of 100 bytes and the 400 of
/// their ids are 2.5 MB, of the largest texts 42 MB; other rooms keep none and read a page when they are opened.
pub(crate) const MESSAGES_KEPT: usize = 5_000;

/// Messages in a page that the terminal requests: twice a large screen, so that one page up is there at once.
pub(crate) const PAGE_MESSAGES: usize = 100;

/// Most results of a search: a screenful, newest first.
pub(crate) const HITS: usize = 50;

/// Rooms in the terminal's list, each with an unsent line: 100 of [`TYPED_BYTES`] are 1.6 MB.
pub(crate) const ROOMS_LISTED: usize = 100;

/// Notes of the program that stay between the messages: two screens of errors.
pub(crate) const NOTES: usize = 200;

/// Requests that wait for their answer: a fast typist sends ten lines a second, and an answer takes milliseconds.
pub(crate) const ASKS_WAITING: usize = 256;

/// Rows of a message that are shown until it is selected: 8 KiB of line breaks would be 340 screens.
pub(crate) const MESSAGE_ROWS: usize = 20;

/// Rows of the input line; longer ones scroll.
pub(crate) const INPUT_ROWS: usize = 5;

/// Different signs shown under a message, and characters of each: a row of 60 columns.
pub(crate) const SIGNS: usize = 10;
pub(crate) const SIGN_CHARS: usize = 12;

/// Code points of one character on the screen: the longest emoji have ten, piles of accents have hundreds and
/// would cover the rows above.
pub(crate) const GRAPHEME_CHARS: usize = 12;

/// Lines of a paste that are accepted without a question.
pub(crate) const PASTE_LINES: usize = 3;

/// Milliseconds between two ticks of the clock: reading is reported once a second.
pub(crate) const TICK_MS: u64 = 1_000;

/// Milliseconds that `join` looks for rooms on the LAN: discovery takes up to 1.6 s, and that much again.
pub const JOIN_LOOKS_MS: u64 = 3_200;

/// Emoji that Tab offers for the beginning of a name, the best matches first.
pub(crate) const SIGNS_OFFERED: usize = 8;

/// Letters of a name that a search for emoji needs: one would find hundreds.
pub(crate) const SIGN_LETTERS: usize = 2;

/// Entries of a directory that Tab reads, and paths that it offers: nobody presses it more often.
pub(crate) const PATHS_LOOKED_AT: usize = 10_000;
pub(crate) const PATHS_OFFERED: usize = 50;

/// Rows that one notch of a mouse wheel scrolls, as elsewhere.
pub(crate) const WHEEL_ROWS: usize = 3;

/// Milliseconds between two lines of one author that stand under one name: after a longer pause the name is shown
/// again.
pub(crate) const TOGETHER_MS: u64 = 5 * 60_000;

/// Bytes of a link that is passed to the terminal: what the terminals that open links accept.
pub(crate) const LINK_BYTES: usize = 2_083;

/// Levels of quotes and lists that are shown: more would leave no room for words on 60 columns.
pub(crate) const QUOTES_SHOWN: usize = 6;

/// Milliseconds between two samples of `top`: as often as a person reads the numbers.
pub(crate) const SAMPLE_MS: u64 = 1_000;

/// Samples of `top` that are kept: times are told of the last minute. A sample of 64 rooms and 128 links takes 100 kB.
pub(crate) const SAMPLES: usize = 61;

/// Requests for private rooms that a list shows: half a screen.
pub(crate) const REQUESTS_LISTED: usize = 12;

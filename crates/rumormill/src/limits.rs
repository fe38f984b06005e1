//! Every bound of the binary, each with the arithmetic that chose it.

/// Milliseconds until connections are accepted again after the system had no descriptor to give.
pub(crate) const ACCEPT_AGAIN_MS: u64 = 100;

/// Authors with full shares that a room tells of: more than a person would look at; 200 bytes each.
pub(crate) const SHARES: usize = 32;

/// Pieces of one text that are set off from each other; a text of more is shown as it is. 1,000 of 60 bytes as JSON are 60 kB.
pub(crate) const SPANS: usize = 1_000;

/// How deep quotes and lists are shown: past that a column of text is too narrow to read.
pub(crate) const DEPTH: usize = 8;

/// Signs that are found at once, unless more are asked for: what fits below a line.
pub(crate) const SIGNS_FOUND: usize = 24;

/// Bytes at the beginning of a picture in which its size stands, behind what cameras write there: 64 kB twice.
pub(crate) const PICTURE_BYTES: u64 = 128 * 1024;

/// Lines of the timeline read at once: 256 of 100 bytes are 25 kB, of the largest body 2 MiB.
pub(crate) const PAGE_LINES: usize = 256;

/// Bytes of a file read from the disk at once, to be sent: what a node writes at once.
pub(crate) const FILE_READ_BYTES: usize = 64 * 1024;

/// Bytes of a name by which a file of others is saved: what every file system takes, 255, with room for ` (99)` behind it and
/// for one sign before it.
pub(crate) const FILE_NAME_BYTES: usize = 240;

/// Bytes of the end of a file's name that says what the file is, with its dot; what is longer is no such end.
pub(crate) const FILE_END_BYTES: usize = 16;

/// Lines typed or piped that wait to be said.
pub(crate) const TYPED_LINES: usize = 64;

/// Lines typed that are remembered from visit to visit.
pub(crate) const TYPED_LINES_KEPT: usize = 1_000;

/// Bytes of a line read from standard input: twice the largest text, so that a longer one is refused as one.
pub(crate) const TYPED_BYTES: u64 = 2 * 8 * 1024;

/// Lines that wait to be printed above the one being typed: what one gathering of events can tell, twice.
pub(crate) const PRINT_LINES: usize = 2 * EVENTS_AT_ONCE;

/// Characters of a name that are shown.
pub(crate) const NICK_CHARS: usize = 24;

/// Lines shown at once: what fits on a large screen.
pub(crate) const SCREENFUL: usize = 50;

/// Events taken before what they tell is shown: as many as a node keeps for a reader.
pub(crate) const EVENTS_AT_ONCE: usize = 1024;

/// Milliseconds that late lines are gathered, so that a repair shows as one.
pub(crate) const LATE_MS: u64 = 300;

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
pub(crate) const LEAVE_MS: u64 = 3_000;

/// Bytes of a room's name: a line on any screen, in any script.
pub(crate) const NAME_BYTES: usize = 120;

/// Places of lines that `log --follow` remembers to have printed: four times the events a node keeps for a reader.
pub(crate) const PRINTED: usize = 4096;

/// Clients served at once over each door: a person's pages, bots and scripts, 32 of them, four connections each; 4 MiB
/// of buffers at most.
pub(crate) const CLIENTS: usize = 128;

/// Milliseconds a client has to say what it wants: a line over the slowest path to this very machine.
pub(crate) const HEADER_MS: u64 = 5_000;

/// Bytes of the head of a request: a browser's are 1 KiB.
pub(crate) const HEADER_BYTES: usize = 32 * 1024;

/// Bytes of the body of a request: 128 lines of half a KiB, or seven of the largest texts.
pub(crate) const REQUEST_BYTES: usize = 64 * 1024;

/// Lines said by one request: two runs.
pub(crate) const LINES_AT_ONCE: usize = 128;

/// Codes that are good at once: a person opens a page or two.
pub(crate) const CODES: usize = 16;

/// Milliseconds that a code is good: as long as one takes to open a link.
pub(crate) const CODE_MS: u64 = 600_000;

/// Pages that are signed in at once: a browser has one token, whatever number of windows, and a person a browser or two on
/// each of a few machines that lead here by `ssh -L`.
pub(crate) const PAGES: usize = 16;

/// Events kept for a slow listener, who is then told how many it missed: 1 KiB each, 1 MiB.
pub(crate) const HEARD: usize = 1024;

/// Milliseconds between two times that a room tells how it stands.
pub(crate) const ROOM_EVERY_MS: u64 = 250;

/// As many for each peer that is told of with it, 250 bytes each: 12 KiB a second at most, to each who listens.
pub(crate) const ROOM_PEER_MS: u64 = 20;

/// My latest texts of a room whose holders are told as they change: a screen of them.
pub(crate) const WATCHED: usize = 24;

/// Messages of others behind the unread marker that are counted; what is beyond is "many".
pub(crate) const UNREAD: usize = 100;

/// People of a room that are listed: who is here, and others by name; 200 bytes each, 200 kB.
pub(crate) const PEOPLE: usize = 1_000;

/// People who are hidden in a room: who has more of them leaves it. 64 bytes each, 16 kB a room.
pub(crate) const HIDDEN: usize = 256;

/// Milliseconds that somebody is shown to write after it was told last: twice what lies between two tellings.
pub(crate) const TYPING_MS: u64 = 6_000;

/// People who are shown to write at once: more are no news.
pub(crate) const TYPISTS: usize = 16;

/// Milliseconds between two times that a screen tells that its person writes: what the node passes on.
pub(crate) const TYPING_EVERY_MS: u64 = 3_000;

/// Letters of a message that a desktop is asked to show: three lines.
pub(crate) const NOTIFIED_CHARS: usize = 160;

/// Letters of what a reply answers: a line of a terminal.
pub(crate) const QUOTED_CHARS: usize = 80;

/// Messages of the open room that the terminal keeps: 50 screens of 100 lines. 5,000 of 100 bytes and the 400 of
/// their ids are 2.5 MB, of the largest texts 42 MB; other rooms keep none and read a page when they are opened.
pub(crate) const MESSAGES_KEPT: usize = 5_000;

/// Messages of a page that the terminal asks for: twice a large screen, so that one page up is there at once.
pub(crate) const PAGE_MESSAGES: usize = 100;

/// What a search may find: a screenful, newest first.
pub(crate) const HITS: usize = 50;

/// Rooms in the terminal's list, each with a line that was begun and not sent: 100 of [`TYPED_BYTES`] are 1.6 MB.
pub(crate) const ROOMS_LISTED: usize = 100;

/// Hexadecimal digits of an id.
pub(crate) const ID_DIGITS: usize = 64;

/// People who are listed where a word may mean several of them: two lines of a terminal.
pub(crate) const NAMED_AT_ONCE: usize = 8;

/// People of the open room that the terminal knows by name: as many as a node remembers nicks, 200 bytes each are
/// 2 MB. Who is beyond is shown with the beginning of their id.
pub(crate) const PEOPLE_KNOWN: usize = 10_000;

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

/// Milliseconds that the process which has the home open may take to open its socket, or to end.
pub(crate) const OWNER_MS: u64 = 5_000;

/// Milliseconds until it is asked again.
pub(crate) const OWNER_AGAIN_MS: u64 = 50;

/// Milliseconds that rooms are looked for on the LAN at most: a person waits no longer.
pub(crate) const NEARBY_WAIT_MS: u64 = 10_000;

/// Milliseconds that `join` looks for rooms on the LAN: discovery takes up to 1.6 s, and that much again.
pub(crate) const JOIN_LOOKS_MS: u64 = 3_200;

/// Bytes of a configuration: a hundred times what it can say.
pub(crate) const CONFIG_BYTES: u64 = 64 * 1024;

/// Bytes of a profile's name, which becomes a directory.
pub(crate) const PROFILE_BYTES: usize = 32;

/// Bytes of an export that are gathered before they are sent: as many as a pipe takes.
pub(crate) const EXPORT_PIECE_BYTES: usize = 64 * 1024;

/// Pieces of an export that wait for a slow reader.
pub(crate) const EXPORT_PIECES: usize = 2;

/// Bytes of a line of an import: the largest text of 8 KiB, every byte of it written as six, its bytes once more in
/// base64, and what it names as seen; rounded up.
pub(crate) const IMPORT_LINE_BYTES: usize = 128 * 1024;

/// Bytes of runs that are given to a room at once: some 4,000 ordinary entries, one commit.
pub(crate) const IMPORT_STEP_BYTES: usize = 512 * 1024;

/// Lines of other systems that are said at once: eight runs, one commit.
pub(crate) const IMPORT_SAYINGS: usize = 512;

/// Bytes of sayings that are said at once.
pub(crate) const IMPORT_SAYING_BYTES: usize = 1024 * 1024;

/// Lines of a foreign file that make no sense and are named by number; the rest is counted.
pub(crate) const MALFORMED_NAMED: usize = 5;

/// Bytes of one event of a foreign export: 64 times what a Matrix server takes, and a post of Mattermost with a thousand
/// answers; read into memory it takes up to sixteen times as much.
pub(crate) const FOREIGN_EVENT_BYTES: usize = 4 * 1024 * 1024;

/// Files of one channel of a Slack export: a day each, thirty years.
pub(crate) const SLACK_DAYS: usize = 11_000;

/// Changed events and taken back ones of a Matrix export that are remembered between two walks: 200 bytes each, 20 MB.
pub(crate) const FOREIGN_CHANGES: usize = 100_000;

/// Bytes of the texts of those changes.
pub(crate) const FOREIGN_CHANGES_BYTES: usize = 32 * 1024 * 1024;

/// Messages of a foreign export that are put in order in memory: 300 bytes each, 60 MB.
pub(crate) const FOREIGN_SORTED: usize = 200_000;

/// Bytes of the texts of those messages.
pub(crate) const FOREIGN_SORTED_BYTES: usize = 64 * 1024 * 1024;

/// Signs of their own that users of WeeChat put before what happens: it has six.
pub(crate) const FOREIGN_PREFIXES: usize = 32;

/// People of a foreign export whose names are remembered: the largest workspaces; 100 bytes each.
pub(crate) const FOREIGN_PEOPLE: usize = 200_000;

/// Milliseconds that a repair waits without anything coming: longer than a round and two wants that come to nothing.
pub(crate) const RESYNC_MS: u64 = 10_000;

/// Bytes of a file that are looked at for what it is: more than any export begins with before its first message.
pub(crate) const FOREIGN_GUESS_BYTES: u64 = 1024 * 1024;

/// Bytes of a log that are looked at for the encoding of what is no UTF-8: years of a quiet channel.
pub(crate) const FOREIGN_SAMPLE_BYTES: u64 = 4 * 1024 * 1024;

/// Logs of one directory that are imported together: a file a day for thirty years.
pub(crate) const IMPORT_FILES: usize = 11_000;

/// Bytes of a text in which a ticket is looked for: a long mail.
pub(crate) const PASTED_BYTES: usize = 16 * 1024;

/// Pieces that a ticket may be wrapped into: the longest, of eight contacts, has some 1,800 letters, 30 lines of mail.
pub(crate) const PASTED_PIECES: usize = 64;

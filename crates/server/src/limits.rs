//! Bounds on the cost of answers, each with the arithmetic that chose it.

/// Formatted pieces of one text; a text with more is shown unformatted. 1,000 of 60 bytes as JSON are 60 kB.
pub(crate) const SPANS: usize = 1_000;

/// Depth of quotes and lists: past that a column of text is too narrow to read.
pub(crate) const DEPTH: usize = 8;

/// Emoji that one search returns by default: as many as fit below a line.
pub(crate) const SIGNS_FOUND: usize = 24;

/// Bytes at the beginning of a picture that are read for its size, which follows the metadata of cameras: 64 kB twice.
pub(crate) const PICTURE_BYTES: u64 = 128 * 1024;

/// Milliseconds until connections are accepted again after the system had no descriptor to give.
pub(crate) const ACCEPT_AGAIN_MS: u64 = 100;

/// Authors with full shares that a room lists: more than a person would look at; 200 bytes each.
pub(crate) const SHARES: usize = 32;

/// Lines of the timeline read at once: 256 of 100 bytes are 25 kB, of the largest body 2 MiB.
pub(crate) const PAGE_LINES: usize = 256;

/// Bytes of a room's name: a line on any screen, in any script.
pub(crate) const NAME_BYTES: usize = 120;

/// Clients served at once over each listener: a person's pages, bots and scripts, 32 of them, four connections each; 4
/// MiB of buffers at most.
pub(crate) const CLIENTS: u32 = 128;

/// Milliseconds that a client has to send a request before another can take its place: many turns of a busy machine.
pub(crate) const HEARD_MS: u64 = 100;

/// Milliseconds that answers under way may take when the home closes: a commit of a slow disk, twenty times.
pub(crate) const LAST_ANSWERS_MS: u64 = 1_000;

/// Milliseconds a client has to send the head of a request: a line over the slowest path within this machine.
pub(crate) const HEADER_MS: u64 = 5_000;

/// Bytes of the head of a request: a browser's are 1 KiB.
pub(crate) const HEADER_BYTES: usize = 32 * 1024;

/// Bytes of the body of a request: 128 lines of half a KiB, or seven of the largest texts.
pub(crate) const REQUEST_BYTES: usize = 64 * 1024;

/// Bytes of a request that brings a backup: the largest one, of 47 MiB, takes 4 letters for 3 bytes and 66 for 64 letters.
pub(crate) const RESTORE_BYTES: usize = 72 << 20;

/// Codes that are valid at once: a person opens a page or two.
pub(crate) const CODES: usize = 16;

/// Milliseconds that a code is valid: as long as a person takes to open a link.
pub(crate) const CODE_MS: u64 = 600_000;

/// Pages that are signed in at once: a browser has one token, whatever number of windows, and a person a browser or two on
/// each of a few machines that lead here by `ssh -L`.
pub(crate) const PAGES: usize = 16;

/// Events that a listener may lag behind, shared by all listeners: 1 KiB each, 1 MiB.
pub(crate) const HEARD: usize = 1024;

/// Bytes of recent events for readers that resume or were too slow: 4,000 messages of 1 KiB, an hour of ten rooms with
/// ten busy people each.
pub(crate) const RECENT_BYTES: usize = 4 * 1024 * 1024;

/// Milliseconds for which events are kept after the last listener has gone: a bot that restarts is back by then.
pub(crate) const COME_BACK_MS: u64 = 600_000;

/// Milliseconds without an event after which a listener receives an empty one with its current id.
pub(crate) const ALIVE_MS: u64 = 15_000;

/// Milliseconds between two status events of a room.
pub(crate) const ROOM_EVERY_MS: u64 = 250;

/// The same for each peer in the event, 250 bytes each: at most 12 KiB a second to each listener.
pub(crate) const ROOM_PEER_MS: u64 = 20;

/// My latest texts of a room whose holders are reported as they change: a screen of them.
pub(crate) const WATCHED: usize = 24;

/// Messages of others after the unread marker that are counted; more are "many".
pub(crate) const UNREAD: usize = 100;

/// People of a room that are listed: those present, and others by name; 200 bytes each, 200 kB.
pub(crate) const PEOPLE: usize = 1_000;

/// Groups of five digits in a safety number: 199 bits, beyond any search for a key with the same.
pub(crate) const SAFETY_GROUPS: usize = 12;

/// People who are hidden or verified in a room: a user who wants to hide more will rather leave it. 64 bytes each, 16 kB
/// a room.
pub(crate) const CHOSEN: usize = 256;

/// Private rooms that are remembered because they were declined, and because they were left. 64 bytes each.
pub(crate) const DECLINED: usize = 1_024;

/// Machines of this person that a home knows: in each room eight devices count. 100 bytes a room and machine.
pub(crate) const DEVICES: usize = 16;

/// Time between two looks at what the other machines are to be told, and told: a marker that moves with every message is
/// one small entry in that time.
pub(crate) const STEP_EVERY_MS: u64 = 2_000;

/// Bytes of what one machine told the others that are kept: 40,000 notes of a hundred bytes, a quarter of a year of somebody
/// who reads on all day. A machine that was away for longer is linked anew.
pub(crate) const STEP_BYTES: u64 = 4 * 1024 * 1024;

/// Things of which it is remembered when the machines last told each other about them; 150 bytes each.
pub(crate) const STEP_THINGS: usize = 16_384;

/// Letters of the name of a machine: a few words.
pub(crate) const DEVICE_NAME_CHARS: usize = 40;

/// Most milliseconds to look for rooms on the LAN: a person waits no longer.
pub(crate) const NEARBY_WAIT_MS: u64 = 10_000;

/// Letters quoted from the answered message: a line of a terminal.
pub(crate) const QUOTED_CHARS: usize = 80;

/// Bytes of an export that are gathered before they are sent: as many as a pipe buffers.
pub const EXPORT_PIECE_BYTES: usize = 64 * 1024;

/// Pieces of an export that wait for a slow reader.
pub const EXPORT_PIECES: usize = 2;

/// Bytes of runs that are passed to a room at once: some 4,000 ordinary entries, one commit.
pub(crate) const IMPORT_STEP_BYTES: usize = 512 * 1024;

/// Imported lines of other systems that are said at once: eight runs, one commit.
pub(crate) const IMPORT_SAYINGS: usize = 512;

/// Bytes of texts that are said at once.
pub(crate) const IMPORT_SAYING_BYTES: usize = 1024 * 1024;

/// Milliseconds that a repair waits while nothing comes: longer than a round and two wants that bring nothing.
pub(crate) const RESYNC_MS: u64 = 10_000;

/// Webhooks of a home: one for each program and room that a person wires together; 1 kB each.
pub(crate) const HOOKS: usize = 32;

/// Bytes of a webhook's URL, and of all words that it looks for.
pub(crate) const HOOK_URL_BYTES: usize = 2_048;

/// Words that a webhook looks for.
pub(crate) const HOOK_WORDS: usize = 32;

/// Messages that a webhook reads at once: 2 MiB of the largest texts.
pub(crate) const HOOK_DUE: usize = 256;

/// Pieces of one log that a webhook has dealt with: each hole between them is what one absence left to be fetched, and is
/// closed when it is. 16 bytes each.
pub(crate) const HOOK_RANGES: usize = 64;

/// Milliseconds that what happens in a room is gathered before a webhook looks at it: ten looks a second, each of which
/// reads a row for every log.
pub(crate) const HOOK_EVERY_MS: u64 = 100;

/// Milliseconds that the receiver of a webhook has to answer: what others give theirs.
pub(crate) const HOOK_ANSWER_MS: u64 = 10_000;

/// How often a message is posted to the URL of a webhook before it is given up.
pub(crate) const HOOK_TRIES: usize = 10;

/// Milliseconds before it is posted again, at first; each try doubles them. Ten tries take eight and a half minutes, as a
/// restart of a machine does at worst.
pub(crate) const HOOK_AGAIN_MS: u64 = 1_000;

/// The longest of these pauses.
pub(crate) const HOOK_AGAIN_MOST_MS: u64 = 600_000;

/// Bots of a home: one for each program of a person that talks under a name of its own. Each costs a node: a thread, 20
/// descriptors and 6 MB, so all of them stay within the 1,024 descriptors that a process usually may have.
pub(crate) const BOTS: usize = 16;

/// Bytes of a bot's name, which is also a directory and a nick.
pub(crate) const BOT_NAME_BYTES: usize = 32;

/// Authors whose rate is tracked at once: those of 256 rooms; 80 bytes each.
pub(crate) const PACED: usize = 256;

// The bounds of the contract match those of entries.
const _: () = {
    use rumormill_node::proto::limits;
    assert!(rumormill_api::RUN_LINES as u64 == limits::BLOCK);
    assert!(rumormill_api::RUNS_AT_ONCE == rumormill_node::limits::PUSHES_AT_ONCE);
    assert!(rumormill_api::RUNS_PER_S == rumormill_node::limits::PUSHES_PER_S);
    assert!(rumormill_node::ONCE == 16_384, "as the description says");
    assert!(rumormill_api::MENTIONS == limits::MENTIONS);
    assert!(rumormill_api::TEXT_BYTES == limits::BODY_BYTES);
    assert!(rumormill_api::NICK_BYTES == limits::NAME_BYTES);
    assert!(BOT_NAME_BYTES <= limits::NAME_BYTES);
};

/// Reports that came and are kept; beyond, the oldest go. 700 bytes each.
pub(crate) const REPORTS_KEPT: usize = 256;

/// Reports of ours that wait for somebody to take them.
pub(crate) const REPORTS_WAITING: usize = 64;

/// Held messages that are listed at once.
pub(crate) const HELD: usize = 50;

/// Messages among the newest of an open room in which those are looked for that are held back: pages, and messages of each.
/// Together some thousand, as in a closed room.
pub(crate) const HELD_PAGES: usize = 8;
pub(crate) const HELD_AT_ONCE: usize = 250;

/// The minute within which messages of one author are a flood.
pub(crate) const MINUTE_MS: u64 = 60_000;

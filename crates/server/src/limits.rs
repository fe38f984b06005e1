//! Bounds on what answering may cost, each with the arithmetic that chose it.

/// Pieces of one text that are set off from each other; a text of more is shown as it is. 1,000 of 60 bytes as JSON are 60 kB.
pub(crate) const SPANS: usize = 1_000;

/// How deep quotes and lists are shown: past that a column of text is too narrow to read.
pub(crate) const DEPTH: usize = 8;

/// Signs that are found at once, unless more are asked for: what fits below a line.
pub(crate) const SIGNS_FOUND: usize = 24;

/// Bytes at the beginning of a picture in which its size stands, behind what cameras write there: 64 kB twice.
pub(crate) const PICTURE_BYTES: u64 = 128 * 1024;

/// Milliseconds until connections are accepted again after the system had no descriptor to give.
pub(crate) const ACCEPT_AGAIN_MS: u64 = 100;

/// Authors with full shares that a room tells of: more than a person would look at; 200 bytes each.
pub(crate) const SHARES: usize = 32;

/// Lines of the timeline read at once: 256 of 100 bytes are 25 kB, of the largest body 2 MiB.
pub(crate) const PAGE_LINES: usize = 256;

/// Bytes of a room's name: a line on any screen, in any script.
pub(crate) const NAME_BYTES: usize = 120;

/// Clients served at once over each door: a person's pages, bots and scripts, 32 of them, four connections each; 4 MiB
/// of buffers at most.
pub(crate) const CLIENTS: u32 = 128;

/// Milliseconds that a client has to ask for something before another can take its place: many turns of a busy machine.
pub(crate) const HEARD_MS: u64 = 100;

/// Milliseconds that answers on their way may take when the home is let go: a commit of a slow disk, twenty times.
pub(crate) const LAST_ANSWERS_MS: u64 = 1_000;

/// Milliseconds a client has to say what it wants: a line over the slowest path to this very machine.
pub(crate) const HEADER_MS: u64 = 5_000;

/// Bytes of the head of a request: a browser's are 1 KiB.
pub(crate) const HEADER_BYTES: usize = 32 * 1024;

/// Bytes of the body of a request: 128 lines of half a KiB, or seven of the largest texts.
pub(crate) const REQUEST_BYTES: usize = 64 * 1024;

/// Codes that are good at once: a person opens a page or two.
pub(crate) const CODES: usize = 16;

/// Milliseconds that a code is good: as long as one takes to open a link.
pub(crate) const CODE_MS: u64 = 600_000;

/// Pages that are signed in at once: a browser has one token, whatever number of windows, and a person a browser or two on
/// each of a few machines that lead here by `ssh -L`.
pub(crate) const PAGES: usize = 16;

/// Events that a slow listener may be behind, told once for all who listen: 1 KiB each, 1 MiB.
pub(crate) const HEARD: usize = 1024;

/// Bytes of the latest events, for who comes back after a break or was too slow: 4,000 messages of 1 KiB, which is what
/// ten rooms of ten busy people say in an hour.
pub(crate) const RECENT_BYTES: usize = 4 * 1024 * 1024;

/// Milliseconds after the last listener has gone that events are put into words still: a bot that is restarted and a
/// laptop that changes its network are back by then.
pub(crate) const COME_BACK_MS: u64 = 600_000;

/// Milliseconds without an event after which a listener is told that there is none, and its place among those of other rooms.
pub(crate) const ALIVE_MS: u64 = 15_000;

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

/// Milliseconds that rooms are looked for on the LAN at most: a person waits no longer.
pub(crate) const NEARBY_WAIT_MS: u64 = 10_000;

/// Letters of what a reply answers: a line of a terminal.
pub(crate) const QUOTED_CHARS: usize = 80;

/// Bytes of an export that are gathered before they are sent: as many as a pipe takes.
pub const EXPORT_PIECE_BYTES: usize = 64 * 1024;

/// Pieces of an export that wait for a slow reader.
pub const EXPORT_PIECES: usize = 2;

/// Bytes of runs that are given to a room at once: some 4,000 ordinary entries, one commit.
pub(crate) const IMPORT_STEP_BYTES: usize = 512 * 1024;

/// Lines of other systems that are said at once: eight runs, one commit.
pub(crate) const IMPORT_SAYINGS: usize = 512;

/// Bytes of sayings that are said at once.
pub(crate) const IMPORT_SAYING_BYTES: usize = 1024 * 1024;

/// Milliseconds that a repair waits without anything coming: longer than a round and two wants that come to nothing.
pub(crate) const RESYNC_MS: u64 = 10_000;

/// Authors whose pace is watched at once: those of 256 rooms; 80 bytes each.
pub(crate) const PACED: usize = 256;

// What the contract says is what entries hold.
const _: () = {
    use rumormill_node::proto::limits;
    assert!(rumormill_api::RUN_LINES as u64 == limits::BLOCK);
    assert!(rumormill_api::RUNS_AT_ONCE == rumormill_node::limits::PUSHES_AT_ONCE);
    assert!(rumormill_api::RUNS_PER_S == rumormill_node::limits::PUSHES_PER_S);
    assert!(rumormill_node::ONCE == 16_384, "as the description says");
    assert!(rumormill_api::MENTIONS == limits::MENTIONS);
    assert!(rumormill_api::TEXT_BYTES == limits::BODY_BYTES);
    assert!(rumormill_api::NICK_BYTES == limits::NAME_BYTES);
};

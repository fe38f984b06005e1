//! Every bound of the node, each with the arithmetic that chose it.

use std::time::Duration;

use rumormill_proto::limits::{BODY_BYTES, CHAIN_BYTES, FRAME_BYTES};

/// Rooms of one node. An idle one takes some 70 kB, and 120 kB once it is linked: ten thousand are a gigabyte, which a machine
/// that keeps so many has.
pub const ROOMS: usize = 10_000;

/// Rooms that a node announces at once to a peer that dials it, 32 bytes each: 2 KiB. It announces others when the peer
/// does, who knows where it dials.
pub const GREETED: usize = 64;

/// Rooms that a node announces at once to a peer that it dials, because that peer is known in them: 64 KiB, in four greetings.
/// It announces others when the peer does.
pub const GREETED_DIALLED: usize = 2048;

/// Tags of one greeting come in multiples of this, so their number reveals little about how many rooms the sender is
/// in.
pub const TAG_GROUP: usize = 8;

/// Tags of one greeting: 16 KiB.
pub const GREETING_TAGS: usize = 512;

/// Tags that a peer may announce over one connection: a thousand rooms at once, and four hundred entered one after the
/// other. 32 bytes on the wire and 100 in memory each: 400 kB of a peer that announces as many as it may.
pub const TAGS: usize = 4096;

/// Rooms that one machine of a person hands to another.
pub const LINK_ROOMS: usize = 1024;

/// Bytes of one envelope on the live stream: the largest frame and its channel number.
pub const ENVELOPE_BYTES: usize = FRAME_BYTES + 10;

/// Bytes of envelopes that wait for one peer to read. A live room of 100 messages of 200 bytes a second fills them in
/// 13 s; anti-entropy later feeds a link that takes nothing for that long. An envelope that begins below the bound may
/// pass it.
pub const OUTBOUND_BYTES: usize = 256 * 1024;

/// Bytes of these that push entries of one author: a quarter, so that a flooding author delays others by a quarter at
/// most.
pub const OUTBOUND_AUTHOR_BYTES: usize = OUTBOUND_BYTES / 4;

/// Envelopes that wait for one peer to read: as many of 64 bytes as fill [`OUTBOUND_BYTES`].
pub const OUTBOUND_ENVELOPES: usize = 4096;

/// Bytes of received frames of one peer that wait for the driver, by the memory estimate in `link.rs`: two of the
/// largest frames.
pub const LINK_INBOX_BYTES: usize = 2 * FRAME_BYTES;

/// The same for pushes of one author: a quarter, so that a flooding author does not stop others on the same link. It
/// holds the pushes of a third of a second at 2,000 a second. The node drops more, and anti-entropy brings them.
pub const AUTHOR_INBOX_BYTES: usize = LINK_INBOX_BYTES / 4;

/// Runs of one author that are pushed to us over one link at once: a page that a person pastes line by line.
pub const PUSHES_AT_ONCE: u32 = 256;

/// The same for each second after that: ten times a fast bot. A push costs its receiver, and each peer that the
/// receiver tells, some 150 µs: 2 % of a core. Anti-entropy brings entries that are pushed faster.
pub const PUSHES_PER_S: u32 = 128;

/// Authors whose pace is remembered for each link: those that pushed within the last 8 ms each. 12 kB.
pub const PACED: usize = 256;

/// The same for all peers together: a dozen peers at once may have as much waiting as they can, and it stays within 16
/// MiB.
pub const INBOX_BYTES: usize = 16 * 1024 * 1024;

/// The memory that an entry takes beside its body once it is read, for the estimates above.
pub const ENTRY_BYTES: usize = 128;

/// Commands of people and of the node itself that wait for the driver; frames of peers wait elsewhere. 100 bytes each.
/// A caller with one more waits.
pub const COMMANDS: usize = 4096;

/// Controls of one peer that wait for the driver: a proof for each of 64 rooms, and as many greetings, addresses and
/// introductions again as honest peers send. A peer with one more waits.
pub const LINK_CONTROLS: usize = 512;

/// Frames of peers that the driver takes before it commits. A commit costs about one millisecond, and a hundred entries
/// as much again; beyond that, waiting for more gains little and delays the frames that are ready.
pub const BATCH_PEERS: usize = 512;

/// Pushes of one author among them: 6 ms of work, a signature each. A caller who says something meanwhile waits no
/// longer, and the commit costs a fifth of that.
pub const BATCH_OF_AUTHOR: usize = 64;

/// Runs of answers among them, and as many more as the last frame brings: as much work, a signature each. Honest
/// answers bring blocks: four thousand entries.
pub const BATCH_ANSWERED: usize = 64;

/// The same while people talk: their messages then wait for at most one frame of an answer.
pub const BATCH_ANSWERED_BESIDE: usize = 8;

/// How long after a push people count as talking: longer than most pauses between lines that people wait for.
pub const TALK: Duration = Duration::from_secs(2);

/// Bytes of frames that the driver takes before it commits: a few thousand entries of 200 bytes.
pub const BATCH_BYTES: usize = 1024 * 1024;

/// Sayings of one room that have no place yet. At 8 KiB each they are 8 MiB at most.
pub const SAYINGS: usize = 1024;

/// Orders of people and of the node itself that wait in one closed room. Each is an entry of its own: a commit, 64 of which
/// take a tenth of a second.
pub const ORDERS: usize = 64;

/// Bytes of the words of a report: a paragraph.
pub const REPORT_BYTES: usize = 512;

/// Reports of one member that a governor's node takes in an hour; more are dropped.
pub const REPORTS_AN_HOUR: usize = 20;

/// Entries of a log among which the messages of a minute are counted: four times as many as can be asked for, so that what
/// somebody reacts to and edits meanwhile does not hide a flood.
pub const LOOKED_BACK: u64 = 256;

/// Pages of the timeline in which held messages are looked for: some thousand messages.
pub const HELD_PAGES: usize = 16;

/// How long an order waits that the engine does not take yet, because words of ours wait that it has to name.
pub const ORDER_AGAIN_MS: u64 = 100;

/// How many people the ticket lets in that a member hands out: a room of friends, and a raid that somebody can undo.
pub const TICKET_USES: u64 = 200;

/// A node lets in somebody whom it is not linked with after this and up to twice as long, if nobody did before: a rumor
/// has crossed the room by then, so mostly one member says welcome.
pub const WELCOME_LATER_MS: u64 = 2_000;

/// News kept for a slow reader of a room's events, before it loses some and learns how many: seconds of a busy room.
/// Their bodies take 8 MiB at most.
pub const EVENTS: usize = 1024;

/// Bytes of one text.
pub const TEXT_BYTES: usize = BODY_BYTES;

/// Notes about one message that are read: reactions of as many people as a screen can name; 200 bytes each.
pub const NOTES: usize = 512;

/// How often entries over the bounds of a room are dropped.
pub const EXPIRE_EVERY: Duration = Duration::from_secs(60);

/// Entries that are dropped at once: 20 ms of the driver.
pub const EXPIRE_ENTRIES: usize = 1_000;

/// Rows of a room that was left which are deleted at once: 64 runs of the largest blocks are 35 MB, of ordinary ones 1
/// MB.
pub const SWEEP_ROWS: usize = 64;

/// Entries or messages of one page, search or export step: a megabyte of texts of 200 bytes.
pub const PAGE_LINES: usize = 5_000;

/// Connections on which rooms are shared, whichever side dialled: all that others may choose of one room, and as many
/// again for rooms beside it. Past it the room with the most connections gives one up. Idle ones cost 100 kB each: 12.8
/// MB.
pub const LINKS: usize = 128;

/// Accepted connections that share no room yet: those that [`HANDSHAKES_PER_S`] lets in while an honest newcomer
/// greets, over three round trips of half a second. Past it the oldest yields. With [`STRANGER_WINDOW_BYTES`] each they
/// hold 8 MiB.
pub const STRANGERS: usize = 32;

/// Handshakes that strangers get a second, and at once after a pause: a room of 32 that restarts at one moment. A
/// handshake costs under 1 ms of a core: 2 %.
pub const HANDSHAKES_PER_S: u32 = 20;

/// See [`HANDSHAKES_PER_S`].
pub const HANDSHAKES_AT_ONCE: u32 = 32;

/// Those of them that an address leaves to others when it had one lately: half, so that an address that comes for the
/// first time finds some, however often others come again.
pub const HANDSHAKES_LEFT_BY_SOCKET: u32 = HANDSHAKES_AT_ONCE / 2;

/// The same when only another port of its host had one lately: a quarter.
pub const HANDSHAKES_LEFT_BY_HOST: u32 = HANDSHAKES_AT_ONCE / 4;

/// Strangers' addresses that are remembered because they had a handshake lately: those of 12 s of a flood. 16 kB.
pub const LATELY: usize = 256;

/// Handshakes under way at once, of strangers and of familiar addresses apart. Past it the oldest yields. Each holds
/// some 50 kB: 6.4 MB.
pub const HANDSHAKES: usize = 64;

/// Familiar addresses, from which a room was shared: as many as eight restarts of [`LINKS`] peers leave. 64 kB.
pub const FAMILIAR: usize = 1024;

/// Handshakes that each familiar address gets a second, and at once, beside those of strangers: for a peer that both
/// sides dial, and that comes back. Beyond that it is a stranger.
pub const FAMILIAR_PER_S: u32 = 1;

/// See [`FAMILIAR_PER_S`].
pub const FAMILIAR_AT_ONCE: u32 = 4;

/// A connection on which no room is shared by then is closed, whatever else was said on it.
pub const GREETING_DEADLINE: Duration = Duration::from_secs(5);

/// Peers of a room whose failed dials are counted: more than a person would look at; 300 bytes each.
pub const SOUGHT: usize = 32;

/// Characters of the reason why a dial failed.
pub const WHY_CHARS: usize = 200;

/// A dial without a connection by then has failed. A round trip around the earth with one lost packet is under 2 s.
pub const DIAL_DEADLINE: Duration = Duration::from_secs(4);

/// The round trip that is assumed of a peer: with the usual 333 ms a lost first packet costs a second.
pub const ROUND_TRIP: Duration = Duration::from_millis(100);

/// The same for a peer known only from hearsay.
pub const TOLD_ROUND_TRIP: Duration = Duration::from_millis(333);

/// [`DIAL_DEADLINE`] for a peer known only from hearsay: until a packet would be sent a second time to a host that may
/// never have asked for it. A node that closes waits three times as long for a dial that it has just given up.
pub const TOLD_DEADLINE: Duration = Duration::from_millis(990);

/// Dials under way at once for one room: with half of 32 known peers away, all are tried within two deadlines.
pub const DIALS_OF_ROOM: usize = 16;

/// Dials under way at once, and dialled connections that have not greeted us. A room that knows only dead peers leaves
/// half of them to other rooms, which take turns at the rest.
pub const DIALS: usize = 2 * DIALS_OF_ROOM;

/// Dials of one peer at once, by addresses of its that different rooms know: an old one, a new one, and that again.
pub const WAYS: usize = 4;

/// Dials of one room that wait for their turn. If there is one more, the engine learns that the peer is unreachable.
pub const DIALS_WAITING: usize = 64;

/// How long a peer that sent bytes that no honest peer sends is refused. It doubles each time.
pub const BAR: Duration = Duration::from_secs(60);

/// The longest bar: an address that changes hands is usable again after an hour.
pub const BAR_LONGEST: Duration = Duration::from_secs(3600);

/// Peers barred at once. Past it the node forgets the one whose bar ends first. 64 kB.
pub const BARS: usize = 1024;

/// Tried addresses that were hearsay: as many as a restarting room of 32 reports in an hour; 80 bytes each.
pub const TOLD_TRIED: usize = 4096;

/// How long such an address is not tried again when nobody answered there.
pub const TOLD_AGAIN: Duration = Duration::from_secs(3600);

/// Socket addresses of one contact: a few networks of either family.
pub const SOCKET_ADDRS: usize = 8;

/// Bytes of a relay's URL in a contact.
pub const RELAY_URL_BYTES: usize = 255;

/// Contacts in a ticket: with three the chance that all have left is small, and the ticket still fits on a line or two.
pub const TICKET_CONTACTS: usize = 8;

/// Contacts kept for each room, see `RoomRecord`.
pub const CONTACTS: usize = 64;

/// How often contacts are written down at most: losing a minute of them costs a dial.
pub const CONTACTS_EVERY: Duration = Duration::from_secs(60);

/// How often peers are told that somebody is typing: interfaces show it for twice as long.
pub const TYPING_EVERY: Duration = Duration::from_secs(3);

/// How often a second a peer may say that somebody is typing there: a person goes to and fro between eight rooms. The
/// node drops more.
pub const TYPINGS_PER_S: u32 = 1;

/// Authors that one peer introduces in one room over one connection: the one who writes there, and the keys that it may
/// need instead when its log turns out to be forked or too far ahead, which happens once an hour at most.
pub const INTRODUCTIONS: usize = 8;

/// See [`TYPINGS_PER_S`]; how many at once.
pub const TYPINGS_AT_ONCE: u32 = 8;

/// Readers of the store: two steps of serving and two questions of users at once. Each has a cache of its own.
pub const READERS: usize = 4;

/// Wants of one peer that wait behind the one that is served. One more is answered with `Done` only. A peer asks for
/// one large part and three small ones at a time; jobs that it did not ask for wait here too.
pub const SERVES_WAITING: usize = 8;

/// Steps of serving at once, for all peers: half of [`READERS`], so that users need not wait.
pub const SERVING: usize = 2;

/// Raw bytes that one step of serving reads, and one compressed piece of a bulk stream holds: 5 ms of
/// reading and hashing.
pub const SERVE_STEP_BYTES: usize = 256 * 1024;

/// Entries in one frame of an answer: 4 ms of work for its receiver, which takes at least a frame before it commits.
pub const SERVE_FRAME_ENTRIES: usize = 512;

/// An answer of at most this goes on the live stream; a larger one gets a stream of its own.
pub const SERVE_LIVE_BYTES: usize = 64 * 1024;

/// Newest entries that a want may ask for first: several screens.
pub const SERVE_NEWEST: usize = 1000;

/// Pieces read ahead of the network for one peer: one being written, one ready.
pub const SERVE_AHEAD: usize = 1;

/// Streams with bulk answers that a peer may have open to us: the one it writes and the next.
pub const BULK_STREAMS: u32 = 2;

/// Questions about forks that are read at once, for all rooms: a quarter of [`READERS`], so that users need not wait.
pub const RECALLING: usize = 1;

/// How long a room rests when the store cannot make its messages durable. It doubles each time.
pub const REST: Duration = Duration::from_secs(1);

/// The longest rest: a user who has made room on the disk waits no longer.
pub const REST_LONGEST: Duration = Duration::from_secs(30);

/// A room that did not rest for this long rests as if for the first time.
pub const REST_FORGOTTEN: Duration = Duration::from_secs(600);

/// Bytes under way to or from one peer: 100 Mbit/s over a round trip of 240 ms.
pub const WINDOW_BYTES: u32 = 3 * 1024 * 1024;

/// Bytes under way on one stream: a third of it, so that a bulk answer and a file together cannot take all of the window.
pub const STREAM_WINDOW_BYTES: u32 = WINDOW_BYTES / 3;

/// Bytes that may be under way on a connection before a room is shared on it: the largest greeting, sixteen times.
pub const STRANGER_WINDOW_BYTES: u32 = 256 * 1024;

/// Streams for both directions that a peer may have open to us: the live one and a file it fetches.
pub const PAIRED_STREAMS: u32 = 2;

/// Files that are being fetched or waited for. Each costs a task, and disk space for its pieces.
pub const WANTS: usize = 64;

/// Peers asked for a file at once: two pieces of each are in memory, 2 MiB.
pub const FETCHES: usize = 4;

/// Pieces of files served at once, for all peers: 8 MiB. A request for one more waits. Peers take turns: each has one
/// piece at a time.
pub const FILES_SERVED: usize = 32;

/// Bytes of a request for a file: two numbers of 10 at most, a channel of 2, a hash of 32.
pub const FILE_ASKED_BYTES: usize = 64;

/// The node gives up a peer that neither sends nor takes a piece for this long: a link of 70 kbit/s moves one in that
/// time.
pub const FILE_STALL: Duration = Duration::from_secs(30);

/// The same while another transfer waits for the slot, or another peer can be asked: a link of 530 kbit/s moves a piece
/// in that time. [`LINKS`] peers that take nothing cost each other, and a peer that takes something, four of these
/// turns a piece.
pub const FILE_TURN: Duration = Duration::from_secs(4);

/// The pause before all connected peers are asked for a file again, because one of them may have fetched it meanwhile.
pub const FILE_AGAIN: Duration = Duration::from_secs(60);

/// How often the shelf looks for files over the bounds.
pub const TIDY_EVERY: Duration = Duration::from_secs(60);

/// Rooms announced on the LAN: tags of 8 letters in the 245 bytes that an announcement has.
pub const LAN_ROOMS: usize = 24;

/// Epochs of a closed room from which tags on the LAN are recognised, the newest: somebody whose node slept through more
/// dials others.
pub const LAN_EPOCHS: usize = 64;

/// Entries indexed at once when there is nothing better to do: a few milliseconds.
pub const INDEX_ENTRIES: usize = 512;

/// Entries are indexed after this long without an append: indexing costs as much as catching up does.
pub const INDEX_QUIET: Duration = Duration::from_millis(200);

/// While it is never quiet, some entries are indexed this often, so that search does not read ever more without the
/// index.
pub const INDEX_BUSY: Duration = Duration::from_secs(2);

/// Rooms announced by name to peers on the LAN that ask: more than a person looks through.
pub const NEARBY_ROOMS: usize = 24;

/// Letters of a ticket with one contact: 1.6 for each of its bytes, 64 of ids, 300 of an address and some.
pub const TICKET_BYTES: usize = 1024;

/// Milliseconds that a peer on the LAN has to list its rooms: a hundred times what it needs.
pub const NEARBY_MS: u64 = 3_000;

/// Peers on the LAN that are remembered while they are announced, for rooms entered later: 256 of 500 bytes. All are
/// asked for their rooms at once, so that silent ones delay no other: 13 MB of connections for [`NEARBY_MS`]. Past it a
/// peer at the most crowded address yields, because anyone on the LAN can announce any number.
pub const LAN_PEERS: usize = 256;

/// How often a room's status is renewed for its readers while things change.
pub const STATUS_EVERY: Duration = Duration::from_millis(100);

/// A connection without a packet for this long has ended: three packets that keep it alive may be lost.
pub const IDLE: Duration = Duration::from_secs(8);

/// How often a packet keeps an idle connection alive.
pub const KEEP_ALIVE: Duration = Duration::from_secs(2);

/// Milliseconds that a probe of the LAN waits: mDNS announces within 1.6 s, and that much again, twice.
pub const PROBE_MS: u64 = 5_000;

/// Milliseconds until relays have reported on the path to them: their own bound is five seconds.
pub const INTERNET_MS: u64 = 8_000;

/// Milliseconds until a name that could not be looked up is looked up again; twice as long each time.
pub const LOOK_UP_AGAIN_MS: u64 = 1_000;

/// The longest such wait: a resolver that comes back is noticed within a minute, and ten names cost one packet in some
/// seconds until then.
pub const LOOK_UP_AGAIN_MOST_MS: u64 = 64_000;

/// Names that are remembered because they could not be looked up: those of relays, and of peers that are sought. 256
/// of 200 bytes.
pub const LOOKED_UP: usize = 256;

/// How long a question to the DHT may take. Ten hops to nodes of which each second is gone are 8 s; whoever names ever
/// closer nodes for so long makes us remember 80 MB at the most, which then go.
pub const DHT_DEADLINE: Duration = Duration::from_secs(20);

/// How long a stay in the DHT lasts: less than the quarter of an hour after which its library asks a question of its own,
/// which nothing here could end. What is stored is stored again then, and is kept for two hours.
pub const DHT_STAY: Duration = Duration::from_secs(840);

/// How long our addresses have to stay the same before they are stored: they change several times when a network does.
pub const DHT_SETTLE: Duration = Duration::from_millis(500);

/// Seconds for which what is stored in the DHT is good, for whoever keeps it longer than that; as n0's DNS has it.
pub const DHT_TTL_S: u32 = 30;

/// Peers that are looked up in the DHT at once: those of a room, each with a hundred packets.
pub const DHT_ASKED_AT_ONCE: u32 = DIALS_OF_ROOM as u32;

/// The rate after these, where each dial would be a look-up.
pub const DHT_ASKED_PER_S: u32 = 1;

/// Items about one peer that wait to be read: newer ones each.
pub const DHT_ITEMS: usize = 8;

/// Bytes of the name of a node by which the DHT is entered, as DNS has them.
pub const HOST_BYTES: usize = 253;

/// Bytes of a sealed proof: a chain and the rest of it, padded, and 16 bytes of seal.
pub const PROOF_BYTES: usize = CHAIN_BYTES + 16;

/// Bytes to which the shortest proof is padded; others to a doubling of it.
pub const PROOF_LEAST: usize = 1024;

/// Time between two answers to proofs of one peer in one room that do not open, or that prove nothing.
pub const PROVE_AGAIN: Duration = Duration::from_secs(3_600);

/// Rooms and peers that are remembered because they were answered.
pub const ANSWERED: usize = 1_024;

/// How long a code links a machine: long enough to walk over to it, and short enough that a code on a screen that somebody
/// photographed is soon worth nothing.
pub const LINK_CODE: Duration = Duration::from_secs(600);

/// How long one machine waits for the next words of the other: naming [`LINK_ROOMS`] keys and entering as many rooms are as
/// many commits, of 50 ms on a slow disk.
pub const LINK_PATIENCE: Duration = Duration::from_secs(60);

/// Bytes of one message between machines that are linked: [`LINK_ROOMS`] rooms of 4 KiB. Most take 1 KiB, and 46 KiB with
/// every bound reached; whoever has more of these than fit is told so before anything is said.
pub const LINK_BYTES: usize = 4 << 20;

/// Bytes of what a backup hands over: [`LINK_ROOMS`] closed rooms with every bound reached, of 46 KiB each.
pub const BACKUP_BYTES: usize = 48 << 20;

/// Bytes of a name that they tell: of a machine, a room or a person.
pub const LINK_NAME_BYTES: usize = 255;

/// People hidden in one room who are handed over: as many as a home hides there.
pub const LINK_HIDDEN: usize = 256;

/// Bytes of the run that holds the first entry of a device, which takes 240.
pub const LINK_RUN_BYTES: usize = 1024;

/// Letters of a room that are read, the newest: of each the boxes are tried, 48 at most, which takes 4 ms.
pub const LETTERS: usize = 256;

/// Acts of an open room's founder among which its step-down is looked for: a few appointments come before it, and each is read
/// whenever somebody else seems to close the room.
pub const FOUNDER_ACTS: usize = 64;

//! Every bound of the engine, each with the arithmetic that chose it.

mod epochs;
mod governing;

pub use epochs::{
    ACT_BOXES, ACT_EPOCHS, BOXED_SECRETS, BOXES_MS, EPOCH_MS, EPOCH_STEPS, EPOCHS, EPOCHS_ALIKE, EPOCHS_UNNAMED,
    SECRETS_ASK_MS, SECRETS_ASKED, SECRETS_FRAME,
};
pub use governing::{
    ACT_LISTED, BOOKS_AGAIN_MS, BOOKS_MS, CONFIRM_LATER_MS, CONFIRM_MS, CONFIRMED, GOVERNOR_SEEN_MS, PUT_OUT_MS,
    RULED_LOGS, RULINGS, SLOW_S, WELCOMES_A_DAY,
};

/// Bytes of one body. A screenful of text is 2 KiB; larger things are files, outside the entries.
pub const BODY_BYTES: usize = 8 * 1024;

/// Bytes of the name under which an author is shown: twenty letters of four bytes.
pub const NAME_BYTES: usize = 80;

/// Bytes of the name of another system in which something was said: "irssi", "WeeChat", "Slack", a bridge's.
pub const SOURCE_BYTES: usize = 32;

/// Bytes of a room's topic: as much as IRC servers take, so that topics cross over whole.
pub const TOPIC_BYTES: usize = 390;

/// Bytes of a reaction's sign: the longest emoji sequences, families of four with skin tones, have 41.
pub const SIGN_BYTES: usize = 64;

/// People one text names: a table at lunch. 32 bytes each, an eighth of [`BODY_BYTES`] at most.
pub const MENTIONS: usize = 32;

/// Bytes of one file: an hour of film, or two minutes of a link of 100 Mbit/s. The hashes that verify its pieces take
/// 256 KiB.
pub const FILE_BYTES: u64 = 1 << 30;

/// Bytes of a file's name: as many as file systems take.
pub const FILE_NAME_BYTES: usize = 255;

/// Bytes of a file's type: the longest registered ones have 80.
pub const MIME_BYTES: usize = 127;

/// (author, seq) pairs in one entry's `seen`: as much as a person can have read since they last spoke. The rest goes
/// into the author's next entry.
pub const SEEN_PAIRS: usize = 32;

/// Entries of one author to remember because they know more of a log than the one before. Whoever names an author names
/// one of its newest entries; 32 of them are two bursts. 16 bytes each: 33 MB for the 65,536 authors of the largest room,
/// each of whom has said 32 things since we spoke.
pub const KNOWS_STEPS: usize = 32;

/// Distance between the seqs whose signature every node keeps, and the most entries in a run. At 64 a signature check
/// (35 µs) costs each entry as much as its two hashes (0.5 µs).
pub const BLOCK: u64 = 64;

/// Most entries in a run: a run never crosses a seq that is a multiple of [`BLOCK`].
pub const RUN_ENTRIES: usize = BLOCK as usize;

/// Bytes of one run: 64 entries of the largest body with the largest `seen` (32 pairs of at most
/// 43 bytes) and 32 bytes of the rest, rounded up by more than 64 seals of 24 bytes.
pub const RUN_BYTES: usize = RUN_ENTRIES * (BODY_BYTES + SEEN_PAIRS * 43 + 32) + 4096;

/// Bytes of one run without bodies: 64 entries of the largest `seen`, 48 bytes of the rest and 32 of the body's hash
/// each, 92 kB. A proof of a fork is two of them at most, a frame of evidence one.
pub const HEADERS_BYTES: usize = RUN_ENTRIES * (SEEN_PAIRS * 43 + 48 + 32) + 512;

/// Questions about forks for which the store of one room is read at once, one of each peer. A block is read in a
/// millisecond or less.
pub const RECALLS: usize = 4;

/// Ranges of entries of a closed room that the store is asked for at once, see [`crate::governance`], and entries in each: four
/// blocks, as many as an eviction reads.
pub const LOOKS: usize = 16;
/// See [`LOOKS`]. A range that tells where two branches part is a run and the entry below, which is less.
pub const LOOK: u64 = 4 * BLOCK;

/// Questions about forks of one peer that wait for their turn. Anti-entropy asks again for the rest.
pub const RECALLS_OF_ONE: usize = 16;

/// Bytes of runs that wait to be compared: forty of the largest. Past it each peer has one run that waits, of
/// [`HEADERS_BYTES`] at most: 12 MB for as many peers as there can be.
pub const RECALLS_BYTES: usize = 4 * 1024 * 1024;

/// How often evidence of one peer may prove nothing before we ignore it, for as long as the link lasts. Evidence of an
/// honest peer proves nothing only if it crosses with another event.
pub const BARREN_EVIDENCE: u32 = 8;

/// Runs that we remember because they proved nothing against our logs: 96 bytes each, 100 kB.
pub const SETTLED: usize = 1024;

/// Milliseconds before we tell a peer the same thing about a fork again, or pass on a proof of a lower fork of the same
/// log: a round of anti-entropy. It doubles each time.
pub const PROOF_PAUSE_MS: u64 = 500;

/// The longest such pause: a minute. Anti-entropy carries the lowest proof meanwhile.
pub const PROOF_PAUSE_LONGEST_MS: u64 = 60_000;

/// Logs for which we remember when their forks were passed on: 60 bytes each, 250 kB.
pub const PROOFS_TOLD: usize = 4096;

/// Logs for which we remember what one peer was shown of their forks, and when: 60 bytes each, 4 MB for all links.
pub const PROOFS_SHOWN: usize = 512;

/// Bytes of one frame: the largest run and its envelope.
pub const FRAME_BYTES: usize = RUN_BYTES + 4096;

/// Milliseconds that an entry may be ahead of us before it is held: two minutes, the clock error that
/// people tolerate before they notice that a message is misplaced.
pub const AHEAD_MS: u64 = 120_000;

/// Bodies that we search for at once: a screenful of pages; 150 bytes each, and a list of the peers that have none. The
/// store keeps the others, and reports them when these have come.
pub const BODIES: usize = 256;

/// Bodies that the store names beyond those because words were taken back: a flood that somebody hid. 72 bytes each.
pub const HIDDEN_BARE: usize = 4_096;

/// Milliseconds before we ask for the body of an entry that came without it: the body may already be under way.
pub const BODY_MS: u64 = 500;

/// The longest pause in milliseconds before we ask for a body again; the pause doubles up to this.
pub const BODY_PAUSE_MS: u64 = 60_000;

/// Author keys kept decompressed, with their log keys: 250 bytes each, 1 MiB together.
pub const CACHED_KEYS: usize = 4096;

/// No log reaches this seq: a million entries a second for eight years, far from where sums overflow.
pub const SEQ_END: u64 = 1 << 48;

/// The most pieces in which a log is held: the one from 0, one for each interrupted visit, and room to spare. Past it
/// nothing new is put on top until the backfill has joined some.
pub const SPANS: usize = 8;

/// Bits by which a branch of the author space splits: 8 branches of 4 bytes each keep a step of a round
/// below 40 bytes.
pub const FANOUT_BITS: u32 = 3;

/// Heads in one frame: 1,000 authors that differ are listed in four frames of 5 kB.
pub const HEADS: usize = 256;

/// Ranges in one want: as many as the heads that led to it.
pub const RANGES: usize = 256;

/// Runs in one frame: with single-entry runs of 200 bytes a frame stays near 64 KiB. Frame size is
/// bounded apart, by [`FRAME_BYTES`].
pub const PUSH_RUNS: usize = 256;

/// Peers in one shuffle: HyParView exchanges 8 (Leitão et al. 2007, section 5); a full mesh of 32 fits in one.
pub const SHUFFLE_PEERS: usize = 32;

/// Bytes of one peer's addresses: a key, a relay and eight addresses of either family.
pub const ADDRESS_BYTES: usize = 512;

/// The most peers of a room that are all linked with each other. A full mesh of 32 costs each of them 31 idle
/// connections of 97 kB, 3 MB, and a writer 31 copies of a 300-byte push, 10 kB.
pub const MESH_PEERS: usize = 32;

/// Links we dialled ourselves: half of a neighbourhood of 32, because the others dialled the other half; and six levels
/// of seven branches, which reach 32 x 8^6, eight million peers; and six more.
pub const CHOSEN_LINKS: usize = 64;

/// Links others dialled: the links that others choose, 55 on average at 100,000 peers, and some more for peers that
/// many know, like the one whose address is on the ticket. With [`CHOSEN_LINKS`] that is 128 links and 12 MB.
pub const INBOUND_LINKS: usize = 64;

/// Of [`INBOUND_LINKS`], the links that have stood longest and are never given up for a newcomer: strangers that come
/// in numbers can take half.
pub const LASTING_LINKS: usize = INBOUND_LINKS / 2;

/// Links to any peers, beyond one a branch, and links that no stranger made: HyParView's active view is log n + 1, five
/// at 10,000 peers (Leitão et al. 2007, section 5).
pub const RANDOM_LINKS: usize = 4;

/// Peers known, linked or not: 600 bytes each, 150 kB.
pub const KNOWN_PEERS: usize = 256;

/// Peers known only because one peer told of them: it takes sixteen liars to fill what we know. It is half a mesh,
/// because when two peers hear of each other, each leaves half of the dials to the other.
pub const KNOWN_FROM_ONE: usize = MESH_PEERS / 2;

/// Peers that have worked and are never forgotten, however long they do not answer: a mesh of them.
pub const KEPT_PEERS: usize = MESH_PEERS;

/// Failures in a row after which any other peer is forgotten: 1 + 2 + 4 + 8 seconds and three pauses of ten or more,
/// three quarters of a minute at least.
pub const DIAL_FAILURES: u32 = 8;

/// Milliseconds of the budget that a dial costs: five dials a second.
pub const DIAL_MS: u64 = 200;

/// Dials at once after a pause, so that a mesh forms without waiting: all the peers that one peer may tell of.
pub const DIAL_BURST: u64 = KNOWN_FROM_ONE as u64;

/// Peers told in a shuffle between peers that have known each other for a while: 8, as in HyParView.
pub const SHUFFLE_SAMPLE: usize = 8;

/// Peers told of a newcomer when the room is no mesh: those nearest to it, who may lack it.
pub const GREETED_PEERS: usize = 8;

/// Rumors that are hot: two seconds of 2,000 pushes a second that nobody answers. Past it, and past
/// [`HOT_BYTES`], the oldest are left to anti-entropy.
pub const HOT_RUMORS: usize = 4096;

/// Bytes of the rumors that are hot.
pub const HOT_BYTES: usize = 8 * 1024 * 1024;

/// Bytes of one push of more than one run: a congestion window of a fast path; more would only wait at the
/// sender.
pub const PUSH_BYTES: usize = 64 * 1024;

/// Pushes whose answer is awaited: 31 peers, 50 ms, 4,000 rumors a second, and a third more; 1 MB.
pub const PUSHES: usize = 8192;

/// We look for a push to join among this many latest ones: one for each link there can be.
pub const MERGE_PUSHES: usize = CHOSEN_LINKS + INBOUND_LINKS;

/// How often a part is handed over before it is left to announcements and anti-entropy.
pub const PUSH_TRIES: usize = 3;

/// Runs remembered as told, so that a part handed over twice is told once: 64 bytes each, 512 kB, and four
/// seconds at 2,000 pushes a second.
pub const TOLD_RUNS: usize = 8192;

/// Runs that wait for a cause: more than one page of 256 entries can bring out of order, if each is its own run.
pub const PENDING_RUNS: usize = 1024;

/// Runs of one author that wait, so that one author cannot crowd out the others.
pub const PENDING_RUNS_OF_ONE: usize = 256;

/// Bytes in memory of runs that wait: six of the largest, thousands of ordinary ones. Past it the oldest run of the
/// peer that brought most goes.
pub const PENDING_BYTES: usize = 8 * 1024 * 1024;

/// The least bytes that a run counts for, so that [`PENDING_BYTES`] bounds their number too.
pub const PENDING_RUN_BYTES: usize = PENDING_BYTES / PENDING_RUNS;

/// Bytes that a pair in a `seen` takes in memory: 40, once as it came and once verified. On the wire it may take two.
pub const PENDING_PAIR_BYTES: usize = 80;

/// Milliseconds that a run waits for a cause: [`LACK_MS`] sixteen times over, a few wants, and ten rounds. A later
/// round fetches a run again that could not be helped in that time, twice a minute and no more.
pub const PENDING_MS: u64 = 30_000;

/// The same for a run whose bringer has gone. It does not go at once, because a peer that says one thing and quits
/// leaves it to others to bring the cause: two wants and a round.
pub const ORPHAN_MS: u64 = 5_000;

/// The same for a run whose bringer was asked for the entries it waits for and seems not to have them. After that the
/// run is shown without them. Not sooner, because an answer may have been lost: sixty rounds would have brought every
/// entry that any peer has.
pub const IN_VAIN_MS: u64 = PENDING_MS;

/// Logs of each peer for which we remember that it was asked for them in vain: as many as can wait of one. 16 bytes
/// each.
pub const ASKED_IN_VAIN: usize = PENDING_RUNS_OF_ONE;

/// Milliseconds for which our words do not name an entry that came without its causes: [`IN_VAIN_MS`] for each of a
/// dozen peers that it goes through.
pub const REST_MS: u64 = 12 * IN_VAIN_MS;

/// Entries of one author within [`BURST_MS`]; past it our words do not name them for as long. People and bots say less,
/// and entries that others have not got yet must not hold back our words.
pub const BURST: u64 = 16;

/// See [`BURST`]: two rounds.
pub const BURST_MS: u64 = 1_000;

/// Milliseconds that a run is held because it is ahead in time: an hour, the error of clocks that were set to another
/// zone. A run further ahead is fetched again, once an hour.
pub const EARLY_MS: u64 = 3_600_000;

/// How often we look again at what runs need of each other because one of them went or came in a smaller piece. Pieces
/// of a log come in three sizes: alone, as told, and as a block.
pub const FREED: u8 = 3;

/// Authors of one room: 300 bytes each in memory, 20 MB together.
pub const AUTHORS: usize = VOUCHED + UNVOUCHED;

/// Authors that somebody vouches for, of one room: the rest of 65,536.
pub const VOUCHED: usize = 49_152;

/// Authors that nobody vouches for, of one room: a quarter of all. A flood of new keys costs a node that many small
/// logs at most, 6 MB, and a room in which nobody ever answers anybody has this much space.
pub const UNVOUCHED: usize = 16_384;

/// The share in a room that its founder has, see [`crate::standing`]. An author with a share of 16,384 can vouch for
/// 8,192 authors; the tenth of those for 409, the tenth of these for 20. At most 440,863 authors can ever be vouched
/// for, at 40 bytes each 18 MB, if the founder itself floods the room; an author with a share of 100 brings in 262.
pub const FOUNDER_SHARE: u32 = 16_384;

/// The least milliseconds between two computations of the vouched-for authors; a vouch that comes alone takes effect at
/// once.
pub const RECKON_MS: u64 = 100;

/// Vouches that are reckoned with in 25 µs. Each lets a reckoning wait a millisecond longer: it never takes more than a
/// fortieth of a core.
pub const RECKONED: usize = 50;

/// Logs of evicted authors that a store is told to take out at once, and authors whose vouches it is asked for at once:
/// each costs it some tens of microseconds.
pub const EVICTED_AT_ONCE: usize = 64;

/// Logs of authors without a place that are still held: those about to go, and those that waited and came in at once.
pub const LED_OUT: usize = 2 * EVICTED_AT_ONCE + PENDING_RUNS;

/// Entries that a store takes out of one log at once: a log that is longer goes in pieces, of a few milliseconds each.
pub const EVICTED_ENTRIES: u64 = 4 * BLOCK;

/// Causes that one push may lack because they are still under way: if more are lacking, we ask for them at once.
pub const LACKED_AT_ONCE: usize = 4;

/// Depth of the branches whose sums are kept: 8^5 branches at most, of two authors each if there are as many authors as
/// allowed. 80 bytes each, 3 MB.
pub const SUMMED_DEPTH: u8 = 5;

/// Heads in a branch that are listed rather than split: 4 heads of about 17 bytes cost as much as 8 fingerprints and
/// their envelope.
pub const LEAF_HEADS: usize = 4;

/// The same where many may differ: at the root, of which nothing is known, and where more than half of the branches
/// beside one differ. 12 heads cost 180 bytes and spare a round trip; fingerprints cost 110 if two of them differ.
pub const DENSE_HEADS: usize = 12;

/// Frames of heads in answer to one: 4,096 authors; the rest follows in the next round.
pub const HEADS_REPLIES: usize = 16;

/// Entries that we serve without being asked, once a comparison shows that a peer lacks them: one block.
pub const SERVE_AT_ONCE: u64 = BLOCK;

/// Entries of the first page that a newcomer wants: several screens.
pub const NEWEST_PAGE: usize = 256;

/// If more entries are lacking than this, such a page comes first, and nothing waits for the rest. Four pages: the part
/// of the page that is held already, since what is lacking may be older, then adds a quarter at most; and this few can
/// wait for their turn.
pub const PAGED_ENTRIES: u64 = 4 * NEWEST_PAGE as u64;

/// Entries in one want beyond the first page: at 100,000 a second a want takes a third of a second, long
/// against a round trip and short against a lost connection.
pub const WANT_ENTRIES: u64 = 32_768;

/// Entries above our heads in one want in a closed room. They wait there until the lowest has come, as 32 runs, which is
/// an eighth of [`PENDING_RUNS_OF_ONE`], and 700 kB of memory with bodies of 200 bytes. Over a round trip of 100 ms that is 20,000 a
/// second.
pub const UPWARDS_ENTRIES: u64 = 32 * BLOCK;

/// Milliseconds without an entry after which we ask another peer.
pub const WANT_MS: u64 = 2_000;

/// Milliseconds without anything of the newest page after which we ask another peer for it too: the page is 50 kB, and
/// a person looks at an empty screen.
pub const PAGE_MS: u64 = WANT_MS / 4;

/// Bytes in one frame that show that a peer serves a page or a backfill, as more than [`SERVE_AT_ONCE`] entries do:
/// half of what a frame of runs holds at most.
pub const FAR_BEHIND_BYTES: usize = 32 * 1024;

/// Logs for which we remember that one peer has more of them than we do: as many as [`HEADS_REPLIES`] frames name. 40
/// bytes each, 160 kB a peer.
pub const TOLD: usize = HEADS * HEADS_REPLIES;

/// Gaps for which we remember that one peer could not fill them: 32 bytes each, and no more than are asked for between
/// two comparisons.
pub const BARREN: usize = 4096;

/// Gaps that we look at to find some to ask for: a few wants of them, so that those that a peer cannot fill cost
/// little.
pub const GAPS_LOOKED_AT: usize = 4 * RANGES;

/// Missing entries of one log that count: a room of a million entries by one author is counted right, and an author
/// that signs at a huge seq does not hide what the others' logs lack.
pub const GAP_COUNTED: u64 = 1 << 20;

/// Entries of all logs together that count as missing because runs that wait follow them: past it a node is far behind
/// and fetches pages, which count in full as they come. A liar's entries from nowhere add no more.
pub const AHEAD_COUNTED: u64 = PAGED_ENTRIES;

/// Logs for which we remember that something waited in vain, so that it does not count when it comes again: as many as
/// can wait at once. 32 bytes each.
pub const WAITED_IN_VAIN: usize = PENDING_RUNS;

/// How many wants in a row may bring nothing of what a peer claims to hold before we ask it for one block at a time:
/// one want can be lost with a connection, one can cross with a frame that brings the same.
pub const CLAIMS_IN_VAIN: u8 = 3;

/// Logs that we remember as announced and not come: 100 bytes each.
pub const LACKS: usize = 4096;

/// Of [`LACKS`], the logs that one peer announced first: one frame of them.
pub const LACKS_OF_ONE: usize = HEADS;

/// Peers of which we remember that they announced a log: an announcement reaches a peer about twice.
pub const ANNOUNCERS: usize = 3;

/// Wants of a little that one peer has yet to answer: a peer takes a few at a time, and answers one more as if it had
/// nothing.
pub const SMALL_WANTS: usize = 3;

/// Milliseconds that a node that comes back waits for the first peer before it writes, besides the first dials, which
/// it waits for to the end: a dial on a LAN takes a millisecond or two, mDNS at most 1.6 s.
pub const ALONE_MS: u64 = 2_000;

/// Milliseconds that a connected peer has to report its part of our log, or to bring more of it.
pub const ADOPT_MS: u64 = 3_000;

/// Milliseconds that a node waits for entries of its log that peers claim to hold and do not bring: fifteen wants that
/// bring nothing. A liar delays the first words of a node that comes back by no more than that.
pub const CLAIM_MS: u64 = 30_000;

/// Claims that we remember at once; we do not wait for further ones.
pub const CLAIMS: usize = 64;

/// Sayings that wait to be written: a pasted file of lines while a node comes back.
pub const SAYINGS: usize = 4096;

/// Authors whose clock we know: as many as there can be links to strangers.
pub const CLOCKS: usize = 64;

/// If our clock disagrees with another by more than this many milliseconds, people are told: a quarter of [`AHEAD_MS`].
pub const SKEW_MS: i64 = 30_000;

/// The most milliseconds by which others' clocks lift ours: no more than a machine follows that knows no clock but its
/// own. With [`FOLLOW_MS`] it leaves half of [`AHEAD_MS`] for honest clocks that differ: whatever liars say, an honest
/// node holds no honest words if its clock is within a minute of their author's.
pub const UP_MS: u64 = FOLLOW_MS;

/// Others' stamps up to this many milliseconds ahead of the time we write by lift ours. See [`UP_MS`].
pub const FOLLOW_MS: u64 = 30_000;

/// The most milliseconds for which our stamps stand still so that a proved author can read us: longer than people take
/// to notice that the times beside lines do not move.
pub const LATER_MS: u64 = 600_000;

/// Milliseconds before we leave a log again because it lies too far ahead: a liar with many clocks makes us say our
/// words again once an hour at most.
pub const LEAVE_MS: u64 = 3_600_000;

/// Milliseconds by which the wall clock may drift from the ticks before it counts as set: an honest clock is slewed by
/// less between two looks.
pub const STEP_MS: i64 = 1_000;

/// The first of January 2023 in milliseconds since the Unix epoch: a machine that runs this program and shows less is
/// wrong. A machine without a battery starts in 1970.
pub const RELEASED_MS: u64 = 1_672_531_200_000;

/// Milliseconds before we look for the newest time in others' logs again: 65,536 logs take a millisecond.
pub const OTHERS_MS: u64 = 1_000;

/// Entries further ahead than we follow that we remember until we may follow them: 72 bytes each. They are within
/// [`AHEAD_MS`]; our entries never name those that do not fit.
pub const FARTHER: usize = 1_024;

/// Milliseconds that a missing cause has to come by itself before we ask the peer that must hold it: twice a wide-area
/// round trip.
pub const LACK_MS: u64 = 200;

/// Authors some of whose words were named before they came, and had to be asked for: 40 bytes each.
pub const HIDDEN: usize = 256;

/// Milliseconds for which we remember that: their next words are asked for at once.
pub const HIDDEN_MS: u64 = 60_000;

/// Milliseconds that an announced entry has to come as a rumor: it was announced two round trips after it came to the
/// peer, so only entries in a queue are still under way.
pub const HAVE_MS: u64 = 150;

/// Runs that came lately, or were repaired, which we remember to find out whether others are getting them, or they come
/// again, as rumors: three seconds, the longest patience, of a room in which 80 a second do. 24 to 48 bytes each.
pub const LATELY: usize = 256;

/// Pushes of our own entries whose answers we await, to know the holders: 48 bytes each.
pub const PUSHES_OF_OWN: usize = 4096;

/// Milliseconds between two receipts on one link, however many messages they cover: people see a tick within half a
/// second, and three receipts a second of 30 bytes are as much as one line.
pub const TICK_MS: u64 = 300;

/// Milliseconds that an answer for which no peer waits has to find company on a busy link: in a room of 25 where each
/// speaks twice a second, all but one in four hundred (e^-6) go with a push, after half a second on average.
pub const RECEIPT_MS: u64 = 3_000;

/// Pushes to one peer within [`RECEIPT_MS`] that make a link a busy one: of links with two a second all but one in sixty
/// have as many (Poisson, fewer than 2 of 6).
pub const BUSY_PUSHES: usize = 2;

/// With fewer links none is a busy one: seven receipts to a message are no load, and two people who chat see their ticks.
pub const BUSY_LINKS: usize = 8;

/// Such answers to one peer that wait at once: 100 bytes, and eight milliseconds at 4,000 pushes a second.
pub const RECEIPTS: usize = 32;

/// Runs that are gathered before they are passed on, where latency is traded for frames; past it they go at once.
pub const GATHERED_RUNS: usize = 4 * PUSH_RUNS;

/// Appointments that lead from the owner to somebody: nobody founds an office with more levels. Each step of a path takes
/// 16 bytes, in every grant.
pub const RANK_STEPS: usize = 8;

/// Grants of one key. Each reads the acts of its holder again, so a fold reads each act 64 times at most. They are
/// given places in the order of those who appoint: nobody's appointments crowd out those of somebody above.
pub const GRANTS_OF_KEY: usize = 64;

/// Acts of a key without a grant that are read: a person's tickets, devices and welcomes of years.
pub const ACTS_WITHOUT_GRANT: usize = 1_024;

/// Runs of people who are not in that wait with the link that brought them: a burst of words that overtook a welcome.
pub const QUARANTINE_RUNS: usize = 32;

/// Bytes of these runs: 64 KiB a link, 8 MiB for as many links as there can be. Rounds bring the rest.
pub const QUARANTINE_BYTES: usize = 64 * 1024;

/// Bytes of acts that are held ahead of the rest of their logs: forty thousand of 400 bytes, what a room of ten thousand
/// people comes to. The others come with the logs.
pub const AHEAD_BYTES: usize = 16 * 1024 * 1024;

/// Acts that are served in one answer: a thousand of 400 bytes are read and sent in a tenth of a second.
pub const ACTS_SERVED: usize = 1_024;

/// Devices of one person: a telephone, a laptop, a desk, a backup, and as many again.
pub const DEVICES: usize = 8;

/// Keys that one act appoints, dismisses or removes: a person with all its devices and those it had before. With the
/// ends of both, [`ACT_TICKETS`] and [`ACT_ENDINGS`] the largest act takes 7.2 of the 8 KiB of [`BODY_BYTES`].
pub const ACT_KEYS: usize = 32;

/// Tickets that one act ends. 32 bytes each.
pub const ACT_TICKETS: usize = 16;

/// Endings that one act names because it knows of them or takes them back. 32 bytes each.
pub const ACT_ENDINGS: usize = 64;

/// People whom one act admits: three hours of a ticket at twenty an hour. 32 bytes each.
pub const ACT_ADMITTED: usize = 64;

/// Milliseconds for which a co-owner's node waits before it vouches for a forked log by itself: a hundred rounds of a
/// link, in which it hears whom others vouch for.
pub const VOUCH_MS: u64 = 60_000;

/// Milliseconds for which it has to have held an entry of the branch: a forger that is met first after a night's sleep is
/// not vouched for before the others were heard.
pub const VOUCH_HELD_MS: u64 = 3_600_000;

/// Branches of forked logs that come in at once: a room in which more governors fork their logs at a time has other cares.
pub const BRANCHES: usize = 4;

/// Bytes of one such branch: forty thousand lines. All together take 16 MiB.
pub const BRANCH_BYTES: usize = 4 * 1024 * 1024;

/// Named entries of branches that were looked at and are not to be held, and that are not fetched again: 32 bytes each.
pub const BRANCHES_OFF: usize = 256;

/// Newcomers of one ticket that wait for a welcome: more than a class that gets a link. A node that holds 64 of them keeps
/// the lowest ids, so that all keep the same.
pub const JOINS: usize = 64;

/// Governors whose last act a ticket names: 71 bytes each, 4.5 kB.
pub const TICKET_HEADS: usize = 64;

/// Acts of a chain that shows that somebody is a member: one who was let in by somebody who was let in, five times over.
pub const CHAIN_ACTS: usize = 16;

/// Bytes of such a chain: an admission of 64 people takes 2 kB, an appointment less.
pub const CHAIN_BYTES: usize = 16 * 1024;

/// Links of a closed room that wait to be let in: as many as others may have with a node, and a few.
pub const CALLERS: usize = 64;

/// Frames that are read from a link that is not let in: a newcomer shows its join in one, and the acts that put somebody
/// out come in a few.
pub const CALLER_FRAMES: usize = 16;

/// Milliseconds that a link may wait to be let in. Until then the acts may come that make somebody known.
pub const CALLER_MS: u64 = 10_000;

/// Milliseconds for which somebody who was removed is left its link when it is told first. The acts may not arrive, so it
/// is told again when it comes back, each time with a link for twice as long, up to [`TELL_LONGEST_MS`].
pub const TELL_MS: u64 = 3_000;

/// The longest of these times.
pub const TELL_LONGEST_MS: u64 = 60_000;

/// The longest pause before it is told again, doubled likewise: nine times in half an hour, then ten kilobytes a minute.
pub const TELL_AGAIN_MS: u64 = 600_000;

/// Peers that are remembered as told.
pub const TOLD_OUT: usize = 1_024;

/// Entries below an act that somebody is told who was removed by it: sixteen blocks of headers, 100 kB.
pub const TOLD_ENTRIES: u64 = 1_024;

/// Milliseconds after which a newcomer shows its join to another peer, if nobody let it in.
pub const SHOW_MS: u64 = 5_000;

/// People in a private room, its founder among them: a table, and what a letter has place for.
pub const LETTER_PEOPLE: usize = 16;

/// Keys in a letter: sixteen people with three devices each. A box of 80 bytes and the key itself make 5.4 of the 8 KiB of
/// [`BODY_BYTES`].
pub const LETTER_KEYS: usize = 48;

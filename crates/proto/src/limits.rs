//! Every bound of the engine, each with the arithmetic that chose it.

/// Bytes of one body. A screenful of text is 2 KiB; larger things are files, outside the entries.
pub const BODY_BYTES: usize = 8 * 1024;

/// Bytes of the name an author is shown by: twenty letters of four bytes.
pub const NAME_BYTES: usize = 80;

/// Bytes of the name of a system that something was said in before: "irssi", "WeeChat", "Slack", a bridge's.
pub const SOURCE_BYTES: usize = 32;

/// Bytes of a room's topic: as much as IRC servers take, so that topics cross over whole.
pub const TOPIC_BYTES: usize = 390;

/// Bytes of a reaction's sign: the longest emoji sequences, families of four with skin tones, have 41.
pub const SIGN_BYTES: usize = 64;

/// People one text names: a table at lunch. 32 bytes each, an eighth of [`BODY_BYTES`] at most.
pub const MENTIONS: usize = 32;

/// Bytes of one file: an hour of film, or two minutes of a link of 100 Mbit/s. What verifies its pieces is 256 KiB.
pub const FILE_BYTES: u64 = 1 << 30;

/// Bytes of a file's name: as many as file systems take.
pub const FILE_NAME_BYTES: usize = 255;

/// Bytes of a file's type: the longest that are registered have 80.
pub const MIME_BYTES: usize = 127;

/// (author, seq) pairs in one entry's `seen`: what a person can have read since they last spoke;
/// what does not fit is said in the author's next entry.
pub const SEEN_PAIRS: usize = 32;

/// Distance between the seqs whose signature every node keeps, and the most entries in a run. At 64 a
/// signature check (35 µs) costs each entry what its two hashes cost (0.5 µs).
pub const BLOCK: u64 = 64;

/// Most entries in a run: a run never crosses a seq that is a multiple of [`BLOCK`].
pub const RUN_ENTRIES: usize = BLOCK as usize;

/// Bytes of one run: 64 entries of the largest body with the largest `seen` (32 pairs of at most
/// 43 bytes) and 32 bytes of the rest, rounded up.
pub const RUN_BYTES: usize = RUN_ENTRIES * (BODY_BYTES + SEEN_PAIRS * 43 + 32) + 4096;

/// Bytes of one run without bodies: 64 entries of the largest `seen`, 48 bytes of the rest and 32 of the body's hash
/// each, 92 kB. A proof of a fork is two of them at most, a message of evidence one.
pub const HEADERS_BYTES: usize = RUN_ENTRIES * (SEEN_PAIRS * 43 + 48 + 32) + 512;

/// Questions about forks that the store is read for at once, of one room: one peer's each. A block is read in a
/// millisecond or less.
pub const RECALLS: usize = 4;

/// Questions about forks of one peer that wait for their turn. What finds no place is asked for again by anti-entropy.
pub const RECALLS_OF_ONE: usize = 16;

/// Bytes of runs that wait to be compared: forty of the largest. Past it each peer has one that waits, at most
/// [`HEADERS_BYTES`]: 12 MB for as many peers as there can be.
pub const RECALLS_BYTES: usize = 4 * 1024 * 1024;

/// Times that evidence of one peer may prove nothing before it is not looked at any more, for as long as the link stands.
/// Of an honest peer it proves nothing only when it crosses what happens meanwhile.
pub const BARREN_EVIDENCE: u32 = 8;

/// Runs remembered that proved nothing against what is held: 96 bytes each, 100 kB.
pub const SETTLED: usize = 1024;

/// Milliseconds before the same thing about a fork is told the same peer again, or a proof of a lower fork of the same
/// log is passed on: a round of anti-entropy. It doubles each time.
pub const PROOF_PAUSE_MS: u64 = 500;

/// To what such a pause grows: a minute. Anti-entropy carries what is lowest meanwhile.
pub const PROOF_PAUSE_LONGEST_MS: u64 = 60_000;

/// Logs whose forks were passed on, of which is remembered when: 60 bytes each, 250 kB.
pub const PROOFS_TOLD: usize = 4096;

/// Logs of which is remembered when one peer was shown what of their forks: 60 bytes each, 4 MB for all links.
pub const PROOFS_SHOWN: usize = 512;

/// Bytes of one message: the largest run and its envelope.
pub const MESSAGE_BYTES: usize = RUN_BYTES + 4096;

/// Milliseconds that an entry may be ahead of us before it is held: two minutes, the clock error that
/// people tolerate before they notice that a message is misplaced.
pub const AHEAD_MS: u64 = 120_000;

/// Entries without bodies whose bodies are looked for at once: a screenful of pages; 150 bytes each, and a list of who has
/// none. The store keeps the others, and tells them when these have come.
pub const BODIES: usize = 256;

/// Milliseconds until a body is asked for that an entry came without: what brings it may be under way already.
pub const BODY_MS: u64 = 500;

/// Milliseconds until a body is asked for again at the latest; the pause doubles up to this.
pub const BODY_PAUSE_MS: u64 = 60_000;

/// Author keys kept decompressed, with their log keys: 250 bytes each, 1 MiB together.
pub const CACHED_KEYS: usize = 4096;

/// No log reaches this seq: a million entries a second for eight years, far from where sums overflow.
pub const SEQ_END: u64 = 1 << 48;

/// Pieces one log is held in at most: the one from 0, one for each interrupted visit, and room to spare.
/// Past it nothing new is put on top until the backfill has joined some.
pub const SPANS: usize = 8;

/// Bits by which a branch of the author space splits: 8 branches of 4 bytes each keep a step of a round
/// below 40 bytes.
pub const FANOUT_BITS: u32 = 3;

/// Heads in one message: 1,000 authors that differ are listed in four messages of 5 kB.
pub const HEADS: usize = 256;

/// Ranges in one want: as many as the heads that led to it.
pub const RANGES: usize = 256;

/// Runs in one message: with single-entry runs of 200 bytes a message stays near 64 KiB. Message size is
/// bounded apart, by [`MESSAGE_BYTES`].
pub const PUSH_RUNS: usize = 256;

/// Peers in one shuffle: HyParView exchanges 8 (Leitão et al. 2007, section 5); a full mesh of 32 fits in one.
pub const SHUFFLE_PEERS: usize = 32;

/// Bytes of one peer's addresses: a key, a relay and eight addresses of either family.
pub const ADDRESS_BYTES: usize = 512;

/// Peers of a room that are all linked with each other. A full mesh of 32 costs each of them 31 idle
/// connections of 97 kB, 3 MB, and a writer 31 copies of a 300-byte push, 10 kB.
pub const MESH_PEERS: usize = 32;

/// Links we dialled ourselves: half of a neighbourhood of 32, for the others dialled the other half, and six levels of
/// seven branches, which reach 32 x 8^6, eight million peers, and six more.
pub const CHOSEN_LINKS: usize = 64;

/// Links others dialled: what others choose, 55 on average at 100,000 peers, and some more for those that many know,
/// like the one whose address is on the ticket. With [`CHOSEN_LINKS`] that is 128 links and 12 MB.
pub const INBOUND_LINKS: usize = 64;

/// Of [`INBOUND_LINKS`], those that have stood longest and are never given up for a newcomer: strangers that
/// come in numbers can take half.
pub const LASTING_LINKS: usize = INBOUND_LINKS / 2;

/// Links kept to anybody, beyond one a branch, and links kept that no stranger made: HyParView's active view is
/// log n + 1, five at 10,000 peers (Leitão et al. 2007, section 5).
pub const RANDOM_LINKS: usize = 4;

/// Peers known, linked or not: 600 bytes each, 150 kB.
pub const KNOWN_PEERS: usize = 256;

/// Peers known only because one peer told of them: it takes sixteen liars to fill what we know. Half a mesh,
/// for each of two peers that hear of each other leaves half of the dials to the other.
pub const KNOWN_FROM_ONE: usize = MESH_PEERS / 2;

/// Peers that are never forgotten, however long they do not answer, when they have worked: a mesh of them.
pub const KEPT_PEERS: usize = MESH_PEERS;

/// Failures in a row after which any other peer is forgotten: 1 + 2 + 4 + 8 seconds and three pauses of ten or more,
/// three quarters of a minute at least.
pub const DIAL_FAILURES: u32 = 8;

/// Milliseconds a dial costs of the budget: five a second.
pub const DIAL_MS: u64 = 200;

/// Dials at once after a pause, so that a mesh forms without waiting: all that one peer may tell of.
pub const DIAL_BURST: u64 = KNOWN_FROM_ONE as u64;

/// Peers told in a shuffle between peers that know each other for a while: 8, as in HyParView.
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

/// A push to be joined is looked for among this many latest ones: one for each link there can be.
pub const MERGE_PUSHES: usize = CHOSEN_LINKS + INBOUND_LINKS;

/// Times a part is handed over before it is left to announcements and anti-entropy.
pub const PUSH_TRIES: usize = 3;

/// Runs remembered as told, so that a part handed over twice is told once: 64 bytes each, 512 kB, and four
/// seconds at 2,000 pushes a second.
pub const TOLD_RUNS: usize = 8192;

/// Runs that wait for a cause: more than one page of 256 entries can bring out of order, each its own run.
pub const PENDING_RUNS: usize = 1024;

/// Runs of one author that wait, so that one author cannot crowd out the others.
pub const PENDING_RUNS_OF_ONE: usize = 256;

/// Bytes of runs that wait, as they lie in memory: six of the largest, thousands of ordinary ones. Past it the oldest of
/// the peer that brought most goes.
pub const PENDING_BYTES: usize = 8 * 1024 * 1024;

/// Bytes that a run counts for at least, so that [`PENDING_BYTES`] bounds their number too.
pub const PENDING_RUN_BYTES: usize = PENDING_BYTES / PENDING_RUNS;

/// Bytes that a pair in a `seen` takes in memory: 40, once as it came and once verified. On the wire it may be two.
pub const PENDING_PAIR_BYTES: usize = 80;

/// Milliseconds that a run waits for a cause: [`LACK_MS`] sixteen times over, a few wants, and ten rounds. Whoever cannot
/// be helped in that time is fetched again by a later round, twice a minute and no more.
pub const PENDING_MS: u64 = 30_000;

/// The same for a run whose bringer has gone. Not at once, for who says one thing and quits leaves it to others to bring
/// the cause: two wants and a round.
pub const ORPHAN_MS: u64 = 5_000;

/// The same for a run whose bringer was asked for what it waits for and seems not to have it. Then it is shown without. Not
/// sooner, for an answer may have been lost: sixty rounds would have brought what anybody has.
pub const IN_VAIN_MS: u64 = PENDING_MS;

/// Logs of which is remembered that a peer was asked for them in vain, of each peer: as many as wait of one. 16 bytes each.
pub const ASKED_IN_VAIN: usize = PENDING_RUNS_OF_ONE;

/// Milliseconds for which our words do not name what came without its causes: [`IN_VAIN_MS`] for each of a dozen peers that
/// it goes through.
pub const REST_MS: u64 = 12 * IN_VAIN_MS;

/// Entries of one author within [`BURST_MS`] past which our words do not name them for as long: more than people and bots say,
/// and what others have not got yet keeps them from no word of ours.
pub const BURST: u64 = 16;

/// See [`BURST`]: two rounds.
pub const BURST_MS: u64 = 1_000;

/// Milliseconds that a run is held because it lies ahead in time: an hour, by which clocks are wrong that were set to
/// another zone. Later it is fetched again, once an hour.
pub const EARLY_MS: u64 = 3_600_000;

/// Times that what runs need of each other is looked at again because one of them went or came in a smaller piece. Pieces
/// of a log come in three sizes: alone, as told, and as a block.
pub const FREED: u8 = 3;

/// Authors of one room: 300 bytes each in memory, 20 MB together.
pub const AUTHORS: usize = VOUCHED + UNVOUCHED;

/// Authors that somebody vouches for, of one room: what is left of 65,536.
pub const VOUCHED: usize = 49_152;

/// Authors that nobody vouches for, of one room: a quarter of all. A flood of new keys costs a node no more than so
/// many small logs, 6 MB, and a room in which nobody ever answers anybody has this much space.
pub const UNVOUCHED: usize = 16_384;

/// The share in a room that its founder has, see [`crate::standing`]. Who has one of 16,384 can vouch for 8,192 authors;
/// the tenth of those for 409, the tenth of these for 20. At most 440,863 authors can ever be vouched for, with 40 bytes
/// each 18 MB, when the founder itself floods the room; somebody of a share of 100 brings in 262.
pub const FOUNDER_SHARE: u32 = 16_384;

/// Milliseconds that pass between two reckonings of who is vouched for, at least; a vouch that comes alone takes effect
/// at once.
pub const RECKON_MS: u64 = 100;

/// Vouches that are reckoned with in 25 µs. Each lets a reckoning wait a millisecond longer: it never takes more than a
/// fortieth of a core.
pub const RECKONED: usize = 50;

/// Logs of evicted authors that a store is told to take out at once, and authors whose vouches it is asked for at once:
/// each costs it some tens of microseconds.
pub const EVICTED_AT_ONCE: usize = 64;

/// Logs of authors without a place that are still held: what is about to go, and what waited and came in at once.
pub const LED_OUT: usize = 2 * EVICTED_AT_ONCE + PENDING_RUNS;

/// Entries that a store takes out of one log at once: a log that is longer goes in pieces, of a few milliseconds each.
pub const EVICTED_ENTRIES: u64 = 4 * BLOCK;

/// Causes that one push may lack because they are still under way: where more are lacking, they are asked for at once.
pub const LACKED_AT_ONCE: usize = 4;

/// Depth of the branches whose sums are kept: 8^5 branches at most, of two authors each when there are as many as there
/// may be. 80 bytes each, 3 MB.
pub const SUMMED_DEPTH: u8 = 5;

/// Heads in a branch that are listed rather than split: 4 heads of about 17 bytes cost what 8 fingerprints and
/// their envelope cost.
pub const LEAF_HEADS: usize = 4;

/// The same where many may differ: at the root, of which nothing is known, and where more than half of the branches
/// beside one differ. 12 heads cost 180 bytes and spare a round trip; fingerprints, if two of them differ, 110.
pub const DENSE_HEADS: usize = 12;

/// Messages of heads in answer to one: 4,096 authors; what does not fit follows in the next round.
pub const HEADS_REPLIES: usize = 16;

/// Entries served without being asked for, once a comparison shows that they are lacking: one block.
pub const SERVE_AT_ONCE: u64 = BLOCK;

/// Entries of the first page that a newcomer wants: several screens.
pub const NEWEST_PAGE: usize = 256;

/// Entries lacking past which such a page comes first, and nothing waits for the rest. Four pages: what of the page is
/// held already, for what is lacking may be older, then adds a quarter at most; and as little can wait for its turn.
pub const PAGED_ENTRIES: u64 = 4 * NEWEST_PAGE as u64;

/// Entries in one want beyond the first page: at 100,000 a second a want takes a third of a second, long
/// against a round trip and short against a lost connection.
pub const WANT_ENTRIES: u64 = 32_768;

/// Milliseconds without an entry after which somebody else is asked.
pub const WANT_MS: u64 = 2_000;

/// Milliseconds without anything of the newest page after which somebody else is asked for it too: it is 50 kB, and a
/// person looks at an empty screen.
pub const PAGE_MS: u64 = WANT_MS / 4;

/// Bytes in one message that show, as more than [`SERVE_AT_ONCE`] entries do, that a peer serves a page or a backfill: half
/// of what a message of runs holds at most.
pub const FAR_BEHIND_BYTES: usize = 32 * 1024;

/// Logs remembered of one peer as longer than ours: as many as [`HEADS_REPLIES`] messages name. 40 bytes each, 160 kB a
/// peer.
pub const TOLD: usize = HEADS * HEADS_REPLIES;

/// Gaps remembered of one peer that it could not fill: 32 bytes each, and no more than are asked for between two
/// comparisons.
pub const BARREN: usize = 4096;

/// Gaps looked at to find some to ask for: a few wants of them, so that those that a peer cannot fill cost little.
pub const GAPS_LOOKED_AT: usize = 4 * RANGES;

/// Entries missing of one log that are counted: a room of a million entries by one author is counted right, and what one
/// author signs at a huge seq does not hide what the others' logs lack.
pub const GAP_COUNTED: u64 = 1 << 20;

/// Entries counted as missing because runs that wait follow them, of all logs together: past it one is far behind and
/// fetches pages, which count in full as they come. A liar's entries from nowhere add no more.
pub const AHEAD_COUNTED: u64 = PAGED_ENTRIES;

/// Logs of which is remembered that something waited in vain, so that it does not count when it comes again: as many as can
/// wait at once. 32 bytes each.
pub const WAITED_IN_VAIN: usize = PENDING_RUNS;

/// Wants in a row that bring nothing of what a peer claims to hold, after which it is asked for a block at a time: one can
/// be lost with a connection, one can cross with what brings the same.
pub const CLAIMS_IN_VAIN: u8 = 3;

/// Logs remembered as announced and not come: 100 bytes each.
pub const LACKS: usize = 4096;

/// Of [`LACKS`], those that one peer announced first: one message of them.
pub const LACKS_OF_ONE: usize = HEADS;

/// Peers remembered of one log as having announced it: an announcement reaches a peer about twice.
pub const ANNOUNCERS: usize = 3;

/// Wants of a little that one peer has yet to answer: a peer takes a few at a time, and answers one more as if it had
/// nothing.
pub const SMALL_WANTS: usize = 3;

/// Milliseconds that a node that comes back waits for the first peer before it writes, beside the first dials,
/// whose end it waits for: a dial on a LAN takes a millisecond or two, mDNS at most 1.6 s.
pub const ALONE_MS: u64 = 2_000;

/// Milliseconds that a connected peer has to tell, or to bring more of, what it holds of our log.
pub const ADOPT_MS: u64 = 3_000;

/// Milliseconds that a node waits for what peers claim to hold of its log and do not bring: fifteen wants that
/// come to nothing. A liar delays the first words of a node that comes back by no more.
pub const CLAIM_MS: u64 = 30_000;

/// Claims remembered at once; further ones are not waited for.
pub const CLAIMS: usize = 64;

/// Sayings that wait to be written: a pasted file of lines while a node comes back.
pub const SAYINGS: usize = 4096;

/// Authors whose clock is known: as many as there can be links to strangers.
pub const CLOCKS: usize = 64;

/// Milliseconds of disagreement with another clock past which people are told: a quarter of [`AHEAD_MS`].
pub const SKEW_MS: i64 = 30_000;

/// Milliseconds by which others' clocks lift ours at most: no more than is followed by a machine that knows no clock but
/// its own. With [`FOLLOW_MS`] it leaves half of [`AHEAD_MS`] for honest clocks that differ: whatever liars say, no honest
/// words are held by an honest node whose clock is within a minute of their author's.
pub const UP_MS: u64 = FOLLOW_MS;

/// Milliseconds ahead of the time we write by up to which others' stamps lift ours. See [`UP_MS`].
pub const FOLLOW_MS: u64 = 30_000;

/// Milliseconds for which stamps stand still rather than that a proved author cannot read us: longer than people take
/// to notice that the times beside lines do not move.
pub const LATER_MS: u64 = 600_000;

/// Milliseconds between two times that a log is left because it lies too far ahead: a liar with many clocks makes us
/// say our words again once an hour at most.
pub const LEAVE_MS: u64 = 3_600_000;

/// Milliseconds by which the wall clock may leave the ticks before it counts as set: an honest clock is slewed by less
/// between two looks.
pub const STEP_MS: i64 = 1_000;

/// The first of January 2023 in milliseconds since the Unix epoch: no machine that runs this program and shows less is
/// right. A machine without a battery starts in 1970.
pub const RELEASED_MS: u64 = 1_672_531_200_000;

/// Milliseconds for which the newest time in others' logs is not looked for again: 65,536 logs take a millisecond.
pub const OTHERS_MS: u64 = 1_000;

/// Entries further ahead than we follow that are remembered until they may be followed: 72 bytes each. They lie within
/// [`AHEAD_MS`]; what does not fit is never said to have been seen.
pub const FARTHER: usize = 1_024;

/// Milliseconds that a missing cause is given to come by itself before the peer that must hold it is asked:
/// twice a wide-area round trip.
pub const LACK_MS: u64 = 200;

/// Authors some of whose words were named before they came, and had to be asked for: 40 bytes each.
pub const HIDDEN: usize = 256;

/// Milliseconds for which that is remembered: their next words are asked for at once.
pub const HIDDEN_MS: u64 = 60_000;

/// Milliseconds that something announced is given to come as a rumor: it was announced two round trips after it had
/// come to somebody, so that only what waits in a queue is still under way.
pub const HAVE_MS: u64 = 150;

/// Runs that came lately, or were repaired, to find out whether others are getting them, or they come again, as rumors:
/// three seconds, the most one is patient for, of a room in which 80 a second do. 24 to 48 bytes each.
pub const LATELY: usize = 256;

/// Pushes of our own entries whose answers are awaited, to tell who holds them: 48 bytes each.
pub const PUSHES_OF_OWN: usize = 4096;

/// Milliseconds that an answer nobody waits for is given to find company: in a room of 25 where each speaks twice a
/// second, all but one in four hundred (e^-6) go with a push.
pub const RECEIPT_MS: u64 = 3_000;

/// Such answers to one peer that wait at once: 100 bytes, and eight milliseconds at 4,000 pushes a second.
pub const RECEIPTS: usize = 32;

/// Runs that are gathered before they are told on, where latency is traded for messages; past it they go at once.
pub const GATHERED_RUNS: usize = 4 * PUSH_RUNS;

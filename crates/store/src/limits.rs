//! Every bound of the store, each with the arithmetic that chose it.

/// Contacts kept for a room: two full shuffles of 32 peers, 36 kB at their longest addresses.
pub const CONTACTS: usize = 64;

/// Bytes of one piece of a file. A piece verifies alone, by hashes that take 1/4096 of the file. It takes 5 ms on a
/// link of 400 Mbit/s, and a fetch, a serve or an upload holds this much in memory.
pub const PIECE_BYTES: usize = 256 * 1024;

/// Bytes of a piece as it travels: with a pair of hashes for each level of the largest file's tree, 12 of them.
pub const SENT_PIECE_BYTES: usize = PIECE_BYTES + 16 * 64;

/// Bytes that files leave free on the disk: several times what the database needs to go on, which is [`WAL_BYTES`] and
/// the same again for a checkpoint.
pub const FREE_BYTES: u64 = 256 * 1024 * 1024;

/// Bytes of files that a home keeps, whatever its rooms allow: sixteen of the largest. The oldest files go first.
pub const HOME_FILE_BYTES: u64 = 16 << 30;

/// Bytes of files of one author that a home keeps: a quarter of [`HOME_FILE_BYTES`], four of the largest, so that any
/// file a person requests fits. An author whose files are requested often displaces its own files, not those of others.
pub const AUTHOR_FILE_BYTES: u64 = HOME_FILE_BYTES / 4;

/// Authors of one file that are examined: one of them with space left is enough.
pub const OFFERERS: usize = 16;

/// Files that a home keeps: each costs 100 bytes of memory and 20 µs to check whether a room still names it.
pub const HOME_FILES: usize = 16 * 1024;

/// Bytes of bodies that a room keeps of each author by default. A person who types forty words a minute for eight hours
/// every day writes 42 MB a year and notices nothing for six years; a bot that posts 200 bytes every ten seconds writes
/// 630 MB a year and has its words kept for five months. An author who floods with the largest bodies fills it in 18 s
/// at 1,820 a second, and gets no more.
pub const SHARE_BYTES: u64 = 256 * 1024 * 1024;

/// Blocks of one log that lose their bodies in one step: two for each run that arrives, which is at most one block, so
/// that a log far over its share shrinks to it while its author goes on. 1 MB of the largest bodies, 5 ms.
pub const SHARE_BLOCKS: usize = 2;

/// Words of a search that count: more than a person types. Each costs a walk through its own list.
pub const QUERY_WORDS: usize = 16;

/// Problems that a check lists: a screen shows fifty, and for a file so broken a longer list is no use. 100 bytes each,
/// 100 kB together; the check counts the rest.
pub const PROBLEMS: usize = 1000;

/// Pages of 4 KiB in the write-ahead log at which they move into the database: 16 MiB. At the usual thousand, pages
/// where runs of twenty authors end moved five times more often than at four thousand.
pub const CHECKPOINT_PAGES: u32 = 4000;

/// Bytes to which the write-ahead log shrinks after a larger commit: four times what a checkpoint leaves in it.
pub const WAL_BYTES: u32 = 64 * 1024 * 1024;

/// Page cache of the writing connection: the ends of a thousand logs, 4 KiB each in three trees, in 16 MiB.
pub const WRITER_CACHE_KIB: i32 = 16 * 1024;

/// Page cache of each reading connection: a timeline page at its worst, a hundred runs of 13 kB, twice over.
pub const READER_CACHE_KIB: i32 = 4 * 1024;

/// Compiled statements kept on a connection: more than the crate has, 5 kB each.
pub const STATEMENTS: usize = 64;

/// Bytes of runs kept during a walk along the timeline: one run of 64 lines, 13 kB, for each of a thousand authors who
/// take turns; or 27 of the largest.
pub const CACHED_PIECES_BYTES: usize = 16 * 1024 * 1024;

/// Arrivals in one slice of the search index. A search for the newest hits reads whole slices: sorting 1024 runs with a
/// common word takes 2 ms, and a million entries that arrived one by one make a thousand slices, at 30 µs each.
pub const SLICE_ARRIVALS: usize = 1024;

/// Runs that a check reads at once: a megabyte of ordinary ones, 10 MB of the largest.
pub const CHECK_RUNS: u32 = 16;

/// Authors whose names are listed: ten thousand, the most a room was measured with, and half as many again; 130 bytes
/// each with the longest name, 2 MB.
pub const NICKS: usize = 16 * 1024;

/// Commits after which dropped bodies are wiped from the write-ahead log, unless indexing did it earlier. Wiping costs
/// two barriers and the pages written since, as much as two commits: a thirtieth of 64.
pub const WIPE_COMMITS: u32 = 64;

/// Entries to look into to find who holds a message: of each author those below the message, up to the first that knows
/// it, which mostly is the first of all. 65,536 are the first ones of all authors of the largest room, or 30 ms of an
/// author who goes on and on and names nobody.
pub const HOLDER_ENTRIES: usize = 65_536;

/// Edits of one text that are dropped in the commit that retracts it: more than anybody makes, 5 ms when each lies in a
/// block of its own. Further edits go in later steps.
pub const EDITS_AT_ONCE: usize = 64;

/// Calls of a room to remember so that they are carried out only once: half an hour of a bot at full pace, or a week of
/// a busy one. 150 bytes each, 2.5 MB.
pub const ONCE: u64 = 16 * 1024;

/// Milliseconds for which the bodies of entries are kept that do not count any more: thirty days, in which even an owner who
/// is on holiday hears that a moderator went wild.
pub const LAPSED_MS: u64 = 30 * 24 * 3_600_000;

/// Names that are looked at to tell how much a home takes: 16,000 files with their trees and parts; 0.1 s.
pub const WALKED: usize = 65_536;

/// Milliseconds that a commit waits for another process that reads or writes the file, and that wiping waits for
/// readers: as long as SQLite's tools do.
pub const BUSY_MS: u64 = 5000;

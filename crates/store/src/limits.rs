//! Every bound of the store, each with the arithmetic that chose it.

/// Contacts kept of a room: two full shuffles of 32 peers, 36 kB at their longest addresses.
pub const CONTACTS: usize = 64;

/// Bytes of one piece of a file: it verifies alone, by hashes that are 1/4096 of the file. 5 ms of a link of 400 Mbit/s,
/// and what a fetch, a serve or an upload holds in memory.
pub const PIECE_BYTES: usize = 256 * 1024;

/// Bytes of a piece as it travels: with a pair of hashes for each level of the largest file's tree, 12 of them.
pub const SENT_PIECE_BYTES: usize = PIECE_BYTES + 16 * 64;

/// Bytes that files leave free on the disk: several times what the database needs to go on, [`WAL_BYTES`] and as much
/// again where it is checkpointed.
pub const FREE_BYTES: u64 = 256 * 1024 * 1024;

/// Bytes of files that a home keeps, whatever its rooms may: sixteen of the largest. What came first goes first.
pub const HOME_FILE_BYTES: u64 = 16 << 30;

/// Bytes of files of one author that a home keeps: a quarter of [`HOME_FILE_BYTES`], four of the largest, so that whatever a
/// person asks for fits. Somebody whose files are asked for often pushes out their own, and not those of others.
pub const AUTHOR_FILE_BYTES: u64 = HOME_FILE_BYTES / 4;

/// Authors who offer one file that are looked at: one of them who has space for it is enough.
pub const OFFERERS: usize = 16;

/// Files that a home keeps: each costs 100 bytes of memory and 20 µs when it is looked whether it is still named.
pub const HOME_FILES: usize = 16 * 1024;

/// Bytes of bodies that a room keeps of each author, if its user wants nothing else. Somebody who types forty words a minute
/// for eight hours of every day says 42 MB a year, and a bot with a line of 200 bytes every ten seconds 630 MB: the one
/// notices nothing for six years, the other's words are kept for five months. Who floods with the largest bodies fills it in
/// 18 s at 1,820 a second, and gets no more.
pub const SHARE_BYTES: u64 = 256 * 1024 * 1024;

/// Blocks of one log that are let go in one step: two for each run that comes, which is one block at most, so that a log
/// that is far over its share gets within it while its author goes on. 1 MB of the largest bodies, 5 ms.
pub const SHARE_BLOCKS: usize = 2;

/// Words of a search that count: more than a person types; each one costs a walk through its own list.
pub const QUERY_WORDS: usize = 16;

/// Problems that a check lists: a screen shows fifty, and a file so broken needs no longer list. 100 bytes each,
/// 100 kB together; the rest is counted.
pub const PROBLEMS: usize = 1000;

/// Pages of 4 KiB in the write-ahead log at which they are moved into the database: 16 MiB. A thousand, the usual
/// number, moved the pages where runs of twenty authors end five times more often than four thousand.
pub const CHECKPOINT_PAGES: u32 = 4000;

/// Bytes to which the write-ahead log shrinks after a larger commit: four times what a checkpoint leaves.
pub const WAL_BYTES: u32 = 64 * 1024 * 1024;

/// Page cache of the connection that writes: the ends of a thousand logs, 4 KiB each in three trees, in 16 MiB.
pub const WRITER_CACHE_KIB: i32 = 16 * 1024;

/// Page cache of each connection that reads: a page of the timeline at its worst, a hundred runs of 13 kB, twice over.
pub const READER_CACHE_KIB: i32 = 4 * 1024;

/// Statements kept compiled on a connection: more than there are in the crate, 5 kB each.
pub const STATEMENTS: usize = 64;

/// Bytes of runs kept while the timeline is walked: one run of 64 lines, 13 kB, for each of a thousand authors who
/// speak by turns; or 27 of the largest.
pub const CACHED_PIECES_BYTES: usize = 16 * 1024 * 1024;

/// Arrivals in one slice of the search index. A search that looks for the newest hits reads slices whole: 1024 runs
/// of a common word are put in order in 2 ms, and a million entries that came one by one are a thousand slices, each
/// asked in 30 µs.
pub const SLICE_ARRIVALS: usize = 1024;

/// Runs that a check reads at once: a megabyte of ordinary ones, 10 MB of the largest.
pub const CHECK_RUNS: u32 = 16;

/// Authors whose names are told: ten thousand, the most a room was measured with, and half as many again; 130 bytes each
/// with the longest name, 2 MB.
pub const NICKS: usize = 16 * 1024;

/// Commits after which bodies that were dropped are wiped from the write-ahead log, if no index was asked for until then.
/// That costs two barriers and the pages written since, as much as two commits: a thirtieth of 64.
pub const WIPE_COMMITS: u32 = 64;

/// Entries that are looked into to find who holds a message: those of each author that stand below the message, up to the
/// first that knows it, which mostly is the first. 65,536 are the first ones of all authors of the largest room, or 30 ms
/// of somebody who goes on and on and names nobody.
pub const HOLDER_ENTRIES: usize = 65_536;

/// Edits of one text that go in the commit that takes it back: more than anybody makes, 5 ms when each lies in a block of its
/// own. Of a text with more the rest goes in steps.
pub const EDITS_AT_ONCE: usize = 64;

/// Milliseconds that a commit waits for another process that reads or writes the file: as long as SQLite's tools do.
pub const BUSY_MS: u64 = 5000;

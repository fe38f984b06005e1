//! Every bound of the engine, each with the arithmetic that chose it.

/// Bytes of one body. A screenful of text is 2 KiB; larger things are files, outside the entries.
pub const BODY_BYTES: usize = 8 * 1024;

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

/// Bytes of one message: the largest run and its envelope.
pub const MESSAGE_BYTES: usize = RUN_BYTES + 4096;

/// Milliseconds that an entry may be ahead of us before it is held: two minutes, the clock error that
/// people tolerate before they notice that a message is misplaced.
pub const AHEAD_MS: u64 = 120_000;

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

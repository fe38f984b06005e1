//! Every bound of the store, each with the arithmetic that chose it.

/// Contacts kept of a room: two full shuffles of 32 peers, 36 kB at their longest addresses.
pub const CONTACTS: usize = 64;

/// Words of a search that count: more than a person types; each one costs a walk through its own list.
pub const QUERY_WORDS: usize = 16;

/// Problems that a check lists: a screen shows fifty, and a file so broken needs no longer list. 100 bytes each,
/// 100 kB together; the rest is counted.
pub const PROBLEMS: usize = 1000;

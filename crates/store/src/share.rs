//! How much of what one author says a room keeps here.
//!
//! What counts are bodies. When those of one author come to more than its share, its oldest blocks lose them; entries stay, so
//! that all nodes hold the same logs whatever share each gives. How far that went is kept with the log as its floor: below it
//! a body that comes later is let go when it comes, and one that does not come is not wanted.

use rumormill_proto::{
    entry::{Kind, RawEntry},
    ids::{AuthorId, Seq},
    time::Time,
};

use crate::limits::SHARE_BYTES;

/// What the share of one author took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Whose.
    pub author: AuthorId,
    /// Bytes of bodies that are kept.
    pub bytes: u64,
    /// Bodies that were let go.
    pub let_go: u64,
    /// When the newest of these was said.
    pub newest: Time,
}

/// Bytes of a hash, which stands where a body was.
const HASH_BYTES: usize = 32;

/// Bytes that an entry takes of its author's share. A body that is no longer than the hash in its place takes none, for
/// nothing is gained without it; nor does what founds a room, which is one entry at most.
pub(crate) fn weight(entry: &RawEntry) -> i64 {
    let len = entry.body.bytes().map_or(0, |body| body.len());
    if len > HASH_BYTES && entry.kind != Kind::FOUND { len as i64 } else { 0 }
}

/// Whether a body stays when it is the last of its kind by its author: what somebody is called, what the room is about.
pub(crate) fn stands_out(kind: Kind) -> bool {
    [Kind::NICK, Kind::TOPIC].contains(&kind)
}

/// Whether the missing body of an entry is explained by how far its author's share reaches down.
pub(crate) fn explains(floor: Seq, seq: Seq, kind: Kind) -> bool {
    seq < floor && kind != Kind::FOUND
}

/// The share that a room gives each author, as its user put it.
pub(crate) fn share_bytes(put: Option<u64>) -> i64 {
    i64::try_from(put.unwrap_or(SHARE_BYTES)).unwrap_or(i64::MAX)
}

//! How much of one author's entries a room keeps here.
//!
//! Only bodies count. When an author's bodies exceed its share, its oldest blocks lose theirs. Entries stay, so that
//! all nodes hold the same logs whatever share each allows. The log stores how far that went as its floor: a body below
//! it is dropped on arrival, and a missing one is not wanted.

use rumormill_proto::{
    entry::{Kind, RawEntry},
    ids::{AuthorId, Seq},
    time::Time,
};

use crate::{limits::SHARE_BYTES, note::plain};

/// How an author's share was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shared {
    /// The author.
    pub author: AuthorId,
    /// Bytes of bodies kept.
    pub bytes: u64,
    /// Bodies dropped.
    pub let_go: u64,
    /// Time of the newest dropped body.
    pub newest: Time,
}

/// Bytes of a hash, which replaces a dropped body.
const HASH_BYTES: usize = 32;

/// Bytes of an entry that count towards its author's share. A body no longer than its hash counts nothing because
/// dropping it gains nothing; nor does a room's foundation, which is at most one entry.
pub(crate) fn weight(entry: &RawEntry) -> i64 {
    let len = entry.body.bytes().map_or(0, |body| body.len());
    if len > HASH_BYTES && entry.kind != Kind::FOUND { len as i64 } else { 0 }
}

/// Whether the last body of this kind by an author stays: its name, or the room's topic.
pub(crate) fn stands_out(kind: Kind) -> bool {
    [Kind::NICK, Kind::TOPIC].contains(&plain(kind))
}

/// Whether its author's share explains that an entry lacks its body.
pub(crate) fn explains(floor: Seq, seq: Seq, kind: Kind) -> bool {
    seq < floor && kind != Kind::FOUND
}

/// The share of each author in bytes, given the user's setting.
pub(crate) fn share_bytes(put: Option<u64>) -> i64 {
    i64::try_from(put.unwrap_or(SHARE_BYTES)).unwrap_or(i64::MAX)
}

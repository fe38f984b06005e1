//! The status of a room, and the results of questions about it.

use rumormill_proto::{
    clock::Skew,
    frontier::Digest,
    ids::{AuthorId, PeerId, Seq},
};
use rumormill_store::CheckReport;

use crate::stock::Stock;

/// The status of a room, renewed ten times a second while it changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomStatus {
    /// The peers that the room is linked with.
    pub peers: Vec<PeerStatus>,
    /// Entries in the timeline.
    pub entries: u64,
    /// Entries that are known to be missing.
    pub missing: u64,
    /// Authors in the room.
    pub authors: usize,
    /// The digest of all logs: the same at two nodes exactly when they hold the same entries.
    pub digest: Digest,
    /// How our clock differs from others', and whose clock looks wrong.
    pub skew: Skew,
    /// The room's traffic on the network.
    pub traffic: Traffic,
}

/// A peer that a room is linked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerStatus {
    /// The peer.
    pub peer: PeerId,
    /// The author who writes there.
    pub author: AuthorId,
    /// How it is reached.
    pub path: Path,
    /// Round trip in milliseconds; 0 when it is below one.
    pub rtt_ms: u32,
    /// Seq after the last entry of our own log that it is known to hold.
    pub holds: Seq,
    /// How much it stores of the room, if it is a keeper and says so.
    pub stock: Option<Stock>,
}

/// How a peer is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// From address to address.
    Direct,
    /// Through a relay, which sees only sealed packets.
    Relayed,
}

/// The traffic of one room on the network since the room was entered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes of frames sent, bulk answers compressed.
    pub bytes_out: u64,
    /// Bytes of frames received, bulk answers compressed.
    pub bytes_in: u64,
    /// Frames sent on live streams.
    pub frames_out: u64,
    /// Frames received.
    pub frames_in: u64,
    /// Frames dropped because a peer did not read. Anti-entropy repairs the loss.
    pub dropped: u64,
    /// Rumors pushed to us.
    pub pushes_in: u64,
    /// Rumors among them that we knew already.
    pub pushes_known: u64,
}

/// The authors who are known to hold a message, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holders {
    /// Everybody who has received it: its author, those whose peers say so, and those who have acknowledged it.
    pub received: Vec<AuthorId>,
    /// Those who have acknowledged it: entries of their own prove that they have seen it.
    pub acknowledged: Vec<AuthorId>,
}

/// The result of mending a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    /// The findings of the check.
    pub report: CheckReport,
    /// Entries that were taken out and are missing until peers send them: author, first and last seq.
    pub lost: Vec<(AuthorId, Seq, Seq)>,
}

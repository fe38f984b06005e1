//! How a room stands, and what else is told of it that is not said in it.

use rumormill_proto::{
    clock::Skew,
    frontier::Digest,
    ids::{AuthorId, PeerId, Seq},
};
use rumormill_store::CheckReport;

/// How a room stands. Renewed twenty times a second while things change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomStatus {
    /// Peers we have a link with.
    pub peers: Vec<PeerStatus>,
    /// Entries in the timeline.
    pub entries: u64,
    /// Entries we know to be missing.
    pub missing: u64,
    /// Authors who wrote something.
    pub authors: usize,
    /// The same at two nodes exactly when they hold the same entries.
    pub digest: Digest,
    /// How our clock differs from others', and whose looks wrong.
    pub skew: Skew,
    /// What went over the network for this room.
    pub traffic: Traffic,
}

/// A peer we have a link with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerStatus {
    /// Which.
    pub peer: PeerId,
    /// Who writes from there.
    pub author: AuthorId,
    /// How it is reached.
    pub path: Path,
    /// Round trip in milliseconds; 0 below one.
    pub rtt_ms: u32,
    /// Seq after the last entry of our own log that it is known to hold.
    pub holds: Seq,
}

/// How a peer is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Without anybody between.
    Direct,
    /// Through a relay, which sees nothing but sealed packets.
    Relayed,
}

/// What went over the network for one room since it was entered.
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
    /// Frames dropped because a peer did not read; anti-entropy repairs what they said.
    pub dropped: u64,
    /// Rumors pushed to us.
    pub pushes_in: u64,
    /// Those of them that we knew already.
    pub pushes_known: u64,
}

/// Who is known to hold an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holders {
    /// Their authors, ascending.
    pub authors: Vec<AuthorId>,
}

/// What was taken out of a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    /// What was found.
    pub report: CheckReport,
    /// Entries that were held and are not any more: author, first and last seq.
    pub lost: Vec<(AuthorId, Seq, Seq)>,
}

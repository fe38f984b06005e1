//! Types that the parts of a node exchange about one connection to a peer.

use std::sync::{Arc, Weak};

use bytes::Bytes;
use iroh::endpoint::{Connection, VarInt};
use rumormill_proto::{
    ids::{AuthorId, PeerId, RoomId, Seq},
    input::Form,
};
use tokio::sync::{Semaphore, SetOnce, mpsc};

use crate::{greeting::Role, outbound::Outbound};

/// The number of a connection on this node; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LinkId(u64);

impl From<u64> for LinkId {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

/// Why we close a connection. The other side sees the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goodbye {
    /// Our node closes.
    Closing = 0,
    /// We share no room, or no longer talk about any.
    NothingShared = 1,
    /// Another connection to the same peer is used instead.
    Replaced = 2,
    /// The peer sent bytes that no honest peer sends, now or lately.
    Barred = 3,
    /// We have as many connections as we may.
    Full = 4,
    /// The peer took too long to send something, or to read.
    TooSlow = 5,
}

impl Goodbye {
    /// Closes the connection with this reason.
    pub(crate) fn say(self, connection: &Connection) {
        connection.close(VarInt::from_u32(self as u32), b"");
    }
}

/// A connection whose peer is known, but nothing else.
pub(crate) struct Met {
    pub(crate) link: LinkId,
    pub(crate) peer: PeerId,
    pub(crate) role: Role,
    /// Keying material that tags are bound to.
    pub(crate) exported: [u8; 32],
    pub(crate) connection: Connection,
    pub(crate) outbound: Arc<Outbound>,
    pub(crate) serves: mpsc::Sender<Job>,
    /// The address at which we see the peer.
    pub(crate) seen_at: Option<Bytes>,
    /// Set once a room is shared; otherwise the connection is closed.
    pub(crate) shared: Arc<SetOnce<()>>,
}

/// A want to be served, see [`rumormill_proto::input::Output::Serve`].
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// Index of our tag for the room.
    pub(crate) channel: u32,
    pub(crate) room: RoomId,
    /// The want that this answers; 0 if there was none.
    pub(crate) want: u64,
    /// How many of the newest entries of the timeline to serve first.
    pub(crate) newest: usize,
    /// Pieces of logs to serve then: author, first and last seq.
    pub(crate) ranges: Vec<(AuthorId, Seq, Seq)>,
    /// In which form.
    pub(crate) form: Form,
    /// Pieces of logs of which the bodies of words stay here: they were taken back.
    pub(crate) hidden: Vec<(AuthorId, Seq, Seq)>,
    /// Gone when it is to be served no more.
    pub(crate) asked: Weak<()>,
}

/// A connection over which a peer can be asked for files of a room.
pub(crate) struct Lane {
    pub(crate) link: LinkId,
    /// Index of our tag for the room.
    pub(crate) channel: u32,
    pub(crate) connection: Connection,
    /// One permit: we ask a peer for one file at a time.
    pub(crate) asking: Arc<Semaphore>,
}

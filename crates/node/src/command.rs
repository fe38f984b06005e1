//! The driver's inbox.

use std::sync::Arc;

use bytes::Bytes;
use rumormill_proto::{
    content::Target,
    entry::Kind,
    frame::{Contact, Frame},
    ids::{PeerId, RoomId},
    input::{Found, Import, ImportCounts, Recall},
    reject::Reject,
};
use rumormill_store::{Keep, Once, Store};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::{
    board::Board,
    connection::{Lane, LinkId, Met},
    damaged::Remembered,
    envelope::Control,
    error::Error,
    settings::RoomSetup,
    status::Mended,
    wish::Govern,
};

/// One thing for the driver to do or to know.
pub(crate) enum Command {
    /// Enter a room. A room that is already entered only gets the contacts.
    Enter { setup: Box<RoomSetup>, answer: oneshot::Sender<Result<Arc<Board>, Error>> },
    /// Enter a room that the home remembers, or list it as damaged; answered when either is done.
    Resume { room: Box<Remembered>, answer: oneshot::Sender<()> },
    /// All rooms that the home remembers are entered.
    Resumed,
    /// Leave a room and keep nothing of it; answered once that is durable.
    Leave { room: RoomId, answer: oneshot::Sender<Result<(), Error>> },
    /// Write entries, except those that a call with the same keys wrote before; answered once they are durable. Each
    /// has a key, or none has.
    Say {
        room: RoomId,
        sayings: Vec<(Kind, Bytes)>,
        once: Vec<Once>,
        answer: oneshot::Sender<Result<Vec<Target>, Error>>,
    },
    /// Something for a closed room.
    Govern { room: RoomId, what: Govern },
    /// Set how much of a room is kept; answered once that is durable.
    Retain { room: RoomId, retention: Keep, answer: oneshot::Sender<Result<(), Error>> },
    /// Announce a room on the LAN, or no longer; answered once that is durable.
    Announce { room: RoomId, announced: bool, answer: oneshot::Sender<Result<(), Error>> },
    /// Set the name to say once we are let in, instead of another one that still waits; answered once that is durable.
    Name { room: RoomId, nick: String, answer: oneshot::Sender<Result<(), Error>> },
    /// Tell the linked peers of a room that somebody is typing here.
    Type { room: RoomId },
    /// Import the entries that verify; answered once they are durable.
    Import { room: RoomId, import: Import, answer: oneshot::Sender<ImportCounts> },
    /// Remove the damaged entries of a room and fetch them again; answered once they are removed.
    Mend { room: RoomId, answer: oneshot::Sender<Result<Mended, Error>> },
    /// A connection was made; neither side has greeted.
    Met(Box<Met>),
    /// A control came.
    Controlled { link: LinkId, control: Control, _permit: OwnedSemaphorePermit },
    /// A frame came.
    Received(Box<Received>),
    /// A peer sent bytes that no honest peer sends.
    Faulted { link: LinkId, reject: Reject },
    /// A connection has ended.
    Gone { link: LinkId },
    /// A dial failed.
    Unreachable { peer: PeerId, why: String },
    /// Members of a room were found.
    Heard { room: RoomId, contacts: Vec<Contact> },
    /// The answer to something that an engine wanted to read.
    Recalled(Box<Recalled>),
    /// List the connections by which peers of a room can be asked for files.
    Lanes { room: RoomId, answer: oneshot::Sender<Vec<Lane>> },
    /// Tell whether a linked peer has not said who writes there.
    Nameless { room: RoomId, answer: oneshot::Sender<Result<bool, Error>> },
    /// Tell which room a peer means by one of its channels, if both sides talk about that room.
    Channel { link: LinkId, channel: u32, answer: oneshot::Sender<Option<RoomId>> },
    /// Entries were served over a connection; counts their bytes.
    Served { room: RoomId, bytes: usize },
    /// The files of a room that we keep take another amount than before.
    Restock { room: RoomId },
    /// Our address has changed.
    Readdressed { address: Bytes },
    /// Make everything durable, say goodbye to all peers and hand over the store.
    Close { answer: oneshot::Sender<Box<dyn Store>> },
}

/// Something that was read for the engine.
pub(crate) struct Recalled {
    pub(crate) room: RoomId,
    pub(crate) what: Recall,
    pub(crate) found: Option<Found>,
}

impl Command {
    /// Bytes of frames in it.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Received(received) => received.bytes,
            _ => 0,
        }
    }

    /// Runs in the frame in it.
    pub(crate) fn runs(&self) -> usize {
        match self {
            Self::Received(received) => received.frame.runs().len(),
            _ => 0,
        }
    }

    /// The memory that the frame in it takes, as an estimate in bytes.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Received(received) => received.weight,
            _ => 0,
        }
    }
}

/// A frame that a peer sent.
pub(crate) struct Received {
    pub(crate) link: LinkId,
    /// Index of the sender's tag.
    pub(crate) channel: u32,
    pub(crate) frame: Frame,
    /// Bytes that it took on the wire.
    pub(crate) bytes: usize,
    /// The memory that it takes, as an estimate in bytes.
    pub(crate) weight: usize,
    /// The permits that it holds of its peer's inbox and of all peers' together; released when this is dropped.
    pub(crate) _permits: [OwnedSemaphorePermit; 2],
}

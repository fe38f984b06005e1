//! What the driver is asked to do.

use std::sync::Arc;

use bytes::Bytes;
use rumormill_proto::{
    entry::Kind,
    frame::{Contact, Frame},
    ids::{PeerId, RoomId},
    input::{Found, Import, Imported, Recall},
    reject::Reject,
};
use rumormill_store::Keep;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::{
    board::Board,
    damaged::Remembered,
    envelope::Control,
    error::Error,
    files::Lane,
    link::{LinkId, Met},
    mend::Mended,
    room::Said,
    settings::RoomSetup,
};

/// One thing for the driver to do.
pub(crate) enum Command {
    /// Take part in a room; one that is entered already only hears of the contacts.
    Enter { setup: Box<RoomSetup>, answer: oneshot::Sender<Result<Arc<Board>, Error>> },
    /// Take part in a room that the home remembers, or list it as damaged; answered when either is done.
    Resume { room: Box<Remembered>, answer: oneshot::Sender<()> },
    /// Take part in a room no more, and keep nothing of it; answered once that is durable.
    Leave { room: RoomId, answer: oneshot::Sender<Result<(), Error>> },
    /// Say something; answered once it is durable.
    Say { room: RoomId, sayings: Vec<(Kind, Bytes)>, answer: oneshot::Sender<Result<Vec<Said>, Error>> },
    /// Keep so much of what is said from now on; answered once that is durable.
    Retain { room: RoomId, retention: Keep, answer: oneshot::Sender<Result<(), Error>> },
    /// Tell those who ask on the LAN of the room from now on, or no longer; answered once that is durable.
    Announce { room: RoomId, announced: bool, answer: oneshot::Sender<Result<(), Error>> },
    /// Tell others in a room that somebody writes here.
    Type { room: RoomId },
    /// Take what is verified of this; answered once it is durable.
    Import { room: RoomId, import: Import, answer: oneshot::Sender<Imported> },
    /// Take out what is damaged of a room, and fetch it again; answered once it is out.
    Mend { room: RoomId, answer: oneshot::Sender<Result<Mended, Error>> },
    /// A connection is there, and nothing was said on it.
    Met(Box<Met>),
    /// A control came.
    Controlled { link: LinkId, control: Control, _place: OwnedSemaphorePermit },
    /// A frame came.
    Received(Box<Received>),
    /// Bytes came that no honest peer sends.
    Faulted { link: LinkId, reject: Reject },
    /// A connection is gone.
    Gone { link: LinkId },
    /// A dial came to nothing.
    Unreachable { peer: PeerId, why: String },
    /// Members of a room were heard of.
    Heard { room: RoomId, contacts: Vec<Contact> },
    /// Something was read for the engine.
    Recalled(Box<Recalled>),
    /// Tell by which connections peers of a room can be asked for files.
    Lanes { room: RoomId, answer: oneshot::Sender<Vec<Lane>> },
    /// Tell which room a peer means by a channel of its own, if it is one that both talk about.
    Channel { link: LinkId, channel: u32, answer: oneshot::Sender<Option<RoomId>> },
    /// Bytes of entries were served over a connection.
    Served { room: RoomId, bytes: usize },
    /// We are reached in another way.
    Readdressed { address: Bytes },
    /// Make all durable, say goodbye and let the home go.
    Close { answer: oneshot::Sender<()> },
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

    /// About what the frame in it takes in memory.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Received(received) => received.weight,
            _ => 0,
        }
    }
}

/// A frame as it came.
pub(crate) struct Received {
    pub(crate) link: LinkId,
    /// Index of the sender's tag.
    pub(crate) channel: u32,
    pub(crate) frame: Frame,
    /// Bytes it took on the wire.
    pub(crate) bytes: usize,
    /// About what it takes in memory.
    pub(crate) weight: usize,
    /// The places it takes in the inbox of its peer and in that of all; free again when this is dropped.
    pub(crate) _places: [OwnedSemaphorePermit; 2],
}

//! What people want in a closed room.

use bytes::Bytes;
use rumormill_proto::{
    content::Target,
    governance::{Foreseen, Guest, Order},
};
use rumormill_store::{Pass, RoomRecord};
use tokio::sync::oneshot;

use crate::error::Error;

/// What came of an order: the act, and the ticket that it announced.
pub(crate) type Done = (Target, Option<Pass>);

/// The answer to a caller.
pub(crate) type Answer = oneshot::Sender<Result<Done, Error>>;

/// Something that somebody here, or the node itself, wants to do.
pub(crate) enum Wish {
    /// This.
    Order(Order),
    /// Make a ticket.
    Ticket {
        /// Whom it lets in.
        guest: Guest,
        /// How many it lets in.
        uses: u64,
        /// Milliseconds since the Unix epoch at which it ends, if it does.
        expires_ms: Option<u64>,
    },
}

/// Something for the seat of a closed room to do.
pub(crate) enum Govern {
    /// Do this; answered once that is durable.
    Do(Wish, Answer),
    /// Tell what an order would end.
    Foresee(Order, oneshot::Sender<Result<Foreseen, Error>>),
    /// Report a message to those who govern and are linked; answered with how many these are.
    Report(Target, Bytes, oneshot::Sender<Result<usize, Error>>),
    /// Tell how the room is kept, with its secrets.
    Record(oneshot::Sender<RoomRecord>),
}

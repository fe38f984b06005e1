//! The files of all rooms on this node: which are here, which are being fetched, and which are dropped.
//!
//! A file is fetched only when a user asks for it. It comes piece by piece from one peer after the other, and each
//! piece is verified before it is written. When no connected peer has it, the node asks again when a peer comes. After
//! a restart the node continues: the part on the disk shows that the file is wanted.

mod fetch;
mod keep;
mod offer;
mod serve;
mod shelf;
mod slots;

pub(crate) use self::shelf::{Shelf, Ways};
pub use self::{fetch::Fetch, offer::Offer};

/// A sealed piece is verified as one piece on its way.
const _: () = assert!(rumormill_proto::pieces::SEALED_PIECE == rumormill_store::limits::PIECE_BYTES);

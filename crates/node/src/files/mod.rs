//! Files of the rooms on this node: which are here, which are asked for, and what is dropped.
//!
//! A file is fetched when somebody asks for it and never by itself. It comes piece by piece from one peer after the
//! other, whoever has it; each piece is verified before it is written. When nobody has it, it is asked for again when
//! somebody comes. What an ended process had asked for is asked for by the next one: that a part is on the disk is what
//! remembers it.

mod fetch;
mod offer;
mod serve;
mod shelf;
mod slots;

pub(crate) use self::shelf::{Shelf, Ways};
pub use self::{fetch::Fetch, offer::Offer};

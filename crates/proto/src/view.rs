//! The peers we know.
use crate::ids::PeerId;

/// Whom the engine keeps links with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Exactly these peers: the lab's line.
    Fixed(Vec<PeerId>),
    /// A full mesh while the room is small, a partial view beyond that.
    Open,
}

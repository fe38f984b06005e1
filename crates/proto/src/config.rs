//! How an engine is set up.

use crate::{
    governance::Governance,
    ids::{PeerId, RoomId},
    rumor::Policy,
    standing::Crowd,
    sync::Pace,
    view::Shape,
};

/// How an engine is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// The room.
    pub room: RoomId,
    /// This peer.
    pub me: PeerId,
    /// How rumors spread.
    pub policy: Policy,
    /// The peers that the engine keeps links with.
    pub shape: Shape,
    /// How often anti-entropy compares.
    pub pace: Pace,
    /// The number of authors to keep. Other values than the default are for tests.
    pub crowd: Crowd,
    /// What the store holds of a closed room, as the fold reads it; `None` for an open room.
    pub closed: Option<Box<Governance>>,
    /// Whether the author key was made just now, so that nobody can know entries by it that we do not.
    pub fresh_author: bool,
    /// Whether to emit each step of the protocol, see [`Event::Step`](crate::input::Event::Step).
    pub trace: bool,
    /// Seed of everything random: peers chosen, coins, jitter.
    pub seed: u64,
}

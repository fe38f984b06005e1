//! How an engine is set up.

use crate::{
    epochs::Secret,
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
    /// What a closed room begins with; `None` for an open room.
    pub closed: Option<Box<Closed>>,
    /// Whether the author key was made just now, so that nobody can know entries by it that we do not.
    pub fresh_author: bool,
    /// Whether to emit each step of the protocol, see [`Event::Step`](crate::input::Event::Step).
    pub trace: bool,
    /// Seed of everything random: peers chosen, coins, jitter.
    pub seed: u64,
}

/// What the engine of a closed room begins with.
#[derive(Clone, Debug)]
pub struct Closed {
    /// What the store holds, as the fold reads it.
    pub governance: Governance,
    /// The secrets of epochs that the store holds.
    pub secrets: Vec<Secret>,
    /// 32 bytes that nobody can foretell, and that were never used before: new secrets are made of them.
    pub entropy: Secret,
    /// Whether this node stores and serves what it cannot read: it then takes no secret, whoever hands it one.
    pub keeps: bool,
}

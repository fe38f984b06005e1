//! Rumor mongering as in Demers et al. 1987, section 1.4.

/// Which way a contact carries rumors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Whoever knows tells.
    Push,
    /// Everybody asks.
    Pull,
    /// Both.
    PushPull,
}

/// When interest in a rumor is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// After k unnecessary contacts.
    Counter(u32),
    /// After an unnecessary contact, with probability 1/k.
    Coin(u32),
}

/// The parameters of section 1.4.
#[derive(Clone, Debug, PartialEq)]
pub struct Mongering {
    /// Which way a contact carries rumors.
    pub direction: Direction,
    /// Whether only contacts that knew the rumor count as unnecessary; otherwise all do ("blind").
    pub feedback: bool,
    /// When interest is lost.
    pub stop: Stop,
    /// Milliseconds between two contacts about a rumor.
    pub every_ms: u64,
}

impl Default for Mongering {
    /// The first system: push, feedback, a fair coin.
    fn default() -> Self {
        Self { direction: Direction::Push, feedback: true, stop: Stop::Coin(2), every_ms: 20 }
    }
}

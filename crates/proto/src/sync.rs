//! Anti-entropy.

/// How often a node compares with a random peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Milliseconds between rounds after a difference.
    pub busy_ms: u64,
    /// Milliseconds between rounds when all is quiet.
    pub quiet_ms: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { busy_ms: 500, quiet_ms: 10_000 }
    }
}

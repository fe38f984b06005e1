//! Deliberate faults of the driver, one for each checker: a checker that cannot fail proves nothing.

/// A fault that the driver has at every peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Tells the engine that its own entries are stored, but does not store them.
    LosesOwnWords,
    /// Does not store entries of others.
    LosesOthersWords,
    /// Shows every entry twice.
    ShowsTwice,
    /// Shows an entry on the next peer's screen too, before it arrived there.
    ShowsElsewhere,
    /// Shows an entry after its successor.
    ShowsSwapped,
    /// Drops the last byte of every frame.
    Truncates,
    /// Flips a bit in every signature it sends.
    Corrupts,
    /// Does everything ten thousand times.
    Repeats,
    /// Delivers nothing.
    Deaf,
}

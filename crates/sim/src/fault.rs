//! Deliberate faults of the driver, one for each checker: a checker that cannot fail shows nothing.

/// What the driver does wrong, at every peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Tells the engine that its own words are kept, and does not keep them.
    LosesOwnWords,
    /// Does not keep what comes from others.
    LosesOthersWords,
    /// Shows every entry twice.
    ShowsTwice,
    /// Shows an entry on the next peer's screen too, where it has not come yet.
    ShowsElsewhere,
    /// Shows an entry after the one that follows it.
    ShowsSwapped,
    /// Drops the last byte of every frame.
    Truncates,
    /// Flips a bit in every signature that it sends.
    Corrupts,
    /// Does everything ten thousand times.
    Repeats,
    /// Delivers nothing.
    Deaf,
}

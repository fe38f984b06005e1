//! A property that did not hold, and how to see it again.

use std::fmt;

/// What a story ends with: nothing, or what went wrong.
pub type Story<T = ()> = Result<T, Violation>;

/// A property that did not hold in a world.
#[derive(Clone, PartialEq, Eq)]
pub struct Violation {
    /// The property in a few words.
    pub property: &'static str,
    /// One sentence about what happened.
    pub sentence: String,
    /// Seed of the world.
    pub seed: u64,
    /// Microseconds since the world began.
    pub at_us: u64,
    /// The test that told the story; empty when none did.
    pub test: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { property, sentence, seed, at_us, test } = self;
        let (s, ms) = (at_us / 1_000_000, at_us / 1_000 % 1_000);
        writeln!(f, "broken: {property}")?;
        writeln!(f, "  {sentence}")?;
        write!(f, "  seed {seed}, at {s}.{ms:03} s")?;
        if !test.is_empty() {
            write!(f, "\n  again: RUMORMILL_TRACE=1 RUMORMILL_SEED={seed} cargo test -p rumormill-sim {test}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Violation {
    /// As for people: it is what a failing test prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Violation {}

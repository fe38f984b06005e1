//! A violated property, and how to reproduce it.

use std::fmt;

/// The result of a story: success, or what went wrong.
pub type Story<T = ()> = Result<T, Violation>;

/// A property that did not hold in a world.
#[derive(Clone, PartialEq, Eq)]
pub struct Violation {
    /// The property, briefly.
    pub property: &'static str,
    /// What happened, in one sentence.
    pub sentence: String,
    /// Seed of the world.
    pub seed: u64,
    /// Microseconds since the world began.
    pub at_us: u64,
    /// The test that ran the story; empty outside tests.
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
    /// Prints as `Display`, because a failing test prints this.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Violation {}

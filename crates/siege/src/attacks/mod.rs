//! All attacks, a file each, and the threats that tests elsewhere hold.

use crate::{Attack, Held};

mod authors;
mod forger;

/// All attacks.
pub const ALL: &[&Attack] = &[&authors::ATTACK, &forger::ATTACK];

/// Threats that tests elsewhere hold; a test sees that they exist.
pub const HELD: &[Held] = &[];

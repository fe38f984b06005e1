//! All attacks, a file each, and the threats that tests elsewhere hold.

use crate::Attack;

mod ages;
mod authors;
mod empties;
mod forger;
mod headless;
mod held;
mod paths;

/// All attacks.
pub const ALL: &[&Attack] =
    &[&ages::ATTACK, &authors::ATTACK, &empties::ATTACK, &forger::ATTACK, &headless::ATTACK, &paths::ATTACK];

pub use self::held::HELD;

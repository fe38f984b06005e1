//! All attacks, a file each, and the threats that tests elsewhere hold.

use crate::Attack;

mod accuser;
mod ages;
mod authors;
mod blank;
mod claims;
mod clocks;
mod empties;
mod forger;
mod headless;
mod held;
mod late;
mod paths;
mod places;
mod undercut;
mod waits;

/// All attacks.
pub const ALL: &[&Attack] = &[
    &accuser::ATTACK,
    &ages::ATTACK,
    &authors::ATTACK,
    &blank::ATTACK,
    &claims::ATTACK,
    &clocks::ATTACK,
    &empties::ATTACK,
    &forger::ATTACK,
    &headless::ATTACK,
    &late::ATTACK,
    &paths::ATTACK,
    &places::ATTACK,
    &undercut::ATTACK,
    &waits::ATTACK,
];

pub use self::held::HELD;

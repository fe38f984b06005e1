//! All attacks, one a file, and the threats that tests elsewhere cover.

use crate::Attack;

mod accuser;
mod ages;
mod authors;
mod blank;
mod claims;
mod clocks;
mod descriptors;
mod empties;
mod endless;
mod erasers;
mod flood;
mod forger;
mod founding;
mod headless;
mod hearsay;
mod held;
mod hoarder;
mod hours;
mod late;
mod million;
mod named;
mod paths;
mod places;
mod reflected;
mod slow;
mod stopped;
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
    &descriptors::ATTACK,
    &empties::ATTACK,
    &endless::ATTACK,
    &erasers::ATTACK,
    &flood::ATTACK,
    &forger::ATTACK,
    &founding::ATTACK,
    &headless::ATTACK,
    &hearsay::ATTACK,
    &hoarder::ATTACK,
    &hours::ATTACK,
    &late::ATTACK,
    &million::ATTACK,
    &named::ATTACK,
    &paths::ATTACK,
    &places::ATTACK,
    &reflected::ATTACK,
    &slow::ATTACK,
    &stopped::ATTACK,
    &undercut::ATTACK,
    &waits::ATTACK,
];

pub use self::{held::HELD, million::PAGE};

//! The lab from outside: consoles that others wrote strictly to the console interface, and hostile clients.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod consoles;
mod door;
mod stage;

//! The lab from outside: consoles written by others, strictly by the console interface, and hostile clients.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod consoles;
mod door;
mod stage;

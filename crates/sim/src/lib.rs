//! Many Rumormill engines in one process, under one seed, in virtual time.
//!
//! A [`World`] has one queue, one clock and one generator. Each of its peers is a `proto` engine and an in-memory
//! store, driven as a node drives them: drain the inbox, commit appends, send frames, tell people. Everything around
//! the peers is simulated: [`Weather`] delays, loses and doubles frames, links are cut, processes crash, stores are
//! lost or set back, clocks are wrong, peers lie. During a story the [`checkers`] watch every property; a broken
//! property is a [`Violation`] with the seed and the command that repeats it.
//!
//! This crate knows nothing of tokio, transports or the real clock: the same seed gives the same bytes.

mod accuse;
pub mod checkers;
mod closed;
mod closing;
#[cfg(feature = "command")]
pub mod command;
mod drive;
pub mod fact;
mod fault;
mod found;
mod links;
#[cfg(feature = "maelstrom")]
pub mod maelstrom;
mod nature;
mod network;
mod peer;
mod queue;
mod rekey;
pub mod seeds;
mod serving;
mod settle;
mod story;
pub mod study;
pub mod tale;
mod trace;
pub mod unrest;
mod violation;
pub mod weather;
mod world;

pub use fault::Fault;
pub use nature::Nature;
pub use network::Weather;
pub use peer::Stage;
pub use story::Backup;
pub use violation::{Story, Violation};
pub use world::{BEGIN_MS, Form, Setup, Traffic, World};

//! Many Rumormill engines in one process, under one seed, in virtual time.
//!
//! A [`World`] has one queue, one clock and one generator. Each of its peers is a `proto` engine and an in-memory
//! store, driven as a node drives them: the inbox is taken in, appends are committed, then frames are sent, then
//! people are told. What the peers run on is made up: [`Weather`] delays, loses and doubles frames, links are cut,
//! processes crash, stores are lost or set back, clocks are wrong, peers lie. While a story is told, every
//! [`checkers`] property is watched; what breaks is a [`Violation`] with the seed and the command that repeats it.
//!
//! Nothing in here knows tokio, a transport or the real clock: the same seed gives the same bytes.

mod accuse;
pub mod checkers;
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

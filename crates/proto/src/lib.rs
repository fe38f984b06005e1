//! Entries, logs and the gossip engine of Rumormill, without I/O, clock, async or entropy.
//!
//! Read [`entry`], [`run`] and [`admit`] for the data that travels and its verification; [`log`], [`frontier`] and
//! [`timeline`] for the data that is kept and its order; [`frame`] for the conversations; then [`engine`], which
//! dispatches to [`rumor`], `sync` and [`view`].

pub mod admit;
mod bodies;
pub mod boxes;
pub mod clock;
pub mod codec;
pub mod config;
pub mod content;
pub mod defence;
pub mod engine;
pub mod entry;
pub mod epochs;
mod evidence;
pub mod fork;
pub mod frame;
pub mod frontier;
mod gaps;
pub mod governance;
pub mod ids;
pub mod input;
pub mod introduction;
pub mod knows;
pub mod letter;
pub mod limits;
pub mod log;
mod logs;
mod own;
mod patience;
mod pending;
pub mod pieces;
pub mod random;
mod receipts;
pub mod reject;
pub mod rumor;
pub mod run;
pub mod standing;
pub mod sync;
#[cfg(test)]
mod testing;
pub mod time;
pub mod timeline;
pub mod turn;
pub mod view;

//! The rooms at a terminal: on a whole screen, and line by line.
//!
#![doc = include_str!("../README.md")]
//!
//! # The screen
//!
//! `update` takes one `Input` (a key, an event, an answer) into the `Model` and says the `Effect`s it wants;
//! `view` draws the model. Neither reads, writes, waits or looks at a clock. `run` does all of that: it feeds the
//! core from the terminal and from `/v1`, and carries its effects out.

mod answers;
mod ask;
mod carry;
mod chat;
mod complete;
mod events;
mod failure;
mod files;
mod governing;
mod input;
mod keys;
mod layout;
mod limits;
mod line;
mod links;
mod marks;
mod model;
mod orders;
pub mod output;
mod paint;
mod panels;
pub mod private;
pub mod reports;
mod rooms;
mod rows;
mod rules;
mod run;
mod screen;
mod scroll;
mod settings;
#[cfg(test)]
mod tests;
mod tickets;
mod timeline;
mod top;
pub mod transfer;
mod typed;
mod update;
mod view;
mod wrap;

pub use self::{
    chat::{Interrupts, Visit, at_terminal, visit},
    failure::Failure,
    limits::{JOIN_LOOKS_MS, LEAVE_MS},
    run::{Start, run},
    settings::{Hours, Loud, Preferences},
    top::{top, top_once},
};

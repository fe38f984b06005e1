//! The rooms on a terminal: a pure core and a thin shell around it.
//!
//! `update` takes one `Input` (a key, an event, an answer) into the `Model` and says the `Effect`s it wants;
//! `view` draws the model. Neither reads, writes, waits or looks at a clock. `run` does all of that: it feeds the
//! core from the terminal and from `/v1`, and carries its effects out.

mod answers;
mod ask;
mod carry;
mod complete;
mod events;
mod files;
mod input;
mod keys;
mod layout;
mod line;
mod model;
mod orders;
mod paint;
mod panels;
mod rows;
mod run;
mod screen;
mod scroll;
mod settings;
#[cfg(test)]
mod tests;
mod timeline;
mod typed;
mod update;
mod view;
mod wrap;

pub(crate) use run::{Start, run};
pub(crate) use settings::Settings;

//! One room on one node, as a state machine without I/O: the dispatcher.
//!
//! [`Engine::handle`] takes an [`Input`] and appends [`Output`]s; [`Engine::next_deadline`] says when to come
//! back with [`Input::Wake`] if nothing else happens before.

use crate::{
    admit::Author,
    frontier::Frontier,
    input::{Config, Input, Kept, Output},
    time::{Now, Time},
};

/// One room on one node.
pub struct Engine {
    config: Config,
    author: Author,
    frontier: Frontier,
}

impl Engine {
    /// An engine that writes as `author`, with what the store `kept`; `last` is the time of the timeline's end.
    pub fn new(config: Config, author: Author, kept: Vec<Kept>, last: Time, now: Now) -> Self {
        let _ = (kept, last, now);
        Self { config, author, frontier: Frontier::default() }
    }

    /// Takes one input; what follows from it is appended to `out`, in order.
    pub fn handle(&mut self, input: Input, now: Now, out: &mut Vec<Output>) {
        let _ = (input, now, out, &self.config, &self.author);
    }

    /// When to come back with [`Input::Wake`], in the driver's monotonic milliseconds.
    pub fn next_deadline(&self) -> Option<u64> {
        None
    }

    /// What is held.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }
}

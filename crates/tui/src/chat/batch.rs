//! Lines, and late messages, that are shown together.

use std::collections::VecDeque;

use rumormill_api::Message;

use crate::limits::SCREENFUL;

/// Lines to show together: their number, and the newest of them.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) lines: Vec<String>,
    pub(super) count: usize,
    /// How many stand above the first that somebody else said before this visit.
    pub(super) old: Option<usize>,
}

impl Batch {
    pub(super) fn push(&mut self, line: String) {
        if self.lines.len() == SCREENFUL {
            self.lines.remove(0);
        }
        self.lines.push(line);
        self.count += 1;
    }
}

/// Late messages to show together, under the names known by then: their number, and the newest of them.
#[derive(Default)]
pub(super) struct Late {
    pub(super) messages: VecDeque<Message>,
    pub(super) count: usize,
}

impl Late {
    pub(super) fn push(&mut self, message: Message) {
        if self.messages.len() == SCREENFUL {
            self.messages.pop_front();
        }
        self.messages.push_back(message);
        self.count += 1;
    }
}

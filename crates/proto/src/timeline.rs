//! The order people see.

use crate::{
    admit::Entry,
    ids::{AuthorId, Seq},
    time::Time,
};

/// Place of an entry in the timeline: by time, then author, then seq. The same on every node that holds the
/// same entries, and never an effect before its cause, for a cause has the smaller time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When.
    pub time: Time,
    /// Who.
    pub author: AuthorId,
    /// Which of theirs.
    pub seq: Seq,
}

impl Place {
    /// The place of an entry.
    pub fn of(entry: &Entry) -> Self {
        Self { time: entry.time, author: entry.author, seq: entry.seq }
    }
}

//! The order people see.

use crate::{
    admit::Entry,
    ids::{AuthorId, Seq},
    time::Time,
};

/// Place of an entry in the timeline: by time, then author, then seq. It is the same on every node that holds the same
/// entries, and an effect never comes before its cause, because the cause has the smaller time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The time of the entry.
    pub time: Time,
    /// Its author.
    pub author: AuthorId,
    /// Its seq.
    pub seq: Seq,
}

impl Place {
    /// The place of an entry.
    pub fn of(entry: &Entry) -> Self {
        Self { time: entry.time, author: entry.author, seq: entry.seq }
    }
}

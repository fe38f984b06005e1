//! Sorts messages of a file that may not be in order of time.

use super::{Out, Said, Stopped, wrong};
use crate::limits::{FOREIGN_SORTED, FOREIGN_SORTED_BYTES};

/// Gathers messages and passes them on by time. When it is full, it passes on the older half.
#[derive(Default)]
pub(super) struct Sorted {
    said: Vec<Said>,
    bytes: usize,
    /// How many messages were older than the one before, and how many were not.
    falls: u64,
    rises: u64,
}

impl Sorted {
    /// Adds a message.
    pub(super) fn say(&mut self, said: Said, out: &mut Out) -> Result<(), Stopped> {
        if let Some(last) = self.said.last() {
            let count = if said.time_ms < last.time_ms { &mut self.falls } else { &mut self.rises };
            *count += 1;
        }
        self.bytes += said.text.len();
        self.said.push(said);
        if self.said.len() < FOREIGN_SORTED && self.bytes < FOREIGN_SORTED_BYTES {
            return Ok(());
        }
        if self.falls > self.rises {
            let what = format!("it has more than {} messages, the newest first", self.said.len());
            return Err(wrong("file", what, "put the oldest first, or split it into several files").into());
        }
        self.said.sort_by_key(|said| said.time_ms);
        let older = self.said.drain(..self.said.len().div_ceil(2));
        for said in older {
            self.bytes -= said.text.len();
            out.say(&said)?;
        }
        Ok(())
    }

    /// Passes on all remaining messages.
    pub(super) fn finish(mut self, out: &mut Out) -> Result<(), Stopped> {
        // Messages of the same time keep the order of the file, reversed if the file is newest first.
        if self.falls > self.rises {
            self.said.reverse();
        }
        self.said.sort_by_key(|said| said.time_ms);
        Ok(self.said.iter().try_for_each(|said| out.say(said))?)
    }
}

//! Messages of a file that need not stand in the order in which they were said.

use super::{Out, Said, Stopped, wrong};
use crate::limits::{FOREIGN_SORTED, FOREIGN_SORTED_BYTES};

/// Gathers messages and hands them on by time. What a bound does not hold is handed on when half of it has come behind.
#[derive(Default)]
pub(super) struct Sorted {
    said: Vec<Said>,
    bytes: usize,
    /// How often a message was older than the one before, and how often it was not.
    falls: u64,
    rises: u64,
}

impl Sorted {
    /// One more.
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
            return Err(wrong("file", what, "let the oldest come first, or part it into several files").into());
        }
        self.said.sort_by_key(|said| said.time_ms);
        let older = self.said.drain(..self.said.len().div_ceil(2));
        for said in older {
            self.bytes -= said.text.len();
            out.say(&said)?;
        }
        Ok(())
    }

    /// All that are left.
    pub(super) fn finish(mut self, out: &mut Out) -> Result<(), Stopped> {
        // What was said at the same time stands in the order of the file, which may be the wrong way round.
        if self.falls > self.rises {
            self.said.reverse();
        }
        self.said.sort_by_key(|said| said.time_ms);
        Ok(self.said.iter().try_for_each(|said| out.say(said))?)
    }
}

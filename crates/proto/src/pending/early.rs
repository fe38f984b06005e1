//! Runs that are held until their time comes.
//!
//! What they bring does not count as here: others may have it in a shorter run whose time has come. We serve a want
//! from them too, because the peer may have been shown an entry that names them, and judges by its own clock.

use super::{Pending, Waiting};
use crate::{
    defence,
    ids::{AuthorId, Seq},
    limits::PENDING_MS,
    run::RawRun,
    time::Time,
};

impl Waiting {
    /// When one of its entries is stamped.
    fn time(&self, seq: Seq) -> Time {
        let at = seq.saturating_sub(self.run.first().seq);
        self.run.entries().get(at as usize).map_or(self.run.last().time, |entry| entry.time)
    }

    /// When the entry with the need at `at` is stamped.
    pub(super) fn time_of(&self, at: (usize, usize)) -> Time {
        self.time(self.run.first().seq.saturating_add(at.0 as u64))
    }

    /// Whether this run is held for its time, and its entry at `seq` is stamped later than an entry that names it. Such
    /// an entry is no cause, whatever a liar signs, because an honest author stamps above what it names.
    pub(super) fn is_no_cause(&self, seq: Seq, by: Time) -> bool {
        self.early && self.time(seq) > by && defence::is_on("early-cause")
    }
}

impl Pending {
    /// Whether the run that brings this entry is held until its time comes.
    pub(crate) fn is_early(&self, author: AuthorId, seq: Seq) -> bool {
        self.bringer(author, seq).is_some_and(|bringer| bringer.early)
    }

    /// The run that brings an entry.
    pub(super) fn bringer(&self, author: AuthorId, seq: Seq) -> Option<&Waiting> {
        self.cover.of(author, seq).and_then(|number| self.runs.get(&number))
    }

    /// The runs by authors with this prefix that are held until their time comes and bring an entry of `first..=last`.
    pub(crate) fn early(&self, prefix: u64, (first, last): (Seq, Seq)) -> impl Iterator<Item = &RawRun> {
        let numbers = self.cover.early(AuthorId::lowest(prefix)..=AuthorId::highest(prefix), (first, last));
        numbers.filter_map(|number| self.runs.get(&number)).map(|waiting| &waiting.raw)
    }

    /// Whether an entry waits in a run whose time has come. Otherwise others may have it in a shorter one.
    pub(super) fn is_coming(&self, author: AuthorId, seq: Seq) -> bool {
        self.bringer(author, seq).is_some_and(|bringer| !bringer.early)
    }

    /// When the time of the next run comes that is held for it.
    pub(crate) fn next_due(&self) -> Option<u64> {
        self.early.first().map(|(until_ms, _)| *until_ms)
    }

    /// Runs whose time has come by now.
    pub(crate) fn come_due(&mut self, wall_ms: u64, now_ms: u64) {
        while let Some((until_ms, number)) = self.early.first().copied().filter(|(until_ms, _)| *until_ms <= wall_ms) {
            self.early.remove(&(until_ms, number));
            if let Some(waiting) = self.runs.get_mut(&number) {
                waiting.early = false;
                waiting.came_ms = now_ms;
                let (author, (_, last)) = waiting.span();
                self.woken.insert(waiting.group);
                self.cover.due(author, last);
                self.age(number, now_ms.saturating_add(PENDING_MS));
            }
        }
    }
}

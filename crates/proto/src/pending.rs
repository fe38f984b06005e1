//! Runs that are verified but wait: for the entry before them, for something their author had seen, or for
//! their time to come.
//!
//! A run is released together with every other that it waits for: the greatest set of waiting runs whose
//! needs are met by what is held and by each other. Two runs that name one another's entries are released at
//! once; nothing is released before its cause.
//!
//! The set is bounded. What is evicted is not lost: no frontier counts it, so anti-entropy brings it again.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    admit::Run,
    ids::{AuthorId, Seq},
    limits::{PENDING_BYTES, PENDING_RUNS, PENDING_RUNS_OF_ONE, RUN_ENTRIES},
    logs::Origin,
    run::RawRun,
};

/// A run that waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) run: Run,
    pub(crate) raw: RawRun,
    pub(crate) origin: Origin,
    /// For each author the highest seq that this run needs and that was not held when it came.
    needs: Vec<(AuthorId, Seq)>,
    /// Wall-clock milliseconds before which the run may not be shown.
    until_ms: u64,
    arrived: u64,
}

/// All runs that wait.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    runs: BTreeMap<(AuthorId, Seq), Waiting>,
    bytes: usize,
    arrivals: u64,
}

impl Pending {
    pub(crate) fn len(&self) -> usize {
        self.runs.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Adds a run that needs `needs`; at the bound the one that has waited longest goes.
    pub(crate) fn add(&mut self, run: Run, raw: RawRun, origin: Origin, needs: Vec<(AuthorId, Seq)>, until_ms: u64) {
        let (author, first) = (run.author(), run.first().seq);
        let of_one = self.of(author, 0).count();
        if of_one >= PENDING_RUNS_OF_ONE {
            self.evict(self.of(author, 0).min_by_key(|(_, waiting)| waiting.arrived).map(|(key, _)| *key));
        }
        while self.runs.len() >= PENDING_RUNS || self.bytes + raw.wire().len() > PENDING_BYTES {
            let oldest = self.runs.iter().min_by_key(|(_, waiting)| waiting.arrived).map(|(key, _)| *key);
            if oldest.is_none() {
                break;
            }
            self.evict(oldest);
        }
        self.bytes += raw.wire().len();
        self.arrivals += 1;
        let waiting = Waiting { run, raw, origin, needs, until_ms, arrived: self.arrivals };
        if let Some(replaced) = self.runs.insert((author, first), waiting) {
            self.bytes -= replaced.raw.wire().len();
        }
    }

    /// Whether the entry at `seq` of `author` waits.
    pub(crate) fn holds(&self, author: AuthorId, seq: Seq) -> bool {
        self.covering(author, seq).next().is_some()
    }

    /// The first seq from `next` on that does not wait.
    pub(crate) fn next_after(&self, author: AuthorId, mut next: Seq) -> Seq {
        while let Some(last) = self.covering(author, next).map(|(_, waiting)| waiting.run.last().seq).max() {
            next = last + 1;
        }
        next
    }

    /// Forgets what waits of `author` from `at` on.
    pub(crate) fn cut(&mut self, author: AuthorId, at: Seq) {
        let beyond: Vec<_> =
            self.of(author, 0).filter(|(_, waiting)| waiting.run.last().seq >= at).map(|(key, _)| *key).collect();
        beyond.into_iter().for_each(|key| self.evict(Some(key)));
    }

    /// When the next run's time comes, of those that wait for their time.
    pub(crate) fn next_due(&self, wall_ms: u64) -> Option<u64> {
        self.runs.values().map(|waiting| waiting.until_ms).filter(|until| *until > wall_ms).min()
    }

    /// What `author`'s run from `first` waits for and does not wait here itself.
    pub(crate) fn lacks(
        &self,
        author: AuthorId,
        first: Seq,
        held: impl Fn(AuthorId, Seq) -> bool,
    ) -> Vec<(AuthorId, Seq)> {
        let needs = self.runs.get(&(author, first)).into_iter().flat_map(|waiting| &waiting.needs);
        needs.filter(|(author, seq)| !held(*author, *seq) && !self.holds(*author, *seq)).copied().collect()
    }

    /// Takes out all runs that need not wait any longer, ordered by author and seq.
    pub(crate) fn release(&mut self, wall_ms: u64, held: impl Fn(AuthorId, Seq) -> bool) -> Vec<Waiting> {
        let due = self.runs.iter().filter(|(_, waiting)| waiting.until_ms <= wall_ms);
        let mut ready: BTreeSet<(AuthorId, Seq)> = due.map(|(key, _)| *key).collect();
        loop {
            let met = |(author, seq): &(AuthorId, Seq)| {
                held(*author, *seq) || self.covering(*author, *seq).any(|(key, _)| ready.contains(key))
            };
            let stuck: Vec<_> = ready.iter().filter(|key| !self.runs[*key].needs.iter().all(met)).copied().collect();
            if stuck.is_empty() {
                break;
            }
            stuck.iter().for_each(|key| {
                ready.remove(key);
            });
        }
        let released: Vec<Waiting> = ready.iter().filter_map(|key| self.runs.remove(key)).collect();
        self.bytes -= released.iter().map(|waiting| waiting.raw.wire().len()).sum::<usize>();
        released
    }

    fn of(&self, author: AuthorId, first: Seq) -> impl Iterator<Item = (&(AuthorId, Seq), &Waiting)> {
        self.runs.range((author, first)..=(author, Seq::MAX))
    }

    /// The runs that bring the entry at `seq`: several, when pieces of a log come in different sizes.
    fn covering(&self, author: AuthorId, seq: Seq) -> impl Iterator<Item = (&(AuthorId, Seq), &Waiting)> {
        let lowest = seq.saturating_sub(RUN_ENTRIES as u64 - 1);
        let near = self.runs.range((author, lowest)..=(author, seq));
        near.filter(move |(_, waiting)| waiting.run.last().seq >= seq)
    }

    fn evict(&mut self, key: Option<(AuthorId, Seq)>) {
        if let Some(waiting) = key.and_then(|key| self.runs.remove(&key)) {
            self.bytes -= waiting.raw.wire().len();
        }
    }
}

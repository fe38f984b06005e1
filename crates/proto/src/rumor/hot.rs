//! The rumors that are hot, oldest first, within bounds: when there are too many the oldest are left to
//! anti-entropy.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    ids::{AuthorId, Seq},
    limits::{HOT_BYTES, HOT_RUMORS, PUSH_BYTES, PUSH_RUNS},
    run::RawRun,
};

/// Runs that became hot together, and what the policy keeps on them.
#[derive(Debug)]
pub(super) struct Rumor<T> {
    /// What is told: at most one push full.
    pub(super) runs: Vec<RawRun>,
    /// Links that a copy pushed from here has crossed.
    pub(super) hops: u8,
    /// What the policy keeps.
    pub(super) state: T,
    bytes: usize,
}

/// The rumors that are hot, by number, ascending with age.
#[derive(Debug)]
pub(super) struct Hot<T> {
    rumors: BTreeMap<u64, Rumor<T>>,
    /// Which rumor a run is told in, by author and last seq.
    runs: BTreeMap<(AuthorId, Seq), u64>,
    bytes: usize,
    next: u64,
}

impl<T> Hot<T> {
    pub(super) fn new() -> Self {
        Self { rumors: BTreeMap::new(), runs: BTreeMap::new(), bytes: 0, next: 0 }
    }

    /// Adds a rumor, of which copies pushed from here will have crossed `hops` links; returns its number.
    pub(super) fn insert(&mut self, runs: Vec<RawRun>, hops: u8, state: T) -> u64 {
        let bytes = bytes(&runs);
        while let Some((&oldest, _)) = self.rumors.first_key_value()
            && (self.rumors.len() >= HOT_RUMORS || self.bytes + bytes > HOT_BYTES)
        {
            self.remove(oldest);
        }
        let number = self.next;
        self.next += 1;
        runs.iter().for_each(|run| _ = self.runs.insert(key(run), number));
        self.bytes += bytes;
        self.rumors.insert(number, Rumor { runs, hops, state, bytes });
        number
    }

    pub(super) fn get(&self, number: u64) -> Option<&Rumor<T>> {
        self.rumors.get(&number)
    }

    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut Rumor<T>> {
        self.rumors.get_mut(&number)
    }

    pub(super) fn remove(&mut self, number: u64) {
        let Some(rumor) = self.rumors.remove(&number) else { return };
        self.bytes -= rumor.bytes;
        for run in &rumor.runs {
            if self.runs.get(&key(run)) == Some(&number) {
                self.runs.remove(&key(run));
            }
        }
    }

    /// The rumors of which every run is among `runs`.
    pub(super) fn among(&self, runs: &[RawRun]) -> Vec<u64> {
        let runs: BTreeSet<_> = runs.iter().map(key).collect();
        let rumors: BTreeSet<_> = runs.iter().filter_map(|run| self.runs.get(run)).copied().collect();
        let whole =
            |number: &u64| self.get(*number).is_some_and(|rumor| rumor.runs.iter().all(|run| runs.contains(&key(run))));
        rumors.into_iter().filter(whole).collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &Rumor<T>)> {
        self.rumors.iter().map(|(number, rumor)| (*number, rumor))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (u64, &mut Rumor<T>)> {
        self.rumors.iter_mut().map(|(number, rumor)| (*number, rumor))
    }
}

/// Runs in portions that fit one push each.
pub(super) fn portions(runs: Vec<RawRun>) -> Vec<Vec<RawRun>> {
    let mut portions: Vec<Vec<RawRun>> = Vec::new();
    for run in runs {
        match portions.last_mut() {
            Some(last) if last.len() < PUSH_RUNS && bytes(last) + run.wire().len() <= PUSH_BYTES => last.push(run),
            _ => portions.push(vec![run]),
        }
    }
    portions
}

fn key(run: &RawRun) -> (AuthorId, Seq) {
    (run.author(), run.last())
}

fn bytes(runs: &[RawRun]) -> usize {
    runs.iter().map(|run| run.wire().len()).sum()
}

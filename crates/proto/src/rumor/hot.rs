//! The rumors that are hot, oldest first, within bounds: when there are too many the oldest are left to
//! anti-entropy.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    ids::{AuthorId, Seq},
    limits::{HOT_BYTES, HOT_RUMORS, PUSH_BYTES, PUSH_RUNS},
    run::RawRun,
};

/// Runs that became hot together, and the policy's state for them.
#[derive(Debug)]
pub(super) struct Rumor<T> {
    /// The runs to tell: one push full at most.
    pub(super) runs: Vec<RawRun>,
    /// How many links a copy pushed from here has crossed.
    pub(super) hops: u8,
    /// The policy's state.
    pub(super) state: T,
    bytes: usize,
}

/// The rumors that are hot, by number, ascending with age.
#[derive(Debug)]
pub(super) struct Hot<T> {
    rumors: BTreeMap<u64, Rumor<T>>,
    /// The rumor in which a run is told, by author and last seq.
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

    /// The rumors all of whose runs are among `runs`.
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

/// Splits runs into portions that fit one push each.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        entry::{Body, Kind, RawEntry},
        ids::EntryId,
        time::Time,
    };

    fn line(seq: Seq, bytes: usize) -> RawRun {
        let body = Body::Here(vec![b'a'; bytes].into());
        let entry = RawEntry { time: Time::from_ms(1), seen: vec![], kind: Kind::TEXT, body };
        RawRun::new(AuthorId([1; 32]), seq, EntryId::default(), vec![entry], None).unwrap()
    }

    #[test]
    fn past_the_bounds_the_oldest_go() {
        for bytes in [1, 8000] {
            let mut hot = Hot::new();
            for seq in 0..2 * HOT_RUMORS as u64 {
                let number = hot.insert(vec![line(seq, bytes)], 1, ());
                assert!(hot.rumors.len() <= HOT_RUMORS && hot.bytes <= HOT_BYTES && hot.runs.len() == hot.rumors.len());
                assert!(hot.get(number).is_some());
            }
            assert!(hot.get(0).is_none());
            let left: Vec<_> = hot.iter().map(|(number, _)| number).collect();
            assert!(left.len() > 900, "{}", left.len());
            left.into_iter().for_each(|number| hot.remove(number));
            assert_eq!((hot.bytes, hot.runs.len()), (0, 0));
        }
    }

    #[test]
    fn a_rumor_is_among_runs_when_all_of_it_is() {
        let mut hot = Hot::new();
        let both = hot.insert(vec![line(0, 1), line(1, 1)], 1, ());
        let last = hot.insert(vec![line(2, 1)], 1, ());
        assert_eq!(hot.among(&[line(0, 1)]), []);
        assert_eq!(hot.among(&[line(2, 1), line(1, 1), line(0, 1), line(3, 1)]), [both, last]);
    }

    #[test]
    fn portions_fit_a_push_and_keep_every_run() {
        for (bytes, count) in [(1, 1000), (8000, 100), (1000, 1000)] {
            let portions = super::portions((0..count).map(|seq| line(seq, bytes)).collect());
            assert!(portions.iter().all(|runs| runs.len() <= PUSH_RUNS && super::bytes(runs) <= PUSH_BYTES), "{bytes}");
            let seqs: Vec<_> = portions.iter().flatten().map(RawRun::first).collect();
            assert_eq!(seqs, (0..count).collect::<Vec<_>>());
        }
    }
}

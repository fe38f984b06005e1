//! What people say who are not in, or beyond the end of their log: it is neither shown nor passed on, and waits, within
//! bounds, with the link that brought it. It is read again when the room lets its author in, or lets more of it count.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Parts;
use crate::{
    ids::{AuthorId, PeerId},
    limits::{QUARANTINE_BYTES, QUARANTINE_RUNS},
    logs::Origin,
    run::RawRun,
    turn::Turn,
};

/// The runs that wait, by the link that brought them, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Quarantine {
    of: BTreeMap<PeerId, VecDeque<RawRun>>,
}

impl Quarantine {
    /// Lets a run wait. The oldest of the same link make room for it.
    fn put(&mut self, from: PeerId, run: &RawRun) {
        let runs = self.of.entry(from).or_default();
        if runs.contains(run) || run.wire().len() > QUARANTINE_BYTES {
            return;
        }
        runs.push_back(run.clone());
        let mut bytes: usize = runs.iter().map(|run| run.wire().len()).sum();
        while (bytes > QUARANTINE_BYTES || runs.len() > QUARANTINE_RUNS)
            && let Some(oldest) = runs.pop_front()
        {
            bytes -= oldest.wire().len();
        }
    }

    /// Takes out the runs of these authors.
    fn take(&mut self, authors: &BTreeSet<AuthorId>) -> Vec<(PeerId, RawRun)> {
        let mut all = Vec::new();
        let waits = |runs: &VecDeque<RawRun>| runs.iter().any(|run| authors.contains(&run.author()));
        for (from, runs) in self.of.iter_mut().filter(|(_, runs)| waits(runs)) {
            let (out, left): (VecDeque<_>, _) =
                std::mem::take(runs).into_iter().partition(|run| authors.contains(&run.author()));
            *runs = left;
            all.extend(out.into_iter().map(|run| (*from, run)));
        }
        all
    }

    /// Forgets a link that is gone.
    pub(super) fn forget(&mut self, peer: &PeerId) {
        self.of.remove(peer);
    }

    /// How many runs wait with the link with which the most do.
    pub(super) fn len(&self) -> usize {
        self.of.values().map(VecDeque::len).max().unwrap_or(0)
    }
}

impl Parts {
    /// A run was refused. It waits if that is because of who wrote it.
    pub(super) fn keep_outside(&mut self, from: PeerId, run: &RawRun) {
        if self.logs.is_closed() && run.first() >= self.logs.takes_to(&run.author()) {
            self.quarantine.put(from, run);
        }
    }

    /// Reads again what waits by these authors, of whom more counts than before.
    pub(super) fn read_again(&mut self, authors: &BTreeSet<AuthorId>, turn: &mut Turn<'_>) {
        for (from, run) in self.quarantine.take(authors) {
            // A run that is bad goes. Its sender may have been let in meanwhile, and does no harm by it.
            if self.logs.take(&run, Origin::Repair(from), turn.now).is_ok() {
                self.keep_outside(from, &run);
            }
        }
    }
}

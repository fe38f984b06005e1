//! The progress of a webhook: which entries of each log are done. A place in the timeline would not do, since entries
//! that come late stand before it.

use std::collections::BTreeMap;

use rumormill_node::proto::{ids::Seq, input::Kept as KeptLog};
use serde::{Deserialize, Serialize};

use crate::{
    api::{
        names::author_hex,
        words::{AuthorHex, Deliveries},
    },
    limits::HOOK_RANGES,
};

/// The entries that are done, and the results of the deliveries among them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// Ranges of each log, ascending, that neither overlap nor touch; at most [`HOOK_RANGES`].
    done: BTreeMap<AuthorHex, Vec<(Seq, Seq)>>,
    pub(super) deliveries: Deliveries,
}

impl Progress {
    /// Starts with everything held as done.
    pub(super) fn of(logs: &[KeptLog]) -> Self {
        let mut progress = Self::default();
        for KeptLog { author, log, .. } in logs {
            log.spans().iter().for_each(|span| progress.done(&author_hex(author), span.first, span.last.seq));
        }
        progress
    }

    /// The pieces of `first..=last` of a log that are not done.
    pub(super) fn open(&self, author: &AuthorHex, first: Seq, last: Seq) -> Vec<(Seq, Seq)> {
        let (mut open, mut next) = (Vec::new(), Some(first));
        for &(begin, end) in self.done.get(author).into_iter().flatten() {
            let Some(from) = next.filter(|from| *from <= last) else { return open };
            if end < from {
                continue;
            }
            if begin > from {
                open.push((from, last.min(begin - 1)));
            }
            next = end.checked_add(1);
        }
        open.extend(next.filter(|from| *from <= last).map(|from| (from, last)));
        open
    }

    /// Marks `first..=last` of a log as done. When a log has more holes than are remembered, the lowest is given up.
    pub(super) fn done(&mut self, author: &AuthorHex, first: Seq, last: Seq) {
        let ranges = self.done.entry(author.clone()).or_default();
        let apart = |range: &(Seq, Seq)| range.1.saturating_add(1) < first || last.saturating_add(1) < range.0;
        let (mut begin, mut end) = (first, last);
        for range in ranges.iter().filter(|range| !apart(range)) {
            (begin, end) = (begin.min(range.0), end.max(range.1));
        }
        ranges.retain(apart);
        ranges.insert(ranges.partition_point(|range| range.1 < begin), (begin, end));
        if ranges.len() > HOOK_RANGES {
            let (lowest, above) = (ranges.remove(0), ranges[0]);
            ranges[0].0 = lowest.0;
            self.deliveries.given_up += above.0 - lowest.1 - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> AuthorHex {
        "ada".into()
    }

    #[test]
    fn done_entries_are_no_longer_open() {
        let mut progress = Progress::default();
        assert_eq!(progress.open(&ada(), 0, 9), [(0, 9)]);
        for (first, last) in [(2, 3), (7, 7), (4, 4)] {
            progress.done(&ada(), first, last);
        }
        assert_eq!(progress.open(&ada(), 0, 9), [(0, 1), (5, 6), (8, 9)]);
        assert_eq!(progress.open(&ada(), 3, 6), [(5, 6)]);
        assert_eq!(progress.open(&ada(), 3, 4), []);
        assert_eq!(progress.open(&"ben".into(), 3, 4), [(3, 4)]);
        progress.done(&ada(), 0, 8);
        progress.done(&ada(), Seq::MAX, Seq::MAX);
        assert_eq!(progress.open(&ada(), 0, Seq::MAX), [(9, Seq::MAX - 1)]);
        assert_eq!(progress.deliveries.given_up, 0);
    }

    #[test]
    fn the_lowest_of_too_many_holes_are_given_up_and_counted() {
        let mut progress = Progress::default();
        (0..=HOOK_RANGES as u64).for_each(|at| progress.done(&ada(), 3 * at, 3 * at));
        assert_eq!(progress.done[&ada()].len(), HOOK_RANGES);
        assert_eq!((progress.open(&ada(), 0, 5), progress.deliveries.given_up), (vec![(4, 5)], 2));
    }
}

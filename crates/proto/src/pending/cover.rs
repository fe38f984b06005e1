//! Which entries wait, and in which run: the waiting runs of each log, by where they end.
//!
//! Runs of one log may overlap, because its pieces come in different sizes. Of the runs that bring the same entry, the
//! one that ends first needs least. No run reaches beyond its block, so a search looks at [`crate::limits::BLOCK`] runs
//! at most, and the first is the right one unless pieces in between are missing.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::{
        Bound::{Excluded, Included},
        RangeInclusive,
    },
};

use crate::{
    ids::{AuthorId, Seq},
    run::block_end,
};

#[derive(Debug, Default)]
pub(super) struct Cover {
    /// By author and last seq: the first seq, the number of the run, and whether its time has come.
    ends: BTreeMap<(AuthorId, Seq), (Seq, u64, bool)>,
    /// Author and last seq of the runs whose time has not come.
    early: BTreeSet<(AuthorId, Seq)>,
    /// Stretches without a gap, above what we hold, of runs whose time has come: by author and first seq, the last.
    /// Until a run's time comes, we ask again for entries that others have in shorter runs.
    stretches: BTreeMap<(AuthorId, Seq), Seq>,
    /// How many entries each author has in its stretches.
    waiting: BTreeMap<AuthorId, u64>,
    /// Authors whose stretches changed.
    changed: BTreeSet<AuthorId>,
}

impl Cover {
    /// The run that brings the entry at `seq` and needs least.
    pub(super) fn of(&self, author: AuthorId, seq: Seq) -> Option<u64> {
        self.reaching(author, seq).next()
    }

    /// The runs that bring the entry at `last`, lowest end first.
    pub(super) fn reaching(&self, author: AuthorId, last: Seq) -> impl Iterator<Item = u64> {
        let near = self.ends.range((author, last)..=(author, block_end(last)));
        near.filter(move |(_, (begin, ..))| *begin <= last).map(|(_, (_, run, _))| *run)
    }

    /// Runs of these authors whose time has not come and that bring something of `first..=last`.
    pub(super) fn early(
        &self,
        authors: RangeInclusive<AuthorId>,
        (first, last): (Seq, Seq),
    ) -> impl Iterator<Item = u64> {
        let (mut from, end) = (Included((*authors.start(), 0)), (*authors.end(), Seq::MAX));
        // An author with none of these costs one step, so a want costs what it names and what is served.
        let authors = std::iter::from_fn(move || {
            let (author, _) = *self.early.range((from, Included(end))).next()?;
            from = Excluded((author, Seq::MAX));
            Some(author)
        });
        let near = authors.flat_map(move |author| self.early.range((author, first)..=(author, block_end(last))));
        near.filter_map(|key| self.ends.get(key)).filter(move |(begin, ..)| *begin <= last).map(|(_, run, _)| *run)
    }

    /// The run that ends last.
    pub(super) fn last(&self, author: AuthorId) -> Option<u64> {
        self.ends.range((author, 0)..=(author, Seq::MAX)).next_back().map(|(_, (_, run, _))| *run)
    }

    /// The run that ends at `last`.
    pub(super) fn ending(&self, author: AuthorId, last: Seq) -> Option<u64> {
        self.ends.get(&(author, last)).map(|(_, run, _)| *run)
    }

    /// The first seq from `next` on that does not wait.
    pub(super) fn next_after(&self, author: AuthorId, next: Seq) -> Seq {
        self.stretch(author, next).filter(|(_, last)| *last >= next).map_or(next, |(_, last)| last + 1)
    }

    /// Whether a run `first..=last` would bring nothing: a waiting run ends there too and begins no higher. What we
    /// hold ends before `floor`.
    pub(super) fn knows(&self, author: AuthorId, (first, last): (Seq, Seq), floor: Seq) -> bool {
        self.ends.get(&(author, last)).is_some_and(|(begin, ..)| *begin.max(&floor) <= first)
    }

    /// A run waits.
    pub(super) fn insert(&mut self, author: AuthorId, (first, last): (Seq, Seq), (run, is_due): (u64, bool)) {
        self.ends.insert((author, last), (first, run, is_due));
        if is_due {
            self.stretch_over(author, (first, last));
        } else {
            self.early.insert((author, last));
        }
    }

    /// The time of the run that ends at `last` has come.
    pub(super) fn due(&mut self, author: AuthorId, last: Seq) {
        if let Some((first, _, is_due)) = self.ends.get_mut(&(author, last)).filter(|(.., is_due)| !is_due) {
            *is_due = true;
            let first = *first;
            self.early.remove(&(author, last));
            self.stretch_over(author, (first, last));
        }
    }

    fn stretch_over(&mut self, author: AuthorId, (mut from, mut to): (Seq, Seq)) {
        while let Some((start, end)) = self.stretch(author, to.saturating_add(1))
            && end.saturating_add(1) >= from
        {
            self.end_stretch(author, (start, end));
            (from, to) = (from.min(start), to.max(end));
        }
        self.begin_stretch(author, (from, to));
    }

    fn begin_stretch(&mut self, author: AuthorId, (from, to): (Seq, Seq)) {
        self.stretches.insert((author, from), to);
        *self.waiting.entry(author).or_default() += to - from + 1;
        self.changed.insert(author);
    }

    fn end_stretch(&mut self, author: AuthorId, (from, to): (Seq, Seq)) {
        self.stretches.remove(&(author, from));
        self.changed.insert(author);
        if let Some(waiting) = self.waiting.get_mut(&author) {
            *waiting -= to - from + 1;
            if *waiting == 0 {
                self.waiting.remove(&author);
            }
        }
    }

    /// How many entries from `next` on do not wait, and lie below one that does. What we hold ends before `next`.
    pub(super) fn missing(&self, author: AuthorId, next: Seq) -> u64 {
        let top = self.stretch(author, Seq::MAX).map_or(next, |(_, last)| last.saturating_add(1));
        let waiting = self.waiting.get(&author).copied().unwrap_or(0);
        top.saturating_sub(next).saturating_sub(waiting)
    }

    /// Authors whose waiting runs have changed.
    pub(super) fn changed(&mut self) -> BTreeSet<AuthorId> {
        std::mem::take(&mut self.changed)
    }

    pub(super) fn remove(&mut self, author: AuthorId, (first, last): (Seq, Seq)) {
        let is_due = self.ends.remove(&(author, last)).is_some_and(|(.., is_due)| is_due);
        self.early.remove(&(author, last));
        let Some((start, _)) = self.stretch(author, last).filter(|(_, end)| *end >= last && is_due) else { return };
        let from = first.max(start);
        self.clear(author, (from, last));
        let near = self.ends.range((author, from)..=(author, block_end(last)));
        let due = near.filter(|(_, (.., is_due))| *is_due);
        let parts: Vec<_> = due.map(|((_, end), (begin, ..))| (*begin.max(&from), *end.min(&last))).collect();
        for (from, to) in parts.into_iter().filter(|(from, to)| from <= to) {
            self.stretch_over(author, (from, to));
        }
    }

    /// Runs that end at `head` or below.
    pub(super) fn ended(&self, author: AuthorId, head: Seq) -> Vec<u64> {
        self.ends.range((author, 0)..=(author, head)).map(|(_, (_, run, _))| *run).collect()
    }

    /// What we hold reaches up to `head`.
    pub(super) fn held(&mut self, author: AuthorId, head: Seq) {
        self.clear(author, (0, head));
        let above = self.ends.range_mut((author, head)..=(author, block_end(head)));
        above.for_each(|(_, (first, ..))| *first = head.saturating_add(1).max(*first));
    }

    /// Takes `from..=to` out of the stretches.
    fn clear(&mut self, author: AuthorId, (from, to): (Seq, Seq)) {
        while from <= to
            && let Some((start, end)) = self.stretch(author, to)
            && end >= from
        {
            self.end_stretch(author, (start, end));
            if end > to {
                self.begin_stretch(author, (to + 1, end));
            }
            if start < from {
                self.begin_stretch(author, (start, from - 1));
                break;
            }
        }
    }

    /// The highest stretch that begins at `seq` or below.
    fn stretch(&self, author: AuthorId, seq: Seq) -> Option<(Seq, Seq)> {
        let (key, end) = self.stretches.range((author, 0)..=(author, seq)).next_back()?;
        Some((key.1, *end))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ADA: AuthorId = AuthorId([1; 32]);

    proptest! {
        #[test]
        fn it_finds_what_a_look_at_all_runs_finds(
            spans in proptest::collection::vec((1u64..40, 0u64..12, any::<bool>()), 0..30),
            gone in proptest::collection::vec((any::<bool>(), any::<bool>()), 30), head in 0u64..30,
        ) {
            let mut cover = Cover::default();
            let mut left: BTreeMap<u64, ((Seq, Seq), bool)> = BTreeMap::new();
            for (number, (first, more, is_due)) in spans.iter().enumerate() {
                let span = (*first, first + more);
                if !cover.knows(ADA, span, 0) {
                    let old = cover.ending(ADA, span.1);
                    old.into_iter().for_each(|old| cover.remove(ADA, left.remove(&old).unwrap().0));
                    cover.insert(ADA, span, (number as u64, *is_due));
                    left.insert(number as u64, (span, *is_due));
                }
            }
            cover.held(ADA, head);
            cover.ended(ADA, head).iter().for_each(|number| cover.remove(ADA, left.remove(number).unwrap().0));
            left.retain(|number, (span, _)| {
                let (stays, _) = gone[*number as usize];
                if !stays { cover.remove(ADA, *span); }
                stays
            });
            for (number, (span, is_due)) in &mut left {
                if gone[*number as usize].1 && !*is_due {
                    *is_due = true;
                    cover.due(ADA, span.1);
                }
            }
            let brings = |span: &(Seq, Seq), seq| (span.0..=span.1).contains(&seq);
            let waits = |seq| left.values().any(|(span, is_due)| *is_due && brings(span, seq));
            for seq in head + 1..60 {
                let first_end = left.iter().filter(|(_, (span, _))| brings(span, seq)).min_by_key(|(_, (span, _))| span.1);
                prop_assert_eq!(cover.of(ADA, seq), first_end.map(|(number, _)| *number), "{}", seq);
                let early = left.iter().filter(|(_, (span, is_due))| !is_due && brings(span, seq)).map(|(number, _)| *number);
                prop_assert_eq!(cover.early(ADA..=ADA, (seq, seq)).collect::<BTreeSet<_>>(), early.collect());
                prop_assert_eq!(cover.next_after(ADA, seq), (seq..).find(|seq| !waits(*seq)).unwrap());
            }
            let top = left.values().filter(|(_, is_due)| *is_due).map(|(span, _)| span.1).max().unwrap_or(0);
            prop_assert_eq!(cover.missing(ADA, head + 1), (head + 1..=top).filter(|seq| !waits(*seq)).count() as u64);
            left.values().for_each(|(span, _)| cover.remove(ADA, *span));
            prop_assert!(cover.ends.is_empty() && cover.stretches.is_empty() && cover.waiting.is_empty());
            prop_assert!(cover.early.is_empty());
        }
    }

    #[test]
    fn only_a_run_with_the_same_end_and_beginning_is_known() {
        let mut cover = Cover::default();
        cover.insert(ADA, (3, 10), (0, true));
        assert!(cover.knows(ADA, (3, 10), 0) && cover.knows(ADA, (5, 10), 0));
        assert!(!cover.knows(ADA, (3, 5), 0) && !cover.knows(ADA, (1, 10), 0));
        assert!(cover.knows(ADA, (3, 10), 3));
        cover.held(ADA, 6);
        assert_eq!((cover.next_after(ADA, 7), cover.next_after(ADA, 2)), (11, 2));
        cover.remove(ADA, (3, 10));
        assert!(cover.stretches.is_empty());
    }
}

//! Entries that are missing below the heads that we hold, and between these and runs that wait. The hash chain under a
//! signature proves that they exist. They are counted as they change.
//!
//! An author can sign an entry at any seq, so a single log must not make the count meaningless. It counts for
//! [`GAP_COUNTED`] entries at most. It stops counting when every linked peer was asked for the missing entries and had
//! none of them, and it counts again as soon as one of them comes. What runs that wait prove counts for
//! [`AHEAD_COUNTED`] entries of all logs together, and it stops counting for a log after something of that log has
//! waited in vain.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound::{Excluded, Unbounded},
};

use crate::{
    defence,
    ids::AuthorId,
    limits::{AHEAD_COUNTED, GAP_COUNTED, WAITED_IN_VAIN},
    log::Log,
};

/// One log with gaps.
#[derive(Debug)]
struct Gap {
    entries: u64,
    /// Whether no linked peer has any of the missing entries.
    hollow: bool,
}

impl Gap {
    fn counted(&self) -> u64 {
        if self.hollow {
            return 0;
        }
        if defence::is_on("gap-counted") { self.entries.min(GAP_COUNTED) } else { self.entries }
    }
}

/// All logs with gaps.
#[derive(Debug, Default)]
pub(crate) struct Gaps {
    of: BTreeMap<AuthorId, Gap>,
    missing: u64,
    /// For each log the number of entries between its head and runs that wait, up to [`AHEAD_COUNTED`].
    ahead: BTreeMap<AuthorId, u64>,
    missing_ahead: u64,
    /// Logs with a run that waited in vain, of which nothing has come since.
    in_vain: BTreeSet<AuthorId>,
}

impl Gaps {
    /// Entries that are missing.
    pub(crate) fn missing(&self) -> u64 {
        self.missing + self.missing_ahead.min(AHEAD_COUNTED)
    }

    /// Sets the number of missing entries between the head of a log and waiting runs.
    pub(crate) fn wait(&mut self, author: AuthorId, entries: u64) {
        self.missing_ahead -= self.ahead.remove(&author).unwrap_or(0);
        if entries > 0 && !self.in_vain.contains(&author) {
            let counted = entries.min(AHEAD_COUNTED);
            self.missing_ahead += counted;
            self.ahead.insert(author, counted);
        }
    }

    /// Something of a log has waited in vain.
    pub(crate) fn waited_in_vain(&mut self, author: AuthorId) {
        self.in_vain.insert(author);
        if self.in_vain.len() > WAITED_IN_VAIN {
            self.in_vain.pop_first();
        }
    }

    /// The logs with gaps whose authors follow `author`, ascending.
    pub(crate) fn behind(&self, author: Option<AuthorId>) -> impl Iterator<Item = &AuthorId> {
        let from = author.map_or(Unbounded, Excluded);
        self.of.range((from, Unbounded)).map(|(author, _)| author)
    }

    /// A log has changed.
    pub(crate) fn note(&mut self, author: AuthorId, log: &Log) {
        self.in_vain.remove(&author);
        let entries = log.gaps().map(|(first, last)| last - first + 1).sum();
        let before = self.of.get(&author);
        if before.is_some_and(|gap| gap.entries == entries) {
            return;
        }
        self.missing -= before.map_or(0, Gap::counted);
        match entries {
            0 => _ = self.of.remove(&author),
            _ => {
                let gap = Gap { entries, hollow: false };
                self.missing += gap.counted();
                self.of.insert(author, gap);
            }
        }
    }

    /// A log was taken out.
    pub(crate) fn forget(&mut self, author: &AuthorId) {
        self.in_vain.remove(author);
        self.missing -= self.of.remove(author).as_ref().map_or(0, Gap::counted);
    }

    /// No linked peer has any of the missing entries of this log.
    pub(crate) fn hollow(&mut self, author: &AuthorId) {
        if let Some(gap) = self.of.get_mut(author) {
            self.missing -= gap.counted();
            gap.hollow = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::EntryId,
        log::{Head, Span},
        time::Time,
    };

    fn held_from(first: u64, last: u64) -> Log {
        let head = Head { seq: last, id: EntryId::default(), time: Time::default() };
        Log::restored(vec![Span { first, prev: EntryId::default(), first_time: Time::default(), last: head }], None)
    }

    #[test]
    fn what_waits_makes_the_count_meaningless_no_more() {
        let author = |number: u32| {
            let mut id = [0; 32];
            id[..4].copy_from_slice(&number.to_be_bytes());
            AuthorId(id)
        };
        let (honest, hostile) = (author(0), author(1));
        let mut gaps = Gaps::default();
        gaps.wait(honest, 40);
        gaps.wait(honest, 30);
        assert_eq!(gaps.missing(), 30);
        (1..100).for_each(|number| gaps.wait(author(number), 1 << 47));
        assert_eq!(gaps.missing(), AHEAD_COUNTED, "of all logs together");
        (2..100).for_each(|number| gaps.wait(author(number), 0));
        gaps.waited_in_vain(hostile);
        gaps.wait(hostile, 1 << 47);
        assert_eq!(gaps.missing(), 30, "and no more once it waited in vain");
        gaps.note(hostile, &held_from(0, 0));
        gaps.wait(hostile, 7);
        assert_eq!(gaps.missing(), 37, "something of it came");
        (0..2 * WAITED_IN_VAIN as u32).for_each(|number| gaps.waited_in_vain(author(number)));
        assert_eq!(gaps.in_vain.len(), WAITED_IN_VAIN);
        (0..100).for_each(|number| gaps.wait(author(number), 0));
        assert_eq!((gaps.missing(), gaps.ahead.len()), (0, 0));
    }

    #[test]
    fn what_an_author_signs_at_a_huge_seq_does_not_make_the_count_meaningless() {
        let (honest, hostile) = (AuthorId([1; 32]), AuthorId([2; 32]));
        let mut gaps = Gaps::default();
        gaps.note(honest, &held_from(50_000, 50_063));
        assert_eq!(gaps.missing(), 50_000);
        gaps.note(hostile, &held_from(1 << 47, 1 << 47));
        assert_eq!(gaps.missing(), 50_000 + GAP_COUNTED);
        gaps.hollow(&hostile);
        gaps.note(hostile, &held_from(1 << 47, (1 << 47) + 1));
        assert_eq!(gaps.missing(), 50_000, "its next words change nothing below");
        gaps.note(hostile, &held_from((1 << 47) - 1, (1 << 47) + 1));
        assert_eq!(gaps.missing(), 50_000 + GAP_COUNTED, "something of it came");
        gaps.note(hostile, &held_from(0, 3));
        gaps.note(honest, &held_from(49_936, 50_063));
        assert_eq!((gaps.missing(), gaps.behind(None).count()), (49_936, 1));
        gaps.hollow(&honest);
        gaps.hollow(&honest);
        assert_eq!((gaps.missing(), gaps.behind(Some(honest)).count()), (0, 0));
    }
}

//! What is missing below the heads that are held: proved to exist by the hash chain under a signature, and counted as it
//! changes.
//!
//! An author can sign an entry at any seq, so a single log cannot make the count meaningless: it counts for
//! [`GAP_COUNTED`] entries at most, and no longer once every linked peer was asked for what is missing and had
//! nothing of it. It counts again as soon as something of it comes.

use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Unbounded},
};

use crate::{defence, ids::AuthorId, limits::GAP_COUNTED, log::Log};

/// One log with gaps.
#[derive(Debug)]
struct Gap {
    entries: u64,
    /// Whether nobody who is linked has anything of it.
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
}

impl Gaps {
    /// Entries that are missing.
    pub(crate) fn missing(&self) -> u64 {
        self.missing
    }

    /// The logs that have gaps behind `author`, ascending.
    pub(crate) fn behind(&self, author: Option<AuthorId>) -> impl Iterator<Item = &AuthorId> {
        let from = author.map_or(Unbounded, Excluded);
        self.of.range((from, Unbounded)).map(|(author, _)| author)
    }

    /// A log has changed.
    pub(crate) fn note(&mut self, author: AuthorId, log: &Log) {
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

    /// A log went.
    pub(crate) fn forget(&mut self, author: &AuthorId) {
        self.missing -= self.of.remove(author).as_ref().map_or(0, Gap::counted);
    }

    /// Nobody who is linked has anything of what is missing of this log.
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

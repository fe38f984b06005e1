//! The ids in waiting runs of a log: which runs contradict a new one, and where they end.
//!
//! A run contains the ids of its entries and, as its prev, the id of the entry before. The waiting runs of one log
//! agree in all their ids: if two do not, both go as soon as the second comes, because they prove a fork. So any run
//! with an id represents all runs with it.

use super::Pending;
use crate::{
    admit::Run,
    ids::{AuthorId, EntryId, Seq},
    log::Head,
    run::RawRun,
};

impl Pending {
    /// A waiting run that has another id than this one, for the lowest entry with such a run.
    pub(crate) fn contradicting(&self, run: &Run) -> Option<&RawRun> {
        let first = run.first();
        let before = first.seq.checked_sub(1).map(|seq| (seq, first.prev));
        let mut told = before.into_iter().chain(run.entries().iter().map(|entry| (entry.seq, entry.id)));
        told.find_map(|(seq, id)| self.telling(first.author, seq).filter(|(other, _)| *other != id).map(|(_, raw)| raw))
    }

    /// The last entry of a log that waits.
    pub(crate) fn head(&self, author: AuthorId) -> Option<Head> {
        let waiting = self.runs.get(&self.cover.last(author)?)?;
        let last = waiting.run.last();
        Some(Head { seq: last.seq, id: last.id, time: last.time })
    }

    /// The id of an entry in a waiting run: one that brings the entry, or one that follows it.
    fn telling(&self, author: AuthorId, seq: Seq) -> Option<(EntryId, &RawRun)> {
        let by = self.cover.of(author, seq).or_else(|| self.cover.of(author, seq.checked_add(1)?))?;
        let waiting = self.runs.get(&by)?;
        let first = waiting.run.first();
        let id = match seq.checked_sub(first.seq) {
            None => first.prev,
            Some(at) => waiting.run.entries().get(usize::try_from(at).ok()?)?.id,
        };
        Some((id, &waiting.raw))
    }

    /// Whether the waiting run that ends where this one does has the same signature, so that the two are the same as
    /// far as both reach; or this one is not signed, and proves nothing.
    pub(crate) fn is_signed_alike(&self, raw: &RawRun) -> bool {
        let waiting = self.cover.ending(raw.author(), raw.last()).and_then(|number| self.runs.get(&number));
        raw.signature().is_none() || waiting.is_some_and(|waiting| waiting.raw.signature() == raw.signature())
    }
}

//! What is held of one author's log: spans of contiguous entries, a head, and perhaps a cut.
//!
//! Usually there is one span, from seq 0 to the head. A newcomer takes the newest entries first: the span
//! at the top then has a floor above 0, and the backfill leads downwards from it, each run vouched for by
//! the hash that the span above begins with.
//!
//! Invariant: spans are ascending and neither overlap nor touch; two spans that come to touch are linked by
//! hash and become one, or prove a fork.

use crate::{
    admit::{Entry, Run, Trust},
    ids::{EntryId, Seq},
    limits::SPANS,
    run::RawRun,
    time::Time,
};

/// The last entry held of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its seq.
    pub seq: Seq,
    /// Its id.
    pub id: EntryId,
    /// Its time.
    pub time: Time,
}

/// Entries `first..=last` of one log, linked by hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Seq of the lowest entry.
    pub first: Seq,
    /// Id of the entry below the lowest: what a backfill must lead to.
    pub prev: EntryId,
    /// Time of the lowest entry.
    pub first_time: Time,
    /// The highest entry.
    pub last: Head,
}

impl Span {
    /// The span that a run makes by itself.
    pub fn of(run: &Run) -> Self {
        let (first, last) = (run.first(), run.last());
        Self { first: first.seq, prev: first.prev, first_time: first.time, last: head_of(last) }
    }

    fn holds(&self, seq: Seq) -> bool {
        (self.first..=self.last.seq).contains(&seq)
    }

    /// Whether `above` continues this span by position.
    fn touches(&self, above: &Self) -> bool {
        self.last.seq.checked_add(1) == Some(above.first)
    }

    /// Whether `above` continues this span by hash and time.
    fn links(&self, above: &Self) -> Link {
        match (self.last.id == above.prev, self.last.time < above.first_time) {
            (true, true) => Link::Whole,
            (true, false) => Link::TimeBackwards,
            (false, _) => Link::Forked,
        }
    }
}

enum Link {
    Whole,
    TimeBackwards,
    Forked,
}

fn head_of(entry: &Entry) -> Head {
    Head { seq: entry.seq, id: entry.id, time: entry.time }
}

/// What is to be done with a run, from what is held of its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing of it is missing here.
    Known,
    /// It lies at or beyond the cut of a forked log.
    Cut,
    /// It can be taken when this vouches for it.
    Take(Trust),
    /// It shares some entries with what is held: ask for exactly what is missing.
    Overlaps,
    /// It contradicts what is held at this seq: the log is forked.
    Forks(Seq),
    /// A log may not be held in more pieces; the backfill has to catch up first.
    TooManySpans,
}

/// What is held of one author's log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    spans: Vec<Span>,
    cut: Option<Seq>,
}

/// Why an admitted run could not be put into its log. The log is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It contradicts what is held at this seq.
    Forks(Seq),
    /// Its times do not increase where it meets what is held.
    TimeBackwards,
    /// It overlaps what is held, lies beyond the cut, or would be one piece too many.
    NoPlace,
}

impl Log {
    /// A log in a state that a store kept.
    pub fn restored(spans: Vec<Span>, cut: Option<Seq>) -> Self {
        Self { spans, cut }
    }

    /// The pieces held, ascending.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The lowest seq that was proved to be forked: nothing from there on counts.
    pub fn cut(&self) -> Option<Seq> {
        self.cut
    }

    /// The last entry held.
    pub fn head(&self) -> Option<Head> {
        self.spans.last().map(|span| span.last)
    }

    /// The seq after the last one held.
    pub fn next(&self) -> Seq {
        self.head().map_or(0, |head| head.seq + 1)
    }

    /// Whether the entry at `seq` is held.
    pub fn holds(&self, seq: Seq) -> bool {
        self.spans.iter().any(|span| span.holds(seq))
    }

    /// Entries held.
    pub fn len(&self) -> u64 {
        self.spans.iter().map(|span| span.last.seq - span.first + 1).sum()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The ranges missing below the head, highest first: where the backfill goes on.
    pub fn gaps(&self) -> impl Iterator<Item = (Seq, Seq)> + '_ {
        let floors = self.spans.iter().rev();
        let below = self.spans.iter().rev().skip(1).map(|span| span.last.seq + 1).chain([0]);
        floors.zip(below).filter(|(span, below)| *below < span.first).map(|(span, below)| (below, span.first - 1))
    }

    /// Judges a run that is not verified yet, by position alone.
    pub fn judge(&self, run: &RawRun) -> Verdict {
        let (first, last) = (run.first(), run.last());
        if self.cut.is_some_and(|cut| last >= cut) {
            return Verdict::Cut;
        }
        if (first..=last).all(|seq| self.holds(seq)) {
            return Verdict::Known;
        }
        if self.spans.iter().any(|span| first <= span.last.seq && span.first <= last) {
            return Verdict::Overlaps;
        }
        let below = self.spans.iter().find(|span| span.last.seq + 1 == first);
        if below.is_some_and(|below| below.last.id != run.prev()) {
            return Verdict::Forks(first - 1);
        }
        let above = self.spans.iter().find(|span| span.first == last + 1);
        match above {
            Some(above) => Verdict::Take(Trust::LeadsTo(above.prev)),
            None if below.is_none() && self.spans.len() >= SPANS => Verdict::TooManySpans,
            None => Verdict::Take(Trust::Signature),
        }
    }

    /// Puts an admitted run into its place.
    ///
    /// # Errors
    /// [`Unfit`] when it has none; nothing changes then.
    pub fn insert(&mut self, run: &Run) -> Result<(), Unfit> {
        let mut span = Span::of(run);
        if self.cut.is_some_and(|cut| span.last.seq >= cut) {
            return Err(Unfit::NoPlace);
        }
        let at = self.spans.partition_point(|held| held.first < span.first);
        let below = at.checked_sub(1).map(|below| self.spans[below]);
        let above = self.spans.get(at).copied();
        if below.is_some_and(|below| below.last.seq >= span.first)
            || above.is_some_and(|above| span.last.seq >= above.first)
        {
            return Err(Unfit::NoPlace);
        }
        let below = below.filter(|below| below.touches(&span));
        let above = above.filter(|above| span.touches(above));
        for (lower, upper) in [below.map(|below| (below, span)), above.map(|above| (span, above))].iter().flatten() {
            match lower.links(upper) {
                Link::Whole => {}
                Link::TimeBackwards => return Err(Unfit::TimeBackwards),
                Link::Forked => return Err(Unfit::Forks(lower.last.seq)),
            }
        }
        if below.is_none() && above.is_none() && self.spans.len() >= SPANS {
            return Err(Unfit::NoPlace);
        }
        let start = at - usize::from(below.is_some());
        let end = at + usize::from(above.is_some());
        if let Some(below) = below {
            (span.first, span.prev, span.first_time) = (below.first, below.prev, below.first_time);
        }
        if let Some(above) = above {
            span.last = above.last;
        }
        self.spans.splice(start..end, [span]);
        Ok(())
    }

    /// Cuts the log at `at`, where it was proved to be forked; a cut only ever moves down. `below` is the
    /// entry at `at - 1` when it is held: the new head of the span it lies in.
    pub fn cut_at(&mut self, at: Seq, below: Option<Head>) {
        if self.cut.is_some_and(|cut| cut <= at) {
            return;
        }
        self.cut = Some(at);
        self.spans.retain(|span| span.first < at);
        if let Some(top) = self.spans.last_mut()
            && top.last.seq >= at
        {
            match below {
                Some(below) => top.last = below,
                None => {
                    self.spans.pop();
                }
            }
        }
    }
}

//! The held part of one author's log: spans of contiguous entries, a head, and perhaps a cut.
//!
//! Usually there is one span, from seq 0 to the head. A newcomer takes the newest entries first: then the span at the
//! top has a floor above 0. The backfill goes downwards from the floor, and the hash with which the span above begins
//! vouches for each run.
//!
//! Invariant: spans ascend and neither overlap nor touch. Two spans that come to touch are linked by hash and become
//! one, or they prove a fork.

use crate::{
    admit::{Entry, Run, Trust},
    ids::{EntryId, Seq},
    limits::SPANS,
    run::RawRun,
    time::Time,
};

/// The last entry that we hold of a log.
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
    /// Id of the entry below the lowest: the backfill must lead to it.
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

/// The decision about a run, given the held part of its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// We hold all of it already.
    Known,
    /// All of it is beyond the cut of a forked log.
    Cut,
    /// We can take it if this vouches for it.
    Take(Trust),
    /// It shares some entries with our log, or goes beyond the cut: we can take only this part of it, and its signature
    /// must vouch.
    TakePart(Seq, Seq),
    /// It contradicts our log at this seq: the log is forked.
    Forks(Seq),
    /// A log may not be held in more pieces; the backfill has to catch up first.
    TooManySpans,
}

/// The held part of one author's log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    spans: Vec<Span>,
    cut: Option<Seq>,
}

/// Why an admitted run could not be put into its log. The log is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It contradicts our log at this seq.
    Forks(Seq),
    /// Its times do not increase where it meets our log.
    TimeBackwards,
    /// It overlaps our log, is beyond the cut, or would be one piece too many.
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

    /// The lowest seq that is proved to be forked: no entry from there on counts.
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

    /// Whether the log takes no further piece that touches none of its pieces.
    pub(crate) fn is_full(&self) -> bool {
        self.spans.len() >= SPANS
    }

    /// Entries held.
    pub fn len(&self) -> u64 {
        self.spans.iter().map(|span| span.last.seq - span.first + 1).sum()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The ranges that are missing below the head, highest first: the backfill continues there.
    pub fn gaps(&self) -> impl Iterator<Item = (Seq, Seq)> + '_ {
        let floors = self.spans.iter().rev();
        let below = self.spans.iter().rev().skip(1).map(|span| span.last.seq + 1).chain([0]);
        floors.zip(below).filter(|(span, below)| *below < span.first).map(|(span, below)| (below, span.first - 1))
    }

    /// Judges a run before it is verified, by its position alone.
    pub fn judge(&self, run: &RawRun) -> Verdict {
        self.judge_below(run, self.cut.unwrap_or(Seq::MAX))
    }

    /// As [`Log::judge`], of a log that takes nothing from `beyond` on.
    pub(crate) fn judge_below(&self, run: &RawRun, beyond: Seq) -> Verdict {
        let (first, last) = (run.first(), run.last());
        let end = last.min(beyond.saturating_sub(1));
        if first >= beyond {
            return Verdict::Cut;
        }
        let Some(missing) = (first..=end).find(|seq| !self.holds(*seq)) else {
            return Verdict::Known;
        };
        let missing_end = (missing..=end).take_while(|seq| !self.holds(*seq)).last().unwrap_or(missing);
        if (missing, missing_end) != (first, last) {
            return Verdict::TakePart(missing, missing_end);
        }
        let below = self.spans.iter().find(|span| span.last.seq + 1 == first);
        if below.is_some_and(|below| below.last.id != run.prev()) {
            return Verdict::Forks(first - 1);
        }
        let above = self.spans.iter().find(|span| span.first == last + 1);
        match above {
            Some(above) => Verdict::Take(Trust::Backfills(above.prev)),
            None if below.is_none() && self.is_full() => Verdict::TooManySpans,
            None => Verdict::Take(Trust::Signature),
        }
    }

    /// Puts an admitted run into its place.
    ///
    /// # Errors
    /// [`Unfit`] when it does not fit; then nothing changes.
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
        if below.is_none() && above.is_none() && self.is_full() {
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
        if self.spans.is_empty() {
            // Nearly every log stays one span for ever, and a room has many logs.
            self.spans = vec![span];
        } else {
            self.spans.splice(start..end, [span]);
        }
        Ok(())
    }

    /// Cuts the log at `at`, where it was proved to be forked; a cut only ever moves down. `below` is the
    /// entry at `at - 1` when it is held: the new head of the span it lies in.
    pub fn cut_at(&mut self, at: Seq, below: Option<Head>) {
        if self.cut.is_some_and(|cut| cut <= at) {
            return;
        }
        self.cut = Some(at);
        self.end_at(at, below);
    }

    /// Leaves out everything from `at` on; `below` is as for [`Log::cut_at`].
    pub fn end_at(&mut self, at: Seq, below: Option<Head>) {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{Writer, admit};

    fn spans(log: &Log) -> Vec<(Seq, Seq)> {
        log.spans().iter().map(|span| (span.first, span.last.seq)).collect()
    }

    #[test]
    fn the_newest_first_then_downwards() {
        let runs = Writer::new(1).write_blocks(200, "x");
        let mut log = Log::default();
        for (at, expected) in
            [(3, vec![(129, 192)]), (4, vec![(129, 199)]), (2, vec![(65, 199)]), (0, vec![(0, 0), (65, 199)])]
        {
            log.insert(&admit(&runs[at])).unwrap();
            assert_eq!(spans(&log), expected);
        }
        assert_eq!(log.gaps().collect::<Vec<_>>(), [(1, 64)]);
        assert_eq!(log.len(), 136);
        assert!(matches!(log.judge(&runs[1]), Verdict::Take(Trust::Backfills(_))));
        log.insert(&admit(&runs[1])).unwrap();
        assert_eq!(spans(&log), [(0, 199)]);
        assert_eq!(log.gaps().count(), 0);
        assert_eq!(log.judge(&runs[2]), Verdict::Known);
    }

    #[test]
    fn only_the_missing_part_is_taken() {
        let mut writer = Writer::new(1);
        let zero = writer.write(1, "x");
        let before = writer.clone();
        let three = writer.write(3, "x");
        let five = before.clone().write(5, "x");
        let mut log = Log::default();
        log.insert(&admit(&zero)).unwrap();
        log.insert(&admit(&three)).unwrap();
        assert_eq!(log.judge(&five), Verdict::TakePart(4, 5));
        assert_eq!(log.judge(&three), Verdict::Known);
    }

    #[test]
    fn another_past_is_a_fork() {
        let mut writer = Writer::new(1);
        let zero = writer.write(1, "x");
        let mut twin = writer.clone();
        let one = writer.write(1, "here");
        twin.write(1, "there");
        let two = twin.write(1, "there");
        let mut log = Log::default();
        log.insert(&admit(&zero)).unwrap();
        log.insert(&admit(&one)).unwrap();
        assert_eq!(log.judge(&two), Verdict::Forks(1));
        assert_eq!(log.insert(&admit(&two)), Err(Unfit::Forks(1)));
        assert_eq!(spans(&log), [(0, 1)]);
    }

    #[test]
    fn a_cut_moves_only_down_and_refuses_what_lies_beyond() {
        let mut writer = Writer::new(1);
        let runs = [writer.write(1, "x"), writer.write(4, "x"), writer.write(4, "x")];
        let mut log = Log::default();
        for run in &runs {
            log.insert(&admit(run)).unwrap();
        }
        let second = admit(&runs[1]);
        log.cut_at(3, Some(head_of(&second.entries()[1])));
        assert_eq!((spans(&log), log.cut()), (vec![(0, 2)], Some(3)));
        log.cut_at(5, None);
        assert_eq!(log.cut(), Some(3));
        assert_eq!(log.judge(&runs[2]), Verdict::Cut);
        assert_eq!(log.insert(&admit(&runs[2])), Err(Unfit::NoPlace));
        log.cut_at(0, None);
        assert_eq!((log.head(), log.cut()), (None, Some(0)));
    }

    #[test]
    fn a_log_is_held_in_few_pieces() {
        let runs = Writer::new(1).write_blocks(64 * 40, "x");
        let mut log = Log::default();
        for run in runs.iter().skip(1).step_by(2).take(SPANS) {
            log.insert(&admit(run)).unwrap();
        }
        assert_eq!(log.judge(&runs[30]), Verdict::TooManySpans);
        assert_eq!(log.insert(&admit(&runs[30])), Err(Unfit::NoPlace));
        assert!(matches!(log.judge(&runs[2]), Verdict::Take(_)), "what joins two pieces is welcome");
    }

    proptest! {
        #[test]
        fn spans_neither_overlap_nor_touch(order in Just((0..7usize).collect::<Vec<_>>()).prop_shuffle()) {
            let runs = Writer::new(1).write_blocks(64 * 5 + 30, "x");
            let mut log = Log::default();
            let mut held = 0;
            for at in order.into_iter().filter(|at| *at < runs.len()) {
                log.insert(&admit(&runs[at])).unwrap();
                held += runs[at].entries().len() as u64;
                prop_assert_eq!(log.len(), held);
                prop_assert!(log.spans().windows(2).all(|pair| pair[0].last.seq + 1 < pair[1].first));
            }
            prop_assert_eq!(spans(&log), vec![(0, 64 * 5 + 29)]);
        }
    }
}

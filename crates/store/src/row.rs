//! One entry as both forms keep it, and the rules they share: which pieces are served and which signatures stay.
//!
//! The signature of every run stays until its block is whole. After that only the block's last entry and acts are signed.

use std::collections::BTreeMap;

use rumormill_proto::{
    admit::{Entry, Run},
    entry::RawEntry,
    fork::Proof,
    ids::{AuthorId, EntryId, Seq},
    input::Kept,
    limits::{BLOCK, EVICTED_ENTRIES},
    log::{Head, Log},
    reject::Reject,
    run::{RawRun, Signature, block_end},
    timeline::Place,
};

use crate::{TimelineRow, note::raw_entries};

/// One entry of a log.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) seq: Seq,
    pub(crate) prev: EntryId,
    pub(crate) id: EntryId,
    pub(crate) raw: RawEntry,
    /// Whether the body was sealed, opened or not.
    pub(crate) sealed: bool,
    pub(crate) signature: Option<Box<Signature>>,
}

impl Row {
    pub(crate) fn head(&self) -> Head {
        Head { seq: self.seq, id: self.id, time: self.raw.time }
    }

    pub(crate) fn place(&self, author: AuthorId) -> Place {
        Place { time: self.raw.time, author, seq: self.seq }
    }

    pub(crate) fn to_line(&self, author: AuthorId) -> TimelineRow {
        let RawEntry { seen, kind, body, .. } = self.raw.clone();
        TimelineRow { place: self.place(author), id: self.id, kind, sealed: self.sealed, body, seen }
    }

    /// Whether `above` is the next entry, by seq and hash.
    pub(crate) fn leads_to(&self, above: &Self) -> bool {
        self.seq + 1 == above.seq && self.id == above.prev
    }
}

/// The entries of a run; the last one has the run's signature.
pub(crate) fn rows(run: &Run) -> impl Iterator<Item = Row> {
    run.entries().iter().zip(raw_entries(run)).map(|(Entry { id, seq, prev, .. }, raw)| {
        let signature = run.signature().filter(|_| *seq == run.last().seq).copied().map(Box::new);
        let sealed = raw.kind.opened().is_some();
        Row { seq: *seq, prev: *prev, id: *id, raw, sealed, signature }
    })
}

/// The lowest seq of the block that `seq` belongs to.
pub(crate) fn block_start(seq: Seq) -> Seq {
    match block_end(seq) {
        0 => 0,
        end => end + 1 - BLOCK,
    }
}

/// What [`crate::Read::run`] serves of `first..=last`: first and last seq of part of one span, within one block.
pub(crate) fn topmost(log: &Log, first: Seq, last: Seq) -> Option<(Seq, Seq)> {
    let span = log.spans().iter().rev().find(|span| span.first <= last)?;
    let end = last.min(span.last.seq);
    let begin = first.max(block_start(end)).max(span.first);
    (begin <= end).then_some((begin, end))
}

/// The answer of [`crate::Read::recall`], given the held entries of a block, ascending: the linked piece that shows the
/// id at `seq`, or else the lowest piece, up to its highest signature.
pub(crate) fn recall(author: AuthorId, held: &[Row], seq: Seq) -> Option<RawRun> {
    let mut pieces = held.chunk_by(Row::leads_to);
    let piece = pieces.find(|piece| piece.last().is_some_and(|last| last.seq >= seq))?;
    let first = piece.first()?.seq;
    let tells = first <= seq.saturating_add(1) || Some(first) == held.first().map(|lowest| lowest.seq);
    let signed = piece.iter().rposition(|row| row.signature.is_some() && row.seq >= seq)?;
    tells.then(|| assemble(author, &piece[..=signed]).and_then(|run| run.without_bodies()).ok())?
}

/// The run `first..=end` of a log cut behind an unsigned `end`, prolonged to the next signature. Entries beyond the cut
/// go along without bodies because their signature vouches for the rest. `held` are the held entries of the block,
/// ascending.
pub(crate) fn prolonged(author: AuthorId, held: &[Row], (first, end): (Seq, Seq)) -> Option<RawRun> {
    let mut pieces = held.chunk_by(Row::leads_to);
    let piece = pieces.find(|piece| piece.iter().any(|row| row.seq == end))?;
    let signed = piece.iter().find(|row| row.seq >= end && row.signature.is_some())?.seq;
    let mut rows: Vec<Row> = piece.iter().filter(|row| (first..=signed).contains(&row.seq)).cloned().collect();
    let beyond = rows.iter_mut().filter(|row| row.seq > end);
    beyond.for_each(|row| row.raw.body = row.raw.body.dropped());
    assemble(author, &rows).ok()
}

/// The last entry of each log that has any in the timeline.
pub(crate) fn heads(kept: Vec<Kept>) -> Vec<(AuthorId, Head)> {
    kept.into_iter().filter_map(|kept| kept.log.head().map(|head| (kept.author, head))).collect()
}

/// Whether a run ends unsigned at the cut of its log, and so proves nothing by itself.
pub(crate) fn unproved(log: &Log, run: &RawRun) -> bool {
    run.signature().is_none() && log.cut() == Some(run.last() + 1)
}

/// Widens an author's span in [`crate::Read::newest`] by one entry.
pub(crate) fn widen(spans: &mut BTreeMap<AuthorId, (Seq, Seq)>, place: &Place) {
    let span = spans.entry(place.author).or_insert((place.seq, place.seq));
    *span = (span.0.min(place.seq), span.1.max(place.seq));
}

/// Builds a run from rows: at least one, each linked to the next.
pub(crate) fn assemble(author: AuthorId, rows: &[Row]) -> Result<RawRun, Reject> {
    let first = rows.first().ok_or(Reject::Malformed("run"))?;
    let signature = rows.last().and_then(|row| row.signature.as_deref().copied());
    RawRun::new(author, first.seq, first.prev, rows.iter().map(|row| row.raw.clone()).collect(), signature)
}

/// First and last seq of the block that a run completed: of its signatures only the last, and those of acts, are still useful. `log` is the
/// log after the run. `None` when the run is the whole block itself.
pub(crate) fn made_whole(log: &Log, run: &Run) -> Option<(Seq, Seq)> {
    let (start, end) = (block_start(run.last().seq), block_end(run.last().seq));
    let by_itself = (run.first().seq, run.last().seq) == (start, end);
    let whole = log.spans().iter().any(|span| span.first <= start && end <= span.last.seq);
    (whole && !by_itself).then_some((start, end))
}

/// Whether the signature of a run within a block stays when the block is whole: that of an act, which is served alone.
pub(crate) fn keeps_signature(run: &RawRun) -> bool {
    run.ends_with_act() && run.signature().is_some()
}

/// The proofs of a forked log of a closed room, the lowest first, after another came: the lowest, and of the others the
/// last, or the highest if the last is the lowest.
pub(crate) fn with_proof(mut proofs: Vec<Proof>, proof: Proof) -> Vec<Proof> {
    let lowest = proofs.first().is_none_or(|lowest| proof.at() < lowest.at());
    match lowest {
        true => {
            let other = proofs.pop();
            std::iter::once(proof).chain(other).collect()
        }
        false => {
            proofs.truncate(1);
            proofs.extend((proofs[0].at() < proof.at()).then_some(proof));
            proofs
        }
    }
}

/// The last entry that goes in one step, when `lowest` is the first held entry of an evicted log.
pub(crate) fn evicted_end(lowest: Seq) -> Seq {
    block_end(lowest + EVICTED_ENTRIES - BLOCK)
}

#[cfg(test)]
mod tests {
    use rumormill_proto::{
        entry::{Body, Kind},
        log::Span,
        time::Time,
    };

    use super::*;

    fn span(first: Seq, last: Seq) -> Span {
        let head = Head { seq: last, id: EntryId([2; 32]), time: Time::from_ms(last) };
        Span { first, prev: EntryId([1; 32]), first_time: Time::from_ms(first), last: head }
    }

    #[test]
    fn a_block_begins_above_a_multiple_of_its_size() {
        let cases = [(0, 0), (1, 1), (2, 1), (64, 1), (65, 65), (128, 65), (129, 129)];
        for (seq, start) in cases {
            assert_eq!(block_start(seq), start, "seq {seq}");
        }
    }

    #[test]
    fn the_topmost_piece_stays_in_its_block_and_span() {
        let log = Log::restored(vec![span(0, 70), span(100, 200)], None);
        let cases = [
            ((0, 1000), Some((193, 200))),
            ((0, 192), Some((129, 192))),
            ((150, 192), Some((150, 192))),
            ((0, 128), Some((100, 128))),
            ((0, 99), Some((65, 70))),
            ((71, 99), None),
            ((0, 64), Some((1, 64))),
            ((0, 0), Some((0, 0))),
            ((201, 300), None),
            ((5, 4), None),
        ];
        for ((first, last), expected) in cases {
            assert_eq!(topmost(&log, first, last), expected, "{first}..={last}");
        }
    }

    #[test]
    fn a_recall_reaches_from_its_seq_to_a_signature() {
        let id = |at: Seq| EntryId([at as u8; 32]);
        let row = |(seq, signed): (Seq, bool)| Row {
            seq,
            prev: id(seq - 1),
            id: id(seq),
            raw: RawEntry { time: Time::from_ms(seq), seen: vec![], kind: Kind::TEXT, body: Body::Here("".into()) },
            sealed: false,
            signature: signed.then(|| Box::new([0; 64])),
        };
        let mut held = [(3, false), (4, true), (5, false), (10, false), (11, true), (12, false)].map(row);
        let ends = |held: &[Row], seq| recall(AuthorId::default(), held, seq).map(|run| (run.first(), run.last()));
        let cases = [
            (1, Some((3, 4))),
            (4, Some((3, 4))),
            (5, None),
            (7, None),
            (9, Some((10, 11))),
            (11, Some((10, 11))),
            (12, None),
            (13, None),
        ];
        for (seq, expected) in cases {
            assert_eq!(ends(&held, seq), expected, "seq {seq}");
        }
        // Of two branches in a block, the one that has the seq.
        held[1].prev = id(99);
        assert_eq!(ends(&held, 3), None);
        assert_eq!(ends(&held, 4), Some((4, 4)));
    }
}

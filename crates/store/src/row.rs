//! One entry as both forms keep it, and the rules they share: which pieces are served, and which signatures stay.

use rumormill_proto::{
    admit::{Entry, Run},
    entry::RawEntry,
    ids::{AuthorId, EntryId, Seq},
    limits::BLOCK,
    log::{Head, Log},
    reject::Reject,
    run::{RawRun, Signature, block_end},
    timeline::Place,
};

use crate::Line;

/// What is kept of one entry; its author and seq are what it is found by.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: EntryId,
    pub(crate) raw: RawEntry,
    pub(crate) signature: Option<Box<Signature>>,
}

impl Row {
    pub(crate) fn of(entry: &Entry, signature: Option<&Signature>) -> Self {
        let Entry { id, time, seen, kind, body, .. } = entry;
        let raw = RawEntry { time: *time, seen: seen.clone(), kind: *kind, body: body.clone() };
        Self { id: *id, raw, signature: signature.copied().map(Box::new) }
    }

    pub(crate) fn head(&self, seq: Seq) -> Head {
        Head { seq, id: self.id, time: self.raw.time }
    }

    pub(crate) fn place(&self, author: AuthorId, seq: Seq) -> Place {
        Place { time: self.raw.time, author, seq }
    }

    pub(crate) fn into_line(self, author: AuthorId, seq: Seq) -> Line {
        let place = self.place(author, seq);
        let RawEntry { seen, kind, body, .. } = self.raw;
        Line { place, id: self.id, kind, body, seen }
    }
}

/// The lowest seq of the block that `seq` belongs to.
pub(crate) fn block_start(seq: Seq) -> Seq {
    match block_end(seq) {
        0 => 0,
        end => end + 1 - BLOCK,
    }
}

/// A part of one span, within one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) first: Seq,
    pub(crate) last: Seq,
    /// Id of the entry below the first when the span begins here; else that entry is held itself.
    pub(crate) prev: Option<EntryId>,
}

/// What [`crate::Read::run`] serves of `first..=last`.
pub(crate) fn topmost(log: &Log, first: Seq, last: Seq) -> Option<Piece> {
    let span = log.spans().iter().rev().find(|span| span.first <= last)?;
    let end = last.min(span.last.seq);
    let begin = first.max(block_start(end)).max(span.first);
    (begin <= end).then(|| Piece { first: begin, last: end, prev: (begin == span.first).then_some(span.prev) })
}

/// Which of the rows held of a block make up what [`crate::Read::recall`] answers: the contiguous piece that tells
/// the id at `seq`, or the lowest one, up to its highest signature.
pub(crate) fn recalled(rows: &[(Seq, Row)], seq: Seq) -> Option<&[(Seq, Row)]> {
    let mut pieces = rows.chunk_by(|(below, _), (above, _)| below + 1 == *above);
    let lowest = rows.first()?.0;
    let piece = pieces.find(|piece| piece.last().is_some_and(|(last, _)| *last >= seq))?;
    let first = piece.first()?.0;
    let signed = piece.iter().rposition(|(at, row)| row.signature.is_some() && *at >= seq)?;
    (first <= seq.saturating_add(1) || first == lowest).then(|| &piece[..=signed])
}

/// The run that rows make, each one's seq one above the one's before.
pub(crate) fn assemble(author: AuthorId, prev: EntryId, rows: Vec<(Seq, Row)>) -> Result<RawRun, Reject> {
    let first = rows.first().map_or(0, |(seq, _)| *seq);
    let signature = rows.last().and_then(|(_, row)| row.signature.as_deref().copied());
    RawRun::new(author, first, prev, rows.into_iter().map(|(_, row)| row.raw).collect(), signature)
}

/// The signature that `run` makes superfluous, by seq: of a top that is one no longer. To be asked before the run is
/// put into `log`.
pub(crate) fn superseded(log: &Log, run: &Run) -> Option<Seq> {
    let top = run.first().seq.checked_sub(1)?;
    let was_top = log.spans().iter().any(|span| span.last.seq == top);
    (was_top && !top.is_multiple_of(BLOCK)).then_some(top)
}

/// Whether the signature of the entry at `seq` is kept: it is a multiple of [`BLOCK`] or the top of a span.
pub(crate) fn keeps_signature(log: &Log, seq: Seq) -> bool {
    seq.is_multiple_of(BLOCK) || log.spans().iter().any(|span| span.last.seq == seq)
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
            ((0, 1000), Some((193, 200, false))),
            ((0, 192), Some((129, 192, false))),
            ((150, 192), Some((150, 192, false))),
            ((0, 128), Some((100, 128, true))),
            ((0, 99), Some((65, 70, false))),
            ((71, 99), None),
            ((0, 64), Some((1, 64, false))),
            ((0, 0), Some((0, 0, true))),
            ((201, 300), None),
            ((5, 4), None),
        ];
        for ((first, last), expected) in cases {
            let piece = topmost(&log, first, last).map(|piece| (piece.first, piece.last, piece.prev.is_some()));
            assert_eq!(piece, expected, "{first}..={last}");
        }
    }

    #[test]
    fn a_recall_reaches_from_its_seq_to_a_signature() {
        let row = |signed: bool| Row {
            id: EntryId::default(),
            raw: RawEntry { time: Time::default(), seen: vec![], kind: Kind::TEXT, body: Body::Here("".into()) },
            signature: signed.then(|| Box::new([0; 64])),
        };
        let held = [(3, false), (4, true), (5, false), (10, false), (11, true), (12, false)];
        let rows: Vec<_> = held.into_iter().map(|(seq, signed)| (seq, row(signed))).collect();
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
            let ends = recalled(&rows, seq).and_then(|piece| Some((piece.first()?.0, piece.last()?.0)));
            assert_eq!(ends, expected, "seq {seq}");
        }
    }
}

//! What a tree lets go of, and learns again.
//!
//! Invariant: a tree from which words were let go of is one branch, which the host holds, so that a seq names one entry. The
//! host tells the entry again when it is asked.

use super::{Branch, Spot, Tree};
use crate::{
    governance::tree::{ActNo, Below, Stretch},
    ids::{EntryId, Seq},
    log::Span,
    time::Time,
};

/// An entry that is not let go of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) id: EntryId,
    pub(super) time: Time,
    /// Whether it is a message, if that is known.
    pub(super) message: Option<bool>,
}

impl Tree {
    /// Takes a piece of a log at once, of which the host tells the last entry and the acts. The pieces of a log ascend,
    /// and no entry of it was taken before.
    pub(crate) fn insert_span(&mut self, span: &Span, acts: impl Iterator<Item = (Seq, EntryId, Time, ActNo)>) {
        let (stretch, last) = (self.stretches.len(), span.last);
        let known = Known { id: last.id, time: last.time, message: None };
        let mut known = std::collections::BTreeMap::from([(last.seq, known)]);
        for (seq, id, time, act) in acts {
            known.insert(seq, Known { id, time, message: Some(false) });
            self.acts.insert(Spot { stretch, seq }, act);
        }
        let whole = span.first == 0;
        let below = if whole { Below::Nothing } else { Below::Missing(span.prev) };
        if !whole {
            self.missing.entry(span.prev).or_default().push(stretch);
        }
        let (first, end, above) = (span.first, last.seq + 1, Default::default());
        self.stretches.push(Stretch { first, end, known, below, above, whole });
        self.firsts.insert((first, stretch));
        self.fresh.push(Spot { stretch, seq: last.seq });
    }

    /// Lets go of what is known of words, but of the last entry of each stretch and of those that `keeps` names. A log with
    /// forks lets go of nothing.
    pub(crate) fn let_go(&mut self, keeps: impl Fn(Seq) -> bool) {
        if self.fork.is_some() {
            return;
        }
        let (acts, stretches) = (&self.acts, &mut self.stretches);
        self.fresh.retain(|spot| {
            let here = &mut stretches[spot.stretch];
            let is_last = spot.seq + 1 == here.end;
            if !is_last && !acts.contains_key(spot) && !keeps(spot.seq) {
                here.known.remove(&spot.seq);
            }
            is_last
        });
    }

    /// The place of an entry that is held and was let go of.
    pub(super) fn let_go_at(&self, seq: Seq) -> Option<Spot> {
        let (_, stretch) = *self.firsts.range(..=(seq, usize::MAX)).next_back()?;
        let here = &self.stretches[stretch];
        (here.holds(seq) && !here.known.contains_key(&seq)).then_some(Spot { stretch, seq })
    }

    /// Whether an entry is held and was let go of.
    pub(crate) fn lacks(&self, seq: Seq) -> bool {
        self.let_go_at(seq).is_some()
    }

    /// Learns an entry again.
    pub(super) fn know(&mut self, spot: Spot, known: Known) {
        self.stretches[spot.stretch].known.insert(spot.seq, known);
        self.fresh.push(spot);
    }

    /// The entries of a branch from a seq on: the time of each, and whether it is a message, if that is known.
    pub(crate) fn words<'a>(
        &'a self,
        branch: &'a Branch,
        from: Seq,
    ) -> impl Iterator<Item = (Seq, Option<(Time, bool)>)> + 'a {
        branch.pieces.iter().flat_map(move |piece| {
            let here = &self.stretches[piece.stretch];
            let word = |seq: Seq| here.known.get(&seq).and_then(|known| Some((known.time, known.message?)));
            (piece.first.max(from)..piece.end).map(move |seq| (seq, word(seq)))
        })
    }
}

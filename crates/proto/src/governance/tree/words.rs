//! What a tree lets go of, and learns again.
//!
//! Invariant: a tree from which words were let go of is one branch, which the host holds, so that a seq names one entry. The
//! host tells the entry again when it is asked.

use std::collections::BTreeMap;

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
        let last = span.last;
        let known = Known { id: last.id, time: last.time, message: None };
        let mut known = BTreeMap::from([(last.seq, known)]);
        let mut numbers = Vec::new();
        for (seq, id, time, act) in acts {
            known.insert(seq, Known { id, time, message: Some(false) });
            numbers.push((seq, act));
        }
        let whole = span.first == 0;
        let below = if whole { Below::Nothing } else { Below::Missing(span.prev) };
        let (first, end, above) = (span.first, last.seq + 1, BTreeMap::new());
        let stretch = self.put(Stretch { first, end, known, below, above, whole });
        if !whole {
            self.missing.entry(span.prev).or_default().push(stretch);
        }
        self.acts.extend(numbers.into_iter().map(|(seq, act)| (Spot { stretch, seq }, act)));
        self.fresh.push(Spot { stretch, seq: last.seq });
    }

    /// Adds a stretch.
    pub(super) fn put(&mut self, stretch: Stretch) -> usize {
        let (first, at) = (stretch.first, self.free.pop().unwrap_or(self.stretches.len()));
        match self.stretches.get_mut(at) {
            Some(place) => *place = stretch,
            None => self.stretches.push(stretch),
        }
        self.firsts.insert((first, at));
        at
    }

    /// Makes a stretch and the one that goes on from its end one, in a log without forks: a log that comes piece by piece
    /// takes no more than one that comes in order. Returns where its entries are. The smaller one moves.
    pub(super) fn join(&mut self, lower: usize) -> usize {
        let end = self.stretches[lower].end;
        let above = end.checked_sub(1).and_then(|last| self.stretches[lower].above.get(&last));
        let Some([upper]) = above.map(Vec::as_slice) else { return lower };
        let upper = *upper;
        if self.fork.is_some() || self.stretches[upper].first != end {
            return lower;
        }
        let is_smaller = self.stretches[lower].known.len() < self.stretches[upper].known.len();
        let (into, from) = if is_smaller { (upper, lower) } else { (lower, upper) };
        self.stretches[lower].above.remove(&(end - 1));
        let Stretch { first, below, whole, .. } = self.stretches[lower];
        let top = self.stretches[upper].end;
        self.firsts.remove(&(first, lower));
        self.firsts.remove(&(end, upper));
        self.firsts.insert((first, into));
        let gone = &mut self.stretches[from];
        let (mut known, mut above) = (std::mem::take(&mut gone.known), std::mem::take(&mut gone.above));
        (gone.first, gone.end, gone.below) = (0, 0, Below::Nothing);
        above.values().flatten().for_each(|stretch| self.stretches[*stretch].below = Below::Held(into));
        let here = &mut self.stretches[into];
        here.known.append(&mut known);
        here.above.append(&mut above);
        (here.first, here.end, here.below, here.whole) = (first, top, below, whole);
        let waiting = match below {
            Below::Nothing => None,
            Below::Held(under) => self.stretches[under].above.get_mut(&(first - 1)),
            Below::Missing(prev) => self.missing.get_mut(&prev),
        };
        waiting.into_iter().flatten().filter(|stretch| **stretch == lower).for_each(|stretch| *stretch = into);
        let all = Spot { stretch: from, seq: 0 }..=Spot { stretch: from, seq: Seq::MAX };
        let acts: Vec<_> = self.acts.range(all).map(|(spot, act)| (*spot, *act)).collect();
        for (spot, act) in acts {
            self.acts.remove(&spot);
            self.acts.insert(Spot { stretch: into, ..spot }, act);
        }
        self.fresh.iter_mut().filter(|spot| spot.stretch == from).for_each(|spot| spot.stretch = into);
        self.free.push(from);
        into
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

    /// Whether it is not known of an entry that is not let go of whether it is a message.
    pub(super) fn is_vague(&self, Spot { stretch, seq }: Spot) -> bool {
        self.stretches[stretch].known.get(&seq).is_some_and(|known| known.message.is_none())
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

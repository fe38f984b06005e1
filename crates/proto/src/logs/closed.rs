//! Which entries count in a closed room, see [`crate::governance`].
//!
//! Every entry that has its place in a log is read by the fold at once, whether it counts or not. The fold says how far
//! each log reaches here; what lies beyond is not in the frontier, so no comparison counts it and nothing waits for it.
//! The store keeps it, and it counts again when the fold says so.

use std::collections::{BTreeMap, BTreeSet};

use super::{Logs, ahead::Ahead, branches::Branches, looking::Looking};
use crate::{
    admit::{Entry, Run},
    entry::{Founding, Kind, RULES, RawEntry, founding},
    governance::{Closing, Fold, Governance, Reach, Signed},
    ids::{AuthorId, RoomId, Seq},
    limits::AUTHORS,
    log::{Log, Unfit},
    run::RawRun,
};

/// The governance of a closed room.
pub(crate) struct Closed {
    me: AuthorId,
    pub(super) governance: Governance,
    pub(super) reaches: BTreeMap<AuthorId, Reach>,
    pub(super) ahead: Ahead,
    /// The logs that a fork ends, or of which more is held than reaches.
    whole: BTreeMap<AuthorId, Log>,
    /// Branches that may take the place of others.
    pub(super) branches: Branches,
    /// Logs that the store is to take out: their authors waited, and do so no more.
    leaving: BTreeSet<AuthorId>,
    /// The words that governors took back: of each author the first and the last.
    hidden: BTreeMap<AuthorId, Vec<(Seq, Seq)>>,
    /// How the room was closed, if it was founded as an open one.
    closing: Option<Closing>,
    /// Whether what is hidden changed.
    pub(super) hides: bool,
    /// Whether the fold changed since `reaches` was reckoned up.
    pub(super) changed: bool,
    /// What the store was asked for.
    pub(super) looking: Looking,
    /// Logs of which the last entry that counts is not known yet: the frontier has them as before.
    stale: BTreeSet<AuthorId>,
}

/// A log reaches farther or less far than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moved {
    pub(crate) author: AuthorId,
    /// How many of its entries counted before, and do from now on.
    pub(crate) counted: (Seq, Seq),
    /// Whether entries that are held came to count, or ceased to.
    pub(crate) shows: bool,
    /// Whether nothing of the log is held, and it is wanted from now on.
    pub(crate) wanted: bool,
}

impl Closed {
    fn reach(&self, author: &AuthorId) -> Option<Reach> {
        self.reaches.get(author).copied()
    }

    /// How many entries of a log count.
    fn counted(&self, author: &AuthorId) -> Seq {
        self.reach(author).filter(|reach| reach.member).map_or(0, |reach| reach.end)
    }

    /// The seq from which on nothing of a log is taken.
    pub(super) fn takes_to(&self, author: &AuthorId) -> Seq {
        let others = if *author == self.me { Seq::MAX } else { 0 };
        self.reach(author).map_or(others, |reach| reach.takes)
    }

    /// The seq from which on nothing of a log is passed on. We hold our own log whoever lets us in.
    pub(super) fn end_of(&self, author: &AuthorId) -> Seq {
        let others = if *author == self.me { Seq::MAX } else { 0 };
        self.reach(author).map_or(others, |reach| reach.end)
    }

    pub(super) fn has_place(&self, author: &AuthorId) -> bool {
        *author == self.me || self.reaches.contains_key(author)
    }

    /// Where a fork ends a log.
    pub(super) fn fork(&self, author: &AuthorId) -> Option<Seq> {
        self.reach(author)?.fork
    }

    /// Whether a proof that a log is forked, at some seq from the lowest to the highest, changes anything: it is below all
    /// that are known, or above the entry that chose the branch and below what ends that branch.
    pub(super) fn useful(&self, author: &AuthorId, (lowest, highest): (Seq, Seq)) -> bool {
        let Some(reach) = self.reach(author) else { return false };
        let lower = self.governance.proved(author).first().is_none_or(|fork| lowest < *fork);
        let above = reach.tip.is_some_and(|tip| tip < highest) && reach.fork.is_none_or(|fork| lowest < fork);
        lower || above
    }

    /// Notes that a log is forked. Of each log two forks are kept, as the store does: the lowest, and the lowest above the
    /// entry that chose the branch.
    pub(super) fn prove(&mut self, author: AuthorId, at: Seq) -> bool {
        if !self.useful(&author, (at, at)) {
            return false;
        }
        let mut forks = self.governance.proved(&author);
        let lowest = forks.first().is_none_or(|fork| at < *fork);
        let other = if lowest { forks.pop_last() } else { forks.pop_first() };
        self.governance.prove(author, BTreeSet::from_iter(other.into_iter().chain([at])));
        true
    }

    pub(super) fn has_place_under(&self, prefix: u64) -> bool {
        let range = AuthorId::lowest(prefix)..=AuthorId::highest(prefix);
        self.reaches.range(range).next().is_some()
    }

    pub(super) fn is_member(&self, author: &AuthorId) -> bool {
        self.counted(author) > 0
    }

    pub(super) fn fold(&mut self) -> Fold<'_> {
        self.changed |= self.governance.is_touched();
        self.governance.fold()
    }

    /// Reads entries that have their place in a log.
    fn read(&mut self, room: &RoomId, entries: &[Entry]) {
        entries.iter().for_each(|entry| self.governance.insert(Signed::of(room, entry)));
        self.governance.let_go();
    }
}

impl Logs {
    /// Makes the room a closed one. `governance` holds what the store does.
    pub(crate) fn close(&mut self, governance: Governance, me: AuthorId) {
        let closed = Closed {
            me,
            governance,
            reaches: BTreeMap::new(),
            ahead: Ahead::default(),
            whole: BTreeMap::new(),
            branches: Branches::default(),
            leaving: BTreeSet::new(),
            hidden: BTreeMap::new(),
            closing: None,
            hides: false,
            changed: true,
            looking: Looking::default(),
            stale: BTreeSet::new(),
        };
        let held: Vec<AuthorId> = self.frontier.logs().map(|(author, _)| *author).collect();
        self.closed = Some(Box::new(closed));
        self.reach_anew(held);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// How many entries of a log count; all of them in an open room.
    pub(crate) fn counted(&self, author: &AuthorId) -> Seq {
        self.closed.as_ref().map_or(Seq::MAX, |closed| closed.counted(author))
    }

    /// Whether an entry of this kind is shown to nobody: it says something in plain after the room was closed, or a governor
    /// took it back.
    pub(crate) fn is_hidden(&self, author: &AuthorId, seq: Seq, kind: Kind) -> bool {
        self.closing().is_some_and(|closing| closing.voids(author, seq, kind)) || self.is_taken_back(author, seq, kind)
    }

    /// How the room was closed, if it was founded as an open one.
    pub(crate) fn closing(&self) -> Option<&Closing> {
        self.closed.as_ref()?.closing.as_ref()
    }

    /// Whether a governor took an entry of this kind back.
    pub(crate) fn is_taken_back(&self, author: &AuthorId, seq: Seq, kind: Kind) -> bool {
        let hidden = self.closed.as_ref().and_then(|closed| closed.hidden.get(author));
        let hides = || hidden.into_iter().flatten().any(|(first, last)| (*first..=*last).contains(&seq));
        kind.can_be_hidden() && hides()
    }

    /// How many entries governors took back.
    pub(crate) fn hidden(&self) -> usize {
        let parts = self.closed.iter().flat_map(|closed| closed.hidden.values().flatten());
        parts
            .map(|(first, last)| (last.saturating_sub(*first) as usize).saturating_add(1))
            .fold(0, usize::saturating_add)
    }

    /// The parts of these logs that governors took back.
    pub(crate) fn hidden_of<'a>(&self, authors: impl Iterator<Item = &'a AuthorId>) -> Vec<(AuthorId, Seq, Seq)> {
        let Some(closed) = self.closed.as_ref().filter(|closed| !closed.hidden.is_empty()) else { return Vec::new() };
        let authors: BTreeSet<&AuthorId> = authors.collect();
        let of = |author: &AuthorId| closed.hidden.get(author).map(|parts| (*author, parts));
        let parts = authors.into_iter().filter_map(of);
        parts.flat_map(|(author, parts)| parts.iter().map(move |(first, last)| (author, *first, *last))).collect()
    }

    /// The parts of others' logs that are held here and do not count, and those that governors took back.
    pub(crate) fn lapsed(&self) -> Vec<(AuthorId, Seq, Seq)> {
        let Some(closed) = &self.closed else { return Vec::new() };
        let beyond = closed.whole.iter().map(|(author, log)| (*author, closed.counted(author), log.next()));
        let back = closed.hidden.iter().flat_map(|(author, parts)| {
            let next = self.whole(author).map_or(0, Log::next);
            parts.iter().map(move |(first, last)| (*author, *first, next.min(last.saturating_add(1))))
        });
        let parts = beyond.chain(back).filter(|(author, first, end)| *author != closed.me && first < end);
        parts.map(|(author, first, end)| (author, first, end - 1)).collect()
    }

    /// Whether other words are taken back than when this was asked last.
    pub(crate) fn hides_others(&mut self) -> bool {
        self.closed.as_mut().is_some_and(|closed| std::mem::take(&mut closed.hides))
    }

    /// What the entries of a closed room come to.
    pub(crate) fn fold(&mut self) -> Option<Fold<'_>> {
        self.closed.as_mut().map(|closed| closed.fold())
    }

    /// Whether this may be an entry here: an open room is not founded by the founding entry of a closed one, nor the
    /// other way round, nor by rules that are not known; there acts need their bodies, and words have to be sealed. One that
    /// was closed was founded as an open one, and words in plain keep their places.
    pub(super) fn fits(&self, author: &AuthorId, raw: &RawEntry) -> bool {
        match (raw.kind, raw.body.bytes()) {
            (Kind::FOUND, Some(body)) => match founding(&self.room, author, body) {
                Ok(Founding::Open { .. }) => !self.is_closed() || self.closing().is_some(),
                Ok(Founding::Closed { rules }) => self.is_closed() && rules == RULES,
                // The door says what is wrong with it.
                Err(_) => true,
            },
            (kind, None) if kind.is_act() => !self.is_closed(),
            (kind, _) if kind.is_word() => !self.is_closed() || self.closing().is_some(),
            _ => true,
        }
    }

    /// The seq of the first entry of a run that may not be an entry here. An act stands on its own: it ends a run that its
    /// author signed.
    pub(super) fn misfit(&self, raw: &RawRun) -> Seq {
        let alone = |seq: Seq| seq == raw.last() && raw.signature().is_some();
        let fits = |seq: Seq, entry: &RawEntry| {
            self.fits(&raw.author(), entry) && (!self.is_closed() || !entry.kind.is_act() || alone(seq))
        };
        let misfit = (raw.first()..).zip(raw.entries()).find(|(seq, entry)| !fits(*seq, entry));
        misfit.map_or(Seq::MAX, |(seq, _)| seq)
    }

    /// All that is held of a log, whether it counts or not.
    pub(super) fn whole(&self, author: &AuthorId) -> Option<&Log> {
        let whole = self.closed.as_ref().and_then(|closed| closed.whole.get(author));
        whole.or_else(|| self.frontier.log(author))
    }

    /// Lets somebody who is no member wait, if this is the first entry of a newcomer that holds a ticket, or of a
    /// member's device.
    pub(super) fn let_wait(&mut self, first: &Entry) -> bool {
        let room = self.room;
        let full = self.frontier.len() >= AUTHORS;
        let Some(closed) = self.closed.as_mut().filter(|_| !full) else { return false };
        let signed = Signed::of(&room, first);
        if closed.reaches.contains_key(&first.author) || !closed.fold().may_wait(&signed) {
            return false;
        }
        closed.governance.insert(signed);
        // Somebody else may have lost its place to it, and goes with the next reckoning.
        closed.reaches.insert(first.author, Reach { end: 1, takes: 1, member: false, fork: None, tip: None });
        true
    }

    /// Puts a run into its log, and lets the frontier have as much of it as the log reaches.
    pub(super) fn insert_closed(&mut self, run: &Run) -> Result<(), Unfit> {
        let (room, author) = (self.room, run.author());
        let mut whole = self.whole(&author).cloned().unwrap_or_default();
        whole.insert(run)?;
        self.contradict_ahead(run);
        if let Some(closed) = &mut self.closed {
            closed.read(&room, run.entries());
        }
        self.show_part(author, whole);
        Ok(())
    }

    /// Lets the frontier have as much of a log as it reaches.
    pub(super) fn show_part(&mut self, author: AuthorId, whole: Log) {
        let Some(closed) = &mut self.closed else { return };
        let (end, placed) = (closed.end_of(&author), closed.reaches.contains_key(&author));
        let fork = closed.fork(&author);
        let mut log = whole.clone();
        closed.whole.remove(&author);
        if end < whole.next() || fork.is_some() {
            let lacks = |end: Seq| end.checked_sub(1).is_some_and(|seq| closed.governance.lacks(&author, seq));
            if lacks(end) || fork.is_some_and(lacks) {
                closed.whole.insert(author, whole);
                closed.stale.insert(author);
                return;
            }
            let mut below = |end: Seq| closed.fold().head_at(&author, end.checked_sub(1)?);
            fork.into_iter().for_each(|fork| log.cut_at(fork, below(fork)));
            log.end_at(end, below(end));
            closed.whole.insert(author, whole);
        }
        self.frontier.update(author, |held| *held = log);
        match placed {
            true => self.frontier.take_up(author),
            false => self.frontier.set_aside(author),
        }
        self.note_ahead(author);
    }

    /// The store holds this much of a log. Returns whether it took out a log that was to leave.
    pub(super) fn replace_closed(&mut self, author: AuthorId, log: Log) -> bool {
        let Some(closed) = &mut self.closed else { return false };
        if log.is_empty() && !closed.has_place(&author) {
            closed.whole.remove(&author);
            return true;
        }
        self.show_part(author, log);
        self.note_gaps(author);
        false
    }

    /// Reckons up how far each log reaches, if that may have changed.
    pub(crate) fn govern(&mut self) -> Option<Vec<Moved>> {
        let closed = self.closed.as_deref_mut()?;
        if !closed.changed && !closed.governance.is_touched() {
            return None;
        }
        let stale = std::mem::take(&mut closed.stale);
        let moved = self.reach_anew(stale);
        self.closed.as_mut().into_iter().for_each(|closed| closed.governance.let_go());
        Some(moved)
    }

    /// The logs that the store is to take out.
    pub(super) fn leaving(&mut self) -> Vec<AuthorId> {
        let leaving = self.closed.as_mut().map(|closed| std::mem::take(&mut closed.leaving));
        leaving.into_iter().flatten().collect()
    }

    /// Reckons up how far each log reaches, and puts those that changed, and the `others`, into the frontier.
    fn reach_anew(&mut self, others: impl IntoIterator<Item = AuthorId>) -> Vec<Moved> {
        let Some(closed) = &mut self.closed else { return Vec::new() };
        let fold = closed.fold();
        let (reaches, mut hidden) = (fold.reaches(), BTreeMap::<AuthorId, Vec<(Seq, Seq)>>::new());
        let closing = fold.closing().cloned();
        fold.hidden().for_each(|(author, first, last)| hidden.entry(author).or_default().push((first, last)));
        closed.hides |= closed.hidden != hidden || closed.closing != closing;
        (closed.hidden, closed.closing) = (hidden, closing);
        closed.changed = false;
        let before = std::mem::replace(&mut closed.reaches, reaches);
        let mut changed: BTreeSet<AuthorId> = others.into_iter().collect();
        let differs = |author: &&AuthorId| before.get(*author) != closed.reaches.get(*author);
        changed.extend(before.keys().chain(closed.reaches.keys()).filter(differs));
        let moved: Vec<_> = changed.into_iter().map(|author| (author, before.get(&author).copied())).collect();
        moved.into_iter().map(|(author, before)| self.move_end(author, before)).collect()
    }

    fn move_end(&mut self, author: AuthorId, before: Option<Reach>) -> Moved {
        let counted = before.filter(|reach| reach.member).map_or(0, |reach| reach.end);
        let moved = |now: Seq| Moved { author, counted: (counted, now), shows: false, wanted: false };
        let Some(closed) = &mut self.closed else { return moved(counted) };
        let (end, now) = (closed.end_of(&author), closed.counted(&author));
        let held = closed.whole.get(&author).or_else(|| self.frontier.log(&author)).cloned();
        let held = held.filter(|log| !log.is_empty());
        match closed.has_place(&author) {
            true => self.note_ahead(author),
            false => self.forget_ahead(author),
        }
        let Some(closed) = &mut self.closed else { return moved(counted) };
        let forked = closed.fork(&author).or_else(|| self.frontier.log(&author)?.cut());
        if held.is_none() && forked.is_none() {
            let wanted = end > before.map_or(0, |reach| reach.end);
            return Moved { wanted, ..moved(now) };
        }
        let whole = held.unwrap_or_default();
        if !closed.has_place(&author) && before.is_some_and(|reach| !reach.member) {
            closed.governance.prove(author, BTreeSet::new());
            closed.looking.forget(&author);
            closed.governance.forget(&author, 0);
            closed.whole.remove(&author);
            closed.leaving.insert(author);
            self.forget(author);
            self.pending.cut(author, 0);
            return moved(now);
        }
        self.show_part(author, whole.clone());
        self.note_gaps(author);
        if end < Seq::MAX {
            self.pending.cut(author, end);
        }
        let (low, high) = (counted.min(now), counted.max(now));
        let shows = whole.spans().iter().any(|span| span.first < high && low <= span.last.seq);
        Moved { shows: shows && low < high, ..moved(now) }
    }
}

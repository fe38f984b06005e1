//! One author's log with all its forks, as far as it is held: stretches of entries, each of which begins behind an
//! entry of another stretch.
//!
//! Where an entry stands, which entry it follows and how far its branch goes do not depend on the order in which the
//! entries came; how the branches are divided into stretches does, and shows nowhere.
//!
//! Ids, times and kinds of words can be let go of, see [`words`]. Their places stay: a stretch is as long as it was.

mod line;
mod words;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use self::line::Line;
use self::words::Known;
use crate::{
    ids::{EntryId, Seq},
    log::Head,
};

/// Number of an act among all that are held.
pub(crate) type ActNo = usize;

/// The place of an entry: its stretch, and its seq.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    stretch: usize,
    pub(crate) seq: Seq,
}

/// What a stretch begins behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Below {
    /// Nothing: it begins the log.
    Nothing,
    /// An entry that is held.
    Held(usize),
    /// An entry that is not held.
    Missing(EntryId),
}

#[derive(Clone, Debug)]
struct Stretch {
    first: Seq,
    /// The seq after the last entry.
    end: Seq,
    /// The last entry, the acts, and the words that were not let go of.
    known: BTreeMap<Seq, Known>,
    below: Below,
    /// Stretches that begin behind an entry of this one, by that entry's seq.
    above: BTreeMap<Seq, Vec<usize>>,
    /// Whether all entries below it are held.
    whole: bool,
}

impl Stretch {
    fn id(&self, seq: Seq) -> Option<&EntryId> {
        self.known.get(&seq).map(|known| &known.id)
    }

    fn holds(&self, seq: Seq) -> bool {
        (self.first..self.end).contains(&seq)
    }
}

/// Part of a stretch: the seqs from `first` up to `end`, which is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    stretch: usize,
    first: Seq,
    end: Seq,
}

/// What an entry changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grown {
    /// Nothing: it was held.
    Not,
    /// A branch without holes has one more entry at its end, and no other branch there.
    Longer,
    /// Nothing but what is known of it: it was let go of.
    Again,
    /// Entries above a hole, in a log without forks: they are read when the hole is filled.
    Apart,
    /// Something else.
    Otherwise,
}

/// One branch of a log, from seq 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Branch {
    pieces: Vec<Piece>,
    /// Nothing of it counts from this seq on, held or not.
    end: Seq,
}

impl Default for Branch {
    fn default() -> Self {
        Self { pieces: Vec::new(), end: Seq::MAX }
    }
}

impl Branch {
    /// How many entries it has.
    pub(crate) fn len(&self) -> Seq {
        self.pieces.last().map_or(0, |piece| piece.end)
    }

    /// The last entry.
    pub(crate) fn last(&self) -> Option<Spot> {
        let piece = self.pieces.last()?;
        Some(Spot { stretch: piece.stretch, seq: piece.end - 1 })
    }

    /// The first `count` entries.
    pub(crate) fn cut(mut self, count: Seq) -> Self {
        self.end = self.end.min(count);
        self.pieces.retain(|piece| piece.first < count);
        if let Some(piece) = self.pieces.last_mut() {
            piece.end = piece.end.min(count);
        }
        self
    }
}

/// The log of one author, with its forks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    stretches: Vec<Stretch>,
    firsts: BTreeSet<(Seq, usize)>,
    missing: BTreeMap<EntryId, Vec<usize>>,
    acts: BTreeMap<Spot, ActNo>,
    /// Acts that follow what is held without a hole, each of which names the one before: they are read before the entries
    /// between them are held.
    ahead: BTreeMap<Seq, (EntryId, ActNo)>,
    fork: Option<Seq>,
    /// Seqs at which the log is proved to be forked, whether or not entries of two branches are held.
    proved: BTreeSet<Seq>,
    /// Entries of which everything is known, and that may be words to let go of.
    fresh: Vec<Spot>,
    /// Places in `stretches` of those that became part of others.
    free: Vec<usize>,
}

impl Tree {
    /// Takes an entry; `act` is its number if it is an act, and `message` whether it is a message.
    pub(crate) fn insert(
        &mut self,
        Head { seq, id, time }: Head,
        prev: EntryId,
        (act, message): (Option<ActNo>, bool),
    ) -> Grown {
        let known = Known { id, time, message: Some(message) };
        let spot = self.find(seq, &id);
        if spot.is_some_and(|spot| !self.is_vague(spot)) {
            return Grown::Not;
        }
        if let Some(spot) = spot.or_else(|| self.let_go_at(seq)) {
            self.know(spot, known);
            return Grown::Again;
        }
        let forks = self.fork.is_none_or(|fork| seq < fork) && self.covers(seq);
        if forks {
            self.fork = Some(seq);
        }
        let (spot, at_end) = self.place(seq, known, prev);
        self.fresh.push(spot);
        let awaited = self.adopt(spot, &id);
        if let Some(act) = act {
            self.acts.insert(spot, act);
        }
        let stretch = if awaited { self.join(spot.stretch) } else { spot.stretch };
        if !self.ahead.is_empty() && self.stretches[stretch].whole {
            self.ahead = self.ahead.split_off(&self.whole().len());
        }
        match self.stretches[stretch].whole {
            true if at_end && !awaited && !forks => Grown::Longer,
            false if self.fork.is_none() => Grown::Apart,
            _ => Grown::Otherwise,
        }
    }

    /// Puts an entry where it belongs. Returns the place, and whether that is the end of what was held.
    fn place(&mut self, seq: Seq, known: Known, prev: EntryId) -> (Spot, bool) {
        let below = match seq.checked_sub(1) {
            None => Below::Nothing,
            Some(before) => self.find(before, &prev).map_or(Below::Missing(prev), |spot| Below::Held(spot.stretch)),
        };
        if let Below::Held(stretch) = below
            && self.stretches[stretch].end == seq
        {
            let here = &mut self.stretches[stretch];
            here.known.insert(seq, known);
            here.end += 1;
            return (Spot { stretch, seq }, !here.above.contains_key(&(seq - 1)));
        }
        if let Below::Missing(_) = below
            && let Some(stretch) = self.prolonged_downwards(seq, &known.id)
        {
            self.firsts.remove(&(seq + 1, stretch));
            self.firsts.insert((seq, stretch));
            let above = &mut self.stretches[stretch];
            (above.first, above.below) = (seq, below);
            above.known.insert(seq, known);
            self.missing.entry(prev).or_default().push(stretch);
            return (Spot { stretch, seq }, false);
        }
        let whole = match below {
            Below::Nothing => true,
            Below::Missing(_) => false,
            Below::Held(lower) => self.stretches[lower].whole,
        };
        let (known, above) = (BTreeMap::from([(seq, known)]), BTreeMap::new());
        let stretch = self.put(Stretch { first: seq, end: seq + 1, known, below, above, whole });
        match below {
            Below::Nothing => {}
            Below::Missing(prev) => self.missing.entry(prev).or_default().push(stretch),
            Below::Held(lower) => self.stretches[lower].above.entry(seq - 1).or_default().push(stretch),
        }
        (Spot { stretch, seq }, below == Below::Nothing && self.firsts.len() == 1)
    }

    /// Takes an act that names the last one that is known as the one before it, see [`Tree::newest_act`].
    pub(crate) fn insert_ahead(&mut self, seq: Seq, id: EntryId, act: ActNo) {
        self.ahead.insert(seq, (id, act));
    }

    /// The number of an act that is known ahead of what is held.
    pub(crate) fn ahead(&self, seq: Seq, id: &EntryId) -> Option<ActNo> {
        self.ahead.get(&seq).filter(|(ahead, _)| ahead == id).map(|(_, act)| *act)
    }

    /// The number of an act that is held.
    pub(crate) fn held(&self, seq: Seq, id: &EntryId) -> Option<ActNo> {
        self.acts.get(&self.find(seq, id)?).copied()
    }

    /// Whether an entry shows that the acts known ahead from its seq on belong to another branch: it has the place of one, or
    /// is an act that none of them names.
    pub(crate) fn denies_ahead(&self, seq: Seq, id: &EntryId, is_act: bool) -> bool {
        self.ahead(seq, id).is_none()
            && self.ahead.range(seq..).next().is_some_and(|(first, _)| is_act || *first == seq)
    }

    /// Forgets the acts that are known ahead, from a seq on, and returns those that are held nowhere else.
    pub(crate) fn forget_ahead(&mut self, at: Seq) -> Vec<ActNo> {
        let gone = self.ahead.split_off(&at);
        let held = |(seq, (id, _)): &(Seq, (EntryId, ActNo))| self.find(*seq, id).is_some();
        gone.into_iter().filter(|ahead| !held(ahead)).map(|(_, (_, act))| act).collect()
    }

    /// Whether acts are known ahead of what is held.
    pub(crate) fn knows_ahead(&self) -> bool {
        !self.ahead.is_empty()
    }

    /// A stretch that waits for this entry, and no longer does: the entry is to become its first.
    fn prolonged_downwards(&mut self, seq: Seq, id: &EntryId) -> Option<usize> {
        let waiting = self.missing.get_mut(id)?;
        let at = waiting.iter().position(|stretch| self.stretches[*stretch].first == seq + 1)?;
        Some(waiting.swap_remove(at))
    }

    /// Lets the stretches that wait for this entry begin behind it. Returns whether there are any.
    fn adopt(&mut self, spot: Spot, id: &EntryId) -> bool {
        let Some(waiting) = self.missing.remove(id) else { return false };
        let (here, others): (Vec<usize>, _) =
            waiting.into_iter().partition(|stretch| self.stretches[*stretch].first == spot.seq + 1);
        if !others.is_empty() {
            self.missing.insert(*id, others);
        }
        let mut whole = Vec::new();
        for stretch in &here {
            self.stretches[*stretch].below = Below::Held(spot.stretch);
            self.stretches[spot.stretch].above.entry(spot.seq).or_default().push(*stretch);
            whole.push(*stretch);
        }
        while self.stretches[spot.stretch].whole
            && let Some(stretch) = whole.pop()
        {
            self.stretches[stretch].whole = true;
            whole.extend(self.stretches[stretch].above.values().flatten());
        }
        !here.is_empty()
    }

    /// Whether an entry of this seq is held, in the part of the log below its lowest fork.
    fn covers(&self, seq: Seq) -> bool {
        let nearest = self.firsts.range(..=(seq, usize::MAX)).next_back();
        nearest.is_some_and(|(_, stretch)| seq < self.stretches[*stretch].end)
    }

    /// Where the entry of this seq and id is. In a log without forks one stretch is looked at; in others all that begin
    /// below.
    pub(crate) fn find(&self, seq: Seq, id: &EntryId) -> Option<Spot> {
        let most = if self.fork.is_none_or(|fork| seq < fork) { 1 } else { usize::MAX };
        let below = self.firsts.range(..=(seq, usize::MAX)).rev().take(most);
        let here = below.map(|(_, stretch)| *stretch).find(|stretch| self.stretches[*stretch].id(seq) == Some(id));
        here.map(|stretch| Spot { stretch, seq })
    }

    /// Where the entry of this seq and id is, if all entries below it are held too.
    pub(crate) fn find_whole(&self, seq: Seq, id: &EntryId) -> Option<Spot> {
        self.find(seq, id).filter(|spot| self.stretches[spot.stretch].whole)
    }

    /// The entry at this seq of a log without forks.
    pub(crate) fn head_at(&self, seq: Seq) -> Option<Head> {
        let (_, stretch) = self.firsts.range(..=(seq, usize::MAX)).next_back()?;
        let Known { id, time, .. } = *self.stretches[*stretch].known.get(&seq)?;
        Some(Head { seq, id, time })
    }

    /// Whether an entry at or above this seq is held, in a log without forks.
    pub(crate) fn reaches(&self, seq: Seq) -> bool {
        self.firsts.last().is_some_and(|(_, stretch)| seq < self.stretches[*stretch].end)
            || self.ahead.range(seq..).next().is_some()
    }

    /// Forgets the entries of a log without forks from `at` on; returns the acts among them. Costs as much as is
    /// forgotten. The entry below `at` has to be known.
    pub(crate) fn forget_from(&mut self, at: Seq) -> Vec<ActNo> {
        let mut acts = self.forget_ahead(at);
        while let Some((first, stretch)) = self.firsts.last().copied() {
            let here = &mut self.stretches[stretch];
            if here.end <= at {
                break;
            }
            here.end = at.max(first);
            here.known.split_off(&at);
            here.above.retain(|seq, _| *seq < at);
            let (from, to) = (Spot { stretch, seq: at.max(first) }, Spot { stretch, seq: Seq::MAX });
            let gone: Vec<Spot> = self.acts.range(from..=to).map(|(spot, _)| *spot).collect();
            acts.extend(gone.iter().filter_map(|spot| self.acts.remove(spot)));
            if first < at {
                break;
            }
            self.firsts.remove(&(first, stretch));
            match self.stretches[stretch].below {
                Below::Nothing => {}
                Below::Held(lower) => self.part(lower, stretch),
                Below::Missing(prev) => {
                    self.missing.entry(prev).or_default().retain(|other| *other != stretch);
                }
            }
        }
        self.missing.retain(|_, waiting| !waiting.is_empty());
        acts
    }

    fn part(&mut self, lower: usize, upper: usize) {
        self.stretches[lower].above.retain(|_, above| {
            above.retain(|other| *other != upper);
            !above.is_empty()
        });
    }

    /// The lowest seq at which the log is forked: two entries of it are held, or it is proved.
    pub(crate) fn fork(&self) -> Option<Seq> {
        self.fork.into_iter().chain(self.proved.first().copied()).min()
    }

    /// Where the log is proved to be forked.
    pub(crate) fn proved(&self) -> &BTreeSet<Seq> {
        &self.proved
    }

    /// Sets where the log is proved to be forked.
    pub(crate) fn prove(&mut self, forks: BTreeSet<Seq>) {
        self.proved = forks;
    }

    /// The lowest proved fork above an entry, or of all.
    pub(crate) fn proved_above(&self, tip: Option<Seq>) -> Option<Seq> {
        let from = tip.map_or(0, |tip| tip + 1);
        self.proved.range(from..).next().copied()
    }

    /// Whether nothing is known of the log.
    pub(crate) fn is_empty(&self) -> bool {
        self.firsts.is_empty() && self.proved.is_empty() && self.ahead.is_empty()
    }

    /// The branch that leads to `tip` and goes on for as long as nothing forks above it; without a tip, the log up to its
    /// lowest fork.
    pub(crate) fn branch(&self, tip: Option<Spot>) -> Branch {
        let Some(tip) = tip else {
            return self.whole().cut(self.fork().unwrap_or(Seq::MAX));
        };
        let mut branch = self.leading_to(tip);
        branch.pieces.pop();
        self.follow(&mut branch, tip.stretch, tip.seq);
        branch.cut(self.proved_above(Some(tip.seq)).unwrap_or(Seq::MAX))
    }

    /// What is held of the log without a hole, whatever is proved of it.
    pub(crate) fn whole(&self) -> Branch {
        let mut branch = Branch::default();
        if let Some((_, root)) = self.firsts.range(..=(0, usize::MAX)).next() {
            self.follow(&mut branch, *root, 0);
        }
        branch
    }

    /// What leads to an entry, that entry included, from seq 0 or the lowest that is held.
    pub(crate) fn leading_to(&self, tip: Spot) -> Branch {
        let mut pieces =
            vec![Piece { stretch: tip.stretch, first: self.stretches[tip.stretch].first, end: tip.seq + 1 }];
        let mut stretch = tip.stretch;
        while let Below::Held(lower) = self.stretches[stretch].below {
            let end = self.stretches[stretch].first;
            pieces.push(Piece { stretch: lower, first: self.stretches[lower].first, end });
            stretch = lower;
        }
        pieces.reverse();
        Branch { pieces, ..Branch::default() }
    }

    /// Appends a stretch and what follows it, up to the first fork at or above `from`.
    fn follow(&self, branch: &mut Branch, mut stretch: usize, mut from: Seq) {
        loop {
            let here = &self.stretches[stretch];
            let next = here.above.range(from..).next();
            let end = next.map_or(here.end, |(seq, _)| seq + 1);
            branch.pieces.push(Piece { stretch, first: here.first, end });
            match next {
                Some((_, above)) if above.len() == 1 && end == here.end => {
                    stretch = above[0];
                    from = end;
                }
                _ => return,
            }
        }
    }

    /// The acts of a branch from seq `from` on, in order, those ahead of what is held included.
    pub(crate) fn acts<'a>(&'a self, branch: &'a Branch, from: Seq) -> impl Iterator<Item = ActNo> + 'a {
        let held = branch.pieces.iter().filter(move |piece| from < piece.end).flat_map(move |piece| {
            let spot = |seq| Spot { stretch: piece.stretch, seq };
            self.acts.range(spot(piece.first.max(from))..spot(piece.end)).map(|(_, act)| *act)
        });
        held.chain(self.acts_ahead(branch, from).map(|(_, act)| act))
    }

    fn acts_ahead(&self, branch: &Branch, from: Seq) -> impl Iterator<Item = (Seq, ActNo)> {
        let (from, end) = (from.max(branch.len()), branch.end);
        let ahead = (from < end).then(|| self.ahead.range(from..end));
        ahead.into_iter().flatten().map(|(seq, (_, act))| (*seq, *act))
    }

    /// The last act of a branch, or of those ahead of what is held.
    pub(crate) fn newest_act(&self, branch: &Branch) -> Option<ActNo> {
        let ahead = self.acts_ahead(branch, 0).last().map(|(_, act)| act);
        ahead.or_else(|| self.last_act(branch))
    }

    /// The last act of a branch that is held.
    pub(crate) fn last_act(&self, branch: &Branch) -> Option<ActNo> {
        branch.pieces.iter().rev().find_map(|piece| {
            let spot = |seq| Spot { stretch: piece.stretch, seq };
            self.acts.range(spot(piece.first)..spot(piece.end)).next_back().map(|(_, act)| *act)
        })
    }

    /// All acts that are held with all entries below, on whatever branch, or are known ahead of these.
    pub(crate) fn read_acts(&self) -> impl Iterator<Item = ActNo> {
        let held = self.all_acts().filter(|(spot, _)| self.is_whole(*spot)).map(|(_, act)| act);
        held.chain(self.ahead.values().map(|(_, act)| *act))
    }

    /// All acts that are held, on whatever branch.
    pub(crate) fn all_acts(&self) -> impl Iterator<Item = (Spot, ActNo)> {
        self.acts.iter().map(|(spot, act)| (*spot, *act))
    }

    /// The acts that begin the log, one on each branch that forks there.
    pub(crate) fn first_acts(&self) -> impl Iterator<Item = ActNo> {
        let roots = self.firsts.range((0, 0)..=(0, usize::MAX)).map(|(_, stretch)| Spot { stretch: *stretch, seq: 0 });
        roots.filter_map(|spot| self.acts.get(&spot).copied())
    }

    /// Whether all entries below this one are held.
    pub(crate) fn is_whole(&self, spot: Spot) -> bool {
        self.stretches[spot.stretch].whole
    }

    /// The act at this seq on the way to an entry.
    pub(crate) fn act_below(&self, tip: Spot, seq: Seq) -> Option<ActNo> {
        let (mut stretch, mut end) = (tip.stretch, tip.seq + 1);
        while seq < self.stretches[stretch].first {
            let Below::Held(lower) = self.stretches[stretch].below else { return None };
            (stretch, end) = (lower, self.stretches[stretch].first);
        }
        if seq < end { self.acts.get(&Spot { stretch, seq }).copied() } else { None }
    }

    /// The ids of a branch, in order, those apart that were let go of.
    pub(crate) fn ids(&self, branch: Branch) -> impl Iterator<Item = EntryId> {
        branch.pieces.into_iter().flat_map(move |piece| {
            let ids = &self.stretches[piece.stretch];
            (piece.first..piece.end).filter_map(move |seq| ids.id(seq).copied())
        })
    }

    /// The place of the entry at this seq of a branch.
    pub(crate) fn at(branch: &Branch, seq: Seq) -> Option<Spot> {
        let piece = branch.pieces.iter().find(|piece| piece.first <= seq && seq < piece.end)?;
        Some(Spot { stretch: piece.stretch, seq })
    }

    /// Whether a branch leads through this entry.
    pub(crate) fn leads_through(branch: &Branch, spot: Spot) -> bool {
        Self::at(branch, spot.seq) == Some(spot)
    }

    /// The id of an entry.
    pub(crate) fn id(&self, spot: Spot) -> Option<EntryId> {
        self.stretches[spot.stretch].id(spot.seq).copied()
    }

    /// Two entries of the lowest fork, of several the lowest ids.
    pub(crate) fn lowest_fork(&self) -> Vec<Spot> {
        let Some(fork) = self.fork else { return Vec::new() };
        let below = self.firsts.range(..=(fork, usize::MAX)).map(|(_, stretch)| *stretch);
        let here = below.filter(|stretch| fork < self.stretches[*stretch].end);
        self.lowest_two(here.map(|stretch| Spot { stretch, seq: fork }).collect())
    }

    /// Two entries that fork behind the end of a branch, of several the lowest ids.
    pub(crate) fn fork_behind(&self, branch: &Branch) -> Vec<Spot> {
        let Some(last) = branch.last() else { return Vec::new() };
        let here = &self.stretches[last.stretch];
        let seq = last.seq + 1;
        let mut next: Vec<Spot> =
            here.above.get(&last.seq).into_iter().flatten().map(|stretch| Spot { stretch: *stretch, seq }).collect();
        next.extend((seq < here.end).then_some(Spot { stretch: last.stretch, seq }));
        if next.len() > 1 { self.lowest_two(next) } else { Vec::new() }
    }

    fn lowest_two(&self, mut spots: Vec<Spot>) -> Vec<Spot> {
        spots.sort_by_key(|spot| self.id(*spot));
        spots.truncate(2);
        spots
    }

    /// Makes a line out of what several acts say, see [`Line`].
    pub(crate) fn line(&self) -> Line<'_> {
        Line::of(self)
    }
}

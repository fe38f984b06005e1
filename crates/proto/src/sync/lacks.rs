//! Entries that were announced, or are named as a cause, and may be under way as a rumor: we ask for them if they have
//! not come by some time.
//!
//! We remember the few peers that announced each log, so that a peer that claims too much, or does not deliver, does
//! not stand for those that do: we ask them one after the other.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use super::Credit;
use crate::{
    defence,
    ids::{AuthorId, PeerId, Seq},
    limits::{ANNOUNCERS, BLOCK, LACKS, LACKS_OF_ONE, RANGES},
};

/// A log as peers name it: by the first eight bytes of its author, and in full when that is needed to tell it from another.
pub(crate) type Name = (u64, Option<AuthorId>);

/// A part of a log that others have and that has not come.
#[derive(Debug)]
struct Lack {
    /// The peer that told of it first.
    by: PeerId,
    /// The peers that have the log, and up to where.
    having: Vec<(PeerId, Seq)>,
    due_ms: u64,
    /// Whether every peer that has it is being asked for enough already.
    stalled: bool,
}

/// All logs that are lacking.
#[derive(Debug, Default)]
pub(super) struct Lacks {
    of: BTreeMap<Name, Lack>,
    due: BTreeSet<(u64, Name)>,
    /// The logs that each peer was the first to tell of.
    by: BTreeMap<PeerId, BTreeSet<Name>>,
    /// The logs that each peer has.
    having: BTreeSet<(PeerId, Name)>,
}

/// The entries to ask for, and the peers to ask.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// A little, up to this seq.
    Little(PeerId, Seq),
    /// Much: this peer tells of the log up to this seq.
    Much(PeerId, Seq),
}

impl Lacks {
    pub(super) fn len(&self) -> usize {
        self.of.len()
    }

    pub(super) fn next_deadline(&self) -> Option<u64> {
        self.due.first().map(|(due_ms, _)| *due_ms)
    }

    /// A peer has entries of this log up to `last`. We ask for them unless they come by themselves until `due_ms`.
    pub(super) fn add(&mut self, name: Name, last: Seq, from: PeerId, due_ms: u64) {
        if let Some(lack) = self.of.get_mut(&name) {
            match lack.having.iter().position(|(peer, _)| *peer == from) {
                Some(at) => lack.having[at].1 = last.max(lack.having[at].1),
                None if lack.having.len() < ANNOUNCERS => {
                    lack.having.push((from, last));
                    self.having.insert((from, name));
                }
                None => {}
            }
            if due_ms < lack.due_ms {
                self.postpone(name, due_ms);
            }
            return;
        }
        let share = self.by.get(&from).map_or(0, BTreeSet::len);
        if share < LACKS_OF_ONE && self.has_room(share) {
            self.by.entry(from).or_default().insert(name);
            self.of.insert(name, Lack { by: from, having: vec![(from, last)], due_ms, stalled: false });
            self.due.insert((due_ms, name));
            self.having.insert((from, name));
        }
    }

    /// Whether there is room for one more log of a peer that has this share; if need be, a log of the largest share
    /// goes.
    fn has_room(&mut self, share: usize) -> bool {
        if self.of.len() < LACKS {
            return true;
        }
        let largest = self.by.values().max_by_key(|names| names.len());
        let surplus = largest.filter(|names| names.len() > share && defence::is_on("lack-shares"));
        let surplus = surplus.and_then(|names| names.last().copied());
        surplus.iter().for_each(|name| self.remove(name));
        surplus.is_some()
    }

    /// The next log that is due.
    pub(super) fn due(&self, now_ms: u64) -> Option<Name> {
        self.due.first().filter(|(due_ms, _)| *due_ms <= now_ms).map(|(_, name)| *name)
    }

    /// The peers to ask for a log that we hold below `first` and that ends at `end`: every peer that claims much, and
    /// for a little the peer that claims the most of those that deliver and are not `busy`. Forgets the peers to ask;
    /// the others are asked at `again_ms`.
    pub(super) fn ask(
        &mut self,
        name: Name,
        (first, end): (Seq, Seq),
        again_ms: u64,
        (credit, busy): (&Credit, impl Fn(&PeerId) -> bool),
    ) -> Vec<Due> {
        let Some(lack) = self.of.get_mut(&name) else { return Vec::new() };
        let before: Vec<PeerId> = lack.having.iter().map(|(peer, _)| *peer).collect();
        lack.having.retain(|(_, last)| (first..end).contains(last));
        let is_much = |last: Seq| last - first >= 2 * BLOCK && name.1.is_none();
        let mut due = Vec::new();
        lack.having.retain(|(peer, last)| {
            let much = is_much(*last);
            due.extend(much.then_some(Due::Much(*peer, *last)));
            !much
        });
        // Of equals the first is the one that told first.
        let best = |at: &usize| {
            let (peer, last) = &lack.having[*at];
            (credit.in_vain(peer), std::cmp::Reverse(*last), *at)
        };
        let asked = (0..lack.having.len()).filter(|at| !busy(&lack.having[*at].0)).min_by_key(best);
        lack.stalled = asked.is_none();
        if let Some(at) = asked {
            let (peer, last) = lack.having.remove(at);
            due.push(Due::Little(peer, last));
        }
        let has = |peer: &PeerId| lack.having.iter().any(|(having, _)| having == peer);
        before.iter().filter(|peer| !has(peer)).for_each(|peer| _ = self.having.remove(&(*peer, name)));
        match lack.having.is_empty() {
            true => self.remove(&name),
            false => self.postpone(name, again_ms),
        }
        due
    }

    /// The peer that was asked for this does not have it: others may be asked at once.
    pub(super) fn hurry(&mut self, name: Name, now_ms: u64) {
        self.postpone(name, now_ms);
    }

    /// A peer answered and can be asked for more: some of the logs that stalled for that are due.
    pub(super) fn resume(&mut self, peer: &PeerId, now_ms: u64) {
        let having = self.having.range(all_of(peer)).map(|(_, name)| *name);
        let stalled = having.filter(|name| self.of.get(name).is_some_and(|lack| lack.stalled));
        for name in stalled.take(RANGES).collect::<Vec<_>>() {
            self.postpone(name, now_ms);
        }
    }

    /// The link to a peer is gone.
    pub(super) fn down(&mut self, peer: &PeerId) {
        let names: Vec<Name> = self.having.range(all_of(peer)).map(|(_, name)| *name).collect();
        for name in names {
            self.having.remove(&(*peer, name));
            let Some(lack) = self.of.get_mut(&name) else { continue };
            lack.having.retain(|(having, _)| having != peer);
            if lack.having.is_empty() {
                self.remove(&name);
            }
        }
    }

    fn postpone(&mut self, name: Name, due_ms: u64) {
        if let Some(lack) = self.of.get_mut(&name) {
            self.due.remove(&(lack.due_ms, name));
            lack.due_ms = due_ms;
            self.due.insert((due_ms, name));
        }
    }

    fn remove(&mut self, name: &Name) {
        let Some(lack) = self.of.remove(name) else { return };
        self.due.remove(&(lack.due_ms, *name));
        lack.having.iter().for_each(|(peer, _)| _ = self.having.remove(&(*peer, *name)));
        if let Some(share) = self.by.get_mut(&lack.by) {
            share.remove(name);
            if share.is_empty() {
                self.by.remove(&lack.by);
            }
        }
    }
}

/// The logs that a peer has.
fn all_of(peer: &PeerId) -> RangeInclusive<(PeerId, Name)> {
    (*peer, (0, None))..=(*peer, (u64::MAX, Some(AuthorId([u8::MAX; 32]))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idle(_: &PeerId) -> bool {
        false
    }

    const ADA: Name = (1, None);

    fn peer(number: u8) -> PeerId {
        PeerId([number; 32])
    }

    #[test]
    fn who_claims_too_much_does_not_stand_for_who_delivers() {
        let mut lacks = Lacks::default();
        let credit = Credit::default();
        lacks.add(ADA, 1 << 47, peer(1), 150);
        lacks.add(ADA, 7, peer(2), 160);
        assert_eq!((lacks.due(149), lacks.due(150)), (None, Some(ADA)));
        let asked = lacks.ask(ADA, (5, Seq::MAX), 2_000, (&credit, idle));
        assert_eq!(asked, [Due::Much(peer(1), 1 << 47), Due::Little(peer(2), 7)]);
        assert_eq!((lacks.len(), lacks.next_deadline()), (0, None));
    }

    #[test]
    fn those_who_told_of_it_are_asked_one_after_the_other() {
        let mut lacks = Lacks::default();
        let mut credit = Credit::default();
        (1..=4).for_each(|number| lacks.add(ADA, 10 - u64::from(number), peer(number), 150));
        credit.fail(peer(1));
        assert_eq!(lacks.ask(ADA, (5, Seq::MAX), 2_000, (&credit, idle)), [Due::Little(peer(2), 8)]);
        assert_eq!(lacks.next_deadline(), Some(2_000));
        lacks.hurry(ADA, 300);
        assert_eq!(lacks.due(300), Some(ADA));
        assert_eq!(lacks.ask(ADA, (5, Seq::MAX), 2_000, (&credit, idle)), [Due::Little(peer(3), 7)]);
        assert_eq!(lacks.ask(ADA, (5, Seq::MAX), 2_000, (&credit, idle)), [Due::Little(peer(1), 9)]);
        assert_eq!(lacks.len(), 0, "a fourth is not remembered");
        lacks.add(ADA, 9, peer(1), 150);
        assert_eq!(lacks.ask(ADA, (10, Seq::MAX), 2_000, (&credit, idle)), [], "it has come");
        assert_eq!(lacks.len(), 0);
    }

    #[test]
    fn a_busy_peer_is_passed_over_and_asked_when_it_has_answered() {
        let mut lacks = Lacks::default();
        let credit = Credit::default();
        lacks.add(ADA, 9, peer(1), 150);
        lacks.add(ADA, 8, peer(2), 150);
        let one_is = |busy: &PeerId| *busy == peer(1);
        assert_eq!(lacks.ask(ADA, (5, Seq::MAX), 2_000, (&credit, one_is)), [Due::Little(peer(2), 8)]);
        assert_eq!(lacks.ask(ADA, (5, Seq::MAX), 2_100, (&credit, one_is)), [], "nobody else has it");
        lacks.resume(&peer(2), 300);
        assert_eq!(lacks.next_deadline(), Some(2_100));
        lacks.resume(&peer(1), 300);
        assert_eq!(lacks.due(300), Some(ADA));
        assert_eq!(lacks.ask(ADA, (5, Seq::MAX), 2_400, (&credit, idle)), [Due::Little(peer(1), 9)]);
        assert_eq!(lacks.len(), 0);
    }

    #[test]
    fn one_peer_fills_only_its_own_share() {
        let mut lacks = Lacks::default();
        (0..2 * LACKS as u64).for_each(|prefix| lacks.add((prefix, None), 1, peer(1), 150));
        assert_eq!(lacks.len(), LACKS_OF_ONE);
        lacks.add((u64::MAX, None), 1, peer(2), 150);
        assert_eq!(lacks.len(), LACKS_OF_ONE + 1);
        for number in 3..100 {
            (0..LACKS as u64)
                .for_each(|prefix| lacks.add((prefix << 8 | u64::from(number), None), 1, peer(number), 150));
        }
        assert_eq!((lacks.len(), lacks.due.len()), (LACKS, LACKS));
        let having: usize = lacks.of.values().map(|lack| lack.having.len()).sum();
        assert_eq!(lacks.having.len(), having);
        let largest = lacks.by.values().map(BTreeSet::len).max();
        assert_eq!(largest, Some(42), "whoever comes last has as much as the others: 4,095 by 98");
        (1..100).for_each(|number| lacks.down(&peer(number)));
        assert_eq!((lacks.len(), lacks.due.len(), lacks.by.len(), lacks.having.len()), (0, 0, 0, 0));
    }
}

//! What a co-owner's node does by itself when the log of another governor forks: it vouches for the branch that it holds, so
//! that nothing done there falls, if it held an entry of that branch long before, and nobody above has chosen one.
//!
//! It waits for some rounds first. A node that slept, and met the forger first, so hears of the others' choice before it
//! makes one.

use std::collections::BTreeMap;

use super::Parts;
use crate::{
    governance::Order,
    ids::{AuthorId, Seq},
    limits::{VOUCH_HELD_MS, VOUCH_MS},
    turn::Turn,
};

/// How much of governors' logs was held when, and the forked ones for which we may vouch.
#[derive(Debug, Default)]
pub(super) struct Vouching {
    /// How much of each governor's log was held at the last three marks, the oldest first: the entries of the oldest have
    /// been held for [`VOUCH_HELD_MS`].
    held: BTreeMap<AuthorId, [Seq; 3]>,
    /// When the next mark is made.
    mark_ms: u64,
    /// When to vouch for a log.
    due: BTreeMap<AuthorId, u64>,
}

impl Vouching {
    pub(super) fn next_deadline(&self) -> Option<u64> {
        let due = self.due.values().copied().min();
        due.into_iter().chain((!self.held.is_empty()).then_some(self.mark_ms)).min()
    }
}

impl Parts {
    /// Notes which logs there are for which we may vouch, after the fold changed.
    pub(super) fn note_undecided(&mut self, now_ms: u64) {
        let me = self.own.id();
        let Some(fold) = self.logs.fold() else { return };
        let undecided = fold.undecided(&me);
        let governors: Vec<AuthorId> = fold.governors().map(|(key, _)| key).collect();
        let Vouching { held, due, .. } = &mut self.vouching;
        held.retain(|key, _| governors.contains(key));
        governors.into_iter().for_each(|key| _ = held.entry(key).or_default());
        due.retain(|key, _| undecided.iter().any(|(other, ..)| other == key));
        undecided.into_iter().for_each(|(key, ..)| _ = due.entry(key).or_insert(now_ms + VOUCH_MS));
    }

    /// Vouches for the logs whose time has come.
    pub(super) fn vouch(&mut self, turn: &mut Turn<'_>) {
        let (me, now_ms) = (self.own.id(), turn.now.ticks_ms);
        let due = self.vouching.due.values().any(|due_ms| *due_ms <= now_ms);
        let marks = self.vouching.mark_ms <= now_ms;
        if !due && !marks {
            return;
        }
        let Some(fold) = self.logs.fold() else { return };
        let (undecided, governors) = (fold.undecided(&me), fold.governors().collect::<Vec<_>>());
        for (key, fork, _) in undecided {
            if self.vouching.due.get(&key).is_none_or(|due_ms| *due_ms > now_ms) {
                continue;
            }
            let held = self.vouching.held.get(&key).is_some_and(|[oldest, ..]| *oldest > fork);
            self.vouching.due.insert(key, now_ms + VOUCH_MS);
            if held {
                self.act_by_itself(Order::Vouch(key), turn);
            }
        }
        if marks {
            self.vouching.mark_ms = now_ms + VOUCH_HELD_MS / 2;
            for (key, next) in governors {
                let [_, older, newer] = self.vouching.held.remove(&key).unwrap_or_default();
                self.vouching.held.insert(key, [older, newer, next]);
            }
        }
    }
}

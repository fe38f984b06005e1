//! When a governor's node looks whom it has to confirm, and whom to remove because a ticket let it in beyond its uses. What
//! it does then [`crate::governance`] decides.

use std::collections::{BTreeMap, BTreeSet};

use super::Parts;
use crate::{
    ids::AuthorId,
    limits::{BOOKS_AGAIN_MS, BOOKS_MS, PUT_OUT_MS},
    time::Now,
    turn::Turn,
};

/// The bookkeeping of a governor.
#[derive(Debug, Default)]
pub(super) struct Books {
    /// When we look whom to confirm, if we govern.
    look_ms: Option<u64>,
    /// When we remove whom.
    surplus: BTreeMap<AuthorId, u64>,
}

impl Books {
    /// Of a node that was started: it looks whether it governs.
    pub(super) fn begun(now_ms: u64) -> Self {
        Self { look_ms: Some(now_ms + BOOKS_MS), ..Self::default() }
    }

    pub(super) fn next_deadline(&self) -> Option<u64> {
        self.surplus.values().copied().chain(self.look_ms).min()
    }
}

impl Parts {
    /// Notes whether there is anything to do for us, after the fold changed.
    pub(super) fn note_books(&mut self, now: Now) {
        let (me, linked, wall_ms) = (self.own.id(), self.linked_authors(), self.time_ms(now));
        let Some(fold) = self.logs.fold() else { return };
        if !fold.keeps_books(&me) {
            self.books = Books::default();
            return;
        }
        self.books.look_ms.get_or_insert(now.ticks_ms + BOOKS_MS);
        self.books.surplus.retain(|key, _| fold.surplus().contains(key));
        if self.books.surplus.len() < fold.surplus().len() {
            let due_ms = now.ticks_ms + PUT_OUT_MS * (1 + fold.ahead(&me, wall_ms, &linked) as u64);
            fold.surplus().iter().for_each(|key| _ = self.books.surplus.entry(*key).or_insert(due_ms));
        }
    }

    /// Does what is due.
    pub(super) fn keep_books(&mut self, turn: &mut Turn<'_>) {
        let now_ms = turn.now.ticks_ms;
        if self.books.next_deadline().is_none_or(|due_ms| due_ms > now_ms) {
            return;
        }
        let (me, linked, wall_ms) = (self.own.id(), self.linked_authors(), self.time_ms(turn.now));
        let Some(fold) = self.logs.fold().filter(|fold| fold.keeps_books(&me)) else {
            self.books = Books::default();
            return;
        };
        let due: Vec<AuthorId> =
            self.books.surplus.iter().filter(|(_, due_ms)| **due_ms <= now_ms).map(|(key, _)| *key).collect();
        let put_out = fold.surplus_due(&me, due.iter().copied());
        let looks = self.books.look_ms.is_some_and(|look_ms| look_ms <= now_ms);
        let confirm = || looks.then(|| fold.confirmation_due(&me, wall_ms, &linked)).flatten();
        let order = put_out.or_else(confirm);
        let again_ms = now_ms + if order.is_some() { BOOKS_AGAIN_MS } else { BOOKS_MS };
        due.into_iter().for_each(|key| _ = self.books.surplus.insert(key, again_ms));
        if looks {
            self.books.look_ms = Some(again_ms);
        }
        order.into_iter().for_each(|order| self.act_by_itself(order, turn));
    }

    fn linked_authors(&self) -> BTreeSet<AuthorId> {
        self.authors.values().copied().collect()
    }
}

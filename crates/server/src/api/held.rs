//! How many others hold each of my latest texts, counted from what happens: nothing is read for it.

use std::collections::{BTreeMap, VecDeque};

use rumormill_node::proto::ids::{AuthorId, Seq};

use crate::limits::WATCHED;

/// My latest texts in a room, at most [`WATCHED`], and who holds how much of my log.
pub(super) struct Held {
    me: AuthorId,
    /// Seq after the last entry of mine that each is known to hold. As many as the room has authors and peers.
    holds: BTreeMap<AuthorId, Seq>,
    /// Each text, and how many hold it by what was told last.
    texts: VecDeque<(Seq, u64)>,
}

impl Held {
    /// Nothing is held of `me`.
    pub(super) fn new(me: AuthorId) -> Self {
        Self { me, holds: BTreeMap::new(), texts: VecDeque::new() }
    }

    /// Who writes here is `me` from now on.
    pub(super) fn write_as(&mut self, me: AuthorId) {
        if self.me != me {
            *self = Self::new(me);
        }
    }

    /// I said this.
    pub(super) fn said(&mut self, seq: Seq) {
        if self.texts.len() == WATCHED {
            self.texts.pop_front();
        }
        self.texts.push_back((seq, 0));
    }

    /// Somebody holds my log below `next`.
    pub(super) fn holds(&mut self, author: AuthorId, next: Seq) {
        if author != self.me {
            let known = self.holds.entry(author).or_default();
            *known = next.max(*known);
        }
    }

    /// The texts that others hold than was told last, and how many.
    pub(super) fn news(&mut self) -> Vec<(Seq, u64)> {
        let mut news = Vec::new();
        for (seq, told) in &mut self.texts {
            let holders = self.holds.values().filter(|next| **next > *seq).count() as u64;
            if holders != std::mem::replace(told, holders) {
                news.push((*seq, holders));
            }
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn author(byte: u8) -> AuthorId {
        AuthorId([byte; 32])
    }

    #[test]
    fn each_text_is_held_by_those_who_hold_the_log_that_far() {
        let mut held = Held::new(author(0));
        [3, 5].iter().for_each(|seq| held.said(*seq));
        assert_eq!(held.news(), []);
        held.holds(author(1), 4);
        held.holds(author(2), 6);
        held.holds(author(0), 9);
        assert_eq!(held.news(), [(3, 2), (5, 1)]);
        held.holds(author(2), 2);
        assert_eq!(held.news(), []);
        held.holds(author(1), 6);
        assert_eq!(held.news(), [(5, 2)]);
    }

    #[test]
    fn the_latest_texts_are_watched_of_who_writes_now() {
        let mut held = Held::new(author(0));
        (0..WATCHED as u64 + 3).for_each(|seq| held.said(seq));
        held.holds(author(1), 5);
        assert_eq!(held.news(), [(3, 1), (4, 1)]);
        held.write_as(author(0));
        held.holds(author(1), 6);
        assert_eq!(held.news(), [(5, 1)]);
        held.write_as(author(7));
        held.holds(author(1), 9);
        assert_eq!(held.news(), []);
    }
}

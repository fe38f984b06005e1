//! How many others hold each of my latest texts, counted from what happens: nothing is read for it.

use std::collections::{BTreeMap, VecDeque};

use rumormill_node::proto::ids::{AuthorId, Seq};

use crate::limits::WATCHED;

/// My latest texts in a room, at most [`WATCHED`], and who holds how much of my log.
pub(super) struct Held {
    me: AuthorId,
    /// Seq after the last entry of mine that each has received, and after the last that each has acknowledged. As many as
    /// the room has authors and peers.
    holds: BTreeMap<AuthorId, (Seq, Seq)>,
    /// Each text, and who has it by what was told last.
    texts: VecDeque<News>,
}

/// How far a text of mine has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    pub(super) seq: Seq,
    /// By how many it was received.
    pub(super) holders: u64,
    /// By how many of them it is acknowledged.
    pub(super) acknowledged: u64,
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
        self.texts.push_back(News { seq, ..News::default() });
    }

    /// Somebody has received my log below `next`.
    pub(super) fn received(&mut self, author: AuthorId, next: Seq) {
        if author != self.me {
            let (received, _) = self.holds.entry(author).or_default();
            *received = next.max(*received);
        }
    }

    /// Somebody has acknowledged my log below `next`, and so has received it.
    pub(super) fn acknowledged(&mut self, author: AuthorId, next: Seq) {
        self.received(author, next);
        if let Some((_, acknowledged)) = self.holds.get_mut(&author) {
            *acknowledged = next.max(*acknowledged);
        }
    }

    /// The texts that came further than was told last.
    pub(super) fn news(&mut self) -> Vec<News> {
        let mut news = Vec::new();
        for told in &mut self.texts {
            let having = |holds: fn(&(Seq, Seq)) -> Seq| {
                self.holds.values().filter(|&next| holds(next) > told.seq).count() as u64
            };
            let is = News { seq: told.seq, holders: having(|next| next.0), acknowledged: having(|next| next.1) };
            if is != std::mem::replace(told, is) {
                news.push(is);
            }
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told: the text, by how many it was received, and acknowledged.
    fn news(held: &mut Held) -> Vec<(Seq, u64, u64)> {
        held.news().into_iter().map(|news| (news.seq, news.holders, news.acknowledged)).collect()
    }

    fn author(byte: u8) -> AuthorId {
        AuthorId([byte; 32])
    }

    #[test]
    fn each_text_is_held_by_those_who_hold_the_log_that_far() {
        let mut held = Held::new(author(0));
        [3, 5].iter().for_each(|seq| held.said(*seq));
        assert_eq!(news(&mut held), []);
        held.received(author(1), 4);
        held.received(author(2), 6);
        held.received(author(0), 9);
        assert_eq!(news(&mut held), [(3, 2, 0), (5, 1, 0)]);
        held.received(author(2), 2);
        assert_eq!(news(&mut held), []);
        held.received(author(1), 6);
        assert_eq!(news(&mut held), [(5, 2, 0)]);
        held.acknowledged(author(1), 4);
        assert_eq!(news(&mut held), [(3, 2, 1)], "proved, and heard before");
        held.acknowledged(author(3), 6);
        assert_eq!(news(&mut held), [(3, 3, 2), (5, 3, 1)], "whoever acknowledges it has received it");
    }

    #[test]
    fn the_latest_texts_are_watched_of_who_writes_now() {
        let mut held = Held::new(author(0));
        (0..WATCHED as u64 + 3).for_each(|seq| held.said(seq));
        held.received(author(1), 5);
        assert_eq!(news(&mut held), [(3, 1, 0), (4, 1, 0)]);
        held.write_as(author(0));
        held.received(author(1), 6);
        assert_eq!(news(&mut held), [(5, 1, 0)]);
        held.write_as(author(7));
        held.received(author(1), 9);
        assert_eq!(news(&mut held), []);
    }
}

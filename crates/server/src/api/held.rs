//! Counts how many authors hold each of my latest texts, from events alone, without reading the store.

use std::collections::{BTreeMap, VecDeque};

use rumormill_node::proto::ids::{AuthorId, Seq};

use crate::limits::WATCHED;

/// My latest texts in a room, at most [`WATCHED`], and how much of my log each author holds.
pub(super) struct Held {
    me: AuthorId,
    /// For each author: the seq after my last entry that it received, and after my last entry that it acknowledged.
    /// Bounded by the authors and peers of the room.
    holds: BTreeMap<AuthorId, (Seq, Seq)>,
    /// Each text, with the counts that were last reported.
    texts: VecDeque<News>,
}

/// The counts of one of my texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    pub(super) seq: Seq,
    /// Authors who received it.
    pub(super) holders: u64,
    /// Those of them who acknowledged it.
    pub(super) acknowledged: u64,
}

impl Held {
    /// Starts without any texts of `me`.
    pub(super) fn new(me: AuthorId) -> Self {
        Self { me, holds: BTreeMap::new(), texts: VecDeque::new() }
    }

    /// Switches to another author key of mine.
    pub(super) fn write_as(&mut self, me: AuthorId) {
        if self.me != me {
            *self = Self::new(me);
        }
    }

    /// Adds a text of mine.
    pub(super) fn said(&mut self, seq: Seq) {
        if self.texts.len() == WATCHED {
            self.texts.pop_front();
        }
        self.texts.push_back(News { seq, ..News::default() });
    }

    /// Notes that an author has received my log below `next`.
    pub(super) fn received(&mut self, author: AuthorId, next: Seq) {
        if author != self.me {
            let (received, _) = self.holds.entry(author).or_default();
            *received = next.max(*received);
        }
    }

    /// Notes that an author has acknowledged my log below `next`, and so has received it.
    pub(super) fn acknowledged(&mut self, author: AuthorId, next: Seq) {
        self.received(author, next);
        if let Some((_, acknowledged)) = self.holds.get_mut(&author) {
            *acknowledged = next.max(*acknowledged);
        }
    }

    /// The texts whose counts grew since the last report.
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

    /// The reports as tuples: the seq of the text, how many received it, how many acknowledged it.
    fn news(held: &mut Held) -> Vec<(Seq, u64, u64)> {
        held.news().into_iter().map(|news| (news.seq, news.holders, news.acknowledged)).collect()
    }

    fn author(byte: u8) -> AuthorId {
        AuthorId([byte; 32])
    }

    #[test]
    fn holders_of_a_text_hold_the_log_up_to_it() {
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
    fn only_the_latest_texts_of_the_current_author_are_watched() {
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

//! Authors whose words are named before they come.
//!
//! A named entry that has not come is mostly on its way: rumors overtake each other, and the entry gets
//! [`LACK_MS`](crate::limits::LACK_MS). But a peer that tells a word to one peer alone makes everybody wait that long
//! for that peer's next words. So we ask for an entry at once if nothing says that it is on its way: we do not know its
//! log, we lack more of the log than its next entry, or we lately had to ask for a word of its author. Where rumors are
//! late anyway, everything gets the time that [`Patience`](crate::patience::Patience) has learned.

use std::collections::BTreeMap;

use crate::{
    defence,
    ids::{AuthorId, Seq},
    limits::{HIDDEN, HIDDEN_MS},
};

/// Authors some of whose words we had to ask for, and until when we remember that.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    until_ms: BTreeMap<AuthorId, u64>,
}

impl Hidden {
    /// We asked for a word of this author, and it came.
    pub(super) fn note(&mut self, author: AuthorId, now_ms: u64) {
        if self.until_ms.len() >= HIDDEN && !self.until_ms.contains_key(&author) {
            let oldest = self.until_ms.iter().min_by_key(|(_, until_ms)| **until_ms).map(|(author, _)| *author);
            oldest.iter().for_each(|oldest| _ = self.until_ms.remove(oldest));
        }
        self.until_ms.insert(author, now_ms + HIDDEN_MS);
    }

    /// Whether a named entry is likely on its way, if we hold its log below `next`.
    pub(super) fn is_under_way(&self, (author, seq): (AuthorId, Seq), next: Seq, now_ms: u64) -> bool {
        let is_hidden =
            next == 0 || seq > next || self.until_ms.get(&author).is_some_and(|until_ms| now_ms < *until_ms);
        !is_hidden || !defence::is_on("hidden")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn author(number: usize) -> AuthorId {
        let mut id = AuthorId::default();
        id.0[..8].copy_from_slice(&number.to_be_bytes());
        id
    }

    #[test]
    fn the_next_word_of_somebody_who_is_heard_is_on_its_way() {
        let mut hidden = Hidden::default();
        let ada = author(1);
        assert!(hidden.is_under_way((ada, 5), 5, 0));
        assert!(!hidden.is_under_way((ada, 0), 0, 0), "nobody has heard of her");
        assert!(!hidden.is_under_way((ada, 6), 5, 0), "two words do not overtake one of somebody else");
        hidden.note(ada, 1_000);
        assert!(!hidden.is_under_way((ada, 5), 5, 1_000));
        assert!(hidden.is_under_way((author(2), 5), 5, 1_000));
        assert!(hidden.is_under_way((ada, 5), 5, 1_000 + HIDDEN_MS));
    }

    #[test]
    fn of_many_the_last_are_remembered() {
        let mut hidden = Hidden::default();
        (0..2 * HIDDEN).for_each(|number| hidden.note(author(number), number as u64));
        assert_eq!(hidden.until_ms.len(), HIDDEN);
        assert!(!hidden.is_under_way((author(2 * HIDDEN - 1), 5), 5, 0));
        assert!(hidden.is_under_way((author(0), 5), 5, 0));
    }
}

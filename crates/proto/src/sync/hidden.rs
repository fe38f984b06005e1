//! Whose words are named before they come.
//!
//! An entry that is named and has not come is mostly on its way: rumors overtake each other, and it is given
//! [`LACK_MS`]. But whoever tells a word to one peer alone makes everybody wait so long for that peer's next
//! words. So an entry is asked for at once where nothing says that it is on its way: the log is unknown, more of it lacks
//! than its next entry, or a word of its author had to be asked for lately. Where rumors are late anyway everything is
//! given the time that [`Patience`](crate::patience::Patience) has learned.

use std::collections::BTreeMap;

use crate::{
    defence,
    ids::{AuthorId, Seq},
    limits::{HIDDEN, HIDDEN_MS},
};

/// Authors some of whose words had to be asked for, and until when that is remembered.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    until_ms: BTreeMap<AuthorId, u64>,
}

impl Hidden {
    /// A word of this author was asked for, and came.
    pub(super) fn note(&mut self, author: AuthorId, now_ms: u64) {
        if self.until_ms.len() >= HIDDEN && !self.until_ms.contains_key(&author) {
            let oldest = self.until_ms.iter().min_by_key(|(_, until_ms)| **until_ms).map(|(author, _)| *author);
            oldest.iter().for_each(|oldest| _ = self.until_ms.remove(oldest));
        }
        self.until_ms.insert(author, now_ms + HIDDEN_MS);
    }

    /// Whether an entry that is named is likely on its way, where its log is held below `next`.
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

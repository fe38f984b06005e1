//! How long a node waits for what is under way as a rumor before it repairs.
//!
//! In a room that is too busy for its machines rumors are late, and repairing what is under way makes it busier still. So a
//! rumor that comes after it was repaired doubles the time that the next ones are given, and each that comes unrepaired
//! takes a little of that back, as TCP does with its retransmission timer (RFC 6298, section 5.5). Whoever has had to
//! wait longer than usual does not serve either, unasked, what came to itself within that time.

use std::collections::VecDeque;

use crate::{
    ids::{AuthorId, Seq},
    limits::{LACK_MS, LATELY},
    run::RawRun,
};

/// One, in which patience is counted.
const ONE: u64 = 1024;

/// Most that patience grows to: sixteen times [`LACK_MS`] is three seconds, about what the fastest rounds need to repair a
/// room.
const MOST: u64 = 16 * ONE;

/// A rumor that comes unrepaired takes this part of what patience has grown by: two rumors in a hundred that were repaired
/// in vain keep it where it is.
const SHRINKS: u64 = 64;

/// What a node has learned of rumors that came after all.
#[derive(Debug)]
pub(crate) struct Patience {
    grown: u64,
    /// What was asked for, or served to us unasked, because it had not come by itself; oldest first.
    repaired: VecDeque<(u64, Seq, Seq)>,
    /// What came lately, and when, oldest first.
    fresh: VecDeque<(u64, AuthorId, Seq)>,
}

impl Patience {
    pub(crate) fn new() -> Self {
        Self { grown: ONE, repaired: VecDeque::new(), fresh: VecDeque::new() }
    }

    /// How long something is waited for that comes within `ms` in a room that is not too busy.
    pub(crate) fn ms(&self, ms: u64) -> u64 {
        ms * self.grown / ONE
    }

    /// Entries were repaired, of the author with this prefix: by their first and last seq.
    pub(crate) fn repaired(&mut self, prefix: u64, (first, last): (Seq, Seq)) {
        keep(&mut self.repaired, (prefix, first, last));
    }

    /// A rumor came: with something new, or with what was known.
    pub(crate) fn rumor(&mut self, new: bool, known: &[RawRun]) {
        let repaired = |run: &RawRun| {
            let (prefix, last) = (run.author().prefix(), run.last());
            let holds = |&(author, first, end): &(u64, Seq, Seq)| author == prefix && (first..=end).contains(&last);
            self.repaired.iter().position(holds)
        };
        match known.iter().find_map(repaired) {
            Some(at) => {
                self.repaired.remove(at);
                self.grown = MOST.min(2 * self.grown);
            }
            None if new => self.grown -= (self.grown - ONE) / SHRINKS,
            None => {}
        }
    }

    /// An entry came that is passed on from here, and may be under way to others too.
    pub(crate) fn came(&mut self, author: AuthorId, first: Seq, now_ms: u64) {
        keep(&mut self.fresh, (now_ms, author, first));
    }

    /// Where in a log that begins which peers may just be getting as a rumor.
    pub(crate) fn fresh_from(&self, author: &AuthorId, now_ms: u64) -> Seq {
        let ms = self.ms(LACK_MS) - LACK_MS;
        let lately = self.fresh.iter().rev().take_while(|(came_ms, ..)| now_ms < came_ms + ms);
        lately.filter(|(_, of, _)| of == author).map(|(.., first)| *first).min().unwrap_or(Seq::MAX)
    }
}

/// Keeps one more, and as many as [`LATELY`] in all.
fn keep<T>(lately: &mut VecDeque<T>, one: T) {
    if lately.len() >= LATELY {
        lately.pop_front();
    }
    lately.push_back(one);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        entry::{Body, Kind, RawEntry},
        ids::EntryId,
        time::Time,
    };

    const ADA: AuthorId = AuthorId([1; 32]);

    fn line(seq: Seq) -> RawRun {
        let entry = RawEntry { time: Time::from_ms(1), seen: vec![], kind: Kind::TEXT, body: Body::Here("".into()) };
        RawRun::new(ADA, seq, EntryId::default(), vec![entry], None).unwrap()
    }

    /// A line is repaired, and comes as a rumor all the same.
    fn repair_in_vain(patience: &mut Patience, seq: Seq) {
        patience.repaired(ADA.prefix(), (seq, seq));
        patience.rumor(false, &[line(seq)]);
    }

    #[test]
    fn a_rumor_that_was_repaired_in_vain_doubles_patience_within_bounds() {
        let mut patience = Patience::new();
        assert_eq!(patience.ms(200), 200);
        patience.rumor(false, &[line(0)]);
        assert_eq!(patience.ms(200), 200, "nobody repaired this");
        repair_in_vain(&mut patience, 1);
        assert_eq!(patience.ms(200), 400);
        patience.rumor(false, &[line(1)]);
        assert_eq!(patience.ms(200), 400, "a third copy tells nothing more");
        (2..20).for_each(|seq| repair_in_vain(&mut patience, seq));
        assert_eq!(patience.ms(200), 3_200);
        (0..500).for_each(|seq| patience.rumor(true, &[line(seq)]));
        assert!((200..220).contains(&patience.ms(200)), "{}", patience.ms(200));
        (0..2 * LATELY as Seq).for_each(|seq| patience.repaired(ADA.prefix(), (seq, seq)));
        assert_eq!(patience.repaired.len(), LATELY);
    }

    #[test]
    fn what_came_a_moment_ago_is_fresh_to_who_had_to_be_patient() {
        let mut patience = Patience::new();
        (5..7).for_each(|seq| patience.came(ADA, seq, 1_000));
        assert_eq!(patience.fresh_from(&ADA, 1_000), Seq::MAX);
        repair_in_vain(&mut patience, 0);
        assert_eq!(patience.fresh_from(&ADA, 1_000 + LACK_MS - 1), 5);
        assert_eq!(patience.fresh_from(&ADA, 1_000 + LACK_MS), Seq::MAX);
        assert_eq!(patience.fresh_from(&AuthorId([2; 32]), 1_000), Seq::MAX);
    }
}

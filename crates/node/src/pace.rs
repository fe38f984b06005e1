//! The pace at which pushes of one author are taken over one link.
//!
//! A new push costs a signature and is passed on, so an author that signs as fast as it can would take a core of every
//! node of the room. The node drops pushes that come faster than people and bots talk before it reads them;
//! anti-entropy brings the entries in blocks, each with one signature. An author past its pace rests until half of the
//! budget is there again, so the dropped entries are a few long gaps, which are asked for at once, and not many short
//! ones.
//!
//! Pushes are counted before their signatures are checked, on each link apart. So a peer that repeats others' entries,
//! or forges them, stops only its own link.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use rumormill_proto::{frame::Push, ids::AuthorId};

use crate::{
    budget::Budget,
    limits::{PACED, PUSHES_AT_ONCE, PUSHES_PER_S},
};

/// The pace of every author that pushed lately over a link.
pub(crate) struct Paces {
    begun: Instant,
    of: Mutex<BTreeMap<AuthorId, Pace>>,
}

struct Pace {
    budget: Budget,
    rests: bool,
}

impl Paces {
    pub(crate) fn new() -> Self {
        Self { begun: Instant::now(), of: Mutex::default() }
    }

    /// Whether a push is taken, because one of its authors is within its pace. Each of its runs counts.
    pub(crate) fn takes(&self, push: &Push) -> bool {
        self.takes_at(push, self.begun.elapsed().as_millis() as u64)
    }

    fn takes_at(&self, push: &Push, now_ms: u64) -> bool {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        let mut takes = push.runs.is_empty();
        for run in &push.runs {
            if of.len() >= PACED && !of.contains_key(&run.author()) {
                of.retain(|_, pace| !pace.budget.is_full(now_ms));
            }
            // When more authors than that push so fast over one link, the whole link is too fast.
            if of.len() < PACED || of.contains_key(&run.author()) {
                takes |= of.entry(run.author()).or_insert_with(Pace::new).takes(now_ms);
            }
        }
        takes
    }
}

impl Pace {
    fn new() -> Self {
        Self { budget: Budget::new(PUSHES_AT_ONCE, PUSHES_PER_S), rests: false }
    }

    fn takes(&mut self, now_ms: u64) -> bool {
        self.rests = match self.rests {
            true => self.budget.is_low(now_ms),
            false => !self.budget.take(now_ms),
        };
        !self.rests
    }
}

#[cfg(test)]
mod tests {
    use rumormill_proto::{
        admit::Author,
        entry::{Body, Kind, RawEntry},
        ids::{EntryId, RoomId},
        time::Time,
    };

    use super::*;

    fn push(authors: &[u16]) -> Push {
        let run = |author: &u16| {
            let mut secret = [0; 32];
            secret[..2].copy_from_slice(&author.to_be_bytes());
            let entry =
                RawEntry { time: Time::from_ms(1), seen: vec![], kind: Kind::TEXT, body: Body::Here("x".into()) };
            Author::from_secret(&secret).sign(&RoomId::default(), 0, EntryId::default(), vec![entry]).unwrap()
        };
        Push { push: 0, hops: 0, part: 0, runs: authors.iter().map(run).collect() }
    }

    /// The number of pushes at these milliseconds that are taken.
    fn taken(paces: &Paces, push: &Push, times_ms: std::ops::Range<u64>) -> u64 {
        times_ms.map(|now_ms| u64::from(paces.takes_at(push, now_ms))).sum()
    }

    #[test]
    fn what_an_author_floods_is_dropped_in_a_few_long_gaps_and_nobody_else_is_slowed() {
        let (paces, flood) = (Paces::new(), push(&[1]));
        let takes: Vec<bool> = (0..10_000).map(|now_ms| paces.takes_at(&flood, now_ms)).collect();
        let taken = takes.iter().filter(|takes| **takes).count() as u32;
        let gaps = takes.windows(2).filter(|pair| pair[0] && !pair[1]).count();
        assert!((PUSHES_AT_ONCE..=PUSHES_AT_ONCE + 10 * PUSHES_PER_S).contains(&taken), "{taken} taken");
        assert!((2..=12).contains(&gaps), "{gaps} gaps");
        let mut honest = (10_000..10_100).map(|now_ms| paces.takes_at(&push(&[2]), now_ms));
        assert!(honest.all(|takes| takes), "somebody else is slowed");
        assert!(paces.takes_at(&push(&[1, 3]), 10_100), "a word whose cause was flooded comes through");
    }

    #[test]
    fn whoever_stops_is_taken_again() {
        let (paces, flood) = (Paces::new(), push(&[1]));
        taken(&paces, &flood, 0..2_000);
        let rested_ms = 2_000 + u64::from(PUSHES_AT_ONCE * 1_000 / PUSHES_PER_S);
        assert_eq!(taken(&paces, &flood, rested_ms..rested_ms + 200), 200);
    }

    #[test]
    fn authors_without_end_are_not_remembered() {
        let paces = Paces::new();
        let crowd: Vec<Push> = (0..2 * PACED as u16).map(|author| push(&[author])).collect();
        assert_eq!(crowd.iter().filter(|push| paces.takes_at(push, 0)).count(), PACED);
        assert_eq!(paces.of.lock().unwrap().len(), PACED);
        assert!(paces.takes_at(crowd.last().unwrap(), 1_000), "those who were quiet meanwhile are forgotten");
    }
}

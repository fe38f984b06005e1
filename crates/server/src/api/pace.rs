//! The pace at which one author writes in a room through this API. It is the pace at which peers accept pushes of one
//! author (`rumormill_node::limits`); faster posts would reach them only later, through anti-entropy.

use std::{
    collections::BTreeMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use rumormill_api::{RUN_LINES, RUNS_AT_ONCE, RUNS_PER_S};
use rumormill_node::{
    Budget, Room,
    proto::ids::{AuthorId, RoomId},
};
use tokio::time::sleep;

use super::words::codes;
use crate::{
    answer::{Answer, Refusal},
    limits::PACED,
    lock::lock,
};

/// The pace of every author that wrote recently.
pub(super) struct Paces {
    begun: Instant,
    of: Mutex<BTreeMap<(RoomId, AuthorId), Budget>>,
}

impl Default for Paces {
    fn default() -> Self {
        Self { begun: Instant::now(), of: Mutex::default() }
    }
}

impl Paces {
    /// Takes budget for `entries` that are written together.
    ///
    /// # Errors
    /// When that is too fast. The caller must not write then.
    pub(super) fn take(&self, room: &Room, entries: usize) -> Answer<()> {
        let whose = (room.id(), room.author());
        self.take_at(whose, entries, self.begun.elapsed().as_millis() as u64).map_err(|wait_ms| {
            let what = format!("too fast: a room takes {RUNS_PER_S} posts a second, and {RUNS_AT_ONCE} at once");
            let help = "wait as long as `Retry-After` says; many lines in one request count as one or two posts";
            Refusal { wait_ms: Some(wait_ms), ..Refusal::new(codes::TOO_FAST, what, help) }
        })
    }

    /// Waits for budget, for requests that are expensive to repeat.
    pub(super) async fn turn(&self, room: &Room) {
        while let Err(Refusal { wait_ms: Some(wait_ms), .. }) = self.take(room, 1) {
            sleep(Duration::from_millis(wait_ms)).await;
        }
    }

    fn take_at(&self, whose: (RoomId, AuthorId), entries: usize, now_ms: u64) -> Result<(), u64> {
        let mut of = lock(&self.of);
        if of.len() >= PACED && !of.contains_key(&whose) {
            of.retain(|_, budget| !budget.is_full(now_ms));
        }
        if of.len() >= PACED && !of.contains_key(&whose) {
            return Err(1_000);
        }
        let runs = u32::try_from(entries.div_ceil(RUN_LINES)).unwrap_or(u32::MAX);
        of.entry(whose).or_insert_with(|| Budget::new(RUNS_AT_ONCE, RUNS_PER_S)).take_many(runs, now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(number: u16) -> (RoomId, AuthorId) {
        let mut author = AuthorId([0; 32]);
        author.0[..2].copy_from_slice(&number.to_be_bytes());
        (RoomId::default(), author)
    }

    #[test]
    fn a_fast_author_is_told_to_wait_and_others_are_not_slowed() {
        let paces = Paces::default();
        let taken = (0..1_000).filter(|_| paces.take_at(who(1), 1, 0).is_ok()).count();
        assert_eq!(taken, RUNS_AT_ONCE as usize);
        let wait_ms = paces.take_at(who(1), 1, 0).unwrap_err();
        assert_eq!(wait_ms, 1_000u64.div_ceil(u64::from(RUNS_PER_S)));
        assert_eq!([paces.take_at(who(1), 1, wait_ms), paces.take_at(who(2), 1, 0)], [Ok(()), Ok(())]);
    }

    #[test]
    fn lines_sent_together_count_as_runs() {
        let paces = Paces::default();
        let taken = (0..1_000).filter(|_| paces.take_at(who(1), 128, 0).is_ok()).count();
        assert_eq!(taken, RUNS_AT_ONCE as usize / 2);
    }

    #[test]
    fn authors_without_end_are_not_remembered() {
        let paces = Paces::default();
        let crowd = 0..2 * PACED as u16;
        assert_eq!(crowd.filter(|author| paces.take_at(who(*author), 1, 0).is_ok()).count(), PACED);
        assert!(paces.take_at(who(u16::MAX), 1, 1_000).is_ok(), "those who were quiet meanwhile are forgotten");
    }
}

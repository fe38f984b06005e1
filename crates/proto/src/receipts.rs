//! Receipts: which answers to pushes wait for company.
//!
//! The sender awaits the answer to a push that hands over a part of the id space: if it does not come, another contact
//! takes over. Any other answer only says who holds what. In a mesh every answer is of that kind, and to send each at
//! once would double the frames. So the first goes out at once and the next ones wait: for another frame to that
//! peer, for more of them, or for [`RECEIPT_MS`].

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    frame::Frame,
    ids::PeerId,
    input::Output,
    limits::{RECEIPT_MS, RECEIPTS},
    turn::Turn,
};

/// When one peer was answered last, and the answers that wait.
#[derive(Debug, Default)]
struct Waiting {
    /// Numbers of pushes, and whether each was new.
    pushes: Vec<(u64, bool)>,
    /// Ticks at which the answers that wait go out.
    due_ms: u64,
}

/// The answers that wait, by peer.
#[derive(Debug, Default)]
pub(crate) struct Receipts {
    waiting: BTreeMap<PeerId, Waiting>,
}

impl Receipts {
    /// A push is to be answered at some time.
    pub(crate) fn add(&mut self, to: PeerId, push: u64, new: bool) {
        self.waiting.entry(to).or_default().pushes.push((push, new));
    }

    /// The link is gone, and the peer asks for no answer.
    pub(crate) fn forget(&mut self, peer: &PeerId) {
        self.waiting.remove(peer);
    }

    /// Sends the answers that are due, and those that wait for peers to whom this turn sends something else.
    pub(crate) fn join(&mut self, turn: &mut Turn<'_>) {
        if self.next_deadline().is_none() {
            return;
        }
        let spoken_to = |output: &Output| match output {
            Output::Send { to, .. } => Some(*to),
            _ => None,
        };
        let now_ms = turn.now.ticks_ms;
        let joined: BTreeSet<PeerId> = turn.said().iter().filter_map(spoken_to).collect();
        for (to, waiting) in &mut self.waiting {
            let due = waiting.due_ms <= now_ms || waiting.pushes.len() >= RECEIPTS || joined.contains(to);
            if !due || waiting.pushes.is_empty() {
                continue;
            }
            waiting.due_ms = now_ms + RECEIPT_MS;
            let pushes = std::mem::take(&mut waiting.pushes);
            turn.send(*to, Frame::Ack { pushes });
        }
    }

    /// When the next answers are due.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        let waiting = self.waiting.values().filter(|waiting| !waiting.pushes.is_empty());
        waiting.map(|waiting| waiting.due_ms).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::turn;

    const A: PeerId = PeerId([1; 32]);
    const B: PeerId = PeerId([2; 32]);

    fn said(receipts: &mut Receipts, other: Option<PeerId>, now_ms: u64) -> Vec<(PeerId, Vec<(u64, bool)>)> {
        let ((), said) = turn(now_ms, |turn| {
            other.into_iter().for_each(|to| turn.send(to, Frame::Pull));
            receipts.join(turn);
        });
        let ack = |output| match output {
            Output::Send { to, frame: Frame::Ack { pushes } } => Some((to, pushes)),
            _ => None,
        };
        said.into_iter().filter_map(ack).collect()
    }

    #[test]
    fn the_first_goes_out_at_once_and_others_wait_their_time() {
        let mut receipts = Receipts::default();
        receipts.add(A, 1, true);
        assert_eq!(said(&mut receipts, None, 10_000), [(A, vec![(1, true)])]);
        assert_eq!(receipts.next_deadline(), None);
        receipts.add(A, 2, true);
        receipts.add(A, 3, false);
        assert_eq!(receipts.next_deadline(), Some(10_000 + RECEIPT_MS));
        assert_eq!(said(&mut receipts, None, 9_999 + RECEIPT_MS), []);
        assert_eq!(said(&mut receipts, None, 10_000 + RECEIPT_MS), [(A, vec![(2, true), (3, false)])]);
    }

    #[test]
    fn whatever_is_said_takes_them_along() {
        let mut receipts = Receipts::default();
        receipts.add(A, 1, true);
        said(&mut receipts, None, 10_000);
        receipts.add(A, 2, true);
        assert_eq!(said(&mut receipts, Some(B), 10_001), []);
        assert_eq!(said(&mut receipts, Some(A), 10_001), [(A, vec![(2, true)])]);
    }

    #[test]
    fn so_many_wait_and_no_more() {
        let mut receipts = Receipts::default();
        receipts.add(A, 0, true);
        said(&mut receipts, None, 10_000);
        for push in 1..RECEIPTS as u64 {
            receipts.add(A, push, true);
            assert_eq!(said(&mut receipts, None, 10_000), []);
        }
        receipts.add(A, RECEIPTS as u64, true);
        assert_eq!(said(&mut receipts, None, 10_000)[0].1.len(), RECEIPTS);
        receipts.add(A, 0, true);
        receipts.forget(&A);
        assert_eq!(receipts.next_deadline(), None);
    }
}

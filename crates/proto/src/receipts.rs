//! Receipts: hints to peers that we have what they wrote or pushed. What proves it is a later entry of ours that names it.
//!
//! The sender awaits the answer to a push that hands over a part of the id space: if it does not come, another contact
//! takes over. Any other answer only says who holds what. In a mesh every answer is of that kind, and to send each at
//! once would double the frames. So the first goes out at once and the next ones wait: for another frame to that
//! peer, for more of them, or for [`TICK_MS`]. With many links they wait, on those on which we say something all the time,
//! for that.
//!
//! What a linked author wrote may also come by others, or when the link is new. Then the receipt is a [`Frame::Known`],
//! which covers all the author wrote.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::{
    frame::Frame,
    ids::{PeerId, Seq},
    input::Output,
    limits::{BUSY_LINKS, BUSY_PUSHES, RECEIPT_MS, RECEIPTS, TICK_MS},
    turn::Turn,
};

/// What one peer is to be told, and when it was told last.
#[derive(Debug, Default)]
struct Waiting {
    /// Numbers of pushes, and whether each was new.
    pushes: Vec<(u64, bool)>,
    /// Seq after the last entry of the peer's own that the answers to these pushes cover.
    covered: Seq,
    /// Seq after the last entry of the peer's own that we hold.
    held: Seq,
    /// The same, as the peer was told.
    told: Seq,
    /// Ticks at which the last receipt went out.
    last_ms: Option<u64>,
    /// Ticks at which the last pushes went out, at most [`BUSY_PUSHES`].
    pushed_ms: VecDeque<u64>,
}

impl Waiting {
    /// Whether the peer has written what no answer that waits covers.
    fn owes(&self) -> bool {
        self.held > self.told.max(self.covered)
    }

    /// Ticks at which the next receipt may go out, of a peer with so many `links`.
    fn due_ms(&self, links: usize) -> u64 {
        let Some(last_ms) = self.last_ms else { return 0 };
        let soon_ms = last_ms + TICK_MS;
        match self.pushed_ms.front().filter(|_| links >= BUSY_LINKS && self.pushed_ms.len() == BUSY_PUSHES) {
            Some(busy_ms) => soon_ms.max(last_ms.min(*busy_ms) + RECEIPT_MS),
            None => soon_ms,
        }
    }

    fn pushes(&mut self, now_ms: u64) {
        if self.pushed_ms.len() == BUSY_PUSHES {
            self.pushed_ms.pop_front();
        }
        self.pushed_ms.push_back(now_ms);
    }

    /// The answers that wait, to be sent now.
    fn answers(&mut self, now_ms: u64) -> Frame {
        self.last_ms = Some(now_ms);
        self.told = self.told.max(self.covered);
        Frame::Ack { pushes: std::mem::take(&mut self.pushes) }
    }
}

/// What peers are to be told, by peer.
#[derive(Debug, Default)]
pub(crate) struct Receipts {
    waiting: BTreeMap<PeerId, Waiting>,
}

impl Receipts {
    /// A push is to be answered at some time. It carries the peer's own entries below `covered`.
    pub(crate) fn add(&mut self, to: PeerId, (push, new): (u64, bool), covered: Seq) {
        let waiting = self.waiting.entry(to).or_default();
        waiting.pushes.push((push, new));
        waiting.covered = waiting.covered.max(covered);
    }

    /// We hold what a peer wrote below `held`.
    pub(crate) fn holds(&mut self, peer: PeerId, held: Seq) {
        let waiting = self.waiting.entry(peer).or_default();
        waiting.held = waiting.held.max(held);
    }

    /// A peer was told that we hold what it wrote below `told`.
    pub(crate) fn told(&mut self, peer: PeerId, told: Seq) {
        let waiting = self.waiting.entry(peer).or_default();
        waiting.told = waiting.told.max(told);
    }

    /// The link is gone, or somebody else writes at the peer, who has to be told anew.
    pub(crate) fn forget(&mut self, peer: &PeerId) {
        self.waiting.remove(peer);
    }

    /// Sends the receipts that are due, and the answers that wait for peers to whom this turn sends something else.
    pub(crate) fn join(&mut self, turn: &mut Turn<'_>) {
        let now_ms = turn.now.ticks_ms;
        let spoken_to = |output: &Output| match output {
            Output::Send { to, frame } => Some((*to, matches!(frame, Frame::Push(_)))),
            _ => None,
        };
        let joined: BTreeSet<(PeerId, bool)> = turn.said().iter().filter_map(spoken_to).collect();
        for (to, pushed) in &joined {
            let Some(waiting) = self.waiting.get_mut(to) else { continue };
            if *pushed {
                waiting.pushes(now_ms);
            }
            if !waiting.pushes.is_empty() {
                let answers = waiting.answers(now_ms);
                turn.send(*to, answers);
            }
        }
        let links = self.waiting.len();
        for (to, waiting) in &mut self.waiting {
            let is_full = waiting.pushes.len() >= RECEIPTS;
            match waiting.due_ms(links) <= now_ms {
                true if waiting.owes() => {
                    (waiting.told, waiting.last_ms) = (waiting.held, Some(now_ms));
                    turn.send(*to, Frame::Known { next: waiting.held });
                }
                is_due if (is_due || is_full) && !waiting.pushes.is_empty() => {
                    let answers = waiting.answers(now_ms);
                    turn.send(*to, answers);
                }
                _ => {}
            }
        }
    }

    /// When the next receipts are due.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        let waiting = self.waiting.values().filter(|waiting| !waiting.pushes.is_empty() || waiting.owes());
        waiting.map(|waiting| waiting.due_ms(self.waiting.len())).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{frame::Push, testing::turn};

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
        receipts.add(A, (1, true), 0);
        assert_eq!(said(&mut receipts, None, 10_000), [(A, vec![(1, true)])]);
        assert_eq!(receipts.next_deadline(), None);
        receipts.add(A, (2, true), 0);
        receipts.add(A, (3, false), 0);
        assert_eq!(receipts.next_deadline(), Some(10_000 + TICK_MS));
        assert_eq!(said(&mut receipts, None, 9_999 + TICK_MS), []);
        assert_eq!(said(&mut receipts, None, 10_000 + TICK_MS), [(A, vec![(2, true), (3, false)])]);
    }

    #[test]
    fn whatever_is_said_takes_them_along() {
        let mut receipts = Receipts::default();
        receipts.add(A, (1, true), 0);
        said(&mut receipts, None, 10_000);
        receipts.add(A, (2, true), 0);
        assert_eq!(said(&mut receipts, Some(B), 10_001), []);
        assert_eq!(said(&mut receipts, Some(A), 10_001), [(A, vec![(2, true)])]);
    }

    #[test]
    fn so_many_wait_and_no_more() {
        let mut receipts = Receipts::default();
        receipts.add(A, (0, true), 0);
        said(&mut receipts, None, 10_000);
        for push in 1..RECEIPTS as u64 {
            receipts.add(A, (push, true), 0);
            assert_eq!(said(&mut receipts, None, 10_000), []);
        }
        receipts.add(A, (RECEIPTS as u64, true), 0);
        assert_eq!(said(&mut receipts, None, 10_000)[0].1.len(), RECEIPTS);
        receipts.add(A, (0, true), 0);
        receipts.forget(&A);
        assert_eq!(receipts.next_deadline(), None);
    }

    /// What a turn says to [`A`] besides what waits.
    fn hints(receipts: &mut Receipts, now_ms: u64) -> Vec<Frame> {
        let ((), said) = turn(now_ms, |turn| receipts.join(turn));
        let to_a = |output| match output {
            Output::Send { to: A, frame } => Some(frame),
            _ => None,
        };
        said.into_iter().filter_map(to_a).collect()
    }

    #[test]
    fn one_receipt_covers_whatever_an_author_wrote_meanwhile() {
        let mut receipts = Receipts::default();
        receipts.told(A, 5);
        receipts.holds(A, 5);
        assert_eq!(receipts.next_deadline(), None, "it knows");
        receipts.holds(A, 6);
        assert_eq!(hints(&mut receipts, 10_000), [Frame::Known { next: 6 }]);
        for next in 7..1_000 {
            receipts.holds(A, next);
            assert_eq!(hints(&mut receipts, 10_001), []);
        }
        assert_eq!(receipts.next_deadline(), Some(10_000 + TICK_MS));
        assert_eq!(hints(&mut receipts, 10_000 + TICK_MS), [Frame::Known { next: 999 }]);
        assert_eq!(receipts.next_deadline(), None);
    }

    #[test]
    fn an_answer_that_covers_it_is_receipt_enough() {
        let mut receipts = Receipts::default();
        receipts.holds(A, 3);
        receipts.add(A, (1, true), 3);
        assert_eq!(hints(&mut receipts, 10_000), [Frame::Ack { pushes: vec![(1, true)] }]);
        assert_eq!(receipts.next_deadline(), None);
        receipts.holds(A, 5);
        receipts.add(A, (2, true), 4);
        let due_ms = 10_000 + TICK_MS;
        assert_eq!(hints(&mut receipts, due_ms), [Frame::Known { next: 5 }], "one frame, which says more");
        assert_eq!(hints(&mut receipts, due_ms + TICK_MS), [Frame::Ack { pushes: vec![(2, true)] }]);
    }

    #[test]
    fn where_something_is_said_all_the_time_receipts_go_with_it() {
        let mut receipts = Receipts::default();
        (0..BUSY_LINKS).for_each(|other| receipts.told(PeerId([2 + other as u8; 32]), 0));
        receipts.add(A, (0, true), 0);
        let busy_ms = 10_000 + BUSY_PUSHES as u64;
        for at_ms in 10_000..busy_ms {
            turn(at_ms, |turn| {
                turn.send(A, Frame::Push(Push { push: 1, part: 0, hops: 1, runs: Vec::new() }));
                receipts.join(turn);
            });
        }
        receipts.add(A, (1, true), 0);
        assert_eq!(said(&mut receipts, None, busy_ms + TICK_MS), []);
        assert_eq!(receipts.next_deadline(), Some(10_000 + RECEIPT_MS), "it is busy no longer");
        assert_eq!(said(&mut receipts, Some(A), busy_ms + TICK_MS), [(A, vec![(1, true)])]);
        receipts.add(A, (2, true), 0);
        (0..BUSY_LINKS).for_each(|other| receipts.forget(&PeerId([2 + other as u8; 32])));
        assert_eq!(receipts.next_deadline(), Some(busy_ms + 2 * TICK_MS), "few links are never busy");
    }
}

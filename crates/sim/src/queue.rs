//! The queue of future events, by time; events due at the same time happen in the order of insertion.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

use rumormill_proto::{frame::Frame, ids::PeerId};

/// Index of a peer in its world, small because a hundred thousand queued events each hold several.
pub(crate) type Index = u32;

/// Number of a link; a new connection between the same peers is a new link.
pub(crate) type LinkId = u64;

/// Number of a process; a restarted peer has a new one.
pub(crate) type ProcessId = u64;

/// A future event at one peer.
#[derive(Debug)]
pub(crate) enum Event {
    /// A frame comes out of a link.
    Arrive { to: Index, from: Index, link: LinkId, frame: Box<Frame> },
    /// A dialler's first packets reach the dialled peer.
    Knock { dialler: Index, process: ProcessId, dialled: PeerId },
    /// A dialler gives up.
    GiveUp { dialler: Index, process: ProcessId, dialled: PeerId },
    /// One end of a link has heard nothing for too long.
    Silence { at: Index, other: Index, link: LinkId },
    /// A peer drains its inbox.
    Turn { peer: Index, process: ProcessId },
    /// An engine's deadline.
    Wake { peer: Index, process: ProcessId },
    /// The next piece of an answer to a want.
    Serve { peer: Index, process: ProcessId, serving: u64 },
}

struct Due {
    at_us: u64,
    order: u64,
    event: Event,
}

impl Due {
    fn key(&self) -> (u64, u64) {
        (self.at_us, self.order)
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// The only queue of a world, and its clock, which shows the time of the last event taken.
#[derive(Default)]
pub(crate) struct Queue {
    heap: BinaryHeap<Reverse<Due>>,
    order: u64,
    now_us: u64,
}

impl Queue {
    /// Microseconds since the world began.
    pub(crate) fn now_us(&self) -> u64 {
        self.now_us
    }

    /// Advances the clock without an event.
    pub(crate) fn pass(&mut self, us: u64) {
        self.now_us = self.now_us.saturating_add(us);
    }

    /// Schedules an event after `delay_us`.
    pub(crate) fn put(&mut self, delay_us: u64, event: Event) {
        self.order += 1;
        self.heap.push(Reverse(Due { at_us: self.now_us.saturating_add(delay_us), order: self.order, event }));
    }

    /// Takes the next event if it is due by `until_us`; otherwise sets the clock to `until_us`.
    pub(crate) fn take(&mut self, until_us: u64) -> Option<Event> {
        let due = self.heap.peek().is_some_and(|Reverse(next)| next.at_us <= until_us);
        match due.then(|| self.heap.pop()).flatten() {
            Some(Reverse(next)) => {
                self.now_us = next.at_us;
                Some(next.event)
            }
            None => {
                self.now_us = self.now_us.max(until_us);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_times_keep_their_order_and_the_clock_follows() {
        let mut queue = Queue::default();
        for (delay, peer) in [(5, 0), (3, 1), (5, 2), (3, 3)] {
            queue.put(delay, Event::Turn { peer, process: 0 });
        }
        let mut took = Vec::new();
        while let Some(Event::Turn { peer, .. }) = queue.take(4) {
            took.push((queue.now_us(), peer));
        }
        assert_eq!(queue.now_us(), 4);
        while let Some(Event::Turn { peer, .. }) = queue.take(9) {
            took.push((queue.now_us(), peer));
        }
        assert_eq!(took, [(3, 1), (3, 3), (5, 0), (5, 2)]);
        assert_eq!(queue.now_us(), 9);
    }
}

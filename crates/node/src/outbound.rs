//! The queue of envelopes for one peer.
//!
//! The driver puts envelopes in and never waits. A task of the connection takes all of them and writes them at once.
//! When a peer does not read, the queue drops frames for it, because everything on the live stream is a hint that
//! anti-entropy repeats. Pushes of one author may fill a quarter, so that other authors get through beside a flooder.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rumormill_proto::ids::AuthorId;
use tokio::sync::Notify;

use crate::{
    envelope::{Control, put_control, put_frame},
    limits::{OUTBOUND_AUTHOR_BYTES, OUTBOUND_BYTES, OUTBOUND_ENVELOPES},
};

/// A bounded queue of envelopes.
#[derive(Default)]
pub(crate) struct Outbound {
    queue: Mutex<Queue>,
    filled: Notify,
    emptied: Notify,
}

#[derive(Default)]
struct Queue {
    bytes: Vec<u8>,
    envelopes: usize,
    closed: bool,
    /// Bytes of pushes of each author among these.
    authors: BTreeMap<AuthorId, usize>,
}

impl Queue {
    fn has_room(&self) -> bool {
        self.bytes.len() < OUTBOUND_BYTES && self.envelopes < OUTBOUND_ENVELOPES
    }

    /// Puts a frame in. Returns the bytes that it takes on the wire.
    fn put(&mut self, channel: u32, frame: &[u8]) -> usize {
        let before = self.bytes.len();
        put_frame(&mut self.bytes, channel, frame);
        self.envelopes += 1;
        self.bytes.len() - before
    }
}

impl Outbound {
    /// Puts a frame in, unless too much waits, or too much of its author if it pushes entries of one author. Returns
    /// the bytes that it takes on the wire, 0 when it is dropped.
    pub(crate) fn offer(&self, author: Option<AuthorId>, channel: u32, frame: &[u8]) -> usize {
        let mut queue = self.lock();
        let share = author.and_then(|author| queue.authors.get(&author)).copied().unwrap_or(0);
        if queue.closed || !queue.has_room() || share > OUTBOUND_AUTHOR_BYTES {
            return 0;
        }
        let added = queue.put(channel, frame);
        if let Some(author) = author {
            *queue.authors.entry(author).or_default() += added;
        }
        drop(queue);
        self.filled.notify_one();
        added
    }

    /// Puts a frame in that must not be lost. `None` when the peer has not read for so long that it has to be given up.
    pub(crate) fn insist(&self, channel: u32, frame: &[u8]) -> Option<usize> {
        let mut queue = self.lock();
        if queue.bytes.len() > 4 * OUTBOUND_BYTES {
            return None;
        }
        let added = queue.put(channel, frame);
        drop(queue);
        self.filled.notify_one();
        Some(added)
    }

    /// Puts a control in that may be lost, unless too much waits.
    pub(crate) fn hint(&self, control: &Control) {
        let mut queue = self.lock();
        if !queue.closed && queue.has_room() {
            put_control(&mut queue.bytes, control);
            queue.envelopes += 1;
            drop(queue);
            self.filled.notify_one();
        }
    }

    /// Waits until there is room, then puts a frame in. Returns the bytes that it takes on the wire, 0 when the
    /// connection has ended.
    pub(crate) async fn put(&self, channel: u32, frame: &[u8]) -> usize {
        loop {
            let emptied = self.emptied.notified();
            {
                let mut queue = self.lock();
                if queue.closed {
                    return 0;
                }
                // Under the same lock, or the driver may fill the queue in between.
                if queue.has_room() {
                    let added = queue.put(channel, frame);
                    drop(queue);
                    self.filled.notify_one();
                    return added;
                }
            }
            emptied.await;
        }
    }

    /// Puts a control in that must not be lost. `false` when the peer has not read for so long that it has to be given
    /// up.
    #[must_use]
    pub(crate) fn control(&self, control: &Control) -> bool {
        let mut queue = self.lock();
        if queue.bytes.len() > 4 * OUTBOUND_BYTES {
            return false;
        }
        put_control(&mut queue.bytes, control);
        drop(queue);
        self.filled.notify_one();
        true
    }

    /// Everything that waits, as soon as there is anything; `None` once the queue is closed.
    pub(crate) async fn take(&self) -> Option<Vec<u8>> {
        loop {
            let filled = self.filled.notified();
            {
                let mut queue = self.lock();
                if queue.closed {
                    return None;
                }
                if !queue.bytes.is_empty() {
                    queue.envelopes = 0;
                    queue.authors.clear();
                    let bytes = std::mem::take(&mut queue.bytes);
                    drop(queue);
                    self.emptied.notify_waiters();
                    return Some(bytes);
                }
            }
            filled.await;
        }
    }

    /// Bytes that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().bytes.len()
    }

    /// Drops everything that waits or will be offered.
    pub(crate) fn close(&self) {
        *self.lock() = Queue { closed: true, ..Queue::default() };
        self.filled.notify_one();
        self.emptied.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn all_that_waits_is_taken_at_once() {
        let outbound = Outbound::default();
        assert_eq!(outbound.offer(None, 0, b"abc"), 5);
        assert_eq!(outbound.offer(None, 1, b"d"), 3);
        assert_eq!(outbound.take().await.unwrap(), [4, 1, b'a', b'b', b'c', 2, 2, b'd']);
    }

    #[tokio::test]
    async fn a_peer_that_never_reads_costs_a_bounded_queue() {
        let outbound = Outbound::default();
        let taken: usize = (0..10_000).map(|_| outbound.offer(None, 0, &[0; 1000])).sum();
        assert!((OUTBOUND_BYTES..OUTBOUND_BYTES + 1100).contains(&taken));
        outbound.hint(&Control::Typing(1));
        assert_eq!(outbound.take().await.unwrap().len(), taken, "what may be lost is");
        let small = Outbound::default();
        assert_eq!((0..10_000).filter(|_| small.offer(None, 0, b"") > 0).count(), OUTBOUND_ENVELOPES);
        let patient = (0..100_000).take_while(|_| outbound.control(&Control::Part(1))).count();
        assert!(patient > 0 && patient * 4 < 4 * OUTBOUND_BYTES);
    }

    #[test]
    fn whoever_floods_leaves_room_for_others() {
        let outbound = Outbound::default();
        let of = |number| Some(AuthorId([number; 32]));
        let taken: usize = (0..10_000).map(|_| outbound.offer(of(1), 0, &[0; 200])).sum();
        assert!((OUTBOUND_AUTHOR_BYTES..OUTBOUND_AUTHOR_BYTES + 300).contains(&taken));
        assert!(outbound.offer(of(2), 0, &[0; 200]) > 0 && outbound.offer(None, 0, &[0; 200]) > 0);
    }

    #[tokio::test]
    async fn what_a_want_waits_for_is_not_dropped() {
        let outbound = Outbound::default();
        while outbound.offer(None, 0, &[0; 1000]) > 0 {}
        assert_eq!(outbound.insist(0, b"done"), Some(6));
        assert!(outbound.take().await.unwrap().ends_with(b"done"));
        let insisted = (0..10_000).take_while(|_| outbound.insist(0, &[0; 1000]).is_some()).count();
        assert!((1..5_000).contains(&insisted), "{insisted}");
    }

    #[tokio::test]
    async fn whoever_waits_for_room_goes_on_when_there_is_some_or_never_will_be() {
        let outbound = Arc::new(Outbound::default());
        while outbound.offer(None, 0, &[0; 1000]) > 0 {}
        let put = |outbound: Arc<Outbound>| tokio::spawn(async move { outbound.put(0, b"late").await });
        let waiting = put(outbound.clone());
        assert!(outbound.take().await.unwrap().len() >= OUTBOUND_BYTES);
        assert_eq!(waiting.await.unwrap(), 6);
        while outbound.offer(None, 0, &[0; 1000]) > 0 {}
        let waiting = put(outbound.clone());
        outbound.close();
        assert_eq!(waiting.await.unwrap(), 0);
        assert_eq!((outbound.take().await, outbound.offer(None, 0, b"")), (None, 0));
    }
}

//! Slots for transfers of files. No transfer keeps a slot by staying: it gives the slot back after each piece, and a
//! transfer whose piece stalls gives it to one that waits.

use std::{
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use crate::limits::{FILE_STALL, FILE_TURN};

/// A number of slots, given in the order of the requests.
pub(super) struct Slots {
    free: Semaphore,
    waiting: AtomicUsize,
    turn: Duration,
}

/// Turns for which a transfer that stalls keeps a slot that no other wants.
const TURNS: u64 = FILE_STALL.as_secs() / FILE_TURN.as_secs();

/// The outcome of moving a piece.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Moved<T> {
    /// The piece was moved.
    Done(T),
    /// It took too long, and another transfer waits.
    Yielded,
    /// It took too long, even with no other transfer waiting.
    Stalled,
}

impl Slots {
    /// Slots that are held for a turn while other transfers wait.
    pub(super) fn new(count: usize, turn: Duration) -> Self {
        Self { free: Semaphore::new(count), waiting: AtomicUsize::new(0), turn }
    }

    /// A slot, after all earlier requests.
    pub(super) async fn take(&self) -> Option<SemaphorePermit<'_>> {
        if let Ok(slot) = self.free.try_acquire() {
            return Some(slot);
        }
        let _waits = Waits::new(&self.waiting);
        // The semaphore is never closed.
        self.free.acquire().await.ok()
    }

    /// Moves a piece while holding a slot: for a turn while another transfer waits, for about [`FILE_STALL`] otherwise.
    /// `is_wanted` says whether this transfer must yield to something else.
    pub(super) async fn hold<T>(&self, piece: impl Future<Output = T>, is_wanted: impl Fn() -> bool) -> Moved<T> {
        let mut piece = pin!(piece);
        for _ in 0..TURNS {
            if let Ok(done) = timeout(self.turn, &mut piece).await {
                return Moved::Done(done);
            }
            if self.is_waited_for() || is_wanted() {
                return Moved::Yielded;
            }
        }
        Moved::Stalled
    }

    fn is_waited_for(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }
}

/// A request that waits, until this is dropped.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn new(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::{future::pending, sync::Arc};

    use super::*;

    const SLOTS: usize = 4;

    /// Peers that ask for one piece after the other and take none, each coming back at once when its slot is taken
    /// away.
    fn stallers(slots: &Arc<Slots>, count: usize) -> Arc<AtomicUsize> {
        let turns = Arc::new(AtomicUsize::new(0));
        for _ in 0..count {
            let (slots, turns) = (slots.clone(), turns.clone());
            tokio::spawn(async move {
                loop {
                    let _slot = slots.take().await.unwrap();
                    slots.hold(pending::<()>(), || false).await;
                    turns.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        turns
    }

    #[tokio::test]
    async fn whoever_takes_nothing_yields_to_whoever_waits_after_a_turn() {
        for count in [SLOTS, 2 * SLOTS, 8 * SLOTS] {
            let slots = Arc::new(Slots::new(SLOTS, Duration::from_millis(1)));
            let turns = stallers(&slots, count);
            tokio::task::yield_now().await;
            for piece in 0..20 {
                let before = turns.load(Ordering::Relaxed);
                let _slot = slots.take().await.unwrap();
                assert_eq!(slots.hold(async { piece }, || false).await, Moved::Done(piece));
                let others = turns.load(Ordering::Relaxed) - before;
                assert!(others <= count, "piece {piece} waited for {others} turns of {count} others");
            }
        }
    }

    #[tokio::test]
    async fn whoever_is_slow_goes_on_while_nobody_waits() {
        let slots = Slots::new(1, Duration::from_millis(1));
        let _slot = slots.take().await;
        let (turns, come) = (AtomicUsize::new(1), tokio::sync::Notify::new());
        let nobody = || {
            if turns.fetch_add(1, Ordering::Relaxed) + 1 == TURNS as usize {
                come.notify_one();
            }
            false
        };
        assert_eq!(slots.hold(come.notified(), nobody).await, Moved::Done(()));
        assert_eq!(slots.hold(pending::<()>(), || true).await, Moved::Yielded, "something else is to be tried");
        assert_eq!(slots.hold(pending::<()>(), || false).await, Moved::Stalled);
    }

    #[tokio::test]
    async fn whoever_gives_up_waiting_waits_no_more() {
        let slots = Slots::new(1, FILE_TURN);
        let _slot = slots.take().await;
        {
            let mut waits = pin!(slots.take());
            assert!(futures_poll(waits.as_mut()).await.is_pending());
            assert!(slots.is_waited_for());
        }
        assert!(!slots.is_waited_for());
    }

    async fn futures_poll<T>(mut future: std::pin::Pin<&mut impl Future<Output = T>>) -> std::task::Poll<T> {
        std::future::poll_fn(|context| std::task::Poll::Ready(future.as_mut().poll(context))).await
    }
}

//! A bounded number of clients at a listener. While all places are taken, the client that has been idle longest makes
//! room for the next, so connections that never finish a request keep nobody out. Every client has [`HEARD_MS`] to send
//! a request, so a sudden crowd drives out nobody before that.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, watch},
    time::{sleep, timeout},
};

use crate::{
    limits::{CLIENTS, HEARD_MS, LAST_ANSWERS_MS},
    lock::lock,
};

/// The clients of one listener. Clones share them.
#[derive(Clone)]
pub(super) struct Clients {
    places: Arc<Semaphore>,
    idle: Arc<Mutex<Idle>>,
    closing: watch::Sender<bool>,
}

/// The clients without a request under way, the longest idle first: at most [`CLIENTS`].
#[derive(Default)]
struct Idle {
    next: u64,
    clients: BTreeMap<u64, (Instant, Arc<Notify>)>,
}

/// The place of one client, free again when this and all its [`Answering`] are dropped.
pub(super) struct Slot {
    idle: Arc<Mutex<Idle>>,
    /// Its position among the idle; `None` while it has a request under way.
    number: Mutex<Option<u64>>,
    leave: Arc<Notify>,
    _permit: OwnedSemaphorePermit,
}

/// A request under way, until the last byte of its answer.
pub(super) struct Answering(Arc<Slot>);

impl Clients {
    pub(super) fn new() -> Self {
        Self {
            places: Arc::new(Semaphore::new(CLIENTS as usize)),
            idle: Arc::default(),
            closing: watch::Sender::new(false),
        }
    }

    /// Waits for a place for the next client. `None` when the listener is closed.
    pub(super) async fn place(&self) -> Option<Arc<Slot>> {
        let permit = match self.places.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                self.make_room().await;
                self.places.clone().acquire_owned().await.ok()?
            }
        };
        let place = Slot { idle: self.idle.clone(), number: Mutex::default(), leave: Arc::default(), _permit: permit };
        place.rests();
        Some(Arc::new(place))
    }

    /// Hangs up on the client that has been idle longest, once it has had its time to send a request. Does nothing when
    /// all have a request under way.
    async fn make_room(&self) {
        loop {
            let heard = {
                let mut idle = lock(&self.idle);
                let Some(longest) = idle.clients.first_entry() else { return };
                let heard = Duration::from_millis(HEARD_MS).saturating_sub(longest.get().0.elapsed());
                if heard.is_zero() {
                    longest.remove().1.notify_one();
                    return;
                }
                heard
            };
            sleep(heard).await;
        }
    }

    /// Ends when the listener closes.
    pub(super) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    /// Closes connections: idle ones at once, the others once they have their answer. The answer to a client that
    /// listens for events never ends, so this does not wait for it long.
    pub(super) async fn let_go(&self) {
        self.closing.send_replace(true);
        let _ = timeout(Duration::from_millis(LAST_ANSWERS_MS), self.places.acquire_many(CLIENTS)).await;
    }
}

impl Slot {
    /// Marks a request as under way until the returned value is dropped.
    pub(super) fn answers(self: &Arc<Self>) -> Answering {
        self.asks();
        Answering(self.clone())
    }

    /// Returns when the client has to go, unless it has a request under way by then.
    pub(super) async fn left(&self) {
        self.leave.notified().await;
    }

    /// Whether a request is under way.
    pub(super) fn is_answering(&self) -> bool {
        lock(&self.number).is_none()
    }

    fn rests(&self) {
        let number = {
            let mut idle = lock(&self.idle);
            let number = idle.next;
            idle.next += 1;
            idle.clients.insert(number, (Instant::now(), self.leave.clone()));
            number
        };
        *lock(&self.number) = Some(number);
    }

    fn asks(&self) {
        let number = lock(&self.number).take();
        if let Some(number) = number {
            lock(&self.idle).clients.remove(&number);
        }
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.rests();
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.asks();
    }
}

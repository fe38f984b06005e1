//! The handles that the tasks of all connections share.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::{Semaphore, mpsc};

use crate::{
    command::Command,
    connection::LinkId,
    figures::Tally,
    files::Shelf,
    limits::{INBOX_BYTES, SERVING},
    readers::Readers,
    turns::Turns,
};

/// State that the tasks of all connections share.
#[derive(Clone)]
pub(crate) struct Wires {
    commands: mpsc::WeakSender<Command>,
    pub(crate) readers: Arc<Readers>,
    pub(crate) shelf: Arc<Shelf>,
    /// One permit for each step of serving that may be under way.
    pub(crate) serving: Arc<Semaphore>,
    /// One permit for each byte of frames that may wait for the driver.
    pub(crate) inbox: Arc<Semaphore>,
    /// Frames that the driver has not taken yet.
    pub(crate) turns: Arc<Turns>,
    pub(crate) tally: Arc<Tally>,
    next_link: Arc<AtomicU64>,
}

impl Wires {
    pub(crate) fn new(commands: mpsc::WeakSender<Command>, readers: Arc<Readers>, shelf: Arc<Shelf>) -> Self {
        Self {
            commands,
            readers,
            shelf,
            serving: Arc::new(Semaphore::new(SERVING)),
            inbox: Arc::new(Semaphore::new(INBOX_BYTES)),
            turns: Arc::default(),
            tally: Arc::new(Tally::new()),
            next_link: Arc::default(),
        }
    }

    /// A number that no other connection of this node has or had.
    pub(crate) fn next_link(&self) -> LinkId {
        self.next_link.fetch_add(1, Ordering::Relaxed).into()
    }

    /// Gives the driver a command, which is lost when the node has closed.
    pub(crate) async fn tell(&self, command: Command) {
        if let Some(commands) = self.commands.upgrade() {
            // Fails only when the driver has just ended.
            let _ = commands.send(command).await;
        }
    }
}

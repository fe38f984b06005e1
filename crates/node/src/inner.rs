//! What a node and its rooms share: how they ask the driver, and what they read without asking it.

use std::sync::Arc;

use iroh::Endpoint;
use rumormill_proto::frame::Contact;
use tokio::sync::{mpsc, oneshot};

use crate::{address, board::Boards, command::Command, error::Error, files::Shelf, lan::Lan, readers::Readers};

/// What a node and its rooms share.
pub(crate) struct Inner {
    pub(crate) readers: Arc<Readers>,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) boards: Boards,
    pub(crate) endpoint: Endpoint,
    /// `None` where LAN discovery is off.
    pub(crate) lan: Option<Lan>,
    /// Whether relays are used.
    pub(crate) relays: bool,
}

impl Inner {
    /// Asks the driver for something.
    ///
    /// # Errors
    /// [`Error::Closed`] when there is no driver any more.
    pub(crate) async fn command(&self, command: Command) -> Result<(), Error> {
        self.commands.send(command).await.map_err(|_| Error::Closed)
    }

    /// Asks the driver for something, and waits until it is done.
    ///
    /// # Errors
    /// What the driver says, and [`Error::Closed`] when there is none any more.
    pub(crate) async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Command,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        self.command(command(answer)).await?;
        answered.await.map_err(|_| Error::Closed)?
    }

    /// Tells the LAN which rooms we are in, if anything is told there.
    pub(crate) async fn announce(&self) {
        if let Some(lan) = &self.lan {
            lan.announce().await;
        }
    }

    /// This node, for others to dial.
    pub(crate) fn contact(&self) -> Contact {
        let addr = self.endpoint.addr();
        Contact { peer: address::peer(addr.id), address: address::encode(&addr) }
    }
}

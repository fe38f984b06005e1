//! State that a node and its rooms share: the way to the driver, and data that can be read without it.

use std::{path::PathBuf, sync::Arc};

use iroh::Endpoint;
use rumormill_proto::frame::Contact;
use tokio::sync::{mpsc, oneshot};

use crate::{
    address,
    attached::Attached,
    board::Boards,
    command::Command,
    dht::Mainline,
    error::Error,
    figures::Tally,
    files::Shelf,
    lan::Lan,
    linking::Shown,
    readers::Readers,
    settings::{Reach, Relay},
    turns::Turns,
};

/// State that a node and its rooms share.
pub(crate) struct Inner {
    pub(crate) readers: Arc<Readers>,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) boards: Boards,
    /// The code by which another machine is linked, while one is shown.
    pub(crate) shown: Shown,
    pub(crate) endpoint: Endpoint,
    /// `None` if LAN discovery is off.
    pub(crate) lan: Option<Arc<Lan>>,
    /// How far the node goes to reach peers.
    pub(crate) reach: Reach,
    /// What the node is in the Mainline DHT, if it enters it.
    pub(crate) mainline: Option<Mainline>,
    /// The networks that the node does not leave, if it is to stay in them.
    pub(crate) attached: Option<Arc<Attached>>,
    pub(crate) tally: Arc<Tally>,
    pub(crate) turns: Arc<Turns>,
    /// The directory of the home, if it is not in memory.
    pub(crate) dir: Option<PathBuf>,
}

impl Inner {
    /// Gives the driver a command.
    ///
    /// # Errors
    /// [`Error::Closed`] when the driver has ended.
    pub(crate) async fn command(&self, command: Command) -> Result<(), Error> {
        self.commands.send(command).await.map_err(|_| Error::Closed)
    }

    /// Gives the driver a command, and waits for its answer.
    ///
    /// # Errors
    /// Those of the driver, and [`Error::Closed`] when the driver has ended.
    pub(crate) async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Command,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        self.command(command(answer)).await?;
        answered.await.map_err(|_| Error::Closed)?
    }

    /// Announces our rooms on the LAN, if LAN discovery is on.
    pub(crate) async fn announce(&self) {
        if let Some(lan) = &self.lan {
            lan.announce().await;
        }
    }

    /// The contact by which others dial this node. Until it has reached a relay, it names the first of its own, which it
    /// will be reached at if there is one: nothing else tells others of that relay.
    pub(crate) fn contact(&self) -> Contact {
        let mut addr = self.endpoint.addr();
        if let Reach::Relays { relays, .. } = &self.reach
            && addr.relay_urls().next().is_none()
            && let Some(Relay(url)) = relays.first()
        {
            addr = addr.with_relay_url(url.clone());
        }
        Contact { peer: address::peer(addr.id), address: address::encode(&addr) }
    }

    /// The contact by which other nodes of this machine dial this node.
    pub(crate) fn contact_beside(&self) -> Contact {
        let sockets = self.endpoint.bound_sockets();
        Contact { peer: address::peer(self.endpoint.id()), address: address::encode_beside(&sockets) }
    }
}

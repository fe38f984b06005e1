//! The open home of a bot: its node, and the router that answers its requests.

use std::path::Path;

use axum::Router;
use rumormill_node::{Node, Room, Settings, proto::ids::RoomId};
use tokio::sync::watch;

use super::super::{Api, Whose};
use crate::answer::Answer;

/// The open home of a bot.
pub(crate) struct Open {
    api: Api,
    router: Router,
    /// Dropped with this, which ends the answers that are under way.
    lives: watch::Sender<()>,
}

impl Open {
    /// Opens the home in `dir`, and dials the owner's node from each room that both are in.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) async fn open(owner: &Api, settings: Settings, dir: &Path) -> Answer<Self> {
        let node = Node::open(settings).await?;
        let api = Api::of(node, dir, owner.0.typing, Whose::Bot)?;
        for room in owner.rooms() {
            if api.node().room(&room.id()).is_some()
                && let Err(why) = api.node().join_beside(&room).await
            {
                // It still finds the room as other members do.
                tracing::warn!("a bot could not dial its owner: {why}");
            }
        }
        Ok(Self { router: api.router(), api, lives: watch::Sender::new(()) })
    }

    /// Enters rooms of the owner, under this nick.
    pub(super) async fn enter(&self, nick: &str, rooms: &[Room]) -> Answer<()> {
        for room in rooms {
            let room = self.api.node().join_beside(room).await?;
            room.set_nick(nick).await?;
            self.api.entered(&room);
        }
        Ok(())
    }

    /// The router that answers the bot's requests, and a channel that closes when the bot is closed.
    pub(crate) fn door(&self) -> (Router, watch::Receiver<()>) {
        (self.router.clone(), self.lives.subscribe())
    }

    /// The rooms that the bot takes part in.
    pub(super) fn rooms(&self) -> Vec<RoomId> {
        self.api.node().rooms().iter().map(Room::id).collect()
    }

    /// Leaves a room, if the bot is in it.
    pub(super) async fn leave(&self, room: &RoomId) -> Answer<()> {
        match self.api.node().room(room) {
            Some(room) => self.api.part(&room).await,
            None => Ok(()),
        }
    }

    /// Leaves all rooms and closes the node. What cannot be left goes with its files.
    pub(super) async fn end(&self) {
        for room in self.rooms() {
            let _ = self.leave(&room).await;
        }
        self.close().await;
    }

    /// Closes the node.
    pub(super) async fn close(&self) {
        self.api.node().clone().close().await;
    }
}

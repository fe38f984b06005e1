//! A closed room that several machines of one person enter: what is handed over, and how the other one begins.

use rumormill_proto::{governance::Order, ids::AuthorId, input::Import, run::RawRun};

use super::Room;
use crate::{
    error::Error,
    limits::TICKET_CONTACTS,
    linking::words::{AboutRoom, HandedRoom},
    membership::Membership,
};

impl Room {
    /// Whether we may name devices of ours here: we are present, and no device ourselves.
    pub fn may_name_devices(&self) -> bool {
        matches!(self.membership(), Membership::Present(_)) && self.me() == self.author() && !self.is_device()
    }

    /// Whether we came here as a device.
    pub fn is_device(&self) -> bool {
        self.board.posted().device
    }

    /// Names a key as a device of ours, and tells what its machine needs to enter.
    ///
    /// # Errors
    /// Those of [`Room::order`].
    pub async fn hand_over(&self, device: AuthorId, about: AboutRoom) -> Result<HandedRoom, Error> {
        let founder = self.founder().ok_or(Error::Open)?;
        self.order(Order::Mine(device)).await?;
        let standing = self.standing();
        let others = standing.contacts.iter().take(TICKET_CONTACTS - 1).cloned();
        let contacts = [self.node.contact()].into_iter().chain(others).collect();
        let (id, secret, author) = (self.id(), *self.board.secret, self.author());
        let private = self.private();
        Ok(HandedRoom { id, secret, founder, author, contacts, private, about })
    }

    /// The first entry of our log, once it is durable.
    ///
    /// # Errors
    /// Those of [`Room::messages`], and of a room that is stopped.
    pub async fn first_run(&self) -> Result<RawRun, Error> {
        loop {
            let renewed = self.renewed();
            if let Some(run) = self.entries().run(self.author(), 0, 0).await? {
                return Ok(run);
            }
            if let Some(why) = self.stopped() {
                return Err(why);
            }
            renewed.await;
        }
    }

    /// Takes the first entry of a device; returns whether it is held from now on.
    ///
    /// # Errors
    /// Those of [`Entries::import`](crate::Entries::import).
    pub async fn take_device(&self, first: RawRun) -> Result<bool, Error> {
        let counts = self.entries().import(Import { proofs: Vec::new(), runs: vec![first] }).await?;
        Ok(counts.new + counts.known > 0)
    }
}

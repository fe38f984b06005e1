//! Machines of one person: a node shows a code or dials by one, and enters rooms as a device.

use iroh::{TransportAddr, endpoint::Connection};
use rumormill_proto::{admit::Author, frame::Contact, ids::AuthorId};
use rumormill_store::Closed;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::{
    address,
    error::Error,
    limits::DIAL_DEADLINE,
    linking::{ALPN, LinkCode, Linking, Taker, words::HandedRoom},
    node::Node,
    random::random,
    room::Room,
    settings::RoomSetup,
};

/// A key for a room that we enter as a device.
pub struct DeviceKey {
    secret: Zeroizing<[u8; 32]>,
    /// Whether nobody can have entries by it.
    fresh: bool,
}

impl DeviceKey {
    /// A fresh key.
    pub fn fresh() -> Self {
        Self { secret: Zeroizing::new(random()), fresh: true }
    }

    /// A key that was kept, under which somebody may have written before.
    pub fn kept(secret: [u8; 32]) -> Self {
        Self { secret: Zeroizing::new(secret), fresh: false }
    }

    /// Its secret.
    pub fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// The author who writes under it.
    pub fn author(&self) -> AuthorId {
        Author::from_secret(&self.secret).id()
    }
}

impl Node {
    /// Enters a closed room as a device of somebody, under a key that this person named.
    ///
    /// # Errors
    /// As [`Node::enter`].
    pub async fn enter_as_device(&self, handed: &HandedRoom, key: &DeviceKey) -> Result<Room, Error> {
        let mut setup = RoomSetup::new(handed.id, handed.secret, *key.secret, &handed.about.name);
        setup.fresh_author = key.fresh;
        setup.private.clone_from(&handed.private);
        setup.contacts.clone_from(&handed.contacts);
        setup.closed =
            Some(Closed { founder: handed.founder, pass: None, device_of: Some(handed.author), keeps: false });
        self.enter(setup).await
    }

    /// Shows a code by which one other machine is linked. It takes the place of a code that is shown already.
    pub fn show_code(&self) -> Linking {
        Linking::show(self.inner.shown.clone(), self.contact())
    }

    /// Dials the machine that shows this code.
    ///
    /// # Errors
    /// [`Error::Unreachable`] when it is not reached, [`Error::Code`] when it does not know the code, or no longer, and
    /// [`Error::Unlinked`].
    pub async fn link(&self, code: &LinkCode) -> Result<Taker, Error> {
        match timeout(DIAL_DEADLINE, self.dial(&code.contact)).await {
            Ok(connection) => Taker::begin(connection?, code).await,
            Err(_) => Err(Error::Unreachable { why: "it does not answer".into() }),
        }
    }

    async fn dial(&self, contact: &Contact) -> Result<Connection, Error> {
        let mut addr = address::decode(contact).map_err(|_| Error::Code)?;
        addr.addrs.retain(|addr| {
            let ip = if let TransportAddr::Ip(addr) = addr { Some(addr.ip()) } else { None };
            self.goes_to(ip)
        });
        let connecting = self.inner.endpoint.connect(addr, ALPN).await;
        connecting.map_err(|error| Error::Unreachable { why: error.to_string() })
    }
}

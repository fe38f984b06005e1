//! A room on a node: its status and its settings. The modules below say and read messages and send files.

mod closing;
mod device;
pub(crate) mod entries;
mod governing;
mod known;
mod messages;
mod persons;
mod repair;
pub(crate) mod say;
pub(crate) mod transfers;

use std::sync::{Arc, PoisonError};

use iroh::endpoint::WeakConnectionHandle;
use rumormill_proto::{
    frame::Contact,
    ids::{AuthorId, RoomId},
};
use rumormill_store::{Keep, Read};

use crate::{
    board::{Board, Linked, Standing, Stop},
    command::Command,
    counting::Counting,
    error::Error,
    events::Events,
    figures::LinkFigures,
    inner::Inner,
    limits::{TICKET_CONTACTS, TICKET_USES},
    sought::Sought,
    status::{Path, PeerStatus, RoomStatus},
    stock::Stock,
    ticket::{Admits, Ticket},
};

/// A room that a node takes part in. Clones are the same room.
///
/// [`Room::say`], [`Room::reply`], [`Room::react`], [`Room::edit`], [`Room::retract`] and [`Room::send_file`] write
/// messages; [`Room::messages`], [`Room::message`] and [`Room::search`] read them; [`Room::events`] tells what happens.
/// [`Room::entries`] gives the signed entries below the messages.
#[derive(Clone)]
pub struct Room {
    pub(crate) board: Arc<Board>,
    pub(crate) node: Arc<Inner>,
}

impl Room {
    pub(crate) fn new(board: Arc<Board>, node: Arc<Inner>) -> Self {
        Self { board, node }
    }

    /// The room's id.
    pub fn id(&self) -> RoomId {
        self.board.id
    }

    /// A number that no other room of this process has, nor this one when it is left and entered again.
    pub fn instance(&self) -> u64 {
        self.board.instance
    }

    /// The user's name for the room, or else its founder's; empty until that is known.
    pub fn name(&self) -> String {
        self.board.posted().name.clone()
    }

    /// The author who writes here.
    pub fn author(&self) -> AuthorId {
        self.board.posted().author
    }

    /// A ticket that lets others in. Its contacts are this node and some of the peers it is linked with. In a closed room
    /// it is one that we made before, or make.
    ///
    /// # Errors
    /// Those of [`Room::new_ticket`].
    pub async fn ticket(&self) -> Result<Ticket, Error> {
        let Some(closed) = self.board.posted().closed.clone() else { return Ok(self.ticket_of(None)) };
        if self.private().is_some() {
            return Err(Error::Private);
        }
        match closed.admits {
            Some(admits) => Ok(self.ticket_of(Some(admits))),
            None => self.new_ticket(TICKET_USES, None).await,
        }
    }

    fn ticket_of(&self, admits: Option<Admits>) -> Ticket {
        let standing = self.standing();
        let linked = |contact: &Contact| standing.peers.iter().find(|peer| peer.peer == contact.peer);
        let mut others: Vec<&Contact> = standing.contacts.iter().filter(|contact| linked(contact).is_some()).collect();
        // Keepers are there when everybody else is away.
        let keeps = |contact: &Contact| linked(contact).is_some_and(|peer| self.is_keeper(&peer.author));
        others.sort_by_cached_key(|contact| !keeps(contact));
        let others = others.into_iter().take(TICKET_CONTACTS / 4).cloned();
        let contacts = [self.node.contact()].into_iter().chain(others).collect();
        Ticket { room: self.board.id, secret: *self.board.secret, admits, contacts }
    }

    /// The events from now on. Every caller gets its own stream.
    pub fn events(&self) -> Events {
        Events::of(self.board.clone())
    }

    /// Leaves the room and keeps nothing of it. Anyone with a ticket can enter it again, as a new author.
    ///
    /// # Errors
    /// [`Error::Unswept`] when the room was left and its messages cannot be removed from the disk yet; [`Error::Store`]
    /// when the home cannot be written, [`Error::Left`] and [`Error::Closed`].
    pub async fn leave(&self) -> Result<(), Error> {
        self.node.ask(|answer| Command::Leave { room: self.board.id, answer }).await?;
        self.node.announce().await;
        Ok(())
    }

    /// How much of the room is kept.
    pub fn retention(&self) -> Keep {
        self.board.posted().retention
    }

    /// Keeps this much from now on, and drops entries over the bounds within a minute or so. Other members keep what
    /// they want; dropped entries do not come back here.
    ///
    /// # Errors
    /// [`Error::Store`] when the home cannot be written, [`Error::Stopped`], [`Error::Damaged`], [`Error::Left`] and
    /// [`Error::Closed`].
    pub async fn retain(&self, retention: Keep) -> Result<(), Error> {
        self.node.ask(|answer| Command::Retain { room: self.board.id, retention, answer }).await
    }

    /// How much of the room we store as a keeper; `None` when we are none, or until that was looked at.
    pub fn stock(&self) -> Option<Stock> {
        self.board.posted().stock
    }

    /// Whether the room is announced on the LAN, see [`Room::announce`].
    pub fn announced(&self) -> bool {
        self.board.posted().announced
    }

    /// Announces the room on the LAN by name, or no longer: anyone there who asks gets its ticket.
    ///
    /// # Errors
    /// As [`Room::retain`], and those of [`Room::ticket`].
    pub async fn announce(&self, announced: bool) -> Result<(), Error> {
        if announced {
            // The ticket that those who ask get.
            self.ticket().await?;
        }
        self.node.ask(|answer| Command::Announce { room: self.board.id, announced, answer }).await
    }

    /// The status of the room.
    pub fn status(&self) -> RoomStatus {
        let Standing { peers, entries, missing, authors, digest, skew, traffic, .. } = self.standing();
        let mut peers: Vec<PeerStatus> = peers.iter().map(peer_status).collect();
        for peer in peers.iter_mut().filter(|peer| peer.stock.is_some() && !self.is_keeper(&peer.author)) {
            peer.stock = None;
        }
        RoomStatus { peers, entries, missing, authors, digest, skew, traffic }
    }

    /// The peers that the room is linked with, each as if its connection carried this room only.
    pub(crate) fn links(&self) -> Vec<LinkFigures> {
        self.standing().peers.iter().map(link).collect()
    }

    /// Resolves when [`Room::status`] was renewed after this call, or the node has closed.
    pub fn renewed(&self) -> impl Future<Output = ()> + Send + '_ {
        self.board.renewed.notified()
    }

    /// The last nick that an author was shown with, or else the beginning of the author's id. In a private room, where
    /// everybody keeps the key of the room that it comes out of, also one that was said there.
    pub fn nick(&self, author: &AuthorId) -> String {
        let here = self.board.posted().nick(author).map(str::to_owned);
        here.or_else(|| self.nick_in_company(author)).unwrap_or_else(|| author.short())
    }

    fn nick_in_company(&self, author: &AuthorId) -> Option<String> {
        let of = self.private()?.of;
        let shared = self.node.boards.lock().unwrap_or_else(PoisonError::into_inner).get(&of).cloned()?;
        shared.posted().nick(author).map(str::to_owned)
    }

    /// Resolves when [`Room::nick`] knows the nicks that were said before the room was entered.
    pub async fn nicks_found(&self) {
        self.board.nicks_found.wait().await;
    }

    /// The peers whose addresses the room knows from its ticket or from earlier, and since when it looks for them, in
    /// milliseconds since the Unix epoch.
    pub fn sought(&self) -> (Vec<Sought>, u64) {
        let posted = self.board.posted();
        posted.tried.sought(&posted.standing.contacts)
    }

    /// Why the room takes part in nothing, if it does not.
    pub fn stopped(&self) -> Option<Error> {
        self.board.posted().stopped.as_ref().map(Stop::error)
    }

    /// The peers that the room is reached by.
    pub(crate) fn known_contacts(&self) -> Vec<Contact> {
        self.standing().contacts
    }

    fn standing(&self) -> Standing {
        self.board.posted().standing.clone()
    }

    /// Reads the store, unless the room was left or is damaged.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut dyn Read, &RoomId) -> Result<T, rumormill_store::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let stopped = self.board.posted().stopped.clone();
        if let Some(stop @ (Stop::Damaged(_) | Stop::Left)) = stopped {
            return Err(stop.error());
        }
        self.look(read).await
    }

    /// Reads the store, even when the room is stopped.
    async fn look<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut dyn Read, &RoomId) -> Result<T, rumormill_store::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let room = self.board.id;
        let closed = self.board.posted().closed.clone();
        let read = move |reader: &mut dyn Read| match closed {
            Some(closed) => read(&mut Counting::new(reader, closed.shown.clone()), &room),
            None => read(reader, &room),
        };
        self.node.readers.read(read).await
    }
}

fn peer_status(linked: &Linked) -> PeerStatus {
    let (path, rtt_ms) = path(&linked.connection);
    let Linked { peer, author, holds, stock, .. } = *linked;
    PeerStatus { peer, author, path, rtt_ms, holds, stock }
}

fn link(linked: &Linked) -> LinkFigures {
    let (path, rtt_ms) = path(&linked.connection);
    let carried = linked.connection.upgrade().map(|connection| connection.stats());
    let carried = carried.map(|stats| [stats.udp_rx.bytes, stats.udp_tx.bytes]).unwrap_or_default();
    let unsent_bytes = linked.outbound.upgrade().map_or(0, |queue| queue.waiting() as u64);
    LinkFigures { peer: linked.peer, path, rtt_ms, carried, unsent_bytes, rooms: 1 }
}

/// The path that a connection uses now, and its round trip in milliseconds.
fn path(connection: &WeakConnectionHandle) -> (Path, u32) {
    let Some(connection) = connection.upgrade() else { return (Path::Direct, 0) };
    let paths = connection.paths();
    let used = paths.iter().find(|path| path.is_selected()).or_else(|| paths.iter().next());
    used.map_or((Path::Direct, 0), |path| {
        let way = if path.is_relay() { Path::Relayed } else { Path::Direct };
        (way, u32::try_from(path.rtt().as_millis()).unwrap_or(u32::MAX))
    })
}

//! A node: opening and closing it, and the rooms on it.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::Path,
    sync::{Arc, PoisonError},
    thread,
};

use bytes::Bytes;
use iroh::{Endpoint, SecretKey, Watcher};
use rumormill_proto::{
    admit::Author,
    entry::{Kind, found, found_closed},
    frame::Contact,
    ids::{PeerId, RoomId},
};
use rumormill_store::{Closed, Disk, Files, HomeKey, Listed, Memory, Rooms, Still, Store, free_bytes, used_bytes};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot, watch},
};

use crate::{
    address,
    attached::Attached,
    board::{Board, Boards},
    command::Command,
    connector::{Connector, Outside},
    damaged::Remembered,
    dht::{Mainline, Says},
    driver::{Driver, Tools},
    endpoint,
    error::Error,
    figures::{Carried, Figures, LinkFigures, Queues},
    files::{Shelf, Ways},
    inner::Inner,
    lan::Lan,
    limits::{COMMANDS, TEXT_BYTES},
    linking::Shown,
    links::Links,
    nearby::{self, NearbyRoom},
    random::random,
    readers::Readers,
    room::Room,
    settings::{Bind, Home, Reach, RoomSetup, Settings},
    ticket::{Admits, Ticket},
    wires::Wires,
};

/// A running member of rooms. Clones are the same node. It ends when [`Node::close`] is called, or when all clones and
/// all rooms of it are dropped.
#[derive(Clone)]
pub struct Node {
    pub(crate) inner: Arc<Inner>,
}

impl Node {
    /// Opens the home, binds the sockets, and enters every room that the home remembers. A damaged room does not hinder
    /// the others: it is listed, and [`Room::stopped`] says why. The node's tasks run on the runtime of the caller.
    ///
    /// # Errors
    /// [`Error::Store`] when the home cannot be opened or another node has it open, [`Error::Bind`] when the
    /// sockets cannot be bound, [`Error::Lan`] when LAN discovery cannot be started.
    pub async fn open(settings: Settings) -> Result<Self, Error> {
        let (home, key) = (settings.home.clone(), settings.key.clone());
        let opened = tokio::task::spawn_blocking(move || open_home(&home, key.as_ref()));
        let opened = opened.await.map_err(|_| Error::Closed)??;
        Self::on(opened, settings).await
    }

    /// Opens a node on a home that is open.
    pub(crate) async fn on(opened: Opened, settings: Settings) -> Result<Self, Error> {
        let Opened { mut store, rooms, files, held } = opened;
        let secret = match settings.peer_secret {
            Some(secret) => secret,
            None => store.peer_secret(random())?,
        };
        let reach = settings.reach();
        let attached = (reach == Reach::Lan).then(Attached::now).transpose()?.map(Arc::new);
        let says = if matches!(reach, Reach::Direct { .. }) { Says::Addresses } else { Says::Relay };
        let mainline = reach.dht().then(|| Mainline::new(&settings.dht_nodes, says));
        let secret = SecretKey::from_bytes(&secret);
        let endpoint = endpoint::bind(&settings, attached.as_deref(), mainline.as_ref(), secret).await?;
        let readers = Arc::new(Readers::open(&*store)?);
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let boards = Boards::default();
        let ways = Ways { commands: commands.downgrade(), readers: readers.clone(), boards: boards.clone() };
        let shelf = Shelf::open(files, held, ways);
        let wires = Wires::new(commands.downgrade(), readers.clone(), shelf.clone());
        let (tally, turns) = (wires.tally.clone(), wires.turns.clone());
        let shown = Shown::default();
        let relays = if let Reach::Relays { relays, .. } = &reach { relays.clone() } else { Vec::new() };
        let outside = Outside { endpoint: endpoint.clone(), attached: attached.clone(), relays };
        let connector = Connector::open(outside, wires.clone(), boards.clone(), shown.clone());
        let addr = endpoint.addr();
        let links = Links::new(address::peer(addr.id), address::encode(&addr), connector);
        let (retag, retagged) = watch::channel(());
        let tools = Tools {
            me: address::peer(endpoint.id()),
            trace: settings.trace,
            clock: settings.clock.clone(),
            runtime: Handle::current(),
            wires: wires.clone(),
            readers: readers.clone(),
            boards: boards.clone(),
            shelf: shelf.clone(),
            retag,
        };
        start(Driver::new(store, links, tools)?, inbox)?;
        tokio::spawn(watch_address(endpoint.clone(), wires.clone()));
        let lan = match settings.bind {
            Bind::Any if settings.lan => Some(Lan::start(&endpoint, wires, boards.clone(), retagged)?),
            _ => None,
        };
        let dir = settings.home.dir().map(Path::to_owned);
        let inner = Inner {
            readers,
            shelf,
            commands,
            boards,
            shown,
            endpoint,
            lan,
            reach,
            mainline,
            attached,
            tally,
            turns,
            dir,
        };
        let node = Self { inner: Arc::new(inner) };
        node.resume(rooms).await?;
        Ok(node)
    }

    /// Enters the rooms that the home remembers, and lists those that are damaged.
    async fn resume(&self, Rooms { whole, damaged }: Rooms) -> Result<(), Error> {
        let whole = whole.into_iter().map(Remembered::Whole);
        for room in whole.chain(damaged.into_iter().map(Remembered::Damaged)) {
            let (answer, resumed) = oneshot::channel();
            self.inner.command(Command::Resume { room: Box::new(room), answer }).await?;
            resumed.await.map_err(|_| Error::Closed)?;
        }
        self.inner.command(Command::Resumed).await?;
        self.inner.announce().await;
        Ok(())
    }

    /// Founds an open room and enters it.
    ///
    /// # Errors
    /// [`Error::TooLong`] when the name does not fit into an entry, and those of [`Node::enter`] and
    /// [`Entries::say`](crate::Entries::say).
    pub async fn create(&self, name: &str) -> Result<Room, Error> {
        let author_secret = random();
        let author = Author::from_secret(&author_secret).id();
        let [nonce @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = random();
        let (id, body) = found(&author, name, nonce);
        if body.len() > TEXT_BYTES {
            return Err(Error::TooLong);
        }
        let setup = RoomSetup::new(id, random(), author_secret, name);
        self.begin(setup, vec![(Kind::FOUND, body)]).await
    }

    /// Founds a closed room and enters it: its members decide who comes in.
    ///
    /// # Errors
    /// As [`Node::create`].
    pub async fn create_closed(&self, name: &str) -> Result<Room, Error> {
        let author_secret = random();
        let founder = Author::from_secret(&author_secret).id();
        let [nonce @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = random();
        let (id, body) = found_closed(&founder, nonce);
        if name.len() > TEXT_BYTES {
            return Err(Error::TooLong);
        }
        let mut setup = RoomSetup::new(id, random(), author_secret, name);
        setup.closed = Some(Closed { founder, pass: None, device_of: None, keeps: false });
        let name = Bytes::copy_from_slice(name.as_bytes());
        self.begin(setup, vec![(Kind::FOUND, body), (Kind::NAME, name)]).await
    }

    /// Enters a room, and says its first entries.
    pub(crate) async fn begin(&self, setup: RoomSetup, first: Vec<(Kind, Bytes)>) -> Result<Room, Error> {
        let room = self.enter(setup).await?;
        match room.entries().say(first).await {
            Ok(_) => Ok(room),
            Err(why) => {
                // Nothing is left of it, so that a caller who tries again has one room. If the room cannot be left
                // either, it stays without a name.
                let _ = room.leave().await;
                Err(why)
            }
        }
    }

    /// Enters the room of a ticket and dials its contacts. Returns at once, whether they answer or not. A room that was
    /// entered before stays as it is, and only gets the contacts.
    ///
    /// # Errors
    /// As [`Node::enter`].
    pub async fn join(&self, ticket: &Ticket) -> Result<Room, Error> {
        let mut setup = RoomSetup::new(ticket.room, ticket.secret, random(), "");
        setup.contacts.clone_from(&ticket.contacts);
        setup.closed = ticket.admits.map(Admits::closed);
        self.enter(setup).await
    }

    /// Enters a room of another node on this machine under the name that it has there, and dials that node over the
    /// loopback address: the two meet even without a network. A room that was entered before stays as it is.
    ///
    /// # Errors
    /// As [`Node::enter`].
    pub async fn join_beside(&self, room: &Room) -> Result<Room, Error> {
        let (ticket, beside) = (room.ticket().await?, room.node.contact_beside());
        let mut setup = RoomSetup::new(ticket.room, ticket.secret, random(), &room.name());
        let others = ticket.contacts.iter().filter(|contact| contact.peer != beside.peer);
        setup.contacts = [&beside].into_iter().chain(others).cloned().collect();
        setup.closed = ticket.admits.map(Admits::closed);
        self.enter(setup).await
    }

    /// Enters a room with a custom setup, for tools that choose keys, contacts or the spreading of rumors themselves.
    ///
    /// # Errors
    /// [`Error::Store`] when the home cannot be read or written, [`Error::TooManyRooms`], [`Error::Closed`].
    pub async fn enter(&self, setup: RoomSetup) -> Result<Room, Error> {
        let board = self.inner.ask(|answer| Command::Enter { setup: Box::new(setup), answer }).await?;
        self.inner.announce().await;
        Ok(Room::new(board, self.inner.clone()))
    }

    /// Resolves when a peer is found on the LAN after this call; never if LAN discovery is off.
    pub fn found(&self) -> impl Future<Output = ()> + use<> {
        let news = self.inner.lan.as_ref().map(|lan| lan.news());
        async move {
            // The sender lives as long as the node.
            if let Some(mut news) = news
                && news.changed().await.is_ok()
            {
                return;
            }
            std::future::pending().await
        }
    }

    /// Whether peers are searched for on the LAN.
    pub fn searches_lan(&self) -> bool {
        self.inner.lan.is_some()
    }

    /// Asks the peers that were found on the LAN which rooms they announce; empty if LAN discovery is off.
    pub async fn nearby(&self) -> Vec<NearbyRoom> {
        let found = self.inner.lan.as_ref().map(|lan| lan.found()).unwrap_or_default();
        nearby::ask_all(&self.inner.endpoint, found).await
    }

    /// All rooms, in the order of their ids.
    pub fn rooms(&self) -> Vec<Room> {
        self.boards().values().map(|board| Room::new(board.clone(), self.inner.clone())).collect()
    }

    /// A room by its id.
    pub fn room(&self, id: &RoomId) -> Option<Room> {
        self.boards().get(id).map(|board| Room::new(board.clone(), self.inner.clone()))
    }

    /// The id of this node for other peers.
    pub fn peer(&self) -> PeerId {
        address::peer(self.inner.endpoint.id())
    }

    /// The id and the addresses of this node, as in a ticket.
    pub fn contact(&self) -> Contact {
        self.inner.contact()
    }

    /// What the node has done since it was opened, and what waits in it.
    pub async fn figures(&self) -> Figures {
        let inner = &self.inner;
        let socket = &inner.endpoint.metrics().socket;
        let [home_bytes, free_bytes] = match inner.dir.clone() {
            Some(dir) => tokio::task::spawn_blocking(move || disk(&dir)).await.unwrap_or_default(),
            None => [None, None],
        };
        let (frames, frame_bytes) = inner.turns.waiting();
        let commands = inner.commands.max_capacity().saturating_sub(inner.commands.capacity());
        Figures {
            home_bytes,
            free_bytes,
            carried: Carried {
                direct_in: socket.recv_data_ipv4.get().saturating_add(socket.recv_data_ipv6.get()),
                direct_out: socket.send_ipv4.get().saturating_add(socket.send_ipv6.get()),
                relayed_in: socket.recv_data_relay.get(),
                relayed_out: socket.send_relay.get(),
            },
            queues: Queues { commands: commands as u64, frames: frames as u64, frame_bytes: frame_bytes as u64 },
            links: links(&self.rooms()),
            ..inner.tally.figures()
        }
    }

    /// The sockets that the node listens on.
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        self.inner.endpoint.bound_sockets()
    }

    /// How far the node goes to reach peers.
    pub fn reach(&self) -> &Reach {
        &self.inner.reach
    }

    /// Whether the node sends packets to this address; to an address that has to be looked up, if it is `None`.
    pub fn goes_to(&self, ip: Option<IpAddr>) -> bool {
        Attached::allow(self.inner.attached.as_deref(), ip)
    }

    /// Makes everything durable, says goodbye to all peers and closes the home. From then on rooms of this node answer
    /// [`Error::Closed`].
    pub async fn close(self) {
        let (answer, closed) = oneshot::channel();
        // Both fail only when the node was closed before.
        let _ = self.inner.command(Command::Close { answer }).await;
        let store = closed.await;
        self.inner.shelf.close();
        let stores = async {
            self.inner.readers.close().await;
            // After the last reader, which would keep copies of what the store wipes when it closes.
            let _ = tokio::task::spawn_blocking(|| drop(store)).await;
        };
        tokio::join!(stores, self.inner.endpoint.close());
    }

    fn boards(&self) -> BTreeMap<RoomId, Arc<Board>> {
        self.inner.boards.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Bytes of a home, and bytes free on its disk.
fn disk(dir: &Path) -> [Option<u64>; 2] {
    [used_bytes(dir).ok(), free_bytes(dir).ok()]
}

/// The linked peers. Those of several rooms have one connection.
fn links(rooms: &[Room]) -> Vec<LinkFigures> {
    let mut links: BTreeMap<PeerId, LinkFigures> = BTreeMap::new();
    for link in rooms.iter().flat_map(Room::links) {
        links.entry(link.peer).and_modify(|known| known.rooms += 1).or_insert(link);
    }
    links.into_values().collect()
}

/// An open home, and the data it remembers.
pub(crate) struct Opened {
    pub(crate) store: Box<dyn Store>,
    pub(crate) rooms: Rooms,
    pub(crate) files: Files,
    pub(crate) held: Listed,
}

fn open_home(home: &Home, key: Option<&HomeKey>) -> Result<Opened, Error> {
    let (store, files): (Box<dyn Store>, _) = match home {
        Home::Dir(dir) => (Box::new(Disk::open_under(dir, key)?), Files::open(dir)?),
        Home::Still(dir) => (Box::new(Still::open(dir, key)?), Files::open(dir)?),
        Home::Memory => (Box::new(Memory::new()), Files::nowhere()),
    };
    let (rooms, held) = (store.rooms()?, files.list()?);
    Ok(Opened { store, rooms, files, held })
}

/// Starts the driver on a thread and with a timer of its own.
fn start(driver: Driver, inbox: mpsc::Receiver<Command>) -> Result<(), Error> {
    let failed = |why: std::io::Error| Error::Thread { why: why.to_string() };
    let clock = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(failed)?;
    let thread = thread::Builder::new().name("rumormill".into());
    thread.spawn(move || driver.run(&clock, inbox)).map_err(failed)?;
    Ok(())
}

/// Tells the driver whenever our address changes.
async fn watch_address(endpoint: Endpoint, wires: Wires) {
    let mut addrs = endpoint.watch_addr();
    let closed = endpoint.closed();
    drop(endpoint);
    let watch = async {
        while let Ok(addr) = addrs.updated().await {
            wires.tell(Command::Readdressed { address: address::encode(&addr) }).await;
        }
    };
    closed.run_until(watch).await;
}

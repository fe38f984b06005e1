//! A node: the engine of every room it is in, on a real network.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, PoisonError},
    thread,
};

use iroh::{Endpoint, SecretKey, Watcher};
use rumormill_proto::{
    admit::Author,
    entry::{Kind, found},
    frame::Contact,
    ids::{PeerId, RoomId},
    rumor::{Policy, delegating::Delegating},
    sync::Pace,
    view::Shape,
};
use rumormill_store::{Disk, Files, Keep, Listed, Memory, RoomRecord, Rooms, Still, Store};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};

use crate::{
    address,
    board::Board,
    command::Command,
    damaged::Remembered,
    door::Door,
    driver::{Boards, Driver, Tools},
    endpoint,
    error::Error,
    files::{Shelf, Ways},
    lan::Lan,
    limits::{COMMANDS, TEXT_BYTES},
    link::Wires,
    links::Links,
    nearby::{self, Nearby},
    random::random,
    readers::Readers,
    room::Room,
    settings::{Bind, Home, RoomSetup, Settings},
    ticket::Ticket,
};

/// A running process of Rumormill. Clones are the same node; it ends when [`Node::close`] is called or all
/// clones and all rooms of it are dropped.
#[derive(Clone)]
pub struct Node {
    pub(crate) inner: Arc<Inner>,
}

/// What a node and its rooms share.
pub(crate) struct Inner {
    pub(crate) readers: Arc<Readers>,
    pub(crate) shelf: Arc<Shelf>,
    commands: mpsc::Sender<Command>,
    boards: Boards,
    pub(crate) endpoint: Endpoint,
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

impl Node {
    /// Opens the home, binds the sockets and enters every room the home knows; see [`Room::stopped`] for those that are
    /// damaged. Its tasks run on the runtime
    /// this is called on.
    ///
    /// # Errors
    /// [`Error::Store`] when the home cannot be opened or another node has it open, [`Error::Bind`] when the
    /// sockets cannot be bound, [`Error::Lan`] when LAN discovery cannot be started.
    pub async fn open(settings: Settings) -> Result<Self, Error> {
        let home = settings.home.clone();
        let opened = tokio::task::spawn_blocking(move || open_home(&home)).await.map_err(|_| Error::Closed)??;
        Self::on(opened, settings).await
    }

    /// A node with this home.
    pub(crate) async fn on(opened: Opened, settings: Settings) -> Result<Self, Error> {
        let Opened { mut store, rooms, files, held } = opened;
        let secret = match settings.peer_secret {
            Some(secret) => secret,
            None => store.peer_secret(random())?,
        };
        let endpoint = endpoint::bind(&settings, SecretKey::from_bytes(&secret)).await?;
        let readers = Arc::new(Readers::open(&*store)?);
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let boards = Boards::default();
        let ways = Ways { commands: commands.downgrade(), readers: readers.clone(), boards: boards.clone() };
        let shelf = Shelf::open(files, held, ways);
        let wires = Wires::new(commands.downgrade(), readers.clone(), shelf.clone());
        let door = Door::open(endpoint.clone(), wires.clone(), boards.clone());
        let addr = endpoint.addr();
        let links = Links::new(address::peer(addr.id), address::encode(&addr), door);
        let tools = Tools {
            me: address::peer(endpoint.id()),
            trace: settings.trace,
            clock: settings.clock.clone(),
            runtime: Handle::current(),
            wires: wires.clone(),
            readers: readers.clone(),
            boards: boards.clone(),
            shelf: shelf.clone(),
        };
        start(Driver::new(store, links, tools)?, inbox)?;
        tokio::spawn(watch_address(endpoint.clone(), wires.clone()));
        let lan = match settings.bind {
            Bind::Any if settings.lan => Some(Lan::start(&endpoint, wires, boards.clone())?),
            _ => None,
        };
        let relays = settings.relay && settings.bind == Bind::Any;
        let node = Self { inner: Arc::new(Inner { readers, shelf, commands, boards, endpoint, lan, relays }) };
        node.resume(rooms).await?;
        Ok(node)
    }

    /// Enters the rooms that the home remembers; those that are damaged are listed as such.
    async fn resume(&self, Rooms { whole, damaged }: Rooms) -> Result<(), Error> {
        let whole = whole.into_iter().map(Remembered::Whole);
        for room in whole.chain(damaged.into_iter().map(Remembered::Damaged)) {
            let (answer, resumed) = oneshot::channel();
            self.inner.command(Command::Resume { room: Box::new(room), answer }).await?;
            resumed.await.map_err(|_| Error::Closed)?;
        }
        self.inner.announce().await;
        Ok(())
    }

    /// Founds a room and enters it.
    ///
    /// # Errors
    /// [`Error::TooLong`] when the name does not fit into an entry, and what [`Node::enter`] and
    /// [`Room::say_all`] say.
    pub async fn create(&self, name: &str) -> Result<Room, Error> {
        let author_secret = random();
        let author = Author::from_secret(&author_secret).id();
        let [nonce @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = random();
        let (id, body) = found(&author, name, nonce);
        if body.len() > TEXT_BYTES {
            return Err(Error::TooLong);
        }
        let room = self.enter(setup(id, random(), author_secret, name)).await?;
        match room.say_all(vec![(Kind::FOUND, body)]).await {
            Ok(_) => Ok(room),
            Err(why) => {
                // Nothing was made, so that nobody makes it twice; a room that cannot be left either stays without a name.
                let _ = room.leave().await;
                Err(why)
            }
        }
    }

    /// Enters the room of a ticket and dials its contacts. Returns at once, whether they answer or not; a room
    /// that was entered before stays as it is and only hears of the contacts.
    ///
    /// # Errors
    /// As [`Node::enter`].
    pub async fn join(&self, ticket: &Ticket) -> Result<Room, Error> {
        let mut setup = setup(ticket.room, ticket.secret, random(), "");
        setup.contacts.clone_from(&ticket.contacts);
        self.enter(setup).await
    }

    /// Enters a room that is set up by hand.
    ///
    /// # Errors
    /// [`Error::Store`] when the home cannot be read or written, [`Error::TooManyRooms`], [`Error::Closed`].
    pub async fn enter(&self, setup: RoomSetup) -> Result<Room, Error> {
        let board = self.inner.ask(|answer| Command::Enter { setup: Box::new(setup), answer }).await?;
        self.inner.announce().await;
        Ok(Room::new(board, self.inner.clone()))
    }

    /// Resolves when one more peer is found on the LAN after this was called; never where LAN discovery is off.
    pub fn found(&self) -> impl Future<Output = ()> + use<> {
        let news = self.inner.lan.as_ref().map(Lan::news);
        async move {
            // The other end goes only with the node.
            if let Some(mut news) = news
                && news.changed().await.is_ok()
            {
                return;
            }
            std::future::pending().await
        }
    }

    /// Asks the peers found on the LAN so far which rooms they announce; empty where LAN discovery is off.
    pub async fn nearby(&self) -> Vec<Nearby> {
        let found = self.inner.lan.as_ref().map(Lan::found).unwrap_or_default();
        nearby::ask_all(&self.inner.endpoint, found).await
    }

    /// All rooms, ids ascending.
    pub fn rooms(&self) -> Vec<Room> {
        self.boards().values().map(|board| Room::new(board.clone(), self.inner.clone())).collect()
    }

    /// One room.
    pub fn room(&self, id: &RoomId) -> Option<Room> {
        self.boards().get(id).map(|board| Room::new(board.clone(), self.inner.clone()))
    }

    /// Who we are to other peers.
    pub fn peer(&self) -> PeerId {
        address::peer(self.inner.endpoint.id())
    }

    /// Who we are and how we are reached, as in a ticket.
    pub fn contact(&self) -> Contact {
        self.inner.contact()
    }

    /// The sockets we listen on.
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        self.inner.endpoint.bound_sockets()
    }

    /// Makes everything durable, says goodbye to all peers and lets the home go. Rooms of this node answer
    /// [`Error::Closed`] from now on.
    pub async fn close(self) {
        let (answer, closed) = oneshot::channel();
        // Both fail only when the node was closed before.
        let _ = self.inner.command(Command::Close { answer }).await;
        let _ = closed.await;
        self.inner.shelf.close();
        self.inner.readers.close().await;
        self.inner.endpoint.close().await;
    }

    fn boards(&self) -> BTreeMap<RoomId, Arc<Board>> {
        self.inner.boards.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What a home holds.
pub(crate) struct Opened {
    pub(crate) store: Box<dyn Store>,
    pub(crate) rooms: Rooms,
    pub(crate) files: Files,
    pub(crate) held: Listed,
}

fn open_home(home: &Home) -> Result<Opened, Error> {
    let (store, files): (Box<dyn Store>, _) = match home {
        Home::Dir(dir) => (Box::new(Disk::open(dir)?), Files::open(dir)?),
        Home::Still(dir) => (Box::new(Still::open(dir)?), Files::open(dir)?),
        Home::Memory => (Box::new(Memory::new()), Files::nowhere()),
    };
    let (rooms, held) = (store.rooms()?, files.list()?);
    Ok(Opened { store, rooms, files, held })
}

/// Starts the driver on a thread of its own, with a clock of its own.
fn start(driver: Driver, inbox: mpsc::Receiver<Command>) -> Result<(), Error> {
    let failed = |why: std::io::Error| Error::Thread { why: why.to_string() };
    let clock = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(failed)?;
    let thread = thread::Builder::new().name("rumormill".into());
    thread.spawn(move || driver.run(&clock, inbox)).map_err(failed)?;
    Ok(())
}

/// Tells the driver whenever we are reached in another way.
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

/// How a room is entered by default.
pub(crate) fn setup(id: RoomId, secret: [u8; 32], author_secret: [u8; 32], name: &str) -> RoomSetup {
    RoomSetup {
        id,
        secret,
        author_secret,
        fresh_author: true,
        name: name.to_owned(),
        shape: Shape::Open,
        policy: Policy::Delegating(Delegating::default()),
        pace: Pace::default(),
        contacts: Vec::new(),
        keep: true,
        retention: Keep::default(),
        announced: false,
    }
}

/// How a room is entered that the home remembers.
pub(crate) fn kept(record: RoomRecord) -> RoomSetup {
    let mut setup = setup(record.id, record.secret, record.author_secret, &record.name);
    setup.fresh_author = false;
    setup.contacts = record.contacts;
    setup.retention = record.keep;
    setup.announced = record.announced;
    setup
}

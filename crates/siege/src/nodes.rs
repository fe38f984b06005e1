//! A stage of real nodes on loopback, and hostile peers over the real transport.
//!
//! [`besiege`] makes a room of honest nodes that talk, lets the attack loose, and measures what the honest ones notice. A
//! [`Rogue`] is a hostile peer, a [`Wire`] one connection of it, on which it says whatever bytes it likes.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use iroh::{
    Endpoint, EndpointAddr, RelayMode, SecretKey,
    endpoint::{Connection, ConnectionError, PortmapperConfig, RecvStream, SendStream, presets},
};
use rumormill_node::{Node, Room, RoomEvent, RoomStatus, Settings};
use rumormill_proto::{
    admit::Author,
    codec::put_number,
    input::Event,
    message::{Hello, Message},
};
use tokio::task::JoinHandle;

use crate::outcome::{Bound, Delivery, Form, Measured, Outcome};

/// What peers of the first version and of the present one say they speak.
pub const FIRST: &[u8] = b"rumormill/1";
/// See [`FIRST`].
pub const PRESENT: &[u8] = b"rumormill/1.1";

/// Numbers with which a node closes a connection.
pub const NOTHING_SHARED: u64 = 1;
/// See [`NOTHING_SHARED`].
pub const BARRED: u64 = 3;

/// Catches hangs; nothing is judged by it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for what must come.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("this never came: {what}"))
}

/// Waits until the room's status is as it should be; whether that came.
pub async fn comes(room: &Room, good: impl Fn(&RoomStatus) -> bool) -> bool {
    let wait = async {
        loop {
            let renewed = room.renewed();
            if good(&room.status()) {
                return;
            }
            renewed.await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.is_ok()
}

/// Honest nodes in one room, linked with each other.
pub struct Town {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The room at each of them.
    pub rooms: Vec<Room>,
}

impl Town {
    /// So many nodes with nothing on disk.
    pub async fn new(count: usize) -> Self {
        let mut town = Self { nodes: Vec::new(), rooms: Vec::new() };
        for at in 0..count {
            let node = Node::open(Settings::memory()).await.unwrap();
            let room = match at {
                0 => node.create("besieged").await.unwrap(),
                _ => node.join(&town.rooms[0].ticket()).await.unwrap(),
            };
            town.nodes.push(node);
            town.rooms.push(room);
        }
        for room in &town.rooms {
            assert!(comes(room, |status| status.peers.len() >= count - 1).await, "a mesh of {count}");
        }
        town
    }

    /// Closes all nodes.
    pub async fn close(self) {
        for node in self.nodes {
            node.close().await;
        }
    }

    /// Waits until all hold the same, and nothing is missing; whether that came.
    pub async fn agrees(&self) -> bool {
        for room in &self.rooms[1..] {
            let same = |status: &RoomStatus| status.digest == self.rooms[0].status().digest && status.missing == 0;
            if !comes(room, same).await {
                return false;
            }
        }
        true
    }
}

/// Tells an attack when to end.
#[derive(Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Whether it has lasted long enough.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Nodes in the full form, as the list of threats has it; two are enough to see counts.
const NODES: (usize, usize) = (2, 8);

/// Lines of each node in one measurement, and milliseconds between two of them: ten a second.
const LINES: (usize, usize) = (5, 50);
const EVERY_MS: u64 = 100;

/// Lets an attack loose on a room of honest people who talk all the while. The attack gets the town, and lasts until it is
/// told to stop or has done what it had to. What it returns is completed with what the honest people noticed: whether
/// every line reached everybody, and whether all hold the same at the end.
pub fn besiege(form: Form, attack: impl AsyncFnOnce(&Town, &Stop) -> Outcome) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let town = Town::new(form.pick(NODES.0, NODES.1)).await;
        let mut ears = Ears::new(&town);
        let lines = form.pick(LINES.0, LINES.1);
        let mut measured = Measured::default();
        let mut heard = 0;
        for _ in 0..form.pick(1, 5) {
            let (times_ms, all) = ears.talk(&town, lines).await;
            measured.calm.push(Delivery::of(times_ms));
            heard += all;
        }
        let calm = heard;
        let before_mib = memory_mib();
        let stop = Stop::default();
        let (began, busy) = (Instant::now(), busy_s());
        let talk = async {
            let (times_ms, all) = ears.talk(&town, lines).await;
            let mib = memory_mib();
            stop.set();
            (times_ms, all, mib)
        };
        let (mut outcome, (times_ms, during, during_mib)) = tokio::join!(attack(&town, &stop), talk);
        let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
        measured.idle_cores = cores - (busy_s() - busy) / began.elapsed().as_secs_f64();
        measured.during = Delivery::of(times_ms);
        let (times_ms, after) = ears.talk(&town, lines).await;
        measured.after = Delivery::of(times_ms);
        measured.memory_mib = [before_mib, during_mib, memory_mib()];
        let each = (lines * town.rooms.len() * (town.rooms.len() - 1)) as u64;
        assert_eq!(calm, measured.calm.len() as u64 * each, "all is well before the attack");
        outcome.count("lines that arrived under attack", during, Bound::Is(each));
        outcome.count("lines that arrived afterwards", after, Bound::Is(each));
        outcome.count("all hold the same", u64::from(town.agrees().await), Bound::Is(1));
        outcome.measured = Some(measured);
        town.close().await;
        outcome
    })
}

/// When each line was said, and how many milliseconds later it was heard by each who did.
type Heard = Arc<Mutex<BTreeMap<String, (Instant, Vec<f64>)>>>;

/// Hears what is shown at every node.
struct Ears {
    lines: Heard,
    tasks: Vec<JoinHandle<()>>,
    said: u64,
}

impl Ears {
    fn new(town: &Town) -> Self {
        let lines = Heard::default();
        let listen = |room: &Room| {
            let (mut events, lines) = (room.events(), lines.clone());
            let me = room.author();
            tokio::spawn(async move {
                while let Some(event) = events.next().await {
                    if let RoomEvent::Engine(Event::Shown { entry, .. }) = event
                        && entry.author != me
                        && let Some(text) = entry.body.bytes().and_then(|body| std::str::from_utf8(body).ok())
                        && let Some((at, heard)) = lines.lock().unwrap().get_mut(text)
                    {
                        heard.push(at.elapsed().as_secs_f64() * 1_000.0);
                    }
                }
            })
        };
        let tasks = town.rooms.iter().map(listen).collect();
        Self { lines, tasks, said: 0 }
    }

    /// Everybody says so many lines, and waits until they were heard; how long each took to each, and how many were.
    async fn talk(&mut self, town: &Town, count: usize) -> (Vec<f64>, u64) {
        let mut tick = tokio::time::interval(Duration::from_millis(EVERY_MS));
        for _ in 0..count {
            tick.tick().await;
            for room in &town.rooms {
                self.said += 1;
                let text = format!("honest line {}", self.said);
                self.lines.lock().unwrap().insert(text.clone(), (Instant::now(), Vec::new()));
                // A room that takes nothing more is seen by the line that nobody hears.
                let _ = tokio::time::timeout(PATIENCE, room.say(&text)).await;
            }
        }
        let each = town.rooms.len() - 1;
        let (mut so_far, mut since) = (0, Instant::now());
        let mut look = tokio::time::interval(Duration::from_millis(20));
        while since.elapsed() < PATIENCE / 6 {
            look.tick().await;
            let heard: Vec<usize> = self.lines.lock().unwrap().values().map(|(_, heard)| heard.len()).collect();
            if heard.iter().all(|heard| *heard >= each) {
                break;
            }
            let sum = heard.iter().sum::<usize>();
            if sum > so_far {
                (so_far, since) = (sum, Instant::now());
            }
        }
        let lines = std::mem::take(&mut *self.lines.lock().unwrap());
        let heard: Vec<f64> = lines.into_values().flat_map(|(_, heard)| heard).collect();
        let count = heard.len() as u64;
        (heard, count)
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// MiB that this process holds.
pub fn memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1024
}

/// Seconds of cores that this process has used.
fn busy_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    // The 14th and 15th field of proc(5), in hundredths of a second.
    (ticks(11) + ticks(12)) / 100.0
}

/// A hostile peer.
pub struct Rogue {
    /// Its endpoint.
    pub endpoint: Endpoint,
    /// The node that it attacks.
    pub target: EndpointAddr,
}

/// One connection of a hostile peer.
pub struct Wire {
    /// The connection.
    pub connection: Connection,
    /// What it says on the live stream.
    pub live: SendStream,
    /// What it is told there. Unless somebody reads, the node's queue fills.
    pub replies: RecvStream,
}

impl Rogue {
    /// One with a key of its own.
    pub async fn new(target: &Node) -> Self {
        Self::with_key(target, SecretKey::generate()).await
    }

    /// One with this key.
    pub async fn with_key(target: &Node, key: SecretKey) -> Self {
        let endpoint = Endpoint::builder(presets::Minimal)
            .relay_mode(RelayMode::Disabled)
            .portmapper_config(PortmapperConfig::Disabled)
            .clear_ip_transports()
            .bind_addr("127.0.0.1:0")
            .unwrap()
            .secret_key(key)
            .bind()
            .await
            .unwrap();
        let id = iroh::EndpointId::from_bytes(&target.peer().0).unwrap();
        let target = EndpointAddr::new(id).with_ip_addr(target.local_addrs()[0]);
        Self { endpoint, target }
    }

    /// A connection; `None` when there is none to be had for a few seconds.
    pub async fn connect(&self, version: &[u8]) -> Option<Wire> {
        let dial = async {
            let connection = self.endpoint.connect(self.target.clone(), version).await.ok()?;
            let (live, replies) = connection.open_bi().await.ok()?;
            Some(Wire { connection, live, replies })
        };
        tokio::time::timeout(Duration::from_secs(5), dial).await.ok().flatten()
    }

    /// A connection of a member: greeted and said hello to. The member writes as nobody in particular.
    pub async fn member(&self, room: &Room) -> Option<Wire> {
        let mut wire = self.connect(PRESENT).await?;
        wire.greet(room).await;
        let author = Author::from_secret(blake3::hash(self.endpoint.id().as_bytes()).as_bytes());
        wire.say(&Message::Hello(Hello { author: author.id(), wall_ms: wall_ms() })).await;
        Some(wire)
    }
}

/// What a right clock says.
pub fn wall_ms() -> u64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_millis() as u64)
}

impl Wire {
    /// Sends bytes as they are; whether the connection took them.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        self.live.write_all(bytes).await.is_ok()
    }

    /// Announces the room as a member does.
    pub async fn greet(&mut self, room: &Room) -> bool {
        let mut exported = [0; 32];
        self.connection.export_keying_material(&mut exported, b"rumormill 1 greeting", b"").unwrap();
        let ticket = room.ticket();
        let key = blake3::derive_key("rumormill 1 greeting", &ticket.secret);
        let tag = blake3::Hasher::new_keyed(&key).update(&exported).update(&[0]).update(&ticket.room.0).finalize();
        self.send(&frame(0, &[&[0], &[7; 8][..], tag.as_bytes()].concat())).await
    }

    /// Says a message about the room that was greeted with.
    pub async fn say(&mut self, message: &Message) -> bool {
        self.send(&frame(1, &message.encode())).await
    }

    /// Says a control of the connection.
    pub async fn control(&mut self, body: &[u8]) -> bool {
        self.send(&frame(0, body)).await
    }

    /// The number with which the node closed the connection; `None` when it did not.
    pub async fn closed(&self) -> Option<u64> {
        match tokio::time::timeout(PATIENCE / 4, self.connection.closed()).await {
            Ok(ConnectionError::ApplicationClosed(close)) => Some(close.error_code.into_inner()),
            Ok(_) | Err(_) => None,
        }
    }

    /// Reads what is said and throws it away, in the background, so that the node's queue does not fill.
    pub fn read_all(self) -> (Connection, SendStream) {
        let Self { connection, live, mut replies } = self;
        tokio::spawn(async move {
            let mut piece = vec![0; 65_536];
            while let Ok(Some(_)) = replies.read(&mut piece).await {}
        });
        (connection, live)
    }
}

/// A frame of the live stream: `channel` 0 is a control, 1 the first room greeted with.
pub fn frame(channel: u64, body: &[u8]) -> Vec<u8> {
    let mut rest = Vec::new();
    put_number(&mut rest, channel);
    rest.extend_from_slice(body);
    let mut out = Vec::new();
    put_number(&mut out, rest.len() as u64);
    out.extend_from_slice(&rest);
    out
}

//! A stage of real nodes on loopback.
//!
//! [`besiege`] makes a room of honest nodes that talk, runs the attack, and measures the effect on the honest nodes.
//! The attack makes its hostile peers with [`crate::rogue`]. An attack that needs no conversation starts with its own
//! [`Town`].

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::StreamExt as _;
use rumormill_node::{Home, Message, Node, Room, RoomEvent, RoomStatus, Settings, What};
use rumormill_proto::ids::AuthorId;
use tokio::runtime::Runtime;

use crate::outcome::{Bound, Delivery, Form, Measured, Outcome};

/// Detects hangs; no verdict depends on it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for something that must happen.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("this never came: {what}"))
}

/// Waits until the room's status is `good`; returns whether that happened.
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

/// Runs a stage with nodes.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(future)
}

/// Honest nodes in one room, linked with each other.
pub struct Town {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The room at each of them.
    pub rooms: Vec<Room>,
}

impl Town {
    /// Nodes with these settings.
    pub async fn new(settings: Vec<Settings>) -> Self {
        let mut town = Self { nodes: Vec::new(), rooms: Vec::new() };
        let count = settings.len();
        for (at, settings) in settings.into_iter().enumerate() {
            let node = Node::open(settings).await.unwrap();
            let room = match at {
                0 => node.create("besieged").await.unwrap(),
                _ => node.join(&town.rooms[0].ticket().await.unwrap()).await.unwrap(),
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

    /// Waits until all hold the same and lack nothing; returns whether that happened.
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
    /// Whether the attack has lasted long enough.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Number of nodes in the short and the full form: the full form follows the list of threats; two are enough for
/// counts.
const NODES: (usize, usize) = (2, 8);

/// Lines by each node in one measurement, and milliseconds between two of them: ten a second.
const LINES: (usize, usize) = (5, 50);
const EVERY_MS: u64 = 100;

/// Where the honest nodes of a siege keep their entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Homes {
    /// In memory, for attacks that add few entries.
    Memory,
    /// On disk, so that entries do not count as memory.
    Disk,
}

/// Runs an attack on a room of honest people who talk throughout. The attack gets the town, and lasts until it is told
/// to stop or is finished. Adds to its outcome whether every line reached everybody, and whether all hold the same at
/// the end.
pub fn besiege(form: Form, attack: impl AsyncFnOnce(&Town, &Stop) -> Outcome) -> Outcome {
    besiege_with(form, Homes::Memory, async |_| (), async |town, stop, ()| attack(town, stop).await)
}

/// The same, with homes of this kind, and with a preparation of the town before any measurement.
pub fn besiege_with<T>(
    form: Form,
    homes: Homes,
    prepare: impl AsyncFnOnce(&Town) -> T,
    attack: impl AsyncFnOnce(&Town, &Stop, T) -> Outcome,
) -> Outcome {
    let dir = tempfile::tempdir().unwrap();
    let settings = |at: usize| {
        let mut settings = Settings::memory();
        if homes == Homes::Disk {
            settings.home = Home::Dir(dir.path().join(at.to_string()));
        }
        settings
    };
    run(async {
        let town = Town::new((0..form.pick(NODES.0, NODES.1)).map(settings).collect()).await;
        let prepared = prepare(&town).await;
        let outcome = measure(&town, form, async |town, stop| attack(town, stop, prepared).await).await;
        town.close().await;
        outcome
    })
}

async fn measure(town: &Town, form: Form, attack: impl AsyncFnOnce(&Town, &Stop) -> Outcome) -> Outcome {
    let mut ears = Ears::new(town);
    let lines = form.pick(LINES.0, LINES.1);
    let mut measured = Measured::default();
    let mut calm = 0;
    for _ in 0..form.pick(1, 5) {
        let (times_ms, all) = ears.talk(town, lines).await;
        measured.calm.push(Delivery::of(times_ms));
        calm += all;
    }
    let before_mib = memory_mib();
    let stop = Stop::default();
    let talk = async {
        let (began, idle) = (Instant::now(), idle_s());
        let (times_ms, all) = ears.talk(town, lines).await;
        let (mib, idle_cores) = (memory_mib(), (idle_s() - idle) / began.elapsed().as_secs_f64());
        stop.set();
        (times_ms, all, mib, idle_cores)
    };
    let (mut outcome, (times_ms, during, during_mib, idle_cores)) = tokio::join!(attack(town, &stop), talk);
    measured.idle_cores = idle_cores;
    measured.during = Delivery::of(times_ms);
    let (times_ms, after) = ears.talk(town, lines).await;
    measured.after = Delivery::of(times_ms);
    measured.memory_mib = [before_mib, during_mib, memory_mib()];
    let each = (lines * town.rooms.len() * (town.rooms.len() - 1)) as u64;
    assert_eq!(calm, measured.calm.len() as u64 * each, "all is well before the attack");
    outcome.count("lines that arrived under attack", during, Bound::Is(each));
    outcome.count("lines that arrived afterwards", after, Bound::Is(each));
    outcome.count("all hold the same", u64::from(town.agrees().await), Bound::Is(1));
    outcome.measured = Some(measured);
    outcome
}

/// When each line was said, and how many milliseconds later each node heard it.
type Heard = Arc<Mutex<BTreeMap<String, (Instant, BTreeMap<usize, f64>)>>>;

/// Newest entries to read after missed events: several times as many as can wait for a reader.
const READ_AGAIN: usize = 5_000;

/// Listens to every node on a thread of its own: a listener among nodes and attacker would miss events in a flood,
/// through no fault of the nodes.
pub struct Ears {
    lines: Heard,
    thread: Option<Runtime>,
    said: u64,
}

impl Ears {
    /// Ears at every node of the town.
    pub fn new(town: &Town) -> Self {
        let lines = Heard::default();
        let thread = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        for (number, room) in town.rooms.iter().enumerate() {
            let (mut events, lines, room) = (room.events(), lines.clone(), room.clone());
            thread.spawn(async move {
                let mut mine = vec![room.author()];
                let hear = |mine: &[AuthorId], message: &Message| {
                    if !mine.contains(&message.place.author)
                        && let What::Text(text) = &message.what
                        && let Some((at, heard)) = lines.lock().unwrap().get_mut(&text.text)
                    {
                        heard.entry(number).or_insert_with(|| at.elapsed().as_secs_f64() * 1_000.0);
                    }
                };
                while let Some(event) = events.next().await {
                    match event {
                        RoomEvent::Rekeyed { author, .. } => mine.push(author),
                        RoomEvent::Message { message, .. } => hear(&mine, &message),
                        RoomEvent::Inserted { of, .. } => {
                            let shown = room.message(of).await.unwrap_or_default();
                            shown.iter().for_each(|message| hear(&mine, message));
                        }
                        RoomEvent::Lagged { .. } => {
                            let shown = room.messages(None, READ_AGAIN).await.unwrap_or_default();
                            shown.messages.iter().for_each(|message| hear(&mine, message));
                        }
                        _ => {}
                    }
                }
            });
        }
        Self { lines, thread: Some(thread), said: 0 }
    }

    /// Every node says `count` lines and waits until they are heard; returns the times of all deliveries, and their
    /// number.
    pub async fn talk(&mut self, town: &Town, count: usize) -> (Vec<f64>, u64) {
        let mut tick = tokio::time::interval(Duration::from_millis(EVERY_MS));
        for _ in 0..count {
            tick.tick().await;
            for room in &town.rooms {
                self.said += 1;
                let text = format!("honest line {}", self.said);
                self.lines.lock().unwrap().insert(text.clone(), (Instant::now(), BTreeMap::new()));
                // If the room accepts nothing more, the missing line will show it.
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
        let heard: Vec<f64> = lines.into_values().flat_map(|(_, heard)| heard.into_values()).collect();
        let count = heard.len() as u64;
        (heard, count)
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        self.thread.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

/// MiB that this process uses.
pub fn memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1024
}

/// Idle seconds of the machine's cores, summed up, whoever uses them.
fn idle_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields: Vec<f64> = stat.lines().next().unwrap_or_default().split_whitespace().flat_map(str::parse).collect();
    // The fourth and fifth value of proc(5): idle, and idle while waiting for a disk; in hundredths of a second.
    fields.iter().skip(3).take(2).sum::<f64>() / 100.0
}

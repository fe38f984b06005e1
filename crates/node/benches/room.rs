//! Figures of whole nodes on loopback: a large home, a fresh peer that fetches a room, idle peers, live delivery.
//!
//! `cargo bench -p rumormill-node` runs all; a word behind it (`home`, `fetch`, `idle`, `live`) runs one.
//!
//! All nodes of a figure run in this process. Waiters sleep on events or on a timer of a millisecond. Run it
//! alone on the machine; times are of this machine, ratios travel.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::StreamExt as _;
use rumormill_node::{Node, Room, RoomEvent, Settings, Traffic};
use rumormill_proto::{
    admit::{Admission, Author, Trust},
    entry::{Body, Kind, RawEntry},
    ids::{EntryId, RoomId},
    run::block_end,
    time::Time,
};
use rumormill_store::{Change, Disk, RoomRecord, Store};

const FETCHED: usize = 100_000;
const BODY: usize = 200;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    if let [child, dir] = &wanted[..]
        && child == "open-home"
    {
        return runtime.block_on(open_home(std::path::Path::new(dir)));
    }
    let runs = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    if runs("home") {
        home();
    }
    if runs("fetch") {
        runtime.block_on(fetch());
    }
    if runs("idle") {
        runtime.block_on(idle());
    }
    if runs("live") {
        for nodes in [4, 16, 32] {
            runtime.block_on(live(nodes));
        }
    }
}

/// Incompressible bytes.
fn noise(len: usize) -> Bytes {
    static STATE: AtomicU64 = AtomicU64::new(0x9e37_79b9_7f4a_7c15);
    let byte = |_| {
        let mut word = STATE.load(Ordering::Relaxed);
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        STATE.store(word, Ordering::Relaxed);
        (word >> 32) as u8
    };
    (0..len).map(byte).collect::<Vec<u8>>().into()
}

async fn until(what: &str, mut met: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !met() {
        assert!(start.elapsed() < Duration::from_secs(120), "gave up waiting: {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    start.elapsed()
}

fn on_disk(dir: &std::path::Path) -> Settings {
    let mut settings = Settings::memory();
    settings.home = rumormill_node::Home::Dir(dir.to_owned());
    settings
}

/// A home of a million messages: made here, opened by a separate process.
fn home() {
    const ENTRIES: u64 = 1_000_000;
    const AUTHORS: u8 = 10;
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("home");
    let id = RoomId([7; 32]);
    let start = Instant::now();
    {
        let mut store = Disk::open(&dir).unwrap();
        let record = RoomRecord {
            id,
            secret: [1; 32],
            author_secret: [99; 32],
            name: "home".into(),
            contacts: vec![],
            keep: Default::default(),
            announced: false,
            closed: None,
            private: None,
            nick: None,
        };
        store.put_room(&record).unwrap();
        let mut door = Admission::new(id);
        let mut writers: Vec<_> =
            (1..=AUTHORS).map(|secret| (Author::from_secret(&[secret; 32]), 0, EntryId::default())).collect();
        let mut time = 1_700_000_000_000;
        let mut runs = Vec::new();
        let mut said = 0;
        while said < ENTRIES {
            for (author, next, prev) in &mut writers {
                let last = block_end(*next);
                let entry = |seq: u64| RawEntry {
                    time: Time::from_ms(time + seq - *next),
                    seen: vec![],
                    kind: Kind::TEXT,
                    body: Body::Here(noise(BODY)),
                };
                let raw = author.sign(&id, *next, *prev, (*next..=last).map(entry).collect()).unwrap();
                let run = door.admit(&raw, Trust::Signature).unwrap();
                (time, said, *next, *prev) = (time + 64, said + last - *next + 1, last + 1, run.last().id);
                runs.push(run);
            }
            if runs.len() >= 60 {
                let changes: Vec<_> = runs.iter().map(|run| (id, Change::Append(run))).collect();
                store.commit(&changes).unwrap();
                runs.clear();
            }
        }
        let changes: Vec<_> = runs.iter().map(|run| (id, Change::Append(run))).collect();
        store.commit(&changes).unwrap();
    }
    println!(
        "a home with {ENTRIES} messages of {BODY} bytes by {AUTHORS} authors, made in {:.1} s",
        start.elapsed().as_secs_f64()
    );
    let size: u64 = std::fs::read_dir(&dir).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum();
    println!("  bytes on disk per message            {:>10.0}", size as f64 / ENTRIES as f64);
    let child = std::env::current_exe().unwrap();
    let status = std::process::Command::new(child).args(["open-home".as_ref(), dir.as_os_str()]).status();
    assert!(status.unwrap().success());
}

/// The measurements of the separate process: medians of several openings, then a node at rest.
async fn open_home(dir: &std::path::Path) {
    let mut opened = Vec::new();
    for _ in 0..9 {
        let start = Instant::now();
        let store = Disk::open(dir).unwrap();
        let room = store.rooms().unwrap().whole[0].id;
        assert!(!store.kept(&room).unwrap().is_empty());
        let open = start.elapsed();
        let page = store.reader().unwrap().page(&room, None, 50).unwrap();
        assert_eq!(page.len(), 50);
        opened.push((open.as_secs_f64() * 1e3, (start.elapsed() - open).as_secs_f64() * 1e3));
    }
    opened.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (open, page) = opened[opened.len() / 2];
    println!("  opening it                           {open:>10.1} ms");
    println!("  to its newest page                   {page:>10.1} ms more");
    let start = Instant::now();
    let node = Node::open(on_disk(dir)).await.unwrap();
    let page = node.rooms()[0].entries().page(None, 50).await.unwrap();
    assert_eq!(page.len(), 50);
    println!("  a node, with sockets, to that page   {:>10.1} ms", start.elapsed().as_secs_f64() * 1e3);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap().trim().to_owned();
    println!("  memory of the node at rest           {resident:>13}");
    node.close().await;
}

/// A fresh peer fetches a room into its durable store, both nodes on two cores.
async fn fetch() {
    let dir = tempfile::tempdir().unwrap();
    let teller = Node::open(on_disk(&dir.path().join("teller"))).await.unwrap();
    let room = teller.create("history").await.unwrap();
    for _ in 0..FETCHED / 1000 {
        let page = (0..1000).map(|_| (Kind::TEXT, noise(BODY))).collect();
        room.entries().say(page).await.unwrap();
    }
    println!("a fresh peer fetches {FETCHED} messages of {BODY} incompressible bytes over loopback");
    let mut rates = Vec::new();
    for pass in 0..5 {
        let before = room.status().traffic;
        let fresh = Node::open(on_disk(&dir.path().join(format!("fresh{pass}")))).await.unwrap();
        let start = Instant::now();
        let joined = fresh.join(&room.ticket().await.unwrap()).await.unwrap();
        until("a screenful", || joined.status().entries >= 50).await;
        let screen = start.elapsed();
        until("everything", || joined.status().entries > FETCHED as u64).await;
        let all = start.elapsed();
        until("the count of what was sent", || same(&room, &joined)).await;
        let sent = room.status().traffic.bytes_out - before.bytes_out;
        rates.push((FETCHED as f64 / all.as_secs_f64(), screen, sent));
        fresh.close().await;
    }
    rates.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (rate, screen, sent) = rates[rates.len() / 2];
    println!("  entries per second, median of {}     {rate:>10.0}", rates.len());
    println!("  first screenful after                {:>10.1} ms", screen.as_secs_f64() * 1e3);
    println!("  bytes sent per entry                 {:>10.1}", sent as f64 / FETCHED as f64);
    let aim = 1.15 * BODY as f64 + 16.0;
    println!("  aim: 1.15 x body + 16                {aim:>10.1}");
    teller.close().await;
}

fn same(one: &Room, other: &Room) -> bool {
    one.status().digest == other.status().digest
}

/// The traffic of two peers when nothing happens.
async fn idle() {
    let (one, other) = (Node::open(Settings::memory()).await.unwrap(), Node::open(Settings::memory()).await.unwrap());
    let room = one.create("quiet").await.unwrap();
    let joined = other.join(&room.ticket().await.unwrap()).await.unwrap();
    until("a link", || !joined.status().peers.is_empty() && same(&room, &joined)).await;
    // Past the first rounds and shuffles, so that only the quiet remains.
    tokio::time::sleep(Duration::from_secs(30)).await;
    let (before, start) = (room.status().traffic, Instant::now());
    tokio::time::sleep(Duration::from_secs(60)).await;
    let after = room.status().traffic;
    let seconds = start.elapsed().as_secs_f64();
    let (sent, said) = (after.bytes_out - before.bytes_out, after.frames_out - before.frames_out);
    println!("two idle peers, above QUIC");
    println!("  bytes per second, each way           {:>10.1}", sent as f64 / seconds);
    println!("  bytes per message                    {:>10.1}", sent as f64 / said.max(1) as f64);
    one.close().await;
    other.close().await;
}

/// Nodes of one room in this process, all linked.
async fn mesh(count: usize) -> (Vec<Node>, Vec<Room>) {
    let first = Node::open(Settings::memory()).await.unwrap();
    let mut rooms = vec![first.create("live").await.unwrap()];
    let mut nodes = vec![first];
    for _ in 1..count {
        let node = Node::open(Settings::memory()).await.unwrap();
        rooms.push(node.join(&rooms[0].ticket().await.unwrap()).await.unwrap());
        nodes.push(node);
    }
    until("a mesh", || rooms.iter().all(|room| room.status().peers.len() >= (count - 1).min(24))).await;
    until("the same start", || rooms.iter().all(|room| same(room, &rooms[0]))).await;
    (nodes, rooms)
}

/// A text of this many letters.
fn letters(len: usize) -> String {
    noise(len).iter().map(|byte| char::from(b'a' + byte % 26)).collect()
}

/// Counts what a room shows, and sends each new count.
fn count_shown(room: &Room) -> tokio::sync::watch::Receiver<u64> {
    let (told, count) = tokio::sync::watch::channel(0);
    let (mut events, room) = (room.events(), room.clone());
    tokio::spawn(async move {
        let begun = room.status().entries;
        while let Some(event) = events.next().await {
            match event {
                RoomEvent::Message { .. } | RoomEvent::Inserted { .. } => told.send_modify(|count| *count += 1),
                // A slow reader finds in the status what it missed.
                RoomEvent::Lagged { .. } => told.send_modify(|count| *count = room.status().entries - begun),
                _ => {}
            }
        }
    });
    count
}

async fn all_reach(counts: &mut [tokio::sync::watch::Receiver<u64>], wanted: u64) {
    for count in counts {
        count.wait_for(|count| *count >= wanted).await.unwrap();
    }
}

fn traffic(rooms: &[Room]) -> Traffic {
    let mut sum = Traffic::default();
    for room in rooms {
        let traffic = room.status().traffic;
        sum.bytes_out += traffic.bytes_out;
        sum.pushes_in += traffic.pushes_in;
        sum.pushes_known += traffic.pushes_known;
        sum.dropped += traffic.dropped;
    }
    sum
}

/// CPU seconds that this process has used.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

async fn live(count: usize) {
    let (nodes, rooms) = mesh(count).await;
    let mut counts: Vec<_> = rooms.iter().map(count_shown).collect();
    println!("{count} nodes in one process, messages of 100 bytes");
    one_at_a_time(&rooms, &mut counts).await;
    if count == 16 {
        paced(&rooms, 1_000).await;
    }
    flat_out(&rooms).await;
    for node in nodes {
        node.close().await;
    }
}

/// How long a message takes to reach all when nobody else writes; senders take turns.
async fn one_at_a_time(rooms: &[Room], counts: &mut [tokio::sync::watch::Receiver<u64>]) {
    const MESSAGES: u64 = 300;
    let before = traffic(rooms);
    let mut times = Vec::new();
    for message in 1..=MESSAGES {
        let start = Instant::now();
        rooms[message as usize % rooms.len()].say(letters(100)).await.unwrap();
        all_reach(counts, message).await;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    // Statuses are renewed every 50 ms.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let after = traffic(rooms);
    times.sort_by(f64::total_cmp);
    let deliveries = (MESSAGES * (rooms.len() as u64 - 1)) as f64;
    let median = times[times.len() / 2];
    let p99 = times[times.len() * 99 / 100];
    println!("  one at a time, until all have it     {median:>10.2} ms median, {p99:.2} ms p99");
    println!(
        "  copies, bytes per delivery           {:>10.2} copies, {:.0} bytes",
        (after.pushes_in - before.pushes_in) as f64 / deliveries,
        (after.bytes_out - before.bytes_out) as f64 / deliveries
    );
}

/// A steady rate from all in turn: its cost, and whether everything arrives.
async fn paced(rooms: &[Room], rate: u64) {
    let seconds = 10;
    let (entries, cpu, start) = (rooms[0].status().entries, cpu_s(), Instant::now());
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    let mut said = 0;
    while start.elapsed() < Duration::from_secs(seconds) {
        ticks.tick().await;
        let due = (start.elapsed().as_secs_f64() * rate as f64) as u64;
        for message in said..due {
            rooms[message as usize % rooms.len()].say(letters(100)).await.unwrap();
        }
        said = said.max(due);
    }
    let late = until("all that was said", || rooms.iter().all(|room| room.status().entries >= entries + said)).await;
    let deliveries = (said * (rooms.len() as u64 - 1)) as f64;
    println!(
        "  {rate}/s paced for {seconds} s                 {:>10.1} us CPU per delivery, the last {:.0} ms after the end",
        (cpu_s() - cpu) * 1e6 / deliveries,
        late.as_secs_f64() * 1e3
    );
}

/// As fast as one node can write: until the last one has everything.
async fn flat_out(rooms: &[Room]) {
    const MESSAGES: u64 = 20_000;
    let (entries, before, cpu, start) = (rooms[0].status().entries, traffic(rooms), cpu_s(), Instant::now());
    // One call for each message, a thousand of them at once: like many hands at one keyboard.
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..MESSAGES {
        if calls.len() >= 1_000 {
            calls.join_next().await.unwrap().unwrap();
        }
        let room = rooms[0].clone();
        calls.spawn(async move { room.say(letters(100)).await.unwrap() });
    }
    calls.join_all().await;
    let said = start.elapsed();
    until("all that was said", || rooms.iter().all(|room| room.status().entries >= entries + MESSAGES)).await;
    let all = start.elapsed();
    let deliveries = (MESSAGES * (rooms.len() as u64 - 1)) as f64;
    let after = traffic(rooms);
    println!(
        "  {MESSAGES} flat out from one               {:>10.0} messages/s at all, said in {:.2} s, all in {:.2} s",
        MESSAGES as f64 / all.as_secs_f64(),
        said.as_secs_f64(),
        all.as_secs_f64()
    );
    println!(
        "    per delivery                       {:>10.0} bytes, {:.1} us CPU; {} messages dropped and repaired",
        (after.bytes_out - before.bytes_out) as f64 / deliveries,
        (cpu_s() - cpu) * 1e6 / deliveries,
        after.dropped - before.dropped
    );
}

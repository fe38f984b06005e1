//! What a keeper costs: `cargo run --release -p rumormill-node --example keeper [rooms] [messages of each]`.
//!
//! It makes the home of a keeper, opens it, and says how long that takes and how much memory it needs. Then somebody who is
//! in these rooms comes: in the first, and gets all of it; or, of rooms without messages, in 256 of them, which is
//! what a greeting costs.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "an example that cannot go on has nothing to say")]

use std::{fs, path::Path, time::Instant};

use bytes::Bytes;
use rumormill_node::{Bind, Home, Node, Room, RoomSetup, Settings};
use rumormill_proto::{
    admit::{Admission, Author, Run, Trust},
    entry::{Body, Kind, RawEntry, found_closed},
    governance::{Act, Appointed, Role, Says},
    ids::{EntryId, RoomId},
    rumor::{Policy, delegating::Delegating},
    run::block_end,
    time::Time,
    view::Shape,
};
use rumormill_store::{Change, Closed, Disk, RoomRecord, Store as _};

/// Bytes of a sealed message: 200 and its seal.
const BODY_BYTES: usize = 224;

/// Runs in one commit.
const COMMIT: usize = 64;

/// The memory of this process, in MiB.
fn memory_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

fn founder(number: u64) -> [u8; 32] {
    let mut secret = [1; 32];
    secret[..8].copy_from_slice(&number.to_be_bytes());
    secret
}

/// The runs of a room: it is founded, the keeper appointed, and so many messages said.
fn runs(number: u64, keeper: &Author, messages: u64) -> (RoomId, Vec<Run>) {
    let author = Author::from_secret(&founder(number));
    let (room, founding) = found_closed(&author.id(), [0; 16]);
    let keys = vec![Appointed { key: keeper.id(), from: 0 }];
    let says = Says::Appoint { role: Role::Keeper, keys, despite: vec![] };
    let (appoint, act) = Act { before: None, says }.encode().unwrap();
    let text = Kind::TEXT.sealed().unwrap();
    let entry = |seq: u64, kind, body| RawEntry {
        time: Time::from_ms(1_700_000_000_000 + seq),
        seen: vec![],
        kind,
        body: Body::Here(body),
    };
    let mut blocks = vec![vec![entry(0, Kind::FOUND, founding)], vec![entry(1, appoint, act)]];
    let mut next = 2;
    while next < messages + 2 {
        let last = block_end(next).min(messages + 1);
        let body = |seq: u64| Bytes::from([&seq.to_be_bytes()[..], &[seq as u8; BODY_BYTES - 8]].concat());
        blocks.push((next..=last).map(|seq| entry(seq, text, body(seq))).collect());
        next = last + 1;
    }
    let (mut door, mut first, mut prev) = (Admission::new(room), 0, EntryId::default());
    let sign = |entries: Vec<RawEntry>| {
        let run = door.admit(&author.sign(&room, first, prev, entries).unwrap(), Trust::Signature).unwrap();
        (first, prev) = (run.last().seq + 1, run.last().id);
        run
    };
    (room, blocks.into_iter().map(sign).collect())
}

fn fill(home: &Path, keeper: &[u8; 32], rooms: u64, messages: u64) -> Vec<RoomId> {
    let mut disk = Disk::open(home).unwrap();
    let mut all = Vec::new();
    for number in 0..rooms {
        let (id, runs) = runs(number, &Author::from_secret(keeper), messages);
        let founder = Author::from_secret(&founder(number)).id();
        let record = RoomRecord {
            private: None,
            id,
            secret: [1; 32],
            author_secret: *keeper,
            name: String::new(),
            contacts: vec![],
            keep: Default::default(),
            announced: false,
            closed: Some(Closed { founder, pass: None, device_of: None, keeps: true }),
        };
        disk.put_room(&record).unwrap();
        for runs in runs.chunks(COMMIT) {
            let changes: Vec<_> = runs.iter().map(|run| (id, Change::Append(run))).collect();
            disk.commit(&changes).unwrap();
        }
        all.push(id);
    }
    all
}

/// Waits until all these rooms hold so many entries, and are linked.
async fn until(rooms: &[Room], entries: u64) {
    for room in rooms {
        loop {
            let renewed = room.renewed();
            let status = room.status();
            if status.entries >= entries && status.missing == 0 && !status.peers.is_empty() {
                break;
            }
            renewed.await;
        }
    }
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>().unwrap());
    let (rooms, messages) = (arguments.next().unwrap_or(100), arguments.next().unwrap_or(100_000));
    let (dir, keeper) = (tempfile::tempdir().unwrap(), [9; 32]);
    let home = dir.path().join("home");
    let begin = Instant::now();
    let all = fill(&home, &keeper, rooms, messages);
    println!("{rooms} rooms of {messages} messages, made in {:.1} s", begin.elapsed().as_secs_f64());
    let bytes: u64 = fs::read_dir(&home).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum();
    println!("  on disk                      {:>10} MiB", bytes >> 20);
    println!("  memory before it is opened   {:>10} MiB", memory_mib());
    let mut settings = Settings::memory();
    (settings.home, settings.bind) = (Home::Dir(home), Bind::Loopback { port: 0 });
    let begin = Instant::now();
    let node = Node::open(settings).await.unwrap();
    println!("  opened in                    {:>10.2} s", begin.elapsed().as_secs_f64());
    println!("  memory once it is open       {:>10} MiB", memory_mib());

    let other = Node::open(Settings::memory()).await.unwrap();
    let comes = if messages == 0 { all.len().min(256) } else { 1 };
    let before = node.figures().await.carried;
    let begin = Instant::now();
    let mut entered = Vec::new();
    for (number, id) in (0..).zip(&all[..comes]) {
        let author = Author::from_secret(&founder(number)).id();
        let setup = RoomSetup {
            private: None,
            id: *id,
            secret: [1; 32],
            author_secret: founder(number),
            fresh_author: false,
            name: "kept".into(),
            shape: Shape::Open,
            policy: Policy::Delegating(Delegating::default()),
            pace: Default::default(),
            contacts: vec![node.contact()],
            keep: true,
            retention: Default::default(),
            announced: false,
            closed: Some(Closed { founder: author, pass: None, device_of: None, keeps: false }),
        };
        entered.push(other.enter(setup).await.unwrap());
    }
    until(&entered, messages + 2).await;
    let took = begin.elapsed().as_secs_f64();
    let after = node.figures().await.carried;
    println!("a member comes to {comes} of them and has all of it");
    println!("  after                        {took:>10.2} s");
    println!("  the keeper received          {:>10} kB", (after.direct_in - before.direct_in) / 1_000);
    println!("  the keeper sent              {:>10} kB", (after.direct_out - before.direct_out) / 1_000);
    println!("  memory of both               {:>10} MiB", memory_mib());
    node.close().await;
    other.close().await;
}

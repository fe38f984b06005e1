//! A node that is killed at random moments loses nothing it acknowledged and never writes a seq twice.
//!
//! A child process of this test says lines as fast as it can and tells which were acknowledged; it is killed after a
//! random number of them, and started again. A peer in this process sees all of it. 200 kills; another number by
//! `RUMORMILL_KILLS=1000 cargo test -p rumormill-node --test kills`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::{
    collections::BTreeMap,
    path::Path,
    process::Stdio,
    time::{SystemTime, UNIX_EPOCH},
};

use futures_util::StreamExt as _;
use rumormill_node::{Node, Room, RoomEvent, Ticket};
use rumormill_proto::{entry::Kind, random::Random};
use rumormill_store::{Disk, Store};
use support::at;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

const HOME: &str = "RUMORMILL_KILLED_HOME";
const TICKET: &str = "RUMORMILL_KILLED_TICKET";
const FROM: &str = "RUMORMILL_KILLED_FROM";

/// The child process: does nothing unless this test started it as one.
#[tokio::test]
async fn the_one_that_is_killed() {
    let Ok(home) = std::env::var(HOME) else { return };
    let ticket: Ticket = std::env::var(TICKET).unwrap().parse().unwrap();
    let from: u64 = std::env::var(FROM).unwrap().parse().unwrap();
    let node = Node::open(at(Path::new(&home))).await.unwrap();
    let room = node.join(&ticket).await.unwrap();
    for line in from.. {
        room.say(&line.to_string()).await.unwrap();
        println!("acknowledged {line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_after_any_kill() {
    let kills: u64 = std::env::var("RUMORMILL_KILLS").map_or(200, |kills| kills.parse().unwrap());
    let seed = std::env::var("RUMORMILL_SEED").map_or_else(|_| clock(), |seed| seed.parse().unwrap());
    let mut random = Random::new(seed);
    println!("again: RUMORMILL_SEED={seed} cargo test -p rumormill-node --test kills");
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let peer = support::memory().await;
    let room = peer.create("kills").await.unwrap();
    let forks = watch_for_forks(&room);
    let (mut acknowledged, mut next) = (Vec::new(), 0);
    for _ in 0..kills {
        let mut child = start(&home, &room.ticket().await.unwrap(), next);
        let said = until_killed(&mut child, 1 + random.below(40)).await;
        assert!(!said.is_empty(), "it comes back and speaks");
        // A line that was sent and not acknowledged may be there or not, so it is not sent again.
        next = said.last().unwrap() + 1_000;
        acknowledged.extend(said);
    }
    verify(&home, &acknowledged);
    assert!(!forks.is_finished(), "no log was forked");
    peer.close().await;
}

fn clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as u64
}

fn start(home: &Path, ticket: &Ticket, from: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["the_one_that_is_killed", "--exact", "--nocapture"])
        .env(HOME, home)
        .env(TICKET, ticket.to_string())
        .env(FROM, from.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// Reads this many acknowledgements, kills the child with a signal that cannot be caught, and reads the rest of its
/// output.
async fn until_killed(child: &mut Child, count: u64) -> Vec<u64> {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = Vec::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        let acknowledged = line.rsplit_once("acknowledged ").and_then(|(_, line)| line.parse().ok());
        said.extend::<Option<u64>>(acknowledged);
        if said.len() as u64 == count {
            child.start_kill().unwrap();
        }
    }
    child.wait().await.unwrap();
    said
}

fn watch_for_forks(room: &Room) -> tokio::task::JoinHandle<()> {
    let mut events = room.events();
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            if matches!(event, RoomEvent::Forked { .. }) {
                return;
            }
        }
    })
}

/// Asserts that every acknowledged line is in the home exactly once, and that every hash and signature is right.
fn verify(home: &Path, acknowledged: &[u64]) {
    let store = Disk::open(home).unwrap();
    let room = store.rooms().unwrap().whole[0].id;
    let mut read = store.reader().unwrap();
    assert!(read.check(&room).unwrap().problems.is_empty());
    let mut held: BTreeMap<String, u64> = BTreeMap::new();
    let mut after = None;
    loop {
        let page = read.page_after(&room, after, 1_000).unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.place);
        for line in page.iter().filter(|line| line.kind == Kind::TEXT) {
            let text = String::from_utf8(line.body.bytes().unwrap().to_vec()).unwrap();
            *held.entry(text).or_default() += 1;
        }
    }
    let lost: Vec<_> = acknowledged.iter().filter(|line| !held.contains_key(&line.to_string())).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    assert!(held.values().all(|times| *times == 1), "nothing stands twice");
}

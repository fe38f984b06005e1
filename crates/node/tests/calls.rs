//! Calls that are carried out once, however often they are made, and whatever happens to the node meanwhile.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that cannot go on has failed")]

mod support;

use std::{collections::BTreeMap, path::Path, process::Stdio};

use bytes::Bytes;
use rumormill_node::{Error, Node, Once, Room};
use rumormill_proto::{
    content::{Content, Target},
    entry::Kind,
    random::Random,
};
use support::{at, disk, memory, soon, texts};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

fn call(key: u64, asks: u8) -> Once {
    let mut of = [0; 32];
    of[..8].copy_from_slice(&key.to_be_bytes());
    Once { key: of, asks: [asks; 32] }
}

fn text(text: &str) -> (Kind, Bytes) {
    Content::Text(text.into()).encode().unwrap()
}

async fn say(room: &Room, said: &str, once: Once) -> Result<Vec<Target>, Error> {
    soon(said, room.entries().say_once(vec![text(said)], vec![once])).await
}

#[tokio::test]
async fn a_call_is_carried_out_once_also_after_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let node = disk(&home.path().join("home")).await;
    let room = node.create("lunch").await.unwrap();
    let first = say(&room, "hi", call(1, 1)).await.unwrap();
    assert_eq!(say(&room, "hi", call(1, 1)).await.unwrap(), first);
    let more = vec![text("hi"), text("there")];
    let said = room.entries().say_once(more, vec![call(1, 1), call(2, 1)]).await.unwrap();
    assert_eq!((said.len(), said[0]), (2, first[0]));
    node.close().await;
    let node = disk(&home.path().join("home")).await;
    let room = node.rooms().pop().unwrap();
    assert_eq!(say(&room, "there", call(2, 1)).await.unwrap(), said[1..]);
    assert_eq!(say(&room, "else", call(2, 2)).await, Err(Error::OtherCall));
    assert_eq!(texts(&room).await, ["hi", "there"]);
    let other = node.create("work").await.unwrap();
    say(&other, "hi", call(1, 1)).await.unwrap();
    assert_eq!(texts(&other).await, ["hi"], "each room has its own keys");
    node.close().await;
}

#[tokio::test]
async fn calls_made_at_once_are_carried_out_once() {
    let node = memory().await;
    let room = node.create("lunch").await.unwrap();
    let calls = (0..20).map(|_| say(&room, "hi", call(1, 1)));
    let mut places = Vec::new();
    for said in futures_util::future::join_all(calls).await {
        match said {
            Ok(said) => places.extend(said),
            Err(why) => assert_eq!(why, Error::CallWaits),
        }
    }
    places.dedup();
    assert_eq!((places.len(), texts(&room).await), (1, vec!["hi".to_owned()]));
    node.close().await;
}

const HOME: &str = "RUMORMILL_CALLING_HOME";
const FROM: &str = "RUMORMILL_CALLING_FROM";

/// The child process: does nothing unless this test started it as one.
#[tokio::test]
async fn the_one_that_is_killed() {
    let Ok(home) = std::env::var(HOME) else { return };
    let from: u64 = std::env::var(FROM).unwrap().parse().unwrap();
    let node = Node::open(at(Path::new(&home))).await.unwrap();
    let room = match node.rooms().pop() {
        Some(room) => room,
        None => node.create("calls").await.unwrap(),
    };
    for line in from.. {
        let text = text(&line.to_string());
        room.entries().say_once(vec![text], vec![call(line, 1)]).await.unwrap();
        println!("acknowledged {line}");
    }
}

/// The child is killed ten times; after each restart it repeats the calls that it may have made before.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_or_not_stands_there_once_after_any_kill() {
    let mut random = Random::new(7);
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let mut next = 0;
    for _ in 0..10 {
        let last = until_killed(&mut start(&home, next), 1 + random.below(20)).await;
        next = last.saturating_sub(2);
    }
    let node = disk(&home).await;
    let room = node.rooms().pop().unwrap();
    let mut times: BTreeMap<u64, u64> = BTreeMap::new();
    let mut after = None;
    loop {
        let page = room.messages_after(after, 200).await.unwrap();
        for message in &page.messages {
            if let rumormill_node::What::Text(text) = &message.what {
                *times.entry(text.text.parse().unwrap()).or_default() += 1;
            }
        }
        after = page.messages.last().map(|message| message.place);
        if !page.more {
            break;
        }
    }
    assert!(times.len() as u64 > next && times.values().all(|times| *times == 1), "{times:?}");
    assert!(times.keys().copied().eq(0..times.len() as u64), "no line is missing");
    node.close().await;
}

fn start(home: &Path, from: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["the_one_that_is_killed", "--exact", "--nocapture"])
        .env(HOME, home)
        .env(FROM, from.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// Kills the child after this many acknowledgements; returns the last line that it acknowledged.
async fn until_killed(child: &mut Child, count: u64) -> u64 {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said: Vec<u64> = Vec::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        said.extend(line.rsplit_once("acknowledged ").and_then(|(_, line)| line.parse::<u64>().ok()));
        if said.len() as u64 == count {
            child.start_kill().unwrap();
        }
    }
    child.wait().await.unwrap();
    *said.last().unwrap()
}

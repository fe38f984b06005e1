//! Homes on disk: what survives a restart, what is refused, and what happens when a home was copied.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that cannot go on has failed")]

mod support;

use std::collections::BTreeSet;

use futures_util::StreamExt as _;
use iroh::SecretKey;
use rumormill_node::{Error, Events, Node, RoomEvent, contact};
use rumormill_proto::{admit::Author, ids::RoomId};
use rumormill_store::{Closed, Disk, Keep, RoomRecord, Store as _};
use support::{at, copy_home, disk, endpoint, holds, memory, say_many, shown, soon, status, texts, timeline};

#[tokio::test]
async fn a_restart_keeps_everything() {
    let home = tempfile::tempdir().unwrap();
    let node = disk(&home.path().join("home")).await;
    let room = node.create("kept").await.unwrap();
    say_many(&room, "line", 5).await;
    room.set_nick("Ann").await.unwrap();
    let (before, peer, ticket, author) =
        (timeline(&room).await, node.peer(), room.ticket().await.unwrap(), room.author());
    node.close().await;
    let node = disk(&home.path().join("home")).await;
    let room = node.rooms().pop().unwrap();
    assert_eq!((node.peer(), room.author(), room.name()), (peer, author, "kept".into()));
    assert_eq!((room.ticket().await.unwrap().room, room.ticket().await.unwrap().secret), (ticket.room, ticket.secret));
    assert_eq!(timeline(&room).await, before);
    let said = soon("a line after the restart", room.say("after")).await.unwrap();
    assert_eq!((said.author, said.seq), (author, 7));
    status(&room, "the nick said before", |_| room.nick(&author) == "Ann").await;
    node.close().await;
}

#[tokio::test]
async fn a_home_is_open_once() {
    let home = tempfile::tempdir().unwrap();
    let node = disk(&home.path().join("home")).await;
    assert!(matches!(Node::open(at(&home.path().join("home"))).await, Err(Error::Store(_))));
    node.close().await;
    disk(&home.path().join("home")).await.close().await;
}

#[tokio::test]
async fn a_node_that_comes_back_finds_its_peers_and_what_it_missed() {
    let home = tempfile::tempdir().unwrap();
    let stays = memory().await;
    let there = stays.create("back").await.unwrap();
    let goes = disk(&home.path().join("home")).await;
    let here = goes.join(&there.ticket().await.unwrap()).await.unwrap();
    say_many(&there, "before", 3).await;
    holds(&here, 4).await;
    goes.close().await;
    say_many(&there, "meanwhile", 3).await;
    let back = disk(&home.path().join("home")).await;
    let here = back.rooms().pop().unwrap();
    holds(&here, 7).await;
    assert_eq!(timeline(&here).await, timeline(&there).await);
    back.close().await;
    stays.close().await;
}

#[tokio::test]
async fn a_restored_backup_adopts_what_it_said_before_and_forks_nothing() {
    let (home, backup) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let other = memory().await;
    let there = other.create("backup").await.unwrap();
    let node = disk(&home.path().join("home")).await;
    let here = node.join(&there.ticket().await.unwrap()).await.unwrap();
    say_many(&here, "before the backup", 3).await;
    holds(&there, 4).await;
    node.close().await;
    copy_home(&home.path().join("home"), &backup.path().join("home"));
    let node = disk(&home.path().join("home")).await;
    let here = node.rooms().pop().unwrap();
    let author = here.author();
    soon("lines after the backup", say_many(&here, "after the backup", 3)).await;
    holds(&there, 7).await;
    node.close().await;
    let restored = disk(&backup.path().join("home")).await;
    let here = restored.rooms().pop().unwrap();
    let said = soon("a line after the restore", here.say("after the restore")).await.unwrap();
    assert_eq!((said.author, said.seq), (author, 6));
    holds(&there, 8).await;
    holds(&here, 8).await;
    assert_eq!(timeline(&here).await, timeline(&there).await);
    restored.close().await;
    other.close().await;
}

async fn rekeyed(events: &mut Events) {
    let wait = async {
        while let Some(event) = events.next().await {
            if matches!(event, RoomEvent::Rekeyed { .. }) {
                return;
            }
        }
    };
    soon("a new author key", wait).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_in_two_places_is_found_and_nothing_of_either_is_lost() {
    let homes = tempfile::tempdir().unwrap();
    let (one, two) = (homes.path().join("one"), homes.path().join("two"));
    let node = disk(&one).await;
    let room = node.create("twice").await.unwrap();
    say_many(&room, "shared", 3).await;
    node.close().await;
    copy_home(&one, &two);

    // Both copies write, each unseen by the other. They meet only if each has its own transport key.
    let mut settings = at(&two);
    settings.peer_secret = Some([9; 32]);
    let copy = Node::open(settings.clone()).await.unwrap();
    let at_copy = copy.rooms().pop().unwrap();
    soon("lines at the copy", say_many(&at_copy, "copy", 70)).await;
    copy.close().await;
    let node = disk(&one).await;
    let at_node = node.rooms().pop().unwrap();
    soon("lines at the original", say_many(&at_node, "original", 5)).await;

    let mut events = at_node.events();
    let copy = Node::open(settings).await.unwrap();
    let at_copy = copy.rooms().pop().unwrap();
    let mut copy_events = at_copy.events();
    copy.join(&at_node.ticket().await.unwrap()).await.unwrap();
    rekeyed(&mut events).await;
    rekeyed(&mut copy_events).await;
    assert_ne!(at_node.author(), at_copy.author());

    let expected: BTreeSet<String> = (0..3)
        .map(|at| format!("shared {at}"))
        .chain((0..70).map(|at| format!("copy {at}")))
        .chain((0..5).map(|at| format!("original {at}")))
        .collect();
    for room in [&at_node, &at_copy] {
        let all = async {
            loop {
                let renewed = room.renewed();
                if texts(room).await.into_iter().collect::<BTreeSet<_>>() == expected {
                    return;
                }
                renewed.await;
            }
        };
        soon("every line of both", all).await;
    }
    let digest = at_node.status().digest;
    status(&at_copy, "the same digest", |status| status.digest == at_node.status().digest).await;
    assert_eq!(timeline(&at_copy).await, timeline(&at_node).await, "{digest:?}");
    let mut events = at_copy.events();
    at_node.say("on we go").await.unwrap();
    shown(&at_copy, &mut events, "on we go").await;
    copy.close().await;
    node.close().await;
}

#[tokio::test]
async fn the_rooms_of_a_home_are_announced_together() {
    let dir = tempfile::tempdir().unwrap();
    let called = endpoint(SecretKey::from_bytes(&[7; 32])).await;
    called.set_alpns(vec![b"rumormill/1.1".to_vec()]);
    let contact = contact(&[7; 32], called.bound_sockets()[0]);
    let mut home = Disk::open(&dir.path().join("home")).unwrap();
    for number in 0..64 {
        let (id, founder) = (RoomId([number; 32]), Author::from_secret(&[1; 32]).id());
        let closed = Closed { founder, pass: None, device_of: None, keeps: true };
        let record = RoomRecord {
            private: None,
            nick: None,
            id,
            secret: [1; 32],
            author_secret: [2; 32],
            name: String::new(),
            contacts: vec![contact.clone()],
            keep: Keep::default(),
            announced: false,
            closed: Some(closed),
        };
        home.put_room(&record).unwrap();
    }
    drop(home);
    let node = disk(&dir.path().join("home")).await;
    let connection = soon("a call", called.accept()).await.unwrap().await.unwrap();
    let (_, mut live) = soon("a stream", connection.accept_bi()).await.unwrap();
    let greeting = soon("a greeting", live.read_chunk(1)).await.unwrap().unwrap();
    // A length of two bytes follows, least significant digit first.
    let more = soon("its length", live.read_chunk(1)).await.unwrap().unwrap();
    let length = usize::from(greeting[0] & 127) | usize::from(more[0]) << 7;
    assert_eq!((length - 10) / 32, 64, "all rooms in one greeting");
    node.close().await;
}

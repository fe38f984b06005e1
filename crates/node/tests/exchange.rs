//! Nodes that talk: lines cross, newcomers get everything, all show the same.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that cannot go on has failed")]

mod support;

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use rumormill_node::{Error, Holders, Node, RoomEvent, Settings, Ticket};
use rumormill_proto::entry::Kind;
use support::{holds, memory, say_many, shown, soon, status, texts, timeline};

#[tokio::test]
async fn a_line_crosses_both_ways() {
    let (a, b) = (memory().await, memory().await);
    let there = a.create("lunch").await.unwrap();
    let here = b.join(&there.ticket().await.unwrap()).await.unwrap();
    let (mut at_a, mut at_b) = (there.events(), here.events());
    let said = there.say("hello").await.unwrap();
    shown(&here, &mut at_b, "hello").await;
    here.say("hello yourself").await.unwrap();
    shown(&there, &mut at_a, "hello yourself").await;
    status(&here, "the room's name", |_| here.name() == "lunch").await;
    let holders = there.holders(said).await.unwrap();
    assert_eq!(holders, Holders { received: vec![here.author()], acknowledged: vec![here.author()] });
    let holders = here.holders(said).await.unwrap();
    assert_eq!(holders, Holders { received: vec![there.author()], acknowledged: vec![] }, "who wrote it has it");
    assert_eq!(timeline(&there).await, timeline(&here).await);
    a.close().await;
    b.close().await;
}

#[tokio::test]
async fn a_latecomer_gets_everything() {
    let (a, b) = (memory().await, memory().await);
    let there = a.create("history").await.unwrap();
    let lines = (0..1000).map(|at| (Kind::TEXT, Bytes::from(format!("line {at}")))).collect();
    assert_eq!(there.entries().say(lines).await.unwrap().len(), 1000);
    let here = b.join(&there.ticket().await.unwrap()).await.unwrap();
    holds(&here, 1001).await;
    assert_eq!(timeline(&here).await, timeline(&there).await);
    assert_eq!(here.status().digest, there.status().digest);
    a.close().await;
    b.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_nodes_end_with_the_same_timeline() {
    let mut nodes = Vec::new();
    for _ in 0..4 {
        nodes.push(memory().await);
    }
    let first = nodes[0].create("four").await.unwrap();
    let mut rooms = vec![first.clone()];
    for node in &nodes[1..] {
        rooms.push(node.join(&first.ticket().await.unwrap()).await.unwrap());
    }
    let saying = rooms.iter().enumerate().map(|(at, room)| {
        let room = room.clone();
        tokio::spawn(async move { say_many(&room, &format!("node {at} line"), 50).await })
    });
    for task in saying.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    for room in &rooms {
        holds(room, 201).await;
    }
    let expected = timeline(&rooms[0]).await;
    for room in &rooms {
        assert_eq!(timeline(room).await, expected);
        assert_eq!(room.status().digest, rooms[0].status().digest);
        assert_eq!(room.status().authors, 4);
    }
    for node in nodes {
        node.close().await;
    }
}

#[tokio::test]
async fn what_was_said_alone_reaches_those_who_come() {
    let (a, b) = (memory().await, memory().await);
    let there = a.create("alone").await.unwrap();
    say_many(&there, "to nobody", 3).await;
    let here = b.join(&there.ticket().await.unwrap()).await.unwrap();
    holds(&here, 4).await;
    assert_eq!(texts(&here).await, ["to nobody 0", "to nobody 1", "to nobody 2"]);
    a.close().await;
    b.close().await;
}

#[tokio::test]
async fn several_rooms_share_one_connection_and_stay_apart() {
    let (a, b) = (memory().await, memory().await);
    let (one, two) = (a.create("one").await.unwrap(), a.create("two").await.unwrap());
    let secret = a.create("secret").await.unwrap();
    let one_b = b.join(&one.ticket().await.unwrap()).await.unwrap();
    status(&one_b, "a link", |status| status.peers.len() == 1).await;
    let two_b = b.join(&two.ticket().await.unwrap()).await.unwrap();
    status(&two_b, "a link for the room joined later", |status| status.peers.len() == 1).await;
    let (mut in_one, mut in_two) = (one_b.events(), two_b.events());
    one.say("for one").await.unwrap();
    two.say("for two").await.unwrap();
    shown(&one_b, &mut in_one, "for one").await;
    shown(&two_b, &mut in_two, "for two").await;
    assert_eq!(texts(&one_b).await, ["for one"]);
    assert_eq!(texts(&two_b).await, ["for two"]);
    assert_eq!(secret.status().peers, []);
    a.close().await;
    b.close().await;
}

#[tokio::test]
async fn whoever_has_another_secret_gets_nothing() {
    let (a, b) = (memory().await, memory().await);
    let there = a.create("closed").await.unwrap();
    say_many(&there, "not for you", 3).await;
    let mut ticket: Ticket = there.ticket().await.unwrap();
    ticket.secret[0] ^= 1;
    let here = b.join(&ticket).await.unwrap();
    let good = memory().await;
    let member = good.join(&there.ticket().await.unwrap()).await.unwrap();
    holds(&member, 4).await;
    assert_eq!(here.status().entries, 0);
    assert_eq!((here.status().peers, timeline(&here).await), (vec![], vec![]));
    status(&there, "one link", |status| status.peers.len() == 1).await;
    for node in [a, b, good] {
        node.close().await;
    }
}

#[tokio::test]
async fn when_one_node_closes_the_others_go_on() {
    let (a, b, c) = (memory().await, memory().await, memory().await);
    let at_a = a.create("three").await.unwrap();
    let at_b = b.join(&at_a.ticket().await.unwrap()).await.unwrap();
    let at_c = c.join(&at_a.ticket().await.unwrap()).await.unwrap();
    status(&at_b, "a full mesh", |status| status.peers.len() == 2).await;
    status(&at_c, "a full mesh", |status| status.peers.len() == 2).await;
    a.close().await;
    status(&at_b, "the one that went", |status| status.peers.len() == 1).await;
    let mut events = at_c.events();
    at_b.say("still here").await.unwrap();
    shown(&at_c, &mut events, "still here").await;
    assert_eq!(at_a.say("gone").await, Err(Error::Closed));
    assert!(at_a.events().next().await.is_none());
    b.close().await;
    c.close().await;
}

#[tokio::test]
async fn what_cannot_be_said_is_refused_in_words() {
    let node = memory().await;
    let room = node.create("limits").await.unwrap();
    assert_eq!(room.say(&"x".repeat(8193)).await, Err(Error::TooLong));
    assert_eq!(room.entries().say(vec![(Kind::TEXT, Bytes::new()); 1025]).await, Err(Error::Busy));
    assert_eq!(room.entries().say(vec![]).await, Ok(vec![]));
    assert_eq!(room.set_nick("  ").await, Err(Error::Nick));
    room.say(&"x".repeat(8192)).await.unwrap();
    let nick = room.set_nick(" Ann ").await.unwrap().unwrap();
    status(&room, "the nick", |_| room.nick(&nick.author) == "Ann").await;
    node.close().await;
}

#[tokio::test]
async fn a_node_that_nobody_holds_ends() {
    let port = {
        let node = memory().await;
        let room = node.create("dropped").await.unwrap();
        let port = node.local_addrs()[0].port();
        drop(node);
        room.say("the room still holds it").await.unwrap();
        port
    };
    let mut settings = Settings::memory();
    settings.bind = rumormill_node::Bind::Loopback { port };
    let again = soon("the port is free", async {
        loop {
            match Node::open(settings.clone()).await {
                Ok(node) => return node,
                Err(Error::Bind { .. }) => tokio::time::sleep(Duration::from_millis(10)).await,
                Err(other) => panic!("{other}"),
            }
        }
    });
    again.await.close().await;
}

#[tokio::test]
async fn whoever_is_connected_hears_that_somebody_writes_but_not_each_key() {
    let (a, b) = (memory().await, memory().await);
    let at_a = a.create("typing").await.unwrap();
    let at_b = b.join(&at_a.ticket().await.unwrap()).await.unwrap();
    holds(&at_b, 1).await;
    for room in [&at_a, &at_b] {
        status(room, "a link", |status| status.peers.len() == 1).await;
    }
    let mut events = at_b.events();
    for _ in 0..1_000 {
        at_a.typing().await.unwrap();
    }
    at_a.say("written").await.unwrap();
    let mut typings = 0;
    loop {
        match soon("what was written", events.next()).await.unwrap() {
            RoomEvent::Typing { author } => {
                assert_eq!(author, at_a.author());
                typings += 1;
            }
            RoomEvent::Message { .. } => break,
            _ => {}
        }
    }
    assert!((1..20).contains(&typings), "{typings} of 1,000");
    a.close().await;
    b.close().await;
}

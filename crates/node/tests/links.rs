//! One connection per pair of peers, however it comes about.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod support;

use bytes::Bytes;
use rumormill_node::{Node, Room, Ticket};
use rumormill_proto::entry::Kind;
use support::{holds, memory, setup, shown, soon, status};

async fn crosses(from: &Room, to: &Room, text: &str) {
    let mut events = to.events();
    soon("a line said", async { from.say(text).await.unwrap() }).await;
    shown(to, &mut events, text).await;
}

/// The room's ticket with this node as its only contact.
async fn ticket_to(room: &Room, node: &Node) -> Ticket {
    Ticket { contacts: vec![node.contact()], ..room.ticket().await.unwrap() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_dial_each_other_at_once_end_with_one_link() {
    for round in 0..20 {
        let (a, b) = (memory().await, memory().await);
        let (id, secret) = (rumormill_proto::ids::RoomId([round; 32]), [2; 32]);
        let mut of_a = setup(id, secret, [3; 32]);
        of_a.contacts = vec![b.contact()];
        let mut of_b = setup(id, secret, [4; 32]);
        of_b.contacts = vec![a.contact()];
        let (at_a, at_b) = tokio::join!(a.enter(of_a), b.enter(of_b));
        let (at_a, at_b) = (at_a.unwrap(), at_b.unwrap());
        status(&at_a, "a link", |status| status.peers.len() == 1).await;
        status(&at_b, "a link", |status| status.peers.len() == 1).await;
        crosses(&at_a, &at_b, "from a").await;
        crosses(&at_b, &at_a, "from b").await;
        // The connection that is given up may end before the other one is used.
        for room in [&at_a, &at_b] {
            status(room, "the link that stays", |status| status.peers.len() == 1).await;
        }
        crosses(&at_a, &at_b, "from a, over it").await;
        crosses(&at_b, &at_a, "from b, over it").await;
        a.close().await;
        b.close().await;
    }
}

#[tokio::test]
async fn whoever_joins_finds_those_who_are_there() {
    let (a, b, c) = (memory().await, memory().await, memory().await);
    let at_a = a.create("introductions").await.unwrap();
    let at_b = b.join(&ticket_to(&at_a, &a).await).await.unwrap();
    status(&at_b, "a link", |status| status.peers.len() == 1).await;
    let at_c = c.join(&ticket_to(&at_a, &b).await).await.unwrap();
    for room in [&at_a, &at_b, &at_c] {
        status(room, "a full mesh", |status| status.peers.len() == 2).await;
    }
    for node in [a, b, c] {
        node.close().await;
    }
}

#[tokio::test]
async fn a_room_entered_late_uses_the_connection_there_is() {
    let (a, b) = (memory().await, memory().await);
    let first = a.create("first").await.unwrap();
    let first_b = b.join(&first.ticket().await.unwrap()).await.unwrap();
    status(&first_b, "a link", |status| status.peers.len() == 1).await;
    for round in 0..10u8 {
        let (id, secret) = (rumormill_proto::ids::RoomId([round; 32]), [round; 32]);
        let at_a = a.enter(setup(id, secret, [3; 32])).await.unwrap();
        let at_b = b.enter(setup(id, secret, [4; 32])).await.unwrap();
        crosses(&at_a, &at_b, "without any contact").await;
        crosses(&at_b, &at_a, "and back").await;
    }
    a.close().await;
    b.close().await;
}

#[tokio::test]
async fn a_dead_contact_keeps_nobody_from_a_live_one() {
    let (a, b, gone) = (memory().await, memory().await, memory().await);
    let at_a = a.create("contacts").await.unwrap();
    let mut ticket = at_a.ticket().await.unwrap();
    ticket.contacts.insert(0, gone.contact());
    gone.close().await;
    let at_b = b.join(&ticket).await.unwrap();
    holds(&at_b, 1).await;
    a.close().await;
    b.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_during_a_bulk_answer_comes_as_well() {
    let (a, b) = (memory().await, memory().await);
    let at_a = a.create("bulk").await.unwrap();
    let body = Bytes::from("history ".repeat(100));
    for _ in 0..20 {
        at_a.entries().say(vec![(Kind::TEXT, body.clone()); 1000]).await.unwrap();
    }
    let at_b = b.join(&at_a.ticket().await.unwrap()).await.unwrap();
    status(&at_b, "the first entries", |status| status.entries > 0).await;
    at_a.say("live").await.unwrap();
    holds(&at_b, 20_002).await;
    let last = at_b.entries().page(None, 1).await.unwrap();
    assert_eq!(last[0].body.bytes().map(|body| &body[..]), Some(&b"live"[..]));
    status(&at_a, "the same digest", |status| status.digest == at_b.status().digest).await;
    a.close().await;
    b.close().await;
}

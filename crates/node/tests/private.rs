//! Private rooms on real nodes: out of an open and a closed room, of two and of three, and begun by both at once.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that cannot go on has failed")]

mod support;

use std::collections::BTreeSet;

use rumormill_node::{Asked, Error, Membership, Node, Room};
use rumormill_proto::governance::Order;
use support::{disk, is_in, memory, says, soon, until};

/// Waits until somebody asks us into a private room.
async fn asked(shared: &Room) -> Asked {
    let wait = async {
        loop {
            let renewed = shared.renewed();
            if let Some(asked) = shared.asked().await.unwrap().into_iter().next() {
                return asked;
            }
            renewed.await;
        }
    };
    soon("a letter", wait).await
}

async fn begin(node: &Node, shared: &Room, others: &[&Room]) -> Result<Room, Error> {
    let others: Vec<_> = others.iter().map(|room| room.author()).collect();
    node.begin_private(shared, &others, "@others", &BTreeSet::new()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_talk_privately_out_of_a_closed_room_and_one_leaves() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("ben");
    let (ann, ben, eve) = (memory().await, disk(&home).await, memory().await);
    let at_ann = ann.create_closed("lunch").await.unwrap();
    let ticket = at_ann.ticket().await.unwrap();
    let (at_ben, at_eve) = (ben.join(&ticket).await.unwrap(), eve.join(&ticket).await.unwrap());
    is_in(&at_ben).await;
    is_in(&at_eve).await;
    at_ann.say("hello").await.unwrap();
    says(&at_ben, &["hello"]).await;
    says(&at_eve, &["hello"]).await;

    let here = begin(&ann, &at_ann, &[&at_ben]).await.unwrap();
    here.say("between us").await.unwrap();
    let letter = asked(&at_ben).await;
    assert_eq!((letter.from, letter.people().len(), letter.room()), (at_ann.author(), 2, here.id()));
    let there = ben.enter_private(&at_ben, &letter, "@ann").await.unwrap();
    assert_eq!((there.author(), there.private().unwrap().of), (at_ben.author(), at_ben.id()), "he keeps his key");
    says(&there, &["between us"]).await;
    there.say("yes").await.unwrap();
    says(&here, &["between us", "yes"]).await;
    // Eve carries the letter, and reads nothing in it.
    at_ann.say("all have this").await.unwrap();
    says(&at_eve, &["hello", "all have this"]).await;
    assert!(at_eve.asked().await.unwrap().is_empty());

    // Nobody is let in or removed there, by whoever founded it neither; and it is found again.
    assert_eq!(here.order(Order::Remove(at_ben.author())).await, Err(Error::Private));
    assert_eq!(here.order(Order::Admit(vec![at_eve.author()])).await, Err(Error::Private));
    assert!(matches!(here.ticket().await, Err(Error::Private)));
    assert!(matches!(here.membership(), Membership::Present(None)), "she stepped down");
    assert_eq!(begin(&ann, &at_ann, &[&at_ben]).await.unwrap().id(), here.id());
    assert_eq!(begin(&ben, &at_ben, &[&at_ann]).await.unwrap().id(), here.id());
    assert_eq!(begin(&ann, &at_ann, &[]).await.err(), Some(Error::People));

    // It is a private room still after a restart, and Ann sees that he leaves.
    let (id, key) = (there.id(), there.author());
    drop((there, at_ben));
    ben.close().await;
    let ben = disk(&home).await;
    let there = ben.room(&id).unwrap();
    assert_eq!(there.private().unwrap().people.len(), 2);
    is_in(&there).await;
    there.order(Order::End(key)).await.unwrap();
    until(&here, "him to leave", async |room| {
        room.member(&key).is_none_or(|member| member.place == rumormill_node::Place::Removed)
    })
    .await;
    let other = begin(&ann, &at_ann, &[&ben.room(&at_ann.id()).unwrap()]).await.unwrap();
    assert_ne!(other.id(), id, "another one");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_talk_privately_out_of_an_open_room_and_two_who_begin_at_once_go_on_in_one() {
    let (ann, ben, eve) = (memory().await, memory().await, memory().await);
    let at_ann = ann.create("lunch").await.unwrap();
    let ticket = at_ann.ticket().await.unwrap();
    let (at_ben, at_eve) = (ben.join(&ticket).await.unwrap(), eve.join(&ticket).await.unwrap());
    for (room, text) in [(&at_ann, "a"), (&at_ben, "b"), (&at_eve, "e")] {
        room.say(text).await.unwrap();
    }
    let all = async |room: &Room| room.status().entries == 4;
    for room in [&at_ann, &at_ben, &at_eve] {
        until(room, "all words", all).await;
    }
    let group = begin(&ann, &at_ann, &[&at_ben, &at_eve]).await.unwrap();
    group.say("we three").await.unwrap();
    for (node, shared) in [(&ben, &at_ben), (&eve, &at_eve)] {
        let letter = asked(shared).await;
        assert_eq!(letter.people().len(), 3);
        let there = node.enter_private(shared, &letter, "@group").await.unwrap();
        says(&there, &["we three"]).await;
    }

    // Ben and Eve begin one each before they hear of the other's.
    let lists = |room: &Room| room.private().is_some_and(|private| private.people.len() == 2);
    let (with_eve, with_ben) = ([&at_eve], [&at_ben]);
    let (one, other) = tokio::join!(begin(&ben, &at_ben, &with_eve), begin(&eve, &at_eve, &with_ben));
    let (one, other) = (one.unwrap(), other.unwrap());
    for (node, shared, other) in [(&ben, &at_ben, &other), (&eve, &at_eve, &one)] {
        let letter = async {
            loop {
                let renewed = shared.renewed();
                let asked = shared.asked().await.unwrap();
                if asked.iter().any(|asked| asked.room() == other.id()) || node.room(&other.id()).is_some() {
                    return asked;
                }
                renewed.await;
            }
        };
        for letter in soon("the other letter", letter).await {
            assert!(node.room(&letter.room()).is_some() || node.has_private(shared, &letter));
            node.enter_private(shared, &letter, "@other").await.unwrap();
        }
    }
    let lowest = one.id().min(other.id());
    for (node, shared, with) in [(&ben, &at_ben, &at_eve), (&eve, &at_eve, &at_ben)] {
        assert_eq!(node.rooms().iter().filter(|room| lists(room)).count(), if one.id() == other.id() { 1 } else { 2 });
        for room in node.rooms().iter().filter(|room| lists(room)) {
            is_in(room).await;
            let expected = (room.id() != lowest).then_some(lowest);
            assert_eq!(node.goes_on(room).map(|room| room.id()), expected);
        }
        assert_eq!(begin(node, shared, &[with]).await.unwrap().id(), lowest);
    }
}

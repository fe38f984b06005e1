//! Devices of one person on real nodes: linked by a code, one person to others, and ended.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that cannot go on has failed")]

mod support;

use rumormill_node::{
    AboutRoom, DeviceKey, Error, LinkBegun, LinkCode, LinkHanded, LinkKeys, LinkOffer, LinkTaken, Membership, Node,
    Room,
};
use rumormill_proto::governance::Order;
use support::{disk, is_in, memory, says, soon, until};

/// Links `other` as a device in one room; returns its room.
async fn link(first: &Node, other: &Node, room: &Room) -> Room {
    let linking = first.show_code();
    let code: LinkCode = linking.code().to_string().parse().unwrap();
    let gives = async {
        let mut giver = linking.proved().await.unwrap();
        let offer = LinkOffer { name: "desk".into(), rooms: vec![(room.id(), room.author())] };
        let LinkKeys { name, keys } = giver.offer(&offer).await.unwrap();
        assert_eq!(name, "laptop");
        let about = AboutRoom { name: room.name(), ..AboutRoom::default() };
        let handed = room.hand_over(keys[0].1, about).await.unwrap();
        let begun = giver.hand(&LinkHanded { name, closed: vec![handed], ..LinkHanded::default() }).await.unwrap();
        let (of, first) = begun.0.into_iter().next().unwrap();
        assert!(room.take_device(first).await.unwrap());
        giver.end(&LinkTaken(vec![of])).await.unwrap();
    };
    let takes = async {
        let mut taker = other.link(&code).await.unwrap();
        let (id, key) = (taker.offer().rooms[0].0, DeviceKey::fresh());
        let keys = LinkKeys { name: "laptop".into(), keys: vec![(id, key.author())] };
        let handed = taker.keys(&keys).await.unwrap();
        let entered = other.enter_as_device(&handed.closed[0], &key).await.unwrap();
        let first = entered.first_run().await.unwrap();
        let taken = taker.begun(&LinkBegun(vec![(id, first)])).await.unwrap();
        assert_eq!(taken, LinkTaken(vec![id]));
        entered
    };
    let ((), entered) = soon("the link", async { tokio::join!(gives, takes) }).await;
    assert!(matches!(other.link(&code).await, Err(Error::Code)), "a code is used once");
    entered
}

#[tokio::test(flavor = "multi_thread")]
async fn two_machines_are_one_person_until_one_is_ended() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("laptop");
    let (ann, laptop, friend) = (memory().await, disk(&home).await, memory().await);
    let at_ann = ann.create_closed("lunch").await.unwrap();
    at_ann.set_nick("Ann").await.unwrap();
    let at_ben = friend.join(&at_ann.ticket().await.unwrap()).await.unwrap();
    is_in(&at_ben).await;
    at_ann.say("hello").await.unwrap();

    let at_laptop = link(&ann, &laptop, &at_ann).await;
    is_in(&at_laptop).await;
    says(&at_laptop, &["hello"]).await;
    let said = at_laptop.say("from the laptop").await.unwrap();
    says(&at_ben, &["hello", "from the laptop"]).await;
    says(&at_ann, &["hello", "from the laptop"]).await;
    assert_eq!((at_laptop.me(), at_laptop.name()), (at_ann.author(), "lunch".into()));
    assert_eq!((at_ben.person(&said.author), at_ben.nick(&said.author)), (at_ann.author(), "Ann".into()));
    assert!(at_ann.is_mine(&said.author) && !at_ben.is_mine(&said.author));
    assert!(at_ann.may_name_devices() && !at_laptop.may_name_devices() && at_laptop.is_device());
    assert_eq!(at_laptop.order(Order::Mine(at_ben.author())).await, Err(Error::NothingThere));
    // The friend is one holder, whoever asks, and so is Ann.
    let of = at_ann.say("who has it?").await.unwrap();
    says(&at_ben, &["hello", "from the laptop", "who has it?"]).await;
    says(&at_laptop, &["hello", "from the laptop", "who has it?"]).await;
    at_ben.say("I").await.unwrap();
    says(&at_laptop, &["hello", "from the laptop", "who has it?", "I"]).await;
    at_laptop.say("I too").await.unwrap();
    says(&at_ann, &["hello", "from the laptop", "who has it?", "I", "I too"]).await;
    says(&at_ben, &["hello", "from the laptop", "who has it?", "I", "I too"]).await;
    assert_eq!(at_ann.holders(of).await.unwrap().received, [at_ben.author()]);
    assert_eq!(at_ben.holders(said).await.unwrap().received, [at_ann.author()]);

    // It is a device still after a restart.
    let id = at_laptop.id();
    drop(at_laptop);
    laptop.close().await;
    let laptop = disk(&home).await;
    let at_laptop = laptop.room(&id).unwrap();
    assert!(at_laptop.is_device() && matches!(at_laptop.membership(), Membership::Present(None)));

    at_ann.order(Order::End(at_laptop.author())).await.unwrap();
    until(&at_ben, "the end", async |room| room.person(&said.author) == at_ann.author()).await;
    until(&at_laptop, "to be told", async |room| matches!(room.membership(), Membership::Removed { .. })).await;
    assert_eq!(at_laptop.say("still here").await, Err(Error::NotMember));
    at_ann.say("alone again").await.unwrap();
    says(&at_ben, &["hello", "from the laptop", "who has it?", "I", "I too", "alone again"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_know_the_code_gets_nothing_and_spoils_nothing() {
    let (ann, laptop) = (memory().await, memory().await);
    let old: LinkCode = ann.show_code().code().to_string().parse().unwrap();
    let linking = ann.show_code();
    let code: LinkCode = linking.code().to_string().parse().unwrap();
    assert!(matches!(laptop.link(&old).await, Err(Error::Code)), "another code is shown since");
    let offer = LinkOffer { name: "desk".into(), rooms: vec![] };
    let gives = async {
        let mut giver = linking.proved().await.unwrap();
        // The other side goes, and leaves no keys.
        assert!(matches!(giver.offer(&offer).await, Err(Error::Unlinked)));
    };
    let takes = async {
        let taker = laptop.link(&code).await.unwrap();
        assert_eq!(taker.offer(), &offer);
    };
    soon("the link", async { tokio::join!(gives, takes) }).await;
}

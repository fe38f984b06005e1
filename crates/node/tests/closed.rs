//! Closed rooms on real nodes: people are let in by tickets, and governed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that cannot go on has failed")]

mod support;

use rumormill_node::{Error, Membership, Node, Place, Refusal, Room, Ticket, What};
use rumormill_proto::{
    content::Target,
    entry::Kind,
    governance::{Order, Role, Says},
};
use rumormill_store::{Closed, Disk, Store as _};
use support::{disk, is_in, memory, says, texts, timeline, until};

/// Waits until somebody was turned away. It was told nothing.
async fn refused(room: &Room) {
    until(room, "to be turned away", async |room| room.membership() == Membership::Refused(Refusal::Unwelcome)).await;
    assert_eq!((room.members().len(), &*room.name(), room.tickets().len()), (1, "", 0), "the founder is in the ticket");
}

/// What was done in a room, as people read it.
async fn deeds(room: &Room) -> Vec<Says> {
    let page = room.messages(None, 100).await.unwrap();
    let deed = |what| if let What::Act(says) = what { Some(*says) } else { None };
    page.messages.into_iter().filter_map(|message| deed(message.what)).collect()
}

/// An open room of three, and its ticket.
async fn in_the_open(nodes: [&Node; 3]) -> ([Room; 3], Ticket) {
    let ann = nodes[0].create("lunch").await.unwrap();
    let ticket = ann.ticket().await.unwrap();
    let (ben, mallory) = (nodes[1].join(&ticket).await.unwrap(), nodes[2].join(&ticket).await.unwrap());
    for (room, name) in [(&ann, "Ann"), (&ben, "Ben"), (&mallory, "Mallory")] {
        room.set_nick(name).await.unwrap();
    }
    ([ann, ben, mallory], ticket)
}

/// A founder, and a room with two others who came by its ticket.
async fn three() -> ([Node; 3], [Room; 3], Ticket) {
    let nodes = [memory().await, memory().await, memory().await];
    let ann = nodes[0].create_closed("lunch").await.unwrap();
    ann.set_nick("Ann").await.unwrap();
    let ticket: Ticket = ann.ticket().await.unwrap().to_string().parse().unwrap();
    let mut others = Vec::new();
    for (node, name) in nodes[1..].iter().zip(["Ben", "Mallory"]) {
        let room = node.join(&ticket).await.unwrap();
        room.set_nick(name).await.unwrap();
        is_in(&room).await;
        others.push(room);
    }
    let [ben, mallory] = others.try_into().ok().unwrap();
    (nodes, [ann, ben, mallory], ticket)
}

#[tokio::test(flavor = "multi_thread")]
async fn people_come_by_a_ticket_and_somebody_who_is_removed_is_heard_by_nobody() {
    let (_nodes, [ann, ben, mallory], ticket) = three().await;
    assert_eq!(ann.membership(), Membership::Present(Some(Role::Owner)));
    assert_eq!(ben.membership(), Membership::Present(None));
    ann.say("hello").await.unwrap();
    says(&mallory, &["hello"]).await;
    mallory.say("so").await.unwrap();
    says(&ben, &["hello", "so"]).await;
    says(&ann, &["hello", "so"]).await;
    until(&ben, "the names", async |room| {
        room.nick(&mallory.author()) == "Mallory" && room.nick(&ann.author()) == "Ann"
    })
    .await;
    assert_eq!(ben.name(), "lunch");
    assert_eq!(ben.order(Order::Remove(mallory.author())).await, Err(Error::Rank));

    let foreseen = ann.foresee(Order::Remove(mallory.author())).await.unwrap();
    assert_eq!(foreseen.out.into_iter().collect::<Vec<_>>(), [mallory.author()]);
    assert_eq!(foreseen.tickets.len(), 1, "the ticket by which she came ends");
    ann.order(Order::Remove(mallory.author())).await.unwrap();
    until(&mallory, "to be told", async |room| room.membership() == Membership::Removed { by: Some(ann.author()) })
        .await;
    assert_eq!(mallory.say("I stay").await, Err(Error::NotMember));
    let gone = async |room: &Room| room.member(&mallory.author()).map(|member| member.place) == Some(Place::Removed);
    until(&ben, "the removal", &gone).await;
    until(&ann, "the removal", &gone).await;
    ann.say("now").await.unwrap();
    says(&ben, &["hello", "so", "now"]).await;
    for room in [&ann, &ben] {
        assert!(deeds(room).await.iter().any(|deed| matches!(deed, Says::Remove { .. })));
    }
    // The ticket by which she came is over.
    let late = memory().await;
    let room = late.join(&ticket).await.unwrap();
    refused(&room).await;
    assert_eq!(texts(&room).await, Vec::<String>::new());
    assert_eq!(room.set_nick("Late").await, Ok(None), "a name is said once one is in");
    // A new one lets in, under a new key.
    let before = room.author();
    let room = late.join(&ann.ticket().await.unwrap()).await.unwrap();
    is_in(&room).await;
    assert_ne!(room.author(), before);
    until(&ann, "the name", async |ann| ann.nick(&room.author()) == "Late").await;
    says(&room, &["hello", "so", "now"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_ends_by_its_uses_and_by_its_time() {
    let node = memory().await;
    let ann = node.create_closed("lunch").await.unwrap();
    let once = ann.new_ticket(1, None).await.unwrap();
    let over = ann.new_ticket(9, Some(1_000)).await.unwrap();
    let (first, second, third) = (memory().await, memory().await, memory().await);
    is_in(&first.join(&once).await.unwrap()).await;
    let room = second.join(&once).await.unwrap();
    refused(&room).await;
    let room = third.join(&over).await.unwrap();
    refused(&room).await;
    assert!(ann.tickets().iter().map(|ticket| ticket.used).eq([1, 0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_room_is_there_again_after_a_restart() {
    let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (node, there) = (disk(&home.path().join("home")).await, disk(&other.path().join("home")).await);
    let ann = node.create_closed("lunch").await.unwrap();
    let ticket = ann.ticket().await.unwrap();
    let ben = there.join(&ticket).await.unwrap();
    is_in(&ben).await;
    ben.say("hello").await.unwrap();
    says(&ann, &["hello"]).await;
    ann.order(Order::Appoint(ben.author(), Role::Moderator)).await.unwrap();
    until(&ben, "a role", async |room| room.membership() == Membership::Present(Some(Role::Moderator))).await;
    let id = ann.id();
    node.close().await;
    there.close().await;
    let node = disk(&home.path().join("home")).await;
    let ann = node.room(&id).unwrap();
    assert_eq!((ann.membership(), &*ann.name()), (Membership::Present(Some(Role::Owner)), "lunch"));
    assert_eq!(texts(&ann).await, ["hello"]);
    assert_eq!(ann.ticket().await.unwrap().admits, ticket.admits, "the ticket is made out of what is kept");
    let there = disk(&other.path().join("home")).await;
    let ben = there.room(&id).unwrap();
    assert_eq!((ben.membership(), &*ben.name()), (Membership::Present(Some(Role::Moderator)), "lunch"));
    // Both have another port now.
    there.join(&ann.ticket().await.unwrap()).await.unwrap();
    ann.order(Order::Dismiss(ben.author())).await.unwrap();
    until(&ben, "the end of the role", async |room| room.membership() == Membership::Present(None)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_chosen_before_one_is_in_is_said_then_though_the_process_ended() {
    let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (home, other) = (home.path().join("home"), other.path().join("home"));
    let node = disk(&home).await;
    let ann = node.create_closed("lunch").await.unwrap();
    let ticket = ann.ticket().await.unwrap();
    let id = ann.id();
    drop(ann);
    node.close().await;
    // Nobody can be reached.
    let there = disk(&other).await;
    let ben = there.join(&ticket).await.unwrap();
    assert_eq!(ben.set_nick("Bem").await, Ok(None));
    assert_eq!(ben.set_nick("Ben").await, Ok(None), "the last one is said");
    drop(ben);
    there.close().await;
    let (node, there) = (disk(&home).await, disk(&other).await);
    let (ann, ben) = (node.room(&id).unwrap(), there.room(&id).unwrap());
    assert_eq!(ben.membership(), Membership::Waiting);
    there.join(&ann.ticket().await.unwrap()).await.unwrap();
    is_in(&ben).await;
    until(&ann, "the name", async |room| room.nick(&ben.author()) == "Ben").await;
    ben.say("hello").await.unwrap();
    says(&ann, &["hello"]).await;
    // It is said once.
    drop(ben);
    there.close().await;
    let there = disk(&other).await;
    let ben = there.room(&id).unwrap();
    ben.set_nick("Benedict").await.unwrap().unwrap();
    let nicks = timeline(&ben).await.into_iter().filter(|line| line.kind == Kind::NICK);
    let nicks: Vec<_> =
        nicks.filter_map(|line| Some(String::from_utf8_lossy(line.body.bytes()?).into_owned())).collect();
    assert_eq!(nicks, ["Ben", "Benedict"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_room_is_closed_and_words_go_on_among_those_who_are_kept() {
    let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let [ann_home, ben_home] = [home.path().join("home"), other.path().join("home")];
    let (node, there, elsewhere) = (disk(&ann_home).await, disk(&ben_home).await, memory().await);
    let ([ann, ben, mallory], ticket) = in_the_open([&node, &there, &elsewhere]).await;
    mallory.say("before").await.unwrap();
    says(&ann, &["before"]).await;
    says(&ben, &["before"]).await;
    until(&ann, "Ben", async |room| room.nick(&ben.author()) == "Ben").await;
    assert_eq!((ben.may_close().await, ann.may_close().await), (Ok(false), Ok(true)));
    assert_eq!(ben.close([].into()).await, Err(Error::Rank));

    ann.close([mallory.author()].into()).await.unwrap();
    assert_eq!(ann.membership(), Membership::Present(Some(Role::Owner)));
    is_in(&ben).await;
    until(&mallory, "to be told", async |room| room.membership() == Membership::Removed { by: Some(ann.author()) })
        .await;
    assert_eq!(ann.close([].into()).await, Err(Error::Rank), "once and for good");
    ann.say("among us").await.unwrap();
    ben.say("yes").await.unwrap();
    for room in [&ann, &ben] {
        says(room, &["before", "among us", "yes"]).await;
        assert!(deeds(room).await.iter().any(|deed| matches!(deed, Says::Close { .. })));
    }
    assert_eq!(
        (mallory.say("and me?").await, texts(&mallory).await),
        (Err(Error::NotMember), vec!["before".to_owned()])
    );

    // The old ticket lets nobody in, and a new one does.
    let late = memory().await;
    let stranger = late.join(&ticket).await.unwrap();
    let newcomer = memory().await;
    let dan = newcomer.join(&ann.ticket().await.unwrap()).await.unwrap();
    is_in(&dan).await;
    says(&dan, &["before", "among us", "yes"]).await;
    until(&dan, "the names", async |room| room.nick(&mallory.author()) == "Mallory" && room.name() == "lunch").await;
    assert_eq!((texts(&stranger).await, &*stranger.name()), (Vec::new(), ""));

    // It is closed after a restart.
    drop((ann, ben));
    node.close().await;
    there.close().await;
    let (node, there) = (disk(&ann_home).await, disk(&ben_home).await);
    let (ann, ben) = (node.rooms().remove(0), there.rooms().remove(0));
    assert_eq!(ann.membership(), Membership::Present(Some(Role::Owner)));
    assert_eq!(ben.membership(), Membership::Present(None));
    ben.say("again").await.unwrap();
    says(&ann, &["before", "among us", "yes", "again"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_founder_of_an_open_room_named_closes_it_and_nobody_else() {
    let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let [ann_home, ben_home] = [home.path().join("home"), other.path().join("home")];
    let (node, there, elsewhere) = (disk(&ann_home).await, disk(&ben_home).await, memory().await);
    let ([ann, ben, mallory], _) = in_the_open([&node, &there, &elsewhere]).await;
    ann.say("before").await.unwrap();
    for room in [&ben, &mallory] {
        says(room, &["before"]).await;
    }
    until(&ann, "Ben", async |room| room.nick(&ben.author()) == "Ben").await;
    assert_eq!(ben.name_closer(mallory.author()).await, Err(Error::Rank), "he founded nothing");
    assert_eq!(ann.name_closer(ann.author()).await, Err(Error::Rank));
    ann.name_closer(ben.author()).await.unwrap();
    assert_eq!((ann.may_close().await, ann.close([].into()).await), (Ok(false), Err(Error::Rank)), "she gave that up");
    assert_eq!(ann.name_closer(mallory.author()).await, Err(Error::Rank), "once and for good");
    until(&ben, "the right to close", async |room| room.may_close().await == Ok(true)).await;
    until(&mallory, "the step-down", async |room| {
        deeds(room).await.iter().any(|deed| *deed == Says::StepDown { closer: Some(ben.author()) })
    })
    .await;
    assert_eq!((mallory.may_close().await, mallory.close([].into()).await), (Ok(false), Err(Error::Rank)));
    assert!([&ann, &ben, &mallory].iter().all(|room| !room.is_closed()));

    // He does so after a restart, without Mallory.
    drop(ben);
    there.close().await;
    let there = disk(&ben_home).await;
    let ben = there.rooms().remove(0);
    there.join(&ann.ticket().await.unwrap()).await.unwrap();
    ann.say("still in the open").await.unwrap();
    says(&ben, &["before", "still in the open"]).await;
    ben.close([mallory.author()].into()).await.unwrap();
    assert_eq!(ben.membership(), Membership::Present(Some(Role::CoOwner)));
    until(&ann, "to be a member", async |room| room.membership() == Membership::Present(None)).await;
    until(&mallory, "to be told", async |room| room.membership() == Membership::Removed { by: Some(ben.author()) })
        .await;
    ann.say("among us").await.unwrap();
    ben.say("yes").await.unwrap();
    for room in [&ann, &ben] {
        says(room, &["before", "still in the open", "among us", "yes"]).await;
        assert!(deeds(room).await.iter().any(|deed| matches!(deed, Says::Close { named: Some(_), .. })));
    }

    // A newcomer comes by his ticket, and everything is so after a restart.
    let newcomer = memory().await;
    let dan = newcomer.join(&ben.ticket().await.unwrap()).await.unwrap();
    is_in(&dan).await;
    says(&dan, &["before", "still in the open", "among us", "yes"]).await;
    drop((ann, ben));
    node.close().await;
    there.close().await;
    let (node, there) = (disk(&ann_home).await, disk(&ben_home).await);
    let (ann, ben) = (node.rooms().remove(0), there.rooms().remove(0));
    assert_eq!(ann.membership(), Membership::Present(None));
    assert_eq!(ben.membership(), Membership::Present(Some(Role::CoOwner)));
    node.join(&ben.ticket().await.unwrap()).await.unwrap();
    ann.say("again").await.unwrap();
    says(&ben, &["before", "still in the open", "among us", "yes", "again"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_noted_that_a_room_is_closed_and_lost_the_act_is_in_an_open_one_until_the_act_comes() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let (node, there) = (memory().await, disk(&home).await);
    let ann = node.create("lunch").await.unwrap();
    let ben = there.join(&ann.ticket().await.unwrap()).await.unwrap();
    ben.say("before").await.unwrap();
    says(&ann, &["before"]).await;
    // Without the founding entry nothing tells that the room was founded as an open one.
    let founding = Target { author: ann.author(), seq: 0 };
    until(&ben, "the founding", async |room| room.entries().one(founding).await.unwrap().is_some()).await;
    drop(ben);
    there.close().await;
    // The process stopped behind the note.
    let mut store = Disk::open(&home).unwrap();
    let mut record = store.rooms().unwrap().whole.remove(0);
    record.closed = Some(Closed { founder: ann.author(), pass: None, device_of: None, keeps: false });
    store.put_room(&record).unwrap();
    drop(store);
    let there = disk(&home).await;
    let ben = there.rooms().remove(0);
    assert!(!ben.is_closed());
    there.join(&ann.ticket().await.unwrap()).await.unwrap();
    ben.say("still in the open").await.unwrap();
    says(&ann, &["before", "still in the open"]).await;
    ann.close([].into()).await.unwrap();
    is_in(&ben).await;
    ann.say("among us").await.unwrap();
    ben.say("yes").await.unwrap();
    for room in [&ann, &ben] {
        says(room, &["before", "still in the open", "among us", "yes"]).await;
    }
    assert!(ben.is_closed());
}

//! A keeper on real nodes: it stores and serves what it cannot read, so that people talk who are never there together.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that cannot go on has failed")]

mod support;

use std::path::Path;

use bytes::Bytes;
use rumormill_node::{Error, Membership, Node, Place, Room, Ticket};
use rumormill_proto::{
    content::Target,
    entry::Kind,
    epochs::Secret,
    governance::{Guest, Order, Role},
};
use rumormill_store::{Disk, Store as _};
use support::{disk, is_in, memory, says, soon, texts, timeline, until};

/// Waits until the keeper holds all that a member does.
async fn kept(keeper: &Room, member: &Room) {
    until(keeper, "all entries", async |keeper| {
        keeper.entries().heads().await.unwrap() == member.entries().heads().await.unwrap()
            && keeper.status().missing == 0
    })
    .await;
}

async fn send(room: &Room, name: &str, bytes: &[u8]) -> Target {
    let mut upload = room.upload().await.unwrap();
    for chunk in bytes.chunks(100_000) {
        upload = upload.write(Bytes::copy_from_slice(chunk)).await.unwrap();
    }
    soon("a file offered", upload.say(name, "image/jpeg", None)).await.unwrap().0
}

async fn get(room: &Room, target: Target) -> Vec<u8> {
    let mut fetch = room.fetch(target).await.unwrap();
    let mut all = Vec::new();
    loop {
        let piece = soon("a piece", fetch.read(all.len() as u64, u64::MAX)).await.unwrap();
        if piece.is_empty() {
            return all;
        }
        all.extend_from_slice(&piece);
    }
}

/// A keeper of a room that somebody founded.
async fn keeper(ann: &Room, node: &Node) -> Room {
    let ticket = ann.new_ticket_for(Guest::Keeper, 1, None).await.unwrap().to_string();
    let room = node.join(&ticket.parse::<Ticket>().unwrap()).await.unwrap();
    until(&room, "to be appointed", async |room| room.membership() == Membership::Keeping).await;
    room
}

/// The secrets that a home holds of a room, and the keys of bodies that follow from them.
fn secrets(home: &Path, room: &Room) -> Vec<Secret> {
    let secrets = Disk::open(home).unwrap().reader().unwrap().secrets(&room.id()).unwrap();
    let bodies = |secret: &Secret| secret.derive("rumormill 1 bodies", &[&room.id().0]);
    secrets.iter().map(bodies).chain(secrets.iter().cloned()).collect()
}

/// Looks for bytes in all files below a directory.
fn finds(dir: &Path, sought: &[Vec<u8>]) -> Vec<usize> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(finds(&path, sought));
        } else if let Ok(bytes) = std::fs::read(&path) {
            let has = |what: &Vec<u8>| bytes.windows(what.len()).any(|part| part == &what[..]);
            found.extend(sought.iter().enumerate().filter(|(_, what)| has(what)).map(|(at, _)| at));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_who_are_never_there_together_talk_and_the_keeper_can_read_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let home = |name: &str| dir.path().join(name);
    let node = disk(&home("keeper")).await;
    let there = disk(&home("ann")).await;
    let ann = there.create_closed("a secret lunch").await.unwrap();
    ann.set_nick("Annabella").await.unwrap();
    let kept_room = keeper(&ann, &node).await;
    assert_eq!(ann.member(&kept_room.author()).map(|member| member.place), Some(Place::Present(Some(Role::Keeper))));
    ann.say("who is there?").await.unwrap();
    let photo: Vec<u8> = (0..700_000u32).flat_map(|at| (at / 7).to_be_bytes()).take(700_001).collect();
    let offer = send(&ann, "holiday.jpg", &photo).await;
    let ticket = ann.ticket().await.unwrap();
    let (id, file) = (ann.id(), ann.file(offer).await.unwrap());
    kept(&kept_room, &ann).await;
    until(&kept_room, "the file", async |_| {
        home("keeper").join("files").join(id.to_string()).join(file.hash.to_string()).is_file()
    })
    .await;
    there.close().await;

    // Nobody is there who could let him in.
    let here = disk(&home("ben")).await;
    let ben = here.join(&ticket).await.unwrap();
    let author = ben.author();
    until(&kept_room, "a join", async |room| {
        matches!(room.member(&author).map(|member| member.place), Some(Place::Waiting(_)))
    })
    .await;
    assert!(texts(&ben).await.is_empty() && ben.membership() == Membership::Waiting);
    here.close().await;

    let there = disk(&home("ann")).await;
    let ann = there.room(&id).unwrap();
    until(&ann, "to let him in", async |room| {
        matches!(room.member(&author).map(|member| member.place), Some(Place::Present(_)))
    })
    .await;
    ann.say("come in").await.unwrap();
    kept(&kept_room, &ann).await;
    there.close().await;

    let here = disk(&home("ben")).await;
    let ben = here.room(&id).unwrap();
    is_in(&ben).await;
    says(&ben, &["who is there?", "come in"]).await;
    assert_eq!((ben.nick(&offer.author), ben.name()), ("Annabella".into(), "a secret lunch".into()));
    assert!(get(&ben, offer).await == photo, "the keeper served it");
    ben.say("thank you").await.unwrap();
    kept(&kept_room, &ben).await;
    here.close().await;

    let there = disk(&home("ann")).await;
    let ann = there.room(&id).unwrap();
    says(&ann, &["who is there?", "come in", "thank you"]).await;
    there.close().await;

    assert_eq!(kept_room.say("let me speak").await, Err(Error::NotMember));
    assert_eq!(kept_room.name(), "");
    assert!(timeline(&kept_room).await.iter().all(|line| line.kind != Kind::TEXT));
    node.close().await;
    let words = ["who is there?", "come in", "thank you", "Annabella", "a secret lunch", "holiday.jpg"];
    let mut sought: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
    sought.push(photo[300_000..300_064].to_vec());
    sought.push(file.key.unwrap().bytes().to_vec());
    let keys = secrets(&home("ann"), &ann);
    assert!(keys.len() >= 2);
    sought.extend(keys.iter().map(|key| key.bytes().to_vec()));
    assert_eq!(finds(&home("keeper"), &sought), Vec::<usize>::new());
    assert!(finds(&home("ann"), &sought).len() >= keys.len() / 2, "a member's home holds them");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keeper_that_is_dismissed_gets_nothing_more_and_its_ticket_is_over() {
    let (node, there) = (memory().await, memory().await);
    let ann = there.create_closed("lunch").await.unwrap();
    let kept_room = keeper(&ann, &node).await;
    ann.say("hello").await.unwrap();
    kept(&kept_room, &ann).await;
    ann.order(Order::Dismiss(kept_room.author())).await.unwrap();
    until(&kept_room, "the dismissal", async |room| {
        room.membership() == Membership::Removed { by: Some(ann.author()) }
    })
    .await;
    assert!(ann.tickets().iter().all(|ticket| ticket.guest == Guest::Member || ticket.ended));
    let before = timeline(&kept_room).await.len();
    ann.say("among us").await.unwrap();
    let ticket = ann.ticket().await.unwrap();
    let other = memory().await;
    let ben = other.join(&ticket).await.unwrap();
    is_in(&ben).await;
    says(&ben, &["hello", "among us"]).await;
    assert_eq!(timeline(&kept_room).await.len(), before);
}

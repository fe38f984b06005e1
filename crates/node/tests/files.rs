//! Files in a room: sent, fetched, served, refused, taken back.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that cannot go on has failed")]

mod support;

use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::StreamExt as _;
use rumormill_node::{Error, Fetch, FileState, Keep, KeepFiles, Node, Room, What};
use rumormill_proto::content::{Content, File, Target};
use rumormill_store::limits::PIECE_BYTES;

use support::{disk, holds, memory, soon, status};

/// Bytes that differ in every piece, and in every file.
fn bytes(seed: u8, len: usize) -> Vec<u8> {
    (0..len).map(|at| (at / 7 + at / PIECE_BYTES) as u8 ^ seed).collect()
}

async fn send(room: &Room, name: &str, bytes: &[u8]) -> Target {
    let mut upload = room.upload().await.unwrap();
    for chunk in bytes.chunks(100_000) {
        upload = upload.write(Bytes::copy_from_slice(chunk)).await.unwrap();
    }
    soon("a file offered", upload.say(name, "image/jpeg", None)).await.unwrap().0
}

/// Offers a file without having it.
async fn offer(room: &Room, file: File) -> Target {
    room.entries().say(vec![Content::File(file).encode().unwrap()]).await.unwrap()[0]
}

async fn read(fetch: &mut Fetch) -> Result<Vec<u8>, Error> {
    let mut all = Vec::new();
    loop {
        let piece = soon("a piece", fetch.read(all.len() as u64, u64::MAX)).await?;
        if piece.is_empty() {
            return Ok(all);
        }
        all.extend_from_slice(&piece);
    }
}

/// Fetches a file and reads it to its end.
async fn get(room: &Room, target: Target) -> Result<Vec<u8>, Error> {
    let mut fetch = room.fetch(target).await?;
    soon("an answer", fetch.begun()).await?;
    read(&mut fetch).await
}

async fn state(room: &Room, target: Target) -> FileState {
    room.file_state(&room.file(target).await.unwrap()).0
}

/// Waits until a file has this state.
async fn stands(room: &Room, file: &File, state: FileState) {
    let mut events = room.events();
    let wait = async {
        while room.file_state(file).0 != state {
            events.next().await.unwrap();
        }
    };
    soon(&format!("{state:?}"), wait).await;
}

/// Two nodes in one room; the second holds this many entries.
async fn pair(one: &Node, other: &Node) -> (Room, Room) {
    let here = one.create("files").await.unwrap();
    let there = other.join(&here.ticket().await.unwrap()).await.unwrap();
    holds(&there, 1).await;
    (here, there)
}

/// A place for a home, removed when it is dropped.
struct Temp {
    _dir: tempfile::TempDir,
    home: PathBuf,
}

impl Temp {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        Self { _dir: dir, home }
    }

    fn path(&self) -> &Path {
        &self.home
    }
}

/// The number of names in a home's directories of files: two for each whole file.
fn kept(home: &Path) -> usize {
    let list = |dir: &Path| std::fs::read_dir(dir).into_iter().flatten().map(|found| found.unwrap().path());
    list(&home.join("files")).map(|room| list(&room).count()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_comes_to_whoever_asks_and_to_nobody_else() {
    let (one, other, third) = (memory().await, memory().await, memory().await);
    let (here, there) = pair(&one, &other).await;
    let beside = third.join(&here.ticket().await.unwrap()).await.unwrap();
    let whole = bytes(1, 5 * PIECE_BYTES + 123);
    let photo = send(&here, "photo.jpg", &whole).await;
    assert_eq!(state(&here, photo).await, FileState::Here);
    holds(&there, 2).await;
    holds(&beside, 2).await;
    let What::File(file) = there.message(photo).await.unwrap().unwrap().what else { panic!("it is a file") };
    assert_eq!((file.name.as_str(), file.mime.as_str(), file.size), ("photo.jpg", "image/jpeg", whole.len() as u64));
    assert_eq!(state(&there, photo).await, FileState::Absent);
    assert_eq!(get(&there, photo).await.unwrap(), whole);
    stands(&there, &file, FileState::Here).await;
    assert_eq!(state(&beside, photo).await, FileState::Absent);
    for node in [one, other, third] {
        node.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_any_size_and_many_at_once() {
    let (one, other) = (memory().await, memory().await);
    let (here, there) = pair(&one, &other).await;
    let sizes = [0, 1, 1024, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES, 7, 8, 9];
    let mut sent = Vec::new();
    for (seed, size) in (0..).zip(sizes) {
        sent.push((send(&here, "f", &bytes(seed, size)).await, bytes(seed, size)));
    }
    holds(&there, 1 + sizes.len() as u64).await;
    let mut fetches = Vec::new();
    for (target, _) in &sent {
        fetches.push(there.fetch(*target).await.unwrap());
    }
    for (fetch, (_, whole)) in fetches.iter_mut().zip(&sent) {
        soon("an answer", fetch.begun()).await.unwrap();
        assert_eq!(read(fetch).await.unwrap(), *whole);
    }
    one.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_has_it_is_told_and_it_comes_with_who_has() {
    let homes = [Temp::new(), Temp::new()];
    let (one, other, third) = (disk(homes[0].path()).await, disk(homes[1].path()).await, memory().await);
    let (here, there) = pair(&one, &other).await;
    let whole = bytes(2, 2 * PIECE_BYTES);
    let photo = send(&here, "photo.jpg", &whole).await;
    holds(&there, 2).await;
    let beside = third.join(&there.ticket().await.unwrap()).await.unwrap();
    holds(&beside, 2).await;
    // Who comes back finds the one who stays: it is the only peer whose address is still right then.
    status(&here, "both others", |status| status.peers.len() == 2).await;
    one.close().await;
    assert_eq!(get(&there, photo).await, Err(Error::NobodyHasIt));
    assert_eq!(get(&there, photo).await, Err(Error::NobodyHasIt), "however often one asks");
    let file = there.file(photo).await.unwrap();
    assert_eq!(there.file_state(&file), (FileState::Waiting, 0));
    // The node still fetches it after a restart.
    let id = there.id();
    other.close().await;
    let other = disk(homes[1].path()).await;
    let there = other.room(&id).unwrap();
    stands(&there, &file, FileState::Waiting).await;
    let one = disk(homes[0].path()).await;
    stands(&there, &file, FileState::Here).await;
    assert_eq!(get(&there, photo).await.unwrap(), whole);
    for node in [one, other, third] {
        node.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_fetched_it_serves_it_after_its_sender_has_gone() {
    let (one, other, third) = (memory().await, memory().await, memory().await);
    let (here, there) = pair(&one, &other).await;
    let whole = bytes(3, 3 * PIECE_BYTES + 1);
    let photo = send(&here, "photo.jpg", &whole).await;
    holds(&there, 2).await;
    assert_eq!(get(&there, photo).await.unwrap(), whole);
    one.close().await;
    let beside = third.join(&there.ticket().await.unwrap()).await.unwrap();
    holds(&beside, 2).await;
    assert_eq!(get(&beside, photo).await.unwrap(), whole);
    other.close().await;
    third.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_knows_the_hash_of_a_file_of_another_room_gets_nothing() {
    let (one, other) = (memory().await, memory().await);
    let (here, there) = pair(&one, &other).await;
    let secret = one.create("secret").await.unwrap();
    let photo = send(&secret, "photo.jpg", &bytes(4, 10)).await;
    let file = secret.file(photo).await.unwrap();
    // The holder reads the hash in a room that both are in, and its user even requests the file there.
    let claimed = offer(&there, file).await;
    holds(&here, 2).await;
    assert_eq!(get(&here, claimed).await, Err(Error::NobodyHasIt));
    assert_eq!(get(&there, claimed).await, Err(Error::NobodyHasIt));
    one.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_is_gone_from_every_disk_unless_another_message_offers_it() {
    let homes = [Temp::new(), Temp::new()];
    let (one, other) = (disk(homes[0].path()).await, disk(homes[1].path()).await);
    let (here, there) = pair(&one, &other).await;
    let (first, twice) = (send(&here, "a.jpg", &bytes(5, 10)).await, send(&here, "b.jpg", &bytes(6, 10)).await);
    let again = send(&here, "c.jpg", &bytes(6, 10)).await;
    holds(&there, 4).await;
    for target in [first, twice] {
        get(&there, target).await.unwrap();
    }
    let (gone, stays) = (here.file(first).await.unwrap(), here.file(again).await.unwrap());
    for target in [first, twice] {
        here.retract(target).await.unwrap();
    }
    holds(&there, 6).await;
    for (room, home) in [(&here, &homes[0]), (&there, &homes[1])] {
        until(|| room.file_state(&gone).0 == FileState::Absent && kept(home.path()) == 2).await;
        assert_eq!(room.file_state(&stays).0, FileState::Here);
        assert_eq!(room.file(first).await, Err(Error::NoFile));
    }
    here.retract(again).await.unwrap();
    for home in &homes {
        until(|| kept(home.path()) == 0).await;
    }
    one.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_removes_files_and_rooms_keep_as_many_as_they_should() {
    let homes = [Temp::new(), Temp::new()];
    let (one, other) = (disk(homes[0].path()).await, disk(homes[1].path()).await);
    let (here, there) = pair(&one, &other).await;
    let mut sent = Vec::new();
    for seed in 0..3 {
        sent.push(send(&here, "f", &bytes(seed, 1000)).await);
    }
    holds(&there, 4).await;
    for target in &sent {
        get(&there, *target).await.unwrap();
    }
    let keep = Keep { files: KeepFiles { count: Some(1), ..KeepFiles::default() }, ..Keep::default() };
    there.retain(keep).await.unwrap();
    until(|| kept(homes[1].path()) == 2).await;
    assert_eq!(state(&there, sent[0]).await, FileState::Absent);
    assert_eq!(kept(homes[0].path()), 6, "others keep what they want");
    // A new request brings it back, and another file is dropped.
    assert_eq!(get(&there, sent[0]).await.unwrap(), bytes(0, 1000));
    until(|| kept(homes[1].path()) == 2).await;
    assert_eq!(state(&there, sent[0]).await, FileState::Here);
    there.leave().await.unwrap();
    until(|| kept(homes[1].path()) == 0).await;
    one.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_is_dropped_while_the_message_that_offers_it_is_written() {
    let home = Temp::new();
    let one = disk(home.path()).await;
    let room = one.create("files").await.unwrap();
    // The end of each offer looks for files that nobody names, while others are being offered.
    let offers = (0..200).map(|seed| {
        let room = room.clone();
        tokio::spawn(async move { send(&room, "f", &bytes(seed, 100)).await })
    });
    let mut sent = Vec::new();
    for offered in offers.collect::<Vec<_>>() {
        sent.push(offered.await.unwrap());
    }
    for target in sent {
        assert_eq!(state(&room, target).await, FileState::Here);
    }
    assert_eq!(kept(home.path()), 400);
    one.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_offered_is_refused_and_leaves_nothing() {
    let home = Temp::new();
    let one = disk(home.path()).await;
    let room = one.create("files").await.unwrap();
    let upload = room.upload().await.unwrap().write(Bytes::from_static(b"x")).await.unwrap();
    assert_eq!(upload.say("../x", "", None).await.err(), Some(Error::FileName));
    let upload = room.upload().await.unwrap().write(Bytes::from_static(b"x")).await.unwrap();
    drop(upload);
    until(|| kept(home.path()) == 0).await;
    let target = room.say("no file").await.unwrap();
    assert_eq!(room.fetch(target).await.err(), Some(Error::NoFile));
    one.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_false_size_harms_no_file_that_is_here() {
    let (one, other) = (memory().await, memory().await);
    let (here, there) = pair(&one, &other).await;
    let whole = bytes(8, 4 * PIECE_BYTES);
    let photo = send(&here, "photo.jpg", &whole).await;
    let file = here.file(photo).await.unwrap();
    let lie = offer(&here, File { size: 2 * file.size, ..file }).await;
    holds(&there, 3).await;
    assert_eq!(get(&there, lie).await, Err(Error::NobodyHasIt));
    assert_eq!(get(&there, photo).await.unwrap(), whole);
    assert_eq!(there.fetch(lie).await.err(), Some(Error::NoFile));
    assert_eq!(get(&there, photo).await.unwrap(), whole);
    one.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_up_leaves_nothing() {
    let home = Temp::new();
    let (one, other) = (memory().await, disk(home.path()).await);
    let (here, there) = pair(&one, &other).await;
    let photo = send(&here, "photo.jpg", &bytes(9, 10)).await;
    holds(&there, 2).await;
    one.close().await;
    let mut fetch = there.fetch(photo).await.unwrap();
    assert_eq!(soon("an answer", fetch.begun()).await, Err(Error::NobodyHasIt));
    there.give_up(photo).await.unwrap();
    assert_eq!(soon("an answer", fetch.begun()).await, Err(Error::GivenUp));
    assert_eq!((kept(home.path()), state(&there, photo).await), (0, FileState::Absent));
    other.close().await;
}

/// Waits for a change on the disk, which no event reports.
async fn until(good: impl Fn() -> bool) {
    let wait = async {
        while !good() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    soon("what should be on the disk", wait).await;
}

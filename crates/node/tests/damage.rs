//! Homes with one room that is damaged on the disk: the other rooms go on, and every use of the damaged room returns an
//! error that says what to do.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that cannot go on has failed")]

mod support;

use std::path::Path;

use bytes::Bytes;
use futures_util::StreamExt as _;
use rumormill_node::{Error, Node, Room, RoomEvent, Ticket};
use rumormill_proto::{entry::Kind, ids::RoomId};
use rusqlite::Connection;
use support::{disk, holds, memory, say_many, shown, soon, texts};

/// Bytes of each long text: a page of the database has no space for two.
const LONG: usize = 3_000;
const TEXTS: usize = 60;

/// A home with two rooms, and a person who has all messages of the room that will be damaged.
struct Fixture {
    dir: tempfile::TempDir,
    whole: RoomId,
    damaged: RoomId,
    other: Node,
    there: Room,
    ticket: Ticket,
}

fn long(word: &str) -> String {
    format!("{word} ").repeat(LONG / (word.len() + 1))
}

async fn fixture() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let other = memory().await;
    let there = other.create("damaged").await.unwrap();
    let ticket = there.ticket().await.unwrap();
    let node = disk(&dir.path().join("home")).await;
    let here = node.join(&ticket).await.unwrap();
    let sayings = (0..TEXTS).map(|at| (Kind::TEXT, Bytes::from(long(&format!("unlucky{at}")))));
    soon("long texts", here.entries().say(sayings.collect())).await.unwrap();
    holds(&there, 1 + TEXTS as u64).await;
    holds(&here, 1 + TEXTS as u64).await;
    let whole = node.create("whole").await.unwrap();
    say_many(&whole, "lucky", 5).await;
    let (damaged, whole) = (here.id(), whole.id());
    node.close().await;
    Fixture { dir, whole, damaged, other, there, ticket }
}

impl Fixture {
    fn home(&self) -> std::path::PathBuf {
        self.dir.path().join("home")
    }

    fn database(&self) -> std::path::PathBuf {
        self.home().join("rumormill.db")
    }

    /// Changes a column of the damaged room's rows, as a later version or a failing disk might leave it.
    fn set(&self, table: &str, column: &str, value: &dyn rusqlite::ToSql) {
        let db = Connection::open(self.database()).unwrap();
        let number: i64 =
            db.query_row("SELECT id FROM room WHERE room = ?1", [&self.damaged.0], |row| row.get(0)).unwrap();
        let key = if table == "room" { "id" } else { "room" };
        let changed =
            db.execute(&format!("UPDATE {table} SET {column} = ?2 WHERE {key} = ?1"), rusqlite::params![number, value]);
        assert!(changed.unwrap() > 0, "{table}.{column}");
    }

    /// Overwrites the pages of the database that hold only messages of the damaged room. Such a page begins with the
    /// number of the next one, other pages with their kind.
    fn smear(&self) {
        let db = Connection::open(self.database()).unwrap();
        db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        drop(db);
        let mut bytes = std::fs::read(self.database()).unwrap();
        let page = usize::from(u16::from_be_bytes([bytes[16], bytes[17]]));
        let mut smeared = 0;
        for page in bytes.chunks_mut(page) {
            if page[0] == 0 && page.windows(7).any(|window| window == b"unlucky") {
                page.fill(0xa5);
                smeared += 1;
            }
        }
        assert!(smeared > 1, "{smeared}");
        std::fs::write(self.database(), bytes).unwrap();
    }

    /// The other room works as if nothing had happened.
    async fn others_go_on(&self, node: &Node) {
        let whole = node.room(&self.whole).unwrap();
        assert_eq!(whole.stopped(), None);
        soon("a line", whole.say("as before")).await.unwrap();
        assert_eq!(texts(&whole).await.last().unwrap(), "as before");
        assert!(whole.check().await.unwrap().problems.is_empty());
    }

    async fn close(self, node: Node) {
        node.close().await;
        self.other.close().await;
    }
}

/// Every call on a damaged room fails with an error that names the damage and says what to do.
async fn answers_clearly(room: &Room) {
    let clear = |what: &str, why: Error| {
        assert!(matches!(why, Error::Damaged { .. }), "{what}: {why:?}");
        assert!(why.to_string().contains("damaged") && why.help().contains("resync"), "{why}");
    };
    clear("stopped", room.stopped().unwrap());
    clear("say", soon("an answer", room.say("x")).await.unwrap_err());
    clear("nick", soon("an answer", room.set_nick("x")).await.unwrap_err());
    clear("page", room.entries().page(None, 1).await.unwrap_err());
    clear("messages", room.messages(None, 1).await.unwrap_err());
    clear("search", room.search("x".into(), 1).await.unwrap_err());
    clear("topic", room.topic().await.unwrap_err());
    clear("heads", room.entries().heads().await.unwrap_err());
    clear("keep", room.retain(Default::default()).await.unwrap_err());
    clear("announce", room.announce(true).await.unwrap_err());
    clear("import", room.entries().import(Default::default()).await.unwrap_err());
    soon("no nicks", room.nicks_found()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_without_its_keys_hinders_no_other_and_is_entered_again_with_a_ticket() {
    let fixture = fixture().await;
    fixture.set("room", "secret", &[1u8; 64].as_slice());
    let node = disk(&fixture.home()).await;
    assert_eq!(node.rooms().len(), 2);
    fixture.others_go_on(&node).await;
    let room = node.room(&fixture.damaged).unwrap();
    assert_eq!(room.name(), "damaged");
    answers_clearly(&room).await;
    let why = soon("an answer", room.mend()).await.unwrap_err();
    assert!(matches!(why, Error::Damaged { .. }), "without its secret it cannot be mended: {why:?}");
    let room = soon("it is entered", node.join(&fixture.ticket)).await.unwrap();
    assert_eq!(room.stopped(), None);
    let mut events = fixture.there.events();
    soon("a line", room.say("here again")).await.unwrap();
    shown(&room, &mut events, "here again").await;
    node.close().await;
    let node = disk(&fixture.home()).await;
    assert_eq!(node.room(&fixture.damaged).unwrap().stopped(), None, "it stays so");
    fixture.close(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_without_its_author_key_is_mended_to_a_new_one() {
    let fixture = fixture().await;
    fixture.set("room", "author_secret", &"text of a version to come");
    let node = disk(&fixture.home()).await;
    fixture.others_go_on(&node).await;
    let room = node.room(&fixture.damaged).unwrap();
    answers_clearly(&room).await;
    let mut events = room.events();
    soon("it is mended", room.mend()).await.unwrap();
    assert_eq!(soon("it goes on", events.next()).await, Some(RoomEvent::Resumed));
    assert_eq!((room.stopped(), room.name()), (None, "damaged".into()));
    soon("a line", room.say("here again")).await.unwrap();
    holds(&fixture.there, 2 + TEXTS as u64).await;
    fixture.close(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_room_can_do_without_is_left_out() {
    let fixture = fixture().await;
    fixture.set("room", "contacts", &"9");
    fixture.set("room", "age_ms", &"forever");
    fixture.set("room", "announced", &"loudly");
    fixture.set("room", "name", &[0xffu8].as_slice());
    // Logs of another version: their entries are read anew.
    fixture.set("log", "spans", &[0xff; 9].as_slice());
    let node = disk(&fixture.home()).await;
    fixture.others_go_on(&node).await;
    let room = node.room(&fixture.damaged).unwrap();
    assert_eq!(room.stopped(), None);
    assert_eq!(texts(&room).await.len(), TEXTS);
    fixture.close(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_the_disk_that_are_lost_hinder_no_other_room() {
    let fixture = fixture().await;
    fixture.smear();
    let node = disk(&fixture.home()).await;
    assert_eq!(node.rooms().len(), 2);
    fixture.others_go_on(&node).await;
    let room = node.room(&fixture.damaged).unwrap();
    if room.stopped().is_some() {
        answers_clearly(&room).await;
    }
    assert!(room.check().await.map_or(true, |report| !report.is_clean()));
    // Whether or not the repair succeeds, the room can be left and entered again, and everything comes back.
    let _ = soon("an answer", room.mend()).await;
    fixture.others_go_on(&node).await;
    let mut events = room.events();
    // A room that cannot be removed from the disk no longer belongs to anybody.
    let left = soon("it is left", room.leave()).await;
    assert!(matches!(left, Ok(()) | Err(Error::Unswept { .. })), "{left:?}");
    while soon("its end", events.next()).await.is_some_and(|event| event != RoomEvent::Left) {}
    assert!(node.room(&fixture.damaged).is_none());
    let room = soon("it is entered", node.join(&fixture.ticket)).await.unwrap();
    holds(&room, 1 + TEXTS as u64).await;
    fixture.others_go_on(&node).await;
    let left = node.create("left").await.unwrap();
    let gone = soon("an answer", left.leave()).await;
    assert!(matches!(gone, Ok(()) | Err(Error::Unswept { .. })), "{gone:?}");
    assert!(node.room(&left.id()).is_none());
    fixture.close(node).await;
}

fn private(path: &Path) {
    std::os::unix::fs::symlink("/nowhere", path).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_a_room_that_are_gone_or_unreadable_hinder_nothing() {
    let fixture = fixture().await;
    let node = disk(&fixture.home()).await;
    let offer = async |room: RoomId, text: &'static [u8]| {
        let room = node.room(&room).unwrap();
        let upload = room.upload().await.unwrap().write(Bytes::from_static(text)).await.unwrap();
        upload.say("a.txt", "text/plain", None).await.unwrap()
    };
    let (kept, gone) = (offer(fixture.whole, b"kept").await, offer(fixture.damaged, b"gone").await);
    node.close().await;
    let files = fixture.home().join("files").join(fixture.damaged.to_string());
    std::fs::remove_dir_all(&files).unwrap();
    private(&files);
    let node = disk(&fixture.home()).await;
    fixture.others_go_on(&node).await;
    let (whole, damaged) = (node.room(&fixture.whole).unwrap(), node.room(&fixture.damaged).unwrap());
    assert_eq!(damaged.stopped(), None, "what was said there can be read");
    assert_eq!(texts(&damaged).await.len(), TEXTS);
    assert_eq!(whole.file_state(&kept.1).0, rumormill_node::FileState::Here);
    assert_eq!(damaged.file_state(&gone.1).0, rumormill_node::FileState::Absent);
    fixture.close(node).await;
}

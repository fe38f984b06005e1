//! What the stories about nodes share. Deadlines only catch hangs.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that cannot go on has failed")]

use std::{future::Future, path::Path, time::Duration};

use futures_util::StreamExt as _;
use iroh::{
    Endpoint, EndpointAddr, RelayMode, SecretKey,
    endpoint::{PortmapperConfig, presets},
};
use rumormill_node::{Bind, Events, Home, Membership, Node, Room, RoomEvent, RoomSetup, Settings, What};
use rumormill_proto::{content::Target, entry::Kind, ids::RoomId};
use rumormill_store::TimelineRow;

/// Waits for something that must happen.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(Duration::from_secs(60), future).await {
        Ok(result) => result,
        Err(_) => panic!("this never came: {what}"),
    }
}

/// An endpoint made by hand, which only this machine reaches.
pub(crate) async fn endpoint(key: SecretKey) -> Endpoint {
    Endpoint::builder(presets::Minimal)
        .relay_mode(RelayMode::Disabled)
        .portmapper_config(PortmapperConfig::Disabled)
        .clear_ip_transports()
        .bind_addr("127.0.0.1:0")
        .unwrap()
        .secret_key(key)
        .bind()
        .await
        .unwrap()
}

/// How such an endpoint reaches a node.
pub(crate) fn addr(node: &Node) -> EndpointAddr {
    let id = iroh::EndpointId::from_bytes(&node.peer().0).unwrap();
    EndpointAddr::new(id).with_ip_addr(node.local_addrs()[0])
}

/// A node that only this machine reaches, with nothing on disk.
pub(crate) async fn memory() -> Node {
    Node::open(Settings::memory()).await.unwrap()
}

/// The settings of a node with a home on disk.
pub(crate) fn at(home: &Path) -> Settings {
    let mut settings = Settings::memory();
    settings.home = Home::Dir(home.to_owned());
    settings.bind = Bind::Loopback { port: 0 };
    settings
}

/// A node with a home on disk.
pub(crate) async fn disk(home: &Path) -> Node {
    Node::open(at(home)).await.unwrap()
}

/// Waits until the room's status satisfies a condition.
pub(crate) async fn status(room: &Room, what: &str, good: impl Fn(&rumormill_node::RoomStatus) -> bool) {
    let wait = async {
        loop {
            let renewed = room.renewed();
            if good(&room.status()) {
                return;
            }
            renewed.await;
        }
    };
    if tokio::time::timeout(Duration::from_secs(60), wait).await.is_err() {
        panic!("this never came: {what}; {:#?}", room.status());
    }
}

/// Waits until the room holds this many entries and misses none.
pub(crate) async fn holds(room: &Room, entries: u64) {
    status(room, &format!("{entries} entries"), |status| status.entries == entries && status.missing == 0).await;
}

/// Waits until this text is shown.
pub(crate) async fn shown(room: &Room, events: &mut Events, text: &str) {
    let wait = async {
        while let Some(event) = events.next().await {
            let message = match event {
                RoomEvent::Message { message, .. } => Some(message),
                RoomEvent::Inserted { of, .. } => room.message(of).await.unwrap(),
                _ => None,
            };
            if message.is_some_and(|message| matches!(message.what, What::Text(said) if said.text == text)) {
                return;
            }
        }
        panic!("the node closed before {text}");
    };
    soon(text, wait).await;
}

/// Sends this many numbered lines, one after the other.
pub(crate) async fn say_many(room: &Room, word: &str, count: usize) -> Vec<Target> {
    let mut said = Vec::new();
    for at in 0..count {
        said.push(soon("a line said", room.say(&format!("{word} {at}"))).await.unwrap());
    }
    said
}

/// The whole timeline.
pub(crate) async fn timeline(room: &Room) -> Vec<TimelineRow> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = room.entries().page_after(after, 1000).await.unwrap();
        let Some(last) = page.last() else { return all };
        after = Some(last.place);
        all.extend(page);
    }
}

/// Waits until a room is as it should be.
pub(crate) async fn until(room: &Room, what: &str, good: impl AsyncFn(&Room) -> bool) {
    let mut events = room.events();
    let wait = async {
        loop {
            let renewed = room.renewed();
            if good(room).await {
                return;
            }
            tokio::select! {
                () = renewed => {}
                _ = events.next() => {}
            }
        }
    };
    if tokio::time::timeout(std::time::Duration::from_secs(60), wait).await.is_err() {
        panic!("this never came: {what}; {:?} {:#?} {:#?}", room.membership(), room.members(), room.status());
    }
}

pub(crate) async fn is_in(room: &Room) {
    until(room, "to be let in", async |room| matches!(room.membership(), Membership::Present(_))).await;
}

pub(crate) async fn says(room: &Room, expected: &[&str]) {
    until(room, &format!("{expected:?}"), async |room| texts(room).await == expected).await;
}

/// The texts of all messages, in order.
pub(crate) async fn texts(room: &Room) -> Vec<String> {
    let lines = timeline(room).await.into_iter().filter(|line| line.kind == Kind::TEXT);
    lines.filter_map(|line| Some(String::from_utf8_lossy(line.body.bytes()?).into_owned())).collect()
}

/// Copies a home as a backup program does, while no node has it open.
pub(crate) fn copy_home(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        assert!(entry.file_type().unwrap().is_file(), "a home is flat");
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(to, std::fs::Permissions::from_mode(0o700)).unwrap();
    }
}

/// The setup of a room by hand, under a new author key.
pub(crate) fn setup(id: RoomId, secret: [u8; 32], author_secret: [u8; 32]) -> RoomSetup {
    RoomSetup {
        id,
        secret,
        author_secret,
        fresh_author: true,
        name: "by hand".into(),
        shape: rumormill_proto::view::Shape::Open,
        policy: rumormill_proto::rumor::Policy::Delegating(Default::default()),
        pace: Default::default(),
        contacts: vec![],
        keep: true,
        retention: rumormill_node::Keep::default(),
        announced: false,
        closed: None,
        private: None,
        nick: None,
    }
}

//! One process of the demo: a node that reads orders on standard input and reports events on standard output, in lines
//! of JSON.

use std::{
    io::{self, Write},
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use data_encoding::HEXLOWER;
use futures_util::StreamExt as _;
use rumormill_node::{
    Bind, Message, Node, Room, RoomEvent, RoomSetup, Settings, TimelineRow, What,
    limits::STATUS_EVERY,
    proto::{
        content::{Target, Text},
        frame::Contact,
        ids::{PeerId, RoomId},
        input::Arrival,
        rumor::{Policy, mongering::Mongering},
        view::Shape,
    },
};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    time::sleep,
};

use crate::{
    failure::{Failure, data},
    limits::PAGE_LINES,
    process::PACE,
};

/// Arguments of `rumormill demo-node`.
#[derive(clap::Args)]
pub struct Args {
    /// Directory for this node's log
    dir: PathBuf,
}

/// An order to a node of the demo.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
pub(crate) enum Order {
    /// Join the room, as a neighbour of these.
    Enter(Enter),
    /// Say this.
    Say { text: String },
    /// Report the timeline and the network traffic.
    Tell,
}

/// How a node of the demo joins the room.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Enter {
    /// The room's id and secret, in hexadecimal like everything here.
    pub(crate) room: String,
    pub(crate) secret: String,
    /// The author's key, and whether the key is new, so that nobody can have entries by it.
    pub(crate) author_secret: String,
    pub(crate) fresh: bool,
    pub(crate) neighbours: Vec<Address>,
}

/// How to reach a node of the demo.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) peer: String,
    pub(crate) address: String,
}

/// A report from a node of the demo.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "lowercase")]
pub(crate) enum Report {
    /// The node is open.
    Open(Address),
    /// It is in the room and writes as this author.
    In { author: String },
    /// It said something.
    Said { seq: u64, at_us: u64 },
    /// An entry took its place in the timeline.
    Shown(Shown),
    /// The answer to [`Order::Tell`].
    State(State),
}

/// An entry in a timeline.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) author: String,
    pub(crate) seq: u64,
    pub(crate) text: String,
    /// Links that its fastest copy crossed, if it came as a rumor.
    pub(crate) hops: Option<u8>,
    /// Whether it was inserted above entries shown earlier.
    pub(crate) late: bool,
    /// Microseconds since the Unix epoch.
    pub(crate) at_us: u64,
}

/// The state of a node.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct State {
    /// Authors and texts in timeline order, each of our own with the number of its other holders.
    pub(crate) lines: Vec<Held>,
    pub(crate) digest: String,
    /// Bytes sent and rumors received since it joined the room.
    pub(crate) bytes_out: u64,
    pub(crate) pushes_in: u64,
}

/// A line of a timeline.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) author: String,
    pub(crate) text: String,
    /// Number of other known holders: by what they wrote and, for our own lines, by the answers of their peers.
    pub(crate) holders: usize,
}

/// Executes orders until standard input ends.
///
/// # Errors
/// When the node fails or gets an invalid order.
pub async fn run(args: Args) -> Result<(), Failure> {
    let mut settings = Settings::dir(args.dir);
    settings.bind = Bind::Loopback { port: 0 };
    settings.lan = false;
    settings.relay = false;
    let node = Node::open(settings).await?;
    let Contact { peer, address } = node.contact();
    tell(&Report::Open(Address { peer: peer.to_string(), address: HEXLOWER.encode(&address) }))?;
    let mut orders = BufReader::new(tokio::io::stdin()).lines();
    let mut room = None;
    while let Ok(Some(line)) = orders.next_line().await {
        let order = serde_json::from_str(&line).map_err(|error| Failure::internal("demo", error.to_string()))?;
        match (order, &room) {
            (Order::Enter(enter), _) => room = Some(enter_room(&node, &enter).await?),
            (Order::Say { text }, Some(room)) => {
                let at_us = now_us();
                let said = room.say(&text).await?;
                tell(&Report::Said { seq: said.seq, at_us })?;
            }
            (Order::Tell, Some(room)) => tell(&Report::State(state(room).await?))?,
            (_, None) => return Err(Failure::internal("demo", "told to speak in no room".into())),
        }
    }
    node.close().await;
    Ok(())
}

async fn enter_room(node: &Node, enter: &Enter) -> Result<Room, Failure> {
    let contacts = enter.neighbours.iter().map(contact).collect::<Result<Vec<_>, _>>()?;
    let room = node
        .enter(RoomSetup {
            id: RoomId(key(&enter.room)?),
            secret: key(&enter.secret)?,
            author_secret: key(&enter.author_secret)?,
            fresh_author: enter.fresh,
            name: "demo".into(),
            shape: Shape::Fixed(contacts.iter().map(|contact| contact.peer).collect()),
            policy: Policy::Mongering(Mongering::default()),
            pace: PACE,
            contacts,
            keep: false,
            retention: rumormill_node::Keep::default(),
            announced: false,
            closed: None,
            private: None,
            nick: None,
        })
        .await?;
    tell(&Report::In { author: room.author().to_string() })?;
    let (mut events, reader) = (room.events(), room.clone());
    // Entries that came between joining and listening, or from disk; a duplicate does no harm.
    for line in lines(&room).await? {
        tell(&Report::Shown(shown_line(&line)))?;
    }
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            let (message, arrival, hops) = match event {
                RoomEvent::Message { message, hops } => (Some(message), Arrival::End, hops),
                RoomEvent::Inserted { of, arrival, hops } => (reader.message(of).await.ok().flatten(), arrival, hops),
                _ => continue,
            };
            if let Some(Message { place, what: What::Text(Text { text, .. }), .. }) = message {
                let (author, late) = (place.author.to_string(), arrival != Arrival::End);
                let shown = Shown { author, seq: place.seq, text, hops, late, at_us: now_us() };
                if tell(&Report::Shown(shown)).is_err() {
                    return;
                }
            }
        }
    });
    Ok(room)
}

fn shown_line(line: &TimelineRow) -> Shown {
    Shown {
        author: line.place.author.to_string(),
        seq: line.place.seq,
        text: text(line.body.bytes().map(AsRef::as_ref)),
        hops: None,
        late: false,
        at_us: now_us(),
    }
}

/// A node updates its figures periodically, so after twice that period they include everything before the question.
async fn state(room: &Room) -> Result<State, Failure> {
    sleep(2 * STATUS_EVERY).await;
    let mut told = Vec::new();
    for line in lines(room).await? {
        let holders = room.holders(Target { author: line.place.author, seq: line.place.seq }).await?.received.len();
        let text = text(line.body.bytes().map(AsRef::as_ref));
        told.push(Held { author: line.place.author.to_string(), text, holders });
    }
    let status = room.status();
    Ok(State {
        lines: told,
        digest: HEXLOWER.encode(&status.digest),
        bytes_out: status.traffic.bytes_out,
        pushes_in: status.traffic.pushes_in,
    })
}

/// A demo has less than a page of lines.
async fn lines(room: &Room) -> Result<Vec<TimelineRow>, Failure> {
    Ok(room.entries().page(None, PAGE_LINES).await?)
}

fn text(body: Option<&[u8]>) -> String {
    String::from_utf8_lossy(body.unwrap_or_default()).into_owned()
}

fn contact(address: &Address) -> Result<Contact, Failure> {
    let bytes = HEXLOWER.decode(address.address.as_bytes());
    let bytes = bytes.map_err(|error| Failure::internal("demo", error.to_string()))?;
    Ok(Contact { peer: PeerId(key(&address.peer)?), address: bytes.into() })
}

fn key(hex: &str) -> Result<[u8; 32], Failure> {
    let bytes = HEXLOWER.decode(hex.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| Failure::internal("demo", format!("{hex:?} is no key")))
}

fn now_us() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| u64::try_from(now.as_micros()).unwrap_or(u64::MAX))
}

fn tell(report: &Report) -> Result<(), Failure> {
    data(&serde_json::to_string(report).map_err(|error| Failure::internal("demo", error.to_string()))?)?;
    io::stdout().flush().map_err(|error| Failure::output(&error))
}

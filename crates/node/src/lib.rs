//! A member of Rumormill rooms as a library: the engine of Rumormill on a real network.
//!
//! A [`Node`] is a running process: it owns a home, a QUIC endpoint, and one thread that drives the engines of all its
//! rooms. A [`Room`] is one of its rooms: programs say and read messages there, and get its events. Nothing in this
//! crate knows a command line, a screen or HTTP.
//!
//! ```
//! use futures_util::StreamExt;
//! use rumormill_node::{Bind, Node, RoomEvent, Settings, What};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let home = tempfile::tempdir()?;
//! let mut settings = Settings::dir(home.path().join("home"));
//! settings.bind = Bind::Loopback { port: 0 }; // Only this machine; the default is every network.
//! let node = Node::open(settings).await?;
//!
//! let room = node.create("lunch").await?;
//! let mut events = room.events();
//! println!("others join with {}", room.ticket().await?);
//!
//! let said = room.say("pizza at noon?").await?; // Durable from here on, whether or not anybody is connected.
//! room.react(said, "🍕", true).await?;
//!
//! while let Some(event) = events.next().await {
//!     match event {
//!         RoomEvent::Message { message, .. } => println!("{}: {:?}", room.nick(&message.place.author), message.what),
//!         RoomEvent::Changed { of } => {
//!             let message = room.message(of).await?.ok_or("it is here")?;
//!             assert_eq!(message.what, What::Text("pizza at noon?".into()));
//!             assert_eq!(message.reactions["🍕"], [room.author()]);
//!             break;
//!         }
//!         _ => {}
//!     }
//! }
//! node.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! Another node joins with the ticket: `node.join(&text.parse()?).await?`. See `examples/two_peers.rs`.
//!
//! # What a message is
//!
//! A **message** is what a person says, with its edits and reactions. It is folded from signed **entries**, which
//! [`Room::entries`] gives. Peers send each other **frames**, which stay inside; **events** go to the program that
//! embeds the node. A [`Target`](proto::content::Target) names an entry, and so the message that it makes; writing
//! methods return it. The types of the protocol are in [`proto`].
//!
//! # How it works inside
//!
//! ```text
//! Room, Node --Command--> driver --Input--> engine --Output--> driver --append--> store
//!                           ^                                    |----send----> links --> peers
//!                  links ---+                                    +----emit----> Events
//! ```

mod address;
mod asked;
mod attached;
mod backup;
mod bars;
mod board;
mod budget;
mod command;
mod congestion;
mod connection;
mod connector;
mod counting;
mod damaged;
mod devices;
mod dht;
mod dials;
mod driver;
mod endpoint;
mod envelope;
mod error;
mod event;
mod events;
mod figures;
mod files;
mod found;
mod greeting;
mod inner;
mod inspect;
mod introduce;
mod introduced;
mod lan;
pub mod limits;
mod link;
mod linking;
mod links;
mod membership;
mod message;
mod messages;
mod nearby;
mod network;
mod node;
mod outbound;
mod pace;
mod private;
mod proof;
mod proved;
mod published;
mod random;
mod readers;
mod resolver;
mod resting;
mod room;
mod seat;
mod serve;
mod settings;
mod sought;
mod status;
mod stock;
mod sweeping;
mod ticket;
mod turns;
mod unanswered;
mod wires;
mod wish;

pub use rumormill_proto as proto;
pub use rumormill_store::{
    By, CheckReport, Closed, Disk, Error as StoreError, Fault, HomeKey, Keep, KeepFiles, Once, Pass, Private, Problem,
    Shared, TimelineRow, Wanted, free_bytes,
    limits::{FREE_BYTES, ONCE, SHARE_BYTES},
};

pub use crate::{
    address::contact,
    backup::Backup,
    budget::Budget,
    devices::DeviceKey,
    error::Error,
    event::{FileState, RoomEvent},
    events::Events,
    figures::{Carried, Figures, LinkFigures, Queues, SPREAD_MS, Spread},
    files::{Fetch, Offer},
    inspect::Inspector,
    linking::{
        Giver, LinkCode, Linking, NoCode, Taker,
        note::{Chosen, DeviceNote},
        words::{AboutRoom, HandedRoom, LinkBegun, LinkHanded, LinkKeys, LinkOffer, LinkTaken},
    },
    membership::{Member, Membership, Place, Refusal},
    message::{Message, What},
    messages::Page,
    nearby::NearbyRoom,
    network::{DhtProbe, Internet, LanProbe, Network},
    node::Node,
    private::Asked,
    room::{Room, entries::Entries, say::read_nick, transfers::Upload},
    settings::{Bind, ClockShift, DhtNode, Home, Reach, Relay, RoomSetup, Settings},
    sought::Sought,
    status::{Holders, Mended, Path, PeerStatus, RoomStatus, Traffic},
    stock::Stock,
    ticket::{Admits, Ticket, TicketError},
};

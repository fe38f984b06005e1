//! The engine of Rumormill on a real network.
//!
//! A [`Node`] is a running process: it owns a home, a QUIC endpoint and one thread that drives the engines of all
//! its rooms. A [`Room`] is what one says, reads and knows there. Nothing in here knows a command line, a screen
//! or HTTP.
//!
//! ```text
//! Room, Node --Command--> driver --Input--> engine --Output--> driver --append--> store
//!                           ^                                    |----send----> links --> peers
//!                  links ---+                                    +----emit----> Events
//! ```

mod address;
mod archive;
mod asked;
mod bars;
mod board;
mod budget;
mod command;
mod congestion;
mod damaged;
mod dials;
mod door;
mod driver;
mod endpoint;
mod envelope;
mod error;
mod files;
mod found;
mod greeting;
mod inspect;
mod introduce;
mod lan;
pub mod limits;
mod link;
mod links;
mod mend;
mod nearby;
mod network;
mod node;
mod outbound;
mod pace;
mod random;
mod readers;
mod rekey;
mod rest;
mod room;
mod seat;
mod serve;
mod settings;
mod settle;
mod sought;
mod sweep;
mod talk;
mod ticket;
mod turns;
mod unanswered;

pub use rumormill_proto as proto;
pub use rumormill_store::{
    CheckReport, Error as StoreError, Fault, Keep, KeepFiles, Line, Problem, Shared,
    limits::{FREE_BYTES, SHARE_BYTES},
};

pub use crate::{
    address::contact,
    error::Error,
    files::{Fetch, FileState, Upload},
    inspect::Inspector,
    mend::Mended,
    nearby::Nearby,
    network::{Internet, LanProbe, Network},
    node::Node,
    room::{Events, Holders, Path, PeerStatus, Room, RoomEvent, RoomStatus, Said, Traffic, read_nick},
    settings::{Bind, Home, RoomSetup, Settings},
    sought::Sought,
    talk::{Message, What, about},
    ticket::{Ticket, TicketError},
};

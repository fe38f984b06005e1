//! Calls a running process: rooms, messages and files as typed calls, and events as a stream.
//!
#![doc = include_str!("../README.md")]

mod body;
mod client;
mod error;
mod events;
mod limits;
mod room;
mod transport;

pub use rumormill_api::{self as api, *};

pub use self::{
    body::{Body, Incoming, OneOrLines, Outgoing},
    client::Client,
    error::Error,
    events::Events,
    room::RoomHandle,
    transport::{Answered, Tcp, Transport, Unix},
};

//! Whom the program sends packets to, and whom it reaches, in networks of network namespaces.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod acme;
mod dht;
mod lan;
mod moves;
mod net;
#[path = "../people/person.rs"]
#[expect(dead_code, reason = "the others use what these do not")]
mod person;
mod relay;
mod resolver;
mod routers;
#[path = "../commands/space.rs"]
#[expect(dead_code, reason = "the others use what these do not")]
mod space;

//! Single commands: what they say, what they leave behind, and what they exit with.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where something is not as it must be")]

mod bulk;
mod deeds;
mod doctor;
mod ends;
mod forget;
mod machines;
#[path = "../people/person.rs"]
mod person;
mod reading;
mod serving;
mod space;
mod tickets;

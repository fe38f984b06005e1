//! Single commands: their output, the files they leave and their exit codes.
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

//! What stories of closed rooms share.

#![allow(dead_code, reason = "each test uses some of it")]

use bytes::Bytes;
use rumormill_proto::entry::Kind;
use rumormill_sim::{Story, World, seeds, unrest};

/// The texts in a peer's timeline that it can read.
pub(crate) fn texts(room: &World, peer: usize) -> Vec<String> {
    let lines = room.timeline(peer);
    let said = lines.iter().filter(|line| line.kind == Kind::TEXT);
    said.filter_map(|line| line.body.bytes().map(|body| String::from_utf8_lossy(body).into_owned())).collect()
}

/// A founder, and so many others that it let in.
pub(crate) fn room_of(others: usize) -> Story<World> {
    let mut room = unrest::world(seeds::seed());
    room.begin_closed_with(others)?;
    Ok(room)
}

/// Everybody is quiet, knows the same members and shows the same.
pub(crate) fn end(room: &mut World) -> Story {
    room.settle()?;
    room.same_members()?;
    room.same_timeline().map(|_| ())
}

/// So many entries with the same sealed text.
pub(crate) fn words(text: &'static str, count: usize) -> Vec<(Kind, Bytes)> {
    vec![(unrest::sealed_text(), Bytes::from_static(text.as_bytes())); count]
}

//! Names in requests and answers: ids in hexadecimal, entries as `author.seq`, places so that their text sorts like
//! time.

use std::num::NonZeroUsize;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use rumormill_node::{
    Room,
    proto::{
        content::Target,
        ids::{AuthorId, RoomId},
        time::Time,
        timeline::Place,
    },
};
use rumormill_text::choose;

use super::{
    Api,
    words::{AuthorHex, EntryRef, Named, PlaceText, RoomHex, codes},
};
use crate::{
    answer::{Answer, Refusal},
    told::nick,
};

/// Messages in a page by default.
const PAGE: usize = 50;

impl Api {
    /// The room that a request means.
    pub(super) fn room(&self, name: &str) -> Answer<Room> {
        let rooms = self.rooms();
        let names: Vec<(String, String)> = rooms.iter().map(|room| (room.name(), room.id().to_string())).collect();
        let at = choose(&names, Some(name))?;
        rooms.into_iter().nth(at).ok_or_else(|| Refusal::internal("gone", "a room has gone"))
    }
}

pub(super) fn reference(target: Target) -> EntryRef {
    EntryRef(format!("{}.{}", target.author, target.seq))
}

pub(super) fn place_text(place: &Place) -> PlaceText {
    PlaceText(format!("{:016x}.{}.{:016x}", place.time.0, place.author, place.seq))
}

/// The author that 64 hexadecimal digits name.
pub(super) fn author(text: &str) -> Answer<AuthorId> {
    let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.map(AuthorId).ok_or_else(|| Refusal::new(codes::AUTHOR, format!("{text:?} names no author"), "64 hex digits"))
}

/// The entry that `author.seq` names.
pub(super) fn target(text: &str) -> Answer<Target> {
    let senseless = || Refusal::new(codes::REF, format!("{text:?} names no message"), "take `ref` of a message");
    let (who, seq) = text.split_once('.').ok_or_else(senseless)?;
    let author = author(who).map_err(|_| senseless())?;
    Ok(Target { author, seq: seq.parse().map_err(|_| senseless())? })
}

/// The place that a text names.
pub(super) fn place(text: &str) -> Answer<Place> {
    let senseless = || Refusal::new(codes::PLACE, format!("{text:?} is no place"), "take `place` of a message");
    let mut parts = text.split('.');
    let (Some(time), Some(who), Some(seq), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(senseless());
    };
    let number = |digits: &str| u64::from_str_radix(digits, 16).map_err(|_| senseless());
    let author = author(who).map_err(|_| senseless())?;
    Ok(Place { time: Time(number(time)?), author, seq: number(seq)? })
}

pub(super) fn room_hex(room: &Room) -> RoomHex {
    RoomHex(room.id().to_string())
}

/// The room of a whole id.
pub(super) fn room_id(hex: &str) -> Option<RoomId> {
    HEXLOWER.decode(hex.as_bytes()).ok()?.try_into().ok().map(RoomId)
}

/// The room under which we remember whom we verified or hide: of a private room the one that it comes out of, because the
/// people there have the same keys.
pub(super) fn company(room: &Room) -> RoomHex {
    room.private().map_or_else(|| room_hex(room), |private| RoomHex(private.of.to_string()))
}

pub(super) fn author_hex(author: &AuthorId) -> AuthorHex {
    AuthorHex(author.to_string())
}

/// The author that stands for the person who writes under a key.
pub(super) fn person_hex(room: &Room, author: &AuthorId) -> AuthorHex {
    author_hex(&room.person(author))
}

/// Somebody by id and name.
pub(super) fn named(room: &Room, author: &AuthorId) -> Named {
    Named { author: person_hex(room, author), nick: nick(room, author) }
}

/// The number of messages in a page.
pub(super) fn limit(asked: Option<NonZeroUsize>) -> usize {
    asked.map_or(PAGE, NonZeroUsize::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed_back() {
        let who = AuthorId([0xab; 32]);
        let there = Place { time: Time(77), author: who, seq: 300 };
        let entry = Target { author: who, seq: 300 };
        assert_eq!(place(place_text(&there).as_str()).unwrap(), there);
        assert_eq!(target(reference(entry).as_str()).unwrap(), entry);
    }

    #[test]
    fn malformed_names_are_refused() {
        for text in
            ["", ".", "zz.1", "ab.1", "ab", &format!("{}.x", "ab".repeat(32)), &format!("{}.-1", "ab".repeat(32))]
        {
            assert!(target(text).is_err(), "{text}");
            assert!(place(text).is_err(), "{text}");
        }
    }
}

//! What the machines of one person tell each other afterwards, to stay in step.
//!
//! They have a closed room of their own, in which each says small notes: entries of kind [`Kind::STEP`], sealed like all
//! words there. Of several notes about the same thing the last one in the timeline counts; a read marker moves back only
//! by a note that says so.
//!
//! ```text
//! note      version 1, then one of
//! read      0; room 32; 0, or 1 and the place as in linking; 1 byte: 1 if it moves back
//! hidden    1; room 32, zeros for all rooms; author 32; 1 byte: 1 if hidden
//! verified  2; room 32; author 32; 1 byte: 1 if verified
//! attend    3; room 32; 1 byte: 1 if it is muted, and 2 more if it is pinned
//! nick      4; room 32, an open one; name
//! here      5; room 32, a closed one in which the machine may name devices
//! key       6; room 32; fresh key 32, for a machine that wants to be there; the author 32 who said `here`; name of the machine
//! handed    7; that key 32; closed room as in linking
//! open      8; ticket; about as in linking
//! display   9; room 32, an open one; 1 byte: 1 if newcomers are held; how many messages of one author a minute are shown
//! ```

use bytes::Bytes;
use rumormill_proto::{
    codec::{Reader, put_bytes, put_number},
    ids::{AuthorId, RoomId},
    reject::Reject,
    timeline::Place,
};
use zeroize::Zeroizing;

use super::words::{AboutRoom, HandedRoom, Word, author, decode, encode, put_read, read_read, room, text};
use crate::limits::{LINK_NAME_BYTES, TICKET_BYTES};

const VERSION: u8 = 1;

/// Which list of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chosen {
    /// Those who are hidden.
    Hidden,
    /// Those whose keys were compared.
    Verified,
}

/// What one machine tells the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceNote {
    /// A room was read up to here.
    Read {
        /// The room.
        room: RoomId,
        /// The last message that was read; none if all are unread.
        place: Option<Place>,
        /// Whether the marker moves back.
        back: bool,
    },
    /// Somebody is on a list, or no longer.
    Chosen {
        /// The list.
        list: Chosen,
        /// The room; zeros for all rooms.
        room: RoomId,
        /// Who.
        author: AuthorId,
        /// Whether they are on it.
        on: bool,
    },
    /// How a room is listed.
    Attend {
        /// The room.
        room: RoomId,
        /// Whether it is muted.
        muted: bool,
        /// Whether it is pinned.
        pinned: bool,
    },
    /// The name in an open room.
    Nick {
        /// The room.
        room: RoomId,
        /// The name.
        nick: String,
    },
    /// What is held back in an open room.
    Display {
        /// The room.
        room: RoomId,
        /// Whether what newcomers say is.
        hold: bool,
        /// How many messages of one author a minute are not; 0 if all are shown.
        flood: u64,
    },
    /// This machine is in a closed room, and names devices there.
    Here {
        /// The room.
        room: RoomId,
    },
    /// The key under which this machine wants to be in such a room.
    Key {
        /// The room.
        room: RoomId,
        /// The key.
        key: AuthorId,
        /// The author, in the room of the machines, who is asked.
        to: AuthorId,
        /// What this machine is called.
        name: String,
    },
    /// The room for that key.
    Handed {
        /// The key.
        key: AuthorId,
        /// The room.
        room: Box<HandedRoom>,
    },
    /// This machine is in an open room.
    Open {
        /// A ticket of it.
        ticket: String,
        /// What the person does with it.
        about: AboutRoom,
    },
}

impl DeviceNote {
    /// Its bytes.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        encode(self)
    }

    /// What these bytes say.
    ///
    /// # Errors
    /// When they are not of the form above.
    pub fn decode(bytes: Bytes) -> Result<Self, Reject> {
        decode(bytes)
    }
}

impl Word for DeviceNote {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        match self {
            Self::Read { room, place, back } => {
                begin(out, 0, &room.0);
                put_read(out, place.as_ref());
                out.push(u8::from(*back));
            }
            Self::Chosen { list, room, author, on } => {
                begin(out, if *list == Chosen::Hidden { 1 } else { 2 }, &room.0);
                out.extend_from_slice(&author.0);
                out.push(u8::from(*on));
            }
            Self::Attend { room, muted, pinned } => {
                begin(out, 3, &room.0);
                out.push(u8::from(*muted) | u8::from(*pinned) << 1);
            }
            Self::Nick { room, nick } => {
                begin(out, 4, &room.0);
                put_bytes(out, nick.as_bytes());
            }
            Self::Here { room } => begin(out, 5, &room.0),
            Self::Key { room, key, to, name } => {
                begin(out, 6, &room.0);
                out.extend_from_slice(&key.0);
                out.extend_from_slice(&to.0);
                put_bytes(out, name.as_bytes());
            }
            Self::Handed { key, room } => {
                begin(out, 7, &key.0);
                room.put(out);
            }
            Self::Open { ticket, about } => {
                out.push(8);
                put_bytes(out, ticket.as_bytes());
                about.put(out);
            }
            Self::Display { room, hold, flood } => {
                begin(out, 9, &room.0);
                out.push(u8::from(*hold));
                put_number(out, *flood);
            }
        }
    }

    fn read(from: &mut Reader) -> Result<Self, Reject> {
        if from.byte("version")? != VERSION {
            return Err(Reject::Malformed("version of a note"));
        }
        Ok(match from.byte("note")? {
            0 => Self::Read { room: room(from)?, place: read_read(from)?, back: from.flag()? },
            1 => Self::read_chosen(from, Chosen::Hidden)?,
            2 => Self::read_chosen(from, Chosen::Verified)?,
            3 => {
                let (room, flags) = (room(from)?, from.byte("flags")?);
                if flags > 3 {
                    return Err(Reject::Malformed("flags"));
                }
                Self::Attend { room, muted: flags & 1 != 0, pinned: flags & 2 != 0 }
            }
            4 => Self::Nick { room: room(from)?, nick: text(from, LINK_NAME_BYTES)? },
            5 => Self::Here { room: room(from)? },
            6 => {
                let (room, key, to) = (room(from)?, author(from)?, author(from)?);
                Self::Key { room, key, to, name: text(from, LINK_NAME_BYTES)? }
            }
            7 => Self::Handed { key: author(from)?, room: Box::new(HandedRoom::read(from)?) },
            8 => Self::Open { ticket: text(from, TICKET_BYTES)?, about: AboutRoom::read(from)? },
            9 => Self::Display { room: room(from)?, hold: from.flag()?, flood: from.number("flood")? },
            _ => return Err(Reject::Malformed("note")),
        })
    }
}

impl DeviceNote {
    fn read_chosen(from: &mut Reader, list: Chosen) -> Result<Self, Reject> {
        Ok(Self::Chosen { list, room: room(from)?, author: author(from)?, on: from.flag()? })
    }
}

fn begin(out: &mut Vec<u8>, number: u8, id: &[u8; 32]) {
    out.push(number);
    out.extend_from_slice(id);
}

#[cfg(test)]
mod tests {
    use rumormill_proto::time::Time;

    use super::*;

    #[test]
    fn notes_are_read_as_they_were_written_and_not_when_they_are_cut() {
        let (id, who) = (RoomId([7; 32]), AuthorId([8; 32]));
        let place = Some(Place { time: Time(7), author: who, seq: 300 });
        let about = AboutRoom { name: "lunch".into(), read: place, ..AboutRoom::default() };
        let handed = HandedRoom {
            id,
            secret: [1; 32],
            founder: who,
            author: who,
            contacts: Vec::new(),
            private: None,
            about: about.clone(),
        };
        for note in [
            DeviceNote::Read { room: id, place, back: false },
            DeviceNote::Read { room: id, place: None, back: true },
            DeviceNote::Chosen { list: Chosen::Hidden, room: id, author: who, on: true },
            DeviceNote::Chosen { list: Chosen::Verified, room: id, author: who, on: false },
            DeviceNote::Attend { room: id, muted: false, pinned: true },
            DeviceNote::Nick { room: id, nick: "ann".into() },
            DeviceNote::Display { room: id, hold: true, flood: 300 },
            DeviceNote::Here { room: id },
            DeviceNote::Key { room: id, key: who, to: who, name: "desk".into() },
            DeviceNote::Handed { key: who, room: Box::new(handed) },
            DeviceNote::Open { ticket: "rumor2abc".into(), about },
        ] {
            let bytes = Bytes::from(note.encode().to_vec());
            assert_eq!(DeviceNote::decode(bytes.clone()).as_ref(), Ok(&note));
            for end in 0..bytes.len() {
                assert!(DeviceNote::decode(bytes.slice(..end)).is_err(), "{note:?}, {end} bytes");
            }
        }
    }
}

//! What two machines of one person tell each other when they are linked.
//!
//! Each message is a number of bytes, at most 4 MiB, and these. The machine that shows the code says `offer`, the other one
//! `keys`; the first names these keys in its rooms and says `handed`; the other one enters the rooms and says `begun`.
//! The first says `taken` in the end.
//!
//! ```text
//! offer    name; n, then n times a room of 32 and the author of 32 who may name devices there
//! keys     name; n, then n times a room of 32 and a key of 32
//! handed   name; n, then n times a closed room; m, then m times an open room; 0, or 1 and the own room of 32, see `note`
//! begun    n, then n times a room of 32 and the run of a key's first entry, as a number of bytes and these
//! taken    n, then n times a room of 32
//!
//! closed   room 32; secret 32; founder 32; author 32; n, then n times a peer of 32 and its address; 0, or 1 and, of a
//!          private room, the room that it comes out of of 32, and n, then n times m and m times a key of 32: its people;
//!          about
//! open     ticket, as a number of bytes and these; about
//! about    name of the room; nick; read: 0, or 1 and time 8, author 32, seq number; n, then n times somebody hidden of
//!          32; n, then n times somebody verified of 32; 1 byte: 1 if it is muted, 2 more if it is pinned, and 4 if
//!          newcomers are held; how many messages of one author a minute are shown
//! name     number of bytes, at most 255, then UTF-8; nick, address likewise
//! ```

use bytes::Bytes;
use rumormill_proto::{
    codec::{Reader, put_bytes, put_number},
    frame::Contact,
    ids::{AuthorId, PeerId, RoomId},
    limits::{ADDRESS_BYTES, LETTER_KEYS, LETTER_PEOPLE, SEQ_END},
    reject::Reject,
    run::RawRun,
    time::Time,
    timeline::Place,
};
use rumormill_store::Private;
use zeroize::Zeroizing;

use crate::limits::{LINK_HIDDEN, LINK_NAME_BYTES, LINK_ROOMS, LINK_RUN_BYTES, TICKET_BYTES, TICKET_CONTACTS};

/// Something that one machine says to the other.
pub(super) trait Word: Sized {
    fn put(&self, out: &mut Vec<u8>);

    /// # Errors
    /// When the bytes are not of the form above.
    fn read(from: &mut Reader) -> Result<Self, Reject>;
}

/// The bytes of something that is said.
pub(super) fn encode(word: &impl Word) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::new());
    word.put(&mut out);
    out
}

/// What these bytes say.
///
/// # Errors
/// When they are not of the form above.
pub(super) fn decode<T: Word>(bytes: Bytes) -> Result<T, Reject> {
    let mut from = Reader::new(bytes);
    let word = T::read(&mut from)?;
    from.end("linking")?;
    Ok(word)
}

/// The rooms in which the machine with the code may name devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkOffer {
    /// What that machine is called.
    pub name: String,
    /// The rooms, and the author whose device the other one becomes.
    pub rooms: Vec<(RoomId, AuthorId)>,
}

/// The keys of the other machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkKeys {
    /// What it is called.
    pub name: String,
    /// Its key in each room that it enters.
    pub keys: Vec<(RoomId, AuthorId)>,
}

/// The rooms that are handed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkHanded {
    /// What the other machine is called from now on: no two have the same name.
    pub name: String,
    /// Closed rooms, in which the other machine is a device.
    pub closed: Vec<HandedRoom>,
    /// Tickets of open rooms, which it enters as somebody of its own.
    pub open: Vec<(String, AboutRoom)>,
    /// Which of the closed rooms is the one that keeps the machines of this person in step.
    pub own: Option<RoomId>,
}

/// What is needed to enter a closed room as a device.
#[derive(Clone, PartialEq, Eq)]
pub struct HandedRoom {
    /// The room.
    pub id: RoomId,
    /// The secret that its members know.
    pub secret: [u8; 32],
    /// Who founded it.
    pub founder: AuthorId,
    /// The author whose device one is there.
    pub author: AuthorId,
    /// Peers to dial.
    pub contacts: Vec<Contact>,
    /// The room that it comes out of, if it is a private one.
    pub private: Option<Private>,
    /// What its user does with it.
    pub about: AboutRoom,
}

/// What somebody does with a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AboutRoom {
    /// The name that it has here.
    pub name: String,
    /// The nick there; empty if none was chosen.
    pub nick: String,
    /// The place up to which it was read.
    pub read: Option<Place>,
    /// The people who are hidden.
    pub hidden: Vec<AuthorId>,
    /// The people whose keys were compared.
    pub verified: Vec<AuthorId>,
    /// Whether it is muted.
    pub muted: bool,
    /// Whether it is pinned.
    pub pinned: bool,
    /// Whether what newcomers say is held back there; in open rooms only.
    pub hold: bool,
    /// How many messages of one author a minute are shown there, 0 for all; in open rooms only.
    pub flood: u64,
}

/// The first entries of the other machine's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkBegun(pub Vec<(RoomId, RawRun)>);

/// The rooms in which these entries were taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkTaken(pub Vec<RoomId>);

/// Leaves the secret out.
impl std::fmt::Debug for HandedRoom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HandedRoom").field("id", &self.id).field("about", &self.about).finish_non_exhaustive()
    }
}

fn put_list<T>(out: &mut Vec<u8>, list: &[T], put: impl Fn(&mut Vec<u8>, &T)) {
    put_number(out, list.len() as u64);
    list.iter().for_each(|item| put(out, item));
}

fn read_list<T>(
    from: &mut Reader,
    most: usize,
    what: &'static str,
    read: impl Fn(&mut Reader) -> Result<T, Reject>,
) -> Result<Vec<T>, Reject> {
    let count = from.count(most, what)?;
    (0..count).map(|_| read(from)).collect()
}

pub(super) fn text(from: &mut Reader, most: usize) -> Result<String, Reject> {
    String::from_utf8(from.bytes(most, "text")?.to_vec()).map_err(|_| Reject::Malformed("text"))
}

pub(super) fn author(from: &mut Reader) -> Result<AuthorId, Reject> {
    from.array("author").map(AuthorId)
}

pub(super) fn room(from: &mut Reader) -> Result<RoomId, Reject> {
    from.array("room").map(RoomId)
}

fn put_pair(out: &mut Vec<u8>, (room, author): &(RoomId, AuthorId)) {
    out.extend_from_slice(&room.0);
    out.extend_from_slice(&author.0);
}

fn pair(from: &mut Reader) -> Result<(RoomId, AuthorId), Reject> {
    Ok((room(from)?, author(from)?))
}

/// The place up to which a room was read.
pub(super) fn put_read(out: &mut Vec<u8>, read: Option<&Place>) {
    out.push(u8::from(read.is_some()));
    if let Some(Place { time, author, seq }) = read {
        out.extend_from_slice(&time.0.to_be_bytes());
        out.extend_from_slice(&author.0);
        put_number(out, *seq);
    }
}

pub(super) fn read_read(from: &mut Reader) -> Result<Option<Place>, Reject> {
    if !from.flag()? {
        return Ok(None);
    }
    let (time, author) = (Time(u64::from_be_bytes(from.array("time")?)), author(from)?);
    let seq = from.number("seq")?;
    if seq >= SEQ_END {
        return Err(Reject::Limit("seq"));
    }
    Ok(Some(Place { time, author, seq }))
}

impl Word for LinkOffer {
    fn put(&self, out: &mut Vec<u8>) {
        put_bytes(out, self.name.as_bytes());
        put_list(out, &self.rooms, put_pair);
    }

    fn read(from: &mut Reader) -> Result<Self, Reject> {
        Ok(Self { name: text(from, LINK_NAME_BYTES)?, rooms: read_list(from, LINK_ROOMS, "rooms", pair)? })
    }
}

impl Word for LinkKeys {
    fn put(&self, out: &mut Vec<u8>) {
        put_bytes(out, self.name.as_bytes());
        put_list(out, &self.keys, put_pair);
    }

    fn read(from: &mut Reader) -> Result<Self, Reject> {
        Ok(Self { name: text(from, LINK_NAME_BYTES)?, keys: read_list(from, LINK_ROOMS, "rooms", pair)? })
    }
}

impl Word for LinkHanded {
    fn put(&self, out: &mut Vec<u8>) {
        put_bytes(out, self.name.as_bytes());
        put_list(out, &self.closed, |out, room| room.put(out));
        put_list(out, &self.open, |out, (ticket, about)| {
            put_bytes(out, ticket.as_bytes());
            about.put(out);
        });
        out.push(u8::from(self.own.is_some()));
        self.own.iter().for_each(|own| out.extend_from_slice(&own.0));
    }

    fn read(from: &mut Reader) -> Result<Self, Reject> {
        let name = text(from, LINK_NAME_BYTES)?;
        let closed = read_list(from, LINK_ROOMS, "rooms", HandedRoom::read)?;
        let open = |from: &mut Reader| Ok((text(from, TICKET_BYTES)?, AboutRoom::read(from)?));
        let open = read_list(from, LINK_ROOMS, "rooms", open)?;
        Ok(Self { name, closed, open, own: if from.flag()? { Some(room(from)?) } else { None } })
    }
}

impl Word for HandedRoom {
    fn put(&self, out: &mut Vec<u8>) {
        let fields = [self.id.0, self.secret, self.founder.0, self.author.0];
        fields.iter().for_each(|field| out.extend_from_slice(field));
        let contacts = &self.contacts[..self.contacts.len().min(TICKET_CONTACTS)];
        put_list(out, contacts, |out, contact| {
            out.extend_from_slice(&contact.peer.0);
            put_bytes(out, &contact.address);
        });
        out.push(u8::from(self.private.is_some()));
        if let Some(Private { of, people }) = &self.private {
            out.extend_from_slice(&of.0);
            put_list(out, people, |out, keys| put_list(out, keys, |out, key| out.extend_from_slice(&key.0)));
        }
        self.about.put(out);
    }

    fn read(from: &mut Reader) -> Result<Self, Reject> {
        let (id, secret) = (room(from)?, from.array("secret")?);
        let (founder, of) = (author(from)?, author(from)?);
        let contacts = read_list(from, TICKET_CONTACTS, "contacts", |from| {
            let peer = PeerId(from.array("peer")?);
            Ok(Contact { peer, address: from.bytes(ADDRESS_BYTES, "address")? })
        })?;
        let private = match from.flag()? {
            true => {
                let of = room(from)?;
                let keys = |from: &mut Reader| read_list(from, LETTER_KEYS, "keys", author);
                Some(Private { of, people: read_list(from, LETTER_PEOPLE, "people", keys)? })
            }
            false => None,
        };
        Ok(Self { id, secret, founder, author: of, contacts, private, about: AboutRoom::read(from)? })
    }
}

impl Word for AboutRoom {
    fn put(&self, out: &mut Vec<u8>) {
        // The name of a room may be longer; the other side reads all of it in the room.
        let name = &self.name[..self.name.floor_char_boundary(LINK_NAME_BYTES)];
        put_bytes(out, name.as_bytes());
        put_bytes(out, self.nick.as_bytes());
        put_read(out, self.read.as_ref());
        let hidden = &self.hidden[..self.hidden.len().min(LINK_HIDDEN)];
        let verified = &self.verified[..self.verified.len().min(LINK_HIDDEN)];
        for list in [hidden, verified] {
            put_list(out, list, |out, author| out.extend_from_slice(&author.0));
        }
        out.push(u8::from(self.muted) | u8::from(self.pinned) << 1 | u8::from(self.hold) << 2);
        put_number(out, self.flood);
    }

    fn read(from: &mut Reader) -> Result<Self, Reject> {
        let (name, nick) = (text(from, LINK_NAME_BYTES)?, text(from, LINK_NAME_BYTES)?);
        let read = read_read(from)?;
        let hidden = read_list(from, LINK_HIDDEN, "hidden", author)?;
        let verified = read_list(from, LINK_HIDDEN, "verified", author)?;
        let flags = from.byte("flags")?;
        if flags > 7 {
            return Err(Reject::Malformed("flags"));
        }
        let [muted, pinned, hold] = [1, 2, 4].map(|flag| flags & flag != 0);
        Ok(Self { name, nick, read, hidden, verified, muted, pinned, hold, flood: from.number("flood")? })
    }
}

impl Word for LinkBegun {
    fn put(&self, out: &mut Vec<u8>) {
        put_list(out, &self.0, |out, (room, run)| {
            out.extend_from_slice(&room.0);
            put_bytes(out, run.wire());
        });
    }

    fn read(from: &mut Reader) -> Result<Self, Reject> {
        let begun = |from: &mut Reader| Ok((room(from)?, RawRun::parse(from.bytes(LINK_RUN_BYTES, "run")?)?));
        read_list(from, LINK_ROOMS, "rooms", begun).map(Self)
    }
}

impl Word for LinkTaken {
    fn put(&self, out: &mut Vec<u8>) {
        put_list(out, &self.0, |out, room| out.extend_from_slice(&room.0));
    }

    fn read(from: &mut Reader) -> Result<Self, Reject> {
        read_list(from, LINK_ROOMS, "rooms", room).map(Self)
    }
}

/// Lets programs that throw bytes at the decoders call them.
macro_rules! messages {
    ($($name:ident)*) => {$(
        impl $name {
            /// Its bytes.
            pub fn encode(&self) -> Zeroizing<Vec<u8>> {
                encode(self)
            }

            /// What these bytes say.
            ///
            /// # Errors
            /// When they are not of its form.
            pub fn decode(bytes: Bytes) -> Result<Self, Reject> {
                decode(bytes)
            }
        }
    )*};
}

messages! { LinkOffer LinkKeys LinkHanded LinkBegun LinkTaken }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_handed_over_is_read_as_it_was_written_and_not_when_it_is_cut() {
        let about = AboutRoom {
            name: "lunch".into(),
            nick: "ann".into(),
            read: Some(Place { time: Time(7), author: AuthorId([1; 32]), seq: 300 }),
            hidden: vec![AuthorId([2; 32])],
            verified: vec![AuthorId([8; 32])],
            muted: true,
            pinned: false,
            hold: true,
            flood: 300,
        };
        let contact = Contact { peer: PeerId([3; 32]), address: Bytes::from_static(b"there") };
        let [id, founder, author] = [4, 5, 6].map(|byte| [byte; 32]);
        let room = HandedRoom {
            id: RoomId(id),
            secret: [9; 32],
            founder: AuthorId(founder),
            author: AuthorId(author),
            contacts: vec![contact],
            private: Some(Private { of: RoomId(id), people: vec![vec![AuthorId(founder)], vec![AuthorId(author)]] }),
            about: about.clone(),
        };
        assert!(!format!("{room:?}").contains("9, 9"));
        let handed = LinkHanded {
            name: "laptop".into(),
            closed: vec![room],
            open: vec![("rumor2abc".into(), about)],
            own: Some(RoomId(id)),
        };
        let bytes = Bytes::from(handed.encode().to_vec());
        assert_eq!(LinkHanded::decode(bytes.clone()), Ok(handed));
        for end in 0..bytes.len() {
            assert!(LinkHanded::decode(bytes.slice(..end)).is_err(), "{end} bytes");
        }
    }

    #[test]
    fn more_rooms_than_a_node_has_are_refused() {
        let rooms = vec![(RoomId([1; 32]), AuthorId([2; 32])); LINK_ROOMS + 1];
        let offer = LinkOffer { name: "desk".into(), rooms };
        assert!(LinkOffer::decode(Bytes::from(offer.encode().to_vec())).is_err());
    }
}

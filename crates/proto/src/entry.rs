//! An entry of an author, and the canonical bytes under its hash.
//!
//! An entry's id is the keyed BLAKE3 hash of its header. The key names room and author, so neither is
//! repeated in the header, and no entry can be moved to another room or author:
//!
//! ```text
//! log key = derive_key("rumormill 1 log", room ++ author)
//! id      = keyed_hash(log key, header)
//!
//! header    version   1 byte      1
//!           kind      1 byte      0..=127
//!           seq       number      0 for the author's first entry
//!           time      8 bytes     big-endian hybrid logical time
//!           prev      32 bytes    id of the author's entry seq-1; zeros for seq 0
//!           seen      number n, then n times (author 32 bytes, seq number), authors ascending
//!           body      number of bytes, then their BLAKE3 hash, 32 bytes
//! ```
//!
//! The header holds the body's hash, so a body can be dropped and the log still verifies.

use bytes::Bytes;

use crate::{
    codec::put_number,
    ids::{AuthorId, EntryId, RoomId, Seq},
    reject::Reject,
    time::Time,
};

/// Version of the header's layout.
const VERSION: u8 = 1;

/// First byte of the founding body of a closed room.
const CLOSED: u8 = 2;

/// The number of the rules by which closed rooms of this version govern themselves.
pub const RULES: u8 = 1;

/// The kind of an entry's body. Nodes keep and pass on unknown kinds, for future versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind(u8);

impl Kind {
    /// The room's first entry, by its owner. Its body is [`found`]'s.
    pub const FOUND: Self = Self(0);
    /// A line of text in UTF-8.
    pub const TEXT: Self = Self(1);
    /// The name under which the author wants to be shown, in UTF-8.
    pub const NICK: Self = Self(2);
    /// A line of text that answers another or names somebody. The layout of this body and of those below is in
    /// [`crate::content`].
    pub const ADDRESSED: Self = Self(3);
    /// Replaces the text of an earlier entry by the author.
    pub const EDIT: Self = Self(4);
    /// Retracts an earlier entry by the author.
    pub const RETRACTION: Self = Self(5);
    /// A sign beside an entry.
    pub const REACTION: Self = Self(6);
    /// The topic of the room.
    pub const TOPIC: Self = Self(7);
    /// A file, which travels beside the entries.
    pub const FILE: Self = Self(8);
    /// A message from another system, imported by its author.
    pub const IMPORTED: Self = Self(9);
    /// The name of a closed room, in UTF-8. The founder's last one counts.
    pub const NAME: Self = Self(10);
    /// What only a few of the room can read, see [`crate::letter`].
    pub const LETTER: Self = Self(11);
    /// What one machine of a person tells the others in a room of their own.
    pub const STEP: Self = Self(12);

    /// A file of a closed room, sealed, but for the hash and the size of its bytes, which are sealed too: whoever cannot
    /// read it can keep and serve these.
    pub const CARRIED: Self = Self(96);

    /// Gives a role to a person. This kind and those below are acts, see [`crate::governance`], which also has the layout
    /// of their bodies.
    pub const APPOINT: Self = Self(32);
    /// Ends grants.
    pub const DISMISS: Self = Self(33);
    /// Ends grants and words of a person.
    pub const REMOVE: Self = Self(34);
    /// Ends one key alone.
    pub const END: Self = Self(35);
    /// Says which branch of a log stands.
    pub const VOUCH: Self = Self(36);
    /// Gives back the author's own grants.
    pub const STEP_DOWN: Self = Self(37);
    /// Lets people in.
    pub const ADMIT: Self = Self(38);
    /// Announces a ticket.
    pub const TICKET: Self = Self(39);
    /// Ends a ticket.
    pub const REVOKE: Self = Self(40);
    /// The first entry of somebody who holds a ticket.
    pub const JOIN: Self = Self(41);
    /// Lets in somebody who joined.
    pub const WELCOME: Self = Self(42);
    /// The first entry of a device.
    pub const DEVICE: Self = Self(43);
    /// Names a device of the author.
    pub const MINE: Self = Self(44);
    /// Takes words back that somebody said.
    pub const HIDE: Self = Self(45);
    /// Names a secret under which words are sealed, see [`crate::epochs`].
    pub const EPOCH: Self = Self(46);
    /// Sets the rules of the room.
    pub const RULES: Self = Self(47);
    /// Shows the words of a newcomer.
    pub const LET_THROUGH: Self = Self(48);
    /// Boxes with the secret of an epoch, for members who are away.
    pub const BOXES: Self = Self(49);
    /// Says of authors of an open room how many of their entries stay when it is closed, and who is kept.
    pub const LIST: Self = Self(50);
    /// Closes an open room.
    pub const CLOSE: Self = Self(51);

    /// By how much the number of a sealed kind is higher than that of the same kind in plain.
    const SEALED: u8 = 64;

    /// A kind by its number; `None` past 127.
    pub fn new(number: u8) -> Option<Self> {
        (number < 0x80).then_some(Self(number))
    }

    /// Whether entries of this kind govern the room. Nothing drops their bodies, and keepers read them too.
    pub fn is_act(self) -> bool {
        (32..64).contains(&self.0)
    }

    /// Whether people read about entries of this kind: an act that lets somebody in or ends something, or that gives or
    /// takes a role.
    pub fn is_deed(self) -> bool {
        let deeds = [Self::APPOINT, Self::DISMISS, Self::REMOVE, Self::END, Self::STEP_DOWN, Self::ADMIT, Self::REVOKE];
        deeds.contains(&self)
            || [Self::WELCOME, Self::HIDE, Self::RULES, Self::LET_THROUGH, Self::CLOSE].contains(&self)
    }

    /// Whether an entry of this kind, sealed or not, is a message of its own: not an edit of one, a sign beside one, or a name.
    pub fn is_message(self) -> bool {
        let plain = self.opened().unwrap_or(self);
        [Self::TEXT, Self::ADDRESSED, Self::FILE, Self::IMPORTED].contains(&plain)
    }

    /// Whether people say something by entries of this kind, in plain. Other kinds have no sealed form: a retraction,
    /// because what it retracts is dropped by whoever cannot read it, too.
    pub fn is_word(self) -> bool {
        (1..32).contains(&self.0) && self != Self::RETRACTION
    }

    /// The kind of words that are sealed; `None` for kinds that stay in plain, and for those that are sealed already.
    pub fn sealed(self) -> Option<Self> {
        self.is_word().then_some(Self(self.0 + Self::SEALED))
    }

    /// The kind that sealed words have once they are opened; `None` for kinds in plain.
    pub fn opened(self) -> Option<Self> {
        match self {
            Self::CARRIED => Some(Self::FILE),
            kind => kind.0.checked_sub(Self::SEALED).map(Self).filter(|kind| kind.is_word()),
        }
    }

    /// Whether a governor of a closed room can take an entry of this kind back. Somebody whose words were taken back keeps its
    /// name.
    pub fn can_be_hidden(self) -> bool {
        let plain = self.opened().unwrap_or(self);
        !plain.is_act() && ![Self::FOUND, Self::NICK, Self::RETRACTION].contains(&plain)
    }

    /// The number of this kind, 0..=127.
    pub fn number(self) -> u8 {
        self.0
    }
}

/// The body of an entry, or its length and hash after it was dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// The bytes themselves.
    Here(Bytes),
    /// Length and BLAKE3 hash of the dropped bytes.
    Dropped {
        /// How many bytes it had.
        len: usize,
        /// BLAKE3 hash of the bytes.
        hash: [u8; 32],
    },
}

impl Body {
    /// The bytes, unless they were dropped.
    pub fn bytes(&self) -> Option<&Bytes> {
        match self {
            Self::Here(bytes) => Some(bytes),
            Self::Dropped { .. } => None,
        }
    }

    /// How many bytes it has or had.
    pub fn len(&self) -> usize {
        match self {
            Self::Here(bytes) => bytes.len(),
            Self::Dropped { len, .. } => *len,
        }
    }

    /// Whether it has, or had, no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// BLAKE3 hash of the bytes.
    pub fn hash(&self) -> [u8; 32] {
        match self {
            Self::Here(bytes) => blake3::hash(bytes).into(),
            Self::Dropped { hash, .. } => *hash,
        }
    }

    /// The rest when the bytes are dropped.
    pub fn dropped(&self) -> Self {
        Self::Dropped { len: self.len(), hash: self.hash() }
    }
}

/// (author, seq) pairs, authors strictly ascending: the change of an author's frontier since its own previous entry.
pub type Seen = Vec<(AuthorId, Seq)>;

/// The fields of an entry that its run does not imply. Nothing in them is verified: only [`crate::admit`] makes an
/// [`crate::admit::Entry`] of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawEntry {
    /// Hybrid logical time at the author.
    pub time: Time,
    /// The entries that the author had seen since its previous entry.
    pub seen: Seen,
    /// The kind of the body.
    pub kind: Kind,
    /// The body.
    pub body: Body,
}

/// The key under which all entries of one author in one room are hashed.
#[derive(Clone, Copy)]
pub struct LogKey([u8; 32]);

impl LogKey {
    /// The key of `author`'s log in `room`.
    pub fn new(room: &RoomId, author: &AuthorId) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("rumormill 1 log");
        hasher.update(&room.0).update(&author.0);
        Self(hasher.finalize().into())
    }

    /// The id of the entry that follows `prev` at `seq`. `scratch` is overwritten; reusing it between
    /// the entries of a run saves an allocation each.
    pub fn id(&self, seq: Seq, prev: &EntryId, entry: &RawEntry, scratch: &mut Vec<u8>) -> EntryId {
        scratch.clear();
        scratch.extend_from_slice(&[VERSION, entry.kind.number()]);
        put_number(scratch, seq);
        scratch.extend_from_slice(&entry.time.0.to_be_bytes());
        scratch.extend_from_slice(&prev.0);
        put_number(scratch, entry.seen.len() as u64);
        for (author, seq) in &entry.seen {
            scratch.extend_from_slice(&author.0);
            put_number(scratch, *seq);
        }
        put_number(scratch, entry.body.len() as u64);
        scratch.extend_from_slice(&entry.body.hash());
        EntryId(blake3::keyed_hash(&self.0, scratch).into())
    }
}

/// How a room begins: the body of its owner's first entry, and the room's id, which is its hash.
///
/// ```text
/// body    version 1 byte (1), random 16 bytes, name in UTF-8 to the end
/// room id = derive_key("rumormill 1 room", owner ++ body)
/// ```
pub fn found(owner: &AuthorId, name: &str, random: [u8; 16]) -> (RoomId, Bytes) {
    let mut body = vec![VERSION];
    body.extend_from_slice(&random);
    body.extend_from_slice(name.as_bytes());
    (founded(owner, &body), body.into())
}

/// The id of the room that `owner` founded with `body`.
fn founded(owner: &AuthorId, body: &[u8]) -> RoomId {
    let mut hasher = blake3::Hasher::new_derive_key("rumormill 1 room");
    hasher.update(&owner.0).update(body);
    RoomId(hasher.finalize().into())
}

/// How a closed room begins: the body of its owner's first entry, and the room's id.
///
/// ```text
/// body    2, number of the rules that govern it 1 byte (1), random 16 bytes
/// ```
pub fn found_closed(owner: &AuthorId, random: [u8; 16]) -> (RoomId, Bytes) {
    let mut body = vec![CLOSED, RULES];
    body.extend_from_slice(&random);
    (founded(owner, &body), body.into())
}

/// What a founding entry founds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Founding {
    /// A room that anybody may write in who knows its secret.
    Open {
        /// Its name.
        name: String,
    },
    /// A room that governs itself, see [`crate::governance`].
    Closed {
        /// The number of the rules by which it does; [`RULES`] are those that this version knows.
        rules: u8,
    },
}

/// What the founding entry of `owner` founds, when `body` is how it founded `room`.
///
/// # Errors
/// [`Reject::NotFounder`] when the hash is not the room's id, [`Reject::Malformed`] when the body is not
/// of one of the forms above.
pub fn founding(room: &RoomId, owner: &AuthorId, body: &[u8]) -> Result<Founding, Reject> {
    if founded(owner, body) != *room {
        return Err(Reject::NotFounder);
    }
    match body {
        [VERSION, rest @ ..] if rest.len() >= 16 => {
            let name = std::str::from_utf8(&rest[16..]).map_err(|_| Reject::Malformed("room name"))?;
            Ok(Founding::Open { name: name.to_owned() })
        }
        [CLOSED, rules, random @ ..] if random.len() == 16 => Ok(Founding::Closed { rules: *rules }),
        _ => Err(Reject::Malformed("founding entry")),
    }
}

/// The name of an open room, when `body` is how `owner` founded `room`.
///
/// # Errors
/// As [`founding`]; [`Reject::Malformed`] for a closed room, whose name is no part of its founding.
pub fn room_name(room: &RoomId, owner: &AuthorId, body: &[u8]) -> Result<String, Reject> {
    match founding(room, owner, body)? {
        Founding::Open { name } => Ok(name),
        Founding::Closed { .. } => Err(Reject::Malformed("room name")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &'static str) -> RawEntry {
        RawEntry {
            time: Time::from_ms(1),
            seen: vec![],
            kind: Kind::TEXT,
            body: Body::Here(Bytes::from_static(body.as_bytes())),
        }
    }

    fn id(room: u8, author: u8, seq: Seq, entry: &RawEntry) -> EntryId {
        let key = LogKey::new(&RoomId([room; 32]), &AuthorId([author; 32]));
        key.id(seq, &EntryId::default(), entry, &mut Vec::new())
    }

    #[test]
    fn an_id_depends_on_every_field() {
        let base = id(1, 1, 1, &text("a"));
        let mut others = vec![id(2, 1, 1, &text("a")), id(1, 2, 1, &text("a")), id(1, 1, 2, &text("a"))];
        others.push(id(1, 1, 1, &text("b")));
        others.push(id(1, 1, 1, &RawEntry { time: Time::from_ms(2), ..text("a") }));
        others.push(id(1, 1, 1, &RawEntry { kind: Kind::NICK, ..text("a") }));
        others.push(id(1, 1, 1, &RawEntry { seen: vec![(AuthorId([9; 32]), 0)], ..text("a") }));
        assert!(others.iter().all(|other| *other != base));
        assert_eq!(base, id(1, 1, 1, &text("a")));
    }

    #[test]
    fn a_dropped_body_keeps_the_id() {
        let entry = text("secret");
        let dropped = RawEntry { body: entry.body.dropped(), ..entry.clone() };
        assert_eq!(id(1, 1, 0, &entry), id(1, 1, 0, &dropped));
        assert_eq!(dropped.body.bytes(), None);
    }

    #[test]
    fn a_room_is_the_hash_of_its_founding() {
        let owner = AuthorId([7; 32]);
        let (room, body) = found(&owner, "lunch", [3; 16]);
        assert_eq!(room_name(&room, &owner, &body).as_deref(), Ok("lunch"));
        let (closed, body_of_closed) = found_closed(&owner, [3; 16]);
        assert_eq!(founding(&closed, &owner, &body_of_closed), Ok(Founding::Closed { rules: RULES }));
        assert_eq!(founding(&closed, &owner, &body_of_closed[..17]), Err(Reject::NotFounder));
        let stranger = AuthorId([8; 32]);
        assert_eq!(room_name(&room, &stranger, &body), Err(Reject::NotFounder));
        let (other, _) = found(&owner, "lunch", [4; 16]);
        assert_ne!(room, other);
    }
}

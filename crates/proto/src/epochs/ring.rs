//! The secrets that a node holds of one room.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{
    EpochId, Secret,
    seal::{self, For, NAME_BYTES, SEAL_BYTES},
};
use crate::{
    content::{carried, carried_front},
    entry::{Body, Kind},
    ids::{AuthorId, RoomId, Seq},
    limits::{EPOCHS, EPOCHS_ALIKE},
};

/// What a reader is given of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// It says nothing that is sealed, or was dropped: as it is.
    Plain,
    /// It was sealed: its kind and body.
    Body(Kind, Bytes),
    /// It is sealed under an epoch whose secret is not held.
    Locked,
    /// It was not sealed as it says it was, or not for this place.
    Damaged,
}

impl Opened {
    /// Kind and body as readers are given them. What cannot be read keeps its sealed kind: with the body while the secret
    /// is lacking, without it where it is damaged.
    pub fn shown(self, kind: Kind, body: &Body) -> (Kind, Body) {
        match self {
            Self::Body(kind, body) => (kind, Body::Here(body)),
            Self::Plain => (kind.opened().unwrap_or(kind), body.clone()),
            Self::Locked => (kind, body.clone()),
            Self::Damaged => (kind, body.dropped()),
        }
    }
}

/// The secrets of the epochs of a room, at most [`EPOCHS`], in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Ring {
    room: RoomId,
    held: BTreeMap<EpochId, Held>,
    order: Vec<EpochId>,
}

#[derive(Clone, Debug)]
struct Held {
    secret: Secret,
    bodies: Secret,
}

impl Ring {
    /// The secrets that are held of a room.
    pub fn new(room: RoomId, secrets: impl IntoIterator<Item = Secret>) -> Self {
        let mut ring = Self { room, ..Self::default() };
        secrets.into_iter().for_each(|secret| _ = ring.insert(secret));
        ring
    }

    /// Keeps a secret. Returns whether it is new and there was a place for it.
    pub fn insert(&mut self, secret: Secret) -> bool {
        let id = secret.id();
        if self.held.contains_key(&id) || self.order.len() >= EPOCHS {
            return false;
        }
        let bodies = seal::bodies_key(&self.room, &secret);
        self.held.insert(id, Held { secret, bodies });
        self.order.push(id);
        true
    }

    /// Whether the secret of an epoch is held.
    pub fn holds(&self, epoch: &EpochId) -> bool {
        self.held.contains_key(epoch)
    }

    /// The secret of an epoch.
    pub fn secret(&self, epoch: &EpochId) -> Option<&Secret> {
        self.held.get(epoch).map(|held| &held.secret)
    }

    /// The epochs, in the order in which their secrets came.
    pub fn epochs(&self) -> &[EpochId] {
        &self.order
    }

    /// The secrets from the one of this place on, in the order in which they came.
    pub fn from(&self, place: usize) -> impl Iterator<Item = &Secret> {
        self.order.iter().skip(place).filter_map(|id| self.secret(id))
    }

    /// The sealed form of the words that an author writes at `seq`, and its kind; `None` for kinds that stay in plain, and
    /// if the secret of the epoch is not held.
    pub fn seal(
        &self,
        epoch: &EpochId,
        (author, seq): (&AuthorId, Seq),
        kind: Kind,
        body: &[u8],
    ) -> Option<(Kind, Bytes)> {
        let held = self.held.get(epoch)?;
        let carried = carried_front(body).filter(|_| kind == Kind::FILE);
        let kind = if carried.is_some() { Kind::CARRIED } else { kind.sealed()? };
        let (front, body) = body.split_at_checked(carried.unwrap_or(0))?;
        let place = For { room: &self.room, author, seq, kind, front };
        Some((kind, seal::seal(&held.bodies, epoch, place, body)?))
    }

    /// Opens the body of an entry.
    pub fn open(&self, (author, seq): (&AuthorId, Seq), kind: Kind, body: &Body) -> Opened {
        let (Some(opened), Some(sealed)) = (kind.opened(), body.bytes()) else { return Opened::Plain };
        let Some((front, rest)) = front(kind, sealed).and_then(|front| sealed.split_at_checked(front)) else {
            return Opened::Damaged;
        };
        let Some(name) = rest.first_chunk::<NAME_BYTES>().filter(|_| rest.len() >= SEAL_BYTES) else {
            return Opened::Damaged;
        };
        let place = For { room: &self.room, author, seq, kind, front };
        let mut lowest = [0; 32];
        lowest[..NAME_BYTES].copy_from_slice(name);
        let alike = self.held.range(EpochId(lowest)..).take_while(|(id, _)| id.prefix() == *name);
        let mut alike = alike.take(EPOCHS_ALIKE).peekable();
        if alike.peek().is_none() {
            return Opened::Locked;
        }
        let body = alike.find_map(|(_, held)| seal::open(&held.bodies, place, rest));
        body.map_or(Opened::Damaged, |body| Opened::Body(opened, body))
    }
}

/// How many bytes of a sealed body are in plain, in front.
fn front(kind: Kind, sealed: &Bytes) -> Option<usize> {
    if kind == Kind::CARRIED { carried(sealed).map(|(.., front)| front) } else { Some(0) }
}

/// The first bytes of the id of the epoch under which a body is sealed, if it is.
pub fn sealed_under(kind: Kind, body: &Body) -> Option<[u8; NAME_BYTES]> {
    let sealed = kind.opened().and_then(|_| body.bytes())?;
    sealed.get(front(kind, sealed)?..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        content::{Content, File},
        ids::FileId,
    };

    const ROOM: RoomId = RoomId([1; 32]);
    const ANNA: AuthorId = AuthorId([2; 32]);

    fn ring(secrets: &[u8]) -> Ring {
        Ring::new(ROOM, secrets.iter().map(|byte| Secret::new([*byte; 32])))
    }

    fn sealed(body: &[u8]) -> (Kind, Body) {
        let ring = ring(&[9]);
        let (kind, sealed) = ring.seal(&ring.epochs()[0], (&ANNA, 5), Kind::TEXT, body).unwrap();
        (kind, Body::Here(sealed))
    }

    #[test]
    fn words_are_sealed_and_opened_at_their_place_only() {
        let (kind, body) = sealed(b"see you at noon");
        assert_eq!((kind.number(), body.len()), (65, 15 + SEAL_BYTES));
        let ring = ring(&[8, 9]);
        let opened = Opened::Body(Kind::TEXT, Bytes::from_static(b"see you at noon"));
        assert_eq!(ring.open((&ANNA, 5), kind, &body), opened);
        let nick = Kind::NICK.sealed().unwrap();
        let elsewhere = [((ANNA, 6), kind), ((AuthorId([3; 32]), 5), kind), ((ANNA, 5), nick)];
        for ((author, seq), kind) in elsewhere {
            assert_eq!(ring.open((&author, seq), kind, &body), Opened::Damaged);
        }
        let other = Ring::new(RoomId([7; 32]), [Secret::new([9; 32])]);
        assert_eq!(other.open((&ANNA, 5), kind, &body), Opened::Damaged, "in another room");
    }

    #[test]
    fn of_a_file_the_hash_and_the_size_of_its_sealed_bytes_stay_in_plain() {
        let hash = FileId([7; 32]);
        let (name, mime, key) = ("menu.pdf".into(), String::new(), Some(Box::new(Secret::new([8; 32]))));
        let file = File { hash, size: 300_000, key, name, mime, reply_to: None };
        let (kind, body) = Content::File(file.clone()).encode().unwrap();
        let ring = ring(&[9]);
        let epoch = ring.epochs()[0];
        let (sealed, bytes) = ring.seal(&epoch, (&ANNA, 5), kind, &body).unwrap();
        assert_eq!((sealed, bytes.len()), (Kind::CARRIED, body.len() + SEAL_BYTES));
        assert_eq!(carried(&bytes).map(|(hash, size, _)| (hash, size)), Some((hash, file.carried())));
        assert_eq!(sealed_under(sealed, &Body::Here(bytes.clone())), Some(epoch.prefix()));
        assert!(!bytes.windows(4).any(|part| part == b"menu" || part == [8; 4]));
        let open = |bytes: &Bytes| ring.open((&ANNA, 5), sealed, &Body::Here(bytes.clone()));
        assert_eq!(open(&bytes), Opened::Body(Kind::FILE, body));
        for at in [0, 33, bytes.len() - 1] {
            let mut changed = bytes.to_vec();
            changed[at] ^= 1;
            assert_eq!(open(&changed.into()), Opened::Damaged, "byte {at}");
        }
        let unsealed = File { key: None, ..file };
        let (kind, body) = Content::File(unsealed).encode().unwrap();
        let (sealed, bytes) = ring.seal(&epoch, (&ANNA, 5), kind, &body).unwrap();
        assert_eq!(Some(sealed), Kind::FILE.sealed(), "those of before stay readable");
        assert_eq!(ring.open((&ANNA, 5), sealed, &Body::Here(bytes)), Opened::Body(Kind::FILE, body));
    }

    #[test]
    fn without_the_secret_it_stays_locked() {
        let (kind, body) = sealed(b"noon");
        assert_eq!(ring(&[8]).open((&ANNA, 5), kind, &body), Opened::Locked);
        assert_eq!(ring(&[9]).open((&ANNA, 5), kind, &body.dropped()), Opened::Plain);
        let (short, empty) = (Body::Here(Bytes::from_static(&[0; 23])), sealed(b""));
        assert_eq!(ring(&[9]).open((&ANNA, 5), kind, &short), Opened::Damaged);
        assert_eq!(ring(&[9]).open((&ANNA, 5), empty.0, &empty.1), Opened::Body(Kind::TEXT, Bytes::new()));
    }

    #[test]
    fn what_retracts_and_what_governs_stays_in_plain() {
        let ring = ring(&[9]);
        for kind in [Kind::FOUND, Kind::RETRACTION, Kind::REMOVE, Kind::EPOCH] {
            assert_eq!(ring.seal(&ring.epochs()[0], (&ANNA, 1), kind, b"a"), None);
            assert_eq!(ring.open((&ANNA, 1), kind, &Body::Here(Bytes::from_static(b"a"))), Opened::Plain);
        }
        assert_eq!(Kind::new(69).unwrap().opened(), None, "there is no sealed retraction");
    }

    #[test]
    fn a_ring_is_bounded() {
        let mut ring = Ring::new(ROOM, []);
        let secret = |number: usize| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&number.to_be_bytes());
            Secret::new(bytes)
        };
        let kept = (0..EPOCHS + 5).filter(|number| ring.insert(secret(*number))).count();
        assert_eq!((kept, ring.epochs().len()), (EPOCHS, EPOCHS));
        assert!(!ring.insert(secret(0)), "held already");
    }

    proptest! {
        #[test]
        fn a_changed_byte_does_not_open(body: Vec<u8>, at: usize, by in 1u8..) {
            let (kind, Body::Here(sealed)) = sealed(&body) else { return Ok(()) };
            let mut changed = sealed.to_vec();
            let at = at % changed.len();
            changed[at] ^= by;
            let expected = if at < NAME_BYTES { Opened::Locked } else { Opened::Damaged };
            prop_assert_eq!(ring(&[9]).open((&ANNA, 5), kind, &Body::Here(changed.into())), expected);
        }
    }
}

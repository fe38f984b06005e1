//! Private rooms: closed rooms of a few people out of another room, in which everybody keeps the key of that room.
//!
//! Whoever begins one founds it, admits the keys of its people and steps down, so that nobody is let in or removed any
//! more. A letter in the shared room tells the others of it. They enter it when they want to.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use rumormill_proto::{
    admit::Author,
    entry::{Kind, found_closed},
    epochs::Secret,
    frame::Contact,
    governance::Order,
    ids::{AuthorId, RoomId},
    letter::Letter,
    limits::{LETTER_KEYS, LETTER_PEOPLE},
};
use rumormill_store::{Closed, Once, Private, RoomRecord};
use tokio::sync::oneshot;

use crate::{
    command::Command, error::Error, limits::LETTERS, membership::Place, node::Node, random::random, room::Room,
    settings::RoomSetup, wish::Govern,
};

/// A private room that somebody asks us into.
#[derive(Clone)]
pub struct Asked {
    /// Who asks: the person, not the device.
    pub from: AuthorId,
    /// When, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// Who founded it.
    founder: AuthorId,
    letter: Letter,
}

impl Asked {
    /// The private room.
    pub fn room(&self) -> RoomId {
        self.letter.room
    }

    /// The people in it, by their main keys; we and whoever asks among them.
    pub fn people(&self) -> Vec<AuthorId> {
        self.letter.people.iter().filter_map(|keys| keys.first().copied()).collect()
    }
}

/// Leaves the secret out.
impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked").field("from", &self.from).field("room", &self.letter.room).finish_non_exhaustive()
    }
}

impl Room {
    /// The room that it comes out of and its people, if it is a private one.
    pub fn private(&self) -> Option<Private> {
        self.board.posted().private.clone()
    }

    /// The newest private rooms that others in this room ask us into, newest first, those that we entered among them.
    ///
    /// # Errors
    /// As [`Room::messages`].
    pub async fn asked(&self) -> Result<Vec<Asked>, Error> {
        let lines = self.read(|read, room| read.letters(room, LETTERS)).await?;
        if lines.is_empty() {
            return Ok(Vec::new());
        }
        let author = Author::from_secret(&self.record().await?.author_secret);
        let mut asked: Vec<Asked> = Vec::new();
        for line in lines {
            let founder = line.place.author;
            let Some(body) = line.body.bytes().filter(|_| founder != author.id()) else { continue };
            let Some(mut letter) = Letter::open(&author, &self.id(), &founder, body) else { continue };
            // Who is who is known here, and nobody else says so.
            letter.people = self.by_person(letter.people.into_iter().flatten());
            if asked.iter().all(|known| known.letter.room != letter.room) {
                asked.push(Asked { from: self.person(&founder), time_ms: line.place.time.ms(), founder, letter });
            }
        }
        Ok(asked)
    }

    /// Keys by the people who write under them here, the main key first.
    fn by_person(&self, keys: impl Iterator<Item = AuthorId>) -> Vec<Vec<AuthorId>> {
        let mut people: BTreeMap<AuthorId, BTreeSet<(bool, AuthorId)>> = BTreeMap::new();
        for key in keys {
            let person = self.person(&key);
            people.entry(person).or_default().insert((key != person, key));
        }
        people.into_values().map(|keys| keys.into_iter().map(|(_, key)| key).collect()).collect()
    }

    /// How the room is kept, with its secrets.
    pub(crate) async fn record(&self) -> Result<RoomRecord, Error> {
        let (answer, record) = oneshot::channel();
        self.node.command(Command::Govern { room: self.id(), what: Govern::Record(answer) }).await?;
        record.await.map_err(|_| self.stopped().unwrap_or(Error::Closed))
    }

    /// The present keys of people, ours among them, the main one of each first.
    fn people(&self, others: &[AuthorId]) -> Result<Vec<Vec<AuthorId>>, Error> {
        let me = self.me();
        let mut people: Vec<AuthorId> = others.iter().map(|author| self.person(author)).collect();
        people.push(me);
        people.sort_unstable();
        people.dedup();
        let is_in = |key: &AuthorId| match self.is_closed() {
            true => self.member(key).is_some_and(|member| matches!(member.place, Place::Present(_))),
            false => true,
        };
        let count = people.len();
        let keys = people.iter().flat_map(|person| self.keys_of(person)).filter(is_in);
        let people = self.by_person(keys);
        let fits = (2..=LETTER_PEOPLE).contains(&count)
            && people.len() == count
            && people.iter().flatten().count() <= LETTER_KEYS;
        if fits { Ok(people) } else { Err(Error::People) }
    }

    /// The addresses of linked peers at which one of these keys writes.
    fn contacts_of(&self, people: &[Vec<AuthorId>]) -> Vec<Contact> {
        let linked = self.status().peers;
        let is_theirs = |contact: &&Contact| {
            linked
                .iter()
                .any(|peer| peer.peer == contact.peer && people.iter().flatten().any(|key| *key == peer.author))
        };
        self.known_contacts().iter().filter(is_theirs).cloned().collect()
    }
}

impl Node {
    /// The private room out of `shared` with exactly these people there, under this name if we are not in it yet. The one
    /// that we are in with them, the one that one of them asked us into, or else one that begins here. Of several it is
    /// the one of the lowest id, so that those who began one at the same time go on in the same. `left` are rooms that we
    /// left for good.
    ///
    /// # Errors
    /// [`Error::People`], [`Error::NotMember`] when we are not in the shared room, and those of [`Node::create_closed`].
    pub async fn begin_private(
        &self,
        shared: &Room,
        others: &[AuthorId],
        name: &str,
        left: &BTreeSet<RoomId>,
    ) -> Result<Room, Error> {
        let people = shared.people(others)?;
        let mains = mains(&people);
        let asked = shared.asked().await?;
        // A letter cannot stand for a room that we are in already.
        let is_free = |id: &RoomId| self.room(id).is_none_or(|room| room.private().is_some());
        let fits = |asked: &&Asked| {
            !left.contains(&asked.room()) && is_free(&asked.room()) && mains == self::mains(&asked.letter.people)
        };
        let asked = asked.iter().filter(fits).min_by_key(|asked| asked.room());
        let known = self.private_with(&shared.id(), &mains);
        match (known, asked) {
            (Some(room), asked) if asked.is_none_or(|asked| room.id() <= asked.room()) => {
                room.deliver(shared).await?;
                Ok(room)
            }
            (_, Some(asked)) => self.enter_private(shared, asked, name).await,
            (_, None) => self.found_private(shared, people, name).await,
        }
    }

    /// The private room of the lowest id out of this room that has these people and no others, all of them still in it.
    fn private_with(&self, shared: &RoomId, mains: &BTreeSet<AuthorId>) -> Option<Room> {
        let fits = |room: &Room| {
            let private = room.private().filter(|private| private.of == *shared);
            private.is_some_and(|private| {
                private.people.iter().all(|keys| room.has_one(keys)) && self::mains(&private.people) == *mains
            })
        };
        // They are in the order of their ids.
        self.rooms().into_iter().find(fits)
    }

    /// Whether we are in a private room out of `shared` with the people of this one, and in no other of these: both sides
    /// began one at the same time.
    pub fn has_private(&self, shared: &Room, asked: &Asked) -> bool {
        let mains = mains(&asked.letter.people);
        let is_same = |room: &Room| {
            let private = room.private().filter(|private| private.of == shared.id());
            private.is_some_and(|private| self::mains(&private.people) == mains)
        };
        self.rooms().iter().filter(|room| is_same(room)).count() == 1
    }

    /// The other private room in which the same people go on, if there is one: the one of the lower id.
    pub fn goes_on(&self, room: &Room) -> Option<Room> {
        let private = room.private()?;
        self.private_with(&private.of, &mains(&private.people)).filter(|other| other.id() < room.id())
    }

    async fn found_private(&self, shared: &Room, people: Vec<Vec<AuthorId>>, name: &str) -> Result<Room, Error> {
        let record = shared.record().await?;
        let founder = shared.author();
        let [nonce @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = random();
        let (id, body) = found_closed(&founder, nonce);
        let mut setup = RoomSetup::new(id, random(), record.author_secret, name);
        setup.closed = Some(Closed { founder, pass: None, device_of: None, keeps: false });
        setup.contacts = shared.contacts_of(&people);
        setup.private = Some(Private { of: shared.id(), people });
        let room = self.begin(setup, vec![(Kind::FOUND, body)]).await?;
        match room.settle(shared).await {
            Ok(()) => Ok(room),
            Err(why) => {
                // Nothing is left of it, so that a caller who tries again has one room.
                let _ = room.leave().await;
                Err(why)
            }
        }
    }

    /// Enters a private room that somebody in `shared` asks us into, under this name.
    ///
    /// # Errors
    /// As [`Node::enter`].
    pub async fn enter_private(&self, shared: &Room, asked: &Asked, name: &str) -> Result<Room, Error> {
        let Asked { founder, letter, .. } = asked;
        let record = shared.record().await?;
        let mut setup = RoomSetup::new(letter.room, *letter.secret.bytes(), record.author_secret, name);
        // We may have been there before: then we first take back what we said.
        setup.fresh_author = false;
        setup.closed = Some(Closed { founder: *founder, pass: None, device_of: None, keeps: false });
        setup.contacts = letter.contact.iter().cloned().chain(shared.contacts_of(&letter.people)).collect();
        setup.contacts.dedup_by_key(|contact| contact.peer);
        setup.private = Some(Private { of: shared.id(), people: letter.people.clone() });
        self.enter(setup).await
    }
}

impl Room {
    /// Admits the people of a private room that we founded, steps down, and says the letter in the shared room.
    async fn settle(&self, shared: &Room) -> Result<(), Error> {
        let (me, private) = (self.author(), self.private().ok_or(Error::Private)?);
        let others = private.people.iter().flatten().copied().filter(|key| *key != me).collect();
        self.order(Order::Admit(others)).await?;
        self.order(Order::StepDown).await?;
        self.deliver(shared).await
    }

    /// Says the letter of a private room that we founded, unless it was said.
    async fn deliver(&self, shared: &Room) -> Result<(), Error> {
        let (me, private) = (self.author(), self.private().ok_or(Error::Private)?);
        if self.founder() != Some(me) {
            return Ok(());
        }
        let secret = Secret::new(*self.board.secret);
        let letter = Letter { room: self.id(), secret, people: private.people, contact: Some(self.node.contact()) };
        let body = letter.seal(&shared.id(), &me, Secret::new(random())).map_err(|_| Error::People)?;
        let key = blake3::derive_key("rumormill 1 letter of a room", &self.id().0);
        shared.entries().say_once(vec![(Kind::LETTER, body)], vec![Once { key, asks: key }]).await?;
        Ok(())
    }

    /// Whether one of these keys is in the room.
    fn has_one(&self, keys: &[AuthorId]) -> bool {
        let is_in = |key: &AuthorId| self.member(key).is_some_and(|member| matches!(member.place, Place::Present(_)));
        keys.iter().any(is_in)
    }
}

/// The main keys of people.
fn mains(people: &[Vec<AuthorId>]) -> BTreeSet<AuthorId> {
    people.iter().filter_map(|keys| keys.first().copied()).collect()
}

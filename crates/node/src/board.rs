//! The state of one room as the driver posts it, for every holder of a [`crate::Room`].

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use iroh::endpoint::WeakConnectionHandle;
use rumormill_proto::{
    clock::Skew,
    content::Target,
    entry::{Body, Kind},
    frame::Contact,
    frontier::Digest,
    governance::{Announced, Rules, Seat, Shown},
    ids::{AuthorId, PeerId, RoomId, Seq},
    timeline::Place,
};
use rumormill_store::{Keep, Private, RoomRecord, limits::NICKS};
use tokio::sync::{Notify, SetOnce, broadcast};
use zeroize::Zeroizing;

use crate::{
    error::Error,
    event::{News, RoomEvent},
    limits::EVENTS,
    membership::Membership,
    outbound::Outbound,
    proof::ProofKey,
    sought::Tried,
    status::Traffic,
    stock::Stock,
    ticket::Admits,
};

/// The boards of all rooms of a node.
pub(crate) type Boards = Arc<Mutex<BTreeMap<RoomId, Arc<Board>>>>;

/// Boards made by this process: no two of them are the same instance.
static INSTANCES: AtomicU64 = AtomicU64::new(0);

/// The state of one room that is visible outside the driver.
pub(crate) struct Board {
    pub(crate) id: RoomId,
    /// Tells apart a room that was left and the same room entered again.
    pub(crate) instance: u64,
    pub(crate) secret: Zeroizing<[u8; 32]>,
    /// `None` once the node has closed.
    /// Boxed, because the places for news are there from the beginning: 40 kB of a room instead of some 250.
    events: Mutex<Option<broadcast::Sender<Arc<News>>>>,
    posted: Mutex<Posted>,
    /// Notified whenever the standing is renewed.
    pub(crate) renewed: Notify,
    /// Set when the nicks that were said before the room was entered have been read.
    pub(crate) nicks_found: SetOnce<()>,
}

/// The part that changes.
#[derive(Default)]
pub(crate) struct Posted {
    /// The user's name for the room, or the founder's.
    pub(crate) name: String,
    /// The author who writes here.
    pub(crate) author: AuthorId,
    /// Why the room takes part in nothing, if it does not.
    pub(crate) stopped: Option<Stop>,
    pub(crate) standing: Standing,
    /// The peers that are present, as of the last event that was told of them.
    pub(crate) members: BTreeMap<PeerId, Member>,
    /// How much of the room is kept.
    pub(crate) retention: Keep,
    /// Whether the room is announced by name on the LAN.
    pub(crate) announced: bool,
    /// Whether we store the room without being able to read it.
    pub(crate) keeps: bool,
    /// How much we store, if we do.
    pub(crate) stock: Option<Stock>,
    /// Whether we came as somebody's device.
    pub(crate) device: bool,
    /// The room that it comes out of, if it is a private one.
    pub(crate) private: Option<Private>,
    /// Messages whose content no linked peer keeps.
    pub(crate) lost: BTreeSet<Target>,
    /// The keys of tags on the LAN, that of ours first; none in an open room, where it is the room's secret.
    pub(crate) tags: Zeroizing<Vec<ProofKey>>,
    /// The state of a closed room; `None` of an open one.
    pub(crate) closed: Option<Arc<Closed>>,
    /// Dials that failed.
    pub(crate) tried: Tried,
    /// The last nick of each author, and its place.
    nicks: BTreeMap<AuthorId, (Place, String)>,
}

/// The state of a closed room.
#[derive(Clone, Debug)]
pub(crate) struct Closed {
    /// What people see; nothing before we are in.
    pub(crate) shown: Arc<Shown>,
    /// Who is present or waits.
    pub(crate) seats: BTreeMap<AuthorId, Seat>,
    /// Who was ended, and by whom.
    pub(crate) removed: BTreeMap<AuthorId, Option<(AuthorId, Seq)>>,
    /// Devices, and the author that each belongs to.
    pub(crate) persons: BTreeMap<AuthorId, AuthorId>,
    pub(crate) founder: AuthorId,
    pub(crate) tickets: Vec<Announced>,
    pub(crate) rules: Rules,
    pub(crate) membership: Membership,
    /// The ticket of ours that we hand out.
    pub(crate) admits: Option<Admits>,
}

impl Closed {
    /// The author that stands for the person who writes under this key: the key itself, unless it is a device.
    pub(crate) fn person(&self, author: &AuthorId) -> AuthorId {
        self.persons.get(author).copied().unwrap_or(*author)
    }

    /// All keys of the person who writes under this one, its author first.
    pub(crate) fn keys_of(&self, author: &AuthorId) -> impl Iterator<Item = AuthorId> {
        let person = self.person(author);
        let devices = self.persons.iter().filter(move |(_, of)| **of == person).map(|(device, _)| *device);
        [person].into_iter().chain(devices)
    }
}

/// A peer that is present in the room.
pub(crate) struct Member {
    pub(crate) author: AuthorId,
    /// Seq after the last entry of our own log that it is known to hold.
    pub(crate) holds: Seq,
}

/// Why a room takes part in nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The room rests: the store could not make messages durable.
    Rests(String),
    /// The part of the home that keeps it is damaged.
    Damaged(String),
    /// The user left it.
    Left,
}

impl Stop {
    /// The error for callers who want something of the room.
    pub(crate) fn error(&self) -> Error {
        match self.clone() {
            Self::Rests(why) => Error::Stopped { why },
            Self::Damaged(why) => Error::Damaged { why },
            Self::Left => Error::Left,
        }
    }
}

/// The status of a room, renewed at most every [`crate::limits::STATUS_EVERY`].
#[derive(Clone, Default)]
pub(crate) struct Standing {
    pub(crate) peers: Vec<Linked>,
    pub(crate) contacts: Vec<Contact>,
    pub(crate) entries: u64,
    pub(crate) missing: u64,
    pub(crate) authors: usize,
    pub(crate) digest: Digest,
    pub(crate) skew: Skew,
    pub(crate) traffic: Traffic,
    /// Who founded an open room, once that is known.
    pub(crate) founder: Option<AuthorId>,
}

/// A peer that shares the room with us over a connection.
#[derive(Clone)]
pub(crate) struct Linked {
    pub(crate) peer: PeerId,
    pub(crate) author: AuthorId,
    /// Seq after the last entry of our own log that it is known to hold.
    pub(crate) holds: Seq,
    /// What it says about its own stock.
    pub(crate) stock: Option<Stock>,
    pub(crate) connection: WeakConnectionHandle,
    pub(crate) outbound: Weak<Outbound>,
}

impl Board {
    pub(crate) fn new(id: RoomId, secret: [u8; 32], name: String, author: AuthorId) -> Self {
        let posted = Posted { name, author, ..Posted::default() };
        let events = Mutex::new(Some(broadcast::Sender::new(EVENTS)));
        Self {
            id,
            instance: INSTANCES.fetch_add(1, Ordering::Relaxed),
            secret: Zeroizing::new(secret),
            events,
            posted: Mutex::new(posted),
            renewed: Notify::new(),
            nicks_found: SetOnce::new(),
        }
    }

    pub(crate) fn posted(&self) -> MutexGuard<'_, Posted> {
        self.posted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers the nick in an entry, if it is one.
    pub(crate) fn note_nick(&self, place: Place, kind: Kind, body: &Body) {
        if let Some(bytes) = body.bytes().filter(|_| kind == Kind::NICK) {
            self.posted().set_nick(place, String::from_utf8_lossy(bytes).into_owned());
        }
    }

    /// The news from now on.
    pub(crate) fn news(&self) -> broadcast::Receiver<Arc<News>> {
        let closed = || broadcast::Sender::new(1).subscribe();
        self.sender().as_ref().map_or_else(closed, broadcast::Sender::subscribe)
    }

    /// Whether there is a reader of events.
    pub(crate) fn listens(&self) -> bool {
        self.sender().as_ref().is_some_and(|events| events.receiver_count() > 0)
    }

    /// Tells everybody who reads events.
    pub(crate) fn tell(&self, event: RoomEvent) {
        self.spread(News::Event(event));
    }

    /// Tells everybody who reads events; without a reader the news is lost.
    pub(crate) fn spread(&self, news: News) {
        if let Some(events) = &*self.sender() {
            // Fails only when nobody reads.
            let _ = events.send(Arc::new(news));
        }
    }

    /// Whether the room cannot be entered.
    pub(crate) fn is_damaged(&self) -> bool {
        matches!(self.posted().stopped, Some(Stop::Damaged(_)))
    }

    /// Ends the events of the room.
    pub(crate) fn close(&self) {
        *self.sender() = None;
        self.renewed.notify_waiters();
    }

    /// Renews the room's standing.
    pub(crate) fn post(&self, standing: Standing) {
        self.posted().standing = standing;
        self.renewed.notify_waiters();
    }

    fn sender(&self) -> MutexGuard<'_, Option<broadcast::Sender<Arc<News>>>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Posted {
    /// Takes over what is kept of the room, and may change.
    pub(crate) fn set(&mut self, record: &RoomRecord) {
        (self.retention, self.announced) = (record.keep, record.announced);
        self.private.clone_from(&record.private);
        self.keeps = record.closed.is_some_and(|closed| closed.keeps);
        self.device = record.closed.is_some_and(|closed| closed.device_of.is_some());
    }

    /// The last nick that the person who writes as `author` was shown with.
    pub(crate) fn nick(&self, author: &AuthorId) -> Option<&str> {
        let said = |author: &AuthorId| self.nicks.get(author);
        let last = match &self.closed {
            Some(closed) => closed.keys_of(author).filter_map(|key| said(&key)).max_by_key(|(place, _)| *place),
            None => said(author),
        };
        last.map(|(_, nick)| nick.as_str())
    }

    /// Remembers a nick, unless a later one is known. Past the bound it forgets the nick that was said first.
    pub(crate) fn set_nick(&mut self, place: Place, nick: String) {
        if self.nicks.get(&place.author).is_some_and(|(known, _)| *known >= place) {
            return;
        }
        if self.nicks.len() >= NICKS && !self.nicks.contains_key(&place.author) {
            let oldest = self.nicks.iter().min_by_key(|(_, (place, _))| *place).map(|(author, _)| *author);
            oldest.map(|author| self.nicks.remove(&author));
        }
        self.nicks.insert(place.author, (place, nick));
    }

    /// Forgets the nick of an author if it was said at `at` or above, where the log is cut.
    pub(crate) fn forget_nick(&mut self, author: &AuthorId, at: Seq) {
        if self.nicks.get(author).is_some_and(|(known, _)| known.seq >= at) {
            self.nicks.remove(author);
        }
    }
}

#[cfg(test)]
mod tests {
    use rumormill_proto::time::Time;

    use super::*;

    fn place(author: usize, ms: u64) -> Place {
        let mut id = [0; 32];
        id[..8].copy_from_slice(&author.to_be_bytes());
        Place { time: Time::from_ms(ms), author: AuthorId(id), seq: ms }
    }

    #[test]
    fn the_last_nick_said_counts_not_the_last_that_came() {
        let mut posted = Posted::default();
        posted.set_nick(place(1, 5), "late".into());
        posted.set_nick(place(1, 3), "early".into());
        assert_eq!(posted.nick(&place(1, 0).author), Some("late"));
        posted.set_nick(place(1, 6), "later".into());
        assert_eq!(posted.nick(&place(1, 0).author), Some("later"));
        assert_eq!(posted.nick(&place(2, 0).author), None);
    }

    #[test]
    fn a_nick_that_was_cut_off_is_forgotten() {
        let mut posted = Posted::default();
        posted.set_nick(place(1, 5), "cut".into());
        posted.forget_nick(&place(1, 0).author, 6);
        assert_eq!(posted.nick(&place(1, 0).author), Some("cut"));
        posted.forget_nick(&place(1, 0).author, 5);
        assert_eq!(posted.nick(&place(1, 0).author), None);
    }

    #[test]
    fn a_person_has_one_nick_whichever_device_said_it() {
        let author = |number| place(number, 0).author;
        let (person, device) = (author(1), author(2));
        let mut posted = Posted { closed: Some(Arc::new(closed(&[(device, person)]))), ..Posted::default() };
        posted.set_nick(place(1, 3), "anna".into());
        posted.set_nick(place(3, 9), "ben".into());
        assert_eq!(posted.nick(&device), Some("anna"));
        posted.set_nick(place(2, 5), "annabel".into());
        assert_eq!((posted.nick(&person), posted.nick(&device)), (Some("annabel"), Some("annabel")));
    }

    fn closed(persons: &[(AuthorId, AuthorId)]) -> Closed {
        Closed {
            shown: Arc::default(),
            seats: BTreeMap::new(),
            removed: BTreeMap::new(),
            persons: persons.iter().copied().collect(),
            rules: Rules::default(),
            founder: AuthorId::default(),
            tickets: Vec::new(),
            membership: Membership::Waiting,
            admits: None,
        }
    }

    #[test]
    fn nicks_are_bounded() {
        let mut posted = Posted::default();
        (0..=NICKS).for_each(|at| posted.set_nick(place(at, at as u64), "n".into()));
        assert_eq!(posted.nicks.len(), NICKS);
        assert_eq!(posted.nick(&place(0, 0).author), None);
        assert_eq!(posted.nick(&place(NICKS, 0).author), Some("n"));
    }
}

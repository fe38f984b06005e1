//! What the driver posts about one room, for everyone who holds a [`crate::Room`].

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
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
    ids::{AuthorId, PeerId, RoomId, Seq},
    timeline::Place,
};
use rumormill_store::{Keep, RoomRecord, limits::NICKS};
use tokio::sync::{Notify, SetOnce, broadcast};
use zeroize::Zeroizing;

use crate::{
    error::Error,
    limits::EVENTS,
    room::{RoomEvent, Traffic},
    sought::Tried,
};

/// Boards made by this process: no two of them are the same instance.
static INSTANCES: AtomicU64 = AtomicU64::new(0);

/// What is known of one room outside the driver.
pub(crate) struct Board {
    pub(crate) id: RoomId,
    /// Tells a room that was left from the same room entered again.
    pub(crate) instance: u64,
    pub(crate) secret: Zeroizing<[u8; 32]>,
    /// `None` once the node has closed.
    events: Mutex<Option<broadcast::Sender<RoomEvent>>>,
    posted: Mutex<Posted>,
    /// Told whenever the standing was renewed.
    pub(crate) renewed: Notify,
    /// Set when the nicks said before the room was entered were looked for.
    pub(crate) nicks_found: SetOnce<()>,
}

/// What changes.
#[derive(Default)]
pub(crate) struct Posted {
    /// As the user or the owner named the room.
    pub(crate) name: String,
    /// Who writes from here.
    pub(crate) author: AuthorId,
    /// Why the room takes part in nothing, if it does not.
    pub(crate) stopped: Option<Stop>,
    pub(crate) standing: Standing,
    /// How much of what is said is kept.
    pub(crate) retention: Keep,
    /// Whether those who ask on the LAN are told of the room.
    pub(crate) announced: bool,
    /// Messages whose text no linked peer keeps.
    pub(crate) lost: BTreeSet<Target>,
    /// Dials that came to nothing.
    pub(crate) tried: Tried,
    /// The last nick shown of each author, and where it was said.
    nicks: BTreeMap<AuthorId, (Place, String)>,
}

/// Why a room takes part in nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It rests: what was said could not be made durable.
    Rests(String),
    /// What is kept of it is damaged.
    Damaged(String),
    /// It was left.
    Left,
}

impl Stop {
    /// What whoever wants something of the room hears.
    pub(crate) fn error(&self) -> Error {
        match self.clone() {
            Self::Rests(why) => Error::Stopped { why },
            Self::Damaged(why) => Error::Damaged { why },
            Self::Left => Error::Left,
        }
    }
}

/// Where a room stands, renewed at most every [`crate::limits::STATUS_EVERY`].
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
}

/// A peer that shares the room with us over a connection.
#[derive(Clone)]
pub(crate) struct Linked {
    pub(crate) peer: PeerId,
    pub(crate) author: AuthorId,
    /// Seq after the last entry of our own log that it is known to hold.
    pub(crate) holds: Seq,
    pub(crate) connection: WeakConnectionHandle,
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

    /// Remembers the nick that an entry says, if it says one.
    pub(crate) fn note_nick(&self, place: Place, kind: Kind, body: &Body) {
        if let Some(bytes) = body.bytes().filter(|_| kind == Kind::NICK) {
            self.posted().set_nick(place, String::from_utf8_lossy(bytes).into_owned());
        }
    }

    /// What is told from now on.
    pub(crate) fn events(&self) -> broadcast::Receiver<RoomEvent> {
        let closed = || broadcast::Sender::new(1).subscribe();
        self.sender().as_ref().map_or_else(closed, broadcast::Sender::subscribe)
    }

    /// Whether anybody reads events.
    pub(crate) fn listens(&self) -> bool {
        self.sender().as_ref().is_some_and(|events| events.receiver_count() > 0)
    }

    /// Tells the interfaces; without any it is forgotten.
    pub(crate) fn tell(&self, event: RoomEvent) {
        if let Some(events) = &*self.sender() {
            // Fails only when nobody reads.
            let _ = events.send(event);
        }
    }

    /// Whether the room cannot be entered.
    pub(crate) fn is_damaged(&self) -> bool {
        matches!(self.posted().stopped, Some(Stop::Damaged(_)))
    }

    /// Nothing more is told.
    pub(crate) fn close(&self) {
        *self.sender() = None;
        self.renewed.notify_waiters();
    }

    /// Renews what is seen of the room's standing.
    pub(crate) fn post(&self, standing: Standing) {
        self.posted().standing = standing;
        self.renewed.notify_waiters();
    }

    fn sender(&self) -> MutexGuard<'_, Option<broadcast::Sender<RoomEvent>>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Posted {
    /// Takes over what the user may change of a room.
    pub(crate) fn set(&mut self, record: &RoomRecord) {
        (self.retention, self.announced) = (record.keep, record.announced);
    }

    /// The last nick that `author` was shown with.
    pub(crate) fn nick(&self, author: &AuthorId) -> Option<&str> {
        self.nicks.get(author).map(|(_, nick)| nick.as_str())
    }

    /// Remembers a nick, unless a later one is known. Past the bound the nick that was said first is forgotten.
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
    fn nicks_are_bounded() {
        let mut posted = Posted::default();
        (0..=NICKS).for_each(|at| posted.set_nick(place(at, at as u64), "n".into()));
        assert_eq!(posted.nicks.len(), NICKS);
        assert_eq!(posted.nick(&place(0, 0).author), None);
        assert_eq!(posted.nick(&place(NICKS, 0).author), Some("n"));
    }
}

//! Logs of a closed room, written by hand, for the tests of the engine.

use bytes::Bytes;

use crate::{
    admit::Author,
    config::{Closed, Config},
    engine::Engine,
    entry::{Body, Kind, LogKey, RawEntry, Seen, found_closed},
    epochs::Secret,
    frame::Frame,
    governance::{Act, End, Ended, Governance, Guest, Last, Says, Terms, TicketId, TicketKey, countersign},
    ids::{AuthorId, EntryId, PeerId, RoomId, Seq},
    input::{Credential, Input, Output},
    run::RawRun,
    testing::{NOW, engine_of},
    time::Time,
    view::Shape,
};

pub(super) const PEER: PeerId = PeerId([2; 32]);
pub(super) const OTHER: PeerId = PeerId([3; 32]);
pub(super) const TICKET: [u8; 32] = [77; 32];

/// Writes the logs of a closed room.
pub(super) struct Scribe {
    pub(super) room: RoomId,
    pub(super) author: Author,
    pub(super) next: Seq,
    pub(super) prev: EntryId,
    pub(super) time: Time,
    /// Its last act.
    pub(super) before: Option<Last>,
}

impl Scribe {
    pub(super) fn new(room: RoomId, secret: [u8; 32]) -> Self {
        let (author, time) = (Author::from_secret(&secret), Time::from_ms(1_000));
        Self { room, author, next: 0, prev: EntryId::default(), time, before: None }
    }

    pub(super) fn numbered(room: RoomId, number: u8) -> Self {
        Self::new(room, [number; 32])
    }

    pub(super) fn write(&mut self, kind: Kind, body: Bytes) -> RawRun {
        self.write_seen(vec![], kind, body)
    }

    /// Writes something after it saw entries of others.
    pub(super) fn write_seen(&mut self, seen: Seen, kind: Kind, body: Bytes) -> RawRun {
        self.time = self.time.next(0);
        let entry = RawEntry { time: self.time, seen, kind, body: Body::Here(body) };
        let id = LogKey::new(&self.room, &self.author.id()).id(self.next, &self.prev, &entry, &mut Vec::new());
        let run = self.author.sign(&self.room, self.next, self.prev, vec![entry]).unwrap();
        self.before = if kind.is_act() { Some(Last { seq: self.next, id }) } else { self.before };
        (self.next, self.prev) = (self.next + 1, id);
        run
    }

    pub(super) fn say(&mut self, count: usize) -> Vec<RawRun> {
        let sealed = Kind::TEXT.sealed().unwrap();
        (0..count).map(|_| self.write(sealed, Bytes::from_static(b"word"))).collect()
    }

    pub(super) fn act(&mut self, says: Says) -> RawRun {
        let (kind, body) = Act { before: self.before, says }.encode().unwrap();
        self.write(kind, body)
    }

    pub(super) fn join(&mut self, ticket: TicketId) -> RawRun {
        let (key, countersignature) = countersign(&TICKET, &self.room, &ticket, &self.author.id());
        self.act(Says::Join { ticket, key, exchange: [0; 32], countersignature })
    }

    pub(super) fn ended(&self) -> Ended {
        let last = self.next.checked_sub(1).map(|seq| Last { seq, id: self.prev });
        let end = End { key: self.author.id(), last };
        Ended { end, act: None }
    }
}

/// A founder that announced a ticket, its runs so far, and the ticket.
pub(super) fn founded() -> (Scribe, Vec<RawRun>, TicketId) {
    let owner = Author::from_secret(&[1; 32]).id();
    let (room, body) = found_closed(&owner, [3; 16]);
    let mut owner = Scribe::numbered(room, 1);
    let key = TicketKey(Author::from_secret(&TICKET).id().0);
    let terms = Terms { guest: Guest::Member, key, uses: 9, expires_ms: None, heads: vec![] };
    let runs = vec![owner.write(Kind::FOUND, body), owner.act(Says::Ticket(terms))];
    let ticket = owner.prev.into();
    (owner, runs, ticket)
}

pub(super) fn engine(owner: &Scribe) -> Engine {
    let governance = Governance::new(owner.author.id());
    let closed = Some(Box::new(Closed { governance, secrets: vec![], entropy: Secret::new([5; 32]), keeps: false }));
    // With these links every rumor goes to all of them.
    let shape = Shape::Fixed(vec![PEER, OTHER]);
    let mut engine = engine_of(9, |config| Config { room: owner.room, closed, shape, ..config });
    meet(&mut engine, PEER, owner.author.id());
    engine
}

/// Links a peer at which somebody writes, and returns what follows.
pub(super) fn meet(engine: &mut Engine, peer: PeerId, author: AuthorId) -> Vec<Output> {
    let mut out = Vec::new();
    engine.handle(Input::Up { peer, address: None }, NOW, &mut out);
    engine.handle(Input::Proved { peer, author, by: Credential::default() }, NOW, &mut out);
    out
}

pub(super) fn give(engine: &mut Engine, runs: &[RawRun]) -> Vec<Output> {
    let mut out = Vec::new();
    for run in runs {
        let frame = Frame::Runs { want: 0, runs: vec![run.clone()] };
        engine.handle(Input::Received { from: PEER, frame }, NOW, &mut out);
    }
    out
}

//! One room as the driver sees it: its engine, and what stands between the engine and those who use the room.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use bytes::Bytes;
use rumormill_proto::{
    admit::Author,
    clock::Skew,
    config::Config,
    content::Target,
    engine::Engine,
    entry::{Body, Kind, room_name},
    frame::{Contact, Frame},
    ids::{AuthorId, PeerId, Seq},
    input::{Event, Imported, Input, Kept, Output, Saying},
    log::Log,
    standing::Crowd,
    time::Now,
    timeline::Place,
};
use rumormill_store::RoomRecord;
use tokio::sync::oneshot;

use crate::{
    asked::{Answer, Asked},
    board::{Board, Linked, Standing},
    error::Error,
    limits::{SAYINGS, TYPING_EVERY},
    links::Links,
    random::random,
    rest::pause_ms,
    room::{RoomEvent, Said, Traffic},
    settings::RoomSetup,
};

/// One room.
pub(crate) struct Seat {
    pub(crate) setup: RoomSetup,
    pub(crate) board: Arc<Board>,
    pub(crate) asked: Asked,
    /// Own keys whose logs were forked, and the seqs from which on was said again.
    pub(crate) former: BTreeMap<AuthorId, Seq>,
    /// Who waits for what becomes of imports, in the order of these.
    pub(crate) imports: VecDeque<oneshot::Sender<Imported>>,
    /// What is still to be said again.
    pub(crate) again: VecDeque<(Kind, Bytes)>,
    pub(crate) author: AuthorId,
    engine: Engine,
    /// Said since the last turn; goes to the engine at once, to become one run.
    sayings: Vec<Saying>,
    out: Vec<Output>,
    peers: BTreeMap<PeerId, Member>,
    missing: u64,
    skew: Skew,
    traffic: Traffic,
    changed: bool,
    /// When others may be told again that somebody writes here.
    type_at: u64,
    /// How long the room rested last, and until when.
    rested: (u64, u64),
}

/// Who writes from a peer, and how much of our log it is known to hold.
struct Member {
    author: AuthorId,
    holds: Seq,
}

/// What a seat needs to start an engine.
pub(crate) struct Start {
    pub(crate) me: PeerId,
    pub(crate) trace: bool,
    pub(crate) kept: Vec<Kept>,
    /// Place of the timeline's end.
    pub(crate) end: Option<Place>,
    pub(crate) now: Now,
}

impl Seat {
    pub(crate) fn new(setup: RoomSetup, start: Start) -> Self {
        let author = Author::from_secret(&setup.author_secret).id();
        let board = Arc::new(Board::new(setup.id, setup.secret, setup.name.clone(), author));
        board.posted().retention = setup.retention;
        board.posted().announced = setup.announced;
        let engine = engine(&setup, start);
        Self {
            setup,
            board,
            asked: Asked::default(),
            former: BTreeMap::new(),
            imports: VecDeque::new(),
            again: VecDeque::new(),
            author,
            engine,
            sayings: Vec::new(),
            out: Vec::new(),
            peers: BTreeMap::new(),
            missing: 0,
            skew: Skew::default(),
            traffic: Traffic::default(),
            changed: true,
            type_at: 0,
            rested: (0, 0),
        }
    }

    /// Nothing that the engine wants is done any more, nor what waits to be said: whoever waits for it hears why. What
    /// nobody waits for is said later.
    pub(crate) fn abandon(&mut self, why: &Error) {
        self.out.clear();
        self.sayings.clear();
        self.imports.clear();
        for saying in self.asked.fail(why).into_iter().rev() {
            self.again.push_front(saying);
        }
    }

    /// How long the room rests from now on.
    pub(crate) fn rest_ms(&mut self, now_ms: u64) -> u64 {
        let (last_ms, until_ms) = self.rested;
        let pause_ms = pause_ms(last_ms, now_ms.saturating_sub(until_ms));
        self.rested = (pause_ms, now_ms + pause_ms);
        pause_ms
    }

    /// Starts the engine anew, under the key that `setup` holds now. Whatever waits is said to it.
    pub(crate) fn restart(&mut self, start: Start) {
        let now = start.now;
        self.author = Author::from_secret(&self.setup.author_secret).id();
        self.board.posted().author = self.author;
        let clock = self.engine.clock().clone();
        self.engine = engine(&self.setup, start);
        self.engine.set_clock(clock);
        self.peers.clear();
        self.sayings = self.asked.again();
        self.flush(now);
    }

    /// Tells what happens by a board that others listen to already.
    pub(crate) fn sit_at(&mut self, board: Arc<Board>) {
        let mut posted = board.posted();
        (posted.name, posted.author, posted.stopped) = (self.setup.name.clone(), self.author, None);
        posted.set(&self.record());
        drop(posted);
        self.board = board;
    }

    /// Takes over what the user may change of a room.
    pub(crate) fn set(&mut self, record: &RoomRecord) {
        (self.setup.retention, self.setup.announced) = (record.keep, record.announced);
        self.board.posted().set(record);
    }

    /// The key that writes here.
    pub(crate) fn writer(&self) -> Author {
        Author::from_secret(&self.setup.author_secret)
    }

    /// What the home remembers of the room.
    pub(crate) fn record(&self) -> RoomRecord {
        RoomRecord {
            id: self.setup.id,
            secret: self.setup.secret,
            author_secret: self.setup.author_secret,
            name: self.setup.name.clone(),
            contacts: self.setup.contacts.clone(),
            keep: self.setup.retention,
            announced: self.setup.announced,
        }
    }

    /// Gives the engine an input, behind what was said before.
    pub(crate) fn handle(&mut self, input: Input, now: Now) {
        self.flush(now);
        self.engine.handle(input, now, &mut self.out);
        self.changed = true;
    }

    /// A frame came.
    pub(crate) fn receive(&mut self, from: PeerId, frame: Frame, bytes: usize, now: Now) {
        self.traffic.frames_in += 1;
        self.traffic.bytes_in += bytes as u64;
        self.traffic.pushes_in += u64::from(matches!(frame, Frame::Push(_)));
        self.handle(Input::Received { from, frame }, now);
    }

    /// Notes what happened to a frame for a peer: the bytes it took, 0 when it was dropped.
    pub(crate) fn sent(&mut self, frame: &Frame, bytes: usize) {
        match bytes {
            0 => self.traffic.dropped += 1,
            _ => self.traffic.frames_out += 1,
        }
        self.traffic.bytes_out += bytes as u64;
        if let Frame::Ack { pushes } = &frame {
            self.traffic.pushes_known += pushes.iter().filter(|(_, new)| !new).count() as u64;
        }
    }

    /// Notes bytes that a want's answer took.
    pub(crate) fn served(&mut self, bytes: usize) {
        self.traffic.bytes_out += bytes as u64;
        self.changed = true;
    }

    /// Takes sayings; those of one turn become one run.
    pub(crate) fn say(&mut self, sayings: Vec<(Kind, Bytes)>, answer: Answer) {
        self.sayings.extend(self.asked.ask(sayings, Some(answer)));
    }

    /// Says some more of what is to be said again, behind what people wait for.
    pub(crate) fn say_again(&mut self) {
        if self.asked.waiting() < SAYINGS / 4 {
            let count = self.again.len().min(SAYINGS / 2);
            self.sayings.extend(self.asked.ask(self.again.drain(..count).collect(), None));
        }
    }

    /// Wakes the engine when its time has come, and gives it what was said.
    pub(crate) fn wake(&mut self, now: Now) {
        self.flush(now);
        if self.engine.next_deadline() <= now.ticks_ms {
            self.handle(Input::Wake, now);
        }
    }

    fn flush(&mut self, now: Now) {
        if !self.sayings.is_empty() {
            let sayings = std::mem::take(&mut self.sayings);
            self.engine.handle(Input::Say(sayings), now, &mut self.out);
            self.changed = true;
        }
    }

    /// When the engine wants to be woken.
    pub(crate) fn next_deadline(&self) -> u64 {
        self.engine.next_deadline()
    }

    /// Peers to reach the room by, best first.
    pub(crate) fn contacts(&self) -> Vec<Contact> {
        self.engine.contacts()
    }

    /// Whether we know of a peer ourselves that it is reached so: from a ticket, or since it was.
    pub(crate) fn has_found(&self, contact: &Contact) -> bool {
        self.setup.contacts.contains(contact) || self.engine.contacts().contains(contact)
    }

    /// What the engine holds of all logs.
    pub(crate) fn logs(&self) -> BTreeMap<AuthorId, Log> {
        self.engine.frontier().logs().map(|(author, log)| (*author, log.clone())).collect()
    }

    /// What the engine wants done since the last time.
    pub(crate) fn outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }

    /// A saying has its place, durably.
    pub(crate) fn said(&mut self, tag: u64, seq: Seq) {
        self.asked.said(tag, Said { author: self.author, seq });
    }

    /// Whether others are told that somebody writes here: not too often.
    pub(crate) fn may_type(&mut self, now_ms: u64) -> bool {
        let may = now_ms >= self.type_at;
        if may {
            self.type_at = now_ms + TYPING_EVERY.as_millis() as u64;
        }
        may
    }

    /// Tells that somebody writes at a peer.
    pub(crate) fn typing(&self, peer: &PeerId) {
        if let Some(member) = self.peers.get(peer) {
            self.board.tell(RoomEvent::Typing { author: member.author });
        }
    }

    /// Notes what an event says about the room, and passes it on.
    pub(crate) fn tell(&mut self, event: Event) {
        match &event {
            Event::Came { peer, author } => {
                self.peers.insert(*peer, Member { author: *author, holds: 0 });
            }
            Event::Went { peer } => {
                self.peers.remove(peer);
            }
            Event::Holds { peer, next } => {
                if let Some(member) = self.peers.get_mut(peer) {
                    member.holds = *next;
                }
            }
            Event::Missing { entries } => self.missing = *entries,
            Event::Filled { author, seq } => {
                let target = Target { author: *author, seq: *seq };
                match self.engine.is_lost(*author, *seq) {
                    true => self.board.posted().lost.insert(target),
                    false => self.board.posted().lost.remove(&target),
                };
            }
            Event::Skewed(skew) => self.skew = *skew,
            _ => {}
        }
        if self.board.listens() {
            self.board.tell(RoomEvent::Engine(apart(event)));
        }
    }

    /// A dial came to nothing, which those see who wait for the room.
    pub(crate) fn tried(&mut self, peer: PeerId, why: &str) {
        self.board.posted().tried.fail(peer, why);
        self.changed = true;
    }

    /// Whether status or nicks may have changed since this was said last, and `is_due`; or something is missing and those
    /// who read were told that nothing is, which is put right before anything of it comes.
    pub(crate) fn has_news(&mut self, is_due: bool) -> bool {
        let is_due = is_due || (self.missing > 0 && self.board.posted().standing.missing == 0);
        is_due && std::mem::take(&mut self.changed)
    }

    /// Renews what the room's users see of its state.
    pub(crate) fn post(&self, links: &Links) {
        let linked = |(peer, member): (&PeerId, &Member)| {
            let connection = links.connection(&self.setup.id, peer)?;
            Some(Linked { peer: *peer, author: member.author, holds: member.holds, connection })
        };
        let frontier = self.engine.frontier();
        let standing = Standing {
            peers: self.peers.iter().filter_map(linked).collect(),
            contacts: self.setup.contacts.clone(),
            entries: frontier.logs().map(|(_, log)| log.len()).sum(),
            missing: self.missing,
            authors: frontier.len(),
            digest: frontier.digest(),
            skew: self.skew,
            traffic: self.traffic,
        };
        self.board.post(standing);
    }

    /// Remembers a nick, or the room's name when it has none; whether the record has changed.
    pub(crate) fn note(&mut self, place: Place, kind: Kind, body: &Body) -> bool {
        self.board.note_nick(place, kind, body);
        let Some(bytes) = body.bytes().filter(|_| kind == Kind::FOUND && self.setup.name.is_empty()) else {
            return false;
        };
        let Ok(name) = room_name(&self.setup.id, &place.author, bytes) else { return false };
        self.setup.name.clone_from(&name);
        self.board.posted().name = name;
        true
    }
}

/// Whatever ends the seat, a fault of our own too: who reads events learns that there are no more.
impl Drop for Seat {
    fn drop(&mut self) {
        self.asked.fail(&Error::Closed);
        self.board.close();
    }
}

fn engine(setup: &RoomSetup, start: Start) -> Engine {
    let [a, b, c, d, e, f, g, h, ..] = random();
    let config = Config {
        room: setup.id,
        me: start.me,
        policy: setup.policy.clone(),
        shape: setup.shape.clone(),
        pace: setup.pace.clone(),
        crowd: Crowd::default(),
        fresh_author: setup.fresh_author,
        trace: start.trace,
        seed: u64::from_le_bytes([a, b, c, d, e, f, g, h]),
    };
    let author = Author::from_secret(&setup.author_secret);
    Engine::new(config, author, start.kept, start.end, start.now)
}

/// The event with bodies in memory of their own: a line that waits for a slow reader does not keep the whole
/// frame it came in.
fn apart(event: Event) -> Event {
    match event {
        Event::Shown { mut entry, arrival, hops } => {
            if let Body::Here(bytes) = &mut entry.body {
                *bytes = Bytes::copy_from_slice(bytes);
            }
            Event::Shown { entry, arrival, hops }
        }
        other => other,
    }
}

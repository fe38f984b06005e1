//! One room as the driver sees it: its engine, and the state between the engine and the room's users.

mod closed;
pub(crate) mod closing;
mod reports;
mod stock;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use bytes::Bytes;
use rumormill_proto::{
    admit::{Author, Entry},
    clock::Skew,
    config::{Closed, Config},
    content::Target,
    engine::Engine,
    entry::{Body, Kind, room_name},
    epochs::Opened,
    frame::{Contact, Frame},
    ids::{AuthorId, PeerId, Seq},
    input::{Event, ImportCounts, Input, Kept, Output, Saying, Unsaid},
    knows::Knows,
    log::Log,
    run::RawRun,
    standing::Crowd,
    time::Now,
    timeline::Place,
};
use rumormill_store::{Once, RoomRecord};
use tokio::sync::oneshot;

use self::closed::{Governed, refused};
use crate::{
    asked::{Answer, Asked},
    board::{Board, Linked, Member, Standing},
    error::Error,
    event::{News, RoomEvent},
    limits::{REST, REST_FORGOTTEN, REST_LONGEST, SAYINGS, TYPING_EVERY},
    links::Links,
    random::random,
    settings::RoomSetup,
    status::Traffic,
    stock::Stock,
};

/// One room.
pub(crate) struct Seat {
    pub(crate) setup: RoomSetup,
    pub(crate) board: Arc<Board>,
    pub(crate) asked: Asked,
    /// Our earlier keys, whose logs were forked, and the seq from which on each was said again.
    pub(crate) former: BTreeMap<AuthorId, Seq>,
    /// The callers that wait for imports, in the order of the imports.
    pub(crate) imports: VecDeque<oneshot::Sender<ImportCounts>>,
    /// Whether there may be entries whose bodies wait for a secret.
    locked: bool,
    /// Entries that are still to be said again.
    pub(crate) again: VecDeque<(Kind, Bytes)>,
    pub(crate) author: AuthorId,
    pub(crate) governed: Governed,
    reports: reports::Taken,
    /// What linked peers say about their own stock.
    stocks: BTreeMap<PeerId, Stock>,
    /// How much of our log others prove to have seen since the room was entered.
    knows: Knows,
    engine: Engine,
    /// Sayings since the last turn. They go to the engine together, to become one run.
    sayings: Vec<Saying>,
    out: Vec<Output>,
    missing: u64,
    /// Whether our present log was left because clocks differ.
    pub(crate) left: bool,
    skew: Skew,
    traffic: Traffic,
    changed: bool,
    /// When peers may be told again that somebody is typing here.
    type_at: u64,
    /// How long the room rested last, and until when.
    rested: (u64, u64),
    /// The time of the last input.
    now: Now,
}

/// The state from which an engine starts.
pub(crate) struct Start {
    pub(crate) me: PeerId,
    pub(crate) trace: bool,
    pub(crate) kept: Vec<Kept>,
    /// The last place of the timeline.
    pub(crate) end: Option<Place>,
    pub(crate) now: Now,
    /// What the store holds of a closed room.
    pub(crate) closed: Option<Box<Closed>>,
}

impl Seat {
    pub(crate) fn new(setup: RoomSetup, start: Start) -> Self {
        let author = Author::from_secret(&setup.author_secret).id();
        let board = Arc::new(Board::new(setup.id, setup.secret, setup.name.clone(), author));
        board.posted().set(&record(&setup));
        let (now, locked) = (start.now, !start.kept.is_empty());
        let engine = engine(&setup, start);
        let mut seat = Self {
            setup,
            board,
            asked: Asked::default(),
            former: BTreeMap::new(),
            imports: VecDeque::new(),
            locked,
            again: VecDeque::new(),
            author,
            governed: Governed::default(),
            reports: reports::Taken::default(),
            stocks: BTreeMap::new(),
            knows: Knows::new(author),
            engine,
            sayings: Vec::new(),
            out: Vec::new(),
            missing: 0,
            left: false,
            skew: Skew::default(),
            traffic: Traffic::default(),
            changed: true,
            type_at: 0,
            rested: (0, 0),
            now,
        };
        seat.begin_closed();
        seat.await_name();
        seat
    }

    /// Drops the engine's outputs and refuses waiting sayings. Sayings that no caller waits for are said later.
    pub(crate) fn abandon(&mut self, why: &Error) {
        self.out.clear();
        self.sayings.clear();
        self.imports.clear();
        self.governed.fail(why);
        for saying in self.asked.fail(why).into_iter().rev() {
            self.again.push_front(saying);
        }
    }

    /// The time that the room rests from now on, in milliseconds.
    pub(crate) fn rest_ms(&mut self, now_ms: u64) -> u64 {
        let (last_ms, until_ms) = self.rested;
        let pause_ms = pause_ms(last_ms, now_ms.saturating_sub(until_ms));
        self.rested = (pause_ms, now_ms + pause_ms);
        pause_ms
    }

    /// Starts the engine anew under the key in `setup`, and gives it the sayings that wait.
    pub(crate) fn restart(&mut self, start: Start) {
        let now = start.now;
        self.author = Author::from_secret(&self.setup.author_secret).id();
        if self.knows.log() != self.author {
            self.knows = Knows::new(self.author);
        }
        self.board.posted().author = self.author;
        self.board.posted().set(&record(&self.setup));
        let clock = self.engine.clock().clone();
        self.engine = engine(&self.setup, start);
        self.engine.set_clock(clock);
        self.board.posted().members.clear();
        self.governed.fail(&Error::Busy);
        self.now = now;
        self.begin_closed();
        self.sayings = self.asked.again();
        self.flush(now);
    }

    /// Takes over a board that already has readers.
    pub(crate) fn sit_at(&mut self, board: Arc<Board>) {
        let mut posted = board.posted();
        (posted.name, posted.author, posted.stopped) = (self.setup.name.clone(), self.author, None);
        posted.members.clear();
        posted.set(&self.record());
        posted.closed = self.board.posted().closed.clone();
        drop(posted);
        self.board = board;
    }

    /// Takes over the settings that the user may change.
    pub(crate) fn set(&mut self, record: &RoomRecord) {
        (self.setup.retention, self.setup.announced) = (record.keep, record.announced);
        self.setup.nick.clone_from(&record.nick);
        self.board.posted().set(record);
    }

    /// The author key that writes here.
    pub(crate) fn writer(&self) -> Author {
        Author::from_secret(&self.setup.author_secret)
    }

    /// The room's record in the home.
    pub(crate) fn record(&self) -> RoomRecord {
        record(&self.setup)
    }

    /// Gives the engine an input, after the sayings that came before.
    pub(crate) fn handle(&mut self, input: Input, now: Now) {
        self.now = now;
        self.flush(now);
        if let Input::Down { peer } = &input {
            self.stocks.remove(peer);
        }
        self.engine.handle(input, now, &mut self.out);
        self.changed = true;
    }

    /// Takes a frame of a peer.
    pub(crate) fn receive(&mut self, from: PeerId, frame: Frame, bytes: usize, now: Now) {
        self.traffic.frames_in += 1;
        self.traffic.bytes_in += bytes as u64;
        self.traffic.pushes_in += u64::from(matches!(frame, Frame::Push(_)));
        self.handle(Input::Received { from, frame }, now);
    }

    /// Notes that a frame for a peer took these bytes on the wire, 0 when it was dropped.
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

    /// Notes the bytes of an answer to a want.
    pub(crate) fn served(&mut self, bytes: usize) {
        self.traffic.bytes_out += bytes as u64;
        self.changed = true;
    }

    /// Takes sayings, except those that already have a place. Those of one turn become one run.
    pub(crate) fn say(
        &mut self,
        sayings: Vec<(Kind, Bytes)>,
        (once, now): (&[(Once, Option<Target>)], Now),
        answer: Answer,
    ) {
        let is_new = |at: usize| once.get(at).is_none_or(|(_, said)| said.is_none());
        let messages = (0..).zip(&sayings).filter(|(at, (kind, _))| kind.is_message() && is_new(*at)).count();
        if let Err(left_ms) = self.may_speak(messages, now) {
            // The caller may have gone.
            let _ = answer.send(Err(Error::Slow { left_ms }));
            return;
        }
        // Nobody is to read words of somebody whose name waits to be said.
        if self.asked.waiting() < SAYINGS / 4
            && self.is_in()
            && self.again.front().is_some_and(|(kind, _)| *kind == Kind::NICK)
            && let Some(name) = self.again.pop_front()
        {
            self.sayings.extend(self.asked.ask(vec![name], None));
        }
        let asked = self.asked.ask_once(sayings, once, answer);
        if asked.iter().any(|saying| saying.kind.is_message()) {
            self.take_slow_turn(now);
        }
        self.sayings.extend(asked);
    }

    /// Says some of the messages to repeat, after the sayings that callers wait for.
    pub(crate) fn say_again(&mut self) {
        if self.asked.waiting() < SAYINGS / 4 && !self.again.is_empty() && self.is_in() {
            let count = self.again.len().min(SAYINGS / 2);
            self.sayings.extend(self.asked.ask(self.again.drain(..count).collect(), None));
        }
    }

    /// Gives the engine its sayings, and wakes it when its deadline has come.
    pub(crate) fn wake(&mut self, now: Now) {
        self.now = now;
        self.wake_closed(now);
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

    /// The engine's deadline.
    pub(crate) fn next_deadline(&self) -> u64 {
        let engine = self.engine.next_deadline();
        self.closed_deadline().map_or(engine, |closed| closed.min(engine))
    }

    /// The peers to reach the room by, best first.
    pub(crate) fn contacts(&self) -> Vec<Contact> {
        self.engine.contacts()
    }

    /// Whether we found this contact ourselves: in a ticket, or because the peer was reached there.
    pub(crate) fn has_found(&self, contact: &Contact) -> bool {
        self.setup.contacts.contains(contact) || self.engine.contacts().contains(contact)
    }

    /// Whether a peer is known in the room. In an open room everybody is.
    pub(crate) fn knows_peer(&self, peer: &PeerId) -> bool {
        let is = |contact: &Contact| contact.peer == *peer;
        self.setup.closed.is_none() || self.setup.contacts.iter().any(is) || self.engine.contacts().iter().any(is)
    }

    /// The logs that the engine holds.
    pub(crate) fn logs(&self) -> BTreeMap<AuthorId, Log> {
        self.engine.frontier().logs().map(|(author, log)| (*author, log.clone())).collect()
    }

    /// The engine's outputs since the last call. Entries that are shown are opened.
    pub(crate) fn outputs(&mut self) -> Vec<Output> {
        let mut out = std::mem::take(&mut self.out);
        let Some(ring) = self.engine.ring() else { return out };
        for output in &mut out {
            if let Output::Emit(Event::Shown { entry, .. }) = output {
                let opened = ring.open((&entry.author, entry.seq), entry.kind, &entry.body);
                self.locked |= opened == Opened::Locked;
                (entry.kind, entry.body) = opened.shown(entry.kind, &entry.body);
            }
        }
        out
    }

    /// A secret was kept: tells interfaces to read anew what could not be read before. Returns whether anything was.
    pub(crate) fn unlock(&mut self) -> bool {
        let locked = std::mem::take(&mut self.locked);
        if locked {
            let authors = self.engine.frontier().logs().map(|(author, _)| *author).collect();
            self.board.tell(RoomEvent::Recounted { authors });
        }
        locked
    }

    /// The place of the room's name among the first entries of its founder, and the name itself, if it has come to be
    /// readable.
    pub(crate) fn find_name(&self, run: &RawRun) -> Option<(Place, Kind, Body)> {
        let (ring, author) = (self.engine.ring()?, run.author());
        let names = (run.first()..).zip(run.entries()).filter(|(_, entry)| entry.kind.opened() == Some(Kind::NAME));
        let named = names.last().map(|(seq, entry)| {
            let (kind, body) = ring.open((&author, seq), entry.kind, &entry.body).shown(entry.kind, &entry.body);
            (Place { time: entry.time, author, seq }, kind, body)
        });
        named.filter(|(_, kind, _)| *kind == Kind::NAME)
    }

    /// Notes that a saying has its place in the log, durably.
    pub(crate) fn said(&mut self, tag: u64, seq: Seq) {
        if !self.ordered(tag, Ok(seq)) {
            self.asked.said(tag, Target { author: self.author, seq });
        }
    }

    /// Notes that a saying or an order was refused.
    pub(crate) fn unsaid(&mut self, tag: u64, why: Unsaid) {
        if !self.ordered(tag, Err(why)) {
            self.asked.unsaid(tag, refused(why));
        }
    }

    /// Says the name that was chosen before we were let in first of all, instead of another one that still waits.
    pub(crate) fn await_name(&mut self) {
        if let Some(nick) = &self.setup.nick {
            self.again.retain(|(kind, _)| *kind != Kind::NICK);
            self.again.push_front((Kind::NICK, nick.clone().into()));
        }
    }

    /// Whether peers may be told now that somebody is typing here.
    pub(crate) fn may_type(&mut self, now_ms: u64) -> bool {
        let may = now_ms >= self.type_at;
        if may {
            self.type_at = now_ms + TYPING_EVERY.as_millis() as u64;
        }
        may
    }

    /// Tells that somebody is typing at a peer.
    pub(crate) fn typing(&self, peer: &PeerId) {
        let author = self.board.posted().members.get(peer).map(|member| member.author);
        if let Some(author) = author {
            self.board.tell(RoomEvent::Typing { author });
        }
    }

    /// Notes the engine's events, and passes them on to the readers of the room's events.
    pub(crate) fn tell(&mut self, event: Event) {
        let news = match event {
            Event::Shown { entry, arrival, hops } => {
                let saw = self.knows.look((entry.author, entry.seq), &entry.seen);
                if self.board.listens() && self.shows(&entry.author, entry.seq, entry.kind) {
                    self.board.spread(News::Shown { entry: apart(entry), arrival, hops, saw });
                }
                return;
            }
            Event::Filled { author, seq } => {
                let of = Target { author, seq };
                let mut posted = self.board.posted();
                match self.engine.is_lost(author, seq) {
                    true => posted.lost.insert(of),
                    false => posted.lost.remove(&of),
                };
                RoomEvent::Changed { of }
            }
            Event::Came { peer, author } => {
                self.board.posted().members.insert(peer, Member { author, holds: 0 });
                tracing::info!(room = %self.setup.id.short(), peer = %peer.short(), author = %author.short(), "linked");
                self.governed.looks = self.setup.closed.is_some();
                RoomEvent::Came { peer, author }
            }
            Event::Went { peer } => {
                let Some(Member { author, .. }) = self.board.posted().members.remove(&peer) else { return };
                tracing::info!(room = %self.setup.id.short(), peer = %peer.short(), "no longer linked");
                RoomEvent::Went { peer, author }
            }
            Event::Holds { peer, next } => {
                let mut posted = self.board.posted();
                let Some(member) = posted.members.get_mut(&peer) else { return };
                member.holds = next;
                RoomEvent::Holds { author: member.author, next }
            }
            Event::Missing { entries } => {
                self.missing = entries;
                RoomEvent::Missing { entries }
            }
            Event::Skewed(skew) => {
                self.skew = skew;
                RoomEvent::Skewed(skew)
            }
            Event::Forked { author, at, left } => {
                match author == self.author {
                    true => self.left = left,
                    false => self.board.posted().forget_nick(&author, at),
                }
                RoomEvent::Forked { author, at, left }
            }
            Event::Evicted { author } => {
                self.knows.forget(&author);
                RoomEvent::Evicted { author }
            }
            Event::Step(step) => RoomEvent::Step(step),
            // The room was looked at as a whole before.
            Event::Counts { .. } | Event::Seated { .. } => return,
        };
        self.board.tell(news);
    }

    /// Notes a failed dial, for users who wait for the room.
    pub(crate) fn tried(&mut self, peer: PeerId, why: &str) {
        self.board.posted().tried.fail(peer, why);
        self.changed = true;
    }

    /// Whether the status may have changed since it was posted last, and `is_due`. The first peer, the first entry and the
    /// first gap are posted before their time: a reader must not take them for a room without any.
    pub(crate) fn has_news(&mut self, is_due: bool) -> bool {
        if !self.changed {
            return false;
        }
        let is_first = {
            let posted = self.board.posted();
            let standing = &posted.standing;
            (self.missing > 0 && standing.missing == 0)
                || (!posted.members.is_empty() && standing.peers.is_empty())
                || (standing.entries == 0 && !self.engine.frontier().is_empty())
        };
        self.changed = !(is_due || is_first);
        !self.changed
    }

    /// Posts the room's status.
    pub(crate) fn post(&self, links: &Links) {
        let linked = |(peer, member): (&PeerId, &Member)| {
            let (connection, outbound) = links.connection(&self.setup.id, peer)?;
            let stock = self.stocks.get(peer).copied();
            Some(Linked { peer: *peer, author: member.author, holds: member.holds, stock, connection, outbound })
        };
        let frontier = self.engine.frontier();
        let contacts = self.contacts();
        let standing = Standing {
            peers: self.board.posted().members.iter().filter_map(linked).collect(),
            contacts: if contacts.is_empty() { self.setup.contacts.clone() } else { contacts },
            entries: frontier.logs().map(|(_, log)| log.len()).sum(),
            missing: self.missing,
            authors: frontier.len(),
            digest: frontier.digest(),
            skew: self.skew,
            traffic: self.traffic,
            founder: self.founder(),
        };
        self.board.post(standing);
    }

    /// Remembers a nick, or the room's name if it has none. Returns whether the room's record has changed: that name was
    /// found, or ours waited to be said.
    pub(crate) fn note(&mut self, place: Place, kind: Kind, body: &Body) -> bool {
        if self.shows(&place.author, place.seq, kind) {
            self.board.note_nick(place, kind, body);
        }
        let said = |nick: &mut String| body.bytes().is_some_and(|body| *body == nick.as_bytes());
        if kind == Kind::NICK && place.author == self.author && self.setup.nick.take_if(said).is_some() {
            return true;
        }
        let Some(bytes) = body.bytes().filter(|_| self.setup.name.is_empty()) else { return false };
        let name = match (kind, self.setup.closed) {
            (Kind::FOUND, _) => room_name(&self.setup.id, &place.author, bytes).ok(),
            (Kind::NAME, Some(closed)) if closed.founder == place.author => String::from_utf8(bytes.to_vec()).ok(),
            _ => None,
        };
        let Some(name) = name.filter(|name| !name.is_empty()) else { return false };
        self.setup.name.clone_from(&name);
        self.board.posted().name = name;
        true
    }
}

/// However the seat is dropped, even by a bug, callers and readers of events learn that nothing more comes.
impl Drop for Seat {
    fn drop(&mut self) {
        self.asked.fail(&Error::Closed);
        self.governed.fail(&Error::Closed);
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
        closed: start.closed,
        fresh_author: setup.fresh_author,
        trace: start.trace,
        seed: u64::from_le_bytes([a, b, c, d, e, f, g, h]),
    };
    let author = Author::from_secret(&setup.author_secret);
    Engine::new(config, author, start.kept, start.end, start.now)
}

/// The entry with its body in memory of its own, so that an entry that waits for a slow reader does not keep the whole
/// frame that it came in.
fn apart(mut entry: Entry) -> Entry {
    if let Body::Here(bytes) = &mut entry.body {
        *bytes = Bytes::copy_from_slice(bytes);
    }
    entry
}

/// How long a room rests that rested before, `ago_ms` after it was to go on last.
fn pause_ms(last_ms: u64, ago_ms: u64) -> u64 {
    let (first, longest) = (REST.as_millis() as u64, REST_LONGEST.as_millis() as u64);
    match last_ms > 0 && ago_ms < REST_FORGOTTEN.as_millis() as u64 {
        true => (2 * last_ms).min(longest),
        false => first,
    }
}

/// How a room is kept.
fn record(setup: &RoomSetup) -> RoomRecord {
    RoomRecord {
        id: setup.id,
        secret: setup.secret,
        author_secret: setup.author_secret,
        name: setup.name.clone(),
        contacts: setup.contacts.clone(),
        keep: setup.retention,
        announced: setup.announced,
        closed: setup.closed,
        private: setup.private.clone(),
        nick: setup.nick.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_until_a_room_has_gone_on_for_long() {
        let (first, longest) = (REST.as_millis() as u64, REST_LONGEST.as_millis() as u64);
        let rests = (0..10).scan(0, |last, _| {
            *last = pause_ms(*last, 5);
            Some(*last)
        });
        let rests: Vec<u64> = rests.collect();
        assert_eq!(rests[..3], [first, 2 * first, 4 * first]);
        assert_eq!(rests[9], longest);
        assert_eq!(pause_ms(longest, REST_FORGOTTEN.as_millis() as u64), first);
    }
}

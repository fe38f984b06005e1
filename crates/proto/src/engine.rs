//! One room on one node, as a state machine without I/O, clock or entropy of its own.
//!
//! A driver owns the engine and drives it in four steps that repeat:
//!
//! 1. [`Engine::handle`] takes one [`Input`] and appends [`Output`]s. The driver may pass several inputs before it acts
//!    on the outputs.
//! 2. The driver acts on the outputs: first all appends and cuts, in one durable commit; then it sends and serves; then
//!    it emits. So after a crash we still know everything that we gossiped.
//! 3. [`Engine::next_deadline`] says when to come back with [`Input::Wake`] if nothing happens before. A wake that
//!    comes late or early is harmless.
//! 4. [`Engine::frontier`], [`Engine::contacts`] and the like can be called at any time.
//!
//! This file only dispatches. The parts decide: `logs` (accepting and waiting), `rumor` (pushing), `receipts` (delayed
//! answers), `sync` (comparing and wanting), `view` (known peers), `own` (writing) and `clock`. They share one [`Turn`]
//! while an input is handled. Code that concerns several parts is beside this file, in `engine/`.
//!
//! A peer that comes back, traced: [`Input::Up`] → `Hello` and, from one side, `Status` → the answer is
//! `Ranges`, then `Heads` → `sync` wants what is missing, newest first → `Runs` → `logs` admits, releases →
//! [`Output::Append`], [`Event::Shown`](crate::input::Event::Shown).

mod acts;
mod begin;
mod bodies;
mod books;
mod clocks;
mod crowd;
mod epochs;
mod forks;
mod gate;
mod govern;
mod handed;
mod home;
mod links;
mod quarantine;
mod runs;
#[cfg(test)]
mod scribe;
mod show;
mod vouch;

use std::collections::BTreeMap;

use crate::{
    admit::Author,
    bodies::Bodies,
    clock::Clock,
    config::Config,
    entry::Kind,
    epochs::Ring,
    evidence::Evidence,
    frame::{Contact, Frame},
    frontier::Frontier,
    governance::{Fold, Order, Seat},
    ids::{AuthorId, PeerId, RoomId, Seq},
    input::{Input, Kept, Output},
    limits::{
        AUTHORS, BODIES, CALLERS, CHOSEN_LINKS, HAVE_MS, INBOUND_LINKS, KNOWN_PEERS, LACKS, LED_OUT, PENDING_RUNS,
        PUSHES_OF_OWN, QUARANTINE_RUNS, RECALLS, RECALLS_OF_ONE, SAYINGS,
    },
    logs::Logs,
    own::Own,
    random::Random,
    receipts::Receipts,
    rumor::Rumors,
    sync::Sync,
    time::Now,
    timeline::Place,
    turn::Turn,
    view::View,
};

/// The clock by which our own words are judged: they never wait for their time, even if our clock was set back since.
/// An acknowledged saying stays, and our log must hold what peers give back before we write on.
const ANY_TIME_MS: u64 = u64::MAX;

/// How many there are of something, and how many there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// The name of the count.
    pub what: &'static str,
    /// How many there are.
    pub count: usize,
    /// How many there are at most, ever.
    pub bound: usize,
}

/// One room on one node.
pub struct Engine {
    parts: Parts,
    random: Random,
    trace: bool,
}

/// The parts that the engine dispatches to, and the state that several of them need.
struct Parts {
    room: RoomId,
    me: PeerId,
    logs: Logs,
    rumors: Rumors,
    receipts: Receipts,
    sync: Sync,
    evidence: Evidence,
    bodies: Bodies,
    view: View,
    own: Own,
    clock: Clock,
    /// The author that proved to write at the other end of each link.
    authors: BTreeMap<PeerId, AuthorId>,
    /// The head of our log that we last found to be too far ahead.
    strayed: Option<Seq>,
    /// The newest time in others' logs, and the ticks at which we look for it again.
    others: (u64, u64),
    /// Pushes that carry our own entries and are not answered: the seq after the last of these entries.
    pushed: BTreeMap<(PeerId, u64), Seq>,
    /// The peer that brought something new last: it holds the logs of the authors that the news vouches for.
    brought_by: Option<PeerId>,
    /// The end of the timeline.
    end: Place,
    /// Ticks at which an entry that is held for its time may be shown.
    due_ms: Option<u64>,
    /// Who sits where in a closed room.
    seats: govern::Seats,
    gate: gate::Gate,
    /// The order to ask to be let in, which waits for somebody's clock, and its tag.
    joins: Option<(u64, Order)>,
    /// The order to hide something of which the store has to tell the id, and its tag.
    hides: Option<(u64, Order)>,
    vouching: vouch::Vouching,
    acts: acts::Acts,
    quarantine: quarantine::Quarantine,
    books: books::Books,
    /// The secrets of a closed room; `None` in an open one, and at a keeper.
    keys: Option<epochs::Keys>,
}

impl Engine {
    /// An engine that writes as `author` and begins with what the store `kept`; `end` is the place of the timeline's
    /// last entry.
    pub fn new(config: Config, author: Author, kept: Vec<Kept>, end: Option<Place>, now: Now) -> Self {
        let (random, trace) = (Random::new(config.seed), config.trace);
        Self { parts: Parts::new(config, author, kept, end, now), random, trace }
    }

    /// Handles one input and appends its outputs to `out`, in order.
    pub fn handle(&mut self, input: Input, now: Now, out: &mut Vec<Output>) {
        let mut turn = Turn::new(now, &mut self.random, out);
        turn.trace = self.trace;
        self.parts.handle(input, &mut turn);
    }

    /// When to come back with [`Input::Wake`], in the driver's monotonic milliseconds.
    pub fn next_deadline(&self) -> u64 {
        self.parts.next_deadline()
    }

    /// The held part of all logs.
    pub fn frontier(&self) -> &Frontier {
        self.parts.logs.frontier()
    }

    /// The author who writes here.
    pub fn author(&self) -> AuthorId {
        self.parts.own.id()
    }

    /// Who founded an open room, once that is known.
    pub fn founder(&self) -> Option<AuthorId> {
        self.parts.logs.founder()
    }

    /// Whether an entry of this kind is shown: all are that an open room holds; in a closed one its author has to be a
    /// member, the entry to lie within that author's cut, and no governor may have taken it back.
    pub fn counts(&self, author: &AuthorId, seq: Seq, kind: Kind) -> bool {
        seq < self.parts.logs.counted(author) && !self.parts.logs.is_hidden(author, seq, kind)
    }

    /// The parts of others' logs that are held here and do not count, each as author, first and last seq: beyond a cut, of
    /// somebody who is no member, or taken back by a governor. None in an open room.
    pub fn lapsed(&self) -> Vec<(AuthorId, Seq, Seq)> {
        self.parts.logs.lapsed()
    }

    /// Everybody who is present in a closed room, or waits to be let in.
    pub fn seats(&self) -> &BTreeMap<AuthorId, Seat> {
        &self.parts.seats
    }

    /// The secrets that are held of a closed room; `None` in an open room, and at a keeper.
    pub fn ring(&self) -> Option<&Ring> {
        self.parts.keys.as_ref().map(|keys| &keys.ring)
    }

    /// What the entries of a closed room come to; `None` in an open room.
    pub fn fold(&mut self) -> Option<Fold<'_>> {
        self.parts.logs.fold()
    }

    /// How often the messages that slow mode keeps out changed since the start.
    pub fn slowed(&mut self) -> u64 {
        self.parts.logs.fold().map_or(0, |fold| fold.slow_changes())
    }

    /// Milliseconds for which slow mode keeps out what is said here.
    pub fn slow_left_ms(&mut self, now: Now) -> u64 {
        let (me, now_ms) = (self.author(), self.parts.time_ms(now));
        self.parts.logs.fold().map_or(0, |fold| fold.slow_left_ms(&me, now_ms))
    }

    /// The act that last ended somebody in a closed room, or its roles: author and seq.
    pub fn ended_by(&mut self, author: &AuthorId) -> Option<(AuthorId, Seq)> {
        self.parts.logs.fold()?.ended_by(author)
    }

    /// Peers to reach this room by, best first.
    pub fn contacts(&self) -> Vec<Contact> {
        self.parts.view.contacts()
    }

    /// Connected peers, and the author that has proved to write there.
    pub fn peers(&self) -> impl Iterator<Item = (PeerId, Option<AuthorId>)> {
        self.parts.view.active().map(|peer| (peer, self.parts.authors.get(&peer).copied()))
    }

    /// The connected peers that the engine chose to dial.
    pub fn chosen(&self) -> impl Iterator<Item = PeerId> {
        self.parts.view.chosen()
    }

    /// Missing entries that are proved to exist, and missing bodies of entries that are here.
    pub fn missing(&self) -> u64 {
        self.parts.sync.missing()
    }

    /// Whether every linked peer holds this entry without its body, as we do.
    pub fn is_lost(&self, author: AuthorId, seq: Seq) -> bool {
        self.parts.bodies.is_lost(author, seq)
    }

    /// Steps taken so far for runs that waited, and for the entries that our own entries name. They are proportional to
    /// the input, whichever runs wait for which.
    pub fn work(&self) -> u64 {
        self.parts.logs.work() + self.parts.own.work()
    }

    /// The sizes of all collections of the engine, for comparison with their bounds.
    pub fn sizes(&self) -> [Size; 11] {
        let size = |what, count, bound| Size { what, count, bound };
        [
            size("links", self.parts.view.len(), CHOSEN_LINKS + INBOUND_LINKS),
            size("links that wait to be let in", self.parts.gate.len(), CALLERS),
            size("peers known", self.parts.view.known(), KNOWN_PEERS),
            size("runs of people who are not in, of one link", self.parts.quarantine.len(), QUARANTINE_RUNS),
            size("runs that wait", self.parts.logs.waiting(), PENDING_RUNS),
            size("sayings that wait", self.parts.own.waiting(), SAYINGS),
            size("bodies looked for", self.parts.bodies.len(), BODIES),
            size("logs announced and not come", self.parts.sync.lacks(), LACKS),
            size("pushes of our own entries", self.parts.pushed.len(), PUSHES_OF_OWN),
            size(
                "questions about forks",
                self.parts.evidence.len(),
                RECALLS + (CHOSEN_LINKS + INBOUND_LINKS + 1) * RECALLS_OF_ONE,
            ),
            // All runs that wait may take their places at once, and no log has to leave before the store has caught up.
            size("authors", self.parts.logs.frontier().len(), AUTHORS + CHOSEN_LINKS + INBOUND_LINKS + LED_OUT),
        ]
    }
}

impl Parts {
    fn handle(&mut self, input: Input, turn: &mut Turn<'_>) {
        self.look(turn);
        match input {
            Input::Up { peer, address } => self.up(peer, address, turn),
            Input::Proved { peer, author, by } => self.shows(peer, author, by, turn),
            Input::Down { peer } => self.down(peer, turn),
            Input::Unreachable { peer } => {
                self.own.undialled(peer);
                self.view.unreachable(peer, turn);
            }
            Input::Heard { contacts } => self.view.heard(contacts, None, turn),
            Input::Received { from, frame } => self.received(from, frame, turn),
            Input::Say(sayings) => self.say(sayings, turn),
            Input::Order { tag, order } => self.order(tag, order, turn),
            Input::Import(import) => self.import(&import, turn),
            Input::Lost { logs } => self.lost(logs, turn),
            Input::Looked(answer) => self.looked(answer, turn),
            Input::Recalled { what, found } => self.recalled(what, found, turn),
            Input::Bare { bare, all } => self.bare(bare, all, turn.now.ticks_ms),
            Input::CutDone { author, log } => self.cut_done(author, log, turn),
            Input::Vouches { author, vouches } => self.logs.vouches(author, vouches),
            Input::Wake => self.wake(turn),
        }
        // Whether we may write yet depends on the peers we dial, and our entries are pushed.
        self.note_dials(turn);
        self.settle(turn);
        self.want_more_acts(turn);
        self.regard_all(turn);
        self.note_pushes(turn);
        self.evidence.read(turn);
        self.receipts.join(turn);
        self.hand_over(turn);
        self.withhold(turn);
    }

    fn received(&mut self, from: PeerId, frame: Frame, turn: &mut Turn<'_>) {
        if !self.view.is_active(&from) {
            return self.called(from, frame, turn);
        }
        let ms = turn.now.ticks_ms;
        match self.as_kept(frame) {
            Frame::Hello(hello) => self.hello(from, &hello, turn),
            Frame::Known { next } => {
                self.rumors.greeted(from, ms);
                self.known(from, next, turn);
            }
            Frame::Push(push) => self.push(from, push, turn),
            Frame::Ack { pushes } => pushes.into_iter().for_each(|push| self.ack(from, push, turn)),
            Frame::Pull => self.rumors.pull(from, turn),
            Frame::Have { heads } => {
                let due_ms = ms + self.sync.patience().ms(HAVE_MS);
                self.sync.have(from, &heads, due_ms, &self.logs);
            }
            Frame::Status { digest, answer } => {
                if self.sync.status(from, (digest, answer), &self.logs, turn) {
                    self.known(from, self.own_next(), turn);
                    self.sync.plan(from, &mut self.logs, turn);
                }
            }
            Frame::Ranges(ranges) => self.sync.ranges(from, &ranges, &self.logs, turn),
            Frame::Heads(heads) => {
                let questions = self.sync.heads(from, &heads, &mut self.logs, turn);
                questions.into_iter().for_each(|what| self.evidence.ask(what, ms));
            }
            Frame::Want(want) => self.sync.want(from, &want, &self.logs, turn),
            Frame::Acts { heads } => self.hear_acts(from, &heads, turn),
            Frame::WantActs { want, from: logs } => self.serve_acts(from, want, &logs, turn),
            Frame::Runs { want, runs } if self.take_wanted_acts(from, want, &runs, turn) => {}
            Frame::Runs { want, runs } => {
                let origin = self.sync.origin(from, want, &runs, &self.logs);
                if let Some(took) = self.take(from, &runs, origin, turn) {
                    self.sync.brought(from, want, (&took.news, !took.known.is_empty()), ms);
                }
            }
            Frame::Done { want } => {
                self.settle(turn);
                self.sync.done(from, want, &mut self.logs, turn);
                self.bodies.done(from, want, ms);
                self.acts_done(from, want, turn);
            }
            Frame::Evidence { run } => self.evidence(from, &run, turn),
            Frame::Fork { proof } => self.fork(from, proof, turn),
            Frame::Secrets { secrets } => self.take_secrets(from, secrets, turn),
            Frame::Shuffle { peers, answer } => self.view.shuffle(from, peers, answer, turn),
        }
    }

    fn wake(&mut self, turn: &mut Turn<'_>) {
        let late_ms = turn.now.ticks_ms.saturating_sub(self.next_deadline());
        self.sync.patience().came_to(late_ms);
        self.view.wake(turn);
        self.rumors.wake(&self.view, turn);
        self.sync.wake(&mut self.logs, &self.view, turn);
        self.pass_on_forks(turn.now);
        self.vouch(turn);
        self.wake_acts(turn);
        self.keep_books(turn);
        self.ask_for_secrets(turn);
        self.ask_for_bodies(turn);
    }

    fn next_deadline(&self) -> u64 {
        let (rumors, receipts) = (self.rumors.next_deadline(), self.receipts.next_deadline());
        let (view, own, crowd) = (self.view.next_deadline(), self.own.next_deadline(), self.logs.next_reckoning());
        let (evidence, bodies) = (self.evidence.next_deadline(), self.bodies.next_deadline());
        let (vouching, gate) = (self.vouching.next_deadline(), self.gate.next_deadline());
        let books = self.books.next_deadline();
        let keys = self.keys.as_ref().and_then(|keys| keys.next_deadline());
        let acts = self.acts.next_deadline();
        let others =
            [rumors, receipts, view, own, crowd, evidence, bodies, vouching, books, gate, keys, acts, self.due_ms];
        others.into_iter().flatten().fold(self.sync.next_deadline(), u64::min)
    }
}

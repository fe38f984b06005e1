//! One room on one node, as a state machine without I/O, clock or entropy of its own.
//!
//! The engine is driven by whoever owns it, in four steps that repeat:
//!
//! 1. [`Engine::handle`] takes one [`Input`] and appends [`Output`]s. Several inputs may be handled before the
//!    outputs are acted on.
//! 2. The driver acts on the outputs: first all appends and cuts, in one durable commit; then what is sent and
//!    served; then what is emitted. What we gossip we shall still know after a crash.
//! 3. [`Engine::next_deadline`] says when to come back with [`Input::Wake`] if nothing happens before. Coming
//!    late or early is harmless.
//! 4. [`Engine::frontier`], [`Engine::contacts`] and the like may be asked at any time.
//!
//! This file only dispatches. Decisions are made in `logs` (what is taken, what waits), `rumor` (who is told),
//! `receipts` (which answers wait), `sync` (what is compared and wanted), `view` (whom to know), `own` (what is
//! written) and `clock`.
//!
//! A peer that comes back, traced: [`Input::Up`] → `Hello` and, from one side, `Status` → the answer is
//! `Ranges`, then `Heads` → `sync` wants what is missing, newest first → `Runs` → `logs` admits, releases →
//! [`Output::Append`], [`Event::Shown`].

mod act;
mod bodies;
mod clocks;
mod crowd;
mod forks;
mod home;
mod show;

use std::collections::BTreeMap;

use crate::{
    admit::Author,
    bodies::Bodies,
    clock::Clock,
    config::Config,
    defence,
    evidence::Evidence,
    frontier::Frontier,
    ids::{AuthorId, PeerId, RoomId, Seq},
    input::{Event, Input, Kept, Output, Step},
    limits::{
        AUTHORS, BODIES, CHOSEN_LINKS, FOLLOW_MS, HAVE_MS, INBOUND_LINKS, KNOWN_PEERS, LACK_MS, LACKED_AT_ONCE, LACKS,
        LED_OUT, PENDING_RUNS, PUSHES_OF_OWN, RECALLS, RECALLS_OF_ONE, REST_MS, SAYINGS,
    },
    logs::{Logs, Origin, Taken},
    message::{Contact, Hello, Message, Push},
    own::{Own, Regard},
    random::Random,
    receipts::Receipts,
    reject::{Blame, Reject},
    rumor::{Rumors, Source},
    run::RawRun,
    sync::Sync,
    time::{Now, Time},
    timeline::Place,
    view::View,
};

/// The clock by which our own words are judged: they never wait for their time, even when our clock was set back
/// since. What is acknowledged is kept, and what peers give back must be ours before we write on.
const ANY_TIME_MS: u64 = u64::MAX;

/// How many there are of something, and how many there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Of what.
    pub what: &'static str,
    /// How many there are.
    pub count: usize,
    /// How many there are at most, ever.
    pub bound: usize,
}

/// What was taken of some runs.
struct Took<'a> {
    news: Vec<&'a RawRun>,
    known: Vec<RawRun>,
}

/// One room on one node.
pub struct Engine {
    room: RoomId,
    me: PeerId,
    trace: bool,
    logs: Logs,
    rumors: Rumors,
    receipts: Receipts,
    sync: Sync,
    evidence: Evidence,
    bodies: Bodies,
    view: View,
    own: Own,
    clock: Clock,
    random: Random,
    /// Who proved to write at the other end of each link.
    authors: BTreeMap<PeerId, AuthorId>,
    /// The head of our log that was last found to lie too far ahead.
    strayed: Option<Seq>,
    /// The newest time in others' logs, and the ticks at which it is looked for again.
    others: (u64, u64),
    /// Pushes that carry our own entries and are not answered: the seq after the last.
    pushed: BTreeMap<(PeerId, u64), Seq>,
    /// Who brought something new last, and so holds whom it vouches for.
    brought_by: Option<PeerId>,
    /// The end of the timeline.
    end: Place,
    /// Ticks at which something held for its time may be shown.
    due_ms: Option<u64>,
}

impl Engine {
    /// An engine that writes as `author`, with what the store `kept`; `end` is the place of the timeline's last
    /// entry.
    pub fn new(config: Config, author: Author, kept: Vec<Kept>, end: Option<Place>, now: Now) -> Self {
        let look_ms = (!kept.is_empty()).then_some(now.ticks_ms);
        let mut logs = Logs::of(config.room, config.crowd, kept);
        logs.befriend(author.id());
        let end = end.unwrap_or(Place { time: Time::default(), author: AuthorId::default(), seq: 0 });
        let mut own = Own::new(author, config.fresh_author, now.ticks_ms);
        own.reach(now.wall_ms.saturating_add(FOLLOW_MS));
        let said = logs.frontier().head(&own.id()).map_or(Time::default(), |head| head.time);
        for (author, log) in logs.frontier().logs() {
            let gap = log.gaps().last().map(|(first, _)| first);
            let from_ms = if gap.is_some() { now.ticks_ms.saturating_add(REST_MS) } else { 0 };
            gap.into_iter().for_each(|first| own.rest(*author, first, from_ms));
            // When its founder left that log, there remains what founded the room, and we may have to write below it.
            let left = log.cut() == Some(1) && logs.founder() == Some(*author);
            if let Some(head) = log.head().filter(|head| head.time > said && !left) {
                let regard = Regard { named: logs.is_regarded(author), from_ms };
                own.saw((*author, head.seq), head.time, regard);
            }
        }
        Self {
            room: config.room,
            me: config.me,
            trace: config.trace,
            logs,
            rumors: Rumors::new(&config.policy, config.me, config.trace),
            receipts: Receipts::default(),
            sync: Sync::new(config.pace, config.trace, now.ticks_ms),
            evidence: Evidence::default(),
            bodies: Bodies::new(look_ms),
            view: View::new(config.shape, config.me),
            own,
            clock: Clock::default(),
            random: Random::new(config.seed),
            authors: BTreeMap::new(),
            strayed: None,
            others: (0, 0),
            pushed: BTreeMap::new(),
            brought_by: None,
            end,
            due_ms: None,
        }
    }

    /// Takes one input; what follows from it is appended to `out`, in order.
    pub fn handle(&mut self, input: Input, now: Now, out: &mut Vec<Output>) {
        let before = out.len();
        self.look(now, out);
        match input {
            Input::Up { peer, address } => self.up(peer, address, now, out),
            Input::Proved { peer, author } => self.proved(peer, author, now, out),
            Input::Down { peer } => self.down(peer, now, out),
            Input::Unreachable { peer } => {
                self.own.undialled(peer);
                self.moves(now, out, |view, ms, random, moves| view.unreachable(peer, ms, random, moves));
            }
            Input::Heard { contacts } => self.moves(now, out, |view, ms, random, moves| {
                view.heard(contacts, None, ms, random, moves);
            }),
            Input::Received { from, message } => self.received(from, message, now, out),
            Input::Say(sayings) => {
                let cut = self.logs.cut(&self.own.id()).is_some();
                let refused = self.own.say(sayings, cut);
                out.extend(refused.into_iter().map(|(tag, why)| Output::Unsaid { tag, why }));
            }
            Input::Import(import) => self.import(&import, now, out),
            Input::Lost { logs } => self.lost(logs, now, out),
            Input::Recalled { what, found } => self.recalled(what, found, now, out),
            Input::Bare { bare, all } => self.bodies.tell(bare, all, now.ticks_ms),
            Input::CutDone { author, log } => self.cut_done(author, log, out),
            Input::Vouches { author, vouches } => self.logs.vouches(author, vouches),
            Input::Wake => self.wake(now, out),
        }
        self.settle(now, out);
        self.evidence.read(out);
        self.receipts.join(out, before, now.ticks_ms);
    }

    /// When to come back with [`Input::Wake`], in the driver's monotonic milliseconds.
    pub fn next_deadline(&self) -> u64 {
        let (rumors, receipts) = (self.rumors.next_deadline(), self.receipts.next_deadline());
        let (view, own, crowd) = (self.view.next_deadline(), self.own.next_deadline(), self.logs.next_reckoning());
        let (evidence, bodies) = (self.evidence.next_deadline(), self.bodies.next_deadline());
        let others = [rumors, receipts, view, own, crowd, evidence, bodies, self.due_ms];
        others.into_iter().flatten().fold(self.sync.next_deadline(), u64::min)
    }

    /// What is held of all logs.
    pub fn frontier(&self) -> &Frontier {
        self.logs.frontier()
    }

    /// Who writes here.
    pub fn author(&self) -> AuthorId {
        self.own.id()
    }

    /// Peers to reach this room by, best first.
    pub fn contacts(&self) -> Vec<Contact> {
        self.view.contacts()
    }

    /// Connected peers, and who has proved to write there.
    pub fn peers(&self) -> impl Iterator<Item = (PeerId, Option<AuthorId>)> {
        self.view.active().map(|peer| (peer, self.authors.get(&peer).copied()))
    }

    /// Of the connected peers, those that the engine chose to dial.
    pub fn chosen(&self) -> impl Iterator<Item = PeerId> {
        self.view.chosen()
    }

    /// Entries that are proved to exist and are missing, and bodies of those that are here.
    pub fn missing(&self) -> u64 {
        self.sync.missing()
    }

    /// Whether every linked peer holds this entry without its body, as we do.
    pub fn is_lost(&self, author: AuthorId, seq: Seq) -> bool {
        self.bodies.is_lost(author, seq)
    }

    /// Steps taken so far for runs that waited, and for what our own entries name. They are proportional to what came in,
    /// whatever waits for what.
    pub fn work(&self) -> u64 {
        self.logs.work() + self.own.work()
    }

    /// What the engine holds many of, to be held against the bounds.
    pub fn sizes(&self) -> [Size; 9] {
        let size = |what, count, bound| Size { what, count, bound };
        [
            size("links", self.view.len(), CHOSEN_LINKS + INBOUND_LINKS),
            size("peers known", self.view.known(), KNOWN_PEERS),
            size("runs that wait", self.logs.waiting(), PENDING_RUNS),
            size("sayings that wait", self.own.waiting(), SAYINGS),
            size("bodies looked for", self.bodies.len(), BODIES),
            size("logs announced and not come", self.sync.lacks(), LACKS),
            size("pushes of our own entries", self.pushed.len(), PUSHES_OF_OWN),
            size(
                "questions about forks",
                self.evidence.len(),
                RECALLS + (CHOSEN_LINKS + INBOUND_LINKS + 1) * RECALLS_OF_ONE,
            ),
            // All that waits may take its places at once, and nobody else's is given away until the store has caught up.
            size("authors", self.logs.frontier().len(), AUTHORS + CHOSEN_LINKS + INBOUND_LINKS + LED_OUT),
        ]
    }

    fn up(&mut self, peer: PeerId, address: Option<bytes::Bytes>, now: Now, out: &mut Vec<Output>) {
        if self.view.is_active(&peer) {
            self.lose(peer, now, out);
        }
        self.moves(now, out, |view, ms, random, moves| view.up(peer, address, ms, random, moves));
        if !self.view.is_active(&peer) {
            return;
        }
        let hello = Hello { author: self.own.id(), wall_ms: now.wall_ms };
        out.push(Output::Send { to: peer, message: Message::Hello(hello) });
        self.own.up(peer, now.ticks_ms);
        self.bodies.up(peer, now.ticks_ms, out);
        if self.me < peer {
            self.sync.begin(peer, &self.logs, out);
        }
        self.sync.up(peer, now.ticks_ms);
        self.rumor(now, out, |rumors, view, ms, random, actions| rumors.up(peer, view, ms, random, actions));
    }

    fn down(&mut self, peer: PeerId, now: Now, out: &mut Vec<Output>) {
        if self.view.is_active(&peer) {
            self.lose(peer, now, out);
        }
    }

    /// Forgets a link; what it left undone goes to others.
    fn lose(&mut self, peer: PeerId, now: Now, out: &mut Vec<Output>) {
        self.moves(now, out, |view, ms, random, moves| view.down(peer, ms, random, moves));
        self.rumor(now, out, |rumors, view, ms, random, actions| rumors.down(peer, view, ms, random, actions));
        self.receipts.forget(&peer);
        self.logs.down(peer, now.ticks_ms);
        self.sync.down(peer);
        self.evidence.forget(&peer);
        self.bodies.down(peer, now.ticks_ms);
        self.own.down(peer);
        let pushed: Vec<_> = self.pushed.range((peer, 0)..=(peer, u64::MAX)).map(|(push, _)| *push).collect();
        pushed.iter().for_each(|push| _ = self.pushed.remove(push));
        self.clock.down(&peer);
        self.judge(now, out);
        if let Some(author) = self.authors.remove(&peer) {
            self.parted(author);
            out.push(Output::Emit(Event::Went { peer }));
        }
        let others: Vec<_> = self.view.active().collect();
        others.into_iter().for_each(|other| self.sync.plan(other, &mut self.logs, now.ticks_ms, out));
    }

    fn received(&mut self, from: PeerId, message: Message, now: Now, out: &mut Vec<Output>) {
        if !self.view.is_active(&from) {
            return;
        }
        let ms = now.ticks_ms;
        match message {
            Message::Hello(hello) => self.hello(from, &hello, now, out),
            Message::Known { next } => {
                self.rumors.greeted(from, ms);
                self.known(from, next, now, out);
            }
            Message::Push(push) => self.push(from, push, now, out),
            Message::Ack { pushes } => pushes.into_iter().for_each(|push| self.ack(from, push, now, out)),
            Message::Pull => {
                self.rumor(now, out, |rumors, view, ms, random, actions| rumors.pull(from, view, ms, random, actions));
            }
            Message::Have { heads } => {
                let due_ms = ms + self.sync.patience().ms(HAVE_MS);
                self.sync.have(from, &heads, due_ms, &self.logs);
            }
            Message::Status { digest, answer } => {
                if self.sync.status(from, (digest, answer), &self.logs, &mut self.random, out) {
                    self.known(from, self.own_next(), now, out);
                    self.sync.plan(from, &mut self.logs, ms, out);
                }
            }
            Message::Ranges(ranges) => self.sync.ranges(from, &ranges, &self.logs, out),
            Message::Heads(heads) => {
                let questions = self.sync.heads(from, &heads, &mut self.logs, ms, out);
                questions.into_iter().for_each(|what| self.evidence.ask(what, ms));
            }
            Message::Want(want) => self.sync.want(from, &want, &self.logs, out),
            Message::Runs { want, runs } => {
                let origin = self.sync.origin(from, want, &runs, &self.logs);
                if let Some(took) = self.take(from, &runs, origin, now, out) {
                    self.sync.brought(from, want, &took.news, ms);
                }
            }
            Message::Done { want } => {
                self.settle(now, out);
                self.sync.done(from, want, &mut self.logs, ms, out);
                self.bodies.done(from, want, ms);
            }
            Message::Evidence { run } => self.evidence(from, &run, now, out),
            Message::Fork { proof } => self.fork(from, proof, now, out),
            Message::Shuffle { peers, answer } => self.moves(now, out, |view, ms, random, moves| {
                view.shuffle(from, peers, answer, ms, random, moves);
            }),
        }
    }

    fn hello(&mut self, from: PeerId, hello: &Hello, now: Now, out: &mut Vec<Output>) {
        let next = self.logs.frontier().log(&hello.author).map_or(0, |log| log.next());
        out.push(Output::Send { to: from, message: Message::Known { next } });
        self.clock.said(from, hello.wall_ms, now);
        if !defence::is_on("proved-author") {
            self.proved(from, hello.author, now, out);
        }
        self.judge(now, out);
    }

    /// A peer holds our own log below `next`: perhaps more than we do.
    fn known(&mut self, from: PeerId, next: Seq, now: Now, out: &mut Vec<Output>) {
        let ours = self.own_next();
        self.own.told(from, next, ours);
        if next > ours {
            self.sync.tell(from, self.own.id().prefix(), next);
            self.sync.plan(from, &mut self.logs, now.ticks_ms, out);
        } else {
            self.held(from, next, out);
            self.introduce(from, next, out);
        }
    }

    fn held(&mut self, peer: PeerId, next: Seq, out: &mut Vec<Output>) {
        if self.own.held(peer, next) {
            out.push(Output::Emit(Event::Holds { peer, next }));
        }
    }

    fn push(&mut self, from: PeerId, push: Push, now: Now, out: &mut Vec<Output>) {
        let source = Source { peer: from, part: push.part, hops: push.hops.max(1) };
        let origin = match defence::is_on("history") {
            false if push.runs.iter().any(|run| self.sync.is_claimed(run.author().prefix(), run.last())) => {
                Origin::History(from)
            }
            _ => Origin::Rumor(source),
        };
        let Some(took) = self.take(from, &push.runs, origin, now, out) else { return };
        let (new, known) = (!took.news.is_empty(), took.known);
        let entries = push.runs.iter().map(|run| run.entries().len()).sum();
        if new {
            self.sync.delivers(&from);
        }
        self.sync.patience().rumor(from, self.view.len(), new, &known);
        self.step(Step::RumorFrom { peer: from, entries, new }, out);
        match self.rumors.is_urgent(push.part) {
            // What is held for its time is not told on, and who sent it must not count it as held here.
            _ if push.runs.iter().any(|run| self.logs.is_early(run.author(), run.last())) => {}
            true => out.push(Output::Send { to: from, message: Message::Ack { pushes: vec![(push.push, new)] } }),
            false => self.receipts.add(from, push.push, new),
        }
        if !known.is_empty() {
            self.rumor(now, out, |rumors, view, ms, random, actions| {
                rumors.known(known, source, view, ms, random, actions);
            });
        }
    }

    fn ack(&mut self, from: PeerId, (push, new): (u64, bool), now: Now, out: &mut Vec<Output>) {
        self.step(Step::AckFrom { peer: from, new }, out);
        if let Some(next) = self.pushed.remove(&(from, push)) {
            self.held(from, next, out);
        }
        self.rumor(now, out, |rumors, view, ms, random, actions| {
            rumors.ack(from, push, new, view, ms, random, actions);
        });
    }

    /// Takes runs that a peer brought. `None` when the peer had to be closed.
    fn take<'a>(
        &mut self,
        from: PeerId,
        runs: &'a [RawRun],
        origin: Origin,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Option<Took<'a>> {
        let wall_ms = self.time_ms(now);
        let (mut news, mut known) = (Vec::new(), Vec::new());
        for run in runs {
            let wall_ms = if run.author() == self.own.id() { ANY_TIME_MS } else { wall_ms };
            match self.logs.take(run, origin, Now { wall_ms, ..now }) {
                Ok(Taken::New) => news.push(run),
                Ok(Taken::Known) => known.push(run.clone()),
                Ok(Taken::Refused) => {}
                Ok(Taken::Contradicts(seq)) => self.compare(run, seq, Some(from)),
                Err(reject) => {
                    if reject.blame() == Blame::Peer {
                        self.close(from, reject, now, out);
                        return None;
                    }
                }
            }
        }
        self.bodies.runs(from, runs, now.ticks_ms, out);
        if !news.is_empty() {
            self.view.brought(&from);
            self.brought_by = Some(from);
        }
        self.settle(now, out);
        let due_ms = now.ticks_ms + self.sync.patience().ms(LACK_MS);
        for run in &news {
            let lacks = self.logs.lacks(run);
            // A race between rumors leaves one or two open.
            let at_once = lacks.len() > LACKED_AT_ONCE;
            let due_ms = if at_once { now.ticks_ms } else { due_ms };
            lacks.into_iter().for_each(|lack| self.sync.lack(lack, from, due_ms, &self.logs));
        }
        Some(Took { news, known })
    }

    fn close(&mut self, peer: PeerId, reject: Reject, now: Now, out: &mut Vec<Output>) {
        self.lose(peer, now, out);
        out.push(Output::Close { peer, reject: Some(reject) });
    }

    fn wake(&mut self, now: Now, out: &mut Vec<Output>) {
        let late_ms = now.ticks_ms.saturating_sub(self.next_deadline());
        self.sync.patience().came_to(late_ms);
        self.moves(now, out, |view, ms, random, moves| view.wake(ms, random, moves));
        self.rumor(now, out, |rumors, view, ms, random, actions| rumors.wake(view, ms, random, actions));
        self.sync.wake(&mut self.logs, &self.view, now.ticks_ms, &mut self.random, out);
        self.pass_on_forks(now);
        self.ask_for_bodies(now, out);
    }
}

//! A stage in virtual time: honest engines with stores in memory, driven as a node drives them, and hostile peers that
//! consist only of what the attack makes them send.
//!
//! The attack makes links, or the engines dial them; a frame takes a millisecond, and nothing is lost. Outputs of an
//! engine are executed at once, in the order append, send, emit.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use rumormill_proto::{
    admit::{Author, Entry},
    config::Config,
    engine::Engine,
    entry::Kind,
    frame::{Contact, Frame},
    frontier::Digest,
    ids::{AuthorId, PeerId, RoomId, Seq},
    input::{Credential, Event, Input, Output, Saying},
    reject::Reject,
    rumor::Policy,
    run::RawRun,
    standing::Crowd,
    time::Now,
    view::Shape,
};
use rumormill_store::{Change, Keep, Memory, Read, RoomRecord, Store as _};

/// Time at the beginning of the stage, by all correct clocks.
pub const BEGIN_MS: u64 = 1_700_000_000_000;

/// Latency of a frame.
const LATENCY_MS: u64 = 1;

/// The room.
pub const ROOM: RoomId = RoomId([1; 32]);

/// An honest peer and its home.
pub struct Honest {
    /// Its name on the wire.
    pub peer: PeerId,
    /// The engine.
    pub engine: Engine,
    store: Memory,
    reader: Box<dyn Read>,
    links: BTreeSet<PeerId>,
    /// Milliseconds by which its clock is ahead.
    pub ahead_ms: i64,
    /// Entries it was shown, with the milliseconds since the stage began.
    pub shown: Vec<(u64, Entry)>,
    /// Other events it emitted.
    pub events: Vec<Event>,
    /// Peers that it closed and barred.
    pub barred: Vec<(PeerId, Reject)>,
    /// The most outputs that one input caused, including one for each frame served.
    pub most_outputs: usize,
    /// Number of inputs handled.
    pub inputs: u64,
}

enum Thing {
    Frame { from: PeerId, frame: Frame },
    Input(Input),
}

/// The stage.
pub struct Engines {
    now_ms: u64,
    /// All honest peers.
    pub honest: Vec<Honest>,
    numbers: BTreeMap<PeerId, usize>,
    /// Frames sent to hostile peers.
    heard: BTreeMap<PeerId, Vec<(PeerId, Frame)>>,
    queue: BTreeMap<(u64, u64), (PeerId, Thing)>,
    serial: u64,
    seed: u64,
    room: RoomId,
    /// How many authors the room keeps.
    pub crowd: Crowd,
}

impl Engines {
    /// An empty stage in [`ROOM`], at [`BEGIN_MS`].
    pub fn new(seed: u64) -> Self {
        Self::in_room(seed, ROOM)
    }

    /// An empty stage in this room.
    pub fn in_room(seed: u64, room: RoomId) -> Self {
        let (honest, numbers, heard, queue, crowd) = Default::default();
        Self { now_ms: 0, honest, numbers, heard, queue, serial: 0, seed, room, crowd }
    }

    /// A stage with `count` honest peers, all linked.
    pub fn mesh(seed: u64, count: usize) -> Self {
        let mut stage = Self::new(seed);
        (0..count).for_each(|_| _ = stage.join());
        for at in 0..count {
            (0..at).for_each(|other| stage.link(stage.honest[at].peer, stage.honest[other].peer));
        }
        stage.run_ms(1_000);
        stage
    }

    /// Adds an honest peer without links; returns its index.
    pub fn join(&mut self) -> usize {
        let at = self.honest.len();
        let peer = PeerId(*blake3::hash(&[b'h', at as u8, (at >> 8) as u8]).as_bytes());
        let secret = *blake3::hash(&[b'a', at as u8, (at >> 8) as u8]).as_bytes();
        let config = Config {
            room: self.room,
            me: peer,
            policy: Policy::Delegating(Default::default()),
            shape: Shape::Open,
            pace: Default::default(),
            crowd: self.crowd,
            closed: None,
            fresh_author: true,
            trace: false,
            seed: self.seed << 16 | at as u64,
        };
        let store = Memory::new();
        let reader = store.reader().unwrap();
        let engine = Engine::new(config, Author::from_secret(&secret), vec![], None, self.now(0));
        self.honest.push(Honest {
            peer,
            engine,
            store,
            reader,
            links: BTreeSet::new(),
            ahead_ms: 0,
            shown: Vec::new(),
            events: Vec::new(),
            barred: Vec::new(),
            most_outputs: 0,
            inputs: 0,
        });
        self.numbers.insert(peer, at);
        at
    }

    /// Adds a hostile peer without links; equal numbers are equal peers.
    pub fn hostile(&mut self, number: u64) -> PeerId {
        let peer = PeerId(*blake3::hash(&[&b"hostile"[..], &number.to_le_bytes()].concat()).as_bytes());
        self.heard.entry(peer).or_default();
        peer
    }

    /// Links two peers at once.
    pub fn link(&mut self, one: PeerId, other: PeerId) {
        for (here, there) in [(one, other), (other, one)] {
            if let Some(at) = self.numbers.get(&here).copied() {
                self.honest[at].links.insert(there);
                self.input(at, Input::Up { peer: there, address: Some(Bytes::from_static(b"host")) });
                if let Some(other) = self.numbers.get(&there) {
                    let author = self.honest[*other].engine.author();
                    self.input(at, Input::Proved { peer: there, author, by: Credential::default() });
                }
            }
        }
    }

    /// Ends a link at once.
    pub fn unlink(&mut self, one: PeerId, other: PeerId) {
        for (here, there) in [(one, other), (other, one)] {
            if let Some(at) = self.numbers.get(&here).copied()
                && self.honest[at].links.remove(&there)
            {
                self.input(at, Input::Down { peer: there });
            }
        }
    }

    /// A hostile peer sends a frame that arrives at once; returns the number of outputs it caused, or 0 when the link
    /// is gone.
    pub fn says(&mut self, from: PeerId, to: usize, frame: Frame) -> usize {
        match self.honest[to].links.contains(&from) {
            true => self.input(to, Input::Received { from, frame }),
            false => 0,
        }
    }

    /// Whether an honest peer is linked with another peer.
    pub fn is_linked(&self, at: usize, other: &PeerId) -> bool {
        self.honest[at].links.contains(other)
    }

    /// Frames sent to a hostile peer since the last call, with their senders.
    pub fn heard(&mut self, hostile: PeerId) -> Vec<(PeerId, Frame)> {
        self.heard.get_mut(&hostile).map(std::mem::take).unwrap_or_default()
    }

    /// An honest person says a line.
    pub fn say(&mut self, at: usize, text: &str) {
        self.serial += 1;
        let saying = Saying { tag: self.serial, kind: Kind::TEXT, body: Bytes::copy_from_slice(text.as_bytes()) };
        self.input(at, Input::Say(vec![saying]));
    }

    /// Gives an honest engine an input and executes its outputs; returns their number.
    pub fn input(&mut self, at: usize, input: Input) -> usize {
        let now = self.now(at);
        let mut out = Vec::new();
        self.honest[at].inputs += 1;
        self.honest[at].engine.handle(input, now, &mut out);
        let said = self.act(at, out);
        let most = &mut self.honest[at].most_outputs;
        *most = said.max(*most);
        said
    }

    /// Lets time pass.
    pub fn run_ms(&mut self, ms: u64) {
        let until_ms = self.now_ms + ms;
        loop {
            let next = self.queue.first_key_value().map(|((due_ms, _), _)| *due_ms);
            let wakes = self.honest.iter().map(|honest| honest.engine.next_deadline()).min();
            let wake_ms = wakes.unwrap_or(u64::MAX).max(self.now_ms);
            let due_ms = next.unwrap_or(u64::MAX).min(wake_ms);
            if due_ms > until_ms {
                break;
            }
            self.now_ms = due_ms;
            match self.queue.first_entry().filter(|entry| entry.key().0 <= due_ms) {
                Some(entry) => {
                    let (to, thing) = entry.remove();
                    self.arrive(to, thing);
                }
                None => self.wake(),
            }
        }
        self.now_ms = until_ms;
    }

    fn wake(&mut self) {
        for at in 0..self.honest.len() {
            if self.honest[at].engine.next_deadline() <= self.now_ms {
                self.input(at, Input::Wake);
                let next_ms = self.honest[at].engine.next_deadline();
                assert!(next_ms > self.now_ms, "an engine asks to be woken for nothing");
            }
        }
    }

    fn arrive(&mut self, to: PeerId, thing: Thing) {
        match (self.numbers.get(&to).copied(), thing) {
            (None, Thing::Frame { from, frame }) => self.heard.entry(to).or_default().push((from, frame)),
            (Some(at), Thing::Frame { from, frame }) if self.honest[at].links.contains(&from) => {
                self.input(at, Input::Received { from, frame });
            }
            (Some(at), Thing::Input(input)) => _ = self.input(at, input),
            _ => {}
        }
    }

    /// Milliseconds since the stage began.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    fn now(&self, at: usize) -> Now {
        let ahead_ms = self.honest.get(at).map_or(0, |honest| honest.ahead_ms);
        Now { ticks_ms: self.now_ms, wall_ms: (BEGIN_MS + self.now_ms).saturating_add_signed(ahead_ms) }
    }

    fn later(&mut self, to: PeerId, thing: Thing) {
        self.serial += 1;
        self.queue.insert((self.now_ms + LATENCY_MS, self.serial), (to, thing));
    }

    fn send(&mut self, at: usize, to: PeerId, frame: Frame) {
        if self.honest[at].links.contains(&to) {
            let from = self.honest[at].peer;
            self.later(to, Thing::Frame { from, frame });
        }
    }

    /// Executes the outputs of an engine: append, send, emit. Counts the frames served.
    fn act(&mut self, at: usize, out: Vec<Output>) -> usize {
        let mut said = out.len();
        let changes: Vec<_> = out.iter().filter_map(Change::of).map(|change| (self.room, change)).collect();
        let left = if changes.is_empty() { vec![] } else { self.honest[at].store.commit(&changes).unwrap() };
        let me = self.honest[at].peer;
        for output in out {
            match output {
                Output::Send { to, frame } => self.send(at, to, frame),
                Output::Serve { to, want, newest, ranges, .. } => said += self.serve(at, to, (want, newest, ranges)),
                Output::Dial(contact) => self.dial(at, &contact),
                Output::Look(looks) => {
                    let reader = &mut self.honest[at].reader;
                    let told =
                        looks.into_iter().map(|look| (look, reader.looked(&self.room, &look).unwrap())).collect();
                    self.later(me, Thing::Input(Input::Looked(told)));
                }
                Output::Recall(what) => {
                    let found = self.honest[at].reader.recalled(&self.room, &what).unwrap();
                    self.later(me, Thing::Input(Input::Recalled { what, found }));
                }
                Output::Bare { most } => {
                    let (bare, all) = self.honest[at].reader.bare(&self.room, most).unwrap();
                    self.later(me, Thing::Input(Input::Bare { bare, all }));
                }
                Output::Vouches { author, most } => {
                    let vouches = self.honest[at].reader.vouches(&self.room, &author, most).unwrap();
                    self.later(me, Thing::Input(Input::Vouches { author, vouches }));
                }
                Output::Close { peer, reject } => self.close(at, peer, reject),
                Output::Emit(Event::Shown { entry, .. }) => self.honest[at].shown.push((self.now_ms, entry)),
                Output::Emit(event) => self.honest[at].events.push(event),
                _ => {}
            }
        }
        // As a node does, before it handles anything else.
        for (author, log) in left {
            said += self.input(at, Input::CutDone { author, log });
        }
        said
    }

    fn close(&mut self, at: usize, peer: PeerId, reject: Option<Reject>) {
        self.honest[at].links.remove(&peer);
        self.honest[at].barred.extend(reject.map(|reject| (peer, reject)));
        let me = self.honest[at].peer;
        if let Some(other) = self.numbers.get(&peer).copied()
            && self.honest[other].links.remove(&me)
        {
            self.later(peer, Thing::Input(Input::Down { peer: me }));
        }
    }

    fn dial(&mut self, at: usize, contact: &Contact) {
        let (me, other) = (self.honest[at].peer, contact.peer);
        let exists = self.numbers.contains_key(&other) || self.heard.contains_key(&other);
        let barred = |at: usize, other| self.honest[at].barred.iter().any(|(peer, _)| *peer == other);
        let refused = barred(at, other) || self.numbers.get(&other).is_some_and(|there| barred(*there, me));
        match exists && !refused {
            false => self.later(me, Thing::Input(Input::Unreachable { peer: other })),
            true if self.honest[at].links.contains(&other) => {}
            true => self.link(me, other),
        }
    }

    /// Serves a want as a node does: the newest entries, then the ranges from the top down; returns the number of
    /// frames.
    fn serve(&mut self, at: usize, to: PeerId, what: (u64, usize, Vec<(AuthorId, Seq, Seq)>)) -> usize {
        let (want, newest, ranges) = what;
        let reader = &mut self.honest[at].reader;
        let first = if newest == 0 { vec![] } else { reader.newest(&self.room, newest).unwrap() };
        let mut pieces: VecDeque<_> = first.into_iter().chain(ranges).collect();
        let mut frames = Vec::new();
        while let Some((author, first, last)) = pieces.pop_front() {
            let Some(run) = reader.run(&self.room, &author, first, last).unwrap() else { continue };
            if run.first() > first {
                pieces.push_back((author, first, run.first() - 1));
            }
            frames.push(Frame::Runs { want, runs: vec![run] });
        }
        frames.extend((want != 0).then_some(Frame::Done { want }));
        let count = frames.len();
        frames.into_iter().for_each(|frame| self.send(at, to, frame));
        count
    }

    /// Equal at two peers exactly when they hold the same.
    pub fn digest(&self, at: usize) -> Digest {
        self.honest[at].engine.frontier().digest()
    }

    /// The number of different digests of the honest peers.
    pub fn digests(&self) -> u64 {
        (0..self.honest.len()).map(|at| self.digest(at)).collect::<BTreeSet<_>>().len() as u64
    }

    /// The number of honest peers that were shown this line.
    pub fn shown(&self, text: &str) -> u64 {
        let is_it = |(_, entry): &(u64, Entry)| entry.body.bytes().is_some_and(|body| body == text);
        self.honest.iter().filter(|honest| honest.shown.iter().any(is_it)).count() as u64
    }

    /// Makes an honest peer keep at most this many bytes of each author's bodies.
    pub fn shares(&mut self, at: usize, bytes: u64) {
        let keep = Keep { share: Some(bytes), ..Keep::default() };
        let (secret, author_secret, name) = ([0; 32], [0; 32], String::new());
        let room = RoomRecord {
            id: ROOM,
            secret,
            author_secret,
            name,
            contacts: vec![],
            keep,
            announced: false,
            closed: None,
            private: None,
            nick: None,
        };
        self.honest[at].store.put_room(&room).unwrap();
    }

    /// Bytes of an author's bodies that a peer keeps.
    pub fn kept_bytes(&mut self, at: usize, author: &AuthorId) -> u64 {
        let lines = self.honest[at].reader.page_after(&ROOM, None, 10_000).unwrap();
        let bodies = lines.iter().filter(|line| line.place.author == *author).filter_map(|line| line.body.bytes());
        bodies.map(|body| body.len() as u64).sum()
    }

    /// Milliseconds from the moment the first honest peer was shown this line until the last was; `None` if one never
    /// was.
    pub fn took_ms(&self, text: &str) -> Option<u64> {
        let when = |honest: &Honest| {
            let it = honest.shown.iter().find(|(_, entry)| entry.body.bytes().is_some_and(|body| body == text));
            it.map(|(ms, _)| *ms)
        };
        let when: Vec<u64> = self.honest.iter().map(when).collect::<Option<_>>()?;
        Some(when.iter().max()? - when.iter().min()?)
    }

    /// Texts in the timeline of a peer that still have bodies, in order.
    pub fn texts(&mut self, at: usize) -> Vec<String> {
        let lines = self.honest[at].reader.page_after(&self.room, None, 10_000).unwrap();
        let texts = lines.into_iter().filter(|line| line.kind == Kind::TEXT);
        texts.filter_map(|line| String::from_utf8(line.body.bytes()?.to_vec()).ok()).collect()
    }

    /// By how many entries an engine's most overfull bounded structure exceeds its bound; 0 if none does.
    pub fn excess(&self, at: usize) -> u64 {
        let sizes = self.honest[at].engine.sizes();
        sizes.iter().map(|size| size.count.saturating_sub(size.bound) as u64).max().unwrap_or(0)
    }

    /// The count of something that [`Engine::sizes`] lists.
    pub fn size(&self, at: usize, what: &str) -> u64 {
        let sizes = self.honest[at].engine.sizes();
        sizes.iter().find(|size| size.what == what).map(|size| size.count as u64).expect("the engine counts that")
    }

    /// How often honest peers were shown an entry twice.
    pub fn shown_twice(&self) -> u64 {
        let twice = |honest: &Honest| {
            let places: BTreeSet<_> = honest.shown.iter().map(|(_, entry)| (entry.author, entry.seq)).collect();
            honest.shown.len() - places.len()
        };
        self.honest.iter().map(twice).sum::<usize>() as u64
    }
}

/// A push of one run with a number of the sender's choice.
pub fn push(number: u64, run: RawRun) -> Frame {
    let part = rumormill_proto::rumor::delegating::NOBODY;
    Frame::Push(rumormill_proto::frame::Push { push: number, part, hops: 1, runs: vec![run] })
}

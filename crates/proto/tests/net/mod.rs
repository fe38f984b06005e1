//! A small network in virtual time: views and rumors of many peers, links with latency, nothing else.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "lints do not see that this is a test")]

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, btree_map::Entry},
    ops::Range,
};

use bytes::Bytes;
use rumormill_proto::{
    entry::{Body, Kind, RawEntry},
    frame::{Contact, Frame, Push},
    ids::{AuthorId, EntryId, PeerId, Seq},
    input::Output,
    random::Random,
    rumor::{Policy, Rumors, Source, delegating},
    run::RawRun,
    time::{Now, Time},
    turn::Turn,
    view::{Shape, View},
};

/// The peer of this number. Ids are hashes, as keys are: evenly spread.
pub fn peer(number: usize) -> PeerId {
    PeerId(*blake3::hash(&(number as u64).to_le_bytes()).as_bytes())
}

/// How to reach a peer of this network: its number.
pub fn contact(number: usize) -> Contact {
    Contact { peer: peer(number), address: Bytes::copy_from_slice(&(number as u64).to_le_bytes()) }
}

/// One line by an author of this number.
pub fn line(author: u8, seq: Seq) -> RawRun {
    let body = Body::Here(Bytes::from_static(b"hello"));
    let entry = RawEntry { time: Time::from_ms(seq + 1), seen: vec![], kind: Kind::TEXT, body };
    RawRun::new(AuthorId([author; 32]), seq, EntryId::default(), vec![entry], None).unwrap()
}

/// One peer.
pub struct Node {
    pub view: View,
    pub rumors: Rumors,
    pub random: Random,
    pub dead: bool,
    /// It answers pushes and tells nobody.
    pub mute: bool,
    /// What it holds, and over how many links it came.
    pub held: BTreeMap<(AuthorId, Seq), u8>,
}

enum Event {
    Dialled {
        by: usize,
    },
    Up {
        peer: usize,
    },
    Unreachable {
        peer: PeerId,
    },
    Down {
        peer: usize,
    },
    Frame {
        from: usize,
        frame: Frame,
    },
    /// The peer asks for what was announced, if that has not come.
    Fetch {
        from: usize,
        run: RawRun,
    },
    Fetched {
        from: usize,
        run: RawRun,
    },
    Wake,
}

/// The network.
pub struct Net {
    pub nodes: Vec<Node>,
    pub now_ms: u64,
    /// Links that are up, or will be when word of them has arrived, smaller number first; and who dialled.
    pub links: BTreeMap<(usize, usize), usize>,
    /// Pushed copies sent.
    pub copies: u64,
    /// Heads announced.
    pub haves: u64,
    latency_ms: Range<u64>,
    numbers: BTreeMap<PeerId, usize>,
    /// Latency of each pair, so that nothing overtakes.
    latencies: BTreeMap<(usize, usize), u64>,
    queue: BinaryHeap<Reverse<(u64, u64, usize)>>,
    events: BTreeMap<u64, Event>,
    serial: u64,
    random: Random,
}

impl Net {
    /// Peers that do not know each other.
    pub fn new(peers: usize, policy: &Policy, latency_ms: Range<u64>, seed: u64) -> Self {
        Self::shaped((0..peers).map(|_| Shape::Open).collect(), policy, latency_ms, seed)
    }

    /// A line whose neighbours know of each other.
    pub fn line(peers: usize, policy: &Policy, seed: u64) -> Self {
        let neighbours =
            |at: usize| [at.checked_sub(1), Some(at + 1).filter(|&next| next < peers)].into_iter().flatten();
        let shape = |at| Shape::Fixed(neighbours(at).map(peer).collect());
        let mut net = Self::shaped((0..peers).map(shape).collect(), policy, 1..2, seed);
        for at in 0..peers {
            neighbours(at).for_each(|other| net.hear(at, vec![contact(other)]));
        }
        net
    }

    fn shaped(shapes: Vec<Shape>, policy: &Policy, latency_ms: Range<u64>, seed: u64) -> Self {
        let node = |(at, shape)| Node {
            view: View::new(shape, peer(at)),
            rumors: Rumors::new(policy, peer(at)),
            random: Random::new(seed << 32 | at as u64),
            dead: false,
            mute: false,
            held: BTreeMap::new(),
        };
        Self {
            numbers: (0..shapes.len()).map(|at| (peer(at), at)).collect(),
            nodes: shapes.into_iter().enumerate().map(node).collect(),
            now_ms: 1_000_000,
            links: BTreeMap::new(),
            copies: 0,
            haves: 0,
            latency_ms,
            latencies: BTreeMap::new(),
            queue: BinaryHeap::new(),
            events: BTreeMap::new(),
            serial: 0,
            random: Random::new(seed),
        }
    }

    /// Everybody joins by the ticket of peer 0, one after the other.
    pub fn join(&mut self, every_ms: u64) {
        self.join_first(self.nodes.len(), every_ms);
    }

    /// The first `peers` join by the ticket of peer 0.
    pub fn join_first(&mut self, peers: usize, every_ms: u64) {
        for at in 1..peers {
            self.hear(at, vec![contact(0)]);
            self.run(every_ms);
        }
    }

    /// A peer hears of others from a ticket.
    pub fn hear(&mut self, at: usize, contacts: Vec<Contact>) {
        self.view(at, |view, turn| view.heard(contacts, None, turn));
    }

    /// A peer tells another of peers, true or not.
    pub fn shuffle(&mut self, from: usize, to: usize, peers: Vec<Contact>) {
        let frame = Frame::Shuffle { peers, answer: true };
        self.send_after_latency(from, to, Event::Frame { from, frame });
    }

    /// A peer writes a line.
    pub fn say(&mut self, at: usize, run: RawRun) {
        self.nodes[at].held.insert((run.author(), run.last()), 0);
        self.rumors(at, |rumors, view, turn| rumors.hot(vec![run], None, view, turn));
    }

    /// A peer ends as if killed; the others notice after `notice_ms`.
    pub fn kill(&mut self, at: usize, notice_ms: u64) {
        self.nodes[at].dead = true;
        let gone: Vec<_> = self.links.keys().copied().filter(|(a, b)| *a == at || *b == at).collect();
        for (a, b) in gone {
            self.links.remove(&(a, b));
            let other = if a == at { b } else { a };
            self.send(other, self.now_ms + notice_ms, Event::Down { peer: at });
        }
    }

    /// Lets time pass.
    pub fn run(&mut self, ms: u64) {
        let end_ms = self.now_ms + ms;
        while let Some(&Reverse((at_ms, serial, to))) = self.queue.peek().filter(|next| next.0.0 <= end_ms) {
            self.queue.pop();
            self.now_ms = at_ms;
            if let Some(event) = self.events.remove(&serial).filter(|_| !self.nodes[to].dead) {
                self.handle(to, event);
            }
        }
        self.now_ms = end_ms;
    }

    /// How many living peers hold this.
    pub fn holders(&self, author: u8, seq: Seq) -> usize {
        let holds = |node: &&Node| !node.dead && node.held.contains_key(&(AuthorId([author; 32]), seq));
        self.nodes.iter().filter(holds).count()
    }

    /// The peers to which pushes are under way.
    pub fn under_way(&self) -> Vec<usize> {
        let push = |serial| matches!(self.events.get(serial), Some(Event::Frame { frame: Frame::Push(_), .. }));
        self.queue.iter().filter(|next| push(&next.0.1)).map(|next| next.0.2).collect()
    }

    fn handle(&mut self, at: usize, event: Event) {
        match event {
            Event::Dialled { by } => {
                if let Entry::Vacant(link) = self.links.entry((at.min(by), at.max(by))) {
                    link.insert(by);
                    self.send_after_latency(at, by, Event::Up { peer: at });
                    self.handle(at, Event::Up { peer: by });
                }
            }
            Event::Up { peer: other } => {
                let address = Some(contact(other).address);
                if let Some(closed) = self.view(at, |view, turn| view.up(peer(other), address, turn)) {
                    self.close(at, closed);
                }
                if self.nodes[at].view.is_active(&peer(other)) {
                    self.rumors(at, |rumors, view, turn| rumors.up(peer(other), view, turn));
                }
            }
            Event::Unreachable { peer } => {
                self.view(at, |view, turn| view.unreachable(peer, turn));
            }
            Event::Down { peer: other } => {
                self.view(at, |view, turn| view.down(peer(other), turn));
                self.rumors(at, |rumors, view, turn| rumors.down(peer(other), view, turn));
            }
            Event::Frame { from, frame } => {
                if self.links.contains_key(&(at.min(from), at.max(from))) {
                    self.frame(at, from, frame);
                }
            }
            Event::Fetch { from, run } => {
                if !self.nodes[at].held.contains_key(&(run.author(), run.last())) {
                    self.send(at, self.now_ms + 2 * self.latency_ms.end, Event::Fetched { from, run });
                }
            }
            Event::Fetched { from, run } => {
                let push = Push { push: u64::MAX, part: delegating::NOBODY, hops: 0, runs: vec![run] };
                self.take(at, from, push);
            }
            Event::Wake => self.wake(at),
        }
    }

    /// A peer that is woken has nothing left to do at that time: no deadline makes a loop.
    fn wake(&mut self, at: usize) {
        let due = |deadline: Option<u64>, now_ms| deadline.is_some_and(|ms| ms <= now_ms);
        if due(self.nodes[at].view.next_deadline(), self.now_ms) {
            self.view(at, View::wake);
            assert!(!due(self.nodes[at].view.next_deadline(), self.now_ms), "the view asks to be woken for nothing");
        }
        if due(self.nodes[at].rumors.next_deadline(), self.now_ms) {
            self.rumors(at, Rumors::wake);
            assert!(!due(self.nodes[at].rumors.next_deadline(), self.now_ms), "rumors ask to be woken for nothing");
        }
    }

    fn frame(&mut self, at: usize, from: usize, frame: Frame) {
        match frame {
            Frame::Shuffle { peers, answer } => {
                self.view(at, |view, turn| view.shuffle(peer(from), peers, answer, turn))
            }
            Frame::Push(push) => self.take(at, from, push),
            Frame::Ack { pushes } => self.rumors(at, |rumors, view, turn| {
                pushes.into_iter().for_each(|answer| rumors.ack(peer(from), answer, view, turn));
            }),
            Frame::Pull => {
                self.rumors(at, |rumors, _, turn| rumors.pull(peer(from), turn));
            }
            Frame::Have { heads } => {
                self.haves += heads.len() as u64;
                for (author, seq) in heads {
                    let run = line((author >> 56) as u8, seq);
                    self.send(at, self.now_ms + 2 * self.latency_ms.end, Event::Fetch { from, run });
                }
            }
            _ => unreachable!("nobody says that here"),
        }
    }

    fn take(&mut self, at: usize, from: usize, push: Push) {
        let source = Source { peer: peer(from), part: push.part, hops: push.hops };
        let held = &mut self.nodes[at].held;
        let is_new = |run: &RawRun| !held.contains_key(&(run.author(), run.last()));
        let (new, known): (Vec<_>, Vec<_>) = push.runs.into_iter().partition(is_new);
        new.iter().for_each(|run| _ = held.insert((run.author(), run.last()), push.hops));
        let ack = Frame::Ack { pushes: vec![(push.push, !new.is_empty())] };
        self.send_after_latency(at, from, Event::Frame { from: at, frame: ack });
        if self.nodes[at].mute {
            return;
        }
        if !new.is_empty() {
            self.nodes[at].view.brought(&peer(from));
            self.rumors(at, |rumors, view, turn| rumors.hot(new, Some(source), view, turn));
        }
        if !known.is_empty() {
            self.rumors(at, |rumors, view, turn| rumors.known(known, source, view, turn));
        }
    }

    /// Lets the view of a peer have a turn.
    fn view<T>(&mut self, at: usize, act: impl FnOnce(&mut View, &mut Turn<'_>) -> T) -> T {
        let (mut out, now) = (Vec::new(), self.now());
        let node = &mut self.nodes[at];
        let returned = act(&mut node.view, &mut Turn::new(now, &mut node.random, &mut out));
        self.wake_in_time(at, |node| node.view.next_deadline());
        self.carry_out(at, out);
        returned
    }

    /// Lets the rumors of a peer have a turn.
    fn rumors(&mut self, at: usize, act: impl FnOnce(&mut Rumors, &View, &mut Turn<'_>)) {
        let (mut out, now) = (Vec::new(), self.now());
        let node = &mut self.nodes[at];
        act(&mut node.rumors, &node.view, &mut Turn::new(now, &mut node.random, &mut out));
        self.wake_in_time(at, |node| node.rumors.next_deadline());
        self.carry_out(at, out);
    }

    fn now(&self) -> Now {
        Now { ticks_ms: self.now_ms, wall_ms: 0 }
    }

    fn carry_out(&mut self, at: usize, out: Vec<Output>) {
        for output in out {
            match output {
                Output::Dial(contact) => self.dial(at, &contact.peer),
                Output::Send { to, frame } => {
                    if let Frame::Push(push) = &frame {
                        self.copies += push.runs.len() as u64;
                    }
                    self.send_after_latency(at, self.numbers[&to], Event::Frame { from: at, frame });
                }
                _ => unreachable!("neither view nor rumors want that done"),
            }
        }
    }

    /// A peer closes a link that its view has given up.
    fn close(&mut self, at: usize, other: PeerId) {
        let number = self.numbers[&other];
        self.links.remove(&(at.min(number), at.max(number)));
        self.send_after_latency(at, number, Event::Down { peer: at });
        self.rumors(at, |rumors, view, turn| rumors.down(other, view, turn));
    }

    fn dial(&mut self, at: usize, to: &PeerId) {
        match self.numbers.get(to).filter(|&&to| !self.nodes[to].dead) {
            Some(&to) => self.send_after_latency(at, to, Event::Dialled { by: at }),
            None => self.send(at, self.now_ms + 3_000, Event::Unreachable { peer: *to }),
        }
    }

    fn wake_in_time(&mut self, at: usize, deadline: impl Fn(&Node) -> Option<u64>) {
        if let Some(ms) = deadline(&self.nodes[at]) {
            self.send(at, ms.max(self.now_ms), Event::Wake);
        }
    }

    fn send_after_latency(&mut self, from: usize, to: usize, event: Event) {
        let Range { start, end } = self.latency_ms;
        let random = &mut self.random;
        let pair = (from.min(to), from.max(to));
        let latency_ms = *self.latencies.entry(pair).or_insert_with(|| start + random.below(end - start));
        self.send(to, self.now_ms + latency_ms, event);
    }

    fn send(&mut self, to: usize, at_ms: u64, event: Event) {
        self.serial += 1;
        self.queue.push(Reverse((at_ms, self.serial, to)));
        self.events.insert(self.serial, event);
    }
}

//! Many engines, one queue, one clock, one seed. A world depends on nothing else.

use rumormill_proto::{
    frame::{Frame, Push},
    ids::{AuthorId, EntryId, RoomId, Seq},
    limits::FRAME_BYTES,
    random::Random,
    rumor::{Policy, delegating::Delegating},
    standing::Crowd,
    sync::Pace,
    time::Now,
};

use crate::{
    checkers::{self, Checker, Verdict},
    fact::Fact,
    fault::Fault,
    network::{Network, Weather, mix},
    peer::{Peer, Process},
    queue::{Event, Index, Queue},
    seeds,
    trace::Trace,
    violation::{Story, Violation},
};

/// Start of every world, in milliseconds since the Unix epoch.
pub const BEGIN_MS: u64 = 1_700_000_000_000;

/// Events that one microsecond may have: as many as a room of a hundred thousand needs, with space to spare. A world
/// whose clock stands still longer is in a loop.
const STANDSTILL: u64 = 10_000_000;

/// Which links the peers of a world keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Each peer with its predecessor and successor, as in the lab, for this many peers.
    Line(usize),
    /// Links of the engine's choice.
    Open,
}

/// The initial conditions of a world.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Seed of everything random in it.
    pub seed: u64,
    /// Which links the peers keep.
    pub form: Form,
    /// How rumors spread.
    pub policy: Policy,
    /// How often anti-entropy compares.
    pub pace: Pace,
    /// The weather of the network.
    pub weather: Weather,
    /// Microseconds, at most, between an input and the turn that handles it together with later inputs.
    pub turn_us: u64,
    /// How many authors the room keeps.
    pub crowd: Crowd,
    /// Whether the room governs itself; the first peer founds it.
    pub closed: bool,
}

impl Setup {
    /// A good network and an open room.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            form: Form::Open,
            policy: Policy::Delegating(Delegating::default()),
            pace: Pace::default(),
            weather: Weather::clear(),
            turn_us: 1_000,
            crowd: Crowd::default(),
            closed: false,
        }
    }
}

/// Totals of the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes of these frames.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Copies of entries sent as rumors.
    pub copies: u64,
    /// Dials started.
    pub dials: u64,
    /// Proofs of forks that honest peers sent.
    pub proofs: u64,
}

/// The checkers, and the first violation.
#[derive(Default)]
pub(crate) struct Watch {
    pub(crate) checkers: Vec<Box<dyn Checker>>,
    pub(crate) broken: Option<(&'static str, String)>,
}

impl Watch {
    pub(crate) fn see(&mut self, fact: &Fact<'_>) {
        for checker in &mut self.checkers {
            let verdict = checker.see(fact);
            note(&mut self.broken, checker.property(), verdict);
        }
    }

    pub(crate) fn break_off(&mut self, property: &'static str, sentence: String) {
        note(&mut self.broken, property, Err(sentence));
    }
}

fn note(broken: &mut Option<(&'static str, String)>, property: &'static str, verdict: Verdict) {
    if let Err(sentence) = verdict {
        broken.get_or_insert((property, sentence));
    }
}

/// Many peers in one room, numbered from 0 in the order in which they joined.
///
/// # Panics
/// The verbs of a story panic on a mistake in the story: a peer that does not exist, the restart of a peer that runs, a
/// second founder.
pub struct World {
    pub(crate) setup: Setup,
    pub(crate) room: RoomId,
    /// The founder of a closed room.
    pub(crate) owner: Option<AuthorId>,
    /// Whether that room was founded as an open one.
    pub(crate) was_open: bool,
    pub(crate) random: Random,
    pub(crate) queue: Queue,
    pub(crate) network: Network,
    pub(crate) peers: Vec<Peer>,
    pub(crate) watch: Watch,
    pub(crate) trace: Trace,
    pub(crate) fault: Option<Fault>,
    pub(crate) traffic: Traffic,
    /// Recorded pushes, when a story wants to replay them.
    pub(crate) pushes: Option<Vec<(usize, Frame)>>,
    pub(crate) wire: Vec<u8>,
    pub(crate) count: u64,
    /// Next seq and last id of the hand-written log.
    pub(crate) by_hand: (Seq, EntryId),
    /// Runs that liars wrote by hand and keep to themselves.
    pub(crate) kept_back: Vec<(usize, rumormill_proto::run::RawRun)>,
    /// Authors that legions invented.
    pub(crate) strangers: usize,
    test: String,
}

impl World {
    /// An empty world with a good network.
    pub fn new(seed: u64) -> Self {
        Self::with(Setup::new(seed))
    }

    /// An empty world with this setup.
    pub fn with(setup: Setup) -> Self {
        Self {
            room: RoomId(scatter(setup.seed, 0)),
            owner: None,
            was_open: false,
            random: Random::new(setup.seed),
            queue: Queue::default(),
            network: Network::new(setup.weather.clone(), setup.seed),
            peers: Vec::new(),
            watch: Watch { checkers: checkers::all(), broken: None },
            trace: Trace::from_environment(),
            fault: None,
            traffic: Traffic::default(),
            pushes: None,
            wire: Vec::with_capacity(FRAME_BYTES.min(1 << 16)),
            count: 0,
            by_hand: (0, EntryId::default()),
            kept_back: Vec::new(),
            strangers: 0,
            test: seeds::this_test(),
            setup,
        }
    }

    /// The same world with only the checkers of these properties. Very large rooms use none, because the checkers would
    /// not fit into memory.
    pub fn watching(mut self, properties: &[&str]) -> Self {
        self.watch.checkers.retain(|checker| properties.contains(&checker.property()));
        self
    }

    /// The same world with an additional checker.
    pub fn with_checker(mut self, checker: Box<dyn Checker>) -> Self {
        self.watch.checkers.push(checker);
        self
    }

    /// The number of peers that ever joined.
    pub fn peer_count(&self) -> usize {
        self.peers.len()
    }

    /// Milliseconds since the world began.
    pub fn now_ms(&self) -> u64 {
        self.queue.now_us() / 1_000
    }

    /// Network totals so far.
    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// Records a line for every event from here on, see [`World::trace`].
    pub fn keep_trace(&mut self) {
        self.trace.keep();
    }

    /// Prints a line for every event from here on.
    pub fn print_trace(&mut self) {
        self.trace.print();
    }

    /// The recorded lines.
    pub fn trace(&self) -> &str {
        self.trace.kept()
    }

    /// Gives the driver a fault from here on.
    pub fn break_driver(&mut self, fault: Fault) {
        self.fault = Some(fault);
    }

    /// Lets time pass.
    ///
    /// # Errors
    /// The first property that breaks.
    pub fn run_ms(&mut self, ms: u64) -> Story {
        self.run_until_us(self.queue.now_us().saturating_add(ms.saturating_mul(1_000)))
    }

    pub(crate) fn run_until_us(&mut self, until_us: u64) -> Story {
        let (mut stood, mut since_us) = (0u64, self.queue.now_us());
        while self.watch.broken.is_none()
            && let Some(event) = self.queue.take(until_us)
        {
            self.happen(event);
            stood = if since_us == self.queue.now_us() { stood + 1 } else { 0 };
            since_us = self.queue.now_us();
            if stood > STANDSTILL {
                self.watch.break_off("time goes on", "the clock stands still while events continue".into());
            }
        }
        self.verdict()
    }

    /// The first property that broke so far.
    pub(crate) fn verdict(&self) -> Story {
        match &self.watch.broken {
            None => Ok(()),
            Some((property, sentence)) => Err(self.violation(property, sentence.clone())),
        }
    }

    pub(crate) fn violation(&self, property: &'static str, sentence: String) -> Violation {
        let (seed, at_us, test) = (self.setup.seed, self.queue.now_us(), self.test.clone());
        Violation { property, sentence, seed, at_us, test }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrive { to, from, link, frame } => self.arrive(to, from, link, *frame),
            Event::Knock { dialler, process, dialled } => self.knock(dialler, process, dialled),
            Event::GiveUp { dialler, process, dialled } => self.give_up(dialler, process, dialled),
            Event::Silence { at, other, link } => self.silence(at, other, link),
            Event::Turn { peer, process } => {
                if let Some(process) = self.peers[peer as usize].process_numbered(process) {
                    process.turn_due = false;
                    self.turn(peer);
                }
            }
            Event::Wake { peer, process } => self.wake(peer, process),
            Event::Serve { peer, process, serving } => self.serve_on(peer, process, serving),
        }
    }

    /// The clocks of a peer.
    pub(crate) fn clock(&self, peer: Index) -> Now {
        self.clock_at(peer, self.queue.now_us())
    }

    /// The clocks of a peer at a given time.
    pub(crate) fn clock_at(&self, peer: Index, at_us: u64) -> Now {
        let ticks_ms = at_us / 1_000;
        let wall_ms = (BEGIN_MS + ticks_ms).saturating_add_signed(self.peers[peer as usize].clock_ms);
        Now { ticks_ms, wall_ms }
    }

    /// An unused number.
    pub(crate) fn number(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    pub(crate) fn process(&self, peer: usize) -> Option<&Process> {
        self.peers[peer].process.as_ref()
    }

    /// Counts a sent frame.
    pub(crate) fn count_sent(&mut self, from: Index, frame: &Frame, bytes: usize) {
        let is_proof = matches!(frame, Frame::Fork { .. });
        self.traffic.proofs += u64::from(is_proof && self.peers[from as usize].nature == crate::Nature::Honest);
        self.traffic.frames += 1;
        self.traffic.bytes += bytes as u64;
        if let Frame::Push(Push { runs, .. }) = frame {
            self.traffic.copies += runs.iter().map(|run| run.last() - run.first() + 1).sum::<u64>();
        }
    }
}

/// Derives thirty-two random-looking bytes from two numbers.
pub(crate) fn scatter(one: u64, other: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    let mut state = mix(one) ^ other;
    for chunk in bytes.chunks_exact_mut(8) {
        state = mix(state.wrapping_add(1));
        chunk.copy_from_slice(&state.to_be_bytes());
    }
    bytes
}

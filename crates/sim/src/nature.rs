//! How peers lie. A liar's engine is honest; its frames are changed on the way out.

use rumormill_proto::{
    admit::Author,
    content::{Content, Text},
    entry::{Body, Kind, LogKey, RawEntry},
    frame::{Frame, Heads, Push},
    frontier::Frontier,
    ids::EntryId,
    limits::{MENTIONS, SHUFFLE_PEERS},
    rumor::delegating::NOBODY,
    run::RawRun,
    time::Time,
};

use crate::{
    fault::Fault,
    peer::contact,
    queue::Index,
    world::{BEGIN_MS, World, scatter},
};

/// How a peer behaves towards other peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// Follows the protocol.
    Honest,
    /// Accepts links and frames, and sends nothing.
    Mute,
    /// Flips a bit in every signature it sends.
    Forger,
    /// Writes two logs with one key, and shows one to half of its peers and the other to the rest.
    Forker,
    /// Sends everything many times.
    Flooder,
    /// Claims to hold a thousand more entries of every log, and logs that do not exist.
    Boaster,
    /// Claims the largest possible length for every log, including its receiver's own.
    Usurper,
    /// Sends frames as an honest peer does, and entries besides that a story writes by hand under its key.
    Hand,
    /// Claims to hold nothing, whatever it received.
    Denier,
    /// Claims to hold exactly what the asking peer holds.
    Flatterer,
    /// Sends every rumor that it hears back to everybody.
    Parrot,
    /// Adds to each frame an entry under a new key, 4,096 times in all.
    Legion,
    /// Proves ever lower forks of its own log.
    Undercutter,
    /// Sends what everybody holds as evidence, again and again.
    Accuser,
    /// One of many false peers under one will: dials every peer it hears of, accepts everything, answers that it was
    /// new, passes nothing on, and mentions only other false peers.
    False,
}

impl Nature {
    /// All ways in which a single peer lies.
    pub const LIARS: [Self; 12] = [
        Self::Mute,
        Self::Forger,
        Self::Forker,
        Self::Flooder,
        Self::Boaster,
        Self::Usurper,
        Self::Denier,
        Self::Flatterer,
        Self::Parrot,
        Self::Legion,
        Self::Undercutter,
        Self::Accuser,
    ];
}

/// How many times a flooder sends each frame.
const FLOOD: usize = 32;

/// Authors that legions invent in one world. Every frame makes more, so without this bound they would exceed what a
/// room keeps; the `crowd` study covers full rooms.
const LEGION: usize = 4_096;

/// Entries and logs that a boaster invents.
const BOAST: u64 = 1_000;

/// Length that a usurper claims for every log.
const ALL: u64 = 1 << 47;

/// Heads of invented logs in one announcement.
const BOASTED: u64 = 100;

impl World {
    /// Whether a peer sends exactly what its engine says.
    pub(crate) fn is_true(&self, peer: Index) -> bool {
        self.peers[peer as usize].nature == Nature::Honest && self.fault != Some(Fault::Corrupts)
    }

    /// The frames sent in place of one frame.
    pub(crate) fn lies(&mut self, from: Index, to: Index, frame: Frame) -> Vec<Frame> {
        match self.peers[from as usize].nature {
            Nature::Mute => Vec::new(),
            Nature::Forger => vec![with_runs(frame, forged)],
            Nature::Honest if self.fault == Some(Fault::Corrupts) => vec![with_runs(frame, forged)],
            Nature::Honest | Nature::Parrot | Nature::Hand => vec![frame],
            Nature::Forker if to.is_multiple_of(2) => vec![frame],
            Nature::Forker => {
                let (room, author) = (self.room, Author::from_secret(&self.peers[from as usize].home.author_secret));
                let other = |run: &RawRun| {
                    let entries = run.entries().iter().map(other_words).collect();
                    let own = run.author() == author.id();
                    let signed = own.then(|| author.sign(&room, run.first(), run.prev(), entries));
                    signed.and_then(Result::ok).unwrap_or_else(|| run.clone())
                };
                vec![with_runs(frame, other)]
            }
            Nature::Flooder => vec![frame.clone(); if is_answer(&frame) { 1 } else { FLOOD }],
            Nature::Boaster => self.boast(frame),
            Nature::Usurper => vec![usurped(frame)],
            Nature::Denier => vec![denial(frame)],
            Nature::Legion if self.strangers == LEGION => vec![frame],
            Nature::Legion => {
                self.strangers += 1;
                let runs = self.strangers(1);
                vec![frame, self.push_of(runs)]
            }
            Nature::Undercutter => self.undercut(from, frame),
            Nature::Accuser => self.accuse(from, frame),
            Nature::False => self.falsified(frame).into_iter().collect(),
            Nature::Flatterer => match (frame, self.process(to as usize)) {
                (Frame::Status { answer, .. }, Some(process)) => {
                    vec![Frame::Status { digest: process.engine.frontier().digest(), answer }]
                }
                (frame, _) => vec![frame],
            },
        }
    }

    /// What a false peer sends in place of a frame. It never begins a comparison; in those of others it claims to hold
    /// the same, or stays silent.
    fn falsified(&mut self, frame: Frame) -> Option<Frame> {
        match frame {
            Frame::Hello(_) | Frame::Known { .. } | Frame::Status { answer: true, .. } => Some(frame),
            Frame::Ack { pushes } => {
                Some(Frame::Ack { pushes: pushes.into_iter().map(|(push, _)| (push, true)).collect() })
            }
            Frame::Shuffle { answer, .. } => {
                let false_ones = self.peers.iter().filter(|peer| peer.nature == Nature::False);
                let names = false_ones.map(|peer| peer.home.id).collect();
                let told = self.random.sample(names, SHUFFLE_PEERS);
                Some(Frame::Shuffle { peers: told.into_iter().map(contact).collect(), answer })
            }
            _ => None,
        }
    }

    /// Lines, each by a new author.
    pub(crate) fn strangers(&mut self, count: usize) -> Vec<RawRun> {
        let (room, wall_ms) = (self.room, BEGIN_MS + self.now_ms());
        let line = |_| {
            let author = Author::from_secret(&scatter(self.setup.seed ^ 6, self.number()));
            let (seen, body) = (Vec::new(), Body::Here("one more of us".into()));
            let entry = RawEntry { time: Time::from_ms(wall_ms), seen, kind: Kind::TEXT, body };
            author.sign(&room, 0, EntryId::default(), vec![entry]).ok()
        };
        (0..count).filter_map(line).collect()
    }

    /// A push of runs whose receiver has no part to pass on to.
    pub(crate) fn push_of(&mut self, runs: Vec<RawRun>) -> Frame {
        Frame::Push(Push { push: self.number(), part: NOBODY, hops: 1, runs })
    }

    /// A hand-written entry by a peer's own author that mentions as many of these authors as possible.
    pub(crate) fn mention(&mut self, peer: usize, named: &[RawRun]) -> Option<RawRun> {
        let author = Author::from_secret(&self.peers[peer].home.author_secret);
        let (seq, prev) = self.by_hand;
        let mentions: Vec<_> = named.iter().take(MENTIONS).map(RawRun::author).collect();
        let text = Text { text: "all of us".into(), reply_to: None, mentions };
        let (kind, body) = Content::Text(text).encode().ok()?;
        let time = Time::from_ms(BEGIN_MS + self.now_ms());
        let entry = RawEntry { time, seen: Vec::new(), kind, body: Body::Here(body) };
        let id = LogKey::new(&self.room, &author.id()).id(seq, &prev, &entry, &mut Vec::new());
        self.by_hand = (seq + 1, id);
        author.sign(&self.room, seq, prev, vec![entry]).ok()
    }

    fn boast(&mut self, frame: Frame) -> Vec<Frame> {
        let more = |(author, seq): (u64, u64)| (author, seq + BOAST);
        match frame {
            Frame::Known { next } => vec![Frame::Known { next: next + BOAST }],
            Frame::Have { heads } => vec![Frame::Have { heads: heads.into_iter().map(more).collect() }],
            Frame::Status { digest, answer } => vec![Frame::Status { digest: digest.map(|byte| !byte), answer }],
            Frame::Heads(mut heads) => {
                heads.heads.iter_mut().for_each(|brief| brief.next += BOAST);
                vec![Frame::Heads(heads)]
            }
            push @ Frame::Push(_) => {
                let heads = (0..BOASTED).map(|seq| (self.random.number(), seq)).collect();
                vec![push, Frame::Have { heads }]
            }
            other => vec![other],
        }
    }
}

/// Whether a frame is an answer: a flooder that repeated its answers to answers would fill the world.
fn is_answer(frame: &Frame) -> bool {
    match frame {
        Frame::Status { answer, .. } | Frame::Shuffle { answer, .. } => *answer,
        Frame::Push(_) | Frame::Pull | Frame::Want(_) | Frame::Have { .. } | Frame::Fork { .. } => false,
        _ => true,
    }
}

fn usurped(frame: Frame) -> Frame {
    match frame {
        Frame::Known { .. } => Frame::Known { next: ALL },
        Frame::Have { heads } => Frame::Have { heads: heads.into_iter().map(|(author, _)| (author, ALL)).collect() },
        Frame::Status { digest, answer } => Frame::Status { digest: digest.map(|byte| !byte), answer },
        Frame::Heads(mut heads) => {
            heads.heads.iter_mut().for_each(|brief| brief.next = ALL);
            Frame::Heads(heads)
        }
        other => other,
    }
}

fn denial(frame: Frame) -> Frame {
    match frame {
        Frame::Known { .. } => Frame::Known { next: 0 },
        Frame::Status { answer, .. } => Frame::Status { digest: Frontier::default().digest(), answer },
        Frame::Heads(heads) => Frame::Heads(Heads { all: true, heads: Vec::new(), ..heads }),
        other => other,
    }
}

fn with_runs(frame: Frame, change: impl Fn(&RawRun) -> RawRun) -> Frame {
    let changed = |runs: Vec<RawRun>| runs.iter().map(&change).collect();
    match frame {
        Frame::Push(push) => Frame::Push(Push { runs: changed(push.runs), ..push }),
        Frame::Runs { want, runs } => Frame::Runs { want, runs: changed(runs) },
        other => other,
    }
}

fn forged(run: &RawRun) -> RawRun {
    let signature = run.signature().map(|signature| {
        let mut signature = *signature;
        signature[0] ^= 1;
        signature
    });
    let forged = RawRun::new(run.author(), run.first(), run.prev(), run.entries().to_vec(), signature);
    forged.unwrap_or_else(|_| run.clone())
}

fn other_words(entry: &RawEntry) -> RawEntry {
    RawEntry { body: Body::Here("I never said that".into()), ..entry.clone() }
}

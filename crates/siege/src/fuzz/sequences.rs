//! Sequences of hostile input for whole engines: nothing panics, everything stays within its bounds, an input has a
//! bounded number of outputs, and nothing is shown twice.

use bytes::Bytes;
use rumormill_proto::{
    entry::{Body, Kind, Seen},
    frame::{Brief, Contact, Frame, Heads, Hello, Push, Range, Ranges, Want},
    frontier::Branch,
    ids::{AuthorId, PeerId, Seq},
    input::{Import, Input},
    run::{RawRun, block_end},
};

use crate::{
    dice::Dice,
    engines::{BEGIN_MS, Engines, ROOM},
    pen::{Pen, forged},
};

/// Inputs of one sequence.
const STEPS: usize = 40;

/// Outputs of one input, and frames served for it: an input of the largest kind releases waiting runs, is announced on
/// a few links, and requests as many ranges as fit into one want.
pub const OUTPUTS: usize = 4_096;

/// The parts of sequences: runs signed once, because signing costs more than everything else.
pub struct Parts {
    runs: Vec<RawRun>,
    authors: Vec<AuthorId>,
    proofs: Vec<Bytes>,
}

impl Parts {
    /// The logs of a few authors, with forks, odd times, and causes that do not exist.
    pub fn new() -> Self {
        let mut dice = Dice::new(7);
        let mut parts = Self { runs: Vec::new(), authors: Vec::new(), proofs: Vec::new() };
        for number in 0..6 {
            let mut pen = Pen::new(ROOM, number, BEGIN_MS - 1_000);
            parts.authors.push(pen.id());
            let mut twin = None;
            for _ in 0..24 {
                if dice.below(6) == 0 {
                    twin = Some(pen.clone());
                }
                if dice.below(12) == 0 {
                    pen.at(*dice.pick(&[BEGIN_MS + 119_900, BEGIN_MS + 10_000_000]));
                }
                let run = write(&mut pen, &parts.authors, &mut dice);
                parts.runs.push(run);
                if let Some(twin) = &mut twin
                    && dice.below(2) == 0
                {
                    let run = write(twin, &parts.authors, &mut dice);
                    parts.runs.push(run);
                }
            }
        }
        let mut door = rumormill_proto::admit::Admission::new(ROOM);
        for (at, run) in parts.runs.iter().enumerate() {
            let others = parts.runs[..at].iter().filter(|other| other.author() == run.author());
            let made = others.filter_map(|other| rumormill_proto::fork::Proof::new(&mut door, run, other).ok());
            parts.proofs.extend(made.map(|proof| proof.wire().clone()).take(1));
        }
        assert!(parts.proofs.len() > 3, "some logs are forked");
        parts
    }

    fn run(&self, dice: &mut Dice) -> RawRun {
        let run = dice.pick(&self.runs);
        match dice.below(24) {
            0 => forged(run),
            1 => run.without_bodies().unwrap(),
            2 => RawRun::new(run.author(), run.first(), run.prev(), run.entries().to_vec(), None).unwrap(),
            _ => run.clone(),
        }
    }

    fn some_runs(&self, dice: &mut Dice) -> Vec<RawRun> {
        (0..=dice.below(4)).map(|_| self.run(dice)).collect()
    }

    fn prefix(&self, dice: &mut Dice) -> u64 {
        match dice.below(4) {
            0 => dice.edge(),
            _ => dice.pick(&self.authors).prefix(),
        }
    }
}

impl Default for Parts {
    fn default() -> Self {
        Self::new()
    }
}

fn write(pen: &mut Pen, authors: &[AuthorId], dice: &mut Dice) -> RawRun {
    let room_in_block = block_end(pen.next) + 1 - pen.next;
    let count = (1 + dice.below(3) as u64 * dice.below(20) as u64).min(room_in_block);
    let entry = |dice: &mut Dice| {
        let mut seen: Seen = Vec::new();
        let own = pen.id();
        if dice.below(3) == 0 {
            let other = *dice.pick(authors);
            seen.extend((other != own).then(|| (other, dice.below(40) as Seq)));
        }
        if dice.below(40) == 0 {
            seen = vec![(AuthorId([dice.number() as u8; 32]), dice.number() % (1 << 47))];
        }
        let kind = Kind::new(1 + dice.below(12) as u8).unwrap();
        let body: Vec<u8> = (0..dice.below(40)).map(|_| dice.number() as u8).collect();
        (seen, kind, Body::Here(body.into()))
    };
    let entries = (0..count).map(|_| entry(dice)).collect();
    pen.write(entries)
}

fn seq(dice: &mut Dice) -> Seq {
    match dice.below(3) {
        0 => dice.edge().min(1 << 48),
        _ => dice.below(100) as Seq,
    }
}

fn frame(parts: &Parts, dice: &mut Dice) -> Frame {
    let few = dice.below(5);
    match dice.below(18) {
        0 => Frame::Hello(Hello { author: *dice.pick(&parts.authors), wall_ms: BEGIN_MS ^ dice.edge() }),
        1 => Frame::Known { next: seq(dice) },
        2..=4 => {
            let runs = parts.some_runs(dice);
            Frame::Push(Push { push: dice.edge(), part: dice.below(256) as u8, hops: dice.below(256) as u8, runs })
        }
        5 => Frame::Ack { pushes: (0..few).map(|_| (dice.edge(), dice.below(2) == 0)).collect() },
        6 => Frame::Pull,
        7 => Frame::Have { heads: (0..few * 50).map(|_| (parts.prefix(dice), seq(dice))).collect() },
        8 => Frame::Status { digest: [dice.number() as u8; 16], answer: dice.below(2) == 0 },
        9 => {
            let branch = Branch::new(dice.below(4) as u8, 0).unwrap();
            Frame::Ranges(Ranges { salt: dice.number() as u32, branch, prints: [dice.number() as u32; Branch::FANOUT] })
        }
        10 | 11 => {
            let head = |dice: &mut Dice| Brief {
                author: parts.prefix(dice),
                next: seq(dice),
                check: dice.number() as u32,
                cut: (dice.below(8) == 0).then(|| seq(dice)),
            };
            let branch = Branch::new(0, 0).unwrap();
            Frame::Heads(Heads { branch, all: dice.below(2) == 0, heads: (0..few * 50).map(|_| head(dice)).collect() })
        }
        12 => {
            let range = |dice: &mut Dice| {
                let (one, other) = (seq(dice), seq(dice));
                Range { author: parts.prefix(dice), first: one.min(other), last: one.max(other) }
            };
            let ranges = (0..few * 50).map(|_| range(dice)).collect();
            Frame::Want(Want { want: dice.edge().max(1), newest: dice.edge() as u32, ranges })
        }
        13 => Frame::Runs { want: dice.edge(), runs: parts.some_runs(dice) },
        14 => Frame::Done { want: dice.edge() },
        15 => Frame::Evidence { run: parts.run(dice).without_bodies().unwrap() },
        16 => {
            let mut proof = dice.pick(&parts.proofs).to_vec();
            if dice.below(3) == 0 {
                let at = dice.below(proof.len());
                proof[at] ^= 1;
            }
            Frame::Fork { proof: proof.into() }
        }
        _ => {
            let contact = |dice: &mut Dice| Contact {
                peer: PeerId([dice.number() as u8; 32]),
                address: vec![dice.number() as u8; dice.below(20)].into(),
            };
            Frame::Shuffle { peers: (0..few * 8).map(|_| contact(dice)).collect(), answer: dice.below(2) == 0 }
        }
    }
}

/// The largest effect of any input of many sequences.
#[derive(Clone, Copy, Debug, Default)]
pub struct Most {
    /// Outputs of one input.
    pub outputs: usize,
    /// The sequence of that input.
    pub seed: u64,
    /// Number of inputs in all.
    pub inputs: u64,
}

/// Runs these sequences.
///
/// # Panics
/// When one breaks a bound; the message names its seed.
pub fn run(seeds: impl Iterator<Item = u64>) -> Most {
    let parts = Parts::new();
    let mut most = Most::default();
    for seed in seeds {
        let (outputs, inputs) = play(&parts, seed);
        most.inputs += inputs;
        if outputs > most.outputs {
            (most.outputs, most.seed) = (outputs, seed);
        }
    }
    most
}

fn play(parts: &Parts, seed: u64) -> (usize, u64) {
    let mut dice = Dice::new(seed);
    let mut stage = Engines::new(seed);
    let honest = [stage.join(), stage.join()];
    let peers = honest.map(|at| stage.honest[at].peer);
    stage.link(peers[0], peers[1]);
    let mut hostile: Vec<PeerId> = (0..2).map(|number| stage.hostile(number)).collect();
    let mut number = 2;
    hostile.iter().for_each(|peer| stage.link(*peer, peers[0]));
    for _ in 0..STEPS {
        let to = *dice.pick(&honest);
        let from = *dice.pick(&hostile);
        match dice.below(32) {
            0 => stage.link(from, peers[to]),
            1 => stage.unlink(from, peers[to]),
            2 | 3 => stage.say(to, "an honest word"),
            4 => stage.run_ms(dice.below(6_000) as u64),
            5 => {
                let runs = parts.some_runs(&mut dice);
                stage.input(to, Input::Import(Import { proofs: vec![dice.pick(&parts.proofs).clone()], runs }));
            }
            6 => _ = stage.input(to, Input::Unreachable { peer: from }),
            7..=10 => stage.run_ms(dice.below(20) as u64),
            _ => {
                let frame = frame(parts, &mut dice);
                // A barred peer returns under another key.
                if !stage.is_linked(to, &from) {
                    number += 1;
                    let fresh = stage.hostile(number);
                    hostile[dice.below(2)] = fresh;
                    stage.link(fresh, peers[to]);
                    stage.says(fresh, to, frame);
                } else {
                    stage.says(from, to, frame);
                }
            }
        }
        for at in honest {
            assert_eq!(stage.excess(at), 0, "seed {seed}: {:?}", stage.honest[at].engine.sizes());
            let outputs = stage.honest[at].most_outputs;
            assert!(outputs <= OUTPUTS, "seed {seed}: {outputs} outputs of one input");
        }
    }
    assert_eq!(stage.shown_twice(), 0, "seed {seed}: an entry was shown twice");
    let outputs = honest.iter().map(|at| stage.honest[*at].most_outputs).max().unwrap_or(0);
    (outputs, honest.iter().map(|at| stage.honest[*at].inputs).sum())
}

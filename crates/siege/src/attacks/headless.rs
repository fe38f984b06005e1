//! V11: entries high up in a log with nothing below, and entries that name things which do not exist.

use rumormill_proto::{
    frame::{Brief, Frame, Heads},
    frontier::Branch,
    ids::{PeerId, Seq},
    limits::{IN_VAIN_MS, SPANS},
    run::RawRun,
};

use crate::{
    Attack, Bound, Form, Outcome,
    engines::{BEGIN_MS, Engines, ROOM, push},
    pen::Pen,
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "V11",
    name: "headless",
    says: "a member signs entries from seq 10^9 up, each far above the last with nothing below, or with causes that \
        nobody has; memory stays flat, and honest lines pass at once",
    defences: &["rest", "in-vain"],
    run,
};

/// What the liars sign.
#[derive(Clone, Copy)]
struct Kind {
    says: &'static str,
    /// Distance of two entries in seqs; 1 is a log without gaps.
    apart: Seq,
    /// Number of accomplices, each with a log.
    authors: u64,
    /// The announced seq, above which a node is far behind.
    first: Seq,
    /// Whether entries name things that nobody has, and the accomplices name each other.
    names: bool,
    /// Number of honest peers served.
    served: usize,
    /// Whether the liar leaves once it has served.
    leaves: bool,
}

const FAR: Kind = Kind {
    says: "1,000 apart",
    apart: 1_000,
    authors: 1,
    first: 1_000_000_000,
    names: false,
    served: 1,
    leaves: false,
};

const KINDS: [Kind; 8] = [
    FAR,
    Kind { says: "2 apart", apart: 2, ..FAR },
    Kind { says: "10^6 apart", apart: 1_000_000, ..FAR },
    Kind { says: "1,000 apart, by three accomplices", authors: 3, ..FAR },
    Kind { says: "1,000 apart, by a peer that leaves", leaves: true, ..FAR },
    Kind { says: "1,000 apart, to all", served: usize::MAX, ..FAR },
    Kind { says: "no gap, but causes that nobody has", apart: 1, first: 0, names: true, ..FAR },
    Kind { says: "1,000 apart, by accomplices who name each other", authors: 3, names: true, ..FAR },
];

/// Milliseconds within which all honest peers show an honest line: a frame takes one.
const WITHIN_MS: u64 = 500;

/// Milliseconds after which all honest peers hold the same of these logs.
const EQUAL_MS: u64 = 3 * IN_VAIN_MS;

fn run(form: Form) -> Outcome {
    let mut outcome = Outcome::default();
    pushed(form, &mut outcome);
    KINDS.iter().for_each(|kind| served(*kind, form, &mut outcome));
    outcome
}

/// Entries pushed as rumors.
fn pushed(form: Form, outcome: &mut Outcome) {
    let mut stage = Engines::mesh(1, 2);
    let (hostile, peer) = (stage.hostile(1), stage.honest[0].peer);
    stage.link(hostile, peer);
    let mut pen = Pen::new(ROOM, 1, BEGIN_MS);
    pen.next = FAR.first;
    let id = pen.id();
    for number in 0..form.pick(500, 100_000) {
        let run = pen.line("from nowhere");
        pen.next += FAR.apart;
        stage.says(hostile, 0, push(number, run));
    }
    stage.say(0, "an honest word");
    stage.run_ms(5_000);
    let pieces = stage.honest[0].engine.frontier().log(&id).map_or(0, |log| log.spans().len() as u64);
    outcome.count("pieces of that log held", pieces, Bound::AtMost(SPANS as u64));
    outcome.count("entries past any bound", stage.excess(0), Bound::Is(0));
    outcome.count("outputs of one input", stage.honest[0].most_outputs as u64, Bound::AtMost(64));
    outcome.count("peers that received the honest line", stage.shown("an honest word"), Bound::Is(2));
}

/// Entries announced, and served on request, while honest people talk.
fn served(kind: Kind, form: Form, outcome: &mut Outcome) {
    let mut stage = Engines::mesh(2, 3);
    let liar = stage.hostile(1);
    let served = kind.served.min(stage.honest.len());
    (0..served).for_each(|at| stage.link(liar, stage.honest[at].peer));
    let mut pens: Vec<Pen> = (0..kind.authors).map(|number| Pen::new(ROOM, number, BEGIN_MS)).collect();
    pens.iter_mut().for_each(|pen| pen.next = kind.first);
    announce(&mut stage, liar, served, &pens);
    let words = form.pick(20, 400);
    for word in 0..words {
        stage.run_ms(5);
        answer(&mut stage, liar, &mut pens, kind);
        stage.run_ms(5);
        if kind.leaves && word == words / 2 {
            (0..served).for_each(|at| stage.unlink(liar, stage.honest[at].peer));
        }
        stage.say((word % 2) as usize, &word.to_string());
        stage.run_ms(990);
        announce(&mut stage, liar, served, &pens);
    }
    let late =
        (0..words).filter(|word| stage.took_ms(&word.to_string()).is_none_or(|ms| ms > WITHIN_MS)).count() as u64;
    outcome.count(format!("{}: honest lines not shown by all at once", kind.says), late, Bound::Is(0));
    (0..served).for_each(|at| stage.unlink(liar, stage.honest[at].peer));
    stage.run_ms(EQUAL_MS);
    stage.say(0, "in the end");
    stage.run_ms(WITHIN_MS);
    outcome.count(format!("{}: peers that receive the last line", kind.says), stage.shown("in the end"), Bound::Is(3));
    outcome.count(format!("{}: digests", kind.says), stage.digests(), Bound::Is(1));
    let excess = (0..3).map(|at| stage.excess(at)).max().unwrap_or(0);
    outcome.count(format!("{}: entries past any bound", kind.says), excess, Bound::Is(0));
}

fn announce(stage: &mut Engines, liar: PeerId, served: usize, pens: &[Pen]) {
    let brief = |pen: &Pen| Brief { author: pen.id().prefix(), next: 2_000_000_000, check: 7, cut: None };
    let mut heads: Vec<Brief> = pens.iter().map(brief).collect();
    heads.sort_by_key(|brief| brief.author);
    let heads = Heads { branch: Branch::ROOT, all: false, heads };
    (0..served).for_each(|at| _ = stage.says(liar, at, Frame::Heads(heads.clone())));
}

/// Answers each request with a hundred entries, in one frame.
fn answer(stage: &mut Engines, liar: PeerId, pens: &mut [Pen], kind: Kind) {
    let asked = stage.heard(liar);
    let runs: Vec<RawRun> = pens.iter_mut().flat_map(|pen| batch(pen, 100 / kind.authors, kind)).collect();
    for (from, frame) in asked {
        let Frame::Want(want) = frame else { continue };
        let Some(at) = stage.honest.iter().position(|honest| honest.peer == from) else { continue };
        stage.says(liar, at, Frame::Runs { want: want.want, runs: runs.clone() });
        stage.says(liar, at, Frame::Done { want: want.want });
    }
}

fn batch(pen: &mut Pen, count: u64, kind: Kind) -> Vec<RawRun> {
    let line = |_| {
        let other = Pen::new(ROOM, (pen.next / kind.apart + 1) % kind.authors.max(2), BEGIN_MS).id();
        let seen = if kind.names && other != pen.id() { vec![(other, pen.next + 1_000_000)] } else { vec![] };
        let run = pen.line_seen("from nowhere", seen);
        pen.next += kind.apart - 1;
        run
    };
    (0..count).map(line).collect()
}

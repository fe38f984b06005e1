//! V11: entries far up in a log, of which nothing below exists, and others of which what they name does not exist.

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

/// The row.
pub(super) const ATTACK: Attack = Attack {
    threat: "V11",
    name: "headless",
    says: "a member signs entries from seq 10^9 up, each far above the last and with nothing below, or after what nobody \
           has; memory stays flat, and honest words pass at once, whatever was shown of them",
    defences: &["rest", "in-vain"],
    run,
};

/// What the liars sign.
#[derive(Clone, Copy)]
struct Kind {
    says: &'static str,
    /// Seqs between two entries; 1 is a log without a gap.
    apart: Seq,
    /// Accomplices, each with a log.
    authors: u64,
    /// What is announced, above which a node is far behind.
    first: Seq,
    /// Whether entries name what nobody has, and the accomplices each other.
    names: bool,
    /// How many of the honest peers are served.
    served: usize,
    /// Whether the liar goes once it has served.
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
    Kind { says: "1,000 apart, by one who leaves", leaves: true, ..FAR },
    Kind { says: "1,000 apart, to all", served: usize::MAX, ..FAR },
    Kind { says: "no gap, but causes that nobody has", apart: 1, first: 0, names: true, ..FAR },
    Kind { says: "1,000 apart, by accomplices who name each other", authors: 3, names: true, ..FAR },
];

/// Milliseconds within which an honest word is shown by all that are honest: a frame takes one.
const WITHIN_MS: u64 = 500;

/// Milliseconds after which all honest peers hold the same of these logs.
const EQUAL_MS: u64 = 3 * IN_VAIN_MS;

fn run(form: Form) -> Outcome {
    let mut outcome = Outcome::default();
    pushed(form, &mut outcome);
    KINDS.iter().for_each(|kind| served(*kind, form, &mut outcome));
    outcome
}

/// Pushed as rumors.
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
    outcome.count("past any bound", stage.excess(0), Bound::Is(0));
    outcome.count("outputs of one input", stage.honest[0].most_outputs as u64, Bound::AtMost(64));
    outcome.count("peers who heard the honest word", stage.shown("an honest word"), Bound::Is(2));
}

/// Announced, and served to whoever asks, while honest people talk.
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
    outcome.count(format!("{}: honest words not shown by all at once", kind.says), late, Bound::Is(0));
    (0..served).for_each(|at| stage.unlink(liar, stage.honest[at].peer));
    stage.run_ms(EQUAL_MS);
    stage.say(0, "in the end");
    stage.run_ms(WITHIN_MS);
    outcome.count(format!("{}: peers who hear the last word", kind.says), stage.shown("in the end"), Bound::Is(3));
    outcome.count(format!("{}: digests", kind.says), stage.digests(), Bound::Is(1));
    let excess = (0..3).map(|at| stage.excess(at)).max().unwrap_or(0);
    outcome.count(format!("{}: past any bound", kind.says), excess, Bound::Is(0));
}

fn announce(stage: &mut Engines, liar: PeerId, served: usize, pens: &[Pen]) {
    let brief = |pen: &Pen| Brief { author: pen.id().prefix(), next: 2_000_000_000, check: 7, cut: None };
    let mut heads: Vec<Brief> = pens.iter().map(brief).collect();
    heads.sort_by_key(|brief| brief.author);
    let heads = Heads { branch: Branch::ROOT, all: false, heads };
    (0..served).for_each(|at| _ = stage.says(liar, at, Frame::Heads(heads.clone())));
}

/// A hundred entries to each who asks, in one frame.
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

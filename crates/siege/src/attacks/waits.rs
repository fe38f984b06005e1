//! C4, V11, L6: runs that wait for each other, for things that nobody has, and for entries far below them.

use rumormill_proto::{
    entry::{Body, Kind, Seen},
    ids::{AuthorId, PeerId},
    limits::{LACKS_OF_ONE, ORPHAN_MS, PENDING_RUNS, RUN_ENTRIES, SEEN_PAIRS},
};

use crate::{
    Attack, Bound, Form, Outcome,
    engines::{BEGIN_MS, Engines, ROOM, push},
    pen::Pen,
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "C4, V11, L6",
    name: "waits",
    says: "a thousand runs wait for each other in chains and breaking circles, fill the waiting list, and name \
        entries that nobody has; the work is proportional to the input, others' lines get through, and nothing remains",
    defences: &["pending-worklist", "pending-freed", "pending-shares", "pending-orphans"],
    run,
};

/// Steps allowed for each entry and each name that arrived. In a forest of a thousand one takes about ten.
const STEPS: u64 = 30;

fn run(form: Form) -> Outcome {
    let mut outcome = Outcome::default();
    let mut stage = Engines::mesh(1, 3);
    let [liar, other] = [1, 2].map(|number| stage.hostile(number));
    [liar, other].into_iter().for_each(|hostile| stage.link(hostile, stage.honest[0].peer));
    // An honest author's entry arrives before its cause, through another peer.
    let mut honest = Pen::new(ROOM, 0, BEGIN_MS);
    let (cause, effect) = (honest.line("the cause"), honest.line("the effect"));
    stage.says(other, 0, push(0, effect));
    circles(&mut stage, liar, &mut outcome);
    chain(&mut stage, liar, &mut outcome);
    high(&mut stage, liar, form.pick(1_500, 20_000), &mut outcome);
    stage.says(other, 0, push(1, cause));
    stage.say(1, "said meanwhile");
    stage.run_ms(12_000);
    outcome.count("peers that show the line that waited before the flood", stage.shown("the effect"), Bound::Is(3));
    outcome.count("peers that show the line said meanwhile", stage.shown("said meanwhile"), Bound::Is(3));
    names(&mut stage, liar, &mut outcome);
    stage.unlink(liar, stage.honest[0].peer);
    stage.run_ms(ORPHAN_MS + 10_000);
    outcome.count("waiting runs after it left", stage.size(0, "runs that wait"), Bound::Is(0));
    outcome.count("digests", stage.digests(), Bound::Is(1));
    outcome
}

fn work(stage: &Engines) -> u64 {
    stage.honest[0].engine.work()
}

/// A chain of runs, each by another author and naming the previous run.
fn chain(stage: &mut Engines, liar: PeerId, outcome: &mut Outcome) {
    let (before, count) = (work(stage), PENDING_RUNS as u64);
    let mut last = AuthorId([9; 32]);
    for number in 0..count {
        let mut pen = Pen::new(ROOM, 1_000 + number, BEGIN_MS);
        stage.says(liar, 0, push(number, pen.line_seen("x", vec![(last, 0)])));
        last = pen.id();
    }
    let steps = (work(stage) - before) / (2 * count);
    outcome.count("steps for each entry and name of a chain", steps, Bound::AtMost(STEPS));
}

/// A circle of runs that breaks whenever a shorter piece of one of them arrives.
fn circles(stage: &mut Engines, liar: PeerId, outcome: &mut Outcome) {
    let mut own = Pen::new(ROOM, 1, BEGIN_MS);
    stage.says(liar, 0, push(0, own.line("x")));
    let (before, count) = (work(stage), 200);
    let mut last = (own.id(), 1);
    for number in 0..count {
        let mut pen = Pen::new(ROOM, 10_000 + number, BEGIN_MS);
        stage.says(liar, 0, push(0, pen.line_seen("x", vec![last])));
        last = (pen.id(), 0);
    }
    let mut seen: Seen = vec![last, (AuthorId([0xff; 32]), 0)];
    seen.sort();
    let mut edges = 2 * count;
    for length in (1..RUN_ENTRIES).rev() {
        let mut entries = vec![(vec![], Kind::TEXT, Body::Here("x".into())); length];
        entries[0].0 = seen.clone();
        stage.says(liar, 0, push(0, own.clone().write(entries)));
        edges += length as u64 + 2;
    }
    outcome.count("steps for each of circles", (work(stage) - before) / edges, Bound::AtMost(STEPS));
}

/// Entries far above everything held of their logs.
fn high(stage: &mut Engines, liar: PeerId, count: u64, outcome: &mut Outcome) {
    let mut most = 0;
    for number in 0..count {
        let mut pen = Pen::new(ROOM, 100_000 + number, BEGIN_MS);
        pen.next = 1_000_000_000;
        stage.says(liar, 0, push(0, pen.line("x")));
        most = stage.size(0, "runs that wait").max(most);
    }
    outcome.count("runs that wait", most, Bound::AtMost(PENDING_RUNS as u64));
}

/// One run that names two thousand unknown authors.
fn names(stage: &mut Engines, liar: PeerId, outcome: &mut Outcome) {
    let mut pen = Pen::new(ROOM, 2, BEGIN_MS);
    stage.says(liar, 0, push(0, pen.line("x")));
    stage.run_ms(5_000);
    let named = |entry: usize| {
        let name = |pair: usize| {
            let mut id = [0xee; 32];
            id[..2].copy_from_slice(&((entry * SEEN_PAIRS + pair) as u16).to_be_bytes());
            (AuthorId(id), 0)
        };
        ((0..SEEN_PAIRS).map(name).collect(), Kind::TEXT, Body::Here("x".into()))
    };
    stage.says(liar, 0, push(0, pen.write((0..RUN_ENTRIES).map(named).collect())));
    let lacking = stage.size(0, "logs announced and not come");
    outcome.count("logs to request because one run names them", lacking, Bound::AtMost(LACKS_OF_ONE as u64));
}

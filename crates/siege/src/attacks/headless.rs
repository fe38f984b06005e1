//! V11: entries far up in a log, of which nothing below exists.

use crate::{
    Attack, Bound, Form, Outcome,
    engines::{BEGIN_MS, Engines, ROOM, push},
    pen::Pen,
};

/// The row.
pub(super) const ATTACK: Attack = Attack {
    threat: "V11",
    name: "headless",
    says: "a member signs entries from seq 10^9 up, each far above the last and with nothing below; memory stays flat, and \
           the log is held in a few pieces",
    defences: &[],
    run,
};

/// Seqs between two of them.
const APART: u64 = 1_000;

fn run(form: Form) -> Outcome {
    let mut stage = Engines::mesh(1, 2);
    let (hostile, peer) = (stage.hostile(1), stage.honest[0].peer);
    stage.link(hostile, peer);
    let mut pen = Pen::new(ROOM, 1, BEGIN_MS);
    pen.next = 1_000_000_000;
    let id = pen.id();
    for number in 0..form.pick(500, 100_000) {
        let run = pen.line("from nowhere");
        pen.next += APART;
        stage.says(hostile, 0, push(number, run));
    }
    stage.say(0, "an honest word");
    stage.run_ms(5_000);
    let mut outcome = Outcome::default();
    let pieces = stage.honest[0].engine.frontier().log(&id).map_or(0, |log| log.spans().len() as u64);
    outcome.count("pieces of that log held", pieces, Bound::AtMost(rumormill_proto::limits::SPANS as u64));
    outcome.count("past any bound", stage.excess(0), Bound::Is(0));
    outcome.count("outputs of one input", stage.honest[0].most_outputs as u64, Bound::AtMost(64));
    outcome.count("peers who heard the honest word", stage.shown("an honest word"), Bound::Is(2));
    outcome
}

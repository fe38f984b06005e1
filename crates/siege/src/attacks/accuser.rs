//! C7: evidence that proves nothing, and heads that needlessly contradict held ones.

use rumormill_proto::{
    frame::{Brief, Frame, Heads},
    frontier::Branch,
    limits::{BARREN_EVIDENCE, BLOCK, RECALLS_OF_ONE},
};

use crate::{
    Attack, Bound, Form, Outcome,
    engines::{BEGIN_MS, Engines, ROOM, push},
    pen::Pen,
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "C7",
    name: "accuser",
    says: "a member sends evidence that proves no fork, and contradicts correct heads; a real fork is proved all the \
        same",
    defences: &["questions", "evidence"],
    run,
};

fn run(form: Form) -> Outcome {
    let flood = form.pick(300, 10_000u64);
    let mut stage = Engines::mesh(1, 4);
    let liar = stage.hostile(1);
    stage.link(liar, stage.honest[0].peer);
    stage.run_ms(1_000);
    let mut pen = Pen::new(ROOM, 1, BEGIN_MS + 1_000);
    let runs: Vec<_> = (0..flood).map(|_| pen.line("what everybody holds")).collect();
    runs.iter().zip(0..).for_each(|(run, number)| _ = stage.says(liar, 0, push(number, run.clone())));
    stage.run_ms(20_000);
    stage.heard(liar);

    // A fork with each branch at two peers, which cannot discuss it yet.
    let mut here = Pen::new(ROOM, 2, BEGIN_MS + 30_000);
    let mut there = here.clone();
    for (at, run) in [(0, here.line("here")), (1, there.line("there"))] {
        let other = stage.hostile(10 + at);
        stage.link(other, stage.honest[at as usize].peer);
        stage.says(other, at as usize, push(1, run));
    }

    let (mut waiting, before) = (0, stage.honest[0].inputs);
    for run in runs.iter().take(BLOCK as usize * 4) {
        stage.says(liar, 0, Frame::Evidence { run: run.without_bodies().unwrap() });
        waiting = stage.size(0, "questions about forks").max(waiting);
    }
    for run in &runs {
        stage.says(liar, 0, Frame::Evidence { run: run.without_bodies().unwrap() });
        stage.run_ms(2);
        waiting = stage.size(0, "questions about forks").max(waiting);
    }
    let others = 200;
    let work = (stage.honest[0].inputs - before).saturating_sub(flood + BLOCK * 4);
    stage.heard(liar);
    for _ in 0..flood {
        let brief = Brief { author: pen.id().prefix(), next: pen.next, check: 0xbad, cut: None };
        stage.says(liar, 0, Frame::Heads(Heads { branch: Branch::ROOT, all: false, heads: vec![brief] }));
        stage.run_ms(2);
    }
    let shown = stage.heard(liar).iter().filter(|(_, said)| matches!(said, Frame::Evidence { .. })).count() as u64;
    let proved = stage
        .honest
        .iter()
        .filter(|honest| honest.engine.frontier().log(&here.id()).is_some_and(|log| log.cut().is_some()));

    let mut outcome = Outcome::default();
    outcome.count("honest peers that know of the real fork", proved.count() as u64, Bound::Is(4));
    outcome.count("waiting questions", waiting, Bound::AtMost(RECALLS_OF_ONE as u64 + 8));
    let barren = u64::from(BARREN_EVIDENCE) + RECALLS_OF_ONE as u64;
    outcome.count("inputs other than the liar's", work, Bound::AtMost(barren + others));
    outcome.count("times that the liar was sent what it contradicts", shown, Bound::AtMost(8));
    outcome
}

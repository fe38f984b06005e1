//! C5: peers that serve a room without other people's bodies.

use rumormill_proto::{frame::Frame, run::RawRun};

use crate::{
    Attack, Bound, Form, Outcome,
    engines::{BEGIN_MS, Engines, ROOM, push},
    pen::Pen,
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "C5",
    name: "blank",
    says: "a newcomer meets only peers that drop the bodies of others; then an honest peer joins",
    defences: &["bodies-wanted"],
    run,
};

const TEXT: &str = "kept by one";

fn run(form: Form) -> Outcome {
    let mut outcome = Outcome::default();
    let mut stage = Engines::new(1);
    let (keeper, newcomer) = (stage.join(), stage.join());
    let servers = [1, 2].map(|number| stage.hostile(number));
    let writer = stage.hostile(9);
    stage.link(writer, stage.honest[keeper].peer);
    servers.iter().for_each(|server| stage.link(*server, stage.honest[newcomer].peer));

    let mut pen = Pen::new(ROOM, 1, BEGIN_MS);
    let lines = form.pick(10, 500);
    for number in 1..=lines {
        let line = pen.line(TEXT);
        stage.says(writer, keeper, push(number, line.clone()));
        stage.says(servers[(number % 2) as usize], newcomer, push(number, bare(&line)));
    }
    stage.run_ms(10_000);
    outcome.count("bodies reported missing at the newcomer", stage.honest[newcomer].engine.missing(), Bound::Is(lines));

    // They are asked for the bodies, and have none.
    for server in servers {
        for (_, frame) in stage.heard(server) {
            if let Frame::Want(want) = frame {
                stage.says(server, newcomer, Frame::Done { want: want.want });
            }
        }
    }
    stage.link(stage.honest[newcomer].peer, stage.honest[keeper].peer);
    stage.run_ms(form.pick(60_000, 600_000));
    let texts = stage.texts(newcomer).iter().filter(|text| *text == TEXT).count() as u64;
    outcome.count("bodies the newcomer has after an honest peer joined", texts, Bound::Is(lines));
    outcome.count("bodies still reported missing", stage.honest[newcomer].engine.missing(), Bound::Is(0));
    outcome
}

fn bare(run: &RawRun) -> RawRun {
    run.without_bodies().expect("a run that was written here")
}

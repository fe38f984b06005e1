//! C5: peers that serve a room without other people's words.

use rumormill_proto::{frame::Frame, run::RawRun};

use crate::{
    Attack, Bound, Form, Outcome,
    engines::{BEGIN_MS, Engines, ROOM, push},
    pen::Pen,
};

/// The row.
pub(super) const ATTACK: Attack = Attack {
    threat: "C5",
    name: "blank",
    says: "all that a newcomer meets drop the words of others; then an honest peer comes",
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
    outcome.count("words the newcomer is told to miss", stage.honest[newcomer].engine.missing(), Bound::Is(lines));

    // They are asked for them, and have nothing.
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
    outcome.count("words the newcomer has once an honest peer came", texts, Bound::Is(lines));
    outcome.count("words still told to be missing", stage.honest[newcomer].engine.missing(), Bound::Is(0));
    outcome
}

fn bare(run: &RawRun) -> RawRun {
    run.without_bodies().expect("a run that was written here")
}

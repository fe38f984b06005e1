//! A peer that repairs and then pushes the same entries: a node that concludes that repairs are useless waits longer
//! with all.

use rumormill_proto::frame::Frame;

use crate::{
    Attack, Bound, Form, Outcome,
    engines::{BEGIN_MS, Engines, ROOM, push},
    pen::Pen,
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "C6",
    name: "late",
    says: "a peer serves entries unasked and pushes them afterwards; announcements of others are requested as soon as \
        before",
    defences: &["patience"],
    run,
};

fn run(form: Form) -> Outcome {
    let mut outcome = Outcome::default();
    let mut stage = Engines::mesh(1, 3);
    let (liars, friend) = ([1, 2].map(|number| stage.hostile(number)), stage.hostile(9));
    for peer in [liars[0], liars[1], friend] {
        stage.link(stage.honest[0].peer, peer);
    }
    let mut pen = Pen::new(ROOM, 1, BEGIN_MS);
    let mut asked = 0;
    let rounds = form.pick(5, 200);
    for round in 0..rounds {
        for number in 0..40 {
            let line = pen.line("x");
            stage.says(liars[0], 0, Frame::Runs { want: 0, runs: vec![line.clone()] });
            // One liar pushes what it served itself, and what the other served.
            stage.says(liars[number % 2], 0, push(number as u64, line));
        }
        stage.run_ms(100);
        stage.heard(friend);
        let other = Pen::new(ROOM, 1_000 + round, BEGIN_MS);
        stage.says(friend, 0, Frame::Have { heads: vec![(other.id().prefix(), 0)] });
        stage.run_ms(650);
        let wants = stage.heard(friend).into_iter().filter(|(_, frame)| matches!(frame, Frame::Want(_)));
        asked += u64::from(wants.count() > 0);
    }
    outcome.count("announcements requested within two round trips", asked, Bound::Is(rounds));
    outcome
}

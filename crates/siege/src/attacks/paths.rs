//! V13: entries that their author did not sign, by every path into a room.

use rumormill_proto::{
    admit::Admission,
    fork::Proof,
    frame::Frame,
    input::{Import, Input},
};

use crate::{
    Attack, Bound, Form, Outcome,
    engines::{BEGIN_MS, Engines, ROOM, push},
    pen::{Pen, forged},
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "V13",
    name: "paths",
    says: "an entry that its author did not sign arrives as a rumor, as an answer, in an export, as evidence and in a \
        proof; `admit` refuses it on every path",
    defences: &["signatures"],
    run,
};

fn run(_: Form) -> Outcome {
    let mut pen = Pen::new(ROOM, 1, BEGIN_MS);
    let mut twin = pen.clone();
    let (said, other) = (pen.line("said"), forged(&twin.line("never said")));
    // Two runs after their lengths, as in an encoded proof.
    let whole = Proof::new(&mut Admission::new(ROOM), &said, &Pen::new(ROOM, 1, BEGIN_MS + 5).line("a fork")).unwrap();
    let mut proof = whole.wire().to_vec();
    *proof.last_mut().unwrap() ^= 1;
    let paths = [
        push(1, other.clone()),
        Frame::Runs { want: 0, runs: vec![other.clone()] },
        Frame::Evidence { run: forged(&said).without_bodies().unwrap() },
        Frame::Fork { proof: proof.into() },
    ];
    let mut outcome = Outcome::default();
    let mut stage = Engines::mesh(1, 2);
    let peer = stage.honest[0].peer;
    let count = paths.len() as u64;
    for (number, frame) in paths.into_iter().enumerate() {
        let hostile = stage.hostile(number as u64);
        stage.link(hostile, peer);
        stage.says(hostile, 0, frame);
    }
    stage.input(0, Input::Import(Import { proofs: vec![], runs: vec![other] }));
    stage.run_ms(10_000);
    let forged = stage.honest.iter().map(|honest| honest.engine.frontier().len() as u64).max().unwrap_or(0);
    outcome.count("peers barred for it", stage.honest[0].barred.len() as u64, Bound::Is(count));
    outcome.count("logs of which anything is held", forged, Bound::Is(0));
    outcome
}

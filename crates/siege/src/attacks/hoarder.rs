//! V3: a member fills everybody's disk with valid entries.

use rumormill_proto::limits::BODY_BYTES;

use crate::{
    Attack, Bound, Form, Outcome,
    engines::{BEGIN_MS, Engines, ROOM, push},
    pen::Pen,
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "V3",
    name: "hoarder",
    says: "a member writes as much as it can; each node keeps only its share of those bodies and all bodies of \
        others, and all hold the same entries",
    defences: &["disk-share"],
    run,
};

/// Shares that the nodes allow, in bytes: two blocks of the largest bodies, three, and more than the attacker writes.
const SHARES: [u64; 3] = [1 << 20, 3 << 19, 1 << 40];

fn run(form: Form) -> Outcome {
    let mut stage = Engines::mesh(1, SHARES.len());
    for (at, share) in SHARES.iter().enumerate() {
        stage.shares(at, *share);
    }
    let hostile = stage.hostile(1);
    for at in 0..SHARES.len() {
        stage.link(hostile, stage.honest[at].peer);
    }
    let mut pen = Pen::new(ROOM, 1, BEGIN_MS);
    let flooder = pen.id();
    let (floods, words) = (form.pick(400, 8_000), form.pick(10, 100));
    for number in 0..floods {
        if number % (floods / words) == 0 {
            stage.say((number % 3) as usize, &format!("honest word {number}"));
        }
        let line = pen.line(&"x".repeat(BODY_BYTES));
        (0..SHARES.len()).for_each(|at| _ = stage.says(hostile, at, push(number, line.clone())));
        stage.run_ms(5);
    }
    stage.run_ms(60_000);
    let mut outcome = Outcome::default();
    for (at, share) in SHARES.iter().enumerate().take(2) {
        outcome.count(
            format!("bytes of the flooder kept by {at}"),
            stage.kept_bytes(at, &flooder),
            Bound::AtMost(*share),
        );
    }
    let all = floods * BODY_BYTES as u64;
    outcome.count("bytes kept by the node with space", stage.kept_bytes(2, &flooder), Bound::Is(all));
    for at in 0..SHARES.len() {
        let texts = stage.texts(at);
        let honest = texts.iter().filter(|text| text.starts_with("honest word")).count() as u64;
        outcome.count(format!("honest lines kept by {at}"), honest, Bound::Is(words));
        outcome.count(format!("reported missing at {at}"), stage.honest[at].engine.missing(), Bound::Is(0));
    }
    outcome.count("different digests", stage.digests(), Bound::Is(1));
    outcome
}

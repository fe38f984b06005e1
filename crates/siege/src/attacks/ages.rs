//! V12: entries from a hundred years ago and a hundred years ahead.

use crate::{
    Attack, Bound, Form, Outcome,
    engines::{BEGIN_MS, Engines, ROOM, push},
    pen::Pen,
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "V12",
    name: "ages",
    says: "entries are stamped a hundred years ahead and behind; no other entry moves, the ones ahead are not shown, \
        and later lines stand last",
    defences: &[],
    run,
};

const HUNDRED_YEARS_MS: u64 = 100 * 365 * 86_400_000;

fn run(_: Form) -> Outcome {
    let mut stage = Engines::mesh(1, 3);
    let (hostile, peer) = (stage.hostile(1), stage.honest[0].peer);
    stage.link(hostile, peer);
    stage.say(0, "one");
    stage.run_ms(2_000);
    let ahead = Pen::new(ROOM, 1, BEGIN_MS + HUNDRED_YEARS_MS).line("from the future");
    let last = Pen::new(ROOM, 2, (1 << 48) - 2).line("from the end");
    let behind = Pen::new(ROOM, 3, 1).line("from the past");
    for (number, run) in [ahead, last, behind].into_iter().enumerate() {
        stage.says(hostile, 0, push(number as u64, run));
    }
    stage.run_ms(2_000);
    stage.say(1, "two");
    stage.run_ms(20_000);
    let mut outcome = Outcome::default();
    for at in 0..3 {
        let texts = stage.texts(at);
        outcome.count("all in order", u64::from(texts == ["from the past", "one", "two"]), Bound::Is(1));
    }
    let last_ms = stage.honest[1].shown.last().map_or(u64::MAX, |(_, entry)| entry.time.ms());
    outcome.count(
        "milliseconds by which honest lines are ahead",
        last_ms.saturating_sub(BEGIN_MS),
        Bound::AtMost(60_000),
    );
    outcome.count("different digests", stage.digests(), Bound::Is(1));
    outcome
}

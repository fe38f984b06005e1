//! V10: frames that hold nothing, and frames that never end.

use crate::{
    Attack, Bound, Form, Outcome,
    nodes::besiege,
    rogue::{BARRED, Rogue},
};

/// The row.
pub(super) const ATTACK: Attack = Attack {
    threat: "V10",
    name: "empties",
    says: "a member says frames without content, another begins the largest frame and never ends it; the one is barred, the \
           other holds no more than that frame",
    defences: &[],
    run,
};

fn run(form: Form) -> Outcome {
    besiege(form, async |town, _| {
        let mut outcome = Outcome::default();
        let (mut held, mut barred) = (Vec::new(), 0);
        let peers = form.pick(2, 16);
        for _ in 0..peers {
            let rogue = Rogue::new(&town.nodes[0]).await;
            if let Some(mut wire) = rogue.member(&town.rooms[0]).await {
                wire.send(&[0; 64]).await;
                barred += u64::from(wire.closed().await == Some(BARRED));
            }
            rogue.endpoint.close().await;
            let rogue = Rogue::new(&town.nodes[0]).await;
            if let Some(mut wire) = rogue.member(&town.rooms[0]).await {
                // A length of 600,000 bytes, of which most come.
                wire.send(&[&[0xc0, 0xcf, 0x24][..], &[1; 500_000]].concat()).await;
                held.push((rogue, wire));
            }
        }
        outcome.count("peers barred for frames without content", barred, Bound::Is(peers));
        for (rogue, _) in held {
            rogue.endpoint.close().await;
        }
        outcome
    })
}

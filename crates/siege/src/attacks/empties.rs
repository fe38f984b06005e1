//! V10: empty envelopes, and envelopes that never end.

use crate::{
    Attack, Bound, Form, Outcome,
    nodes::{Homes, Town, besiege_with},
    rogue::{BARRED, Rogue},
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "V10",
    name: "empties",
    says: "one member sends empty envelopes, another begins the largest envelope and never ends it; the first is \
        barred, the second ties up no more than that envelope",
    defences: &[],
    run,
};

fn run(form: Form) -> Outcome {
    let peers = form.pick(2, 16);
    let prepare = async |town: &Town| {
        let mut pairs = Vec::new();
        for _ in 0..peers {
            pairs.push([Rogue::new(&town.nodes[0]).await, Rogue::new(&town.nodes[0]).await]);
        }
        pairs
    };
    besiege_with(form, Homes::Memory, prepare, async |town, _, pairs| {
        let mut outcome = Outcome::default();
        let (mut held, mut barred) = (Vec::new(), 0);
        for [one, other] in &pairs {
            if let Some(mut wire) = one.member(&town.rooms[0]).await {
                wire.send(&[0; 64]).await;
                barred += u64::from(wire.closed().await == Some(BARRED));
            }
            if let Some(mut wire) = other.member(&town.rooms[0]).await {
                // A length of 600,000 bytes, most of which arrive.
                wire.send(&[&[0xc0, 0xcf, 0x24][..], &[1; 500_000]].concat()).await;
                held.push(wire);
            }
        }
        outcome.count("peers barred for envelopes without content", barred, Bound::Is(peers));
        for rogue in pairs.iter().flatten() {
            rogue.endpoint.close().await;
        }
        outcome
    })
}

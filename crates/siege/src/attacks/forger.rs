//! V1, V2: invalid signatures, as fast as possible, from ever new keys.

use crate::{
    Attack, Bound, Form, Outcome,
    engines::push,
    nodes::besiege,
    pen::{Pen, forged},
    rogue::{BARRED, PRESENT, Rogue, wall_ms},
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "V1, V2",
    name: "forger",
    says: "members send invalid signatures, thousands a second, under ever new keys; each is barred at its first entry",
    defences: &["signatures", "bars"],
    run,
};

/// Runs that one connection sends without waiting for an answer.
const AT_ONCE: u64 = 500;

fn run(form: Form) -> Outcome {
    besiege(form, async |town, stop| {
        let mut outcome = Outcome::default();
        let (mut keys, mut barred, mut again) = (0, 0, 0);
        while keys < form.pick(3, 100) && (keys < 3 || !stop.is_set()) {
            keys += 1;
            let rogue = Rogue::new(&town.nodes[0]).await;
            let Some(mut wire) = rogue.member(&town.rooms[0]).await else { continue };
            let run = forged(&Pen::new(town.rooms[0].id(), keys, wall_ms()).line("never said"));
            for number in 0..AT_ONCE {
                if !wire.say(&push(number, run.clone())).await {
                    break;
                }
            }
            barred += u64::from(wire.closed().await == Some(BARRED));
            let back = rogue.connect(PRESENT).await;
            again += u64::from(match back {
                Some(wire) => wire.closed().await != Some(BARRED),
                None => false,
            });
            rogue.endpoint.close().await;
            if barred < keys || again > 0 {
                break;
            }
        }
        let held = town.rooms.iter().map(|room| room.status().authors).max().unwrap_or(0);
        outcome.count("keys barred at once", barred, Bound::Is(keys));
        outcome.count("keys let in again", again, Bound::Is(0));
        outcome.count("authors of forged entries held", held.saturating_sub(town.rooms.len()) as u64, Bound::Is(0));
        outcome
    })
}

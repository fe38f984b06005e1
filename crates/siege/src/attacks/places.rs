//! C2: strangers who know no room hold every place for strangers, with frames that mean nothing.

use rumormill_node::{Node, Settings};

use crate::{
    Attack, Bound, Form, Outcome,
    nodes::{PRESENT, Rogue, Wire, besiege, comes},
};

/// The row.
pub(super) const ATTACK: Attack = Attack {
    threat: "C2",
    name: "places",
    says: "strangers hold every place with frames that mean nothing, and come again; who has a ticket is in all the same",
    defences: &["strangers-yield"],
    run,
};

/// Strangers that hold places: more than a node has for them.
const STRANGERS: usize = rumormill_node::limits::STRANGERS + 8;

/// Why a node closes a connection whose place is wanted.
const FULL: u64 = 4;

/// A control of an unknown kind.
const NOTHING: [u8; 4] = [200, 1, 2, 3];

fn run(form: Form) -> Outcome {
    besiege(form, async |town, stop| {
        let mut outcome = Outcome::default();
        let (mut held, mut newcomers, mut inside) = (Vec::new(), 0, 0);
        while newcomers < form.pick(1, 5) && (newcomers == 0 || !stop.is_set()) {
            fill(&mut held, &town.nodes[0]).await;
            newcomers += 1;
            let node = Node::open(Settings::memory()).await.unwrap();
            let mut ticket = town.rooms[0].ticket();
            // Only this door, for the others are not besieged.
            ticket.contacts = vec![town.nodes[0].contact()];
            let room = node.join(&ticket).await.unwrap();
            inside += u64::from(comes(&room, |status| status.entries > 0).await);
            node.close().await;
        }
        let yielded = match held.first() {
            Some((_, oldest)) => oldest.closed().await == Some(FULL),
            None => false,
        };
        let mut standing = 0;
        for (_, wire) in &mut held {
            standing += u64::from(wire.connection.close_reason().is_none());
        }
        outcome.count("newcomers who are in", inside, Bound::Is(newcomers));
        outcome.count("the oldest stranger yielded", u64::from(yielded), Bound::Is(1));
        outcome.count("places held by strangers", standing, Bound::AtMost(rumormill_node::limits::STRANGERS as u64));
        for (rogue, _) in held {
            rogue.endpoint.close().await;
        }
        outcome
    })
}

/// Comes again until every place for strangers is held, and says something that means nothing on each connection.
async fn fill(held: &mut Vec<(Rogue, Wire)>, target: &Node) {
    for _ in 0..STRANGERS {
        let rogue = Rogue::new(target).await;
        if let Some(wire) = rogue.connect(PRESENT).await {
            held.push((rogue, wire));
        }
        for (_, wire) in held.iter_mut() {
            wire.control(&NOTHING).await;
        }
    }
}

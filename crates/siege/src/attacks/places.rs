//! C2: strangers who know no room occupy every place for strangers, with frames that mean nothing.

use iroh::endpoint::Connection;
use rumormill_node::{Node, Settings};

use crate::{
    Attack, Bound, Form, Outcome,
    nodes::{besiege, comes},
    rogue::{PRESENT, Rogue, Wire, closed},
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "C2",
    name: "places",
    says: "strangers occupy every place with meaningless frames, and reconnect; anyone with a ticket still joins",
    defences: &["strangers-yield"],
    run,
};

/// Strangers that occupy places: more than a node has for them.
const STRANGERS: usize = rumormill_node::limits::STRANGERS + 8;

/// Code with which a node closes a connection whose place is wanted.
const FULL: u64 = 4;

/// A control of an unknown kind.
const NOTHING: [u8; 4] = [200, 1, 2, 3];

/// Endpoints of the strangers: with fewer endpoints than connections, the measured memory is mostly the node's.
const ENDPOINTS: usize = 4;

fn run(form: Form) -> Outcome {
    besiege(form, async |town, stop| {
        let mut outcome = Outcome::default();
        let mut rogues = Vec::new();
        for _ in 0..ENDPOINTS {
            rogues.push(Rogue::new(&town.nodes[0]).await);
        }
        let (mut held, mut newcomers, mut inside) = (Vec::new(), 0, 0);
        let (mut oldest, mut most) = (None, 0);
        while newcomers < form.pick(1, 5) && (newcomers == 0 || !stop.is_set()) {
            fill(&mut held, &rogues, &mut oldest).await;
            newcomers += 1;
            let node = Node::open(Settings::memory()).await.unwrap();
            let mut ticket = town.rooms[0].ticket().await.unwrap();
            // Only the first node, because the others are not under attack.
            ticket.contacts = vec![town.nodes[0].contact()];
            let room = node.join(&ticket).await.unwrap();
            inside += u64::from(comes(&room, |status| status.entries > 0).await);
            // A stranger that had to yield knows it by now.
            most = standing(&mut held).max(most);
            node.close().await;
        }
        let yielded = match oldest {
            Some(oldest) => closed(&oldest).await == Some(FULL),
            None => false,
        };
        outcome.count("newcomers that joined", inside, Bound::Is(newcomers));
        outcome.count("the oldest stranger yielded", u64::from(yielded), Bound::Is(1));
        outcome.count("places held by strangers", most, Bound::AtMost(rumormill_node::limits::STRANGERS as u64));
        for rogue in rogues {
            rogue.endpoint.close().await;
        }
        outcome
    })
}

/// Connects until every place for strangers is taken, and sends something meaningless on each connection.
async fn fill(held: &mut Vec<Wire>, rogues: &[Rogue], oldest: &mut Option<Connection>) {
    for number in 0..STRANGERS {
        if let Some(wire) = rogues[number % rogues.len()].connect(PRESENT).await {
            oldest.get_or_insert_with(|| wire.connection.clone());
            held.push(wire);
        }
        for wire in held.iter_mut() {
            wire.control(&NOTHING).await;
        }
    }
}

/// The number of open connections; drops the others.
fn standing(held: &mut Vec<Wire>) -> u64 {
    held.retain(|wire| wire.connection.close_reason().is_none());
    held.len() as u64
}

//! S7: a process with 64 file descriptors, and endless connections from strangers.

use std::time::Duration;

use rumormill_node::Settings;

use crate::{
    Attack, Bound, Form, Outcome,
    nodes::{Town, comes, run as run_nodes},
    process::Process,
    rogue::{PRESENT, Rogue},
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "S7",
    name: "descriptors",
    says: "a process has 64 file descriptors, and strangers connect to it 100,000 times; it keeps running, sending \
        and receiving",
    defences: &[],
    run,
};

/// File descriptors of the process.
const DESCRIPTORS: u32 = 64;

/// Simultaneous dials, and the duration of each.
const AT_ONCE: usize = 64;
const DIAL: Duration = Duration::from_millis(200);

/// Rounds of dials with a line in each; in full they make 100,000 dials.
const ROUNDS: (u64, u64) = (3, 100_000_u64.div_ceil(AT_ONCE as u64));

fn run(form: Form) -> Outcome {
    run_nodes(async {
        let town = Town::new(vec![Settings::memory()]).await;
        let mut poor = Process::start(&town.rooms[0].ticket().await.unwrap(), DESCRIPTORS).await;
        let room = &town.rooms[0];
        assert!(comes(room, |status| status.peers.len() == 1).await, "the process is in");
        let mut rogues = Vec::new();
        for _ in 0..4 {
            rogues.push(Rogue::to(&poor.ticket.contacts[0]).await);
        }
        let (mut dials, mut taken, mut heard) = (0, 0, 0);
        let rounds = form.pick(ROUNDS.0, ROUNDS.1);
        for round in 0..rounds {
            let dial = |number: usize| {
                let rogue = &rogues[number % rogues.len()];
                let (endpoint, target) = (rogue.endpoint.clone(), rogue.target.clone());
                tokio::spawn(async move {
                    let dialled = tokio::time::timeout(DIAL, endpoint.connect(target, PRESENT)).await;
                    // Keeps accepted connections, so that they occupy places.
                    dialled.ok().and_then(Result::ok)
                })
            };
            let tasks: Vec<_> = (0..AT_ONCE).map(dial).collect();
            let text = format!("among strangers {round}");
            room.say(&text).await.unwrap();
            let mut kept = Vec::new();
            for task in tasks {
                dials += 1;
                kept.extend(task.await.unwrap());
            }
            taken += kept.len();
            heard += poor.is_shown([text]).await;
        }
        let mut outcome = Outcome::default();
        outcome.count("dials", dials, Bound::AtLeast(rounds * AT_ONCE as u64));
        outcome.count("dials accepted", taken as u64, Bound::AtLeast(1));
        outcome.count("lines received meanwhile", heard, Bound::Is(rounds));
        outcome.count("the process still runs", u64::from(poor.runs()), Bound::Is(1));
        let linked = comes(room, |status| status.peers.len() == 1).await;
        outcome.count("it is linked", u64::from(linked), Bound::Is(1));
        drop(poor);
        for rogue in rogues {
            rogue.endpoint.close().await;
        }
        town.close().await;
        outcome
    })
}

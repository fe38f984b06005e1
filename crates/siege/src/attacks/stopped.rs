//! S8: a process that is stopped while others talk, and then continues.

use std::time::Duration;

use rumormill_node::Settings;
use tokio::time::{Instant, interval};

use crate::{
    Attack, Bound, Form, Outcome,
    nodes::{Town, comes, run as run_nodes},
    process::Process,
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "S8",
    name: "stopped",
    says: "a process is stopped while others talk, in the full form for ten minutes, and then continues; it receives \
        everything said, and is linked again",
    defences: &[],
    run,
};

/// Lines said while it is stopped, and milliseconds between two: in full ten minutes.
const LINES: (usize, usize) = (20, 600);
const EVERY_MS: (u64, u64) = (1, 1_000);

fn text(line: usize) -> String {
    format!("while it sleeps {line}")
}

fn run(form: Form) -> Outcome {
    run_nodes(async {
        let town = Town::new(vec![Settings::memory(), Settings::memory()]).await;
        let mut sleeper = Process::start(&town.rooms[0].ticket().await.unwrap(), 1_024).await;
        let linked = async |peers: usize| {
            let mut all = true;
            for room in &town.rooms {
                all &= comes(room, |status| status.peers.len() == peers).await;
            }
            all
        };
        assert!(linked(2).await, "the process is in");
        sleeper.signal("STOP").await;
        let lines = form.pick(LINES.0, LINES.1);
        let stopped = Instant::now();
        let mut every = interval(Duration::from_millis(form.pick(EVERY_MS.0, EVERY_MS.1)));
        // The first tick comes at once, the last at the end.
        every.tick().await;
        for line in 0..lines {
            town.rooms[line % 2].say(&text(line)).await.unwrap();
            every.tick().await;
        }
        let given_up = form == Form::Short || linked(1).await;
        let stopped_s = stopped.elapsed().as_secs();
        sleeper.signal("CONT").await;
        let shown = sleeper.is_shown((0..lines).map(text)).await;
        let again = linked(2).await;
        let mut outcome = Outcome::default();
        outcome.count("the others dropped it meanwhile, or need not", u64::from(given_up), Bound::Is(1));
        if form == Form::Full {
            outcome.count("seconds it was stopped", stopped_s, Bound::AtLeast(600));
        }
        outcome.count("lines it has afterwards", shown, Bound::Is(lines as u64));
        outcome.count("it is linked with both again", u64::from(again), Bound::Is(1));
        drop(sleeper);
        town.close().await;
        outcome
    })
}

//! S8: a process that is stopped while others talk, and goes on.

use rumormill_node::Settings;

use crate::{
    Attack, Bound, Form, Outcome,
    nodes::{Town, comes, run as run_nodes},
    process::Process,
};

/// The row.
pub(super) const ATTACK: Attack = Attack {
    threat: "S8",
    name: "stopped",
    says: "a process is stopped while others talk, in full until they have given it up, and goes on; it has all that was said, \
           and talks again",
    defences: &[],
    run,
};

fn text(line: usize) -> String {
    format!("while it sleeps {line}")
}

fn run(form: Form) -> Outcome {
    run_nodes(async {
        let town = Town::new(vec![Settings::memory(), Settings::memory()]).await;
        let mut sleeper = Process::start(&town.rooms[0].ticket(), 1_024).await;
        let linked = async |peers: usize| {
            let mut all = true;
            for room in &town.rooms {
                all &= comes(room, |status| status.peers.len() == peers).await;
            }
            all
        };
        assert!(linked(2).await, "the process is in");
        sleeper.signal("STOP").await;
        let lines = form.pick(20, 500);
        for line in 0..lines {
            town.rooms[line % 2].say(&text(line)).await.unwrap();
        }
        let given_up = form == Form::Short || linked(1).await;
        sleeper.signal("CONT").await;
        let shown = sleeper.is_shown((0..lines).map(text)).await;
        let again = linked(2).await;
        let mut outcome = Outcome::default();
        outcome.count("the others gave it up meanwhile, or need not", u64::from(given_up), Bound::Is(1));
        outcome.count("lines it has afterwards", shown, Bound::Is(lines as u64));
        outcome.count("it is linked with both again", u64::from(again), Bound::Is(1));
        drop(sleeper);
        town.close().await;
        outcome
    })
}

//! Every checker can fail: each property has a fault of the driver that violates it, and holds without the fault.

use rumormill_sim::{Fault, Nature, Story, World, checkers, seeds};

/// Runs a short story of four peers with a fault in the driver; returns the verdict of the checkers.
fn told(mut room: World, fault: Option<Fault>) -> Story {
    room.join(4);
    room.run_ms(2_000)?;
    room.say(0, "before");
    room.settle()?;
    if let Some(fault) = fault {
        room.break_driver(fault);
    }
    for turn in 0..12 {
        room.say_all(turn % 4, &["one", "two", "three"]);
        room.run_ms(3)?;
        room.say((turn + 1) % 4, "before these can have come");
        room.run_ms(100)?;
    }
    room.settle()?;
    room.same_timeline().map(|_| ())
}

#[test]
fn each_fault_is_found_by_the_checker_made_for_it() {
    let table = [
        (Fault::Corrupts, "no honest peer is barred"),
        (Fault::Repeats, "everything is bounded"),
        (Fault::ShowsSwapped, "no effect before its cause"),
        (Fault::LosesOwnWords, "durable before shown or sent"),
        (Fault::LosesOwnWords, "nothing acknowledged is lost"),
        (Fault::LosesOthersWords, "same timeline everywhere"),
        (Fault::ShowsTwice, "nothing is shown twice"),
        (Fault::ShowsElsewhere, "an entry names what its author saw"),
        (Fault::Truncates, "sent frames are readable"),
        (Fault::Deaf, "the room becomes quiet"),
    ];
    for (fault, property) in table {
        let room = || World::new(seeds::seed()).watching(&[property]);
        assert_eq!(told(room(), None), Ok(()), "{property} without a fault");
        assert_eq!(told(room(), Some(fault)).map_err(|violation| violation.property), Err(property), "{fault:?}");
    }
}

/// The first of three peers is reset to a backup and speaks where no peer can tell it what it lost.
fn fork_from_a_backup(room: &mut World) -> Story {
    let backup = room.backup(0);
    room.say(0, "after");
    room.settle()?;
    room.crash(0);
    room.partition(&[&[0], &[1, 2]]);
    room.restart_from(0, backup);
    room.say(0, "instead");
    room.run_ms(60_000)?;
    room.heal();
    room.settle()
}

#[test]
fn a_restored_backup_that_speaks_alone_is_found_to_fork() {
    let story = || -> Story {
        let mut room = World::new(seeds::seed());
        room.join(3);
        room.run_ms(2_000)?;
        room.say(0, "before");
        room.settle()?;
        fork_from_a_backup(&mut room)?;
        room.same_timeline().map(|_| ())
    };
    assert_eq!(story().map_err(|violation| violation.property), Err("no honest author forks"));
}

#[test]
fn a_liar_that_lost_its_store_forks_its_next_log_too_and_nobody_else_may() {
    let lied = |nature: Nature| -> Story<World> {
        let mut room = World::new(seeds::seed());
        room.join(3);
        room.run_ms(2_000)?;
        room.turn_into(2, nature);
        room.say(2, "this is me");
        room.run_ms(2_000)?;
        room.crash(2);
        room.restart_empty(2);
        for _ in 0..3 {
            room.run_ms(2_000)?;
            room.say(2, "this is me again");
        }
        room.settle()?;
        Ok(room)
    };
    for (nature, forks) in [(Nature::Undercutter, 2), (Nature::Forker, 2), (Nature::Mute, 0)] {
        let mut room = lied(nature).unwrap();
        assert_eq!(room.cuts(0).len(), forks, "{nature:?}");
        assert_eq!(
            fork_from_a_backup(&mut room).map_err(|violation| violation.property),
            Err("no honest author forks"),
            "{nature:?}"
        );
    }
}

#[test]
fn what_an_engine_holds_is_held_against_its_bounds() {
    let room = |share| World::new(seeds::seed()).watching(&[]).with_checker(checkers::bounded(share));
    assert_eq!(told(room(1), None), Ok(()));
    let found = told(room(100), None).unwrap_err();
    assert!(found.sentence.ends_with("/ 100"), "{found}");
}

#[test]
fn a_violation_tells_how_to_see_it_again() {
    let mut room = World::new(17);
    room.join(2);
    room.break_driver(Fault::Deaf);
    room.say(0, "nobody hears this");
    let told = room.settle().unwrap_err().to_string();
    assert!(told.contains("broken: the room becomes quiet") && told.contains("seed 17"), "{told}");
    let again = "RUMORMILL_SEED=17 cargo test -p rumormill-sim a_violation_tells_how_to_see_it_again";
    assert!(told.contains(again), "{told}");
}

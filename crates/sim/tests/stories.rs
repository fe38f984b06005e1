//! Stories: what a room goes through, told in its own words. All hold for any seed; `RUMORMILL_SEED` picks another.

use rumormill_proto::rumor::{
    Policy,
    mongering::{Direction, Mongering, Stop},
};
use rumormill_sim::{Form, Nature, Setup, Stage, Story, Weather, World, seeds};

fn world() -> World {
    World::new(seeds::seed())
}

fn line(length: usize) -> World {
    World::with(Setup { form: Form::Line(length), policy: mongering(), ..Setup::new(seeds::seed()) })
}

fn mongering() -> Policy {
    let stop = Stop::Counter(3);
    Policy::Mongering(Mongering { direction: Direction::Push, feedback: true, stop, ..Mongering::default() })
}

#[test]
fn what_is_said_is_shown_to_all() -> Story {
    let mut room = world();
    let peers = room.join(5);
    room.run_ms(2_000)?;
    peers.iter().for_each(|peer| room.say(*peer, &format!("I am {peer}")));
    room.settle()?;
    assert_eq!(room.same_timeline()?.len(), 5);
    Ok(())
}

#[test]
fn a_reply_stands_below_what_it_answers() -> Story {
    let mut room = world();
    room.join(6);
    room.run_ms(2_000)?;
    let mut expected = Vec::new();
    for turn in 0..30 {
        let text = format!("line {turn}");
        room.say(turn % 6, &text);
        expected.push(text);
        room.settle()?;
    }
    room.same_timeline()?;
    assert_eq!(room.texts(3), expected);
    Ok(())
}

#[test]
fn words_said_before_the_neighbours_exist_reach_them() -> Story {
    let mut room = line(4);
    room.join(1);
    room.say(0, "is anybody there?");
    room.run_ms(20_000)?;
    assert_eq!(room.texts(0), ["is anybody there?"], "whoever is alone can speak");
    room.join(3);
    room.settle()?;
    room.same_timeline()?;
    assert_eq!(room.texts(3), ["is anybody there?"]);
    Ok(())
}

#[test]
fn both_sides_of_a_partition_end_with_one_timeline() -> Story {
    let mut room = world();
    room.join(8);
    room.run_ms(3_000)?;
    let (left, right) = ([0, 1, 2, 3], [4, 5, 6, 7]);
    room.partition(&[&left, &right]);
    for turn in 0..20 {
        room.say(turn % 8, &format!("line {turn}"));
        room.run_ms(1_000)?;
    }
    room.settle_among(&left)?;
    room.settle_among(&right)?;
    assert_eq!((room.texts(0).len(), room.texts(7).len()), (12, 8));
    room.heal();
    room.settle()?;
    assert_eq!(room.same_timeline()?.len(), 20);
    Ok(())
}

#[test]
fn the_middle_of_a_line_crashes_and_comes_back() -> Story {
    let mut room = line(5);
    room.join(5);
    room.run_ms(2_000)?;
    room.say(0, "before");
    room.settle()?;
    room.crash(2);
    room.say(0, "from the left");
    room.say(4, "from the right");
    room.run_ms(10_000)?;
    assert_eq!((room.texts(1).len(), room.texts(3).len()), (2, 2), "the line is cut in two");
    room.restart(2);
    room.say(2, "I am back");
    room.settle()?;
    assert_eq!(room.same_timeline()?.len(), 4);
    Ok(())
}

#[test]
fn a_peer_that_lost_its_store_comes_back_as_a_new_author() -> Story {
    let mut room = world();
    room.join(4);
    room.run_ms(2_000)?;
    room.say_all(1, &["one", "two", "three"]);
    room.settle()?;
    room.crash(1);
    room.restart_empty(1);
    room.say(1, "four");
    room.settle()?;
    let lines = room.same_timeline()?;
    let authors: std::collections::BTreeSet<_> = lines.iter().map(|line| line.place.author).collect();
    assert_eq!((lines.len(), authors.len()), (4, 2));
    Ok(())
}

#[test]
fn a_crash_anywhere_in_a_turn_loses_nothing_acknowledged() -> Story {
    for stage in [Stage::BeforeAppend, Stage::BeforeSend, Stage::BeforeEmit] {
        let mut room = world();
        room.join(3);
        room.run_ms(2_000)?;
        room.say(0, "kept");
        room.settle()?;
        room.crash_in_turn(0, stage);
        room.say(0, "perhaps");
        room.run_ms(1_000)?;
        assert!(!room.is_up(0), "{stage:?} ends the process");
        room.restart(0);
        room.say(0, "after");
        room.settle()?;
        let expected = if stage == Stage::BeforeAppend { 2 } else { 3 };
        assert_eq!(room.same_timeline()?.len(), expected, "{stage:?}");
    }
    Ok(())
}

#[test]
fn a_newcomer_sees_the_newest_page_before_the_history() -> Story {
    const ALL: usize = 4_000;
    const PAGE: usize = 50;
    let mut room = world();
    room.join(5);
    room.run_ms(2_000)?;
    let body = "history ".repeat(20);
    for turn in 0..ALL / 50 {
        room.say_all(turn % 5, &[body.as_str(); 50]);
        room.run_ms(500)?;
    }
    room.settle()?;
    room.set_weather(Weather { bulk_bytes_per_second: 200_000, ..Weather::clear() });
    let newcomer = room.join(1)[0];
    let newest = room.timeline(0).split_off(ALL - PAGE);
    let mut held = 0;
    for _ in 0..600 {
        room.run_ms(20)?;
        let lines = room.timeline(newcomer);
        held = lines.len();
        if lines.ends_with(&newest) {
            break;
        }
    }
    assert!((PAGE..ALL / 2).contains(&held), "the newest page stood there with {held} of {ALL} entries");
    room.settle()?;
    assert_eq!(room.same_timeline()?.len(), ALL);
    Ok(())
}

#[test]
fn with_a_third_of_all_messages_lost_everything_arrives() -> Story {
    let mut room = World::with(Setup { weather: rough(), ..Setup::new(seeds::seed()) });
    room.join(6);
    for turn in 0..60 {
        room.run_ms(200)?;
        room.say(turn % 6, &format!("line {turn}"));
    }
    room.settle()?;
    assert_eq!(room.same_timeline()?.len(), 60);
    Ok(())
}

/// Thirty in a hundred messages are lost, twenty come twice, and they overtake each other.
fn rough() -> Weather {
    Weather { loss_percent: 30, duplicate_percent: 20, jitter_us: 80_000, reorder: true, ..Weather::clear() }
}

#[test]
fn old_pushes_said_again_are_not_passed_on() -> Story {
    for policy in [mongering(), Setup::new(0).policy] {
        let mut room = World::with(Setup { policy, ..Setup::new(seeds::seed()) });
        let peers = room.join(5);
        room.run_ms(2_000)?;
        room.keep_pushes();
        for turn in 0..10 {
            room.say(turn % 5, &format!("line {turn}"));
            room.run_ms(300)?;
        }
        room.settle()?;
        room.run_ms(60_000)?;
        let pushes = room.take_pushes();
        assert!(pushes.len() >= 40, "each line was pushed to four others: {}", pushes.len());
        room.run_ms(24 * 3_600_000)?;
        assert_eq!(room.take_pushes(), [], "nothing is pushed when nothing is said");
        for (from, push) in &pushes {
            peers.iter().filter(|to| *to != from).for_each(|to| room.replay(*from, *to, push));
        }
        room.run_ms(60_000)?;
        assert_eq!(room.take_pushes(), [], "what was known is not passed on");
        assert_eq!(room.same_timeline()?.len(), 10);
    }
    Ok(())
}

#[test]
fn entries_from_the_future_wait_for_their_time() -> Story {
    const AHEAD_MS: i64 = 600_000;
    let mut room = world();
    room.join(1);
    room.set_clock(0, AHEAD_MS);
    room.say(0, "from the future");
    room.run_ms(5_000)?;
    room.join(3);
    room.run_ms(400_000)?;
    assert_eq!(room.texts(0), ["from the future"]);
    assert!((1..4).all(|peer| room.texts(peer).is_empty()), "it is more than two minutes ahead of everybody");
    room.say(1, "from the present");
    room.settle()?;
    room.same_timeline()?;
    assert_eq!(room.texts(2), ["from the present", "from the future"]);
    Ok(())
}

#[test]
fn a_clock_set_back_hinders_nobody_from_speaking() -> Story {
    let mut room = world();
    room.join(3);
    room.set_clock(0, 110_000);
    room.say(0, "early");
    room.run_ms(1_000)?;
    room.set_clock(0, -110_000);
    room.say(0, "late");
    room.run_ms(1_000)?;
    assert_eq!(room.texts(0), ["early", "late"], "whoever speaks sees it at once, whatever the clock says");
    room.settle()?;
    assert_eq!(room.same_timeline()?.len(), 2);
    Ok(())
}

#[test]
fn what_a_forger_sends_is_refused_and_changes_nothing() -> Story {
    let mut room = world();
    room.join(5);
    room.run_ms(2_000)?;
    room.turn_into(4, Nature::Forger);
    for turn in 0..10 {
        room.say(turn % 5, &format!("line {turn}"));
        room.run_ms(500)?;
    }
    room.settle()?;
    let lines = room.same_timeline()?;
    assert_eq!(lines.len(), 8, "only what the four others said");
    Ok(())
}

#[test]
fn a_silent_peer_hinders_nobody() -> Story {
    let mut room = world();
    room.join(6);
    room.run_ms(2_000)?;
    room.turn_into(2, Nature::Mute);
    for turn in 0..12 {
        if turn % 6 != 2 {
            room.say(turn % 6, &format!("line {turn}"));
        }
        room.run_ms(500)?;
    }
    room.settle()?;
    assert_eq!(room.same_timeline()?.len(), 10);
    Ok(())
}

#[test]
fn one_way_cuts_clogs_and_a_closed_laptop_delay_but_lose_nothing() -> Story {
    let mut room = world();
    room.join(5);
    room.run_ms(2_000)?;
    room.cut_one_way(0, 1);
    room.clog(2, 3, 20_000);
    room.pause(4);
    for turn in 0..8 {
        room.say(turn % 4, &format!("line {turn}"));
        room.run_ms(2_000)?;
    }
    room.resume(4);
    room.heal();
    room.say(4, "I slept");
    room.settle()?;
    assert_eq!(room.same_timeline()?.len(), 9);
    Ok(())
}

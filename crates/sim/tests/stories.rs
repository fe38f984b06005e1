//! Stories that check more than a line of text can; see `crates/sim/stories` for the others.

use rumormill_proto::rumor::{
    Policy,
    mongering::{Direction, Mongering, Stop},
};
use rumormill_sim::{Setup, Story, Weather, World, seeds};

fn world() -> World {
    World::new(seeds::seed())
}

fn mongering() -> Policy {
    let stop = Stop::Counter(3);
    Policy::Mongering(Mongering { direction: Direction::Push, feedback: true, stop, ..Mongering::default() })
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
        assert_eq!(room.take_pushes(), [], "a quiet room pushes nothing");
        for (from, push) in &pushes {
            peers.iter().filter(|to| *to != from).for_each(|to| room.replay(*from, *to, push));
        }
        room.run_ms(60_000)?;
        assert_eq!(room.take_pushes(), [], "a known entry is not passed on");
        assert_eq!(room.same_timeline()?.len(), 10);
    }
    Ok(())
}

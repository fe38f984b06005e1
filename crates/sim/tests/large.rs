//! Rooms too large for a full mesh, where the engine has to choose its links.

use std::collections::BTreeSet;

use rumormill_proto::{frontier::Branch, limits::CHOSEN_LINKS, view::branch::branch};
use rumormill_sim::{Setup, Story, Weather, World, seeds};

/// Lets ten peers speak in turn; returns the copies sent.
fn chat(room: &mut World, peers: usize) -> Story<u64> {
    let before = room.traffic();
    for speaker in (0..peers).step_by(peers / 10) {
        room.say(speaker, "can you hear me?");
        room.run_ms(2_000)?;
    }
    room.settle()?;
    assert_eq!(room.same_timeline()?.len(), 10);
    Ok(room.traffic().copies - before.copies)
}

/// For each peer the non-empty branches to which it has no link.
fn uncovered(room: &World, peers: usize) -> Vec<Vec<Branch>> {
    let ids: Vec<_> = (0..peers).map(|peer| room.id(peer)).collect();
    let of_one = |me: usize| {
        let seen = |other: usize| branch(&ids[me], &ids[other]);
        let linked: BTreeSet<_> = room.links(me).into_iter().map(seen).collect();
        let all: BTreeSet<_> = (0..peers).filter(|other| *other != me).map(seen).collect();
        all.difference(&linked).copied().collect()
    };
    (0..peers).map(of_one).collect()
}

#[test]
fn in_a_large_room_everybody_hears_everybody() -> Story {
    const PEERS: usize = 100;
    let mut room = World::new(seeds::seed()).watching(&[]);
    for _ in 0..PEERS / 20 {
        room.join(20);
        room.run_ms(1_000)?;
    }
    room.run_ms(10_000)?;
    let copies = chat(&mut room, PEERS)?;
    assert!(copies <= 2 * 10 * PEERS as u64, "{copies} copies of ten entries among {PEERS} peers");
    Ok(())
}

/// Frames for each line and peer in a room in which each peer speaks every two seconds, and each turn starts up to
/// `turn_us` after its input.
fn frames_of_a_line(turn_us: u64) -> Story<f64> {
    const PEERS: usize = 50;
    const ROUNDS: usize = 10;
    let mut room = World::with(Setup { turn_us, ..Setup::new(seeds::seed()) }).watching(&[]);
    room.found(PEERS);
    let before = room.traffic();
    for _ in 0..ROUNDS {
        for speaker in 0..PEERS {
            room.say(speaker, "does anybody read this?");
            room.run_ms(40)?;
        }
    }
    let frames = room.traffic().frames - before.frames;
    room.settle()?;
    assert_eq!(room.same_timeline()?.len(), ROUNDS * PEERS);
    Ok(frames as f64 / (ROUNDS * PEERS * PEERS) as f64)
}

#[test]
fn a_room_too_busy_for_its_machines_does_not_make_itself_busier() -> Story {
    let (calm, busy) = (frames_of_a_line(1_000)?, frames_of_a_line(1_000_000)?);
    assert!(busy < 1.15 * calm, "{busy:.2} frames for a line and peer, and {calm:.2} where machines keep up");
    Ok(())
}

#[test]
fn a_founded_room_is_like_one_that_was_joined() -> Story {
    const PEERS: usize = 300;
    let mut joined = World::new(seeds::seed()).watching(&[]);
    for _ in 0..PEERS / 20 {
        joined.join(20);
        joined.run_ms(1_000)?;
    }
    joined.run_ms(60_000)?;
    let mut founded = World::new(seeds::seed()).watching(&[]);
    founded.found(PEERS);
    // After a minute, a newcomer may not have heard of a lone peer in a small branch.
    for (room, lacking) in [(&mut joined, PEERS / 100), (&mut founded, 0)] {
        let uncovered = uncovered(room, PEERS).concat();
        assert!(uncovered.len() <= lacking, "no link into {uncovered:?}");
        let links: usize = (0..PEERS).map(|peer| room.links(peer).len()).sum();
        let (mean, before) = (links / PEERS, room.traffic());
        assert!((18..60).contains(&mean), "{mean} links a peer");
        assert!((0..PEERS).all(|peer| room.links(peer).len() <= 2 * CHOSEN_LINKS));
        let copies = chat(room, PEERS)?;
        let least = 10 * (PEERS as u64 - 1);
        assert!((least * 99 / 100..least * 11 / 10).contains(&copies), "{copies} copies where {least} are needed");
        let dials = room.traffic().dials - before.dials;
        assert!(dials <= PEERS as u64 / 10, "{dials} dials while nothing happens");
    }
    Ok(())
}

#[test]
fn a_founded_room_is_quiet_at_once_and_keeps_its_links() -> Story {
    const PEERS: usize = 300;
    let mut room = World::with(Setup { weather: Weather::clear(), ..Setup::new(seeds::seed()) }).watching(&[]);
    room.found(PEERS);
    let before: Vec<_> = (0..PEERS).map(|peer| room.links(peer)).collect();
    let mut frames = Vec::new();
    for _ in 0..60 {
        let sent = room.traffic().frames;
        room.run_ms(1_000)?;
        frames.push(room.traffic().frames - sent);
    }
    let lost: usize =
        (0..PEERS).map(|peer| before[peer].iter().filter(|other| !room.links(peer).contains(other)).count()).sum();
    let (all, most) = (frames.iter().sum::<u64>(), frames.iter().copied().max().unwrap_or(0));
    assert_eq!(lost, 0, "links lost");
    // A round with its answer every ten seconds, a shuffle with its answer every twenty.
    assert!(all <= 60 * PEERS as u64 * 4 / 10, "{all} frames in a quiet minute");
    assert!(most * 60 <= all * 2, "{most} of {all} frames in one second");
    Ok(())
}

#[test]
fn small_rooms_and_lines_can_be_founded_too() -> Story {
    for form in [rumormill_sim::Form::Open, rumormill_sim::Form::Line(12)] {
        let mut room = World::with(Setup { form, ..Setup::new(seeds::seed()) });
        room.found(12);
        let links: usize = (0..12).map(|peer| room.links(peer).len()).sum();
        assert_eq!(links, if form == rumormill_sim::Form::Open { 12 * 11 } else { 22 });
        room.say(3, "we have always been here");
        room.settle()?;
        assert_eq!(room.same_timeline()?.len(), 1);
    }
    Ok(())
}

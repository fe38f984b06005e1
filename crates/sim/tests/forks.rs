//! One author, one log: what happens when a store is reset, and when one key writes from two places.

use rumormill_proto::random::Random;
use rumormill_sim::{Nature, Setup, Story, Weather, World, seeds};

#[test]
fn a_restored_backup_adopts_what_others_know_and_does_not_fork() -> Story {
    seeds::each(200, |seed| restored(World::new(seed), seed))
}

#[test]
fn a_restored_backup_does_not_fork_on_a_bad_network_either() -> Story {
    let bad = Weather { jitter_us: 50_000, reorder: true, duplicate_percent: 10, ..Weather::clear() };
    seeds::each(50, |seed| restored(World::with(Setup { weather: bad.clone(), ..Setup::new(seed) }), seed))
}

#[test]
fn a_restored_backup_on_a_lossy_network_does_not_fork_either() -> Story {
    let lossy = Weather { resend_percent: 30, ..Weather::clear() };
    seeds::each(50, |seed| restored(World::with(Setup { weather: lossy.clone(), ..Setup::new(seed) }), seed))
}

/// A peer returns to an older store, possibly with a wrong clock, and speaks at once.
fn restored(mut room: World, seed: u64) -> Story {
    let mut random = Random::new(seed);
    let peers = room.join(2 + random.below(4) as usize);
    room.run_ms(2_000)?;
    let sayer = random.below(peers.len() as u64) as usize;
    let said = |room: &mut World, random: &mut Random| {
        for _ in 0..1 + random.below(6) {
            room.say_all(sayer, &vec!["words"; 1 + random.below(40) as usize]);
            room.run_ms(random.below(400))?;
        }
        Ok(())
    };
    said(&mut room, &mut random)?;
    let backup = room.backup(sayer);
    said(&mut room, &mut random)?;
    room.settle()?;
    let before = room.timeline(sayer);
    room.crash(sayer);
    room.run_ms(random.below(3_000))?;
    if random.coin(4) {
        room.set_clock(sayer, random.below(1_400_000) as i64 - 1_000_000);
    }
    room.restart_from(sayer, backup);
    room.run_ms(random.below(300))?;
    room.say(sayer, "what did I say?");
    room.settle()?;
    let after = room.same_timeline()?;
    assert!(after.starts_with(&before), "everything known before comes first");
    assert_eq!(after.len(), before.len() + 1);
    Ok(())
}

/// Three rounds of an otherwise quiet room, at the slowest pace, each with its jitter.
const THREE_ROUNDS_MS: u64 = 3 * 15_000;

#[test]
fn ever_lower_forks_are_told_seldom_and_all_end_with_the_lowest_within_three_rounds() -> Story {
    seeds::each(40, |seed| {
        let mut room = World::new(seed);
        let peers = room.join(8);
        room.run_ms(2_000)?;
        let liar = room.join(1)[0];
        room.turn_into(liar, Nature::Undercutter);
        room.say(liar, "this is me");
        for _ in 0..20 {
            room.say(peers[seed as usize % 8], "a line");
            room.run_ms(150)?;
        }
        let before = room.traffic().proofs;
        room.crash(liar);
        room.run_ms(THREE_ROUNDS_MS)?;
        let cuts: Vec<_> = peers.iter().map(|peer| room.cuts(*peer)).collect();
        let known = cuts.iter().flat_map(|cuts| cuts.values()).min().copied();
        assert!(
            known.is_some() && cuts.iter().all(|cuts| cuts.values().copied().collect::<Vec<_>>() == known.as_slice())
        );
        assert!(before < 1_500, "{before} proofs were sent");
        room.same_timeline().map(|_| ())
    })
}

#[test]
fn a_fork_is_proved_while_a_peer_accuses_everybody() -> Story {
    seeds::each(50, |seed| {
        let mut room = World::new(seed);
        let peers = room.join(6);
        room.run_ms(2_000)?;
        peers.iter().for_each(|peer| room.say_all(*peer, &["one of many"; 40]));
        let liar = room.join(1)[0];
        room.turn_into(liar, Nature::Accuser);
        room.run_ms(3_000)?;
        let twin = room.twin(peers[0]);
        room.partition(&[&[peers[0], peers[1], peers[2]]]);
        for _ in 0..3 {
            room.say(peers[0], "here");
            room.say(twin, "there");
            room.say(liar, "look at this");
            room.run_ms(2_000)?;
        }
        room.heal();
        room.settle()?;
        assert!(peers[1..].iter().all(|peer| room.cuts(*peer).len() == 1));
        room.same_timeline().map(|_| ())
    })
}

#[test]
fn two_peers_with_one_key_are_cut_at_the_same_place_by_all() -> Story {
    seeds::each(200, |seed| {
        let mut random = Random::new(seed);
        let mut room = World::with(Setup::new(seed));
        let peers = room.join(2 + random.below(4) as usize);
        room.run_ms(random.below(4_000))?;
        let author = random.below(peers.len() as u64) as usize;
        for _ in 0..random.below(4) {
            room.say(author, "one of us");
            room.run_ms(random.below(500))?;
        }
        let twin = room.twin(author);
        let everyone: Vec<usize> = peers.iter().copied().chain([twin]).collect();
        let (left, right): (Vec<_>, Vec<_>) = everyone.iter().partition(|peer| match **peer {
            peer if peer == author => true,
            peer if peer == twin => false,
            _ => random.coin(2),
        });
        if random.coin(2) {
            room.partition(&[&left, &right]);
        }
        for _ in 0..4 + random.below(10) {
            let peer = *random.pick(&everyone).unwrap_or(&author);
            room.say(peer, "one of two");
            room.say(if random.coin(2) { author } else { twin }, "the same key");
            room.run_ms(random.below(1_500))?;
        }
        room.heal();
        room.settle()?;
        room.join(1);
        room.settle()?;
        room.same_timeline()?;
        Ok(())
    })
}

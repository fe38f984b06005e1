//! What a bad network may cost, in time and bytes.

use std::collections::BTreeSet;

use rumormill_proto::ids::{AuthorId, Seq};
use rumormill_sim::{
    BEGIN_MS, Setup, Story, Weather, World,
    checkers::{Checker, Verdict},
    fact::{Fact, Remains},
    seeds,
};

/// Delivery times of entries: 99 in a hundred must not exceed this.
struct InTime {
    p99_ms: u64,
    delays: Vec<u64>,
}

impl Checker for InTime {
    fn property(&self) -> &'static str {
        "delivered in time"
    }

    fn see(&mut self, fact: &Fact<'_>) -> Verdict {
        if let Fact::Shown { entry, at_ms, .. } = fact {
            self.delays.push((BEGIN_MS + at_ms).saturating_sub(entry.time.ms()));
        }
        Ok(())
    }

    fn end(&mut self, _remains: &[Remains]) -> Verdict {
        self.delays.sort_unstable();
        let p99 = self.delays.get(self.delays.len() * 99 / 100).copied().unwrap_or(u64::MAX);
        match p99 <= self.p99_ms {
            true => Ok(()),
            false => Err(format!("p99 is {p99} ms, the limit is {}", self.p99_ms)),
        }
    }
}

#[test]
fn with_a_third_of_all_packets_lost_lines_arrive_within_two_seconds() -> Story {
    let weather = Weather { latency_us: (25_000, 25_000), resend_percent: 30, ..Weather::clear() };
    seeds::each(10, |seed| {
        let room = World::with(Setup { weather: weather.clone(), ..Setup::new(seed) });
        let mut room = room.with_checker(Box::new(InTime { p99_ms: 2_000, delays: Vec::new() }));
        room.join(8);
        room.run_ms(5_000)?;
        for turn in 0..160 {
            room.say(turn % 8, &format!("line {turn}"));
            room.run_ms(100)?;
        }
        room.settle()?;
        assert_eq!(room.same_timeline()?.len(), 160);
        Ok(())
    })
}

#[test]
fn healing_a_partition_costs_little_more_than_what_was_missing() -> Story {
    const LINES: usize = 3_000;
    let mut room = World::new(seeds::seed());
    room.join(8);
    room.run_ms(3_000)?;
    let (left, right) = ([0, 1, 2, 3], [4, 5, 6, 7]);
    room.partition(&[&left, &right]);
    room.run_ms(10_000)?;
    for turn in 0..LINES / 25 {
        room.say_all(
            turn % 8,
            &["a line of a hundred bytes, as people write them when they have something to say, more or less so"; 25],
        );
        room.run_ms(100)?;
    }
    room.settle_among(&left)?;
    room.settle_among(&right)?;
    room.run_ms(20_000)?;
    let (began_ms, before) = (room.now_ms(), room.traffic());
    room.heal();
    room.settle()?;
    assert_eq!(room.same_timeline()?.len(), LINES);
    let bytes = room.traffic().bytes - before.bytes;
    let missing = (LINES * 4 * 107) as u64;
    assert!(bytes * 10 <= missing * 11, "{bytes} bytes for {missing} missing");
    assert!(room.now_ms() - began_ms <= 10_000, "{} ms", room.now_ms() - began_ms);
    Ok(())
}

#[test]
fn links_that_flap_and_laptops_that_sleep_lose_nothing() -> Story {
    let mut room = World::new(seeds::seed());
    room.join(5);
    room.run_ms(3_000)?;
    room.pause(4);
    for turn in 0..40 {
        room.cut(turn % 4, (turn + 1) % 4);
        room.run_ms(700)?;
        room.say(turn % 4, &format!("line {turn}"));
        room.heal();
        room.run_ms(700)?;
    }
    room.run_ms(8 * 3_600_000)?;
    room.resume(4);
    room.say(4, "good morning");
    room.settle()?;
    assert_eq!(room.same_timeline()?.len(), 41);
    Ok(())
}

#[test]
fn a_log_that_arrives_in_any_order_is_shown_in_order() -> Story {
    const LINES: u64 = 800;
    let weather = Weather { jitter_us: 2_000_000, reorder: true, duplicate_percent: 20, ..Weather::clear() };
    let mut room = World::with(Setup { weather, ..Setup::new(seeds::seed()) });
    room.join(4);
    room.run_ms(5_000)?;
    for _ in 0..LINES {
        room.say(0, "quick");
        room.run_ms(5)?;
    }
    room.settle()?;
    let lines = room.same_timeline()?;
    let seqs: Vec<Seq> = lines.iter().map(|line| line.place.seq).collect();
    assert_eq!(seqs, (0..LINES).collect::<Vec<_>>());
    Ok(())
}

#[test]
fn hundreds_of_authors_that_came_and_went_are_all_told_to_one_who_was_away() -> Story {
    const AUTHORS: usize = 300;
    let mut room = World::new(seeds::seed());
    room.join(4);
    room.run_ms(3_000)?;
    room.crash(3);
    for _ in 0..AUTHORS {
        room.say(0, "I shall be forgotten");
        room.settle()?;
        room.crash(0);
        room.restart_empty(0);
    }
    room.restart(3);
    room.settle()?;
    let authors: BTreeSet<AuthorId> = room.same_timeline()?.iter().map(|line| line.place.author).collect();
    assert_eq!(authors.len(), AUTHORS);
    Ok(())
}

#[test]
fn everybody_crashes_at_once_and_comes_back() -> Story {
    let mut room = World::new(seeds::seed());
    room.join(5);
    room.run_ms(2_000)?;
    for turn in 0..20 {
        room.say(turn % 5, &format!("line {turn}"));
        room.run_ms(30)?;
    }
    (0..5).for_each(|peer| room.crash(peer));
    room.run_ms(10_000)?;
    (0..5).for_each(|peer| room.restart(peer));
    (0..5).for_each(|peer| room.say(peer, "I am back"));
    room.settle()?;
    let lines = room.same_timeline()?;
    assert!(lines.len() > 20, "all acknowledged entries, and five greetings: {}", lines.len());
    Ok(())
}

#[test]
fn a_wrong_clock_among_many_is_corrected_by_them() -> Story {
    let mut room = World::new(seeds::seed());
    room.join(5);
    room.set_clock(2, 600_000);
    room.run_ms(3_000)?;
    room.say(2, "what time is it?");
    room.run_ms(3_000)?;
    assert!((0..5).all(|peer| room.texts(peer).len() == 1), "no peer has to wait for it");
    room.settle()?;
    room.same_timeline().map(|_| ())
}

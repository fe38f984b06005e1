//! Runs one story under many seeds, or under the one seed that someone wants to repeat.

use std::{
    env,
    panic::resume_unwind,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use crate::violation::{Story, Violation};

/// Seed of a story that needs only one: `RUMORMILL_SEED`, or 1.
pub fn seed() -> u64 {
    number("RUMORMILL_SEED").unwrap_or(1)
}

/// Runs the story with seeds 1 to `count`, as many at a time as there are cores. `RUMORMILL_SEEDS` overrides the count,
/// `RUMORMILL_SEED` selects one seed.
///
/// # Errors
/// The violation of the lowest seed that has one.
pub fn each(count: u64, story: impl Fn(u64) -> Story + Sync) -> Story {
    if let Some(seed) = number("RUMORMILL_SEED") {
        return story(seed);
    }
    let test = this_test();
    let count = number("RUMORMILL_SEEDS").unwrap_or(count);
    let (next, story) = (AtomicU64::new(1), &story);
    let tell = || -> Option<(u64, Violation)> {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > count {
                return None;
            }
            if let Err(violation) = story(seed) {
                next.store(count + 1, Ordering::Relaxed);
                return Some((seed, violation));
            }
        }
    };
    let others = thread::available_parallelism().map_or(0, |cores| cores.get() - 1);
    let found = thread::scope(|scope| {
        let worker = |_| thread::Builder::new().name(test.clone()).spawn_scoped(scope, tell);
        let workers: Vec<_> = (0..others).flat_map(worker).collect();
        let here = tell();
        let there = workers.into_iter().filter_map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)));
        there.chain(here).min_by_key(|(seed, _)| *seed)
    });
    found.map_or(Ok(()), |(_, violation)| Err(violation))
}

/// Name of the running test, which the test harness gives to its thread; empty outside tests.
pub(crate) fn this_test() -> String {
    thread::current().name().filter(|name| *name != "main").unwrap_or_default().to_owned()
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

//! How the work of an engine grows with what comes in: each case with `n` and with `4 n`, and the ratio, which is 4 where
//! nothing costs more than what came in.
//!
//! Times are the least of a few passes of one run of the program, so that ratios hold on a noisy machine.

#![allow(clippy::expect_used, clippy::print_stdout)]

use std::{hint::black_box, time::Instant};

use rumormill_proto::{
    admit::Author,
    engine::Engine,
    entry::{Body, Kind, RawEntry, Seen},
    ids::{AuthorId, EntryId, PeerId, RoomId},
    input::{Config, Input},
    message::Message,
    rumor::Policy,
    run::RawRun,
    sync::Pace,
    time::{Now, Time},
    view::Shape,
};

const ROOM: RoomId = RoomId([1; 32]);
const NOW: Now = Now { ticks_ms: 100_000, wall_ms: 1_000_000 };
const PEER: PeerId = PeerId([2; 32]);
const PASSES: usize = 5;

fn author(number: usize) -> Author {
    let mut secret = [7; 32];
    secret[..8].copy_from_slice(&(number as u64).to_be_bytes());
    Author::from_secret(&secret)
}

fn line(author: &Author, seen: Seen) -> RawRun {
    let entry = RawEntry { time: Time::from_ms(1), seen, kind: Kind::TEXT, body: Body::Here("x".into()) };
    author.sign(&ROOM, 0, EntryId::default(), vec![entry]).expect("canonical")
}

/// Runs of as many authors, each of which names the one before; the first names what nobody has.
fn chain(n: usize) -> Vec<RawRun> {
    let ids: Vec<AuthorId> = (0..n).map(|at| author(at).id()).collect();
    let before = |at: usize| at.checked_sub(1).map_or(AuthorId([9; 32]), |before| ids[before]);
    (0..n).map(|at| line(&author(at), vec![(before(at), 0)])).collect()
}

fn engine() -> Engine {
    let config = Config {
        room: ROOM,
        me: PeerId([1; 32]),
        policy: Policy::Delegating(Default::default()),
        shape: Shape::Open,
        pace: Pace::default(),
        crowd: Default::default(),
        fresh_author: true,
        trace: false,
        seed: 1,
    };
    let mut engine = Engine::new(config, author(usize::MAX), vec![], None, NOW);
    engine.handle(Input::Up { peer: PEER, address: None }, NOW, &mut Vec::new());
    engine
}

/// Microseconds, the least of a few passes.
fn micros(mut pass: impl FnMut() -> u128) -> f64 {
    (0..PASSES).map(|_| pass()).min().unwrap_or_default() as f64 / 1e3
}

fn receive(engine: &mut Engine, message: Message) {
    let mut out = Vec::new();
    engine.handle(Input::Received { from: PEER, message }, NOW, &mut out);
    black_box((out, engine.next_deadline()));
}

/// Runs that wait for one another come one by one, and then say something of our own.
fn waits(runs: &[RawRun]) -> f64 {
    micros(|| {
        let mut engine = engine();
        let start = Instant::now();
        for run in runs {
            receive(&mut engine, Message::Runs { want: 0, runs: vec![run.clone()] });
        }
        start.elapsed().as_nanos()
    })
}

/// Logs that nobody brings are announced, one by one.
fn announced(n: usize) -> f64 {
    let names: Vec<u64> = (0..n).map(|at| author(at).id().prefix()).collect();
    micros(|| {
        let mut engine = engine();
        let start = Instant::now();
        for name in &names {
            receive(&mut engine, Message::Have { heads: vec![(*name, 0)] });
        }
        start.elapsed().as_nanos()
    })
}

fn main() {
    let row = |what: &str, n: usize, few: f64, many: f64| {
        println!("{what:<44} {n:>6} {few:>10.0} {:>6} {many:>10.0} {:>7.1}", 4 * n, many / few);
    };
    println!("{:<44} {:>6} {:>10} {:>6} {:>10} {:>7}", "", "n", "µs", "4 n", "µs", "ratio");
    let (few, many) = (chain(250), chain(1_000));
    row("runs that wait for the one before, in order", 250, waits(&few), waits(&many));
    let reversed = |runs: &[RawRun]| runs.iter().rev().cloned().collect::<Vec<_>>();
    row("the same, last first", 250, waits(&reversed(&few)), waits(&reversed(&many)));
    let mixed = |runs: &[RawRun]| (0..runs.len()).map(|at| runs[at * 367 % runs.len()].clone()).collect::<Vec<_>>();
    row("the same, mixed", 250, waits(&mixed(&few)), waits(&mixed(&many)));
    row("logs announced that do not come", 1_000, announced(1_000), announced(4_000));
}

//! How the work of an engine grows with what comes in: each case with `n` and with `4 n`, and the ratio, which is 4 if
//! nothing costs more than what came in; then the same inputs while `n` and `4 n` of something are held, where the
//! ratio is 1 if the inputs cost only what came in.
//!
//! Times are the least of a few passes of one run of the program, so that ratios hold on a noisy machine.

#![allow(clippy::expect_used, clippy::print_stdout)]

use std::{hint::black_box, time::Instant};

use rumormill_proto::{
    admit::Author,
    config::Config,
    engine::Engine,
    entry::{Body, Kind, RawEntry, Seen},
    frame::{Brief, Frame, Heads},
    frontier::Branch,
    ids::{AuthorId, EntryId, PeerId, RoomId, Seq},
    input::{Import, Input},
    log::Log,
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
    line_at(author, 0, seen, "x")
}

/// A line at this seq that does not show what it follows.
fn line_at(author: &Author, seq: Seq, seen: Seen, text: &'static str) -> RawRun {
    let entry = RawEntry { time: Time::from_ms(1), seen, kind: Kind::TEXT, body: Body::Here(text.into()) };
    author.sign(&ROOM, seq, EntryId::default(), vec![entry]).expect("canonical")
}

/// An engine that holds a line at this seq of each of `n` logs.
fn engine_with(n: usize, seq: Seq) -> Engine {
    let mut engine = engine();
    let runs = (0..n).map(|at| line_at(&author(at), seq, Seen::new(), "x")).collect();
    engine.handle(Input::Import(Import { proofs: vec![], runs }), NOW, &mut Vec::new());
    engine
}

/// Runs of as many authors, each of which names the one before; the first names an entry that nobody has.
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
        closed: None,
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

fn receive(engine: &mut Engine, frame: Frame) {
    let mut out = Vec::new();
    engine.handle(Input::Received { from: PEER, frame }, NOW, &mut out);
    black_box((out, engine.next_deadline()));
}

/// Runs that wait for one another come one by one, and then say something of our own.
fn waits(runs: &[RawRun]) -> f64 {
    micros(|| {
        let mut engine = engine();
        let start = Instant::now();
        for run in runs {
            receive(&mut engine, Frame::Runs { want: 0, runs: vec![run.clone()] });
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
            receive(&mut engine, Frame::Have { heads: vec![(*name, 0)] });
        }
        start.elapsed().as_nanos()
    })
}

/// Two runs that wait and contradict each other, of as many authors.
fn forks(n: usize) -> f64 {
    let pair = |at: usize| ["here", "there"].map(|text| line_at(&author(at), 7, Seen::new(), text));
    let pairs: Vec<_> = (0..n).map(pair).collect();
    micros(|| {
        let mut engine = engine();
        let start = Instant::now();
        for run in pairs.iter().flatten() {
            receive(&mut engine, Frame::Runs { want: 0, runs: vec![run.clone()] });
        }
        start.elapsed().as_nanos()
    })
}

/// As many logs turn out to be damaged and gone.
fn lost(n: usize) -> f64 {
    micros(|| {
        let mut engine = engine_with(n, 0);
        let logs = (0..n).map(|at| (author(at).id(), Log::default())).collect();
        let start = Instant::now();
        let mut out = Vec::new();
        engine.handle(Input::Lost { logs }, NOW, &mut out);
        black_box((out, engine.next_deadline()));
        start.elapsed().as_nanos()
    })
}

/// A thousand lines by others come to an engine, one by one.
fn lines(mut engine: Engine) -> u128 {
    let runs: Vec<_> = (0..1_000).map(|at| line(&author(1_000_000 + at), Seen::new())).collect();
    let start = Instant::now();
    for run in runs {
        receive(&mut engine, Frame::Runs { want: 0, runs: vec![run] });
    }
    start.elapsed().as_nanos()
}

/// Claims of a peer to hold as many logs.
fn claim(engine: &mut Engine, n: usize) {
    let brief = |at| Brief { author: author(at).id().prefix(), next: 1_000, check: 0, cut: None };
    let briefs: Vec<_> = (0..n).map(brief).collect();
    for heads in briefs.chunks(256) {
        receive(engine, Frame::Heads(Heads { all: false, branch: Branch::ROOT, heads: heads.to_vec() }));
    }
}

/// Announcements of a peer of as many logs.
fn announce(engine: &mut Engine, n: usize) {
    let names: Vec<_> = (0..n).map(|at| (author(at).id().prefix(), 0)).collect();
    for names in names.chunks(256) {
        receive(engine, Frame::Have { heads: names.to_vec() });
    }
}

/// A thousand links come and go.
fn links(mut engine: Engine) -> u128 {
    let other = PeerId([3; 32]);
    let start = Instant::now();
    for _ in 0..1_000 {
        let mut out = Vec::new();
        engine.handle(Input::Up { peer: other, address: None }, NOW, &mut out);
        engine.handle(Input::Down { peer: other }, NOW, &mut out);
        black_box((out, engine.next_deadline()));
    }
    start.elapsed().as_nanos()
}

/// A peer says twenty times that it holds nothing at all.
fn empty_heads(mut engine: Engine) -> u128 {
    let start = Instant::now();
    for _ in 0..20 {
        receive(&mut engine, Frame::Heads(Heads { all: true, branch: Branch::ROOT, heads: vec![] }));
    }
    start.elapsed().as_nanos()
}

/// After some preparation.
fn with(mut engine: Engine, prepare: impl Fn(&mut Engine)) -> Engine {
    prepare(&mut engine);
    engine
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
    row("logs forked by two runs that wait", 250, forks(250), forks(1_000));
    row("logs that are damaged and gone", 1_000, lost(1_000), lost(4_000));
    println!();
    let gaps = |n| micros(|| lines(engine_with(n, 9)));
    row("1,000 lines, where so many logs have gaps", 1_000, gaps(1_000), gaps(4_000));
    let claims = |n| micros(|| lines(with(engine(), |engine| claim(engine, n))));
    row("1,000 lines, where so many logs are claimed", 1_000, claims(1_000), claims(4_000));
    let links = |n| micros(|| links(with(engine(), |engine| announce(engine, n))));
    row("1,000 links, where so many are announced", 1_000, links(1_000), links(4_000));
    let heads = |n| micros(|| empty_heads(engine_with(n, 0)));
    row("20 empty lists, where so many are held", 5_000, heads(5_000), heads(20_000));
}

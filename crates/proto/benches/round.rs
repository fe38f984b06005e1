//! Bytes of one round of anti-entropy between two engines: when both hold the same, when one entry of one author
//! among many is missing, and when many entries of a few authors are.
//!
//! Messages are counted as the engine encodes them, each way; the runs that carry missing entries are left out, so
//! that what remains is the price of finding out.

#![allow(clippy::expect_used, clippy::print_stdout)]

use std::collections::VecDeque;

use bytes::Bytes;
use rumormill_proto::{
    admit::{Admission, Author, Trust},
    engine::Engine,
    entry::{Body, Kind, RawEntry},
    ids::{EntryId, PeerId, RoomId, Seq},
    input::{Config, Input, Output},
    message::Message,
    rumor::Policy,
    run::{RawRun, block_end},
    sync::Pace,
    time::{Now, Time},
    view::Shape,
};

const ROOM: RoomId = RoomId([1; 32]);

/// One author's log of `count` entries, as runs that end at multiples of the block.
fn log(secret: u64, count: Seq) -> Vec<RawRun> {
    let author = Author::from_secret(blake3::hash(&secret.to_le_bytes()).as_bytes());
    let (mut next, mut prev, mut runs) = (0, EntryId::default(), Vec::new());
    let mut door = Admission::new(ROOM);
    while next < count {
        let last = block_end(next).min(count - 1);
        let entry = |seq| RawEntry {
            time: Time::from_ms(1_000 + seq),
            seen: vec![],
            kind: Kind::TEXT,
            body: Body::Here(Bytes::from_static(&[b'x'; 100])),
        };
        let run = author.sign(&ROOM, next, prev, (next..=last).map(entry).collect()).expect("canonical");
        (next, prev) = (last + 1, door.admit(&run, Trust::Signature).expect("signed").last().id);
        runs.push(run);
    }
    runs
}

/// What went over the link.
#[derive(Debug, Default)]
struct Spoken {
    /// Everything but runs, each way.
    said: [usize; 2],
    messages: usize,
}

/// Two engines with an instant link between them.
struct Pair {
    engines: [Engine; 2],
    held: [Vec<RawRun>; 2],
    now: Now,
}

impl Pair {
    fn new(held: [Vec<RawRun>; 2]) -> Self {
        let now = Now { ticks_ms: 0, wall_ms: 10_000_000 };
        let engine = |me: u8| {
            let config = Config {
                room: ROOM,
                me: PeerId([me; 32]),
                policy: Policy::default(),
                shape: Shape::Fixed(vec![PeerId([1 - me; 32])]),
                pace: Pace { busy_ms: 1_000, quiet_ms: 1_000 },
                fresh_author: true,
                trace: false,
                seed: me.into(),
            };
            Engine::new(config, Author::from_secret(&[200 + me; 32]), vec![], None, now)
        };
        let mut pair = Self { engines: [engine(0), engine(1)], held, now };
        // What each holds comes from a third peer that neither knows any more.
        for side in 0..2 {
            let (from, runs) = (PeerId([1 - side as u8; 32]), pair.held[side].clone());
            pair.give(side, Input::Up { peer: from, address: None });
            for runs in runs.chunks(64) {
                pair.give(side, Input::Received { from, message: Message::Runs { want: 0, runs: runs.to_vec() } });
            }
            pair.give(side, Input::Down { peer: from });
        }
        pair
    }

    fn give(&mut self, side: usize, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        self.engines[side].handle(input, self.now, &mut out);
        out
    }

    /// Links them and runs until nothing is said any more.
    fn link(&mut self) -> Spoken {
        let mut waiting = VecDeque::new();
        for side in 0..2 {
            let up = Input::Up { peer: PeerId([1 - side as u8; 32]), address: None };
            waiting.extend(self.give(side, up).into_iter().map(|output| (side, output)));
        }
        self.run(waiting)
    }

    /// Lets one side begin a round.
    fn round(&mut self) -> Spoken {
        self.now.ticks_ms += 60_000;
        let waiting = self.give(0, Input::Wake).into_iter().map(|output| (0, output)).collect();
        self.run(waiting)
    }

    fn run(&mut self, mut waiting: VecDeque<(usize, Output)>) -> Spoken {
        let mut bytes = Spoken::default();
        while let Some((side, output)) = waiting.pop_front() {
            let message = match output {
                Output::Send { message: Message::Hello(_) | Message::Known { .. } | Message::Have { .. }, .. } => {
                    continue;
                }
                Output::Send { message, .. } => message,
                Output::Serve { want, ranges, .. } => {
                    let wanted = |run: &&RawRun| {
                        ranges.iter().any(|(author, first, last)| {
                            run.author() == *author && *first <= run.last() && run.first() <= *last
                        })
                    };
                    let runs: Vec<_> = self.held[side].iter().filter(wanted).cloned().collect();
                    let done = (want != 0).then_some((
                        side,
                        Output::Send { to: PeerId([1 - side as u8; 32]), message: Message::Done { want } },
                    ));
                    waiting.extend(done);
                    Message::Runs { want, runs }
                }
                _ => continue,
            };
            bytes.messages += 1;
            if !matches!(message, Message::Runs { .. }) {
                bytes.said[side] += message.encode().len();
            }
            let from = PeerId([side as u8; 32]);
            let out = self.give(1 - side, Input::Received { from, message });
            waiting.extend(out.into_iter().map(|output| (1 - side, output)));
        }
        bytes
    }

    fn same(&self) -> bool {
        self.engines[0].frontier().digest() == self.engines[1].frontier().digest()
    }
}

fn tell(what: &str, bytes: &Spoken, entries: u64) {
    let [there, back] = bytes.said;
    println!("{what}");
    println!("  said                     {there:>6} + {back} bytes in {} messages", bytes.messages);
    if entries > 0 {
        let beside = (there + back) as f64 / entries as f64;
        println!("  beside the entries       {beside:>8.1} bytes for each of {entries}");
    }
}

fn main() {
    let whole: Vec<Vec<RawRun>> = (0..100).map(|author| log(author, 10)).collect();
    let all: Vec<RawRun> = whole.iter().flatten().cloned().collect();

    let mut idle = Pair::new([all.clone(), all.clone()]);
    idle.link();
    tell("both hold the same 100 logs", &idle.round(), 0);

    let lacking = |author: usize| -> Vec<RawRun> {
        let (short, rest) = (log(author as u64, 9), whole.iter().enumerate().filter(|(at, _)| *at != author));
        short.into_iter().chain(rest.flat_map(|(_, log)| log.clone())).collect()
    };
    let mut sums: Vec<Spoken> = Vec::new();
    for author in 0..100 {
        let mut pair = Pair::new([lacking(author), all.clone()]);
        sums.push(pair.link());
        assert!(pair.same(), "the difference is repaired");
    }
    sums.sort_by_key(|bytes| bytes.said.iter().sum::<usize>());
    tell("one entry missing among 100 authors, median of 100 cases", &sums[50], 1);
    tell("  the worst of them", &sums[99], 1);

    let long: Vec<RawRun> = (0..10).flat_map(|author| log(author, 164)).collect();
    let short: Vec<RawRun> = (0..10).flat_map(|author| log(author, 64)).collect();
    let mut pair = Pair::new([short, long]);
    let bytes = pair.link();
    assert!(pair.same(), "the difference is repaired");
    tell("1,000 entries missing over 10 authors", &bytes, 1_000);
}

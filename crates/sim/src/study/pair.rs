//! Two engines that compare their entries over a link without latency, one of them with a store.

use std::collections::VecDeque;

use rumormill_proto::{
    admit::Author,
    config::Config,
    engine::Engine,
    frame::Frame,
    ids::PeerId,
    input::{Input, Output},
    rumor::Policy,
    run::RawRun,
    standing::Crowd,
    sync::Pace,
    time::Now,
    view::Shape,
};
use rumormill_store::{Change, Error, Memory, Read, Store as _};

use super::difference::{Contender, Difference, Said};
use crate::{
    serving::Serving,
    violation::{Story, Violation},
    world::scatter,
};

/// How often both may fall silent before they hold the same; after that they never will. Each round carries thousands
/// of heads.
const ROUNDS: usize = 100;

/// Our engine.
pub struct Ours;

impl Contender for Ours {
    fn name(&self) -> &str {
        "ours"
    }

    fn compare(&self, difference: &Difference) -> Story<Said> {
        let compared = Pair::new(difference).and_then(|mut pair| {
            let same = pair.meet()?;
            Ok((same, pair.said))
        });
        let broken = |sentence| Violation {
            property: "a round finds what is missing",
            sentence,
            seed: difference.seed,
            at_us: 0,
            test: String::new(),
        };
        match compared {
            Ok((true, said)) => Ok(said),
            Ok((false, _)) => Err(broken("two peers still hold different things".into())),
            Err(error) => Err(broken(format!("a store fails: {error}"))),
        }
    }
}

/// The lacking peer, and the other.
struct Pair<'a> {
    difference: &'a Difference,
    engines: [Engine; 2],
    names: [PeerId; 2],
    now: Now,
    /// Reads the store of the other.
    reader: Box<dyn Read>,
    /// Frames on their way, each with its sender.
    waiting: VecDeque<(usize, Frame)>,
    said: Said,
}

impl<'a> Pair<'a> {
    fn new(difference: &'a Difference) -> Result<Self, Error> {
        let (room, seed) = (difference.room, difference.seed);
        let mut store = Memory::new();
        let appends: Vec<_> = difference.runs.iter().map(|run| (room, Change::Append(run))).collect();
        store.commit(&appends)?;
        let names = [3, 4].map(|which| PeerId(scatter(seed ^ which, 0)));
        let now = Now { ticks_ms: 0, wall_ms: difference.after_ms() };
        let mut kept = difference.kept().into_iter();
        let engines = [0, 1].map(|side: usize| {
            let config = Config {
                room,
                me: names[side],
                policy: Policy::default(),
                shape: Shape::Fixed(vec![names[1 - side]]),
                pace: Pace::default(),
                crowd: Crowd::default(),
                closed: None,
                fresh_author: true,
                trace: false,
                seed: seed ^ side as u64,
            };
            let author = Author::from_secret(&scatter(seed ^ 5, side as u64));
            Engine::new(config, author, kept.next().unwrap_or_default(), None, now)
        });
        let said = Said { brought: Some([0; 2]), ..Said::default() };
        Ok(Self { difference, engines, names, now, reader: store.reader()?, waiting: VecDeque::new(), said })
    }

    /// Links the two, and lets them talk until they hold the same or are stuck.
    fn meet(&mut self) -> Result<bool, Error> {
        for side in 0..2 {
            self.give(side, Input::Up { peer: self.names[1 - side], address: None })?;
        }
        for _ in 0..ROUNDS {
            while let Some((side, frame)) = self.waiting.pop_front() {
                self.count(side, &frame);
                self.give(1 - side, Input::Received { from: self.names[side], frame })?;
            }
            let [one, other] = &self.engines;
            if one.frontier().digest() == other.frontier().digest() {
                return Ok(true);
            }
            self.now.ticks_ms = one.next_deadline().min(other.next_deadline()).max(self.now.ticks_ms);
            (0..2).try_for_each(|side| self.give(side, Input::Wake))?;
        }
        Ok(false)
    }

    fn give(&mut self, side: usize, input: Input) -> Result<(), Error> {
        let mut outputs = Vec::new();
        self.engines[side].handle(input, self.now, &mut outputs);
        for output in outputs {
            match output {
                Output::Send { frame, .. } => self.waiting.push_back((side, frame)),
                Output::Serve { want, newest, ranges, .. } if side == 1 => {
                    let room = self.difference.room;
                    let first = if newest == 0 { Vec::new() } else { self.reader.newest(&room, newest)? };
                    let mut serving = Serving::new(want, first, ranges);
                    while let Some(frame) = serving.next(&mut *self.reader, &room)? {
                        self.waiting.push_back((side, frame));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Counts frames of anti-entropy. Greetings are sent once a link, and rumors of new entries would be sent without a
    /// comparison too.
    fn count(&mut self, side: usize, frame: &Frame) {
        let runs: &[RawRun] = match frame {
            Frame::Status { .. } | Frame::Ranges(_) | Frame::Heads(_) => &[],
            Frame::Want(_) | Frame::Done { .. } => &[],
            Frame::Runs { runs, .. } => runs,
            _ => return,
        };
        let run_bytes: usize = runs.iter().map(|run| run.wire().len()).sum();
        let bodies: usize = runs.iter().flat_map(RawRun::entries).map(|entry| entry.body.len()).sum();
        self.said.frames += 1;
        self.said.bytes[side] += frame.encode().len() - run_bytes;
        if let Some(brought) = &mut self.said.brought {
            brought[0] += run_bytes;
            brought[1] += bodies;
        }
    }
}

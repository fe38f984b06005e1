//! Stories as text: one verb a line, run in a world with any seed.
//!
//! ```text
//! # two halves of a room talk apart, and hear each other later
//! join 4
//! wait 2s
//! cut 0-1 | 2-3
//! say 0 "on the left"
//! say 3 "on the right"
//! wait 10s
//! expect 1 "on the left"
//! heal
//! settle
//! same_timeline
//! expect 1 lines 2
//! ```
//!
//! Peers are numbered in the order in which they join: `2`, `0-3`, `0,2,5`. Times are `300ms`, `2s`, `10m`, `8h`.
//!
//! | verb | |
//! |---|---|
//! | `line 5`, `mongering` | before the first join: five peers in a line; rumors as in 1987 |
//! | `join 4`, `found 300` | four more peers join; a room that exists already |
//! | `say 0-2 "hello"` | each says it; `20 times` in turn, `every 1s` |
//! | `wait 2s`, `settle`, `settle 0-3` | lets time pass; until all is quiet, among all or among these |
//! | `cut 0-1 \| 2-3`, `cut 0 > 1`, `clog 2 > 3 20s`, `heal` | splits the room; one way; for a while; undoes all |
//! | `weather loss 30 twice 20 jitter 80ms resend 10 latency 5ms-30ms bulk 200000 live 9000 reorder` | any of these |
//! | `crash 2`, `crash 2 before send` | ends a process; in its next turn before `append`, `send` or `emit` |
//! | `restart 2`, `restart 2 empty` | restarts it; without its store |
//! | `pause 2`, `move 2`, `resume 2` | a closed laptop; it is opened at another address, which nobody knows |
//! | `clock 2 600s`, `clock 2 -10s` | a clock that is ahead or behind |
//! | `turn 2 forger` | into a liar: `mute`, `forger`, `forker`, `flooder`, `boaster`, `usurper`, `denier`, `flatterer`, `parrot` |
//! | `same_timeline` | all properties hold at the end |
//! | `expect 1 lines 2`, `expect 0-3 "a" "b"`, `expect 2 nothing`, `expect 2 down` | what these peers must show |

mod read;
mod tell;

use crate::{
    nature::Nature,
    network::Weather,
    peer::Stage,
    world::{Form, Setup, World},
};

pub use read::Amiss;

/// A parsed story.
#[derive(Clone, Debug, PartialEq)]
pub struct Tale {
    form: Form,
    mongering: bool,
    steps: Vec<Step>,
}

/// One line of a story.
#[derive(Clone, Debug, PartialEq)]
struct Step {
    /// Number of the line, from 1.
    line: usize,
    verb: Verb,
}

/// What the line does.
#[derive(Clone, Debug, PartialEq)]
enum Verb {
    Join(usize),
    Found(usize),
    Say { peers: Vec<usize>, text: String, times: Option<u64>, every_ms: u64 },
    Wait(u64),
    Settle(Option<Vec<usize>>),
    Part(Vec<Vec<usize>>),
    CutOneWay(usize, usize),
    Clog(usize, usize, u64),
    Heal,
    Weather(Box<Weather>),
    Crash(Vec<usize>, Option<Stage>),
    Restart { peers: Vec<usize>, empty: bool },
    Pause(Vec<usize>),
    Move(Vec<usize>),
    Resume(Vec<usize>),
    Clock(Vec<usize>, i64),
    Turn(Vec<usize>, Nature),
    SameTimeline,
    Expect(Vec<usize>, Expected),
}

/// What a peer's screen must show.
#[derive(Clone, Debug, PartialEq)]
enum Expected {
    Lines(usize),
    Texts(Vec<String>),
    Down,
}

impl Tale {
    /// Parses a story.
    ///
    /// # Errors
    /// The first line that cannot be parsed, and where in it.
    pub fn read(text: &str) -> Result<Self, Amiss> {
        read::tale(text)
    }

    /// A world in which to run this story.
    pub fn world(&self, seed: u64) -> World {
        let policy = if self.mongering { tell::mongering() } else { Setup::new(seed).policy };
        World::with(Setup { form: self.form, policy, ..Setup::new(seed) })
    }
}

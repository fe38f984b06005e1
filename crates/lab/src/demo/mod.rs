//! `rumormill demo`: four processes on this host hold a conversation, lose one process, and repair. Every figure shown
//! is measured during the run.

use std::{path::PathBuf, slice, time::Instant};

use data_encoding::HEXLOWER;
use indicatif::HumanCount;
use tempfile::TempDir;

use crate::{
    demo::{
        cast::{Cast, Which, failed},
        node::{Enter, Order, State},
        table::{milliseconds, side_by_side},
    },
    failure::{Failure, data},
    keys::neighbours,
};

mod cast;
pub mod node;
mod table;

/// Number of processes, in a line as in the first system.
const PROCESSES: usize = 4;
const ALL: [usize; PROCESSES] = [0, 1, 2, 3];
/// The process that is killed, and the processes that continue.
const KILLED: usize = 1;
const ALIVE: [usize; PROCESSES - 1] = [0, 2, 3];

/// The conversation.
const LINES: [(usize, &str); PROCESSES] =
    [(0, "Anybody there?"), (1, "Yes, I hear you"), (2, "So do I"), (3, "Far off, me too")];
/// The lines said on both sides of the cut.
const APART: [(usize, &str); 3] = [(0, "p1 is quiet"), (3, "We go on, then"), (2, "It will catch up")];

/// Runs the demo and prints what happens.
///
/// # Errors
/// When timelines differ at the end, or a process fails.
pub async fn run() -> Result<(), Failure> {
    let dir = TempDir::with_prefix("rumormill-demo-").map_err(|error| failed(&error.to_string()))?;
    let mut play = Play::open(&dir).await?;
    play.converse().await?;
    play.compare(&ALL, "What each of them shows").await?;
    play.cut().await?;
    play.heal().await?;
    play.compare(&ALL, "What each of them shows now").await?;
    data("")?;
    data("Try it yourself: `rumormill new lunch` in one terminal, `rumormill join TICKET` in another;")?;
    data("or `rumormill lab start 16`, then `rumormill lab proxy` and `help`.")
}

struct Play {
    cast: Cast,
    dirs: Vec<PathBuf>,
    room: String,
    secret: String,
    authors: Vec<String>,
}

/// Network traffic of all processes together.
#[derive(Clone, Copy, Default)]
struct Cost {
    bytes: u64,
    copies: u64,
}

impl Play {
    async fn open(dir: &TempDir) -> Result<Self, Failure> {
        let began = Instant::now();
        let dirs: Vec<PathBuf> = ALL.iter().map(|at| dir.path().join(format!("p{at}"))).collect();
        let authors = ALL.iter().map(|_| random()).collect::<Result<_, _>>()?;
        let mut play = Self { cast: Cast::new(), dirs, room: random()?, secret: random()?, authors };
        for at in ALL {
            play.cast.join(&play.dirs[at]).await?;
        }
        for at in ALL {
            play.enter(at, true).await?;
        }
        data(&format!(
            "Four processes of this program, started in {}, stand in a line: p0 -- p1 -- p2 -- p3.",
            milliseconds(began.elapsed().as_micros())
        ))?;
        data("Each keeps its log in a directory of its own and talks to its neighbours only.")?;
        Ok(play)
    }

    async fn enter(&mut self, at: usize, fresh: bool) -> Result<(), Failure> {
        let near = neighbours(at as u16, PROCESSES as u16).map(usize::from);
        let enter = Enter {
            room: self.room.clone(),
            secret: self.secret.clone(),
            author_secret: self.authors[at].clone(),
            fresh,
            neighbours: near.filter_map(|near| self.cast.members[near].address.clone()).collect(),
        };
        self.cast.order(at, &Order::Enter(enter)).await?;
        self.cast.wait("enter the room", |cast| cast.members[at].author.is_some()).await
    }

    /// Each process says one thing, once all have the previous one.
    async fn converse(&mut self) -> Result<(), Failure> {
        data("\nEach says one thing.\n")?;
        data("    said                        all had it after  copies  bytes sent  links crossed")?;
        for (at, text) in LINES {
            let before = self.cost(&ALL).await?;
            let (which, said_us) = self.cast.say(at, text).await?;
            let all_us = self.shown_by(&ALL, slice::from_ref(&which)).await?;
            let after = self.cost(&ALL).await?;
            let hops = self.cast.members.iter().filter_map(|member| member.shown.get(&which)?.hops).max();
            data(&format!(
                "{at:>2}  {text:<26}  {:>16}  {:>6}  {:>10}  {:>13}",
                milliseconds(all_us.saturating_sub(said_us).into()),
                after.copies - before.copies,
                HumanCount(after.bytes - before.bytes),
                hops.map_or_else(|| "-".into(), |hops| hops.to_string()),
            ))?;
        }
        data(
            "\nA copy is a rumor that reached somebody; three is the least for four. Bytes are everything sent for the",
        )?;
        data("room meanwhile, comparisons between neighbours included.")
    }

    /// Prints the timelines of `who` side by side.
    async fn compare(&mut self, who: &[usize], title: &str) -> Result<(), Failure> {
        let states = self.cast.states(who).await?;
        let columns: Vec<(String, Vec<String>)> =
            who.iter().zip(&states).map(|(at, state)| (format!("p{at}"), self.column(state))).collect();
        data(&format!("\n{title}:\n"))?;
        side_by_side(&columns).iter().try_for_each(|line| data(line))?;
        let [first, others @ ..] = &columns[..] else { return Err(failed("nobody is there")) };
        if others.iter().any(|other| other.1 != first.1) || states.iter().any(|state| state.digest != states[0].digest)
        {
            return Err(failed("the timelines differ"));
        }
        data(&format!(
            "\nIdentical, digest {}. Known to be held by others, as each author can prove:",
            states[0].digest
        ))?;
        self.holders(who, &states)
    }

    fn column(&self, state: &State) -> Vec<String> {
        state.lines.iter().map(|line| format!("{} {}", self.name(&line.author), line.text)).collect()
    }

    fn holders(&self, who: &[usize], states: &[State]) -> Result<(), Failure> {
        for (at, state) in who.iter().zip(states) {
            let own = state.lines.iter().filter(|line| self.name(&line.author) == format!("p{at}"));
            for line in own {
                data(&format!("    p{at} {:<26} ✓ {}/{}", line.text, line.holders, PROCESSES - 1))?;
            }
        }
        Ok(())
    }

    fn name(&self, author: &str) -> String {
        let is = |member: &cast::Member| member.author.as_deref() == Some(author);
        self.cast.members.iter().position(is).map_or_else(|| "?".into(), |at| format!("p{at}"))
    }

    /// Kills a process in the middle and lets both sides talk.
    async fn cut(&mut self) -> Result<(), Failure> {
        data(&format!("\nNow p{KILLED} is killed, as by a power cut. p0 is alone, p2 -- p3 go on; both sides talk."))?;
        self.cast.kill(KILLED).await?;
        for (at, text) in APART {
            let (which, _) = self.cast.say(at, text).await?;
            let side: &[usize] = if at < KILLED { &[0] } else { &[2, 3] };
            self.shown_by(side, &[which]).await?;
        }
        let states = self.cast.states(&ALIVE).await?;
        let columns: Vec<(String, Vec<String>)> =
            ALIVE.iter().zip(&states).map(|(at, state)| (format!("p{at}"), self.column(state))).collect();
        data("\nThe line is cut:\n")?;
        side_by_side(&columns).iter().try_for_each(|line| data(line))
    }

    /// Restarts it and waits until everybody has everything.
    async fn heal(&mut self) -> Result<(), Failure> {
        let apart = self.said_apart();
        let before = self.cost(&ALIVE).await?;
        let began = Instant::now();
        self.cast.restart(KILLED, &self.dirs[KILLED]).await?;
        self.enter(KILLED, false).await?;
        let entered = began.elapsed();
        self.shown_by(&ALL, &apart).await?;
        let took = began.elapsed();
        let after = self.cost(&ALL).await?;
        let late: usize =
            self.cast.members.iter().map(|member| member.shown.values().filter(|shown| shown.late).count()).sum();
        data(&format!(
            "\np{KILLED} starts again from what its disk kept. It was in the room after {}, and everybody had everything",
            milliseconds(entered.as_micros())
        ))?;
        data(&format!(
            "after {}, for {} bytes in all. Put above lines that were there already, for they were said earlier: {late}.",
            milliseconds(took.as_micros()),
            HumanCount(after.bytes - before.bytes)
        ))
    }

    /// The entries said while the line was cut.
    fn said_apart(&self) -> Vec<Which> {
        let mut said: Vec<Which> = Vec::new();
        for member in ALIVE.map(|at| &self.cast.members[at]) {
            let apart = member.shown.iter().filter(|(_, shown)| APART.iter().any(|(_, text)| *text == shown.text));
            said.extend(apart.map(|(which, _)| which.clone()));
        }
        said.sort_unstable();
        said.dedup();
        said
    }

    /// Waits until all of `who` show all of `entries`; returns when the last did, in microseconds.
    async fn shown_by(&mut self, who: &[usize], entries: &[Which]) -> Result<u64, Failure> {
        let shows = |cast: &Cast, at: usize| entries.iter().all(|which| cast.members[at].shown.contains_key(which));
        self.cast.wait("show what was said", |cast| who.iter().all(|at| shows(cast, *at))).await?;
        let shown =
            who.iter().flat_map(|at| entries.iter().filter_map(|which| self.cast.members[*at].shown.get(which)));
        Ok(shown.map(|shown| shown.at_us).max().unwrap_or(0))
    }

    async fn cost(&mut self, who: &[usize]) -> Result<Cost, Failure> {
        let states = self.cast.states(who).await?;
        let sum = |cost: Cost, state: &State| Cost {
            bytes: cost.bytes + state.bytes_out,
            copies: cost.copies + state.pushes_in,
        };
        Ok(states.iter().fold(Cost::default(), sum))
    }
}

fn random() -> Result<String, Failure> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| failed(&error.to_string()))?;
    Ok(HEXLOWER.encode(&key))
}

//! Weather, unrest and stories at a command line.

#![allow(clippy::print_stdout, reason = "a command prints")]

use std::{error::Error, fs, path::PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    study::{Lot, cores},
    tale::Tale,
    unrest,
    violation::{self, Violation},
    weather,
};

/// The violation, with the command that repeats it.
fn again(violation: &Violation, words: &str) -> Box<dyn Error> {
    let Violation { seed, .. } = violation;
    format!("{violation}\n  again: cargo run --release -p rumormill-sim -- {words} --seed {seed} --trace").into()
}

/// Options of `story`.
#[derive(clap::Args)]
pub struct Story {
    /// A file with one verb a line
    file: PathBuf,
    /// The seed of everything random in the world
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print a line for every event
    #[arg(long)]
    trace: bool,
}

impl Story {
    /// Runs the story.
    ///
    /// # Errors
    /// When the file cannot be read or parsed, or the violation with the command that repeats it.
    pub fn tell(&self) -> Result<(), Box<dyn Error>> {
        let path = self.file.display();
        let text = fs::read_to_string(&self.file).map_err(|why| format!("{path}: {why}"))?;
        let tale = Tale::read(&text).map_err(|amiss| format!("{path}: {amiss}"))?;
        let mut room = tale.world(self.seed);
        if self.trace {
            room.print_trace();
        }
        tale.tell(&mut room).map_err(|violation| again(&violation, &format!("story {path}")))?;
        if !self.trace {
            println!("told in {} s of the room's time", room.now_ms() / 1_000);
        }
        Ok(())
    }
}

/// A kind of world that seeds pick.
pub struct Worlds {
    name: &'static str,
    pass: fn(u64) -> violation::Story,
    print: fn(u64) -> violation::Story,
}

/// Everything goes wrong in an open room.
pub const WEATHER: Worlds = Worlds { name: "weather", pass: weather::pass, print: weather::print };

/// Governors of a closed room act against one another.
pub const UNREST: Worlds = Worlds { name: "unrest", pass: unrest::pass, print: unrest::print };

/// Options of `weather` and `unrest`.
#[derive(clap::Args)]
pub struct Seeds {
    /// Run this many seeds
    #[arg(long, default_value_t = 200, value_name = "COUNT")]
    seeds: u64,
    /// Start at this seed; the others follow it
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    first_seed: u64,
    /// Run only this seed
    #[arg(long, conflicts_with_all = ["seeds", "first_seed"])]
    seed: Option<u64>,
    /// Print a line for every event
    #[arg(long, requires = "seed")]
    trace: bool,
    /// Run this many seeds at the same time, instead of one a core
    #[arg(long, value_name = "COUNT")]
    workers: Option<usize>,
}

impl Seeds {
    /// Runs the worlds.
    ///
    /// # Errors
    /// The violation with the command that repeats it.
    pub fn pass(&self, worlds: &Worlds) -> Result<(), Box<dyn Error>> {
        let passed = match self.seed {
            Some(seed) if self.trace => (worlds.print)(seed),
            Some(seed) => (worlds.pass)(seed),
            None => self.pass_all(worlds),
        };
        passed.map_err(|violation| again(&violation, worlds.name))?;
        if !self.trace {
            println!("{} passed", if self.seed.is_some() { 1 } else { self.seeds });
        }
        Ok(())
    }

    fn pass_all(&self, worlds: &Worlds) -> Result<(), Violation> {
        let style = ProgressStyle::with_template("{elapsed:>5} {wide_bar} {pos}/{len} {eta:>5}");
        let bar = ProgressBar::new(self.seeds).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let lot = Lot {
            quick: false,
            first_seed: self.first_seed,
            seeds: self.seeds,
            workers: self.workers.unwrap_or_else(cores).max(1),
            progress: &|done, _| bar.set_position(done as u64),
        };
        let passed = lot.draw(&[()], |(), seed| (worlds.pass)(seed));
        bar.finish_and_clear();
        passed.map(|_| ())
    }
}

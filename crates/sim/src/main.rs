//! `rumormill-sim`: the simulator at the command line.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command prints")]

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use rumormill_sim::{
    Story,
    study::{
        self, Lot, Table, crash, report,
        spread::{self, Contender, Ours},
    },
};

/// Many Rumormill engines under one seed, in virtual time.
#[derive(Parser)]
#[command(name = "rumormill-sim", version)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Rumor mongering beside tables 1 to 3 of Demers et al. 1987
    Demers(Size),
    /// How fast and at what cost a line reaches everybody
    Spread(Size),
    /// What survivors hear when most of a room dies at once
    Crash(Size),
    /// The broadcast workload of the Maelstrom challenge
    Glomers(Size),
}

/// What every study is asked.
#[derive(clap::Args)]
struct Size {
    /// Small rooms and few points
    #[arg(long)]
    quick: bool,
    /// Samples of each point
    #[arg(long, default_value_t = 10)]
    seeds: u64,
    /// The first seed; the others follow it
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    first_seed: u64,
    /// Samples drawn at the same time, instead of one a core
    #[arg(long, value_name = "COUNT")]
    workers: Option<usize>,
    /// Where values and plots go
    #[arg(long, default_value = "target/studies", value_name = "FOLDER")]
    out: PathBuf,
}

impl Size {
    /// Makes a study, prints its tables and writes them down.
    fn make(&self, study: impl FnOnce(&Lot<'_>) -> Story<Vec<Table>>) -> Result<(), Box<dyn std::error::Error>> {
        let style = ProgressStyle::with_template("{elapsed:>5} {wide_bar} {pos}/{len} {eta:>5}")?;
        let bar = ProgressBar::no_length().with_style(style);
        let progress = |done: usize, all: usize| {
            bar.set_length(all as u64);
            bar.set_position(done as u64);
        };
        let lot = Lot {
            quick: self.quick,
            first_seed: self.first_seed,
            seeds: self.seeds.max(1),
            workers: self.workers.unwrap_or_else(study::cores).max(1),
            progress: &progress,
        };
        let tables = study(&lot);
        bar.finish_and_clear();
        for table in tables? {
            println!("{table}");
            for path in report::write(&table, &self.out)? {
                eprintln!("{}", path.display());
            }
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    let done = match Args::parse().what {
        What::Demers(size) => size.make(study::demers::study),
        What::Spread(size) => {
            let ours = Ours::all();
            let contenders: Vec<_> = ours.iter().map(|ours| ours as &dyn Contender).collect();
            size.make(|lot| spread::study(lot, &contenders))
        }
        What::Crash(size) => {
            let ours = Ours::all();
            size.make(|lot| crash::study(lot, &[&ours[0]]))
        }
        What::Glomers(size) => size.make(study::glomers::study),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

//! What every study is asked at a command line, and how its tables come out there.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command prints")]

use std::{error::Error, path::PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Lot, Table, cores, report};
use crate::violation::Story;

/// What every study is asked.
#[derive(clap::Args)]
pub struct Size {
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
    ///
    /// # Errors
    /// What broke in a world, or when a file cannot be written.
    pub fn make(&self, study: impl FnOnce(&Lot<'_>) -> Story<Vec<Table>>) -> Result<(), Box<dyn Error>> {
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
            workers: self.workers.unwrap_or_else(cores).max(1),
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

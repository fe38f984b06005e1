//! The command line of all studies, and the output of their tables.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command prints")]

use std::{error::Error, path::PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Lot, Table, cores, report};
use crate::violation::Story;

/// Options of every study.
#[derive(clap::Args)]
pub struct Size {
    /// Use small rooms and few points
    #[arg(long)]
    quick: bool,
    /// Draw this many samples of each point
    #[arg(long, default_value_t = 10)]
    seeds: u64,
    /// Start at this seed; the others follow it
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    first_seed: u64,
    /// Draw this many samples at the same time, instead of one a core
    #[arg(long, value_name = "COUNT")]
    workers: Option<usize>,
    /// Write values and plots to this folder
    #[arg(long, default_value = "target/studies", value_name = "FOLDER")]
    out: PathBuf,
}

impl Size {
    /// Runs a study, prints its tables and writes them to files.
    ///
    /// # Errors
    /// A violation in a world, or when a file cannot be written.
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

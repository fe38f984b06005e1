//! The simulator's studies with other systems as additional contenders: the same points and seeds in one run.

#![allow(clippy::print_stderr, reason = "a command prints")]

mod gossip;
mod negentropy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rumormill_sim::study::{
    self,
    command::Size,
    crash,
    difference::FlatVector,
    pair,
    spread::{self, Contender, Ours},
};

use crate::{gossip::Gossip, negentropy::Reconciliation};

/// Rumormill compared with other systems.
#[derive(Parser)]
#[command(name = "rumormill-compare", version)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Measure how fast and at what cost a line reaches everybody
    Spread(Size),
    /// Measure what survivors receive when most of a room dies at once
    Crash(Size),
    /// Measure the bytes of an exchange without differences, against the size of the room
    Idle(Size),
    /// Measure the bytes it takes to find what is missing, against the amount missing
    Repair(Size),
}

fn main() -> ExitCode {
    let done = match Args::parse().what {
        What::Spread(size) => {
            let ours = Ours::all();
            let ours = ours.iter().map(|ours| ours as &dyn Contender);
            let contenders: Vec<_> = ours.chain([&Gossip::AsItComes as _, &Gossip::Scaled as _]).collect();
            size.make(|lot| spread::study(lot, &contenders))
        }
        What::Crash(size) => size.make(|lot| crash::study(lot, &[&Ours::all()[0], &Gossip::AsItComes])),
        What::Idle(size) => size.make(|lot| study::idle::study(lot, &[&pair::Ours, &FlatVector, &Reconciliation])),
        What::Repair(size) => size.make(|lot| study::repair::study(lot, &[&pair::Ours, &FlatVector, &Reconciliation])),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

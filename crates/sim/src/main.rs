//! `rumormill-sim`: the command line of the simulator.

#![allow(clippy::print_stderr, reason = "a command prints")]

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rumormill_sim::{
    command::{Seeds, Story, UNREST, WEATHER},
    study::{
        self,
        command::Size,
        crash,
        difference::FlatVector,
        pair,
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
    /// Run worlds in which everything goes wrong, and check what holds at the end
    Weather(Seeds),
    /// Run closed rooms whose governors act against one another, and check what holds at the end
    Unrest(Seeds),
    /// Run a story, one verb a line
    Story(Story),
    /// Compare rumor mongering with tables 1 to 3 of Demers et al. 1987
    Demers(Size),
    /// Measure how fast and at what cost a line reaches everybody
    Spread(Spread),
    /// Measure the bytes of a line by who speaks
    Talk(Size),
    /// Measure what survivors receive when most of a room dies at once
    Crash(Size),
    /// Run the broadcast workload of the Maelstrom challenge
    Glomers(Size),
    /// Measure the bytes of an exchange without differences, against the size of the room
    Idle(Size),
    /// Measure the bytes it takes to find what is missing, against the amount missing
    Repair(Size),
    /// Measure how long somebody who is removed reads on, and what the new epoch costs
    Removal(Size),
    /// Heal two halves of a room that talked on while apart
    Partition(Size),
    /// Put honest peers among many false ones
    Sybil(Size),
    /// Let newcomers join while a peer speaks under a thousand new keys a second
    Crowd(Size),
}

/// Parses a number of peers of which one can send to another.
fn at_least_two(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(peers) if peers >= 2 => Ok(peers),
        _ => Err("expected a number of at least 2".into()),
    }
}

/// Options of `spread`.
#[derive(clap::Args)]
struct Spread {
    /// Measure one room of this size, with changing senders, instead of all sizes
    #[arg(long, value_name = "COUNT", value_parser = at_least_two)]
    peers: Option<usize>,
    #[command(flatten)]
    size: Size,
}

fn main() -> ExitCode {
    let done = match Args::parse().what {
        What::Weather(seeds) => seeds.pass(&WEATHER),
        What::Unrest(seeds) => seeds.pass(&UNREST),
        What::Story(story) => story.tell(),
        What::Demers(size) => size.make(study::demers::study),
        What::Spread(Spread { size, peers }) => {
            let ours = Ours::all();
            let contenders: Vec<_> = ours.iter().map(|ours| ours as &dyn Contender).collect();
            size.make(|lot| match peers {
                None => spread::study(lot, &contenders),
                Some(peers) => spread::table(lot, &contenders, &spread::large(peers)).map(|table| vec![table]),
            })
        }
        What::Talk(size) => size.make(study::talk::study),
        What::Crash(size) => {
            let ours = Ours::all();
            size.make(|lot| crash::study(lot, &[&ours[0]]))
        }
        What::Glomers(size) => size.make(study::glomers::study),
        What::Idle(size) => size.make(|lot| study::idle::study(lot, &[&pair::Ours, &FlatVector])),
        What::Repair(size) => size.make(|lot| study::repair::study(lot, &[&pair::Ours, &FlatVector])),
        What::Removal(size) => size.make(study::removal::study),
        What::Partition(size) => size.make(study::partition::study),
        What::Sybil(size) => size.make(study::sybil::study),
        What::Crowd(size) => size.make(study::crowd::study),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

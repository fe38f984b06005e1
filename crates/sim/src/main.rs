//! `rumormill-sim`: the simulator at the command line.

#![allow(clippy::print_stderr, reason = "a command prints")]

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use rumormill_sim::{
    command::{Story, Weather},
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
    /// Worlds in which everything goes wrong, and what holds when it is over
    Weather(Weather),
    /// Tell a story, one verb a line
    Story(Story),
    /// Rumor mongering beside tables 1 to 3 of Demers et al. 1987
    Demers(Size),
    /// How fast and at what cost a line reaches everybody
    Spread(Spread),
    /// Bytes of a line, by who speaks
    Talk(Size),
    /// What survivors hear when most of a room dies at once
    Crash(Size),
    /// The broadcast workload of the Maelstrom challenge
    Glomers(Size),
    /// Bytes of an exchange when nothing differs, against the size of the room
    Idle(Size),
    /// Bytes of finding out what is missing, against how much that is
    Repair(Size),
    /// Two halves of a room that talked on without each other, healed
    Partition(Size),
    /// Honest peers among many false ones
    Sybil(Size),
    /// Newcomers, while somebody speaks under a thousand new keys a second
    Crowd(Size),
}

/// A number of peers of which one can say something to another.
fn at_least_two(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(peers) if peers >= 2 => Ok(peers),
        _ => Err("a number from 2 is needed".into()),
    }
}

/// What `spread` is asked.
#[derive(clap::Args)]
struct Spread {
    /// One room of this size, with changing senders, instead of all of them
    #[arg(long, value_name = "COUNT", value_parser = at_least_two)]
    peers: Option<usize>,
    #[command(flatten)]
    size: Size,
}

fn main() -> ExitCode {
    let done = match Args::parse().what {
        What::Weather(weather) => weather.pass(),
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

//! `rumormill paths`: where things are kept.

use serde::Serialize;

use crate::{
    commands::{data, json},
    failure::Failure,
    home::Place,
};

/// What to give `rumormill paths`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// One JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Paths {
    /// Rooms, logs and keys.
    data: String,
    /// Lines typed.
    state: String,
}

/// Prints the directories.
///
/// # Errors
/// When the system knows no home directory.
pub(crate) fn run(args: &Args, place: &Place) -> Result<(), Failure> {
    let paths = Paths { data: place.data()?.display().to_string(), state: place.state()?.display().to_string() };
    match args.json {
        true => json(&paths),
        false => data(&format!("data   {}", paths.data)).and_then(|()| data(&format!("state  {}", paths.state))),
    }
}

//! `rumormill paths`: where things are kept.

use serde::Serialize;

use crate::{
    commands::{data, json},
    failure::Failure,
    home::HomeArgs,
};

/// What to give `rumormill paths`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Paths {
    /// How the program behaves.
    config: String,
    /// Rooms, logs and keys.
    data: String,
    /// Where other programs of this user ask.
    socket: String,
    /// What lets pages and scripts in over loopback.
    token: String,
    /// Lines typed.
    state: String,
}

/// Prints the directories and files, whether they are there or not.
///
/// # Errors
/// When the system knows no home directory.
pub(crate) fn run(args: &Args, place: &HomeArgs) -> Result<(), Failure> {
    let paths = Paths {
        config: place.config_file()?.display().to_string(),
        data: place.data()?.display().to_string(),
        socket: place.socket()?.display().to_string(),
        token: place.token()?.display().to_string(),
        state: place.state()?.display().to_string(),
    };
    if args.json {
        return json(&paths);
    }
    let Paths { config, data: dir, socket, token, state } = &paths;
    let lines = [("config", config), ("data", dir), ("socket", socket), ("token", token), ("state", state)];
    lines.into_iter().try_for_each(|(what, path)| data(&format!("{what:<7} {path}")))
}

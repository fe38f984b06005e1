//! `rumormill paths`: print the paths of the program's files.

use serde::Serialize;

use crate::{
    commands::{data, json},
    failure::Failure,
    home::HomeArgs,
};

/// Arguments of `rumormill paths`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Paths {
    /// The configuration.
    config: String,
    /// Rooms, logs and keys.
    data: String,
    /// The socket for other programs of this user.
    socket: String,
    /// The token for pages and scripts over loopback.
    token: String,
    /// The history of typed lines.
    state: String,
}

/// Prints the directories and files, whether or not they exist.
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

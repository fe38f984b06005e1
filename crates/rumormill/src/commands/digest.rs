//! `rumormill digest`: print the digest that two people compare.

use crate::{
    client::{self, pick},
    commands::{data, json},
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// Arguments of `rumormill digest`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id; optional when there is only one room
    room: Option<String>,
    /// Print JSON, with the number of entries here and missing
    #[arg(long)]
    json: bool,
}

/// Prints a digest of the room, which two people have in common exactly when they hold the same entries.
///
/// # Errors
/// When there is no such room, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let room = client::with(&place, Reach::Reading, async |client| pick(client, args.room.as_deref()).await).await?;
    match args.json {
        true => json(&serde_json::json!({
            "room": room.id, "digest": room.digest, "entries": room.entries, "missing": room.missing,
        })),
        false => data(&room.digest),
    }
}

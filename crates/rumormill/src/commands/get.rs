//! `rumormill get`: save a file that somebody sent.

use std::path::PathBuf;

use rumormill_api::Room;
use rumormill_client::Client;
use rumormill_text::safe_name;
use rumormill_tui::{
    output::{Output, Present},
    transfer,
};

use crate::{
    client::{self, pick},
    commands::data,
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// Arguments of `rumormill get`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Message, named by its `ref` from `rumormill log --json`
    message: String,
    /// Name of the room, or the beginning of its id; optional when there is only one room
    #[arg(long)]
    room: Option<String>,
    /// Directory or file to save to; the current directory and the file's own name if omitted. Pipes and devices are written
    /// to as they are
    #[arg(long, value_name = "PATH")]
    to: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long)]
    force: bool,
}

/// Fetches the file from a peer that has it, and prints where it was saved. If no such peer is here, the node asks
/// again whenever the home is open and somebody comes.
///
/// # Errors
/// When the message offers no file, nobody who has it is here, or it cannot be written.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let saved = client::with(&place, Reach::Peers, async |client: &Client| get(client, &args).await).await?;
    saved.map_or(Ok(()), |path| data(&path.display().to_string()))
}

async fn get(client: &Client, args: &Args) -> Result<Option<PathBuf>, Failure> {
    let Room { id, .. } = pick(client, args.room.as_deref()).await?;
    let message = client.room(id.as_str()).message(&args.message.as_str().into()).await?;
    let Some(file) = &message.file else { return Err(rumormill_node::Error::NoFile.into()) };
    let to = match args.to.clone().unwrap_or_else(|| PathBuf::from(".")) {
        dir if dir.is_dir() => dir.join(safe_name(&file.name)),
        path => path,
    };
    let to = Output::to(&to, if args.force { Present::Replaced } else { Present::Kept })?;
    transfer::ask(client, &id, &message).await?;
    let bar = transfer::bar(file.size, &file.name);
    let saved = transfer::save(client, &id, &message, to, &bar).await;
    bar.finish_and_clear();
    Ok(saved?)
}

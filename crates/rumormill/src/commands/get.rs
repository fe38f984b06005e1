//! `rumormill get`: save a file that somebody sent.

use std::path::PathBuf;

use rumormill_api::Room;
use rumormill_client::Client;
use rumormill_text::safe_name;
use rumormill_tui::transfer::{self, To};

use crate::{
    client::{self, pick},
    commands::data,
    failure::Failure,
    home::{Place, Reach},
};

/// What to give `rumormill get`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Message, named by its `ref` from `rumormill log --json`
    message: String,
    /// Name of the room, or the beginning of its id; optional when there is only one room
    #[arg(long)]
    room: Option<String>,
    /// Directory or file to save to; the current directory and the file's own name if omitted
    #[arg(long, value_name = "PATH")]
    to: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long)]
    force: bool,
}

/// Fetches the file from whoever has it and prints where it was saved. When nobody who has it is here, it is asked for
/// again whenever the home is open and somebody comes.
///
/// # Errors
/// When the message offers no file, nobody who has it is here, or it cannot be written.
pub(crate) async fn run(args: Args, place: Place) -> Result<(), Failure> {
    let saved = client::with(&place, Reach::Peers, async |client: &Client| get(client, &args).await).await?;
    data(&saved.display().to_string())
}

async fn get(client: &Client, args: &Args) -> Result<PathBuf, Failure> {
    let Room { id, .. } = pick(client, args.room.as_deref()).await?;
    let message = client.room(id.as_str()).message(&args.message.as_str().into()).await?;
    let Some(file) = &message.file else { return Err(rumormill_node::Error::NoFile.into()) };
    let to = match args.to.clone() {
        Some(dir) if dir.is_dir() => place_in(dir, &file.name, args.force),
        Some(path) if args.force => To::Over(path),
        Some(path) => To::New(path),
        None => place_in(PathBuf::from("."), &file.name, args.force),
    };
    transfer::ask(client, &id, &message).await?;
    let bar = transfer::bar(file.size, &file.name);
    let saved = transfer::save(client, &id, &message, to, &bar).await;
    bar.finish_and_clear();
    Ok(saved?)
}

fn place_in(dir: PathBuf, name: &str, force: bool) -> To {
    let path = dir.join(safe_name(name));
    if force { To::Over(path) } else { To::New(path) }
}

//! `rumormill read`: move the unread marker of a room.

use rumormill_client::Client;
use rumormill_text::show::count;

use crate::{
    client::{self, pick},
    commands::talk,
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// Arguments of `rumormill read`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id
    room: String,
    /// Message up to which you have read, named by its `ref` from `rumormill log --json`; the last one if omitted
    message: Option<String>,
    /// Mark this message, and those after it, as unread
    #[arg(long, requires = "message")]
    unread: bool,
}

/// Moves the marker, and reports how many messages are unread. Nobody else learns of it.
///
/// # Errors
/// When there is no such room or message, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let unread = client::with(&place, Reach::Nobody, async |client| read(client, &args).await).await?;
    talk(&count(unread as usize, "unread message", "unread messages"));
    Ok(())
}

async fn read(client: &Client, args: &Args) -> Result<u64, Failure> {
    let room = pick(client, Some(&args.room)).await?;
    let asks = client.room(room.id.as_str());
    let message = match &args.message {
        Some(message) if args.unread => {
            return Ok(asks.mark_unread(&message.as_str().into()).await?.unread);
        }
        Some(message) => Some(asks.message(&message.as_str().into()).await?),
        None => asks.newest(1).await?.messages.pop(),
    };
    // A room without messages counts as read.
    let Some(message) = message else { return Ok(room.unread) };
    Ok(asks.mark_read(&message.place).await?.unread)
}

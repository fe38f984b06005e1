//! `rumormill edit`: change the text of one of your messages.

use rumormill_client::RoomHandle;

use crate::{commands::spread, failure::Failure, home::HomeArgs};

/// Arguments of `rumormill edit`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id
    room: String,
    /// Message of yours, named by its `ref` from `rumormill log --json`
    message: String,
    /// New text of the message
    #[arg(required = true)]
    text: Vec<String>,
}

/// Changes the message, and reports how many people have the change.
///
/// # Errors
/// When there is no such room or message, it is not yours or no text, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let message = args.message.as_str().into();
    let edit = async |room: &RoomHandle| room.edit(&message, args.text.join(" ")).await;
    spread::change(&place, &args.room, "changed", edit).await
}

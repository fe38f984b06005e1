//! `rumormill retract`: take one of your messages back.

use rumormill_client::RoomHandle;

use crate::{commands::spread, failure::Failure, home::HomeArgs};

/// Arguments of `rumormill retract`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id
    room: String,
    /// Message of yours, named by its `ref` from `rumormill log --json`
    message: String,
}

/// Takes the message back, and reports how many people know that. Others may have kept a copy of it.
///
/// # Errors
/// When there is no such room or message, it is not yours, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let message = args.message.as_str().into();
    let retract = async |room: &RoomHandle| room.retract(&message).await;
    spread::change(&place, &args.room, "taken back", retract).await
}

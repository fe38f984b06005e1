//! `rumormill react`: add a sign to a message, or remove it.

use rumormill_client::RoomHandle;

use crate::{commands::spread, failure::Failure, home::HomeArgs};

/// Arguments of `rumormill react`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id
    room: String,
    /// Message, named by its `ref` from `rumormill log --json`
    message: String,
    /// Sign to set, mostly an emoji
    sign: String,
    /// Take your sign back
    #[arg(long)]
    remove: bool,
}

/// Adds or removes the sign, and reports how many people have the change.
///
/// # Errors
/// When there is no such room or message, the sign is invalid, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let message = args.message.as_str().into();
    let react = async |room: &RoomHandle| match args.remove {
        true => room.unreact(&message, &args.sign).await,
        false => room.react(&message, &args.sign).await,
    };
    spread::change(&place, &args.room, if args.remove { "taken back" } else { "set" }, react).await
}

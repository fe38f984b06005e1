//! `rumormill retract`: take one of your messages back.

use crate::{
    client,
    commands::spread::Spread,
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// What to give `rumormill retract`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id
    room: String,
    /// Message of yours, named by its `ref` from `rumormill log --json`
    message: String,
}

/// Takes it back, and tells how many know of it. Whoever wanted to keep it has kept it.
///
/// # Errors
/// When there is no such room or message, it is not yours, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let retract = async |client: &_| {
        let mut spread = Spread::listen(client, &args.room).await?;
        spread.room.retract(&args.message.as_str().into()).await?;
        spread.wait_for_last("taken back").await;
        Ok(())
    };
    client::with(&place, Reach::Peers, retract).await
}

//! `rumormill react`: set a sign under a message, or take it back.

use crate::{
    client,
    commands::spread::Spread,
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// What to give `rumormill react`.
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

/// Sets the sign or takes it back, and tells how many know of it.
///
/// # Errors
/// When there is no such room or message, the sign is none, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let react = async |client: &_| {
        let mut spread = Spread::listen(client, &args.room).await?;
        let message = args.message.as_str().into();
        match args.remove {
            true => spread.room.unreact(&message, &args.sign).await?,
            false => spread.room.react(&message, &args.sign).await?,
        };
        spread.wait_for_last(if args.remove { "taken back" } else { "set" }).await;
        Ok(())
    };
    client::with(&place, Reach::Peers, react).await
}

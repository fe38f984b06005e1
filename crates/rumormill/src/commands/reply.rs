//! `rumormill reply`: reply to a message.

use crate::{
    client,
    commands::spread::Spread,
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// Arguments of `rumormill reply`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id
    room: String,
    /// Message to answer, named by its `ref` from `rumormill log --json`
    message: String,
    /// Text of the answer
    #[arg(required = true)]
    text: Vec<String>,
}

/// Sends the reply, and reports how many people have it.
///
/// # Errors
/// When there is no such room or message, the text is empty or too long, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let reply = async |client: &_| {
        let mut spread = Spread::listen(client, &args.room).await?;
        // Nobody could read a reply to a message that is not here.
        let to = spread.room.message(&args.message.as_str().into()).await?;
        let said = spread.room.reply(&to.r#ref, args.text.join(" ")).await?;
        spread.wait("said", &said.r#ref).await;
        Ok(())
    };
    client::with(&place, Reach::Peers, reply).await
}

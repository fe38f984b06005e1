//! `rumormill seen`: who has a message.

use rumormill_api::Holders;
use rumormill_client::Client;

use crate::{
    client::{self, pick},
    commands::{data, json, talk},
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// What to give `rumormill seen`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Message, named by its `ref` from `rumormill log --json`
    message: String,
    /// Name of the room, or the beginning of its id; optional when there is only one room
    #[arg(long)]
    room: Option<String>,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

/// Prints a line for everybody who provably has it.
///
/// # Errors
/// When there is no such message, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let find = async |client: &Client| holders(client, &args).await;
    let Holders { holders, of } = client::with(&place, Reach::Reading, find).await?;
    talk(&format!("{} of {of} others have it", holders.len()));
    holders.iter().try_for_each(|person| match args.json {
        true => json(person),
        false => data(&format!("{}  {}", person.nick, &person.author.as_str()[..8])),
    })
}

async fn holders(client: &Client, args: &Args) -> Result<Holders, Failure> {
    let room = pick(client, args.room.as_deref()).await?;
    Ok(client.room(room.id.as_str()).holders(&args.message.as_str().into()).await?)
}

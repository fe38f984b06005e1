//! `rumormill seen`: list the people who have a message.

use rumormill_api::{Holders, Person};
use rumormill_client::Client;
use rumormill_text::show::received;
use serde::Serialize;

use crate::{
    client::{self, pick},
    commands::{data, json, talk},
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// Arguments of `rumormill seen`.
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

/// A person who has the message, and how that is known.
#[derive(Serialize)]
struct Holder<'a> {
    #[serde(flatten)]
    person: &'a Person,
    how: &'static str,
}

/// Prints a line for every such person: whether they received it, or acknowledged it with a later message.
///
/// # Errors
/// When there is no such message, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let find = async |client: &Client| holders(client, &args).await;
    let Holders { holders, acknowledged, of } = client::with(&place, Reach::Reading, find).await?;
    talk(&received(holders.len(), acknowledged.len(), of));
    holders.iter().try_for_each(|person| {
        let how = if acknowledged.contains(&person.author) { "acknowledged" } else { "received" };
        match args.json {
            true => json(&Holder { person, how }),
            false => data(&format!("{}  {}  {how}", person.nick, &person.author.as_str()[..8])),
        }
    })
}

async fn holders(client: &Client, args: &Args) -> Result<Holders, Failure> {
    let room = pick(client, args.room.as_deref()).await?;
    Ok(client.room(room.id.as_str()).holders(&args.message.as_str().into()).await?)
}

//! `rumormill ticket`: print the ticket that lets others join a room.

use rumormill_client::Client;

use crate::{
    client::{self, pick},
    commands::new,
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// Arguments of `rumormill ticket`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id; optional when there is only one room
    room: Option<String>,
    /// Print a link instead: it opens the web page of a machine where `rumormill serve` runs, and offers to join
    #[arg(long)]
    link: bool,
}

/// Prints a ticket with the current peers.
///
/// # Errors
/// When there is no such room, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let ask = async |client: &Client| {
        let room = pick(client, args.room.as_deref()).await?;
        Ok(client.room(room.id.as_str()).ticket().await?)
    };
    let ticket = client::with(&place, Reach::Peers, ask).await?;
    let link = if args.link { place.config()?.http.link(&ticket) } else { None };
    new::show(&ticket, link.as_deref())
}

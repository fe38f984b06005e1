//! `rumormill ticket`: what lets others into a room.

use http::Method;
use rumormill_api::Ticket;

use crate::{
    client::Client,
    commands::new,
    failure::Failure,
    home::{Place, Reach},
};

/// What to give `rumormill ticket`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id; optional when there is only one room
    room: Option<String>,
}

/// Prints a ticket with the peers there are now.
///
/// # Errors
/// When there is no such room, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: Place) -> Result<(), Failure> {
    let ask = async |client: &Client| {
        let room = client.pick(args.room.as_deref()).await?;
        client.ask(Method::GET, &format!("/v1/rooms/{}/ticket", room.id)).await
    };
    let Ticket { ticket } = Client::with(&place, Reach::Peers, ask).await?;
    new::show(&ticket)
}

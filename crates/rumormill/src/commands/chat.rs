//! `rumormill chat`: open a room again.

use crate::{
    chat::{self, Look},
    client::Client,
    failure::Failure,
    home::{Place, Reach},
};

/// What to give `rumormill chat`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id; optional when there is only one room
    room: Option<String>,
    /// Use plain lines instead of the full screen, even at a terminal
    #[arg(long)]
    plain: bool,
}

/// Opens the room.
///
/// # Errors
/// When there is no such room, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: Place) -> Result<(), Failure> {
    let visit = async |client: &Client| {
        let room = client.pick(args.room.as_deref()).await?;
        chat::visit(client, &room, &place, Look::of(args.plain)).await
    };
    Client::with(&place, Reach::Peers, visit).await.map(|_| ())
}

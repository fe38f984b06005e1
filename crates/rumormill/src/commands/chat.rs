//! `rumormill chat`: open a room again.

use rumormill_api::Room;
use rumormill_client::Client;

use crate::{
    client::{self, pick},
    failure::Failure,
    home::{HomeArgs, Reach},
    visit::{Look, visit},
};

/// Arguments of `rumormill chat`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id; the one that was open last if omitted
    room: Option<String>,
    /// Use plain lines instead of the full screen, even at a terminal
    #[arg(long)]
    plain: bool,
}

/// Opens the room.
///
/// # Errors
/// When there is no such room, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let visit = async |client: &Client| {
        let room = match args.room.as_deref() {
            Some(wanted) => pick(client, Some(wanted)).await?,
            None => last(client, &place).await?,
        };
        visit(client, &room, &place, Look::of(args.plain)).await
    };
    client::with(&place, Reach::Staying, visit).await.map(|_| ())
}

/// The room that was open last, or the only one.
///
/// # Errors
/// When there is none, or there are several of which none was opened yet.
pub(crate) async fn last(client: &Client, place: &HomeArgs) -> Result<Room, Failure> {
    match place.last_room() {
        // The person may have left it since.
        Some(id) => match pick(client, Some(&id)).await {
            Ok(room) => Ok(room),
            Err(_) => pick(client, None).await,
        },
        None => pick(client, None).await,
    }
}

//! `rumormill chat`: open a room again.

use crate::{
    chat,
    failure::Failure,
    home::{Place, Reach, pick},
};

/// What to give `rumormill chat`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Its name, or the beginning of its id; not needed when there is one room only
    room: Option<String>,
}

/// Opens the room.
///
/// # Errors
/// When there is no such room, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: Place) -> Result<(), Failure> {
    let history = place.history()?;
    let node = place.open(Reach::Peers).await?;
    let visit = match pick(&node, args.room.as_deref()) {
        Ok(room) => chat::run(room, &history).await,
        Err(failure) => Err(failure),
    };
    node.close().await;
    visit.map(|_| ())
}

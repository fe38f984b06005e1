//! `rumormill close`: close an open room, so that it governs itself from then on.

use rumormill_api::{Order, endpoints};
use rumormill_client::Client;
use rumormill_text::{clean, title};

use super::forget::confirm;
use crate::{
    client::{self, pick},
    commands::talk,
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// Arguments of `rumormill close`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id
    room: String,
    /// Somebody who does not stay; may be given several times
    #[arg(long, value_name = "NAME")]
    without: Vec<String>,
    /// Do not ask first
    #[arg(long)]
    yes: bool,
}

/// Says what it means, asks, and closes the room.
///
/// # Errors
/// When there is no such room, the person did not found it, declines or cannot be asked, or it is closed already.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let Args { room, without, yes } = args;
    let closed = async |client: &Client| -> Result<(), Failure> {
        let room = pick(client, Some(&room)).await?;
        let order = Order::Close { without };
        let foreseen = client.call(&endpoints::FORESEE, &[room.id.as_str()], &[], &order).await?;
        foreseen.says.iter().for_each(|line| talk(&clean(line)));
        confirm(&format!("Close {}?", title(&room.name)), yes, "closed")?;
        client.call(&endpoints::ORDER, &[room.id.as_str()], &[], &order).await?;
        Ok(())
    };
    client::with(&place, Reach::Peers, closed).await?;
    talk("closed; `rumormill ticket` prints the ticket that lets others in now");
    Ok(())
}

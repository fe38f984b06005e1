//! `rumormill peers`: list the peers of a room and the path to each.

use std::time::Duration;

use futures_util::StreamExt as _;
use rumormill_api::{Path, Room};
use rumormill_client::Client;
use rumormill_tui::LEAVE_MS;
use tokio::time::{Instant, timeout_at};

use crate::{
    client::{self, pick},
    commands::{data, json, talk, unreachable},
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// Arguments of `rumormill peers`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id; optional when there is only one room
    room: Option<String>,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

/// Prints a line for each peer. If no process has the home open, looks for peers for some seconds first.
///
/// # Errors
/// When there is no such room, the home cannot be opened, or nobody can be reached.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let owner = client::owner(&place, Reach::Peers).await?;
    let look = async |client: &Client| -> Result<Room, Failure> {
        let room = pick(client, args.room.as_deref()).await?;
        if owner.is_us() {
            meet(client).await?;
        }
        Ok(client.room(room.id.as_str()).status().await?)
    };
    let looked = look(&owner.client()).await;
    owner.close().await;
    let Room { peers, seeking, reach, .. } = looked?;
    talk(&reach);
    if peers.is_empty() {
        let help = "ask somebody in the room to open it; `rumormill doctor` tells what works here";
        return Err(unreachable(seeking.as_ref(), help));
    }
    peers.iter().try_for_each(|peer| match args.json {
        true => json(peer),
        false => {
            let path = match peer.path {
                Path::Direct => "direct",
                Path::Relayed => "relayed",
            };
            data(&format!("{}  {}  {path}, {} ms", peer.nick, &peer.peer.as_str()[..8], peer.rtt_ms.unwrap_or(0)))
        }
    })
}

/// Waits for peers to connect: a process that has just opened the home has met nobody.
async fn meet(client: &Client) -> Result<(), Failure> {
    talk("looking for the others");
    let mut events = client.events().await?.until_gone();
    let deadline = Instant::now() + Duration::from_millis(LEAVE_MS);
    while let Ok(Some(_)) = timeout_at(deadline, events.next()).await {}
    Ok(())
}

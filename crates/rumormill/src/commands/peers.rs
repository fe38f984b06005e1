//! `rumormill peers`: who can be reached now.

use std::time::Duration;

use rumormill_node::{Path, Room};
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use crate::{
    chat::show::nick,
    commands::{data, json, talk},
    failure::{Exit, Failure},
    home::{Place, Reach, pick},
    limits::LEAVE_MS,
};

/// What to give `rumormill peers`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The room's name, or the beginning of its id; not needed when there is one room only
    room: Option<String>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row {
    peer: String,
    author: String,
    nick: String,
    path: &'static str,
    rtt_ms: u32,
}

/// Looks for the others of a room for some seconds, and prints a line a peer.
///
/// # Errors
/// When there is no such room, the home cannot be opened, or nobody can be reached.
pub(crate) async fn run(args: Args, place: Place) -> Result<(), Failure> {
    let node = place.open(Reach::Peers).await?;
    let found = match pick(&node, args.room.as_deref()) {
        Ok(room) => Ok(look(&room).await),
        Err(failure) => Err(failure),
    };
    node.close().await;
    let rows = found?;
    if rows.is_empty() {
        return Err(Failure {
            exit: Exit::Unreachable,
            code: "unreachable",
            what: "nobody of the room could be reached".into(),
            help: "`rumormill doctor` tells what works here".into(),
        });
    }
    rows.iter().try_for_each(|row| match args.json {
        true => json(row),
        false => data(&format!("{}  {}  {}, {} ms", row.nick, &row.peer[..8], row.path, row.rtt_ms)),
    })
}

async fn look(room: &Room) -> Vec<Row> {
    talk("looking for the others");
    let mut events = room.events();
    let deadline = Instant::now() + Duration::from_millis(LEAVE_MS);
    while let Ok(Some(_)) = timeout_at(deadline, events.next()).await {}
    room.nicks_found().await;
    let row = |peer: &rumormill_node::PeerStatus| Row {
        peer: peer.peer.to_string(),
        author: peer.author.to_string(),
        nick: nick(room, &peer.author),
        path: match peer.path {
            Path::Direct => "direct",
            Path::Relayed => "relayed",
        },
        rtt_ms: peer.rtt_ms,
    };
    room.status().peers.iter().map(row).collect()
}

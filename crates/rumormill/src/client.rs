//! Asks whoever owns the home: this very process when nobody else does, or the one that does, through its socket.
//! Commands and screens know only the requests.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use rumormill_api::Room;
use rumormill_client::Client;
use rumormill_node::Node;
use rumormill_server::{Api, Door};
use rumormill_text::choose;
use tokio::{net::UnixStream, time::sleep};

use crate::{
    failure::Failure,
    home::{Place, Reach},
    limits::{OWNER_AGAIN_MS, OWNER_MS},
};

/// A home that this process has open, and the door to it.
struct Here(Node, Door);

/// Asks the process that owns the home, or becomes it for as long as that takes.
///
/// # Errors
/// When another process owns it and does not answer, or it cannot be opened; and what `ask` comes to.
pub(crate) async fn with<T>(
    place: &Place,
    reach: Reach,
    ask: impl AsyncFnOnce(&Client) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let (client, here) = open(place, reach).await?;
    let asked = ask(&client).await;
    if let Some(Here(node, door)) = here {
        door.close().await;
        node.close().await;
    }
    asked
}

/// Finds the process that owns the home, or becomes it. One that has just begun, or is about to end, has the home
/// and no socket: that passes.
async fn open(place: &Place, reach: Reach) -> Result<(Client, Option<Here>), Failure> {
    let socket = place.socket()?;
    let patience = Instant::now() + Duration::from_millis(OWNER_MS);
    let node = loop {
        if let Some(there) = there(&socket).await {
            return Ok((there, None));
        }
        match place.open(reach).await {
            Err(failure) if failure.code == "locked" && Instant::now() < patience => {
                sleep(Duration::from_millis(OWNER_AGAIN_MS)).await;
            }
            opened => break opened?,
        }
    };
    let api = Api::new(node.clone(), &place.data()?, place.config()?.typing())?;
    let door = Door::open(&socket, api.router())?;
    Ok((api.client(), Some(Here(node, door))))
}

/// The process that listens at `socket`, if one does.
pub(crate) async fn there(socket: &Path) -> Option<Client> {
    UnixStream::connect(socket).await.ok().map(|_| Client::unix(socket))
}

/// The room that a person means: by name, by the beginning of its id, or, when nothing is said, the only one.
///
/// # Errors
/// When there is no such room, or more than one.
pub(crate) async fn pick(client: &Client, wanted: Option<&str>) -> Result<Room, Failure> {
    let rooms = client.rooms().await?;
    let names: Vec<_> = rooms.iter().map(|room| (room.name.clone(), room.id.to_string())).collect();
    let at = choose(&names, wanted)?;
    rooms.into_iter().nth(at).ok_or_else(|| Failure::internal("room", "a room has gone".into()))
}

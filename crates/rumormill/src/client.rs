//! Asks whoever owns the home: this very process when nobody else does, or the one that does, through its socket.
//! Commands and screens know only the requests.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rumormill_api::Room;
use rumormill_client::Client;
use rumormill_node::Node;
use rumormill_server::{Api, Desk, Door, Link, PageSettings, Wanted};
use rumormill_text::choose;
use tokio::{net::UnixStream, time::sleep};

use crate::{
    failure::Failure,
    home::{HomeArgs, Reach},
    limits::{OWNER_AGAIN_MS, OWNER_MS},
    socket, web,
};

/// A home that this process has open, and how others ask, if they may.
pub(crate) struct Here {
    node: Node,
    api: Api,
    doors: Option<(Door, Desk)>,
    home: PathBuf,
}

impl Here {
    /// Lets other commands ask from now on; they may also have the page served.
    fn open(node: Node, place: &HomeArgs) -> Result<Self, Failure> {
        let (home, config) = (place.data()?, place.config()?);
        let api = Api::new(node.clone(), &home, config.typing())?;
        let settings = PageSettings { at: config.http.0, token: place.token()?, page: &web::FILES };
        let router = api.router();
        let desk = Desk::new(router.clone(), settings);
        let door = Door::open(&socket::prepare(&home)?, router.merge(desk.router()))?;
        Ok(Self { node, api, doors: Some((door, desk)), home })
    }

    /// Answers this process alone, which only reads.
    pub(crate) fn alone(node: Node, place: &HomeArgs) -> Result<Self, Failure> {
        let home = place.data()?;
        let api = Api::new(node.clone(), &home, place.config()?.typing())?;
        Ok(Self { node, api, doors: None, home })
    }

    /// Asks without any wire.
    pub(crate) fn client(&self) -> Client {
        self.api.client()
    }

    /// A fresh link to the page, which is served from now on.
    ///
    /// # Errors
    /// When it cannot be served.
    pub(crate) async fn link(&self, wanted: Wanted) -> Result<Link, Failure> {
        match &self.doors {
            Some((_, desk)) => Ok(desk.link(wanted).await?),
            None => Err(Failure::internal("link", "nobody else may ask this process".into())),
        }
    }

    /// Lets the home go, once those who asked have their answers.
    pub(crate) async fn close(self) {
        if let Some((door, desk)) = self.doors {
            door.close().await;
            socket::clear(&self.home);
            desk.close().await;
        }
        self.node.close().await;
    }
}

/// Who has the home open.
pub(crate) enum Owner {
    /// Another process.
    Other(Client),
    /// This one.
    Us(Here),
}

impl Owner {
    /// How it is asked.
    pub(crate) fn client(&self) -> Client {
        match self {
            Self::Other(client) => client.clone(),
            Self::Us(here) => here.client(),
        }
    }

    /// Whether it is this process.
    pub(crate) fn is_us(&self) -> bool {
        matches!(self, Self::Us(_))
    }

    /// Lets the home go, if this process has it.
    pub(crate) async fn close(self) {
        if let Self::Us(here) = self {
            here.close().await;
        }
    }
}

/// Asks the process that owns the home, or becomes it for as long as that takes.
///
/// # Errors
/// When another process owns it and does not answer, or it cannot be opened; and what `ask` comes to.
pub(crate) async fn with<T>(
    place: &HomeArgs,
    reach: Reach,
    ask: impl AsyncFnOnce(&Client) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let owner = owner(place, reach).await?;
    let asked = ask(&owner.client()).await;
    owner.close().await;
    asked
}

/// Finds the process that owns the home, or becomes it. One that has just begun, or is about to end, has the home
/// and no socket: that passes.
///
/// # Errors
/// When another process owns the home and does not answer, or it cannot be opened.
pub(crate) async fn owner(place: &HomeArgs, reach: Reach) -> Result<Owner, Failure> {
    let patience = Instant::now() + Duration::from_millis(OWNER_MS);
    let node = loop {
        if let Some(there) = there(&place.socket()?).await {
            return Ok(Owner::Other(there));
        }
        match place.open(reach).await {
            Err(failure) if failure.code == "locked" && Instant::now() < patience => {
                sleep(Duration::from_millis(OWNER_AGAIN_MS)).await;
            }
            opened => break opened?,
        }
    };
    let here = if reach == Reach::Reading { Here::alone(node, place) } else { Here::open(node, place) };
    Ok(Owner::Us(here?))
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

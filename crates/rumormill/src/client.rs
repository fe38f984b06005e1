//! Asks the process that has the home open: another one through its socket, or else this process. Commands and screens
//! know only the requests.

use std::{
    env,
    future::{pending, ready},
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use futures_util::StreamExt as _;
use rumormill_api::Room;
use rumormill_client::{Client, Error, Unix};
use rumormill_node::Node;
use rumormill_server::{Api, Desk, Door, LINK, Link, PageSettings, Wanted};
use rumormill_text::choose;
use tokio::{net::UnixStream, time::sleep};

use crate::{
    failure::{Exit, Failure},
    home::{HomeArgs, Reach},
    limits::{OWNER_AGAIN_MS, OWNER_MS},
    socket, web,
};

/// A home that this process has open, and the server for other commands, if they may ask.
pub(crate) struct Here {
    node: Node,
    api: Api,
    doors: Option<(Door, Desk)>,
    home: PathBuf,
}

impl Here {
    /// Lets other commands ask from now on; they may also request the page.
    fn open(node: Node, place: &HomeArgs, reach: Reach) -> Result<Self, Failure> {
        let (home, config) = (place.data()?, place.config()?);
        let api = Api::new(node.clone(), &home, config.typing())?;
        let settings =
            PageSettings { at: config.http.0, token: place.token()?, page: &web::FILES, metrics: config.metrics };
        api.carry_hooks();
        api.keep_bots(place.settings(reach)?);
        if matches!(reach, Reach::Staying | Reach::Serving) {
            api.open_bots();
        }
        let desk = Desk::new(api.clone(), settings);
        let door = Door::open(&socket::prepare(&home)?, desk.at_socket())?;
        Ok(Self { node, api, doors: Some((door, desk)), home })
    }

    /// Answers only this process, which only reads.
    pub(crate) fn alone(node: Node, place: &HomeArgs) -> Result<Self, Failure> {
        let home = place.data()?;
        let api = Api::new(node.clone(), &home, place.config()?.typing())?;
        api.keep_bots(place.settings(Reach::Reading)?);
        Ok(Self { node, api, doors: None, home })
    }

    /// A client within this process.
    pub(crate) fn client(&self) -> Client {
        self.api.client()
    }

    /// A fresh link to the page; starts serving the page.
    ///
    /// # Errors
    /// When the page cannot be served.
    pub(crate) async fn link(&self, wanted: Wanted) -> Result<Link, Failure> {
        match &self.doors {
            Some((_, desk)) => Ok(desk.link(wanted).await?),
            None => Err(Failure::internal("link", "this process does not serve other commands".into())),
        }
    }

    /// Closes the home, once all requests have their answers.
    pub(crate) async fn close(self) {
        if let Some((door, desk)) = self.doors {
            door.close().await;
            socket::clear(&self.home);
            desk.close().await;
        }
        self.api.close_bots().await;
        self.node.close().await;
    }
}

/// The process that has the home open.
pub(crate) enum Owner {
    /// Another process.
    Other(Client),
    /// This one.
    Us(Here),
}

impl Owner {
    /// A client that asks it.
    pub(crate) fn client(&self) -> Client {
        match self {
            Self::Other(client) => client.clone(),
            Self::Us(here) => here.client(),
        }
    }

    /// Whether this process has the home open.
    pub(crate) fn is_us(&self) -> bool {
        matches!(self, Self::Us(_))
    }

    /// Closes the home, if this process has it open.
    pub(crate) async fn close(self) {
        if let Self::Us(here) = self {
            here.close().await;
        }
    }
}

/// Asks the process that has the home open, or becomes it for as long as the request takes. For a person who stays, this
/// process opens the home when the one that has it open ends, and the person notices nothing.
///
/// # Errors
/// When another process has it open and does not answer, or it cannot be opened; and the errors of `ask`.
pub(crate) async fn with<T>(
    place: &HomeArgs,
    reach: Reach,
    ask: impl AsyncFnOnce(&Client) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut owner = owner(place, reach).await?;
    let client = owner.client();
    let asked = tokio::select! {
        asked = ask(&client) => asked,
        failure = succeed(&mut owner, place), if reach == Reach::Staying => Err(failure),
    };
    owner.close().await;
    asked
}

/// Opens the home when the process that has it open ends; returns when that is impossible.
async fn succeed(owner: &mut Owner, place: &HomeArgs) -> Failure {
    loop {
        let Owner::Other(client) = owner else { return pending().await };
        match client.events().await {
            Ok(events) => events.until_gone().for_each(|_| ready(())).await,
            Err(Error::Gone(_)) => {}
            Err(error) => return error.into(),
        }
        let next = match place.asks() {
            Ok(false) => self::owner(place, Reach::Staying).await,
            Ok(true) => Err(locked()),
            Err(failure) => Err(failure),
        };
        match next {
            Ok(next) => *owner = next,
            Err(failure) => return failure,
        }
    }
}

/// The home is under a passphrase, for which nobody can be asked on a screen that shows a room.
fn locked() -> Failure {
    Failure {
        exit: Exit::Ours,
        code: "closed".into(),
        what: "the process that had the home open has ended, and the home is under a passphrase".into(),
        help: "open the room again, which asks for it".into(),
    }
}

/// Finds the process that has the home open, or becomes it. With the token of a bot it only finds it, and asks as the bot.
/// A process that just began, or is about to end, has the home
/// open but no socket; this function waits for that to pass.
///
/// # Errors
/// When another process has the home open and does not answer, or flags are given that it alone can follow, or the home
/// cannot be opened.
pub(crate) async fn owner(place: &HomeArgs, reach: Reach) -> Result<Owner, Failure> {
    if let Some(token) = env::var_os(TOKEN) {
        place.decides_nothing()?;
        return as_bot(there(&place.socket()?, reach).await, &token.to_string_lossy());
    }
    let patience = Instant::now() + Duration::from_millis(OWNER_MS);
    let node = loop {
        if let Some(there) = there(&place.socket()?, reach).await {
            place.decides_nothing()?;
            return Ok(Owner::Other(there));
        }
        match place.open(reach).await {
            Err(failure) if failure.code == "locked" && Instant::now() < patience => {
                sleep(Duration::from_millis(OWNER_AGAIN_MS)).await;
            }
            opened => break opened?,
        }
    };
    let alone = reach == Reach::Reading;
    let here = if alone { Here::alone(node.clone(), place) } else { Here::open(node.clone(), place, reach) };
    if here.is_err() {
        node.close().await;
    }
    Ok(Owner::Us(here?))
}

/// The variable with the token of a bot.
const TOKEN: &str = "RUMORMILL_TOKEN";

/// The process that has the home open, asked with the token of a bot. The bot's home is open only there.
fn as_bot(there: Option<Client>, token: &str) -> Result<Owner, Failure> {
    let nobody = || Failure {
        exit: Exit::Unreachable,
        code: "bot".into(),
        what: format!("{TOKEN} is set, and no process has the home open that could answer a bot"),
        help: format!("start `rumormill serve`, or unset {TOKEN} to act for yourself"),
    };
    let client = there.ok_or_else(nobody)?;
    Ok(Owner::Other(client.with("authorization", &format!("Bearer {token}"))?))
}

/// Where the asked process listens for programs over loopback; `None` for this process, which is only here for a moment.
///
/// # Errors
/// When nobody answers.
pub(crate) async fn listens(client: &Client) -> Result<Option<SocketAddr>, Failure> {
    match client.call(&LINK, &[], &[], &Wanted::default()).await {
        Ok(link) => Ok(Some(link.at)),
        Err(Error::Refused { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A client of the process that listens at `socket`, if there is one; for a person who stays, also of the one after it.
pub(crate) async fn there(socket: &Path, reach: Reach) -> Option<Client> {
    UnixStream::connect(socket).await.ok()?;
    let patience = if reach == Reach::Staying { OWNER_MS } else { 0 };
    Some(Client::new(Unix::patient(socket, Duration::from_millis(patience))))
}

/// The room that a person means: by name, by the beginning of its id, or, without either, the only one.
///
/// # Errors
/// When there is no such room, or more than one.
pub(crate) async fn pick(client: &Client, wanted: Option<&str>) -> Result<Room, Failure> {
    let rooms = client.rooms().await?;
    let names: Vec<_> = rooms.iter().map(|room| (room.name.clone(), room.id.to_string())).collect();
    let at = choose(&names, wanted)?;
    rooms.into_iter().nth(at).ok_or_else(|| Failure::internal("room", "the room no longer exists".into()))
}

//! Asks whoever owns the home: this very process when nobody else does, or the one that does, through its socket.
//! Commands and screens know only the requests.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, future::ready};
use http::{Method, Request, Response, header};
use rumormill_api::{Event, People, Room, Rooms};
use rumormill_client::Body;
use rumormill_node::Node;
use rumormill_server::{Api, Door};
use rumormill_text::{Names, choose};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::{net::UnixStream, time::sleep};

use crate::{
    failure::Failure,
    home::{Place, Reach},
    limits::{OWNER_AGAIN_MS, OWNER_MS},
};

/// Asks whoever owns the home.
pub(crate) enum Client {
    /// This process.
    Here {
        /// The node of the home.
        node: Node,
        /// Asks it without any wire.
        asks: rumormill_client::Client,
        /// Lets other commands in meanwhile.
        door: Door,
    },
    /// Another one, through the socket in the home.
    There(rumormill_client::Client),
}

impl Client {
    /// Finds the process that owns the home, or becomes it. One that has just begun, or is about to end, has the home
    /// and no socket: that passes.
    ///
    /// # Errors
    /// When another process owns it and does not answer, or it cannot be opened.
    async fn open(place: &Place, reach: Reach) -> Result<Self, Failure> {
        let socket = place.socket()?;
        let patience = Instant::now() + Duration::from_millis(OWNER_MS);
        let node = loop {
            if let Some(there) = Self::there(&socket).await {
                return Ok(there);
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
        Ok(Self::Here { node, asks: api.client(), door })
    }

    /// Asks the process that owns the home, or becomes it for as long as that takes.
    ///
    /// # Errors
    /// As [`Client::open`], and what `ask` comes to.
    pub(crate) async fn with<T>(
        place: &Place,
        reach: Reach,
        ask: impl AsyncFnOnce(&Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let client = Self::open(place, reach).await?;
        let asked = ask(&client).await;
        client.close().await;
        asked
    }

    /// The process that listens at `socket`, if one does.
    pub(crate) async fn there(socket: &Path) -> Option<Self> {
        UnixStream::connect(socket).await.ok().map(|_| Self::There(rumormill_client::Client::unix(socket)))
    }

    /// Asks without saying more than the path does.
    ///
    /// # Errors
    /// What the answer says, or that there is none.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str) -> Result<T, Failure> {
        self.request(method, path, None).await
    }

    /// Asks, and says something with it.
    ///
    /// # Errors
    /// What the answer says, or that there is none.
    pub(crate) async fn tell<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        let body = serde_json::to_value(body).map_err(|error| Failure::internal("json", error.to_string()))?;
        self.request(method, path, Some(body)).await
    }

    /// Asks; an answer without content is `null`.
    ///
    /// # Errors
    /// What the answer says, or that there is none.
    pub(crate) async fn request<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<T, Failure> {
        let body = body.map(|body| ("application/json", body.to_string()));
        answer(self.send(method, path, body).await?).await
    }

    /// Says lines of text.
    ///
    /// # Errors
    /// What the answer says, or that there is none.
    pub(crate) async fn post_lines<T: DeserializeOwned>(&self, path: &str, lines: String) -> Result<T, Failure> {
        answer(self.send(Method::POST, path, Some(("text/plain; charset=utf-8", lines))).await?).await
    }

    /// Asks for something long: its pieces as they come.
    ///
    /// # Errors
    /// What the answer says instead, or that there is none.
    pub(crate) async fn pieces(
        &self,
        method: Method,
        path: &str,
    ) -> Result<impl Stream<Item = Result<Bytes, Failure>> + Send + use<>, Failure> {
        let pieces = self.download(method, path).await?.pieces();
        Ok(pieces.map(|piece| piece.map_err(Failure::from)))
    }

    /// The room that a person means: by name, by the beginning of its id, or, when nothing is said, the only one.
    ///
    /// # Errors
    /// When there is no such room, or more than one.
    pub(crate) async fn pick(&self, wanted: Option<&str>) -> Result<Room, Failure> {
        let Rooms { rooms } = self.ask(Method::GET, "/v1/rooms").await?;
        let names: Vec<_> = rooms.iter().map(|room| (room.name.clone(), room.id.to_string())).collect();
        let at = choose(&names, wanted)?;
        rooms.into_iter().nth(at).ok_or_else(|| Failure::internal("room", "a room has gone".into()))
    }

    /// What those are called whom a room lists.
    ///
    /// # Errors
    /// What the answer says, or that there is none.
    pub(crate) async fn names(&self, room: &str) -> Result<Names, Failure> {
        let People { people } = self.ask(Method::GET, &format!("/v1/rooms/{room}/people")).await?;
        Ok(Names::of(people.iter().map(|person| (&person.author, &*person.nick))))
    }

    /// What happens from now on, first how each room stands; ends when the process that tells it does.
    ///
    /// # Errors
    /// When nobody answers.
    pub(crate) async fn events(&self) -> Result<impl Stream<Item = Event> + Send + use<>, Failure> {
        let events = self.asks().events().await?;
        Ok(events.map(Result::ok).take_while(|event| ready(event.is_some())).filter_map(ready))
    }

    /// Says something that may be long.
    ///
    /// # Errors
    /// What the answer says, or that there is none.
    pub(crate) async fn upload<T: DeserializeOwned>(&self, path: &str, body: Body) -> Result<T, Failure> {
        answer(self.carry(Method::POST, path, "application/octet-stream", body).await?).await
    }

    /// Asks for what may be long.
    ///
    /// # Errors
    /// What the answer says when it is a refusal, or that there is none.
    pub(crate) async fn download(&self, method: Method, path: &str) -> Result<Body, Failure> {
        Ok(self.send(method, path, None).await?.into_body())
    }

    /// Lets the home go, when it was ours.
    async fn close(self) {
        if let Self::Here { node, door, .. } = self {
            door.close().await;
            node.close().await;
        }
    }

    async fn send(&self, method: Method, path: &str, body: Option<(&str, String)>) -> Result<Response<Body>, Failure> {
        let (kind, body) =
            body.map_or(("text/plain", Body::empty()), |(kind, body)| (kind, Body::from(Bytes::from(body))));
        self.carry(method, path, kind, body).await
    }

    async fn carry(&self, method: Method, path: &str, kind: &str, body: Body) -> Result<Response<Body>, Failure> {
        let request = Request::builder().method(method).uri(path).header(header::HOST, "localhost");
        let request = request.header(header::CONTENT_TYPE, kind).body(body);
        let request = request.map_err(|error| Failure::internal("request", error.to_string()))?;
        Ok(self.asks().carry(request).await?)
    }

    fn asks(&self) -> &rumormill_client::Client {
        match self {
            Self::Here { asks, .. } | Self::There(asks) => asks,
        }
    }
}

/// What an answer says; nothing is `null`.
async fn answer<T: DeserializeOwned>(response: Response<Body>) -> Result<T, Failure> {
    let bytes = response.into_body().whole().await?;
    let bytes = if bytes.is_empty() { &b"null"[..] } else { &bytes };
    serde_json::from_slice(bytes).map_err(|error| Failure::internal("answer", error.to_string()))
}

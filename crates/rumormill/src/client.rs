//! Asks whoever owns the home: this very process when nobody else does, or the one that does, through its socket.
//! Commands and screens know only the requests.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{Method, Request, StatusCode, header},
    response::Response,
};
use futures_util::{Stream, StreamExt as _, stream};
use http_body_util::{BodyExt as _, Collected};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use rumormill_node::Node;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::{net::UnixStream, time::sleep};
use tower::ServiceExt as _;

use crate::{
    api::{
        Api,
        words::{Event, People, Refusal, Refused, Room, Rooms},
    },
    failure::{Exit, Failure},
    home::{self, Place, Reach},
    limits::{ANSWERED_BYTES, EVENT_BYTES, OWNER_AGAIN_MS, OWNER_MS},
    serve::Door,
    who::Names,
};

/// Asks whoever owns the home.
pub(crate) enum Client {
    /// This process.
    Here {
        /// The node of the home.
        node: Node,
        /// Answers for it.
        router: Router,
        /// Lets other commands in meanwhile.
        door: Door,
    },
    /// Another one, through this socket.
    There(std::path::PathBuf),
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
        let api = Api::new(node.clone(), &place.data()?, &place.config()?)?;
        let door = Door::open(&socket, api.router())?;
        Ok(Self::Here { node, router: api.router(), door })
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
        UnixStream::connect(socket).await.ok().map(|_| Self::There(socket.to_owned()))
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
        let response = self.download(method, path).await?;
        let broken = |error: axum::Error| Failure {
            exit: Exit::Ours,
            code: "broken".into(),
            what: format!("it ended too early: {error}"),
            help: "try again; `rumormill check` tells whether something is damaged".into(),
        };
        Ok(response.into_body().into_data_stream().map(move |piece| piece.map_err(broken)))
    }

    /// The room that a person means: by name, by the beginning of its id, or, when nothing is said, the only one.
    ///
    /// # Errors
    /// When there is no such room, or more than one.
    pub(crate) async fn pick(&self, wanted: Option<&str>) -> Result<Room, Failure> {
        let Rooms { rooms } = self.ask(Method::GET, "/v1/rooms").await?;
        let names: Vec<_> = rooms.iter().map(|room| (room.name.clone(), room.id.to_string())).collect();
        let at = home::choose(&names, wanted)?;
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
        let response = self.send(Method::GET, "/v1/events", None).await?;
        if !response.status().is_success() {
            return Err(Failure::internal("events", response.status().to_string()));
        }
        let pieces = Box::pin(response.into_body().into_data_stream());
        Ok(stream::unfold((pieces, Vec::new()), |(mut pieces, mut read)| async move {
            loop {
                if let Some(event) = next_event(&mut read) {
                    return Some((event, (pieces, read)));
                }
                if read.len() > EVENT_BYTES {
                    return None;
                }
                read.extend_from_slice(&pieces.next().await?.ok()?);
            }
        }))
    }

    /// Says something that may be long.
    ///
    /// # Errors
    /// What the answer says, or that there is none.
    pub(crate) async fn upload<T: DeserializeOwned>(&self, path: &str, body: Body) -> Result<T, Failure> {
        answer(self.carry(built(Method::POST, path, "application/octet-stream", body)?).await?).await
    }

    /// Asks for what may be long.
    ///
    /// # Errors
    /// What the answer says when it is a refusal, or that there is none.
    pub(crate) async fn download(&self, method: Method, path: &str) -> Result<Response, Failure> {
        let response = self.send(method, path, None).await?;
        match response.status() {
            status if status.is_success() => Ok(response),
            status => Err(refused(status, &read(response).await?)),
        }
    }

    /// Lets the home go, when it was ours.
    async fn close(self) {
        if let Self::Here { node, door, .. } = self {
            door.close().await;
            node.close().await;
        }
    }

    async fn send(&self, method: Method, path: &str, body: Option<(&str, String)>) -> Result<Response, Failure> {
        let (kind, body) = body.map_or(("text/plain", Body::empty()), |(kind, body)| (kind, Body::from(body)));
        self.carry(built(method, path, kind, body)?).await
    }

    async fn carry(&self, request: Request<Body>) -> Result<Response, Failure> {
        match self {
            Self::Here { router, .. } => match router.clone().oneshot(request).await {
                Ok(response) => Ok(response),
                Err(never) => match never {},
            },
            Self::There(socket) => send_there(socket, request).await,
        }
    }
}

fn built(method: Method, path: &str, kind: &str, body: Body) -> Result<Request<Body>, Failure> {
    let request = Request::builder().method(method).uri(path).header(header::HOST, "localhost");
    let request = request.header(header::CONTENT_TYPE, kind).body(body);
    request.map_err(|error| Failure::internal("request", error.to_string()))
}

/// The bytes of an answer.
async fn read(response: Response) -> Result<Bytes, Failure> {
    let bytes = http_body_util::Limited::new(response.into_body(), ANSWERED_BYTES).collect().await;
    bytes.map(Collected::to_bytes).map_err(|error| Failure::internal("answer", error.to_string()))
}

/// What an answer says.
async fn answer<T: DeserializeOwned>(response: Response) -> Result<T, Failure> {
    let status = response.status();
    let bytes = read(response).await?;
    if !status.is_success() {
        return Err(refused(status, &bytes));
    }
    let bytes = if bytes.is_empty() { &b"null"[..] } else { &bytes };
    serde_json::from_slice(bytes).map_err(|error| Failure::internal("answer", error.to_string()))
}

async fn send_there(socket: &Path, request: Request<Body>) -> Result<Response, Failure> {
    let gone = |why: String| Failure {
        exit: Exit::Ours,
        code: "gone".into(),
        what: format!("the process that has the home open does not answer: {why}"),
        help: "try again; if it hangs, end it".into(),
    };
    let stream = UnixStream::connect(socket).await.map_err(|error| gone(error.to_string()))?;
    let opened = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = opened.map_err(|error| gone(error.to_string()))?;
    tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(|error| gone(error.to_string()))?;
    Ok(response.map(Body::new))
}

/// What a refusal says, as the failure of a command.
fn refused(status: StatusCode, bytes: &[u8]) -> Failure {
    let Ok(Refusal { error }) = serde_json::from_slice(bytes) else {
        return Failure::internal("answer", format!("{status}: {}", String::from_utf8_lossy(bytes)));
    };
    let failure = refusal(error);
    let exit = match status {
        _ if failure.exit != Exit::Ours => failure.exit,
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => Exit::NotAllowed,
        StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::PAYLOAD_TOO_LARGE => Exit::Usage,
        StatusCode::SERVICE_UNAVAILABLE => Exit::Unreachable,
        _ => Exit::Ours,
    };
    Failure { exit, ..failure }
}

/// What is told where an answer has begun already, as the failure of a command.
pub(crate) fn refusal(Refused { code, what, help }: Refused) -> Failure {
    let exit = match &*code {
        "ticket" => Exit::Ticket,
        "integrity" | "corrupt" | "damaged" => Exit::Integrity,
        "several" | "nobody" => Exit::Usage,
        _ => Exit::Ours,
    };
    Failure { exit, code: code.into(), what, help }
}

/// Takes the next event out of what was read; comments and what this version does not know are passed over.
fn next_event(read: &mut Vec<u8>) -> Option<Event> {
    loop {
        let end = read.windows(2).position(|pair| pair == b"\n\n")?;
        let block: Vec<u8> = read.drain(..end + 2).collect();
        let block = String::from_utf8_lossy(&block);
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name).map(str::trim_start));
        let (Some(name), Some(data)) = (field("event:"), field("data:")) else { continue };
        let Ok(name) = serde_json::to_string(name) else { continue };
        if let Ok(event) = serde_json::from_str(&format!(r#"{{"event":{name},"data":{data}}}"#)) {
            return Some(event);
        }
    }
}

/// A piece of a path: everything that is not plainly a letter or digit is written by number.
pub(crate) fn piece(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, NON_ALPHANUMERIC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_however_they_are_cut() {
        let text = b": hello\n\nevent: lagged\ndata: {\"missed\":3}\n\nevent: unknown\ndata: {}\n\nevent: lagged\ndata: {\"missed\":4}\n\nevent:";
        let (mut read, mut events) = (Vec::new(), Vec::new());
        for byte in text {
            read.push(*byte);
            events.extend(next_event(&mut read));
        }
        assert_eq!(events, [Event::Lagged { missed: 3 }, Event::Lagged { missed: 4 }]);
        assert_eq!(read, b"event:");
    }

    #[test]
    fn refusals_become_failures() {
        let json = br#"{"error": {"code": "ticket", "what": "no", "help": "yes"}}"#;
        let failure = refused(StatusCode::BAD_REQUEST, json);
        assert_eq!((failure.exit, failure.to_string().as_str()), (Exit::Ticket, "error[ticket]: no\nhelp: yes"));
        assert_eq!(refused(StatusCode::BAD_GATEWAY, b"<html>").exit, Exit::Ours);
    }

    #[test]
    fn pieces_of_paths() {
        assert_eq!(piece("lunch 👍/?").to_string(), "lunch%20%F0%9F%91%8D%2F%3F");
    }
}

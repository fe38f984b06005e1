//! A node in memory that answers as `/v1` does.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Method, Response, StatusCode};
use rumormill_api::{
    Arrival, Attention, AuthorHex, ChangeDisplay, Display, EntryRef, Event, File, FileHex, FileState, Gone, Holders,
    Kind, Message, Nearby, NearbyRoom, Page, Path, Peer, People, Person, PlaceText, Reaction, Refusal, Refused, Reply,
    Room, RoomHex, Rooms, Say, Sign, Signs, Ticket, Whois, act,
};
use rumormill_client::{Answered, Body, Client, Transport};
use serde_json::{Value, json};

use crate::ask::{Ask, OfRoom, Outcome};

/// A request as it is sent.
pub(crate) struct Request {
    method: Method,
    /// With its query, from `/v1` on.
    path: String,
    body: Value,
}

/// A node behind a client. Clones share it.
#[derive(Clone)]
pub(crate) struct Asked(pub(crate) Arc<Mutex<Node>>);

impl Asked {
    pub(crate) fn new(node: Node) -> Self {
        Self(Arc::new(Mutex::new(node)))
    }

    /// Takes the node out and leaves an empty one.
    pub(crate) fn take(&self) -> Node {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Transport for Asked {
    fn carry(&self, request: http::Request<Body>) -> Answered<'_> {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = serde_json::from_slice(&body.whole().await?).unwrap_or_default();
            let request = Request { method: head.method, path: head.uri.to_string(), body };
            let answered = self.0.lock().unwrap_or_else(PoisonError::into_inner).answer(&request);
            let (status, value) = match answered {
                Ok(value) => (StatusCode::OK, value),
                Err(error) => (StatusCode::BAD_REQUEST, json!(Refusal { error })),
            };
            let mut response = Response::new(Body::from(Bytes::from(value.to_string())));
            *response.status_mut() = status;
            Ok(response)
        })
    }
}

/// Noon of a day.
pub(crate) const NOON_MS: u64 = 1_795_348_800_000;

/// A room with all its messages.
pub(crate) struct Kept {
    pub(crate) room: Room,
    pub(crate) people: Vec<Person>,
    pub(crate) messages: Vec<Message>,
}

/// The state of a node.
#[derive(Default)]
pub(crate) struct Node {
    pub(crate) rooms: Vec<Kept>,
    /// Rooms that others announce.
    pub(crate) nearby: Vec<NearbyRoom>,
    /// How often it received that I am typing.
    pub(crate) typed: u64,
    /// Whether it refuses files.
    pub(crate) refuses_files: bool,
    /// The refusal of every request from here on.
    pub(crate) refuses: Option<Refused>,
    /// Events that it sends before the answer.
    pub(crate) told: Vec<Event>,
    entries: u64,
}

/// The author of that name.
pub(crate) fn author(name: &str) -> AuthorHex {
    let hex: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    AuthorHex(hex.chars().cycle().take(64).collect())
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned()
}

fn refused(code: &str, what: &str) -> Refused {
    Refused { code: code.into(), what: what.into(), help: "look again".into() }
}

impl Node {
    /// A node with a room of that name, in which I am ada.
    pub(crate) fn with(name: &str) -> Self {
        let mut node = Self::default();
        node.found(name);
        node
    }

    /// Begins a room.
    pub(crate) fn found(&mut self, name: &str) -> &mut Kept {
        let id = RoomHex(format!("{:064x}", 0xabc0 + self.rooms.len()));
        let me = author("ada");
        let room = Room {
            id,
            name: name.into(),
            author: me.clone(),
            nick: "ada".into(),
            digest: "9f2c11aa9f2c11aa".into(),
            reach: "no relays".into(),
            ..Room::default()
        };
        let ada = Person { author: me, nick: "ada".into(), me: true, here: true, ..Person::default() };
        let at = self.rooms.len();
        self.rooms.push(Kept { room, people: vec![ada], messages: Vec::new() });
        self.puts(at, "ada", Kind::Founded, name);
        &mut self.rooms[at]
    }

    /// Adds somebody to the first room.
    pub(crate) fn meets(&mut self, nick: &str, here: bool) -> &mut Self {
        // People who were never here are not away.
        let last_ms = if here { 0 } else { NOON_MS };
        let person = Person { author: author(nick), nick: nick.into(), here, last_ms, ..Person::default() };
        let kept = &mut self.rooms[0];
        if here {
            let peer =
                Peer { peer: "".into(), author: author(nick), nick: nick.into(), path: Path::Direct, rtt_ms: Some(7) };
            kept.room.peers.push(peer);
        }
        kept.people.push(person);
        self
    }

    /// Adds a message of somebody to the first room, a minute after the last one.
    pub(crate) fn says(&mut self, nick: &str, text: &str) -> Message {
        self.puts(0, nick, Kind::Text, text)
    }

    /// Adds a file to the first room, which is not here unless it is mine.
    pub(crate) fn offers(&mut self, nick: &str, name: &str, size: u64) -> Message {
        let entry = self.puts(0, nick, Kind::File, name).r#ref;
        let state = if nick == "ada" { FileState::Here } else { FileState::Absent };
        let hash = FileHex(format!("{size:064x}"));
        let message = self.rooms[0].find(entry.as_str()).unwrap();
        message.file =
            Some(File { hash, name: name.into(), mime: "image/jpeg".into(), size, state, ..File::default() });
        message.clone()
    }

    /// An event with the state of a message's file.
    pub(crate) fn stands(&self, message: &Message, state: FileState, have: u64) -> Event {
        let File { hash, size, .. } = message.file.clone().unwrap();
        Event::File { room: self.rooms[0].room.id.clone(), hash, state, have, size }
    }

    /// Adds a message to a room.
    pub(crate) fn puts(&mut self, at: usize, nick: &str, kind: Kind, text: &str) -> Message {
        let minutes = self.rooms[at].messages.len() as u64;
        self.puts_at(at, NOON_MS + minutes * 60_000, nick, kind, text)
    }

    /// Adds a message with a time of its own to a room.
    pub(crate) fn puts_at(&mut self, at: usize, time_ms: u64, nick: &str, kind: Kind, text: &str) -> Message {
        let author = author(nick);
        let mine = nick == "ada";
        let seq = self.entries;
        self.entries += 1;
        let message = Message {
            r#ref: EntryRef(format!("{author}.{seq}")),
            place: PlaceText(format!("{time_ms:016x}.{author}.{seq:016x}")),
            nick: nick.into(),
            time_ms,
            mine,
            kind,
            text: act(text).unwrap_or(text).into(),
            action: act(text).is_some(),
            names_me: text.contains("ada"),
            holders: (mine && kind == Kind::Text).then_some(0),
            author,
            ..Message::default()
        };
        let kept = &mut self.rooms[at];
        kept.messages.push(message.clone());
        kept.messages.sort_by(|a, b| a.place.cmp(&b.place));
        kept.room.entries += 1;
        message
    }

    /// An event with a message of the first room.
    pub(crate) fn event(&self, message: &Message, arrival: Arrival) -> Event {
        Event::Message { room: self.rooms[0].room.id.clone(), message: message.clone(), arrival, hops: None }
    }

    /// An event with the status of the first room.
    pub(crate) fn status(&self) -> Event {
        Event::Room { room: self.rooms[0].room.clone() }
    }

    /// Answers a request of the screen, without any disk.
    pub(crate) fn told(&mut self, ask: &Ask) -> Result<Outcome, Refused> {
        match ask {
            Ask::Of(_, OfRoom::File(_)) if self.refuses_files => Err(refused("file", "there is no such file")),
            Ask::Of(_, OfRoom::File(_)) => {
                Ok(Outcome::Page(Page { messages: vec![self.offers("ada", "notes.txt", 12)], more: false }))
            }
            Ask::Of(_, OfRoom::Save(_)) => Ok(Outcome::Saved("/home/ada/photo.jpg".into())),
            Ask::Paths(typed) => {
                let paths = ["notes.txt", "nights/", "photo.jpg"].map(str::to_owned).into_iter();
                Ok(Outcome::Options(paths.filter(|path| path.starts_with(typed)).collect()))
            }
            ask => {
                let asked = Asked::new(std::mem::take(self));
                let told = ask.put(&Client::new(asked.clone())).now_or_never().unwrap();
                *self = asked.take();
                told
            }
        }
    }

    /// Answers a request.
    fn answer(&mut self, request: &Request) -> Result<Value, Refused> {
        if let Some(refused) = &self.refuses {
            return Err(refused.clone());
        }
        if let Some(query) = request.path.strip_prefix("/v1/nearby?") {
            let query = decoded(query);
            let named = |room: &&NearbyRoom| query.split_once("name=").is_none_or(|(_, name)| room.name == name);
            return Ok(json!(Nearby { rooms: self.nearby.iter().filter(named).cloned().collect() }));
        }
        if let Some(query) = request.path.strip_prefix("/v1/signs?") {
            let all = [("\u{1f604}", "smile"), ("\u{1f638}", "smile_cat"), ("\u{1f389}", "tada")];
            let query = decoded(query);
            let sought = query.split('&').find_map(|pair| pair.strip_prefix("q=")).unwrap();
            let fits = all.into_iter().filter(|(_, name)| name.starts_with(sought));
            let signs = fits.map(|(sign, name)| Sign { sign: sign.into(), name: name.into() }).collect();
            return Ok(json!(Signs { signs }));
        }
        let path = request.path.strip_prefix("/v1/rooms").unwrap();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parts: Vec<String> = path.split('/').skip(1).map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let body = &request.body;
        match (&request.method, parts.as_slice()) {
            (&Method::GET, []) => Ok(json!(Rooms { rooms: self.rooms.iter().map(|kept| kept.room.clone()).collect() })),
            (&Method::POST, []) => match body.get("name").and_then(Value::as_str) {
                Some(name) => Ok(json!(self.found(name).room)),
                None => Err(refused("ticket", "this is not a ticket: a ticket begins with rumor2")),
            },
            (method, [room, rest @ ..]) => {
                let at = self.rooms.iter().position(|kept| kept.room.id.as_str() == *room);
                let at = at.ok_or_else(|| refused("room", "there is no such room here"))?;
                self.of(at, method, rest, query, body)
            }
            _ => Err(refused("path", path)),
        }
    }

    fn of(&mut self, at: usize, method: &Method, rest: &[&str], query: &str, body: &Value) -> Result<Value, Refused> {
        let kept = &mut self.rooms[at];
        match (method, rest) {
            (&Method::PUT, [what]) if kept.sets(what, body) => Ok(json!(kept.room)),
            (&Method::GET, ["people"]) => Ok(json!(People { people: kept.people.clone() })),
            (&Method::GET, ["ticket"]) => Ok(json!(Ticket { ticket: format!("rumor2{}", "abcdefgh".repeat(20)) })),
            (&Method::GET, ["messages"]) => Ok(json!(kept.page(query))),
            (&Method::POST, ["messages"]) => {
                let say: Say = serde_json::from_value(body.clone()).unwrap();
                let reply = say.reply_to.and_then(|answered| kept.find(answered.as_str()).map(|said| as_reply(said)));
                let message = self.puts(at, "ada", Kind::Text, &say.text);
                let said = self.rooms[at].find(message.r#ref.as_str()).unwrap();
                said.reply_to = reply;
                said.mentions = say.mentions;
                Ok(json!(Page { messages: vec![said.clone()], more: false }))
            }
            (&Method::POST, ["files", entry]) => {
                let message = kept.find(entry).unwrap();
                message.file.iter_mut().for_each(|file| file.state = FileState::Asking);
                let message = message.clone();
                self.told.push(self.stands(&message, FileState::Asking, 0));
                Ok(json!(message))
            }
            (&Method::PUT, ["attention"]) => {
                let attention: Attention = serde_json::from_value(body.clone()).unwrap();
                kept.room.muted = attention.muted.unwrap_or(kept.room.muted);
                kept.room.pinned = attention.pinned.unwrap_or(kept.room.pinned);
                let room = kept.room.clone();
                self.rooms.sort_by_key(|kept| !kept.room.pinned);
                Ok(json!(room))
            }
            (&Method::POST, ["typing"]) => {
                self.typed += 1;
                Ok(Value::Null)
            }
            (&Method::GET, ["people", who]) => {
                let person = kept.people.iter().find(|person| person.author.as_str() == *who).unwrap().clone();
                let peer = kept.room.peers.iter().find(|peer| peer.author == person.author).cloned();
                Ok(json!(Whois {
                    person,
                    since_ms: Some(NOON_MS),
                    entries: 1_234,
                    last: None,
                    peer,
                    safety: String::new()
                }))
            }
            (method, ["hidden", who]) => {
                kept.hide(who, method == Method::PUT);
                Ok(json!(People { people: kept.people.clone() }))
            }
            (&Method::DELETE, ["hint"]) => {
                kept.room.hint.clear();
                Ok(Value::Null)
            }
            (&Method::DELETE, []) => {
                self.rooms.remove(at);
                Ok(Value::Null)
            }
            (method, ["messages", entry, rest @ ..]) => self.of_message(at, method, (entry, rest), body),
            _ => Err(refused("path", "no such path")),
        }
    }

    fn of_message(
        &mut self,
        at: usize,
        method: &Method,
        (entry, rest): (&str, &[&str]),
        body: &Value,
    ) -> Result<Value, Refused> {
        let kept = &mut self.rooms[at];
        let of = kept.people.len() as u64 - 1;
        let holders: Vec<Person> = kept.people.iter().filter(|person| person.here && !person.me).cloned().collect();
        let room = kept.room.id.clone();
        let message = kept.find(entry).ok_or_else(|| refused("message", "there is no such message"))?;
        match (method, rest) {
            (&Method::PUT, []) => {
                let said = body["text"].as_str().unwrap_or_default();
                message.action = act(said).is_some();
                (message.text, message.edited) = (act(said).unwrap_or(said).into(), true);
            }
            (&Method::DELETE, []) => {
                (message.kind, message.gone) = (Kind::Gone, Some(Gone::Retracted));
                message.text.clear();
            }
            (&Method::PUT, ["reactions", sign]) => {
                let sign = (*sign).to_owned();
                message.reactions.push(Reaction { sign, authors: vec![author("ada")], mine: true });
            }
            (&Method::DELETE, ["reactions", _]) => message.reactions.clear(),
            (&Method::PUT, ["unread"]) => {
                let place = message.place.clone();
                let before = kept.messages.iter().rev().find(|message| message.place < place);
                let before = before.map(|message| message.place.clone());
                kept.reads(before);
                return Ok(json!(kept.room));
            }
            (&Method::GET, ["holders"]) => {
                return Ok(json!(Holders { acknowledged: vec![author("bob")], holders, of }));
            }
            _ => return Err(refused("path", "no such path")),
        }
        self.told.push(Event::Changed { room, message: message.clone() });
        Ok(json!(message))
    }
}

impl Kept {
    /// Changes something of the room; returns whether that can be changed so.
    fn sets(&mut self, what: &str, body: &Value) -> bool {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        match what {
            "announced" => self.room.announced = body["announced"] == true,
            "read" => self.reads(Some(PlaceText(text("place")))),
            "nick" => self.room.nick = text("nick"),
            "topic" => self.room.topic = text("topic"),
            "display" => {
                let change: ChangeDisplay = serde_json::from_value(body.clone()).unwrap();
                let now = self.room.display.unwrap_or_default();
                let (hold, flood) = (change.hold.unwrap_or(now.hold), change.flood.unwrap_or(now.flood));
                self.room.display = Some(Display { hold, flood });
            }
            _ => return false,
        }
        true
    }

    /// Hides somebody, or shows it again.
    fn hide(&mut self, who: &str, hidden: bool) {
        let people = self.people.iter_mut().filter(|person| person.author.as_str() == who);
        people.for_each(|person| person.hidden = hidden);
        let messages = self.messages.iter_mut().filter(|message| message.author.as_str() == who);
        messages.for_each(|message| message.hidden = hidden);
    }

    /// The message of an entry.
    pub(crate) fn find(&mut self, entry: &str) -> Option<&mut Message> {
        self.messages.iter_mut().find(|message| message.r#ref.as_str() == entry)
    }

    /// Sets the unread marker of the room.
    pub(crate) fn reads(&mut self, read: Option<PlaceText>) {
        let unread = |message: &&Message| !message.mine && read.as_ref().is_none_or(|read| *read < message.place);
        self.room.unread = self.messages.iter().filter(unread).count() as u64;
        (self.room.mentions, self.room.read) = (0, read);
    }

    fn page(&self, query: &str) -> Page {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let (what, value) = pairs.next().unwrap();
        let value = decoded(value);
        let limit = pairs.next().map_or_else(|| value.parse().unwrap(), |(_, limit)| limit.parse().unwrap());
        let all = || self.messages.iter();
        let fits: Vec<&Message> = match what {
            "before" => all().filter(|message| message.place.as_str() < value.as_str()).collect(),
            "after" => all().filter(|message| message.place.as_str() > value.as_str()).collect(),
            "q" => all().rev().filter(|message| message.kind == Kind::Text && message.text.contains(&value)).collect(),
            _ => all().collect(),
        };
        let skip = if matches!(what, "after" | "q") { 0 } else { fits.len().saturating_sub(limit) };
        let more = what != "q" && fits.len() > limit;
        Page { messages: fits.into_iter().skip(skip).take(limit).cloned().collect(), more }
    }
}

fn as_reply(said: &Message) -> Reply {
    Reply { r#ref: said.r#ref.clone(), nick: said.nick.clone(), text: said.text.clone() }
}

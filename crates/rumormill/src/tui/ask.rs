//! Requests to `/v1` as the terminal makes them: what is asked, how it is written, how its answer is read.

use std::path::PathBuf;

use http::Method;
use rumormill_api::endpoint::piece;
use rumormill_api::{
    Announced, AuthorHex, Edit, Enter, EntryRef, Holders, Message, Nearby, NearbyRoom, Nick, Page, People, Person,
    PlaceText, Read, Refused, Room, RoomHex, Rooms, Say, Ticket, Topic, Whois,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::limits::{HITS, JOIN_LOOKS_MS, PAGE_MESSAGES};

/// A request as it is sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// With its query, from `/v1` on.
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
    /// What is sent or saved beside it.
    pub(crate) carried: Option<Carried>,
}

/// A file of the person's, read or written by whoever asks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Carried {
    /// The room's path, and what is sent there.
    From(String, PathBuf),
    /// The room's path, and the message whose file is saved.
    To(String, Box<Message>),
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ask {
    Rooms,
    Enter(Enter),
    /// Rooms announced on the LAN, or the one of this name.
    Nearby(Option<String>),
    Of(RoomHex, OfRoom),
}

/// What is asked of one room.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum OfRoom {
    People,
    Newest,
    Before(PlaceText),
    After(PlaceText),
    Search(String),
    Say(Say),
    Edit(EntryRef, String),
    Retract(EntryRef),
    /// Sets a sign under a message.
    React(EntryRef, String),
    /// Takes a sign back.
    Unreact(EntryRef, String),
    Holders(EntryRef),
    Read(PlaceText),
    Nick(String),
    Topic(String),
    /// Tells those who ask on the LAN of the room, or no longer.
    Announce(bool),
    /// Sends a file of ours.
    File(PathBuf),
    /// Asks for the file of a message.
    Fetch(EntryRef),
    /// Saves the file of a message, which is here.
    Save(Box<Message>),
    Ticket,
    /// The ticket, to be drawn.
    Picture,
    Whois(AuthorHex),
    Hide(AuthorHex),
    /// Shows somebody again who was hidden.
    Unhide(AuthorHex),
    /// Tells others that I am writing.
    Typing,
    Leave,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Told {
    Rooms(Vec<Room>),
    Room(Box<Room>),
    People(Vec<Person>),
    Page(Page),
    Message(Box<Message>),
    Holders(Holders),
    Ticket(String),
    Whois(Box<Whois>),
    Nearby(Vec<NearbyRoom>),
    /// Where a file was saved.
    Saved(String),
    Done,
}

/// An answer, beside what was asked.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) ask: Ask,
    pub(super) told: Result<Told, Refused>,
}

impl Ask {
    /// As it is sent.
    pub(super) fn request(&self) -> Request {
        match self {
            Self::Rooms => get("/v1/rooms".into()),
            Self::Enter(enter) => with(Method::POST, "/v1/rooms".into(), enter),
            Self::Nearby(None) => get(format!("/v1/nearby?wait_ms={JOIN_LOOKS_MS}")),
            Self::Nearby(Some(name)) => get(format!("/v1/nearby?wait_ms={JOIN_LOOKS_MS}&name={}", piece(name))),
            Self::Of(room, ask) => ask.request(&format!("/v1/rooms/{room}")),
        }
    }

    /// Reads what was answered.
    ///
    /// # Errors
    /// When it is not what answers this.
    pub(super) fn read(&self, body: Value) -> Result<Told, Refused> {
        match self {
            Self::Rooms => told(body, |Rooms { rooms }| Told::Rooms(rooms)),
            Self::Enter(_) => told(body, |room| Told::Room(Box::new(room))),
            Self::Nearby(_) => told(body, |Nearby { rooms }| Told::Nearby(rooms)),
            Self::Of(_, ask) => ask.read(body),
        }
    }
}

impl OfRoom {
    fn request(&self, room: &str) -> Request {
        let page = |what: &str, value: &str, limit| {
            let value = piece(value);
            get(format!("{room}/messages?{what}{value}&limit={limit}"))
        };
        let of = |r#ref: &EntryRef, what: &str| format!("{room}/messages/{}{what}", r#ref);
        let sign = |r#ref: &EntryRef, sign: &str| of(r#ref, &format!("/reactions/{}", piece(sign)));
        match self {
            Self::People => get(format!("{room}/people")),
            Self::Newest => get(format!("{room}/messages?limit={PAGE_MESSAGES}")),
            Self::Before(place) => page("before=", place.as_str(), PAGE_MESSAGES),
            Self::After(place) => page("after=", place.as_str(), PAGE_MESSAGES),
            Self::Search(words) => page("q=", words, HITS),
            Self::Say(say) => with(Method::POST, format!("{room}/messages"), say),
            Self::Edit(entry, text) => with(Method::PUT, of(entry, ""), &Edit { text: text.clone() }),
            Self::Retract(entry) => bare(Method::DELETE, of(entry, "")),
            Self::React(entry, text) => bare(Method::PUT, sign(entry, text)),
            Self::Unreact(entry, text) => bare(Method::DELETE, sign(entry, text)),
            Self::Holders(entry) => get(of(entry, "/holders")),
            Self::Read(place) => with(Method::PUT, format!("{room}/read"), &Read { place: place.clone() }),
            Self::Nick(nick) => with(Method::PUT, format!("{room}/nick"), &Nick { nick: nick.clone() }),
            Self::Topic(topic) => with(Method::PUT, format!("{room}/topic"), &Topic { topic: topic.clone() }),
            Self::Announce(announced) => {
                with(Method::PUT, format!("{room}/announced"), &Announced { announced: *announced })
            }
            Self::File(path) => {
                let carried = Some(Carried::From(room.to_owned(), path.clone()));
                Request { carried, ..bare(Method::POST, format!("{room}/files")) }
            }
            Self::Fetch(entry) => bare(Method::POST, format!("{room}/files/{entry}")),
            Self::Save(message) => {
                let carried = Some(Carried::To(room.to_owned(), message.clone()));
                Request { carried, ..get(format!("{room}/files/{}", message.r#ref)) }
            }
            Self::Ticket | Self::Picture => get(format!("{room}/ticket")),
            Self::Whois(author) => get(format!("{room}/people/{author}")),
            Self::Hide(author) => bare(Method::PUT, format!("{room}/hidden/{author}")),
            Self::Unhide(author) => bare(Method::DELETE, format!("{room}/hidden/{author}")),
            Self::Typing => bare(Method::POST, format!("{room}/typing")),
            Self::Leave => bare(Method::DELETE, room.to_owned()),
        }
    }

    fn read(&self, body: Value) -> Result<Told, Refused> {
        match self {
            Self::People | Self::Hide(_) | Self::Unhide(_) => told(body, |People { people }| Told::People(people)),
            Self::Newest | Self::Before(_) | Self::After(_) | Self::Search(_) | Self::Say(_) => told(body, Told::Page),
            Self::File(_) => told(body, |message| Told::Page(Page { messages: vec![message], more: false })),
            Self::Save(_) => told(body, Told::Saved),
            Self::Edit(..) | Self::Retract(_) | Self::React(..) | Self::Unreact(..) | Self::Fetch(_) => {
                told(body, |message| Told::Message(Box::new(message)))
            }
            Self::Holders(_) => told(body, Told::Holders),
            Self::Read(_) | Self::Nick(_) | Self::Topic(_) | Self::Announce(_) => {
                told(body, |room| Told::Room(Box::new(room)))
            }
            Self::Ticket | Self::Picture => told(body, |Ticket { ticket }| Told::Ticket(ticket)),
            Self::Whois(_) => told(body, |whois| Told::Whois(Box::new(whois))),
            Self::Typing | Self::Leave => Ok(Told::Done),
        }
    }
}

fn get(path: String) -> Request {
    bare(Method::GET, path)
}

fn bare(method: Method, path: String) -> Request {
    Request { method, path, body: None, carried: None }
}

fn with(method: Method, path: String, body: &impl Serialize) -> Request {
    Request { method, path, body: serde_json::to_value(body).ok(), carried: None }
}

fn told<T: DeserializeOwned>(body: Value, told: impl FnOnce(T) -> Told) -> Result<Told, Refused> {
    serde_json::from_value(body).map(told).map_err(|error| Refused {
        code: "answer".into(),
        what: format!("the node answered what this version does not understand: {error}"),
        help: "run the same version of rumormill everywhere on this machine".into(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(ask: OfRoom) -> Ask {
        Ask::Of("r1".into(), ask)
    }

    #[test]
    fn every_ask_as_it_is_sent() {
        let say = Say { text: "hi".into(), reply_to: Some("a.1".into()), ..Say::default() };
        let cases = [
            (Ask::Rooms, "GET /v1/rooms"),
            (Ask::Enter(Enter::Founded { name: "lunch".into() }), r#"POST /v1/rooms {"name":"lunch"}"#),
            (of(OfRoom::People), "GET /v1/rooms/r1/people"),
            (of(OfRoom::Newest), "GET /v1/rooms/r1/messages?limit=100"),
            (of(OfRoom::Before("0f.ab.01".into())), "GET /v1/rooms/r1/messages?before=0f%2Eab%2E01&limit=100"),
            (of(OfRoom::After("0f.ab.01".into())), "GET /v1/rooms/r1/messages?after=0f%2Eab%2E01&limit=100"),
            (of(OfRoom::Search("a b&c".into())), "GET /v1/rooms/r1/messages?q=a%20b%26c&limit=50"),
            (of(OfRoom::Say(say)), r#"POST /v1/rooms/r1/messages {"reply_to":"a.1","text":"hi"}"#),
            (of(OfRoom::Edit("a.1".into(), "ho".into())), r#"PUT /v1/rooms/r1/messages/a.1 {"text":"ho"}"#),
            (of(OfRoom::Retract("a.1".into())), "DELETE /v1/rooms/r1/messages/a.1"),
            (of(OfRoom::React("a.1".into(), "👍".into())), "PUT /v1/rooms/r1/messages/a.1/reactions/%F0%9F%91%8D"),
            (of(OfRoom::Unreact("a.1".into(), "/".into())), "DELETE /v1/rooms/r1/messages/a.1/reactions/%2F"),
            (of(OfRoom::Holders("a.1".into())), "GET /v1/rooms/r1/messages/a.1/holders"),
            (of(OfRoom::Read("p".into())), r#"PUT /v1/rooms/r1/read {"place":"p"}"#),
            (of(OfRoom::Nick("ada".into())), r#"PUT /v1/rooms/r1/nick {"nick":"ada"}"#),
            (of(OfRoom::Topic("".into())), r#"PUT /v1/rooms/r1/topic {"topic":""}"#),
            (Ask::Nearby(None), "GET /v1/nearby?wait_ms=3200"),
            (Ask::Nearby(Some("a b".into())), "GET /v1/nearby?wait_ms=3200&name=a%20b"),
            (of(OfRoom::Announce(true)), r#"PUT /v1/rooms/r1/announced {"announced":true}"#),
            (of(OfRoom::Ticket), "GET /v1/rooms/r1/ticket"),
            (of(OfRoom::Whois("ab".into())), "GET /v1/rooms/r1/people/ab"),
            (of(OfRoom::Hide("ab".into())), "PUT /v1/rooms/r1/hidden/ab"),
            (of(OfRoom::Unhide("ab".into())), "DELETE /v1/rooms/r1/hidden/ab"),
            (of(OfRoom::Typing), "POST /v1/rooms/r1/typing"),
            (of(OfRoom::Leave), "DELETE /v1/rooms/r1"),
            (of(OfRoom::File("a.jpg".into())), "POST /v1/rooms/r1/files"),
            (of(OfRoom::Fetch("a.1".into())), "POST /v1/rooms/r1/files/a.1"),
        ];
        for (ask, want) in cases {
            let Request { method, path, body, .. } = ask.request();
            let body = body.map_or(String::new(), |body| format!(" {body}"));
            assert_eq!(format!("{method} {path}{body}"), want);
        }
    }

    #[test]
    fn answers_are_read_by_what_was_asked() {
        assert_eq!(Ask::Rooms.read(json!({"rooms": []})), Ok(Told::Rooms(Vec::new())));
        assert_eq!(of(OfRoom::Ticket).read(json!({"ticket": "rumor1"})), Ok(Told::Ticket("rumor1".into())));
        assert_eq!(of(OfRoom::Leave).read(Value::Null), Ok(Told::Done));
        assert_eq!(Ask::Rooms.read(json!([])).unwrap_err().code, "answer");
    }
}

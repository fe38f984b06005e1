//! What the terminal asks of `/v1`, and what it is told.

use std::path::PathBuf;

use indicatif::ProgressBar;
use rumormill_api::{
    AuthorHex, Enter, EntryRef, Holders, Message, NearbyRoom, Page, Person, PlaceText, Read, Refused, Room, RoomHex,
    Say, Topic, Whois, endpoints,
};
use rumormill_client::{Client, OneOrLines};
use rumormill_text::safe_name;

use crate::{
    Failure,
    limits::{HITS, JOIN_LOOKS_MS, PAGE_MESSAGES},
    output::Output,
    transfer,
};

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
pub(super) enum Outcome {
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
    pub(super) told: Result<Outcome, Refused>,
}

impl Ask {
    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// What the answer says, or that there is none.
    pub(super) async fn put(&self, client: &Client) -> Result<Outcome, Refused> {
        let told = match self {
            Self::Rooms => client.rooms().await.map(Outcome::Rooms),
            Self::Enter(enter) => client.call(&endpoints::ENTER_ROOM, &[], &[], enter).await.map(standing),
            Self::Nearby(name) => {
                let wait = JOIN_LOOKS_MS.to_string();
                let query: Vec<(&str, &str)> =
                    [("wait_ms", &*wait)].into_iter().chain(name.as_deref().map(|name| ("name", name))).collect();
                client.call(&endpoints::LIST_NEARBY, &[], &query, ()).await.map(|nearby| Outcome::Nearby(nearby.rooms))
            }
            Self::Of(room, ask) => return ask.put(client, room).await.map_err(Refused::from),
        };
        told.map_err(Refused::from)
    }
}

impl OfRoom {
    async fn put(&self, client: &Client, id: &RoomHex) -> Result<Outcome, Failure> {
        let (path, room) = ([id.as_str()], client.room(id.as_str()));
        let told = match self {
            Self::People => room.people().await.map(Outcome::People),
            Self::Newest => room.newest(PAGE_MESSAGES).await.map(Outcome::Page),
            Self::Before(place) => room.before(place, PAGE_MESSAGES).await.map(Outcome::Page),
            Self::After(place) => room.after(place, PAGE_MESSAGES).await.map(Outcome::Page),
            Self::Search(words) => room.search(words, HITS).await.map(Outcome::Page),
            Self::Say(say) => client.call(&endpoints::SAY, &path, &[], OneOrLines::One(say)).await.map(Outcome::Page),
            Self::Edit(entry, text) => room.edit(entry, text).await.map(changed),
            Self::Retract(entry) => room.retract(entry).await.map(changed),
            Self::React(entry, sign) => room.react(entry, sign).await.map(changed),
            Self::Unreact(entry, sign) => room.unreact(entry, sign).await.map(changed),
            Self::Holders(entry) => room.holders(entry).await.map(Outcome::Holders),
            Self::Read(place) => {
                let read = Read { place: place.clone() };
                client.call(&endpoints::SET_READ, &path, &[], &read).await.map(standing)
            }
            Self::Nick(nick) => room.set_nick(nick).await.map(standing),
            Self::Topic(topic) => {
                let topic = Topic { topic: topic.clone() };
                client.call(&endpoints::SET_TOPIC, &path, &[], &topic).await.map(standing)
            }
            Self::Announce(announced) => room.announce(*announced).await.map(standing),
            Self::Fetch(entry) => {
                client.call(&endpoints::FETCH_FILE, &[id.as_str(), entry.as_str()], &[], ()).await.map(changed)
            }
            Self::Ticket | Self::Picture => room.ticket().await.map(Outcome::Ticket),
            Self::Whois(author) => {
                let told = client.call(&endpoints::GET_PERSON, &[id.as_str(), author.as_str()], &[], ()).await;
                told.map(|whois| Outcome::Whois(Box::new(whois)))
            }
            Self::Hide(author) => {
                let told = client.call(&endpoints::HIDE_PERSON, &[id.as_str(), author.as_str()], &[], ()).await;
                told.map(|people| Outcome::People(people.people))
            }
            Self::Unhide(author) => {
                let told = client.call(&endpoints::SHOW_PERSON, &[id.as_str(), author.as_str()], &[], ()).await;
                told.map(|people| Outcome::People(people.people))
            }
            Self::Typing => client.call(&endpoints::TYPING, &path, &[], ()).await.map(|()| Outcome::Done),
            Self::Leave => client.call(&endpoints::LEAVE_ROOM, &path, &[], ()).await.map(|()| Outcome::Done),
            Self::File(path) => {
                let sent = transfer::send(client, id, path, &ProgressBar::hidden()).await?;
                Ok(Outcome::Page(Page { messages: vec![sent], more: false }))
            }
            Self::Save(message) => {
                let name = message.file.as_ref().map(|file| safe_name(&file.name)).unwrap_or_default();
                let to = Output::within(&transfer::downloads(), &name)?;
                let saved = transfer::save(client, id, message, to, &ProgressBar::hidden()).await?;
                Ok(Outcome::Saved(saved.unwrap_or_default().display().to_string()))
            }
        };
        Ok(told?)
    }
}

fn standing(room: Room) -> Outcome {
    Outcome::Room(Box::new(room))
}

fn changed(message: Message) -> Outcome {
    Outcome::Message(Box::new(message))
}

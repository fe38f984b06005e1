//! A room by name, with the usual requests as methods.

use bytes::Bytes;
use rumormill_api::{
    Announced, Edit, EntryRef, Holders, Message, Nick, Page, Person, PlaceText, Read, Room, Say, Topic,
    endpoint::IDEMPOTENCY_KEY, endpoints,
};

use crate::{Body, Client, Error, body::OneOrLines};

/// A room that is asked about through a client. Every method fails as [`Client::call`] does.
#[derive(Clone)]
pub struct RoomHandle {
    client: Client,
    room: String,
}

impl Client {
    /// A room by its id, the beginning of it, or its name. Nothing is asked yet.
    pub fn room(&self, room: impl Into<String>) -> RoomHandle {
        RoomHandle { client: self.clone(), room: room.into() }
    }
}

impl RoomHandle {
    /// The same room, in which what is said, and which files are sent, is said once under this name, however often it is
    /// asked for and whatever becomes of the process meanwhile. A name is good for one message: make it from what the
    /// message answers.
    ///
    /// # Errors
    /// [`Error::Garbled`] when the name cannot stand in a header.
    pub fn once(&self, key: &str) -> Result<Self, Error> {
        Ok(Self { client: self.client.with(IDEMPOTENCY_KEY, key)?, room: self.room.clone() })
    }

    /// How the room stands.
    pub async fn status(&self) -> Result<Room, Error> {
        self.client.call(&endpoints::GET_ROOM, &[&self.room], &[], ()).await
    }

    /// The ticket that lets others in.
    pub async fn ticket(&self) -> Result<String, Error> {
        Ok(self.client.call(&endpoints::GET_TICKET, &[&self.room], &[], ()).await?.ticket)
    }

    /// The people of the room.
    pub async fn people(&self) -> Result<Vec<Person>, Error> {
        Ok(self.client.call(&endpoints::LIST_PEOPLE, &[&self.room], &[], ()).await?.people)
    }

    /// Chooses the name that others see one by.
    pub async fn set_nick(&self, nick: impl Into<String>) -> Result<Room, Error> {
        let nick = Nick { nick: nick.into() };
        self.client.call(&endpoints::SET_NICK, &[&self.room], &[], &nick).await
    }

    /// Tells those who ask on the LAN of the room, or no longer.
    pub async fn announce(&self, announced: bool) -> Result<Room, Error> {
        let announced = Announced { announced };
        self.client.call(&endpoints::SET_ANNOUNCED, &[&self.room], &[], &announced).await
    }

    /// Sets what the room is about; empty to take it back.
    pub async fn set_topic(&self, topic: impl Into<String>) -> Result<Room, Error> {
        let topic = Topic { topic: topic.into() };
        self.client.call(&endpoints::SET_TOPIC, &[&self.room], &[], &topic).await
    }

    /// Moves the read marker forward to a place.
    pub async fn mark_read(&self, place: &PlaceText) -> Result<Room, Error> {
        let read = Read { place: place.clone() };
        self.client.call(&endpoints::SET_READ, &[&self.room], &[], &read).await
    }

    /// Moves the read marker back before a message.
    pub async fn mark_unread(&self, message: &EntryRef) -> Result<Room, Error> {
        self.client.call(&endpoints::MARK_UNREAD, &[&self.room, message.as_str()], &[], ()).await
    }

    /// Hides a person, by id or name, for oneself alone.
    pub async fn hide(&self, person: &str) -> Result<Vec<Person>, Error> {
        Ok(self.client.call(&endpoints::HIDE_PERSON, &[&self.room, person], &[], ()).await?.people)
    }

    /// Shows a person again.
    pub async fn show(&self, person: &str) -> Result<Vec<Person>, Error> {
        Ok(self.client.call(&endpoints::SHOW_PERSON, &[&self.room, person], &[], ()).await?.people)
    }

    /// Tells others that one is typing.
    pub async fn typing(&self) -> Result<(), Error> {
        self.client.call(&endpoints::TYPING, &[&self.room], &[], ()).await
    }

    /// Leaves the room; nothing of it is kept here.
    pub async fn leave(&self) -> Result<(), Error> {
        self.client.call(&endpoints::LEAVE_ROOM, &[&self.room], &[], ()).await
    }

    /// The newest messages, oldest first.
    pub async fn newest(&self, limit: usize) -> Result<Page, Error> {
        self.page(&[("limit", &limit.to_string())]).await
    }

    /// The messages before a place, oldest first.
    pub async fn before(&self, place: &PlaceText, limit: usize) -> Result<Page, Error> {
        self.page(&[("before", place.as_str()), ("limit", &limit.to_string())]).await
    }

    /// The messages after a place, oldest first.
    pub async fn after(&self, place: &PlaceText, limit: usize) -> Result<Page, Error> {
        self.page(&[("after", place.as_str()), ("limit", &limit.to_string())]).await
    }

    /// The messages with these words, newest first.
    pub async fn search(&self, words: &str, limit: usize) -> Result<Page, Error> {
        self.page(&[("q", words), ("limit", &limit.to_string())]).await
    }

    async fn page(&self, query: &[(&str, &str)]) -> Result<Page, Error> {
        self.client.call(&endpoints::LIST_MESSAGES, &[&self.room], query, ()).await
    }

    /// Says something.
    pub async fn say(&self, text: impl Into<String>) -> Result<Message, Error> {
        self.say_this(&Say { text: text.into(), ..Say::default() }).await
    }

    /// Answers a message.
    pub async fn reply(&self, to: &EntryRef, text: impl Into<String>) -> Result<Message, Error> {
        self.say_this(&Say { text: text.into(), reply_to: Some(to.clone()), ..Say::default() }).await
    }

    /// Says something that names people, or answers a message, or both.
    pub async fn say_this(&self, say: &Say) -> Result<Message, Error> {
        first(self.client.call(&endpoints::SAY, &[&self.room], &[], OneOrLines::One(say)).await?)
    }

    /// Says each line of a text as a message of its own.
    pub async fn say_lines(&self, lines: impl Into<String>) -> Result<Vec<Message>, Error> {
        let page = self.client.call(&endpoints::SAY, &[&self.room], &[], OneOrLines::Lines(lines.into())).await?;
        Ok(page.messages)
    }

    /// Reads one message.
    pub async fn message(&self, message: &EntryRef) -> Result<Message, Error> {
        self.client.call(&endpoints::GET_MESSAGE, &[&self.room, message.as_str()], &[], ()).await
    }

    /// Who has a message.
    pub async fn holders(&self, message: &EntryRef) -> Result<Holders, Error> {
        self.client.call(&endpoints::LIST_HOLDERS, &[&self.room, message.as_str()], &[], ()).await
    }

    /// Changes what one of one's own messages says.
    pub async fn edit(&self, message: &EntryRef, text: impl Into<String>) -> Result<Message, Error> {
        let edit = Edit { text: text.into() };
        self.client.call(&endpoints::EDIT_MESSAGE, &[&self.room, message.as_str()], &[], &edit).await
    }

    /// Takes one of one's own messages back.
    pub async fn retract(&self, message: &EntryRef) -> Result<Message, Error> {
        self.client.call(&endpoints::RETRACT_MESSAGE, &[&self.room, message.as_str()], &[], ()).await
    }

    /// Sets a sign under a message.
    pub async fn react(&self, message: &EntryRef, sign: &str) -> Result<Message, Error> {
        self.client.call(&endpoints::REACT, &[&self.room, message.as_str(), sign], &[], ()).await
    }

    /// Takes a sign back.
    pub async fn unreact(&self, message: &EntryRef, sign: &str) -> Result<Message, Error> {
        self.client.call(&endpoints::UNREACT, &[&self.room, message.as_str(), sign], &[], ()).await
    }

    /// Offers a file.
    pub async fn send_file(&self, name: &str, bytes: impl Into<Bytes>) -> Result<Message, Error> {
        let body = Body::from(bytes.into());
        first(self.client.call(&endpoints::SEND_FILE, &[&self.room], &[("name", name)], body).await?)
    }

    /// The file that a message offers, as its bytes come.
    pub async fn file(&self, message: &EntryRef) -> Result<Body, Error> {
        self.client.call(&endpoints::GET_FILE, &[&self.room, message.as_str()], &[], ()).await
    }
}

fn first(page: Page) -> Result<Message, Error> {
    page.messages.into_iter().next().ok_or_else(|| Error::garbled("no message came of it"))
}

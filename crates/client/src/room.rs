//! A room by name, with the usual requests as methods.

use bytes::Bytes;
use rumormill_api::{
    Announced, Edit, EntryRef, Holders, Message, Nick, Page, Person, PlaceText, Read, Room, Say, Topic,
    endpoint::IDEMPOTENCY_KEY, endpoints,
};

use crate::{Body, Client, Error, body::OneOrLines};

/// A handle for a room of a client. Every method fails as [`Client::call`] does.
#[derive(Clone)]
pub struct RoomHandle {
    client: Client,
    room: String,
}

impl Client {
    /// A room by its id, the beginning of its id, or its name. Sends no request yet.
    pub fn room(&self, room: impl Into<String>) -> RoomHandle {
        RoomHandle { client: self.clone(), room: room.into() }
    }
}

impl RoomHandle {
    /// The same room, with a key for the next message or file: it is said once under this key, however often the call
    /// is repeated, even if the process is killed meanwhile. A key is good for one message; derive it from what the
    /// message is about.
    ///
    /// # Errors
    /// [`Error::Garbled`] when the key cannot stand in a header.
    pub fn once(&self, key: &str) -> Result<Self, Error> {
        Ok(Self { client: self.client.with(IDEMPOTENCY_KEY, key)?, room: self.room.clone() })
    }

    /// The state of the room.
    pub async fn status(&self) -> Result<Room, Error> {
        self.client.call(&endpoints::GET_ROOM, &[&self.room], &[], ()).await
    }

    /// The ticket with which others can join.
    pub async fn ticket(&self) -> Result<String, Error> {
        Ok(self.client.call(&endpoints::GET_TICKET, &[&self.room], &[], ()).await?.ticket)
    }

    /// The people of the room.
    pub async fn people(&self) -> Result<Vec<Person>, Error> {
        Ok(self.client.call(&endpoints::LIST_PEOPLE, &[&self.room], &[], ()).await?.people)
    }

    /// Sets one's own name in the room.
    pub async fn set_nick(&self, nick: impl Into<String>) -> Result<Room, Error> {
        let nick = Nick { nick: nick.into() };
        self.client.call(&endpoints::SET_NICK, &[&self.room], &[], &nick).await
    }

    /// Sets whether the room is announced to peers on the LAN that ask.
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

    /// Hides a person in all rooms of the home.
    pub async fn hide_everywhere(&self, person: &str) -> Result<Vec<Person>, Error> {
        let query = [("everywhere", "true")];
        Ok(self.client.call(&endpoints::HIDE_PERSON, &[&self.room, person], &query, ()).await?.people)
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

    /// The messages that contain these words, newest first.
    pub async fn search(&self, words: &str, limit: usize) -> Result<Page, Error> {
        self.page(&[("q", words), ("limit", &limit.to_string())]).await
    }

    async fn page(&self, query: &[(&str, &str)]) -> Result<Page, Error> {
        self.client.call(&endpoints::LIST_MESSAGES, &[&self.room], query, ()).await
    }

    /// Says a text.
    pub async fn say(&self, text: impl Into<String>) -> Result<Message, Error> {
        self.say_this(&Say { text: text.into(), ..Say::default() }).await
    }

    /// Replies to a message.
    pub async fn reply(&self, to: &EntryRef, text: impl Into<String>) -> Result<Message, Error> {
        self.say_this(&Say { text: text.into(), reply_to: Some(to.clone()), ..Say::default() }).await
    }

    /// Says a text that mentions people, replies to a message, or both.
    pub async fn say_this(&self, say: &Say) -> Result<Message, Error> {
        first(self.client.call(&endpoints::SAY, &[&self.room], &[], OneOrLines::One(say)).await?)
    }

    /// Says each line of a text as a separate message.
    pub async fn say_lines(&self, lines: impl Into<String>) -> Result<Vec<Message>, Error> {
        let page = self.client.call(&endpoints::SAY, &[&self.room], &[], OneOrLines::Lines(lines.into())).await?;
        Ok(page.messages)
    }

    /// Reads one message.
    pub async fn message(&self, message: &EntryRef) -> Result<Message, Error> {
        self.client.call(&endpoints::GET_MESSAGE, &[&self.room, message.as_str()], &[], ()).await
    }

    /// The people who hold a message.
    pub async fn holders(&self, message: &EntryRef) -> Result<Holders, Error> {
        self.client.call(&endpoints::LIST_HOLDERS, &[&self.room, message.as_str()], &[], ()).await
    }

    /// Replaces the text of one's own message.
    pub async fn edit(&self, message: &EntryRef, text: impl Into<String>) -> Result<Message, Error> {
        let edit = Edit { text: text.into() };
        self.client.call(&endpoints::EDIT_MESSAGE, &[&self.room, message.as_str()], &[], &edit).await
    }

    /// Retracts one's own message.
    pub async fn retract(&self, message: &EntryRef) -> Result<Message, Error> {
        self.client.call(&endpoints::RETRACT_MESSAGE, &[&self.room, message.as_str()], &[], ()).await
    }

    /// Adds a reaction to a message.
    pub async fn react(&self, message: &EntryRef, sign: &str) -> Result<Message, Error> {
        self.client.call(&endpoints::REACT, &[&self.room, message.as_str(), sign], &[], ()).await
    }

    /// Removes a reaction.
    pub async fn unreact(&self, message: &EntryRef, sign: &str) -> Result<Message, Error> {
        self.client.call(&endpoints::UNREACT, &[&self.room, message.as_str(), sign], &[], ()).await
    }

    /// Offers a file.
    pub async fn send_file(&self, name: &str, bytes: impl Into<Bytes>) -> Result<Message, Error> {
        let body = Body::from(bytes.into());
        first(self.client.call(&endpoints::SEND_FILE, &[&self.room], &[("name", name)], body).await?)
    }

    /// The bytes of a message's file, as they arrive.
    pub async fn file(&self, message: &EntryRef) -> Result<Body, Error> {
        self.client.call(&endpoints::GET_FILE, &[&self.room, message.as_str()], &[], ()).await
    }
}

fn first(page: Page) -> Result<Message, Error> {
    page.messages.into_iter().next().ok_or_else(|| Error::garbled("the answer has no message"))
}

//! Writing messages in a room.

use rumormill_proto::{
    content::{Content, Target, Text},
    limits::NAME_BYTES,
};

use super::Room;
use crate::{
    command::Command,
    error::Error,
    membership::Membership,
    message::{Message, What},
};

impl Room {
    /// Says a text. Resolves once it is durable here, whether or not anybody is connected.
    ///
    /// # Errors
    /// [`Error::TooLong`], and those of [`Entries::say`](crate::Entries::say).
    pub async fn say(&self, text: impl Into<Text>) -> Result<Target, Error> {
        self.put(&Content::Text(text.into())).await
    }

    /// Answers a message with a text.
    ///
    /// # Errors
    /// As [`Room::say`].
    pub async fn reply(&self, to: Target, text: impl Into<Text>) -> Result<Target, Error> {
        self.say(Text { reply_to: Some(to), ..text.into() }).await
    }

    /// Puts a sign such as an emoji beside a message, or takes ours away when `on` is false.
    ///
    /// # Errors
    /// [`Error::Sign`] when it is too long or no sign, and those of [`Entries::say`](crate::Entries::say).
    pub async fn react(&self, to: Target, sign: &str, on: bool) -> Result<Target, Error> {
        let reaction = Content::Reaction { to, sign: sign.to_owned(), on };
        let (kind, body) = reaction.encode().map_err(|_| Error::Sign)?;
        self.entries().say_one(kind, body).await
    }

    /// Replaces the words of a text of ours.
    ///
    /// # Errors
    /// [`Error::NotYours`], [`Error::NoMessage`], [`Error::Kind`] when it is no text, and those of [`Room::say`].
    pub async fn edit(&self, of: Target, text: &str) -> Result<Target, Error> {
        match self.ours(of).await?.what {
            What::Text(_) => self.put(&Content::Edit { of: of.seq, text: text.to_owned() }).await,
            _ => Err(Error::Kind),
        }
    }

    /// Takes back a message of ours: every honest member drops its content.
    ///
    /// # Errors
    /// [`Error::NotYours`], [`Error::NoMessage`], [`Error::Kind`] when it cannot be taken back, and those of
    /// [`Entries::say`](crate::Entries::say).
    pub async fn retract(&self, of: Target) -> Result<Target, Error> {
        match self.ours(of).await?.what.can_be_retracted() {
            true => self.put(&Content::Retraction { of: of.seq }).await,
            false => Err(Error::Kind),
        }
    }

    /// Tells everybody the name that we want to be shown with. Whoever is not in a closed room yet says it once it is let
    /// in; then there is no entry yet.
    ///
    /// # Errors
    /// [`Error::Nick`] when it is empty or too long, and those of [`Entries::say`](crate::Entries::say).
    pub async fn set_nick(&self, nick: &str) -> Result<Option<Target>, Error> {
        let nick = read_nick(nick)?.to_owned();
        // A refusal may be that of an earlier ticket, and no member has answered to this one yet.
        if matches!(self.membership(), Membership::Waiting | Membership::Refused(_)) {
            return self.node.ask(|answer| Command::Name { room: self.id(), nick, answer }).await.map(|()| None);
        }
        self.put(&Content::Nick(nick)).await.map(Some)
    }

    /// Sets the topic of the room.
    ///
    /// # Errors
    /// As [`Room::say`].
    pub async fn set_topic(&self, topic: &str) -> Result<Target, Error> {
        self.put(&Content::Topic(topic.to_owned())).await
    }

    /// Tells connected peers that somebody is typing here, unless they were told a moment ago.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub async fn typing(&self) -> Result<(), Error> {
        self.node.command(Command::Type { room: self.board.id }).await
    }

    pub(super) async fn put(&self, content: &Content) -> Result<Target, Error> {
        let (kind, body) = content.encode().map_err(|_| Error::TooLong)?;
        self.entries().say_one(kind, body).await
    }

    /// A message that our present author key has signed.
    async fn ours(&self, of: Target) -> Result<Message, Error> {
        if of.author != self.author() {
            return Err(Error::NotYours);
        }
        self.message(of).await?.ok_or(Error::NoMessage)
    }
}

/// A nick without blanks around it.
///
/// # Errors
/// [`Error::Nick`] when it is empty or too long.
pub fn read_nick(text: &str) -> Result<&str, Error> {
    let nick = text.trim();
    let fits = !nick.is_empty() && nick.len() <= NAME_BYTES;
    fits.then_some(nick).ok_or(Error::Nick)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nick_is_of_some_bytes_and_not_of_many() {
        assert_eq!(read_nick("  ada ").unwrap(), "ada");
        assert!(read_nick(&"x".repeat(NAME_BYTES)).is_ok());
        for nick in ["", "  ", &"x".repeat(NAME_BYTES + 1)] {
            assert_eq!(read_nick(nick).unwrap_err().code(), "nick", "{nick:?}");
        }
    }
}

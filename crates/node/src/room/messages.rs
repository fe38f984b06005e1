//! Reading the messages of a room.

use rumormill_proto::{
    content::{Content, Target},
    ids::{AuthorId, RoomId},
    timeline::Place,
};
use rumormill_store::{Read, Shared, Wanted};

use super::Room;
use crate::{
    error::Error,
    limits::PAGE_LINES,
    message::Message,
    messages::{self, Page},
    status::Holders,
};

impl Room {
    /// The `limit` messages before `before`, or the last ones. A page has at most [`PAGE_LINES`].
    ///
    /// # Errors
    /// [`Error::Store`] when the home cannot be read, [`Error::Damaged`], [`Error::Left`] and [`Error::Closed`].
    pub async fn messages(&self, before: Option<Place>, limit: usize) -> Result<Page, Error> {
        self.read(move |read, room| messages::page(read, room, before, limit.min(PAGE_LINES))).await
    }

    /// The `limit` messages after `after`, or the first ones. A page has at most [`PAGE_LINES`].
    ///
    /// # Errors
    /// As [`Room::messages`].
    pub async fn messages_after(&self, after: Option<Place>, limit: usize) -> Result<Page, Error> {
        self.read(move |read, room| messages::page_after(read, room, after, limit.min(PAGE_LINES))).await
    }

    /// One message; `None` when there is no such entry, or it is no message.
    ///
    /// # Errors
    /// As [`Room::messages`].
    pub async fn message(&self, of: Target) -> Result<Option<Message>, Error> {
        self.read(move |read, room| messages::one(read, room, of)).await
    }

    /// The newest messages that are wanted, newest first. At most `limit` and [`PAGE_LINES`].
    ///
    /// # Errors
    /// As [`Room::messages`].
    pub async fn search(&self, wanted: Wanted, limit: usize) -> Result<Vec<Message>, Error> {
        let read = move |read: &mut dyn Read, room: &RoomId| {
            let lines = read.search(room, &wanted, limit.min(PAGE_LINES))?;
            messages::fold(read, room, &lines)
        };
        self.read(read).await
    }

    /// The people other than ourselves who are known to hold a message: its author, those whose own entries prove that
    /// they have seen it and, when we wrote it here, those who write at peers that say they hold it.
    ///
    /// # Errors
    /// As [`Room::messages`].
    pub async fn holders(&self, of: Target) -> Result<Holders, Error> {
        let Target { author, seq } = of;
        let me = self.author();
        let acknowledged = self.read(move |read, room| read.holders(room, &author, seq)).await?;
        let mut acknowledged = self.others(acknowledged);
        acknowledged.remove(&self.person(&author));
        let mut received = acknowledged.clone();
        if author == me {
            let holding: Vec<AuthorId> = {
                let posted = self.board.posted();
                posted.members.values().filter(|member| member.holds > seq).map(|member| member.author).collect()
            };
            received.extend(self.others(holding));
        } else {
            received.extend(self.others([author]));
        }
        Ok(Holders { received: received.into_iter().collect(), acknowledged: acknowledged.into_iter().collect() })
    }

    /// Whether no connected peer keeps the content of a message, as far as the node has searched; see
    /// [`What::Missing`](crate::What::Missing).
    pub fn is_lost(&self, of: &Target) -> bool {
        self.board.posted().lost.contains(of)
    }

    /// The topic that was set last; empty when there is none.
    ///
    /// # Errors
    /// As [`Room::messages`].
    pub async fn topic(&self) -> Result<String, Error> {
        let line = self.read(|read, room| read.topic(room)).await?;
        let body = line.as_ref().and_then(|line| line.body.bytes().map(|body| (line.kind, body)));
        Ok(match body.map(|(kind, body)| Content::parse(kind, body)) {
            Some(Ok(Some(Content::Topic(topic)))) => topic,
            _ => String::new(),
        })
    }

    /// The name that the person who writes as an author had before the one set at a place; `None` when that is the author's first.
    ///
    /// # Errors
    /// As [`Room::messages`].
    pub async fn named_before(&self, place: Place) -> Result<Option<String>, Error> {
        let keys = self.keys_of(&place.author);
        let read = move |read: &mut dyn Read, room: &RoomId| {
            let others = keys.into_iter().filter(|key| *key != place.author);
            for author in [place.author].into_iter().chain(others) {
                if let Some(name) = read.named_before(room, Place { author, ..place })? {
                    return Ok(Some(name));
                }
            }
            Ok(None)
        };
        self.read(read).await
    }

    /// The authors of whom something was dropped here because they said more than their share, ascending.
    ///
    /// # Errors
    /// As [`Room::messages`].
    pub async fn shares(&self) -> Result<Vec<Shared>, Error> {
        self.read(|read, room| read.shares(room)).await
    }
}

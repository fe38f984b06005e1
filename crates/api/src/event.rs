//! Events: what happens in the rooms, as it happens.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{AuthorHex, EntryRef, FileHex, FileState, Message, PeerHex, Room, RoomHex};

/// How a message came into the timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Arrival {
    /// At its end.
    #[default]
    End,
    /// Above what was shown already.
    Late,
    /// From before you came.
    History,
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum NoticeCode {
    /// Somebody wrote under one key in two places.
    Forked,
    /// Your clock and the others' disagree, or agree again.
    Skewed,
    /// You write under a fresh author key.
    Rekeyed,
    /// The room no longer takes part.
    Stopped,
    /// Somebody said more than their share of this disk, and the oldest of it was let go.
    Shared,
}

/// What happened in a room. As server-sent events the tag is the `event:` and the content the `data:`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", content = "data", rename_all = "lowercase")]
pub enum Event {
    /// A message entered the timeline.
    Message {
        /// The room.
        room: RoomHex,
        /// The message.
        message: Message,
        /// How it came in.
        arrival: Arrival,
        /// Over how many peers it came, where that is known.
        hops: Option<u64>,
    },
    /// A message was edited, retracted or reacted to.
    Changed {
        /// The room.
        room: RoomHex,
        /// The message as it is now.
        message: Message,
    },
    /// One more peer told that it has one of your messages.
    Held {
        /// The room.
        room: RoomHex,
        /// The message.
        r#ref: EntryRef,
        /// How many others have it now.
        holders: u64,
    },
    /// More of a file arrived, all of it did, or it is no longer here.
    File {
        /// The room.
        room: RoomHex,
        /// The file's hash.
        hash: FileHex,
        /// Whether its bytes are here.
        state: FileState,
        /// Bytes that are here.
        have: u64,
        /// Bytes in all.
        size: u64,
    },
    /// A room's status changed; at most four times a second, and less often the more peers it names.
    Room {
        /// The room as it stands now.
        room: Room,
    },
    /// You left a room, here or in another window. Nothing more comes from it until you enter it again, which begins with
    /// its status.
    Left {
        /// The room.
        room: RoomHex,
    },
    /// Somebody came, went, took another name, or was hidden or shown again.
    Person {
        /// The room.
        room: RoomHex,
        /// Who.
        author: AuthorHex,
        /// Their name; empty when there is none.
        nick: String,
        /// Whether one of their peers is connected.
        here: bool,
        /// Whether you have hidden them.
        hidden: bool,
    },
    /// Somebody is typing. Repeated every few seconds while they do; 6 s after the last one they have stopped.
    Typing {
        /// The room.
        room: RoomHex,
        /// Who.
        author: AuthorHex,
        /// Their name; empty when there is none.
        nick: String,
    },
    /// Something that a person should know.
    Notice {
        /// The room.
        room: RoomHex,
        /// What it is about.
        code: NoticeCode,
        /// The notice, for people.
        text: String,
    },
    /// A frame was sent or received, for a picture of the network.
    Step {
        /// The room.
        room: RoomHex,
        /// The frame's kind.
        kind: String,
        /// The peer that it came from.
        from: Option<PeerHex>,
        /// The peer that it went to.
        to: Option<PeerHex>,
        /// Entries in it.
        entries: u64,
    },
    /// This reader lost events, and `why` says how. To catch up, read the messages `after` the last place that you know.
    Lagged {
        /// How many were lost, as far as that is known; 0 where it is not.
        missed: u64,
        /// How they were lost.
        #[serde(default)]
        why: Lag,
        /// What to do.
        #[serde(default)]
        help: String,
    },
}

/// How a reader lost events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lag {
    /// The reader was too slow.
    #[default]
    Slow,
    /// The break before the reader came back was longer than events are kept.
    Break,
    /// The process was started anew since, and kept none of its events.
    Restart,
}

/// An event as server-sent events carry it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// What stands behind `event:`.
    pub name: String,
    /// What stands behind `data:`, a line of JSON.
    pub data: String,
}

/// The tag and the content of an event apart.
#[derive(Serialize, Deserialize)]
struct Parts<'a> {
    event: &'a str,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl Event {
    /// Tells a reader that it lost events, and how to catch up.
    pub fn lagged(missed: u64, why: Lag) -> Self {
        let help = "read the messages `after` the last place that you know, in each room that you follow";
        Self::Lagged { missed, why, help: help.into() }
    }

    /// Puts it into what server-sent events carry.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn send(&self) -> serde_json::Result<Sent> {
        let json = serde_json::to_string(self)?;
        let Parts { event, data } = serde_json::from_str(&json)?;
        Ok(Sent { name: event.to_owned(), data: data.get().to_owned() })
    }

    /// Reads it from what server-sent events carry.
    ///
    /// # Errors
    /// When this version knows no such event, or the content is another one's.
    pub fn receive(name: &str, data: &str) -> serde_json::Result<Self> {
        let parts = Parts { event: name, data: serde_json::from_str(data)? };
        serde_json::from_str(&serde_json::to_string(&parts)?)
    }

    /// The room in which it happened; none for [`Event::Lagged`].
    pub fn room(&self) -> Option<&RoomHex> {
        match self {
            Self::Message { room, .. }
            | Self::Changed { room, .. }
            | Self::Held { room, .. }
            | Self::File { room, .. }
            | Self::Person { room, .. }
            | Self::Typing { room, .. }
            | Self::Notice { room, .. }
            | Self::Left { room }
            | Self::Step { room, .. } => Some(room),
            Self::Room { room } => Some(&room.id),
            Self::Lagged { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_comes_back_from_what_it_is_sent_as() {
        let event = Event::Held { room: "r\"".into(), r#ref: "a.1".into(), holders: 2 };
        let sent = event.send().unwrap();
        assert_eq!((&*sent.name, &*sent.data), ("held", r#"{"room":"r\"","ref":"a.1","holders":2}"#));
        assert_eq!(Event::receive(&sent.name, &sent.data).unwrap(), event);
    }

    #[test]
    fn what_is_no_event_of_this_version_is_none() {
        for (name, data) in [("unknown", "{}"), ("held", "{}"), ("held", "{"), ("lagged", ""), ("", "{}")] {
            assert!(Event::receive(name, data).is_err(), "{name} {data}");
        }
    }
}

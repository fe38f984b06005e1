//! Events: what happens in the rooms.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{AuthorHex, EntryRef, FileHex, FileState, Message, PeerHex, Request, Role, Room, RoomHex};

/// How a message entered the timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Arrival {
    /// At its end.
    #[default]
    End,
    /// Above messages that were shown already.
    Late,
    /// From before you joined.
    History,
}

/// The subject of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum NoticeCode {
    /// Somebody's author key was used in two places.
    Forked,
    /// Your clock and those of others disagree, or agree again.
    Skewed,
    /// You write under a fresh author key.
    Rekeyed,
    /// The node stopped the room: it no longer takes part.
    Stopped,
    /// An author's messages exceeded their share of this disk, and the oldest were dropped.
    Shared,
    /// A member reports a message to those who govern the room, you among them.
    Reported,
    /// Slow mode keeps out something that you said, mostly before you knew of it.
    Slowed,
}

/// An event in a room. As a server-sent event the tag is the `event:` and the content the `data:`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", content = "data", rename_all = "lowercase")]
pub enum Event {
    /// A message entered the timeline.
    Message {
        /// The room.
        room: RoomHex,
        /// The message.
        message: Message,
        /// How it entered the timeline.
        arrival: Arrival,
        /// The number of peers that it passed through, if known.
        hops: Option<u64>,
    },
    /// A message was edited, retracted or reacted to.
    Changed {
        /// The room.
        room: RoomHex,
        /// The message after the change.
        message: Message,
    },
    /// One more person received or acknowledged one of your messages.
    Held {
        /// The room.
        room: RoomHex,
        /// The message.
        r#ref: EntryRef,
        /// How many others have received it.
        holders: u64,
        /// How many of them have acknowledged it.
        #[serde(default)]
        acknowledged: u64,
    },
    /// More of a file arrived, or the whole of it, or it was removed.
    File {
        /// The room.
        room: RoomHex,
        /// The file's hash.
        hash: FileHex,
        /// The state of the file.
        state: FileState,
        /// Bytes of it that are here.
        have: u64,
        /// Its size in bytes.
        size: u64,
    },
    /// The state of a room changed; at most four times a second, and less often the more peers it names.
    Room {
        /// The state of the room.
        room: Room,
    },
    /// You left a room, here or in another window. No more events come from it until you enter it again, which begins
    /// with its state.
    Left {
        /// The room.
        room: RoomHex,
    },
    /// Somebody came, went, changed their name, or was hidden or shown again.
    Person {
        /// The room.
        room: RoomHex,
        /// The person.
        author: AuthorHex,
        /// Their name; empty if they have none.
        nick: String,
        /// Whether one of their peers is connected.
        here: bool,
        /// Whether you have hidden them.
        hidden: bool,
        /// Whether you have compared your safety number with them.
        #[serde(default)]
        verified: bool,
        /// Where they stand in a closed room; absent in an open one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<Role>,
    },
    /// Other messages than before are shown: messages of these people left the timeline, or came into it. Read the messages
    /// anew.
    Recounted {
        /// The room.
        room: RoomHex,
        /// The people; none if it may be anybody.
        authors: Vec<AuthorHex>,
    },
    /// Somebody asks you into a private room.
    Asked {
        /// The room that it comes out of.
        room: RoomHex,
        /// The request.
        request: Request,
    },
    /// Somebody is typing. Repeated every few seconds while they type; 6 s after the last event they have stopped.
    Typing {
        /// The room.
        room: RoomHex,
        /// The person.
        author: AuthorHex,
        /// Their name; empty if they have none.
        nick: String,
    },
    /// A notice for people.
    Notice {
        /// The room.
        room: RoomHex,
        /// The subject of the notice.
        code: NoticeCode,
        /// The text of the notice.
        text: String,
    },
    /// A frame was sent or received; for pictures of the network.
    Step {
        /// The room.
        room: RoomHex,
        /// The frame's kind.
        kind: String,
        /// The peer that sent it to this node.
        from: Option<PeerHex>,
        /// The peer that this node sent it to.
        to: Option<PeerHex>,
        /// Entries in it.
        entries: u64,
    },
    /// This reader missed events, for the reason in `why`. To catch up, read the messages `after` the last place that
    /// you know.
    Lagged {
        /// The number of missed events; 0 if unknown.
        missed: u64,
        /// The reason.
        #[serde(default)]
        why: Lag,
        /// What to do.
        #[serde(default)]
        help: String,
    },
}

/// Why a reader missed events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lag {
    /// The reader was too slow.
    #[default]
    Slow,
    /// The break before the reader resumed was longer than events are kept.
    Break,
    /// The process was restarted, and kept no events.
    Restart,
}

/// An event in the form of server-sent events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The value of `event:`.
    pub name: String,
    /// The value of `data:`, a line of JSON.
    pub data: String,
}

/// The tag and the content of an event, separately.
#[derive(Serialize, Deserialize)]
struct Parts<'a> {
    event: &'a str,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl Event {
    /// The event for a reader that missed events, with the way to catch up.
    pub fn lagged(missed: u64, why: Lag) -> Self {
        let help = "read the messages `after` the last place that you know, in each room that you follow";
        Self::Lagged { missed, why, help: help.into() }
    }

    /// Converts the event into the form of server-sent events.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn send(&self) -> serde_json::Result<Sent> {
        let json = serde_json::to_string(self)?;
        let Parts { event, data } = serde_json::from_str(&json)?;
        Ok(Sent { name: event.to_owned(), data: data.get().to_owned() })
    }

    /// Reads an event in the form of server-sent events.
    ///
    /// # Errors
    /// When this version does not know such an event, or the content does not fit it.
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
            | Self::Recounted { room, .. }
            | Self::Asked { room, .. }
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
    fn a_sent_event_is_received_unchanged() {
        let event = Event::Held { room: "r\"".into(), r#ref: "a.1".into(), holders: 2, acknowledged: 1 };
        let sent = event.send().unwrap();
        assert_eq!((&*sent.name, &*sent.data), ("held", r#"{"room":"r\"","ref":"a.1","holders":2,"acknowledged":1}"#));
        assert_eq!(Event::receive(&sent.name, &sent.data).unwrap(), event);
    }

    #[test]
    fn unknown_events_are_refused() {
        for (name, data) in [("unknown", "{}"), ("held", "{}"), ("held", "{"), ("lagged", ""), ("", "{}")] {
            assert!(Event::receive(name, data).is_err(), "{name} {data}");
        }
    }
}

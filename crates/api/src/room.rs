//! Rooms: their state, entering them, and their settings.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AuthorHex, PeerHex, PlaceText, Private, RoomHex, Rules, Standing, Stock};

/// A room that this home takes part in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Room {
    /// The room's id.
    pub id: RoomHex,
    /// The room's name; empty until the room's first entry has arrived.
    pub name: String,
    /// The topic of the room; empty if there is none.
    pub topic: String,
    /// The author that stands for you in this room.
    pub author: AuthorHex,
    /// The key under which you write here, if this home is a device of `author`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<AuthorHex>,
    /// The name that others see you by; empty if you have chosen none.
    pub nick: String,
    /// Entries that this node holds.
    pub entries: u64,
    /// Entries that are known to exist and are not held.
    pub missing: u64,
    /// Authors who have written.
    pub people: u64,
    /// Peers that are connected.
    pub peers: Vec<Peer>,
    /// Messages after the read marker.
    pub unread: u64,
    /// Unread messages that mention you.
    pub mentions: u64,
    /// The place up to which you have read.
    pub read: Option<PlaceText>,
    /// A hash of the held entries: equal for two people who hold the same entries.
    pub digest: String,
    /// Milliseconds by which others' clocks are ahead of yours; 0 when they agree, or when only theirs looks wrong.
    pub skew_ms: i64,
    /// Whose clock looks wrong and what to do about it; empty if all agree.
    #[serde(default)]
    pub clock: String,
    /// Why the node stopped the room, if it did; a stopped room does not take part.
    pub stopped: Option<String>,
    /// Whether it was stopped because its data is damaged: a resync removes the damage, or you can leave the room.
    #[serde(default)]
    pub damaged: bool,
    /// Traffic since the process began.
    pub traffic: Traffic,
    /// How much of the room is kept.
    pub keep: Keep,
    /// Authors whose messages exceeded their share of this disk: their oldest messages are no longer kept here.
    #[serde(default)]
    pub shares: Vec<Share>,
    /// Whether the room is announced on the LAN by name, so that anyone there can join.
    pub announced: bool,
    /// Which relays the node uses, who runs them and what they learn, or that it uses none.
    #[serde(default)]
    pub reach: String,
    /// Whether its messages cause neither sounds nor notifications.
    #[serde(default)]
    pub muted: bool,
    /// Whether it is listed before rooms that are not pinned.
    #[serde(default)]
    pub pinned: bool,
    /// Where you stand in a closed room; absent in an open one, where everybody is equal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// The rules of a closed room; absent in an open one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Rules>,
    /// Whether you can close this open room: you founded it, or whoever did stepped down and named you.
    #[serde(default)]
    pub may_close: bool,
    /// What to tell you once about this room; empty if there is nothing. Whoever tells it says so, see `drop_hint`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// What you hold back in an open room, for yourself alone; absent in a closed one, which has rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display: Option<Display>,
    /// What it is if it is a private room; absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<Private>,
    /// Whether this machine stores and serves the room without being able to read it, or waits for that.
    #[serde(default)]
    pub keeper: bool,
    /// How much of the room this machine stores as a keeper; absent if it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock: Option<Stock>,
    /// The search for others, as long as no entry has come from any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeking: Option<Seeking>,
}

/// How a joined room searches for others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Seeking {
    /// When the search began, in milliseconds since the Unix epoch: when the process began, or when you joined.
    pub since_ms: u64,
    /// Whether it searches on the LAN too.
    pub lan: bool,
    /// The peers with known addresses.
    pub peers: Vec<Sought>,
}

/// A peer that the room searches for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sought {
    /// The peer's id.
    pub peer: PeerHex,
    /// Its addresses, and its relay as a URL.
    pub routes: Vec<String>,
    /// How many dials failed.
    pub tries: u64,
    /// Why the last dial failed; empty if unknown.
    pub why: String,
}

/// Whether a room is announced on the LAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Announced {
    /// Whether the room is announced by name, so that anyone on the LAN can join.
    pub announced: bool,
}

/// Rooms that are announced on the LAN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Nearby {
    /// The rooms, each once for every peer that announces it.
    pub rooms: Vec<NearbyRoom>,
}

/// A room that is announced on the LAN.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct NearbyRoom {
    /// The name that its announcer gives it; any peer can claim any name.
    pub name: String,
    /// The room's id.
    pub id: RoomHex,
    /// The peer that announces it.
    pub peer: PeerHex,
    /// The ticket that lets you join.
    pub ticket: String,
}

/// Bounds on how much of a room is kept. A bound that is absent does not apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Keep {
    /// The greatest age of a message, in milliseconds.
    pub age_ms: Option<u64>,
    /// The greatest number of messages.
    pub entries: Option<u64>,
    /// The greatest size of all messages together, in bytes.
    pub bytes: Option<u64>,
    /// The bounds of files, which are counted separately.
    pub files: KeepFiles,
    /// The greatest size of one author's messages, in bytes; by default a bound that only floods reach.
    pub share: Option<u64>,
}

/// What the share of one author dropped. Other nodes have their own bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Share {
    /// The author.
    pub author: AuthorHex,
    /// The author's name.
    pub nick: String,
    /// Bytes that each author of the room may take here.
    pub share_bytes: u64,
    /// Bytes that this author takes.
    pub bytes: u64,
    /// Entries whose content was dropped.
    pub let_go: u64,
    /// The time of the newest of these, in milliseconds since the Unix epoch.
    pub until_ms: u64,
}

/// Bounds on how many files of a room are kept. A bound that is absent does not apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct KeepFiles {
    /// The greatest time since a file arrived, in milliseconds.
    pub age_ms: Option<u64>,
    /// The greatest number of files.
    pub count: Option<u64>,
    /// The greatest size of all files together, in bytes.
    pub bytes: Option<u64>,
}

/// Traffic since the process began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Traffic {
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes sent.
    pub bytes_out: u64,
    /// Frames received.
    pub frames_in: u64,
    /// Frames sent.
    pub frames_out: u64,
}

/// The path to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Path {
    /// From address to address.
    Direct,
    /// Through a relay.
    Relayed,
}

/// A peer that is connected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Peer {
    /// The peer's id.
    pub peer: PeerHex,
    /// The author who writes there.
    pub author: AuthorHex,
    /// The author's name; empty when there is none.
    pub nick: String,
    /// The path to the peer.
    pub path: Path,
    /// The measured round trip, in milliseconds; absent before the first measurement.
    pub rtt_ms: Option<u64>,
}

/// The rooms of a home.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Rooms {
    /// The rooms: pinned ones first, then in the order in which they were entered.
    pub rooms: Vec<Room>,
}

/// The ticket of a room, which lets others join.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ticket {
    /// One line. Anyone who has it can join, read and write.
    pub ticket: String,
}

/// How to enter a room: found it, or join it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Enter {
    /// Found a room with this name.
    Founded {
        /// The room's name.
        name: String,
        /// Whether anyone with a ticket comes in, for ever, and nobody can be removed. By default the room is closed: its
        /// members decide who is in.
        #[serde(default)]
        open: bool,
    },
    /// Join the room of a ticket.
    Invited {
        /// The ticket that a member handed over.
        ticket: String,
    },
    /// Store and serve the room of a ticket for keepers, without being able to read it.
    Kept {
        /// The ticket.
        keeper: String,
    },
}

/// A name to be shown by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Nick {
    /// The name.
    pub nick: String,
}

/// The topic of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Topic {
    /// The topic; empty to remove it.
    pub topic: String,
}

/// How much attention you give a room. An absent field changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attention {
    /// Whether its messages cause neither sounds nor notifications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<bool>,
    /// Whether it is listed before rooms that are not pinned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<bool>,
}

/// What you hold back in an open room. It changes what is shown to you, and nothing that is stored or passed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Display {
    /// Whether what newcomers say is held until somebody known answers, reacts to or mentions them. Known are the founder,
    /// you, whom you verified or let through, and everybody whom somebody known answered, reacted to or mentioned.
    pub hold: bool,
    /// How many messages of one author within a minute are shown; 0 for all.
    pub flood: u64,
}

/// A change of what you hold back. An absent field changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeDisplay {
    /// Whether what newcomers say is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<bool>,
    /// How many messages of one author within a minute are shown, at most 60; 0 for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flood: Option<u64>,
}

/// The place up to which you have read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Read {
    /// The place of the last message that you have read.
    pub place: PlaceText,
}

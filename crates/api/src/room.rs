//! Rooms: how they stand, how one enters them, and what one sets in them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AuthorHex, PeerHex, PlaceText, RoomHex};

/// A room that this home takes part in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Room {
    /// The room's id.
    pub id: RoomHex,
    /// The room's name; empty until the room's first entry has arrived.
    pub name: String,
    /// What the room is about; empty when nobody has said.
    pub topic: String,
    /// The author that you are in this room.
    pub author: AuthorHex,
    /// The name that others see you by; empty when you have chosen none.
    pub nick: String,
    /// Entries that are here.
    pub entries: u64,
    /// Entries that are known to exist and are not here.
    pub missing: u64,
    /// Authors who have written.
    pub people: u64,
    /// Peers that are connected.
    pub peers: Vec<Peer>,
    /// Messages after the read marker.
    pub unread: u64,
    /// Unread messages that name you.
    pub mentions: u64,
    /// The place up to which you have read.
    pub read: Option<PlaceText>,
    /// A hash of what is held: equal at two people who hold the same entries.
    pub digest: String,
    /// Milliseconds by which others' clocks are ahead of yours; 0 when they agree, or when only theirs looks wrong.
    pub skew_ms: i64,
    /// Whose clock looks wrong and what to do about it; empty when all agree.
    #[serde(default)]
    pub clock: String,
    /// Why the room no longer takes part, when it does not.
    pub stopped: Option<String>,
    /// Whether it takes no part because what is kept of it is damaged: a resync takes out what is, or you can leave it.
    #[serde(default)]
    pub damaged: bool,
    /// What went over the wire since the process began.
    pub traffic: Traffic,
    /// How much of the room is kept.
    pub keep: Keep,
    /// Authors who said more than their share of this disk: the oldest of what they said is no longer kept here.
    #[serde(default)]
    pub shares: Vec<Share>,
    /// Whether the room is announced on the LAN by name, so that whoever asks there is let in.
    pub announced: bool,
    /// Whom it looks for, as long as nothing has come from anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeking: Option<Seeking>,
}

/// How a room that was joined looks for the others in it. It asks on the LAN in any case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Seeking {
    /// Since when, in milliseconds since the Unix epoch: since the process began, or since you joined.
    pub since_ms: u64,
    /// The peers whose addresses are known.
    pub peers: Vec<Sought>,
}

/// A peer that is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sought {
    /// Which.
    pub peer: PeerHex,
    /// Where it may be: addresses, and a relay as a URL.
    pub routes: Vec<String>,
    /// How often it was dialled in vain.
    pub tries: u64,
    /// Why it was not reached last; empty where that is not known.
    pub why: String,
}

/// Whether a room is announced on the LAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Announced {
    /// Whether whoever asks on the LAN is told of the room by name, and let in.
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
    /// The ticket to join with.
    pub ticket: String,
}

/// How much of a room is kept: what lies within all of these bounds. A bound that is absent does not bind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Keep {
    /// The greatest age of a message, in milliseconds.
    pub age_ms: Option<u64>,
    /// The greatest number of messages.
    pub entries: Option<u64>,
    /// The greatest size of all messages together, in bytes.
    pub bytes: Option<u64>,
    /// The bounds of files, which count apart from messages.
    pub files: KeepFiles,
    /// The greatest size of what one author says, in bytes; without it a bound that only floods reach.
    pub share: Option<u64>,
}

/// What the share of one author took. Others keep what they want.
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
    /// Texts and the like that were let go.
    pub let_go: u64,
    /// When the newest of these was said, in milliseconds since the Unix epoch.
    pub until_ms: u64,
}

/// How many of a room's files are kept.
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

/// What went over the wire since the process began.
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

/// How a peer is reached.
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
    /// How the peer is reached.
    pub path: Path,
    /// The measured round trip, in milliseconds; absent before the first measurement.
    pub rtt_ms: Option<u64>,
}

/// The rooms of a home.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Rooms {
    /// The rooms, by name.
    pub rooms: Vec<Room>,
}

/// What lets others into a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ticket {
    /// One line that others join with. Whoever has it can read and write.
    pub ticket: String,
}

/// How to enter a room: found it, or join it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Enter {
    /// Found a room of this name.
    Founded {
        /// The room's name.
        name: String,
    },
    /// Join the room of this ticket.
    Invited {
        /// The ticket that a member handed over.
        ticket: String,
    },
}

/// The name that you want to be shown by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Nick {
    /// The name.
    pub nick: String,
}

/// What a room is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Topic {
    /// The topic; empty to take it back.
    pub topic: String,
}

/// How far you have read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Read {
    /// The place of the last message that you have read.
    pub place: PlaceText,
}

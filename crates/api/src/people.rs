//! People of a room.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AuthorHex, EntryRef, Peer, Role, Stock};

/// Somebody who has written in a room, or is connected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// The author's id.
    pub author: AuthorHex,
    /// The author's name; empty if they have none.
    pub nick: String,
    /// Whether one of their peers is connected.
    pub here: bool,
    /// Whether this is you.
    pub me: bool,
    /// The time of their last entry, in milliseconds since the Unix epoch; 0 if there is none.
    pub last_ms: u64,
    /// Whether you have hidden them.
    #[serde(default)]
    pub hidden: bool,
    /// Whether you have compared your safety number with them, and it was the same.
    #[serde(default)]
    pub verified: bool,
    /// Where they stand in a closed room; absent in an open one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// How many of your own entries a keeper lacks that is connected, as far as is known; absent for everybody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacks: Option<u64>,
    /// How much a connected keeper stores of the room, as it says; absent for everybody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock: Option<Stock>,
}

/// The people of a room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct People {
    /// The people.
    pub people: Vec<Person>,
}

/// Details about a person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Whois {
    /// The person.
    #[serde(flatten)]
    pub person: Person,
    /// The time of their first entry, in milliseconds since the Unix epoch; absent if that entry is not here.
    pub since_ms: Option<u64>,
    /// How many entries they have written, as far as known.
    pub entries: u64,
    /// Their last entry, as far as known; of yours, the last that you wrote on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<EntryRef>,
    /// The peer of theirs that is connected, if any.
    pub peer: Option<Peer>,
    /// Your safety number with them, in groups of digits; empty for yourself. Both see the same number if each has the
    /// other's key.
    #[serde(default)]
    pub safety: String,
}

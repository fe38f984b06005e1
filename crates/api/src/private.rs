//! Private rooms: closed rooms of a few people out of another room, in which everybody keeps the key of that room.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Named, RoomHex};

/// What a private room is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Private {
    /// The room that it comes out of.
    pub of: RoomHex,
    /// The people in it besides you.
    pub with: Vec<Named>,
    /// The other private room in which the same people go on, if two were begun at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goes_on: Option<RoomHex>,
}

/// A request for a private room with some people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewPrivate {
    /// Each person's name or author id; one to fifteen.
    pub people: Vec<String>,
}

/// Somebody asks you into a private room. You are not in it, and nobody there learns anything of you, before you open it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Request {
    /// The id of the private room.
    pub id: RoomHex,
    /// The room that it comes out of.
    pub of: RoomHex,
    /// The name of that room.
    pub of_name: String,
    /// Who asks.
    pub from: Named,
    /// The others who are asked too.
    pub with: Vec<Named>,
    /// When they asked, in milliseconds since the Unix epoch.
    pub time_ms: u64,
}

/// The private rooms that others ask you into.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Requests {
    /// The requests, newest first.
    pub requests: Vec<Request>,
}

//! Webhooks: URLs through which other programs post into a room, and URLs that are told of what is said there.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{EntryHex, HookId, Message, RoomHex};

/// A webhook of this home.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hook {
    /// Names the hook in requests.
    pub id: HookId,
    /// The room that it belongs to.
    pub room: RoomHex,
    /// The name that its messages are shown under, or by which you know it.
    pub name: String,
    /// When it was made, in milliseconds since the Unix epoch.
    pub since_ms: u64,
    /// Where messages of the room go; absent for a hook that posts into the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Receiver>,
    /// How that goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliveries: Option<Deliveries>,
}

/// Where messages go, and which.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Receiver {
    /// The URL, `http` or `https`, that each message is posted to.
    pub url: String,
    /// Which messages go there: all of them if nothing is said.
    #[serde(default)]
    pub only: Only,
}

/// Which messages go to a URL: those for which everything that is given here holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Only {
    /// The text begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// One of these stands in the text as a word of its own, in upper or lower case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// It mentions you.
    pub mention: bool,
}

/// What became of the messages that were to go to a URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deliveries {
    /// How many the receiver has taken.
    pub delivered: u64,
    /// How many were given up, because the receiver did not take them however often it was asked.
    pub given_up: u64,
    /// Why the last attempt failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The webhooks of a home.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hooks {
    /// The hooks.
    pub hooks: Vec<Hook>,
}

/// A webhook to make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewHook {
    /// The name that its messages are shown under, or by which you know it.
    pub name: String,
    /// Where messages of the room go; without it the hook posts into the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Receiver>,
}

/// A webhook that was just made, and its secret, which is told only here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HookMade {
    /// The hook.
    pub hook: Hook,
    /// The secret: the end of the path to post to, or the key that deliveries are signed with.
    pub secret: String,
    /// The path to post to, of a hook that posts into the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// What a webhook posts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HookPost {
    /// The text.
    pub text: String,
}

/// What is posted to the URL of a webhook. `X-Hub-Signature-256` signs it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// The hash of the message's entry. A delivery that is repeated has the same.
    pub id: EntryHex,
    /// When this attempt was made, in milliseconds since the Unix epoch.
    pub sent_ms: u64,
    /// The hook.
    pub hook: HookId,
    /// The room.
    pub room: RoomHex,
    /// The room's name.
    pub room_name: String,
    /// The message, as it reads now.
    pub message: Message,
}

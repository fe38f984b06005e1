//! Webhooks: URLs through which other programs post into a room, and URLs that receive its messages.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{EntryHex, HookId, Message, RoomHex};

/// A webhook of this home.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hook {
    /// The id of the hook in requests.
    pub id: HookId,
    /// The room of the hook.
    pub room: RoomHex,
    /// The author name of its messages, or your own name for the hook.
    pub name: String,
    /// When the hook was made, in milliseconds since the Unix epoch.
    pub since_ms: u64,
    /// The receiver of the room's messages; absent for a hook that posts into the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Receiver>,
    /// The state of the deliveries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliveries: Option<Deliveries>,
}

/// The receiver of messages, and which it receives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Receiver {
    /// The URL, `http` or `https`, that each message is posted to.
    pub url: String,
    /// Which messages it receives: all of them by default.
    #[serde(default)]
    pub only: Only,
}

/// A filter for messages: a message must meet every condition that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Only {
    /// The text begins with this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The text contains one of these as a separate word, in upper or lower case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// The message mentions you.
    pub mention: bool,
}

/// The state of the messages for a URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deliveries {
    /// Messages that the receiver accepted.
    pub delivered: u64,
    /// Messages that were given up after too many failed attempts.
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
    /// The author name of its messages, or your own name for the hook.
    pub name: String,
    /// The receiver of the room's messages; without it the hook posts into the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Receiver>,
}

/// A new webhook and its secret, which is shown only here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HookMade {
    /// The hook.
    pub hook: Hook,
    /// The secret: the end of the path to post to, or the key that signs deliveries.
    pub secret: String,
    /// The path to post to, if the hook posts into the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// The body of a post through a webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HookPost {
    /// The text.
    pub text: String,
}

/// The body that is posted to the URL of a webhook. `X-Hub-Signature-256` signs it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// The hash of the message's entry. A repeated delivery has the same id.
    pub id: EntryHex,
    /// The time of this attempt, in milliseconds since the Unix epoch.
    pub sent_ms: u64,
    /// The hook.
    pub hook: HookId,
    /// The room.
    pub room: RoomHex,
    /// The room's name.
    pub room_name: String,
    /// The current state of the message.
    pub message: Message,
}

//! Bots: programs that are members of their own, inside this home.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::RoomHex;

/// A bot of this home.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bot {
    /// The bot's name, which is its first nick in each room, and names it in requests.
    pub name: String,
    /// The rooms that it takes part in.
    pub rooms: Vec<RoomHex>,
    /// When it was made, in milliseconds since the Unix epoch.
    pub since_ms: u64,
    /// Why it cannot take part, if it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The bots of a home.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bots {
    /// The bots, by name.
    pub bots: Vec<Bot>,
}

/// A bot to make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewBot {
    /// The name: letters and digits of ASCII, `-` and `_`.
    pub name: String,
    /// The rooms that it enters, each named by its id, the beginning of its id, or its name.
    #[serde(default)]
    pub rooms: Vec<String>,
}

/// A bot that was just made, and its token, which is told only here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BotMade {
    /// The bot.
    pub bot: Bot,
    /// Requests that carry this token as `Authorization: Bearer` are the bot's.
    pub token: String,
}

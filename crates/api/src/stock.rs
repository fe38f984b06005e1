//! How much a keeper stores.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How much a keeper stores of a room, and how much it may. It says so when that changes, looking once a minute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stock {
    /// Bytes of messages.
    pub message_bytes: u64,
    /// Bytes of messages that it stores at most; absent if there is no bound.
    pub message_limit: Option<u64>,
    /// In milliseconds since the Unix epoch: messages before this time are gone there; absent if none are.
    pub since_ms: Option<u64>,
    /// Bytes of files.
    pub file_bytes: u64,
    /// Bytes of files that it stores at most; absent if there is no bound.
    pub file_limit: Option<u64>,
    /// Files of the room that do not fit.
    pub files_left_out: u64,
    /// Whether it is full: the next message drops the oldest one, or files do not fit.
    pub full: bool,
}

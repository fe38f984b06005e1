//! Types for exports, imports, checks and repairs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AuthorHex, Refused};

/// The format of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// One entry per line, with everything that its hash and signature cover: it can be verified and imported.
    #[default]
    Jsonl,
    /// One message per line, for reading.
    Text,
    /// A document with a heading for each day, for reading.
    Markdown,
}

impl Form {
    /// Its name in requests.
    pub fn word(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Text => "text",
            Self::Markdown => "markdown",
        }
    }

    /// Its media type.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Jsonl => "application/x-ndjson",
            Self::Text => "text/plain; charset=utf-8",
            Self::Markdown => "text/markdown; charset=utf-8",
        }
    }
}

/// A message of another system, as one line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename = "said", deny_unknown_fields)]
pub struct Said {
    /// The other system.
    pub source: String,
    /// The name of the author in that system.
    pub name: String,
    /// The time of the message, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// The text.
    pub text: String,
}

/// The result of an import, in entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportCounts {
    /// Entries that were new here.
    pub new: u64,
    /// Entries that were here before.
    pub known: u64,
    /// Entries that the room refused: beyond a fork, or from the future.
    pub refused: u64,
}

/// A range of damaged entries in one log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Damage {
    /// The author of the log.
    pub author: AuthorHex,
    /// The author's name; empty if they have none.
    pub nick: String,
    /// The seq of the first damaged entry.
    pub first: u64,
    /// The seq of the last damaged entry.
    pub last: u64,
    /// The kind of damage, in a word.
    pub what: String,
}

/// The result of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// Whether nothing is damaged.
    pub clean: bool,
    /// Entries that verify.
    pub entries: u64,
    /// Signatures that verify.
    pub signatures: u64,
    /// Entries whose content has not arrived yet.
    #[serde(default)]
    pub wanted: u64,
    /// The damaged ranges, up to a bound.
    pub damaged: Vec<Damage>,
    /// How many more damaged ranges there are.
    pub unlisted: u64,
    /// Damage of the indexes, or of the file as a whole.
    pub file: Vec<String>,
}

/// The result of a repair.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Repair {
    /// The result of the check before the repair.
    pub found: Check,
    /// Damaged entries that were removed.
    pub taken_out: u64,
    /// How many of them came back from peers.
    pub back: u64,
    /// Entries that are still missing: they come back when a peer that has them connects.
    pub missing: Vec<Damage>,
}

/// A step of a long request, or its result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "is", rename_all = "lowercase")]
pub enum Work {
    /// The progress of a check.
    Checked {
        /// Entries checked so far.
        entries: u64,
        /// Entries of the room.
        of: u64,
    },
    /// The progress of a repair.
    Back {
        /// Entries that came back so far.
        entries: u64,
        /// Entries that were removed.
        of: u64,
    },
    /// The result of a check.
    Report(Check),
    /// The result of a repair.
    Repaired(Repair),
    /// The reason why the work failed.
    Failed(Refused),
}

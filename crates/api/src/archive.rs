//! Importing, checking and repairing what is kept.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AuthorHex, Refused};

/// How an export looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// An entry a line, with everything that its hash and signature cover: it still verifies, and can be imported.
    #[default]
    Jsonl,
    /// A message a line, to read.
    Text,
    /// A document with a heading a day, to read.
    Markdown,
}

impl Form {
    /// As requests name it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Text => "text",
            Self::Markdown => "markdown",
        }
    }

    /// What a browser is told of it.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Jsonl => "application/x-ndjson",
            Self::Text => "text/plain; charset=utf-8",
            Self::Markdown => "text/markdown; charset=utf-8",
        }
    }
}

/// Something that was said in another system, as one line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename = "said", deny_unknown_fields)]
pub struct Said {
    /// The other system.
    pub source: String,
    /// How it calls who said it.
    pub name: String,
    /// When, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// What.
    pub text: String,
}

/// What became of an import, in entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportCounts {
    /// Entries that were new here.
    pub new: u64,
    /// Entries that were here before.
    pub known: u64,
    /// Entries that have no place here: beyond a fork, or from the future.
    pub refused: u64,
}

/// Entries of one log that something is wrong with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Damage {
    /// Whose log it is.
    pub author: AuthorHex,
    /// The author's name; empty when there is none.
    pub nick: String,
    /// The first entry, by its number in the log.
    pub first: u64,
    /// The last entry.
    pub last: u64,
    /// What is wrong, in a word.
    pub what: String,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// Whether everything is as it was written.
    pub clean: bool,
    /// Entries that verify.
    pub entries: u64,
    /// Signatures that verify.
    pub signatures: u64,
    /// Entries of which what they said is not here yet.
    #[serde(default)]
    pub wanted: u64,
    /// What is damaged, up to a bound.
    pub damaged: Vec<Damage>,
    /// How many more damages there are.
    pub unlisted: u64,
    /// What is wrong with the indexes, or with the file as a whole.
    pub file: Vec<String>,
}

/// What became of a repair.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Repair {
    /// What the check before it found.
    pub found: Check,
    /// Damaged entries that were taken out.
    pub taken_out: u64,
    /// Those of them that came back from others.
    pub back: u64,
    /// What is still missing: it comes back when somebody who has it does.
    pub missing: Vec<Damage>,
}

/// A step of work that takes long, or its result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "is", rename_all = "lowercase")]
pub enum Work {
    /// So many of the room's entries were looked at.
    Checked {
        /// Entries looked at.
        entries: u64,
        /// Entries in all.
        of: u64,
    },
    /// So many of those that were taken out have come back.
    Back {
        /// Entries that came back.
        entries: u64,
        /// Entries that were taken out.
        of: u64,
    },
    /// The check is done.
    Report(Check),
    /// The repair is done.
    Repaired(Repair),
    /// The work could not be done.
    Failed(Refused),
}

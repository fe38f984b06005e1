//! What of a room is kept outside of it: exports that still verify, exports to read, and what other systems wrote.

pub(crate) mod checked;
pub(crate) mod export;
pub(crate) mod foreign;
pub(crate) mod import;

mod line;
pub(crate) mod reader;
mod render;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

/// How an export looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Form {
    /// An entry a line, with everything that its hash and signature cover: it still verifies, and can be imported.
    #[default]
    Jsonl,
    /// A message a line, to read.
    Text,
    /// A document with a heading a day, to read.
    Markdown,
}

impl Form {
    /// What a browser is told of it.
    pub(crate) fn mime(self) -> &'static str {
        match self {
            Self::Jsonl => "application/x-ndjson",
            Self::Text => "text/plain; charset=utf-8",
            Self::Markdown => "text/markdown; charset=utf-8",
        }
    }
}

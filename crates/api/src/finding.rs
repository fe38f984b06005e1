//! What a process finds when it looks at what works.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What works and what does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Findings {
    /// One for each thing that was looked at.
    pub findings: Vec<Finding>,
}

/// What was looked at, and how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// A word for it that stays the same from version to version.
    pub what: String,
    /// False when it was tested and does not work.
    pub ok: bool,
    /// Whether it could be tested.
    pub tested: bool,
    /// What was tested and what came of it, or why it was not tested.
    pub says: String,
    /// What to do.
    pub help: Option<String>,
}

impl Finding {
    /// It works.
    pub fn well(what: &str, says: impl Into<String>) -> Self {
        Self { what: what.into(), ok: true, tested: true, says: says.into(), help: None }
    }

    /// It does not work.
    pub fn ill(what: &str, says: impl Into<String>, help: impl Into<String>) -> Self {
        Self { ok: false, help: Some(help.into()), ..Self::well(what, says) }
    }

    /// It was not tested.
    pub fn untested(what: &str, says: impl Into<String>) -> Self {
        Self { tested: false, ..Self::well(what, says) }
    }

    /// The same with something to do about it.
    pub fn advise(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

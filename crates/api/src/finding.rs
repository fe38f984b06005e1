//! The findings of a process that tests what works.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What works and what does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Findings {
    /// One for each test.
    pub findings: Vec<Finding>,
}

/// The result of one test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// The subject of the test: one word that is stable across versions.
    pub what: String,
    /// False if the test failed.
    pub ok: bool,
    /// Whether the test could run.
    pub tested: bool,
    /// What was tested and the result, or why it was not tested.
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

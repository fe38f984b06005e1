//! Refusals: why a request was not carried out, and what to do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The answer to a request that was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refusal {
    /// Why not.
    pub error: Refused,
}

/// Why a request was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refused {
    /// One word that stays the same from version to version.
    pub code: String,
    /// What happened.
    pub what: String,
    /// What to do next.
    pub help: String,
}

impl Refused {
    /// Why, and what to do.
    pub fn new(code: impl Into<String>, what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code: code.into(), what: what.into(), help: help.into() }
    }

    /// Something of ours that nobody but us can mend.
    pub fn internal(code: impl Into<String>, what: impl Into<String>) -> Self {
        Self::new(code, what, "this should not happen; `rumormill doctor` may know more")
    }
}

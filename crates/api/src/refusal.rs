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

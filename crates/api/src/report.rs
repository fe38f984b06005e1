//! Reports of messages to those who govern a closed room.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{EntryRef, Named};

/// A report to make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewReport {
    /// The message.
    pub message: EntryRef,
    /// Why; may be empty.
    #[serde(default)]
    pub words: String,
}

/// What became of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportMade {
    /// How many people who govern the room were told; with 0 it waits in this home until one of them is connected.
    pub told: u64,
}

/// A report that came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// Who reported the message.
    pub by: Named,
    /// The message.
    pub message: EntryRef,
    /// The author of the message.
    pub author: Named,
    /// The text of the message, or the beginning of it; empty if it is not here.
    pub text: String,
    /// Why; may be empty.
    pub words: String,
    /// When the report came, in milliseconds since the Unix epoch.
    pub time_ms: u64,
}

/// The reports that came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reports {
    /// The reports, the newest last.
    pub reports: Vec<Report>,
}

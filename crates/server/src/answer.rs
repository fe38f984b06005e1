//! Answers: terminal-safe JSON, or a refusal with the status of its code.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use rumormill_api::{self as api, Code, Refused, codes};
use rumormill_node::{Error, StoreError};
use rumormill_text::escaped;
use serde::Serialize;

/// An answer as JSON that is safe on a terminal, whatever text it contains.
pub(crate) struct SafeJson<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for SafeJson<T> {
    fn into_response(self) -> Response {
        match serde_json::to_string(&self.0) {
            Ok(json) => ([(header::CONTENT_TYPE, "application/json")], escaped(&json).into_owned()).into_response(),
            Err(error) => Refusal::internal("json", error.to_string()).into_response(),
        }
    }
}

/// The result of a request.
pub(crate) type Answer<T> = Result<T, Refusal>;

/// A refusal or failure with its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// The reason, and what to do.
    pub refused: Refused,
    /// Milliseconds after which the client may retry.
    pub wait_ms: Option<u64>,
}

impl Refusal {
    /// Refuses with a code of the contract.
    pub(crate) fn new(code: Code, what: impl Into<String>, help: &str) -> Self {
        Self { status: status(code.status), refused: code.refuse(what, help), wait_ms: None }
    }

    /// The requested thing does not exist.
    pub(crate) fn missing(code: Code, what: &str) -> Self {
        Self::new(code, what, "list what exists one level up")
    }

    /// Something on this machine does not work.
    pub(crate) fn failed(code: &str, what: impl Into<String>, help: &str) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, refused: Refused::new(code, what, help), wait_ms: None }
    }

    /// A fault in the program that only we can fix.
    pub(crate) fn internal(code: &str, what: impl Into<String>) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, refused: Refused::internal(code, what), wait_ms: None }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        Self { status: status(refused.status()), refused, wait_ms: None }
    }
}

/// Milliseconds in which a healthy disk stores all queued messages.
const COMMIT_MS: u64 = 1_000;

fn status(number: u16) -> StatusCode {
    StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Errors of a node that have a code of their own; of the store's errors, only those that a person can fix do.
impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::Store(StoreError::Locked { .. }) => codes::LOCKED.word,
            Error::Store(StoreError::Exposed { .. } | StoreError::Link { .. }) => codes::PERMISSIONS.word,
            Error::Store(StoreError::ReadOnly { .. }) => codes::READ_ONLY.word,
            Error::Store(StoreError::Corrupt { .. } | StoreError::Foreign { .. }) => codes::CORRUPT.word,
            Error::Store(StoreError::Full { .. }) => codes::FULL.word,
            Error::Store(StoreError::TooLarge) => codes::TOO_LARGE.word,
            _ => error.code(),
        };
        let refusal = Self::from(Refused::new(code, error.to_string(), error.help()));
        let wait_ms = match error {
            Error::Busy | Error::CallWaits => Some(COMMIT_MS),
            Error::Slow { left_ms } => Some(left_ms),
            _ => None,
        };
        Self { wait_ms, ..refusal }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let wait = self.wait_ms.map(|ms| [(header::RETRY_AFTER, ms.div_ceil(1_000).max(1).to_string())]);
        (self.status, wait, SafeJson(api::Refusal { error: self.refused })).into_response()
    }
}

/// A refusal before any lookup: its text is that of its status.
pub(crate) fn refused(code: Code, help: &str) -> Response {
    let mut refusal = Refusal::new(code, "", help);
    refusal.refused.what = refusal.status.canonical_reason().unwrap_or("refused").to_lowercase();
    refusal.into_response()
}

#[cfg(test)]
mod tests {
    use rumormill_node::Error;

    use super::*;

    #[test]
    fn user_errors_are_not_server_faults() {
        let errors = [
            Error::TooManyRooms,
            Error::TooManyFiles,
            Error::Busy,
            Error::NoFile,
            Error::FileName,
            Error::GivenUp,
            Error::TooLong,
            Error::Nick,
            Error::Left,
            Error::Damaged { why: String::new() },
        ];
        for error in errors {
            let code = error.code();
            assert!(Refusal::from(error).status.is_client_error(), "{code}");
        }
    }
}

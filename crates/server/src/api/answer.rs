//! What goes in and out as JSON, and how a request is refused: why, and what to do, under a status that fits.

use axum::{
    Json,
    extract::{
        FromRequest, FromRequestParts, Query,
        rejection::{BytesRejection, JsonRejection, QueryRejection},
    },
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use rumormill_node::{Error, StoreError};
use rumormill_text::escaped;
use serde::Serialize;

use super::words::{self, Refused};
use crate::limits::REQUEST_BYTES;

/// What a request brings as JSON.
#[derive(FromRequest)]
#[from_request(via(Json), rejection(Refusal))]
pub(super) struct Body<T>(pub(super) T);

/// What a request asks for behind the `?`.
#[derive(FromRequestParts)]
#[from_request(via(Query), rejection(Refusal))]
pub(super) struct Asked<T>(pub(super) T);

impl From<JsonRejection> for Refusal {
    fn from(error: JsonRejection) -> Self {
        Self::new(error.status(), "json", error.body_text(), "`/v1/openapi.json` says what goes here")
    }
}

impl From<BytesRejection> for Refusal {
    fn from(error: BytesRejection) -> Self {
        let help = format!("send at most {REQUEST_BYTES} bytes at once");
        Self::new(error.status(), "body", error.body_text(), &help)
    }
}

impl From<QueryRejection> for Refusal {
    fn from(error: QueryRejection) -> Self {
        Self::new(error.status(), "query", error.body_text(), "`/v1/openapi.json` says what goes here")
    }
}

/// An answer as JSON that is safe on a terminal, whoever wrote what is in it.
pub(super) struct Told<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Told<T> {
    fn into_response(self) -> Response {
        match serde_json::to_string(&self.0) {
            Ok(json) => ([(header::CONTENT_TYPE, "application/json")], escaped(&json).into_owned()).into_response(),
            Err(error) => Refusal::internal("json", error.to_string()).into_response(),
        }
    }
}

/// What a request comes to.
pub(crate) type Answer<T> = Result<T, Refusal>;

/// Why something was refused or failed, and the status that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// Why, and what to do.
    pub refused: Refused,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &str, what: impl Into<String>, help: &str) -> Self {
        Self { status, refused: Refused::new(code, what, help) }
    }

    /// There is no such thing.
    pub(crate) fn missing(code: &str, what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, what, "look at what there is one level up")
    }

    /// The request makes no sense.
    pub(crate) fn senseless(code: &str, what: impl Into<String>, help: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, what, help)
    }

    /// The thing belongs to somebody else.
    pub(crate) fn not_yours() -> Self {
        let help = "only who said a thing can change it or take it back";
        Self::new(StatusCode::FORBIDDEN, "not-yours", "somebody else said this", help)
    }

    /// Something of this machine does not work.
    pub(crate) fn failed(code: &str, what: impl Into<String>, help: &str) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, what, help)
    }

    /// Something of ours that nobody but us can mend.
    pub(crate) fn internal(code: &str, what: impl Into<String>) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, refused: Refused::internal(code, what) }
    }
}

/// What was found out where no request was known.
impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let status = match &*refused.code {
            "room" | "nobody" => StatusCode::NOT_FOUND,
            "several" => StatusCode::CONFLICT,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self { status, refused }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let (status, code) = match &error {
            Error::Store(StoreError::Locked { .. }) => (StatusCode::FORBIDDEN, "locked"),
            Error::Store(StoreError::Exposed { .. } | StoreError::Link { .. }) => {
                (StatusCode::FORBIDDEN, "permissions")
            }
            Error::Store(StoreError::ReadOnly { .. }) => (StatusCode::FORBIDDEN, "read-only"),
            Error::Store(StoreError::Corrupt { .. } | StoreError::Foreign { .. }) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "corrupt")
            }
            Error::Store(StoreError::Full { .. }) => (StatusCode::INSUFFICIENT_STORAGE, "full"),
            Error::Store(StoreError::TooLarge) => (StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
            Error::TooLong | Error::Nick | Error::FileName => (StatusCode::BAD_REQUEST, error.code()),
            Error::NoFile | Error::Left => (StatusCode::NOT_FOUND, error.code()),
            Error::Damaged { .. } | Error::TooManyRooms | Error::GivenUp => (StatusCode::CONFLICT, error.code()),
            Error::Busy | Error::TooManyFiles => (StatusCode::TOO_MANY_REQUESTS, error.code()),
            Error::NobodyHasIt => (StatusCode::SERVICE_UNAVAILABLE, error.code()),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, error.code()),
        };
        Self::new(status, code, error.to_string(), &error.help())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Told(words::Refusal { error: self.refused })).into_response()
    }
}

/// A refusal that comes before anything was looked up.
pub(crate) fn refused(status: StatusCode, code: &str, help: &str) -> Response {
    Refusal::new(status, code, status.canonical_reason().unwrap_or("refused").to_lowercase(), help).into_response()
}

/// What is at a path where nothing is.
pub(crate) async fn no_such_path() -> Refusal {
    Refusal::missing("path", "there is nothing at this path")
}

#[cfg(test)]
mod tests {
    use rumormill_node::Error;

    use super::*;

    #[test]
    fn what_users_bring_about_is_no_fault_of_the_server() {
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

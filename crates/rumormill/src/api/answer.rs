//! How a request fails: the two lines of every failure, as JSON, under a status that fits.

use super::words::{self, Refused};
use crate::{
    commands::escaped,
    failure::{Exit, Failure},
    limits::REQUEST_BYTES,
};
use axum::{
    Json,
    extract::{
        FromRequest, FromRequestParts, Query,
        rejection::{BytesRejection, JsonRejection, QueryRejection},
    },
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

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
        Self::new(error.status(), "body", error.body_text(), &format!("send at most {REQUEST_BYTES} bytes at once"))
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
            Err(error) => Refusal::from(Failure::internal("json", error.to_string())).into_response(),
        }
    }
}

/// What a request comes to.
pub(crate) type Answer<T> = Result<T, Refusal>;

/// Why a request was refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    failure: Failure,
}

impl Refusal {
    /// There is no such thing.
    pub(crate) fn missing(code: &'static str, what: String) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, what, "look at what there is one level up")
    }

    /// The request makes no sense.
    pub(crate) fn senseless(code: &'static str, what: String, help: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, what, help)
    }

    /// The thing belongs to somebody else.
    pub(crate) fn not_yours() -> Self {
        let what = "somebody else said this".into();
        Self::new(StatusCode::FORBIDDEN, "not-yours", what, "only who said a thing can change it or take it back")
    }

    /// What is told where an answer has begun already.
    pub(super) fn refused(self) -> Refused {
        let Failure { code, what, help, .. } = self.failure;
        Refused { code: code.into(), what, help }
    }

    fn new(status: StatusCode, code: &'static str, what: String, help: &str) -> Self {
        Self { status, failure: Failure { exit: Exit::Usage, code: code.into(), what, help: help.into() } }
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        let status = match (failure.exit, &*failure.code) {
            (_, "room" | "nobody") => StatusCode::NOT_FOUND,
            (_, "busy" | "too-many-files") => StatusCode::TOO_MANY_REQUESTS,
            (_, "too-many-rooms" | "given-up" | "several" | "damaged") => StatusCode::CONFLICT,
            (_, "no-file" | "left") => StatusCode::NOT_FOUND,
            (_, "too-large") => StatusCode::PAYLOAD_TOO_LARGE,
            (_, "full") => StatusCode::INSUFFICIENT_STORAGE,
            (Exit::Unreachable, _) => StatusCode::SERVICE_UNAVAILABLE,
            (Exit::Usage | Exit::Ticket, _) => StatusCode::BAD_REQUEST,
            (Exit::NotAllowed, _) => StatusCode::FORBIDDEN,
            (Exit::Integrity, "integrity") => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self { status, failure }
    }
}

impl From<rumormill_node::Error> for Refusal {
    fn from(error: rumormill_node::Error) -> Self {
        Failure::from(error).into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status;
        (status, Told(words::Refusal { error: self.refused() })).into_response()
    }
}

/// A refusal that comes before anything was looked up.
pub(crate) fn refused(status: StatusCode, code: &'static str, help: &str) -> Response {
    Refusal::new(status, code, status.canonical_reason().unwrap_or("refused").to_lowercase(), help).into_response()
}

/// What is at a path where nothing is.
pub(crate) async fn no_such_path() -> Refusal {
    Refusal::missing("path", "there is nothing at this path".into())
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

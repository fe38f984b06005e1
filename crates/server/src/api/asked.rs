//! Reads JSON bodies and query strings of requests, and refuses malformed ones.

use axum::{
    Json,
    extract::{
        FromRequest, FromRequestParts, Query,
        rejection::{BytesRejection, JsonRejection, QueryRejection},
    },
    http::StatusCode,
};
use rumormill_api::{Code, codes};

use crate::{answer::Refusal, limits::REQUEST_BYTES};

/// The JSON body of a request.
#[derive(FromRequest)]
#[from_request(via(Json), rejection(Refusal))]
pub(super) struct Body<T>(pub(super) T);

/// The query parameters of a request.
#[derive(FromRequestParts)]
#[from_request(via(Query), rejection(Refusal))]
pub(super) struct Asked<T>(pub(super) T);

impl From<JsonRejection> for Refusal {
    fn from(error: JsonRejection) -> Self {
        unread(error.status(), codes::JSON, error.body_text(), DESCRIBED)
    }
}

impl From<BytesRejection> for Refusal {
    fn from(error: BytesRejection) -> Self {
        unread(error.status(), codes::BODY, error.body_text(), &format!("send at most {REQUEST_BYTES} bytes at once"))
    }
}

impl From<QueryRejection> for Refusal {
    fn from(error: QueryRejection) -> Self {
        unread(error.status(), codes::QUERY, error.body_text(), DESCRIBED)
    }
}

const DESCRIBED: &str = "`/v1/openapi.json` describes the request";

/// The status of the HTTP library says why it could not read something.
fn unread(status: StatusCode, code: Code, what: String, help: &str) -> Refusal {
    Refusal { status, ..Refusal::new(code, what, help) }
}

//! Reads what other programs post to a webhook: JSON, a form with JSON in it as Slack's webhooks accept, or plain text.

use axum::http::{HeaderMap, header};
use rumormill_api::{HookPost, codes};

use crate::{
    answer::{Answer, Refusal},
    api::say::{nothing, utf8},
};

/// The text that was posted.
///
/// # Errors
/// When there is none, or the body is not what its type says.
pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Answer<String> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let payload = match kind.starts_with("application/x-www-form-urlencoded") {
        true => url::form_urlencoded::parse(body).find(|(name, _)| name == "payload"),
        false => None,
    };
    let text = match payload {
        Some((_, json)) => of_json(json.as_bytes())?,
        None if kind.starts_with("application/json") => of_json(body)?,
        None => utf8(body)?.to_owned(),
    };
    match text.trim() {
        "" => Err(nothing()),
        text => Ok(text.to_owned()),
    }
}

fn of_json(json: &[u8]) -> Answer<String> {
    let post: HookPost = serde_json::from_slice(json)
        .map_err(|error| Refusal::new(codes::JSON, error.to_string(), "post {\"text\": \"...\"}"))?;
    Ok(post.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_post_is_read() {
        let cases = [
            ("application/json", r#"{"text": "green", "username": "ci"}"#, Ok("green")),
            ("application/json; charset=utf-8", r#"{"text": " two\nlines "}"#, Ok("two\nlines")),
            ("application/x-www-form-urlencoded", "payload=%7B%22text%22%3A%22a+b%22%7D", Ok("a b")),
            ("application/x-www-form-urlencoded", "build 12 = green", Ok("build 12 = green")),
            ("text/plain", "green\n", Ok("green")),
            ("", "green", Ok("green")),
            ("application/json", "green", Err("json")),
            ("application/json", r#"{"attachments": []}"#, Err("json")),
            ("application/x-www-form-urlencoded", "payload=green", Err("json")),
            ("text/plain", " \n", Err("nothing")),
        ];
        for (kind, body, want) in cases {
            let headers = [(header::CONTENT_TYPE, kind.parse().unwrap())].into_iter().collect();
            let read = read(&headers, body.as_bytes()).map_err(|refusal| refusal.refused.code);
            assert_eq!(read.as_deref().map_err(String::as_str), want, "{kind}: {body}");
        }
        assert_eq!(read(&HeaderMap::new(), b"\xff").unwrap_err().refused.code, "text");
    }
}

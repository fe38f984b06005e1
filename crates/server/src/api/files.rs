//! Requests about files: send, read, fetch, give up. A browser never runs a file as a page, whatever its sender calls
//! it.

use std::ops::Range;

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt as _, stream};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rumormill_node::{
    Fetch, What,
    proto::content::{Content, File},
};
use rumormill_text::safe_name;
use serde::Deserialize;

use super::{
    Api,
    asked::Asked,
    messages::told,
    names::target,
    once::Key,
    say::as_said,
    words::{self, EntryRef, Page, codes},
};
use crate::answer::{Answer, Refusal, SafeJson};

/// Media types under which files are sent: pictures, which pages show; every other file is sent as bytes.
pub(super) const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// Headers of every file, so that browsers save or show it and never run it.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (header::ACCEPT_RANGES, "bytes"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Query parameters of a sent file.
#[derive(Deserialize)]
pub(super) struct Sent {
    name: String,
    reply_to: Option<EntryRef>,
}

/// `POST /v1/rooms/{room}/files`: the body is the file, of any length.
pub(super) async fn send(
    State(api): State<Api>,
    Path(room): Path<String>,
    Asked(Sent { name, reply_to }): Asked<Sent>,
    headers: HeaderMap,
    body: Body,
) -> Answer<SafeJson<Page>> {
    let (room, key) = (api.room(&room)?, Key::of(&headers)?);
    let asked = reply_to.clone().unwrap_or_default();
    let reply_to = reply_to.map(|to| target(to.as_str())).transpose()?;
    if !rumormill_node::proto::content::is_file_name(&name) {
        return Err(rumormill_node::Error::FileName.into());
    }
    api.paces().turn(&room).await;
    let mut upload = room.upload().await?;
    // Of the file itself, to know it again under its key: what a closed room holds of it is sealed anew each time.
    let mut hash = key.as_ref().map(|_| blake3::Hasher::new());
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let broken = |error: axum::Error| Refusal::new(codes::BODY, error.to_string(), "send all of the file");
        let piece = piece.map_err(broken)?;
        hash.iter_mut().for_each(|hash| _ = hash.update(&piece));
        upload = upload.write(piece).await?;
    }
    let mime = mime_guess::from_path(&name).first_raw().unwrap_or_default();
    let offer = upload.end(&name, mime, reply_to).await?;
    let file = offer.file().clone();
    let saying = Content::File(file.clone()).encode().map_err(|_| rumormill_node::Error::TooLong)?;
    let once = key.zip(hash).map(|(key, hash)| {
        key.calls(&[b"file", name.as_bytes(), asked.as_str().as_bytes(), hash.finalize().as_bytes()], 1)
    });
    let once = once.unwrap_or_default();
    let said = room.entries().say_once(vec![saying], once).await?;
    let target = *said.first().ok_or(rumormill_node::Error::Closed)?;
    // The message was sent, so the answer names it even if it cannot be read back: after an error a client would send
    // it again.
    let message = room.message(target).await.ok().flatten().unwrap_or_else(|| as_said(target, What::File(file)));
    let messages = api.messages(&room, vec![message]).await;
    Ok(SafeJson(Page { messages, more: false }))
}

/// `GET /v1/rooms/{room}/files/{ref}`: the file that a message offers. If it is not here, it is fetched and sent as it
/// comes.
pub(super) async fn get(
    State(api): State<Api>,
    Path((room, text)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer<Response> {
    let room = api.room(&room)?;
    let mut fetch = room.fetch(target(&text)?).await?;
    fetch.begun().await?;
    let File { name, mime, size, .. } = fetch.file().clone();
    let asked = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let (status, range) = match asked.map_or(Ok(None), |asked| read_range(asked, size)) {
        Ok(None) => (StatusCode::OK, 0..size),
        Ok(Some(range)) => (StatusCode::PARTIAL_CONTENT, range),
        Err(()) => {
            let told = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, told).into_response());
        }
    };
    let kind = PICTURES.into_iter().find(|kind| *kind == mime).unwrap_or("application/octet-stream");
    let mut response = (status, HEADERS, [(header::CONTENT_TYPE, kind)]).into_response();
    let set = response.headers_mut();
    set.insert(header::CONTENT_LENGTH, (range.end - range.start).into());
    if let Ok(disposition) = HeaderValue::from_str(&disposition(&name)) {
        set.insert(header::CONTENT_DISPOSITION, disposition);
    }
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(told) =
            HeaderValue::from_str(&format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1)))
    {
        set.insert(header::CONTENT_RANGE, told);
    }
    *response.body_mut() = body(fetch, range);
    Ok(response)
}

/// The bytes of a file as they come. If the file does not come whole, the body ends before its announced length, so
/// that nobody takes it for whole.
fn body(fetch: Fetch, range: Range<u64>) -> Body {
    let read = async |(mut fetch, range): (Fetch, Range<u64>)| match fetch.read(range.start, range.end).await {
        Ok(bytes) if bytes.is_empty() => None,
        Ok(bytes) => {
            let rest = range.start + bytes.len() as u64..range.end;
            Some((Ok(bytes), (fetch, rest)))
        }
        Err(why) => Some((Err(why), (fetch, range.end..range.end))),
    };
    Body::from_stream(stream::unfold((fetch, range), read))
}

/// `POST /v1/rooms/{room}/files/{ref}`: fetches the file that a message offers; events report the progress.
pub(super) async fn fetch(
    State(api): State<Api>,
    Path((room, text)): Path<(String, String)>,
) -> Answer<SafeJson<words::Message>> {
    let (room, target) = (api.room(&room)?, target(&text)?);
    room.fetch(target).await?;
    told(&api, &room, target).await
}

/// `DELETE /v1/rooms/{room}/files/{ref}`: stops fetching a file.
pub(super) async fn give_up(
    State(api): State<Api>,
    Path((room, text)): Path<(String, String)>,
) -> Answer<SafeJson<words::Message>> {
    let (room, target) = (api.room(&room)?, target(&text)?);
    room.give_up(target).await?;
    told(&api, &room, target).await
}

/// One range of bytes out of `size`; `None` for a header to ignore, such as one with several ranges.
fn read_range(text: &str, size: u64) -> Result<Option<Range<u64>>, ()> {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Ok(None);
    };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.trim().is_empty() => first..size,
        (None, Some(count)) if first.trim().is_empty() => size.saturating_sub(count)..size,
        _ => return Ok(None),
    };
    if range.start < size && range.start < range.end { Ok(Some(range)) } else { Err(()) }
}

/// The name under which a file is saved: in ASCII for old clients, and in full.
fn disposition(name: &str) -> String {
    let name = safe_name(name);
    let plain = |char: char| if char.is_ascii_alphanumeric() || "-_. ".contains(char) { char } else { '_' };
    let ascii: String = name.chars().map(plain).collect();
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{}", utf8_percent_encode(&name, NON_ALPHANUMERIC))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_cannot_inject_headers() {
        let cases = [
            ("photo of us.jpg", "photo of us.jpg", "photo%20of%20us%2Ejpg"),
            ("\"; filename=evil.exe", "__ filename_evil.exe", "%5F%3B%20filename%3Devil%2Eexe"),
            ("naïve\r\nX: y", "na_veX_ y", "na%C3%AFveX%5F%20y"),
            ("gpj\u{202e}exe.", "gpjexe_", "gpjexe%5F"),
            ("../../x", "_._.._x", "%5F%2E%5F%2E%2E%5Fx"),
        ];
        for (name, ascii, whole) in cases {
            assert_eq!(disposition(name), format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{whole}"));
        }
    }

    #[test]
    fn ranges() {
        let cases = [
            ("bytes=0-", Ok(Some(0..10))),
            ("bytes=2-4", Ok(Some(2..5))),
            ("bytes=2-99", Ok(Some(2..10))),
            ("bytes=-3", Ok(Some(7..10))),
            ("bytes=-99", Ok(Some(0..10))),
            ("bytes=10-", Err(())),
            ("bytes=-0", Err(())),
            ("bytes=4-2", Ok(None)),
            ("bytes=1-2,4-5", Ok(None)),
            ("lines=1-2", Ok(None)),
            ("bytes=x-y", Ok(None)),
        ];
        for (text, expected) in cases {
            assert_eq!(read_range(text, 10), expected, "{text}");
        }
        assert_eq!(read_range("bytes=0-", 0), Err(()));
    }
}

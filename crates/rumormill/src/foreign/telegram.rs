//! A chat as Telegram Desktop exports it in JSON (`result.json`).

use std::path::Path;

use jiff::civil::DateTime;
use rumormill_text::Clock;
use serde_json::Value;

use super::{Out, Refused, Said, Stopped, each_event};
use crate::commands::Progress;

const SOURCE: &str = "Telegram";

pub(super) fn read(path: &Path, clock: &Clock, out: &mut Out, progress: &Progress) -> Result<(), Stopped> {
    let (mut at, mut refused) = (0, false);
    each_event(path, &["messages"], progress, &mut |event| {
        at += 1;
        match event["type"].as_str() {
            Some("message") => match said(&event, clock) {
                Some((said, twice)) => {
                    out.twice(twice);
                    refused = out.say(&said).is_err();
                }
                None => out.malformed(at),
            },
            Some(_) => out.left_out("who came, went and changed"),
            None => out.malformed(at),
        }
        !refused
    })?;
    if refused { Err(Refused.into()) } else { Ok(()) }
}

/// What a message says, and whether its hour comes twice.
fn said(event: &Value, clock: &Clock) -> Option<(Said, bool)> {
    let seconds = event["date_unixtime"].as_str().and_then(|seconds| seconds.parse::<u64>().ok());
    let (time_ms, twice) = match seconds {
        Some(seconds) => (seconds.checked_mul(1000)?, false),
        None => clock.placed(event["date"].as_str()?.parse::<DateTime>().ok()?)?,
    };
    let name = event["from"].as_str().or_else(|| event["from_id"].as_str()).unwrap_or("deleted account").to_owned();
    let mut pieces = Vec::new();
    pieces.extend(event["forwarded_from"].as_str().map(|from| format!("[forwarded from {from}]")));
    pieces.push(words(&event["text"]));
    pieces.extend(media(event));
    pieces.retain(|piece| !piece.trim().is_empty());
    Some((Said { source: SOURCE.into(), name, time_ms, text: pieces.join("\n") }, twice))
}

/// A text, or the pieces that one with links and styles is cut into.
fn words(text: &Value) -> String {
    match text {
        Value::String(text) => text.clone(),
        Value::Array(pieces) => pieces.iter().map(words).collect(),
        piece => match (piece["text"].as_str(), piece["href"].as_str()) {
            (Some(text), Some(link)) if text != link => format!("{text} ({link})"),
            (text, _) => text.unwrap_or_default().to_owned(),
        },
    }
}

fn media(event: &Value) -> Vec<String> {
    let mut pieces = Vec::new();
    let text = |at: &str| event.pointer(at).and_then(Value::as_str);
    match (text("/media_type"), text("/sticker_emoji")) {
        (Some("sticker"), emoji) => pieces.push(format!("[sticker {}]", emoji.unwrap_or_default())),
        (_, _) => {
            let named = text("/file_name").or_else(|| text("/file")).or_else(|| text("/photo"));
            pieces.extend(named.map(|name| format!("[file: {name}]")));
        }
    }
    if let Some(question) = text("/poll/question") {
        let answers = event.pointer("/poll/answers").and_then(Value::as_array).into_iter().flatten();
        let answers = answers.filter_map(|answer| answer["text"].as_str());
        pieces.push(answers.fold(format!("[poll] {question}"), |poll, answer| format!("{poll}\n- {answer}")));
    }
    if let Some(place) = event.get("location_information") {
        pieces.push(format!("[place: {}, {}]", place["latitude"], place["longitude"]));
    }
    if let Some(person) = event.get("contact_information") {
        let part = |at: &str| person[at].as_str().unwrap_or_default();
        pieces.push(format!("[contact: {} {} {}]", part("first_name"), part("last_name"), part("phone_number")));
    }
    pieces
}

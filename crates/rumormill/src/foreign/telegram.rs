//! A chat in the JSON export of Telegram Desktop (`result.json`).

use std::path::Path;

use jiff::civil::DateTime;
use rumormill_text::Clock;
use serde_json::Value;

use super::{
    Out, Said, Stopped, asked, each_event, first, joined, list, sorted::Sorted, stamp::When, two_chats, wrong,
};
use crate::progress::Progress;

const SOURCE: &str = "Telegram";
const LISTS: [&str; 1] = ["messages"];

pub(super) fn read(path: &Path, clock: &Clock, out: &mut Out, progress: &Progress) -> Result<(), Stopped> {
    // The export of a whole account is one file.
    if two_chats(path, &LISTS, out, progress, |event| Some(event.list))?.is_some() {
        let help = "export one chat: in Telegram, open it and choose \"Export chat history\"";
        return Err(wrong("channel", format!("{} holds several chats", path.display()), help).into());
    }
    let mut sorted = Sorted::default();
    each_event(path, &LISTS, out, progress, &mut |out, at, event| {
        let event = event.value;
        match event["type"].as_str() {
            Some("message") => match said(&event, clock) {
                Some((said, when)) => {
                    out.placed(when);
                    out.left_out_all("reactions", list(&event["reactions"]).count());
                    sorted.say(said, out)?;
                }
                None => out.malformed(at),
            },
            Some("unsupported") => out.left_out("of a kind that Telegram does not export"),
            Some(_) => out.left_out("joins, leaves and other changes"),
            None => out.malformed(at),
        }
        Ok(())
    })?;
    sorted.finish(out)
}

/// A number, or a number in a string.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn said(event: &Value, clock: &Clock) -> Option<(Said, When)> {
    let when = match number(&event["date_unixtime"]) {
        Some(seconds) => When { ms: seconds.checked_mul(1000)?, local: false, unsure: false },
        None => {
            let (ms, unsure) = clock.placed(event["date"].as_str()?.parse::<DateTime>().ok()?)?;
            When { ms, local: true, unsure }
        }
    };
    let id = || event["from_id"].as_u64().map(|id| format!("user{id}"));
    let name = first(event, &["/from", "/author", "/from_id"]).map(str::to_owned).or_else(id);
    let name = name.unwrap_or_else(|| "deleted account".into());
    let mut pieces = Vec::new();
    pieces.extend(first(event, &["/forwarded_from"]).map(|from| format!("[forwarded from {from}]")));
    let text = words(&event["text"]);
    pieces.push(if text.trim().is_empty() { words(&event["text_entities"]) } else { text });
    pieces.extend(media(event));
    Some((Said { source: SOURCE.into(), name, time_ms: when.ms, text: joined(pieces) }, when))
}

/// A text, or the pieces of a text with links and styles.
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
    match event["media_type"].as_str() {
        Some("sticker") => {
            pieces.push(
                format!("[sticker {}]", first(event, &["/sticker_emoji"]).unwrap_or_default()).replace(" ]", "]"),
            );
        }
        kind => {
            // If the file was not exported, its path is a sentence that says so.
            let is_there = |path: &&str| !path.starts_with('(') && !path.contains(" (File ");
            let file = first(event, &["/file_name"]).or_else(|| first(event, &["/file", "/photo"]).filter(is_there));
            let is_one = kind.is_some() || event.get("file").is_some() || event.get("photo").is_some();
            let kind = kind.unwrap_or("file").replace('_', " ");
            let performer = [first(event, &["/performer"]), first(event, &["/title"])];
            let song: Vec<&str> = performer.into_iter().flatten().collect();
            if is_one {
                pieces.push(file.map_or_else(|| format!("[{kind}]"), |name| format!("[file: {name}]")));
                pieces.push(song.join(" – "));
            }
        }
    }
    if let Some(question) = first(event, &["/poll/question"])
        .map(str::to_owned)
        .or_else(|| Some(words(&event["poll"]["question"])).filter(|question| !question.is_empty()))
    {
        let answers = list(&event["poll"]["answers"]).filter_map(|answer| answer["text"].as_str());
        pieces.push(asked(&question, answers));
    }
    if let Some(todo) = event.get("todo_list") {
        let items =
            list(&todo["answers"]).chain(list(&todo["items"])).map(|item| format!("- {}", words(&item["text"])));
        pieces.push(words(&todo["title"]));
        pieces.extend(items);
    }
    pieces.extend(
        ["/place_name", "/address", "/game_title", "/game_description"]
            .iter()
            .filter_map(|at| first(event, &[*at]).map(str::to_owned)),
    );
    for at in ["title", "description"] {
        pieces.extend(first(&event["invoice_information"], &[&format!("/{at}")]).map(str::to_owned));
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

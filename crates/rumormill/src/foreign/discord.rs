//! A channel as DiscordChatExporter writes it in JSON.

use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use super::{Out, Refused, Said, Stopped, each_event};
use crate::commands::Progress;

const SOURCE: &str = "Discord";

pub(super) fn read(path: &Path, out: &mut Out, progress: &Progress) -> Result<(), Stopped> {
    let (mut at, mut refused) = (0, false);
    each_event(path, &["messages"], progress, &mut |event| {
        at += 1;
        match event["type"].as_str() {
            Some("Default" | "Reply" | "ChatInputCommand" | "ContextMenuCommand" | "ThreadStarterMessage") => {
                match said(&event) {
                    Some(said) => refused = out.say(&said).is_err(),
                    None => out.malformed(at),
                }
            }
            Some(_) => out.left_out("who came, went and changed"),
            None => out.malformed(at),
        }
        !refused
    })?;
    if refused { Err(Refused.into()) } else { Ok(()) }
}

fn said(event: &Value) -> Option<Said> {
    let time: Timestamp = event["timestamp"].as_str()?.parse().ok()?;
    let author = &event["author"];
    let name = ["nickname", "name"].iter().find_map(|at| author[*at].as_str().filter(|name| !name.is_empty()))?;
    let mut pieces = vec![event["content"].as_str().unwrap_or_default().to_owned()];
    for embed in event["embeds"].as_array().into_iter().flatten() {
        let words = ["title", "description", "url"].iter().filter_map(|at| embed[*at].as_str());
        // What an embed repeats of the text is not said twice.
        let new: Vec<&str> = words.filter(|words| !words.is_empty() && !pieces[0].contains(words)).collect();
        pieces.extend(new.into_iter().map(str::to_owned));
        for field in embed["fields"].as_array().into_iter().flatten() {
            let part = |at: &str| field[at].as_str().unwrap_or_default();
            pieces.push(format!("{}: {}", part("name"), part("value")));
        }
    }
    for file in event["attachments"].as_array().into_iter().flatten() {
        let (name, link) = (file["fileName"].as_str().unwrap_or("unnamed"), file["url"].as_str().unwrap_or_default());
        pieces.push(format!("[file: {name}] {link}").trim_end().to_owned());
    }
    for sticker in event["stickers"].as_array().into_iter().flatten() {
        pieces.push(format!("[sticker: {}]", sticker["name"].as_str().unwrap_or("unnamed")));
    }
    pieces.retain(|piece| !piece.trim().is_empty());
    let time_ms = u64::try_from(time.as_millisecond()).ok()?;
    Some(Said { source: SOURCE.into(), name: name.to_owned(), time_ms, text: pieces.join("\n") })
}

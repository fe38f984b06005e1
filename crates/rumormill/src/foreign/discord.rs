//! A channel in the JSON of DiscordChatExporter.

use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use super::{Out, Said, Stopped, asked, each_event, first, joined, list, sorted::Sorted};
use crate::progress::Progress;

const SOURCE: &str = "Discord";

/// Kinds of system messages, by the exporter's names.
const EVENTS: [&str; 8] = [
    "RecipientAdd",
    "RecipientRemove",
    "Call",
    "ChannelNameChange",
    "ChannelIconChange",
    "ChannelPinnedMessage",
    "GuildMemberJoin",
    "ThreadCreated",
];

/// The numbers of the kinds that the exporter does not name: boosts, discovery, stages, invitations, purchases and
/// reports.
fn is_event(kind: &str) -> bool {
    let number = kind.parse::<u32>().ok();
    let is_numbered = number.is_some_and(|number| matches!(number, 1..=12 | 14..=18 | 22 | 24..=32 | 36..=39 | 44));
    is_numbered || EVENTS.contains(&kind)
}

pub(super) fn read(path: &Path, out: &mut Out, progress: &Progress) -> Result<(), Stopped> {
    let mut sorted = Sorted::default();
    each_event(path, &["messages"], out, progress, &mut |out, at, event| {
        let event = event.value;
        let kind = match &event["type"] {
            Value::String(kind) => kind.clone(),
            Value::Number(kind) => kind.to_string(),
            _ => String::new(),
        };
        if is_event(&kind) {
            out.left_out("joins, leaves and other changes");
            return Ok(());
        }
        out.left_out_all("reactions", list(&event["reactions"]).count());
        match said(&event) {
            Some(said) => sorted.say(said, out)?,
            None => out.malformed(at),
        }
        Ok(())
    })?;
    sorted.finish(out)
}

fn said(event: &Value) -> Option<Said> {
    let time: Timestamp = event["timestamp"].as_str()?.parse().ok()?;
    let name = first(event, &["/author/nickname", "/author/name", "/author/id"])?;
    let mut pieces = words(event);
    // A forwarded message is nested in a message of its own.
    for at in ["forwardedMessage", "forwarded_message"] {
        let forwarded = words(&event[at]);
        if forwarded.iter().any(|piece| !piece.trim().is_empty()) {
            pieces.push("[forwarded]".into());
            pieces.extend(forwarded);
        }
    }
    let time_ms = u64::try_from(time.as_millisecond()).ok()?;
    Some(Said { source: SOURCE.into(), name: name.to_owned(), time_ms, text: joined(pieces) })
}

fn words(event: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut pieces = vec![text(&event["content"])];
    for embed in list(&event["embeds"]) {
        let fields = ["/author/name", "/title", "/description", "/url"];
        let mut own: Vec<String> = fields.iter().filter_map(|at| first(embed, &[*at])).map(str::to_owned).collect();
        own.extend(list(&embed["fields"]).map(|field| format!("{}: {}", text(&field["name"]), text(&field["value"]))));
        own.extend(first(embed, &["/footer/text"]).map(str::to_owned));
        // A picture alone.
        if own.is_empty() {
            own.extend(first(embed, &["/image/url", "/thumbnail/url", "/video/url"]).map(str::to_owned));
        }
        // Skips text that an embed repeats.
        own.retain(|piece| !pieces[0].contains(piece.as_str()));
        pieces.extend(own);
    }
    for file in list(&event["attachments"]) {
        let (name, link) = (first(file, &["/fileName"]).unwrap_or("unnamed"), text(&file["url"]));
        pieces.push(format!("[file: {name}] {link}").trim_end().to_owned());
    }
    for sticker in list(&event["stickers"]) {
        pieces.push(format!("[sticker: {}]", first(sticker, &["/name"]).unwrap_or("unnamed")));
    }
    if let Some(question) = first(event, &["/poll/question/text", "/poll/question"]) {
        let answers =
            list(&event["poll"]["answers"]).filter_map(|answer| first(answer, &["/text", "/poll_media/text"]));
        pieces.push(asked(question, answers));
    }
    pieces
}

//! A channel of a Mattermost bulk export: one object a line.

use std::path::Path;

use serde_json::Value;

use super::{Event, Out, Said, Stopped, each_event, first, joined, list, sorted::Sorted, two_chats, wrong};
use crate::progress::Progress;

const SOURCE: &str = "Mattermost";

pub(super) fn read(path: &Path, out: &mut Out, progress: &Progress) -> Result<(), Stopped> {
    one_channel(path, out, progress)?;
    let mut sorted = Sorted::default();
    each_event(path, &[], out, progress, &mut |out, at, event| {
        let Some(post) = post(&event.value) else {
            match event.value["type"].as_str() {
                Some(_) => out.left_out("people, channels and settings"),
                None => out.malformed(at),
            }
            return Ok(());
        };
        for (post, lead) in std::iter::once((post, "")).chain(list(&post["replies"]).map(|reply| (reply, "↳ "))) {
            out.left_out_all("reactions", list(&post["reactions"]).count());
            let kind = post["type"].as_str().unwrap_or_default();
            match said(post, lead) {
                _ if kind.starts_with("system_") && kind != "system_me" => {
                    out.left_out("joins, leaves and other changes")
                }
                Some(said) => sorted.say(said, out)?,
                None => out.malformed(at),
            }
        }
        Ok(())
    })?;
    sorted.finish(out)
}

fn post(event: &Value) -> Option<&Value> {
    let kind = event["type"].as_str().filter(|kind| ["post", "direct_post"].contains(kind))?;
    Some(&event[kind])
}

/// A room takes only one channel.
fn one_channel(path: &Path, out: &mut Out, progress: &Progress) -> Result<(), Stopped> {
    let channel = |event: &Event| {
        let post = post(&event.value)?;
        let members = first(post, &["/channel_members"]);
        let members = members.map_or_else(|| post["channel_members"].to_string(), str::to_owned);
        Some((post["team"].to_string(), post["channel"].to_string(), members))
    };
    let Some((one, other)) = two_chats(path, &[], out, progress, channel)? else { return Ok(()) };
    let name = |(_, channel, members): (String, String, String)| if channel == "null" { members } else { channel };
    let what = format!("{} holds several channels, {} and {} among them", path.display(), name(one), name(other));
    Err(wrong("channel", what, "keep the lines of one channel, and import that file").into())
}

fn said(post: &Value, lead: &str) -> Option<Said> {
    let (name, time_ms) = (post["user"].as_str()?.to_owned(), post["create_at"].as_u64()?);
    // An integration may post under another name.
    let name = first(post, &["/props/override_username"]).map_or(name, str::to_owned);
    let act = if post["type"] == "system_me" { format!("* {name} ") } else { String::new() };
    let mut pieces = vec![format!("{act}{}", post["message"].as_str().unwrap_or_default())];
    for attachment in list(&post["props"]["attachments"]) {
        let words = ["/pretext", "/author_name", "/title", "/title_link", "/text"];
        let before = pieces.len();
        pieces.extend(words.iter().filter_map(|at| first(attachment, &[*at])).map(str::to_owned));
        let field =
            |field: &Value| format!("{}: {}", field["title"].as_str().unwrap_or_default(), text(&field["value"]));
        pieces.extend(list(&attachment["fields"]).map(field));
        if pieces.len() == before {
            pieces.extend(first(attachment, &["/fallback"]).map(str::to_owned));
        }
        pieces.extend(first(attachment, &["/footer"]).map(str::to_owned));
    }
    let files = list(&post["attachments"]).filter_map(|file| file["path"].as_str());
    pieces.extend(files.map(|file| format!("[file: {}]", file.rsplit(['/', '\\']).next().unwrap_or(file))));
    let text = joined(pieces);
    let text = if text.is_empty() { text } else { format!("{lead}{text}") };
    Some(Said { source: SOURCE.into(), name, time_ms, text })
}

/// A string, or another value as JSON.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

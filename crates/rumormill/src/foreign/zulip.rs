//! Messages of Zulip: an answer of `GET /api/v1/messages`, or a `messages-000001.json` of a server's export, with the
//! names in the `realm.json` beside it.

use std::{
    collections::BTreeMap,
    io::{BufReader, ErrorKind},
    path::Path,
};

use serde_json::Value;

use super::{
    Event, Failure, Out, Said, Stopped, broken_json, each_event, first, json::each, list, open, sorted::Sorted,
    two_chats, unreadable, wrong,
};
use crate::{limits::FOREIGN_PEOPLE, progress::Progress};

const SOURCE: &str = "Zulip";
const LISTS: [&str; 2] = ["messages", "zerver_message"];

pub(super) fn read(path: &Path, out: &mut Out, progress: &Progress) -> Result<(), Stopped> {
    // All topics of one channel become one room.
    let channel = |Event { value, .. }: &Event| {
        let of = value.get("recipient").or_else(|| value.get("stream_id")).or_else(|| value.get("recipient_id"));
        Some(of.unwrap_or(&value["display_recipient"]).clone())
    };
    if two_chats(path, &LISTS, out, progress, channel)?.is_some() {
        let help = "keep the messages of one channel: narrow the request to it, or sort them out by \"recipient\"";
        return Err(wrong("channel", format!("{} holds several channels", path.display()), help).into());
    }
    let names = names(&path.with_file_name("realm.json"), progress)?;
    let mut sorted = Sorted::default();
    each_event(path, &LISTS, out, progress, &mut |out, at, event| {
        let event = event.value;
        match said(&event, &names) {
            Some(said) => {
                out.left_out_all("reactions", list(&event["reactions"]).count());
                sorted.say(said, out)?;
            }
            None => out.malformed(at),
        }
        Ok(())
    })?;
    sorted.finish(out)
}

/// Names of people, by their ids.
fn names(path: &Path, progress: &Progress) -> Result<BTreeMap<u64, String>, Failure> {
    let mut names = BTreeMap::new();
    match path.metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(names),
        Err(error) => return Err(unreadable(path, &error)),
        Ok(found) => progress.more(found.len()),
    }
    let lists = ["zerver_userprofile", "zerver_userprofile_crossrealm", "zerver_userprofile_mirrordummy"];
    let realm = each(BufReader::new(open(path, progress)?), &lists, &mut |event| {
        names.extend(event.value["id"].as_u64().zip(first(&event.value, &["/full_name"]).map(str::to_owned)));
        names.len() < FOREIGN_PEOPLE
    });
    realm.map_err(|error| broken_json(path, &error))?;
    Ok(names)
}

fn said(event: &Value, names: &BTreeMap<u64, String>) -> Option<Said> {
    let seconds = event["timestamp"].as_f64().or_else(|| event["date_sent"].as_f64())?;
    let time_ms = (seconds * 1000.0).round();
    let time_ms = (0.0..9e15).contains(&time_ms).then_some(time_ms as u64)?;
    let by_id = || {
        let id = event["sender"].as_u64().or_else(|| event["sender_id"].as_u64())?;
        Some(names.get(&id).cloned().unwrap_or_else(|| format!("user {id}")))
    };
    let name = first(event, &["/sender_full_name", "/sender_email"]).map(str::to_owned).or_else(by_id)?;
    let content = event["content"].as_str()?;
    let words = if event["content_type"] == "text/html" { without_tags(content) } else { content.to_owned() };
    let words = match words.strip_prefix("/me ") {
        Some(act) => format!("* {name} {act}"),
        None => words,
    };
    let topic = first(event, &["/subject", "/topic"]).map_or_else(String::new, |topic| format!("[{topic}] "));
    let text = if words.trim().is_empty() { String::new() } else { format!("{topic}{}", words.trim()) };
    Some(Said { source: SOURCE.into(), name, time_ms, text })
}

/// Tags that end a line.
const ENDS: [&str; 10] = ["br", "/p", "/li", "/blockquote", "/h1", "/h2", "/h3", "/tr", "/pre", "/div"];

/// The text of Zulip's HTML; links and pictures are named.
fn without_tags(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let (mut rest, mut link) = (html, None);
    while let Some((before, behind)) = rest.split_once('<') {
        out.push_str(before);
        let Some((tag, after)) = behind.split_once('>') else {
            rest = behind;
            break;
        };
        let name = tag.trim_end_matches('/').split_whitespace().next().unwrap_or_default();
        let attribute = |name: &str| tag.split_once(name).and_then(|(_, value)| value.split('"').next());
        match name {
            "a" => link = attribute("href=\"").map(|href| (href, out.len())),
            "/a" => {
                if let Some((href, at)) = link.take()
                    && href.contains("://")
                    && out.get(at..).is_some_and(|label| !label.trim().is_empty() && label != href)
                {
                    out.push_str(&format!(" ({href})"));
                }
            }
            "img" => out.push_str(attribute("alt=\"").or_else(|| attribute("src=\"")).unwrap_or_default()),
            _ if ENDS.contains(&name) && !out.ends_with('\n') => out.push('\n'),
            _ => {}
        }
        rest = after.strip_prefix('\n').filter(|_| out.ends_with('\n')).unwrap_or(after);
    }
    out.push_str(rest);
    let signs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")];
    signs.iter().fold(out, |text, (sign, means)| text.replace(sign, means))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_becomes_words() {
        let cases = [
            ("<p>salt &amp; pepper</p>\n<p>a<br>\nb</p>", "salt & pepper\na\nb\n"),
            ("<p>see <a href=\"https://example.org\">this</a></p>", "see this (https://example.org)\n"),
            ("<a href=\"https://example.org\">https://example.org</a>", "https://example.org"),
            ("<span class=\"emoji\">:tada:</span> 1 &lt; 2 &amp;lt;", ":tada: 1 < 2 &lt;"),
            ("<img alt=\":soup:\" src=\"x\">", ":soup:"),
            ("a < b", "a  b"),
        ];
        for (html, text) in cases {
            assert_eq!(without_tags(html), text, "{html}");
        }
    }
}

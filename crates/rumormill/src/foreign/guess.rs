//! Detection of the format of a file or directory.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    Failure, Format, irc, json,
    text::{beginning, plain},
    unreadable, whatsapp, wrong,
};
use crate::limits::{FOREIGN_GUESS_BYTES, IMPORT_FILES};

/// Lines that are read: some clients write many lines before the first message.
const LINES: usize = 500;

/// The files of a path: the path itself, or the logs in a directory that is no Slack channel, oldest first.
///
/// # Errors
/// When it cannot be read, or holds too many files.
pub(crate) fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let found = path.metadata().map_err(|error| unreadable(path, &error))?;
    if found.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    if !found.is_dir() {
        return Err(no_file(path, "is a pipe or a device", "save its output in a file, and import that"));
    }
    let inside = fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
    let inside: Vec<PathBuf> = inside.flatten().map(|entry| entry.path()).take(IMPORT_FILES + 1).collect();
    if inside.len() > IMPORT_FILES {
        let what = format!("has more than {IMPORT_FILES} files");
        return Err(no_file(path, &what, "split it into several directories"));
    }
    let ends = |ends: &[&str]| {
        let is_one = |path: &&PathBuf| path.extension().is_some_and(|end| ends.iter().any(|one| end == *one));
        let mut files: Vec<PathBuf> = inside.iter().filter(is_one).cloned().collect();
        files.sort_by_cached_key(|path| (irc::day_of_name(path), path.clone()));
        files
    };
    let logs = ends(&["log", "txt", "weechatlog"]);
    let json = ends(&["json", "jsonl", "ndjson"]);
    let named = |name: &str| json.iter().find(|path| path.file_name().is_some_and(|own| own == name));
    let is_slack = named("users.json").is_some() || json.iter().any(|path| is_day(path));
    Ok(match named("result.json") {
        Some(chat) => vec![chat.clone()],
        None if is_slack || (logs.is_empty() && json.is_empty()) => vec![path.to_owned()],
        None if logs.is_empty() => json,
        None => logs,
    })
}

/// Whether a file has the name of a Slack day file: `2019-03-02.json`.
pub(super) fn is_day(path: &Path) -> bool {
    path.file_stem().and_then(|name| name.to_str()).is_some_and(|name| name.parse::<jiff::civil::Date>().is_ok())
}

fn no_file(path: &Path, what: &str, help: &str) -> Failure {
    wrong("file", format!("{} {what}", path.display()), help)
}

/// Detects the format of a file or directory.
///
/// # Errors
/// When it cannot be read, or its format is unknown.
pub(crate) fn guess(path: &Path) -> Result<Format, Failure> {
    let found = path.metadata().map_err(|error| unreadable(path, &error))?;
    if found.is_dir() {
        return Ok(Format::Slack);
    }
    let text = beginning(path, FOREIGN_GUESS_BYTES).map_err(|error| unreadable(path, &error))?;
    guess_text(&text).ok_or_else(|| {
        let unpack = "unpack it, and name the file or the directory of one channel in it";
        let packed = ["PK\u{3}\u{4}", "\u{1f}", "BZh", "\u{fffd}7zXZ", "(\u{fffd}/\u{fffd}", "7z\u{fffd}\u{fffd}"];
        let (what, help) = match text.as_str() {
            "" => ("is empty", "name another file"),
            text if packed.iter().any(|sign| text.starts_with(sign)) => ("is compressed, or an archive", unpack),
            text if text.starts_with("SQLite format 3") => ("is a database", "export it as text or JSON first"),
            _ => ("has an unknown format", "name its format with --format"),
        };
        Failure { code: "format".into(), ..no_file(path, what, help) }
    })
}

fn guess_text(text: &str) -> Option<Format> {
    let text = text.trim_start();
    if text.starts_with(['{', '[', '"'])
        && let Some(json) = guess_json(text)
    {
        return Some(json);
    }
    let mut lines = text.lines().take(LINES).map(plain);
    lines.find_map(|line| if whatsapp::is_line(&line) { Some(Format::Whatsapp) } else { irc::guess(&line) })
}

/// Names that formats give their lists of events.
const LISTS: [&str; 4] = ["messages", "chunk", "events", "zerver_message"];

/// Detects the format by the fields of the first events, or else by the object around them.
fn guess_json(text: &str) -> Option<Format> {
    let mut found = None;
    let read = json::each(text.as_bytes(), &LISTS, &mut |event| {
        found = of_event(&event.value);
        found.is_none()
    });
    // A sample that was cut off may be JSON; a whole file that breaks off is not.
    let is_json = read.as_ref().is_ok_and(|()| true) || read.is_err_and(|error| error.is_eof());
    let holds = [
        ("\"room_name\"", Format::Matrix),
        ("\"chunk\"", Format::Matrix),
        ("\"next_batch\"", Format::Matrix),
        ("\"dateRange\"", Format::Discord),
        ("\"guild\"", Format::Discord),
        ("\"chats\"", Format::Telegram),
        ("\"found_newest\"", Format::Zulip),
        ("\"zerver_message\"", Format::Zulip),
        ("\"messages\"", Format::Matrix),
    ];
    let held = || holds.iter().find(|(sign, _)| text.contains(sign)).map(|(_, format)| *format);
    found.or_else(|| held().filter(|_| is_json))
}

/// The system that writes such an event, if only one does.
fn of_event(event: &Value) -> Option<Format> {
    let has = |names: &[&str]| names.iter().all(|name| !event[*name].is_null());
    let kind = event["type"].as_str().unwrap_or_default();
    let mattermost = ["version", "post", "direct_post", "team", "channel", "user", "role", "scheme", "emoji", "info"];
    match kind {
        _ if event["is"].is_string() => Some(Format::Jsonl),
        _ if kind.starts_with("m.") || kind.starts_with("org.matrix.") || has(&["origin_server_ts"]) => {
            Some(Format::Matrix)
        }
        _ if has(&["timestamp", "author", "content"]) => Some(Format::Discord),
        _ if has(&["sender_full_name", "timestamp"]) || has(&["date_sent", "content"]) => Some(Format::Zulip),
        "message" | "service" | "unsupported" if has(&["date"]) || kind == "unsupported" => Some(Format::Telegram),
        _ if has(&["ts"]) => Some(Format::Slack),
        _ if mattermost.contains(&kind) && (event[kind].is_object() || kind == "version") => Some(Format::Mattermost),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_detected() {
        let cases = [
            ("--- Log opened Sat Mar 02 13:55:01 2019\n", Some(Format::Irssi)),
            ("14:02 <@alice> hi\n", Some(Format::Irssi)),
            ("[14:02:11] <alice> hi\n", Some(Format::Znc)),
            ("[14:02:11] <alice> it said {\"ts\": \"1.2\", \"messages\": []}\n", Some(Format::Znc)),
            ("2019-03-02 14:02:11\talice\thi\n", Some(Format::Weechat)),
            ("[02.03.19, 14:02:11] Alice: hi\n", Some(Format::Whatsapp)),
            ("{\"is\":\"room\",\"version\":1}\n", Some(Format::Jsonl)),
            ("{\n  \"room_name\": \"lunch\", \"messages\": []}", Some(Format::Matrix)),
            ("{\n  \"room_name\": \"lunch\", \"messages\": [", Some(Format::Matrix)),
            ("[{\"type\": \"m.room.message\"}]", Some(Format::Matrix)),
            ("{\"type\" : \"m.room.message\"}\n{\"type\" : \"m.room.message\"}", Some(Format::Matrix)),
            (
                "{\"guild\": {}, \"messages\": [{\"timestamp\": \"\", \"author\": {}, \"content\": \"\"}]}",
                Some(Format::Discord),
            ),
            (
                "{\"name\": \"x\", \"messages\": [{\"id\": 1, \"type\": \"message\", \"date\": \"2019-03-02T14:02:00\"}]}",
                Some(Format::Telegram),
            ),
            ("{\"type\":\"version\",\"version\":1}\n", Some(Format::Mattermost)),
            ("{\"type\" : \"post\",\"post\":{}}\n", Some(Format::Mattermost)),
            ("[{\"type\":\"message\",\"user\":\"U1\",\"ts\":\"1.2\"}]", Some(Format::Slack)),
            ("{\"ok\":true,\"messages\":[{\"text\":\"the \\\"guild\\\"\",\"ts\" : \"1.2\"}]}", Some(Format::Slack)),
            (
                "{\"messages\": [{\"sender_full_name\": \"A\", \"timestamp\": 1, \"content\": \"\"}]}",
                Some(Format::Zulip),
            ),
            ("{\"a\": 1}", None),
            ("[1, 2]", None),
            ("[see \"messages\" there]", None),
            ("dear diary\n", None),
            ("", None),
        ];
        for (text, format) in cases {
            assert_eq!(guess_text(text), format, "{text}");
        }
    }
}

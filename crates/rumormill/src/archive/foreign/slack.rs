//! A channel of a Slack export: a directory with a file a day, and `users.json` in the one above.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufReader, Read},
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{Failure, Said, Sink, Stopped, Tally, json::each, open, unreadable};
use crate::{
    commands::Progress,
    failure::Exit,
    limits::{FOREIGN_PEOPLE, SLACK_DAYS},
};

const SOURCE: &str = "Slack";

/// Subtypes of what somebody said; all others tell what happened.
const SAID: [&str; 5] = ["bot_message", "file_share", "me_message", "thread_broadcast", "file_comment"];

pub(super) fn read(path: &Path, sink: &mut Sink, progress: &Progress) -> Result<Tally, Stopped> {
    let (channel, root) = channel(path)?;
    let names = names(&root)?;
    let mut tally = Tally::new("events");
    let (mut at, mut refused) = (0, false);
    for day in days(&channel)? {
        let input = BufReader::new(open(&day, progress)?);
        let read = each(input, &["messages"], &mut |event| {
            at += 1;
            match said(&event, &names) {
                Some(Some(said)) => refused = sink.say(&said).is_err(),
                Some(None) => {}
                None => tally.malformed(at),
            }
            !refused
        });
        if refused {
            return Err(Stopped::Refused);
        }
        read.map_err(|error| broken(&day, &error))?;
    }
    Ok(tally)
}

fn broken(path: &Path, error: &serde_json::Error) -> Failure {
    Failure {
        exit: Exit::Usage,
        code: "file".into(),
        what: format!("{}: {error}", path.display()),
        help: "each file of a channel must be a JSON list, as Slack writes it; unpack the export again".into(),
    }
}

/// The directory of the channel, and that of the whole export.
fn channel(path: &Path) -> Result<(PathBuf, PathBuf), Failure> {
    if !path.join("users.json").is_file() {
        let above = path.canonicalize().map_err(|error| unreadable(path, &error))?;
        let root = above.parent().map(Path::to_owned).unwrap_or_default();
        return Ok((path.to_owned(), root));
    }
    let inside = fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
    let mut channels: Vec<PathBuf> = inside.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    channels.sort();
    let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match &channels[..] {
        [only] => Ok((only.clone(), path.to_owned())),
        several => Err(Failure {
            exit: Exit::Usage,
            code: "channel".into(),
            what: format!("{} has {} channels", path.display(), several.len()),
            help: format!(
                "name the directory of one of them: {}",
                several.iter().take(8).map(name).collect::<Vec<_>>().join(", ")
            ),
        }),
    }
}

/// The files of a channel, oldest first: their names are days.
fn days(channel: &Path) -> Result<Vec<PathBuf>, Failure> {
    let inside = fs::read_dir(channel).map_err(|error| unreadable(channel, &error))?;
    let is_day = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
    let mut days: Vec<PathBuf> = inside.flatten().map(|entry| entry.path()).filter(is_day).take(SLACK_DAYS).collect();
    days.sort();
    match days.is_empty() {
        false => Ok(days),
        true => Err(Failure {
            exit: Exit::Usage,
            code: "file".into(),
            what: format!("{} has no file a day", channel.display()),
            help: "name the directory of one channel of an unpacked export".into(),
        }),
    }
}

/// How people are called, by their ids.
fn names(root: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let path = root.join("users.json");
    let mut names = BTreeMap::new();
    let file = File::open(&path).map_err(|error| unreadable(&path, &error))?;
    let called = |user: &Value| {
        let tried = ["/profile/display_name", "/profile/real_name", "/real_name", "/name"];
        let name = tried.iter().find_map(|at| user.pointer(at)?.as_str().filter(|name| !name.is_empty()));
        Some((user["id"].as_str()?.to_owned(), name?.to_owned()))
    };
    each(BufReader::new(file).by_ref(), &["users"], &mut |user| {
        names.extend(called(&user));
        names.len() < FOREIGN_PEOPLE
    })
    .map_err(|error| broken(&path, &error))?;
    Ok(names)
}

/// What a message says; nothing when it tells what happened, or has no words.
fn said(event: &Value, names: &BTreeMap<String, String>) -> Option<Option<Said>> {
    if event["type"].as_str()? != "message" {
        return Some(None);
    }
    let subtype = event["subtype"].as_str();
    if subtype.is_some_and(|subtype| !SAID.contains(&subtype)) {
        return Some(None);
    }
    let name = event["user"]
        .as_str()
        .map(|id| {
            names
                .get(id)
                .cloned()
                .or_else(|| Some(event.pointer("/user_profile/name")?.as_str()?.to_owned()))
                .unwrap_or_else(|| id.to_owned())
        })
        .or_else(|| event["username"].as_str().map(str::to_owned))
        .or_else(|| event["bot_id"].as_str().map(str::to_owned))?;
    let ts = event["ts"].as_str()?;
    let time_ms = milliseconds(ts)?;
    let mut text = plain(event["text"].as_str().unwrap_or_default(), names);
    if subtype == Some("me_message") {
        text = format!("* {name} {text}");
    }
    if event["thread_ts"].as_str().is_some_and(|thread| thread != ts) {
        text = format!("↳ {text}");
    }
    for file in event["files"].as_array().into_iter().flatten() {
        let name = file["name"].as_str().or_else(|| file["title"].as_str()).unwrap_or("unnamed");
        text = format!("{text} [file: {name}]").trim_start().to_owned();
    }
    Some((!text.is_empty()).then(|| Said { source: SOURCE.into(), name, time_ms, text }))
}

/// `1551535331.000200`: seconds, and what tells messages of one second apart.
fn milliseconds(ts: &str) -> Option<u64> {
    let (seconds, rest) = ts.split_once('.').unwrap_or((ts, "0"));
    let thousandths: String = rest.chars().chain("000".chars()).take(3).collect();
    seconds.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(thousandths.parse().ok()?)
}

/// Slack's markup as people read it: mentions and links by name, and the three signs that are escaped.
fn plain(text: &str, names: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('<') {
        out.push_str(before);
        let Some((inside, after)) = behind.split_once('>') else {
            out.push('<');
            rest = behind;
            continue;
        };
        out.push_str(&pointed(inside, names));
        rest = after;
    }
    out.push_str(rest);
    out.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// What stands between `<` and `>`.
fn pointed(inside: &str, names: &BTreeMap<String, String>) -> String {
    let (what, label) = inside.split_once('|').map_or((inside, None), |(what, label)| (what, Some(label)));
    let named = |sign: &str, name: Option<&str>| {
        let name = name.unwrap_or(&what[1..]);
        if name.starts_with(sign) { name.to_owned() } else { format!("{sign}{name}") }
    };
    match what.chars().next() {
        Some('@') => named("@", names.get(&what[1..]).map(String::as_str).or(label)),
        Some('#') => named("#", label),
        Some('!') => named("@", label.or_else(|| what[1..].split('^').next())),
        _ => match label {
            Some(label) if label != what => format!("{label} ({what})"),
            _ => what.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_words() {
        let names = BTreeMap::from([("U1".to_owned(), "alice".to_owned())]);
        let cases = [
            ("<@U1> hi", "@alice hi"),
            ("<@U9> and <@U9|bob>", "@U9 and @bob"),
            ("see <#C1|general> <!here> <!subteam^S1|@team>", "see #general @here @team"),
            ("<https://example.org|here>, <https://example.org>", "here (https://example.org), https://example.org"),
            ("1 &lt; 2 &amp;&amp; 3 &gt; 2, &amp;lt;", "1 < 2 && 3 > 2, &lt;"),
            ("open < end", "open < end"),
            ("<>", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text, &names), expected, "{text}");
        }
        assert_eq!(milliseconds("1551535331.000200"), Some(1_551_535_331_000));
        assert_eq!(milliseconds("1551535331.25"), Some(1_551_535_331_250));
        assert_eq!(milliseconds("soon"), None);
    }
}

//! A channel of a Slack export: a directory with a file a day and `users.json` in the one above, or one such file.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{BufReader, ErrorKind},
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{Failure, Out, Refused, Said, Stopped, broken_json, each_event, json::each, unreadable};
use crate::{
    commands::Progress,
    failure::Exit,
    limits::{FOREIGN_PEOPLE, SLACK_DAYS},
};

const SOURCE: &str = "Slack";

/// Subtypes of what somebody said; all others tell what happened.
const SAID: [&str; 7] =
    ["bot_message", "file_share", "me_message", "thread_broadcast", "file_comment", "reply_broadcast", "bot_add"];

pub(super) fn read(path: &Path, out: &mut Out, progress: &Progress) -> Result<(), Stopped> {
    let (days, root) = match path.is_dir() {
        true => {
            let (channel, root) = channel(path)?;
            (days(&channel)?, root)
        }
        false => (vec![path.to_owned()], above(&above(path)?)?),
    };
    let names = names(&root)?;
    let (mut at, mut refused) = (0, false);
    for day in days {
        // Slack leaves a file empty for a day without words.
        if fs::metadata(&day).map_err(|error| unreadable(&day, &error))?.len() == 0 {
            continue;
        }
        each_event(&day, &["messages"], progress, &mut |event| {
            at += 1;
            match said(&event, &names) {
                Told::Said(said) => refused = out.say(&said).is_err(),
                Told::LeftOut(why) => out.left_out(why),
                Told::Malformed => out.malformed(at),
            }
            !refused
        })?;
        if refused {
            return Err(Refused.into());
        }
    }
    Ok(())
}

fn above(path: &Path) -> Result<PathBuf, Failure> {
    let path = path.canonicalize().map_err(|error| unreadable(path, &error))?;
    Ok(path.parent().map(Path::to_owned).unwrap_or_default())
}

/// The directory of the channel, and that of the whole export.
fn channel(path: &Path) -> Result<(PathBuf, PathBuf), Failure> {
    if !path.join("users.json").is_file() {
        return Ok((path.to_owned(), above(path)?));
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

/// How people are called, by their ids. A single channel that somebody dumped has no list of them.
fn names(root: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let path = root.join("users.json");
    let mut names = BTreeMap::new();
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(names),
        Err(error) => return Err(unreadable(&path, &error)),
    };
    let called = |user: &Value| {
        let tried = ["/profile/display_name", "/profile/real_name", "/real_name", "/name"];
        let name = tried.iter().find_map(|at| user.pointer(at)?.as_str().filter(|name| !name.is_empty()));
        Some((user["id"].as_str()?.to_owned(), name?.to_owned()))
    };
    each(BufReader::new(file), &["users"], &mut |user| {
        names.extend(called(&user));
        names.len() < FOREIGN_PEOPLE
    })
    .map_err(|error| broken_json(&path, &error))?;
    Ok(names)
}

enum Told {
    Said(Said),
    /// It says nothing that could come along, and why.
    LeftOut(&'static str),
    Malformed,
}

/// What a message says.
fn said(event: &Value, names: &BTreeMap<String, String>) -> Told {
    match (event["type"].as_str(), event["subtype"].as_str()) {
        (None, _) => return Told::Malformed,
        (Some("message"), subtype) if subtype.is_none_or(|subtype| SAID.contains(&subtype)) => {}
        (Some("message"), Some("tombstone")) => return Told::LeftOut("taken back"),
        _ => return Told::LeftOut("who came, went and changed"),
    }
    let (Some(name), Some(ts)) = (name(event, names), event["ts"].as_str()) else { return Told::Malformed };
    let Some(time_ms) = milliseconds(ts) else { return Told::Malformed };
    let words = words(event, names);
    if words.is_empty() {
        return Told::LeftOut("without words");
    }
    let act = if event["subtype"] == "me_message" { format!("* {name} ") } else { String::new() };
    let in_thread = event["thread_ts"].as_str().is_some_and(|thread| thread != ts);
    let text = format!("{}{act}{words}", if in_thread { "↳ " } else { "" });
    Told::Said(Said { source: SOURCE.into(), name, time_ms, text })
}

/// Who said it, as far as the export tells.
fn name(event: &Value, names: &BTreeMap<String, String>) -> Option<String> {
    let told = |at: &str| event.pointer(at)?.as_str().filter(|name| !name.is_empty()).map(str::to_owned);
    let profile = ["/user_profile/display_name", "/user_profile/real_name", "/user_profile/name"];
    let by_id = |id: &str| {
        names.get(id).cloned().or_else(|| profile.iter().find_map(|at| told(at))).unwrap_or_else(|| id.to_owned())
    };
    let user = event["user"].as_str().map(by_id);
    user.or_else(|| ["/username", "/bot_profile/name", "/bot_id"].iter().find_map(|at| told(at)))
}

/// All words of a message, a piece a line, none twice: its text, its blocks, attachments and files.
fn words(event: &Value, names: &BTreeMap<String, String>) -> String {
    let mut pieces = Vec::new();
    pieces.extend(event["text"].as_str().map(|text| plain(text, names)));
    // What is written in blocks usually stands in the text too, with its markup.
    if pieces.iter().all(|piece| piece.trim().is_empty()) {
        pieces.extend(list(&event["blocks"]).map(|block| block_words(block, names)));
    }
    for attachment in list(&event["attachments"]) {
        let own = ["pretext", "title", "title_link", "text"].iter().filter_map(|at| attachment[*at].as_str());
        let mut own: Vec<String> = own.map(|text| plain(text, names)).collect();
        for field in list(&attachment["fields"]) {
            let part = |at: &str| plain(field[at].as_str().unwrap_or_default(), names);
            own.push(format!("{}: {}", part("title"), part("value")));
        }
        own.extend(list(&attachment["blocks"]).map(|block| block_words(block, names)));
        if own.iter().all(|text| text.trim().is_empty()) {
            own.extend(attachment["fallback"].as_str().map(|text| plain(text, names)));
        }
        pieces.extend(own);
    }
    for file in list(&event["files"]).chain(event.get("file")) {
        let name = file["name"].as_str().or_else(|| file["title"].as_str()).unwrap_or("unnamed");
        let link = ["permalink", "url_private"].iter().find_map(|at| file[*at].as_str());
        let file = link.map_or_else(|| format!("[file: {name}]"), |link| format!("[file: {name}] {link}"));
        match pieces.last_mut() {
            Some(words) => *words = format!("{words} {file}").trim_start().to_owned(),
            None => pieces.push(file),
        }
    }
    let mut seen = BTreeSet::new();
    let new = pieces.iter().map(|piece| piece.trim()).filter(|piece| !piece.is_empty() && seen.insert(*piece));
    new.collect::<Vec<_>>().join("\n")
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The words of a block, and of what it is made of.
fn block_words(block: &Value, names: &BTreeMap<String, String>) -> String {
    let user = |id: &str| format!("@{}", names.get(id).map_or(id, String::as_str));
    let own = match (block["type"].as_str().unwrap_or_default(), &block["text"]) {
        ("link", Value::String(label)) => format!("{label} ({})", block["url"].as_str().unwrap_or_default()),
        ("link", _) => block["url"].as_str().unwrap_or_default().to_owned(),
        ("user", _) => user(block["user_id"].as_str().unwrap_or_default()),
        ("emoji", _) => format!(":{}:", block["name"].as_str().unwrap_or_default()),
        ("image", _) => block["alt_text"].as_str().unwrap_or_default().to_owned(),
        (_, Value::String(text)) => plain(text, names),
        (_, text) => plain(text["text"].as_str().unwrap_or_default(), names),
    };
    let parts = ["elements", "fields"].iter().flat_map(|at| list(&block[*at])).map(|part| block_words(part, names));
    // A list and the lines of a block stand below each other, what is in a line beside.
    let between = if ["rich_text", "rich_text_list", "context"].contains(&block["type"].as_str().unwrap_or_default()) {
        "\n"
    } else {
        ""
    };
    std::iter::once(own).chain(parts).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(between)
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

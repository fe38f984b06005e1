//! A channel of a Slack export: a directory with a file for each day and `users.json` in its parent, or one such file.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{BufReader, ErrorKind},
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    Failure, Out, Said, Stopped, Verdict, broken_json, each_event, first, guess::is_day, json::each, list,
    sorted::Sorted, unreadable, wrong,
};
use crate::{
    limits::{FOREIGN_PEOPLE, SLACK_DAYS},
    progress::Progress,
};

const SOURCE: &str = "Slack";

/// Beginnings of the subtypes of events; all other subtypes are messages.
const EVENTS: [&str; 16] = [
    "channel_",
    "group_",
    "bot_add",
    "bot_remove",
    "bot_enable",
    "bot_disable",
    "pinned_item",
    "unpinned_item",
    "joiner_notification",
    "reminder_",
    "sh_room_",
    "huddle_",
    "app_conversation_",
    "message_changed",
    "message_deleted",
    "message_replied",
];

/// Blocks of a message that are compared with its text: as many as Slack allows.
const BLOCKS: usize = 50;

pub(super) fn read(path: &Path, out: &mut Out, progress: &Progress) -> Result<(), Stopped> {
    let (days, roots) = match path.is_dir() {
        true => {
            let (channel, root) = channel(path)?;
            (days(&channel, out)?, vec![root])
        }
        false => {
            let beside = above(path)?;
            (vec![path.to_owned()], vec![above(&beside)?, beside])
        }
    };
    let names = names(&roots)?;
    if path.is_dir() {
        days.iter().filter_map(|day| day.metadata().ok()).for_each(|found| progress.more(found.len()));
    }
    let is_one = days.len() == 1;
    for day in days {
        match read_day(&day, &names, out, progress) {
            // An unreadable day does not stop the import of the others.
            Err(Stopped::Failed(failure)) if !is_one => out.pass_over(failure),
            read => read?,
        }
    }
    Ok(())
}

fn read_day(day: &Path, names: &Names, out: &mut Out, progress: &Progress) -> Result<(), Stopped> {
    // Slack writes an empty file for a day without messages.
    if fs::metadata(day).map_err(|error| unreadable(day, &error))?.len() < 2 {
        return Ok(());
    }
    let mut sorted = Sorted::default();
    let read = each_event(day, &["messages"], out, progress, &mut |out, at, event| {
        let replies = list(&event.value["slackdump_thread_replies"]);
        for event in std::iter::once(&event.value).chain(replies) {
            out.left_out_all("reactions", list(&event["reactions"]).count());
            match said(event, names) {
                Verdict::Said(said) => sorted.say(said, out)?,
                Verdict::LeftOut(why) => out.left_out(why),
                Verdict::Malformed => out.malformed(at),
            }
        }
        Ok(())
    });
    // Messages before the point where a file breaks off are kept.
    sorted.finish(out)?;
    read
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
        several => {
            let named = several.iter().take(8).map(name).collect::<Vec<_>>().join(", ");
            let what = format!("{} has {} channels", path.display(), several.len());
            Err(wrong("channel", what, format!("name the directory of one of them: {named}")))
        }
    }
}

/// The files of a channel, oldest first; their names are dates.
fn days(channel: &Path, out: &mut Out) -> Result<Vec<PathBuf>, Failure> {
    let inside = fs::read_dir(channel).map_err(|error| unreadable(channel, &error))?;
    let is_json = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
    let mut days: Vec<PathBuf> =
        inside.flatten().map(|entry| entry.path()).filter(is_json).take(SLACK_DAYS + 1).collect();
    days.sort();
    if days.len() > SLACK_DAYS {
        let what = format!("{} has more than {SLACK_DAYS} files", channel.display());
        return Err(wrong("file", what, "part it into several directories"));
    }
    // The directory also has lists of canvases and pins.
    if days.iter().any(|day| is_day(day)) {
        let all = days.len();
        days.retain(|day| is_day(day));
        out.left_out_all("files without a date", all - days.len());
    }
    match days.is_empty() {
        false => Ok(days),
        true => Err(wrong(
            "file",
            format!("{} has no file a day", channel.display()),
            "name the directory of one channel of an unpacked export",
        )),
    }
}

/// Names of people, by their ids.
type Names = BTreeMap<String, String>;

/// Reads the names from the first list of people. The dump of a single channel has none.
fn names(roots: &[PathBuf]) -> Result<Names, Failure> {
    let mut names = Names::from([("USLACKBOT".to_owned(), "Slackbot".to_owned())]);
    let lists = roots.iter().flat_map(|root| ["users.json", "org_users.json"].map(|list| root.join(list)));
    for path in lists {
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(unreadable(&path, &error)),
        };
        each(BufReader::new(file), &["users", "members"], &mut |user| {
            let user = user.value;
            let tried = ["/profile/display_name", "/profile/real_name", "/real_name", "/name"];
            names.extend(
                first(&user, &["/id"]).zip(first(&user, &tried)).map(|(id, name)| (id.to_owned(), name.to_owned())),
            );
            names.len() < FOREIGN_PEOPLE
        })
        .map_err(|error| broken_json(&path, &error))?;
    }
    Ok(names)
}

/// Reads a message.
fn said(event: &Value, names: &Names) -> Verdict {
    let ts = match &event["ts"] {
        Value::String(ts) => ts.clone(),
        Value::Number(ts) => ts.to_string(),
        _ => return if event["type"].is_string() && event["type"] != "message" { OTHER } else { Verdict::Malformed },
    };
    match (event["type"].as_str(), event["subtype"].as_str()) {
        (Some("message") | None, Some("tombstone")) => return Verdict::LeftOut("taken back"),
        (Some("message") | None, Some(subtype)) if EVENTS.iter().any(|event| subtype.starts_with(event)) => {
            return OTHER;
        }
        (Some("message") | None, _) => {}
        _ => return OTHER,
    }
    let (Some(name), Some(time_ms)) = (name(event, names), milliseconds(&ts)) else { return Verdict::Malformed };
    let words = words(event, names);
    if words.is_empty() {
        return Verdict::LeftOut("without text");
    }
    let act = if event["subtype"] == "me_message" { format!("* {name} ") } else { String::new() };
    let in_thread = event["thread_ts"].as_str().is_some_and(|thread| thread != ts);
    let text = format!("{}{act}{words}", if in_thread { "↳ " } else { "" });
    Verdict::Said(Said { source: SOURCE.into(), name, time_ms, text })
}

const OTHER: Verdict = Verdict::LeftOut("joins, leaves and other changes");

/// The speaker, as far as the export names one.
fn name(event: &Value, names: &Names) -> Option<String> {
    let told = |at: &[&str]| first(event, at).map(str::to_owned);
    let own = || told(&["/username", "/bot_profile/name"]);
    let profile = ["/user_profile/display_name", "/user_profile/real_name", "/user_profile/name"];
    let by_id = || {
        let id = first(event, &["/user", "/comment/user", "/file/user", "/bot_id"])?;
        let known = names.get(id).cloned().or_else(|| told(&profile)).or_else(own);
        Some(known.unwrap_or_else(|| id.to_owned()))
    };
    // A bot may post under another name.
    if event["subtype"] == "bot_message" { own().or_else(by_id) } else { by_id().or_else(own) }
}

/// All words of a message, one piece a line, without repetition: its text, blocks, attachments and files.
fn words(event: &Value, names: &Names) -> String {
    let mut pieces: Vec<String> = event["text"].as_str().map(|text| plain(text, names)).into_iter().collect();
    pieces.extend(first(event, &["/comment/comment"]).map(|text| plain(text, names)));
    // The text repeats the blocks of people, with its markup; blocks of bots may differ from it.
    let bare = |text: &str| -> String { text.chars().filter(|char| char.is_alphanumeric()).collect() };
    let text = bare(&pieces.concat());
    let by_bot = event["bot_id"].is_string() || event["subtype"] == "bot_message";
    for (at, block) in list(&event["blocks"]).enumerate() {
        let is_repeat = || !text.is_empty() && !by_bot && block["type"] == "rich_text";
        let words = block_words(block, names);
        if !is_repeat() && (at >= BLOCKS || !text.contains(&bare(&words)) || text.is_empty()) {
            pieces.push(words);
        }
    }
    for attachment in list(&event["attachments"]) {
        pieces.extend(attached(attachment, names));
    }
    for file in list(&event["files"]).chain(event.get("file")) {
        let name = first(file, &["/name", "/title"]).unwrap_or("unnamed");
        let link = first(file, &["/permalink", "/url_private", "/permalink_public"]);
        let named = link.map_or_else(|| format!("[file: {name}]"), |link| format!("[file: {name}] {link}"));
        match pieces.last_mut() {
            Some(words) => *words = format!("{words} {named}").trim_start().to_owned(),
            None => pieces.push(named),
        }
        let inside = ["/initial_comment/comment", "/plain_text", "/preview"];
        pieces.extend(first(file, &inside).map(|text| plain(text, names)));
    }
    let mut seen = BTreeSet::new();
    let new = pieces.iter().map(|piece| piece.trim()).filter(|piece| !piece.is_empty() && seen.insert(*piece));
    new.collect::<Vec<_>>().join("\n")
}

/// The attachments: words of a bot, or the preview of a link.
fn attached(attachment: &Value, names: &Names) -> Vec<String> {
    let words = ["/pretext", "/author_name", "/title", "/title_link", "/text"];
    let own = words.iter().filter_map(|at| first(attachment, &[*at]));
    let mut own: Vec<String> = own.map(|text| plain(text, names)).collect();
    for field in list(&attachment["fields"]) {
        let part = |at: &str| plain(field[at].as_str().unwrap_or_default(), names);
        own.push(format!("{}: {}", part("title"), part("value")));
    }
    own.extend(list(&attachment["blocks"]).map(|block| block_words(block, names)));
    for message in list(&attachment["message_blocks"]) {
        own.extend(list(&message["message"]["blocks"]).map(|block| block_words(block, names)));
    }
    if own.iter().all(|text| text.trim().is_empty()) {
        own.extend(first(attachment, &["/fallback"]).map(|text| plain(text, names)));
    }
    if own.is_empty() {
        own.extend(first(attachment, &["/image_url", "/from_url", "/original_url"]).map(str::to_owned));
    }
    own.extend(first(attachment, &["/footer"]).map(|text| plain(text, names)));
    let files = list(&attachment["files"]).filter_map(|file| first(file, &["/name", "/title"]));
    own.extend(files.map(|name| format!("[file: {name}]")));
    own
}

/// The words of a block and its elements.
fn block_words(block: &Value, names: &Names) -> String {
    let kind = block["type"].as_str().unwrap_or_default();
    let text = |at: &str| block[at].as_str().unwrap_or_default().to_owned();
    let user = |id: &str| format!("@{}", names.get(id).map_or(id, String::as_str));
    let own = match (kind, &block["text"]) {
        ("link", Value::String(label)) => format!("{label} ({})", text("url")),
        ("link", _) => text("url"),
        ("user", _) => user(&text("user_id")),
        ("usergroup" | "team" | "broadcast", _) => {
            format!("@{}", first(block, &["/range", "/usergroup_id", "/team_id"]).unwrap_or_default())
        }
        ("channel", _) => format!("#{}", text("channel_id")),
        ("date", _) => text("fallback"),
        ("emoji", _) => format!(":{}:", text("name")),
        ("image", _) => {
            let titled = [first(block, &["/title/text"]), first(block, &["/alt_text"])];
            titled.into_iter().flatten().collect::<Vec<_>>().join(" ")
        }
        ("video", _) => first(block, &["/title/text", "/alt_text"]).unwrap_or_default().to_owned(),
        // Markdown, headings and sections have their text in a field or in a nested field.
        (_, Value::String(text)) => plain(text, names),
        (_, text) => plain(text["text"].as_str().unwrap_or_default(), names),
    };
    let parts = ["elements", "fields", "rows"].iter().flat_map(|at| list(&block[*at]));
    let parts = parts.map(|part| match part {
        Value::Array(cells) => cells.iter().map(|cell| block_words(cell, names)).collect::<Vec<_>>().join(" | "),
        part => block_words(part, names),
    });
    let accessory = block.get("accessory").map(|part| block_words(part, names));
    let label = if kind == "section" || kind == "actions" || !block["elements"].is_array() { "\n" } else { "" };
    // Lists and the lines of a block are joined by newlines, elements of one line by nothing.
    let below = ["rich_text", "rich_text_list", "context", "table"].contains(&kind);
    let between = if below { "\n" } else { label };
    std::iter::once(own).chain(parts).chain(accessory).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(between)
}

/// `1551535331.000200`: seconds, and a number that distinguishes messages of one second.
fn milliseconds(ts: &str) -> Option<u64> {
    let (seconds, rest) = ts.split_once('.').unwrap_or((ts, "0"));
    let thousandths: String = rest.chars().chain("000".chars()).take(3).collect();
    seconds.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(thousandths.parse().ok()?)
}

/// Slack's markup as readable text: mentions and links by name, and the three escaped signs decoded.
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

/// Reads the markup between `<` and `>`.
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

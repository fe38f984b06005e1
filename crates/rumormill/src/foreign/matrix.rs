//! Events of a Matrix room: Element's export, what the API gives (`/messages`, `/sync`, a list by itself), or one event a
//! line.
//!
//! Two walks: the first finds names, what was changed and what was taken back, the second tells what was said.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::Value;

use super::{Failure, Out, Refused, Said, Stopped, each_event};
use crate::{
    commands::Progress,
    failure::Exit,
    limits::{FOREIGN_CHANGES, FOREIGN_PEOPLE, FOREIGN_SORTED},
};

const SOURCE: &str = "Matrix";
const LISTS: [&str; 3] = ["messages", "chunk", "events"];

pub(super) fn read(path: &Path, out: &mut Out, progress: &Progress) -> Result<(), Stopped> {
    let mut known = Known::default();
    each_event(path, &LISTS, progress, &mut |event| {
        known.learn(&event);
        true
    })?;
    if known.rooms.len() > 1 {
        return Err(Stopped::Failed(Failure {
            exit: Exit::Usage,
            code: "file".into(),
            what: format!("{} holds events of {} rooms", path.display(), known.rooms.len()),
            help: "keep those of one room, and import that".into(),
        }));
    }
    let (mut gathered, mut at, mut refused) = (Vec::new(), 0, false);
    each_event(path, &LISTS, progress, &mut |event| {
        at += 1;
        match known.said(&event) {
            Told::Said(said) if known.newest_first => gathered.push(said),
            Told::Said(said) => refused = out.say(&said).is_err(),
            Told::LeftOut(why) => out.left_out(why),
            Told::Malformed => out.malformed(at),
        }
        !refused && gathered.len() <= FOREIGN_SORTED
    })?;
    if gathered.len() > FOREIGN_SORTED {
        return Err(Stopped::Failed(Failure {
            exit: Exit::Usage,
            code: "file".into(),
            what: format!("{} has more than {FOREIGN_SORTED} events, the newest first", path.display()),
            help: "let the oldest come first, or part it into several files".into(),
        }));
    }
    gathered.iter().rev().try_for_each(|said| out.say(said))?;
    if refused { Err(Refused.into()) } else { Ok(()) }
}

/// What the first walk finds.
#[derive(Default)]
struct Known {
    names: BTreeMap<String, String>,
    /// By the event that was changed: when last, and how it reads.
    changes: BTreeMap<String, (u64, String)>,
    gone: BTreeSet<String>,
    /// Rooms that events name.
    rooms: BTreeSet<String>,
    first_ms: Option<u64>,
    newest_first: bool,
}

enum Told {
    Said(Said),
    /// It says nothing that could come along, and why.
    LeftOut(&'static str),
    Malformed,
}

fn text<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    value.pointer(path)?.as_str()
}

impl Known {
    fn learn(&mut self, event: &Value) {
        let ms = event["origin_server_ts"].as_u64();
        if let (Some(first_ms), Some(ms)) = (self.first_ms, ms) {
            self.newest_first = ms < first_ms;
        }
        self.first_ms = self.first_ms.or(ms);
        if let Some(room) = event["room_id"].as_str()
            && self.rooms.len() < 2
        {
            self.rooms.insert(room.to_owned());
        }
        match event["type"].as_str() {
            Some("m.room.member") => {
                let name = text(event, "/content/displayname").filter(|name| !name.is_empty());
                if let (Some(who), Some(name)) = (event["state_key"].as_str(), name)
                    && self.names.len() < FOREIGN_PEOPLE
                {
                    self.names.insert(who.to_owned(), name.to_owned());
                }
            }
            Some("m.room.redaction") => {
                let of = event["redacts"].as_str().or_else(|| text(event, "/content/redacts"));
                if let Some(of) = of.filter(|_| self.gone.len() < FOREIGN_CHANGES) {
                    self.gone.insert(of.to_owned());
                }
            }
            Some("m.room.message") => {
                if let (Some(of), Some(body), Some(ms)) =
                    (replaced(event), text(event, "/content/m.new_content/body"), ms)
                    && self.changes.len() < FOREIGN_CHANGES
                    && self.changes.get(of).is_none_or(|(last_ms, _)| *last_ms <= ms)
                {
                    self.changes.insert(of.to_owned(), (ms, body.to_owned()));
                }
            }
            _ => {}
        }
    }

    fn said(&self, event: &Value) -> Told {
        let Some(kind) = event["type"].as_str() else { return Told::Malformed };
        let content = &event["content"];
        let id = event["event_id"].as_str().unwrap_or_default();
        let body = match kind {
            "m.room.message" | "m.sticker" => content["body"].as_str().map(str::to_owned),
            "m.poll.start" | "org.matrix.msc3381.poll.start" => poll(content),
            "m.room.encrypted" => return Told::LeftOut("encrypted, without the key in the file"),
            "m.room.member" => return Told::LeftOut("who came, went and changed"),
            "m.reaction" => return Told::LeftOut("reactions"),
            "m.room.redaction" => return Told::LeftOut("that something was taken back"),
            _ => return Told::LeftOut("settings of the room, calls and what is no message"),
        };
        let is_empty = content.as_object().is_some_and(serde_json::Map::is_empty);
        if is_empty || event.pointer("/unsigned/redacted_because").is_some() || self.gone.contains(id) {
            return Told::LeftOut("taken back");
        }
        if replaced(event).is_some() {
            return Told::LeftOut("edits, whose text came along with what they edit");
        }
        let (Some(who), Some(time_ms), Some(body)) =
            (event["sender"].as_str(), event["origin_server_ts"].as_u64(), body)
        else {
            return Told::Malformed;
        };
        let body = self.changes.get(id).map_or(body, |(_, body)| body.clone());
        let relation = &content["m.relates_to"];
        let answers = relation.get("m.in_reply_to").is_some() && relation["is_falling_back"] != true;
        let body = if answers { without_fallback(&body) } else { &body };
        let name = self.name(who);
        let said = match content["msgtype"].as_str() {
            Some("m.emote") => format!("* {name} {body}"),
            Some("m.text" | "m.notice") => body.to_owned(),
            None if kind == "m.sticker" => format!("[sticker: {body}]"),
            None => body.to_owned(),
            Some(kind) => format!("[{}: {body}]", kind.trim_start_matches("m.")),
        };
        let in_thread = relation["rel_type"] == "m.thread";
        let text = if in_thread { format!("↳ {said}") } else { said };
        Told::Said(Said { source: SOURCE.into(), name, time_ms, text })
    }

    /// How somebody is called, or else the name before the server's in `@alice:example.org`.
    fn name(&self, who: &str) -> String {
        let local = || who.trim_start_matches('@').split(':').next().unwrap_or(who).to_owned();
        self.names.get(who).cloned().unwrap_or_else(local)
    }
}

/// The question of a poll and its answers, in either of the forms that clients write.
fn poll(content: &Value) -> Option<String> {
    let poll = ["m.poll", "m.poll.start", "org.matrix.msc3381.poll.start"].iter().find_map(|at| content.get(*at))?;
    let words = |value: &Value| {
        let plain = ["org.matrix.msc1767.text", "body"].iter().find_map(|at| value.get(*at)?.as_str());
        plain.or_else(|| text(value, "/m.text/0/body")).or_else(|| value["m.text"].as_str()).map(str::to_owned)
    };
    let answers = poll["answers"].as_array().into_iter().flatten().filter_map(words);
    let question = words(&poll["question"])?;
    Some(answers.fold(format!("[poll] {question}"), |poll, answer| format!("{poll}\n- {answer}")))
}

/// The event that an event changes.
fn replaced(event: &Value) -> Option<&str> {
    let relation = event.pointer("/content/m.relates_to")?;
    if relation["rel_type"] == "m.replace" { relation["event_id"].as_str() } else { None }
}

/// A reply without the lines by which old clients repeat what it answers. They begin with who said that; what the
/// author quotes stays.
fn without_fallback(body: &str) -> &str {
    if !["> <", "> * <"].iter().any(|begin| body.starts_with(begin)) {
        return body;
    }
    let mut rest = body;
    while rest.starts_with('>') {
        let Some((_, below)) = rest.split_once('\n') else { return body };
        rest = below;
    }
    rest.trim_start_matches('\n')
}

//! Events of a Matrix room: Element's export, or what the API gives (`chunk`, or a list by itself).
//!
//! Two walks: the first finds names, what was changed and what was taken back, the second tells what was said.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::BufReader,
    path::Path,
};

use serde_json::Value;

use super::{Failure, Refused, Said, Sink, Stopped, Tally, json::each, open, unreadable};
use crate::{
    commands::Progress,
    failure::Exit,
    limits::{FOREIGN_CHANGES, FOREIGN_PEOPLE, FOREIGN_SORTED},
};

const SOURCE: &str = "Matrix";

pub(super) fn read(path: &Path, sink: &mut Sink, progress: &Progress) -> Result<Tally, Stopped> {
    let mut known = Known::default();
    walk(path, progress, &mut |event| {
        known.learn(&event);
        true
    })?;
    let (mut tally, mut at) = (Tally::new("events"), 0);
    let mut gathered: Vec<Said> = Vec::new();
    let mut refused = None;
    walk(path, progress, &mut |event| {
        at += 1;
        let said = match known.said(&event) {
            Told::Said(said) => said,
            Told::Sealed => {
                tally.unreadable += 1;
                return true;
            }
            Told::Malformed => {
                tally.malformed(at);
                return true;
            }
            Told::Nothing => return true,
        };
        if known.newest_first {
            gathered.push(said);
            return gathered.len() <= FOREIGN_SORTED;
        }
        refused = sink.say(&said).err();
        refused.is_none()
    })?;
    if gathered.len() > FOREIGN_SORTED {
        return Err(Stopped::Failed(Failure {
            exit: Exit::Usage,
            code: "file".into(),
            what: format!("{} has more than {FOREIGN_SORTED} events, the newest first", path.display()),
            help: "let the oldest come first, or part it into several files".into(),
        }));
    }
    gathered.iter().rev().try_for_each(|said| sink.say(said))?;
    refused.map_or(Ok(tally), |Refused| Err(Stopped::Refused))
}

fn walk(path: &Path, progress: &Progress, visit: &mut dyn FnMut(Value) -> bool) -> Result<(), Stopped> {
    let input = BufReader::new(open(path, progress)?);
    each(input, &["messages", "chunk"], visit).map_err(|error| {
        let broken = || Failure {
            exit: Exit::Usage,
            code: "file".into(),
            what: format!("{}: {error}", path.display()),
            help: "this must be JSON: a list of events, or an object with one".into(),
        };
        Stopped::Failed(match error.io_error_kind() {
            Some(std::io::ErrorKind::Other) | None => broken(),
            Some(kind) => unreadable(path, &kind.into()),
        })
    })
}

/// What the first walk finds.
#[derive(Default)]
struct Known {
    names: BTreeMap<String, String>,
    /// By the event that was changed: when last, and how it reads.
    changes: BTreeMap<String, (u64, String)>,
    gone: BTreeSet<String>,
    first_ms: Option<u64>,
    newest_first: bool,
}

enum Told {
    Said(Said),
    /// Encrypted, and the keys are not in the file.
    Sealed,
    Malformed,
    Nothing,
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
        match event["type"].as_str() {
            Some("m.room.message") => {}
            Some("m.room.encrypted") => return Told::Sealed,
            Some(_) => return Told::Nothing,
            None => return Told::Malformed,
        }
        let content = &event["content"];
        let id = event["event_id"].as_str().unwrap_or_default();
        let taken_back = content.as_object().is_some_and(serde_json::Map::is_empty)
            || event.pointer("/unsigned/redacted_because").is_some()
            || self.gone.contains(id);
        if taken_back || replaced(event).is_some() {
            return Told::Nothing;
        }
        let (Some(who), Some(time_ms), Some(body)) =
            (event["sender"].as_str(), event["origin_server_ts"].as_u64(), content["body"].as_str())
        else {
            return Told::Malformed;
        };
        let body = self.changes.get(id).map_or(body, |(_, body)| body);
        let answers = content.pointer("/m.relates_to/m.in_reply_to").is_some();
        let body = if answers { without_quote(body) } else { body };
        let name = self.name(who);
        let text = match content["msgtype"].as_str() {
            Some("m.text" | "m.notice") | None => body.to_owned(),
            Some("m.emote") => format!("* {name} {body}"),
            Some(kind) => format!("[{}: {body}]", kind.trim_start_matches("m.")),
        };
        Told::Said(Said { source: SOURCE.into(), name, time_ms, text })
    }

    /// How somebody is called, or else the name before the server's in `@alice:example.org`.
    fn name(&self, who: &str) -> String {
        let local = || who.trim_start_matches('@').split(':').next().unwrap_or(who).to_owned();
        self.names.get(who).cloned().unwrap_or_else(local)
    }
}

/// The event that an event changes.
fn replaced(event: &Value) -> Option<&str> {
    let relation = event.pointer("/content/m.relates_to")?;
    if relation["rel_type"] == "m.replace" { relation["event_id"].as_str() } else { None }
}

/// A reply without the lines that repeat what it answers.
fn without_quote(body: &str) -> &str {
    let mut rest = body;
    while rest.starts_with("> ") {
        let Some((_, below)) = rest.split_once('\n') else { return body };
        rest = below;
    }
    rest.trim_start_matches('\n')
}

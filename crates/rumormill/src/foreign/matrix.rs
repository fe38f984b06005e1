//! Events of a Matrix room: Element's export, answers of the API (`/messages`, `/sync`, a plain list), or one event a
//! line.
//!
//! Two passes: the first finds names, edits and redactions, the second reads the messages.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::Value;

use super::{Event, Out, Said, Stopped, Verdict, asked, each_event, first, list, sorted::Sorted, wrong};
use crate::{
    limits::{FOREIGN_CHANGES, FOREIGN_CHANGES_BYTES, FOREIGN_PEOPLE},
    progress::Progress,
};

const SOURCE: &str = "Matrix";
const LISTS: [&str; 5] = ["messages", "chunk", "events", "events_before", "events_after"];

pub(super) fn read(path: &Path, out: &mut Out, progress: &Progress) -> Result<(), Stopped> {
    let mut known = Known::default();
    each_event(path, &LISTS, out, progress, &mut |_, _, event| {
        known.learn(&event);
        Ok(())
    })?;
    if known.rooms.len() > 1 {
        let what = format!("{} holds messages of several rooms", path.display());
        return Err(wrong("file", what, "keep those of one room, and import that").into());
    }
    let mut sorted = Sorted::default();
    each_event(path, &LISTS, out, progress, &mut |out, at, event| {
        match known.told(&event.value) {
            Verdict::Said(said) => sorted.say(said, out)?,
            Verdict::LeftOut(why) => out.left_out(why),
            Verdict::Malformed => out.malformed(at),
        }
        Ok(())
    })?;
    // The edited message was sent before the file begins, so only its final text is left.
    for said in std::mem::take(&mut known.changes).into_values().filter(|change| !change.used) {
        out.left_out_back(EDITS);
        sorted.say(said.said, out)?;
    }
    sorted.finish(out)
}

const EDITS: &str = "edits, whose text is in the edited message";

/// The results of the first pass.
#[derive(Default)]
struct Known {
    names: BTreeMap<String, String>,
    /// Edits by the edited event.
    changes: BTreeMap<String, Change>,
    /// Bytes of the texts of the edits.
    bytes: usize,
    gone: BTreeSet<String>,
    /// Rooms that have messages.
    rooms: BTreeSet<String>,
}

/// The final text of an edited message.
struct Change {
    said: Said,
    who: String,
    /// The event of the edit.
    by: String,
    used: bool,
}

/// Kinds of events that contain somebody's words.
const SAID: [&str; 6] = [
    "m.room.message",
    "m.sticker",
    "m.message",
    "org.matrix.msc1767.message",
    "m.poll.start",
    "org.matrix.msc3381.poll.start",
];

impl Known {
    fn learn(&mut self, event: &Event) {
        let Event { value: event, room, .. } = event;
        match event["type"].as_str() {
            Some("m.room.member") => {
                let who = first(event, &["/state_key", "/sender"]);
                if let (Some(who), Some(name)) = (who, first(event, &["/content/displayname"]))
                    && self.names.len() < FOREIGN_PEOPLE
                {
                    self.names.insert(who.to_owned(), name.to_owned());
                }
            }
            Some("m.room.redaction") => {
                let of = first(event, &["/redacts", "/content/redacts"]);
                if let Some(of) = of.filter(|_| self.gone.len() < FOREIGN_CHANGES) {
                    self.gone.insert(of.to_owned());
                }
            }
            Some(kind) if SAID.contains(&kind) => {
                let room = first(event, &["/room_id"]).or(room.as_deref());
                self.rooms.extend(room.filter(|_| self.rooms.len() < 2).map(str::to_owned));
                self.learn_change(event);
            }
            _ => {}
        }
    }

    fn learn_change(&mut self, event: &Value) {
        let Some(of) = replaced(event) else { return };
        let Some((said, who)) = self.said(event, &event["content"]["m.new_content"]) else { return };
        let before = self.changes.get(of).map(|change| (change.said.time_ms, change.said.text.len()));
        let bytes = self.bytes - before.map_or(0, |(_, bytes)| bytes) + said.text.len();
        let fits = bytes <= FOREIGN_CHANGES_BYTES && (before.is_some() || self.changes.len() < FOREIGN_CHANGES);
        if fits && before.is_none_or(|(ms, _)| ms <= said.time_ms) {
            self.bytes = bytes;
            let by = event["event_id"].as_str().unwrap_or_default().to_owned();
            self.changes.insert(of.to_owned(), Change { said, who, by, used: false });
        }
    }

    fn told(&mut self, event: &Value) -> Verdict {
        let Some(kind) = event["type"].as_str() else { return Verdict::Malformed };
        match kind {
            _ if SAID.contains(&kind) => {}
            "m.room.encrypted" => return Verdict::LeftOut("encrypted, without the key in the file"),
            "m.room.member" => return Verdict::LeftOut("joins, leaves and other changes"),
            "m.reaction" => return Verdict::LeftOut("reactions"),
            "m.room.redaction" => return Verdict::LeftOut("retractions"),
            _ if kind.contains("poll.") => return Verdict::LeftOut("votes"),
            _ => return Verdict::LeftOut("settings of the room, calls and other events"),
        }
        let content = &event["content"];
        let id = event["event_id"].as_str().unwrap_or_default();
        let is_empty = content.as_object().is_some_and(serde_json::Map::is_empty);
        if is_empty || event.pointer("/unsigned/redacted_because").is_some() || self.gone.contains(id) {
            return Verdict::LeftOut("taken back");
        }
        match content["msgtype"].as_str() {
            Some("m.bad.encrypted") => return Verdict::LeftOut("encrypted, without the key in the file"),
            Some("m.key.verification.request") => {
                return Verdict::LeftOut("settings of the room, calls and other events");
            }
            _ => {}
        }
        if let Some(of) = replaced(event) {
            // An edit beyond the bound becomes a message of its own.
            return match (self.changes.contains_key(of), self.said(event, &content["m.new_content"])) {
                (true, _) => Verdict::LeftOut(EDITS),
                (false, Some((said, _))) => Verdict::Said(said),
                (false, None) => Verdict::Malformed,
            };
        }
        let Some((said, who)) = self.said(event, content) else { return Verdict::Malformed };
        match self.changes.get_mut(id) {
            Some(change) if change.who == who && !self.gone.contains(&change.by) => {
                change.used = true;
                Verdict::Said(Said { text: change.said.text.clone(), ..said })
            }
            Some(change) if change.who == who => {
                change.used = true;
                Verdict::Said(said)
            }
            _ => Verdict::Said(said),
        }
    }

    /// The message of an event with this content, and its speaker.
    fn said(&self, event: &Value, content: &Value) -> Option<(Said, String)> {
        let kind = event["type"].as_str()?;
        let (who, time_ms) = (event["sender"].as_str()?, event["origin_server_ts"].as_u64()?);
        let body = if kind.contains("poll.start") { poll(content)? } else { words(content)?.to_owned() };
        let relation = &event["content"]["m.relates_to"];
        let answers = relation.get("m.in_reply_to").is_some() && relation["is_falling_back"] != true;
        let body = if answers { without_fallback(&body) } else { &body };
        let name = self.name(who);
        let said = match content["msgtype"].as_str() {
            Some("m.emote") => format!("* {name} {body}"),
            Some("m.text" | "m.notice") => body.to_owned(),
            None if kind == "m.sticker" => format!("[sticker: {body}]"),
            None => body.to_owned(),
            Some(kind) => {
                let kind = kind.trim_start_matches("m.");
                // The caption of a picture is in the field that formerly held its name.
                match first(content, &["/filename"]).filter(|file| *file != body) {
                    Some(file) => format!("[{kind}: {file}] {body}"),
                    None => format!("[{kind}: {body}]"),
                }
            }
        };
        let in_thread = ["m.thread", "io.element.thread"].iter().any(|thread| relation["rel_type"] == *thread);
        let text = if in_thread { format!("↳ {said}") } else { said };
        Some((Said { source: SOURCE.into(), name, time_ms, text }, who.to_owned()))
    }

    /// The display name of a person, or else the name before the server in `@alice:example.org`.
    fn name(&self, who: &str) -> String {
        let local = || who.trim_start_matches('@').split(':').next().unwrap_or(who).to_owned();
        self.names.get(who).cloned().unwrap_or_else(local)
    }
}

/// The text of a content, in any of the forms that clients write.
fn words(value: &Value) -> Option<&str> {
    let plain = ["body", "org.matrix.msc1767.text"].iter().find_map(|at| value.get(*at)?.as_str());
    let form = || {
        let forms = ["m.text", "org.matrix.msc1767.message"].iter().flat_map(|at| list(&value[*at]));
        let is_plain = |form: &&Value| form["mimetype"].as_str().is_none_or(|kind| kind == "text/plain");
        forms.filter(is_plain).find_map(|form| form["body"].as_str())
    };
    plain.or_else(form).or_else(|| value["m.text"].as_str())
}

/// The question of a poll and its answers.
fn poll(content: &Value) -> Option<String> {
    let poll = ["m.poll", "m.poll.start", "org.matrix.msc3381.poll.start"].iter().find_map(|at| content.get(*at))?;
    Some(asked(words(&poll["question"])?, list(&poll["answers"]).filter_map(words)))
}

/// The event that an event edits.
fn replaced(event: &Value) -> Option<&str> {
    let relation = event.pointer("/content/m.relates_to")?;
    if relation["rel_type"] == "m.replace" { relation["event_id"].as_str() } else { None }
}

/// A reply without the lines in which old clients repeat the message it answers. Those begin with the speaker of that
/// message; the author's own quotes stay.
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

//! The lines of an export that still verifies. `docs/protocol.md` describes them for other programs.
//!
//! What people read in a line and what the hash covers is the same, or follows from it: an entry's line is made anew
//! from what was verified and must equal the one that was read, so that nothing in it can be changed unnoticed.

use std::collections::BTreeMap;

use axum::body::Bytes;
use data_encoding::{BASE64, HEXLOWER};
use jiff::Timestamp;
use rumormill_node::proto::{
    content::{Content, Target},
    entry::{Body, Kind, RawEntry, Seen, room_name},
    ids::{AuthorId, EntryId, RoomId, Seq},
    limits::BODY_BYTES,
    run::Signature,
    time::Time,
};
use serde::{Deserialize, Serialize};

/// The version of the form that is written, and the only one that is read.
pub(crate) const VERSION: u32 = 1;

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "lowercase")]
pub(crate) enum ExportLine {
    Room(Head),
    Fork(Fork),
    Entry(Box<Entry>),
    End(End),
}

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    /// [`VERSION`].
    pub(crate) version: u32,
    pub(crate) room: String,
    pub(crate) name: String,
    /// When it was exported.
    pub(crate) at: String,
    /// That of the room. The export's entries come to the same unless some were left out.
    pub(crate) digest: String,
    /// Only what was said since then is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<String>,
}

/// Why a log is cut; before the entries of that log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fork {
    pub(crate) author: String,
    pub(crate) at: Seq,
    pub(crate) proof: String,
}

/// The last line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct End {
    /// Lines of entries.
    pub(crate) entries: u64,
    /// Entries that were left out because they are damaged where it was exported, or nobody's signature reaches them.
    pub(crate) left_out: u64,
    /// Lines of entries without what they said: it was taken back, is not kept where it was exported, or had not come.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) without_body: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) author: String,
    pub(crate) seq: Seq,
    /// When it was said, to be read.
    pub(crate) time: String,
    /// The hybrid logical time: milliseconds and counter.
    pub(crate) clock: (u64, u16),
    pub(crate) kind: String,
    /// By which name its author was shown by then, by the author's own entries in this export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) nick: Option<String>,
    /// What was said, as it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// The entry it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) about: Option<String>,
    /// The bytes of the body, when they are not `text`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<String>,
    /// What is left of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) gone: Option<Gone>,
    pub(crate) prev: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) seen: Vec<(String, Seq)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) signature: Option<String>,
}

/// What is left of a body that was taken back or is too old.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gone {
    pub(crate) bytes: usize,
    pub(crate) hash: String,
}

/// Kinds by name; others by number.
const KINDS: [(Kind, &str); 10] = [
    (Kind::FOUND, "founded"),
    (Kind::TEXT, "text"),
    (Kind::NICK, "nick"),
    (Kind::ADDRESSED, "addressed"),
    (Kind::EDIT, "edit"),
    (Kind::RETRACTION, "retraction"),
    (Kind::REACTION, "reaction"),
    (Kind::TOPIC, "topic"),
    (Kind::FILE, "file"),
    (Kind::IMPORTED, "imported"),
];

fn kind_name(kind: Kind) -> String {
    let known = KINDS.iter().find(|(known, _)| *known == kind);
    known.map_or_else(|| kind.number().to_string(), |(_, name)| (*name).to_owned())
}

fn read_kind(name: &str) -> Option<Kind> {
    let known = KINDS.iter().find(|(_, known)| *known == name);
    known.map(|(kind, _)| *kind).or_else(|| Kind::new(name.parse().ok()?))
}

/// Kinds whose body is the text itself.
fn is_plain(kind: Kind) -> bool {
    [Kind::TEXT, Kind::NICK, Kind::TOPIC].contains(&kind)
}

/// Milliseconds since the Unix epoch, as an export writes them.
pub(crate) fn stamp(ms: u64) -> String {
    let time = i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    time.map_or_else(|| "beyond all calendars".into(), |time| format!("{time:.3}"))
}

/// Names by which authors were last shown, on the way through their logs.
#[derive(Default)]
pub(crate) struct Nicks(BTreeMap<AuthorId, String>);

impl Nicks {
    /// Only the log that is being walked through matters.
    fn note(&mut self, author: AuthorId, entry: &RawEntry) -> Option<String> {
        if entry.kind == Kind::NICK
            && let Some(bytes) = entry.body.bytes()
        {
            self.0.retain(|known, _| *known == author);
            self.0.insert(author, String::from_utf8_lossy(bytes).into_owned());
        }
        self.0.get(&author).cloned()
    }
}

/// What is written of one entry beside itself.
pub(crate) struct Placed<'a> {
    pub(crate) room: &'a RoomId,
    pub(crate) author: AuthorId,
    pub(crate) seq: Seq,
    pub(crate) prev: EntryId,
    pub(crate) signature: Option<&'a Signature>,
}

impl Entry {
    /// The line of an entry.
    pub(crate) fn of(placed: &Placed<'_>, entry: &RawEntry, nicks: &mut Nicks) -> Self {
        let Placed { room, author, seq, prev, signature } = placed;
        let (text, about) = told(room, author, entry);
        let plain = is_plain(entry.kind) && text.is_some();
        let body = entry.body.bytes().filter(|_| !plain).map(|bytes| BASE64.encode(bytes));
        let gone = match &entry.body {
            Body::Here(_) => None,
            Body::Dropped { len, hash } => Some(Gone { bytes: *len, hash: HEXLOWER.encode(hash) }),
        };
        Self {
            author: author.to_string(),
            seq: *seq,
            time: stamp(entry.time.ms()),
            clock: (entry.time.ms(), entry.time.counter()),
            kind: kind_name(entry.kind),
            nick: nicks.note(*author, entry),
            text,
            about: about.map(|Target { author, seq }| format!("{author}.{seq}")),
            body,
            gone,
            prev: HEXLOWER.encode(&prev.0),
            seen: entry.seen.iter().map(|(author, seq)| (author.to_string(), *seq)).collect(),
            signature: signature.map(|signature| BASE64.encode(signature)),
        }
    }

    /// What the hash covers; `None` when a field is not of its form.
    pub(crate) fn raw(&self) -> Option<RawEntry> {
        let kind = read_kind(&self.kind)?;
        let body = match (&self.gone, &self.body, &self.text) {
            (Some(Gone { bytes, hash }), None, None) if *bytes <= BODY_BYTES => {
                Body::Dropped { len: *bytes, hash: hex(hash)? }
            }
            (None, Some(body), _) => Body::Here(BASE64.decode(body.as_bytes()).ok()?.into()),
            (None, None, Some(text)) if is_plain(kind) => Body::Here(Bytes::copy_from_slice(text.as_bytes())),
            _ => return None,
        };
        let seen: Option<Seen> = self.seen.iter().map(|(author, seq)| Some((AuthorId(hex(author)?), *seq))).collect();
        Some(RawEntry { time: Time::new(self.clock.0, self.clock.1)?, seen: seen?, kind, body })
    }

    /// The signature; `None` when it is not of its form.
    pub(crate) fn signature(&self) -> Option<Option<Signature>> {
        let Some(text) = &self.signature else { return Some(None) };
        let bytes = BASE64.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Some)
    }
}

/// Thirty-two bytes in hexadecimal digits.
pub(crate) fn hex(text: &str) -> Option<[u8; 32]> {
    HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// What an entry says in words, and what it is about.
fn told(room: &RoomId, author: &AuthorId, entry: &RawEntry) -> (Option<String>, Option<Target>) {
    let Some(body) = entry.body.bytes() else { return (None, None) };
    if entry.kind == Kind::FOUND {
        return (room_name(room, author, body).ok(), None);
    }
    let own = |of: Seq| Some(Target { author: *author, seq: of });
    match Content::parse(entry.kind, body) {
        Ok(Some(content)) => match content {
            Content::Text(text) => (Some(text.text), text.reply_to),
            Content::Edit { of, text } => (Some(text), own(of)),
            Content::Retraction { of } => (None, own(of)),
            Content::Reaction { to, sign, on } => (on.then_some(sign), Some(to)),
            Content::Nick(text) | Content::Topic(text) => (Some(text), None),
            Content::File(file) => (Some(file.name), file.reply_to),
            Content::Imported(said) => (Some(said.text), None),
        },
        _ => (None, None),
    }
}

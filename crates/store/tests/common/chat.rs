//! The entries of a chat.

use rumormill_proto::{
    content::{Content, File, Target, Text},
    entry::{Body, RawEntry},
    ids::{FileId, Seq},
    time::Time,
};

use super::Script;

/// An entry with this content.
pub(crate) fn says(ms: u64, content: &Content) -> RawEntry {
    let (kind, body) = content.encode().unwrap();
    RawEntry { time: Time::from_ms(ms), seen: vec![], kind, body: Body::Here(body) }
}

pub(crate) fn edit(ms: u64, of: Seq, text: &str) -> RawEntry {
    says(ms, &Content::Edit { of, text: text.into() })
}

pub(crate) fn retract(ms: u64, of: Seq) -> RawEntry {
    says(ms, &Content::Retraction { of })
}

pub(crate) fn react(ms: u64, to: Target, sign: &str, on: bool) -> RawEntry {
    says(ms, &Content::Reaction { to, sign: sign.into(), on })
}

pub(crate) fn nick(ms: u64, name: &str) -> RawEntry {
    says(ms, &Content::Nick(name.into()))
}

pub(crate) fn topic(ms: u64, topic: &str) -> RawEntry {
    says(ms, &Content::Topic(topic.into()))
}

pub(crate) fn reply(ms: u64, to: Target, text: &str) -> RawEntry {
    says(ms, &Content::Text(Text { text: text.into(), reply_to: Some(to), mentions: vec![] }))
}

pub(crate) fn file(ms: u64, hash: FileId, name: &str) -> RawEntry {
    says(ms, &Content::File(File { hash, size: 3, key: None, name: name.into(), mime: String::new(), reply_to: None }))
}

impl Script {
    pub(crate) fn target(&self, seq: Seq) -> Target {
        Target { author: self.id(), seq }
    }
}

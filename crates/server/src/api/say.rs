//! Requests to send messages: one as JSON, or one per line of text.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    body::Bytes,
    extract::{Path, State, rejection::BytesRejection},
    http::{HeaderMap, header},
};
use rumormill_api::{LINES_AT_ONCE, MENTIONS};
use rumormill_node::{
    Message, Room, What,
    proto::{
        content::{Content, Target, Text},
        ids::{AuthorId, EntryId},
        time::Time,
        timeline::Place,
    },
};
use rumormill_text::{Clock, Named, Names, limits::NICK_CHARS};

use super::{
    Api,
    names::{author, target},
    once::Key,
    words::{Page, Say, codes},
};
use crate::answer::{Answer, Refusal, SafeJson};

/// `POST /v1/rooms/{room}/messages`: JSON is one message, any other text one message per line.
pub(super) async fn say(
    State(api): State<Api>,
    Path(room): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer<SafeJson<Page>> {
    let (room, body, key) = (api.room(&room)?, body?, Key::of(&headers)?);
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let (kind, asks, mut texts) = match kind.starts_with("application/json") {
        true => read_say(&body).map(|(asks, text)| ("message", asks, vec![text]))?,
        false => ("lines", body.to_vec(), read_lines(&body)?),
    };
    mention(&api, &room, &mut texts).await?;
    let sayings: Result<Vec<_>, _> = texts.iter().map(|text| Content::Text(text.clone()).encode()).collect();
    let sayings = sayings.map_err(|_| rumormill_node::Error::TooLong)?;
    api.paces().take(&room, texts.len())?;
    // The hash covers the request and not the resolved mentions, which may differ when the request is repeated.
    let once = key.map(|key| key.calls(&[kind.as_bytes(), &asks], texts.len())).unwrap_or_default();
    let said = room.entries().say_once(sayings, once).await?;
    let more = said.len() < texts.len();
    let mut messages = Vec::new();
    for (target, text) in said.into_iter().zip(texts) {
        // The messages were sent, so the answer names them even if they cannot be read back: after an error a client
        // would send them again.
        let read = room.message(target).await.ok().flatten();
        messages.push(read.unwrap_or_else(|| as_said(target, What::Text(text))));
    }
    let messages = api.messages(&room, messages).await;
    Ok(SafeJson(Page { messages, more }))
}

/// A sent message that cannot be read back: the home is unreadable, or our log was cut meanwhile and the message is
/// written again under another key.
pub(super) fn as_said(target: Target, what: What) -> Message {
    let place = Place { time: Time::from_ms(Clock::utc().now_ms()), author: target.author, seq: target.seq };
    Message { place, id: EntryId::default(), what, edited: false, reactions: BTreeMap::new() }
}

/// The content of the request, for its hash, and the message.
fn read_say(body: &Bytes) -> Answer<(Vec<u8>, Text)> {
    let say: Say = serde_json::from_slice(body)
        .map_err(|error| Refusal::new(codes::JSON, error.to_string(), "say {\"text\": \"...\"}"))?;
    if say.text.trim().is_empty() {
        return Err(nothing());
    }
    let asks = serde_json::to_vec(&say).map_err(|error| Refusal::internal("json", error.to_string()))?;
    let reply_to = say.reply_to.map(|to| target(to.as_str())).transpose()?;
    let mentions: Result<Vec<_>, _> = say.mentions.iter().map(|who| author(who.as_str())).collect();
    Ok((asks, Text { text: say.text, reply_to, mentions: mentions? }))
}

fn read_lines(body: &Bytes) -> Answer<Vec<Text>> {
    let text = utf8(body)?;
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).map(Text::from).collect();
    match lines.len() {
        0 => Err(nothing()),
        count if count > LINES_AT_ONCE => {
            let what = format!("{count} lines are too many at once");
            Err(Refusal::new(codes::LINES, what, &format!("send at most {LINES_AT_ONCE}")))
        }
        _ => Ok(lines),
    }
}

/// A body of plain text.
pub(super) fn utf8(body: &[u8]) -> Answer<&str> {
    std::str::from_utf8(body).map_err(|_| Refusal::new(codes::TEXT, "this is no UTF-8", "send text in UTF-8"))
}

pub(super) fn nothing() -> Refusal {
    Refusal::new(codes::NOTHING, "there was nothing to say", "give a text")
}

/// Adds a mention for each person whom a text addresses by name, as the terminal does.
async fn mention(api: &Api, room: &Room, texts: &mut [Text]) -> Answer<()> {
    if !texts.iter().any(|text| addresses(&text.text)) {
        return Ok(());
    }
    let people = api.people(room).await?;
    let names = Names::of_people(&people);
    let people = people.iter().filter(|person| !person.me).map(|person| &person.author);
    // Only the few people that the texts name, so that the loop below does not grow with lines times people.
    let all: Vec<&str> = texts.iter().map(|text| text.text.as_str()).collect();
    let Named { authors: people, .. } = names.named(people, &all.join("\n"));
    for text in texts.iter_mut().filter(|text| addresses(&text.text)) {
        let named = names.named(&people, &text.text).authors;
        let mut known: BTreeSet<AuthorId> = text.mentions.iter().copied().collect();
        for who in named {
            let who = author(who.as_str())?;
            if text.mentions.len() < MENTIONS && known.insert(who) {
                text.mentions.push(who);
            }
        }
    }
    Ok(())
}

/// Whether a text may address somebody: by `@name` anywhere, or by `name:` or `name,` at its beginning.
fn addresses(text: &str) -> bool {
    text.contains('@') || text.chars().take(2 * NICK_CHARS).any(|char| ":,".contains(char))
}

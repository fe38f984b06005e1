//! Requests about what is said.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    body::Bytes,
    extract::{Path, State, rejection::BytesRejection},
    http::{HeaderMap, header},
};
use rumormill_api::LINES_AT_ONCE;
use rumormill_node::{
    Message, Room, What,
    proto::{
        content::{Content, Target, Text},
        ids::EntryId,
        time::Time,
        timeline::Place,
    },
};
use rumormill_text::{Clock, counts};
use serde::Deserialize;

use super::{
    Api,
    asked::{Asked, Body},
    names::{author, author_hex, limit, place, target},
    words::{self, Edit, Holders, Page, Say, codes},
};
use crate::answer::{Answer, Refusal, SafeJson};

/// Which messages.
#[derive(Deserialize)]
pub(super) struct Which {
    before: Option<String>,
    after: Option<String>,
    q: Option<String>,
    limit: Option<NonZeroUsize>,
}

/// `GET /v1/rooms/{room}/messages`.
pub(super) async fn page(
    State(api): State<Api>,
    Path(room): Path<String>,
    Asked(which): Asked<Which>,
) -> Answer<SafeJson<Page>> {
    let room = api.room(&room)?;
    room.nicks_found().await;
    let count = limit(which.limit);
    let rumormill_node::Page { messages, more } = match (which.q, which.before, which.after) {
        (Some(words), None, None) => rumormill_node::Page { messages: room.search(&words, count).await?, more: false },
        (None, before, None) => room.messages(before.as_deref().map(place).transpose()?, count).await?,
        (None, None, Some(after)) => room.messages_after(Some(place(&after)?), count).await?,
        _ => {
            let what = "a page is before a place, or after one, or what a search finds";
            return Err(Refusal::new(codes::PAGE, what, "give one of before, after and q"));
        }
    };
    Ok(SafeJson(Page { messages: api.messages(&room, messages).await, more }))
}

/// `POST /v1/rooms/{room}/messages`: JSON is one message, any other text a message a line.
pub(super) async fn say(
    State(api): State<Api>,
    Path(room): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer<SafeJson<Page>> {
    let (room, body) = (api.room(&room)?, body?);
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let contents = match kind.starts_with("application/json") {
        true => vec![read_say(&body)?],
        false => read_lines(&body)?,
    };
    let sayings: Result<Vec<_>, _> = contents.iter().map(Content::encode).collect();
    let sayings = sayings.map_err(|_| rumormill_node::Error::TooLong)?;
    let said = room.entries().say(sayings).await?;
    let more = said.len() < contents.len();
    let mut messages = Vec::new();
    for (target, content) in said.into_iter().zip(contents) {
        // What was said is told whatever can be read of it: whoever hears of an error says it again.
        let read = room.message(target).await.ok().flatten();
        messages.extend(read.or_else(|| texts(content).map(|text| as_said(target, What::Text(text)))));
    }
    let messages = api.messages(&room, messages).await;
    Ok(SafeJson(Page { messages, more }))
}

fn texts(content: Content) -> Option<Text> {
    if let Content::Text(text) = content { Some(text) } else { None }
}

/// Something just said that cannot be read: because the home cannot be, or because our log was cut meanwhile and it is
/// said again under another key.
pub(super) fn as_said(target: Target, what: What) -> Message {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let place = Place { time: Time::from_ms(since.as_millis() as u64), author: target.author, seq: target.seq };
    Message { place, id: EntryId::default(), what, edited: false, reactions: BTreeMap::new() }
}

fn read_say(body: &Bytes) -> Answer<Content> {
    let say: Say = serde_json::from_slice(body)
        .map_err(|error| Refusal::new(codes::JSON, error.to_string(), "say {\"text\": \"...\"}"))?;
    if say.text.trim().is_empty() {
        return Err(nothing());
    }
    let reply_to = say.reply_to.map(|to| target(to.as_str())).transpose()?;
    let mentions: Result<Vec<_>, _> = say.mentions.iter().map(|who| author(who.as_str())).collect();
    Ok(Content::Text(Text { text: say.text, reply_to, mentions: mentions? }))
}

fn read_lines(body: &Bytes) -> Answer<Vec<Content>> {
    let text =
        std::str::from_utf8(body).map_err(|_| Refusal::new(codes::TEXT, "this is no UTF-8", "send text in UTF-8"))?;
    let lines: Vec<_> =
        text.lines().filter(|line| !line.trim().is_empty()).map(|line| Content::Text(line.into())).collect();
    match lines.len() {
        0 => Err(nothing()),
        count if count > LINES_AT_ONCE => {
            let what = format!("{count} lines are too many at once");
            Err(Refusal::new(codes::LINES, what, &format!("send at most {LINES_AT_ONCE}")))
        }
        _ => Ok(lines),
    }
}

fn nothing() -> Refusal {
    Refusal::new(codes::NOTHING, "there was nothing to say", "give a text")
}

/// `GET /v1/rooms/{room}/messages/{ref}`.
pub(super) async fn one(
    State(api): State<Api>,
    Path((room, text)): Path<(String, String)>,
) -> Answer<SafeJson<words::Message>> {
    let room = api.room(&room)?;
    told(&api, &room, target(&text)?).await
}

/// `PUT /v1/rooms/{room}/messages/{ref}`.
pub(super) async fn edit(
    State(api): State<Api>,
    Path((room, text)): Path<(String, String)>,
    Body(Edit { text: words }): Body<Edit>,
) -> Answer<SafeJson<words::Message>> {
    let room = api.room(&room)?;
    let mut message = own(&room, target(&text)?, "changed").await?;
    let target = message.target();
    if words.trim().is_empty() {
        return Err(nothing());
    }
    if room.file(target).await.is_ok() {
        let what = "a file cannot be changed";
        return Err(Refusal::new(codes::KIND, what, "take it back and send another one"));
    }
    room.edit(target, &words).await?;
    if let What::Text(text) = &mut message.what {
        (text.text, message.edited) = (words, true);
    }
    Ok(changed(&api, &room, message).await)
}

/// `DELETE /v1/rooms/{room}/messages/{ref}`.
pub(super) async fn retract(
    State(api): State<Api>,
    Path((room, text)): Path<(String, String)>,
) -> Answer<SafeJson<words::Message>> {
    let room = api.room(&room)?;
    let message = own(&room, target(&text)?, "taken back").await?;
    room.retract(message.target()).await?;
    Ok(changed(&api, &room, Message { what: What::Retracted, ..message }).await)
}

/// `PUT /v1/rooms/{room}/messages/{ref}/reactions/{sign}`.
pub(super) async fn react(
    State(api): State<Api>,
    Path((room, text, sign)): Path<(String, String, String)>,
) -> Answer<SafeJson<words::Message>> {
    put_sign(&api, &room, &text, sign, true).await
}

/// `DELETE /v1/rooms/{room}/messages/{ref}/reactions/{sign}`.
pub(super) async fn unreact(
    State(api): State<Api>,
    Path((room, text, sign)): Path<(String, String, String)>,
) -> Answer<SafeJson<words::Message>> {
    put_sign(&api, &room, &text, sign, false).await
}

async fn put_sign(api: &Api, room: &str, text: &str, sign: String, on: bool) -> Answer<SafeJson<words::Message>> {
    let room = api.room(room)?;
    let to = target(text)?;
    let mut message = find(&room, to).await?;
    let me = room.author();
    let mine = message.reactions.get(&sign).is_some_and(|by| by.contains(&me));
    if mine != on {
        room.react(to, &sign, on).await?;
        let by = message.reactions.entry(sign).or_default();
        by.retain(|author| *author != me);
        by.extend(on.then_some(me));
    }
    Ok(changed(api, &room, message).await)
}

/// `GET /v1/rooms/{room}/messages/{ref}/holders`.
pub(super) async fn holders(
    State(api): State<Api>,
    Path((room, text)): Path<(String, String)>,
) -> Answer<SafeJson<Holders>> {
    let room = api.room(&room)?;
    let target = target(&text)?;
    find(&room, target).await?;
    let held = room.holders(target).await?;
    let received: BTreeSet<_> = held.received.iter().map(author_hex).collect();
    let (people, now_ms) = (api.people(&room).await?, Clock::utc().now_ms());
    let has = |person: &words::Person| received.contains(&person.author);
    let others = people.iter().filter(|person| !person.me && (counts(person, now_ms) || has(person))).count();
    let holders = people.into_iter().filter(|person| !person.me && has(person)).collect();
    let acknowledged = held.acknowledged.iter().map(author_hex).collect();
    Ok(SafeJson(Holders { holders, acknowledged, of: others as u64 }))
}

/// A message after something that was said about it, as it reads here or else as it has to read.
async fn changed(api: &Api, room: &Room, message: Message) -> SafeJson<words::Message> {
    let read = room.message(message.target()).await.ok().flatten();
    SafeJson(api.message(room, read.unwrap_or(message)).await)
}

pub(super) async fn told(api: &Api, room: &Room, target: Target) -> Answer<SafeJson<words::Message>> {
    let message = find(room, target).await?;
    Ok(SafeJson(api.message(room, message).await))
}

pub(super) async fn find(room: &Room, target: Target) -> Answer<Message> {
    let found = room.message(target).await?;
    found.ok_or_else(|| Refusal::missing(codes::MESSAGE, "there is no such message here"))
}

/// A text of ours that can be changed, or something else of ours that can only be taken back.
async fn own(room: &Room, target: Target, what: &str) -> Answer<Message> {
    let message = find(room, target).await?;
    match message.what {
        _ if target.author != room.author() => {
            let help = "only who said a thing can change it or take it back";
            Err(Refusal::new(codes::NOT_YOURS, "somebody else said this", help))
        }
        What::Text(_) => Ok(message),
        What::File(_) | What::Imported(_) if what == "taken back" => Ok(message),
        _ => {
            let what = format!("this is no text that could be {what}");
            Err(Refusal::new(codes::KIND, what, "choose something you said"))
        }
    }
}

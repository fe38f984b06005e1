//! Requests about messages.

use std::{collections::BTreeSet, num::NonZeroUsize};

use axum::extract::{Path, State};
use rumormill_node::{By, Message, Room, Wanted, What, proto::content::Target};
use rumormill_text::{Clock, Search, counts};
use serde::Deserialize;

use super::{
    Api,
    asked::{Asked, Body},
    names::{author_hex, limit, place, target},
    people::member,
    say::nothing,
    words::{self, Edit, Holders, Page, codes},
};
use crate::answer::{Answer, Refusal, SafeJson};

/// Query parameters of a page of messages.
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
        (Some(asked), None, None) => {
            let wanted = wanted(&room, &asked).await?;
            rumormill_node::Page { messages: room.search(wanted, count).await?, more: false }
        }
        (None, before, None) => room.messages(before.as_deref().map(place).transpose()?, count).await?,
        (None, None, Some(after)) => room.messages_after(Some(place(&after)?), count).await?,
        _ => {
            let what = "a page has only one of `before`, `after` and `q`";
            return Err(Refusal::new(codes::PAGE, what, "leave out the others"));
        }
    };
    Ok(SafeJson(Page { messages: api.messages(&room, messages).await, more }))
}

/// Converts a search. A name may also be that of somebody whose messages were imported.
async fn wanted(room: &Room, asked: &str) -> Answer<Wanted> {
    let Search { words, from, since_ms, until_ms } = Search::read(asked, &Clock::local())?;
    let by = match from {
        Some(name) => Some(By { author: member(room, &name).await?, name: name.to_lowercase() }),
        None => None,
    };
    Ok(Wanted { words, by, since_ms, until_ms })
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
    api.paces().take(&room, 1)?;
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
    api.paces().take(&room, 1)?;
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
        api.paces().take(&room, 1)?;
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
    // Edits, reactions and the like have holders too.
    if room.entries().one(target).await?.is_none() {
        return Err(no_message());
    }
    let held = room.holders(target).await?;
    let received: BTreeSet<_> = held.received.iter().map(author_hex).collect();
    let (people, now_ms) = (api.people(&room).await?, Clock::utc().now_ms());
    let has = |person: &words::Person| received.contains(&person.author);
    let others = people.iter().filter(|person| !person.me && (counts(person, now_ms) || has(person))).count();
    let holders = people.into_iter().filter(|person| !person.me && has(person)).collect();
    let acknowledged = held.acknowledged.iter().map(author_hex).collect();
    Ok(SafeJson(Holders { holders, acknowledged, of: others as u64 }))
}

/// A message after a change, as the room shows it, or with the expected result if it cannot be read.
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
    found.ok_or_else(no_message)
}

fn no_message() -> Refusal {
    Refusal::missing(codes::MESSAGE, "there is no such message here")
}

/// One of our messages: a text, which can be changed, or anything else, which can only be taken back.
async fn own(room: &Room, target: Target, what: &str) -> Answer<Message> {
    let message = find(room, target).await?;
    match message.what {
        _ if room.is_mine(&target.author) && target.author != room.author() => {
            let help = format!("it can be {what} on the device on which you said it");
            Err(Refusal::new(codes::NOT_YOURS, "you said this on another device", &help))
        }
        _ if target.author != room.author() => {
            let help = "only the author of a message can change it or take it back";
            Err(Refusal::new(codes::NOT_YOURS, "somebody else said this", help))
        }
        What::Text(_) => Ok(message),
        What::File(_) | What::Imported(_) if what == "taken back" => Ok(message),
        _ => {
            let what = format!("only a text can be {what}");
            Err(Refusal::new(codes::KIND, what, "choose something you said"))
        }
    }
}

//! Requests about the rules of a closed room, and about newcomers whose words are held.

use axum::extract::{Path, State};
use rumormill_node::{
    Error, Message, Room, What,
    proto::{
        governance::{Order, Rules},
        ids::AuthorId,
        limits::SLOW_S,
    },
};

use super::{
    Api,
    asked::Body,
    display,
    governing::governed,
    words::{self, ChangeRules, Page, codes},
};
use crate::{
    answer::{Answer, Refusal, SafeJson},
    limits::HELD,
    told::rules,
};

/// `PUT /v1/rooms/{room}/rules`.
pub(super) async fn set(
    State(api): State<Api>,
    Path(room): Path<String>,
    Body(ChangeRules { tickets, slow_s, hold }): Body<ChangeRules>,
) -> Answer<SafeJson<words::Room>> {
    let room = governed(&api, &room)?;
    let now = room.rules();
    let rules = Rules {
        tickets: tickets.unwrap_or(now.tickets),
        slow_s: slow_s.unwrap_or(now.slow_s),
        hold: hold.unwrap_or(now.hold),
    };
    if rules.slow_s > SLOW_S {
        return Err(Refusal::new(
            codes::RULES,
            "this slow mode is longer than a day",
            &format!("choose {SLOW_S} s at most"),
        ));
    }
    if rules != now {
        api.paces().take(&room, 1)?;
        room.order(Order::Rules(rules)).await?;
    }
    Ok(SafeJson(api.tell_room(&room).await))
}

/// `GET /v1/rooms/{room}/held`.
pub(super) async fn held(State(api): State<Api>, Path(room): Path<String>) -> Answer<SafeJson<Page>> {
    let room = api.room(&room)?;
    let messages = match room.is_closed() {
        true => api.messages(&room, room.held(HELD).await?).await,
        false => display::held(&api, &room).await?,
    };
    Ok(SafeJson(Page { messages, more: false }))
}

/// The rules of a room; `None` of an open one, which has none, and of a private one, where nobody sets any.
pub(super) fn rules_of(room: &Room) -> Option<words::Rules> {
    (room.is_closed() && room.private().is_none()).then(|| rules(&room.rules()))
}

/// Lets somebody through whose message was reacted to, if it is held and we may.
///
/// # Errors
/// When the act cannot be written.
pub(super) async fn let_through(room: &Room, author: &AuthorId) -> Answer<()> {
    if *author == room.author() || !room.holds(author) {
        return Ok(());
    }
    match room.order(Order::LetThrough(*author)).await {
        // Somebody else did it meanwhile, or we are held ourselves.
        Ok(_) | Err(Error::NothingThere | Error::Rank) => Ok(()),
        Err(why) => Err(why.into()),
    }
}

/// Whether a message is held: only governors and its author see it.
pub(super) fn is_held(room: &Room, message: &Message) -> bool {
    room.holds(&message.place.author) && !matches!(message.what, What::Act(_) | What::Nick(_))
}

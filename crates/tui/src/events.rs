//! What the node tells by itself.

use rumormill_api::{Arrival, Event, Kind, Message, NoticeCode, Person, RoomHex};
use rumormill_text::{Names, clean};

use super::{
    files,
    input::Effect,
    model::{Model, NoteKind, Scroll},
    rooms::{left, person, read_anew, spoke, status},
    rows::title,
    timeline::Timeline,
};
use crate::{
    limits::{NOTIFIED_CHARS, TYPING_MS},
    settings::Loud,
};

/// Takes an event.
pub(super) fn hear(model: &mut Model, event: Event, out: &mut Vec<Effect>) {
    match event {
        Event::Message { room, message, arrival, .. } => {
            said(model, &room, message, arrival, out);
        }
        Event::Changed { room, message } => {
            if let Some(open) = model.open_as(&room) {
                open.timeline.change(message);
            }
        }
        Event::Held { room, r#ref, holders } => {
            if let Some(open) = model.open_as(&room) {
                open.timeline.held(&r#ref, holders);
            }
        }
        Event::Room { room } => status(model, room),
        Event::Left { room } => left(model, &room, out),
        Event::Person { room, author, nick, here, hidden } => {
            if let Some(open) = model.open_as(&room) {
                open.timeline.hide(&author, hidden);
            }
            person(model, &room, Person { author, nick, here, hidden, ..Person::default() });
        }
        Event::Typing { room, author, nick } => {
            let until_ms = model.now_ms + TYPING_MS;
            let shows = model.settings.typing;
            if let Some(open) = model.open_as(&room).filter(|_| shows) {
                open.names.learn(&author, &nick);
                open.types(author, until_ms);
            }
        }
        Event::Notice { room, code, text } => notice(model, &room, code, &text),
        Event::File { room, hash, state, have, .. } => files::hear(model, &room, (hash, state, have), out),
        Event::Step { .. } => {}
        Event::Lagged { .. } => {
            out.push(Effect::Ask(Model::begin()));
            if let Some(open) = &mut model.open {
                open.timeline = Timeline::new(0);
                open.scroll = Scroll::End;
                read_anew(&open.room, out);
            }
        }
    }
}

fn said(model: &mut Model, room: &RoomHex, message: Message, arrival: Arrival, out: &mut Vec<Effect>) {
    if arrival == Arrival::End && !message.mine && !message.hidden {
        call(model, room, &message, out);
    }
    let away = !model.focused;
    let Some(open) = model.open_as(room) else { return };
    if arrival == Arrival::End {
        spoke(open, &message);
        open.typists.remove(&message.author);
    }
    let (place, mine, hidden) = (message.place.clone(), message.mine, message.hidden);
    let late = open.timeline.take(message, arrival);
    open.reach(&place);
    if hidden {
        return;
    }
    match (late, mine) {
        (true, _) => tell_late(model),
        (false, true) => open.timeline.seen(),
        (false, false) if away => open.timeline.mark(&place),
        (false, false) => {}
    }
}

/// Rings, and asks the desktop to tell, where the person wants that: of what is on a screen they look at only the bell
/// tells, and only when it names them.
fn call(model: &mut Model, room: &RoomHex, message: &Message, out: &mut Vec<Effect>) {
    let worth = |loud| match loud {
        Loud::None => false,
        Loud::Mentions => message.names_me,
        Loud::All => message.kind == Kind::Text,
    };
    let looks =
        model.focused && model.open.as_ref().is_some_and(|open| open.room == *room && open.scroll == Scroll::End);
    if worth(model.settings.bell) && (message.names_me || !looks) {
        out.push(Effect::Bell);
    }
    if worth(model.settings.notify) && !looks && model.notified_ms != model.now_ms {
        model.notified_ms = model.now_ms;
        let title = model.rooms.iter().find(|known| known.id == *room).map(title).unwrap_or_default();
        // In a room that is not open nobody's name is known to be theirs alone.
        let open = model.open.as_ref().filter(|open| open.room == *room);
        let nick = open.map_or_else(|| Names::default().by(message), |open| open.names.by(message));
        let text: String = clean(&message.text).chars().take(NOTIFIED_CHARS).collect();
        let text = if message.action { format!("* {nick} {text}") } else { format!("{nick}: {text}") };
        out.push(Effect::Notify { title, text });
    }
}

/// Several late messages mostly come together: one line tells of them all.
fn tell_late(model: &mut Model) {
    let Some(open) = &model.open else { return };
    let (room, last) = (Some(open.room.clone()), open.last.clone());
    if let Some(note) = model.notes.back_mut()
        && note.room == room
        && note.after == last
        && let NoteKind::Late(late) = &mut note.kind
    {
        *late += 1;
        return;
    }
    model.tell(NoteKind::Late(1), "");
}

fn notice(model: &mut Model, room: &RoomHex, code: NoticeCode, text: &str) {
    if model.open_as(room).is_none() {
        return;
    }
    match code {
        NoticeCode::Stopped => model.fail(
            "stopped",
            &format!("the room was stopped: {}", clean(text)),
            "make room on the disk: it goes on by itself; what was confirmed is kept",
        ),
        NoticeCode::Forked | NoticeCode::Skewed | NoticeCode::Rekeyed | NoticeCode::Shared => {
            model.tell(NoteKind::Outcome, clean(text));
        }
    }
}

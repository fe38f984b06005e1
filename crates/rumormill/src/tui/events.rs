//! What the node tells by itself.

use super::{
    input::Effect,
    model::{Model, NoteKind, Open},
    timeline::Timeline,
    update::read_anew,
};
use crate::{
    api::words::{Arrival, AuthorHex, Event, Kind, Message, NoticeCode, Person, Room, RoomHex},
    clean::clean,
    limits::{PEOPLE_KNOWN, ROOMS_LISTED},
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
        Event::Person { room, author, nick, here, .. } => person(model, &room, author, nick, here),
        Event::Typing { .. } => {}
        Event::Notice { room, code, text } => notice(model, &room, code, &text),
        Event::Step { .. } => {}
        Event::Lagged { .. } => {
            out.push(Effect::Ask(Model::begin()));
            if let Some(open) = &mut model.open {
                open.timeline = Timeline::new(0);
                open.scroll = super::scroll::Scroll::End;
                read_anew(&open.room, out);
            }
        }
    }
}

fn said(model: &mut Model, room: &RoomHex, message: Message, arrival: Arrival, out: &mut Vec<Effect>) {
    if model.settings.bell && message.names_me && !message.mine && arrival == Arrival::End {
        out.push(Effect::Bell);
    }
    let away = !model.focused;
    let Some(open) = model.open_as(room) else { return };
    if arrival == Arrival::End {
        spoke(open, &message);
    }
    let (place, mine) = (message.place.clone(), message.mine);
    let late = open.timeline.take(message, arrival);
    open.reach(&place);
    match (late, mine) {
        (true, _) => tell_late(model),
        (false, true) => open.timeline.seen(),
        (false, false) if away => open.timeline.mark(&place),
        (false, false) => {}
    }
}

/// What a message tells about its author: that they are one, what they are called, when they spoke.
pub(super) fn spoke(open: &mut Open, message: &Message) {
    let nick = if message.kind == Kind::Nick { &message.text } else { &message.nick };
    open.names.learn(&message.author, nick);
    let full = open.people.len() >= PEOPLE_KNOWN && !open.people.contains_key(&message.author);
    if full {
        return;
    }
    let person = open.people.entry(message.author.clone()).or_insert_with(|| Person {
        author: message.author.clone(),
        me: message.mine,
        ..Person::default()
    });
    person.nick.clone_from(nick);
    person.last_ms = person.last_ms.max(message.time_ms);
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

/// Takes a room's status.
pub(super) fn status(model: &mut Model, room: Room) {
    let full = model.rooms.len() >= ROOMS_LISTED;
    if let Some(open) = model.open_as(&room.id) {
        open.names.learn(&room.author, &room.nick);
    }
    match model.rooms.iter_mut().find(|known| known.id == room.id) {
        Some(known) => *known = room,
        None if full => {}
        None => model.rooms.push(room),
    }
}

fn person(model: &mut Model, room: &RoomHex, author: AuthorHex, nick: String, here: bool) {
    let tells = model.settings.comings;
    let Some(open) = model.open_as(room) else { return };
    if open.people.len() >= PEOPLE_KNOWN && !open.people.contains_key(&author) {
        return;
    }
    open.names.learn(&author, &nick);
    let name = open.names.name(&author, &nick).whole();
    let person = open.people.entry(author.clone()).or_insert_with(|| Person { author, ..Person::default() });
    let came = person.here != here;
    (person.nick, person.here) = (nick, here);
    if came && tells && !person.me {
        model.tell(NoteKind::Told, format!("{name} is {}", if here { "here" } else { "away" }));
    }
}

fn notice(model: &mut Model, room: &RoomHex, code: NoticeCode, text: &str) {
    if model.open_as(room).is_none() {
        return;
    }
    match code {
        NoticeCode::Stopped => model.fail(
            "stopped",
            &format!("the room was stopped: {}", clean(text)),
            "make room on the disk and open it again; what was confirmed is kept",
        ),
        NoticeCode::Forked | NoticeCode::Skewed | NoticeCode::Rekeyed => model.tell(NoteKind::Told, clean(text)),
    }
}

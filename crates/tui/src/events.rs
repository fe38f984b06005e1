//! What the node tells by itself.

use std::collections::BTreeMap;

use rumormill_api::{Arrival, AuthorHex, Event, Kind, Message, NoticeCode, Person, Room, RoomHex};
use rumormill_text::{Names, clean, limits::PEOPLE_KNOWN};

use super::{
    answers, files,
    input::Effect,
    model::{Model, NoteKind, Open},
    rows::title,
    timeline::Timeline,
    update::read_anew,
};
use crate::{
    limits::{NOTIFIED_CHARS, ROOMS_LISTED, TYPING_MS},
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
        Event::Left { room } => answers::left(model, &room, out),
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
                open.scroll = super::scroll::Scroll::End;
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
    let looks = model.focused
        && model.open.as_ref().is_some_and(|open| open.room == *room && open.scroll == super::scroll::Scroll::End);
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

/// Takes a room's status, and from it who is here.
pub(super) fn status(model: &mut Model, room: Room) {
    let full = model.rooms.len() >= ROOMS_LISTED;
    if let Some(open) = model.open_as(&room.id) {
        open.names.learn(&room.author, &room.nick);
    }
    for person in moved(model, &room) {
        self::person(model, &room.id, person);
    }
    match model.rooms.iter_mut().find(|known| known.id == room.id) {
        Some(known) => *known = room,
        None if full => {}
        None => model.rooms.push(room),
    }
}

/// Who came, went, or goes by another name since the room was looked at last.
fn moved(model: &mut Model, room: &Room) -> Vec<Person> {
    let Some(open) = model.open_as(&room.id) else { return Vec::new() };
    let peers: BTreeMap<&AuthorHex, &str> = room
        .peers
        .iter()
        .map(|peer| (&peer.author, peer.nick.as_str()))
        .filter(|(author, _)| **author != room.author)
        .collect();
    let went = open.people.values().filter(|person| person.here && !person.me && !peers.contains_key(&person.author));
    let mut moved: Vec<Person> = went.map(|person| Person { here: false, ..person.clone() }).collect();
    for (author, nick) in peers {
        match open.people.get(author) {
            Some(person) if person.here && person.nick == nick => {}
            Some(person) => moved.push(Person { here: true, nick: nick.into(), ..person.clone() }),
            None => moved.push(Person { author: author.clone(), nick: nick.into(), here: true, ..Person::default() }),
        }
    }
    moved
}

fn person(model: &mut Model, room: &RoomHex, told: Person) {
    let Person { author, nick, here, hidden, .. } = told;
    let tells = model.settings.comings;
    let Some(open) = model.open_as(room) else { return };
    if open.people.len() >= PEOPLE_KNOWN && !open.people.contains_key(&author) {
        return;
    }
    open.names.learn(&author, &nick);
    let name = open.names.name(&author, &nick).whole();
    let person = open.people.entry(author.clone()).or_insert_with(|| Person { author, ..Person::default() });
    let came = person.here != here;
    (person.nick, person.here, person.hidden) = (nick, here, hidden);
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
            "make room on the disk: it goes on by itself; what was confirmed is kept",
        ),
        NoticeCode::Forked | NoticeCode::Skewed | NoticeCode::Rekeyed | NoticeCode::Shared => {
            model.tell(NoteKind::Told, clean(text));
        }
    }
}

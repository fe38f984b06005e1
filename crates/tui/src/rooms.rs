//! Opens, updates and leaves rooms, and tracks the people in them.

use std::collections::BTreeMap;

use rumormill_api::{AuthorHex, Kind, Message, Person, Room, RoomHex};
use rumormill_text::{clean, limits::PEOPLE_KNOWN};

use super::{
    ask::{Ask, OfRoom},
    governing,
    input::Effect,
    model::{Mode, Model, NoteKind, Open},
    rows::title,
    timeline::Timeline,
};
use crate::limits::{PAGE_MESSAGES, ROOMS_LISTED};

/// Opens a room by its number, with its unsent line.
pub(super) fn open(model: &mut Model, at: usize, out: &mut Vec<Effect>) {
    let Some(room) = model.rooms.get(at) else { return };
    if model.open.as_ref().is_some_and(|open| open.room == room.id) {
        return;
    }
    let id = room.id.clone();
    let mut opened = Open::new(room, model.now_ms);
    let unread = room.read.clone().filter(|_| room.unread > PAGE_MESSAGES as u64 / 2);
    if let Some(read) = &unread {
        opened.timeline = Timeline::unread(read.clone());
    }
    let unsent = model.line.take();
    if let Some(before) = model.open.replace(opened).filter(|_| !unsent.is_empty()) {
        model.drafts.insert(before.room, unsent);
    }
    if let Some(draft) = model.drafts.remove(&id) {
        model.line.set(&draft);
    }
    (model.mode, model.panel, model.completion) = (Mode::Chat, None, None);
    match unread {
        // The unread messages may fill pages: show them from the first.
        Some(read) => {
            out.extend([OfRoom::People, OfRoom::After(read)].map(|ask| Effect::Ask(Ask::Of(id.clone(), ask))))
        }
        None => read_anew(&id, out),
    }
}

/// Tells what is to be told once about the open room, below what was said there.
pub(super) fn tell_hint(model: &mut Model, room: &RoomHex, out: &mut Vec<Effect>) {
    let known = model.rooms.iter_mut().find(|known| known.id == *room && !known.hint.is_empty());
    if let Some(hint) = known.map(|known| std::mem::take(&mut known.hint)) {
        model.tell(NoteKind::Outcome, clean(&hint));
        out.push(Effect::Ask(Ask::Of(room.clone(), OfRoom::DropHint)));
    }
}

/// Requests the newest page of a room, and its people.
pub(super) fn read_anew(room: &RoomHex, out: &mut Vec<Effect>) {
    out.extend([OfRoom::People, OfRoom::Newest].map(|ask| Effect::Ask(Ask::Of(room.clone(), ask))));
}

/// Removes a room that was left, here or in another window. Its unsent line can be recalled.
pub(super) fn left(model: &mut Model, room: &RoomHex, out: &mut Vec<Effect>) {
    let here = model.leaving.take_if(|leaving| leaving == room).is_some();
    let known = model.rooms.iter().find(|known| known.id == *room).map(title);
    model.rooms.retain(|known| known.id != *room);
    model.drafts.remove(room);
    if model.open_as(room).is_some() {
        let typed = model.line.take();
        if !typed.is_empty() {
            model.typed.add(typed);
        }
        (model.open, model.mode, model.panel) = (None, Mode::Chat, None);
        open(model, 0, out);
        if !here {
            let name = known.unwrap_or_else(|| "a room".into());
            model.tell(
                NoteKind::Outcome,
                format!("you left {name} in another window; nothing of it is kept here any more"),
            );
        }
    }
}

/// Takes a room's status, and from it who is here.
pub(super) fn status(model: &mut Model, room: Room) {
    governing::tell_standing(model, &room);
    let full = model.rooms.len() >= ROOMS_LISTED;
    if let Some(open) = model.open_as(&room.id) {
        open.names.learn(&room.author, &room.nick);
        open.people.values_mut().for_each(|person| person.me = person.author == room.author);
    }
    for told in moved(model, &room) {
        person(model, &room.id, told);
    }
    match model.rooms.iter_mut().find(|known| known.id == room.id) {
        Some(known) => *known = room,
        None if full => {}
        None => model.rooms.push(room),
    }
}

/// The people who came, went, or changed their name since the last status.
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

pub(super) fn person(model: &mut Model, room: &RoomHex, told: Person) {
    let Person { author, nick, here, hidden, verified, role, .. } = told;
    let tells = model.settings.comings;
    let Some(open) = model.open_as(room) else { return };
    if open.people.len() >= PEOPLE_KNOWN && !open.people.contains_key(&author) {
        return;
    }
    open.names.learn(&author, &nick);
    let name = open.names.name(&author, &nick).whole();
    let person = open.people.entry(author.clone()).or_insert_with(|| Person { author, ..Person::default() });
    let came = person.here != here;
    (person.nick, person.here, person.hidden, person.role) = (nick, here, hidden, role);
    person.verified = verified;
    if came && tells && !person.me {
        model.tell(NoteKind::Outcome, format!("{name} is {}", if here { "here" } else { "away" }));
    }
}

/// Takes what a message tells about its author: that they exist, their name, and when they spoke.
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

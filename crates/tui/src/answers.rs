//! Handles answers of the node.

use rumormill_api::{Arrival, Enter, Kind, Message, Page, Person, Refused, Room, RoomHex};
use rumormill_text::{clean, founded, limits::PEOPLE_KNOWN};

use super::{
    ask::{Answer, Ask, OfRoom, Outcome},
    carry, complete, files, governing,
    input::Effect,
    model::{BlockKey, Mode, Model, NoteKind, Open},
    orders, panels, private, reports,
    rooms::{self, left, spoke, status},
    rules, scroll, tickets,
};
use crate::limits::ROOMS_LISTED;

/// The note after a room was announced.
const ANNOUNCED: &str = "anyone on this LAN can find this room by its name now, and join it without a ticket";

/// Takes an answer.
pub(super) fn hear(model: &mut Model, Answer { ask, told }: Answer, out: &mut Vec<Effect>) {
    let told = match told {
        Ok(told) => told,
        Err(refused) => return refuse(model, ask, &refused),
    };
    match (ask, told) {
        (Ask::Rooms, Outcome::Rooms(rooms)) => list(model, rooms, out),
        (Ask::Private(..) | Ask::Requests(_), Outcome::Room(room)) => go_to(model, *room, out),
        (Ask::Requests(_), Outcome::Requests(requests)) => model.told(private::lines(&requests).join("\n")),
        (Ask::Requests(_), Outcome::Done) => model.tell(NoteKind::Outcome, "this request is not listed any more"),
        (Ask::Enter(enter), Outcome::Room(room)) => {
            let founded = founded(&room);
            go_to(model, *room, out);
            if matches!(enter, Enter::Founded { .. }) {
                model.tell(NoteKind::Outcome, founded);
            }
        }
        (Ask::Nearby(name), Outcome::Nearby(rooms)) => carry::nearby(model, name.as_deref(), &rooms, out),
        (Ask::Of(_, OfRoom::Announce(on)), Outcome::Room(room)) => {
            status(model, *room);
            model.tell(NoteKind::Outcome, if on { ANNOUNCED } else { "this room is no longer announced" });
        }
        // Unless an event told that before and the room was entered again since.
        (Ask::Of(room, OfRoom::Leave), _) if model.leaving.as_ref() == Some(&room) => left(model, &room, out),
        (Ask::Of(_, OfRoom::Ticket), Outcome::Ticket(ticket)) => tickets::tell(model, ticket, out),
        (Ask::Of(_, OfRoom::KeeperTicket), Outcome::Ticket(ticket)) => tickets::tell_keepers(model, ticket, out),
        (Ask::Of(_, OfRoom::Picture), Outcome::Ticket(ticket)) => panels::draw_ticket(model, &ticket),
        (Ask::Of(_, OfRoom::Save(_)), Outcome::Saved(path)) => files::saved(model, &path),
        (Ask::Of(_, OfRoom::Fetch(_)), Outcome::Message(message)) => files::asked(model, &message, out),
        (Ask::Of(_, OfRoom::Attention(attention)), Outcome::Room(room)) => {
            status(model, *room);
            carry::tell_attention(model, attention, out);
        }
        (Ask::Of(room, OfRoom::Foresee(order)), Outcome::Foreseen(foreseen))
            if model.open.as_ref().is_some_and(|open| open.room == room) =>
        {
            governing::confirm(model, order, foreseen);
        }
        (ask @ (Ask::Signs(_) | Ask::Paths(_)), Outcome::Options(options)) => complete::offer(model, &ask, options),
        (Ask::Of(_, _), Outcome::Room(room)) => status(model, *room),
        (Ask::Of(room, ask), told) => of_room(model, &room, (ask, told), out),
        _ => {}
    }
}

/// Opens a room that was entered.
fn go_to(model: &mut Model, room: Room, out: &mut Vec<Effect>) {
    let id = room.id.clone();
    status(model, room);
    if let Some(at) = model.rooms.iter().position(|room| room.id == id) {
        rooms::open(model, at, out);
    }
}

/// Takes an answer about a room. An answer about a room that was left meanwhile is dropped.
fn of_room(model: &mut Model, room: &RoomHex, answer: (OfRoom, Outcome), out: &mut Vec<Effect>) {
    let Some(open) = model.open_as(room) else { return };
    match answer {
        (OfRoom::People, Outcome::People(people)) => met(open, people),
        (OfRoom::Keepers, Outcome::People(people)) => {
            met(open, people);
            panels::tell_keepers(model);
        }
        (OfRoom::Hide(author) | OfRoom::HideEverywhere(author), Outcome::People(people)) => {
            met(open, people);
            carry::tell_hidden(model, &author, true);
        }
        (OfRoom::Unhide(author), Outcome::People(people)) => {
            met(open, people);
            carry::tell_hidden(model, &author, false);
        }
        (OfRoom::Verify(author, verified), Outcome::People(people)) => {
            met(open, people);
            carry::tell_verified(model, &author, verified);
        }
        (OfRoom::Held, Outcome::Page(page)) => {
            learn(open, &page.messages);
            rules::tell_held(model, &page.messages);
        }
        (OfRoom::Safety(_), Outcome::Whois(whois)) => carry::tell_safety(model, &whois),
        (_, Outcome::Whois(whois)) => carry::tell_whois(model, &whois),
        (OfRoom::Search(words), Outcome::Page(page)) => found(model, &words, page),
        (OfRoom::Say(_) | OfRoom::File(_), Outcome::Page(page)) => {
            for message in page.messages {
                open.reach(&message.place);
                spoke(open, &message);
                if open.timeline.at(&message.place).is_none() {
                    open.timeline.take(message, Arrival::End);
                }
            }
            open.timeline.seen();
        }
        (ask, Outcome::Page(page)) => {
            read(model, &ask, page);
            rooms::tell_hint(model, room, out);
        }
        (_, Outcome::Reported(told)) => model.told(reports::made(told)),
        (_, Outcome::Reports(came)) => reports::tell(model, &came),
        (_, Outcome::Holders(holders)) => carry::tell_holders(model, &holders),
        // Events report the result of a change: the answer may be older than the newest event.
        _ => {}
    }
}

/// Takes a page of the timeline, above or below the shown part.
fn read(model: &mut Model, ask: &OfRoom, Page { messages, more }: Page) {
    let Some(open) = &mut model.open else { return };
    learn(open, &messages);
    match ask {
        OfRoom::Newest => open.timeline.newest_page(messages, more),
        OfRoom::Before(_) => open.timeline.page_above(messages, more),
        _ => open.timeline.page_below(messages, more),
    }
    if let Some(newest) = open.timeline.newest().filter(|_| !open.timeline.below).cloned() {
        open.reach(&newest);
    }
    let centre = if matches!(ask, OfRoom::After(_)) { open.centre.take() } else { open.centre.clone() };
    if let Some(place) = centre {
        scroll::show(model, &BlockKey::Message(place));
    }
    scroll::reach(model);
}

/// Adds authors who are not known yet, with the names that their messages have.
fn learn(open: &mut Open, messages: &[Message]) {
    for message in messages {
        if !open.names.knows(&message.author) && message.kind != Kind::Nick {
            open.names.learn(&message.author, &message.nick);
        }
    }
}

fn met(open: &mut Open, people: Vec<Person>) {
    open.people.clear();
    for person in people.into_iter().take(PEOPLE_KNOWN) {
        open.names.learn(&person.author, &person.nick);
        open.people.insert(person.author.clone(), person);
    }
}

fn found(model: &mut Model, words: &str, page: Page) {
    if let Some(open) = &mut model.open {
        learn(open, &page.messages);
    }
    // Answers for a word that has changed since are dropped.
    if let Mode::Search(search) = &mut model.mode
        && search.words.text().trim() == words
    {
        let hits = page.messages.into_iter().filter(|message| !message.hidden).collect();
        (search.hits, search.at, search.answered) = (hits, 0, true);
    }
}

fn list(model: &mut Model, mut rooms: Vec<Room>, out: &mut Vec<Effect>) {
    rooms.truncate(ROOMS_LISTED);
    model.rooms = rooms;
    model.loaded = true;
    if let Some(open) = &model.open {
        let room = open.room.clone();
        if !model.rooms.iter().any(|known| known.id == room) {
            left(model, &room, out);
        }
        return;
    }
    let wanted = model.wanted.take();
    let at =
        wanted.and_then(|wanted| model.rooms.iter().position(|room| room.id.as_str().starts_with(wanted.as_str())));
    rooms::open(model, at.unwrap_or(0), out);
}

/// Shows a refusal, and keeps the text that could not be sent.
fn refuse(model: &mut Model, ask: Ask, refused: &Refused) {
    // Nobody waits for this answer, or it was about a room that was left meanwhile.
    let reads = |ask: &OfRoom| matches!(ask, OfRoom::People | OfRoom::Newest | OfRoom::Before(_) | OfRoom::After(_));
    if matches!(ask, Ask::Signs(_) | Ask::Paths(_)) {
        return;
    }
    let is_gone = |room: &RoomHex| model.rooms.iter().all(|known| known.id != *room);
    if matches!(&ask, Ask::Of(_, OfRoom::Typing)) || matches!(&ask, Ask::Of(room, ask) if reads(ask) && is_gone(room)) {
        return;
    }
    model.fail(&clean(&refused.code), &clean(&refused.what), &clean(&refused.help));
    let Ask::Of(room, ask) = ask else { return };
    if ask == OfRoom::Leave {
        model.leaving = None;
    }
    let (text, page) = match ask {
        OfRoom::Say(say) => (orders::typed(&say.text), false),
        OfRoom::Edit(_, text) => (orders::typed(&text), false),
        // The order itself, so that Enter repeats it instead of sending a text.
        OfRoom::File(path) => (format!("/file {}", path.display()), false),
        OfRoom::Newest | OfRoom::Before(_) | OfRoom::After(_) => (String::new(), true),
        _ => return,
    };
    let Some(open) = model.open_as(&room) else { return };
    if page {
        open.timeline.asked = false;
    } else if model.line.is_empty() {
        model.line.set(&text);
    }
}

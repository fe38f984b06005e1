//! Handles events of the node.

use rumormill_api::{Arrival, Event, Kind, Message, NoticeCode, Person, Reply, RoomHex};
use rumormill_text::{Names, clean};

use super::{
    files,
    input::Effect,
    model::{Model, NoteKind, Scroll},
    private,
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
        Event::Held { room, r#ref, holders, .. } => {
            if let Some(open) = model.open_as(&room) {
                open.timeline.held(&r#ref, holders);
            }
        }
        Event::Room { room } => status(model, room),
        Event::Left { room } => left(model, &room, out),
        Event::Person { room, author, nick, here, hidden, verified, role } => {
            if let Some(open) = model.open_as(&room) {
                open.timeline.hide(&author, hidden);
            }
            person(model, &room, Person { author, nick, here, hidden, verified, role, ..Person::default() });
        }
        Event::Typing { room, author, nick } => {
            let until_ms = model.now_ms + TYPING_MS;
            let shows = model.settings.typing;
            if let Some(open) = model.open_as(&room).filter(|_| shows) {
                open.names.learn(&author, &nick);
                open.types(author, until_ms);
            }
        }
        Event::Asked { request, .. } => model.tell(NoteKind::Outcome, private::told(&request)),
        Event::Notice { room, code, text } => notice(model, &room, code, &text),
        Event::File { room, hash, state, have, .. } => files::hear(model, &room, (hash, state, have), out),
        Event::Step { .. } => {}
        Event::Recounted { room, .. } => {
            if let Some(open) = model.open_as(&room) {
                open.timeline = Timeline::new(None);
                open.scroll = Scroll::End;
                read_anew(&room, out);
            }
        }
        Event::Lagged { .. } => {
            out.push(Effect::Ask(Model::begin()));
            if let Some(open) = &mut model.open {
                open.timeline = Timeline::new(None);
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
    let read = model.rooms.iter().find(|known| known.id == *room).and_then(|known| known.read.clone());
    let Some(open) = model.open_as(room) else { return };
    if arrival == Arrival::End {
        spoke(open, &message);
        open.typists.remove(&message.author);
    }
    let (place, mine, hidden) = (message.place.clone(), message.mine, message.hidden);
    // Messages from before the room was opened come from people who were here meanwhile.
    let missed = message.time_ms < open.opened_ms && read.is_some_and(|read| read < place);
    let late = open.timeline.take(message, arrival);
    open.reach(&place);
    if hidden {
        return;
    }
    match (late, mine) {
        (true, _) => tell_late(model),
        (false, true) => open.timeline.seen(),
        (false, false) if away || missed => open.timeline.mark(&place),
        (false, false) => {}
    }
}

/// Rings and asks the desktop for a notification, as the settings say. For a message that is on the screen in front of
/// the person, only the bell rings, and only if it mentions them.
fn call(model: &mut Model, room: &RoomHex, message: &Message, out: &mut Vec<Effect>) {
    let Some(here) = model.rooms.iter().find(|known| known.id == *room) else { return };
    let is_quiet = model.settings.quiet.is_some_and(|hours| hours.hold(&model.clock.minutes(model.now_ms)));
    if here.muted || is_quiet {
        return;
    }
    let is_mine = |reply: &Reply| reply.r#ref.as_str().split('.').next() == Some(here.author.as_str());
    let to_me = message.names_me || message.reply_to.as_ref().is_some_and(is_mine);
    let worth = |loud| match loud {
        Loud::None => false,
        Loud::Mentions => to_me,
        Loud::All => message.kind == Kind::Text,
    };
    let looks =
        model.focused && model.open.as_ref().is_some_and(|open| open.room == *room && open.scroll == Scroll::End);
    if worth(model.settings.bell) && (to_me || !looks) {
        out.push(Effect::Bell);
    }
    if worth(model.settings.notify) && !looks && model.notified_ms != model.now_ms {
        model.notified_ms = model.now_ms;
        let title = model.rooms.iter().find(|known| known.id == *room).map(title).unwrap_or_default();
        // In a room that is not open, a name may belong to several people.
        let open = model.open.as_ref().filter(|open| open.room == *room);
        let nick = open.map_or_else(|| Names::default().by(message), |open| open.names.by(message));
        let text: String = clean(&message.text).chars().take(NOTIFIED_CHARS).collect();
        let text = if message.action { format!("* {nick} {text}") } else { format!("{nick}: {text}") };
        out.push(Effect::Notify { title, text });
    }
}

/// Late messages mostly come several together: one line reports them all.
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
        NoticeCode::Forked
        | NoticeCode::Skewed
        | NoticeCode::Rekeyed
        | NoticeCode::Shared
        | NoticeCode::Reported
        | NoticeCode::Slowed => {
            model.tell(NoteKind::Outcome, clean(text));
        }
    }
}

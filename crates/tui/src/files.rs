//! Files in the terminal: sends them by path, fetches and saves them on request.

use rumormill_api::{File, FileHex, FileState, Kind, Message, RoomHex};
use rumormill_text::show::offered;

use super::{
    ask::{Ask, OfRoom, at_home},
    input::Effect,
    model::{Getting, Model, Open},
};
use crate::limits::GETTING;

/// The text for a file: its description, and its state here.
pub(super) fn row(file: &File) -> (String, String) {
    let stands = match file.state {
        FileState::Absent => "/get fetches it".to_owned(),
        FileState::Asking => "asking for it".to_owned(),
        FileState::Fetching => format!("{} %", file.have.saturating_mul(100) / file.size.max(1)),
        FileState::Waiting => "nobody who has it is here; it comes when somebody does".to_owned(),
        FileState::Here => "here; /get saves it".to_owned(),
    };
    (offered(file), stands)
}

/// Sends the file at a path.
pub(super) fn offer(model: &mut Model, path: &str, out: &mut Vec<Effect>) {
    let Some(open) = &model.open else { return model.no_room() };
    if path.is_empty() {
        return model.fail("usage", "which file?", "/file PATH");
    }
    out.push(Effect::Ask(Ask::Of(open.room.clone(), OfRoom::File(at_home(path)))));
}

/// Fetches the file of the selected message, or the newest one, or the n-th newest one.
pub(super) fn get(model: &mut Model, which: &str, out: &mut Vec<Effect>) {
    let Some(open) = &model.open else { return model.no_room() };
    let room = open.room.clone();
    let Some(message) = meant(open, which).cloned() else {
        return model.fail(
            "message",
            "that offers no file",
            "Alt+Up selects a message, /get 2 means the last file but one",
        );
    };
    match &message.file {
        Some(file) if file.state == FileState::Here => save(&room, message, out),
        Some(file) if model.getting.len() < GETTING => {
            let (hash, entry) = (file.hash.clone(), message.r#ref.clone());
            model.getting.insert(hash, Getting { room: room.clone(), message });
            out.push(Effect::Ask(Ask::Of(room, OfRoom::Fetch(entry))));
        }
        _ => model.fail("busy", "too many files are on their way", "wait for one of them"),
    }
}

fn meant<'a>(open: &'a Open, which: &str) -> Option<&'a Message> {
    let is_file = |message: &&Message| message.kind == Kind::File;
    let mut files = open.timeline.messages().rev().filter(is_file);
    match (which.is_empty(), &open.selected) {
        (true, Some(place)) => open.timeline.at(place).filter(is_file),
        (true, None) => files.next(),
        (false, _) => files.nth(which.parse::<usize>().ok()?.checked_sub(1)?),
    }
}

fn save(room: &RoomHex, message: Message, out: &mut Vec<Effect>) {
    out.push(Effect::Ask(Ask::Of(room.clone(), OfRoom::Save(Box::new(message)))));
}

/// Takes the progress of a file.
pub(super) fn hear(
    model: &mut Model,
    room: &RoomHex,
    (hash, state, have): (FileHex, FileState, u64),
    out: &mut Vec<Effect>,
) {
    if let Some(open) = model.open_as(room) {
        open.timeline.stands(&hash, state, have);
    }
    match state {
        FileState::Here => {
            if let Some(Getting { room, message }) = model.getting.remove(&hash) {
                save(&room, message, out);
            }
        }
        FileState::Absent => drop(model.getting.remove(&hash)),
        FileState::Asking | FileState::Fetching | FileState::Waiting => {}
    }
}

/// Takes the answer to a fetch: the file may have been here already.
pub(super) fn asked(model: &mut Model, message: &Message, out: &mut Vec<Effect>) {
    let here = message.file.as_ref().filter(|file| file.state == FileState::Here);
    if let Some(Getting { room, message }) = here.and_then(|file| model.getting.remove(&file.hash)) {
        save(&room, message, out);
    }
}

/// Reports where a file was saved.
pub(super) fn saved(model: &mut Model, path: &str) {
    model.told(format!("saved as {}", rumormill_text::clean(path)));
}

//! Messages as the store has them: entries, each folded with the notes about it.

use std::collections::{BTreeMap, VecDeque};

use rumormill_proto::{
    content::{Content, Target},
    ids::RoomId,
    timeline::Place,
};
use rumormill_store::{Error, Read, TimelineRow};

use crate::{
    limits::{NOTES, PAGE_LINES},
    message::{Message, What, about},
};

/// A page of messages, in the order of the timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The messages.
    pub messages: Vec<Message>,
    /// Whether there are more behind the page, in the direction that was read.
    pub more: bool,
}

/// The `limit` messages before `before`, or the last ones.
pub(crate) fn page(read: &mut dyn Read, room: &RoomId, mut before: Option<Place>, limit: usize) -> Result<Page, Error> {
    let mut messages: VecDeque<Message> = VecDeque::new();
    loop {
        let lines = read.messages(room, before, (limit + 1 - messages.len()).min(PAGE_LINES))?;
        let Some(first) = lines.first() else { return Ok(Page { messages: messages.into(), more: false }) };
        before = Some(first.place);
        for message in fold(read, room, &lines)?.into_iter().rev() {
            if messages.len() == limit {
                return Ok(Page { messages: messages.into(), more: true });
            }
            messages.push_front(message);
        }
    }
}

/// The `limit` messages after `after`, or the first ones.
pub(crate) fn page_after(
    read: &mut dyn Read,
    room: &RoomId,
    mut after: Option<Place>,
    limit: usize,
) -> Result<Page, Error> {
    let mut messages = Vec::new();
    loop {
        let lines = read.messages_after(room, after, (limit + 1 - messages.len()).min(PAGE_LINES))?;
        let Some(last) = lines.last() else { return Ok(Page { messages, more: false }) };
        after = Some(last.place);
        for message in fold(read, room, &lines)? {
            if messages.len() == limit {
                return Ok(Page { messages, more: true });
            }
            messages.push(message);
        }
    }
}

/// One message; `None` when there is no such entry, or it is no message.
pub(crate) fn one(read: &mut dyn Read, room: &RoomId, target: Target) -> Result<Option<Message>, Error> {
    let line = read.line(room, &target.author, target.seq)?;
    Ok(fold(read, room, line.as_slice())?.pop())
}

/// The messages that these entries make, in their order.
pub(crate) fn fold(read: &mut dyn Read, room: &RoomId, lines: &[TimelineRow]) -> Result<Vec<Message>, Error> {
    let target = |line: &TimelineRow| Target { author: line.place.author, seq: line.place.seq };
    let targets: Vec<Target> = lines.iter().map(target).collect();
    let mut notes: BTreeMap<Target, Vec<TimelineRow>> = BTreeMap::new();
    for note in read.notes(room, &targets, NOTES)? {
        let content = note.body.bytes().and_then(|body| Content::parse(note.kind, body).ok().flatten());
        if let Some(target) = content.and_then(|content| about(note.place.author, &content)) {
            notes.entry(target).or_default().push(note);
        }
    }
    let of = |line: &TimelineRow| notes.get(&target(line)).map_or(&[][..], Vec::as_slice);
    let mut messages: Vec<Message> = lines.iter().filter_map(|line| Message::fold(room, line, of(line))).collect();
    for message in messages.iter_mut().filter(|message| message.what == What::Expired) {
        if read.is_bare(room, &message.place.author, message.place.seq)? {
            message.what = What::Missing;
        }
    }
    Ok(messages)
}

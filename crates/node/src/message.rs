//! What a person says: an entry of a chat with the edits and reactions that later entries add.
//!
//! A message is a fold over an entry and its notes: the edits and the retraction by its author, and everybody's
//! reactions. The same entries give the same message in whatever order they came.

use std::collections::BTreeMap;

use rumormill_proto::{
    admit::Entry,
    content::{Content, File, Imported, Target, Text},
    entry::{Founding, Kind, founding},
    governance::{Act, Says},
    ids::{AuthorId, EntryId, RoomId},
    timeline::Place,
};
use rumormill_store::TimelineRow;

/// One thing that people read in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its place in the timeline.
    pub place: Place,
    /// Hash of the entry.
    pub id: EntryId,
    /// Its content.
    pub what: What,
    /// Whether its author has edited it.
    pub edited: bool,
    /// The signs beside it, and the authors who put each there; signs by their bytes, authors ascending.
    pub reactions: BTreeMap<String, Vec<AuthorId>>,
}

/// The content of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The room was founded under this name; an empty one in a closed room, where it is said apart.
    Founded(String),
    /// A text.
    Text(Text),
    /// The name that its author wants to be shown with.
    Nick(String),
    /// The topic of the room from here on.
    Topic(String),
    /// A file that its author offers.
    File(File),
    /// Something that was said in another system, by another person than the author.
    Imported(Imported),
    /// An act that changed who is in a closed room, or who may do what.
    Act(Box<Says>),
    /// Its author has retracted it.
    Retracted,
    /// This node has dropped it, because it keeps no more.
    Expired,
    /// The entry came without its content, which the node asks peers for.
    Missing,
    /// It cannot be read yet: nobody has handed us the secret under which it is sealed.
    Locked,
    /// It was not sealed as it has to be, and nobody can read it.
    Damaged,
}

impl What {
    /// Whether its author can take it back: it was said, and whether it can be read here is no matter.
    pub(crate) fn can_be_retracted(&self) -> bool {
        match self {
            Self::Founded(_) | Self::Nick(_) | Self::Act(_) | Self::Retracted => false,
            Self::Text(_)
            | Self::Topic(_)
            | Self::File(_)
            | Self::Imported(_)
            | Self::Expired
            | Self::Missing
            | Self::Locked
            | Self::Damaged => true,
        }
    }
}

impl Message {
    /// The entry that makes it.
    pub fn target(&self) -> Target {
        Target { author: self.place.author, seq: self.place.seq }
    }

    /// The message that an entry makes at the end of the timeline, where no notes about it can be yet. `None` as for
    /// [`Message::fold`].
    pub fn at_end(room: &RoomId, entry: &Entry) -> Option<Self> {
        let (place, body, seen) = (Place::of(entry), entry.body.clone(), Vec::new());
        let line = TimelineRow { place, id: entry.id, kind: entry.kind, sealed: false, body, seen };
        Self::fold(room, &line, &[])
    }

    /// The message that an entry and its `notes` make. `None` for entries that are notes themselves, and for kinds that
    /// are no part of a chat.
    pub fn fold(room: &RoomId, line: &TimelineRow, notes: &[TimelineRow]) -> Option<Self> {
        let TimelineRow { place, id, .. } = line;
        let mut message =
            Self { place: *place, id: *id, what: what(room, line)?, edited: false, reactions: BTreeMap::new() };
        let mut notes: Vec<&TimelineRow> = notes.iter().collect();
        notes.sort_by_key(|note| note.place);
        for note in notes {
            let content = note.body.bytes().and_then(|body| Content::parse(note.kind, body).ok().flatten());
            content.into_iter().for_each(|content| message.note(&note.place, content));
        }
        Some(message)
    }

    /// Takes in a note about this message. Notes come in the order of the timeline.
    fn note(&mut self, by: &Place, content: Content) {
        let own = by.author == self.place.author && by.seq > self.place.seq;
        match content {
            Content::Edit { of, text: words } if own && of == self.place.seq => {
                if let What::Text(text) = &mut self.what {
                    text.text = words;
                    self.edited = true;
                }
            }
            Content::Retraction { of } if own && of == self.place.seq && self.what.can_be_retracted() => {
                self.what = What::Retracted;
            }
            Content::Reaction { to, sign, on } if to == self.target() => {
                let authors = self.reactions.entry(sign.clone()).or_default();
                match (authors.binary_search(&by.author), on) {
                    (Err(at), true) => authors.insert(at, by.author),
                    (Ok(at), false) => drop(authors.remove(at)),
                    _ => {}
                }
                if authors.is_empty() {
                    self.reactions.remove(&sign);
                }
            }
            _ => {}
        }
    }
}

/// The entry that a note is about; `None` for content that is no note.
pub(crate) fn about(author: AuthorId, content: &Content) -> Option<Target> {
    match content {
        Content::Edit { of, .. } | Content::Retraction { of } => Some(Target { author, seq: *of }),
        Content::Reaction { to, .. } => Some(*to),
        Content::Text(_) | Content::Nick(_) | Content::Topic(_) | Content::File(_) | Content::Imported(_) => None,
    }
}

fn what(room: &RoomId, line: &TimelineRow) -> Option<What> {
    let chat = [Kind::TEXT, Kind::ADDRESSED, Kind::NICK, Kind::TOPIC, Kind::FILE, Kind::IMPORTED];
    if let Some(kind) = line.kind.opened() {
        let what = if line.body.bytes().is_some() { What::Locked } else { What::Damaged };
        return chat.contains(&kind).then_some(what);
    }
    let Some(body) = line.body.bytes() else {
        return chat.contains(&line.kind).then_some(What::Expired);
    };
    if line.kind == Kind::FOUND {
        let name = match founding(room, &line.place.author, body).ok()? {
            Founding::Open { name } => name,
            Founding::Closed { .. } => String::new(),
        };
        return Some(What::Founded(name));
    }
    if line.kind.is_deed() {
        let says = Act::parse(line.kind, body).ok()??.says;
        return says.is_of(room, &line.place.author).then(|| What::Act(Box::new(says)));
    }
    match Content::parse(line.kind, body).ok()?? {
        Content::Text(text) => Some(What::Text(text)),
        Content::Nick(nick) => Some(What::Nick(nick)),
        Content::Topic(topic) => Some(What::Topic(topic)),
        Content::File(file) => Some(What::File(file)),
        Content::Imported(imported) => Some(What::Imported(imported)),
        Content::Edit { .. } | Content::Retraction { .. } | Content::Reaction { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use rumormill_proto::{entry::Body, time::Time};

    use super::*;

    const ADA: AuthorId = AuthorId([1; 32]);
    const BEA: AuthorId = AuthorId([2; 32]);

    fn line(author: AuthorId, seq: u64, content: &Content) -> TimelineRow {
        let (kind, body) = content.encode().unwrap();
        let place = Place { time: Time::from_ms(1_000 + seq), author, seq };
        TimelineRow { place, id: EntryId::default(), kind, sealed: false, body: Body::Here(body), seen: vec![] }
    }

    fn said(text: &str) -> Content {
        Content::Text(text.into())
    }

    fn edit(text: &str) -> Content {
        Content::Edit { of: 5, text: text.into() }
    }

    fn react(sign: &str, on: bool) -> Content {
        Content::Reaction { to: Target { author: ADA, seq: 5 }, sign: sign.into(), on }
    }

    /// Checks the message of Ada's fifth entry in short form: its text, `+` when edited, and its signs with their
    /// counts.
    fn check(notes: &[(AuthorId, u64, Content)], expected: &str) {
        let mut lines: Vec<TimelineRow> =
            notes.iter().map(|(author, seq, content)| line(*author, *seq, content)).collect();
        for _ in 0..2 {
            let message = Message::fold(&RoomId::default(), &line(ADA, 5, &said("hello")), &lines).unwrap();
            let text = match &message.what {
                What::Text(text) => text.text.clone(),
                other => format!("{other:?}"),
            };
            let signs: String = message.reactions.iter().map(|(sign, by)| format!(" {sign}{}", by.len())).collect();
            assert_eq!(format!("{text}{}{signs}", if message.edited { "+" } else { "" }), expected);
            lines.reverse();
        }
    }

    #[test]
    fn notes_change_what_is_read_in_timeline_order_however_they_came() {
        check(&[], "hello");
        check(&[(ADA, 6, edit("hullo"))], "hullo+");
        check(&[(ADA, 6, edit("one")), (ADA, 7, edit("two"))], "two+");
        check(&[(ADA, 6, edit("one")), (ADA, 7, Content::Retraction { of: 5 })], "Retracted+");
        check(&[(BEA, 1, react("+", true)), (ADA, 6, react("+", true)), (BEA, 2, react("-", true))], "hello +2 -1");
        check(&[(BEA, 1, react("+", true)), (BEA, 2, react("+", false))], "hello");
        check(&[(BEA, 1, react("+", true)), (BEA, 2, react("+", true))], "hello +1");
    }

    #[test]
    fn only_the_author_changes_an_entry_and_only_afterwards() {
        check(&[(BEA, 6, edit("never said"))], "hello");
        check(&[(BEA, 6, Content::Retraction { of: 5 })], "hello");
        check(&[(ADA, 4, edit("before"))], "hello");
        check(&[(ADA, 6, Content::Edit { of: 4, text: "another".into() })], "hello");
    }

    #[test]
    fn what_is_gone_says_why() {
        let mut gone = line(ADA, 5, &said("hello"));
        gone.body = gone.body.dropped();
        let fold = |notes: &[TimelineRow]| Message::fold(&RoomId::default(), &gone, notes).map(|message| message.what);
        assert_eq!(fold(&[]), Some(What::Expired));
        assert_eq!(fold(&[line(ADA, 6, &Content::Retraction { of: 5 })]), Some(What::Retracted));
    }

    #[test]
    fn notes_are_no_messages() {
        for content in [edit("x"), Content::Retraction { of: 1 }, react("+", true)] {
            assert_eq!(Message::fold(&RoomId::default(), &line(ADA, 9, &content), &[]), None);
        }
    }
}

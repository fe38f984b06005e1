//! Everything the screen shows, and the state of the person's input.

use std::collections::{BTreeMap, VecDeque};

use rumormill_api::{AuthorHex, EntryRef, FileHex, Message, Order, Person, PlaceText, Room, RoomHex};
use rumormill_text::{Clock, Names};

use super::{ask::Ask, input::Size, line::Line, paint::Paint, settings::Preferences, timeline::Timeline, typed::Typed};
use crate::limits::{NOTES, TYPISTS};

/// The screen.
pub(super) struct Model {
    pub(super) size: Size,
    /// Milliseconds since the Unix epoch.
    pub(super) now_ms: u64,
    pub(super) clock: Clock,
    pub(super) paint: Paint,
    pub(super) settings: Preferences,
    /// The rooms in the order of their numbers on the screen.
    pub(super) rooms: Vec<Room>,
    /// Whether the rooms are known yet.
    pub(super) loaded: bool,
    /// The room to open as soon as it is known: its id, or the beginning of it.
    pub(super) wanted: Option<RoomHex>,
    pub(super) open: Option<Open>,
    /// The room that this person is leaving.
    pub(super) leaving: Option<RoomHex>,
    /// Unsent lines of other rooms.
    pub(super) drafts: BTreeMap<RoomHex, String>,
    pub(super) line: Line,
    pub(super) typed: Typed,
    /// Files to save once they are here.
    pub(super) getting: BTreeMap<FileHex, Getting>,
    pub(super) completion: Option<Completion>,
    pub(super) mode: Mode,
    pub(super) panel: Option<Panel>,
    /// Show only text, for copying.
    pub(super) bare: bool,
    /// Whether this terminal has the focus.
    pub(super) focused: bool,
    /// The time of the last desktop notification.
    pub(super) notified_ms: u64,
    /// Whether the last key was Ctrl+c.
    pub(super) warned: bool,
    pub(super) notes: VecDeque<Note>,
    /// The number of notes so far.
    pub(super) noted: u64,
}

/// The room on the screen.
pub(super) struct Open {
    pub(super) room: RoomHex,
    pub(super) people: BTreeMap<AuthorHex, Person>,
    pub(super) names: Names,
    pub(super) timeline: Timeline,
    pub(super) scroll: Scroll,
    pub(super) selected: Option<PlaceText>,
    /// What the typed line replies to or edits.
    pub(super) aim: Option<Aim>,
    /// The message that was jumped to, until the messages around it come.
    pub(super) centre: Option<PlaceText>,
    /// The place up to which reading was reported.
    pub(super) read: Option<PlaceText>,
    /// How reading affects the unread messages.
    pub(super) unread: Unread,
    /// What to show once a page has come.
    pub(super) goal: Option<Goal>,
    /// When the room was opened; earlier messages of others that come later count as unread.
    pub(super) opened_ms: u64,
    /// The newest message so far, in the window or not.
    pub(super) last: Option<PlaceText>,
    /// Who is typing, and until when that holds without a further event; at most [`TYPISTS`].
    pub(super) typists: BTreeMap<AuthorHex, u64>,
    /// When others may be told again that I am typing.
    pub(super) type_at: u64,
}

/// How reading affects the unread messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Unread {
    /// Messages that were on the screen are read, in order.
    #[default]
    Follows,
    /// The person went to the end: everything above is read too.
    Passed,
    /// The person marked a message as unread: it stays so until they come back or send something.
    Stays,
}

/// What to show once a page has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// The first unread message at the top, if the unread messages do not all fit on the screen.
    Unread,
    /// The beginning.
    Start,
}

/// The lowest shown row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Scroll {
    /// The newest message.
    #[default]
    End,
    /// A block, with this many of its rows hidden below the screen.
    At(BlockKey, usize),
}

/// Identifies a block while others come and go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BlockKey {
    Top,
    Message(PlaceText),
    Hint,
    Note(u64),
}

/// A file that is fetched, to be saved when it is here.
#[derive(Clone, Debug)]
pub(super) struct Getting {
    pub(super) room: RoomHex,
    pub(super) message: Message,
}

/// The current completion and its alternatives.
pub(super) struct Completion {
    pub(super) start: usize,
    pub(super) options: Vec<String>,
    pub(super) at: usize,
}

/// What a typed line replies to or edits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    Reply(EntryRef),
    Edit(EntryRef),
}

/// The meaning of the keys.
#[derive(Debug, Default)]
pub(super) enum Mode {
    #[default]
    Chat,
    Search(Search),
    Recall(Recall),
    Question(Question),
}

/// A search through the messages.
#[derive(Debug, Default)]
pub(super) struct Search {
    pub(super) words: Line,
    /// Newest first.
    pub(super) hits: Vec<Message>,
    pub(super) at: usize,
    /// Whether the hits belong to the current words.
    pub(super) answered: bool,
}

/// A search through earlier typed lines.
#[derive(Debug, Default)]
pub(super) struct Recall {
    pub(super) words: Line,
    pub(super) at: Option<usize>,
    /// The line before the search began.
    pub(super) unsent: String,
}

/// A question before an action.
#[derive(Debug)]
pub(super) enum Question {
    /// Send, edit with, or drop many pasted lines.
    Paste(String),
    /// Leave a room.
    Leave(RoomHex),
    /// Do something in a closed room that ends more than it names.
    Order(RoomHex, Order),
}

/// A longer text, shown instead of the messages.
#[derive(Debug, Default)]
pub(super) struct Panel {
    pub(super) title: String,
    /// The subject and the text of each row.
    pub(super) rows: Vec<(String, String)>,
    /// Rows that are scrolled out above.
    pub(super) above: usize,
    /// Whether it uses every row above the typed line.
    pub(super) tall: bool,
}

/// A note of the program, between the messages.
#[derive(Debug)]
pub(super) struct Note {
    pub(super) number: u64,
    /// Its room; `None` while there was none.
    pub(super) room: Option<RoomHex>,
    /// The newest message at that time.
    pub(super) after: Option<PlaceText>,
    pub(super) time_ms: u64,
    pub(super) kind: NoteKind,
    pub(super) text: String,
}

/// How a note is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoteKind {
    Outcome,
    Error,
    /// This many messages came in above.
    Late(u64),
}

impl Model {
    /// A screen before anything is known.
    pub(super) fn new(size: Size, clock: Clock, paint: Paint) -> Self {
        Self {
            size,
            now_ms: 0,
            clock,
            paint,
            settings: Preferences::default(),
            rooms: Vec::new(),
            loaded: false,
            wanted: None,
            open: None,
            leaving: None,
            drafts: BTreeMap::new(),
            line: Line::default(),
            typed: Typed::default(),
            getting: BTreeMap::new(),
            completion: None,
            mode: Mode::Chat,
            panel: None,
            bare: false,
            focused: true,
            notified_ms: 0,
            warned: false,
            notes: VecDeque::new(),
            noted: 0,
        }
    }

    /// The first request.
    pub(super) fn begin() -> Ask {
        Ask::Rooms
    }

    /// Shows that an action needs a room.
    pub(super) fn no_room(&mut self) {
        self.fail("room", "no room is open", "/new NAME begins one, /join TICKET enters one");
    }

    /// Shows a note, and scrolls to it.
    pub(super) fn told(&mut self, text: impl Into<String>) {
        self.tell(NoteKind::Outcome, text);
        if let Some(open) = self.open.as_mut().filter(|open| !open.timeline.below) {
            open.scroll = Scroll::End;
        }
    }

    /// The open room's status.
    pub(super) fn room(&self) -> Option<&Room> {
        let open = self.open.as_ref()?;
        self.rooms.iter().find(|room| room.id == open.room)
    }

    /// The open room, if it has this id.
    pub(super) fn open_as(&mut self, room: &RoomHex) -> Option<&mut Open> {
        self.open.as_mut().filter(|open| open.room == *room)
    }

    /// Shows a note in the open room.
    pub(super) fn tell(&mut self, kind: NoteKind, text: impl Into<String>) {
        let (room, after) = match &self.open {
            Some(open) => (Some(open.room.clone()), open.last.clone()),
            None => (None, None),
        };
        if self.notes.len() == NOTES {
            self.notes.pop_front();
        }
        let note = Note { number: self.noted, room, after, time_ms: self.now_ms, kind, text: text.into() };
        self.noted += 1;
        self.notes.push_back(note);
    }

    /// Shows an error in two lines: what happened, and what to do next.
    pub(super) fn fail(&mut self, code: &str, what: &str, help: &str) {
        self.tell(NoteKind::Error, format!("error[{code}]: {what}\nhelp: {help}"));
    }

    /// Notes of the open room.
    pub(super) fn notes_here(&self) -> impl Iterator<Item = &Note> {
        let room = self.open.as_ref().map(|open| &open.room);
        self.notes.iter().filter(move |note| note.room.as_ref() == room)
    }
}

impl Open {
    /// A room before anything of it was read.
    pub(super) fn new(room: &Room, now_ms: u64) -> Self {
        Self {
            room: room.id.clone(),
            people: BTreeMap::new(),
            names: Names::default(),
            timeline: Timeline::new(room.read.clone()),
            scroll: Scroll::End,
            selected: None,
            aim: None,
            centre: None,
            read: None,
            unread: Unread::default(),
            goal: Some(Goal::Unread),
            opened_ms: now_ms,
            last: None,
            typists: BTreeMap::new(),
            type_at: 0,
        }
    }

    /// Whether this person has hidden an author.
    pub(super) fn hides(&self, author: &AuthorHex) -> bool {
        self.people.get(author).is_some_and(|person| person.hidden)
    }

    /// Notes that somebody is typing, until `until_ms` without a further event.
    pub(super) fn types(&mut self, author: AuthorHex, until_ms: u64) {
        if self.typists.len() < TYPISTS || self.typists.contains_key(&author) {
            self.typists.insert(author, until_ms);
        }
    }

    /// Notes the newest message.
    pub(super) fn reach(&mut self, place: &PlaceText) {
        if self.last.as_ref().is_none_or(|last| last < place) {
            self.last = Some(place.clone());
        }
    }
}

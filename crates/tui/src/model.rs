//! Everything the screen shows, and what of it the person holds in their hands.

use std::collections::{BTreeMap, VecDeque};

use rumormill_api::{AuthorHex, EntryRef, FileHex, Message, Person, PlaceText, Room, RoomHex};
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
    /// Rooms as they are numbered on the screen.
    pub(super) rooms: Vec<Room>,
    /// Whether the rooms are known by now.
    pub(super) loaded: bool,
    /// The room to be opened as soon as it is known: its id, or the beginning of it.
    pub(super) wanted: Option<RoomHex>,
    pub(super) open: Option<Open>,
    /// The room that this person leaves here.
    pub(super) leaving: Option<RoomHex>,
    /// What was typed in other rooms and not sent.
    pub(super) drafts: BTreeMap<RoomHex, String>,
    pub(super) line: Line,
    pub(super) typed: Typed,
    /// Files that are saved once they are here.
    pub(super) getting: BTreeMap<FileHex, Getting>,
    pub(super) completion: Option<Completion>,
    pub(super) mode: Mode,
    pub(super) panel: Option<Panel>,
    /// Only text, for copying.
    pub(super) bare: bool,
    /// Whether the person looks at this terminal.
    pub(super) focused: bool,
    /// When the desktop was asked to tell last.
    pub(super) notified_ms: u64,
    /// Whether Ctrl+c was the key before.
    pub(super) warned: bool,
    pub(super) notes: VecDeque<Note>,
    /// Notes there have been.
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
    /// What the line being typed is about.
    pub(super) aim: Option<Aim>,
    /// What was gone to and waits for what is around it.
    pub(super) centre: Option<PlaceText>,
    /// Up to where reading was told.
    pub(super) read: Option<PlaceText>,
    /// The newest message there has been, in the window or not.
    pub(super) last: Option<PlaceText>,
    /// Who is writing, and until when that holds if nothing more is told; at most [`TYPISTS`].
    pub(super) typists: BTreeMap<AuthorHex, u64>,
    /// When others may be told again that I am writing.
    pub(super) type_at: u64,
}

/// The lowest row that is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Scroll {
    /// The newest there is.
    #[default]
    End,
    /// A block, with so many of its rows hidden below the screen.
    At(BlockKey, usize),
}

/// Names a block, while others come and go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BlockKey {
    Top,
    Message(PlaceText),
    Hint,
    Note(u64),
}

/// A file that is asked for, to be saved when it is here.
#[derive(Clone, Debug)]
pub(super) struct Getting {
    pub(super) room: RoomHex,
    pub(super) message: Message,
}

/// What stands where a word was, and what else may.
pub(super) struct Completion {
    pub(super) start: usize,
    pub(super) options: Vec<String>,
    pub(super) at: usize,
}

/// What a line being typed answers or replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    Reply(EntryRef),
    Edit(EntryRef),
}

/// What keys mean.
#[derive(Debug, Default)]
pub(super) enum Mode {
    #[default]
    Chat,
    Search(Search),
    Recall(Recall),
    Question(Question),
}

/// Looking for what was said.
#[derive(Debug, Default)]
pub(super) struct Search {
    pub(super) words: Line,
    /// Newest first.
    pub(super) hits: Vec<Message>,
    pub(super) at: usize,
    /// Whether the hits are those of the words.
    pub(super) answered: bool,
}

/// Looking for what was typed.
#[derive(Debug, Default)]
pub(super) struct Recall {
    pub(super) words: Line,
    pub(super) at: Option<usize>,
    /// What was typed before.
    pub(super) unsent: String,
}

/// What is asked before it is done.
#[derive(Debug)]
pub(super) enum Question {
    /// To say, edit or forget many lines that were pasted.
    Paste(String),
    /// To leave a room.
    Leave(RoomHex),
}

/// Something longer that is shown instead of the messages.
#[derive(Debug, Default)]
pub(super) struct Panel {
    pub(super) title: String,
    /// What each row is about, and what it tells.
    pub(super) rows: Vec<(String, String)>,
    /// Rows that are scrolled out above.
    pub(super) above: usize,
    /// Whether it needs every row there is, but for the line being typed.
    pub(super) tall: bool,
}

/// What the program tells, between the messages.
#[derive(Debug)]
pub(super) struct Note {
    pub(super) number: u64,
    /// In which room; `None` while there was none.
    pub(super) room: Option<RoomHex>,
    /// The newest message then.
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
    /// So many messages came in above.
    Late(u64),
}

impl Model {
    /// A screen on which nothing is known yet.
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

    /// What is to be asked first.
    pub(super) fn begin() -> Ask {
        Ask::Rooms
    }

    /// Tells that something needs a room.
    pub(super) fn no_room(&mut self) {
        self.fail("room", "no room is open", "/new NAME begins one, /join TICKET enters one");
    }

    /// Tells something, and goes to where it stands.
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

    /// The open room, if it is this one.
    pub(super) fn open_as(&mut self, room: &RoomHex) -> Option<&mut Open> {
        self.open.as_mut().filter(|open| open.room == *room)
    }

    /// Tells the person something in the open room.
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

    /// Tells an error, in two lines: what happened, and what to do next.
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
    /// A room of which nothing was read yet.
    pub(super) fn new(room: &Room) -> Self {
        Self {
            room: room.id.clone(),
            people: BTreeMap::new(),
            names: Names::default(),
            timeline: Timeline::new(room.unread),
            scroll: Scroll::End,
            selected: None,
            aim: None,
            centre: None,
            read: None,
            last: None,
            typists: BTreeMap::new(),
            type_at: 0,
        }
    }

    /// Whether this person does not want to read somebody.
    pub(super) fn hides(&self, author: &AuthorHex) -> bool {
        self.people.get(author).is_some_and(|person| person.hidden)
    }

    /// Somebody is writing, until `until_ms` if nothing more is told.
    pub(super) fn types(&mut self, author: AuthorHex, until_ms: u64) {
        if self.typists.len() < TYPISTS || self.typists.contains_key(&author) {
            self.typists.insert(author, until_ms);
        }
    }

    /// Takes note of the newest message there is.
    pub(super) fn reach(&mut self, place: &PlaceText) {
        if self.last.as_ref().is_none_or(|last| last < place) {
            self.last = Some(place.clone());
        }
    }
}

//! The inputs and effects of the core.

use crossterm::event::{KeyCode, KeyModifiers};
use rumormill_api::Event;

use super::ask::{Answer, Ask};

/// A key that was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) code: KeyCode,
    pub(super) ctrl: bool,
    pub(super) alt: bool,
}

impl Key {
    /// A key as the terminal reports it.
    pub(super) fn new(code: KeyCode, with: KeyModifiers) -> Self {
        Self { code, ctrl: with.contains(KeyModifiers::CONTROL), alt: with.contains(KeyModifiers::ALT) }
    }
}

/// Columns and rows of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) columns: u16,
    pub(super) rows: u16,
}

/// An input of the core.
#[derive(Clone, Debug)]
pub(super) enum Input {
    Key(Key),
    Paste(String),
    Resize(Size),
    /// A notch of the mouse wheel; true for down.
    Wheel(bool),
    /// Whether this terminal has the focus.
    Focus(bool),
    /// The current time, in milliseconds since the Unix epoch.
    Tick(u64),
    Event(Box<Event>),
    Answer(Box<Answer>),
    /// The result of a copy.
    Copied(Copied),
}

/// The result of copying a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Copied {
    /// The text is in the clipboard.
    Done,
    /// The terminal was asked to put it there; it does not report whether it did.
    Asked,
}

/// An effect that the core requests.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Effect {
    /// Make this request; requests keep their order, and each is answered with [`Input::Answer`].
    Ask(Ask),
    /// Put this into the clipboard, and report with [`Input::Copied`].
    Copy(String),
    /// Keep this line for later visits.
    Remember(String),
    Bell,
    /// Report the mouse to the program, or leave it to the terminal, which selects text with it.
    Mouse(bool),
    /// Ask the desktop for a notification.
    Notify {
        /// The room where it happened.
        title: String,
        text: String,
    },
    /// Keep a setting for later visits: its name and value.
    Set(String, String),
    /// Draw everything again, because another program wrote on the terminal.
    Redraw,
    Quit,
}

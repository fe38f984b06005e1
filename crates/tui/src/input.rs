//! What goes into the core and what comes out of it.

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
    /// A key as the terminal tells it.
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

/// What the core is told.
#[derive(Clone, Debug)]
pub(super) enum Input {
    Key(Key),
    Paste(String),
    Resize(Size),
    /// A notch of the mouse wheel, down or up.
    Wheel(bool),
    /// Whether the person looks at this terminal.
    Focus(bool),
    /// Time has passed; milliseconds since the Unix epoch.
    Tick(u64),
    Event(Box<Event>),
    Answer(Box<Answer>),
    /// What became of a text that was to be copied.
    Copied(Copied),
}

/// What became of a text that was to be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Copied {
    /// It is in the clipboard.
    Done,
    /// The terminal was asked to put it there, and does not tell whether it does such things.
    Asked,
}

/// What the core wants done.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Effect {
    /// To be asked in this order, and answered with [`Input::Answer`].
    Ask(Ask),
    /// Put into the clipboard, and told by [`Input::Copied`].
    Copy(String),
    /// A line to be remembered from visit to visit.
    Remember(String),
    Bell,
    /// The mouse is to be told of here, or left to the terminal, which selects text with it.
    Mouse(bool),
    /// The desktop is to tell this.
    Notify {
        /// Where it happened.
        title: String,
        text: String,
    },
    /// A setting to be remembered from visit to visit: its name, and what it is.
    Set(String, String),
    /// Draw everything anew, for somebody else wrote on the terminal.
    Redraw,
    Quit,
}

//! The terminal while the rooms are on it. However the program ends, it is left as it was found.

use std::{
    io::{self, Stdout, Write},
    panic,
};

use crossterm::{
    clipboard::CopyToClipboard,
    cursor::Show,
    event::{DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange},
    execute,
    terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
};
use ratatui::{Terminal, backend::CrosstermBackend};

/// What the shell needs of a terminal besides drawing.
pub(super) trait Signs {
    /// Puts text into the clipboard, where the terminal lets programs do so.
    fn copy(&mut self, text: &str) -> io::Result<()>;
    /// Rings.
    fn bell(&mut self) -> io::Result<()>;
}

impl<W: Write> Signs for W {
    fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(self, CopyToClipboard::to_clipboard_from(text))
    }

    fn bell(&mut self) -> io::Result<()> {
        self.write_all(b"\x07")?;
        self.flush()
    }
}

/// The terminal, ours until this is dropped.
pub(super) struct Screen {
    pub(super) terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When it is none, or went away.
    pub(super) fn open() -> io::Result<Self> {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            restore();
            before(panic);
        }));
        enable_raw_mode()?;
        // From here on dropping restores.
        let screen = Self { terminal: Terminal::new(CrosstermBackend::new(io::stdout()))? };
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, EnableFocusChange)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back. Where it went away there is nobody to tell.
fn restore() {
    let _ = execute!(io::stdout(), DisableFocusChange, DisableBracketedPaste, LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}

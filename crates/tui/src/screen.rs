//! The terminal while the rooms are on it. Its state is restored however the program ends.

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
use ratatui::Terminal;
use rumormill_text::clean;

use super::links::Linking;

/// Leaves the mouse to the terminal.
const NO_MOUSE: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// What the shell needs of a terminal besides drawing.
pub(super) trait Signs {
    /// Puts text into the clipboard, if the terminal supports that.
    fn copy(&mut self, text: &str) -> io::Result<()>;
    /// Has the terminal report the mouse, or select text with it.
    fn mouse(&mut self, told: bool) -> io::Result<()>;
    /// Rings.
    fn bell(&mut self) -> io::Result<()>;
    /// Asks the desktop for a notification. A terminal without support shows nothing.
    fn notify(&mut self, way: Desktop, title: &str, text: &str) -> io::Result<()>;
}

impl<W: Write> Signs for W {
    fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(self, CopyToClipboard::to_clipboard_from(text))
    }

    fn mouse(&mut self, told: bool) -> io::Result<()> {
        // Buttons and the wheel only: movements would be reported a hundred times a second.
        self.write_all(if told { b"\x1b[?1000h\x1b[?1006h" } else { NO_MOUSE })?;
        self.flush()
    }

    fn bell(&mut self) -> io::Result<()> {
        self.write_all(b"\x07")?;
        self.flush()
    }

    fn notify(&mut self, way: Desktop, title: &str, text: &str) -> io::Result<()> {
        // Characters that end the sequence, begin another or separate its fields are left out.
        let (title, text) = (clean(title).replace(';', ","), clean(text));
        match way {
            Desktop::Text => write!(self, "\x1b]9;Rumormill: {title}: {text}\x07")?,
            Desktop::TitleAndText => write!(self, "\x1b]777;notify;{title};{text}\x1b\\")?,
        }
        self.flush()
    }
}

/// The sequence for desktop notifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Desktop {
    /// One text, as in iTerm2, kitty, WezTerm, ConEmu and others (OSC 9).
    Text,
    /// A title and a text, as in rxvt, foot and those built on VTE (OSC 777).
    TitleAndText,
}

impl Desktop {
    /// The sequence that a terminal of this kind (`TERM`) understands; `vte` says whether it is built on VTE.
    pub(super) fn of(term: &str, vte: bool) -> Self {
        let titled = vte || term.starts_with("rxvt") || term.starts_with("foot");
        if titled { Self::TitleAndText } else { Self::Text }
    }
}

/// Whether a terminal of this kind (`TERM`, `TERM_PROGRAM`) is known to copy to the clipboard (OSC 52).
pub(super) fn copies(term: &str, program: &str) -> bool {
    let terms = ["xterm-kitty", "foot", "alacritty", "xterm-ghostty", "contour", "wezterm"];
    terms.iter().any(|known| term.starts_with(known)) || ["WezTerm", "ghostty"].contains(&program)
}

/// The terminal, in raw mode until this is dropped.
pub(super) struct Screen {
    pub(super) terminal: Terminal<Linking<Stdout>>,
}

impl Screen {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// When there is none, or it went away.
    pub(super) fn open() -> io::Result<Self> {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            restore();
            before(panic);
        }));
        enable_raw_mode()?;
        // From here on `drop` restores the terminal.
        let screen = Self { terminal: Terminal::new(Linking::new(io::stdout()))? };
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, EnableFocusChange)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Restores the terminal. If it went away, nobody is left to report that to.
fn restore() {
    let _ = io::stdout().write_all(NO_MOUSE);
    let _ = execute!(io::stdout(), DisableFocusChange, DisableBracketedPaste, LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notified(way: Desktop, title: &str, text: &str) -> String {
        let mut signs = Vec::new();
        signs.notify(way, title, text).unwrap();
        String::from_utf8(signs).unwrap()
    }

    #[test]
    fn notifications_use_the_sequence_of_the_terminal() {
        let cases = [
            ("xterm-256color", false, Desktop::Text),
            ("rxvt-unicode", false, Desktop::TitleAndText),
            ("foot", false, Desktop::TitleAndText),
            ("xterm-256color", true, Desktop::TitleAndText),
        ];
        for (term, vte, want) in cases {
            assert_eq!(Desktop::of(term, vte), want, "{term}");
        }
        assert_eq!(notified(Desktop::Text, "lunch", "bob: hi"), "\x1b]9;Rumormill: lunch: bob: hi\x07");
        assert_eq!(notified(Desktop::TitleAndText, "lunch", "bob: hi"), "\x1b]777;notify;lunch;bob: hi\x1b\\");
    }

    #[test]
    fn copying_succeeds_in_known_terminals() {
        for (term, program) in [("xterm-kitty", ""), ("foot-extra", ""), ("xterm-256color", "WezTerm")] {
            assert!(copies(term, program), "{term} {program}");
        }
        for (term, program) in
            [("xterm-256color", ""), ("xterm-256color", "Apple_Terminal"), ("tmux-256color", "tmux"), ("", "")]
        {
            assert!(!copies(term, program), "{term} {program}");
        }
    }

    #[test]
    fn text_of_others_cannot_end_a_sequence() {
        let evil = "a\x07b\x1b]0;c\u{9c}d\u{202e};e";
        for way in [Desktop::Text, Desktop::TitleAndText] {
            let written = notified(way, evil, evil);
            let inside = written.trim_start_matches('\x1b').trim_end_matches("\x1b\\").trim_end_matches('\x07');
            assert!(!inside.chars().any(char::is_control), "{written:?}");
            assert_eq!(written.matches(';').count(), if way == Desktop::Text { 3 } else { 5 }, "{written:?}");
        }
    }
}

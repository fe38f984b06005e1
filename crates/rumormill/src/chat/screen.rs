//! Where a chat is typed and shown: at a terminal with line editing, or else plain standard input and output.

use std::{
    io::{self, IsTerminal, Write},
    path::Path,
    thread,
};

use rustyline::{Config, DefaultEditor, ExternalPrinter, error::ReadlineError};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    sync::mpsc,
    task::block_in_place,
};

use crate::{
    failure::Failure,
    limits::{TYPED_BYTES, TYPED_LINES, TYPED_LINES_KEPT},
};

/// Shown before what is typed.
const PROMPT: &str = "> ";

/// Lines that a person types, until they leave.
pub(crate) type Typed = mpsc::Receiver<String>;

/// Where lines are shown.
pub(crate) enum Screen {
    /// Above the line being typed.
    Terminal(Box<dyn ExternalPrinter + Send>),
    /// Lines of the room on standard output, talk on standard error.
    Plain,
}

/// Begins to read what is typed. What was typed at a terminal is remembered in `history`.
///
/// # Errors
/// When the terminal cannot be used.
pub(crate) fn open(history: &Path) -> Result<(Screen, Typed), Failure> {
    let (send, typed) = mpsc::channel(TYPED_LINES);
    if !at_terminal() {
        tokio::spawn(read_plain(send));
        return Ok((Screen::Plain, typed));
    }
    let failed = |error: ReadlineError| Failure::internal("terminal", error.to_string());
    let config = Config::builder().max_history_size(TYPED_LINES_KEPT).map_err(failed)?.build();
    let mut editor = DefaultEditor::with_config(config).map_err(failed)?;
    // A first visit has no history.
    let _ = editor.load_history(history);
    let printer = editor.create_external_printer().map_err(failed)?;
    let history = history.to_owned();
    thread::spawn(move || {
        while let Ok(line) = editor.readline(PROMPT) {
            let _ = editor.add_history_entry(&line);
            if send.blocking_send(line).is_err() {
                break;
            }
        }
        let _ = editor.save_history(&history);
    });
    Ok((Screen::Terminal(Box::new(printer)), typed))
}

/// Whether a person sits at both ends.
pub(crate) fn at_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Lines are cut at [`TYPED_BYTES`], more than an entry takes, so that too long a line is refused and not torn.
async fn read_plain(send: mpsc::Sender<String>) -> io::Result<()> {
    let mut input = BufReader::new(tokio::io::stdin());
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut input).take(TYPED_BYTES).read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&line);
        if send.send(text.trim_end_matches(['\r', '\n']).to_owned()).await.is_err() {
            return Ok(());
        }
    }
}

impl Screen {
    /// Shows a line of the room.
    ///
    /// # Errors
    /// When nobody reads any more.
    pub(crate) fn data(&mut self, line: &str) -> Result<(), Failure> {
        match self {
            Self::Terminal(_) => self.print(line),
            Self::Plain => writeln!(io::stdout(), "{line}").map_err(|error| Failure::output(&error)),
        }
    }

    /// Tells something about the room or the program.
    ///
    /// # Errors
    /// When nobody reads any more.
    pub(crate) fn talk(&mut self, line: &str) -> Result<(), Failure> {
        match self {
            Self::Terminal(_) => self.print(&format!("-- {line}")),
            Self::Plain => {
                let _ = writeln!(io::stderr(), "{line}");
                Ok(())
            }
        }
    }

    /// The printer waits for the editor's thread, so it must not do so where tasks run.
    fn print(&mut self, line: &str) -> Result<(), Failure> {
        let Self::Terminal(printer) = self else { return Ok(()) };
        let printed = block_in_place(|| printer.print(format!("{line}\n")));
        printed.map_err(|error| Failure::internal("terminal", error.to_string()))
    }
}

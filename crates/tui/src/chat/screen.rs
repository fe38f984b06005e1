//! Input and output of a chat: a terminal with line editing, or plain standard input and output.

use std::{
    error::Error,
    io::{self, IsTerminal, Write},
    path::Path,
    sync::mpsc::{SyncSender, TrySendError, sync_channel},
    thread::{self, JoinHandle},
};

use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use rumormill_text::{Line, read_line};
use rustyline::{Config, DefaultEditor, ExternalPrinter};
use tokio::sync::mpsc;

use crate::{
    failure::Failure,
    limits::{PRINT_LINES, TYPED_BYTES, TYPED_LINES, TYPED_LINES_KEPT},
};

/// Shown before the typed line.
const PROMPT: &str = "> ";

/// The lines that a person types, until they leave.
pub(crate) struct Typed {
    lines: mpsc::Receiver<Line>,
    terminal: Option<Terminal>,
}

/// The terminal where lines are typed.
struct Terminal {
    /// The editor's thread waits for this before it shows the next prompt.
    go_on: std::sync::mpsc::Sender<()>,
    /// The settings that the terminal had.
    found: Termios,
}

impl Typed {
    /// The next line; `None` when the person has left.
    pub(crate) async fn next(&mut self) -> Option<Line> {
        self.lines.recv().await
    }

    /// Lets the person type the next line, once the one before is dealt with.
    pub(crate) fn go_on(&self) {
        // Fails only when the thread has ended, which the next call of `next` reports.
        let _ = self.terminal.as_ref().map(|terminal| terminal.go_on.send(()));
    }
}

/// Restores the terminal, even while a line is being typed.
impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, &self.found);
    }
}

/// The output of a chat.
pub(crate) enum Screen {
    /// Above the line being typed.
    Terminal(Above),
    /// Lines of the room on standard output, talk on standard error.
    Plain,
}

/// Starts to read lines. `history` keeps the lines typed at a terminal.
///
/// # Errors
/// When the terminal cannot be used.
pub(crate) fn open(history: &Path) -> Result<(Screen, Typed), Failure> {
    let (send, lines) = mpsc::channel(TYPED_LINES);
    if !at_terminal() {
        return Ok(plain(send, lines));
    }
    let failed = |error: &dyn Error| Failure::internal("terminal", error.to_string());
    let found = tcgetattr(io::stdin()).map_err(|error| failed(&error))?;
    let config = Config::builder().max_history_size(TYPED_LINES_KEPT).map_err(|error| failed(&error))?.build();
    let mut editor = DefaultEditor::with_config(config).map_err(|error| failed(&error))?;
    // A first visit has no history.
    let _ = editor.load_history(history);
    // A terminal that cannot move its cursor takes and shows lines as they come.
    let Ok(printer) = editor.create_external_printer() else { return Ok(plain(send, lines)) };
    let history = history.to_owned();
    let (go_on, asked_on) = std::sync::mpsc::channel();
    thread::spawn(move || {
        while let Ok(line) = editor.readline(PROMPT) {
            let _ = editor.add_history_entry(&line);
            let _ = editor.append_history(&history);
            if send.blocking_send(Line::Whole(line)).is_err() || asked_on.recv().is_err() {
                return;
            }
        }
    });
    Ok((Screen::Terminal(Above::begin(printer)), Typed { lines, terminal: Some(Terminal { go_on, found }) }))
}

/// Reads and shows lines as they are.
fn plain(send: mpsc::Sender<Line>, lines: mpsc::Receiver<Line>) -> (Screen, Typed) {
    thread::spawn(move || read_plain(&send));
    (Screen::Plain, Typed { lines, terminal: None })
}

/// Whether both standard input and output are a terminal.
pub fn at_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Reads lines until the input ends or the receiver is gone.
fn read_plain(send: &mpsc::Sender<Line>) {
    let mut input = io::stdin().lock();
    while let Ok(Some(line)) = read_line(&mut input, TYPED_BYTES)
        && send.blocking_send(line).is_ok()
    {}
}

impl Screen {
    /// Shows a line of the room.
    ///
    /// # Errors
    /// When nobody reads the output any more.
    pub(crate) fn data(&mut self, line: &str) -> Result<(), Failure> {
        self.print(line)
    }

    /// Shows a notice of the room or the program.
    ///
    /// # Errors
    /// When nobody reads the output any more.
    pub(crate) fn talk(&mut self, line: &str) -> Result<(), Failure> {
        match self {
            Self::Terminal(_) => self.print(&format!("-- {line}")),
            Self::Plain => {
                let _ = writeln!(io::stderr(), "{line}");
                Ok(())
            }
        }
    }

    fn print(&mut self, line: &str) -> Result<(), Failure> {
        match self {
            Self::Terminal(above) => above.print(line),
            Self::Plain => writeln!(io::stdout(), "{line}").map_err(|error| Failure::output(&error)),
        }
    }
}

/// Prints above the line being typed, from a separate thread: the editor accepts output only while it edits, and
/// between two lines it waits for us, so we must never wait for it.
pub(crate) struct Above {
    lines: Option<SyncSender<String>>,
    /// Lines that were dropped because the thread was behind.
    missed: usize,
    printer: Option<JoinHandle<()>>,
}

impl Above {
    fn begin(mut printer: impl ExternalPrinter + Send + 'static) -> Self {
        let (lines, waiting) = sync_channel::<String>(PRINT_LINES);
        let printer = thread::spawn(move || {
            for line in waiting {
                // Without an editor there is nothing to print above.
                if printer.print(format!("{line}\n")).is_err() {
                    let _ = writeln!(io::stdout(), "{line}");
                }
            }
        });
        Self { lines: Some(lines), missed: 0, printer: Some(printer) }
    }

    fn print(&mut self, line: &str) -> Result<(), Failure> {
        let Some(lines) = &self.lines else { return Ok(()) };
        if self.missed > 0 && lines.try_send(format!("-- {} lines came too fast to be shown", self.missed)).is_ok() {
            self.missed = 0;
        }
        match lines.try_send(line.to_owned()) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => {
                self.missed += 1;
                Ok(())
            }
            Err(TrySendError::Disconnected(_)) => Err(Failure::internal("terminal", "nobody prints any more")),
        }
    }
}

/// Prints what is queued. Drop [`Typed`] first, so that no editor waits for us.
impl Drop for Above {
    fn drop(&mut self) {
        self.lines = None;
        let _ = self.printer.take().map(JoinHandle::join);
    }
}

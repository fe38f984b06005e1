//! The thin shell: feeds the core from the terminal and from `/v1`, draws, and carries its effects out.

use std::{
    future::ready,
    io::{self, Write},
    path::PathBuf,
    time::Duration,
};

use crossterm::event::{Event as Pressed, EventStream, KeyEventKind, MouseEventKind};
use futures_util::{Stream, StreamExt as _};
use ratatui::{Terminal, backend::Backend};
use rumormill_api::{Refused, RoomHex, codes};
use rumormill_client::Client;
use rumormill_text::{Clock, Kept};
use rustyline::{
    Config,
    history::{FileHistory, History, SearchDirection},
};
use tokio::{sync::mpsc, time};

use super::{
    ask::{Answer, Ask},
    input::{Copied, Effect, Input, Key, Size},
    links::Leads,
    marks::links,
    model::Model,
    paint::Paint,
    screen::{Desktop, Screen, Signs, copies},
    settings::{Chosen, Preferences},
    typed::Typed,
    update::update,
    view::view,
};
use crate::{
    chat::Interrupts,
    failure::Failure,
    limits::{ASKS_WAITING, EVENTS_AT_ONCE, TICK_MS, TYPED_LINES_KEPT},
};

/// The arguments of a visit.
#[derive(Debug, Default)]
pub struct Start {
    /// The room to open, by its id or the beginning of it; the first one if `None`.
    pub room: Option<RoomHex>,
    /// The file for typed lines; the settings are kept beside it.
    pub history: PathBuf,
    /// The settings of the configuration.
    pub settings: Preferences,
    /// Puts a text into the clipboard; returns whether it did.
    pub clipboard: Option<fn(&str) -> bool>,
}

/// Shows the rooms until the person leaves; returns the room that was open then.
///
/// # Errors
/// When the terminal cannot be used or goes away, or the node does.
pub async fn run(client: &Client, start: Start) -> Result<Option<RoomHex>, Failure> {
    let failed = |error: io::Error| Failure::internal("terminal", error.to_string());
    let mut interrupts = Interrupts::new()?;
    let chosen = Kept::open(start.history.with_file_name("set.json")).map_err(Failure::Ours)?;
    let mut history = Remembered::load(start.history);
    let mut screen = Screen::open().map_err(failed)?;
    let paint = match std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        true => Paint::None,
        false => Paint::Colours,
    };
    let size = screen.terminal.size().map_err(failed)?;
    let mut model = Model::new(Size { columns: size.width, rows: size.height }, Clock::local(), paint);
    (model.wanted, model.settings) = (start.room, chosen.read(|chosen| start.settings.with(chosen)));
    model.typed = Typed::new(history.lines());
    let term = std::env::var("TERM").unwrap_or_default();
    let desktop = Desktop::of(&term, std::env::var_os("VTE_VERSION").is_some());
    let copies = copies(&term, &std::env::var("TERM_PROGRAM").unwrap_or_default());
    let (terminal, clipboard) = (&mut screen.terminal, start.clipboard);
    let mut shell = Shell {
        model,
        terminal,
        signs: io::stdout(),
        desktop,
        clipboard,
        copies,
        history: &mut history,
        chosen: &chosen,
    };
    tokio::select! {
        left = shell.stay(client, EventStream::new()) => left?,
        () = interrupts.next() => {}
    }
    Ok(shell.model.open.map(|open| open.room))
}

/// The typed lines of all visits.
pub(super) struct Remembered {
    file: PathBuf,
    lines: FileHistory,
}

impl Remembered {
    /// Lines of earlier visits.
    pub(super) fn load(file: PathBuf) -> Self {
        let config = Config::builder().max_history_size(TYPED_LINES_KEPT).map(|config| config.build());
        let mut lines = FileHistory::with_config(&config.unwrap_or_default());
        // A first visit has no history.
        let _ = lines.load(&file);
        Self { file, lines }
    }

    /// All of them, oldest first.
    pub(super) fn lines(&self) -> Vec<String> {
        let line =
            |at| self.lines.get(at, SearchDirection::Forward).ok().flatten().map(|found| found.entry.into_owned());
        (0..self.lines.len()).filter_map(line).collect()
    }

    /// Adds a line; a line that cannot be kept is no reason to stop.
    fn add(&mut self, line: &str) {
        let _ = self.lines.add(line);
        let _ = self.lines.append(&self.file);
    }
}

/// The core and its surroundings.
pub(super) struct Shell<'a, B: Backend, W: Write> {
    pub(super) model: Model,
    pub(super) terminal: &'a mut Terminal<B>,
    pub(super) signs: W,
    pub(super) desktop: Desktop,
    pub(super) clipboard: Option<fn(&str) -> bool>,
    /// Whether the terminal is known to support copying.
    pub(super) copies: bool,
    pub(super) history: &'a mut Remembered,
    pub(super) chosen: &'a Kept<Chosen>,
}

/// Whether the person stays.
#[derive(PartialEq, Eq)]
enum Next {
    Stay,
    Leave,
}

impl<B: Backend<Error: ToString> + Leads, W: Write> Shell<'_, B, W> {
    /// Shows events and carries out what is typed.
    pub(super) async fn stay(
        &mut self,
        client: &Client,
        mut keys: impl Stream<Item = io::Result<Pressed>> + Unpin,
    ) -> Result<(), Failure> {
        let mut events = client.lasting_events().await?;
        let (asks, waiting) = mpsc::channel(ASKS_WAITING);
        let (told, mut answers) = mpsc::channel(ASKS_WAITING);
        let asking = answer(client, waiting, told);
        tokio::pin!(asking);
        let mut ticks = time::interval(Duration::from_millis(TICK_MS));
        // Before the first answer opens a room: what was said before that moment was missed.
        self.model.now_ms = self.model.clock.now_ms();
        let mouse = self.model.settings.mouse.then_some(Effect::Mouse(true));
        self.carry_out([Effect::Ask(Model::begin())].into_iter().chain(mouse).collect(), &asks)?;
        // Inputs that were taken and not drawn yet.
        let mut taken = 1;
        loop {
            if taken >= EVENTS_AT_ONCE {
                self.draw()?;
                taken = 0;
            }
            let input = tokio::select! {
                biased;
                key = keys.next() => match key {
                    Some(Ok(key)) => pressed(key),
                    Some(Err(error)) => return Err(Failure::internal("terminal", error.to_string())),
                    None => return Ok(()),
                },
                () = &mut asking => return Ok(()),
                Some(answer) = answers.recv() => Some(Input::Answer(Box::new(answer))),
                event = events.next() => match event {
                    Some(event) => Some(Input::Event(Box::new(event))),
                    None => return Err(Failure::internal("closed", "the node has closed")),
                },
                _ = ticks.tick() => Some(Input::Tick(self.model.clock.now_ms())),
                // All inputs at hand are taken before anything is drawn.
                () = ready(()), if taken > 0 => {
                    self.draw()?;
                    taken = 0;
                    None
                }
            };
            let Some(input) = input else { continue };
            taken += 1;
            let effects = update(&mut self.model, input);
            if self.carry_out(effects, &asks)? == Next::Leave {
                return Ok(());
            }
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>, asks: &mpsc::Sender<Ask>) -> Result<Next, Failure> {
        for effect in effects {
            match effect {
                Effect::Ask(ask) => {
                    if let Err(full) = asks.try_send(ask) {
                        let answer = Answer { ask: full.into_inner(), told: Err(busy()) };
                        update(&mut self.model, Input::Answer(Box::new(answer)));
                    }
                }
                Effect::Copy(text) => {
                    let copied = self.copy(&text)?;
                    update(&mut self.model, Input::Copied(copied));
                }
                Effect::Mouse(wanted) => self.signs.mouse(wanted).map_err(|error| Failure::output(&error))?,
                Effect::Bell => self.signs.bell().map_err(|error| Failure::output(&error))?,
                Effect::Notify { title, text } => {
                    self.signs.notify(self.desktop, &title, &text).map_err(|error| Failure::output(&error))?;
                }
                Effect::Set(name, value) => {
                    let kept = self.chosen.change(|chosen| chosen.insert(name, value.clone()) != Some(value));
                    if let Err(Refused { code, what, help }) = kept {
                        self.model.fail(&code, &what, &help);
                    }
                }
                Effect::Remember(line) => self.history.add(&line),
                Effect::Redraw => self.terminal.clear().map_err(broken)?,
                Effect::Quit => return Ok(Next::Leave),
            }
        }
        Ok(Next::Stay)
    }

    /// Puts a text into the clipboard with a program that reports success, or asks the terminal.
    fn copy(&mut self, text: &str) -> Result<Copied, Failure> {
        if self.clipboard.is_some_and(|copy| copy(text)) {
            return Ok(Copied::Done);
        }
        self.signs.copy(text).map_err(|error| Failure::output(&error))?;
        Ok(if self.copies { Copied::Done } else { Copied::Asked })
    }

    fn draw(&mut self) -> Result<(), Failure> {
        let size = self.terminal.size().map_err(broken)?;
        let size = Size { columns: size.width, rows: size.height };
        if size != self.model.size {
            update(&mut self.model, Input::Resize(size));
        }
        let model = &self.model;
        let said = model.open.iter().flat_map(|open| open.timeline.messages());
        self.terminal.backend_mut().lead(links(said));
        self.terminal.draw(|frame| view(model, frame)).map(|_| ()).map_err(broken)
    }
}

fn broken(error: impl ToString) -> Failure {
    Failure::internal("terminal", error.to_string())
}

fn busy() -> Refused {
    codes::BUSY.refuse("the node is behind with its answers", "try again in a moment")
}

/// Makes the requests one after the other, so that texts arrive in the order in which they were sent. Ends when the
/// sender is dropped.
async fn answer(client: &Client, mut asks: mpsc::Receiver<Ask>, answers: mpsc::Sender<Answer>) {
    while let Some(ask) = asks.recv().await {
        let told = ask.put(client).await;
        if answers.send(Answer { ask, told }).await.is_err() {
            return;
        }
    }
}

/// An event of the terminal as an input of the core.
fn pressed(event: Pressed) -> Option<Input> {
    match event {
        Pressed::Key(key) if key.kind != KeyEventKind::Release => Some(Input::Key(Key::new(key.code, key.modifiers))),
        Pressed::Paste(text) => Some(Input::Paste(text)),
        Pressed::Resize(columns, rows) => Some(Input::Resize(Size { columns, rows })),
        Pressed::FocusGained => Some(Input::Focus(true)),
        Pressed::FocusLost => Some(Input::Focus(false)),
        Pressed::Mouse(mouse) => match mouse.kind {
            MouseEventKind::ScrollUp => Some(Input::Wheel(false)),
            MouseEventKind::ScrollDown => Some(Input::Wheel(true)),
            _ => None,
        },
        Pressed::Key(_) => None,
    }
}

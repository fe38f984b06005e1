//! Stories on the screen: a screen, keys, the screen after them. The node is one in memory, which answers requests at
//! once.

use crossterm::event::KeyCode;
use ratatui::{Terminal, backend::TestBackend, buffer::Buffer};
use rumormill_api::Event;
use rumormill_text::Clock;
use unicode_width::UnicodeWidthStr;

use self::node::{NOON_MS, Node};
use super::{
    ask::Answer,
    input::{Copied, Effect, Input, Key, Size},
    model::Model,
    paint::Paint,
    update::update,
    view::view,
};

mod company;
mod files;
mod finding;
mod hostile;
mod node;
mod reading;
mod returning;
mod rooms;
mod screens;
mod shell;
mod top;
mod writing;

/// A screen, a person at it, and a node behind it.
struct Stage {
    node: Node,
    model: Model,
    terminal: Terminal<TestBackend>,
    /// Effects of the core other than requests.
    done: Vec<String>,
    /// Screens that were not as expected.
    wrong: Vec<String>,
}

impl Stage {
    /// A screen before anything is known.
    fn new(node: Node, columns: u16, rows: u16) -> Self {
        let mut model = Model::new(Size { columns, rows }, Clock::utc(), Paint::Colours);
        model.now_ms = NOON_MS + 24 * 3_600_000;
        let terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        Self { node, model, terminal, done: Vec::new(), wrong: Vec::new() }
    }

    /// A screen on which the first room is open.
    fn open(node: Node, columns: u16, rows: u16) -> Self {
        let mut stage = Self::new(node, columns, rows);
        stage.carry_out(vec![Effect::Ask(Model::begin())]);
        stage
    }

    fn takes(&mut self, input: Input) -> &mut Self {
        let effects = update(&mut self.model, input);
        self.carry_out(effects);
        self
    }

    /// Answers come after all other effects.
    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Ask(ask) => {
                    let told = self.node.told(&ask);
                    for event in std::mem::take(&mut self.node.told) {
                        self.hears(event);
                    }
                    self.takes(Input::Answer(Box::new(Answer { ask, told })));
                }
                Effect::Remember(_) => {}
                Effect::Copy(_) => {
                    self.done.push(format!("{effect:?}"));
                    self.takes(Input::Copied(Copied::Done));
                }
                effect => self.done.push(format!("{effect:?}")),
            }
        }
    }

    fn keys(&mut self, names: &str) -> &mut Self {
        for key in keys(names) {
            self.takes(Input::Key(key));
        }
        self
    }

    fn hears(&mut self, event: Event) -> &mut Self {
        self.takes(Input::Event(Box::new(event)))
    }

    fn pastes(&mut self, text: &str) -> &mut Self {
        self.takes(Input::Paste(text.into()))
    }

    /// The effects other than requests since the last call.
    fn did(&mut self) -> Vec<String> {
        std::mem::take(&mut self.done)
    }

    fn buffer(&mut self) -> Buffer {
        let model = &self.model;
        self.terminal.draw(|frame| view(model, frame)).unwrap().buffer.clone()
    }

    /// The screen as text.
    fn text(&mut self) -> String {
        text(&self.buffer())
    }

    /// Compares the screen with `want`, without its first and last line break.
    #[track_caller]
    fn shows(&mut self, want: &str) -> &mut Self {
        let want = want.strip_prefix('\n').unwrap_or(want);
        let want = want.strip_suffix('\n').unwrap_or(want);
        let is = self.text();
        if is != want {
            let at = std::panic::Location::caller();
            self.wrong.push(format!("{}:{} shows\n{is}\n--- and not\n{want}\n---", at.file(), at.line()));
        }
        self
    }

    /// The row of the screen that contains `words`.
    #[track_caller]
    fn row(&mut self, words: &str) -> String {
        let text = self.text();
        let row = text.lines().find(|row| row.contains(words));
        row.unwrap_or_else(|| panic!("no {words:?} on\n{text}")).to_owned()
    }

    #[track_caller]
    fn has(&mut self, words: &str) -> &mut Self {
        self.row(words);
        self
    }

    #[track_caller]
    fn lacks(&mut self, words: &str) -> &mut Self {
        let text = self.text();
        assert!(!text.contains(words), "{words:?} on\n{text}");
        self
    }
}

/// Reports all unexpected screens of a story.
impl Drop for Stage {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
        }
    }
}

/// A screen as text, without blanks at the ends of rows.
fn text(buffer: &Buffer) -> String {
    let row = |y: u16| {
        let (mut row, mut x) = (String::new(), 0);
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            row.push_str(symbol);
            x += symbol.width().max(1) as u16;
        }
        row.trim_end().to_owned()
    };
    (0..buffer.area.height).map(row).collect::<Vec<_>>().join("\n")
}

/// Keys by name, separated by blanks: `hello`, `Enter`, `C-a`, `M-b`, `Space`.
pub(super) fn keys(names: &str) -> Vec<Key> {
    names.split_whitespace().flat_map(pressed).collect()
}

fn pressed(name: &str) -> Vec<Key> {
    let plain = |code| vec![Key { code, ctrl: false, alt: false }];
    if let Some(name) = name.strip_prefix("C-") {
        return pressed(name).into_iter().map(|key| Key { ctrl: true, ..key }).collect();
    }
    if let Some(name) = name.strip_prefix("M-") {
        return pressed(name).into_iter().map(|key| Key { alt: true, ..key }).collect();
    }
    match name {
        "Enter" => plain(KeyCode::Enter),
        "Esc" => plain(KeyCode::Esc),
        "Tab" => plain(KeyCode::Tab),
        "BackTab" => plain(KeyCode::BackTab),
        "BS" => plain(KeyCode::Backspace),
        "Del" => plain(KeyCode::Delete),
        "Up" => plain(KeyCode::Up),
        "Down" => plain(KeyCode::Down),
        "Left" => plain(KeyCode::Left),
        "Right" => plain(KeyCode::Right),
        "Home" => plain(KeyCode::Home),
        "End" => plain(KeyCode::End),
        "PgUp" => plain(KeyCode::PageUp),
        "PgDn" => plain(KeyCode::PageDown),
        "Space" => plain(KeyCode::Char(' ')),
        text => text.chars().flat_map(|char| plain(KeyCode::Char(char))).collect(),
    }
}

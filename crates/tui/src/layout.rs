//! The layout of the screen. Side panes are dropped where the middle would be too narrow.

use ratatui::layout::Rect;

use super::{
    line::Laid,
    model::{Mode, Model},
};
use crate::limits::INPUT_ROWS;

/// The smallest width that has side panes.
const PANES_FROM: u16 = 81;

/// The smallest columns and rows that show anything useful.
pub(super) const LEAST: (u16, u16) = (20, 6);

/// The parts of the screen. A part of width 0 is not shown.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) topic: Rect,
    pub(super) rooms: Rect,
    pub(super) middle: Rect,
    pub(super) people: Rect,
    pub(super) status: Rect,
    /// What the typed line is about, or the match of a search through earlier lines.
    pub(super) above: Rect,
    pub(super) input: Rect,
}

/// Lays out the screen.
pub(super) fn parts(model: &Model) -> Parts {
    let screen = Rect::new(0, 0, model.size.columns, model.size.rows);
    if model.bare {
        return Parts { middle: screen, ..Parts::default() };
    }
    let above = u16::from(has_above(model));
    let input = match &model.mode {
        Mode::Question(_) => 2,
        _ => u16::try_from(laid(model).rows.len().min(INPUT_ROWS)).unwrap_or(1),
    };
    let input = input.min(screen.height.saturating_sub(3 + above));
    let tall = model.panel.as_ref().is_some_and(|panel| panel.tall);
    let bar = u16::from(!tall);
    let rows = screen.height.saturating_sub(2 * bar + above + input);
    let line = |y: u16, height: u16| Rect { y, height, ..screen };
    let side = match model.size.columns {
        _ if tall || !model.settings.panes => 0,
        0..PANES_FROM => 0,
        PANES_FROM..100 => 15,
        _ => 19,
    };
    Parts {
        topic: line(0, bar),
        rooms: Rect { width: side, ..line(bar, rows) },
        middle: Rect { x: side, width: screen.width - 2 * side - u16::from(side > 0), ..line(bar, rows) },
        people: Rect { x: screen.width - side, width: side, ..line(bar, rows) },
        status: line(bar + rows, bar),
        above: line(2 * bar + rows, above),
        input: line(2 * bar + rows + above, input),
    }
}

fn has_above(model: &Model) -> bool {
    match &model.mode {
        Mode::Chat => model.open.as_ref().is_some_and(|open| open.aim.is_some()),
        Mode::Recall(_) => true,
        Mode::Search(_) | Mode::Question(_) => false,
    }
}

/// The typed line, behind its prompt.
pub(super) fn laid(model: &Model) -> Laid {
    let width = usize::from(model.size.columns);
    match &model.mode {
        Mode::Search(search) => search.words.lay("search: ", width),
        Mode::Recall(recall) => recall.words.lay("typed before: ", width),
        Mode::Chat | Mode::Question(_) => model.line.lay(&prompt(model), width),
    }
}

fn prompt(model: &Model) -> String {
    let me = model.open.as_ref().zip(model.room());
    me.map_or_else(|| "> ".into(), |(open, room)| format!("{}> ", open.names.name(&room.author, &room.nick).fit(14)))
}

//! Writes links for terminals that open them: the core draws a link in a colour of its own, and this module writes it
//! as a link (OSC 8).

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use ratatui::{
    backend::{Backend, ClearType, CrosstermBackend, WindowSize},
    buffer::Cell,
    layout::{Position, Size},
    style::Color,
};

use super::marks::rgb;

/// The targets of the links on the screen, by colour.
pub(super) type Links = BTreeMap<(u8, u8, u8), String>;

/// Receives the targets of the links of the next drawing.
pub(super) trait Leads {
    /// Replaces the targets of the last drawing.
    fn lead(&mut self, links: Links);
}

/// A backend that writes links.
pub(super) struct Linking<W: Write> {
    inner: CrosstermBackend<W>,
    links: Links,
}

impl<W: Write> Linking<W> {
    /// Writes to a terminal.
    pub(super) fn new(to: W) -> Self {
        Self { inner: CrosstermBackend::new(to), links: Links::new() }
    }

    /// Writes cells that belong to one link, or to none.
    fn write(&mut self, cells: &mut Vec<(u16, u16, Cell)>, href: Option<&str>) -> io::Result<()> {
        if cells.is_empty() {
            return Ok(());
        }
        if let Some(href) = href {
            write!(self.inner, "\x1b]8;;{href}\x1b\\")?;
        }
        self.inner.draw(cells.iter().map(|(x, y, cell)| (*x, *y, cell)))?;
        cells.clear();
        if href.is_some() {
            write!(self.inner, "\x1b]8;;\x1b\\")?;
        }
        Ok(())
    }
}

impl<W: Write> Leads for Linking<W> {
    fn lead(&mut self, links: Links) {
        self.links = links;
    }
}

impl<W: Write> Backend for Linking<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let (mut cells, mut now): (Vec<(u16, u16, Cell)>, Option<String>) = (Vec::new(), None);
        for (x, y, cell) in content {
            let mut cell = cell.clone();
            let link = rgb(cell.fg);
            let href = link.and_then(|link| self.links.get(&link)).cloned();
            if link.is_some() {
                cell.fg = Color::Reset;
            }
            if href != now {
                self.write(&mut cells, now.as_deref())?;
                now = href;
            }
            cells.push((x, y, cell));
        }
        self.write(&mut cells, now.as_deref())
    }

    fn append_lines(&mut self, lines: u16) -> io::Result<()> {
        self.inner.append_lines(lines)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.inner.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.inner.clear()
    }

    fn clear_region(&mut self, clear: ClearType) -> io::Result<()> {
        self.inner.clear_region(clear)
    }

    fn size(&self) -> io::Result<Size> {
        self.inner.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.inner)
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn a_link_covers_only_its_words() {
        let mut written = Vec::new();
        let mut backend = Linking::new(&mut written);
        backend.lead([((1, 2, 3), "https://example.org/".to_owned())].into());
        let cell = |symbol: &str, colour| {
            let mut cell = Cell::default();
            cell.set_symbol(symbol).set_style(Style::new().fg(colour));
            cell
        };
        let cells = [
            cell("a", Color::Reset),
            cell("b", Color::Rgb(1, 2, 3)),
            cell("c", Color::Rgb(1, 2, 3)),
            cell("d", Color::Rgb(9, 9, 9)),
        ];
        backend.draw((0..).zip(&cells).map(|(x, cell)| (x, 0, cell))).unwrap();
        let written = String::from_utf8(written).unwrap();
        let (before, rest) = written.split_once("\x1b]8;;https://example.org/\x1b\\").unwrap();
        let (inside, behind) = rest.split_once("\x1b]8;;\x1b\\").unwrap();
        assert!(before.contains('a') && inside.contains("bc") && behind.contains('d'), "{written:?}");
        assert!(!written.contains("38;2;"), "the colour that stands for a link is never shown: {written:?}");
    }
}

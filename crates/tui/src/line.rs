//! The line being typed: readline's editing over characters as people see them.

use crossterm::event::KeyCode;
use rumormill_text::steers;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::input::Key;
use crate::limits::TYPED_BYTES;

/// A line or several lines being typed. The cursor is a byte position, and stands before that byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    text: String,
    cursor: usize,
    /// The last text that was cut, for Ctrl+y.
    killed: String,
}

/// A line laid out: its rows, and the column and row of the cursor.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Laid {
    pub(super) rows: Vec<String>,
    pub(super) cursor: (usize, usize),
}

impl Line {
    /// The typed text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The text before the cursor.
    pub(super) fn before(&self) -> &str {
        &self.text[..self.cursor]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Replaces the typed text, with the cursor at its end.
    pub(super) fn set(&mut self, text: &str) {
        self.text.clear();
        self.cursor = 0;
        self.insert(text);
    }

    /// Takes the typed text and leaves nothing.
    pub(super) fn take(&mut self) -> String {
        self.cursor = 0;
        std::mem::take(&mut self.text)
    }

    /// Inserts `text` at the cursor, without control characters, as far as there is room.
    pub(super) fn insert(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        for char in text.chars() {
            let char = if char == '\t' { ' ' } else { char };
            let fits = self.text.len() + char.len_utf8() <= TYPED_BYTES;
            if fits && (char == '\n' || !steers(char)) {
                self.text.insert(self.cursor, char);
                self.cursor += char.len_utf8();
            }
        }
    }

    /// Replaces the text from `start` to the cursor.
    pub(super) fn replace_from(&mut self, start: usize, text: &str) {
        self.text.replace_range(start..self.cursor, "");
        self.cursor = start;
        self.insert(text);
    }

    /// Edits the line if this is an editing key; returns whether it is.
    pub(super) fn press(&mut self, key: Key) -> bool {
        match (key.ctrl, key.alt) {
            (false, false) => self.press_plain(key.code),
            (true, false) => self.press_ctrl(key.code),
            (false, true) => self.press_alt(key.code),
            (true, true) => false,
        }
    }

    fn press_plain(&mut self, code: KeyCode) -> bool {
        match code {
            KeyCode::Char(char) => self.insert(char.encode_utf8(&mut [0; 4])),
            KeyCode::Backspace => self.delete(self.left()..self.cursor),
            KeyCode::Delete => self.delete(self.cursor..self.right()),
            KeyCode::Left => self.cursor = self.left(),
            KeyCode::Right => self.cursor = self.right(),
            KeyCode::Home => self.cursor = self.start(),
            KeyCode::End => self.cursor = self.end(),
            _ => return false,
        }
        true
    }

    fn press_ctrl(&mut self, code: KeyCode) -> bool {
        match code {
            KeyCode::Char('a') => self.cursor = self.start(),
            KeyCode::Char('e') => self.cursor = self.end(),
            KeyCode::Char('b') => self.cursor = self.left(),
            KeyCode::Char('f') => self.cursor = self.right(),
            KeyCode::Char('h') => self.delete(self.left()..self.cursor),
            KeyCode::Char('d') => self.delete(self.cursor..self.right()),
            KeyCode::Char('k') => self.kill(self.cursor..self.end()),
            KeyCode::Char('u') => self.kill(self.start()..self.cursor),
            KeyCode::Char('w') => self.kill(self.blank_left()..self.cursor),
            KeyCode::Char('y') => self.insert(&self.killed.clone()),
            KeyCode::Char('t') => self.swap(),
            KeyCode::Left => self.cursor = self.word_left(),
            KeyCode::Right => self.cursor = self.word_right(),
            _ => return false,
        }
        true
    }

    fn press_alt(&mut self, code: KeyCode) -> bool {
        match code {
            KeyCode::Enter => self.insert("\n"),
            KeyCode::Char('b') => self.cursor = self.word_left(),
            KeyCode::Char('f') => self.cursor = self.word_right(),
            KeyCode::Char('d') => self.kill(self.cursor..self.word_right()),
            KeyCode::Backspace => self.kill(self.word_left()..self.cursor),
            _ => return false,
        }
        true
    }

    /// Moves up or down a row within several rows; returns whether there is such a row.
    pub(super) fn move_row(&mut self, down: bool) -> bool {
        let (start, end) = (self.start(), self.end());
        let column = self.text[start..self.cursor].graphemes(true).count();
        let row = match down {
            true if end < self.text.len() => end + 1..self.line_end(end + 1),
            false if start > 0 => self.line_start(start - 1)..start - 1,
            _ => return false,
        };
        let to = self.text[row.clone()].grapheme_indices(true).nth(column).map_or(row.end, |(at, _)| row.start + at);
        self.cursor = to;
        true
    }

    /// Lays the line out in rows of `width` columns, breaking anywhere.
    pub(super) fn lay(&self, prompt: &str, width: usize) -> Laid {
        let width = width.max(2);
        let (mut rows, mut columns) = (vec![prompt.to_owned()], prompt.width());
        let mut cursor = (columns, 0);
        for (at, grapheme) in self.text.grapheme_indices(true) {
            let wide = if grapheme == "\n" { 0 } else { grapheme.width() };
            if columns + wide > width {
                rows.push(String::new());
                columns = 0;
            }
            if at <= self.cursor {
                cursor = (columns, rows.len() - 1);
            }
            if grapheme == "\n" {
                rows.push(String::new());
                columns = 0;
            } else if let Some(row) = rows.last_mut() {
                row.push_str(grapheme);
                columns += wide;
            }
        }
        if self.cursor == self.text.len() {
            if columns == width {
                rows.push(String::new());
                columns = 0;
            }
            cursor = (columns, rows.len() - 1);
        }
        Laid { rows, cursor }
    }

    fn left(&self) -> usize {
        self.before().grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn right(&self) -> usize {
        self.cursor + self.text[self.cursor..].graphemes(true).next().map_or(0, str::len)
    }

    fn start(&self) -> usize {
        self.line_start(self.cursor)
    }

    fn end(&self) -> usize {
        self.line_end(self.cursor)
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |more| at + more)
    }

    fn word_left(&self) -> usize {
        let before = self.before().trim_end_matches(|char: char| !char.is_alphanumeric());
        before
            .rfind(|char: char| !char.is_alphanumeric())
            .map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8))
    }

    fn word_right(&self) -> usize {
        let after = &self.text[self.cursor..];
        let blank = after.find(char::is_alphanumeric).unwrap_or(after.len());
        let word = after[blank..].find(|char: char| !char.is_alphanumeric());
        word.map_or(self.text.len(), |word| self.cursor + blank + word)
    }

    /// The start of the word before the cursor, as Ctrl+w sees it: words end at blanks only.
    fn blank_left(&self) -> usize {
        let before = self.before().trim_end();
        before.rfind(char::is_whitespace).map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8))
    }

    fn delete(&mut self, range: std::ops::Range<usize>) {
        self.cursor = range.start;
        self.text.replace_range(range, "");
    }

    fn kill(&mut self, range: std::ops::Range<usize>) {
        if !range.is_empty() {
            self.killed = self.text[range.clone()].to_owned();
            self.delete(range);
        }
    }

    /// Swaps the two characters before the cursor, or around it.
    fn swap(&mut self) {
        if self.cursor == self.end() {
            self.cursor = self.left();
        }
        let (left, right) = (self.left(), self.right());
        if left < self.cursor && self.cursor < right {
            let swapped = format!("{}{}", &self.text[self.cursor..right], &self.text[left..self.cursor]);
            self.text.replace_range(left..right, &swapped);
            self.cursor = right;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::keys;

    /// `|` is the cursor.
    fn check(before: &str, pressed: &str, after: &str) {
        let mut line = Line::default();
        line.set(&before.replace('|', ""));
        line.cursor = before.find('|').unwrap();
        for key in keys(pressed) {
            assert!(line.press(key), "{key:?} edits");
        }
        assert_eq!(format!("{}|{}", line.before(), &line.text[line.cursor..]), after, "{before} {pressed}");
    }

    #[test]
    fn readline() {
        check("|", "hi", "hi|");
        check("on|e two", "C-a", "|one two");
        check("on|e two", "C-e", "one two|");
        check("on|e two", "C-k C-y C-y", "one twoe two|");
        check("on|e two", "C-u", "|e two");
        check("one two-three|", "C-w", "one |");
        check("one two  |", "C-w", "one |");
        check("one two-three|", "M-b", "one two-|three");
        check("one| two-three", "M-f M-f", "one two-three|");
        check("one |two-three x", "M-d", "one |-three x");
        check("one two-three|", "M-BS", "one two-|");
        check("ab|", "C-t", "ba|");
        check("a|b", "C-t", "ba|");
        check("a|", "C-t", "|a");
        check("ab|c", "C-b C-d", "a|c");
        check("ab|c", "C-h C-f", "ac|");
    }

    #[test]
    fn characters_are_whole() {
        check("e\u{301}|", "BS", "|");
        check("👩‍🚀|x", "Left Del", "|x");
        check("漢字|", "Left", "漢|字");
    }

    #[test]
    fn rows_of_a_text() {
        check("one|", "M-Enter two", "one\ntwo|");
        check("one\nt|wo", "C-a", "one\n|two");
        check("o|ne\ntwo", "C-k", "o|\ntwo");
        let mut line = Line::default();
        line.set("one\nlonger");
        assert!(line.move_row(false) && line.before() == "one");
        assert!(!line.move_row(false));
        assert!(line.move_row(true) && line.before() == "one\nlon");
        assert!(!line.move_row(true));
    }

    #[test]
    fn control_characters_are_not_typed() {
        let mut line = Line::default();
        line.set("a\u{1b}[31mb\u{202e}\tc\r\nd");
        assert_eq!(line.text(), "a[31mb c\nd");
    }

    #[test]
    fn a_line_is_bounded() {
        let mut line = Line::default();
        line.set(&"x".repeat(3 * TYPED_BYTES));
        assert_eq!(line.text().len(), TYPED_BYTES);
    }

    fn check_lay(text: &str, width: usize, rows: &[&str], cursor: (usize, usize)) {
        let mut line = Line::default();
        line.set(&text.replace('|', ""));
        line.cursor = text.find('|').unwrap();
        let laid = line.lay("> ", width);
        assert_eq!((laid.rows.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), laid.cursor), (rows, cursor));
    }

    #[test]
    fn layout() {
        check_lay("|", 10, &["> "], (2, 0));
        check_lay("abc|", 10, &["> abc"], (5, 0));
        check_lay("abcd|efgh", 6, &["> abcd", "efgh"], (0, 1));
        check_lay("abcd|", 6, &["> abcd", ""], (0, 1));
        check_lay("a\n|b", 6, &["> a", "b"], (0, 1));
        check_lay("a|\nb", 6, &["> a", "b"], (3, 0));
        check_lay("abc漢|", 6, &["> abc", "漢"], (2, 1));
    }
}

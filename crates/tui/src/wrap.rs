//! Breaks text into rows: between words, and inside a word only if it is longer than a row. Never breaks inside what is
//! one character on the screen, such as a letter with accents or an emoji of several people.

use ratatui::{
    style::Style,
    text::{Line, Span},
};
use rumormill_text::clean;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::limits::GRAPHEME_CHARS;

/// One character as people see it.
struct Seen {
    text: String,
    width: usize,
    style: Style,
}

/// Breaks styled text into rows of `width` columns at most; a line break in it ends a row. At least one row.
pub(super) fn wrap(text: &[(String, Style)], width: usize) -> Vec<Line<'static>> {
    let width = width.max(2);
    let mut rows = Vec::new();
    let mut row: Vec<Seen> = Vec::new();
    for seen in text.iter().flat_map(|(text, style)| text.graphemes(true).map(|text| seen(text, *style))) {
        if seen.text == "\n" {
            rows.push(flush(&mut row));
            continue;
        }
        if columns(&row) + seen.width > width {
            let rest = if seen.text == " " { Vec::new() } else { row.split_off(break_before(&row)) };
            rows.push(flush(&mut row));
            row = rest;
            if seen.text == " " {
                continue;
            }
        }
        row.push(seen);
    }
    rows.push(flush(&mut row));
    rows
}

/// A text of several lines, each made safe.
pub(super) fn lines(text: &str) -> String {
    text.split('\n').map(clean).collect::<Vec<_>>().join("\n")
}

fn seen(text: &str, style: Style) -> Seen {
    let text: String = text.chars().take(GRAPHEME_CHARS).collect();
    let width = if text == "\n" { 0 } else { text.width() };
    Seen { text, width, style }
}

fn columns(row: &[Seen]) -> usize {
    row.iter().map(|seen| seen.width).sum()
}

/// The best break of a full row: after its last blank or wide character, or else at its end.
fn break_before(row: &[Seen]) -> usize {
    row.iter().rposition(|seen| seen.text == " " || seen.width == 2).map_or(row.len(), |at| at + 1)
}

/// The row without blanks at its end, as spans of one style each.
fn flush(row: &mut Vec<Seen>) -> Line<'static> {
    let mut spans: Vec<Span<'static>> = Vec::new();
    let end = row.iter().rposition(|seen| seen.text != " ").map_or(0, |at| at + 1);
    for seen in row.drain(..).take(end) {
        match spans.last_mut() {
            Some(last) if last.style == seen.style => last.content.to_mut().push_str(&seen.text),
            _ => spans.push(Span::styled(seen.text, seen.style)),
        }
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, width: usize, want: &[&str]) {
        let rows: Vec<String> = wrap(&[(text.to_owned(), Style::new())], width).iter().map(Line::to_string).collect();
        assert_eq!(rows, want, "{text:?} in {width}");
        assert!(rows.iter().all(|row| row.width() <= width.max(2)), "{rows:?}");
    }

    #[test]
    fn rows_break_between_words() {
        check("", 10, &[""]);
        check("one two three", 7, &["one two", "three"]);
        check("one two three", 8, &["one two", "three"]);
        check("one  two", 4, &["one", "two"]);
        check("a\n\nb", 10, &["a", "", "b"]);
        check("  indented", 20, &["  indented"]);
    }

    #[test]
    fn long_words_break_inside() {
        check("abcdefgh", 3, &["abc", "def", "gh"]);
        check("ab cdefgh", 4, &["ab", "cdef", "gh"]);
    }

    #[test]
    fn wide_and_combining_characters_are_whole() {
        check("漢字漢字", 5, &["漢字", "漢字"]);
        check("a漢", 2, &["a", "漢"]);
        check("e\u{301}e\u{301}e\u{301}", 2, &["e\u{301}e\u{301}", "e\u{301}"]);
        check("👩‍🚀👩‍🚀", 3, &["👩‍🚀", "👩‍🚀"]);
    }

    #[test]
    fn a_pile_of_accents_is_cut() {
        let pile = format!("a{}", "\u{301}".repeat(400));
        let rows = wrap(&[(pile, Style::new())], 10);
        assert_eq!(rows[0].to_string().chars().count(), GRAPHEME_CHARS);
    }
}

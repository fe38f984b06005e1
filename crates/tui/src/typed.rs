//! The history of typed lines: step through it, or search it.

use std::collections::VecDeque;

use crate::limits::TYPED_LINES_KEPT;

/// The typed lines, oldest first, and the current position among them.
#[derive(Debug, Default)]
pub(super) struct Typed {
    lines: VecDeque<String>,
    at: Option<usize>,
    /// The line that was being typed when the person entered the history.
    unsent: String,
}

impl Typed {
    /// Lines of earlier visits, oldest first.
    pub(super) fn new(lines: Vec<String>) -> Self {
        let mut typed = Self::default();
        lines.into_iter().for_each(|line| typed.add(line));
        typed
    }

    /// Adds a line, unless it equals the last one.
    pub(super) fn add(&mut self, line: String) {
        self.at = None;
        if self.lines.back() == Some(&line) {
            return;
        }
        if self.lines.len() == TYPED_LINES_KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// The line before; `current` is kept for the way back.
    pub(super) fn older(&mut self, current: &str) -> Option<&str> {
        let at = match self.at {
            Some(at) => at.checked_sub(1)?,
            None => {
                let last = self.lines.len().checked_sub(1)?;
                self.unsent = current.to_owned();
                last
            }
        };
        self.at = Some(at);
        self.lines.get(at).map(String::as_str)
    }

    /// The line after; after the last one, the line that was being typed.
    pub(super) fn newer(&mut self) -> Option<&str> {
        let at = self.at? + 1;
        self.at = (at < self.lines.len()).then_some(at);
        Some(self.at.and_then(|at| self.lines.get(at)).unwrap_or(&self.unsent))
    }

    /// The newest line before number `before` that contains `words`, and its number.
    pub(super) fn find(&self, words: &str, before: Option<usize>) -> Option<(usize, &str)> {
        let words = words.to_lowercase();
        let before = before.unwrap_or(self.lines.len());
        let mut found = self.lines.iter().enumerate().take(before).rev();
        found.find(|(_, line)| line.to_lowercase().contains(&words)).map(|(at, line)| (at, line.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_moves_both_ways() {
        let mut typed = Typed::new(vec!["one".into(), "two".into(), "two".into()]);
        assert_eq!(typed.newer(), None);
        assert_eq!(typed.older("unsent"), Some("two"));
        assert_eq!(typed.older("two"), Some("one"));
        assert_eq!(typed.older("one"), None);
        assert_eq!(typed.newer(), Some("two"));
        assert_eq!(typed.newer(), Some("unsent"));
        assert_eq!(typed.newer(), None);
    }

    #[test]
    fn lines_are_found_by_content() {
        let typed = Typed::new(vec!["apples".into(), "pears".into(), "Apple pie".into()]);
        assert_eq!(typed.find("apple", None), Some((2, "Apple pie")));
        assert_eq!(typed.find("apple", Some(2)), Some((0, "apples")));
        assert_eq!(typed.find("apple", Some(0)), None);
    }

    #[test]
    fn the_oldest_is_forgotten() {
        let mut typed = Typed::default();
        (0..=TYPED_LINES_KEPT).for_each(|line| typed.add(line.to_string()));
        assert_eq!(typed.lines.len(), TYPED_LINES_KEPT);
        assert_eq!(typed.lines.front().map(String::as_str), Some("1"));
    }
}

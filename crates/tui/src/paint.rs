//! Colours: few, calm, and none where `NO_COLOR` is set. No information is shown by colour alone.

use ratatui::style::{Color, Modifier, Style};
use rumormill_api::AuthorHex;

/// Those of the 256 colours that are readable on dark and on light ground, and differ from each other.
const NICKS: [u8; 12] = [31, 66, 67, 71, 97, 101, 103, 130, 132, 136, 139, 172];

/// Which colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    Colours,
    None,
}

impl Paint {
    fn colour(self, style: Style, colour: Color) -> Style {
        match self {
            Self::Colours => style.fg(colour),
            Self::None => style,
        }
    }

    /// An author's name: always the same colour, whatever nick they take.
    pub(super) fn nick(self, author: &AuthorHex) -> Style {
        let sum = author.as_str().bytes().take(8).fold(0usize, |sum, byte| sum * 31 + usize::from(byte));
        self.colour(Style::new(), Color::Indexed(NICKS[sum % NICKS.len()]))
    }

    /// Text that should not draw the eye: times, rules, marks.
    pub(super) fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// Text that should: rooms with news, a message that mentions me.
    pub(super) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The unread marker.
    pub(super) fn marker(self) -> Style {
        self.colour(Style::new(), Color::Indexed(136))
    }

    /// Code.
    pub(super) fn code(self, style: Style) -> Style {
        match self {
            Self::Colours => style.bg(Color::Indexed(236)).fg(Color::Indexed(252)),
            Self::None => style,
        }
    }

    /// Errors, and states that need attention.
    pub(super) fn alarm(self) -> Style {
        self.colour(self.strong(), Color::Indexed(167))
    }

    /// The bars above and below.
    pub(super) fn bar(self) -> Style {
        match self {
            Self::Colours => Style::new().bg(Color::Indexed(237)).fg(Color::Indexed(252)),
            Self::None => Style::new().add_modifier(Modifier::REVERSED),
        }
    }

    /// The selected message.
    pub(super) fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_means_no_colour() {
        let none = Paint::None;
        for style in [none.nick(&"ab".into()), none.marker(), none.alarm(), none.bar(), none.dim(), none.selected()] {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }

    #[test]
    fn an_author_keeps_a_colour() {
        let paint = Paint::Colours;
        assert_eq!(paint.nick(&"9f2c".into()), paint.nick(&"9f2c".into()));
        let colours: std::collections::HashSet<_> =
            (0..64).map(|author| paint.nick(&AuthorHex(format!("{author:08x}"))).fg).collect();
        assert!(colours.len() > NICKS.len() / 2, "{colours:?}");
    }
}

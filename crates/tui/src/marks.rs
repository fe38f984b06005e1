//! Draws formatted text: emphasis, code, quotes, lists and links, as the node parsed them.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    sync::LazyLock,
};

use ratatui::{
    style::{Color, Modifier, Style},
    text::{Line, Span},
};
use rumormill_api::{Block, BlockKind, Mark, Message};
use rumormill_text::clean;

use super::{
    paint::Paint,
    wrap::{lines, wrap},
};
use crate::limits::{LINK_BYTES, QUOTES_SHOWN};

/// The rows of a formatted text. `around` is the text as shown without formatting, with its prefix and suffix.
pub(super) fn rows(paint: Paint, blocks: &[Block], around: &Around, width: usize) -> Vec<Line<'static>> {
    let mut rows: Vec<Line<'static>> = Vec::new();
    let last = blocks.len().saturating_sub(1);
    for (at, block) in blocks.iter().enumerate() {
        let (first, more) = before(block);
        let mut text: Vec<(String, Style)> = if at == 0 { around.before.clone() } else { Vec::new() };
        text.extend(block.spans.iter().map(|span| (lines(&span.text), style(paint, block.kind, span, around.plain))));
        if at == last {
            text.extend(around.behind.iter().cloned());
        }
        let indent = unicode_width::UnicodeWidthStr::width(first.as_str());
        for (row, mut line) in wrap(&text, width.saturating_sub(indent)).into_iter().enumerate() {
            let prefix = if row == 0 { first.clone() } else { more.clone() };
            line.spans.insert(0, Span::styled(prefix, paint.dim()));
            rows.push(line);
        }
    }
    rows
}

/// The prefix and suffix of a text, and its unformatted rendering.
#[derive(Clone, Debug, Default)]
pub(super) struct Around {
    pub(super) before: Vec<(String, Style)>,
    pub(super) plain: Style,
    pub(super) behind: Vec<(String, Style)>,
}

/// The prefixes of the first row of a block, and of its other rows.
fn before(block: &Block) -> (String, String) {
    let quotes = "\u{2502} ".repeat(usize::from(block.quotes).min(QUOTES_SHOWN));
    let lists = "  ".repeat(usize::from(block.lists).saturating_sub(1).min(QUOTES_SHOWN));
    let (first, more) = match (block.kind, block.number) {
        (BlockKind::Item, Some(number)) => {
            let number = format!("{number}. ");
            let more = " ".repeat(number.len());
            (number, more)
        }
        (BlockKind::Item, None) => ("\u{2022} ".into(), "  ".into()),
        (BlockKind::Text | BlockKind::Code, _) if block.lists > 0 => ("  ".into(), "  ".into()),
        (BlockKind::Code, _) => ("\u{258f} ".into(), "\u{258f} ".into()),
        (BlockKind::Text, _) => (String::new(), String::new()),
    };
    (format!("{quotes}{lists}{first}"), format!("{quotes}{lists}{more}"))
}

fn style(paint: Paint, kind: BlockKind, span: &rumormill_api::Span, plain: Style) -> Style {
    let mut style = if kind == BlockKind::Code { paint.code(plain) } else { plain };
    for mark in &span.marks {
        style = match mark {
            Mark::Emphasis => style.add_modifier(Modifier::ITALIC),
            Mark::Strong => style.add_modifier(Modifier::BOLD),
            Mark::Struck => style.add_modifier(Modifier::CROSSED_OUT),
            Mark::Code => paint.code(style),
        };
    }
    match span.href.as_deref().and_then(link) {
        Some(href) => style.add_modifier(Modifier::UNDERLINED).fg(tag(href)),
        None => style,
    }
}

/// The target of a link, if the terminal may receive it: a web address whose letters cannot end the control sequence.
fn link(href: &str) -> Option<&str> {
    let web = href.starts_with("https://") || href.starts_with("http://");
    let harmless = href.bytes().all(|byte| byte.is_ascii_graphic());
    (web && harmless && href.len() <= LINK_BYTES).then_some(href)
}

/// A colour that stands for a link until the screen is written: no other text has such a colour. The colour is a hash,
/// so that nobody outside can give two links the same one.
fn tag(href: &str) -> Color {
    static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    let [_, _, _, _, _, red, green, blue] = KEYS.hash_one(href).to_be_bytes();
    Color::Rgb(red, green, blue)
}

/// The targets of the links in these messages, by colour.
pub(super) fn links<'a>(messages: impl Iterator<Item = &'a Message>) -> BTreeMap<(u8, u8, u8), String> {
    let spans = messages.flat_map(|message| &message.blocks).flat_map(|block| &block.spans);
    let found = spans.filter_map(|span| span.href.as_deref().and_then(link));
    found.filter_map(|href| Some((rgb(tag(href))?, clean(href)))).collect()
}

/// The components of a colour that stands for a link.
pub(super) fn rgb(colour: Color) -> Option<(u8, u8, u8)> {
    match colour {
        Color::Rgb(red, green, blue) => Some((red, green, blue)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_safe_web_addresses_are_links() {
        assert_eq!(link("https://example.org/a?b#c"), Some("https://example.org/a?b#c"));
        for wrong in [
            "file:///etc/passwd",
            "javascript:x",
            "https://a\x1b\\b",
            "https://a\u{7}",
            "https://a b",
            "https://\u{202e}",
        ] {
            assert_eq!(link(wrong), None, "{wrong:?}");
        }
        assert_eq!(link(&format!("https://{}", "a".repeat(LINK_BYTES))), None);
    }

    #[test]
    fn quotes_lists_and_code_hang() {
        let span = |text: &str| vec![rumormill_api::Span { text: text.into(), ..Default::default() }];
        let block = |kind, text: &str| Block { kind, spans: span(text), ..Block::default() };
        let blocks = [
            Block { quotes: 1, ..block(BlockKind::Text, "somebody said so") },
            Block { lists: 1, ..block(BlockKind::Item, "one and a half") },
            Block { lists: 1, number: Some(10), ..block(BlockKind::Item, "ten and a half") },
            block(BlockKind::Code, "let a = 1;\nlet b = 2;"),
        ];
        let shown: Vec<String> =
            rows(Paint::None, &blocks, &Around::default(), 12).iter().map(Line::to_string).collect();
        let want = [
            "\u{2502} somebody",
            "\u{2502} said so",
            "\u{2022} one and a",
            "  half",
            "10. ten and",
            "    a half",
            "\u{258f} let a = 1;",
            "\u{258f} let b = 2;",
        ];
        assert_eq!(shown, want);
    }
}

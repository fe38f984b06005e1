//! Parses Markdown as people write it in chats: emphasis, code, lists, quotes and links. Everything else, such as
//! headings, tables and HTML, stays as typed. This module never produces markup.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use url::Url;

use super::words::{Block, BlockKind, Mark, Span};
use crate::limits::{DEPTH, SPANS};

/// The blocks of a text; none when it has neither marks nor links, so that it is shown as it is.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let parser = Parser::new_ext(text, Options::ENABLE_STRIKETHROUGH);
    // Markdown hides the definitions of references; a text with any of them is not treated as Markdown.
    let hides = parser.reference_definitions().iter().next().is_some();
    let mut walk = Walk { text, links: links(text), ..Walk::default() };
    if !hides {
        parser.into_offset_iter().for_each(|(event, range)| walk.event(event, range));
        walk.close();
    }
    let spans: usize = walk.blocks.iter().map(|block| block.spans.len()).sum();
    if hides || spans > SPANS {
        walk = Walk { text, links: walk.links, ..Walk::default() };
        walk.raw(0..text.len());
        walk.close();
    }
    let is_marked = |block: &Block| {
        let set_off = |span: &Span| span.href.is_some() || !span.marks.is_empty();
        block.kind != BlockKind::Text || block.quotes > 0 || block.spans.iter().any(set_off)
    };
    let mut blocks = walk.blocks;
    if !blocks.iter().any(is_marked) || blocks.iter().map(|block| block.spans.len()).sum::<usize>() > SPANS {
        blocks.clear();
    }
    blocks
}

/// A bare address in a text.
struct Link {
    at: Range<usize>,
    href: String,
}

/// The state of the parser.
#[derive(Default)]
struct Walk<'a> {
    text: &'a str,
    links: Vec<Link>,
    blocks: Vec<Block>,
    /// The block that receives words.
    open: Option<Block>,
    quotes: usize,
    /// The number of the next item of each enclosing list; `None` for lists without numbers.
    lists: Vec<Option<u64>>,
    /// An item has begun and has no words yet.
    begun: Option<Option<u64>>,
    marks: Vec<Mark>,
    href: Option<String>,
    /// How many elements are open whose words are kept as typed.
    opaque: usize,
    /// The words of a code block.
    code: Option<String>,
    /// The end of the text taken so far, where that is beyond the parser's events.
    taken: usize,
}

impl Walk<'_> {
    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(_) if self.opaque > 0 => self.opaque += 1,
            Event::End(_) if self.opaque > 0 => self.opaque -= 1,
            _ if self.opaque > 0 => {}
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag),
            Event::Text(words) if self.code.is_some() => self.code.iter_mut().for_each(|code| code.push_str(&words)),
            Event::SoftBreak | Event::HardBreak => self.push("\n"),
            Event::Code(words) if range.start >= self.taken => {
                self.marks.push(Mark::Code);
                self.push(&words);
                self.marks.pop();
            }
            Event::Rule => self.whole(range),
            // The source text, so that `&amp;` and the like stay as typed.
            _ => self.raw(range),
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        match tag {
            Tag::Paragraph => self.close(),
            Tag::BlockQuote(_) => {
                self.close();
                self.quotes += 1;
            }
            Tag::List(first) => {
                self.close();
                self.lists.push(first);
            }
            Tag::Item => {
                self.close();
                let next = self.lists.last_mut().and_then(Option::as_mut);
                self.begun = Some(next.map(|next| {
                    *next = next.saturating_add(1);
                    *next - 1
                }));
            }
            Tag::CodeBlock(CodeBlockKind::Fenced(_)) => {
                self.close();
                self.code = Some(String::new());
            }
            Tag::Emphasis if self.stands_alone(&range) => self.marks.push(Mark::Emphasis),
            Tag::Strong if self.stands_alone(&range) => self.marks.push(Mark::Strong),
            Tag::Strikethrough if self.stands_alone(&range) => self.marks.push(Mark::Struck),
            Tag::Link { dest_url, .. } if self.href.is_none() && self.leads(&range, &dest_url) => {}
            Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. } => {
                self.opaque = 1;
                self.raw(range);
            }
            _ => {
                self.opaque = 1;
                self.whole(range);
            }
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => drop(self.marks.pop()),
            TagEnd::Link => self.href = None,
            TagEnd::CodeBlock => {
                let code = self.code.take().unwrap_or_default();
                let code = code.strip_suffix('\n').unwrap_or(&code).to_owned();
                let block = Block { kind: BlockKind::Code, number: None, ..self.begin() };
                self.blocks.push(Block { spans: vec![Span { text: code, ..Span::default() }], ..block });
            }
            TagEnd::Item => {
                if self.begun.is_some() {
                    self.open = Some(self.begin());
                }
                self.close();
            }
            TagEnd::List(_) => {
                self.close();
                self.lists.pop();
            }
            TagEnd::BlockQuote(_) => {
                self.close();
                self.quotes = self.quotes.saturating_sub(1);
            }
            _ => self.close(),
        }
    }

    /// Whether marks stand at the edge of words, and neither inside a word, as in `5*3*2`, nor inside an address.
    fn stands_alone(&self, range: &Range<usize>) -> bool {
        let before = self.text[..range.start].chars().next_back();
        let after = self.text[range.end..].chars().next();
        let cuts = |at: usize| self.links.iter().any(|link| link.at.contains(&at));
        let is_word = |char: Option<char>| char.is_some_and(char::is_alphanumeric);
        !is_word(before) && !is_word(after) && !cuts(range.start) && !cuts(range.end - 1)
    }

    /// Keeps the target of a link, if it is allowed.
    fn leads(&mut self, range: &Range<usize>, dest: &str) -> bool {
        let is_in_address = self.links.iter().any(|link| link.at.contains(&range.start));
        self.href = web(dest).filter(|_| !is_in_address);
        self.href.is_some()
    }

    /// Puts what is not supported into a block of its own, from the beginning of its first line, as typed.
    fn whole(&mut self, range: Range<usize>) {
        self.close();
        let from = self.text[..range.start].rfind('\n').map_or(0, |at| at + 1);
        let lead = &self.text[from..range.start];
        let from = if lead.trim().is_empty() { from } else { range.start };
        self.raw(from..from + self.text[from..range.end].trim_end().len());
        self.close();
    }

    /// Adds words as typed, with the addresses in them.
    fn raw(&mut self, range: Range<usize>) {
        let mut at = range.start.max(self.taken);
        while at < range.end {
            let next = self.links.iter().find(|link| link.at.start >= at && link.at.start < range.end);
            let Some(Link { at: stands, href }) = next.filter(|_| self.href.is_none()) else { break };
            let (stands, href) = (stands.clone(), href.clone());
            self.push(&self.text[at..stands.start]);
            self.href = Some(href);
            self.push(&self.text[stands.clone()]);
            self.href = None;
            at = stands.end;
        }
        if at < range.end {
            self.push(&self.text[at..range.end]);
        }
        self.taken = self.taken.max(at);
    }

    /// Adds words with the current marks.
    fn push(&mut self, words: &str) {
        if words.is_empty() {
            return;
        }
        let mut marks = self.marks.clone();
        marks.sort_unstable();
        marks.dedup();
        let open = match self.open.take() {
            Some(open) => open,
            None => self.begin(),
        };
        let open = self.open.insert(open);
        match open.spans.last_mut() {
            Some(last) if last.marks == marks && last.href == self.href => last.text.push_str(words),
            _ => open.spans.push(Span { text: words.to_owned(), marks, href: self.href.clone() }),
        }
    }

    /// A block at this depth; the first of an item is the item.
    fn begin(&mut self) -> Block {
        let depth = |count: usize| count.min(DEPTH) as u8;
        let (quotes, lists) = (depth(self.quotes), depth(self.lists.len()));
        match self.begun.take() {
            Some(number) => Block { kind: BlockKind::Item, quotes, lists, number, ..Block::default() },
            None => Block { quotes, lists, ..Block::default() },
        }
    }

    fn close(&mut self) {
        self.blocks.extend(self.open.take());
    }
}

/// The addresses in a text, without the punctuation that ends a sentence after one.
fn links(text: &str) -> Vec<Link> {
    let ends = |char: char| char.is_whitespace() || "<>\"'`\\".contains(char);
    let mut found: Vec<Link> = Vec::new();
    for (at, _) in text.match_indices("://") {
        let before = &text[..at];
        let scheme = ["https", "http"].into_iter().find(|scheme| {
            before.get(at.saturating_sub(scheme.len())..).is_some_and(|end| end.eq_ignore_ascii_case(scheme))
        });
        let Some(start) = scheme.map(|scheme| at - scheme.len()) else { continue };
        let is_inside = found.last().is_some_and(|link| link.at.end > start);
        if is_inside || before[..start].chars().next_back().is_some_and(char::is_alphanumeric) {
            continue;
        }
        let rest = &text[start..];
        let mut shown = &rest[..rest.find(ends).unwrap_or(rest.len())];
        while let Some(last) = shown.chars().next_back() {
            let opened = last == ')' && shown.matches('(').count() >= shown.matches(')').count();
            if opened || !".,:;!?)]}*_~|".contains(last) {
                break;
            }
            shown = &shown[..shown.len() - last.len_utf8()];
        }
        found.extend(web(shown).map(|href| Link { at: start..start + shown.len(), href }));
    }
    found
}

/// A web address as browsers read it; `None` for all others.
fn web(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty());
    is_web.then(|| url.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows blocks, each in a line: `>` for a quote, `-` or a number for an item, then spans with their marks.
    fn shown(text: &str) -> String {
        let span = |span: &Span| {
            let marks: String = span.marks.iter().map(|mark| format!("{mark:?} ")).collect();
            let href = span.href.as_ref().map(|href| format!(" -> {href}")).unwrap_or_default();
            if marks.is_empty() && href.is_empty() {
                span.text.clone()
            } else {
                format!("[{marks}{}{href}]", span.text)
            }
        };
        let block = |block: &Block| {
            let quotes = ">".repeat(block.quotes.into());
            let lists = " ".repeat(block.lists.saturating_sub(1).into());
            let sign = match (block.kind, block.number) {
                (BlockKind::Text, _) => String::new(),
                (BlockKind::Code, _) => "code:".into(),
                (BlockKind::Item, None) => "-".into(),
                (BlockKind::Item, Some(number)) => format!("{number}."),
            };
            format!("{quotes}{lists}{sign}{}", block.spans.iter().map(span).collect::<String>())
        };
        blocks(text).iter().map(block).collect::<Vec<_>>().join(" / ")
    }

    #[test]
    fn common_markdown_is_parsed() {
        let cases = [
            ("so *very* **good**", "so [Emphasis very] [Strong good]"),
            ("***both*** and ~~gone~~", "[Emphasis Strong both] and [Struck gone]"),
            ("run `a *b*` now", "run [Code a *b*] now"),
            ("look:\n```rust\nfn main() {\n}\n```\ndone", "look: / code:fn main() {\n} / done"),
            ("- one\n- two\n  1. three\n  2. four", "-one / -two /  1.three /  2.four"),
            ("7. seven\n8. eight", "7.seven / 8.eight"),
            ("> he said\n> this\n\nno", ">he said\nthis / no"),
            ("> > deep", ">>deep"),
            ("- a\n\n  > b", "-a / >b"),
            ("see [the menu](https://example.org/m)", "see [the menu -> https://example.org/m]"),
            (
                "**bold [link](http://example.org) end**",
                "[Strong bold ][Strong link -> http://example.org/][Strong  end]",
            ),
            ("<https://example.org/x>", "[https://example.org/x -> https://example.org/x]"),
            ("first\nsecond *line*", "first\nsecond [Emphasis line]"),
            ("-\n- b", "- / -b"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn unsupported_markdown_stays_as_typed() {
        let plain = [
            "good morning",
            "# 1 of us",
            "over\n---",
            "***",
            "5*3*2 and snake_case_name",
            "¯\\_(ツ)_/¯",
            "&amp; &lt;b&gt;",
            "<b>no</b> <script>alert(1)</script>",
            "    indented",
            "![picture](https:x)",
            "[x](javascript:alert(1)) [y](data:text/html,x) [z](//evil.example) [w](/v1/rooms)",
            "<javascript:alert(1)> <ada@example.org>",
            "| a | b |\n|---|---|\n| c | d |",
            "ada~9f2c and bob~41aa",
            "[note]: /x",
            "",
        ];
        for text in plain {
            assert_eq!(shown(text), "", "{text}");
        }
        assert_eq!(shown("# *1* of `us`\n**x**"), "# *1* of `us` / [Strong x]");
        assert_eq!(shown("<b>x</b> &amp; **y**"), "<b>x</b> &amp; [Strong y]");
        assert_eq!(
            shown("[note]: https://example.org/\n*x*"),
            "[note]: [https://example.org/ -> https://example.org/]\n*x*"
        );
    }

    #[test]
    fn addresses_become_links() {
        let cases = [
            (
                "see (https://example.org/a_(b)?q=1#x), ok",
                "see ([https://example.org/a_(b)?q=1#x -> https://example.org/a_(b)?q=1#x]), ok",
            ),
            ("*see https://example.org/*a*b", "*see [https://example.org/*a*b -> https://example.org/*a*b]"),
            ("**https://example.org/a**", "[Strong https://example.org/a -> https://example.org/a]"),
            (
                "http://good.example@evil.example/",
                "[http://good.example@evil.example/ -> http://good.example@evil.example/]",
            ),
            ("HTTP://EXAMPLE.ORG", "[HTTP://EXAMPLE.ORG -> http://example.org/]"),
            ("https://x/[a](b) c", "[https://x/[a](b) -> https://x/[a](b)] c"),
            ("xhttps://example.org ftp://example.org https:// http://[::::]", ""),
            ("`https://example.org`", "[Code https://example.org]"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn the_longest_and_deepest_texts_stay_within_bounds() {
        for piece in [
            "> ",
            "- ",
            "*a ",
            "*a* ",
            "[",
            "[](",
            "`a` ",
            "**",
            "~a~ ",
            "<",
            "https://a.b ",
            "> - ",
            "\\",
            "(https://",
        ] {
            let blocks = blocks(&piece.repeat(8192 / piece.len()));
            assert!(blocks.iter().all(|block| usize::from(block.quotes.max(block.lists)) <= DEPTH), "{piece}");
            assert!(blocks.iter().map(|block| block.spans.len()).sum::<usize>() <= SPANS, "{piece}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_parses_and_every_link_is_a_web_address(text in "[ -~\\n*_`>\\[\\]()hps:/.é]{0,200}") {
            for span in blocks(&text).iter().flat_map(|block| &block.spans) {
                let web = |href: &String| href.starts_with("http://") || href.starts_with("https://");
                proptest::prop_assert!(span.href.iter().all(web));
            }
        }
    }
}

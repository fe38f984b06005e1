//! Messages as rows: `time nick` and the text beside them, with all text of others made safe to show.

use ratatui::{
    style::Style,
    text::{Line, Span},
};
use rumormill_api::{Gone, Kind, Message, Reaction, Reply, Room};
use rumormill_text::{
    Name, VERIFIED, clean, clean_name, counts, fit, held_back,
    limits::NICK_CHARS,
    show::{count, done_to, elsewhere, named, thousands},
};
use unicode_width::UnicodeWidthStr;

use super::{
    files,
    marks::{self, Around},
    model::{BlockKey, Model, Note, NoteKind, Open},
    wrap::{lines, wrap},
};
use crate::limits::{MESSAGE_ROWS, SIGN_CHARS, SIGNS, TOGETHER_MS};

/// Columns for the number of signs that do not fit.
const REST_WIDTH: usize = 5;

/// A part of the middle of the screen with rows of its own.
pub(super) enum Block<'a> {
    /// The end of the window above.
    Top,
    Message(&'a Message),
    /// This many messages of an author that are not shown, from this one on, all for one reason.
    Hidden(&'a Message, usize),
    /// A hint for a room without messages.
    Hint,
    Note(&'a Note),
}

impl Block<'_> {
    pub(super) fn key(&self) -> BlockKey {
        match self {
            Self::Top => BlockKey::Top,
            Self::Message(message) | Self::Hidden(message, _) => BlockKey::Message(message.place.clone()),
            Self::Hint => BlockKey::Hint,
            Self::Note(note) => BlockKey::Note(note.number),
        }
    }
}

/// All blocks in the middle of the screen, in order: each note stands behind the message that was newest then.
pub(super) fn blocks(model: &Model) -> Vec<Block<'_>> {
    let mut blocks = vec![Block::Top];
    let mut notes = model.notes_here().peekable();
    let mut said = false;
    for message in model.open.iter().flat_map(|open| open.timeline.messages()) {
        while let Some(note) = notes.next_if(|note| note.after.as_ref().is_none_or(|after| *after < message.place)) {
            blocks.push(Block::Note(note));
        }
        said |= matches!(message.kind, Kind::Text | Kind::File | Kind::Gone);
        match blocks.last_mut() {
            Some(Block::Hidden(first, count)) if message.hidden && goes_with(first, message) => *count += 1,
            _ if message.hidden => blocks.push(Block::Hidden(message, 1)),
            _ => blocks.push(Block::Message(message)),
        }
    }
    if !said {
        blocks.push(Block::Hint);
    }
    blocks.extend(notes.map(Block::Note));
    blocks
}

/// Whether two messages that are not shown are by one author, and not shown for one reason.
fn goes_with(first: &Message, message: &Message) -> bool {
    (&first.author, first.folded) == (&message.author, message.folded)
}

/// Whether a message shows its author, or stands under the name above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head {
    Named,
    Under,
}

/// Whether a message continues the one right before it, by the same author.
fn goes_on(before: &Message, message: &Message) -> bool {
    let said = |message: &Message| matches!(message.kind, Kind::Text | Kind::File) && !message.action;
    let soon = message.time_ms.saturating_sub(before.time_ms) < TOGETHER_MS;
    said(before) && said(message) && soon && before.author == message.author && message.from == before.from
}

/// What all rows share: the names, and the widths.
pub(super) struct Sheet<'a> {
    model: &'a Model,
    width: usize,
    nick: usize,
}

impl<'a> Sheet<'a> {
    /// A sheet of `width` columns.
    pub(super) fn new(model: &'a Model, width: u16) -> Self {
        let width = usize::from(width);
        let nick = match width {
            0..50 => 8,
            50..70 => 10,
            _ => 14,
        };
        Self { model, width, nick }
    }

    /// Columns before the text: mark, time, mark, nick and two blanks.
    fn indent(&self) -> usize {
        1 + 5 + 1 + self.nick + 2
    }

    fn text_width(&self) -> usize {
        if self.model.bare { self.width } else { self.width.saturating_sub(self.indent()).max(4) }
    }

    /// The rows of a block.
    pub(super) fn rows(&self, blocks: &[Block<'_>], at: usize) -> Vec<Line<'static>> {
        match blocks.get(at) {
            Some(Block::Top) => vec![Line::styled(format!("  {}", self.top()), self.model.paint.dim())],
            Some(Block::Message(message)) => self.between(blocks, at, message),
            Some(Block::Hidden(first, count)) => self.hidden(first, *count),
            Some(Block::Hint) => self.hint(),
            Some(Block::Note(note)) => self.note(note),
            None => Vec::new(),
        }
    }

    /// The first row of a message, preceded by a row with the name if needed.
    pub(super) fn named(&self, blocks: &[Block<'_>], at: usize) -> Option<Line<'static>> {
        let Some(Block::Message(message)) = blocks.get(at) else { return None };
        let rows = self.message(message, Head::Named);
        // Below a rule the message has its name anyway.
        (rows.len() == self.rows(blocks, at).len()).then(|| rows.into_iter().next()).flatten()
    }

    /// A message, preceded by the day and the unread marker where they belong.
    fn between(&self, blocks: &[Block<'_>], at: usize, message: &Message) -> Vec<Line<'static>> {
        let before = blocks[..at].iter().rev().find_map(|block| match block {
            Block::Message(before) => Some(*before),
            _ => None,
        });
        let mut rows = Vec::new();
        let day = self.model.clock.day(message.time_ms);
        if before.is_none_or(|before| self.model.clock.day(before.time_ms) != day) {
            rows.push(self.rule(&day));
        }
        if let Some(open) = &self.model.open
            && open.timeline.marker.as_ref() == Some(&message.place)
        {
            let text = format!("{} new", thousands(open.timeline.unread_shown() as u64));
            rows.push(self.rule(&text).style(self.model.paint.marker()));
        }
        let follows =
            rows.is_empty() && matches!(at.checked_sub(1).and_then(|above| blocks.get(above)), Some(Block::Message(_)));
        let goes_on = before.is_some_and(|before| follows && goes_on(before, message));
        rows.extend(self.message(message, if goes_on { Head::Under } else { Head::Named }));
        rows
    }

    fn message(&self, message: &Message, head: Head) -> Vec<Line<'static>> {
        let Some(open) = &self.model.open else { return Vec::new() };
        let selected = open.selected.as_ref() == Some(&message.place);
        let (mut nick, mut text) = self.told(open, message);
        if head == Head::Under && !selected {
            nick = Span::raw("");
        }
        if self.model.bare {
            text.insert(0, (format!("{} {nick}  ", self.model.clock.minutes(message.time_ms)), Style::new()));
        }
        let mut rows = match message.blocks.is_empty() {
            true => wrap(&text, self.text_width()),
            false => marks::rows(self.model.paint, &message.blocks, &self.around(message, text), self.text_width()),
        };
        if rows.len() > MESSAGE_ROWS && !selected {
            let more = rows.len() - MESSAGE_ROWS;
            rows.truncate(MESSAGE_ROWS);
            rows.push(Line::styled(
                format!("… {more} more rows; select it with Alt+Up to see them"),
                self.model.paint.dim(),
            ));
        }
        if self.model.bare {
            return rows;
        }
        if selected {
            rows = rows.into_iter().map(|row| row.patch_style(self.model.paint.selected())).collect();
        }
        if let Some(receipt) = self.receipt(open, message) {
            self.behind(&mut rows, receipt);
        }
        if let Some(reply) = &message.reply_to {
            rows.insert(0, self.answered(open, reply));
        }
        let reactions: Vec<(&Reaction, usize)> = (message.reactions.iter())
            .map(|reaction| (reaction, reaction.authors.iter().filter(|author| !open.hides(author)).count()))
            .filter(|(_, authors)| *authors > 0)
            .collect();
        if !reactions.is_empty() {
            rows.push(self.signs(&reactions));
        }
        let mark = match (selected, message.names_me && !message.mine) {
            (true, _) => ">",
            (false, true) => "@",
            (false, false) => " ",
        };
        let late = if open.timeline.is_late(&message.place) { "↑" } else { " " };
        self.beside(mark, message.time_ms, late, nick, rows)
    }

    /// The prefix and suffix of the words of a message, found in its full rendering.
    fn around(&self, message: &Message, mut shown: Vec<(String, Style)>) -> Around {
        let at = usize::from(message.action) + usize::from(message.from.is_some()) + usize::from(self.model.bare);
        let behind = shown.split_off((at + 1).min(shown.len()));
        let plain = shown.pop().map_or(Style::new(), |(_, plain)| plain);
        if message.action {
            shown.push((" ".into(), plain));
        }
        Around { before: shown, plain, behind }
    }

    /// A row for hidden messages, with the way to show them.
    fn hidden(&self, first: &Message, messages: usize) -> Vec<Line<'static>> {
        let name = self.model.open.as_ref().map(|open| open.names.name(&first.author, &first.nick).whole());
        let name = name.unwrap_or_default();
        let of = format!("{} by {name}", count(messages, "message", "messages"));
        let text = match first.folded {
            Some(why) => format!("{of} held back: {}", held_back(why, &name)),
            None => format!("{of} hidden; /hide {name} shows"),
        };
        let paint = self.model.paint;
        let rows = wrap(&[(text, paint.dim())], self.text_width());
        if self.model.bare {
            return Vec::new();
        }
        self.beside(" ", first.time_ms, " ", Span::styled("--", paint.dim()), rows)
    }

    /// The name and the text of a row.
    fn told(&self, open: &Open, message: &Message) -> (Span<'static>, Vec<(String, Style)>) {
        let paint = self.model.paint;
        let name = open.names.name(&message.author, &message.nick);
        let verified = open.people.get(&message.author).is_some_and(|person| person.verified);
        let fitted = |name: &Name| match verified {
            true => format!("{}{VERIFIED}", name.fit(self.nick - 1)),
            false => name.fit(self.nick),
        };
        let style = if message.mine { paint.strong() } else { paint.nick(&message.author) };
        let plain = if message.names_me && !message.mine { paint.strong() } else { Style::new() };
        let ours = |what: String| (Span::styled("--", paint.dim()), vec![(what, paint.dim())]);
        let text = lines(&message.text);
        let (nick, mut text) = match message.kind {
            Kind::Text if message.action => ("*".into(), vec![(name.whole(), style), (format!(" {text}"), plain)]),
            Kind::Text => (fitted(&name), vec![(text, plain)]),
            Kind::File => {
                let (what, stands) = message.file.as_ref().map(files::row).unwrap_or_default();
                (fitted(&name), vec![(what, plain), (format!("  {stands}"), paint.dim())])
            }
            Kind::Gone => {
                let what = match message.gone {
                    Some(Gone::Expired) => "(gone)",
                    Some(Gone::Missing) => "(its text has not come yet)",
                    Some(Gone::Locked) => "(cannot be read yet: its key has not come)",
                    Some(Gone::Damaged) => "(damaged: nobody can read it)",
                    Some(Gone::Unkept) => "(its text is no longer kept by anybody here)",
                    _ => "(taken back)",
                };
                (fitted(&name), vec![(what.into(), paint.dim())])
            }
            Kind::Nick => {
                let (who, what) = named(&open.names, &message.author, message.before.as_deref(), &message.text);
                return ours(format!("{who} {what}"));
            }
            Kind::Topic if message.text.is_empty() => return ours(format!("{} cleared the topic", name.whole())),
            Kind::Topic => return ours(format!("{} set the topic: {}", name.whole(), clean(&message.text))),
            Kind::Act => {
                let text = || clean(&message.text);
                let what = message.deed.as_ref().map_or_else(text, |deed| done_to(&open.names, deed));
                return ours(format!("{} {what}", name.whole()));
            }
            Kind::Founded => {
                return ours(format!("{} founded the room {}", name.whole(), clean_name(&message.text, NICK_CHARS)));
            }
        };
        if let Some(from) = &message.from {
            text.insert(0, (format!("{}: ", elsewhere(&self.model.clock, from, message.time_ms)), paint.dim()));
        }
        if message.held {
            let held = if message.mine {
                " (held until somebody lets you through)"
            } else {
                " (held: /through shows it to all)"
            };
            text.push((held.into(), paint.dim()));
        }
        if message.edited {
            text.push((" (edited)".into(), paint.dim()));
        }
        (Span::styled(nick, style), text)
    }

    fn receipt(&self, open: &Open, message: &Message) -> Option<String> {
        let holders = message.holders.filter(|_| message.mine && matches!(message.kind, Kind::Text | Kind::File))?;
        let counted = open.people.values().filter(|person| !person.me && counts(person, self.model.now_ms));
        let others = (counted.count() as u64).max(holders);
        Some(match (holders, others) {
            (0, 0) => "…".into(),
            (0, others) => format!("… 0/{others}"),
            (holders, others) => format!("✓ {holders}/{others}"),
        })
    }

    /// Puts a receipt at the right end of the last row, or of an extra row.
    fn behind(&self, rows: &mut Vec<Line<'static>>, receipt: String) {
        let width = self.text_width();
        if rows.last().is_none_or(|row| row.width() + 2 + receipt.width() > width) {
            rows.push(Line::default());
        }
        if let Some(row) = rows.last_mut() {
            let blank = width.saturating_sub(row.width() + receipt.width());
            // A style of the whole row must not reach the receipt.
            let style = std::mem::take(&mut row.style);
            row.spans.iter_mut().for_each(|span| span.style = style.patch(span.style));
            row.spans.push(Span::raw(" ".repeat(blank)));
            row.spans.push(Span::styled(receipt, self.model.paint.dim()));
        }
    }

    fn answered(&self, open: &Open, reply: &Reply) -> Line<'static> {
        let author = reply.r#ref.as_str().split('.').next().unwrap_or_default();
        // What was answered may have been changed or taken back since.
        let now = open.timeline.messages().find(|message| message.r#ref == reply.r#ref);
        let said = match now {
            _ if open.hides(&author.into()) => "…".into(),
            Some(Message { gone: Some(_), .. }) => String::new(),
            Some(Message { edited: true, text, .. }) => clean(text),
            _ => clean(&reply.text),
        };
        let text = format!("↳ {}: {said}", open.names.answered(reply));
        Line::styled(fit(&text, self.text_width()), self.model.paint.dim())
    }

    /// The signs, with the number of people behind each.
    fn signs(&self, reactions: &[(&Reaction, usize)]) -> Line<'static> {
        let width = self.text_width();
        let (mut signs, mut shown) = (String::new(), 0);
        for (reaction, count) in reactions.iter().take(SIGNS) {
            let sign = clean_name(&reaction.sign, SIGN_CHARS);
            let sign = if reaction.mine { format!("[{sign} {count}]  ") } else { format!("{sign} {count}  ") };
            if shown > 0 && signs.width() + sign.width() + REST_WIDTH > width {
                break;
            }
            signs.push_str(&sign);
            shown += 1;
        }
        if shown < reactions.len() {
            signs.push_str(&format!("+{}", reactions.len() - shown));
        }
        Line::styled(fit(signs.trim_end(), width), self.model.paint.dim())
    }

    /// Puts rows of text beside a time and a nick, with a hanging indent.
    fn beside(
        &self,
        mark: &'static str,
        ms: u64,
        late: &'static str,
        nick: Span<'static>,
        rows: Vec<Line<'static>>,
    ) -> Vec<Line<'static>> {
        let dim = self.model.paint.dim();
        let blank = " ".repeat(self.nick.saturating_sub(nick.width()));
        let mut head = Some(vec![
            Span::styled(mark, self.model.paint.strong()),
            Span::styled(self.model.clock.minutes(ms), dim),
            Span::styled(late, dim),
            Span::raw(blank),
            nick,
            Span::raw("  "),
        ]);
        let beside = |row: Line<'static>| {
            let mut spans = head.take().unwrap_or_else(|| vec![Span::raw(" ".repeat(self.indent()))]);
            spans.extend(row.spans.into_iter().map(|span| Span::styled(span.content, row.style.patch(span.style))));
            Line::from(spans)
        };
        rows.into_iter().map(beside).collect()
    }

    fn note(&self, note: &Note) -> Vec<Line<'static>> {
        let paint = self.model.paint;
        let (sign, style, text) = match note.kind {
            NoteKind::Outcome => ("--", paint.dim(), note.text.clone()),
            NoteKind::Error => ("!!", paint.alarm(), note.text.clone()),
            NoteKind::Late(late) => {
                let messages =
                    count(usize::try_from(late).unwrap_or(usize::MAX), "earlier message", "earlier messages");
                ("--", paint.dim(), format!("↑ {messages} arrived above"))
            }
        };
        // An error uses the width of both columns, so that its two lines are two rows where they fit.
        let sheet = Self { nick: if note.kind == NoteKind::Error { sign.len() } else { self.nick }, ..*self };
        let rows = wrap(&[(lines(&text), style)], sheet.text_width());
        if self.model.bare {
            return rows;
        }
        sheet.beside(" ", note.time_ms, " ", Span::styled(sign, style), rows)
    }

    /// A rule across the screen with words in it.
    fn rule(&self, words: &str) -> Line<'static> {
        if self.model.bare {
            return Line::raw(fit(&format!("-- {words} --"), self.width));
        }
        let words = fit(words, self.width.saturating_sub(6));
        let rest = self.width.saturating_sub(words.width() + 5);
        Line::styled(format!("─── {words} {}", "─".repeat(rest)), self.model.paint.dim())
    }

    /// The text above everything else.
    fn top(&self) -> String {
        let Some((open, room)) = self.model.open.as_ref().zip(self.model.room()) else { return String::new() };
        match (open.timeline.asked, open.timeline.above, room.missing) {
            (true, ..) => "reading …".into(),
            (_, false, 0) => "the beginning".into(),
            (_, true, _) => format!("{}; PgUp reads on", fetched(open, room)),
            (_, false, _) => format!("{}; more is on its way", fetched(open, room)),
        }
    }

    /// The hint where there is nothing to read.
    fn hint(&self) -> Vec<Line<'static>> {
        let text = match (&self.model.open, self.model.loaded) {
            (None, false) => "Reading your rooms …",
            (None, true) => {
                "You are in no room yet.\n\n/new NAME      begins a room\n/join TICKET   enters one that somebody let you \
                 into\n/help          lists what you can do"
            }
            (Some(open), _) if open.timeline.asked => "Reading what was said …",
            (Some(_), _) => {
                "Nobody has said anything here yet.\n\nType a line and press Enter to be the first.\n/ticket   shows the \
                 ticket for others\n/help     lists what you can do"
            }
        };
        let mut rows = vec![Line::default()];
        rows.extend(wrap(&[(text.to_owned(), Style::new())], self.width.saturating_sub(4)));
        rows.push(Line::default());
        for row in &mut rows {
            row.spans.insert(0, Span::raw("  "));
        }
        rows
    }
}

/// How much of a room is in the window, and how much of it is held.
pub(super) fn fetched(open: &Open, room: &Room) -> String {
    let all = thousands(room.entries.saturating_add(room.missing));
    let here = if room.missing == 0 { "all".into() } else { format!("{} of", thousands(room.entries)) };
    format!("{} shown, {here} {all} fetched", thousands(open.timeline.len() as u64))
}

/// The shown name of a room: the beginning of its id as long as its name has not come.
pub(super) fn title(room: &Room) -> String {
    match clean(&room.name).trim() {
        "" => format!("room {}", room.id.as_str().chars().take(8).collect::<String>()),
        name => name.to_owned(),
    }
}

//! Draws the model, and depends on nothing else.

use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    text::{Line, Span},
};
use rumormill_api::{AuthorHex, Path, Person, Role, Room};
use rumormill_text::{
    VERIFIED, clean, fit,
    show::{count, thousands},
};
use unicode_width::UnicodeWidthStr;

use super::{
    governing,
    layout::{LEAST, Parts, laid, parts},
    model::{Aim, Mode, Model, Open, Panel, Question, Scroll, Search},
    panels,
    rows::{Sheet, blocks, fetched, title},
};

/// Draws everything.
pub(super) fn view(model: &Model, frame: &mut Frame<'_>) {
    let screen = frame.area();
    if screen.width < LEAST.0 || screen.height < LEAST.1 {
        frame.buffer_mut().set_stringn(0, 0, "too small", usize::from(screen.width), Style::new());
        return;
    }
    let parts = parts(model);
    let buffer = frame.buffer_mut();
    middle(model, parts.middle, buffer);
    if model.bare {
        return;
    }
    topic(model, parts.topic, buffer);
    if parts.rooms.width > 0 {
        rooms(model, parts.rooms, buffer);
        people(model, parts.people, buffer);
    }
    status(model, &parts, buffer);
    above(model, parts.above, buffer);
    if let Some(cursor) = input(model, parts.input, buffer) {
        frame.set_cursor_position(cursor);
    }
}

fn topic(model: &Model, area: Rect, buffer: &mut Buffer) {
    buffer.set_style(area, model.paint.bar());
    let text = match model.room() {
        Some(room) if room.topic.is_empty() => title(room),
        Some(room) => format!("{}: {}", title(room), clean(&room.topic)),
        None => "rumormill".into(),
    };
    // While the person reads above the end, the status shows how far that goes.
    let reading = model.open.as_ref().filter(|open| open.scroll != Scroll::End).zip(model.room());
    let far = reading.map(|(open, room)| fetched(open, room)).unwrap_or_default();
    let width = usize::from(area.width).saturating_sub(2);
    let text = fit(&text, width.saturating_sub(far.width() + 2));
    let blank = " ".repeat(width.saturating_sub(text.width() + far.width()));
    put(buffer, area, 0, &format!(" {text}{blank}{far}"), Style::new());
}

fn middle(model: &Model, area: Rect, buffer: &mut Buffer) {
    match (&model.mode, &model.panel) {
        (Mode::Search(search), _) => found(model, search, area, buffer),
        (_, Some(panel)) if !model.bare => listed(model, panel, area, buffer),
        _ => said(model, area, buffer),
    }
}

/// The timeline, from the lowest shown row upwards.
fn said(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (blocks, sheet) = (blocks(model), Sheet::new(model, area.width));
    let scroll = model.open.as_ref().map_or(&Scroll::End, |open| &open.scroll);
    let (mut at, mut hidden) = match scroll {
        Scroll::End => (blocks.len(), 0),
        Scroll::At(key, hidden) => match blocks.iter().position(|block| block.key() == *key) {
            Some(at) => (at + 1, *hidden),
            None => (blocks.len(), 0),
        },
    };
    let mut y = area.bottom();
    // The highest block that begins on the screen.
    let mut top = None;
    'rows: while y > area.y && at > 0 {
        at -= 1;
        for row in sheet.rows(&blocks, at).into_iter().rev().skip(std::mem::take(&mut hidden)) {
            if y == area.y {
                break 'rows;
            }
            y -= 1;
            buffer.set_line(area.x, y, &row, area.width);
        }
        top = Some((at, y));
    }
    // Its author's name may stand above the screen.
    if let Some((row, y)) = top.and_then(|(at, y)| Some((sheet.named(&blocks, at)?, y))) {
        buffer.set_line(area.x, y, &row, area.width);
    }
}

/// A longer text instead of the timeline.
fn listed(model: &Model, panel: &Panel, area: Rect, buffer: &mut Buffer) {
    let height = usize::from(area.height).saturating_sub(1);
    let rows = panels::laid(panel, usize::from(area.width));
    let more = rows.len() > height;
    let keys = if more { "PgUp, PgDn, Esc" } else { "Esc" };
    put(buffer, area, 0, &format!("─── {} ({keys}) ", panel.title), model.paint.dim());
    for (y, row) in (area.y + 1..).zip(rows.iter().skip(panel.above).take(height)) {
        buffer.set_line(area.x, y, row, area.width);
    }
}

/// The results of a search, the newest lowest.
fn found(model: &Model, search: &Search, area: Rect, buffer: &mut Buffer) {
    let what = match (search.words.is_empty(), search.answered, search.hits.len()) {
        (true, ..) => "type words that were said; Esc goes back".into(),
        (_, false, _) => "searching …".into(),
        (_, _, 0) => "nothing found; Esc goes back".into(),
        (_, _, hits) => format!("{hits} found; Up, Down, Enter goes there, Esc back"),
    };
    put(buffer, area, 0, &fit(&format!("─── {what}"), usize::from(area.width)), model.paint.dim());
    let Some(open) = &model.open else { return };
    let height = usize::from(area.height).saturating_sub(1);
    let first = search.at.saturating_sub(height.saturating_sub(1));
    for (up, hit) in search.hits.iter().enumerate().skip(first).take(height) {
        let time = format!("{} {}", model.clock.day(hit.time_ms), model.clock.minutes(hit.time_ms));
        let mark = if up == search.at { '>' } else { ' ' };
        let name = open.names.name(&hit.author, &hit.nick).fit(14);
        let row = fit(&format!("{mark}{time}  {name}  {}", clean(&hit.text)), usize::from(area.width));
        let y = area.height - 1 - u16::try_from(up - first).unwrap_or(0);
        put(buffer, area, y, &row, if up == search.at { model.paint.selected() } else { Style::new() });
    }
}

/// The rooms by number, with their unread messages at the right.
fn rooms(model: &Model, area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width) - 2;
    let open = model.open.as_ref().map(|open| &open.room);
    let here = model.rooms.iter().position(|room| Some(&room.id) == open).unwrap_or(0);
    let height = usize::from(area.height);
    let first = (here + 1).saturating_sub(height);
    for (at, room) in model.rooms.iter().enumerate().skip(first).take(height) {
        let mark = match (Some(&room.id) == open, room.muted, room.pinned) {
            (true, ..) => '>',
            (_, true, _) => '-',
            (_, _, true) => '^',
            _ => ' ',
        };
        let news = if Some(&room.id) == open { String::new() } else { news(room) };
        let name = fit(&format!("{mark}{} {}", at + 1, title(room)), width.saturating_sub(news.width() + 1));
        let blank = width.saturating_sub(name.width() + news.width());
        let style = match (room.muted, news.is_empty()) {
            (true, _) => model.paint.dim(),
            (false, true) => Style::new(),
            (false, false) => model.paint.strong(),
        };
        let y = u16::try_from(at - first).unwrap_or(0);
        put(buffer, area, y, &format!("{name}{}{news}", " ".repeat(blank)), style);
    }
    border(model, area.right() - 1, area, buffer);
}

/// The number of unread messages: `3`, or `@1` if that many mention me.
fn news(room: &Room) -> String {
    match (room.mentions, room.unread) {
        (0, 0) => String::new(),
        (0, unread) => short_count(unread),
        (mentions, _) => format!("@{}", short_count(mentions)),
    }
}

fn short_count(number: u64) -> String {
    if number > 999 { "999+".into() } else { number.to_string() }
}

fn border(model: &Model, x: u16, area: Rect, buffer: &mut Buffer) {
    for y in area.top()..area.bottom() {
        buffer.set_string(x, y, "│", model.paint.dim());
    }
}

/// The people who are here, away, and hidden.
fn people(model: &Model, area: Rect, buffer: &mut Buffer) {
    border(model, area.x, area, buffer);
    let Some(open) = &model.open else { return };
    let area = Rect { x: area.x + 1, width: area.width - 1, ..area };
    let mut rows: Vec<Line<'static>> = Vec::new();
    let standing = |person: &Person| match (person.hidden, person.here || person.me) {
        (true, _) => "hidden",
        (false, true) => "here",
        (false, false) => "away",
    };
    for stands in ["here", "away", "hidden"] {
        let mut group: Vec<(String, &Person)> = (open.people.values().filter(|person| standing(person) == stands))
            .map(|person| {
                let (name, width) = (open.names.name(&person.author, &person.nick), usize::from(area.width) - 2);
                let name = match person.verified {
                    true => format!("{}{VERIFIED}", name.fit(width - 1)),
                    false => name.fit(width),
                };
                (name, person)
            })
            .collect();
        group.sort_by_key(|(name, person)| (!person.me, name.to_lowercase()));
        if group.is_empty() {
            continue;
        }
        if !rows.is_empty() {
            rows.push(Line::default());
        }
        rows.push(Line::styled(format!(" {} {stands}", group.len()), model.paint.dim()));
        let style = |person: &Person| match (stands, person.me) {
            (_, true) => model.paint.strong(),
            ("here", _) => model.paint.nick(&person.author),
            _ => model.paint.dim(),
        };
        rows.extend(
            group.into_iter().map(|(name, person)| Line::from(vec![Span::raw(" "), Span::styled(name, style(person))])),
        );
    }
    let height = usize::from(area.height);
    if rows.len() > height {
        let more = rows.len() - height + 1;
        rows.truncate(height - 1);
        rows.push(Line::styled(format!(" +{more}: /names"), model.paint.dim()));
    }
    for (y, row) in (area.y..).zip(&rows) {
        buffer.set_line(area.x, y, row, area.width);
    }
}

/// The state of the room in words; when not everything fits, the least important parts are dropped first.
fn status(model: &Model, parts: &Parts, buffer: &mut Buffer) {
    buffer.set_style(parts.status, model.paint.bar());
    let width = usize::from(parts.status.width).saturating_sub(2);
    let mut told = telling(model, parts.rooms.width > 0);
    let whole = |told: &[(u8, String)]| told.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" · ");
    while told.len() > 1 && whole(&told).width() > width {
        let least = told.iter().enumerate().min_by_key(|(at, (weight, _))| (*weight, std::cmp::Reverse(*at)));
        if let Some(least) = least.map(|(at, _)| at) {
            told.remove(least);
        }
    }
    let alarm = model.room().is_some_and(|room| room.stopped.is_some());
    let style = if alarm { model.paint.alarm() } else { Style::new() };
    put(buffer, parts.status, 0, &format!(" {}", fit(&whole(&told), width)), style);
}

/// The parts of the status line, each with its weight.
fn telling(model: &Model, panes: bool) -> Vec<(u8, String)> {
    let Some((open, room)) = model.open.as_ref().zip(model.room()) else {
        return vec![(9, "no room is open".into())];
    };
    let mut told = Vec::new();
    if let Some(why) = &room.stopped {
        let what = if room.damaged { "damaged" } else { "stopped" };
        told.push((9, format!("{what}: {}", clean(why))));
    }
    let is_away = |person: &&Person| !person.here && !person.me && person.role != Some(Role::Removed);
    let away = open.people.values().filter(is_away).count();
    told.push((8, reached(room, away)));
    match room.missing {
        0 => told.push((3, "nothing missing".into())),
        missing => told.push((7, format!("{} missing", thousands(missing)))),
    }
    // The fault; a note told the remedy when it began, and the room's state has it.
    match room.clock.split(';').next() {
        None | Some("") => told.push((2, "clock ok".into())),
        Some(clock) => told.push((6, clean(clock))),
    }
    let news: Vec<String> = (model.rooms.iter().enumerate())
        .filter(|(_, other)| other.id != room.id && !other.muted && other.unread > 0)
        .map(|(at, other)| format!("{}:{}", at + 1, news(other)))
        .collect();
    if !panes && !news.is_empty() {
        told.push((5, format!("news {}", news.join(" "))));
    }
    if let Some(typing) = typing(open) {
        told.push((4, typing));
    }
    if open.scroll != Scroll::End {
        let news = if room.unread > 0 { format!("{} new below", thousands(room.unread)) } else { "more".into() };
        told.push((8, format!("↓ {news}, Esc")));
    }
    told
}

/// Who is typing.
fn typing(open: &Open) -> Option<String> {
    let name = |author| open.names.name(author, "").fit(14);
    let typists: Vec<&AuthorHex> = open.typists.keys().collect();
    match typists[..] {
        [] => None,
        [one] => Some(format!("{} is writing", name(one))),
        [one, other] => Some(format!("{} and {} are writing", name(one), name(other))),
        _ => Some(format!("{} people are writing", typists.len())),
    }
}

fn reached(room: &Room, away: usize) -> String {
    let by = |path| room.peers.iter().filter(|peer| peer.path == path).count();
    match (by(Path::Direct), by(Path::Relayed), away) {
        (0, 0, 0) => "nobody connected".into(),
        (0, 0, away) => format!("nobody connected, {away} away"),
        (direct, relayed, away) => format!("{direct} direct {relayed} relayed {away} away"),
    }
}

/// What the typed line replies to or edits.
fn above(model: &Model, area: Rect, buffer: &mut Buffer) {
    if let Mode::Recall(recall) = &model.mode {
        let text = match (recall.words.is_empty(), recall.at) {
            (true, _) => "type a part of it; Enter takes it, Ctrl+r finds an older one, Esc goes back".into(),
            (_, None) => "nothing found".into(),
            (_, Some(_)) => clean(model.line.text()),
        };
        return put(buffer, area, 0, &fit(&text, usize::from(area.width)), model.paint.dim());
    }
    let Some(open) = model.open.as_ref().filter(|_| area.height > 0) else { return };
    let quoted = |entry| {
        let message = open.timeline.of(entry)?;
        let name = open.names.name(&message.author, &message.nick).whole();
        Some(format!("{name}: {}", clean(&message.text)))
    };
    let text = match &open.aim {
        Some(Aim::Reply(entry)) => format!("↳ reply to {} ", quoted(entry).unwrap_or_default()),
        Some(Aim::Edit(entry)) => format!("✎ edit {} ", quoted(entry).unwrap_or_default()),
        None => return,
    };
    let esc = "(Esc: no)";
    let text = fit(&text, usize::from(area.width).saturating_sub(esc.len()));
    put(buffer, area, 0, &format!("{text}{esc}"), model.paint.dim());
}

/// The typed line, or a question; returns the position of the cursor.
fn input(model: &Model, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    if let Mode::Question(question) = &model.mode {
        for (y, row) in (0..).zip(asking(model, question)) {
            put(buffer, area, y, &fit(&row, usize::from(area.width)), model.paint.strong());
        }
        return None;
    }
    let laid = laid(model);
    let height = usize::from(area.height);
    let first = (laid.cursor.1 + 1).saturating_sub(height);
    for (y, row) in (0..).zip(laid.rows.iter().skip(first).take(height)) {
        put(buffer, area, y, row, Style::new());
    }
    let x = u16::try_from(laid.cursor.0).ok()?.min(area.width.saturating_sub(1));
    Some(Position::new(area.x + x, area.y + u16::try_from(laid.cursor.1 - first).ok()?))
}

fn asking(model: &Model, question: &Question) -> [String; 2] {
    match question {
        Question::Order(_, order) => {
            let open = model.open.as_ref();
            let name = |author: &AuthorHex| open.map(|open| open.names.name(author, "").whole()).unwrap_or_default();
            governing::asking(order, name)
        }
        Question::Paste(text) => {
            let characters = count(text.chars().count(), "character", "characters");
            let what = format!("Say {} at once ({characters})?", count(text.lines().count(), "line", "lines"));
            [what, "Enter: yes, as one message   e: edit first   Esc: no".into()]
        }
        Question::Leave(id) => {
            let name = model.rooms.iter().find(|room| room.id == *id).map(title).unwrap_or_default();
            [format!("Leave {name} and forget what was said in it?"), "y: leave   Esc: stay".into()]
        }
    }
}

fn put(buffer: &mut Buffer, area: Rect, y: u16, text: &str, style: Style) {
    if y < area.height {
        buffer.set_stringn(area.x, area.y + y, text, usize::from(area.width), style);
    }
}

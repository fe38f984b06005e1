//! What the keys do: as in WeeChat and irssi where those know them, and as in a shell within the line.

use crossterm::event::KeyCode;
use rumormill_api::{Kind, Order as ApiOrder, Room};
use rumormill_text::clean;

use super::{
    ask::{Ask, OfRoom},
    carry, complete,
    input::{Effect, Key},
    model::{Aim, BlockKey, Mode, Model, NoteKind, Question, Recall},
    orders::{Order, Said, read},
    panels, rooms, scroll, wrap,
};
use crate::limits::{TYPING_EVERY_MS, WHEEL_ROWS};

/// Takes a key.
pub(super) fn press(model: &mut Model, key: Key, out: &mut Vec<Effect>) {
    let warned = std::mem::take(&mut model.warned);
    if key.ctrl && key.code == KeyCode::Char('c') {
        return interrupt(model, warned, out);
    }
    if key.ctrl && key.code == KeyCode::Char('l') {
        return out.push(Effect::Redraw);
    }
    match &model.mode {
        Mode::Chat => chat(model, key, out),
        Mode::Search(_) => search(model, key, out),
        Mode::Recall(_) => recall(model, key),
        Mode::Question(_) => answer(model, key, out),
    }
}

/// Ctrl+c: drops the current line or mode. If there is none, it asks once and then ends the program.
fn interrupt(model: &mut Model, warned: bool, out: &mut Vec<Effect>) {
    if warned {
        return out.push(Effect::Quit);
    }
    let begun = !model.line.is_empty() || !matches!(model.mode, Mode::Chat);
    model.mode = Mode::Chat;
    model.line.take();
    model.completion = None;
    if !begun {
        model.warned = true;
        model.tell(NoteKind::Outcome, "Ctrl+c once more or /quit ends the program; all rooms are kept");
    }
}

fn chat(model: &mut Model, key: Key, out: &mut Vec<Effect>) {
    let before = model.line.text().len();
    pressed(model, key, out);
    if model.line.text().len() != before {
        tell_typing(model, out);
    }
}

/// Tells others from time to time that I am typing.
fn tell_typing(model: &mut Model, out: &mut Vec<Effect>) {
    let says = matches!(read(model.line.text()), Said::Text(_) | Said::Order(Order::Me(_) | Order::Reply(_)));
    let now_ms = model.now_ms;
    let Some(open) = model.open.as_mut().filter(|open| says && now_ms >= open.type_at) else { return };
    if model.settings.typing {
        open.type_at = now_ms + TYPING_EVERY_MS;
        out.push(Effect::Ask(Ask::Of(open.room.clone(), OfRoom::Typing)));
    }
}

fn pressed(model: &mut Model, key: Key, out: &mut Vec<Effect>) {
    match (key.ctrl, key.alt, key.code) {
        (false, false, KeyCode::Tab) => return complete::press(model, false, out),
        (_, _, KeyCode::BackTab) => return complete::press(model, true, out),
        _ => model.completion = None,
    }
    match (key.ctrl, key.alt) {
        (false, false) => plain(model, key, out),
        (true, false) => ctrl(model, key, out),
        (false, true) => alt(model, key, out),
        (true, true) => {}
    }
}

fn plain(model: &mut Model, key: Key, out: &mut Vec<Effect>) {
    match key.code {
        KeyCode::Enter => carry::enter(model, out),
        KeyCode::Esc => escape(model, out),
        KeyCode::PageUp => page(model, false, out),
        KeyCode::PageDown => page(model, true, out),
        KeyCode::Up => older(model),
        KeyCode::Down => newer(model),
        KeyCode::End if model.line.is_empty() => scroll::to_end(model, out),
        KeyCode::Home if model.line.is_empty() => scroll::to_start(model, out),
        _ => {
            model.line.press(key);
        }
    }
}

fn ctrl(model: &mut Model, key: Key, out: &mut Vec<Effect>) {
    match key.code {
        KeyCode::Char('s') => carry::search(model, "", out),
        KeyCode::Char('r') => {
            let unsent = model.line.take();
            model.mode = Mode::Recall(Recall { unsent, ..Recall::default() });
        }
        KeyCode::Char('p') => older(model),
        KeyCode::Char('n') => newer(model),
        KeyCode::End => scroll::to_end(model, out),
        KeyCode::Home => scroll::to_start(model, out),
        _ => {
            model.line.press(key);
        }
    }
}

fn alt(model: &mut Model, key: Key, out: &mut Vec<Effect>) {
    match key.code {
        KeyCode::Char(digit @ '1'..='9') => {
            rooms::open(model, usize::from(digit as u8 - b'1'), out);
        }
        KeyCode::Char('a') => news(model, out),
        KeyCode::Char('l') => bare(model, out),
        KeyCode::Char('u') => scroll::to_unread(model, out),
        KeyCode::Char('m') => carry::mark_unread(model, out),
        KeyCode::Char('r') => carry::reply(model, String::new(), out),
        KeyCode::Char('e') => carry::edit(model, String::new(), out),
        KeyCode::Char('c') => copy(model, out),
        KeyCode::Up => select(model, false),
        KeyCode::Down => select(model, true),
        KeyCode::Left => beside(model, false, out),
        KeyCode::Right => beside(model, true, out),
        _ => {
            model.line.press(key);
        }
    }
}

/// Esc leaves the innermost mode, and finally goes to the end.
fn escape(model: &mut Model, out: &mut Vec<Effect>) {
    if model.bare {
        return bare(model, out);
    }
    if model.panel.take().is_some() {
        return;
    }
    if let Some(open) = &mut model.open {
        if let Some(aim) = open.aim.take() {
            if matches!(aim, Aim::Edit(_)) {
                model.line.take();
            }
            return;
        }
        if open.selected.take().is_some() {
            return;
        }
    }
    scroll::to_end(model, out);
}

fn page(model: &mut Model, down: bool, out: &mut Vec<Effect>) {
    match &model.panel {
        Some(_) => {
            let height = usize::from(super::layout::parts(model).middle.height);
            scroll_panel(model, down, height.saturating_sub(2).max(1));
        }
        None => scroll::page(model, down, out),
    }
}

fn scroll_panel(model: &mut Model, down: bool, step: usize) {
    let middle = super::layout::parts(model).middle;
    let height = usize::from(middle.height).saturating_sub(1);
    if let Some(panel) = &mut model.panel {
        let last = panels::laid(panel, usize::from(middle.width)).len().saturating_sub(height);
        panel.above = if down { panel.above + step } else { panel.above.saturating_sub(step) }.min(last);
    }
}

fn older(model: &mut Model) {
    if !model.line.move_row(false)
        && let Some(line) = model.typed.older(model.line.text())
    {
        model.line.set(line);
    }
}

fn newer(model: &mut Model) {
    if !model.line.move_row(true)
        && let Some(line) = model.typed.newer()
    {
        model.line.set(line);
    }
}

/// Goes to the next room that mentions me, or else to the next with unread messages.
fn news(model: &mut Model, out: &mut Vec<Effect>) {
    let open = model.open.as_ref().map(|open| &open.room);
    let here = model.rooms.iter().position(|room| Some(&room.id) == open).unwrap_or(0);
    let others = || (1..model.rooms.len()).map(|step| (here + step) % model.rooms.len());
    let next = |has: fn(&Room) -> u64| {
        others().find(|at| model.rooms.get(*at).is_some_and(|room| !room.muted && has(room) > 0))
    };
    if let Some(at) = next(|room| room.mentions).or_else(|| next(|room| room.unread)) {
        rooms::open(model, at, out);
    }
}

fn beside(model: &mut Model, after: bool, out: &mut Vec<Effect>) {
    let open = model.open.as_ref().map(|open| &open.room);
    let Some(here) = model.rooms.iter().position(|room| Some(&room.id) == open) else { return };
    let step = if after { 1 } else { model.rooms.len() - 1 };
    rooms::open(model, (here + step) % model.rooms.len(), out);
}

/// Switches between text only and everything. With text only, the terminal has the mouse and selects text with it.
fn bare(model: &mut Model, out: &mut Vec<Effect>) {
    model.bare = !model.bare;
    out.extend(model.settings.mouse.then_some(Effect::Mouse(!model.bare)));
}

/// Scrolls by a notch of the mouse wheel.
pub(super) fn wheel(model: &mut Model, down: bool, out: &mut Vec<Effect>) {
    if matches!(model.mode, Mode::Search(_)) {
        return;
    }
    match model.panel {
        Some(_) => scroll_panel(model, down, WHEEL_ROWS),
        None => scroll::by(model, down, WHEEL_ROWS, out),
    }
}

/// Selects the message above or below the selected one; the newest one first.
fn select(model: &mut Model, down: bool) {
    let Some(open) = &mut model.open else { return };
    let next = match &open.selected {
        Some(place) => open.timeline.beside(place, down),
        None if down => None,
        None => open.timeline.messages().rfind(|message| !message.hidden),
    };
    let Some(place) = next.map(|message| message.place.clone()) else { return };
    let key = BlockKey::Message(place.clone());
    open.selected = Some(place);
    if !scroll::is_shown(model, &key) {
        scroll::show(model, &key);
    }
}

/// Copies the selected message, or the last one.
fn copy(model: &mut Model, out: &mut Vec<Effect>) {
    if let Some(message) = carry::target(model, |_| true).filter(|message| message.kind == Kind::Text) {
        out.push(Effect::Copy(wrap::lines(&message.text)));
    }
}

fn search(model: &mut Model, key: Key, out: &mut Vec<Effect>) {
    let Mode::Search(search) = &mut model.mode else { return };
    let last = search.hits.len().saturating_sub(1);
    match key.code {
        KeyCode::Esc => model.mode = Mode::Chat,
        KeyCode::Up => search.at = (search.at + 1).min(last),
        KeyCode::Down => search.at = search.at.saturating_sub(1),
        KeyCode::Enter => go_to_hit(model, out),
        _ => {
            let before = search.words.text().to_owned();
            if search.words.press(key) && search.words.text() != before {
                look(model, out);
            }
        }
    }
}

/// Puts pasted words into a search.
pub(super) fn search_typed(model: &mut Model, text: &str, out: &mut Vec<Effect>) {
    if let Mode::Search(search) = &mut model.mode {
        search.words.insert(&clean(text.trim()));
        look(model, out);
    }
}

fn look(model: &mut Model, out: &mut Vec<Effect>) {
    let (Mode::Search(search), Some(open)) = (&mut model.mode, &model.open) else { return };
    let words = search.words.text().trim().to_owned();
    search.answered = false;
    match words.is_empty() {
        true => search.hits.clear(),
        false => out.push(Effect::Ask(Ask::Of(open.room.clone(), OfRoom::Search(words)))),
    }
}

/// Opens the timeline around a found message.
fn go_to_hit(model: &mut Model, out: &mut Vec<Effect>) {
    let Mode::Search(search) = std::mem::take(&mut model.mode) else { return };
    let (Some(hit), Some(open)) = (search.hits.into_iter().nth(search.at), &mut model.open) else { return };
    let place = hit.place.clone();
    if open.timeline.at(&place).is_none() {
        open.timeline = super::timeline::Timeline::around(hit);
        open.timeline.asked = true;
        open.centre = Some(place.clone());
        let asks = [OfRoom::Before(place.clone()), OfRoom::After(place.clone())];
        out.extend(asks.map(|ask| Effect::Ask(Ask::Of(open.room.clone(), ask))));
    }
    open.selected = Some(place.clone());
    scroll::show(model, &BlockKey::Message(place));
}

fn recall(model: &mut Model, key: Key) {
    let Mode::Recall(recall) = &mut model.mode else { return };
    let again = key.ctrl && key.code == KeyCode::Char('r');
    match key.code {
        KeyCode::Esc => {
            let unsent = std::mem::take(&mut recall.unsent);
            model.line.set(&unsent);
            model.mode = Mode::Chat;
        }
        KeyCode::Enter | KeyCode::Tab => model.mode = Mode::Chat,
        _ if again || recall.words.press(key) => {
            let before = recall.at.filter(|_| again);
            let found = model.typed.find(recall.words.text(), before).filter(|_| !recall.words.is_empty());
            match found {
                Some((at, line)) => {
                    recall.at = Some(at);
                    model.line.set(line);
                }
                None if again => {}
                None => {
                    recall.at = None;
                    model.line.take();
                }
            }
        }
        _ => {}
    }
}

fn answer(model: &mut Model, key: Key, out: &mut Vec<Effect>) {
    let Mode::Question(question) = std::mem::take(&mut model.mode) else { return };
    match (question, key.code) {
        (_, KeyCode::Esc | KeyCode::Char('n')) => {}
        (Question::Paste(text), KeyCode::Enter | KeyCode::Char('y')) => {
            model.line.insert(&text);
            carry::enter(model, out);
        }
        (Question::Paste(text), KeyCode::Char('e')) => model.line.insert(&text),
        (Question::Leave(room), KeyCode::Char('y')) => {
            model.leaving = Some(room.clone());
            out.push(Effect::Ask(Ask::Of(room, OfRoom::Leave)));
        }
        (Question::Order(room, ApiOrder::Remove { who, .. }), KeyCode::Char('h')) => {
            out.push(Effect::Ask(Ask::Of(room, OfRoom::Order(ApiOrder::Remove { who, hide: true }))));
        }
        (Question::Order(room, order), KeyCode::Char('y')) => {
            out.push(Effect::Ask(Ask::Of(room, OfRoom::Order(order))));
        }
        (question, _) => model.mode = Mode::Question(question),
    }
}

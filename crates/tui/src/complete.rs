//! Tab completes an order, a nick, a room's name, a setting, the path of a file or an emoji by its name. Further
//! presses go through the other matches.

use rumormill_api::AuthorHex;

use super::{
    ask::Ask,
    input::Effect,
    model::{Completion, Model, Open},
    orders::ORDERS,
    rows::title,
    settings,
};
use crate::limits::{SCREENFUL, SIGN_LETTERS};

/// Completes the word before the cursor, or goes to the next match; `back` goes to the one before.
pub(super) fn press(model: &mut Model, back: bool, out: &mut Vec<Effect>) {
    if model.completion.is_none()
        && let Some(ask) = elsewhere(model.line.before())
    {
        return out.push(Effect::Ask(ask));
    }
    let completion = match model.completion.take() {
        Some(Completion { start, options, at }) => {
            let step = if back { options.len() - 1 } else { 1 };
            let at = (at + step) % options.len();
            Some(Completion { start, options, at })
        }
        None => begin(model),
    };
    if let Some(Completion { start, options, at }) = &completion
        && let Some(option) = options.get(*at)
    {
        model.line.replace_from(*start, option);
        model.completion = completion;
    }
}

/// The request that completes a line, if it needs one.
fn elsewhere(before: &str) -> Option<Ask> {
    if let Some(path) = before.strip_prefix("/file ") {
        return Some(Ask::Paths(path.to_owned()));
    }
    let word = &before[before.rfind(char::is_whitespace).map_or(0, |at| at + 1)..];
    let name = word.strip_prefix(':').filter(|name| name.chars().count() >= SIGN_LETTERS)?;
    name.chars().all(|char| char.is_alphanumeric() || "_+-".contains(char)).then(|| Ask::Signs(name.to_owned()))
}

/// Takes the completions of a line, if it has not changed meanwhile.
pub(super) fn offer(model: &mut Model, ask: &Ask, options: Vec<String>) {
    let before = model.line.before();
    if elsewhere(before).as_ref() != Some(ask) {
        return;
    }
    let (length, options) = match ask {
        Ask::Paths(path) => (path.len(), options),
        Ask::Signs(name) => (name.len() + 1, options.into_iter().map(|sign| format!("{sign} ")).collect()),
        _ => return,
    };
    let (start, several) = (before.len() - length, options.len() > 1);
    if let Some(first) = options.first() {
        model.line.replace_from(start, first);
        // When a directory is the only match, the next Tab goes into it.
        model.completion = several.then_some(Completion { start, options, at: 0 });
    }
}

fn begin(model: &Model) -> Option<Completion> {
    let before = model.line.before();
    let (start, options) = match before.strip_prefix('/').map(|order| order.split_once(' ')) {
        Some(None) => (0, orders(before)),
        Some(Some(("join", rest))) => (before.len() - rest.len(), rooms(model, rest)),
        Some(Some(("set", rest))) => match rest.split_once(' ') {
            Some((name, value)) => (before.len() - value.len(), fitting(settings::values(name), value)),
            None => (before.len() - rest.len(), fitting(settings::names().collect(), rest)),
        },
        _ => nicks(model, before),
    };
    (!options.is_empty()).then_some(Completion { start, options, at: 0 })
}

fn orders(typed: &str) -> Vec<String> {
    let fits = ORDERS.iter().filter(|order| order.word.starts_with(&typed[1..]));
    fits.map(|order| format!("/{}{}", order.word, if order.rest.is_empty() { "" } else { " " })).collect()
}

fn rooms(model: &Model, typed: &str) -> Vec<String> {
    model.rooms.iter().map(title).filter(|name| begins(name, typed)).collect()
}

fn fitting(words: Vec<&str>, typed: &str) -> Vec<String> {
    words.into_iter().filter(|word| word.starts_with(typed)).map(|word| format!("{word} ")).collect()
}

/// The people who spoke last come first.
fn nicks(model: &Model, before: &str) -> (usize, Vec<String>) {
    let start =
        before.rfind(char::is_whitespace).map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8));
    let (at, word) = match before[start..].strip_prefix('@') {
        Some(word) => ("@", word),
        None => ("", &before[start..]),
    };
    let Some(open) = &model.open else { return (start, Vec::new()) };
    let end = if start == 0 { ": " } else { " " };
    let mut names: Vec<String> = Vec::new();
    for (author, nick) in by_last_word(open) {
        let name = open.names.name(author, nick).whole();
        if names.len() < SCREENFUL && begins(&name, word) && !names.contains(&name) {
            names.push(name);
        }
    }
    (start, names.into_iter().map(|name| format!("{at}{name}{end}")).collect())
}

fn by_last_word(open: &Open) -> impl Iterator<Item = (&AuthorHex, &str)> {
    let spoke = open.timeline.messages().rev().filter(|message| !message.mine).take(SCREENFUL * SCREENFUL);
    let spoke = spoke.map(|message| (&message.author, message.nick.as_str()));
    spoke.chain(open.people.values().filter(|person| !person.me).map(|person| (&person.author, person.nick.as_str())))
}

fn begins(name: &str, typed: &str) -> bool {
    name.to_lowercase().starts_with(&typed.to_lowercase())
}

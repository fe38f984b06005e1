//! The rules of a closed room on the whole screen, what is held back in an open one, and the newcomers whose words are held.

use rumormill_api::Message;
use rumormill_text::{NO_RULES, clean, read_display, read_rules, rules_here};

use super::{
    ask::{Ask, OfRoom},
    input::Effect,
    model::Model,
    panels,
};

/// Shows the rules, or changes one: `/rules`, `/rules slow 30`. In an open room they are this person's alone.
pub(super) fn rules(model: &mut Model, words: &str, out: &mut Vec<Effect>) {
    let Some(room) = model.room() else { return model.no_room() };
    let id = room.id.clone();
    let Some((now, help)) = rules_here(room) else { return model.told(NO_RULES) };
    let change = match room.rules {
        Some(_) => read_rules(words).map(OfRoom::Rules),
        None => read_display(words).map(OfRoom::Display),
    };
    match change {
        Some(change) => out.push(Effect::Ask(Ask::Of(id, change))),
        None if words.is_empty() => model.told(format!("{}\n/rules {help}", now.join("\n"))),
        None => model.fail("usage", "which rule?", &format!("/rules {help}")),
    }
}

/// Lists the messages that are held.
pub(super) fn tell_held(model: &mut Model, messages: &[Message]) {
    let Some(open) = &model.open else { return };
    if messages.is_empty() {
        return model.told("nothing is held");
    }
    let row = |message: &Message| (open.names.name(&message.author, &message.nick).whole(), clean(&message.text));
    let rows = messages.iter().map(row).collect();
    let whom = if model.room().is_some_and(|room| room.rules.is_some()) { "everybody" } else { "you" };
    panels::show(model, format!("held; /through NAME shows what they say to {whom}"), rows);
}

//! The rules of a closed room on the whole screen, and the newcomers whose words they hold.

use rumormill_api::Message;
use rumormill_text::{RULES_HELP, clean, read_rules, ruled};

use super::{
    ask::{Ask, OfRoom},
    input::Effect,
    model::Model,
    panels,
};

/// Shows the rules, or changes one: `/rules`, `/rules slow 30`.
pub(super) fn rules(model: &mut Model, words: &str, out: &mut Vec<Effect>) {
    let Some(room) = model.room() else { return model.no_room() };
    let (id, rules) = (room.id.clone(), room.rules);
    match (rules, read_rules(words)) {
        (None, _) => model.told("everybody is equal in an open room: it has no rules"),
        (Some(rules), None) if words.is_empty() => {
            model.told(format!("{}\n/rules {RULES_HELP}", ruled(&rules).join("\n")));
        }
        (_, None) => model.fail("usage", "which rule?", &format!("/rules {RULES_HELP}")),
        (_, Some(change)) => out.push(Effect::Ask(Ask::Of(id, OfRoom::Rules(change)))),
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
    panels::show(model, "held; /through NAME shows what they say to everybody", rows);
}

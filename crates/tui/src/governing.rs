//! Orders of closed rooms on the whole screen: what a removal or a dismissal ends is shown before it is confirmed.

use rumormill_api::{AuthorHex, Foreseen, Order, Role, Room};
use rumormill_text::clean;

use super::{
    ask::{Ask, OfRoom},
    input::Effect,
    model::{Mode, Model, NoteKind, Question},
};

/// Words that people try, and the order that does it here.
const ELSEWHERE: [(&str, &str); 7] = [
    ("invite", "/ticket shows the ticket that lets others in"),
    ("keeper", "/ticket keeper makes a ticket for a machine that stores this room and cannot read it"),
    ("ban", "/kick NAME removes somebody; who is removed comes back only with a new ticket"),
    ("op", "/appoint NAME makes somebody a moderator, /appoint NAME co-owner more"),
    ("mod", "/appoint NAME makes somebody a moderator"),
    ("deop", "/dismiss NAME ends somebody's role"),
    ("unban", "/ticket shows a ticket: give it to them"),
];

/// The order that does what this word means elsewhere, if there is one.
pub(crate) fn elsewhere(word: &str) -> Option<&'static str> {
    ELSEWHERE.iter().find(|(other, _)| *other == word).map(|(_, what)| *what)
}

/// The name and the role of `/appoint NAME [co-owner|moderator]`.
pub(crate) fn appointed(rest: &str) -> (&str, Role) {
    match rest.rsplit_once(' ') {
        Some((name, "co-owner")) => (name.trim(), Role::CoOwner),
        Some((name, "moderator")) => (name.trim(), Role::Moderator),
        _ => (rest, Role::Moderator),
    }
}

/// The names of `/close [without NAME,NAME]`; `None` when it says something else.
pub(crate) fn left_out(rest: &str) -> Option<Vec<&str>> {
    match rest.strip_prefix("without ") {
        Some(names) => Some(names.split(',').map(str::trim).collect()),
        None => rest.is_empty().then(Vec::new),
    }
}

/// Finds the author that a name means, or shows what is wrong with it; given besides how the order is used.
type Meant = fn(&mut Model, &str, &str) -> Option<String>;

/// Asks what it means to close the room.
pub(super) fn close(model: &mut Model, rest: &str, meant: Meant, out: &mut Vec<Effect>) {
    let usage = "/close, or /close without NAME,NAME";
    let Some(names) = left_out(rest) else { return model.fail("usage", "without whom?", usage) };
    let mut without = Vec::new();
    for name in names {
        let Some(who) = meant(model, name, usage) else { return };
        without.push(who);
    }
    ask_first(model, Order::Close { without }, out);
}

/// Asks what it means to step down; in an open room, to name who may close it.
pub(super) fn step_down(model: &mut Model, name: &str, meant: Meant, out: &mut Vec<Effect>) {
    let who = match name {
        "" => None,
        name => match meant(model, name, "/step-down, or /step-down NAME in an open room") {
            Some(who) => Some(who),
            None => return,
        },
    };
    ask_first(model, Order::StepDown { who }, out);
}

/// Asks what an order would end, to show it before the person confirms.
pub(super) fn ask_first(model: &mut Model, order: Order, out: &mut Vec<Effect>) {
    put(model, OfRoom::Foresee(order), out);
}

/// Gives an order.
pub(super) fn give(model: &mut Model, order: Order, out: &mut Vec<Effect>) {
    put(model, OfRoom::Order(order), out);
}

fn put(model: &mut Model, ask: OfRoom, out: &mut Vec<Effect>) {
    match &model.open {
        Some(open) => out.push(Effect::Ask(Ask::Of(open.room.clone(), ask))),
        None => model.no_room(),
    }
}

/// Shows what an order would end, and asks whether to go on.
pub(super) fn confirm(model: &mut Model, order: Order, Foreseen { says, .. }: Foreseen) {
    let Some(open) = &model.open else { return };
    let room = open.room.clone();
    let says: Vec<String> = says.iter().map(|line| clean(line)).collect();
    model.told(says.join("\n"));
    model.mode = Mode::Question(Question::Order(room, order));
}

/// What stepping down means.
pub(super) const GIVEN_BACK: &str = "Only another owner or co-owner can give it back; without one nobody can";

/// The question before an order, and its answers.
pub(super) fn asking(order: &Order, name: impl Fn(&AuthorHex) -> String) -> [String; 2] {
    let name = |who: &str| name(&AuthorHex(who.to_owned()));
    match order {
        Order::Remove { who, .. } => [
            format!("Remove {} from this room, with all that stands above?", name(who)),
            "y: remove   h: remove, and hide what they said   Esc: no".into(),
        ],
        Order::Dismiss { who } => {
            [format!("End the role of {}, with all that stands above?", name(who)), "y: end it   Esc: no".into()]
        }
        Order::Close { .. } => {
            ["Close this room for good, with all that stands above?".into(), "y: close it   Esc: no".into()]
        }
        Order::StepDown { who: Some(who) } => {
            [format!("Let {} close this room instead of you, for good?", name(who)), "y: step down   Esc: no".into()]
        }
        _ => [format!("Give up your role in this room? {GIVEN_BACK}."), "y: step down   Esc: no".into()],
    }
}

/// Reports where we stand in a closed room, if that has changed.
pub(super) fn tell_standing(model: &mut Model, room: &Room) {
    let is_open = model.open.as_ref().is_some_and(|open| open.room == room.id);
    let before = model.rooms.iter().find(|known| known.id == room.id).map(|known| known.standing.clone());
    let Some(now) = room.standing.clone().filter(|_| is_open) else { return };
    if before.flatten().map(|before| before.says) != Some(now.says.clone()) && !now.says.is_empty() {
        model.tell(NoteKind::Outcome, clean(&now.says));
    }
}

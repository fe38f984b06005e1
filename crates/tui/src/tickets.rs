//! Tickets in the terminal: asking for one, and showing it.

use rumormill_text::{clean, handing_over};

use super::{ask::OfRoom, input::Effect, model::Model};

/// The question for the ticket for people, or for one for a keeper.
pub(super) fn asked(model: &mut Model, whom: &str) -> Option<OfRoom> {
    match whom {
        "" => Some(OfRoom::Ticket),
        "keeper" => Some(OfRoom::KeeperTicket),
        _ => {
            model.fail("ticket", "a ticket is for people or for a keeper", "/ticket, or /ticket keeper");
            None
        }
    }
}

/// Shows a ticket and copies it.
pub(super) fn tell(model: &mut Model, ticket: String, out: &mut Vec<Effect>) {
    let Some(means) = model.room().map(handing_over) else { return };
    model.told(format!("{}\n{means}", clean(&ticket)));
    out.push(Effect::Copy(ticket));
}

/// Shows the ticket of a keeper and copies it.
pub(super) fn tell_keepers(model: &mut Model, ticket: String, out: &mut Vec<Effect>) {
    model.told(format!("{}\n{KEEPER_TICKET}", clean(&ticket)));
    out.push(Effect::Copy(ticket));
}

/// What the ticket of a keeper is for.
pub(crate) const KEEPER_TICKET: &str = "on a machine that is always on: rumormill keeper TICKET; it stores and serves this room \
     and cannot read it; this home appoints it when both are online";

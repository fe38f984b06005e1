//! The bytes of acts.

use bytes::Bytes;

use super::{Ended, Guest, Says, Terms};
use crate::{
    codec::{put_bytes, put_number},
    entry::{Kind, RULES},
    epochs::{EpochBox, EpochId},
    governance::closing::Listed,
    governance::deed::{Last, Role},
    governance::rules::Rules,
    ids::{AuthorId, Seq},
    run::RawRun,
};

pub(super) fn put_says(out: &mut Vec<u8>, says: &Says) -> Kind {
    match says {
        Says::Appoint { role, keys, despite } => {
            out.push(role_byte(*role));
            put_list(out, keys, |out, key| {
                out.extend_from_slice(&key.key.0);
                put_number(out, key.from);
            });
            put_list(out, despite, |out, id| out.extend_from_slice(&id.0));
            Kind::APPOINT
        }
        Says::Dismiss { ends, tickets } => {
            put_list(out, ends, put_end);
            put_list(out, tickets, |out, ticket| out.extend_from_slice(&ticket.0));
            Kind::DISMISS
        }
        Says::Remove { ends, tickets, knowing } => {
            put_list(out, ends, put_end);
            put_list(out, tickets, |out, ticket| out.extend_from_slice(&ticket.0));
            put_list(out, knowing, |out, id| out.extend_from_slice(&id.0));
            Kind::REMOVE
        }
        Says::End(ended) => {
            put_end(out, ended);
            Kind::END
        }
        Says::Vouch(ended) => {
            put_end(out, ended);
            Kind::VOUCH
        }
        Says::StepDown { closer } => {
            closer.iter().for_each(|closer| out.extend_from_slice(&closer.0));
            Kind::STEP_DOWN
        }
        Says::Admit { who, ticket, despite } => {
            put_list(out, who, |out, author| out.extend_from_slice(&author.0));
            put_maybe(out, ticket.as_ref(), |out, ticket| out.extend_from_slice(&ticket.0));
            put_list(out, despite, |out, id| out.extend_from_slice(&id.0));
            Kind::ADMIT
        }
        Says::Ticket(terms) => {
            put_terms(out, terms);
            Kind::TICKET
        }
        Says::Revoke(ticket) => put_fields(out, Kind::REVOKE, &[&ticket.0]),
        Says::Join { ticket, key, exchange, countersignature } => {
            put_fields(out, Kind::JOIN, &[&ticket.0, &key.0, exchange, countersignature])
        }
        Says::Welcome { who, ticket } => put_fields(out, Kind::WELCOME, &[&who.0, &ticket.0]),
        Says::Device { of, exchange } => put_fields(out, Kind::DEVICE, &[&of.0, exchange]),
        Says::Mine(device) => put_fields(out, Kind::MINE, &[&device.0]),
        Says::Hide { author, first, last } => {
            out.extend_from_slice(&author.0);
            put_number(out, *first);
            put_place(out, last);
            Kind::HIDE
        }
        Says::Rules { rules, counts } => put_rules(out, rules, counts),
        Says::LetThrough(who) => put_fields(out, Kind::LET_THROUGH, &[&who.0]),
        Says::Epoch { epoch, follows, answers } => {
            out.extend_from_slice(&epoch.0);
            put_list(out, follows, |out, epoch| out.extend_from_slice(&epoch.0));
            put_list(out, answers, |out, id| out.extend_from_slice(&id.0));
            Kind::EPOCH
        }
        Says::Boxes { epoch, boxes, before } => put_boxes(out, epoch, boxes, before),
        Says::List(listed) => put_listed(out, listed),
        Says::Close { lists, founding, named } => put_close(out, *lists, founding, named.as_ref()),
    }
}

fn put_rules(out: &mut Vec<u8>, rules: &Rules, counts: &[(AuthorId, Seq)]) -> Kind {
    out.push(u8::from(rules.tickets));
    put_number(out, rules.slow_s);
    out.push(u8::from(rules.hold));
    put_list(out, counts, |out, (author, count)| {
        out.extend_from_slice(&author.0);
        put_number(out, *count);
    });
    Kind::RULES
}

fn put_boxes(out: &mut Vec<u8>, epoch: &EpochId, boxes: &[(AuthorId, EpochBox)], before: &Bytes) -> Kind {
    out.extend_from_slice(&epoch.0);
    put_list(out, boxes, |out, (key, sealed)| {
        out.extend_from_slice(&key.0);
        out.extend_from_slice(sealed);
    });
    put_bytes(out, before);
    Kind::BOXES
}

fn put_listed(out: &mut Vec<u8>, listed: &[Listed]) -> Kind {
    put_list(out, listed, |out, listed| {
        out.extend_from_slice(&listed.end.key.0);
        listed.end.last.iter().for_each(|last| put_place(out, last));
        out.push(u8::from(listed.kept));
    });
    Kind::LIST
}

fn put_close(out: &mut Vec<u8>, lists: u64, founding: &Bytes, named: Option<&RawRun>) -> Kind {
    out.push(RULES);
    put_number(out, lists);
    put_bytes(out, founding);
    named.into_iter().for_each(|run| put_bytes(out, run.wire()));
    Kind::CLOSE
}

fn role_byte(role: Role) -> u8 {
    match role {
        Role::Owner => 0,
        Role::CoOwner => 1,
        Role::Moderator => 2,
        Role::Keeper => 3,
    }
}

fn put_fields(out: &mut Vec<u8>, kind: Kind, fields: &[&[u8]]) -> Kind {
    fields.iter().for_each(|field| out.extend_from_slice(field));
    kind
}

fn put_terms(out: &mut Vec<u8>, terms: &Terms) {
    out.push(match terms.guest {
        Guest::Member => 0,
        Guest::Keeper => 1,
    });
    out.extend_from_slice(&terms.key.0);
    put_number(out, terms.uses);
    put_number(out, terms.expires_ms.unwrap_or(0));
    put_list(out, &terms.heads, |out, (author, head)| {
        out.extend_from_slice(&author.0);
        put_place(out, head);
    });
}

fn put_end(out: &mut Vec<u8>, ended: &Ended) {
    out.extend_from_slice(&ended.end.key.0);
    put_maybe(out, ended.end.last.as_ref(), put_place);
    put_maybe(out, ended.act.as_ref(), put_place);
}

pub(super) fn put_place(out: &mut Vec<u8>, place: &Last) {
    put_number(out, place.seq);
    out.extend_from_slice(&place.id.0);
}

pub(super) fn put_maybe<T>(out: &mut Vec<u8>, value: Option<&T>, put: impl Fn(&mut Vec<u8>, &T)) {
    out.push(u8::from(value.is_some()));
    value.iter().for_each(|value| put(out, value));
}

fn put_list<T>(out: &mut Vec<u8>, list: &[T], put: impl Fn(&mut Vec<u8>, &T)) {
    put_number(out, list.len() as u64);
    list.iter().for_each(|value| put(out, value));
}

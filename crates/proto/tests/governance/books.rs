//! Whom a governor's node confirms by itself, and by how many welcomes a node lets people in.

use std::collections::BTreeSet;

use rumormill_proto::{
    governance::{Deed, Order, Role::*, TicketId},
    ids::AuthorId,
    limits::{CONFIRM_LATER_MS, CONFIRM_MS, CONFIRMED, GOVERNOR_SEEN_MS, WELCOMES_A_DAY},
    time::Time,
};

use crate::people::{Person, Room};

/// When everything of these stories was said, in milliseconds.
const SAID_MS: u64 = 0;

/// Whom a governor confirms at a time, with nobody linked.
fn confirms(room: &Room, by: &Person, now_ms: u64) -> Option<(Vec<AuthorId>, Option<TicketId>)> {
    match room.fold().fold().confirmation_due(&by.key, now_ms, &BTreeSet::new()) {
        Some(Order::Confirm { who, ticket }) => Some((who, ticket)),
        None => None,
        other => panic!("{other:?}"),
    }
}

/// A co-owner, a moderator, and somebody who came by a ticket.
fn newcomer() -> (Room, [Person; 4], TicketId) {
    let (room, owner) = Room::founded();
    let [ada, bea, cleo] = room.strangers();
    owner.appoints(&ada, CoOwner);
    owner.appoints(&bea, Moderator);
    let ticket = owner.opens_ticket(9);
    cleo.joins(ticket);
    ada.welcomes(&cleo, ticket);
    (room, [owner, ada, bea, cleo], ticket)
}

#[test]
fn governors_take_turns_by_rank_and_only_those_count_that_were_seen() {
    let (room, [owner, ada, bea, cleo], ticket) = newcomer();
    let due = Some((vec![cleo.key], Some(ticket)));
    assert_eq!(confirms(&room, &owner, SAID_MS + CONFIRM_MS - 1), None);
    assert_eq!(confirms(&room, &owner, SAID_MS + CONFIRM_MS), due);
    assert_eq!(confirms(&room, &ada, SAID_MS + CONFIRM_MS), None, "the owner was seen");
    assert_eq!(confirms(&room, &ada, SAID_MS + CONFIRM_MS + CONFIRM_LATER_MS), due);
    assert_eq!(confirms(&room, &bea, SAID_MS + CONFIRM_MS + CONFIRM_LATER_MS), None);
    assert_eq!(confirms(&room, &bea, SAID_MS + GOVERNOR_SEEN_MS + 1), due, "nobody above was seen for a week");
    assert_eq!(confirms(&room, &cleo, SAID_MS + GOVERNOR_SEEN_MS), None, "cleo does not govern");
    let linked = [owner.key].into();
    let late = room.fold().fold().confirmation_due(&bea.key, SAID_MS + CONFIRM_MS + CONFIRM_LATER_MS - 1, &linked);
    assert_eq!(late, None);
    owner.confirms(&cleo, ticket);
    assert_eq!(confirms(&room, &ada, SAID_MS + GOVERNOR_SEEN_MS), None, "once is enough");
}

#[test]
fn whoever_is_not_found_good_is_not_confirmed() {
    let later = SAID_MS + 2 * CONFIRM_MS;
    let (room, [owner, _, _, cleo], _) = newcomer();
    let said = cleo.says();
    owner.hides(cleo.at(Some(said)), said.seq);
    assert_eq!(confirms(&room, &owner, later), None, "its words were hidden");
    let (room, [owner, ..], ticket_of_others) = newcomer();
    owner.revokes(ticket_of_others);
    assert_eq!(confirms(&room, &owner, later), None, "the ticket has ended");
    let mut fold = self::newcomer().0.fold();
    fold.prove(owner.key, [2].into());
    assert_eq!(
        fold.fold().confirmation_due(&owner.key, later, &BTreeSet::new()),
        None,
        "the governor's own log is forked"
    );
}

#[test]
fn devices_are_confirmed_like_newcomers() {
    let (room, owner) = Room::founded();
    let [ada, laptop] = room.strangers();
    owner.admits(&[&ada]);
    laptop.is_device_of(&ada);
    ada.names_device(&laptop);
    assert_eq!(confirms(&room, &owner, SAID_MS + CONFIRM_MS), Some((vec![laptop.key], None)));
    owner.admits(&[&laptop]);
    assert_eq!(confirms(&room, &owner, SAID_MS + CONFIRM_MS), None);
    assert!(room.fold().fold().shown().done.iter().filter(|(by, _)| *by == owner.key).count() == 1);
}

#[test]
fn a_node_lets_in_two_hundred_by_a_ticket_on_a_day() {
    let (room, owner) = Room::founded();
    let ticket = owner.opens_ticket(u64::MAX);
    let welcome = || {
        let guest = room.stranger();
        guest.joins(ticket);
        (room.fold_once().fold().may_welcome(&owner.key, &guest.key, SAID_MS), guest)
    };
    for _ in 0..WELCOMES_A_DAY {
        let guest = room.stranger();
        guest.joins(ticket);
        owner.welcomes(&guest, ticket);
    }
    let (may, guest) = welcome();
    assert_eq!(may, None);
    let tomorrow = SAID_MS + 24 * 3_600_000;
    assert_eq!(room.fold_once().fold().may_welcome(&owner.key, &guest.key, tomorrow), Some(ticket));
}

#[test]
fn of_a_ticket_twenty_are_confirmed_in_an_hour_and_the_rest_later() {
    let (room, owner) = Room::founded();
    let ticket = owner.opens_ticket(99);
    for _ in 0..CONFIRMED + 4 {
        let guest = room.stranger();
        guest.joins(ticket);
        owner.welcomes(&guest, ticket);
    }
    let due = |now_ms| match room.fold_once().fold().confirmation_due(&owner.key, now_ms, &BTreeSet::new()) {
        Some(Order::Confirm { who, .. }) => who,
        _ => vec![],
    };
    let first = due(CONFIRM_MS);
    assert_eq!(first.len(), CONFIRMED);
    owner.writes_at(
        Time::from_ms(CONFIRM_MS).0,
        Some(Deed::Admit { who: first, ticket: Some(ticket), despite: vec![] }),
    );
    assert!(due(2 * CONFIRM_MS - 1).is_empty());
    assert_eq!(due(2 * CONFIRM_MS).len(), 4);
}

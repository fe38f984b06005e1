//! How people come in.

use rumormill_proto::governance::Role::{CoOwner, Moderator};

use crate::people::{Person, Room};

#[test]
fn a_welcome_and_the_answer_to_the_welcomed_count_together() {
    let (room, owner) = Room::founded();
    let [ada, newcomer] = room.strangers();
    owner.admits(&[&ada]);
    let ticket = owner.opens_ticket(9);
    newcomer.joins(ticket);
    ada.welcomes(&newcomer, ticket);
    let (hello, answer) = (newcomer.says(), ada.says());
    assert!(room.counts(&newcomer, hello) && room.counts(&ada, answer));
}

#[test]
fn answers_to_somebody_who_is_out_again_count() {
    let (room, owner) = Room::founded();
    let [ada, newcomer] = room.strangers();
    owner.admits(&[&ada]);
    let ticket = owner.opens_ticket(9);
    newcomer.joins(ticket);
    ada.welcomes(&newcomer, ticket);
    newcomer.says();
    let answer = ada.says();
    owner.revokes(ticket);
    assert!(!room.has(&newcomer) && room.counts(&ada, answer));
}

#[test]
fn two_strangers_welcome_each_other_and_nobody_is_in() {
    let (room, owner) = Room::founded();
    let [ada, bea] = room.strangers();
    let ticket = owner.opens_ticket(9);
    ada.joins(ticket);
    bea.joins(ticket);
    ada.welcomes(&bea, ticket);
    bea.welcomes(&ada, ticket);
    assert!(!room.has(&ada) && !room.has(&bea));
}

/// A ticket for one and two who joined by it.
fn one_use() -> (Room, Person, [Person; 2], rumormill_proto::governance::TicketId) {
    let (room, owner) = Room::founded();
    let two: [Person; 2] = room.strangers();
    let ticket = owner.opens_ticket(1);
    for who in &two {
        who.joins(ticket);
    }
    (room, owner, two, ticket)
}

#[test]
fn one_use_and_two_joins_that_welcome_each_other_have_one_outcome() {
    let (room, owner, [ada, bea], ticket) = one_use();
    ada.welcomes_at(2, &bea, ticket);
    bea.welcomes_at(1, &ada, ticket);
    owner.welcomes_at(20, &ada, ticket);
    assert!(room.has(&ada) && !room.has(&bea));
    assert!(room.fold().fold().surplus().contains(&bea.key), "the other is told why");
}

#[test]
fn one_who_was_let_in_cannot_lose_its_place_to_one_whom_it_welcomes_earlier() {
    let (room, owner, [ada, bea], ticket) = one_use();
    owner.welcomes_at(50, &ada, ticket);
    ada.welcomes_at(3, &bea, ticket);
    assert!(room.has(&ada) && !room.has(&bea));
}

#[test]
fn one_use_on_both_sides_of_a_partition_and_the_earlier_welcome_stays() {
    let (room, owner, [ada, bea], ticket) = one_use();
    let [left, right] = room.strangers();
    owner.admits(&[&left, &right]);
    left.welcomes_at(20, &ada, ticket);
    right.welcomes_at(19, &bea, ticket);
    assert!(room.has(&bea) && !room.has(&ada));
}

#[test]
fn one_use_confirmed_by_two_governors_and_the_higher_ones_guest_stays() {
    let (room, owner, [ada, bea], ticket) = one_use();
    let [high, low] = room.strangers();
    owner.appoints(&high, CoOwner);
    owner.appoints(&low, CoOwner);
    low.confirms(&bea, ticket);
    high.confirms(&ada, ticket);
    assert!(room.has(&ada) && !room.has(&bea));
}

#[test]
fn a_members_ticket_lets_in_until_its_maker_is_removed() {
    let (room, owner) = Room::founded();
    let [ada, newcomer] = room.strangers();
    owner.admits(&[&ada]);
    let ticket = ada.opens_ticket(9);
    newcomer.joins(ticket);
    ada.welcomes(&newcomer, ticket);
    assert!(room.has(&newcomer));
    owner.removes(&[ada.here()]);
    assert!(!room.has(&newcomer));
}

#[test]
fn a_member_revokes_its_own_ticket_and_nobody_elses() {
    let (room, owner) = Room::founded();
    let [ada, of_own, of_owner] = room.strangers();
    owner.admits(&[&ada]);
    let (own, owners) = (ada.opens_ticket(9), owner.opens_ticket(9));
    of_own.joins(own);
    of_owner.joins(owners);
    owner.welcomes(&of_own, own);
    owner.welcomes(&of_owner, owners);
    assert!(room.has(&of_own) && room.has(&of_owner));
    ada.revokes(own);
    ada.revokes(owners);
    assert!(!room.has(&of_own) && room.has(&of_owner));
}

#[test]
fn a_dismissed_moderator_still_revokes_the_ticket_that_it_made() {
    let (room, owner) = Room::founded();
    let [mod_, newcomer] = room.strangers();
    owner.appoints(&mod_, Moderator);
    let ticket = mod_.opens_ticket(9);
    newcomer.joins(ticket);
    owner.dismisses(mod_.here());
    owner.welcomes(&newcomer, ticket);
    assert!(room.has(&newcomer));
    mod_.revokes(ticket);
    assert!(!room.has(&newcomer));
}

#[test]
fn the_ticket_of_a_members_device_lets_in() {
    let (room, owner) = Room::founded();
    let [ada, phone, newcomer] = room.strangers();
    owner.admits(&[&ada]);
    phone.is_device_of(&ada);
    ada.names_device(&phone);
    let ticket = phone.opens_ticket(1);
    newcomer.joins(ticket);
    ada.welcomes(&newcomer, ticket);
    assert!(room.has(&newcomer));
}

#[test]
fn under_a_revoked_ticket_only_the_admitted_stay() {
    let (room, owner) = Room::founded();
    let [ada, newcomer] = room.strangers();
    owner.admits(&[&ada]);
    let ticket = owner.opens_ticket(9);
    newcomer.joins(ticket);
    ada.welcomes(&newcomer, ticket);
    owner.revokes(ticket);
    assert!(!room.has(&newcomer));
    owner.confirms(&newcomer, ticket);
    assert!(room.has(&newcomer));
}

#[test]
fn a_join_that_was_not_countersigned_by_the_ticket_lets_nobody_in() {
    let (room, owner) = Room::founded();
    let newcomer = room.stranger();
    let ticket = owner.opens_ticket(9);
    newcomer.joins_without_holding(ticket);
    owner.welcomes(&newcomer, ticket);
    assert!(!room.has(&newcomer));
}

#[test]
fn a_device_speaks_and_has_no_devices() {
    let (room, owner) = Room::founded();
    let [ada, phone, watch] = room.strangers();
    owner.admits(&[&ada]);
    phone.is_device_of(&ada);
    ada.names_device(&phone);
    watch.is_device_of(&phone);
    phone.names_device(&watch);
    assert!(room.count(&phone) == 2 && !room.has(&watch));
}

#[test]
fn the_first_eight_devices_count() {
    let (room, owner) = Room::founded();
    let ada = room.stranger();
    owner.admits(&[&ada]);
    let devices: [Person; 9] = room.strangers();
    let unclaimed = room.stranger();
    ada.names_device(&unclaimed);
    for device in &devices {
        device.is_device_of(&ada);
        ada.names_device(device);
    }
    assert!(devices[..8].iter().all(|device| room.has(device)) && !room.has(&devices[8]) && !room.has(&unclaimed));
}

#[test]
fn of_somebody_without_a_grant_the_first_1024_acts_are_read() {
    let (room, owner) = Room::founded();
    let [ada, inside, outside] = room.strangers();
    owner.admits(&[&ada]);
    let ticket = owner.opens_ticket(9);
    inside.joins(ticket);
    outside.joins(ticket);
    for _ in 0..1_023 {
        ada.names_device(&owner);
    }
    ada.welcomes(&inside, ticket);
    ada.welcomes(&outside, ticket);
    assert!(room.has(&inside) && !room.has(&outside));
}

#[test]
fn a_device_belongs_to_the_author_who_named_it_even_when_it_was_ended() {
    let (room, owner) = Room::founded();
    let [ada, phone, claimed, unclaimed] = room.strangers();
    owner.admits(&[&ada]);
    phone.is_device_of(&ada);
    claimed.is_device_of(&ada);
    ada.names_device(&phone);
    ada.names_device(&unclaimed);
    let of = |key: &Person| room.fold().fold().person_of(&key.key);
    assert_eq!([of(&phone), of(&claimed), of(&unclaimed)], [ada.key, claimed.key, unclaimed.key]);
    ada.ends(phone.here());
    assert!(!room.fold().fold().is_present(&phone.key));
    assert_eq!(of(&phone), ada.key);
}

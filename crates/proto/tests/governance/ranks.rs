//! Who may do what to whom.

use rumormill_proto::governance::Role::{CoOwner, Keeper, Moderator};

use crate::people::Room;

#[test]
fn two_co_owners_appoint_one_another_and_each_act_counts_once() {
    let (room, owner) = Room::founded();
    let [ada, bea, cis] = room.strangers();
    owner.appoints(&ada, CoOwner);
    ada.appoints(&bea, CoOwner);
    bea.appoints(&ada, CoOwner);
    bea.admits(&[&cis]);
    assert_eq!(room.fold().fold().grants().len(), 4);
    assert!(room.acts_count_once() && room.has(&cis));
}

#[test]
fn two_co_owners_dismiss_one_another_and_the_higher_stays() {
    let (room, owner) = Room::founded();
    let [ada, bea, of_ada, of_bea] = room.strangers();
    owner.appoints(&ada, CoOwner);
    ada.appoints(&bea, CoOwner);
    bea.appoints(&ada, CoOwner);
    ada.dismisses(bea.at(None));
    bea.dismisses(ada.at(None));
    ada.admits(&[&of_ada]);
    bea.admits(&[&of_bea]);
    assert!(room.has(&of_ada) && !room.has(&of_bea));
}

#[test]
fn a_moderator_appointed_before_a_co_owner_cannot_remove_it() {
    let (room, owner) = Room::founded();
    let [mod_, co, friend] = room.strangers();
    owner.appoints(&mod_, Moderator);
    owner.appoints(&co, CoOwner);
    mod_.removes(&[co.at(None)]);
    co.admits(&[&friend]);
    assert!(room.is_present(&co) && room.has(&friend));
}

#[test]
fn a_moderator_appoints_nobody_and_a_keeper_does_nothing() {
    let (room, owner) = Room::founded();
    let [mod_, keeper, ada, bea] = room.strangers();
    owner.appoints(&mod_, Moderator);
    owner.appoints(&keeper, Keeper);
    mod_.appoints(&ada, CoOwner);
    keeper.admits(&[&bea]);
    assert!(room.has(&mod_) && !room.has(&keeper) && !room.has(&ada) && !room.has(&bea));
}

#[test]
fn appointed_again_by_the_dismisser_holds() {
    let (room, owner) = Room::founded();
    let [ada, friend] = room.strangers();
    owner.appoints(&ada, CoOwner);
    owner.dismisses(ada.here());
    owner.appoints_despite(&ada, CoOwner, room.endings(&ada));
    ada.admits(&[&friend]);
    assert!(room.has(&friend));
}

#[test]
fn appointed_again_by_somebody_below_the_dismisser_does_not_hold() {
    let (room, owner) = Room::founded();
    let [ada, bea, friend] = room.strangers();
    owner.appoints(&ada, CoOwner);
    owner.appoints(&bea, CoOwner);
    owner.dismisses(bea.here());
    ada.appoints_despite(&bea, CoOwner, room.endings(&bea));
    bea.admits(&[&friend]);
    assert!(!room.has(&friend));
}

#[test]
fn a_later_appointment_that_names_no_dismissal_falls_with_it() {
    let (room, owner) = Room::founded();
    let [ada, friend] = room.strangers();
    owner.dismisses(ada.at(None));
    owner.appoints(&ada, CoOwner);
    ada.admits(&[&friend]);
    assert!(!room.has(&friend));
}

#[test]
fn dismissed_appointed_again_dismissed_again_and_what_was_done_between_stands() {
    let (room, owner) = Room::founded();
    let [ada, before, between, after] = room.strangers();
    owner.appoints(&ada, CoOwner);
    ada.admits(&[&before]);
    owner.dismisses(ada.at(None));
    owner.appoints_from(&ada, CoOwner, (1, room.endings(&ada)));
    ada.admits(&[&between]);
    owner.dismisses(ada.here());
    ada.admits(&[&after]);
    assert!(!room.has(&before) && room.has(&between) && !room.has(&after));
}

#[test]
fn somebody_with_two_grants_steps_down_from_both() {
    let (room, owner) = Room::founded();
    let [ada, before, after] = room.strangers();
    owner.appoints(&ada, CoOwner);
    owner.appoints(&ada, CoOwner);
    ada.admits(&[&before]);
    ada.steps_down();
    ada.admits(&[&after]);
    assert!(room.has(&before) && !room.has(&after));
}

#[test]
fn the_owner_hands_over_by_appointing_and_stepping_down() {
    let (room, owner) = Room::founded();
    let [ada, friend, late] = room.strangers();
    owner.appoints(&ada, CoOwner);
    owner.steps_down();
    owner.admits(&[&late]);
    ada.admits(&[&friend]);
    assert!(room.has(&friend) && !room.has(&late));
}

#[test]
fn the_first_key_of_a_person_ranks_above_its_others() {
    let (room, owner) = Room::founded();
    let [laptop, phone, by_laptop, by_phone] = room.strangers();
    owner.appoints_all(&[&laptop, &phone], CoOwner);
    laptop.removes(&[phone.at(None)]);
    phone.removes(&[laptop.at(None)]);
    laptop.admits(&[&by_laptop]);
    phone.admits(&[&by_phone]);
    assert!(room.has(&by_laptop) && !room.has(&by_phone));
}

#[test]
fn paths_end_after_eight_steps() {
    let (room, owner) = Room::founded();
    let mut last = owner;
    for _ in 0..9 {
        let next = room.stranger();
        last.appoints(&next, CoOwner);
        last = next;
    }
    assert_eq!(room.fold().fold().grants().len(), 9, "the owner and eight below it");
    assert!(!room.has(&last));
}

#[test]
fn nobodys_appointments_crowd_out_those_from_above() {
    let (room, owner) = Room::founded();
    let [ada, bea, friend] = room.strangers();
    owner.appoints(&ada, CoOwner);
    for _ in 0..100 {
        ada.appoints_from(&bea, CoOwner, (1_000, vec![]));
    }
    owner.appoints(&bea, CoOwner);
    bea.admits(&[&friend]);
    assert!(room.has(&friend));
}

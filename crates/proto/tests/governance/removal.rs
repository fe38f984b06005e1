//! What ends, where, and what comes back.

use rumormill_proto::governance::Role::{CoOwner, Moderator};

use crate::people::Room;

#[test]
fn acts_between_a_removals_cut_and_a_dismissals_cut_fall_for_everybody() {
    let (room, owner) = Room::founded();
    let [ada, friend] = room.strangers();
    owner.appoints(&ada, CoOwner);
    owner.admits(&[&ada]);
    let low = ada.says();
    ada.says();
    let admission = ada.admits(&[&friend]);
    owner.dismisses(ada.here());
    owner.removes(&[ada.at(Some(low))]);
    assert!(!room.has(&friend) && !room.counts(&ada, admission) && room.acts_count_once());
    assert_eq!(room.count(&ada), 1);
}

#[test]
fn a_removal_below_an_act_that_counts_cuts_no_lower() {
    let (room, owner) = Room::founded();
    let [ada, bea, friend] = room.strangers();
    owner.appoints(&ada, Moderator);
    owner.appoints(&bea, Moderator);
    let low = ada.says();
    let admission = ada.admits(&[&friend]);
    owner.dismisses(ada.here());
    bea.removes_knowing(&[ada.at(Some(low))], room.endings(&ada));
    assert!(!room.is_present(&ada) && room.has(&friend) && room.counts(&ada, admission));
}

#[test]
fn a_rogue_moderators_old_removals_do_not_wake_when_their_victims_step_down() {
    let (room, owner) = Room::founded();
    let [rogue, ada] = room.strangers();
    owner.appoints(&rogue, Moderator);
    owner.appoints(&ada, CoOwner);
    rogue.removes(&[ada.at(None)]);
    ada.says();
    rogue.removes(&[ada.here()]);
    ada.steps_down();
    assert!(room.is_present(&ada));
}

#[test]
fn a_removal_that_names_an_entry_nobody_holds_is_not_behind_a_step_down() {
    let (room, owner) = Room::founded();
    let [rogue, ada] = room.strangers();
    owner.appoints(&rogue, Moderator);
    owner.appoints(&ada, CoOwner);
    let mut made_up = ada.says();
    (made_up.seq, made_up.id.0[0]) = (1_000, 1);
    rogue.removes(&[ada.at(Some(made_up))]);
    ada.steps_down();
    assert!(room.is_present(&ada));
}

#[test]
fn a_removal_that_has_seen_the_step_down_counts() {
    let (room, owner) = Room::founded();
    let [mod_, ada] = room.strangers();
    owner.appoints(&mod_, Moderator);
    owner.appoints(&ada, Moderator);
    ada.says();
    ada.steps_down();
    mod_.removes(&[ada.here()]);
    assert!(!room.is_present(&ada) && room.count(&ada) == 2);
}

#[test]
fn one_moderator_cannot_pardon_anothers_removal() {
    let (room, owner) = Room::founded();
    let [mod_, other, ada] = room.strangers();
    owner.appoints(&mod_, Moderator);
    owner.appoints(&other, Moderator);
    owner.admits(&[&ada]);
    mod_.removes(&[ada.at(None)]);
    other.admits_despite(&[&ada], room.endings(&ada));
    assert!(!room.is_present(&ada));
    mod_.admits_despite(&[&ada], room.endings(&ada));
    assert!(room.is_present(&ada), "whoever removed it can");
}

#[test]
fn two_moderators_remove_one_person_each_and_both_are_out() {
    let (room, owner) = Room::founded();
    let [mod_, other, ada, bea] = room.strangers();
    owner.appoints(&mod_, Moderator);
    owner.appoints(&other, Moderator);
    owner.admits(&[&ada, &bea]);
    ada.says();
    mod_.removes(&[ada.here()]);
    other.removes(&[bea.here()]);
    let after = ada.says();
    assert!(!room.is_present(&ada) && !room.is_present(&bea) && !room.counts(&ada, after));
}

#[test]
fn kicked_let_back_and_kicked_again() {
    let (room, owner) = Room::founded();
    let ada = room.stranger();
    owner.admits(&[&ada]);
    ada.says();
    owner.removes(&[ada.here()]);
    assert!(!room.is_present(&ada));
    owner.admits_despite(&[&ada], room.endings(&ada));
    let again = ada.says();
    assert!(room.is_present(&ada) && room.counts(&ada, again));
    owner.removes(&[ada.here()]);
    let after = ada.says();
    assert!(!room.is_present(&ada) && room.counts(&ada, again) && !room.counts(&ada, after));
}

#[test]
fn what_a_dismissed_moderator_cut_is_back_when_it_was_dismissed_before() {
    let (room, owner) = Room::founded();
    let [rogue, ada] = room.strangers();
    owner.appoints(&rogue, Moderator);
    owner.admits(&[&ada]);
    ada.says();
    ada.says();
    rogue.removes(&[ada.at(None)]);
    assert_eq!(room.count(&ada), 0);
    owner.dismisses(rogue.at(None));
    assert_eq!(room.count(&ada), 2);
}

#[test]
fn a_device_claimed_after_a_removal_is_not_in_even_if_a_governor_admits_it() {
    let (room, owner) = Room::founded();
    let [ada, device] = room.strangers();
    owner.admits(&[&ada]);
    ada.says();
    owner.removes(&[ada.here()]);
    device.is_device_of(&ada);
    ada.names_device(&device);
    device.says();
    assert!(!room.has(&device));
    owner.admits(&[&device]);
    assert!(!room.has(&device));
}

#[test]
fn a_device_that_the_removal_does_not_name_falls_and_one_that_it_names_keeps_its_words() {
    let (room, owner) = Room::founded();
    let [ada, phone, tablet] = room.strangers();
    owner.admits(&[&ada]);
    for device in [&phone, &tablet] {
        device.is_device_of(&ada);
        ada.names_device(device);
        device.says();
    }
    owner.removes(&[ada.here(), phone.here()]);
    phone.says();
    assert_eq!((room.count(&phone), room.count(&tablet)), (2, 0));
    assert!(!room.is_present(&phone));
}

#[test]
fn a_governor_that_calls_itself_a_device_of_somebody_removed_does_not_fall() {
    let (room, owner) = Room::founded();
    let [ada, mod_, friend] = room.strangers();
    mod_.is_device_of(&ada);
    owner.appoints(&mod_, Moderator);
    owner.removes(&[ada.at(None)]);
    mod_.admits(&[&friend]);
    assert!(room.is_present(&mod_) && room.has(&friend));
}

#[test]
fn two_devices_of_a_thief_and_a_victim_cannot_end_each_other_but_their_person_can_end_both() {
    let (room, owner) = Room::founded();
    let [ada, stolen, kept] = room.strangers();
    owner.admits(&[&ada]);
    for device in [&stolen, &kept] {
        device.is_device_of(&ada);
        ada.names_device(device);
        device.says();
    }
    let (of_stolen, of_kept) = (stolen.here(), kept.here());
    stolen.ends(of_kept);
    kept.ends(of_stolen);
    assert!(room.is_present(&stolen) && room.is_present(&kept));
    ada.ends(of_stolen);
    let after = stolen.says();
    assert!(!room.is_present(&stolen) && room.is_present(&kept) && room.is_present(&ada));
    assert!(!room.counts(&stolen, after) && room.count(&stolen) == 2);
}

#[test]
fn a_stolen_device_that_writes_its_log_anew_changes_nothing_below_its_end() {
    let (room, owner) = Room::founded();
    let [ada, stolen] = room.strangers();
    owner.admits(&[&ada]);
    let first = stolen.is_device_of(&ada);
    ada.names_device(&stolen);
    let said = stolen.says();
    ada.ends(stolen.here());
    let forged = stolen.forking_behind(Some(first)).says();
    assert!(room.counts(&stolen, said) && !room.counts(&stolen, forged));
}

#[test]
fn a_governor_ends_one_key_and_the_devices_stay() {
    let (room, owner) = Room::founded();
    let [ada, phone] = room.strangers();
    owner.admits(&[&ada]);
    phone.is_device_of(&ada);
    ada.names_device(&phone);
    phone.says();
    owner.ends(ada.here());
    assert!(!room.is_present(&ada) && room.is_present(&phone) && room.count(&phone) == 2);
}

#[test]
fn a_key_ends_itself_with_its_grants() {
    let (room, owner) = Room::founded();
    let [ada, friend] = room.strangers();
    owner.appoints(&ada, CoOwner);
    ada.ends(ada.here());
    ada.admits(&[&friend]);
    assert!(!room.is_present(&ada) && !room.has(&friend) && room.count(&ada) == 1);
}

#[test]
fn words_are_hidden_from_above_only() {
    let (room, owner) = Room::founded();
    let [mod_, other, ada] = room.strangers();
    owner.appoints(&mod_, Moderator);
    owner.appoints(&other, Moderator);
    owner.admits(&[&ada]);
    ada.says();
    other.says();
    mod_.hides(ada.here(), 0);
    mod_.hides(other.here(), 0);
    let mut fold = room.fold();
    let hidden: Vec<_> = fold.fold().hidden().collect();
    assert_eq!(hidden, [(ada.key, 0, 0)]);
}

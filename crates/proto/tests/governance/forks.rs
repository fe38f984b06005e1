//! Logs that were written twice: a fork made later undoes nothing that an ending vouches for.

use rumormill_proto::governance::Role::{CoOwner, Moderator};

use crate::people::Room;

#[test]
fn a_dismissed_moderator_writes_its_log_anew_from_the_start_and_what_it_did_stays_done() {
    let (room, owner) = Room::founded();
    let [mod_, ada, bea, bad] = room.strangers();
    owner.appoints(&mod_, Moderator);
    mod_.admits(&[&ada, &bea]);
    ada.says();
    mod_.removes(&[bad.at(None)]);
    owner.dismisses(mod_.here());
    mod_.forking_behind(None).says();
    assert!(room.has(&ada) && room.has(&bea) && !room.endings(&bad).is_empty());
}

#[test]
fn a_removed_member_writes_below_its_cut_and_nobody_reads_it() {
    let (room, owner) = Room::founded();
    let ada = room.stranger();
    owner.admits(&[&ada]);
    let (first, kept) = (ada.says(), ada.says());
    owner.removes(&[ada.here()]);
    let forger = ada.forking_behind(Some(first));
    let forged = [forger.says(), forger.says()];
    assert!(room.counts(&ada, kept) && forged.iter().all(|forged| !room.counts(&ada, *forged)));
}

#[test]
fn a_fork_without_an_ending_cuts_the_log_where_it_forks() {
    let (room, owner) = Room::founded();
    let ada = room.stranger();
    owner.admits(&[&ada]);
    let (first, one) = (ada.says(), ada.says());
    let other = ada.forking_behind(Some(first)).says();
    assert!(room.counts(&ada, first) && !room.counts(&ada, one) && !room.counts(&ada, other));
}

#[test]
fn a_vouched_for_log_goes_on_in_spite_of_a_fork_below() {
    let (room, owner) = Room::founded();
    let [ada, before, after] = room.strangers();
    owner.appoints(&ada, CoOwner);
    ada.admits(&[&before]);
    ada.says();
    owner.vouches(ada.here());
    ada.admits(&[&after]);
    ada.forking_behind(None).says();
    assert!(room.has(&before) && room.has(&after));
}

#[test]
fn of_two_forks_the_one_above_the_named_entry_ends_the_log() {
    let (room, owner) = Room::founded();
    let ada = room.stranger();
    owner.admits(&[&ada]);
    let low = ada.says();
    let named = ada.says();
    owner.vouches(ada.here());
    let high = ada.says();
    let last = ada.says();
    ada.forking_behind(Some(low)).says();
    owner.appoints(&ada, Moderator);
    assert!(room.counts(&ada, named) && room.counts(&ada, last), "the fork below is vouched over");
    let other = ada.forking_behind(Some(high)).says();
    assert!(room.counts(&ada, high) && !room.counts(&ada, last) && !room.counts(&ada, other));
}

#[test]
fn of_endings_on_two_branches_the_higher_rank_chooses_the_branch() {
    let (room, owner) = Room::founded();
    let [high, low, ada] = room.strangers();
    owner.appoints(&high, CoOwner);
    high.appoints(&low, CoOwner);
    low.admits(&[&ada]);
    let first = ada.says();
    let (kept, beyond) = (ada.says(), ada.says());
    let other = ada.forking_behind(Some(first));
    let fallen = other.says();
    low.removes(&[other.here()]);
    high.removes(&[ada.at(Some(kept))]);
    assert!(room.counts(&ada, kept) && !room.counts(&ada, beyond) && !room.counts(&ada, fallen));
    low.removes(&[ada.at(Some(first))]);
    assert!(room.counts(&ada, first) && !room.counts(&ada, kept), "a lower rank may cut lower on that branch");
}

#[test]
fn an_ending_whose_entry_is_not_held_chooses_nothing_yet() {
    let (room, owner) = Room::founded();
    let ada = room.stranger();
    owner.admits(&[&ada]);
    let (first, one) = (ada.says(), ada.says());
    let other = ada.forking_behind(Some(first)).says();
    let mut elsewhere = one;
    elsewhere.id.0[0] = 1;
    owner.removes(&[ada.at(Some(elsewhere))]);
    assert!(room.counts(&ada, first) && !room.counts(&ada, one) && !room.counts(&ada, other));
}

#[test]
fn an_owner_restores_last_months_backup_offline_and_writes_and_a_co_owner_vouches_for_what_was_there() {
    let (room, owner) = Room::founded();
    let [ada, bea, friend, late] = room.strangers();
    owner.appoints(&ada, CoOwner);
    owner.appoints(&bea, CoOwner);
    let backup = owner.says();
    owner.admits(&[&friend]);
    let restored = owner.forking_behind(Some(backup));
    restored.admits(&[&late]);
    assert!(!room.has(&friend) && !room.has(&late), "it ends at the fork");
    bea.vouches(restored.here());
    ada.vouches(owner.here());
    bea.dismisses(ada.at(None));
    assert!(room.has(&friend) && !room.has(&late), "the first co-owner's word counts");
    owner.admits(&[&late]);
    assert!(!room.has(&late), "and the log ends there");
}

//! Open rooms that are closed: what was listed stays, whoever is kept is in, and it happens once.

use rumormill_proto::{
    entry::Kind,
    governance::{Closing, Deed, Last, Role::CoOwner},
};

use crate::people::{Person, Room};

/// Lists people where they stand; those who are kept first.
fn lists(owner: &Person, kept: &[&Person], out: &[&Person]) -> Last {
    let ends = kept.iter().chain(out).map(|who| who.here()).collect();
    owner.writes(Some(Deed::List { ends, kept: kept.iter().map(|who| who.key).collect() }))
}

fn closes(owner: &Person, lists: u64) -> Last {
    owner.writes(Some(Deed::Close { lists }))
}

fn closing(room: &Room) -> Option<Closing> {
    room.fold().fold().closing().cloned()
}

#[test]
fn who_is_kept_is_in_and_what_others_said_stays() {
    let (room, owner) = Room::founded();
    let [anna, ben, cleo] = room.strangers();
    let said = [anna.says(), ben.says(), cleo.says()];
    assert!(!room.has(&anna), "nobody is in before");
    lists(&owner, &[&anna], &[]);
    lists(&owner, &[], &[&ben]);
    let behind = ben.says();
    assert_eq!(closing(&room), None, "a list alone does nothing");
    let closed = closes(&owner, 2);
    let later = [anna.says(), ben.says(), cleo.says()];
    assert!(room.is_present(&anna) && room.is_present(&owner));
    assert!(!room.is_present(&ben) && !room.has(&cleo));
    let counts = [(&anna, said[0]), (&ben, said[1]), (&anna, later[0])];
    assert!(counts.iter().all(|(who, entry)| room.counts(who, *entry)));
    let voids = [(&cleo, said[2]), (&ben, behind), (&ben, later[1]), (&cleo, later[2])];
    assert!(!voids.iter().any(|(who, entry)| room.counts(who, *entry)));
    let closing = closing(&room).unwrap();
    let plain = |who: &Person, seq| !closing.voids(&who.key, seq, Kind::TEXT);
    assert_eq!(closing.by, (owner.key, closed.seq));
    assert!(plain(&anna, 0) && !plain(&anna, 1) && plain(&owner, 0) && !plain(&owner, closed.seq));
    assert!(!plain(&cleo, 0) && !closing.voids(&anna.key, 1, Kind::TEXT.sealed().unwrap()));
    assert_eq!(room.fold().fold().ended_by(&ben.key), Some(closing.by));
    owner.admits_despite(&[&ben], vec![closed.id]);
    assert!(room.is_present(&ben), "the owner lets him back");
}

#[test]
fn a_room_is_closed_once_and_by_its_owner_alone() {
    let (room, owner) = Room::founded();
    let [anna, ben] = room.strangers();
    [&anna, &ben].into_iter().for_each(|who| _ = who.says());
    lists(&anna, &[&anna], &[]);
    closes(&anna, 1);
    assert_eq!(closing(&room), None, "somebody else");
    lists(&owner, &[&anna], &[&ben]);
    closes(&owner, 2);
    assert_eq!(closing(&room), None, "lists are missing");
    let first = closes(&owner, 1);
    lists(&owner, &[&ben], &[&anna]);
    closes(&owner, 1);
    owner.appoints(&anna, CoOwner);
    lists(&anna, &[], &[&owner]);
    closes(&anna, 1);
    assert_eq!(closing(&room).map(|closing| closing.by), Some((owner.key, first.seq)));
    assert!(room.is_present(&anna) && room.is_present(&owner) && !room.is_present(&ben));
    assert!(room.acts_count_once());
}

#[test]
fn whoever_is_alone_closes_a_room_without_lists() {
    let (room, owner) = Room::founded();
    let closed = closes(&owner, 0);
    assert_eq!(closing(&room).map(|closing| closing.by), Some((owner.key, closed.seq)));
    let anna = room.stranger();
    let said = anna.says();
    assert!(room.is_present(&owner) && !room.counts(&anna, said));
}

#[test]
fn a_later_list_of_the_same_closing_goes_before_and_a_fork_takes_nothing_back() {
    let (room, owner) = Room::founded();
    let [anna, ben] = room.strangers();
    let begun = anna.says();
    lists(&owner, &[], &[&anna, &ben]);
    let said = [anna.says(), anna.says()];
    lists(&owner, &[&anna], &[]);
    closes(&owner, 2);
    assert!(room.is_present(&anna) && !room.is_present(&ben));
    let other = anna.forking_behind(Some(begun)).says();
    assert!(said.iter().all(|entry| room.counts(&anna, *entry)) && !room.counts(&anna, other));
}

/// The owner steps down, and names a co-owner who may close the room.
fn names(owner: &Person, closer: &Person) -> Last {
    owner.appoints(closer, CoOwner);
    owner.writes(Some(Deed::StepDown { closer: Some(closer.key) }))
}

#[test]
fn a_co_owner_whom_the_owners_step_down_names_closes_the_room() {
    let (room, owner) = Room::founded();
    let [anna, ben, cleo] = room.strangers();
    let said = [&anna, &ben, &cleo].map(Person::says);
    owner.appoints(&ben, CoOwner);
    names(&owner, &anna);
    let after = owner.says();
    lists(&owner, &[&ben], &[&anna]);
    closes(&owner, 1);
    lists(&ben, &[&ben], &[&anna]);
    closes(&ben, 1);
    assert_eq!(closing(&room), None, "neither whoever stepped down nor another co-owner");
    owner.says();
    lists(&anna, &[&owner, &ben], &[&cleo]);
    let closed = closes(&anna, 1);
    let closing = closing(&room).unwrap();
    assert_eq!(closing.by, (anna.key, closed.seq));
    assert!(room.is_present(&owner) && room.is_present(&anna) && room.is_present(&ben) && !room.is_present(&cleo));
    assert!(room.counts(&owner, after) && room.counts(&anna, said[0]) && room.counts(&cleo, said[2]));
    assert!(!closing.voids(&owner.key, after.seq, Kind::TEXT) && closing.voids(&anna.key, closed.seq, Kind::TEXT));
    assert_eq!(room.fold().fold().ended_by(&cleo.key), Some(closing.by));
    anna.admits_despite(&[&cleo], vec![closed.id]);
    assert!(room.is_present(&cleo) && room.acts_count_once());
    // The owner is somebody like others since.
    anna.removes(&[owner.here()]);
    assert!(!room.is_present(&owner) && room.is_present(&anna));
    let dan = room.stranger();
    owner.appoints(&dan, CoOwner);
    let late = room.entries().pop().unwrap();
    assert!(!room.fold().fold().vouched(&dan.key, &[late]), "it lets in nobody");
}

#[test]
fn whoever_stepped_down_may_be_left_out_and_a_closing_of_its_own_before_comes_first() {
    let (room, owner) = Room::founded();
    let anna = room.stranger();
    names(&owner, &anna);
    lists(&anna, &[], &[&owner]);
    closes(&anna, 1);
    assert!(!room.is_present(&owner) && room.is_present(&anna));
    let (room, owner) = Room::founded();
    let anna = room.stranger();
    let first = closes(&owner, 0);
    names(&owner, &anna);
    lists(&anna, &[], &[&owner]);
    closes(&anna, 1);
    assert_eq!(closing(&room).map(|closing| closing.by), Some((owner.key, first.seq)));
    assert!(room.is_present(&owner));
}

#[test]
fn nobody_closes_a_room_whose_owner_stepped_down_on_two_branches() {
    let (room, owner) = Room::founded();
    let [anna, ben] = room.strangers();
    let appointed = [&anna, &ben].map(|who| owner.appoints(who, CoOwner)).last().copied();
    owner.writes(Some(Deed::StepDown { closer: Some(anna.key) }));
    let there = owner.last();
    closes(&anna, 0);
    assert!(closing(&room).is_some());
    owner.forking_behind(appointed).writes(Some(Deed::StepDown { closer: Some(ben.key) }));
    closes(&ben, 0);
    assert_eq!(closing(&room), None, "the owner's log ends at the fork");
    anna.vouches(owner.at(there));
    assert_eq!(
        closing(&room).map(|closing| closing.by.0),
        Some(anna.key),
        "the first co-owner tells which branch stands"
    );
}

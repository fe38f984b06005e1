//! The rules of a room: who makes tickets, slow mode, and whose words are held.

use rumormill_proto::{
    governance::{Governance, Last, Role::*, Rules},
    ids::Seq,
    limits::RULED_LOGS,
    random::Random,
    time::Time,
};

use crate::{
    people::{Person, Room},
    world::{Forgetful, folded},
};

const SLOW: Rules = Rules { tickets: true, slow_s: 60, hold: false };
const HOLD: Rules = Rules { tickets: true, slow_s: 0, hold: true };
const CLOSED: Rules = Rules { tickets: false, slow_s: 0, hold: false };

/// A message said at a second.
fn says(who: &Person, second: u64) -> Last {
    who.says_message(Time::from_ms(second * 1_000).0)
}

/// An owner who sets rules at a second, listing these logs.
fn rules(owner: &Person, second: u64, rules: Rules, of: &[&Person]) {
    owner.sets(Time::from_ms(second * 1_000).0, rules, of);
}

/// The messages of somebody that are shown, in every order of arrival alike, also when the room is folded after each entry.
fn shown(room: &Room, who: &Person) -> Vec<Seq> {
    let entries = room.entries();
    let of = |governance: &mut Governance| -> Vec<Seq> {
        let fold = governance.fold();
        let (shown, all) = (fold.shown(), fold.count(&who.key));
        let kind = rumormill_proto::entry::Kind::TEXT;
        (0..all).filter(|seq| room.is_message(who, *seq) && shown.shows(&who.key, *seq, kind)).collect()
    };
    let said = of(&mut folded(&entries));
    for seed in 0..8 {
        let mut shuffled = entries.clone();
        Random::new(seed).shuffle(&mut shuffled);
        assert_eq!(of(&mut folded(&shuffled)), said, "shuffled with {seed}");
        let mut grown = Governance::new(entries[0].author);
        let mut forgetful = Forgetful::new(entries[0].author);
        for entry in shuffled {
            forgetful.insert(entry.clone());
            grown.insert(entry);
            grown.fold();
        }
        assert_eq!(of(&mut grown), said, "one by one, shuffled with {seed}");
        assert_eq!(of(&mut forgetful.fold), said, "letting go of words, shuffled with {seed}");
        assert_eq!(of(&mut forgetful.reopened().fold), said, "begun anew");
    }
    said
}

fn room() -> (Room, Person, Person) {
    let (room, owner) = Room::founded();
    let ada = room.stranger();
    owner.admits(&[&ada]);
    (room, owner, ada)
}

#[test]
fn in_slow_mode_messages_that_come_too_early_are_shown_by_nobody() {
    let (room, owner, ada) = room();
    says(&ada, 1_000);
    says(&ada, 1_001);
    rules(&owner, 1_010, SLOW, &[&ada]);
    for second in [1_020, 1_061, 1_100, 1_121, 1_200] {
        says(&ada, second);
    }
    assert_eq!(shown(&room, &ada), [0, 1, 3, 5, 6], "what was said before stands, and counts for the pace");
    assert_eq!(room.fold_once().fold().slow_left_ms(&ada.key, 1_230_000), 30_000);
    assert_eq!(room.fold_once().fold().slow_left_ms(&owner.key, 1_200_000), 0, "governors are not slowed");
    assert_eq!(shown(&room, &owner), Vec::<Seq>::new());
    rules(&owner, 1_300, Rules::default(), &[&ada]);
    says(&ada, 1_301);
    says(&ada, 1_302);
    assert_eq!(shown(&room, &ada), [0, 1, 3, 5, 6, 7, 8], "a later ruling changes nothing of what was");
}

#[test]
fn a_clock_that_was_set_back_evades_nothing() {
    let (room, owner, ada) = room();
    says(&ada, 1_000);
    rules(&owner, 9_000, SLOW, &[&ada]);
    for second in 1_001..1_020 {
        says(&ada, second);
    }
    assert_eq!(shown(&room, &ada), [0, 1], "all of them are as early as the ruling");
    let (room, owner, ada) = self::room();
    rules(&owner, 9_000, SLOW, &[]);
    for second in 1_001..1_020 {
        says(&ada, second);
    }
    assert_eq!(shown(&room, &ada), [0], "somebody of whom nothing was held is ruled from the first entry on");
}

#[test]
fn where_the_list_is_full_others_go_by_the_time_that_they_claim() {
    let (room, owner, ada) = room();
    let others: Vec<Person> = (0..RULED_LOGS).map(|_| room.stranger()).collect();
    says(&ada, 1_000);
    says(&ada, 1_001);
    rules(&owner, 9_000, SLOW, &others.iter().collect::<Vec<_>>());
    says(&ada, 9_001);
    says(&ada, 9_002);
    assert_eq!(shown(&room, &ada), [0, 1, 2]);
}

#[test]
fn what_was_said_under_a_role_is_not_slowed_and_what_follows_is() {
    let (room, owner, ada) = room();
    rules(&owner, 900, SLOW, &[]);
    owner.appoints(&ada, Moderator);
    says(&ada, 1_000);
    let last = says(&ada, 1_001);
    owner.dismisses(ada.at(Some(last)));
    says(&ada, 1_002);
    says(&ada, 1_070);
    assert_eq!(shown(&room, &ada), [0, 1, 3]);
}

#[test]
fn the_rules_of_a_dismissed_co_owner_are_gone_and_members_and_moderators_set_none() {
    let (room, owner, ada) = room();
    let [bea, cleo] = room.strangers();
    owner.appoints(&bea, CoOwner);
    owner.appoints(&cleo, Moderator);
    let before = bea.says();
    for (who, expected) in [(&ada, Rules::default()), (&cleo, Rules::default()), (&bea, SLOW)] {
        rules(who, 900, SLOW, &[]);
        assert_eq!(room.fold().fold().rules(), expected);
    }
    says(&ada, 1_000);
    says(&ada, 1_001);
    assert_eq!(shown(&room, &ada).len(), 1);
    owner.dismisses(bea.at(Some(before)));
    assert_eq!((room.fold().fold().rules(), shown(&room, &ada).len()), (Rules::default(), 2));
}

#[test]
fn members_make_no_tickets_where_the_rules_say_so_and_those_of_before_go_on() {
    let (room, owner, ada) = room();
    let [bea, cleo, dan] = room.strangers();
    let early = ada.opens_ticket(9);
    rules(&owner, 9_000, CLOSED, &[&ada]);
    let late = ada.opens_ticket(9);
    let governors = owner.opens_ticket(9);
    for (who, ticket, comes) in [(&bea, early, true), (&cleo, late, false), (&dan, governors, true)] {
        who.joins(ticket);
        owner.welcomes(who, ticket);
        assert_eq!(room.has(who), comes);
    }
}

#[test]
fn newcomers_are_held_until_a_member_who_is_not_lets_them_through() {
    let (room, owner, ada) = room();
    let [early, eve, fay] = room.strangers();
    let ticket = owner.opens_ticket(9);
    early.joins(ticket);
    owner.welcomes(&early, ticket);
    rules(&owner, 9_000, HOLD, &[&ada, &early]);
    for newcomer in [&eve, &fay] {
        newcomer.joins(ticket);
        ada.welcomes(newcomer, ticket);
        says(newcomer, 9_100);
    }
    says(&early, 9_100);
    assert_eq!((shown(&room, &early).len(), shown(&room, &eve).len(), shown(&room, &fay).len()), (1, 0, 0));
    let reads = |by: &Person, of: &Person| {
        let mut seen = room.fold_once().fold().shown();
        seen.reader = Some(by.key);
        seen.shows(&of.key, 1, rumormill_proto::entry::Kind::TEXT)
    };
    assert!(reads(&eve, &eve) && !reads(&eve, &fay), "nobody's own words are held from it");
    fay.lets_through(&eve);
    assert_eq!(shown(&room, &eve).len(), 0, "who is held lets nobody through");
    early.lets_through(&fay);
    assert_eq!((shown(&room, &fay).len(), shown(&room, &eve).len()), (1, 1), "and then it does");
    let gus = room.stranger();
    gus.joins(ticket);
    ada.welcomes(&gus, ticket);
    says(&gus, 9_200);
    owner.confirms(&gus, ticket);
    assert_eq!(shown(&room, &gus).len(), 0);
    rules(&owner, 9_300, Rules::default(), &[&ada]);
    assert_eq!(shown(&room, &gus).len(), 1, "the rule is lifted");
}

#[test]
fn what_the_host_cannot_tell_is_passed_over_and_not_asked_again() {
    let (room, owner, ada) = room();
    let said: Vec<Last> = (0..4).map(|at| says(&ada, 100 + 10 * at)).collect();
    rules(&owner, 10, SLOW, &[]);
    let mut entries = room.entries();
    let slows = entries.pop().unwrap();
    let mut host = Forgetful::new(owner.key);
    entries.into_iter().for_each(|entry| host.insert(entry));
    let mut host = host.reopened();
    // Its oldest words are damaged.
    host.held.retain(|(author, seq), _| *author != ada.key || *seq >= said[1].seq);
    host.insert(slows);
    let slowed = host.fold.fold().slowed();
    assert_eq!(slowed[&ada.key], [(said[2].seq, said[3].seq)], "they go by the first that is whole");
}

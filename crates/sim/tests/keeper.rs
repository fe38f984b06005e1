//! Stories of rooms with a keeper: people who are never there together, and a member that cannot read.

mod support;

use rumormill_proto::{
    entry::Kind,
    governance::{Guest, Order, Role},
};
use rumormill_sim::{Story, World, seeds, unrest};
use support::texts;

const FOUNDER: usize = 0;
const KEEPER: usize = 1;

/// A founder and a keeper, which came by a ticket for keepers.
fn room() -> Story<World> {
    let mut room = unrest::world(seeds::seed());
    room.begin_closed();
    room.join(1);
    room.become_keeper(KEEPER);
    room.run_ms(2_000)?;
    let made = room.make_ticket_for(FOUNDER, Guest::Keeper, 1);
    room.settle()?;
    room.use_ticket(KEEPER, made);
    room.run_ms(5_000)?;
    let keeper = room.author(KEEPER);
    assert!(room.seats(FOUNDER).get(&keeper).is_some_and(|seat| seat.knocks.is_some()), "it waits");
    room.order(FOUNDER, Order::Appoint(keeper, Role::Keeper));
    room.settle()?;
    assert_eq!(room.seats(FOUNDER).get(&keeper).map(|seat| (seat.role, seat.knocks)), Some((Some(Role::Keeper), None)));
    Ok(room)
}

/// So many others come, and the founder lets them in.
fn let_in(room: &mut World, count: usize) -> Story<Vec<usize>> {
    let others = room.join(count);
    room.run_ms(2_000)?;
    for other in &others {
        room.admit(FOUNDER, *other);
        room.run_ms(1_000)?;
    }
    Ok(others)
}

/// Only this one and the keeper are there.
fn alone(room: &mut World, up: usize) -> Story {
    for peer in 0..room.peer_count() {
        if peer != up && peer != KEEPER && room.is_up(peer) {
            room.crash(peer);
        }
    }
    room.run_ms(10_000)?;
    if !room.is_up(up) {
        room.restart(up);
    }
    room.run_ms(20_000)
}

#[test]
fn people_who_are_never_there_together_talk_through_a_keeper() -> Story {
    let mut room = room()?;
    room.say(FOUNDER, "who is there?");
    let made = room.make_ticket(FOUNDER, 5);
    room.run_ms(5_000)?;
    // Nobody is there when she comes, so her join waits at the keeper.
    room.crash(FOUNDER);
    room.run_ms(10_000)?;
    let anna = room.join_by(&[KEEPER], 1)[0];
    room.use_ticket(anna, made);
    room.run_ms(10_000)?;
    assert!(!room.is_member(anna, anna) && texts(&room, anna).is_empty());
    alone(&mut room, FOUNDER)?;
    room.welcome_all(FOUNDER);
    room.run_ms(5_000)?;
    room.say(FOUNDER, "come in");
    room.run_ms(5_000)?;
    alone(&mut room, anna)?;
    assert_eq!(texts(&room, anna), ["who is there?", "come in"]);
    room.say(anna, "thank you");
    room.run_ms(5_000)?;
    alone(&mut room, FOUNDER)?;
    assert_eq!(texts(&room, FOUNDER).last(), Some(&"thank you".to_owned()));
    assert_eq!(room.reads(KEEPER), (0, vec![Kind::FOUND]));
    Ok(())
}

#[test]
fn whoever_was_away_when_somebody_was_removed_reads_on_and_the_removed_do_not() -> Story {
    let mut room = room()?;
    let others = let_in(&mut room, 3)?;
    room.say(others[0], "we are four");
    room.settle()?;
    room.crash(others[0]);
    room.crash(others[1]);
    room.run_ms(10_000)?;
    room.remove(FOUNDER, others[2]);
    room.run_ms(5_000)?;
    room.say(FOUNDER, "we are three");
    room.run_ms(5_000)?;
    alone(&mut room, others[0])?;
    assert_eq!(texts(&room, others[0]), ["we are four", "we are three"]);
    room.say(others[0], "so it is");
    room.run_ms(5_000)?;
    alone(&mut room, others[1])?;
    assert_eq!(texts(&room, others[1]), ["we are four", "we are three", "so it is"]);
    room.who_is_out_reads_nothing()?;
    assert_eq!(room.reads(KEEPER), (0, vec![Kind::FOUND]));
    Ok(())
}

#[test]
fn a_dead_ticket_beside_the_whole_disk_of_a_keeper_reads_nothing_said_after_its_end() -> Story {
    let mut room = room()?;
    let others = let_in(&mut room, 2)?;
    let made = room.make_ticket(FOUNDER, 5);
    room.settle()?;
    let guest = room.join_by(&[KEEPER], 1)[0];
    room.use_ticket(guest, made);
    room.run_ms(10_000)?;
    // Whoever waits has a box of the next epoch, so that it can read once it is in.
    room.remove(FOUNDER, others[1]);
    room.run_ms(10_000)?;
    room.say(others[0], "while it waits");
    room.run_ms(10_000)?;
    assert_eq!(room.boxed_for(KEEPER, guest), ["while it waits"]);
    let ticket = room.ticket_id(made).unwrap();
    room.order(FOUNDER, Order::Revoke(ticket));
    room.run_ms(10_000)?;
    room.say(FOUNDER, "after its end");
    room.say(others[0], "so it is");
    room.run_ms(10_000)?;
    assert!(!room.seats(FOUNDER).contains_key(&room.author(guest)), "it does not wait any more");
    assert_eq!(room.boxed_for(KEEPER, guest), ["while it waits"]);
    assert_eq!(room.boxed_for(KEEPER, others[0]).len(), 3, "who is in reads all");
    Ok(())
}

#[test]
fn a_keeper_of_a_room_that_was_open_takes_and_serves_no_words_in_plain() -> Story {
    let mut room = unrest::world(seeds::seed());
    room.begin_room();
    let member = room.join(1)[0];
    room.say(FOUNDER, "in the open");
    room.say_all(member, &["for everybody"; 80]);
    room.settle()?;
    room.close_room(FOUNDER, &[])?;
    room.settle()?;
    room.say(member, "among us");
    let made = room.make_ticket_for(FOUNDER, Guest::Keeper, 1);
    room.settle()?;
    let keeper = room.join_by(&[FOUNDER, member], 1)[0];
    room.become_keeper(keeper);
    room.use_ticket(keeper, made);
    room.run_ms(10_000)?;
    room.order(FOUNDER, Order::Appoint(room.author(keeper), Role::Keeper));
    room.settle()?;
    room.run_ms(60_000)?;
    let everything = |room: &World, peer: usize| room.held(peer).len();
    assert_eq!(everything(&room, keeper), everything(&room, FOUNDER), "it holds every entry");
    assert_eq!(room.reads(keeper), (0, vec![Kind::FOUND]), "and no word in plain");
    let made = room.make_ticket(FOUNDER, 1);
    room.settle()?;
    // Somebody is let in who has met the keeper alone.
    [FOUNDER, member].into_iter().for_each(|peer| room.crash(peer));
    room.run_ms(10_000)?;
    let anna = room.join_by(&[keeper], 1)[0];
    room.use_ticket(anna, made);
    room.run_ms(10_000)?;
    room.partition(&[&[anna]]);
    room.restart(FOUNDER);
    room.run_ms(20_000)?;
    room.welcome_all(FOUNDER);
    room.run_ms(10_000)?;
    room.crash(FOUNDER);
    room.heal();
    room.run_ms(60_000)?;
    assert!(room.is_member(anna, anna));
    assert_eq!(texts(&room, anna), ["among us"], "the keeper serves what is sealed");
    room.restart(FOUNDER);
    room.run_ms(120_000)?;
    assert_eq!(texts(&room, anna).len(), 82, "and members the rest");
    assert_eq!(room.reads(keeper), (0, vec![Kind::FOUND]));
    Ok(())
}

//! What governors' nodes do in a closed room without being asked.

use rumormill_proto::{
    entry::Kind,
    governance::{Act, Order, Role, Says},
    ids::AuthorId,
};
use rumormill_sim::{Story, World, seeds, unrest};

const MINUTE_MS: u64 = 60_000;

/// A founder, and so many others that it let in.
fn room_of(others: usize) -> Story<World> {
    let mut room = unrest::world(seeds::seed());
    room.begin_closed_with(others)?;
    Ok(room)
}

/// Somebody who comes by a ticket of the first peer, and whom another lets in.
fn guests(room: &mut World, count: usize, uses: u64) -> Story<Vec<usize>> {
    let made = room.make_ticket(0, uses);
    room.settle()?;
    let guests = room.join(count);
    room.run_ms(2_000)?;
    for guest in &guests {
        room.use_ticket(*guest, made);
    }
    room.run_ms(10_000)?;
    for guest in &guests {
        room.order(1, Order::Welcome(room.author(*guest)));
        room.run_ms(500)?;
    }
    assert!(guests.iter().all(|guest| room.is_member(1, *guest)));
    room.settle()?;
    Ok(guests)
}

/// The acts of this kind that a peer shows: their authors, and what they say.
fn acts(room: &World, at: usize, kind: Kind) -> Vec<(AuthorId, Says)> {
    let lines = room.timeline(at);
    let acts = lines.iter().filter(|line| line.kind == kind).filter_map(|line| {
        let says = Act::parse(line.kind, line.body.bytes()?).ok().flatten()?.says;
        Some((line.place.author, says))
    });
    acts.collect()
}

/// Who confirmed whom.
fn confirmed(room: &World, at: usize) -> Vec<(AuthorId, Vec<AuthorId>)> {
    let named = acts(room, at, Kind::ADMIT).into_iter().filter_map(|(by, says)| match says {
        Says::Admit { who, ticket: Some(_), .. } => Some((by, who)),
        _ => None,
    });
    named.collect()
}

#[test]
fn newcomers_of_an_hour_are_confirmed_once_in_one_entry_by_the_first_governor_that_is_there() -> Story {
    let mut room = room_of(3)?;
    room.appoint(0, 1, Role::CoOwner);
    room.appoint(0, 2, Role::Moderator);
    let guests = guests(&mut room, 3, 9)?;
    let mut keys: Vec<AuthorId> = guests.iter().map(|guest| room.author(*guest)).collect();
    keys.sort_unstable();
    room.run_ms(55 * MINUTE_MS)?;
    assert!(confirmed(&room, 3).is_empty(), "a governor has an hour to end the ticket");
    room.run_ms(120 * MINUTE_MS)?;
    assert_eq!(confirmed(&room, 3), [(room.author(0), keys)]);
    room.settle()?;
    room.same_members()?;
    Ok(())
}

#[test]
fn whom_the_owner_does_not_confirm_the_next_governor_does_and_the_ticket_may_go() -> Story {
    let mut room = room_of(3)?;
    room.appoint(0, 1, Role::CoOwner);
    room.appoint(0, 2, Role::Moderator);
    room.settle()?;
    let guests = guests(&mut room, 1, 9)?;
    room.crash(0);
    room.run_ms(75 * MINUTE_MS)?;
    assert!(confirmed(&room, 3).is_empty(), "the owner was seen this week, so others are later");
    room.run_ms(30 * MINUTE_MS)?;
    assert_eq!(confirmed(&room, 3), [(room.author(1), vec![room.author(guests[0])])]);
    // A governor that was restarted looks again, and finds nothing to do.
    room.restart(0);
    room.run_ms(120 * MINUTE_MS)?;
    assert_eq!(confirmed(&room, 3).len(), 1);
    Ok(())
}

#[test]
fn a_restarted_governor_confirms() -> Story {
    let mut room = room_of(1)?;
    let guests = guests(&mut room, 1, 9)?;
    room.run_ms(20 * MINUTE_MS)?;
    room.crash(0);
    room.restart(0);
    room.run_ms(65 * MINUTE_MS)?;
    assert_eq!(confirmed(&room, 1), [(room.author(0), vec![room.author(guests[0])])]);
    Ok(())
}

#[test]
fn whom_a_ticket_let_in_beyond_its_uses_is_removed_by_name() -> Story {
    let mut room = room_of(3)?;
    room.appoint(0, 2, Role::Moderator);
    let made = room.make_ticket(1, 1);
    room.settle()?;
    room.partition(&[&[0, 1], &[2, 3]]);
    room.run_ms(5_000)?;
    let two = [room.join_by(&[1], 1)[0], room.join_by(&[3], 1)[0]];
    room.partition(&[&[0, 1, two[0]], &[2, 3, two[1]]]);
    for (guest, host) in two.into_iter().zip([1, 3]) {
        room.use_ticket(guest, made);
        room.run_ms(2_000)?;
        room.welcome_all(host);
        room.run_ms(5_000)?;
    }
    room.heal();
    room.settle()?;
    room.run_ms(10 * MINUTE_MS)?;
    let removed = acts(&room, 1, Kind::REMOVE);
    let [(by, Says::Remove { ends, tickets, .. })] = &removed[..] else { panic!("{removed:?}") };
    let surplus = two.into_iter().find(|guest| !room.is_member(0, *guest));
    assert_eq!((*by, tickets.len(), ends.len()), (room.author(0), 0, 1));
    assert_eq!(surplus.map(|guest| room.author(guest)), Some(ends[0].end.key));
    let stays = two.into_iter().filter(|guest| room.is_member(3, *guest)).count();
    assert_eq!(stays, 1, "who came in time stays");
    Ok(())
}

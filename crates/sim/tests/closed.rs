//! Stories of closed rooms, with the invariants of the design that need no keys.

mod support;

use bytes::Bytes;
use rumormill_proto::{
    entry::Kind,
    governance::{Act, Order, Role, Says},
    input::Unsaid,
};
use rumormill_sim::{Nature, Story, Weather, World, seeds, unrest};
use support::{end, room_of, texts, words};

/// Somebody whom the founder lets in.
fn newcomer(room: &mut World) -> Story<usize> {
    let newcomer = room.join_by(&[0], 1)[0];
    room.run_ms(2_000)?;
    room.admit(0, newcomer);
    room.run_ms(2_000)?;
    Ok(newcomer)
}

#[test]
fn who_is_let_in_is_heard_and_who_is_not_says_nothing() -> Story {
    let mut room = room_of(2)?;
    let stranger = room.join(1)[0];
    room.run_ms(2_000)?;
    room.say(1, "hello");
    room.say(stranger, "let me in");
    end(&mut room)?;
    assert_eq!(room.refused(stranger), Some(Unsaid::NotMember));
    assert!((0..3).all(|peer| texts(&room, peer) == ["hello"]));
    assert!(room.held(stranger).is_empty(), "a stranger gets nothing");
    room.admit(0, stranger);
    room.settle()?;
    room.say(stranger, "thank you");
    end(&mut room)?;
    assert!((0..4).all(|peer| texts(&room, peer) == ["hello", "thank you"]));
    Ok(())
}

#[test]
fn an_open_room_is_closed_and_who_was_away_reads_on() -> Story {
    let mut room = unrest::world(seeds::seed());
    room.begin_room();
    room.join(3);
    room.say_all(1, &["in the open", "for everybody"]);
    room.say(2, "me");
    room.say(3, "me too");
    room.settle()?;
    room.partition(&[&[0, 1, 3], &[2]]);
    room.run_ms(1_000)?;
    room.say(2, "while away");
    room.close_room(0, &[3])?;
    room.run_ms(5_000)?;
    room.say(1, "among us");
    room.say(3, "and to me?");
    room.settle_among(&[0, 1])?;
    assert_eq!(room.refused(3), Some(Unsaid::NotMember), "told plainly");
    // It knows the room as it was, and nobody listed it.
    let stranger = room.join(1)[0];
    room.heal();
    room.settle()?;
    room.run_ms(60_000)?;
    room.say(2, "I am back");
    let made = room.make_ticket(1, 1);
    end(&mut room)?;
    let newcomer = room.join_by(&[1], 1)[0];
    room.use_ticket(newcomer, made);
    room.run_ms(10_000)?;
    room.welcome_all(1);
    room.run_ms(60_000)?;
    end(&mut room)?;
    let all = ["in the open", "for everybody", "me", "me too", "among us", "while away", "I am back"];
    for peer in [0, 1, 2, newcomer] {
        let mut texts = texts(&room, peer);
        assert!(
            texts.len() == all.len() && all.iter().all(|text| texts.contains(&(*text).into())),
            "{peer}: {texts:?}"
        );
        assert_eq!(texts.pop().as_deref(), Some("I am back"));
    }
    // Whoever had not read that it is closed may have let the stranger in as before.
    for other in [3, stranger] {
        let said = texts(&room, other);
        assert!(!said.contains(&"among us".into()) && !said.contains(&"I am back".into()), "{other}: {said:?}");
    }
    let lines = room.timeline(newcomer);
    let mut after = lines.iter().skip_while(|line| line.kind != Kind::CLOSE).filter(|line| line.kind == Kind::TEXT);
    assert!(after.all(|line| line.sealed), "nothing in plain after it");
    room.who_is_out_reads_nothing()?;
    room.members_read_all()
}

#[test]
fn who_was_removed_is_silent_and_comes_back_with_a_pardon() -> Story {
    let mut room = room_of(3)?;
    room.say(2, "before");
    room.settle()?;
    room.remove(0, 2);
    end(&mut room)?;
    assert!((0..4).all(|peer| !room.is_member(peer, 2) && texts(&room, peer) == ["before"]));
    room.say(2, "after");
    room.settle()?;
    assert_eq!(room.refused(2), Some(Unsaid::NotMember));
    room.admit(0, 2);
    room.settle()?;
    room.say(2, "again");
    end(&mut room)?;
    assert!((0..4).all(|peer| room.is_member(peer, 2) && texts(&room, peer) == ["before", "again"]));
    Ok(())
}

#[test]
fn invariant_8_what_a_dismissed_moderator_put_aside_is_back_everywhere() -> Story {
    let mut room = room_of(5)?;
    room.appoint(0, 1, Role::Moderator);
    room.say(3, "before");
    room.settle()?;
    room.partition(&[&[1, 2], &[0, 3, 4, 5]]);
    room.run_ms(5_000)?;
    room.remove(1, 3);
    for _ in 0..100 {
        room.say(3, "on the other side");
        room.run_ms(20)?;
    }
    room.settle_among(&[0, 3, 4, 5])?;
    assert_eq!(texts(&room, 4).len(), 101);
    room.partition(&[&[1, 2, 4], &[0, 3, 5]]);
    room.settle_among(&[1, 2, 4])?;
    let author = room.author(3);
    assert_eq!((texts(&room, 4).len(), room.bodies_beyond(4, &author)), (1, 100), "put aside, and kept");
    room.crash(4);
    room.restart(4);
    room.dismiss(0, 1);
    room.settle_among(&[0, 3, 5])?;
    room.heal();
    end(&mut room)?;
    // The dismissal names the last act that the owner had seen: the removal lies beyond it.
    assert!((0..6).all(|peer| texts(&room, peer).len() == 101), "nobody's words are lost");
    Ok(())
}

#[test]
fn invariant_8_what_a_dismissed_moderator_hid_reaches_no_newcomer_and_is_back_everywhere() -> Story {
    let mut room = room_of(4)?;
    room.appoint(0, 1, Role::Moderator);
    room.say_all(3, &["one", "two", "three"]);
    room.settle()?;
    room.partition(&[&[1, 2, 3], &[0, 4]]);
    room.run_ms(5_000)?;
    let first = room.written(3) - 3;
    room.hide(1, 3, (first, first + 1));
    room.settle_among(&[1, 2, 3])?;
    assert!((1..4).all(|peer| texts(&room, peer) == ["three"]));
    assert_eq!(texts(&room, 4).len(), 3);
    // Somebody comes to those who hold that it was taken back.
    let made = room.make_ticket(2, 1);
    room.settle_among(&[1, 2, 3])?;
    let newcomer = room.join_by(&[2], 1)[0];
    room.partition(&[&[1, 2, 3, newcomer], &[0, 4]]);
    room.use_ticket(newcomer, made);
    room.run_ms(5_000)?;
    room.welcome_all(2);
    room.settle_among(&[1, 2, 3, newcomer])?;
    room.run_ms(60_000)?;
    let author = room.author(3);
    assert_eq!((texts(&room, newcomer), room.held_of(newcomer, &author).len()), (vec!["three".into()], 3));
    assert_eq!((room.bodies_beyond(newcomer, &author), room.bodies_beyond(2, &author)), (0, 2), "kept, not passed on");
    room.dismiss(0, 1);
    room.settle_among(&[0, 4])?;
    room.heal();
    end(&mut room)?;
    room.run_ms(60_000)?;
    for peer in [0, 1, 2, 3, 4, newcomer] {
        assert_eq!(texts(&room, peer), ["one", "two", "three"], "the owner had not seen the act: {peer}");
    }
    room.hide(0, 3, (first + 2, first + 2));
    end(&mut room)?;
    assert!((0..5).all(|peer| texts(&room, peer) == ["one", "two"]));
    Ok(())
}

/// A room in which a moderator, whom the owner does not hear any more, took back two words of peer 2 and removed peer 3, which
/// went on. Peer 4 holds all of that, and both acts.
fn put_aside() -> Story<World> {
    let mut room = room_of(4)?;
    room.appoint(0, 1, Role::Moderator);
    room.say_all(2, &["one", "two", "three"]);
    room.settle()?;
    room.say(3, "before");
    room.settle()?;
    room.partition(&[&[1], &[0, 2, 3, 4]]);
    room.run_ms(5_000)?;
    let first = room.written(2) - 3;
    room.hide(1, 2, (first, first + 1));
    room.remove(1, 3);
    room.say_all(3, &["on the other side"; 70]);
    room.settle_among(&[0, 2, 3, 4])?;
    room.partition(&[&[1, 4], &[0, 2, 3]]);
    room.settle_among(&[1, 4])?;
    assert_eq!(texts(&room, 4), ["three", "before"]);
    Ok(room)
}

#[test]
fn invariant_8_what_was_put_aside_is_back_within_thirty_days_and_only_a_header_afterwards() -> Story {
    const DAY_MS: u64 = 24 * 3_600_000;
    for (days, kept) in [(29, [2, 70]), (31, [0, 0])] {
        let mut room = put_aside()?;
        let authors = [2, 3].map(|whose| room.author(whose));
        let held = authors.map(|author| room.held_of(4, &author));
        room.lapse();
        assert_eq!(authors.map(|author| room.bodies_beyond(4, &author)), [2, 70]);
        (0..5).for_each(|peer| room.crash(peer));
        room.run_ms(days * DAY_MS)?;
        room.restart(4);
        room.run_ms(1_000)?;
        room.lapse();
        assert_eq!(authors.map(|author| room.bodies_beyond(4, &author)), kept, "after {days} days");
        assert_eq!(authors.map(|author| room.held_of(4, &author)), held, "headers stay");
        // The owner has not heard of the acts, and dismisses their author.
        room.restart(0);
        room.run_ms(20_000)?;
        room.dismiss(0, 1);
        room.run_ms(5_000)?;
        room.heal();
        room.run_ms(60_000)?;
        room.lapse();
        room.same_members()?;
        let lines = room.timeline(4);
        assert_eq!(lines.iter().filter(|line| line.kind.opened().unwrap_or(line.kind) == Kind::TEXT).count(), 74);
        assert_eq!(texts(&room, 4).len(), 2 + kept[0] + kept[1], "what is there again is what the disk kept");
        assert_eq!(texts(&room, 0).len(), 74);
    }
    Ok(())
}

#[test]
fn words_beyond_a_cut_leave_every_timeline_and_a_newcomer_gets_none_of_them() -> Story {
    let mut room = room_of(5)?;
    for _ in 0..3 {
        room.say(3, "before");
        room.settle()?;
    }
    room.partition(&[&[0, 2], &[1, 3, 4, 5]]);
    room.run_ms(5_000)?;
    room.remove(0, 3);
    for _ in 0..100 {
        room.say(3, "on the other side");
        room.run_ms(20)?;
    }
    room.settle_among(&[1, 3, 4, 5])?;
    assert_eq!(texts(&room, 4).len(), 103);
    room.heal();
    end(&mut room)?;
    assert!((0..6).all(|peer| texts(&room, peer) == ["before"; 3]));
    // Those who never held a signature below the block's end are gone: the rest has to prove the cut.
    let made = room.make_ticket(1, 1);
    room.settle()?;
    room.crash(0);
    room.crash(2);
    let newcomer = room.join_by(&[1, 4, 5], 1)[0];
    room.use_ticket(newcomer, made);
    room.run_ms(5_000)?;
    room.welcome_all(1);
    room.run_ms(5_000)?;
    end(&mut room)?;
    assert_eq!(texts(&room, newcomer), ["before"; 3]);
    let author = room.author(3);
    let beyond = room.held_of(newcomer, &author);
    let bodies = room.bodies_beyond(newcomer, &author);
    assert_eq!((bodies, beyond.is_empty()), (0, false), "headers alone lead to the signature");
    Ok(())
}

#[test]
fn a_restart_changes_nothing() -> Story {
    let mut room = room_of(3)?;
    room.appoint(0, 1, Role::CoOwner);
    room.say(2, "before");
    room.settle()?;
    room.remove(1, 2);
    end(&mut room)?;
    let (lines, seats) = (room.timeline(3), room.seats(3));
    for peer in 0..4 {
        room.crash(peer);
        room.restart(peer);
    }
    end(&mut room)?;
    assert_eq!((room.timeline(3), room.seats(3)), (lines, seats));
    room.admit(3, 2);
    room.settle()?;
    assert_eq!(room.refused(3), Some(Unsaid::Rank));
    room.admit(1, 2);
    end(&mut room)?;
    assert!((0..4).all(|peer| room.is_member(peer, 2)));
    Ok(())
}

#[test]
fn a_ticket_lets_in_as_many_as_it_says_and_a_dead_one_nobody() -> Story {
    let mut room = room_of(2)?;
    let made = room.make_ticket(1, 1);
    room.settle()?;
    let guests = room.join(2);
    room.run_ms(2_000)?;
    for guest in &guests {
        room.use_ticket(*guest, made);
        room.run_ms(5_000)?;
        assert!((0..5).all(|peer| !room.is_member(peer, *guest)), "it waits for a welcome");
        room.welcome_all(2);
        room.run_ms(5_000)?;
    }
    end(&mut room)?;
    assert!((0..4).all(|peer| room.is_member(peer, guests[0]) && !room.is_member(peer, guests[1])));
    assert!(room.held(guests[1]).iter().all(|line| line.place.author == room.author(guests[1])), "it gets nothing");
    let more = room.make_ticket(2, 5);
    room.settle()?;
    let ticket = room.ticket_id(more);
    room.order(1, ticket.map_or(Order::StepDown, Order::Revoke));
    room.settle()?;
    assert_eq!(room.refused(1), Some(Unsaid::Rank), "it is neither its maker nor a governor");
    room.order(0, ticket.map_or(Order::StepDown, Order::Revoke));
    room.settle()?;
    let late = room.join(1)[0];
    room.run_ms(2_000)?;
    room.use_ticket(late, more);
    end(&mut room)?;
    let author = room.author(late);
    for peer in 0..5 {
        assert!(room.held_of(peer, &author).is_empty(), "nobody takes what a dead ticket countersigned");
        room.welcome_all(peer);
    }
    end(&mut room)?;
    assert!((0..6).all(|peer| !room.is_member(peer, late)));
    Ok(())
}

#[test]
fn of_a_ticket_for_one_that_was_used_on_both_sides_of_a_partition_one_use_stays() -> Story {
    let mut room = room_of(3)?;
    let made = room.make_ticket(1, 1);
    room.settle()?;
    room.partition(&[&[0, 1], &[2, 3]]);
    room.run_ms(5_000)?;
    let guests = [room.join_by(&[1], 1)[0], room.join_by(&[3], 1)[0]];
    room.partition(&[&[0, 1, guests[0]], &[2, 3, guests[1]]]);
    for (guest, host) in guests.into_iter().zip([1, 3]) {
        room.use_ticket(guest, made);
        room.run_ms(2_000)?;
        room.welcome_all(host);
        room.run_ms(5_000)?;
        room.say(guest, "hello");
        room.run_ms(5_000)?;
        assert!(room.is_member(host, guest) && room.is_member(guest, guest));
    }
    room.heal();
    end(&mut room)?;
    room.run_ms(20_000)?;
    let stays: Vec<usize> = guests.into_iter().filter(|guest| room.is_member(0, *guest)).collect();
    let [stays] = stays[..] else { panic!("{stays:?}") };
    for peer in [0, 1, 2, 3, guests[0], guests[1]] {
        let [one, other] = guests.map(|guest| room.is_member(peer, guest));
        assert!(one != other && room.is_member(peer, stays), "everywhere the same, and the other is told: {peer}");
    }
    let other = guests.into_iter().find(|guest| *guest != stays).unwrap_or(stays);
    room.say(1, "among us");
    room.run_ms(60_000)?;
    assert_eq!((texts(&room, 2).last(), texts(&room, other).len()), (Some(&"among us".to_owned()), 0));
    Ok(())
}

#[test]
fn who_came_while_others_were_away_shows_them_by_whom() -> Story {
    let mut room = room_of(3)?;
    let made = room.make_ticket(1, 5);
    room.settle()?;
    room.crash(2);
    room.run_ms(20_000)?;
    let guests = room.join_by(&[1, 3], 2);
    for guest in &guests {
        room.use_ticket(*guest, made);
        room.run_ms(2_000)?;
        room.welcome_all(1);
        room.run_ms(2_000)?;
    }
    room.settle()?;
    room.say(guests[0], "where is everybody?");
    room.settle()?;
    // Those whom the third one knows go, before it comes.
    [0, 1, 3].into_iter().for_each(|peer| room.crash(peer));
    room.run_ms(60_000)?;
    assert!(!room.seats(guests[0]).is_empty());
    room.restart(2);
    // Until they dial it again.
    room.run_ms(20_000)?;
    assert_eq!(texts(&room, 2), ["where is everybody?"]);
    room.say(2, "here");
    room.run_ms(10_000)?;
    assert_eq!(texts(&room, 2), ["where is everybody?", "here"]);
    assert_eq!(texts(&room, guests[1]), ["where is everybody?", "here"]);
    Ok(())
}

#[test]
fn an_own_rank_that_does_not_allow_it_is_a_reason() -> Story {
    let mut room = room_of(4)?;
    room.appoint(0, 1, Role::CoOwner);
    room.appoint(0, 2, Role::Moderator);
    room.settle()?;
    type Deed = fn(&mut World);
    let cases: [(usize, Unsaid, Deed); 9] = [
        (3, Unsaid::Rank, |room| room.admit(3, 4)),
        (3, Unsaid::Rank, |room| room.remove(3, 4)),
        (2, Unsaid::Rank, |room| room.remove(2, 1)),
        (2, Unsaid::Rank, |room| room.appoint(2, 4, Role::Moderator)),
        (1, Unsaid::Rank, |room| room.remove(1, 0)),
        (1, Unsaid::Rank, |room| room.dismiss(1, 0)),
        (1, Unsaid::Nothing, |room| room.dismiss(1, 4)),
        (3, Unsaid::Nothing, |room| room.order(3, Order::StepDown)),
        (3, Unsaid::Nothing, |room| room.order(3, Order::Welcome(room.author(4)))),
    ];
    for (at, (peer, why, deed)) in cases.into_iter().enumerate() {
        deed(&mut room);
        room.settle()?;
        assert_eq!(room.refused(peer), Some(why), "case {at}");
    }
    end(&mut room)
}

#[test]
fn invariant_2_a_removed_member_who_goes_on_is_shown_to_nobody() -> Story {
    let mut room = room_of(5)?;
    room.say(3, "before");
    room.settle()?;
    room.remove(0, 3);
    room.settle()?;
    let author = room.author(3);
    let held = room.held_of(1, &author);
    room.turn_into(3, Nature::Hand);
    room.write_by_hand(3, u64::MAX, words("still here", 100));
    room.run_ms(60_000)?;
    end(&mut room)?;
    for peer in [0, 1, 2, 4, 5] {
        assert_eq!((texts(&room, peer), room.held_of(peer, &author)), (vec!["before".into()], held.clone()));
    }
    Ok(())
}

#[test]
fn a_dismissed_moderator_does_nothing_more_and_what_it_did_stays() -> Story {
    let mut room = room_of(5)?;
    room.appoint(0, 1, Role::Moderator);
    room.settle()?;
    room.remove(1, 2);
    room.settle()?;
    room.dismiss(0, 1);
    end(&mut room)?;
    assert!((0..6).all(|peer| !room.is_member(peer, 2)), "what it did stays done");
    room.remove(1, 3);
    room.settle()?;
    assert_eq!(room.refused(1), Some(Unsaid::Rank));
    let remove = Act { before: None, says: Says::StepDown { closer: None } };
    let (kind, body) = remove.encode().unwrap_or((Kind::TEXT, Bytes::new()));
    let admit = Act { before: None, says: Says::Admit { who: vec![room.author(2)], ticket: None, despite: vec![] } };
    let admit = admit.encode().unwrap_or((Kind::TEXT, Bytes::new()));
    room.turn_into(1, Nature::Hand);
    room.write_by_hand(1, u64::MAX, vec![admit, (kind, body)]);
    end(&mut room)?;
    assert!((0..6).all(|peer| !room.is_member(peer, 2)), "an act without a role counts for nothing");
    Ok(())
}

#[test]
fn invariant_3_two_co_owners_who_dismiss_each_other_have_one_outcome() -> Story {
    let mut room = room_of(3)?;
    room.appoint(0, 1, Role::CoOwner);
    room.settle()?;
    room.appoint(0, 2, Role::CoOwner);
    room.settle()?;
    room.partition(&[&[1], &[0, 2, 3]]);
    room.run_ms(5_000)?;
    room.dismiss(1, 2);
    room.remove(2, 3);
    room.run_ms(5_000)?;
    room.heal();
    end(&mut room)?;
    let role = |room: &World, of: usize| room.seats(3).get(&room.author(of)).and_then(|seat| seat.role);
    assert_eq!((role(&room, 1), role(&room, 2)), (Some(Role::CoOwner), None));
    assert!(room.is_member(0, 3), "what the lower one did after the cut does not count");
    Ok(())
}

#[test]
fn members_who_collude_slip_nothing_in_before_an_ending() -> Story {
    let mut room = room_of(6)?;
    room.appoint(0, 1, Role::Moderator);
    room.say(1, "before");
    room.settle()?;
    room.remove(0, 1);
    room.settle()?;
    let (rogue, other) = (room.author(1), room.author(2));
    let held = room.held_of(3, &rogue);
    // The removed moderator writes an act that claims an earlier time, and a member passes it on and answers it.
    let act = Act { before: None, says: Says::Admit { who: vec![rogue], ticket: None, despite: vec![] } };
    let entry = act.encode().unwrap_or((Kind::TEXT, Bytes::new()));
    room.turn_into(1, Nature::Hand);
    room.turn_into(2, Nature::Hand);
    room.write_by_hand(1, u64::MAX, vec![entry]);
    room.write_by_hand(2, u64::MAX, words("I saw it in time", 1));
    room.run_ms(30_000)?;
    end(&mut room)?;
    for peer in [0, 3, 4, 5, 6] {
        assert_eq!(room.held_of(peer, &rogue), held);
        assert!(!room.is_member(peer, 1) && room.held_of(peer, &other).len() == 1, "an answer to it is shown");
    }
    Ok(())
}

#[test]
fn a_flood_by_somebody_who_is_not_in_is_kept_by_nobody_and_delays_nobody() -> Story {
    let mut room = room_of(4)?;
    let flooder = room.join(1)[0];
    room.run_ms(5_000)?;
    room.turn_into(flooder, Nature::Hand);
    let sent = room.traffic().copies;
    let author = room.flood(flooder, 2_000);
    let flood = room.traffic().copies - sent;
    room.say(1, "meanwhile");
    end(&mut room)?;
    for peer in 0..5 {
        assert_eq!((texts(&room, peer), room.held_of(peer, &author)), (vec!["meanwhile".into()], vec![]));
    }
    let passed_on = room.traffic().copies - sent - flood;
    assert!(flood >= 2_000 && passed_on < 50, "{passed_on} copies besides {flood}");
    Ok(())
}

/// A room in which peer 1 is a moderator, said three lines, and then removed peer 2.
fn moderated() -> Story<(World, u64)> {
    let mut room = room_of(5)?;
    room.appoint(0, 1, Role::Moderator);
    room.say_all(1, &["before", "before", "before"]);
    room.settle()?;
    let below = room.written(1);
    room.remove(1, 2);
    room.say(1, "I removed them");
    end(&mut room)?;
    assert!((0..6).all(|peer| !room.is_member(peer, 2)));
    Ok((room, below))
}

#[test]
fn who_forks_below_an_act_that_a_dismissal_vouches_for_takes_nothing_back() -> Story {
    let (mut room, below) = moderated()?;
    room.dismiss(0, 1);
    end(&mut room)?;
    room.fork_by_hand(1, below - 2, words("I never did that", 90));
    room.run_ms(30_000)?;
    newcomer(&mut room)?;
    end(&mut room)?;
    let author = room.author(1);
    for peer in [0, 3, 4, 5, 6] {
        assert!(!room.is_member(peer, 2), "what the moderator did stands at {peer}");
        assert_eq!(room.cuts(peer).get(&author), None, "the dismissal chose the branch");
    }
    Ok(())
}

#[test]
fn an_act_that_falls_by_a_fork_stands_again_when_a_co_owner_vouches() -> Story {
    let (mut room, below) = moderated()?;
    room.appoint(0, 3, Role::CoOwner);
    room.settle()?;
    let author = room.author(1);
    room.fork_by_hand(1, below, words("I never did that", 4));
    room.run_ms(5_000)?;
    end(&mut room)?;
    for peer in [0, 2, 3, 4, 5] {
        assert_eq!(room.cuts(peer).get(&author), Some(&below));
        assert!(room.is_member(peer, 2), "the fork took the removal back at {peer}");
    }
    room.vouch(3, 1);
    end(&mut room)?;
    assert_eq!(room.refused(3), None);
    assert!([0, 3, 4, 5].into_iter().all(|peer| !room.is_member(peer, 2)));
    room.crash(4);
    room.restart(4);
    end(&mut room)?;
    assert!(!room.is_member(4, 2), "the store knows the fork and the branch");
    Ok(())
}

#[test]
fn who_met_the_forger_first_takes_the_branch_that_a_co_owner_chose() -> Story {
    let (mut room, below) = moderated()?;
    let author = room.author(1);
    room.appoint(0, 3, Role::CoOwner);
    room.settle()?;
    // Two who slept are alone with the forger, who tells them another story.
    room.partition(&[&[1, 4, 5], &[0, 2, 3]]);
    room.run_ms(5_000)?;
    let (held, fork) = (room.held_of(4, &author).len() as u64, below + 3);
    assert_eq!(held, fork, "they hold the removal, its epoch and the words behind them");
    room.fork_by_hand(1, u64::MAX, words("and then", 70));
    room.run_ms(100)?;
    // Before others give it back what it wrote there.
    room.crash(1);
    room.run_ms(20_000)?;
    assert!(room.held_of(4, &author).len() as u64 > held);
    room.partition(&[&[4, 5], &[0, 2, 3]]);
    // On the other side the forger's home is restored, and goes on in another way.
    room.restart(1);
    room.partition(&[&[4, 5], &[0, 1, 2, 3]]);
    room.run_ms(5_000)?;
    room.fork_by_hand(1, fork, words("or rather", 90));
    room.run_ms(20_000)?;
    room.vouch(3, 1);
    room.run_ms(20_000)?;
    room.heal();
    end(&mut room)?;
    let kept = room.held_of(3, &author);
    assert!(kept.len() as u64 >= fork + 90, "{kept:?}");
    for peer in [0, 4, 5] {
        assert_eq!(room.held_of(peer, &author), kept, "one branch everywhere");
    }
    let newcomer = newcomer(&mut room)?;
    end(&mut room)?;
    assert_eq!(room.held_of(newcomer, &author), kept);
    Ok(())
}

#[test]
fn a_co_owner_vouches_by_itself_for_what_it_held_for_an_hour() -> Story {
    let (mut room, below) = moderated()?;
    room.appoint(0, 3, Role::CoOwner);
    room.run_ms(2 * 3_600_000)?;
    room.fork_by_hand(1, below, words("I never did that", 4));
    room.run_ms(5_000)?;
    assert!(room.is_member(4, 2), "the fork takes the removal back");
    room.run_ms(240_000)?;
    end(&mut room)?;
    assert!([0, 3, 4, 5].into_iter().all(|peer| !room.is_member(peer, 2)));
    Ok(())
}

/// Runs until a peer knows the same members as the founder. Returns how many lines it then shows, and how many there are.
fn lines_when_it_knows(room: &mut World, peer: usize) -> Story<(usize, usize)> {
    let who = |room: &World, at: usize| -> Vec<_> {
        room.seats(at).into_iter().map(|(who, seat)| (who, seat.role)).collect()
    };
    for _ in 0..400 {
        room.run_ms(50)?;
        if who(room, peer) == who(room, 0) {
            break;
        }
    }
    assert_eq!(who(room, peer), who(room, 0));
    Ok((texts(room, peer).len(), texts(room, 0).len()))
}

#[test]
fn who_comes_and_who_was_away_knows_who_is_out_before_it_has_the_words() -> Story {
    let mut room = room_of(4)?;
    room.appoint(0, 1, Role::CoOwner);
    room.settle()?;
    room.crash(4);
    for _ in 0..20 {
        for peer in [0, 1] {
            room.say_all(peer, &["one of many lines"; 60]);
            room.run_ms(100)?;
        }
    }
    room.remove(1, 2);
    room.settle()?;
    room.say_all(1, &["and more"; 200]);
    room.settle()?;
    room.set_weather(Weather { bulk_bytes_per_second: 20_000, ..Weather::clear() });
    room.restart(4);
    let (shown, all) = lines_when_it_knows(&mut room, 4)?;
    assert!(!room.is_member(4, 2) && shown < all / 4, "{shown} of {all}");
    room.settle()?;
    let newcomer = room.join_by(&[0], 1)[0];
    room.run_ms(2_000)?;
    room.admit(0, newcomer);
    let (shown, all) = lines_when_it_knows(&mut room, newcomer)?;
    assert!(shown < all / 4, "{shown} of {all}");
    // A removal reaches it while it catches up.
    room.remove(0, 3);
    let (shown, all) = lines_when_it_knows(&mut room, newcomer)?;
    assert!(!room.is_member(newcomer, 3) && shown < all / 2, "{shown} of {all}");
    room.set_weather(Weather::clear());
    end(&mut room)
}

#[test]
fn invariant_1_whatever_governors_do_all_end_with_one_state() -> Story {
    seeds::each(200, unrest::pass)
}

#[test]
fn invariant_5_kicked_let_back_kicked_again_reads_nothing_after_the_second() -> Story {
    let mut room = room_of(3)?;
    room.say(0, "one");
    room.settle()?;
    room.remove(0, 2);
    room.settle()?;
    room.say(1, "two");
    room.settle()?;
    assert_eq!(texts(&room, 2), ["one"]);
    room.admit(0, 2);
    room.settle()?;
    room.say(1, "three");
    room.settle()?;
    assert_eq!(texts(&room, 2), ["one", "two", "three"], "who is let back reads what was said meanwhile");
    room.remove(0, 2);
    room.settle()?;
    room.say(1, "four");
    room.say(0, "five");
    end(&mut room)?;
    assert_eq!(texts(&room, 2), ["one", "two", "three"]);
    assert!([0, 1, 3].into_iter().all(|peer| texts(&room, peer).len() == 5));
    room.who_is_out_reads_nothing()
}

#[test]
fn invariant_5_nothing_is_written_under_an_epoch_made_by_somebody_who_is_removed_later() -> Story {
    let mut room = room_of(4)?;
    room.appoint(0, 1, Role::Moderator);
    room.settle()?;
    room.remove(1, 4);
    room.settle()?;
    room.say(3, "under the epoch of the moderator");
    room.settle()?;
    room.remove(0, 1);
    room.settle()?;
    room.say(3, "under another one");
    end(&mut room)?;
    assert_eq!(texts(&room, 4), Vec::<String>::new());
    assert_eq!(texts(&room, 1), ["under the epoch of the moderator"]);
    assert!([0, 2, 3].into_iter().all(|peer| texts(&room, peer).len() == 2));
    let newcomer = room.join(1)[0];
    room.run_ms(2_000)?;
    room.admit(0, newcomer);
    end(&mut room)?;
    assert_eq!(texts(&room, newcomer).len(), 2, "the history stays readable");
    room.who_is_out_reads_nothing()
}

#[test]
fn invariant_5_of_concurrent_removals_by_two_moderators_neither_removed_person_reads_on() -> Story {
    let mut room = room_of(5)?;
    room.appoint(0, 1, Role::Moderator);
    room.appoint(0, 2, Role::Moderator);
    room.settle()?;
    room.partition(&[&[0, 1, 4], &[2, 3, 5]]);
    room.run_ms(5_000)?;
    room.remove(1, 3);
    room.remove(2, 4);
    room.run_ms(5_000)?;
    room.say(0, "on one side");
    room.say(5, "on the other");
    room.run_ms(5_000)?;
    room.heal();
    room.settle()?;
    room.say(5, "together");
    room.say(0, "again");
    end(&mut room)?;
    assert!([0, 1, 2, 5].into_iter().all(|peer| texts(&room, peer).len() == 4));
    for out in [3, 4] {
        assert!(!texts(&room, out).iter().any(|text| ["together", "again"].contains(&&**text)), "peer {out}");
    }
    room.members_read_all()?;
    room.who_is_out_reads_nothing()
}

//! Each standing of a link, and how it rises and falls.

use super::{
    super::scribe::{OTHER, PEER, Scribe, TICKET, engine, founded, give},
    *,
};
use crate::{
    admit::{Admission, Author},
    engine::Engine,
    entry::Kind,
    fork::Proof,
    frame::{Hello, Want},
    governance::{Appointed, End, Ended, Guest, Order, Role, Says, Terms, TicketId, TicketKey, countersign},
    input::{Event, Input},
    limits::UP_MS,
    testing::NOW,
    time::Now,
};

/// What was said to a peer, in short.
fn heard(out: &[Output], peer: PeerId) -> Vec<String> {
    let said = out.iter().filter_map(|output| match output {
        Output::Send { to, frame } if *to == peer => Some(format!("{frame:?}").chars().take(5).collect()),
        Output::Serve { to, form, .. } if *to == peer => Some(format!("{form:?}")),
        Output::Introduce { peer: to } if *to == peer => Some("Introduce".to_owned()),
        Output::Close { peer: to, .. } if *to == peer => Some("Close".to_owned()),
        _ => None,
    });
    said.collect()
}

fn hears(engine: &mut Engine, from: PeerId, frame: Frame) -> Vec<Output> {
    let mut out = Vec::new();
    engine.handle(Input::Received { from, frame }, NOW, &mut out);
    out
}

fn later(engine: &mut Engine, ms: u64) -> Vec<Output> {
    let mut out = Vec::new();
    engine.handle(Input::Wake, Now { ticks_ms: NOW.ticks_ms + ms, ..NOW }, &mut out);
    out
}

/// Somebody who was let in before comes, so many milliseconds later.
fn comes_at(engine: &mut Engine, author: AuthorId, ms: u64) -> Vec<Output> {
    let (mut out, now) = (Vec::new(), Now { ticks_ms: NOW.ticks_ms + ms, ..NOW });
    engine.handle(Input::Up { peer: OTHER, address: None }, now, &mut out);
    engine.handle(Input::Proved { peer: OTHER, author, by: Credential::default() }, now, &mut out);
    out
}

fn comes(engine: &mut Engine, author: AuthorId, by: Credential) -> Vec<Output> {
    let mut out = Vec::new();
    engine.handle(Input::Up { peer: OTHER, address: None }, NOW, &mut out);
    engine.handle(Input::Proved { peer: OTHER, author, by }, NOW, &mut out);
    out
}

fn admits(who: &Scribe) -> Says {
    Says::Admit { who: vec![who.author.id()], ticket: None, despite: vec![] }
}

/// The engine of a member whom the founder admitted, linked with the founder; and the founder's ticket.
fn member() -> (Scribe, Engine, TicketId) {
    let (mut owner, mut runs, ticket) = founded();
    let me = Author::from_secret(&[9; 32]).id();
    runs.push(owner.act(Says::Admit { who: vec![me], ticket: None, despite: vec![] }));
    let mut engine = engine(&owner);
    give(&mut engine, &runs);
    assert!(engine.fold().unwrap().is_present(&me));
    (owner, engine, ticket)
}

fn guest(ticket: TicketId) -> Credential {
    Credential::Ticket(ticket, TicketKey(Author::from_secret(&TICKET).id().0))
}

fn by(ticket: TicketId, owner: &Scribe, who: &Scribe) -> Order {
    let (key, countersignature) = countersign(&TICKET, &owner.room, &ticket, &who.author.id());
    Order::Join { ticket, key, exchange: [0; 32], countersignature }
}

#[test]
fn a_stranger_hears_nothing_and_is_not_read() {
    let (owner, mut engine, _) = member();
    let mallory = Scribe::numbered(owner.room, 66);
    let mut out = comes(&mut engine, mallory.author.id(), Credential::default());
    for frame in [
        Frame::Hello(Hello { author: owner.author.id(), wall_ms: 0 }),
        Frame::Status { digest: [0; 16], answer: false },
        Frame::Pull,
        Frame::Shuffle { peers: vec![], answer: false },
    ] {
        out.extend(hears(&mut engine, OTHER, frame));
    }
    assert!(out.is_empty(), "{out:?}");
    assert_eq!(engine.contacts().len(), 0);
    assert_eq!(heard(&later(&mut engine, CALLER_MS), OTHER), ["Close"]);
}

#[test]
fn of_a_stranger_a_few_runs_are_read() {
    let (mut owner, mut engine, _) = member();
    comes(&mut engine, Scribe::numbered(owner.room, 66).author.id(), Credential::default());
    let taken = (0..2 * CALLER_FRAMES).filter(|_| {
        let runs = owner.say(1);
        let out = hears(&mut engine, OTHER, Frame::Runs { want: 0, runs });
        out.iter().any(|output| matches!(output, Output::Append(_)))
    });
    assert_eq!(taken.count(), CALLER_FRAMES);
}

#[test]
fn who_is_removed_hears_by_whom_and_then_nothing_until_it_is_pardoned() {
    let (mut owner, mut engine, _) = member();
    let mut anna = Scribe::numbered(owner.room, 2);
    give(&mut engine, &[owner.act(admits(&anna))]);
    let out = comes(&mut engine, anna.author.id(), Credential::default());
    assert!(heard(&out, OTHER).starts_with(&["Introduce".into(), "Hello".into()]), "{out:?}");
    give(&mut engine, &anna.say(3));
    let removal = owner.next;
    let remove = owner.act(Says::Remove { ends: vec![anna.ended()], tickets: vec![], knowing: vec![] });
    let id = owner.prev;
    let mut runs = owner.say(1);
    runs.insert(0, remove);
    // The word behind the removal comes in the same batch.
    let out = give(&mut engine, &runs);
    assert_eq!(heard(&out, OTHER), ["Acts"]);
    assert!(out.iter().any(|output| matches!(output, Output::Withdraw { to } if *to == OTHER)));
    let told = out.iter().find_map(|output| match output {
        Output::Serve { ranges, .. } => Some(ranges.clone()),
        _ => None,
    });
    assert_eq!(told, Some(vec![(owner.author.id(), 0, removal)]), "nothing behind the removal");
    let mut out = hears(&mut engine, OTHER, Frame::Status { digest: [0; 16], answer: false });
    out.extend(give(&mut engine, &owner.say(1)));
    assert_eq!(heard(&out, OTHER), [""; 0]);
    assert_eq!(heard(&later(&mut engine, TELL_MS), OTHER), ["Close"]);
    let again = comes(&mut engine, anna.author.id(), Credential::default());
    assert_eq!(heard(&again, OTHER), ["Close"], "it was told a moment ago");
    let out =
        give(&mut engine, &[owner.act(Says::Admit { who: vec![anna.author.id()], ticket: None, despite: vec![id] })]);
    assert_eq!(heard(&out, OTHER), [""; 0]);
    let back = comes(&mut engine, anna.author.id(), Credential::default());
    assert!(heard(&back, OTHER).contains(&"Hello".to_owned()), "{back:?}");
}

#[test]
fn who_was_parted_before_it_read_that_it_is_removed_is_told_again_when_it_comes_back() {
    // Both engines hold the same, and the second one is that of the member who is removed.
    let ((mut owner, mut engine, _), (_, mut removed, _)) = (member(), member());
    let me = removed.author();
    let remove = Says::Remove { ends: vec![Scribe::numbered(owner.room, 9).ended()], tickets: vec![], knowing: vec![] };
    let ben = Scribe::numbered(owner.room, 2);
    let admit = owner.act(admits(&ben));
    let remove = owner.act(remove);
    [&mut engine, &mut removed].into_iter().for_each(|engine| _ = give(engine, std::slice::from_ref(&admit)));
    comes(&mut engine, me, Credential::default());
    assert_eq!(heard(&give(&mut engine, std::slice::from_ref(&remove)), OTHER), ["Acts"]);
    // What is sent is lost each time, and each time it comes back a moment before and a moment after it may be told again.
    let (mut ms, mut pause_ms, mut told) = (0, TELL_MS, 0);
    let mut last = Vec::new();
    while pause_ms < 2 * TELL_AGAIN_MS {
        let due_ms = pause_ms.min(TELL_LONGEST_MS);
        assert_eq!(heard(&later(&mut engine, ms + due_ms - 1), OTHER), [""; 0], "it is left its link");
        assert_eq!(heard(&later(&mut engine, ms + due_ms), OTHER), ["Close"]);
        let early = pause_ms.min(TELL_AGAIN_MS) - 1;
        if early >= due_ms {
            assert_eq!(heard(&comes_at(&mut engine, me, ms + early), OTHER), ["Close"], "it was told a moment ago");
        }
        ms += pause_ms.min(TELL_AGAIN_MS);
        last = comes_at(&mut engine, me, ms);
        assert_eq!(heard(&last, OTHER), ["Acts"], "after {ms} ms");
        (pause_ms, told) = (2 * pause_ms, told + 1);
    }
    assert!(told > 8);
    let ranges = last.into_iter().find_map(|output| match output {
        Output::Serve { to: OTHER, ranges, .. } => Some(ranges),
        _ => None,
    });
    assert_eq!(ranges, Some(vec![(owner.author.id(), 0, owner.next - 1)]));
    // Whoever says so has not said who it is.
    removed.handle(Input::Up { peer: OTHER, address: None }, NOW, &mut Vec::new());
    hears(&mut removed, OTHER, Frame::Runs { want: 0, runs: vec![remove] });
    assert!(removed.fold().unwrap().is_out(&me));
}

#[test]
fn who_comes_back_at_once_because_its_link_broke_is_told_again_as_soon_as_the_first_telling_is_over() {
    let (mut owner, mut engine, _) = member();
    let anna = Scribe::numbered(owner.room, 2);
    give(&mut engine, &[owner.act(admits(&anna))]);
    comes(&mut engine, anna.author.id(), Credential::default());
    let remove = Says::Remove { ends: vec![anna.ended()], tickets: vec![], knowing: vec![] };
    assert_eq!(heard(&give(&mut engine, &[owner.act(remove)]), OTHER), ["Acts"]);
    engine.handle(Input::Down { peer: OTHER }, NOW, &mut Vec::new());
    assert_eq!(heard(&comes_at(&mut engine, anna.author.id(), TELL_MS - 1), OTHER), ["Close"]);
    assert_eq!(heard(&comes_at(&mut engine, anna.author.id(), TELL_MS), OTHER), ["Acts"]);
}

#[test]
fn a_device_that_its_person_ended_hears_by_what() {
    let (mut owner, mut engine, _) = member();
    let mut laptop = Scribe::numbered(owner.room, 2);
    let device = Says::Device { of: owner.author.id(), exchange: [0; 32] };
    give(&mut engine, &[owner.act(Says::Mine(laptop.author.id())), laptop.act(device)]);
    let out = comes(&mut engine, laptop.author.id(), Credential::default());
    assert!(heard(&out, OTHER).starts_with(&["Introduce".into(), "Hello".into()]), "{out:?}");
    let out = give(&mut engine, &[owner.act(Says::End(laptop.ended()))]);
    let told = out.iter().find_map(|output| match output {
        Output::Serve { to, ranges, .. } if *to == OTHER => Some(ranges.clone()),
        _ => None,
    });
    assert_eq!(told, Some(vec![(owner.author.id(), 0, owner.next - 1)]));
}

#[test]
fn a_dismissal_of_the_remover_brings_back_whoever_waits_at_the_door() {
    let (mut owner, mut engine, _) = member();
    let (mut anna, mut max) = (Scribe::numbered(owner.room, 2), Scribe::numbered(owner.room, 3));
    let keys = vec![Appointed { key: max.author.id(), from: 0 }];
    let appoint = owner.act(Says::Appoint { keys, role: Role::Moderator, despite: vec![] });
    give(&mut engine, &[owner.act(admits(&anna)), appoint]);
    give(&mut engine, &anna.say(1));
    let (word, before) = (max.say(1), max.ended());
    give(&mut engine, &word);
    comes(&mut engine, anna.author.id(), Credential::default());
    let out =
        give(&mut engine, &[max.act(Says::Remove { ends: vec![anna.ended()], tickets: vec![], knowing: vec![] })]);
    assert_eq!(heard(&out, OTHER), ["Acts"]);
    let none = Ended { end: End { last: None, ..before.end }, act: None };
    let out = give(&mut engine, &[owner.act(Says::Dismiss { ends: vec![none], tickets: vec![] })]);
    assert!(heard(&out, OTHER).contains(&"Hello".to_owned()), "{out:?}");
}

#[test]
fn a_guest_is_let_in_by_its_join_and_its_welcome_in_one_turn() {
    let (owner, mut engine, ticket) = member();
    let mut anna = Scribe::numbered(owner.room, 2);
    let out = comes(&mut engine, anna.author.id(), guest(ticket));
    assert_eq!(heard(&out, OTHER), ["Introduce", "Hello"], "it learns whom it meets and the time, and shows its join");
    let join = anna.join(ticket);
    let out = hears(&mut engine, OTHER, Frame::Runs { want: 0, runs: vec![join] });
    assert!(heard(&out, OTHER).contains(&"Hello".to_owned()));
    assert_eq!(engine.waiting().collect::<Vec<_>>(), [anna.author.id()]);
    assert!(!out.iter().any(|output| matches!(output, Output::Emit(Event::Came { .. }))));
    // It gets acts alone, and hears of no other peers.
    let want = Want { want: 1, newest: 9, ranges: vec![] };
    let out = hears(&mut engine, OTHER, Frame::Want(want));
    assert_eq!(heard(&out, OTHER), ["Acts"]);
    let mut out = Vec::new();
    engine.handle(Input::Order { tag: 1, order: Order::Welcome(anna.author.id()) }, NOW, &mut out);
    assert!(out.iter().any(|output| matches!(output, Output::Emit(Event::Came { peer: OTHER, .. }))), "{out:?}");
    assert_eq!(engine.waiting().count(), 0);
    let want = Want { want: 2, newest: 9, ranges: vec![] };
    assert_eq!(heard(&hears(&mut engine, OTHER, Frame::Want(want)), OTHER), ["Proved"]);
}

#[test]
fn a_newcomer_shows_its_join_to_one_member_at_a_time() {
    let (mut owner, _, ticket) = founded();
    let anna = Scribe::numbered(owner.room, 9);
    let (ben, cleo) = (Scribe::numbered(owner.room, 2), Scribe::numbered(owner.room, 3));
    let chain =
        [owner.act(Says::Admit { who: vec![ben.author.id(), cleo.author.id()], ticket: None, despite: vec![] })];
    let mut engine = engine(&owner);
    engine.handle(Input::Down { peer: PEER }, NOW, &mut Vec::new());
    let mut out = Vec::new();
    let now = Now { wall_ms: NOW.wall_ms + 3_600_000, ..NOW };
    engine.handle(Input::Order { tag: 1, order: by(ticket, &owner, &anna) }, now, &mut out);
    assert!(out.is_empty(), "nobody told it the time: {out:?}");
    let other = PeerId([4; 32]);
    // Their clocks are an hour behind, and one says so before it has proved who it is.
    let wall_ms = NOW.wall_ms;
    for (peer, who) in [(OTHER, &ben), (other, &cleo)] {
        engine.handle(Input::Up { peer, address: None }, now, &mut out);
        let frame = Frame::Hello(Hello { author: who.author.id(), wall_ms });
        engine.handle(Input::Received { from: peer, frame }, now, &mut out);
        assert!(!out.iter().any(|output| matches!(output, Output::Said { .. })), "{out:?}");
        let by = Credential::Chain(chain.to_vec());
        engine.handle(Input::Proved { peer, author: who.author.id(), by }, now, &mut out);
        out.retain(|output| !matches!(output, Output::Said { .. }));
    }
    assert!(heard(&out, OTHER).contains(&"Push(".to_owned()), "{out:?}");
    let join = engine.frontier().head(&anna.author.id()).unwrap();
    assert!(join.seq == 0 && join.time.ms() <= wall_ms + UP_MS, "it is stamped so that they can read it");
    assert_eq!(heard(&out, other), [""; 0]);
    let stranger = comes(&mut engine, Scribe::numbered(owner.room, 66).author.id(), Credential::default());
    assert_eq!(heard(&stranger, OTHER), [""; 0], "a newcomer takes nobody on trust");
}

#[test]
fn a_dead_ticket_is_turned_away_without_a_word() {
    let ended = |engine: &mut Engine, owner: &Scribe, ticket| {
        let who = Scribe::numbered(owner.room, 66).author.id();
        heard(&comes(engine, who, guest(ticket)), OTHER)
    };
    let (mut owner, mut engine, ticket) = member();
    give(&mut engine, &[owner.act(Says::Revoke(ticket))]);
    assert_eq!(ended(&mut engine, &owner, ticket), ["Close"], "revoked");
    let (mut owner, mut engine, _) = member();
    let key = TicketKey(Author::from_secret(&TICKET).id().0);
    let terms = Terms { guest: Guest::Member, key, uses: 1, expires_ms: Some(NOW.wall_ms), heads: vec![] };
    give(&mut engine, &[owner.act(Says::Ticket(terms))]);
    assert_eq!(ended(&mut engine, &owner, owner.prev.into()), ["Close"], "expired");
    let (owner, mut engine, _) = member();
    assert_eq!(ended(&mut engine, &owner, TicketId([7; 32])), [""; 0], "unknown: it may come");
    assert_eq!(heard(&later(&mut engine, CALLER_MS), OTHER), ["Close"]);
    let (owner, mut engine, ticket) = member();
    let forged = Credential::Ticket(ticket, TicketKey([7; 32]));
    assert_eq!(heard(&comes(&mut engine, owner.author.id(), forged.clone()), OTHER)[0], "Introduce", "its key lets in");
    let who = Scribe::numbered(owner.room, 66).author.id();
    assert_eq!(heard(&comes(&mut engine, who, forged), OTHER), ["Close"], "another key");
}

#[test]
fn a_fork_that_ends_who_let_somebody_in_ends_its_link() {
    let (mut owner, mut engine, _) = member();
    let (anna, mut max) = (Scribe::numbered(owner.room, 2), Scribe::numbered(owner.room, 3));
    let mut twin = Scribe::numbered(owner.room, 3);
    let keys = vec![Appointed { key: max.author.id(), from: 0 }];
    give(&mut engine, &[owner.act(Says::Appoint { keys, role: Role::Moderator, despite: vec![] })]);
    let admit = max.act(admits(&anna));
    give(&mut engine, std::slice::from_ref(&admit));
    let out = comes(&mut engine, anna.author.id(), Credential::default());
    assert!(heard(&out, OTHER).contains(&"Hello".to_owned()));
    let other = twin.write(Kind::TEXT, bytes::Bytes::from_static(b"I never did"));
    let proof = Proof::new(&mut Admission::new(owner.room), &admit, &other).unwrap();
    let out = hears(&mut engine, PEER, Frame::Fork { proof: proof.wire().clone() });
    assert!(heard(&out, OTHER).is_empty(), "{out:?}");
    assert!(out.iter().any(|output| matches!(output, Output::Emit(Event::Went { peer: OTHER }))));
    assert_eq!(heard(&give(&mut engine, &owner.say(1)), OTHER), [""; 0]);
}

#[test]
fn somebody_unknown_gets_acts_by_a_chain_that_nothing_ends() {
    let (mut owner, mut engine, ticket) = member();
    let mut ben = Scribe::numbered(owner.room, 2);
    let mut cleo = Scribe::numbered(owner.room, 3);
    // Ben was let in and let Cleo in while the engine was away.
    let admit = owner.act(admits(&ben));
    let join = cleo.join(ticket);
    let welcome = ben.act(Says::Welcome { who: cleo.author.id(), ticket });
    let announced = founded().1[1].clone();
    let chain = vec![admit.clone(), join, welcome, announced];
    let mut broken = chain.clone();
    broken.remove(2);
    assert_eq!(heard(&comes(&mut engine, cleo.author.id(), Credential::Chain(broken)), OTHER), [""; 0]);
    let out = comes(&mut engine, cleo.author.id(), Credential::Chain(chain.clone()));
    assert!(heard(&out, OTHER).starts_with(&["Introduce".into(), "Hello".into()]));
    give(&mut engine, &[admit]);
    let out = give(&mut engine, &owner.say(1));
    assert!(!heard(&out, OTHER).iter().any(|frame| frame == "Push("), "words wait for the fold: {out:?}");
    let remove = owner.act(Says::Remove { ends: vec![ben.ended()], tickets: vec![], knowing: vec![] });
    engine.handle(Input::Down { peer: OTHER }, NOW, &mut Vec::new());
    give(&mut engine, &[remove]);
    assert_eq!(heard(&comes(&mut engine, cleo.author.id(), Credential::Chain(chain)), OTHER), [""; 0], "Ben is out");
}

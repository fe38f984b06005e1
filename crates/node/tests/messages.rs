//! Messages, from their author to their readers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that cannot go on has failed")]

mod support;

use bytes::Bytes;
use futures_util::StreamExt as _;
use rumormill_node::{
    Error, Events, Message, Node, Room, RoomEvent, Settings, What,
    limits::EVENTS,
    proto::{
        content::{Target, Text},
        entry::Kind,
        input::Arrival,
    },
};
use support::{holds, memory, soon, status};

/// Two people in a room, who are linked.
async fn pair() -> (Node, Room, Node, Room) {
    let (a, b) = (memory().await, memory().await);
    let ann = a.create("lunch").await.unwrap();
    let bob = b.join(&ann.ticket().await.unwrap()).await.unwrap();
    holds(&bob, 1).await;
    status(&ann, "a link", |status| status.peers.len() == 1).await;
    (a, ann, b, bob)
}

async fn until<T>(events: &mut Events, what: &str, mut good: impl FnMut(RoomEvent) -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(found) = good(events.next().await.unwrap()) {
                return found;
            }
        }
    };
    soon(what, wait).await
}

/// The next message that somebody says.
async fn next_message(events: &mut Events) -> Message {
    until(events, "a message", |event| match event {
        RoomEvent::Message { message, .. } => Some(message),
        _ => None,
    })
    .await
}

/// A message after its next change.
async fn changed(room: &Room, events: &mut Events, of: Target) -> Message {
    until(events, "a change", |event| (event == RoomEvent::Changed { of }).then_some(())).await;
    room.message(of).await.unwrap().unwrap()
}

fn words(message: &Message) -> &str {
    match &message.what {
        What::Text(text) => &text.text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_one_says_and_does_to_it_others_hear_and_read() {
    let (a, ann, b, bob) = pair().await;
    let mut at_bob = bob.events();
    let pizza = ann.say("pizza at nun?").await.unwrap();
    let heard = next_message(&mut at_bob).await;
    assert_eq!((words(&heard), heard.target(), heard.edited), ("pizza at nun?", pizza, false));

    ann.edit(pizza, "pizza at noon?").await.unwrap();
    let now = changed(&bob, &mut at_bob, pizza).await;
    assert_eq!((words(&now), now.edited), ("pizza at noon?", true));

    let mut at_ann = ann.events();
    bob.react(pizza, "👍", true).await.unwrap();
    let now = changed(&ann, &mut at_ann, pizza).await;
    assert_eq!(now.reactions["👍"], [bob.author()]);
    bob.react(pizza, "👍", false).await.unwrap();
    assert!(changed(&ann, &mut at_ann, pizza).await.reactions.is_empty());

    let yes = bob.reply(pizza, "yes").await.unwrap();
    let heard = next_message(&mut at_ann).await;
    let What::Text(Text { reply_to, .. }) = &heard.what else { panic!("{heard:?}") };
    assert_eq!((heard.target(), *reply_to), (yes, Some(pizza)));

    ann.retract(pizza).await.unwrap();
    // Bob's own reactions were changes as well.
    while changed(&bob, &mut at_bob, pizza).await.what != What::Retracted {}
    ann.set_topic("food").await.unwrap();
    // His own reply was a message too.
    while next_message(&mut at_bob).await.what != What::Topic("food".into()) {}
    assert_eq!(bob.topic().await.unwrap(), "food");
    a.close().await;
    b.close().await;
}

#[tokio::test]
async fn only_what_is_ones_own_and_can_be_changed_is() {
    let (a, ann, b, bob) = pair().await;
    let mut at_bob = bob.events();
    let said = ann.say("hello").await.unwrap();
    next_message(&mut at_bob).await;
    assert_eq!(bob.edit(said, "never said").await, Err(Error::NotYours));
    assert_eq!(bob.retract(said).await, Err(Error::NotYours));
    let nick = ann.set_nick("Ann").await.unwrap().unwrap();
    assert_eq!(ann.edit(nick, "Anna").await, Err(Error::Kind));
    assert_eq!(ann.retract(nick).await, Err(Error::Kind));
    let nowhere = Target { seq: 99, ..said };
    assert_eq!(ann.edit(nowhere, "hello?").await, Err(Error::NoMessage));
    assert_eq!(ann.react(said, &"x".repeat(1_000), true).await, Err(Error::Sign));
    ann.retract(said).await.unwrap();
    assert_eq!(ann.edit(said, "hello again").await, Err(Error::Kind));
    assert_eq!(ann.entries().page(None, 100).await.unwrap().len(), 4, "founded, said, named, retracted");
    a.close().await;
    b.close().await;
}

#[tokio::test]
async fn a_file_on_one_disk_comes_to_another() {
    let (a, ann, b, bob) = pair().await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("menu.txt");
    let bytes: Vec<u8> = (0..600_000u32).map(|at| at as u8).collect();
    std::fs::write(&path, &bytes).unwrap();
    let mut at_bob = bob.events();
    let sent = ann.send_file(&path, "text/plain").await.unwrap();
    let heard = next_message(&mut at_bob).await;
    let What::File(file) = &heard.what else { panic!("{heard:?}") };
    assert_eq!((file.name.as_str(), file.mime.as_str(), file.size), ("menu.txt", "text/plain", 600_000));
    let mut fetch = bob.fetch(sent).await.unwrap();
    let mut got = Vec::new();
    while got.len() < bytes.len() {
        got.extend(soon("the file", fetch.read(got.len() as u64, u64::MAX)).await.unwrap());
    }
    assert_eq!(got, bytes);
    let missing = ann.send_file(&dir.path().join("none.txt"), "").await;
    assert!(matches!(missing, Err(Error::Unreadable { .. })), "{missing:?}");
    a.close().await;
    b.close().await;
}

#[tokio::test]
async fn a_newcomer_hears_of_history_and_reads_it_as_it_stands() {
    let a = memory().await;
    let ann = a.create("lunch").await.unwrap();
    let said = ann.say("pizza at nun?").await.unwrap();
    ann.edit(said, "pizza at noon?").await.unwrap();
    let b = memory().await;
    let mut ticket = ann.ticket().await.unwrap();
    let contacts = std::mem::take(&mut ticket.contacts);
    let bob = b.join(&ticket).await.unwrap();
    let mut events = bob.events();
    ticket.contacts = contacts;
    b.join(&ticket).await.unwrap();
    let arrival = until(&mut events, "the message", |event| match event {
        RoomEvent::Inserted { of, arrival, .. } if of == said => Some(arrival),
        RoomEvent::Message { message, .. } if message.target() == said => Some(Arrival::End),
        _ => None,
    })
    .await;
    assert_ne!(arrival, Arrival::Late);
    holds(&bob, 3).await;
    assert_eq!(words(&bob.message(said).await.unwrap().unwrap()), "pizza at noon?");
    a.close().await;
    b.close().await;
}

#[tokio::test]
async fn pages_go_both_ways_and_notes_are_on_none() {
    let node = memory().await;
    let room = node.create("pages").await.unwrap();
    let mut said = Vec::new();
    for at in 0..5 {
        said.push(room.say(format!("text {at}")).await.unwrap());
        room.react(said[at], "+", true).await.unwrap();
    }
    let page = room.messages(None, 3).await.unwrap();
    assert_eq!(page.messages.iter().map(Message::target).collect::<Vec<_>>(), said[2..]);
    assert!(page.more);
    let first = room.messages(Some(page.messages[0].place), 3).await.unwrap();
    assert_eq!((first.messages.len(), first.more), (3, false), "two texts behind the founding");
    let rest = room.messages_after(Some(first.messages[2].place), 9).await.unwrap();
    assert_eq!(rest.messages, page.messages);
    assert!(!rest.more);
    let found = room.search("text".into(), 2).await.unwrap();
    assert_eq!(found.iter().map(Message::target).collect::<Vec<_>>(), [said[4], said[3]]);
    assert_eq!(room.entries().page(None, 100).await.unwrap().len(), 11);
    node.close().await;
}

#[tokio::test]
async fn a_reader_that_falls_behind_hears_so_and_then_what_is_left() {
    let node = memory().await;
    let room = node.create("busy").await.unwrap();
    let mut events = room.events();
    let texts = (0..EVENTS + 10).map(|at| (Kind::TEXT, Bytes::from(format!("text {at}"))));
    let texts: Vec<_> = texts.collect();
    for some in texts.chunks(EVENTS / 2) {
        room.entries().say(some.to_vec()).await.unwrap();
    }
    let first = soon("an event", events.next()).await.unwrap();
    assert!(matches!(first, RoomEvent::Lagged { missed: 10.. }), "{first:?}");
    let last = format!("text {}", EVENTS + 9);
    while words(&next_message(&mut events).await) != last {}
    room.say("on we go").await.unwrap();
    assert_eq!(words(&next_message(&mut events).await), "on we go");
    node.close().await;
}

/// Whether the room reports steps of the protocol while two messages come.
async fn tells_steps(trace: bool) -> bool {
    let (a, mut settings) = (memory().await, Settings::memory());
    settings.trace = trace;
    let b = Node::open(settings).await.unwrap();
    let ann = a.create("steps").await.unwrap();
    let bob = b.join(&ann.ticket().await.unwrap()).await.unwrap();
    holds(&bob, 1).await;
    let (mut events, mut steps) = (bob.events(), false);
    for text in ["one", "two"] {
        ann.say(text).await.unwrap();
        until(&mut events, text, |event| {
            steps |= matches!(event, RoomEvent::Step(_));
            matches!(event, RoomEvent::Message { .. }).then_some(())
        })
        .await;
    }
    a.close().await;
    b.close().await;
    steps
}

#[tokio::test]
async fn steps_of_the_protocol_are_told_to_those_who_asked_for_them() {
    assert!(tells_steps(true).await);
    assert!(!tells_steps(false).await);
}

#[tokio::test]
async fn who_holds_what_is_heard_and_proved() {
    let (a, ann, b, bob) = pair().await;
    let (mut at_ann, mut at_bob) = (ann.events(), bob.events());
    let said = ann.say("did it arrive?").await.unwrap();
    next_message(&mut at_bob).await;
    let holds = |event| match event {
        RoomEvent::Holds { author, next } if next > said.seq => Some(author),
        _ => None,
    };
    assert_eq!(until(&mut at_ann, "that it is held", holds).await, bob.author());
    let holders = ann.holders(said).await.unwrap();
    assert_eq!((holders.received, holders.acknowledged), (vec![bob.author()], vec![]), "heard, and not proved");
    bob.say("it did").await.unwrap();
    let saw = |event| match event {
        RoomEvent::Saw { author, next } if next > said.seq => Some(author),
        _ => None,
    };
    assert_eq!(until(&mut at_ann, "that it was seen", saw).await, bob.author());
    assert_eq!(ann.holders(said).await.unwrap().acknowledged, [bob.author()]);
    // Carl names only Bob's entry, whose author had seen the others.
    let c = memory().await;
    let carl = c.join(&bob.ticket().await.unwrap()).await.unwrap();
    support::holds(&carl, 3).await;
    let mut at_carl = carl.events();
    // As long as what came first, without what it names, counts for nobody else, he names Ann's entry too.
    let spares = async {
        loop {
            let again = ann.say("and now?").await.unwrap();
            while words(&next_message(&mut at_bob).await) != "and now?" {}
            let answer = bob.say("now too").await.unwrap();
            until(&mut at_carl, "Bob's answer", |event| match event {
                RoomEvent::Message { message, .. } => (message.target() == answer).then_some(()),
                _ => None,
            })
            .await;
            let told = carl.say("here as well").await.unwrap();
            let saw = |event| match event {
                RoomEvent::Saw { author, next } if author == carl.author() && next > again.seq => Some(()),
                _ => None,
            };
            until(&mut at_ann, "that Carl has seen it", saw).await;
            let entry = ann.entries().one(told).await.unwrap().unwrap();
            if !entry.seen.iter().any(|(author, _)| *author == ann.author()) {
                return again;
            }
        }
    };
    let again = soon("an entry that names Bob alone", spares).await;
    let mut both = [bob.author(), carl.author()];
    both.sort_unstable();
    assert_eq!(ann.holders(again).await.unwrap().acknowledged, both);
    b.close().await;
    let went = until(&mut at_ann, "that Bob went", |event| match event {
        RoomEvent::Went { author, .. } => Some(author),
        _ => None,
    });
    assert_eq!(went.await, bob.author());
    c.close().await;
    a.close().await;
}

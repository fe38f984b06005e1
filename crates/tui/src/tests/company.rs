//! Others in the room: who is hidden, who is typing, and which of their messages make a sound.

use rumormill_api::{Arrival, Display, Event, Folded, Message, Reaction, Reply, Role, Stock};

use super::{
    Stage,
    node::{NOON_MS, Node, author},
};
use crate::{
    input::Input,
    limits::{TYPING_EVERY_MS, TYPING_MS},
};

fn lunch() -> Node {
    let mut node = Node::with("lunch");
    node.meets("bob", true).meets("cyd", true);
    node.says("bob", "first");
    node.says("bob", "second");
    node.says("cyd", "hello");
    node.says("bob", "third");
    node
}

#[test]
fn hidden_messages_take_one_row_and_can_be_shown() {
    let mut stage = Stage::open(lunch(), 64, 14);
    stage.keys("/hide Space bob Enter").shows(
        r#"
 lunch



  the beginning
─── 2026-11-22 ─────────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01         --  2 messages by bob hidden; /hide bob shows
 12:03        cyd  hello
 12:04         --  1 message by bob hidden; /hide bob shows
 12:00         --  bob is hidden, for you alone; /hide bob shows
                   them again
 2 direct 0 relayed 0 away · nothing missing · clock ok
ada>
"#,
    );
    stage.keys("/names Enter").has("here, has not said anything, hidden").keys("Esc");
    stage.keys("/hide Enter").has("hidden: bob");
    stage.keys("/hide Space bob Enter").has("bob  third").has("bob is shown again").lacks("messages by bob hidden");
}

/// Cyd answers what somebody says.
fn cyd_answers<'a>(node: &'a mut Node, nick: &str, text: &str) -> &'a mut Message {
    let asked = node.says(nick, text);
    let answer = node.says("cyd", "yes").r#ref;
    let answer = node.rooms[0].find(answer.as_str()).unwrap();
    answer.reply_to = Some(Reply { r#ref: asked.r#ref, nick: nick.into(), text: text.into() });
    answer
}

#[test]
fn hidden_messages_are_not_quoted_and_their_signs_not_shown() {
    let mut node = lunch();
    let answer = cyd_answers(&mut node, "bob", "a secret");
    let sign = |sign: &str, by: &[&str]| Reaction {
        sign: sign.into(),
        authors: by.iter().map(|nick| author(nick)).collect(),
        mine: false,
    };
    answer.reactions = vec![sign("x", &["bob"]), sign("y", &["bob", "cyd"])];
    let mut stage = Stage::open(node, 64, 20);
    stage.has("↳ bob: a secret").has("x 1  y 2");
    stage.keys("/hide Space bob Enter").has("↳ bob: …").has("  y 1").lacks("secret").lacks("x 1");
}

#[test]
fn a_quote_follows_what_became_of_its_message() {
    let mut node = lunch();
    cyd_answers(&mut node, "ada", "soup?");
    let mut stage = Stage::open(node, 64, 20);
    stage.has("↳ ada: soup?");
    stage.keys("/edit Space stew? Enter").has("stew? (edited)").has("↳ ada: stew?").lacks("soup");
    stage.keys("/delete Enter").has("(taken back)").lacks("stew");
}

#[test]
fn hidden_messages_are_not_selected_found_or_answered() {
    let mut stage = Stage::open(lunch(), 64, 20);
    stage.keys("/hide Space bob Enter M-Up").row(">12:03        cyd  hello");
    stage.keys("M-Up").row(">12:00         --  ada founded");
    stage.keys("Esc M-r").row("↳ reply to cyd: hello");
    stage.keys("Esc C-s second").has("nothing found");
}

#[test]
fn hiding_refuses_oneself_and_ambiguous_names() {
    let mut node = lunch();
    node.meets("Bob", true);
    let mut stage = Stage::open(node, 80, 20);
    stage.keys("/hide Space ada Enter").has("error[name]: that is yourself");
    stage
        .keys("/hide Space bob Enter")
        .has("error[several]: \"bob\" may mean several people")
        .has("help: say which: Bob~426f, bob~626f");
    stage.keys("/whois Space bob Enter").has("error[several]");
    stage.keys("/hide Space nobody Enter").has("nobody here is called \"nobody\"");
    stage.keys("/hide Enter").has("nobody is hidden; /hide NAME hides somebody");
}

#[test]
fn somebody_hidden_on_another_screen_is_hidden_here() {
    let mut stage = Stage::open(lunch(), 64, 20);
    let room = stage.node.rooms[0].room.id.clone();
    let told = |hidden| Event::Person {
        room: room.clone(),
        author: author("bob"),
        nick: "bob".into(),
        here: true,
        hidden,
        verified: false,
        role: None,
    };
    stage.hears(told(true)).has("2 messages by bob hidden").lacks("bob  third");
    stage.hears(told(false)).has("bob  third");
}

#[test]
fn what_is_held_back_takes_one_row_that_says_why() {
    let mut node = lunch();
    node.rooms[0].room.display = Some(Display::default());
    let why = |message: &mut Message| match message.text.as_str() {
        "first" | "second" => Some(Folded::Newcomer),
        "third" => Some(Folded::Flood),
        _ => None,
    };
    for message in &mut node.rooms[0].messages {
        message.folded = why(message);
        message.hidden = message.folded.is_some();
    }
    let mut stage = Stage::open(node, 150, 24);
    stage.has("2 messages by bob held back: new here; /through bob shows them");
    stage.has("1 message by bob held back: too many in a minute; /held lists them").lacks("bob  third");
    // Whatever is told of him, they stay held back.
    let (room, author) = (stage.node.rooms[0].room.id.clone(), author("bob"));
    let (here, hidden, verified) = (true, false, false);
    let told = Event::Person { room, author, nick: "bob".into(), here, hidden, verified, role: None };
    stage.hears(told).has("held back: new here").lacks("bob  third");
    stage.keys("/rules Enter").has("it has no rules").has("/rules newcomers held, newcomers shown, flood NUMBER");
    stage.keys("/rules Space newcomers Space held Enter /rules Space flood Space 5 Enter");
    assert_eq!(stage.node.rooms[0].room.display, Some(Display { hold: true, flood: 5 }));
    stage.keys("/rules Space slow Space 30 Enter").has("which rule?");
}

#[test]
fn hidden_people_cause_no_sound() {
    let mut stage = Stage::open(lunch(), 64, 20);
    stage.keys("/hide Space bob Enter").takes(Input::Focus(false)).did();
    let mut said = stage.node.says("bob", "ada: look at me");
    said.hidden = true;
    let event = stage.node.event(&said, Arrival::End);
    assert!(stage.hears(event).did().is_empty());
    stage.has("2 messages by bob hidden").lacks("look at me").lacks("new");
}

#[test]
fn typing_is_shown_until_the_message_comes_or_time_passes() {
    let mut stage = Stage::open(lunch(), 100, 20);
    let room = stage.node.rooms[0].room.id.clone();
    let writes = |nick: &str| Event::Typing { room: room.clone(), author: author(nick), nick: nick.into() };
    stage.takes(Input::Tick(NOON_MS)).hears(writes("bob")).has("clock ok · bob is writing");
    stage.hears(writes("cyd")).has("bob and cyd are writing");
    let said = stage.node.says("bob", "written");
    let event = stage.node.event(&said, Arrival::End);
    stage.hears(event).has("· cyd is writing");
    stage.takes(Input::Tick(NOON_MS + TYPING_MS - 1)).has("cyd is writing");
    stage.takes(Input::Tick(NOON_MS + TYPING_MS)).lacks("writing");
    stage.keys("/set Space typing Space off Enter").hears(writes("bob")).lacks("is writing");
}

#[test]
fn typing_is_reported_periodically_and_for_text_only() {
    let mut stage = Stage::open(lunch(), 100, 20);
    stage.takes(Input::Tick(NOON_MS)).keys("/nick Space ada BS BS Esc C-u");
    assert_eq!(stage.node.typed, 0, "an order is nobody's business");
    stage.keys("hello Space world");
    assert_eq!(stage.node.typed, 1);
    stage.takes(Input::Tick(NOON_MS + TYPING_EVERY_MS)).keys("!!");
    assert_eq!(stage.node.typed, 2);
    stage.takes(Input::Tick(NOON_MS + 2 * TYPING_EVERY_MS)).keys("C-u /me Space w");
    assert_eq!(stage.node.typed, 3, "what one does is said too");
    stage.keys("C-u /set Space typing Space off Enter");
    stage.takes(Input::Tick(NOON_MS + 3 * TYPING_EVERY_MS)).keys("quiet");
    assert_eq!(stage.node.typed, 3);
}

#[test]
fn sounds_and_notifications_follow_the_settings() {
    // The setting, the focus, the message; the expected effect.
    let tells = |text: &str| format!(r#"Notify {{ title: "lunch", text: "bob: {text}" }}"#);
    let cases: [(&str, bool, &str, Vec<String>); 8] = [
        ("", true, "ada: hi", vec!["Bell".into()]),
        ("", false, "ada: hi", vec!["Bell".into(), tells("ada: hi")]),
        ("", false, "hi", vec![]),
        ("notify all", false, "hi", vec![tells("hi")]),
        ("notify all", true, "hi", vec![]),
        ("notify none", false, "ada: hi", vec!["Bell".into()]),
        ("bell all", false, "hi", vec!["Bell".into()]),
        ("bell off", true, "ada: hi", vec![]),
    ];
    for (set, looks, text, want) in cases {
        let mut stage = Stage::open(lunch(), 64, 20);
        if let Some((name, value)) = set.split_once(' ') {
            stage.keys(&format!("/set Space {name} Space {value} Enter"));
        }
        stage.takes(Input::Focus(looks)).did();
        let said = stage.node.says("bob", text);
        let event = stage.node.event(&said, Arrival::End);
        assert_eq!(stage.hears(event).did(), want, "{set}, {looks}: {text}");
    }
}

#[test]
fn many_messages_at_once_are_one_notification() {
    let mut stage = Stage::open(lunch(), 64, 20);
    stage.keys("/set Space notify Space all Enter").takes(Input::Focus(false)).did();
    for at in 0..5 {
        let said = stage.node.says("bob", &format!("line {at}"));
        let event = stage.node.event(&said, Arrival::End);
        stage.hears(event);
    }
    assert_eq!(stage.did().len(), 1);
}

#[test]
fn actions_are_edited_as_typed() {
    let mut stage = Stage::open(lunch(), 64, 20);
    stage.keys("/me Space waves Enter").has("*  ada waves");
    stage.keys("M-e").has("/me waves").keys("Space back Enter").has("*  ada waves back (edited)");
}

#[test]
fn connected_people_are_here_despite_older_events() {
    let mut node = lunch();
    let peers = std::mem::take(&mut node.rooms[0].room.peers);
    node.rooms[0].people.retain(|person| person.nick != "cyd");
    node.rooms[0].people.iter_mut().for_each(|person| person.here = person.me);
    let mut stage = Stage::open(node, 150, 24);
    stage.has("1 here").has("1 away");
    stage.node.rooms[0].room.peers = peers;
    let status = stage.node.status();
    stage.hears(status).has("3 here").lacks(" away\n").has("2 direct 0 relayed 0 away");
    stage.node.rooms[0].room.peers[1].nick = "cydney".into();
    let status = stage.node.status();
    stage.hears(status).has("│ cydney").lacks("│ cyd\n");
    stage.node.rooms[0].room.peers.clear();
    let status = stage.node.status();
    stage.hears(status).has("1 here").has("nobody connected, 2 away");
}

#[test]
fn the_qr_code_uses_the_whole_screen() {
    let mut stage = Stage::open(lunch(), 80, 24);
    stage.keys("/qr Enter").has("─── the ticket; anyone who has it can join (Esc)").lacks("clock ok").lacks("PgDn");
    stage.keys("Esc").has("clock ok");
}

#[test]
fn keepers_are_listed_with_what_they_store() {
    let mut stage = Stage::open(lunch(), 64, 20);
    stage.keys("/keepers Enter").has("this room has no keeper").keys("Esc");
    let mut node = lunch();
    node.meets("dora", true);
    let stock = Stock { message_bytes: 700, message_limit: Some(900), full: true, ..Stock::default() };
    let keeper = node.rooms[0].people.last_mut().unwrap();
    (keeper.role, keeper.lacks, keeper.stock) = (Some(Role::Keeper), Some(0), Some(stock));
    let mut stage = Stage::open(node, 140, 24);
    stage.keys("/keepers Enter").has("here, holds all your entries; FULL: messages 700 B of 900 B;");
    stage.has("rumormill keeper --quota");
}

//! Text of others is shown, and has no other effect.

use rumormill_api::{Event, Kind, NoticeCode, Reaction, Reply};
use rumormill_text::steers;

use super::{
    Stage,
    node::{Node, author},
};

const EVIL: &str = "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\u{202e}live\u{202c}\u{0}\r\u{8}\u{2066}\u{e0041}";

/// Asserts that no cell of the screen holds a control character.
fn check(stage: &mut Stage) {
    let buffer = stage.buffer();
    let steering = buffer.content.iter().find(|cell| cell.symbol().chars().any(steers));
    assert_eq!(steering.map(|cell| cell.symbol().to_owned()), None, "{}", stage.text());
}

#[test]
fn nothing_of_others_steers_the_terminal() {
    let mut node = Node::with(&format!("lunch{EVIL}"));
    node.rooms[0].room.topic = format!("topic{EVIL}");
    node.rooms[0].room.stopped = Some(format!("why{EVIL}"));
    node.meets(&format!("bob{EVIL}"), true).meets(&format!("{EVIL}cyd"), false);
    let nick = format!("bob{EVIL}");
    let said = node.says(&nick, &format!("text{EVIL}\nmore{EVIL}"));
    for kind in [Kind::Nick, Kind::Topic, Kind::Founded, Kind::Gone] {
        node.puts(0, &nick, kind, &format!("x{EVIL}"));
    }
    node.says(&nick, &format!("/me acts{EVIL}"));
    let last = node.rooms[0].messages.last_mut().unwrap();
    last.reply_to = Some(Reply { r#ref: said.r#ref, nick: nick.clone(), text: EVIL.into() });
    last.reactions = vec![Reaction { sign: EVIL.into(), authors: vec![author("bob")], mine: false }];
    let mut stage = Stage::open(node, 100, 30);
    let room = stage.node.rooms[0].room.id.clone();
    for code in [NoticeCode::Forked, NoticeCode::Stopped] {
        stage.hears(Event::Notice { room: room.clone(), code, text: EVIL.into() });
    }
    check(&mut stage);
    for keys in ["M-r", "Esc /names Enter", "/peers Enter", "/topic Enter", "/seen Enter", "/whois Space b Tab Enter"] {
        check(stage.keys(keys));
    }
    check(stage.keys("/leave Enter"));
    check(stage.keys("Esc C-s text"));
    check(stage.keys("Esc M-l"));
    stage.keys("M-l M-Up M-c");
    assert!(stage.did().iter().all(|done| !done.contains("\\u{1b}")), "what is copied is clean as well");
    check(stage.pastes(EVIL));
}

#[test]
fn lines_of_others_cannot_be_faked() {
    let mut node = Node::with("lunch");
    node.meets("bob", true).meets("mal", true);
    node.says("mal", "hi\n 12:04        bob  I owe you money\r\u{2028}12:05 bob  really");
    Stage::open(node, 60, 10).shows(
        r#"
 lunch

  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01        mal  hi
                    12:04        bob  I owe you money ⏎
                   12:05 bob  really
 2 direct 0 relayed 0 away · nothing missing · clock ok
ada>
"#,
    );
}

#[test]
fn names_that_look_alike_are_told_apart() {
    let mut node = Node::with("lunch");
    node.meets("bob", true).meets("b0b", true).meets("Bob", false).meets("--", true);
    for nick in ["bob", "b0b", "Bob", "--"] {
        node.says(nick, "it is me");
    }
    Stage::open(node, 90, 12).shows(
        r#"
 lunch
>1 lunch      │                                                            │ 4 here
              │                                                            │ ada
              │  the beginning                                             │ --~2d2d
              │─── 2026-11-22 ──────────────────────────────────────────── │ b0b~6230
              │ 12:00         --  ada founded the room lunch               │ bob~626f
              │ 12:01   bob~626f  it is me                                 │
              │ 12:02   b0b~6230  it is me                                 │ 1 away
              │ 12:03   Bob~426f  it is me                                 │ Bob~426f
              │ 12:04    --~2d2d  it is me                                 │
 3 direct 0 relayed 1 away · nothing missing · clock ok
ada>
"#,
    );
}

#[test]
fn shown_signs_are_bounded() {
    let mut node = Node::with("lunch");
    node.says("bob", "so many");
    let signs = (0..500).map(|sign| Reaction {
        sign: format!("{sign}xxxxxxxxxxxxxxxxxxxxx"),
        authors: vec!["ab".into()],
        mine: false,
    });
    node.rooms[0].messages.last_mut().unwrap().reactions = signs.collect();
    let mut narrow = Node::with("lunch");
    narrow.says("bob", "so many");
    narrow.rooms[0].messages.clone_from(&node.rooms[0].messages);
    Stage::open(narrow, 60, 10).has("0xxxxxxxxxxx… 1  1xxxxxxxxxxx… 1  +498");
    Stage::open(node, 240, 10).has("9xxxxxxxxxxx… 1  +490");
}

//! Going from room to room.

use rumormill_api::{Event, Kind, Lag, NearbyRoom};

use super::{Stage, node::Node};
use crate::ask::Ask;

/// Three rooms, the second with news, the third with a mention of me.
fn three() -> Node {
    let mut node = Node::with("lunch");
    node.found("work").room.unread = 3;
    let noise = node.found("noise");
    (noise.room.unread, noise.room.mentions) = (40, 2);
    node.puts(1, "bob", Kind::Text, "at work");
    node.puts(2, "bob", Kind::Text, "in noise");
    node
}

fn stage() -> Stage {
    Stage::open(three(), 90, 10)
}

#[test]
fn a_hint_is_told_once_where_the_room_is_open() {
    let mut node = three();
    node.rooms[1].room.hint = "you may close this open room".into();
    let mut stage = Stage::open(node, 90, 10);
    stage.lacks("you may close").keys("M-2").has("at work").has("you may close this open room");
    stage.keys("M-1").lacks("you founded");
    assert_eq!(stage.node.rooms[1].room.hint, "");
    Stage::open(std::mem::take(&mut stage.node), 90, 10).keys("M-2").has("at work").lacks("you founded");
}

#[test]
fn rooms_by_number_and_by_news() {
    let mut stage = stage();
    stage.shows(
        r#"
 lunch
>1 lunch      │                                                            │ 1 here
 2 work     3 │  Nobody has said anything here yet.                        │ ada
 3 noise   @2 │                                                            │
              │  Type a line and press Enter to be the first.              │
              │  /ticket   shows the ticket for others                     │
              │  /help     lists what you can do                           │
              │                                                            │
 nobody connected · nothing missing · clock ok
ada>
"#,
    );
    stage.keys("M-2").has(" at work").keys("M-1 M-a").has("in noise").keys("M-Right").has(">1 lunch");
    stage.keys("M-Left").has(">3 noise").keys("M-9").has(">3 noise");
    stage.keys("/join Space WORK Enter").has(">2 work").keys("/join Space 1 Enter").has(">1 lunch");
}

#[test]
fn ambiguous_room_names_are_refused() {
    let mut node = three();
    node.found("WORK");
    let first = node.rooms[0].room.id.to_string();
    node.found(&first);
    node.found("1");
    let mut stage = Stage::open(node, 100, 12);
    stage.keys("M-3 /join Space work Enter").has("error[room]: several rooms are called").has(">3 noise");
    stage.keys(&format!("/join Space {first} Enter")).has(">1 lunch");
    stage.keys("/join Space 2 Enter").has(">2 work").keys("/join Space 1 Enter").has(">6 1");
}

#[test]
fn unsent_lines_stay_in_their_room() {
    let mut stage = stage();
    stage.keys("draft M-2").lacks("draft").keys("M-1").has("ada> draft");
}

#[test]
fn a_room_is_founded() {
    let mut stage = stage();
    stage.keys("/new Space garden Enter").has(">4 garden").has("Nobody has said anything here yet");
}

#[test]
fn leaving_asks_first() {
    let mut stage = stage();
    stage.keys("/leave Enter").shows(
        r#"
 lunch
>1 lunch      │  Nobody has said anything here yet.                        │ 1 here
 2 work     3 │                                                            │ ada
 3 noise   @2 │  Type a line and press Enter to be the first.              │
              │  /ticket   shows the ticket for others                     │
              │  /help     lists what you can do                           │
              │                                                            │
 nobody connected · nothing missing · clock ok
Leave lunch and forget what was said in it?
y: leave   Esc: stay
"#,
    );
    stage.keys("Esc").has(">1 lunch").keys("/leave Enter y").has(">1 work").lacks("lunch");
    stage.keys("/leave Enter y /leave Enter y").has("You are in no room yet");
    stage.keys("hello Enter").has("error[room]: no room is open");
}

#[test]
fn a_room_left_in_another_window_disappears_with_a_note() {
    let mut stage = stage();
    stage.keys("half Space a Space line");
    let kept = stage.node.rooms.remove(0);
    stage.hears(Event::Left { room: kept.room.id.clone() });
    stage.has(">1 work").has("you left lunch in another window").lacks("half a line").keys("Up").has("half a line");
    let noise = stage.node.rooms.remove(1);
    stage.hears(Event::Left { room: noise.room.id.clone() }).has(">1 work").lacks("noise");
    stage.hears(Event::Room { room: noise.room }).has("2 noise");
}

#[test]
fn a_room_left_here_is_reported_once_and_can_be_entered_again_at_once() {
    let mut stage = stage();
    let room = stage.node.rooms[0].room.clone();
    stage.node.told = vec![Event::Left { room: room.id.clone() }, Event::Room { room }];
    stage.keys("/leave Enter y").has(">1 work").has("3 lunch").lacks("another window");
}

#[test]
fn a_room_disappears_even_if_the_event_was_missed() {
    let mut stage = stage();
    stage.node.rooms.remove(0);
    stage.hears(Event::lagged(9, Lag::Slow)).has(">1 work").has("you left").lacks("lunch  ");
}

#[test]
fn the_requested_room_opens() {
    let mut stage = Stage::new(three(), 90, 10);
    stage.model.wanted = Some(stage.node.rooms[1].room.id.clone());
    stage.carry_out(vec![super::Effect::Ask(Ask::Rooms)]);
    stage.has(">2 work");
}

#[test]
fn a_room_entered_elsewhere_appears() {
    let mut stage = stage();
    let room = stage.node.found("garden").room.clone();
    stage.hears(Event::Room { room }).has("4 garden");
}

#[test]
fn comings_and_goings_are_reported_on_request() {
    let mut stage = stage();
    let room = stage.node.rooms[0].room.id.clone();
    let event = |here| Event::Person {
        room: room.clone(),
        author: super::node::author("bob"),
        nick: "bob".into(),
        here,
        hidden: false,
        verified: false,
        role: None,
    };
    stage.hears(event(true)).has("2 here").lacks("bob is here");
    stage.keys("/set Space comings Space on Enter").hears(event(false)).has("bob is away").has("1 away");
}

fn announced(name: &str, id: &str) -> NearbyRoom {
    NearbyRoom { name: name.into(), id: id.into(), peer: "77ab34cd90".into(), ticket: "rumor2abc".into() }
}

#[test]
fn rooms_on_the_lan() {
    let mut stage = stage();
    stage.keys("/join Enter").has("none; /announce tells of a room").keys("Esc");
    stage.keys("/join Space tea Enter").has(r#"there is no room "tea" here or on"#);
    stage.node.nearby = vec![announced("tea", "aa"), announced("\u{1b}[31mred", "bb")];
    stage
        .keys("/join Enter")
        .has("rooms on this LAN")
        .has(" tea ")
        .has("announced by 77ab34cd")
        .has("[31mred")
        .keys("Esc");
    // The stand-in accepts no ticket: the attempt is enough.
    stage.keys("/join Space tea Enter").has("this is not a ticket");
    stage.node.nearby.push(announced("tea", "cc"));
    stage.keys("/join Space tea Enter").has("several rooms on this LAN are");
}

#[test]
fn announcing_is_switched_on_and_off() {
    let mut stage = stage();
    stage.keys("/announce Enter").has("anyone on this LAN can find this room");
    stage.keys("/announce Space off Enter").has("this room is no longer announced");
    stage.keys("/announce Space maybe Enter").has("on or off?");
}

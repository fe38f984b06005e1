//! The screen around the messages, at every size.

use rumormill_api::{Event, NoticeCode, Path};

use super::{
    Stage,
    node::Node,
    reading::{archive, lunch},
};
use crate::{input::Input, paint::Paint};

#[test]
fn the_screen_before_anything_is_known() {
    Stage::new(Node::default(), 60, 12).shows(
        r#"
 rumormill







  Reading your rooms …

 no room is open
>
"#,
    );
}

#[test]
fn no_room() {
    Stage::open(Node::default(), 60, 12).shows(
        r#"
 rumormill



  You are in no room yet.

  /new NAME      begins a room
  /join TICKET   enters one that somebody let you into
  /help          lists what you can do

 no room is open
>
"#,
    );
}

#[test]
fn an_empty_room_says_what_to_do() {
    Stage::open(Node::with("lunch"), 60, 14)
        .shows(
            r#"
 lunch

  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch

  Nobody has said anything here yet.

  Type a line and press Enter to be the first.
  /ticket   shows the ticket for others
  /help     lists what you can do

 nobody connected · nothing missing · clock ok
ada>
"#,
        )
        .keys("hello Enter")
        .shows(
            r#"
 lunch







  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01        ada  hello                                   …
 nobody connected · nothing missing · clock ok
ada>
"#,
        );
}

#[test]
fn a_screen_of_80_by_24() {
    Stage::open(lunch(), 80, 24).shows(
        r#"
 lunch
















  the beginning
─── 2026-11-22 ─────────────────────────────────────────────────────────────────
 12:00             --  ada founded the room lunch
 12:01            bob  anybody hungry?
 12:02            ada  always                                              … 0/2
 1 direct 0 relayed 1 away · nothing missing · clock ok
ada>
"#,
    );
}

#[test]
fn a_screen_of_120_by_40_has_panes() {
    let mut node = lunch();
    node.rooms[0].room.topic = "where we eat".into();
    node.found("work").room.unread = 3;
    let noise = node.found("a room with quite a long name");
    (noise.room.unread, noise.room.mentions) = (1200, 1);
    Stage::open(node, 120, 40).shows(
        r#"
 lunch: where we eat
>1 lunch          │                                                                                  │ 2 here
 2 work         3 │                                                                                  │ ada
 3 a room wit… @1 │                                                                                  │ bob
                  │                                                                                  │
                  │                                                                                  │ 1 away
                  │                                                                                  │ cyd
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │                                                                                  │
                  │  the beginning                                                                   │
                  │─── 2026-11-22 ────────────────────────────────────────────────────────────────── │
                  │ 12:00             --  ada founded the room lunch                                 │
                  │ 12:01            bob  anybody hungry?                                            │
                  │ 12:02            ada  always                                               … 0/2 │
 1 direct 0 relayed 1 away · nothing missing · clock ok
ada>
"#,
    );
}

#[test]
fn panes_come_at_81_columns() {
    Stage::open(lunch(), 81, 10).shows(
        r#"
 lunch
>1 lunch      │                                                   │ 2 here
              │                                                   │ ada
              │  the beginning                                    │ bob
              │─── 2026-11-22 ─────────────────────────────────── │
              │ 12:00         --  ada founded the room lunch      │ 1 away
              │ 12:01        bob  anybody hungry?                 │ cyd
              │ 12:02        ada  always                    … 0/2 │
 1 direct 0 relayed 1 away · nothing missing · clock ok
ada>
"#,
    );
    Stage::open(lunch(), 81, 10).keys("/set Space panes Space off Enter").shows(
        r#"
 lunch

  the beginning
─── 2026-11-22 ──────────────────────────────────────────────────────────────────
 12:00             --  ada founded the room lunch
 12:01            bob  anybody hungry?
 12:02            ada  always                                               … 0/2
 12:00             --  panes: off
 1 direct 0 relayed 1 away · nothing missing · clock ok
ada>
"#,
    );
}

#[test]
fn a_full_pane_shows_how_many_people_are_missing() {
    let mut node = lunch();
    for person in 0..20 {
        node.meets(&format!("n{person:02}"), true);
    }
    Stage::open(node, 90, 12).shows(
        r#"
 lunch
>1 lunch      │                                                            │ 22 here
              │                                                            │ ada
              │                                                            │ bob
              │                                                            │ n00
              │  the beginning                                             │ n01
              │─── 2026-11-22 ──────────────────────────────────────────── │ n02
              │ 12:00         --  ada founded the room lunch               │ n03
              │ 12:01        bob  anybody hungry?                          │ n04
              │ 12:02        ada  always                            … 0/22 │ +18: /names
 21 direct 0 relayed 1 away · nothing missing · clock ok
ada>
"#,
    );
}

#[test]
fn a_complete_room_says_so() {
    let mut node = archive(250);
    (node.rooms[0].room.entries, node.rooms[0].room.missing) = (250, 0);
    let mut stage = Stage::open(node, 60, 110);
    stage.has("  100 shown, all 250 fetched; PgUp reads on");
    stage.keys("PgUp PgUp PgUp PgUp").has("  the beginning").has("bob  line 1").lacks("line 249");
}

#[test]
fn the_status_line_shows_the_state_of_the_room() {
    let mut node = lunch();
    let mut stage_of = |missing, clock: &str, path, stopped: Option<&str>| {
        let room = &mut node.rooms[0].room;
        (room.missing, room.clock, room.stopped) = (missing, clock.into(), stopped.map(Into::into));
        room.peers.iter_mut().for_each(|peer| peer.path = path);
        let status = node.status();
        let mut stage = Stage::open(lunch(), 80, 8);
        stage.hears(status);
        stage.text().lines().rev().nth(1).unwrap().to_owned()
    };
    assert_eq!(stage_of(0, "", Path::Direct, None), " 1 direct 0 relayed 1 away · nothing missing · clock ok");
    assert_eq!(
        stage_of(12_345, "your clock looks 4 s behind; set it right", Path::Relayed, None),
        " 0 direct 1 relayed 1 away · 12,345 missing · your clock looks 4 s behind"
    );
    assert_eq!(
        stage_of(0, "Bob's clock is 130 s ahead", Path::Direct, Some("disk full")),
        " stopped: disk full · 1 direct 0 relayed 1 away · Bob's clock is 130 s ahead"
    );
    let mut alone = Stage::open(Node::with("lunch"), 60, 10);
    alone.has(" nobody connected · nothing missing · clock ok");
}

#[test]
fn the_status_line_drops_the_least_important_parts() {
    let mut node = lunch();
    node.found("work").room.unread = 3;
    let mut stage = Stage::open(node, 60, 10);
    stage.has(" 1 direct 0 relayed 1 away · nothing missing · news 2:3");
    stage.takes(Input::Resize(super::Size { columns: 40, rows: 10 }));
    stage.terminal.backend_mut().resize(40, 10);
    stage.has(" 1 direct 0 relayed 1 away · news 2:3");
}

#[test]
fn bare_text_is_for_copying() {
    let mut node = lunch();
    node.says("bob", "It is a truth universally acknowledged that bare text has no indent and no borders.");
    Stage::open(node, 90, 10)
        .keys("M-l")
        .shows(
            r#"



  the beginning
-- 2026-11-22 --
12:00 --  ada founded the room lunch
12:01 bob  anybody hungry?
12:02 ada  always
12:03 bob  It is a truth universally acknowledged that bare text has no indent and no
borders.
"#,
        )
        .keys("M-l")
        .has("│");
}

#[test]
fn notices_are_shown() {
    let mut stage = Stage::open(lunch(), 60, 14);
    let room = stage.node.rooms[0].room.id.clone();
    let notice = |code, text: &str| Event::Notice { room: room.clone(), code, text: text.into() };
    stage.hears(notice(NoticeCode::Forked, "cyd wrote under one key in two places; one of the two is not shown"));
    stage.hears(notice(NoticeCode::Stopped, "the disk is full")).shows(
        r#"
 lunch
  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01        bob  anybody hungry?
 12:02        ada  always                              … 0/2
 12:00         --  cyd wrote under one key in two places;
                   one of the two is not shown
 12:00 !!  error[stopped]: the room was stopped: the disk is
           full
           help: make room on the disk: it goes on by
           itself; what was confirmed is kept
 1 direct 0 relayed 1 away · nothing missing · clock ok
ada>
"#,
    );
}

#[test]
fn no_information_needs_colours() {
    let mut node = lunch();
    node.says("bob", "ada: pizza?");
    let mut stage = Stage::open(node, 90, 10);
    let with = stage.text();
    stage.model.paint = Paint::None;
    assert_eq!(stage.text(), with);
    let buffer = stage.buffer();
    let plain = |cell: &ratatui::buffer::Cell| {
        cell.fg == ratatui::style::Color::Reset && cell.bg == ratatui::style::Color::Reset
    };
    assert!(buffer.content.iter().all(plain));
}

#[test]
fn a_screen_may_be_tiny() {
    for (columns, rows) in [(1, 1), (19, 30), (20, 6), (21, 7), (30, 5), (81, 6), (200, 8)] {
        let mut stage = Stage::open(lunch(), columns, rows);
        stage.pastes("a line that is typed and longer than a narrow screen").keys("M-r PgUp C-s").text();
    }
}

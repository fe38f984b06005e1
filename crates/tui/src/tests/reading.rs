//! How messages are shown.

use ratatui::style::Modifier;
use rumormill_api::{Arrival, Event, Gone, Kind, Lag, Reaction, Reply};

use super::{
    Stage,
    node::{NOON_MS, Node, author},
};
use crate::{input::Input, limits::MESSAGE_ROWS};

/// A room of three people with a few messages.
pub(super) fn lunch() -> Node {
    let mut node = Node::with("lunch");
    node.meets("bob", true).meets("cyd", false);
    node.says("bob", "anybody hungry?");
    node.says("ada", "always");
    node
}

#[test]
fn people_who_left_long_ago_are_not_counted() {
    let mut node = lunch();
    let said = node.says("ada", "who has this?");
    node.rooms[0].find(said.r#ref.as_str()).unwrap().holders = Some(1);
    let cyd = node.rooms[0].people.iter_mut().find(|person| person.nick == "cyd").unwrap();
    cyd.last_ms = NOON_MS - 40 * 24 * 3_600_000;
    Stage::open(node, 60, 12).has("who has this?                       ✓ 1/1");
}

#[test]
fn long_lines_hang() {
    let mut node = Node::with("lunch");
    node.says(
        "bob",
        "It is a truth universally acknowledged that a single screen must be in want of a hanging indent.",
    );
    node.says("bob", &format!("https://example.org/{}", "path/".repeat(12)));
    node.says("bob", "one\ntwo\n\nthree");
    Stage::open(node, 60, 18).shows(
        r#"
 lunch



  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01        bob  It is a truth universally acknowledged
                   that a single screen must be in want of a
                   hanging indent.
 12:02             https://example.org/path/path/path/path/p
                   ath/path/path/path/path/path/path/path/
 12:03             one
                   two

                   three
 nobody connected · nothing missing · clock ok
ada>
"#,
    );
}

#[test]
fn wide_and_combining_characters() {
    let mut node = Node::with("昼食");
    node.says("漢字", "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字");
    node.says("bob", "cafe\u{301} 👩‍🚀 نعم, שלום");
    node.says("zoe\u{308}", "e\u{301}".repeat(50).as_str());
    Stage::open(node, 60, 14).shows(
        r#"
 昼食



  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room 昼食
 12:01       漢字  漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字
                   漢字漢字漢字漢字
 12:02        bob  café 👩‍🚀 نعم, שלום
 12:03        zoë  ééééééééééééééééééééééééééééééééééééééééé
                   ééééééééé
 nobody connected · nothing missing · clock ok
ada>
"#,
    );
}

#[test]
fn a_message_of_too_many_rows_is_cut_until_it_is_selected() {
    let mut node = Node::with("lunch");
    node.says("bob", &"x\n".repeat(60));
    let mut stage = Stage::open(node, 60, MESSAGE_ROWS as u16 + 8);
    stage.has("… 41 more rows; select it with Alt+Up");
    stage.keys("M-Up").lacks("more rows").keys("Esc").has("41 more rows");
}

#[test]
fn unread_messages_begin_at_a_marker() {
    let mut node = lunch();
    let read = node.rooms[0].messages.last().map(|message| message.place.clone());
    node.says("bob", "pizza?");
    node.says("cyd", "soup");
    node.rooms[0].reads(read);
    let mut stage = Stage::open(node, 60, 12);
    stage
        .shows(
            r#"
 lunch

  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01        bob  anybody hungry?
 12:02        ada  always                              … 0/2
─── 2 new ──────────────────────────────────────────────────
 12:03        bob  pizza?
 12:04        cyd  soup
 1 direct 0 relayed 1 away · nothing missing · clock ok
ada>
"#,
        )
        .takes(Input::Tick(NOON_MS))
        .keys("pizza! Enter")
        .shows(
            r#"
 lunch

  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01        bob  anybody hungry?
 12:02        ada  always                              … 0/2
 12:03        bob  pizza?
 12:04        cyd  soup
 12:05        ada  pizza!                              … 0/2
 1 direct 0 relayed 1 away · nothing missing · clock ok
ada>
"#,
        );
    assert_eq!(stage.node.rooms[0].room.unread, 0, "what was on the screen is read");
}

#[test]
fn messages_without_focus_are_unread() {
    let mut stage = Stage::open(lunch(), 60, 10);
    stage.takes(Input::Focus(false));
    let said = stage.node.says("bob", "gone already?");
    let event = stage.node.event(&said, Arrival::End);
    stage.hears(event).has("─── 1 new ─").takes(Input::Focus(true)).has("─── 1 new ─");
    stage.takes(Input::Focus(false)).lacks(" new ");
}

#[test]
fn mentions_are_marked_and_ring() {
    let mut stage = Stage::open(lunch(), 60, 10);
    let said = stage.node.says("bob", "ada: pizza?");
    let event = stage.node.event(&said, Arrival::End);
    stage.hears(event.clone()).shows(
        r#"
 lunch

  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01        bob  anybody hungry?
 12:02        ada  always                              … 0/2
@12:03        bob  ada: pizza?
 1 direct 0 relayed 1 away · nothing missing · clock ok
ada>
"#,
    );
    assert_eq!(stage.did(), ["Bell"]);
    let buffer = stage.buffer();
    let y = stage.text().lines().position(|row| row.contains("pizza")).unwrap() as u16;
    assert!(buffer[(20, y)].modifier.contains(Modifier::BOLD));
    stage.keys("/set Space bell Space off Enter");
    assert_eq!(stage.did(), [r#"Set("bell", "none")"#]);
    assert!(stage.hears(event).did().is_empty());
}

#[test]
fn replies_edits_signs_and_retractions() {
    let mut node = lunch();
    let asked = node.says("bob", "pizza or soup?");
    node.says("cyd", "soup");
    node.says("ada", "pizza");
    node.says("cyd", "oops");
    node.says("bob", "too old");
    let [.., soup, pizza, oops, old] = node.rooms[0].messages.as_mut_slice() else { unreachable!() };
    soup.reply_to = Some(Reply { r#ref: asked.r#ref, nick: "bob".into(), text: "pizza or soup?\nor both?".into() });
    soup.edited = true;
    let sign = |sign: &str, names: &[&str]| Reaction {
        sign: sign.into(),
        authors: names.iter().map(|name| author(name)).collect(),
        mine: names.contains(&"ada"),
    };
    pizza.reactions = vec![sign("👍", &["bob", "cyd"]), sign("+1", &["ada"])];
    pizza.holders = Some(1);
    (oops.kind, oops.gone) = (Kind::Gone, Some(Gone::Retracted));
    (old.kind, old.gone) = (Kind::Gone, Some(Gone::Expired));
    Stage::open(node, 60, 16).shows(
        r#"
 lunch

  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01        bob  anybody hungry?
 12:02        ada  always                              … 0/2
 12:03        bob  pizza or soup?
 12:04        cyd  ↳ bob: pizza or soup? ⏎ or both?
                   soup (edited)
 12:05        ada  pizza                               ✓ 1/2
                   👍 2  [+1 1]
 12:06        cyd  (taken back)
 12:07        bob  (gone)
 1 direct 0 relayed 1 away · nothing missing · clock ok
ada>
"#,
    );
}

#[test]
fn actions_and_room_events() {
    let mut node = lunch();
    node.says("bob", "/me looks at the clock");
    node.puts(0, "bob", Kind::Topic, "where we eat");
    node.puts(0, "bob", Kind::Topic, "");
    node.puts(0, "robert", Kind::Nick, "bob");
    node.rooms[0].messages.last_mut().unwrap().before = Some("robert".into());
    node.puts(0, "bob", Kind::Nick, "bob");
    Stage::open(node, 60, 14).shows(
        r#"
 lunch

  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01        bob  anybody hungry?
 12:02        ada  always                              … 0/2
 12:03          *  bob looks at the clock
 12:04         --  bob set the topic: where we eat
 12:05         --  bob cleared the topic
 12:06         --  robert (726f6265) is now called bob
 12:07         --  bob joined
 1 direct 0 relayed 1 away · nothing missing · clock ok
ada>
"#,
    );
}

#[test]
fn days_are_separated() {
    let mut node = lunch();
    node.puts_at(0, NOON_MS + 13 * 3_600_000, "bob", Kind::Text, "good morning");
    Stage::open(node, 60, 12).shows(
        r#"
 lunch


  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01        bob  anybody hungry?
 12:02        ada  always                              … 0/2
─── 2026-11-23 ─────────────────────────────────────────────
 01:00        bob  good morning
 1 direct 0 relayed 1 away · nothing missing · clock ok
ada>
"#,
    );
}

#[test]
fn receipts_grow() {
    let mut node = lunch();
    for nick in ["dan", "eve", "fay", "gus", "hal"] {
        node.meets(nick, false);
    }
    let said = node.says("ada", "it is a long line that leaves no room behind itself at all, see");
    let mut stage = Stage::open(node, 60, 12);
    stage.shows(
        r#"
 lunch


  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01        bob  anybody hungry?
 12:02        ada  always                              … 0/7
 12:03             it is a long line that leaves no room
                   behind itself at all, see           … 0/7
 1 direct 0 relayed 6 away · nothing missing · clock ok
ada>
"#,
    );
    let room = stage.node.rooms[0].room.id.clone();
    stage.hears(Event::Held { room: room.clone(), r#ref: said.r#ref.clone(), holders: 4, acknowledged: 0 });
    stage.hears(Event::Held { room, r#ref: said.r#ref, holders: 3, acknowledged: 0 }).shows(
        r#"
 lunch


  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01        bob  anybody hungry?
 12:02        ada  always                              … 0/7
 12:03             it is a long line that leaves no room
                   behind itself at all, see           ✓ 4/7
 1 direct 0 relayed 6 away · nothing missing · clock ok
ada>
"#,
    );
}

#[test]
fn late_messages_are_marked_and_reported() {
    let mut stage = Stage::open(lunch(), 60, 14);
    for (seconds, text) in [(70, "one"), (71, "two"), (72, "three")] {
        let said = stage.node.puts_at(0, NOON_MS + seconds * 1000, "cyd", Kind::Text, text);
        let event = stage.node.event(&said, Arrival::Late);
        stage.hears(event);
    }
    stage.shows(
        r#"
 lunch


  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01        bob  anybody hungry?
 12:01↑       cyd  one
 12:01↑            two
 12:01↑            three
 12:02        ada  always                              … 0/2
 12:00         --  ↑ 3 earlier messages arrived above
 1 direct 0 relayed 1 away · nothing missing · clock ok
ada>
"#,
    );
    let said = stage.node.says("bob", "welcome back");
    let event = stage.node.event(&said, Arrival::End);
    let late = stage.node.puts_at(0, NOON_MS + 73_000, "cyd", Kind::Text, "four");
    let late = stage.node.event(&late, Arrival::Late);
    stage.hears(event).hears(late).has("↑ 3 earlier messages arrived above").has("↑ 1 earlier message arrived above");
}

/// A room with many messages, of which this node holds a part.
pub(super) fn archive(messages: usize) -> Node {
    let mut node = Node::with("archive");
    (1..messages).for_each(|line| drop(node.says("bob", &format!("line {line}"))));
    (node.rooms[0].room.entries, node.rooms[0].room.missing) = (38_412, 12_608);
    node
}

#[test]
fn paging_up_shows_the_progress() {
    let mut stage = Stage::open(archive(250), 60, 10);
    stage
        .shows(
            r#"
 archive
 16:03        bob  line 243
 16:04             line 244
 16:05             line 245
 16:06             line 246
 16:07             line 247
 16:08             line 248
 16:09             line 249
 nobody connected · 12,608 missing · clock ok
ada>
"#,
        )
        .keys("PgUp")
        .shows(
            r#"
 archive                100 shown, 38,412 of 51,020 fetched
 15:58        bob  line 238
 15:59             line 239
 16:00             line 240
 16:01             line 241
 16:02             line 242
 16:03             line 243
 16:04             line 244
 nobody connected · 12,608 missing · clock ok · ↓ more, Esc
ada>
"#,
        );
    stage.keys(&"PgUp ".repeat(19)).has(" archive                200 shown, 38,412 of 51,020 fetched");
    let said = stage.node.says("bob", "meanwhile");
    let event = stage.node.event(&said, Arrival::End);
    let read = |stage: &mut Stage| stage.text().lines().skip(1).take(7).map(str::to_owned).collect::<Vec<_>>();
    let before = read(&mut stage);
    assert_eq!(read(stage.hears(event)), before, "what is read stays where it is");
    stage.keys(&"PgUp ".repeat(30)).shows(
        r#"
 archive                251 shown, 38,412 of 51,020 fetched
  251 shown, 38,412 of 51,020 fetched; more is on its way
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room archive
 12:01        bob  line 1
 12:02             line 2
 12:03             line 3
 12:04             line 4
 nobody connected, 1 away · 12,608 missing · ↓ more, Esc
ada>
"#,
    );
    stage.keys("PgDn").has("line 5").keys(&"PgDn ".repeat(60)).has("meanwhile").lacks("↓ more");
    stage.keys("PgUp Esc").has("meanwhile").lacks("↓ more");
}

#[test]
fn lost_events_cause_a_new_read() {
    let mut stage = Stage::open(lunch(), 60, 10);
    stage.node.says("bob", "you missed this");
    stage.hears(Event::lagged(9, Lag::Slow)).has("you missed this");
}

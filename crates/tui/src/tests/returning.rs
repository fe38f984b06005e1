//! Coming back: where reading continues, what is unread, and what calls the person back.

use rumormill_api::{Arrival, Block, BlockKind, Event, Mark, Reply, Span};

use super::{
    Stage,
    node::{NOON_MS, Node, author},
    reading::lunch,
};
use crate::{input::Input, settings::Hours};

/// A room with 30 unread messages.
fn away() -> Node {
    let mut node = lunch();
    let read = node.rooms[0].messages.last().map(|message| message.place.clone());
    (1..=30).for_each(|number| _ = node.says("bob", &format!("line {number}")));
    node.rooms[0].reads(read);
    node
}

fn ticks(stage: &mut Stage) -> &mut Stage {
    stage.takes(Input::Tick(NOON_MS + 24 * 3_600_000))
}

#[test]
fn reading_continues_at_the_marker_and_opening_marks_nothing_unseen() {
    let mut stage = Stage::open(away(), 60, 12);
    stage.has("─── 30 new ─").has("line 1").lacks("line 30").has("↓ 30 new below");
    ticks(&mut stage);
    let unread = stage.node.rooms[0].room.unread;
    assert!((15..30).contains(&unread), "what stood on the screen is read, and no more: {unread} are not");
    for _ in 0..8 {
        stage.keys("PgDn");
        ticks(&mut stage);
    }
    stage.has("line 30").lacks("new below");
    assert_eq!(stage.node.rooms[0].room.unread, 0);
}

#[test]
fn skipped_messages_stay_unread_until_confirmed() {
    let mut node = away();
    (31..=400).for_each(|number| _ = node.says("bob", &format!("line {number}")));
    let read = node.rooms[0].room.read.clone();
    node.rooms[0].reads(read);
    let mut stage = Stage::open(node, 60, 12);
    stage.has("new ─").has("line 1");
    stage.keys("Esc").has("line 400");
    ticks(&mut stage);
    assert_eq!(stage.node.rooms[0].room.unread, 0, "they went to the end");
    stage.keys("Home").has("the beginning").has("anybody hungry?").keys("Esc").has("line 400");
}

#[test]
fn messages_from_before_opening_are_unread_even_if_they_come_later() {
    let mut node = lunch();
    let read = node.rooms[0].messages.last().map(|message| message.place.clone());
    node.rooms[0].reads(read);
    let mut stage = Stage::open(node, 60, 14);
    stage.lacks(" new ─");
    // Somebody said it hours ago, and their peer has just been reached.
    let said = stage.node.says("cyd", "said last night");
    let event = stage.node.event(&said, Arrival::End);
    stage.hears(event).has("─── 1 new ─");
    stage.keys("thanks Enter").lacks(" new ─");
    // A message that comes while the person looks is not unread.
    let now_ms = stage.model.now_ms + 1;
    let said = stage.node.puts_at(0, now_ms, "bob", rumormill_api::Kind::Text, "hi");
    let event = stage.node.event(&said, Arrival::End);
    stage.hears(event).has("hi").lacks(" new ─");
}

#[test]
fn a_message_marked_as_unread_stays_so_until_the_person_returns() {
    let mut node = lunch();
    node.found("work");
    let mut stage = Stage::open(node, 60, 14);
    ticks(&mut stage);
    assert_eq!(stage.node.rooms[0].room.unread, 0);
    stage.keys("/unread Enter").has("─── 1 new ─").has("unread from here on");
    ticks(&mut stage);
    assert_eq!(stage.node.rooms[0].room.unread, 1, "it stands on the screen, and is not read");
    let status = stage.node.status();
    stage.hears(status).keys("M-2 M-1").has("─── 1 new ─");
    ticks(&mut stage);
    assert_eq!(stage.node.rooms[0].room.unread, 0);
}

#[test]
fn replies_notify_except_in_muted_rooms_and_quiet_hours() {
    let mut stage = Stage::open(lunch(), 60, 14);
    stage.takes(Input::Focus(false)).did();
    let mut number = 0;
    let mut reply = |stage: &mut Stage| {
        number += 1;
        let mut said = stage.node.says("bob", &format!("so am I {number}"));
        said.reply_to = Some(Reply {
            r#ref: format!("{}.1", author("ada")).as_str().into(),
            nick: "ada".into(),
            text: "always".into(),
        });
        stage.model.now_ms += 1;
        let event = stage.node.event(&said, Arrival::End);
        stage.hears(event).did()
    };
    stage.node.rooms[0].room.author = author("ada");
    let status = stage.node.status();
    stage.hears(status);
    assert_eq!(reply(&mut stage), ["Bell", r#"Notify { title: "lunch", text: "bob: so am I 1" }"#]);
    stage.keys("/mute Enter").has("muted: nothing said here rings");
    assert_eq!(reply(&mut stage), [""; 0]);
    stage.keys("/mute Enter").has("no longer muted");
    stage.keys("/set Space quiet Space 10:00-14:00 Enter").has("quiet: 10:00-14:00").did();
    assert_eq!(stage.model.settings.quiet, Hours::read("10:00-14:00"));
    assert_eq!(reply(&mut stage), [""; 0], "it is noon");
    stage.keys("/set Space quiet Space off Enter").did();
    assert_eq!(reply(&mut stage).len(), 2);
}

#[test]
fn a_pinned_room_comes_first_and_others_keep_their_order() {
    let mut node = Node::with("lunch");
    node.found("work");
    node.found("noise");
    let mut stage = Stage::open(node, 100, 12);
    stage.has(">1 lunch").has(" 2 work").has(" 3 noise");
    stage.keys("M-3 /pin Enter").has(">1 noise").has(" 2 lunch").has(" 3 work").has("pinned: this room stands first");
    stage.keys("M-2").has("^1 noise").has(">2 lunch");
    stage.keys("/mute Enter M-1").has("-2 lunch");
}

#[test]
fn lines_of_one_author_stand_under_one_name() {
    let mut node = lunch();
    node.says("bob", "pizza?");
    node.says("bob", "or soup?");
    node.says("cyd", "soup");
    let last = node.puts_at(0, NOON_MS + 30 * 60_000, "cyd", rumormill_api::Kind::Text, "much later");
    let mut stage = Stage::open(node, 60, 14);
    assert_eq!(stage.row("or soup?"), " 12:04             or soup?");
    assert!(stage.row("much later").contains("cyd"));
    stage.keys("M-Up M-Up M-Up");
    assert!(stage.row("or soup?").contains("bob"), "what is selected says whose it is");
    assert_eq!(last.nick, "cyd");
}

#[test]
fn code_emphasis_quotes_and_links_are_drawn() {
    let mut node = lunch();
    let said = node.says("bob", "look");
    let span = |text: &str, marks: &[Mark], href: Option<&str>| Span {
        text: text.into(),
        marks: marks.to_vec(),
        href: href.map(str::to_owned),
    };
    node.rooms[0].find(said.r#ref.as_str()).unwrap().blocks = vec![
        Block { quotes: 1, spans: vec![span("always", &[], None)], ..Block::default() },
        Block {
            spans: vec![
                span("see ", &[], None),
                span("this", &[Mark::Strong], None),
                span(" at ", &[], None),
                span("the page", &[], Some("https://example.org/")),
            ],
            ..Block::default()
        },
        Block { kind: BlockKind::Code, spans: vec![span("let a = 1;\nlet b = 2;", &[], None)], ..Block::default() },
    ];
    let mut stage = Stage::open(node, 60, 14);
    stage.has("│ always").has("see this at the page").has("▏ let a = 1;").has("▏ let b = 2;");
    let buffer = stage.buffer();
    let at = |words: &str, buffer: &ratatui::buffer::Buffer| {
        let found = (0..buffer.area.height).find_map(|y| {
            let row: String = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
            row.find(words).map(|at| (row[..at].chars().count() as u16, y))
        });
        buffer[found.unwrap()].clone()
    };
    let link = at("the page", &buffer);
    assert!(link.modifier.contains(ratatui::style::Modifier::UNDERLINED));
    let links = crate::marks::links(stage.model.open.iter().flat_map(|open| open.timeline.messages()));
    assert_eq!(links.get(&crate::marks::rgb(link.fg).unwrap()).map(String::as_str), Some("https://example.org/"));
    assert!(at("this", &buffer).modifier.contains(ratatui::style::Modifier::BOLD));
}

#[test]
fn tab_completes_emoji_and_paths() {
    let mut stage = Stage::open(lunch(), 60, 14);
    stage.keys("well Space :smi Tab");
    assert_eq!(stage.model.line.text(), "well \u{1f604} ");
    stage.keys("Tab");
    assert_eq!(stage.model.line.text(), "well \u{1f638} ");
    stage.keys("C-c /file Space n Tab");
    assert_eq!(stage.model.line.text(), "/file notes.txt");
    stage.keys("Tab");
    assert_eq!(stage.model.line.text(), "/file nights/");
    stage.keys("C-c /file Space p Tab");
    assert_eq!(stage.model.line.text(), "/file photo.jpg");
    stage.keys("C-c at Space 12:30 Tab");
    assert_eq!(stage.model.line.text(), "at 12:30", "a time of day is no emoji");
}

#[test]
fn a_file_that_cannot_be_sent_stays_an_order() {
    let mut stage = Stage::open(lunch(), 60, 14);
    stage.node.refuses_files = true;
    stage.keys("/file Space gone.txt Enter").has("error[");
    assert_eq!(stage.model.line.text(), "/file gone.txt");
    let before = stage.node.rooms[0].messages.len();
    stage.keys("Enter").has("error[");
    assert_eq!(stage.node.rooms[0].messages.len(), before, "Enter tries again, and tells nobody of it");
}

#[test]
fn the_mouse_wheel_scrolls_and_bare_text_leaves_the_mouse_to_the_terminal() {
    let mut stage = Stage::open(away(), 60, 12);
    stage.keys("Esc").has("line 30");
    stage.takes(Input::Wheel(false)).lacks("line 30").takes(Input::Wheel(true)).has("line 30");
    stage.did();
    assert_eq!(stage.keys("M-l").did(), ["Mouse(false)"]);
    assert_eq!(stage.keys("Esc").did(), ["Mouse(true)"]);
    assert_eq!(stage.keys("/set Space mouse Space off Enter").did(), ["Mouse(false)", r#"Set("mouse", "off")"#]);
}

#[test]
fn a_room_without_focus_reports_no_new_lines() {
    let mut stage = Stage::open(lunch(), 60, 12);
    ticks(&mut stage);
    let status = stage.node.status();
    stage.hears(status).lacks(" new");
    let room = stage.node.rooms[0].room.id.clone();
    stage.hears(Event::Left { room }).lacks(" new");
}

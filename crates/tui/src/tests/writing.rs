//! What a person types.

use rumormill_api::{Arrival, Refused};

use super::{Stage, node::Node};
use crate::input::Input;

fn lunch() -> Node {
    let mut node = Node::with("lunch");
    node.meets("bob", true).meets("cyd", false).meets("bert", false);
    node.says("bob", "anybody hungry?");
    node.says("ada", "always");
    node
}

fn stage() -> Stage {
    Stage::open(lunch(), 60, 12)
}

/// The line being typed.
fn check(keys: &str, want: &str) {
    let mut stage = stage();
    stage.keys(keys);
    assert_eq!(stage.model.line.text(), want, "{keys}");
}

#[test]
fn a_line_is_sent() {
    stage().keys("pizza! Enter").shows(
        r#"
 lunch



  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01        bob  anybody hungry?
 12:02        ada  always                              … 0/3
 12:03             pizza!                              … 0/3
 1 direct 0 relayed 2 away · nothing missing · clock ok
ada>
"#,
    );
}

#[test]
fn a_long_line_grows_the_input() {
    stage().keys("one M-Enter two M-Enter three").shows(
        r#"
 lunch


  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01        bob  anybody hungry?
 12:02        ada  always                              … 0/3
 1 direct 0 relayed 2 away · nothing missing · clock ok
ada> one
two
three
"#,
    );
    let mut stage = stage();
    stage.pastes(&"word ".repeat(80)).has("word");
    let cursor = stage.terminal.get_cursor_position().unwrap();
    assert_eq!(cursor.y, 11, "the end of a line that is longer than five rows is in sight");
}

#[test]
fn nicks_complete() {
    check("b Tab", "bob: ");
    check("b Tab Tab", "bert: ");
    check("b Tab Tab Tab", "bob: ");
    check("b Tab BackTab", "bert: ");
    check("hi Space @C Tab", "hi @cyd ");
    check("x Tab", "x");
    check("Tab", "bob: ");
    check("a Tab", "a");
}

#[test]
fn orders_rooms_and_settings_complete() {
    check("/qu Tab", "/quit");
    check("/n Tab", "/new ");
    check("/n Tab Tab", "/nick ");
    check("/join Space lu Tab", "/join lunch");
    check("/set Space be Tab", "/set bell ");
    check("/set Space bell Space m Tab", "/set bell mentions ");
    check("/set Space typing Space of Tab", "/set typing off ");
    check("/hide Space cy Tab", "/hide cyd ");
    check("/whois Space cy Tab", "/whois cyd ");
}

#[test]
fn earlier_lines_are_recalled() {
    let mut stage = stage();
    stage.keys("first Enter second Enter unsent");
    for (keys, want) in
        [("Up", "second"), ("C-p", "first"), ("Up", "first"), ("Down C-n", "unsent"), ("Down", "unsent")]
    {
        stage.keys(keys);
        assert_eq!(stage.model.line.text(), want, "{keys}");
    }
    stage.keys("C-u C-r i").shows(
        r#"
 lunch

  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01        bob  anybody hungry?
 12:02        ada  always                              … 0/3
 12:03             first                               … 0/3
 12:04             second                              … 0/3
 1 direct 0 relayed 2 away · nothing missing · clock ok
first
typed before: i
"#,
    );
    stage.keys("C-r").has("first").keys("Enter");
    assert_eq!(stage.model.line.text(), "first");
    stage.keys("C-u draft C-r zzz").has("nothing found").keys("Esc");
    assert_eq!(stage.model.line.text(), "draft");
}

#[test]
fn pasting_many_lines_asks_first() {
    let mut stage = stage();
    stage.pastes("one\ntwo\nthree\n");
    assert_eq!(stage.model.line.text(), "one\ntwo\nthree", "three lines are not many");
    stage.keys("C-c").pastes("one\ntwo\nthree\nfour").shows(
        r#"
 lunch



  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01        bob  anybody hungry?
 12:02        ada  always                              … 0/3
 1 direct 0 relayed 2 away · nothing missing · clock ok
Say 4 lines at once (18 characters)?
Enter: yes, as one message   e: edit first   Esc: no
"#,
    );
    stage.keys("x").has("Say 4 lines at once").keys("Esc").lacks("Say 4").lacks("four");
    stage.pastes("one\ntwo\nthree\nfour").keys("e").has("four").keys("C-c");
    stage.pastes("one\ntwo\nthree\nfour").keys("Enter").shows(
        r#"
 lunch
  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01        bob  anybody hungry?
 12:02        ada  always                              … 0/3
 12:03             one
                   two
                   three
                   four                                … 0/3
 1 direct 0 relayed 2 away · nothing missing · clock ok
ada>
"#,
    );
    assert!(stage.model.line.is_empty());
    stage.pastes(&"x".repeat(20_000)).has("error[paste]: 20000 bytes");
}

#[test]
fn named_people_are_mentioned() {
    let mut stage = stage();
    stage.keys("bob, Space @cyd Space bobby Enter");
    let said = stage.node.rooms[0].messages.last().unwrap();
    assert_eq!(said.mentions, [super::node::author("bob"), super::node::author("cyd")]);
}

#[test]
fn ambiguous_names_mention_nobody_and_are_reported() {
    let mut node = super::node::Node::with("lunch");
    node.meets("bob", true).meets("Bob", true);
    let mut stage = Stage::open(node, 80, 14);
    stage
        .keys("@bob Space hi Enter")
        .has("nobody is named by \"bob\", which may mean")
        .has("Bob~426f,")
        .has("bob~626f");
    assert!(stage.node.rooms[0].messages.last().unwrap().mentions.is_empty());
    stage.keys("@Bob~426f Space hi Enter");
    assert_eq!(stage.node.rooms[0].messages.last().unwrap().mentions, [super::node::author("Bob")]);
}

#[test]
fn replying() {
    let mut stage = stage();
    stage
        .keys("M-r")
        .shows(
            r#"
 lunch



  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01        bob  anybody hungry?
 12:02        ada  always                              … 0/3
 1 direct 0 relayed 2 away · nothing missing · clock ok
↳ reply to bob: anybody hungry? (Esc: no)
ada>
"#,
        )
        .keys("yes Enter")
        .shows(
            r#"
 lunch


  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01        bob  anybody hungry?
 12:02        ada  always                              … 0/3
 12:03             ↳ bob: anybody hungry?
                   yes                                 … 0/3
 1 direct 0 relayed 2 away · nothing missing · clock ok
ada>
"#,
        );
    stage.keys("M-r Esc").lacks("reply to");
    stage.keys("/reply Space me Space too Enter").has("bob  anybody hungry?").has("me too");
}

#[test]
fn editing_and_taking_back() {
    let mut stage = stage();
    stage
        .keys("M-e")
        .shows(
            r#"
 lunch



  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01        bob  anybody hungry?
 12:02        ada  always                              … 0/3
 1 direct 0 relayed 2 away · nothing missing · clock ok
✎ edit ada: always (Esc: no)
ada> always
"#,
        )
        .keys("Space really Enter")
        .has("always really (edited)");
    stage.keys("M-e Esc").lacks("edit ada");
    assert!(stage.model.line.is_empty());
    stage.keys("/edit Space no Enter").has("no (edited)");
    stage.keys("/delete Enter").has("(taken back)");
    stage.keys("M-Up M-Up M-e").has("error[message]: that is not yours to edit");
}

#[test]
fn orders_apply_to_the_selected_message() {
    let mut stage = stage();
    stage.keys("M-Up M-Up").shows(
        r#"
 lunch




  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
>12:01        bob  anybody hungry?
 12:02        ada  always                              … 0/3
 1 direct 0 relayed 2 away · nothing missing · clock ok
ada>
"#,
    );
    stage.keys("/react Space 👍 Enter").has("[👍 1]").lacks(">12:").keys("/react Space 👍 Enter").lacks("[👍 1]");
    stage.keys("M-Up M-Up M-c").has("copied");
    assert_eq!(stage.did(), [r#"Copy("anybody hungry?")"#]);
    stage.keys("Esc M-Down").lacks(">12:");
}

#[test]
fn holders_of_my_message_are_shown() {
    stage().keys("/seen Enter").shows(
        r#"
 lunch

  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01        bob  anybody hungry?
 12:02        ada  always                              … 0/3
 12:00         --  received by 1 of 3: bob
                   acknowledged by 1: bob
                   not known of: bert, cyd
 1 direct 0 relayed 2 away · nothing missing · clock ok
ada>
"#,
    );
}

#[test]
fn refused_texts_are_not_lost() {
    let mut stage = stage();
    stage.node.refuses = Some(Refused {
        code: "stopped".into(),
        what: "the room was stopped: the disk is full".into(),
        help: "make room on the disk".into(),
    });
    stage.keys("precious Space words Enter").shows(
        r#"
 lunch

  the beginning
─── 2026-11-22 ─────────────────────────────────────────────
 12:00         --  ada founded the room lunch
 12:01        bob  anybody hungry?
 12:02        ada  always                              … 0/3
 12:00 !!  error[stopped]: the room was stopped: the disk is
           full
           help: make room on the disk
 1 direct 0 relayed 2 away · nothing missing · clock ok
ada> precious words
"#,
    );
    stage.keys("C-u //slash Enter");
    assert_eq!(stage.model.line.text(), "//slash");
}

#[test]
fn errors_are_two_lines() {
    let cases = [
        ("/frobnicate", "error[order]: there is no order /frobnicate", "help: /help lists all"),
        ("/join Space nowhere", "error[room]: there is no room \"nowhere\" here", "help: /join TICKET enters one"),
        ("/join Space rumor2xx", "error[ticket]: this is not a ticket", "help: look again"),
        ("/whois Space nobody", "error[nobody]: nobody here is called", "help: /names lists everybody"),
        ("/react", "error[usage]: which sign", "help: Alt+Up selects"),
        ("/set Space x Space on", "error[usage]: there is no such setting", "help: /set lists them"),
        ("/nick", "error[usage]: by which name?", "help: /nick NAME"),
    ];
    for (keys, what, help) in cases {
        stage().keys(keys).keys("Enter").has(what).has(help);
    }
}

#[test]
fn orders_do_what_they_say() {
    let mut stage = stage();
    stage.keys("/nick Space countess Enter").has("countess>");
    stage.keys("/topic Space food Enter").has(" lunch: food").keys("/topic Enter").has("the topic: food");
    stage.keys("/me Space waves Enter").has("*  ada waves");
    stage.keys("/digest Enter").has("9f2c 11aa 9f2c 11aa");
    stage.keys("/set Enter").has("bell mentions            when to ring: mentions, all, none").keys("Esc");
    stage.keys("/whois Space bob Enter").has("bob: direct, 7 ms; has not said anything");
    stage.has("since 2026-11-22 12:00, 1,234 entries").has("author 626f62626f62");
    stage.keys("/ticket Enter").has("anyone with this ticket can join").has("copied");
    assert!(stage.did()[0].starts_with(r#"Copy("rumor2abcdefgh"#));
    stage.keys("//quit Enter").has("ada  /quit").keys("/quit Enter");
    assert_eq!(stage.did(), ["Quit"]);
}

#[test]
fn longer_answers_are_panels() {
    let mut stage = stage();
    stage
        .keys("/names Enter")
        .shows(
            r#"
 lunch
─── 4 people (Esc)
 ada                      you, has not said anything
 bob                      here, has not said anything
 bert                     away, last spoke 2026-11-22 12:00
 cyd                      away, last spoke 2026-11-22 12:00




 1 direct 0 relayed 2 away · nothing missing · clock ok
ada>
"#,
        )
        .keys("Esc")
        .has("always");
    stage
        .keys("/peers Enter")
        .shows(
            r#"
 lunch
─── who is connected (Esc)
 bob                      direct, 7 ms

 entries                  3 here, 0 missing
 received                 0 bytes in 0 messages
 sent                     0 bytes in 0 messages
 reach                    no relays


 1 direct 0 relayed 2 away · nothing missing · clock ok
ada>
"#,
        )
        .keys("Esc");
    stage.keys("/help Enter").has("every day's orders and keys");
    stage.keys("Esc /help Space all Enter").keys(&"PgDn ".repeat(20)).has("one of several who look alike");
    stage.keys("hm Enter").lacks("look alike");
}

#[test]
fn one_screen_of_help_has_what_is_needed_every_day() {
    let mut stage = Stage::open(lunch(), 80, 24);
    stage.keys("/help Enter").shows(
        r#"
 lunch
─── every day's orders and keys (Esc)
 /join TICKET or ROOM     enter or go to a room; alone: rooms on this LAN
 /new NAME                begin a closed room; NAME --open: an open one
 /ticket                  show and copy the ticket for others
 /reply TEXT              answer the selected message, or the last one
 /edit TEXT               write your message anew
 /delete                  take your message back
 /react SIGN              set a sign under a message, or take it back
 /file PATH               send a file
 /get                     save the file of the selected message, or the last
 /search WORDS            find what was said
 /names                   who is in the room
 /quit                    end the program; all rooms are kept
 /help all                every order, key and sign

 Alt+1 … Alt+9            go to a room; Alt+Left, Alt+Right: the one beside it
 Alt+a                    go to a room with news
 PgUp PgDn                read up and down, as the mouse wheel; Esc: to the end
 Alt+u                    go to the first unread message
 Alt+Up Alt+Down          select a message, for the orders above
 Tab                      complete a name, an order, a path, :emoji
 1 direct 0 relayed 2 away · nothing missing · clock ok
ada>
"#,
    );
}

#[test]
fn a_picture_needs_room() {
    stage().keys("/qr Enter").has("error[picture]: the picture needs");
    Stage::open(lunch(), 80, 60).keys("/qr Enter").has("the ticket; anyone who has it can join").has("▄▄▄▄▄");
}

#[test]
fn control_c_asks_before_it_ends() {
    let mut stage = stage();
    stage.keys("words C-c");
    assert!(stage.model.line.is_empty() && stage.did().is_empty());
    stage.keys("C-c").has("Ctrl+c once more");
    assert!(stage.did().is_empty());
    stage.keys("x C-u C-c");
    assert!(stage.did().is_empty(), "another key in between");
    stage.keys("C-c");
    assert_eq!(stage.did(), ["Quit"]);
    stage.keys("C-l");
    assert_eq!(stage.did(), ["Redraw"]);
}

#[test]
fn incoming_messages_do_not_disturb_typing() {
    let mut stage = stage();
    stage.keys("half a line");
    let said = stage.node.says("bob", "me first");
    let event = stage.node.event(&said, Arrival::End);
    stage.hears(event).takes(Input::Tick(1)).has("me first").has("ada> halfaline");
}

//! People and scripts use the program, on this machine only.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod backup;
#[cfg(target_os = "linux")]
mod clocks;
mod closed;
mod devices;
mod keeper;
mod lines;
mod locked;
mod person;
mod private;

use std::{
    fs,
    io::{Read, Write},
    process::{Command, Stdio},
};

use person::Person;

#[test]
fn a_chat_ends_when_its_room_is_left_in_another_window() {
    let ada = Person::new();
    let mut here = ada.open(&["new", "lunch", "--nick", "ada"]);
    here.line();
    here.type_line("said here");
    here.until("said here");
    let mut there = ada.open(&["chat", "lunch", "--plain"]);
    there.until("said here");
    let socket = ada.home.path().join("home/socket");
    let mut asked = std::os::unix::net::UnixStream::connect(socket).unwrap();
    asked.write_all(b"DELETE /v1/rooms/lunch HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    asked.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    for mut chat in [there, here] {
        let mut rest = String::new();
        chat.stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(chat.child.wait().unwrap().code(), Some(0), "{rest}");
    }
}

#[test]
fn two_commands_and_one_paste_bring_a_line_across() {
    let (ada, bob) = (Person::new(), Person::new());
    let mut here = ada.open(&["new", "lunch", "--nick", "ada"]);
    let ticket = here.line();
    assert!(ticket.starts_with("rumor2"), "{ticket}");
    here.type_line("before bob came");
    here.until("before bob came");

    let mut there = bob.open(&["join", &ticket, "--nick", "bob"]);
    assert!(there.until("before bob came").ends_with("ada  before bob came"));
    there.type_line("hello from bob");
    assert!(here.until("hello from bob").ends_with("bob  hello from bob"));
    assert!(there.until("hello from bob").ends_with("bob  hello from bob  ✓ 1/1"));
    here.type_line("and hello from ada");
    assert!(there.until("and hello").ends_with("ada  and hello from ada"));
    assert!(here.until("and hello").ends_with("✓ 1/1"));
    assert_eq!(there.leave().1, Some(0));
    assert_eq!(here.leave().1, Some(0));

    // Both homes hold the messages, in the same order.
    let (one, two) = (ada.lines(&["log"]), bob.lines(&["log", "lunch"]));
    assert_eq!(one, two);
    assert!(one.last().unwrap().ends_with("ada  and hello from ada"), "{one:?}");
    assert_eq!(ada.lines(&["log", "--last", "2"]), one[one.len() - 2..]);
    let rooms = bob.lines(&["rooms"]);
    assert!(rooms[0].starts_with("lunch  "), "{rooms:?}");
}

#[test]
fn a_sent_line_reports_how_many_have_it() {
    let (ada, bob) = (Person::new(), Person::new());
    let mut here = ada.open(&["new", "lunch"]);
    let ticket = here.line();
    assert_eq!(bob.open(&["join", &ticket]).leave().1, Some(0));
    let output = bob.run(&["send", "lunch", "one", "and", "two"]);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "said; received by 1: everybody who is here\n");
    assert!(output.status.success());
    assert!(here.until("one and two").ends_with("  one and two"));
    assert_eq!(bob.lines(&["peers"]).len(), 1);
}

#[test]
fn a_line_sent_alone_is_kept() {
    let ada = Person::new();
    assert_eq!(ada.open(&["new", "lunch"]).leave().1, Some(0));
    let output = ada.run(&["send", "lunch", "anybody?"]);
    assert!(output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("nobody is here now"));
    let mut sent = ada.command(&["send", "lunch"]);
    let output = sent.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().map(|mut child| {
        child.stdin.take().unwrap().write_all(b"two\n\nthree\n").unwrap();
        child.wait().unwrap()
    });
    assert!(output.unwrap().success());
    let log = ada.lines(&["log", "--last", "3"]);
    let texts: Vec<&str> = log.iter().map(|line| line.rsplit("  ").next().unwrap()).collect();
    assert_eq!(texts, ["anybody?", "two", "three"]);

    // Every command was a separate process; a person who joins now gets all messages.
    let mut here = ada.open(&["chat", "lunch"]);
    here.until("three");
    let ticket = ada.lines(&["ticket", "lunch"]).concat();
    let (bob, mut lines) = (Person::new(), Vec::<&str>::new());
    let mut there = bob.open(&["join", &ticket]);
    while lines.len() < 3 {
        let line = there.line();
        lines.extend(["anybody?", "two", "three"].iter().filter(|text| line.ends_with(*text)));
    }
    assert_eq!(lines, ["anybody?", "two", "three"]);
}

#[test]
fn a_followed_log_prints_every_line_once() {
    let (ada, bob) = (Person::new(), Person::new());
    let mut here = ada.open(&["new", "lunch", "--open"]);
    let ticket = here.line();
    assert_eq!(bob.open(&["join", &ticket]).leave().1, Some(0));
    let mut following = bob.open(&["log", "--follow", "--last", "1"]);
    assert!(following.line().contains("founded the room lunch"));
    for number in 0..20 {
        here.type_line(&format!("line {number}"));
    }
    // The joiner fetches earlier messages from the newest on.
    let mut told: Vec<u32> = (0..20)
        .map(|_| following.line().rsplit("  line ").next().and_then(|number| number.parse().ok()).unwrap())
        .collect();
    told.sort_unstable();
    assert_eq!(told, Vec::from_iter(0..20));
    here.type_line("and no more");
    assert!(following.line().ends_with("  and no more"));
}

#[test]
fn what_others_write_steers_no_terminal_and_json_has_all_of_it() {
    let ada = Person::new();
    let hostile = "a\u{1b}]0;evil\u{7}b\u{9b}2Jc\u{202e}d";
    assert_eq!(ada.open(&["new", "lunch", "--open", "--nick", "\u{1b}[31mada"]).leave().1, Some(0));
    ada.lines(&["send", "lunch", hostile]);
    let shown = ada.lines(&["log"]).join("\n");
    assert!(shown.ends_with("[31mada  a]0;evilb2Jcd"), "{shown:?}");
    let json = ada.lines(&["log", "--json", "--last", "1"]).join("\n");
    for text in [&shown, &json] {
        assert!(!text.contains(|char: char| char.is_control() && char != '\n' || char == '\u{202e}'), "{text:?}");
    }
    let row: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(row["text"], hostile);
    assert_eq!(
        (row["ref"].as_str().map(|name| name.ends_with(".2")), row["kind"].as_str()),
        (Some(true), Some("text"))
    );
}

#[test]
fn failures_are_two_lines_and_an_exit_code() {
    let ada = Person::new();
    ada.fails(&["dance"], 2);
    ada.fails(&[], 2);
    ada.fails(&["send"], 2);
    ada.fails(&["chat"], 2);
    ada.fails(&["new", " "], 2);
    assert!(ada.fails(&["join", "rumor2hello"], 5).contains("error[ticket]"));
    let mut open = ada.open(&["new", "lunch"]);
    let ticket = open.line();
    assert!(ada.fails(&["join", &ticket[..ticket.len() - 9]], 5).contains("error[ticket]"));
    assert!(ada.lines(&["rooms"])[0].starts_with("lunch  "), "whoever has the home open answers");
    assert_eq!(open.leave().1, Some(0));
    assert!(ada.fails(&["send", "dinner", "hi"], 2).contains("lunch"), "it names the rooms there are");
    assert!(ada.fails(&["send", "lunch", &"x".repeat(9_000)], 2).contains("error[too-long]"));
    ada.fails(&["peers"], 6);
    ada.fails(&["lab", "process", "4", "4", "20000"], 2);
}

#[test]
fn a_ticket_without_reachable_peers_is_kept() {
    let (ada, bob) = (Person::new(), Person::new());
    let mut open = ada.open(&["new", "lunch"]);
    let ticket = open.line();
    assert_eq!(open.leave().1, Some(0));
    bob.fails(&["join", &ticket], 6);
    assert_eq!(bob.lines(&["rooms"]).len(), 1);
}

#[test]
fn an_invalid_name_creates_no_room() {
    let ada = Person::new();
    for nick in ["", " ", &"x".repeat(81)] {
        ada.fails(&["new", "lunch", "--nick", nick], 2);
    }
    assert_eq!(ada.lines(&["rooms"]), [""; 0]);
}

#[test]
fn files_are_where_paths_says() {
    let ada = Person::new();
    let home = ada.home.path().join("home").display().to_string();
    let lines = ada.lines(&["paths"]);
    assert_eq!(lines[0], format!("config  {home}/config.toml"));
    assert_eq!(lines[1..3], [format!("data    {home}"), format!("socket  {home}/socket")]);
    assert_eq!(lines[3..], [format!("token   {home}/token"), format!("state   {home}")]);
    let flag = ada.lines(&["paths", "--json", "--home", "/elsewhere", "--profile", "work"]).concat();
    assert!(flag.contains(r#""data":"/elsewhere/profiles/work""#), "{flag}");
}

#[test]
fn the_demo_ends_well_with_measured_figures() {
    let lines = Person::new().lines(&["demo"]);
    let text = lines.join("\n");
    assert_eq!(text.matches("Identical, digest ").count(), 2, "{text}");
    assert!(text.contains("p1 starts again from what its disk kept"), "{text}");
    let costs: Vec<Vec<&str>> =
        lines.iter().filter(|line| line.contains(" ms ")).map(|line| line.split_whitespace().collect()).collect();
    let said: Vec<_> = costs.iter().filter(|words| words[0].parse::<u8>().is_ok()).collect();
    assert_eq!(said.len(), 4, "{text}");
    for words in said {
        let [.., copies, bytes, links] = words[..] else { panic!("{words:?}") };
        assert!(copies.parse::<u64>().unwrap() <= 12, "{words:?}");
        assert_ne!(bytes, "0", "{words:?}");
        assert!(links == "-" || (1..=3).contains(&links.parse::<u8>().unwrap()), "{words:?}");
    }
}

#[test]
fn lines_typed_ahead_are_sent_and_the_terminal_is_restored() {
    let ada = Person::new();
    for (typed, last) in [("one^two^/digest^three^/quit^", "three"), ("four^and half a line!", "four")] {
        let command: &[&str] = if last == "three" { &["new", "lunch", "--plain"] } else { &["chat", "--plain"] };
        let mut at_terminal = Command::new("python3");
        at_terminal.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/people/terminal.py")).arg(typed);
        let chat = ada.command(command);
        at_terminal.arg(chat.get_program()).args(chat.get_args());
        at_terminal.envs(chat.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("TERM", "xterm");
        let output = at_terminal.stdin(Stdio::null()).output().unwrap();
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(shown.ends_with("restored exit 0\n"), "{shown}{}", String::from_utf8_lossy(&output.stderr));
        assert!(ada.lines(&["log"]).last().unwrap().ends_with(&format!("  {last}")));
    }
    let log = ada.lines(&["log", "--last", "4"]);
    let texts: Vec<&str> = log.iter().map(|line| line.rsplit("  ").next().unwrap()).collect();
    assert_eq!(texts, ["one", "two", "three", "four"]);
}

#[test]
fn a_configuration_is_written_once_and_used() {
    let ada = Person::new();
    let config = ada.lines(&["paths"])[0].split_whitespace().last().unwrap().to_owned();
    ada.fails(&["keep", "lunch"], 2);
    let commented = fs::read_to_string(&config).unwrap();
    assert!(commented.contains("#nick = "), "{commented}");
    fs::write(&config, "nick = \"ada of the file\"\n").unwrap();
    let says = |args: &[&str], name: &str, nick: &str| {
        ada.lines(&[&["new", name], args].concat());
        ada.lines(&["send", name, "hello"]);
        let line = ada.lines(&["log", name]).pop().unwrap();
        assert!(line.contains(nick) && line.ends_with("hello"), "{line}");
    };
    says(&[], "lunch", "ada of the file");
    says(&["--nick", "ada of the flag"], "work", "ada of the flag");
    fs::write(&config, "nik = \"ada\"\n").unwrap();
    assert!(ada.fails(&["rooms"], 2).contains("line 1: unknown field `nik`"));
}

#[test]
fn a_profile_is_separate() {
    let ada = Person::new();
    ada.lines(&["new", "lunch"]);
    ada.lines(&["--profile", "work", "new", "meeting"]);
    let names = |args: &[&str]| ada.lines(args).iter().map(|line| line.contains("lunch")).collect::<Vec<_>>();
    assert_eq!(names(&["rooms"]), [true]);
    assert_eq!(names(&["rooms", "--profile", "work"]), [false]);
    ada.fails(&["--profile", "../work", "rooms"], 2);
}

#[test]
fn a_room_on_the_lan_is_joined_by_name_or_not_at_all() {
    let ada = Person::new();
    assert!(ada.fails(&["join"], 6).contains("no room is announced on this LAN"));
    assert!(ada.fails(&["join", "lunch"], 6).contains(r#"no room "lunch" is announced"#));
    // On loopback the program announces nothing, and says so.
    assert!(ada.fails(&["new", "lunch", "--lan"], 2).contains("error[lan]"));
}

#[test]
fn a_chat_opens_while_another_process_has_the_home_open() {
    let (ada, bob) = (Person::new(), Person::new());
    let mut here = ada.open(&["new", "lunch", "--nick", "ada"]);
    let ticket = here.line();
    let mut there = bob.open(&["join", &ticket, "--nick", "bob"]);
    there.type_line("from the first chat");
    here.until("from the first chat");
    let mut beside = bob.open(&["chat", "lunch"]);
    beside.until("from the first chat");
    beside.type_line("from the second");
    assert!(beside.until("from the second").ends_with("✓ 1/1"));
    here.until("from the second");
    there.until("from the second");
    assert_eq!(beside.leave().1, Some(0));
    there.type_line("still here");
    here.until("still here");
    assert_eq!(there.leave().1, Some(0));
}

#[test]
fn a_window_goes_on_when_the_one_that_was_opened_first_is_closed() {
    let (ada, bob) = (Person::new(), Person::new());
    let mut here = ada.open(&["new", "lunch", "--nick", "ada"]);
    let ticket = here.line();
    let mut first = bob.open(&["join", &ticket, "--nick", "bob"]);
    here.type_line("soup or salad?");
    first.until("soup or salad?");
    let mut second = bob.open(&["chat", "lunch"]);
    let mut third = bob.open(&["chat", "lunch"]);
    second.until("soup or salad?");
    third.until("soup or salad?");
    let mut log = bob.open(&["log", "--follow"]);
    log.until("soup or salad?");

    assert_eq!(first.leave().1, Some(0));
    here.type_line("and to drink?");
    second.until("and to drink?");
    third.until("and to drink?");
    second.type_line("tea");
    here.until("tea");
    third.until("tea");

    // One of the two has the home open now; neither minds when the other is killed.
    let mut last = [second, third];
    last[0].child.kill().unwrap();
    here.type_line("anything else?");
    last[1].until("anything else?");
    last[1].type_line("no");
    here.until("bob  no");
    last[1].until("  no");
    for words in ["and to drink?", "tea", "anything else?", "no"] {
        log.until(&format!("  {words}"));
    }
    let [_, last] = last;
    assert_eq!(last.leave().1, Some(0));
}

#[test]
fn a_room_keeps_as_much_as_configured() {
    let ada = Person::new();
    ada.lines(&["new", "lunch"]);
    assert_eq!(ada.lines(&["keep"]), ["messages  everything", "files     everything"]);
    ada.lines(&["keep", "lunch", "--age", "30d", "--file-bytes", "1G"]);
    assert_eq!(ada.lines(&["keep", "--messages", "1000"])[0], "messages  30d, the newest 1,000");
    assert_eq!(ada.lines(&["keep", "--everything", "--bytes", "2M"]), ["messages  2.0 MB", "files     everything"]);
    ada.fails(&["keep", "--age", "soon"], 2);
}

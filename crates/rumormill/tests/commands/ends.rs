//! Ends of commands: no panic when their output closes, and the exit codes of the README.

use std::{
    fs::File,
    io,
    process::{Command, Stdio},
};

use crate::person::Person;

/// Commands that print something, in a home with a room that has some messages.
const PRINTING: [&[&str]; 19] = [
    &["--help"],
    &["-h"],
    &["--version"],
    &["log", "--help"],
    &["completions", "bash"],
    &["completions", "zsh"],
    &["man"],
    &["man", "lab", "start"],
    &["log"],
    &["log", "--json"],
    &["rooms"],
    &["rooms", "--json"],
    &["search", "lunch", "line"],
    &["export"],
    &["digest"],
    &["paths"],
    &["ticket"],
    &["check"],
    &["doctor"],
];

fn said_much() -> Person {
    let ada = Person::new();
    ada.lines(&["new", "lunch", "--nick", "ada"]);
    let lines: String = (0..200).map(|number| format!("line {number}\n")).collect();
    let input = ada.home.path().join("input");
    std::fs::write(&input, lines).unwrap();
    let mut send = ada.command(&["send", "lunch"]);
    assert!(send.stdin(File::open(input).unwrap()).stderr(Stdio::null()).status().unwrap().success());
    ada
}

#[test]
fn a_closed_output_ends_a_command_silently() {
    let ada = said_much();
    for args in PRINTING {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let output = ada.command(args).stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {said}");
        assert!(!said.contains("panicked") && !said.contains("error["), "{args:?}: {said}");
    }
}

#[test]
fn a_full_disk_behind_the_output_is_reported() {
    let ada = said_much();
    for args in PRINTING {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = ada.command(args).stdin(Stdio::null()).stdout(full).stderr(Stdio::piped()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        assert!(said.contains("error[output]: ") && said.contains("No space left"), "{args:?}: {said}");
        assert!(!said.contains("panicked"), "{args:?}: {said}");
    }
    let refused = ada.fails(&["export", "--to", "/dev/full"], 1);
    assert!(refused.contains("error[output]: /dev/full: No space left"), "{refused}");
}

#[test]
fn without_a_terminal_and_a_command_help_is_printed() {
    let ada = Person::new();
    let output = ada.run(&[]);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("Usage: rumormill") && printed.contains("join"), "{printed}");
    assert_eq!(output.status.code(), Some(2), "nothing was done");
    assert!(String::from_utf8(output.stderr).unwrap().contains("error[usage]: a command is missing"));
}

#[test]
fn every_page_named_by_a_manual_page_exists() {
    let ada = Person::new();
    let page = |words: &[&str]| ada.lines(&[&["man"], words].concat()).join("\n").replace("\\-", "-");
    let mut waiting = vec![(vec![], page(&[]))];
    let mut named = 0;
    while let Some((words, text)) = waiting.pop() {
        let words: Vec<String> = words;
        for name in
            text.lines().filter_map(|line| line.strip_suffix("(1)")).filter(|name| name.starts_with("rumormill-"))
        {
            let below: Vec<String> = name.split('-').skip(1).map(str::to_owned).collect();
            if below.len() > words.len() {
                let text = page(&below.iter().map(String::as_str).collect::<Vec<_>>());
                assert!(text.contains(&format!(".TH {name} ")), "{name}: {text}");
                waiting.push((below, text));
                named += 1;
            }
        }
    }
    assert!(named > 25, "{named}");
}

/// Commands exit with the codes that the README lists.
#[test]
fn exit_codes_are_as_documented() {
    let readme = include_str!("../../../../README.md");
    for (code, words) in [
        (0, "done"),
        (1, "this machine"),
        (2, "command"),
        (3, "allowed"),
        (4, "damaged"),
        (5, "ticket"),
        (6, "reached"),
    ] {
        let row = readme.lines().find(|line| line.starts_with(&format!("| {code} |")));
        assert!(row.is_some_and(|row| row.contains(words)), "{code}: {row:?}");
    }
    let (ada, bob) = (Person::new(), Person::new());
    ada.lines(&["new", "lunch"]);
    ada.lines(&["new", "lunch"]);
    let several = ada.fails(&["send", "lunch", "hi"], 2);
    assert!(several.contains("error[several]"), "{several}");
    // Every way to name a room fails alike.
    assert!(ada.fails(&["log", "lunch"], 2).contains("error[several]"));
    assert!(ada.fails(&["search", "lunch", "hi"], 2).contains("error[several]"));
    ada.fails(&["log", "dinner"], 2);
    ada.fails(&["dance"], 2);
    bob.fails(&["join", "rumor2hello"], 5);
    bob.fails(&["join", "lunch"], 6);
    let home = bob.home.path().join("home");
    bob.lines(&["new", "dinner"]);
    let lock = File::options().write(true).open(home.join("lock")).unwrap();
    lock.lock().unwrap();
    assert!(bob.fails(&["rooms"], 3).contains("error[locked]"));
}

#[test]
fn a_refusal_lists_both_rooms_of_the_same_name_and_no_other() {
    let ada = Person::new();
    for name in ["lunch", "dinner", "lunch", "lun\u{441}h"] {
        ada.lines(&["new", name]);
    }
    let rooms = ada.lines(&["rooms"]);
    let ids: Vec<&str> =
        rooms.iter().filter(|room| room.starts_with("lunch ")).map(|room| room.split("  ").nth(1).unwrap()).collect();
    let refused = ada.fails(&["log", "lunch"], 2);
    assert!(ids.len() == 2 && ids.iter().all(|id| refused.contains(id)), "{refused}");
    assert!(!refused.contains("dinner") && !refused.contains("lun\u{441}h"), "{refused}");
    for id in &ids {
        ada.lines(&["log", id]);
    }
    // A name that only looks like another is distinguished from it.
    let other = ada.fails(&["log", "lun\u{441}\u{4bb}"], 2);
    assert!(other.contains("looks like it") && !other.contains("dinner"), "{other}");
}

#[test]
fn help_has_short_lines() {
    for command in ["forget", "doctor", "serve", "send", "ticket", "export", "get"] {
        let output = Command::new(env!("CARGO_BIN_EXE_rumormill")).args([command, "--help"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.lines().all(|line| line.chars().count() <= 130), "{command}: {text}");
    }
}

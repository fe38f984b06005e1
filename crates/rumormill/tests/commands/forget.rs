//! Forgotten rooms leave nothing on the machine.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use crate::person::Person;

/// Files below a directory that contain these words.
fn holding(dir: &Path, words: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(dir).into_iter().flatten().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(holding(&path, words));
        } else if fs::read(&path).is_ok_and(|bytes| bytes.windows(words.len()).any(|window| window == words.as_bytes()))
        {
            found.push(path);
        }
    }
    found
}

/// Checks that no file contains the words, at once or as soon as the process that has the home open is idle.
fn is_gone(dir: &Path, words: &str) {
    let patience = Instant::now() + Duration::from_secs(60);
    while !holding(dir, words).is_empty() {
        assert!(Instant::now() < patience, "{words:?} is in {:?}", holding(dir, words));
        std::thread::yield_now();
    }
}

/// Somebody who sent messages and a file to two rooms, some of them from a chat, and searched for words.
fn talkative() -> Person {
    let ada = Person::new();
    for (room, word) in [("lunch", "aubergine"), ("work", "spreadsheet")] {
        // An open room, whose words stand on the disk as they were said.
        ada.lines(&["new", room, "--open", "--nick", "countess"]);
        let mut send = ada.command(&["send", room]).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines: String = (0..500).map(|number| format!("{word} number {number}\n")).collect();
        send.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        assert!(send.wait().unwrap().success());
        let file = ada.home.path().join("file.txt");
        fs::write(&file, format!("a file about {word}s\n").repeat(100)).unwrap();
        ada.lines(&["send", room, "--file", file.to_str().unwrap()]);
        fs::remove_file(file).unwrap();
        assert!(!ada.lines(&["search", room, word]).is_empty());
    }
    fs::write(ada.home.path().join("home/typed"), "#V2\naubergine typed\nspreadsheet typed\n").unwrap();
    ada
}

#[test]
fn a_forgotten_room_leaves_no_word_and_other_rooms_lose_none() {
    let ada = talkative();
    let home = ada.home.path().join("home");
    assert!(!holding(&home, "aubergine").is_empty());
    let output = ada.run(&["forget", "lunch", "--yes"]);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("What you said stays") && said.contains("forgotten: lunch"), "{said}");
    for words in ["aubergine", "lunch"] {
        assert!(holding(&home, words).is_empty(), "{words}");
    }
    assert_eq!(fs::read_dir(home.join("files")).unwrap().count(), 1, "the other room's");
    assert!(ada.fails(&["log", "lunch"], 2).contains("no room"));
    assert_eq!(ada.lines(&["log", "work"]).len(), 503);
    assert!(!ada.lines(&["search", "work", "spreadsheet"]).is_empty());
}

#[test]
fn a_room_is_forgotten_while_another_process_has_the_home_open() {
    let ada = talkative();
    let home = ada.home.path().join("home");
    let mut open = ada.open(&["chat", "work"]);
    open.until("spreadsheet number 499");
    ada.lines(&["forget", "lunch", "--yes"]);
    is_gone(&home, "aubergine");
    open.type_line("still here");
    open.until("still here");
    assert_eq!(open.leave().1, Some(0));
    assert!(holding(&home, "aubergine").is_empty());
}

#[test]
fn forgetting_everything_leaves_nothing() {
    let ada = talkative();
    let mut open = ada.open(&["chat", "work"]);
    open.until("spreadsheet number 499");
    let refused = ada.fails(&["forget", "--all", "--yes"], 3);
    assert!(refused.contains("error[locked]") && refused.contains("leave the chat"), "{refused}");
    assert_eq!(open.leave().1, Some(0));
    ada.lines(&["--profile", "other", "new", "elsewhere"]);
    let output = ada.run(&["forget", "--all", "--yes"]);
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8(output.stderr).unwrap().contains("other profiles stay"));
    let home = ada.home.path().join("home");
    let left: Vec<_> = fs::read_dir(&home).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["profiles"]);
    ada.lines(&["--profile", "other", "forget", "--all", "--yes"]);
    fs::remove_dir(home.join("profiles")).unwrap();
    ada.lines(&["forget", "--all", "--yes"]);
    assert!(!home.exists());
    assert_eq!(ada.lines(&["rooms"]), [""; 0]);
}

#[test]
fn forgetting_a_room_or_everything_includes_what_bots_keep() {
    let ada = talkative();
    let home = ada.home.path().join("home");
    for name in ["one", "two"] {
        ada.lines(&["bot", "new", name, "lunch", "work"]);
    }
    // Bots are there as long as somebody looks at a room.
    let open = ada.open(&["chat", "work"]);
    let patience = Instant::now() + Duration::from_secs(60);
    for name in ["one", "two"] {
        while ["aubergine", "spreadsheet"].iter().any(|word| holding(&home.join("bots").join(name), word).is_empty()) {
            assert!(Instant::now() < patience, "{name}");
            std::thread::yield_now();
        }
    }
    assert_eq!(open.leave().1, Some(0));
    let said = String::from_utf8(ada.run(&["forget", "lunch", "--yes"]).stderr).unwrap();
    assert!(said.contains("Your bots leave it too: one, two."), "{said}");
    for words in ["aubergine", "lunch"] {
        assert!(holding(&home, words).is_empty(), "{words}: {:?}", holding(&home, words));
    }
    assert!(!holding(&home.join("bots"), "spreadsheet").is_empty());
    assert_eq!(ada.lines(&["bot", "list"]), ["one  work", "two  work"]);
    ada.lines(&["bot", "remove", "one"]);
    assert!(!home.join("bots/one").exists());
    ada.lines(&["forget", "--all", "--yes"]);
    assert!(!home.exists());
}

#[test]
fn forgetting_asks_first() {
    let ada = Person::new();
    ada.lines(&["new", "lunch"]);
    let refused = ada.fails(&["forget", "lunch"], 2);
    assert!(refused.contains("error[unconfirmed]") && refused.contains("--yes"), "{refused}");
    assert!(refused.contains("goes from this machine for good"), "what it means is said first: {refused}");
    ada.fails(&["forget", "--all"], 2);
    ada.fails(&["forget"], 2);
    ada.fails(&["forget", "lunch", "--all"], 2);
    ada.fails(&["forget", "dinner", "--yes"], 2);
    assert_eq!(ada.lines(&["rooms"]).len(), 1);
}

#[test]
fn a_home_that_cannot_be_opened_can_be_forgotten() {
    let ada = Person::new();
    ada.lines(&["new", "lunch"]);
    let home = ada.home.path().join("home");
    fs::write(home.join("rumormill.db"), "this is no database").unwrap();
    ada.fails(&["forget", "lunch", "--yes"], 4);
    ada.lines(&["forget", "--all", "--yes"]);
    assert!(!home.exists());
}

//! Ann owns a room, makes a backup, makes another, loses her machine and comes back; the backup before is worth nothing.

use std::fs;

use crate::{lines::Window, person::Person};

#[test]
fn ann_comes_back_from_her_backup_as_herself_and_an_older_one_is_worth_nothing() {
    let (ann, ben, again, thief) = (Person::new(), Person::new(), Person::new(), Person::new());
    let dir = ann.home.path();
    let (file, old, words) = (dir.join("backup.age"), dir.join("old.age"), dir.join("words"));
    let [at_file, at_old, at_words] = [&file, &old, &words].map(|path| path.to_str().unwrap());
    fs::write(&words, "correct horse battery\n").unwrap();
    let mut at_ann = Window::of(&mut ann.command(&["new", "lunch", "--nick", "Ann"]));
    let ticket = at_ann.until("rumor2");
    at_ann.shows("rumormill backup FILE");
    assert!(ann.lines(&["doctor"]).join("\n").contains("neither a backup nor another machine"));
    let mut at_ben = Window::of(&mut ben.command(&["join", &ticket, "--nick", "Ben"]));
    at_ben.shows("you are in lunch");
    at_ann.until("Ben joined");
    at_ann.types("before");
    at_ben.until("Ann  before");

    assert!(ann.fails(&["backup", at_old], 2).contains("--passphrase-file"));
    let made = ["backup", at_old, "--passphrase-file", at_words];
    assert_eq!(ann.lines(&made), ["lunch  comes back as you"]);
    assert!(!ann.lines(&["doctor"]).join("\n").contains("neither a backup"));
    let made = ann.run(&["backup", at_file, "--passphrase-file", at_words]);
    assert!(String::from_utf8(made.stderr).unwrap().contains("the backup before this one is worth nothing"));
    assert!(fs::read_to_string(&file).unwrap().starts_with("-----BEGIN AGE ENCRYPTED FILE-----"));
    let devices = ann.lines(&["device", "list"]);
    assert_eq!(devices.iter().filter(|line| line.starts_with("backup")).count(), 1, "{devices:?}");
    // It has a role, and is nobody beside her.
    let people = ben.lines(&["people", "lunch"]);
    assert_eq!(people.len(), 2, "{people:?}");
    at_ann.types("last words");
    at_ben.until("Ann  last words");
    at_ann.leaves();

    // Her machine is gone. Ben tells her where he is.
    let ticket = ben.lines(&["ticket", "lunch"]).remove(0);
    let restored = again.lines(&["restore", at_file, "--name", "new one", "--passphrase-file", at_words]);
    assert_eq!(restored, ["lunch  you write here as yourself, on a machine of its own"]);
    assert!(again.fails(&["restore", at_file, "--passphrase-file", at_words], 1).contains("error[not-empty]"));
    // A backup is larger than any other request.
    let long = dir.join("long");
    fs::write(&long, "x".repeat(1 << 20)).unwrap();
    let long = ["restore", long.to_str().unwrap(), "--passphrase-file", at_words];
    assert!(thief.fails(&long, 2).contains("error[backup]"));
    let mut at_again = Window::of(&mut again.command(&["join", &ticket]));
    at_again.until("Ann  last words");
    at_again.types("I am back");
    at_ben.until("Ann  I am back");
    assert_eq!(ben.lines(&["people", "lunch"]).len(), 2);
    // She governs on.
    at_again.types("/appoint Ben");
    at_ben.until("Ann made Ben a moderator");

    // Whoever has the older file gets nothing by it.
    thief.lines(&["restore", at_old, "--passphrase-file", at_words]);
    let mut at_thief = Window::of(&mut thief.command(&["join", &ticket]));
    at_thief.until("you wait to be let in");
    assert!(thief.fails(&["send", "lunch", "send me money"], 3).contains("error[no-member]"));
    at_again.types("all well?");
    at_ben.until("Ann  all well?");
    assert!(!ben.lines(&["log", "lunch"]).join("\n").contains("money"));
    let read = thief.lines(&["log", "lunch"]).join("\n");
    assert!(!read.contains("words") && !read.contains("all well"), "{read}");
    at_again.leaves();
    at_ben.leaves();
}

#[test]
fn ben_who_governs_nothing_comes_back_too_also_in_a_private_room() {
    let (ann, ben, lost, again) = (Person::new(), Person::new(), Person::new(), Person::new());
    let dir = ann.home.path();
    let (file, words) = (dir.join("backup.age"), dir.join("words"));
    let [at_file, at_words] = [&file, &words].map(|path| path.to_str().unwrap());
    fs::write(&words, "correct horse battery\n").unwrap();
    let mut at_ann = Window::of(&mut ann.command(&["new", "lunch", "--nick", "Ann"]));
    let ticket = at_ann.until("rumor2");
    let mut at_ben = Window::of(&mut ben.command(&["join", &ticket, "--nick", "Ben"]));
    at_ben.shows("you are in lunch");
    at_ann.until("Ben joined");
    at_ann.types("/msg Ben between us");
    at_ben.shows("Ann out of lunch asks you to talk privately");
    at_ben.types("/requests open Ann");
    at_ben.shows("entered: @Ann");
    let mut reading = Window::of(&mut ben.command(&["chat", "@Ann"]));
    reading.until("between us");
    reading.leaves();

    // Each backup takes the place of the one before, and a machine that is lost is revoked, in the private room too.
    let rooms = ["@Ann  comes back as you", "lunch  comes back as you"];
    for _ in 0..2 {
        let mut kept = ben.lines(&["backup", at_file, "--passphrase-file", at_words]);
        kept.sort();
        assert_eq!(kept, rooms);
    }
    let mut adding = Window::of(&mut ben.command(&["device", "add", "--name", "old"]));
    let code = adding.until("rumordevice1");
    assert_eq!(lost.lines(&["device", "link", &code, "--name", "lost"]).len(), 2);
    adding.leaves();
    let mut privately = Window::of(&mut ann.command(&["chat", "@Ben"]));
    let mut at_lost = Window::of(&mut lost.command(&["chat", "@Ann"]));
    at_lost.until("between us");
    at_lost.types("from a machine that gets lost");
    privately.until("from a machine that gets lost");
    ben.lines(&["device", "revoke", "lost"]);
    at_lost.until("this device was revoked");
    at_lost.types("send me money");
    at_lost.until("error[no-member]");
    at_lost.leaves();
    at_ben.leaves();

    let restored = again.lines(&["restore", at_file, "--passphrase-file", at_words]);
    assert_eq!(restored.len(), 2, "{restored:?}");
    let mut serving = Window::of(&mut again.command(&["serve", "--http", "localhost:0"]));
    serving.until("http");
    for (room, window) in [("lunch", &mut at_ann), ("@Ann", &mut privately)] {
        let mut chat = Window::of(&mut again.command(&["chat", room]));
        chat.until("Ann");
        chat.types("I am back");
        window.until("I am back");
        chat.leaves();
    }
    assert!(!ann.lines(&["log", "@Ben"]).join("\n").contains("money"));
    assert_eq!(ann.lines(&["people", "lunch"]).len(), 2);
    for window in [privately, at_ann] {
        window.leaves();
    }
}

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

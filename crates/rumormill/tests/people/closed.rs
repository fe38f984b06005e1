//! A closed room as people use it: they come by tickets, somebody is removed, and a ticket is ended.

use crate::{lines::Window, person::Person};

#[test]
fn ann_lets_ben_and_mallory_in_and_removes_mallory() {
    let (ann, ben, mallory) = (Person::new(), Person::new(), Person::new());
    let mut at_ann = Window::of(&mut ann.command(&["new", "lunch", "--closed", "--nick", "Ann"]));
    at_ann.shows("this room is closed");
    let ticket = at_ann.until("rumor2");
    let mut at_ben = Window::of(&mut ben.command(&["join", &ticket, "--nick", "Ben"]));
    at_ben.shows("you are in lunch");
    at_ann.until("Ben joined");
    let mut at_mallory = Window::of(&mut mallory.command(&["join", &ticket, "--nick", "Mallory"]));
    at_mallory.shows("you are in lunch");
    at_ann.until("Mallory joined");
    at_ann.types("welcome everybody");
    at_mallory.until("welcome everybody");
    at_mallory.types("buy this");
    at_ann.until("buy this");
    at_ben.until("buy this");

    // Ben may not, and is told so.
    at_ben.types("/kick Mallory yes");
    at_ben.until("error[rank]");
    at_ben.types("/ban Mallory");
    at_ben.until("/kick NAME removes somebody");
    // Ann is told what it ends, and then does it.
    at_ann.types("/kick Mallory");
    at_ann.until("Mallory would be out");
    at_ann.until("would let nobody in any more");
    at_ann.types("/kick Mallory yes hide");
    at_ann.until("Ann removed Mallory");
    at_ben.until("Ann removed Mallory");
    at_mallory.until("Ann removed you from this room");
    at_mallory.types("I am still here");
    at_mallory.until("error[no-member]");
    at_ann.types("finally");
    at_ben.until("finally");
    at_ben.types("/names");
    at_ben.until("Ann");

    // Her words are gone, before and after; those of the others stand.
    for person in [&ann, &ben] {
        let log = person.lines(&["log", "lunch"]).join("\n");
        assert!(!log.contains("buy this") && !log.contains("I am still here"), "{log}");
        assert!(log.contains("Ann removed Mallory") && log.contains("finally"), "{log}");
    }

    // Her home can read what was said before, and no word of what was said after.
    let log = mallory.lines(&["log", "lunch"]).join("\n");
    assert!(log.contains("welcome everybody") && !log.contains("finally"), "{log}");
    for file in std::fs::read_dir(mallory.home.path().join("home")).unwrap() {
        let path = file.unwrap().path();
        let bytes = if path.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
        let holds = bytes.windows(7).any(|window| window.eq_ignore_ascii_case(b"finally"));
        assert!(!holds, "{} holds the word", path.display());
    }

    // The ticket by which she came is over, and whoever comes with it is told so.
    let late = Person::new();
    let mut at_late = Window::of(&mut late.command(&["join", &ticket, "--nick", "Late"]));
    at_late.until("your ticket was revoked");
    at_late.leaves();

    // A ticket for one: listed, ended, and then good for nobody.
    let once = ann.lines(&["ticket", "lunch", "--new", "--uses", "1", "--expires", "7d"]).remove(0);
    let listed = ann.lines(&["ticket", "lunch", "--list"]);
    let line = listed.iter().find(|line| line.contains("0 of 1 use")).unwrap();
    assert!(line.contains("by you") && line.contains("good until"), "{listed:?}");
    let id = line.split(' ').next().unwrap();
    ann.lines(&["ticket", "lunch", "--revoke", id]);
    let listed = ann.lines(&["ticket", "lunch", "--list"]);
    assert!(listed.iter().any(|line| line.starts_with(id) && line.ends_with("revoked")), "{listed:?}");
    let mut at_late = Window::of(&mut late.command(&["join", &once, "--nick", "Late"]));
    at_late.until("your ticket was revoked");
    at_late.leaves();
    // The present ticket of the room is good, also for whoever came with a bad one before.
    let good = ann.lines(&["ticket", "lunch"]).remove(0);
    let mut at_late = Window::of(&mut late.command(&["join", &good, "--nick", "Late"]));
    at_late.until("finally");
    at_ann.until("Late joined");
    at_late.leaves();
    at_mallory.leaves();
    at_ben.leaves();
    at_ann.leaves();
}

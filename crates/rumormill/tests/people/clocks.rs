//! Two people, one of whom has a machine whose clock is wrong by an hour.

use std::{path::PathBuf, process::Command};

use crate::{lines::Window, person::Person};

/// A library that shifts the clock of the program that it is preloaded into.
fn shim(dir: &tempfile::TempDir) -> PathBuf {
    let made = dir.path().join("clock.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/clock.c");
    let compiled = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&made).arg(source).arg("-ldl").status();
    assert!(compiled.unwrap().success());
    made
}

/// Ann founds a room with these flags, and Ben joins it with a clock that is so many seconds ahead of hers.
fn meet(ahead: i64, flags: &[&str]) -> (Vec<String>, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let shim = shim(&dir);
    let (ann, ben) = (Person::new(), Person::new());
    let mut here = Window::of(&mut ann.command(&[&["new", "lunch", "--nick", "ann"], flags].concat()));
    let ticket = here.until("rumor2");
    let mut join = ben.command(&["join", &ticket, "--nick", "ben"]);
    let mut there = Window::of(join.env("LD_PRELOAD", shim).env("CLOCK_AHEAD", ahead.to_string()));
    there.until("you are in");
    // She may go on under a fresh key as they meet; until then she counts twice.
    there.shows("ann is here");
    there.types("hello from ben");
    here.until("ben  hello from ben");
    here.types("hello from ann");
    there.until("ann  hello from ann");
    there.shows("; compare both");
    here.shows("ben's; compare both");
    for (window, me) in [(&mut here, "ann"), (&mut there, "ben")] {
        counts_one(window, &format!("hello from {me}"));
        window.types("/names");
        window.until(&format!("{me}  you"));
    }
    (here.leaves(), there.leaves())
}

/// Words that were said come to whom there is: to one person, once it is known that both of her keys are hers.
fn counts_one(window: &mut Window, said: &str) {
    window.shows(&format!("{said}  ✓ "));
    let mut words = said.to_owned();
    for turn in 1..20 {
        if window.read.iter().any(|line| line.ends_with(&format!("{words}  ✓ 1/1"))) {
            return;
        }
        words = format!("{said}, {turn} more");
        window.types(&words);
        window.until(&format!("{words}  ✓ "));
    }
    panic!("somebody counts twice: {:#?}", window.read);
}

fn check(ahead: i64, ann_is: &str, ben_is: &str) {
    for flags in [&[][..], &["--open"]] {
        let (ann, ben) = meet(ahead, flags);
        tells(&ann, ann_is, "ben");
        tells(&ben, ben_is, "ann");
    }
}

/// What somebody read says on which side of the other's clock their own is, and nothing twice or late.
fn tells(shown: &[String], side: &str, other: &str) {
    let advice = "compare both with a third one and set the wrong one";
    let told = |whose: &str| shown.contains(&format!("your clock is 60 min {side} {whose}; {advice}"));
    // Whoever comes may know the other's clock before her name.
    let unnamed = other == "ann" && told("that of somebody whose name is not here yet");
    assert!(told(&format!("{other}'s")) || unnamed, "{side} {other}: {shown:#?}");
    let text = shown.join("\n");
    assert!(!text.contains('~') && !text.contains("two places"), "{text}");
    let joined = shown.iter().filter(|line| line.ends_with(&format!("* {other} joined"))).count();
    assert_eq!(joined, 1, "{text}");
    assert!(!text.contains("agree again"), "somebody who goes sets no clock right: {text}");
}

#[test]
fn a_clock_that_is_an_hour_ahead_is_told_to_both_who_read_each_other_all_the_same() {
    check(3_600, "behind", "ahead of");
}

#[test]
fn a_clock_that_is_an_hour_behind_is_told_to_both_who_read_each_other_all_the_same() {
    check(-3_600, "ahead of", "behind");
}

//! A closed room as people use it: they come by tickets, somebody is removed, and a ticket is ended.

use crate::{lines::Window, person::Person};

/// Somebody comes to Ann's room with a ticket, and is let in.
fn comes(who: &Person, ticket: &str, name: &str, at_ann: &mut Window) -> Window {
    let mut window = Window::of(&mut who.command(&["join", ticket, "--nick", name]));
    window.shows("you are in lunch");
    at_ann.until(&format!("{name} joined"));
    window
}

/// Ann founds an open room, and both come by its ticket.
fn meet_in_the_open(ann: &Person, ben: &Person, mallory: &Person) -> ([Window; 3], String) {
    let mut at_ann = Window::of(&mut ann.command(&["new", "lunch", "--open", "--nick", "Ann"]));
    let ticket = at_ann.until("rumor");
    let [at_ben, at_mallory] = [(ben, "Ben"), (mallory, "Mallory")].map(|(who, name)| {
        let window = Window::of(&mut who.command(&["join", &ticket, "--nick", name]));
        at_ann.until(&format!("{name} joined"));
        window
    });
    ([at_ann, at_ben, at_mallory], ticket)
}

#[test]
fn ann_lets_ben_and_mallory_in_and_removes_mallory() {
    let (ann, ben, mallory) = (Person::new(), Person::new(), Person::new());
    let mut at_ann = Window::of(&mut ann.command(&["new", "lunch", "--nick", "Ann"]));
    at_ann.shows("this room is closed");
    let ticket = at_ann.until("rumor2");
    let mut at_ben = comes(&ben, &ticket, "Ben", &mut at_ann);
    let mut at_mallory = comes(&mallory, &ticket, "Mallory", &mut at_ann);
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
        // So it is in whatever is written for people. The archive has all, and verifies.
        for read in [
            &["log", "lunch", "--json"][..],
            &["export", "lunch", "--format", "text"],
            &["export", "--format", "markdown"],
        ] {
            let read = person.lines(read).join("\n");
            assert!(read.contains("finally") && !read.contains("buy this") && !read.contains("still here"), "{read}");
        }
        let file = person.home.path().join("lunch.jsonl");
        person.lines(&["export", "lunch", "--to", file.to_str().unwrap()]);
        person.lines(&["check", "--file", file.to_str().unwrap()]);
        let archive = std::fs::read_to_string(&file).unwrap();
        let texts = archive.lines().filter(|line| line.contains(&format!("\"kind\":\"{}\"", 64 + 1))).count();
        assert_eq!(texts, 3, "what was taken back is there, sealed: {archive}");
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

    // The ticket by which she came is over, and whoever comes with it is told nothing else.
    let late = Person::new();
    let mut at_late = Window::of(&mut late.command(&["join", &ticket, "--nick", "Late"]));
    at_late.until("your ticket may have ended");
    at_late.gives_up();

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
    at_late.until("your ticket may have ended");
    at_late.gives_up();
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

#[test]
fn ann_and_ben_compare_their_safety_number_and_ann_remembers_it() {
    let (ann, ben) = (Person::new(), Person::new());
    let mut at_ann = Window::of(&mut ann.command(&["new", "lunch", "--nick", "Ann"]));
    at_ann.shows("this room is closed");
    let ticket = at_ann.until("rumor2");
    let mut at_ben = comes(&ben, &ticket, "Ben", &mut at_ann);
    at_ben.types("hello");
    at_ann.until("hello");

    // Both see the same number, in the chat and by the command.
    let number = ann.lines(&["verify", "lunch", "Ben"]).remove(0);
    assert!(number.split(' ').count() == 12 && number.bytes().all(|sign| sign == b' ' || sign.is_ascii_digit()));
    assert_eq!(ben.lines(&["verify", "lunch", "Ann"]).remove(0), number);
    at_ann.types("/verify Ben");
    at_ann.until(&number);
    at_ann.types("/verify Ben yes");
    at_ann.until("Ben is verified, for this key alone");
    at_ann.types("/names");
    at_ann.until("Ben  here, member, verified");
    // The doctor reminds her that nobody else could give or end roles, until somebody can.
    let doctor = |person: &Person| person.lines(&["doctor"]).join("\n");
    assert!(doctor(&ann).contains("lunch: you are its only owner"), "{}", doctor(&ann));
    assert!(!doctor(&ben).contains("its only owner"));
    at_ann.types("/appoint Ben co-owner");
    at_ben.until("made Ben a co-owner");
    assert!(!doctor(&ann).contains("its only owner"));
    // It is hers alone, and stays in her home.
    at_ann.leaves();
    let people = |person: &Person| person.lines(&["people", "lunch"]).join("\n");
    assert!(people(&ann).contains("verified"), "{}", people(&ann));
    assert!(!people(&ben).contains("verified"), "{}", people(&ben));
    at_ben.leaves();
    ann.lines(&["verify", "lunch", "Ben", "--no"]);
    assert!(!people(&ann).contains("verified"));
    ann.fails(&["verify", "lunch", "Ann"], 2);
}

#[test]
fn somebody_who_was_removed_begins_anew_and_learns_nothing_of_what_came_behind() {
    let (ann, ben, mallory, cleo) = (Person::new(), Person::new(), Person::new(), Person::new());
    let mut at_ann = Window::of(&mut ann.command(&["new", "lunch", "--nick", "Ann"]));
    let ticket = at_ann.until("rumor2");
    let mut at_ben = comes(&ben, &ticket, "Ben", &mut at_ann);
    let mut at_mallory = comes(&mallory, &ticket, "Mallory", &mut at_ann);
    at_mallory.types("before");
    at_ann.until("before");
    // She is away when she is removed.
    at_mallory.leaves();
    at_ann.types("/kick Mallory yes");
    at_ann.until("Ann removed Mallory");
    at_ben.until("Ann removed Mallory");
    let other = ann.lines(&["ticket", "lunch"]).remove(0);
    let mut at_cleo = comes(&cleo, &other, "Cleo", &mut at_ann);
    at_ann.types("behind her back");
    at_ben.until("behind her back");
    at_cleo.until("behind her back");

    let mut at_mallory = Window::of(&mut mallory.command(&["chat", "lunch"]));
    at_mallory.until("Ann removed you from this room");
    at_mallory.types("let me back in");
    at_mallory.until("error[no-member]");
    at_mallory.leaves();
    let log = mallory.lines(&["log", "lunch"]).join("\n");
    assert!(log.contains("before") && !log.contains("behind") && !log.contains("Cleo"), "{log}");
    at_cleo.leaves();
    at_ben.leaves();
    at_ann.leaves();
}

#[test]
fn ann_slows_the_room_and_holds_what_newcomers_say() {
    let (ann, ben, cleo) = (Person::new(), Person::new(), Person::new());
    let mut at_ann = Window::of(&mut ann.command(&["new", "lunch", "--nick", "Ann"]));
    let ticket = at_ann.until("rumor2");
    let mut at_ben = comes(&ben, &ticket, "Ben", &mut at_ann);
    at_ben.types("/rules slow 60");
    at_ben.until("error[rank]");
    at_ann.types("/rules slow 1h");
    at_ben.until("slow mode: a member says one message in 3600 s");
    at_ben.types("the only one");
    at_ann.until("the only one");
    at_ben.types("too early");
    at_ben.until("error[slow-mode]: slow mode: your next message can be said in 3");
    at_ann.types("one of mine");
    at_ann.types("another one of mine");
    at_ben.until("another one of mine");
    ann.lines(&["rules", "lunch", "slow", "off"]);
    at_ben.until("slow mode is off");
    at_ben.types("freely");
    at_ann.until("freely");

    assert!(ann.lines(&["rules", "lunch", "newcomers", "held"]).join("\n").contains("is held until"));
    at_ben.until("what newcomers say is held");
    let mut at_cleo = Window::of(&mut cleo.command(&["join", &ticket, "--nick", "Cleo"]));
    at_cleo.shows("you are in lunch");
    at_ann.until("Cleo joined");
    at_cleo.until("Ben is here");
    at_cleo.types("buy this");
    at_ann.until("buy this  (held)");
    at_cleo.until("buy this  (held)  ✓ 2/2");
    at_cleo.types("/through Cleo");
    at_cleo.until("error[rank]");
    at_ben.types("/held");
    at_ben.until("buy this  (held)");
    let seen = || ben.lines(&["log", "lunch"]).join("\n");
    assert!(!seen().contains("buy this"), "{}", seen());
    at_ben.types("/through Cleo");
    at_ann.until("let Cleo through");
    at_ben.until("buy this");
    assert!(seen().contains("buy this") && !seen().contains("too early"), "{}", seen());
    at_cleo.types("thank you");
    at_ben.until("thank you");
    // Nobody but Ann reads what Ben reports.
    at_ben.types("/report this is spam");
    at_ben.until("reported to one person");
    at_ann.until("Ben reports what Cleo said (this is spam): thank you");
    at_cleo.types("/reports");
    at_cleo.until("nobody has reported anything to you here");
    assert!(ann.lines(&["report", "lunch"])[0].starts_with("Ben on Cleo: thank you (this is spam)"));
    at_ann.types("/report nothing");
    at_ann.until("there is nobody to report this to");
    at_cleo.leaves();
    at_ben.leaves();
    at_ann.leaves();
}

#[test]
fn ann_closes_her_open_room_and_goes_on_with_ben() {
    let (ann, ben, mallory) = (Person::new(), Person::new(), Person::new());
    let ([mut at_ann, mut at_ben, mut at_mallory], ticket) = meet_in_the_open(&ann, &ben, &mallory);
    at_ben.types("in the open");
    at_ann.until("in the open");
    at_mallory.until("in the open");

    // Ann chose an open room, so nobody tells her that it can be closed.
    for who in [&ann, &ben] {
        let mut window = Window::of(&mut who.command(&["chat", "lunch", "--plain"]));
        window.until("you are in lunch");
        window.types("/digest");
        window.until("the same digest");
        assert!(!window.read.iter().any(|line| line.contains("you may close this open room")), "{:?}", window.read);
        window.leaves();
    }

    let refused = ben.fails(&["close", "lunch", "--yes"], 3);
    assert!(refused.contains("error[rank]") && refused.contains("only the founder"), "{refused}");
    let refused = ann.fails(&["close", "lunch", "--without", "Mallory"], 2);
    assert!(refused.contains("Mallory would not") && refused.contains("nobody could be asked"), "{refused}");
    at_ann.types("/close without Mallory");
    at_ann.until("you and 1 other person would be in");
    at_ann.until("Mallory would not");
    at_ann.until("this cannot be undone");
    at_ann.types("/close without Mallory yes");
    at_ann.until("Ann closed the room");
    at_ben.until("Ann closed the room");
    at_mallory.until("Ann removed you from this room");
    at_mallory.types("and me?");
    at_mallory.until("error[no-member]");
    at_ben.types("among us");
    at_ann.until("among us");
    at_ann.types("finally");
    at_ben.until("finally");
    for person in [&ann, &ben] {
        let log = person.lines(&["log", "lunch"]).join("\n");
        assert!(["in the open", "Ann closed the room", "among us", "finally"].iter().all(|said| log.contains(said)));
    }

    // A stranger with the old ticket stays out, and one with the new ticket comes in.
    let (stranger, dan) = (Person::new(), Person::new());
    let at_stranger = Window::of(&mut stranger.command(&["join", &ticket, "--nick", "Stranger"]));
    let fresh = ann.lines(&["ticket", "lunch"]).remove(0);
    assert_ne!(fresh, ticket);
    let mut at_dan = comes(&dan, &fresh, "Dan", &mut at_ann);
    at_dan.types("hello");
    at_ann.until("hello");
    let log = dan.lines(&["log", "lunch"]).join("\n");
    assert!(log.contains("in the open") && log.contains("finally"), "{log}");
    assert!(!stranger.lines(&["rooms"]).join("\n").contains("lunch"), "not even its name");
    at_stranger.gives_up();
}

#[test]
fn ann_names_ben_and_he_closes_her_open_room_without_mallory() {
    let (ann, ben, mallory) = (Person::new(), Person::new(), Person::new());
    let ([mut at_ann, mut at_ben, mut at_mallory], _) = meet_in_the_open(&ann, &ben, &mallory);
    at_ann.types("in the open");
    at_ben.until("in the open");
    at_mallory.until("in the open");
    at_ann.types("/step-down");
    at_ann.until("error[open-room]");
    at_ann.types("/step-down Ben");
    at_ann.until("Ben could close this room");
    at_ann.until("/step-down Ben yes does it, for good");
    at_ann.types("/step-down Ben yes");
    at_ben.until("Ann stepped down; Ben may close this room");
    at_mallory.until("Ann stepped down; Ben may close this room");
    for who in [&ann, &mallory] {
        assert!(who.fails(&["close", "lunch", "--yes"], 3).contains("error[rank]"));
    }
    at_ben.types("/close without Mallory");
    at_ben.until("Mallory would not");
    at_ben.types("/close without Mallory yes");
    at_ann.until("Ben closed the room");
    at_mallory.until("Ben removed you from this room");
    at_ann.types("among us");
    at_ben.until("among us");
    at_ben.leaves();
    at_mallory.leaves();
    at_ann.leaves();
}

#[test]
fn ben_holds_back_newcomers_and_floods_in_an_open_room_for_himself_alone() {
    let (ann, ben, mallory) = (Person::new(), Person::new(), Person::new());
    let ([mut at_ann, mut at_ben, mut at_mallory], ticket) = meet_in_the_open(&ann, &ben, &mallory);
    at_ben.types("/rules");
    at_ben.until("it has no rules");
    at_ben.until("newcomers held, newcomers shown, flood NUMBER, flood off");
    at_ben.types("/rules slow 30");
    at_ben.until("error[usage]");
    at_ben.types("/rules newcomers held");
    at_ben.until("held, for you alone");

    // Ann sees what Mallory says, and Ben does not, before Ann answers.
    let log = |who: &Person| who.lines(&["log", "lunch"]).join("\n");
    at_mallory.types("buy this");
    at_ann.until("buy this");
    at_ben.until("what Mallory says is held back: new here; /through Mallory shows them");
    assert!(log(&ann).contains("buy this") && !log(&ben).contains("buy this"), "{}", log(&ben));
    assert!(ben.lines(&["log", "lunch", "--all"]).join("\n").contains("buy this"));
    at_ben.types("/held");
    at_ben.until("buy this");
    at_ben.until("/through NAME shows what they say to you");
    at_ann.types("/reply how much?");
    at_ben.until("Mallory  buy this");
    assert!(log(&ben).contains("Mallory  buy this") && log(&ben).contains("how much?"), "{}", log(&ben));

    // Mallory says too much at once.
    at_ben.types("/rules flood 1");
    at_ben.until("one message of one person a minute");
    ["cheap", "cheaper", "for nothing"].iter().for_each(|words| at_mallory.types(words));
    at_ann.until("for nothing");
    at_ben.until("what Mallory says is held back: too many in a minute");
    at_ben.types("/held");
    at_ben.until("Mallory  for nothing");
    assert!(!log(&ben).contains("for nothing") && log(&ann).contains("for nothing"), "{}", log(&ben));
    assert!(ben.fails(&["rules", "lunch", "slow", "30"], 2).contains("flood NUMBER"));
    let rules = ben.lines(&["rules", "lunch", "flood", "off"]);
    assert_eq!(rules[2], "everything that one person says is shown");
    assert!(log(&ben).contains("for nothing"), "{}", log(&ben));

    // A newcomer whom nobody answers is let through by Ben himself.
    let dan = Person::new();
    let mut at_dan = Window::of(&mut dan.command(&["join", &ticket, "--nick", "Dan"]));
    at_ben.until("Dan joined");
    at_dan.types("I am Dan");
    at_ben.until("what Dan says is held back");
    at_ben.types("/through Dan");
    at_ben.until("Dan  I am Dan");
    assert!(log(&ben).contains("I am Dan"));
}

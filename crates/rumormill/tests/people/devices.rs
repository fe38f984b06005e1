//! Two laptops of one person and a friend: linked by a code, one person throughout, and one of them revoked.

use std::time::{Duration, Instant};

use crate::{lines::Window, person::Person};

/// The people of the room, as somebody lists them, without times.
fn people(of: &Person) -> Vec<String> {
    let mut names: Vec<String> = of
        .lines(&["people", "lunch"])
        .iter()
        .map(|line| line.split("  ").next().unwrap_or_default().to_owned())
        .collect();
    names.sort();
    names
}

/// Waits until somebody knows the people of the room by these names.
fn knows(of: &Person, names: &[&str]) {
    let late = Instant::now() + Duration::from_secs(60);
    while people(of) != names {
        assert!(Instant::now() < late, "{:?} instead of {names:?}", people(of));
    }
}

/// The last message, as programs read it.
fn last(of: &Person) -> serde_json::Value {
    serde_json::from_str(&of.lines(&["log", "lunch", "--json", "--last", "1"]).concat()).unwrap()
}

/// What somebody's programs read about their rooms, once it is as it should be.
fn rooms_until(of: &Person, fits: impl Fn(&[serde_json::Value]) -> bool) {
    let late = Instant::now() + Duration::from_secs(60);
    loop {
        let rooms = of.lines(&["rooms", "--json"]);
        let rooms: Vec<serde_json::Value> = rooms.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        if fits(&rooms) {
            return;
        }
        assert!(Instant::now() < late, "{rooms:#?}");
    }
}

fn named<'a>(rooms: &'a [serde_json::Value], name: &str) -> Option<&'a serde_json::Value> {
    rooms.iter().find(|room| room["name"] == name)
}

/// Whether Ben is hidden from somebody.
fn hides_ben(of: &Person) -> bool {
    let people = of.lines(&["people", "lunch", "--json"]);
    let people = people.iter().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    people.into_iter().any(|person| person["nick"] == "Ben" && person["hidden"] == true)
}

/// The machines of Ann stay in step while the new one runs without a screen.
fn stay_in_step((old, at_old): (&Person, &mut Window), new: &Person, at_ben: &mut Window) {
    let mut serving = Window::of(&mut new.command(&["serve", "--http", "localhost:0"]));
    serving.until("http");
    at_ben.types("read this once");
    at_old.until("read this once");
    old.lines(&["read", "lunch"]);
    // What is read on one is read on the other, which has it too.
    let has = || new.lines(&["log", "lunch"]).join("\n").contains("read this once");
    rooms_until(new, |rooms| has() && named(rooms, "lunch").is_some_and(|room| room["unread"] == 0));
    at_old.types("/hide Ben");
    rooms_until(new, |_| hides_ben(new));
    at_old.types("/hide Ben");
    rooms_until(new, |_| !hides_ben(new));
    // A room that is founded on one comes up on the other, and their own is nowhere.
    Window::of(&mut old.command(&["new", "dinner"])).leaves();
    Window::of(&mut new.command(&["new", "picnic", "--open"])).leaves();
    for person in [old, new] {
        let all = ["dinner", "lunch", "picnic"];
        rooms_until(person, |rooms| rooms.len() == all.len() && all.iter().all(|name| named(rooms, name).is_some()));
    }
    // What is held back in an open room on one is held back on the other, until it is no more.
    let holds = |rooms: &[serde_json::Value], hold: bool, flood: u64| {
        named(rooms, "picnic")
            .is_some_and(|room| room["display"] == serde_json::json!({ "hold": hold, "flood": flood }))
    };
    old.lines(&["rules", "picnic", "newcomers", "held"]);
    rooms_until(new, |rooms| holds(rooms, true, 0));
    new.lines(&["rules", "picnic", "flood", "7"]);
    rooms_until(old, |rooms| holds(rooms, true, 7));
    old.lines(&["rules", "picnic", "newcomers", "shown"]);
    rooms_until(new, |rooms| holds(rooms, false, 7));
    new.lines(&["rules", "picnic", "flood", "off"]);
    [old, new].iter().for_each(|person| rooms_until(person, |rooms| holds(rooms, false, 0)));
}

#[test]
fn ann_writes_on_two_laptops_and_ben_sees_one_ann_until_one_is_revoked() {
    let (old, new, ben) = (Person::new(), Person::new(), Person::new());
    let mut at_old = Window::of(&mut old.command(&["new", "lunch", "--nick", "Ann"]));
    let ticket = at_old.until("rumor2");
    let mut at_ben = Window::of(&mut ben.command(&["join", &ticket, "--nick", "Ben"]));
    at_ben.shows("you are in lunch");
    at_old.until("Ben joined");
    at_old.types("from the old one");
    at_ben.until("Ann  from the old one");

    // The second one is linked by a code, which is good once.
    let mut adding = Window::of(&mut old.command(&["device", "add", "--name", "old"]));
    let code = adding.until("rumordevice1");
    let linked = new.lines(&["device", "link", &code, "--name", "new"]);
    assert_eq!(linked, ["lunch  one person on both machines"]);
    assert!(!new.lines(&["device", "list"]).iter().any(|line| line.ends_with("revoked")), "it has met nobody yet");
    adding.shows("linked with new");
    assert!(adding.leaves().contains(&"lunch  one person on both machines".to_owned()));
    assert!(new.fails(&["device", "link", &code, "--name", "newer"], 2).contains("error[link-code]"));
    assert!(new.fails(&["device", "link", &code[..40]], 2).contains("error[link-code]"));

    // Both are Ann, to Ben and to each other.
    let mut at_new = Window::of(&mut new.command(&["chat", "lunch"]));
    at_new.until("Ann  from the old one");
    at_new.types("from the new one");
    at_ben.until("Ann  from the new one");
    at_old.until("Ann  from the new one");
    at_new.until("Ann  from the new one  ✓ 1/1");
    at_old.types("and again");
    at_old.until("Ann  and again  ✓ 1/1");
    at_new.until("Ann  and again");
    for person in [&old, &new, &ben] {
        knows(person, &["Ann", "Ben"]);
    }
    at_ben.types("@Ann soup?");
    for (window, person) in [(&mut at_old, &old), (&mut at_new, &new)] {
        window.until("soup?");
        let last = last(person);
        assert_eq!((&last["names_me"], &last["mine"]), (&true.into(), &false.into()), "{last}");
    }
    // A name belongs to the person, and each edits what was said there.
    at_new.types("/nick Anna");
    at_ben.until("is now called Anna");
    at_new.types("yes");
    at_ben.until("Anna  yes");
    at_old.until("Anna  yes");
    assert_eq!(last(&old)["mine"], true);
    let of = last(&old)["ref"].as_str().unwrap().to_owned();
    assert!(old.fails(&["edit", "lunch", &of, "no"], 3).contains("you said this on another device"));
    assert!(!at_ben.read.iter().any(|line| line.contains("new joined") || line.contains("Anna joined")));

    // The new one is lost. Whoever finds it writes on, and does not know.
    let listed = old.lines(&["device", "list"]);
    assert!(listed.iter().any(|line| line.starts_with("new  since")), "{listed:?}");
    assert!(listed.iter().any(|line| line.starts_with("old  since") && line.ends_with("this machine")), "{listed:?}");
    assert!(new.fails(&["device", "revoke", "old"], 2).contains("error[device]"));
    let refused = new.fails(&["device", "add"], 2);
    assert!(
        refused.contains("error[device]: this machine was linked itself") && refused.trim_end().ends_with(": old"),
        "{refused}"
    );
    at_new.leaves();
    stay_in_step((&old, &mut at_old), &new, &mut at_ben);
    old.lines(&["device", "revoke", "new"]);
    Window::of(&mut old.command(&["new", "supper"])).leaves();
    at_old.types("I lost a laptop");
    at_ben.until("Anna  I lost a laptop");
    at_old.leaves();
    at_ben.leaves();
    let mut at_new = Window::of(&mut new.command(&["chat", "lunch"]));
    at_new.until("you are in lunch");
    at_new.types("send me money");
    at_new.until("Anna  send me money");
    let mut at_old = Window::of(&mut old.command(&["chat", "lunch"]));
    at_old.until("you are in lunch");
    let ticket = old.lines(&["ticket", "lunch"]).remove(0);
    let meeting = Window::of(&mut new.command(&["join", &ticket]));
    at_new.until("this device was revoked");
    assert!(meeting.ends_with(3).iter().any(|line| line.starts_with("error[no-member]: this device was revoked")));
    let mut at_ben = Window::of(&mut ben.command(&["join", &ticket]));
    at_old.types("is it quiet?");
    at_ben.until("Anna  is it quiet?");
    at_new.types("please");
    at_new.until("error[no-member]");
    for person in [&old, &ben] {
        let log = person.lines(&["log", "lunch"]).join("\n");
        assert!(!log.contains("send me money") && !log.contains("please"), "{log}");
        assert!(log.contains("Anna  yes") && log.contains("from the new one"), "{log}");
        knows(person, &["Anna", "Ben"]);
    }
    assert!(new.lines(&["device", "list"]).iter().any(|line| line.ends_with("lunch  revoked")));
    rooms_until(&new, |rooms| named(rooms, "supper").is_none() && named(rooms, "dinner").is_some());
    at_new.leaves();
    at_ben.leaves();
    at_old.leaves();
}

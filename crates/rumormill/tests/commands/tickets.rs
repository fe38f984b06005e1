//! Tickets as people paste them.

use std::thread;

use crate::person::Person;

#[test]
fn a_ticket_is_found_in_any_pasted_text() {
    let ada = Person::new();
    let mut open = ada.open(&["new", "lunch"]);
    let ticket = open.line();
    let (begin, end) = ticket.split_at(60);
    let pasted = [
        format!(" {ticket} "),
        format!("\"{ticket}\""),
        format!("`{ticket}`"),
        format!("<{ticket}>"),
        format!("({ticket})"),
        format!("[{ticket}]"),
        format!("**{ticket}**"),
        format!("{ticket}."),
        format!("rumormill join {ticket}"),
        format!("$ rumormill --profile me join '{ticket}' --nick me"),
        format!("come in: {ticket} thanks"),
        format!("{begin}\n> {end}"),
        format!("> {begin}\r\n> {end}\r\n> see you"),
        format!("{begin}\u{200b}{end}"),
        format!("\u{feff}{ticket}"),
        ada.lines(&["ticket", "--link"]).concat(),
    ];
    // Each of them waits for others to come.
    thread::scope(|all| {
        for text in &pasted {
            all.spawn(move || {
                let bob = Person::new();
                let joined = bob.run(&["join", text]);
                assert!(joined.status.success(), "{text:?}: {joined:?}");
                assert_eq!(bob.lines(&["rooms"]).len(), 1, "{text:?}");
            });
        }
    });
}

#[test]
fn a_ticket_is_one_line_and_so_is_its_link() {
    let ada = Person::new();
    ada.lines(&["new", "lunch"]);
    let (ticket, link) = (ada.lines(&["ticket"]), ada.lines(&["ticket", "--link"]));
    assert!(ticket.len() == 1 && ticket[0].starts_with("rumor2"), "{ticket:?}");
    assert!(link.len() == 1 && link[0].starts_with("http://127.0.0.1:7667/#rumor2"), "{link:?}");
}

#[test]
fn an_invalid_ticket_is_refused_at_once_with_the_reason() {
    let (ada, bob) = (Person::new(), Person::new());
    let ticket = ada.lines(&["new", "lunch"])[0].clone();
    let wrong = format!("{}{}{}", &ticket[..20], if &ticket[20..21] == "a" { "b" } else { "a" }, &ticket[21..]);
    for (text, why) in [
        ("rumor2hello", "is missing"),
        (&ticket[..ticket.len() - 9], "the end of the ticket is missing"),
        (&wrong, "a letter of the ticket is wrong"),
        ("rumor3abc", "newer Rumormill"),
    ] {
        let refused = bob.fails(&["join", text], 5);
        assert!(refused.contains("error[ticket]") && refused.contains(why), "{text}: {refused}");
    }
    assert!(!bob.home.path().join("home").exists(), "nothing was opened for it");
}

#[test]
fn a_join_beside_serve_meets_the_connected_peers() {
    let (ada, bob) = (Person::new(), Person::new());
    let mut serving = crate::person::Chat::of(&mut bob.command(&["serve", "--http", "localhost:0"]));
    serving.line();
    for number in 0..10 {
        let mut open = ada.open(&["new", &format!("room {number}")]);
        let joined = bob.run(&["join", &open.line()]);
        assert!(joined.status.success(), "{number}: {joined:?}");
        assert_eq!(open.leave().1, Some(0));
    }
}

#[test]
fn a_name_is_used_in_later_rooms_too() {
    let (ada, bob) = (Person::new(), Person::new());
    let named = |who: &Person, room: &str| {
        let people = who.lines(&["log", room, "--json"]);
        let nick = |line: &String| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["nick"].as_str().unwrap().to_owned()
        };
        people.iter().map(nick).filter(|nick| !nick.is_empty()).collect::<Vec<_>>()
    };
    let mut lunch = ada.open(&["new", "lunch", "--nick", "ada"]);
    let ticket = lunch.line();
    assert!(bob.run(&["join", &ticket, "--nick", "bob"]).status.success());
    assert_eq!(lunch.leave().1, Some(0));
    ada.lines(&["new", "work"]);
    ada.lines(&["send", "work", "hello"]);
    assert_eq!(named(&ada, "work").last().map(String::as_str), Some("ada"));
    let mut work = ada.open(&["chat", "work"]);
    work.until("hello");
    let ticket = ada.lines(&["ticket", "work"]).concat();
    assert!(bob.run(&["join", &ticket]).status.success());
    bob.lines(&["send", "work", "hi"]);
    assert!(work.until("  hi").ends_with("bob  hi"));
    // Without a name, the output does not mention one.
    let eve = Person::new();
    eve.lines(&["new", "one", "--open"]);
    eve.lines(&["new", "two", "--open"]);
    assert!(eve.lines(&["rooms"]).iter().all(|room| room.contains("entries: 1,")), "{:?}", eve.lines(&["rooms"]));
}

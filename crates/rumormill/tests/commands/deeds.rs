//! Single commands that change a room or its messages, beside an open chat and without one.

use serde_json::Value;

use crate::person::{Chat, Person};

/// Two people in one room, each with it open.
fn two() -> (Person, Chat, Person, Chat) {
    let (ada, bob) = (Person::new(), Person::new());
    let mut at_ada = ada.open(&["new", "lunch", "--nick", "ada"]);
    let ticket = at_ada.line();
    let mut at_bob = bob.open(&["join", &ticket, "--nick", "bob"]);
    at_bob.until("founded");
    at_ada.until("* bob");
    (ada, at_ada, bob, at_bob)
}

/// The messages of the room, from the API.
fn log(who: &Person) -> Vec<Value> {
    who.lines(&["log", "lunch", "--json"]).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The message with this text.
fn said(who: &Person, text: &str) -> Value {
    log(who).into_iter().find(|message| message["text"] == text).unwrap()
}

fn reference(message: &Value) -> String {
    message["ref"].as_str().unwrap().to_owned()
}

/// Runs a command; returns its output.
fn told(who: &Person, args: &[&str]) -> String {
    let output = who.run(args);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{args:?}: {told}");
    told
}

#[test]
fn every_change_of_a_message_reaches_the_other() {
    let (ada, mut at_ada, bob, mut at_bob) = two();
    ada.lines(&["send", "lunch", "pizza or pasta?"]);
    at_bob.until("pizza or pasta?");
    let asked = reference(&said(&bob, "pizza or pasta?"));

    assert_eq!(
        told(&bob, &["reply", "lunch", &asked, "pasta,", "@ada"]),
        "said; received by 1: everybody who is here\n"
    );
    at_ada.until("pasta, @ada");
    let answer = said(&ada, "pasta, @ada");
    assert_eq!((&answer["reply_to"]["ref"], &answer["nick"]), (&Value::from(asked.as_str()), &Value::from("bob")));
    assert_eq!(answer["names_me"], true);

    // When the command ends, the other has it.
    assert_eq!(told(&bob, &["react", "lunch", &asked, "👍"]), "set; received by 1: everybody who is here\n");
    assert_eq!(said(&ada, "pizza or pasta?")["reactions"][0]["sign"], "👍");
    assert_eq!(
        told(&bob, &["react", "lunch", &asked, "👍", "--remove"]),
        "taken back; received by 1: everybody who is here\n"
    );
    assert_eq!(said(&ada, "pizza or pasta?")["reactions"], Value::Array(vec![]));

    let answer = reference(&answer);
    assert_eq!(told(&bob, &["edit", "lunch", &answer, "soup"]), "changed; received by 1: everybody who is here\n");
    assert_eq!(said(&ada, "soup")["edited"], true);
    assert_eq!(told(&bob, &["retract", "lunch", &answer]), "taken back; received by 1: everybody who is here\n");
    let gone = log(&ada).into_iter().find(|message| message["ref"] == answer.as_str()).unwrap();
    assert_eq!((&gone["gone"], &gone["text"]), (&Value::from("retracted"), &Value::from("")));

    assert!(ada.fails(&["edit", "lunch", &answer, "mine"], 3).contains("error[not-yours]"));
    assert!(ada.fails(&["retract", "lunch", &answer], 3).contains("error[not-yours]"));
    assert!(ada.fails(&["reply", "lunch", "nothing", "hi"], 2).contains("error[ref]"));
    let nowhere = format!("{}.99", &answer[..64]);
    assert!(ada.fails(&["reply", "lunch", &nowhere, "hi"], 2).contains("error[message]"));
    assert!(ada.fails(&["react", "lunch", &asked, ""], 2).contains("error["));
    assert!(ada.fails(&["edit", "lunch", &asked, " "], 2).contains("error[nothing]"));
}

#[test]
fn nick_and_topic_are_set() {
    let (ada, mut at_ada, bob, mut at_bob) = two();
    assert_eq!(told(&bob, &["topic", "lunch", "Where", "to?"]), "set; received by 1: everybody who is here\n");
    at_ada.until("set the topic: Where to?");
    assert_eq!(ada.lines(&["topic", "lunch"]), ["Where to?"]);
    assert_eq!(told(&ada, &["topic", "lunch", ""]), "set; received by 1: everybody who is here\n");
    // The state of a room follows its changes a moment later.
    while bob.lines(&["topic", "lunch"]) != [""] {}

    assert_eq!(told(&ada, &["nick", "lunch", "countess"]), "set; received by 1: everybody who is here\n");
    at_bob.until("is now called countess");
    assert_eq!(ada.lines(&["nick", "lunch"]), ["countess"]);
    let people = bob.lines(&["people", "lunch"]);
    assert!(
        people.iter().any(|line| line.starts_with("countess  ") && line.contains("  here, wrote 20")),
        "{people:?}"
    );
    assert!(people.iter().any(|line| line.starts_with("bob  ") && line.contains("  you")), "{people:?}");
    assert!(ada.fails(&["nick", "lunch", " "], 2).contains("error[nick]"));
}

#[test]
fn the_unread_marker_moves_forward_and_back() {
    let (ada, _at_ada, bob, mut at_bob) = two();
    for text in ["one", "two", "three"] {
        ada.lines(&["send", "lunch", text]);
        at_bob.until(text);
    }
    assert_eq!(at_bob.leave().1, Some(0));
    // From here on no process has the home open.
    let unread = || serde_json::from_str::<Value>(&bob.lines(&["rooms", "--json"]).concat()).unwrap()["unread"].clone();
    let two = reference(&said(&bob, "two"));
    assert_eq!(told(&bob, &["read", "lunch"]), "0 unread messages\n");
    assert_eq!(told(&bob, &["read", "lunch", &two, "--unread"]), "2 unread messages\n");
    assert_eq!(unread(), 2);
    assert_eq!(told(&bob, &["read", "lunch", &two]), "1 unread message\n");
    assert_eq!(unread(), 1);
    assert!(bob.fails(&["read", "lunch", "--unread"], 2).contains("error[usage]"));
}

#[test]
fn changes_made_alone_are_kept() {
    let ada = Person::new();
    ada.lines(&["new", "lunch"]);
    ada.lines(&["send", "lunch", "helo"]);
    let helo = reference(&said(&ada, "helo"));
    let nobody = "changed; nobody is here now, it goes out when somebody is\n";
    assert_eq!(told(&ada, &["edit", "lunch", &helo, "hello"]), nobody);
    assert_eq!(said(&ada, "hello")["ref"], helo.as_str());
}

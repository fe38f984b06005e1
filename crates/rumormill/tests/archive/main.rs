//! Exports, imports of our own and of other systems, checks and repairs, through the commands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod damage;
mod earlier;
mod elsewhere;
mod foreign;
mod later;
mod person;

use std::fs;

use person::Person;
use serde_json::Value;

/// Somebody with a room called lunch that has a few messages, and its ticket.
fn founder() -> (Person, String) {
    let ada = Person::new();
    let ticket = ada.found("lunch");
    ada.say("lunch", "one\ntwo *three*\n- four\n");
    (ada, ticket)
}

fn export(person: &Person, args: &[&str]) -> String {
    person.lines(&[&["export"], args].concat()).join("\n")
}

#[test]
fn an_export_verifies_and_imports() {
    let (ada, ticket) = founder();
    let file = ada.path("lunch.jsonl");
    ada.lines(&["export", "lunch", "--to", &file]);
    assert!(ada.lines(&["check", "--file", &file])[0].ends_with("verified; it is whole"));
    let text = fs::read_to_string(&file).unwrap();
    let below_head = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(below_head(&text), below_head(&export(&ada, &["lunch"])), "it says the same each time");

    // No peer that Bob could ask is online.
    let bob = Person::new();
    bob.fails(&["join", &ticket], 6);
    let room = bob.lines(&["rooms"])[0].split_whitespace().find_map(hex).unwrap();
    let imported = bob.lines(&["import", &room, &file]);
    assert!(imported[0].ends_with(" imported, 0 were here before"), "{imported:?}");
    let texts = |person: &Person| -> Vec<String> {
        let log = person.lines(&["log", "lunch", "--json"]);
        let messages = log.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
        messages.filter(|message| message["kind"] == "text").map(|message| message["text"].to_string()).collect()
    };
    assert_eq!(texts(&ada), texts(&bob));
    let again = bob.lines(&["import", "lunch", &file]);
    assert!(again[0].starts_with("0 entries imported, "), "{again:?}");
    assert!(bob.lines(&["check", "lunch"])[0].ends_with("nothing is damaged"));
}

#[test]
fn an_export_of_a_closed_room_is_read_by_whom_a_member_lets_in() {
    let (ada, bob) = (Person::new(), Person::new());
    let ticket = ada.founds(&["new", "lunch", "--nick", "ada"]);
    ada.say("lunch", "soup?\nbread\n");
    let file = ada.path("lunch.jsonl");
    ada.lines(&["export", "lunch", "--to", &file]);
    assert!(!fs::read_to_string(&file).unwrap().contains("soup?"));
    assert!(bob.lines(&["check", "--file", &file])[0].ends_with("verified; it is whole"));

    bob.fails(&["join", &ticket], 6);
    let room = bob.lines(&["rooms"])[0].split_whitespace().find_map(hex).unwrap();
    let imported = bob.lines(&["import", &room, &file]);
    assert!(imported[0].ends_with(" imported, 0 were here before"), "{imported:?}");
    assert!(imported[1].ends_with("once somebody lets you in"), "{imported:?}");
    assert!(!bob.lines(&["log", &room]).join("\n").contains("soup?"));

    let serving = ada.serve();
    bob.lines(&["join", &ada.lines(&["ticket", "lunch"])[0]]);
    drop(serving);
    let texts = |person: &Person| -> Vec<String> {
        let log = person.lines(&["log", "lunch"]);
        log.into_iter().filter(|line| line.contains("ada  ")).collect()
    };
    assert!(texts(&bob).iter().any(|line| line.ends_with("soup?")), "{:?}", texts(&bob));
    assert_eq!(texts(&ada), texts(&bob));
}

fn hex(word: &str) -> Option<String> {
    let word = word.trim_matches(|char: char| !char.is_ascii_hexdigit());
    (word.len() >= 8 && word.chars().all(|char| char.is_ascii_hexdigit())).then(|| word.to_owned())
}

#[test]
fn a_changed_export_is_refused_with_its_line() {
    let (ada, _) = founder();
    let file = ada.path("changed.jsonl");
    let whole = export(&ada, &["lunch"]) + "\n";
    fs::write(&file, whole.replace("two *three*", "two *thief*")).unwrap();
    for args in [["check", "--file", &file], ["import", "lunch", &file]] {
        let said = ada.fails(&args, 4);
        assert!(said.contains("error[integrity]: ") && said.contains("line "), "{said}");
    }
    // The import notices a truncated file, even one that ends at the end of a line.
    let cut: Vec<&str> = whole.lines().take(3).collect();
    fs::write(&file, cut.join("\n")).unwrap();
    assert!(ada.fails(&["check", "--file", &file], 4).contains("cut off"));
    // A room refuses the export of another room.
    ada.found("dinner");
    fs::write(&file, &whole).unwrap();
    assert!(ada.fails(&["import", "dinner", &file], 2).contains("another room"));
}

#[test]
fn readable_exports_have_edits_and_no_markup() {
    let (ada, _) = founder();
    let text = export(&ada, &["lunch", "--format", "text"]);
    assert!(text.lines().any(|line| line.len() > 17 && line[16..].starts_with(" <ada> two *three*")), "{text}");
    assert!(text.contains(" * ada founded the room lunch"), "{text}");
    let markdown = export(&ada, &["lunch", "--format", "markdown"]);
    assert!(markdown.starts_with("# lunch\n\n## 20") && markdown.contains("\n\ntwo \\*three\\*"), "{markdown}");
    assert!(markdown.contains("\n\n\\- four"), "{markdown}");
    assert_eq!(export(&ada, &["lunch", "--format", "text", "--since", "0s"]), "");
    assert_eq!(export(&ada, &["lunch", "--since", "1h", "--format", "text"]), text);
}

#[test]
fn an_export_works_beside_an_open_chat() {
    let (ada, _) = founder();
    let serving = ada.serve();
    let file = ada.path("beside.jsonl");
    ada.lines(&["export", "lunch", "--to", &file]);
    assert!(ada.lines(&["import", "lunch", &file])[0].starts_with("0 entries imported"));
    assert!(ada.lines(&["check"])[0].ends_with("nothing is damaged"));
    let secret = fs::read_to_string(&file).unwrap();
    assert!(!secret.contains("secret"), "nothing that lets one in is in an export");
    drop(serving);
}

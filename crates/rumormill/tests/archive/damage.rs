//! Flipped bits in the database: the program finds and reports them, removes the damaged entries, and fetches them
//! again.

use serde_json::Value;

use crate::person::Person;

/// Words that are in the database as plain text.
const NEEDLE: &str = "needle in the hay";

/// Ada and Bob, both online, with a room of some hundred lines in which Ada said the needle.
fn two() -> (Person, Person) {
    let (ada, bob) = (Person::new(), Person::new());
    ada.found("lunch");
    let hay: String = (0..100).map(|at| format!("hay {at}\n")).collect();
    ada.say("lunch", &hay);
    ada.say("lunch", &format!("{NEEDLE}\n"));
    ada.say("lunch", &hay);
    let serving = (ada.serve(), bob.serve());
    bob.meets(&ada);
    drop(serving);
    (ada, bob)
}

#[test]
fn damage_is_reported_and_repaired() {
    let (ada, bob) = two();
    let whole = ada.lines(&["log", "lunch"]);
    assert!(bob.flip(NEEDLE) > 0, "the needle has reached the database");
    let said = bob.fails(&["check", "lunch"], 4);
    assert!(said.contains("error[damaged]"), "{said}");
    let told = String::from_utf8(bob.run(&["check", "--json"]).stdout).unwrap();
    let told: Value = serde_json::from_str(&told).unwrap();
    let (first, last) = (&told["check"]["damaged"][0]["first"], &told["check"]["damaged"][0]["last"]);
    assert!(first.as_u64() <= Some(102) && Some(102) <= last.as_u64(), "{told}");
    assert_eq!(told["check"]["damaged"][0]["what"], "hash");
    // A check changes nothing, and an export leaves out what it cannot vouch for.
    assert!(String::from_utf8_lossy(&bob.run(&["check", "lunch"]).stdout).contains("DAMAGED"));
    let export = bob.run(&["export", "lunch", "--to", &bob.path("holes.jsonl")]);
    assert!(String::from_utf8_lossy(&export.stderr).contains("were left out"));
    let holes = bob.lines(&["check", "--file", &bob.path("holes.jsonl")]);
    assert!(holes[0].ends_with("were left out when it was written"), "{holes:?}");

    // Without peers the entry is missing; it returns as soon as a peer that has it connects.
    let said = bob.fails(&["resync", "lunch"], 6);
    assert!(said.contains("still missing"), "{said}");
    let told = bob.run(&["check", "lunch"]);
    assert_eq!(told.status.code(), Some(0), "{}", String::from_utf8_lossy(&told.stdout));
    let serving = (ada.serve(), bob.serve());
    bob.meets(&ada);
    drop(serving);
    let texts =
        |lines: &[String]| -> Vec<String> { lines.iter().filter(|line| line.contains("  ")).cloned().collect() };
    let again = bob.lines(&["log", "lunch"]);
    assert!(texts(&whole).iter().all(|line| again.contains(line)), "{again:?}");
}

#[test]
fn an_open_room_is_repaired() {
    let (ada, bob) = two();
    assert!(ada.flip(NEEDLE) > 0);
    let serving = (ada.serve(), bob.serve());
    bob.meets(&ada);
    let told = ada.run(&["check", "lunch"]);
    assert_eq!(told.status.code(), Some(4));
    let mended = ada.lines(&["resync", "lunch", "--json"]);
    let mended: Value = serde_json::from_str(&mended[0]).unwrap();
    assert!(mended["taken_out"].as_u64() > Some(0) && mended["taken_out"] == mended["back"], "{mended}");
    let told = ada.run(&["check", "lunch"]);
    assert_eq!(told.status.code(), Some(0), "{mended}: {}", String::from_utf8_lossy(&told.stdout));
    assert!(ada.lines(&["log", "lunch"]).iter().any(|line| line.ends_with(NEEDLE)));
    assert!(ada.lines(&["search", "lunch", "needle"])[0].ends_with(NEEDLE));
    assert_eq!(ada.lines(&["resync", "lunch"]).len(), 1, "there is nothing more to do");
    ada.say("lunch", "and on\n");
    bob.meets(&ada);
    assert!(bob.lines(&["log", "lunch"]).iter().any(|line| line.ends_with("and on")));
    drop(serving);
}

//! Events after a break: what was missed comes once, or it is said that it does not.

use serde_json::{Value, json};

use crate::process::{Events, Serving};

fn say(who: &Serving, room: &str, text: &str) {
    who.post(&format!("/v1/rooms/{room}/messages"), &json!({"text": text})).ok();
}

/// The texts of messages up to this one.
fn texts(events: &mut Events, last: &str) -> Vec<String> {
    let mut texts = Vec::new();
    while texts.last().is_none_or(|text| text != last) {
        let (name, data) = events.next();
        texts.extend(data["message"]["text"].as_str().filter(|_| name == "message").map(str::to_owned));
    }
    texts
}

fn in_two_rooms() -> Serving {
    let ada = Serving::start();
    for name in ["lunch", "work"] {
        ada.post("/v1/rooms", &json!({"name": name})).ok();
    }
    ada
}

#[test]
fn a_reader_who_comes_back_hears_what_it_missed_once() {
    let ada = in_two_rooms();
    let mut events = ada.events();
    say(&ada, "lunch", "heard");
    texts(&mut events, "heard");
    let heard = events.id.clone();
    say(&ada, "lunch", "under way");
    drop(events);
    say(&ada, "work", "missed");
    for _ in 0..2 {
        let mut events = ada.events_since("/v1/events", Some(&heard));
        say(&ada, "lunch", "now");
        assert_eq!(texts(&mut events, "now")[..2], ["under way", "missed"]);
    }
    let mut of_one = ada.events_since("/v1/events?room=work", Some(&heard));
    say(&ada, "work", "last");
    assert_eq!(texts(&mut of_one, "last"), ["missed", "last"]);
    let mut events = ada.events_since("/v1/events?room=lunch", Some(&of_one.id));
    say(&ada, "lunch", "after that");
    assert_eq!(texts(&mut events, "after that"), ["after that"], "an id of one filter is good for another");
}

#[test]
fn what_was_missed_stands_before_how_the_rooms_stand_and_what_comes_now() {
    let ada = in_two_rooms();
    let mut events = ada.events();
    let (first, _) = events.next();
    let id = events.id.clone();
    assert_eq!(first, "room");
    drop(events);
    let path = format!("/v1/rooms/{}", ada.get("/v1/rooms/work").ok()["id"].as_str().unwrap());
    assert_eq!(ada.delete(&path).status, 204);
    let mut events = ada.events_since("/v1/events", Some(&id));
    let names: Vec<(String, Value)> = (0..2).map(|_| events.next()).collect();
    assert_eq!((&*names[0].0, &*names[1].0), ("left", "room"));
    assert_eq!(names[1].1["room"]["name"], "lunch");
}

#[test]
fn after_a_crash_a_reader_is_told_to_catch_up_and_can() {
    let mut ada = in_two_rooms();
    let mut events = ada.events();
    say(&ada, "lunch", "heard");
    let heard = events.until("message", |event| event["message"]["text"] == "heard")["message"]["place"].clone();
    let id = events.id.clone();
    say(&ada, "lunch", "missed");
    ada.crash();
    let mut events = ada.events_since("/v1/events", Some(&id));
    let (name, told) = events.next();
    assert_eq!((&*name, &told["why"]), ("lagged", &json!("restart")));
    assert!(told["help"].as_str().unwrap().contains("`after`"), "{told}");
    let page = ada.get(&format!("/v1/rooms/lunch/messages?after={}", heard.as_str().unwrap())).ok();
    let texts: Vec<&str> = page["messages"].as_array().unwrap().iter().filter_map(|one| one["text"].as_str()).collect();
    assert_eq!(texts, ["missed"]);
    let id = events.id.clone();
    drop(events);
    say(&ada, "lunch", "said since");
    let mut events = ada.events_since("/v1/events", Some(&id));
    assert_eq!(events.until("message", |_| true)["message"]["text"], "said since");
}

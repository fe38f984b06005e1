//! The rules of closed rooms, reports, and people who are hidden everywhere, by the API.

use serde_json::{Value, json};

use crate::process::Serving;

/// Two people in a closed room with this name, which the first founded; the second's author there, as the first sees it.
fn closed(ada: &Serving, bob: &Serving, name: &str) -> String {
    ada.post("/v1/rooms", &json!({"name": name})).ok();
    let ticket = ada.get(&format!("/v1/rooms/{name}/ticket")).ok();
    let mut at_ada = ada.events();
    let room = bob.post("/v1/rooms", &json!({"ticket": ticket["ticket"]})).ok();
    let author = room["author"].as_str().unwrap().to_owned();
    at_ada.until("person", |event| event["author"] == author && event["role"] == "member" && event["here"] == true);
    author
}

fn hidden(who: &Serving, room: &str, author: &str) -> Value {
    let people = who.get(&format!("/v1/rooms/{room}/people")).ok();
    let found = people["people"].as_array().unwrap().iter().find(|person| person["author"] == author);
    found.unwrap()["hidden"].clone()
}

#[test]
fn rules_reports_and_people_hidden_everywhere() {
    let (ada, bob) = (Serving::start(), Serving::start());
    let author = closed(&ada, &bob, "lunch");
    assert!(ada.get(&format!("/v1/rooms/lunch/people/{author}")).ok()["since_ms"].is_u64(), "he is here since then");
    let mut at_bob = bob.events();
    let rules = ada.put("/v1/rooms/lunch/rules", &json!({"slow_s": 3_600})).ok()["rules"].clone();
    assert_eq!(rules, json!({"tickets": true, "slow_s": 3_600, "hold": false}));
    at_bob.until("message", |event| event["message"]["deed"]["does"] == "ruled");
    bob.post("/v1/rooms/lunch/messages", &json!({"text": "one"})).ok();
    assert_eq!(bob.post("/v1/rooms/lunch/messages", &json!({"text": "two"})).refused(429), "slow-mode");
    assert_eq!(bob.put("/v1/rooms/lunch/rules", &json!({"slow_s": 0})).refused(403), "rank");
    assert_eq!(ada.put("/v1/rooms/lunch/rules", &json!({"slow_s": 90_000})).refused(400), "rules");
    ada.put("/v1/rooms/lunch/rules", &json!({"slow_s": 0, "tickets": false})).ok();
    at_bob.until("message", |event| event["message"]["deed"]["rules"]["tickets"] == false);
    assert_eq!(bob.post("/v1/rooms/lunch/tickets", &json!({"uses": 1})).refused(403), "rank");

    // A report goes to the owner's program.
    let said = ada.post("/v1/rooms/lunch/messages", &json!({"text": "eat up"})).ok()["messages"][0]["ref"].clone();
    at_bob.until("message", |event| event["message"]["ref"] == said);
    let made = bob.post("/v1/rooms/lunch/reports", &json!({"message": said, "words": "rude"}));
    assert_eq!((made.status, made.ok()["told"].clone()), (201, json!(1)));
    let came = loop {
        let came = ada.get("/v1/rooms/lunch/reports").ok()["reports"].clone();
        if came != json!([]) {
            break came;
        }
    };
    assert_eq!((&came[0]["text"], &came[0]["words"], &came[0]["message"]), (&json!("eat up"), &json!("rude"), &said));
    assert_eq!(came[0]["by"]["author"], author);
    assert_eq!(ada.delete(&format!("/v1/rooms/lunch/reports/{}", said.as_str().unwrap())).status, 204);
    assert_eq!(ada.get("/v1/rooms/lunch/reports").ok()["reports"], json!([]));

    // In each room he has another key, and one program.
    let other = closed(&ada, &bob, "dinner");
    assert_ne!(author, other);
    ada.put(&format!("/v1/rooms/lunch/hidden/{author}?everywhere=true"), &Value::Null).ok();
    assert_eq!((hidden(&ada, "lunch", &author), hidden(&ada, "dinner", &other)), (json!(true), json!(true)));
    ada.delete(&format!("/v1/rooms/lunch/hidden/{author}")).ok();
    assert_eq!((hidden(&ada, "lunch", &author), hidden(&ada, "dinner", &other)), (json!(false), json!(true)));
    ada.post("/v1/rooms", &json!({"name": "open", "open": true})).ok();
    assert_eq!(ada.put("/v1/rooms/open/rules", &json!({"slow_s": 5})).refused(409), "open-room");
    assert_eq!(ada.put("/v1/rooms/lunch/display", &json!({"hold": true})).refused(400), "rules");
}

#[test]
fn newcomers_and_floods_are_held_back_in_an_open_room_and_counted_as_nothing() {
    let (ada, bob) = (Serving::start(), Serving::start());
    ada.post("/v1/rooms", &json!({"name": "lunch", "open": true})).ok();
    let ticket = ada.get("/v1/rooms/lunch/ticket").ok();
    assert_eq!(ada.put("/v1/rooms/lunch/display", &json!({"flood": 61})).refused(400), "rules");
    let set = ada.put("/v1/rooms/lunch/display", &json!({"hold": true})).ok();
    assert_eq!((&set["display"], &set["rules"]), (&json!({"hold": true, "flood": 0}), &Value::Null));
    let mut at_ada = ada.events();
    // He may not know its name yet.
    let joined = bob.post("/v1/rooms", &json!({"ticket": ticket["ticket"]})).ok();
    let (author, of_bob) = (joined["author"].clone(), format!("/v1/rooms/{}/messages", joined["id"].as_str().unwrap()));
    bob.post(&of_bob, &json!({"text": "buy this"})).ok();
    let said = at_ada.until("message", |event| event["message"]["text"] == "buy this")["message"].clone();
    assert_eq!((&said["hidden"], &said["folded"]), (&json!(true), &json!("newcomer")));
    assert_eq!(ada.get("/v1/rooms/lunch").ok()["unread"], 0);
    assert_eq!(ada.get("/v1/rooms/lunch/held").ok()["messages"][0]["text"], "buy this");

    // A sign of hers makes him known.
    let sign = format!("/v1/rooms/lunch/messages/{}/reactions/%F0%9F%91%8D", said["ref"].as_str().unwrap());
    ada.put(&sign, &Value::Null).ok();
    at_ada.until("recounted", |event| event["authors"] == json!([author]));
    let shown = ada.get("/v1/rooms/lunch/messages").ok()["messages"].clone();
    let shown = shown.as_array().unwrap().iter().find(|message| message["ref"] == said["ref"]).unwrap().clone();
    assert_eq!((&shown["hidden"], shown.get("folded")), (&json!(false), None));
    assert_eq!(ada.get("/v1/rooms/lunch").ok()["unread"], 1);
    assert_eq!(ada.get("/v1/rooms/lunch/held").ok()["messages"], json!([]));

    // Of four at once the last is too much.
    ada.put("/v1/rooms/lunch/display", &json!({"hold": false, "flood": 2})).ok();
    for text in ["one", "two", "three", "four"] {
        bob.post(&of_bob, &json!({"text": text})).ok();
    }
    let last = at_ada.until("message", |event| event["message"]["text"] == "four")["message"].clone();
    assert_eq!(last["folded"], "flood");
    ada.put("/v1/rooms/lunch/display", &json!({"flood": 0})).ok();
    assert_eq!(ada.get("/v1/rooms/lunch/held").ok()["messages"], json!([]));
    assert_eq!(ada.get("/v1/rooms/lunch").ok()["unread"], 5);
}

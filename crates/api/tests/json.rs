//! The JSON form of requests, answers and events, on which other programs depend.
#![allow(clippy::unwrap_used)]

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use rumormill_api::*;

fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(word: T, want: Value) {
    assert_eq!(serde_json::to_value(&word).unwrap(), want);
    assert_eq!(serde_json::from_value::<T>(want).unwrap(), word);
}

#[test]
fn requests() {
    check(Enter::Founded { name: "lunch".into(), open: true }, json!({"name": "lunch", "open": true}));
    assert_eq!(
        serde_json::from_value::<Enter>(json!({"name": "lunch"})).unwrap(),
        Enter::Founded { name: "lunch".into(), open: false }
    );
    check(Enter::Invited { ticket: "rumor1".into() }, json!({"ticket": "rumor1"}));
    check(Say { text: "hi".into(), ..Say::default() }, json!({"text": "hi"}));
    let reply = Say { text: "hi".into(), reply_to: Some("a.1".into()), mentions: vec!["b".into()] };
    check(reply, json!({"text": "hi", "reply_to": "a.1", "mentions": ["b"]}));
}

#[test]
fn answers() {
    let message = Message { r#ref: "a.1".into(), gone: Some(Gone::Retracted), kind: Kind::Gone, ..Message::default() };
    check(
        Page { messages: vec![message], more: true },
        json!({"messages": [{"ref": "a.1", "place": "", "author": "", "nick": "", "time_ms": 0, "mine": false,
            "kind": "gone", "text": "", "action": false, "hidden": false, "from": null, "reply_to": null,
            "mentions": [], "names_me": false, "edited": false,
            "gone": "retracted", "reactions": [], "holders": null, "file": null, "id": ""}], "more": true}),
    );
    let refused = Refused { code: "room".into(), what: "no".into(), help: "yes".into() };
    check(Refusal { error: refused }, json!({"error": {"code": "room", "what": "no", "help": "yes"}}));
}

#[test]
fn events_have_a_name_and_content() {
    let help = "read the messages `after` the last place that you know, in each room that you follow";
    check(
        Event::lagged(3, Lag::Restart),
        json!({"event": "lagged", "data": {"missed": 3, "why": "restart", "help": help}}),
    );
    check(
        Event::Held { room: "r".into(), r#ref: "a.1".into(), holders: 2, acknowledged: 0 },
        json!({"event": "held", "data": {"room": "r", "ref": "a.1", "holders": 2, "acknowledged": 0}}),
    );
    check(Event::Left { room: "r".into() }, json!({"event": "left", "data": {"room": "r"}}));
    check(
        Event::Notice { room: "r".into(), code: NoticeCode::Rekeyed, text: "".into() },
        json!({"event": "notice", "data": {"room": "r", "code": "rekeyed", "text": ""}}),
    );
}

#[test]
fn a_text_that_begins_with_me_is_an_action() {
    let cases = [
        ("/me waves", Some("waves")),
        ("/me ", None),
        ("/me", None),
        ("/meow", None),
        (" /me waves", None),
        ("me", None),
    ];
    for (text, want) in cases {
        assert_eq!(act(text), want, "{text:?}");
    }
    let message = Message { text: "waves".into(), action: true, ..Message::default() };
    assert_eq!(message.source(), "/me waves");
}

#[test]
fn places_sort_as_text() {
    let place = |time: u64, seq: u64| PlaceText(format!("{time:016x}.{}.{seq:016x}", "a".repeat(64)));
    assert!(place(9, 0) < place(16, 0) && place(16, 9) < place(16, 10));
}

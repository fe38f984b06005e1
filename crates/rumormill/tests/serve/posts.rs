//! Posts of scripts: a retry does not repeat them, their rate is limited, and they mention people by name.

use std::{io::Write as _, process::Stdio};

use serde_json::{Value, json};

use crate::{
    Two,
    process::{Serving, rumormill},
    two,
};

const MESSAGES: &str = "/v1/rooms/lunch/messages";

fn texts(who: &Serving) -> Vec<String> {
    let page = who.get(&format!("{MESSAGES}?limit=200")).ok();
    let text = |message: &Value| message["text"].as_str().filter(|_| message["kind"] == "text").map(str::to_owned);
    page["messages"].as_array().unwrap().iter().filter_map(text).collect()
}

fn refs(page: &Value) -> Vec<String> {
    page["messages"].as_array().unwrap().iter().map(|one| one["ref"].as_str().unwrap().to_owned()).collect()
}

fn founded() -> Serving {
    let ada = Serving::start();
    ada.post("/v1/rooms", &json!({"name": "lunch"})).ok();
    ada
}

const JSON: &str = "application/json";

#[test]
fn a_post_repeated_with_its_key_is_sent_once_even_after_a_crash() {
    let mut ada = founded();
    let hi = (JSON, r#"{"text": "hi"}"#);
    let first = ada.post_once(MESSAGES, "a", hi).ok();
    assert_eq!(refs(&ada.post_once(MESSAGES, "a", (JSON, r#"{ "text":"hi" }"#)).ok()), refs(&first));
    let lines = ("text/plain", "one\ntwo\nthree\n");
    let three = ada.post_once(MESSAGES, "b", lines).ok();
    ada.crash();
    assert_eq!(refs(&ada.post_once(MESSAGES, "b", lines).ok()), refs(&three));
    assert_eq!(ada.post_once(MESSAGES, "a", hi).ok()["messages"][0]["text"], "hi");
    let file = "/v1/rooms/lunch/files?name=menu.txt";
    let sent = ada.post_once(file, "c", ("application/octet-stream", "pizza")).ok();
    ada.crash();
    assert_eq!(refs(&ada.post_once(file, "c", ("application/octet-stream", "pizza")).ok()), refs(&sent));
    assert_eq!(ada.post_once(file, "c", ("application/octet-stream", "pasta")).refused(422), "key-used");
    assert_eq!(texts(&ada), ["hi", "one", "two", "three"]);
    let page = ada.get(&format!("{MESSAGES}?limit=200")).ok();
    let files = page["messages"].as_array().unwrap().iter().filter(|message| message["kind"] == "file").count();
    assert_eq!(files, 1);
}

#[test]
fn a_key_is_valid_for_one_request() {
    let ada = founded();
    ada.post_once(MESSAGES, "a", (JSON, r#"{"text": "hi"}"#)).ok();
    for other in [(JSON, r#"{"text": "hi!"}"#), ("text/plain", "hi"), ("text/plain", "hi\nthere")] {
        assert_eq!(ada.post_once(MESSAGES, "a", other).refused(422), "key-used");
    }
    for key in ["x".repeat(257), "schl\u{fc}ssel".into()] {
        assert_eq!(ada.post_once(MESSAGES, &key, (JSON, r#"{"text": "hi"}"#)).refused(400), "key");
    }
    assert_eq!(texts(&ada), ["hi"]);
    ada.post("/v1/rooms", &json!({"name": "work"})).ok();
    ada.post_once("/v1/rooms/work/messages", "a", (JSON, r#"{"text": "other"}"#)).ok();
}

#[test]
fn simultaneous_posts_with_one_key_are_sent_once() {
    let ada = founded();
    let replies: Vec<_> = std::thread::scope(|scope| {
        let post = || ada.post_once(MESSAGES, "a", (JSON, r#"{"text": "hi"}"#));
        let posts: Vec<_> = (0..8).map(|_| scope.spawn(post)).collect();
        posts.into_iter().map(|post| post.join().unwrap()).collect()
    });
    for reply in replies {
        if reply.status != 201 {
            assert_eq!(reply.header("Retry-After").as_deref(), Some("1"));
            assert_eq!(reply.refused(409), "key-waits");
        }
    }
    assert_eq!(texts(&ada), ["hi"]);
}

#[test]
fn a_fast_bot_is_told_to_wait_and_bulk_lines_continue() {
    let ada = founded();
    let flooded = std::thread::scope(|scope| {
        let flood =
            || (0..2_000).map(|at| ada.post(MESSAGES, &json!({"text": at.to_string()}))).find(|one| one.status != 201);
        let floods: Vec<_> = (0..8).map(|_| scope.spawn(flood)).collect();
        floods.into_iter().filter_map(|flood| flood.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(!flooded.is_empty(), "16,000 posts were taken");
    for reply in flooded {
        let seconds: u64 = reply.header("Retry-After").unwrap().parse().unwrap();
        assert!((1..=3).contains(&seconds), "{seconds}");
        assert_eq!(reply.refused(429), "too-fast");
    }
    let lines: Vec<String> = (0..3_000).map(|at| format!("line {at}")).collect();
    let mut bulk = rumormill(ada.home().parent().unwrap(), &["send", "lunch"]);
    let mut bulk = bulk.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    bulk.stdin.take().unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
    assert!(bulk.wait().unwrap().success());
    let log = String::from_utf8(ada.command(&["log", "lunch", "--last", "3000"]).stdout).unwrap();
    assert!(log.lines().zip(&lines).all(|(shown, line)| shown.ends_with(line)) && log.lines().count() == 3_000);
}

#[test]
fn a_text_mentions_the_people_it_addresses() {
    let Two { ada, bob, .. } = two();
    let author = ada.get("/v1/rooms/lunch").ok()["author"].clone();
    let mentions =
        |page: Value| page["messages"].as_array().unwrap().iter().map(|one| one["mentions"].clone()).collect();
    let said: Vec<Value> = mentions(bob.post(MESSAGES, &json!({"text": "@Ada hi"})).ok());
    assert_eq!(said, [json!([author])]);
    let both: Vec<Value> = mentions(bob.post(MESSAGES, &json!({"text": "hi @ada", "mentions": [author]})).ok());
    assert_eq!(both, [json!([author])], "once");
    let lines = "ada: the build is green\nmail to x@adamant.example\n@nobody and @bob\nthanks, @ada!\n";
    let said: Vec<Value> = mentions(bob.ask("POST", MESSAGES, Some(("text/plain", lines.into()))).ok());
    assert_eq!(said, [json!([author]), json!([]), json!([]), json!([author])]);
    let mine: Vec<Value> = mentions(ada.post(MESSAGES, &json!({"text": "@ada is me"})).ok());
    assert_eq!(mine, [json!([])]);
}

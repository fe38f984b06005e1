//! The log, as programs that collect logs read it.

#![expect(clippy::panic, reason = "a test ends where something is not as it must be")]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use serde_json::{Value, json};

use super::process::{Serving, rumormill};

const JSON: (&str, &str) = ("RUMORMILL_LOG_FORMAT", "json");

/// The events of a log, each a line.
fn events(log: &str) -> Vec<Value> {
    log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {line}"))).collect()
}

#[test]
fn a_log_of_json_has_an_event_a_line_and_tells_nothing_that_is_said() {
    let bob = Serving::start();
    let (ada, log) = Serving::logging(&[JSON, ("RUST_LOG", "trace")]);
    let room =
        ada.post("/v1/rooms", &json!({"name": "confidants", "open": true})).ok()["id"].as_str().unwrap().to_owned();
    ada.put(&format!("/v1/rooms/{room}/nick"), &json!({"nick": "nightingale"})).ok();
    let ticket = ada.get(&format!("/v1/rooms/{room}/ticket")).ok()["ticket"].as_str().unwrap().to_owned();
    let mut at_bob = bob.events();
    bob.post("/v1/rooms", &json!({"ticket": &ticket})).ok();
    for (one, word) in [(&ada, "marmalade"), (&bob, "persimmon")] {
        one.post(&format!("/v1/rooms/{room}/messages"), &json!({"text": format!("{word}\n\"and more\"")})).ok();
    }
    at_bob.until("message", |event| event["message"]["text"].as_str().is_some_and(|text| text.contains("marmalade")));
    ada.events().until("room", |event| event["room"]["entries"].as_u64() >= Some(4));
    let token = fs::read_to_string(ada.home().join("token")).unwrap();
    let code = ada.link.split('#').nth(1).unwrap().to_owned();

    let log = log(ada);
    for hidden in ["marmalade", "persimmon", "confidants", "nightingale", &ticket, token.trim(), &code] {
        assert!(!log.contains(hidden), "{hidden}");
    }
    let events = events(&log);
    for event in &events {
        for field in ["timestamp", "level", "target"] {
            assert!(event[field].is_string(), "{event}");
        }
    }
    let linked = |event: &&Value| event["message"] == "linked" && event["room"] == room[..8];
    let linked = events.iter().find(linked).unwrap_or_else(|| panic!("no link in {log}"));
    assert_eq!((&linked["level"], &linked["target"]), (&json!("INFO"), &json!("rumormill_node::seat")));
    assert_eq!(linked["peer"].as_str().unwrap().len(), 8);
    assert!(events.iter().any(|event| event["level"] == "TRACE"), "it was asked to log everything");
}

#[test]
fn the_usual_log_has_warnings_and_links_and_no_steps() {
    let (ada, log) = Serving::logging(&[JSON]);
    let log = log(ada);
    let events = events(&log);
    assert!(events.iter().any(|event| event["message"] == "serves the page and the API"), "{log}");
    assert!(events.iter().all(|event| ["INFO", "WARN", "ERROR"].contains(&event["level"].as_str().unwrap())), "{log}");
}

#[test]
fn a_command_that_fails_says_so_in_the_form_of_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["--log-format", "json", "serve", "--http", "0.0.0.0:0", "--loopback"];
    let failed = rumormill(dir.path(), &args).output().unwrap();
    let events = events(&String::from_utf8(failed.stderr).unwrap());
    let last = events.last().unwrap();
    assert_eq!((&last["level"], &last["code"]), (&json!("ERROR"), &json!("address")), "{last}");
    assert!(last["help"].as_str().is_some_and(|help| !help.is_empty()) && last["message"].is_string(), "{last}");
    assert_eq!(failed.status.code(), Some(2));
}

#[test]
fn a_log_for_people_is_chosen_by_a_flag() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["serve", "--loopback", "--http", "127.0.0.1:0", "--log-format", "text"];
    let mut serving = rumormill(dir.path(), &args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(serving.stderr.take().unwrap()).lines().map_while(Result::ok);
    let told = lines.find(|line| line.contains("serves the page and the API"));
    serving.kill().unwrap();
    serving.wait().unwrap();
    assert!(told.is_some_and(|line| line.contains(" INFO rumormill_server")));
}

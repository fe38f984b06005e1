//! Events after a break: missed events come once, or the stream says that they do not.

use std::path::{Path, PathBuf};

use futures_util::StreamExt as _;
use rumormill_client::{Client, Error, Event};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{UnixListener, UnixStream},
};

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
fn a_reader_that_resumes_receives_missed_events_once() {
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
fn missed_events_precede_room_states_and_new_events() {
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
fn after_a_crash_a_reader_is_told_to_catch_up() {
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

/// Posts `count` lines in batches, each once a second reader has heard the one before.
fn post(ada: &Serving, heard: &mut Events, count: usize) {
    let filler = "x".repeat(100);
    let lines: Vec<String> = (0..count).map(|at| format!("{at} {filler}")).collect();
    for batch in lines.chunks(100) {
        ada.ask("POST", "/v1/rooms/lunch/messages", Some(("text/plain", batch.join("\n")))).ok();
        heard.until("message", |event| event["message"]["text"] == batch[batch.len() - 1].as_str());
    }
}

#[test]
fn a_slow_reader_receives_kept_events_and_a_notice_about_lost_ones() {
    let ada = in_two_rooms();
    for (count, is_kept) in [(2_000, true), (8_000, false)] {
        let (mut slow, mut heard) = (ada.events(), ada.events());
        post(&ada, &mut heard, count);
        say(&ada, "lunch", "last");
        let mut next = 0;
        let lagged = loop {
            let (name, data) = slow.next();
            let text = data["message"]["text"].as_str().unwrap_or_default();
            match name.as_str() {
                "message" if text == "last" => break None,
                "message" => {
                    assert_eq!(text.split(' ').next().unwrap(), next.to_string());
                    next += 1;
                }
                "lagged" => break Some(data),
                _ => {}
            }
        };
        match lagged {
            None => assert_eq!((next, is_kept), (count, true)),
            Some(data) => assert_eq!((&data["why"], is_kept), (&json!("slow"), false), "{next} were heard"),
        }
    }
}

/// A socket that leads to another one, and cuts each connection after some bytes of the answer.
async fn cutting(from: PathBuf, to: PathBuf) {
    let listener = UnixListener::bind(from).unwrap();
    for bytes in (0..).map(|at| 3_000 + 1_700 * (at % 7)) {
        let (client, _) = listener.accept().await.unwrap();
        let server = UnixStream::connect(&to).await.unwrap();
        tokio::spawn(async move {
            let ((mut asks, mut hears), (answers, mut asked)) = (client.into_split(), server.into_split());
            let asking = tokio::spawn(async move { copy(&mut asks, &mut asked).await });
            let _ = copy(&mut answers.take(bytes), &mut hears).await;
            let _ = hears.shutdown().await;
            asking.abort();
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_stream_neither_misses_nor_repeats_events_when_cut() {
    let ada = in_two_rooms();
    let dir = tempfile::tempdir().unwrap();
    let socket: &Path = &dir.path().join("cut");
    let relay = tokio::spawn(cutting(socket.to_owned(), ada.home().join("socket")));
    while !socket.exists() {
        tokio::task::yield_now().await;
    }
    let mut events = Client::unix(socket).events().await.unwrap();
    let posts = tokio::task::spawn_blocking(move || {
        (0..200).for_each(|at| say(&ada, "lunch", &at.to_string()));
        ada
    });
    let (mut texts, mut cuts) = (Vec::new(), 0);
    while texts.last().is_none_or(|last: &String| last != "199") {
        match events.next().await.unwrap() {
            Ok(Event::Message { message, .. }) if message.text.parse::<u32>().is_ok() => texts.push(message.text),
            Ok(Event::Lagged { missed, why, .. }) => panic!("{missed} are missing: {why:?}"),
            Ok(_) => {}
            Err(Error::Refused { refused, .. }) => panic!("{refused:?}"),
            Err(_) => cuts += 1,
        }
    }
    assert_eq!(texts, (0..200).map(|at| at.to_string()).collect::<Vec<_>>());
    assert!(cuts > 5, "{cuts} cuts");
    drop(posts.await.unwrap());
    relay.abort();
}

//! Files over the API and the commands: sent, fetched from their holders, saved and listed harmlessly.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use super::{Serving, Two, process::Reply, two};

/// Sends a file; returns the message that offers it.
fn send(who: &Serving, name: &str, content: &str) -> Value {
    let path = format!("/v1/rooms/lunch/files?name={name}");
    let reply = who.ask("POST", &path, Some(("application/octet-stream", content.to_owned())));
    assert_eq!(reply.status, 201, "{}", reply.body);
    reply.ok()["messages"][0].clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Sends a file from one person to another; returns its `ref` once the other has the offer.
fn sent(two: &Two, name: &str, content: &str) -> String {
    let mut events = two.bob.events();
    let message = send(&two.ada, name, content);
    events.until("message", |event| event["message"]["ref"] == message["ref"]);
    text(&message["ref"]).to_owned()
}

fn file(who: &Serving, sent: &str) -> Reply {
    who.get(&format!("/v1/rooms/lunch/files/{sent}"))
}

#[test]
fn a_file_is_offered_fetched_on_request_and_removed_with_its_message() {
    let two = two();
    let Two { ada, bob, .. } = &two;
    let content = "0123456789".repeat(100_000);
    let sent = sent(&two, "photo.jpg", &content);
    let told = bob.get(&format!("/v1/rooms/lunch/messages/{sent}")).ok();
    assert_eq!((&told["kind"], &told["text"]), (&json!("file"), &json!("photo.jpg")));
    let offered = &told["file"];
    assert_eq!(
        (&offered["mime"], &offered["size"], &offered["state"]),
        (&json!("image/jpeg"), &json!(1_000_000), &json!("absent"))
    );
    assert_eq!(offered["hash"], json!(blake3::hash(content.as_bytes()).to_hex().as_str()));

    let mut events = bob.events();
    let reply = file(bob, &sent);
    assert_eq!((reply.status, reply.body.len()), (200, 1_000_000));
    assert!(reply.body == content);
    let here = events.until("file", |event| event["state"] == "here");
    assert_eq!((&here["have"], &here["hash"]), (&json!(1_000_000), &offered["hash"]));
    let room = bob.get("/v1/rooms/lunch").ok();
    assert_eq!(here["room"], room["id"]);

    let again = bob.ask("POST", &format!("/v1/rooms/lunch/files/{sent}"), None);
    assert_eq!(again.status, 202);
    assert_eq!(again.ok()["file"]["state"], "here");
    ada.delete(&format!("/v1/rooms/lunch/messages/{sent}")).ok();
    events.until("changed", |event| event["message"]["gone"] == "retracted");
    assert_eq!(file(bob, &sent).refused(404), "no-file");
}

#[test]
fn what_is_sent_to_a_browser_is_saved_and_never_run() {
    let two = two();
    let bob = &two.bob;
    let page = sent(&two, "page.html", "<script>alert(1)</script>");
    let reply = file(bob, &page);
    let header = |reply: &Reply, name: &str| reply.header(name).unwrap().to_owned();
    assert_eq!(header(&reply, "content-type"), "application/octet-stream");
    assert_eq!(
        header(&reply, "content-disposition"),
        "attachment; filename=\"page.html\"; filename*=UTF-8''page%2Ehtml"
    );
    assert_eq!(header(&reply, "x-content-type-options"), "nosniff");
    assert_eq!(header(&reply, "content-security-policy"), "sandbox; default-src 'none'");
    assert_eq!(header(&reply, "content-length"), "25");
    let picture = sent(&two, "picture.png", "not really");
    assert_eq!(header(&file(bob, &picture), "content-type"), "image/png");
    let drawing = sent(&two, "drawing.svg", "<svg onload=alert(1)/>");
    assert_eq!(header(&file(bob, &drawing), "content-type"), "application/octet-stream");
    let hostile = sent(&two, "a%22%3B%20filename%3Devil.exe%E2%80%AEgpj", "x");
    let disposition = header(&file(bob, &hostile), "content-disposition");
    assert_eq!(
        disposition,
        "attachment; filename=\"a__ filename_evil.exegpj\"; filename*=UTF-8''a%5F%3B%20filename%3Devil%2Eexegpj"
    );
}

#[test]
fn a_range_of_a_file_can_be_requested() {
    let two = two();
    let numbers = sent(&two, "numbers", "0123456789");
    let asked = |range: &str| {
        let path = format!("/v1/rooms/lunch/files/{numbers}");
        two.bob.ask_with(&path, &[("Range", range.to_owned())])
    };
    let part = asked("bytes=2-4");
    assert_eq!(
        (part.status, part.body.as_str(), part.header("content-range")),
        (206, "234", Some("bytes 2-4/10".into()))
    );
    assert_eq!(asked("bytes=-3").body, "789");
    assert_eq!((asked("bytes=10-").status, asked("bytes=1-2,4-5").body.as_str()), (416, "0123456789"));
}

#[test]
fn an_invalid_file_is_refused_in_two_lines() {
    let Two { ada, said, .. } = two();
    let post =
        |name: &str| ada.ask("POST", &format!("/v1/rooms/lunch/files?name={name}"), Some(("text/plain", "x".into())));
    for name in ["", "..%2Fx", "a%2Fb", "..", "a%0Ab", "%1B%5B2J", &"x".repeat(256)] {
        assert_eq!(post(name).refused(400), "file-name", "{name}");
    }
    assert_eq!(ada.ask("POST", "/v1/rooms/lunch/files", None).refused(400), "query");
    assert_eq!(file(&ada, &said).refused(404), "no-file");
    assert_eq!(file(&ada, "x.1").refused(400), "ref");
    let sent = send(&ada, "a", "x");
    let path = format!("/v1/rooms/lunch/messages/{}", text(&sent["ref"]));
    assert_eq!(ada.put(&path, &json!({"text": "anew"})).refused(400), "kind");
    let rooms = fs::read_dir(ada.home().join("files")).unwrap().count();
    assert_eq!(rooms, 1, "what was refused left nothing");
}

#[test]
fn commands_send_and_save_files() {
    let two = two();
    let Two { ada, bob, .. } = &two;
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| -> PathBuf { dir.path().join(name) };
    fs::write(place("one.txt"), "one").unwrap();
    fs::write(place("two.txt"), "two").unwrap();
    let mut events = bob.events();
    let paths = [place("one.txt"), place("two.txt")].map(|path| path.display().to_string());
    let output = ada.command(&["send", "lunch", "--file", &paths[0], "--file", &paths[1]]);
    assert!(output.status.success(), "{output:?}");
    let event = events.until("message", |event| event["message"]["text"] == "two.txt");
    let sent = text(&event["message"]["ref"]).to_owned();

    let to = place("saved.txt").display().to_string();
    let got = bob.command(&["get", &sent, "--to", &to]);
    assert_eq!(
        (String::from_utf8(got.stdout).unwrap(), fs::read_to_string(&to).unwrap()),
        (format!("{to}\n"), "two".into())
    );
    fs::write(&to, "mine").unwrap();
    let again = bob.command(&["get", &sent, "--to", &to]);
    assert!(String::from_utf8(again.stderr).unwrap().starts_with("error[exists]: "));
    assert_eq!((again.status.code(), fs::read_to_string(&to).unwrap()), (Some(2), "mine".into()));
    assert!(bob.command(&["get", &sent, "--to", &to, "--force"]).status.success());
    assert_eq!(fs::read_to_string(&to).unwrap(), "two");
    assert!(bob.command(&["get", &sent, "--to", &dir.path().display().to_string(), "--force"]).status.success());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3, "nothing is left over");
    let none = ada.command(&["send", "lunch", "--file", &place("none").display().to_string()]);
    assert!(String::from_utf8(none.stderr).unwrap().starts_with("error[file]: "));
    let log = String::from_utf8(bob.command(&["log", "--last", "1"]).stdout).unwrap();
    assert!(log.ends_with("  two.txt, 3 B, text/plain\n"), "{log}");
}

#[test]
fn a_file_that_nobody_has_is_reported_and_can_be_given_up() {
    let two = two();
    let sent = sent(&two, "photo.jpg", "x");
    let Two { ada, bob, .. } = two;
    let mut events = bob.events();
    drop(ada);
    events.until("room", |event| event["room"]["peers"] == json!([]));
    assert_eq!(file(&bob, &sent).refused(503), "nobody-has-it");
    let path = format!("/v1/rooms/lunch/messages/{sent}");
    assert_eq!(bob.get(&path).ok()["file"]["state"], "waiting");
    let got = bob.command(&["get", &sent]);
    assert_eq!(got.status.code(), Some(6));
    assert!(
        String::from_utf8(got.stderr)
            .unwrap()
            .starts_with("error[nobody-has-it]: nobody who has this file is here\nhelp: ")
    );
    bob.delete(&format!("/v1/rooms/lunch/files/{sent}")).ok();
    assert_eq!(bob.get(&path).ok()["file"]["state"], "absent");
}

#[test]
fn files_have_their_own_bounds() {
    let Two { ada, .. } = two();
    let (first, second) = (send(&ada, "first", "1"), send(&ada, "second", "2"));
    let room = ada.put("/v1/rooms/lunch/keep", &json!({"files": {"count": 1}})).ok();
    assert_eq!((&room["keep"]["files"]["count"], &room["keep"]["entries"]), (&json!(1), &Value::Null));
    let state = |sent: &Value| {
        let told = ada.get(&format!("/v1/rooms/lunch/messages/{}", text(&sent["ref"]))).ok();
        told["file"]["state"].clone()
    };
    let begun = std::time::Instant::now();
    while state(&first) != "absent" {
        assert!(begun.elapsed() < super::process::PATIENCE, "what is over the bounds goes");
    }
    assert_eq!(state(&second), "here");
}

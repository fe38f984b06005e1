//! Webhooks: other programs post into a room, and receive its messages.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Instant,
};

use ring::hmac;
use serde_json::{Value, json};

use crate::{
    Two,
    process::{PATIENCE, Serving},
    two,
};

/// A request that a receiver got: the head in lower case, and the body.
struct Got {
    head: String,
    body: String,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn text(&self) -> String {
        self.json()["message"]["text"].as_str().unwrap().to_owned()
    }

    fn header(&self, name: &str) -> &str {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap()
    }
}

/// A program that receives the posts of webhooks.
struct Program {
    url: String,
    got: Receiver<Got>,
    answers: Sender<&'static str>,
}

impl Program {
    /// Answers as configured; with 200 by default.
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let ((tell, got), (answers, answer)) = (channel(), channel());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let got = read(&mut stream.as_ref().unwrap());
                let status: &str = answer.try_recv().unwrap_or("200 OK");
                // A client that was killed meanwhile waits for no answer.
                let _ = write!(stream.unwrap(), "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                if tell.send(got).is_err() {
                    return;
                }
            }
        });
        Self { url, got, answers }
    }

    fn next(&self) -> Got {
        self.got.recv_timeout(PATIENCE).unwrap()
    }
}

fn read(stream: &mut &TcpStream) -> Got {
    let (mut reader, mut head) = (BufReader::new(stream), String::new());
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).unwrap(), 0);
    }
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Got { head, body: String::from_utf8(body).unwrap() }
}

/// Makes a webhook that posts into lunch; returns its path.
fn incoming(who: &Serving, name: &str) -> String {
    let made = who.post("/v1/rooms/lunch/hooks", &json!({"name": name})).ok();
    made["path"].as_str().unwrap().to_owned()
}

fn say(who: &Serving, text: &str) {
    who.post("/v1/rooms/lunch/messages", &json!({"text": text})).ok();
}

fn deliveries(who: &Serving, name: &str) -> Value {
    let hooks = who.get("/v1/hooks").ok();
    let hook = hooks["hooks"].as_array().unwrap().iter().find(|hook| hook["name"] == name).unwrap();
    hook["deliveries"].clone()
}

fn host(who: &Serving) -> (&'static str, String) {
    ("Host", format!("127.0.0.1:{}", who.port()))
}

#[test]
fn posts_appear_to_everybody_under_the_name_of_the_hook() {
    let Two { ada, bob, .. } = two();
    let (path, mut events) = (incoming(&ada, "CI"), bob.events());
    let forms = [
        ("application/json", r#"{"text": "build 1 is green", "username": "x"}"#, "build 1 is green"),
        ("application/x-www-form-urlencoded", "payload=%7B%22text%22%3A%22build+2%22%7D", "build 2"),
        ("text/plain", "build 3\nsteps: 4", "build 3\nsteps: 4"),
    ];
    for (kind, body, text) in forms {
        // Over loopback, with no token but the secret in the path.
        let answer = ada.ask_page("POST", &path, &[host(&ada), ("Content-Type", kind.into())], body);
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"), "{kind}");
        let told = events.until("message", |event| event["message"]["text"] == text)["message"].clone();
        assert_eq!((&told["from"]["name"], &told["from"]["source"]), (&json!("CI"), &json!("webhook")));
        assert_eq!(told["nick"], "ada", "everybody sees who brought it");
    }
    let log = String::from_utf8(bob.command(&["log", "lunch", "--last", "1"]).stdout).unwrap();
    assert!(log.contains(" ada  CI (webhook): build 3"), "{log}");
    // The message counts as unread once the state of the room was sent.
    while bob.get("/v1/rooms/lunch").ok()["unread"].as_u64().unwrap() < 3 {}
    bob.put("/v1/rooms/lunch/nick", &json!({"nick": "bob"})).ok();
    ada.ask_page("POST", &path, &[host(&ada), ("Content-Type", "text/plain".into())], "bob: look");
    let named = events.until("message", |event| event["message"]["text"] == "bob: look");
    assert_eq!(named["message"]["names_me"], true);
}

#[test]
fn posting_needs_the_secret_and_this_machine() {
    let Two { ada, .. } = two();
    let path = incoming(&ada, "CI");
    let text = || ("Content-Type", "text/plain".to_owned());
    let post = |path: &str, headers: &[(&str, String)], body: &str| ada.ask_page("POST", path, headers, body);
    let last = if path.ends_with('x') { 'y' } else { 'x' };
    let wrong = format!("{}{last}", &path[..path.len() - 1]);
    assert_eq!(post(&wrong, &[host(&ada), text()], "hi").refused(404), "hook");
    assert_eq!(post("/v1/hooks/nothing/nothing", &[host(&ada), text()], "hi").refused(404), "hook");
    assert_eq!(post(&path, &[("Host", "evil.example".into()), text()], "hi").refused(421), "host");
    let foreign = [host(&ada), ("Origin", "http://evil.example".into()), text()];
    assert_eq!(post(&path, &foreign, "hi").refused(403), "origin");
    assert_eq!(ada.ask_page("GET", "/v1/hooks", &[host(&ada)], "").refused(401), "token");
    assert_eq!(ada.ask_page("GET", &path, &[host(&ada)], "").status, 401);
    assert_eq!(post(&path, &[host(&ada), text()], &"x".repeat(9_000)).refused(400), "too-long");
    assert_eq!(post(&path, &[host(&ada), text()], &"x".repeat(100_000)).status, 413);
    assert_eq!(post(&path, &[host(&ada), text()], " ").refused(400), "nothing");
    assert_eq!(ada.post("/v1/rooms/lunch/hooks", &json!({"name": " "})).refused(400), "nick");
    // The stored file reveals no secret, and nobody else can read it.
    let kept = ada.home().join("hooks/hooks.json");
    let secret = path.rsplit('/').next().unwrap();
    assert!(!std::fs::read_to_string(&kept).unwrap().contains(secret));
    assert_eq!(kept.metadata().unwrap().mode() & 0o777, 0o600);
    assert_eq!(kept.parent().unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o700);
    // A program that exceeds the pace of a room is refused before anything else of its post is written.
    let mut posts = (0..100_000).map(|_| post(&path, &[host(&ada), text()], "fast"));
    let slowed = posts.find(|answer| answer.status != 200).unwrap();
    assert!(slowed.header("Retry-After").is_some());
    assert_eq!(slowed.refused(429), "too-fast");
    let hook = ada.get("/v1/hooks").ok()["hooks"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(ada.delete(&format!("/v1/hooks/{hook}")).status, 204);
    assert_eq!(post(&path, &[host(&ada), text()], "hi").refused(404), "hook");
    assert_eq!(ada.delete(&format!("/v1/hooks/{hook}")).refused(404), "hook");
}

#[test]
fn matching_messages_are_posted_with_a_signature() {
    let Two { ada, bob, .. } = two();
    let program = Program::start();
    let to = json!({"url": program.url, "only": {"prefix": "!"}});
    let made = ada.post("/v1/rooms/lunch/hooks", &json!({"name": "deploy", "to": to})).ok();
    assert_eq!(made["path"], Value::Null);
    say(&bob, "good morning");
    let path = incoming(&ada, "CI");
    ada.ask("POST", &path, Some(("text/plain", "!not what a hook posts".into())));
    say(&bob, "!deploy");
    let got = program.next();
    let told = got.json();
    assert_eq!(got.text(), "!deploy", "what was said before the hook, and what does not fit, stays");
    assert_eq!((&told["room_name"], &told["hook"]), (&json!("lunch"), &made["hook"]["id"]));
    assert_eq!(
        (told["id"].as_str().unwrap(), &told["id"]),
        (got.header("x-rumormill-delivery"), &told["message"]["id"])
    );
    assert!(told["sent_ms"].as_u64().unwrap() >= told["message"]["time_ms"].as_u64().unwrap());
    let key = hmac::Key::new(hmac::HMAC_SHA256, made["secret"].as_str().unwrap().as_bytes());
    let signature =
        data_encoding::HEXLOWER.decode(got.header("x-hub-signature-256").strip_prefix("sha256=").unwrap().as_bytes());
    hmac::verify(&key, got.body.as_bytes(), &signature.unwrap()).unwrap();
    say(&ada, "!mine too");
    assert_eq!(program.next().text(), "!mine too");
    for (to, code) in [("ftp://x/", "url"), ("x", "url")] {
        let refused = ada.post("/v1/rooms/lunch/hooks", &json!({"name": "x", "to": {"url": to}}));
        assert_eq!(refused.refused(400), code, "{to}");
    }
}

#[test]
fn refused_deliveries_are_repeated_in_order_without_delaying_the_room() {
    let Two { ada, bob, .. } = two();
    let program = Program::start();
    for answer in ["500 Internal Server Error", "302 Found\r\nLocation: http://127.0.0.1:1/"] {
        program.answers.send(answer).unwrap();
    }
    ada.post("/v1/rooms/lunch/hooks", &json!({"name": "log", "to": {"url": program.url}})).ok();
    let mut events = ada.events();
    say(&bob, "one");
    let first = program.next();
    // The room goes on while the delivery waits for its next try.
    say(&bob, "two");
    events.until("message", |event| event["message"]["text"] == "two");
    let (again, third) = (program.next(), program.next());
    assert!([&first, &again, &third].iter().all(|got| got.text() == "one"));
    assert_eq!(first.header("x-rumormill-delivery"), third.header("x-rumormill-delivery"));
    assert_eq!(program.next().text(), "two", "a redirect is not followed, and nothing is lost");
    say(&bob, "three");
    assert_eq!(program.next().text(), "three");
    // The receiver answers after it counts the third, so at least two are counted as delivered.
    assert!(deliveries(&ada, "log")["delivered"].as_u64().unwrap() >= 2);
}

#[test]
fn a_hook_survives_a_restart_and_loses_nothing() {
    let Two { mut ada, .. } = two();
    let program = Program::start();
    ada.post("/v1/rooms/lunch/hooks", &json!({"name": "log", "to": {"url": program.url}})).ok();
    say(&ada, "taken");
    assert_eq!(program.next().text(), "taken");
    let incoming = incoming(&ada, "CI");
    let begun = Instant::now();
    while deliveries(&ada, "log")["delivered"] != 1 {
        assert!(begun.elapsed() < PATIENCE);
    }
    program.answers.send("503 Service Unavailable").unwrap();
    say(&ada, "not taken");
    assert_eq!(program.next().text(), "not taken");
    say(&ada, "waits behind it");
    ada.crash();
    // Accepted messages do not come again, the others do.
    assert_eq!([program.next(), program.next()].map(|got| got.text()), ["not taken", "waits behind it"]);
    say(&ada, "since");
    assert_eq!(program.next().text(), "since");
    assert_eq!(ada.ask("POST", &incoming, Some(("text/plain", "still here".into()))).body, "ok");
    let log = String::from_utf8(ada.command(&["log", "lunch", "--last", "1"]).stdout).unwrap();
    assert!(log.contains("CI (webhook): still here"), "{log}");
}

#[test]
fn commands_make_list_and_remove_hooks() {
    let Two { ada, .. } = two();
    let run = |args: &[&str]| {
        let output = ada.command(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    };
    let url = run(&["hook", "new", "lunch", "--name", "CI"]);
    let path = url.strip_prefix(&ada.origin()).unwrap();
    let green = ada.ask_page(
        "POST",
        path,
        &[host(&ada), ("Content-Type", "application/x-www-form-urlencoded".into())],
        "green",
    );
    assert_eq!(green.body, "ok", "as `curl -d` posts it");
    let program = Program::start();
    let secret = run(&["hook", "new", "lunch", "--name", "out", "--to", &program.url, "--word", "deploy"]);
    assert_eq!(secret.len(), 32);
    say(&ada, "please Deploy it");
    assert_eq!(program.next().text(), "please Deploy it");
    let list = run(&["hook", "list"]);
    assert!(
        list.contains("  lunch  CI  posts into the room")
            && list.contains(&format!("  lunch  out  to {}  delivered: ", program.url)),
        "{list}"
    );
    let json: Vec<Value> =
        run(&["hook", "list", "--json"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(json.len(), 2);
    for hook in &json {
        run(&["hook", "remove", hook["id"].as_str().unwrap()]);
    }
    assert_eq!(run(&["hook", "list"]), "");
    let gone = ada.command(&["hook", "remove", "nothing"]);
    assert_eq!(gone.status.code(), Some(2));
    // A hook goes with its room.
    run(&["hook", "new", "lunch", "--name", "CI"]);
    ada.delete("/v1/rooms/lunch");
    assert_eq!(run(&["hook", "list"]), "");
}

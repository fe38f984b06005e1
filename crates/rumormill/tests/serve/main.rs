//! A process without a screen, asked by scripts, pages and other commands.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod bots;
mod description;
mod events;
mod figures;
mod files;
mod hooks;
mod logs;
mod members;
mod posts;
mod process;
mod rules;

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        process::CommandExt as _,
    },
    path::Path,
    process::Command,
};

use process::Serving;
use serde_json::{Value, json};

/// A room that two processes share, and what one of them said in it.
struct Two {
    ada: Serving,
    bob: Serving,
    said: String,
}

fn two() -> Two {
    let (ada, bob) = (Serving::start(), Serving::start());
    ada.post("/v1/rooms", &json!({"name": "lunch", "open": true})).ok();
    let ticket = ada.get("/v1/rooms/lunch/ticket").ok();
    let mut events = bob.events();
    let joined = bob.post("/v1/rooms", &json!({"ticket": ticket["ticket"]}));
    assert_eq!(joined.status, 201);
    events.until("message", |event| event["message"]["kind"] == "founded");
    ada.put("/v1/rooms/lunch/nick", &json!({"nick": "ada"})).ok();
    let page = ada.post("/v1/rooms/lunch/messages", &json!({"text": "helo wrld"})).ok();
    let said = page["messages"][0]["ref"].as_str().unwrap().to_owned();
    events.until("message", |event| event["message"]["ref"] == said);
    Two { ada, bob, said }
}

#[test]
fn changes_of_a_message_reach_the_other() {
    let Two { ada, bob, said } = two();
    let path = format!("/v1/rooms/lunch/messages/{said}");
    let mut at_ada = ada.events();
    bob.put(&format!("{path}/reactions/%F0%9F%91%8D"), &Value::Null).ok();
    let changed = at_ada.until("changed", |event| event["message"]["ref"] == said);
    assert_eq!(changed["message"]["reactions"][0]["sign"], "👍");

    let mut at_bob = bob.events();
    ada.put(&path, &json!({"text": "hello world"})).ok();
    let changed = at_bob.until("changed", |event| event["message"]["edited"] == true);
    assert_eq!(changed["message"]["text"], "hello world");
    let found = bob.get("/v1/rooms/lunch/messages?q=worl").ok();
    assert_eq!(found["messages"][0]["ref"], said);
    assert_eq!(bob.get("/v1/rooms/lunch/messages?q=wrld").ok()["messages"], json!([]));

    bob.post("/v1/rooms/lunch/messages", &json!({"text": "yes", "reply_to": said})).ok();
    let reply = at_ada.until("message", |event| event["message"]["text"] == "yes");
    assert_eq!(reply["message"]["reply_to"]["text"], "hello world");
    assert_eq!(ada.get(&format!("{path}/holders")).ok()["holders"].as_array().unwrap().len(), 1);

    ada.delete(&path).ok();
    let gone = at_bob.until("changed", |event| event["message"]["gone"] == "retracted");
    assert_eq!((&gone["message"]["text"], &gone["message"]["reactions"]), (&json!(""), &json!([])));
    assert_eq!(bob.get("/v1/rooms/lunch/messages?q=hello").ok()["messages"], json!([]));
    let digest = |who: &Serving| who.get("/v1/rooms/lunch").ok()["digest"].clone();
    at_ada.until("room", |event| event["room"]["digest"] == digest(&bob));
}

#[test]
fn a_room_left_and_joined_at_once_keeps_sending_events() {
    let Two { ada, bob, .. } = two();
    let ticket = ada.get("/v1/rooms/lunch/ticket").ok();
    let id = ada.get("/v1/rooms/lunch").ok()["id"].clone();
    let mut other_window = bob.events();
    for at in 0..20 {
        assert_eq!(bob.delete(&format!("/v1/rooms/{}", id.as_str().unwrap())).status, 204, "{at}");
        other_window.until("left", |event| event["room"] == id);
        let joined = bob.post("/v1/rooms", &json!({"ticket": ticket["ticket"]})).ok();
        let text = format!("said after joining {at}");
        assert_eq!(joined["id"], id);
        ada.post("/v1/rooms/lunch/messages", &json!({"text": text})).ok();
        other_window.until("message", |event| event["message"]["text"] == text.as_str());
    }
}

#[test]
fn leaving_and_joining_at_once_sends_events_in_order() {
    let Two { ada, bob, .. } = two();
    let ticket = ada.get("/v1/rooms/lunch/ticket").ok();
    let path = format!("/v1/rooms/{}", ada.get("/v1/rooms/lunch").ok()["id"].as_str().unwrap());
    for at in 0..20 {
        let mut events = bob.events();
        let joined = std::thread::scope(|scope| {
            let leaving = scope.spawn(|| bob.delete(&path));
            events.until("left", |_| true);
            let joined = bob.post("/v1/rooms", &json!({"ticket": ticket["ticket"]})).ok();
            assert_eq!(leaving.join().unwrap().status, 204, "{at}");
            joined
        });
        let text = format!("said meanwhile {at}");
        ada.post("/v1/rooms/lunch/messages", &json!({"text": text})).ok();
        let names = events.names_until("message", |event| event["message"]["text"] == text.as_str());
        assert!(!names.iter().any(|name| name == "left"), "{at}: {names:?}");
        assert_eq!(bob.get(&path).ok()["author"], joined["author"], "{at}");
    }
}

#[test]
fn only_the_author_changes_a_message() {
    let Two { bob, said, .. } = two();
    let path = format!("/v1/rooms/lunch/messages/{said}");
    assert_eq!(bob.put(&path, &json!({"text": "never"})).refused(403), "not-yours");
    assert_eq!(bob.delete(&path).refused(403), "not-yours");
    assert_eq!(bob.get(&path).ok()["text"], "helo wrld");
}

#[test]
fn other_commands_ask_the_running_process() {
    let Two { ada, bob, .. } = two();
    let mut events = ada.events();
    let sent = bob.command(&["send", "lunch", "from", "the", "shell"]);
    assert_eq!(String::from_utf8(sent.stderr).unwrap(), "said; received by 1: everybody who is here\n");
    events.until("message", |event| event["message"]["text"] == "from the shell");
    let log = String::from_utf8(bob.command(&["log", "--last", "1"]).stdout).unwrap();
    assert!(log.ends_with("  from the shell\n"), "{log}");
    // A digest is posted at a pace of its own.
    let begun = std::time::Instant::now();
    let digest = |who: &Serving| who.command(&["digest", "lunch"]).stdout;
    while digest(&ada) != digest(&bob) {
        assert!(begun.elapsed() < process::PATIENCE, "both hold the same");
    }
    let found = String::from_utf8(bob.command(&["search", "lunch", "shel"]).stdout).unwrap();
    assert_eq!(found, log);
    let link = String::from_utf8(ada.command(&["serve"]).stdout).unwrap();
    assert!(link.starts_with(&ada.origin()), "another link of the same page: {link}");
    assert_ne!(link.trim(), ada.link);
}

#[test]
fn each_line_of_text_is_a_message() {
    let Two { ada, .. } = two();
    let page = ada.ask("POST", "/v1/rooms/lunch/messages", Some(("text/plain", "one\n\n two \nthree\n".into()))).ok();
    let texts: Vec<&str> = page["messages"].as_array().unwrap().iter().filter_map(|one| one["text"].as_str()).collect();
    assert_eq!(texts, ["one", " two ", "three"]);
}

#[test]
fn invalid_requests_are_refused_in_two_lines() {
    let Two { ada, said, .. } = two();
    let author = said.split('.').next().unwrap();
    let long = "x".repeat(9_000);
    let cases = [
        (ada.get("/v1/rooms/nowhere"), 404, "room"),
        (ada.get("/v1/nothing"), 404, "path"),
        (ada.get(&format!("/v1/rooms/lunch/messages/{author}.999")), 404, "message"),
        (ada.get("/v1/rooms/lunch/messages/x.1"), 400, "ref"),
        (ada.get("/v1/rooms/lunch/messages?before=yesterday"), 400, "place"),
        (ada.get("/v1/rooms/lunch/messages?limit=-1"), 400, "query"),
        (ada.post("/v1/rooms", &json!({"name": " "})), 400, "name"),
        (ada.post("/v1/rooms", &json!({"ticket": "rumor2"})), 400, "ticket"),
        (ada.post("/v1/rooms", &json!({})), 422, "json"),
        (ada.post("/v1/rooms/lunch/messages", &json!({"text": "  "})), 400, "nothing"),
        (ada.post("/v1/rooms/lunch/messages", &json!({"text": long})), 400, "too-long"),
        (ada.put("/v1/rooms/lunch/topic", &json!({"topic": long})), 400, "topic"),
        (ada.put("/v1/rooms/lunch/nick", &json!({"nick": ""})), 400, "nick"),
        (ada.ask("POST", "/v1/rooms/lunch/messages", Some(("text/plain", "y".repeat(100_000)))), 413, "body"),
    ];
    for (reply, status, code) in cases {
        assert_eq!(reply.refused(status), code);
    }
}

#[test]
fn no_page_of_another_site_may_ask() {
    let ada = Serving::start();
    let token = std::fs::read_to_string(ada.home().join("token")).unwrap();
    let (own, port) = (ada.origin(), ada.port());
    let hosts = [format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("evil.example:{port}")];
    let origins = [None, Some(own.clone()), Some("https://evil.example".into()), Some("null".into())];
    for host in &hosts {
        for origin in &origins {
            let mut headers = vec![("Host", host.clone()), ("Authorization", format!("Bearer {}", token.trim()))];
            headers.extend(origin.clone().map(|origin| ("Origin", origin)));
            let reply = ada.ask_page("POST", "/v1/rooms", &headers, r#"{"name": "made"}"#);
            let fits = origin.as_ref().is_none_or(|origin| *origin == format!("http://{host}"));
            let expected = if host.starts_with("evil") {
                421
            } else if fits {
                201
            } else {
                403
            };
            assert_eq!(reply.status, expected, "{host} {origin:?}");
        }
    }
    let made = ada.get("/v1/rooms").ok()["rooms"].as_array().unwrap().len();
    assert_eq!(made, 3, "both hosts without an origin, one with its own");
    let without = ada.ask_page("GET", "/v1/rooms", &[("Host", hosts[0].clone())], "");
    assert_eq!(without.refused(401), "token");
}

#[test]
fn a_code_opens_the_page_once_and_no_secret_is_told() {
    let (ada, said) = Serving::heard();
    let home = std::fs::read_to_string(ada.home().join("token")).unwrap();
    let host = ("Host", format!("127.0.0.1:{}", ada.port()));
    let body = json!({"code": ada.link.split('#').nth(1).unwrap()}).to_string();
    let opened = ada.ask_page("POST", "/session", std::slice::from_ref(&host), &body);
    assert_eq!((opened.status, opened.header("set-cookie")), (201, None), "a cookie would reach other ports");
    assert_eq!(opened.header("cache-control").unwrap(), "no-store");
    let token = opened.ok()["token"].as_str().unwrap().to_owned();
    assert_eq!(ada.ask_page("POST", "/session", std::slice::from_ref(&host), &body).refused(403), "code");

    let shows = |name, value: &str| ada.ask_page("GET", "/v1/rooms", &[host.clone(), (name, value.to_owned())], "");
    let rooms = shows("Authorization", &format!("Bearer {token}"));
    assert_eq!((rooms.status, rooms.header("cache-control")), (200, Some("no-store".into())));
    let others =
        [("Cookie", format!("rumormill={token}")), ("Cookie", format!("token={token}")), ("X-Token", token.clone())];
    for (name, value) in others {
        assert_eq!(shows(name, &value).refused(401), "token", "{name}");
    }
    assert_eq!(ada.ask_page("GET", &format!("/v1/rooms?token={token}"), &[host], "").refused(401), "token");
    let page = ada.ask_page("GET", "/", &[("Host", format!("localhost:{}", ada.port()))], "");
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    assert_eq!(page.header("referrer-policy").unwrap(), "no-referrer");

    let argv = std::fs::read_to_string(format!("/proc/{}/cmdline", ada.pid())).unwrap();
    let link = ada.link.clone();
    let log = said(ada);
    assert!(log.contains("TRACE"), "it was asked to log everything: {log}");
    for secret in [home.trim(), &token] {
        assert!(![&argv, &link, &log].iter().any(|place| place.contains(secret)));
    }
}

#[test]
fn a_page_that_is_signed_out_is_told_nothing_more() {
    let ada = Serving::start();
    let host = ("Host", format!("127.0.0.1:{}", ada.port()));
    let signs_in = || {
        let link = String::from_utf8(ada.command(&["serve"]).stdout).unwrap();
        let body = json!({"code": link.trim().split('#').nth(1).unwrap()}).to_string();
        let token = ada.ask_page("POST", "/session", std::slice::from_ref(&host), &body).ok()["token"].clone();
        [host.clone(), ("Authorization", format!("Bearer {}", token.as_str().unwrap()))]
    };
    let (one, other) = (signs_in(), signs_in());
    let mut stream = TcpStream::connect(("127.0.0.1", ada.port())).unwrap();
    stream.set_read_timeout(Some(process::PATIENCE)).unwrap();
    let lines: String = one.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    stream.write_all(format!("GET /v1/events HTTP/1.1\r\n{lines}\r\n").as_bytes()).unwrap();
    let mut begun = [0; 15];
    stream.read_exact(&mut begun).unwrap();
    assert_eq!(&begun, b"HTTP/1.1 200 OK");

    assert_eq!(ada.ask_page("DELETE", "/session", &one, "").status, 204);
    // The open stream of the page ends; a read to its end shows that.
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert_eq!(ada.ask_page("GET", "/v1/rooms", &one, "").refused(401), "token");
    assert_eq!(ada.ask_page("DELETE", "/session", &one, "").refused(401), "token");
    assert_eq!(ada.ask_page("GET", "/v1/rooms", &other, "").status, 200);
    let home = std::fs::read_to_string(ada.home().join("token")).unwrap();
    let owner = [host.clone(), ("Authorization", format!("Bearer {}", home.trim()))];
    assert_eq!(ada.ask_page("DELETE", "/session", &owner, "").refused(400), "session");
    assert_eq!(ada.ask_page("GET", "/v1/rooms", &owner, "").status, 200);
}

/// Another user of this machine would connect, ask, and read to the end.
const OTHER: &str = "
import socket, sys
one = socket.socket(socket.AF_UNIX)
one.connect(sys.argv[1])
try:
    one.sendall(b'GET /v1/rooms HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n')
    print(one.recv(15))
except (BrokenPipeError, ConnectionResetError): print(b'')
";

#[test]
fn another_user_is_hung_up_on_even_where_the_socket_is_open_to_all() {
    let ada = Serving::start();
    let (home, socket) = (ada.home(), ada.home().join("socket"));
    let mode = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    assert_eq!(std::fs::metadata(&home).unwrap().mode() & 0o777, 0o700);
    assert_eq!(std::fs::metadata(&socket).unwrap().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(home.join("token")).unwrap().mode() & 0o777, 0o600);
    if std::fs::metadata(&home).unwrap().uid() != 0 {
        return eprintln!("only root can ask as somebody else");
    }
    let asks = |uid| {
        Command::new("/usr/bin/python3").args(["-c", OTHER]).arg(&socket).uid(uid).current_dir("/").output().unwrap()
    };
    assert!(String::from_utf8(asks(65_534).stderr).unwrap().contains("PermissionError"), "the modes keep others out");
    for (path, open) in [(home.parent().unwrap(), 0o755), (&home, 0o755), (&socket, 0o666)] {
        mode(path, open);
    }
    assert_eq!(asks(0).stdout, b"b'HTTP/1.1 200 OK'\n");
    let other = asks(65_534);
    assert_eq!(String::from_utf8(other.stdout).unwrap(), "b''\n", "{:?}", String::from_utf8(other.stderr));
}

#[test]
fn those_who_never_finish_asking_are_hung_up_on() {
    let ada = Serving::start();
    let mut slow: Vec<TcpStream> = (0..300).map(|_| TcpStream::connect(("127.0.0.1", ada.port())).unwrap()).collect();
    slow.iter_mut().for_each(|stream| stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: loc").unwrap());
    let reply = ada.ask_page("GET", "/healthz", &[("Host", format!("localhost:{}", ada.port()))], "");
    assert_eq!(reply.status, 200);
    let mut rest = String::new();
    slow[0].set_read_timeout(Some(process::PATIENCE)).unwrap();
    slow[0].read_to_string(&mut rest).unwrap();
    assert!(!rest.contains("200 OK"));
}

#[test]
fn an_address_that_others_reach_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let output = process::rumormill(dir.path(), &["serve", "--http", "0.0.0.0:0"]).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    // The node was open for a moment, so the first run says who learns of it.
    let [first, error, help] = told.lines().collect::<Vec<_>>()[..] else { panic!("{told}") };
    assert!(first.starts_with("relays: ") && error.starts_with("error[address]: ") && help.starts_with("help: "));
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_room_with_small_bounds_drops_the_rest() {
    let Two { ada, bob, .. } = two();
    ada.ask("POST", "/v1/rooms/lunch/messages", Some(("text/plain", "one\ntwo\nthree".into()))).ok();
    let room = ada.put("/v1/rooms/lunch/keep", &json!({"entries": 1})).ok();
    assert_eq!(room["keep"]["entries"], 1);
    let gone = |who: &Serving| {
        let page = who.get("/v1/rooms/lunch/messages").ok();
        page["messages"].as_array().unwrap().iter().filter(|message| message["gone"] == "expired").count()
    };
    let begun = std::time::Instant::now();
    while gone(&ada) < 3 {
        assert!(begun.elapsed() < process::PATIENCE, "what is over the bounds goes");
    }
    assert_eq!(gone(&bob), 0, "others keep what they want");
    let page = ada.get("/v1/rooms/lunch/messages?limit=1").ok();
    assert_eq!(page["messages"][0]["text"], "three");
}

#[test]
fn a_left_room_can_be_entered_again() {
    let Two { ada, bob, said } = two();
    assert_eq!(bob.delete("/v1/rooms/lunch").status, 204);
    assert_eq!(bob.get("/v1/rooms").ok()["rooms"], json!([]));
    assert_eq!(bob.get("/v1/rooms/lunch").refused(404), "room");
    let ticket = ada.get("/v1/rooms/lunch/ticket").ok();
    let mut events = bob.events();
    bob.post("/v1/rooms", &json!({"ticket": ticket["ticket"]})).ok();
    events.until("message", |event| event["message"]["ref"] == said);
}

#[test]
fn hiding_affects_only_oneself() {
    let Two { ada, bob, said } = two();
    let author = said.split('.').next().unwrap();
    let hidden = format!("/v1/rooms/lunch/hidden/{author}");
    let mut events = bob.events();
    let people = bob.put(&hidden, &Value::Null).ok();
    let of = |people: &Value, who: &str| {
        let people = people["people"].as_array().unwrap();
        people.iter().find(|person| person["author"] == who).unwrap()["hidden"].clone()
    };
    assert_eq!(of(&people, author), true);
    assert_eq!(of(&ada.get("/v1/rooms/lunch/people").ok(), author), false, "nobody else learns of it");
    events.until("person", |event| event["author"] == author && event["hidden"] == true);
    events.until("room", |event| event["room"]["unread"] == 0);

    let me = bob.get("/v1/rooms/lunch").ok()["author"].as_str().unwrap().to_owned();
    let text = json!({"text": "are you there?", "mentions": [me]});
    let said = ada.post("/v1/rooms/lunch/messages", &text).ok()["messages"][0]["ref"].as_str().unwrap().to_owned();
    let event = events.until("message", |event| event["message"]["ref"] == *said);
    assert_eq!((&event["message"]["hidden"], &event["message"]["names_me"]), (&json!(true), &json!(false)));
    let room = bob.get("/v1/rooms/lunch").ok();
    assert_eq!((&room["unread"], &room["mentions"]), (&json!(0), &json!(0)));

    ada.put(&format!("/v1/rooms/lunch/messages/{said}/reactions/x"), &Value::Null).ok();
    let changed = events.until("changed", |event| event["message"]["ref"] == *said);
    assert_eq!(changed["message"]["reactions"], json!([]));
    let reply = bob.post("/v1/rooms/lunch/messages", &json!({"text": "so", "reply_to": said})).ok();
    assert_eq!(reply["messages"][0]["reply_to"]["text"], "");

    let log = |flags: &[&str]| {
        let out = bob.command(&[&["log", "lunch"], flags].concat());
        (String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap())
    };
    let (shown, told) = log(&[]);
    assert!(
        !shown.contains("are you there?") && told.contains("messages of people you hid or hold back"),
        "{shown}{told}"
    );
    assert!(log(&["--all"]).0.contains("are you there?"));
    let found = bob.command(&["search", "lunch", "there"]);
    assert!(found.stdout.is_empty());
    assert_eq!(
        String::from_utf8(found.stderr).unwrap(),
        "1 message of people you hid or hold back; --all shows them\n"
    );

    bob.delete(&hidden).ok();
    let room = bob.get("/v1/rooms/lunch").ok();
    assert_eq!((&room["unread"], &room["mentions"]), (&json!(2), &json!(1)));
    assert_eq!(bob.put(&format!("/v1/rooms/lunch/hidden/{me}"), &Value::Null).refused(400), "author");
    assert_eq!(bob.put("/v1/rooms/lunch/hidden/bob", &Value::Null).refused(404), "nobody");
}

#[test]
fn a_nick_in_the_text_counts_as_a_mention_everywhere() {
    let Two { ada, bob, .. } = two();
    bob.put("/v1/rooms/lunch/nick", &json!({"nick": "bob"})).ok();
    let mut events = bob.events();
    events.until("room", |event| event["room"]["nick"] == "bob");
    let before = bob.get("/v1/rooms/lunch").ok()["mentions"].as_u64().unwrap();
    ada.post("/v1/rooms/lunch/messages", &json!({"text": "bob: pizza?"})).ok();
    let event = events.until("message", |event| event["message"]["text"] == "bob: pizza?");
    assert_eq!(event["message"]["names_me"], true);
    events.until("room", |event| event["room"]["mentions"] == before + 1);
}

/// Control sequences that move a cursor, change a title or a clipboard, or reverse the text beside them.
const STEERING: [&str; 14] = [
    "\u{1b}[2J\u{1b}[H",
    "\u{1b}]0;title\u{7}",
    "\u{1b}]2;title\u{1b}\\",
    "\u{1b}]52;c;ZXZpbA==\u{7}",
    "\u{1b}]8;;http://evil.example\u{7}link\u{1b}]8;;\u{7}",
    "\u{1b}]777;notify;evil;evil\u{7}",
    "\u{1b}P$q\u{1b}\\",
    "\u{9b}31m\u{9d}0;t\u{9c}",
    "\u{8}\u{8}\u{8}\u{7f}",
    "\r12:00 ada  never said",
    "\u{202e}gnp.exe\u{202c}",
    "\u{2066}a\u{2067}b\u{2069}",
    "\u{2028}12:00 ada  never said\u{85}",
    "\u{feff}\u{200b}\u{e0041}\u{e007f}",
];

#[test]
fn hostile_text_is_safe_in_every_command() {
    let ada = Serving::start();
    let made = ada.post("/v1/rooms", &json!({"name": format!("evil{}", STEERING[1])})).ok();
    let id = made["id"].as_str().unwrap();
    let ask = |what: &str| format!("/v1/rooms/{id}/{what}");
    for (number, words) in STEERING.iter().enumerate() {
        ada.put(&ask("nick"), &json!({"nick": format!("n{number}{words}")})).ok();
        ada.put(&ask("topic"), &json!({"topic": format!("evil{words}")})).ok();
        ada.post(&ask("messages"), &json!({"text": format!("evil {words} evil")})).ok();
        let name = ada.post(&ask("messages"), &json!({"text": format!("/me evil {words}")})).ok();
        let said = name["messages"][0]["ref"].as_str().unwrap().to_owned();
        ada.post(&ask("messages"), &json!({"text": words, "reply_to": said}));
    }
    let commands: [&[&str]; 8] = [
        &["log", id],
        &["log", id, "--json"],
        &["search", id, "evil"],
        &["rooms"],
        &["rooms", "--json"],
        &["export", id],
        &["export", id, "--format", "text"],
        &["export", id, "--format", "markdown"],
    ];
    let steers = |char: &char| {
        char.is_control() && *char != '\n'
            || matches!(*char, '\u{200b}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    for args in commands {
        let out = ada.command(args);
        let printed = String::from_utf8([out.stdout, out.stderr].concat()).unwrap();
        assert!(printed.contains("evil"), "{args:?}: {printed}");
        assert_eq!(printed.chars().find(steers), None, "{args:?}: {printed:?}");
    }
    // No line is faked: each begins with a day or an hour, as ours do, and with our name.
    let log = String::from_utf8(ada.command(&["log", id]).stdout).unwrap();
    assert!(log.lines().all(|line| line.as_bytes()[2] == b':' && !line[6..].starts_with("ada")), "{log}");
}

#[test]
fn people_with_the_same_name_are_distinguished() {
    let Two { ada: _ada, bob, said } = two();
    let author = said.split('.').next().unwrap();
    let mine = bob.put("/v1/rooms/lunch/nick", &json!({"nick": "ada"})).ok()["author"].as_str().unwrap().to_owned();
    bob.post("/v1/rooms/lunch/messages", &json!({"text": "me too"})).ok();
    assert_eq!(bob.get("/v1/rooms/lunch/people/ada").refused(409), "several");
    assert_eq!(bob.put("/v1/rooms/lunch/hidden/ada", &Value::Null).refused(409), "several");
    assert_eq!(bob.get("/v1/rooms/lunch/people/nowhere").refused(404), "nobody");
    for word in [format!("ada~{}", &author[..4]), author[..12].to_owned(), author.to_owned()] {
        assert_eq!(bob.get(&format!("/v1/rooms/lunch/people/{word}")).ok()["author"], author, "{word}");
    }
    // Everything that prints lines distinguishes them in the same way.
    let printed = |args: &[&str]| String::from_utf8(bob.command(args).stdout).unwrap();
    let [one, other] = [author, &mine].map(|author| format!("ada~{}", &author[..4]));
    for args in [&["log", "lunch"][..], &["search", "lunch", "wrld"], &["search", "lunch", "too"]] {
        let lines = printed(args);
        for line in lines.lines().filter(|line| line.contains("helo wrld") || line.contains("me too")) {
            let who = if line.contains("helo") { &one } else { &other };
            assert!(line.contains(&format!(" {who}  ")), "{args:?}: {lines}");
        }
    }
    let export = printed(&["export", "lunch", "--format", "text"]);
    assert!(
        export.contains(&format!("<{one}> helo wrld")) && export.contains(&format!("<{other}> me too")),
        "{export}"
    );
}

#[test]
fn actions_are_shown_as_actions() {
    let Two { ada, bob, .. } = two();
    let mut events = bob.events();
    ada.post("/v1/rooms/lunch/messages", &json!({"text": "/me waves"})).ok();
    let event = events.until("message", |event| event["message"]["action"] == true);
    assert_eq!(event["message"]["text"], "waves");
    let log = String::from_utf8(bob.command(&["log", "lunch", "--last", "1"]).stdout).unwrap();
    assert!(log.ends_with(" * ada waves\n"), "{log}");
}

#[test]
fn typing_and_details_of_people_are_available() {
    let Two { ada, bob, said } = two();
    let author = said.split('.').next().unwrap();
    let mut events = bob.events();
    events.until("room", |event| event["room"]["peers"].as_array().is_some_and(|peers| peers.len() == 1));
    assert_eq!(ada.post("/v1/rooms/lunch/typing", &Value::Null).status, 204);
    let event = events.until("typing", |_| true);
    assert_eq!((&event["author"], &event["nick"]), (&json!(author), &json!("ada")));
    assert_eq!(bob.post("/v1/rooms/nowhere/typing", &Value::Null).refused(404), "room");

    let whois = bob.get(&format!("/v1/rooms/lunch/people/{author}")).ok();
    assert_eq!((&whois["nick"], &whois["entries"], &whois["here"]), (&json!("ada"), &json!(3), &json!(true)));
    assert_eq!(whois["peer"]["path"], "direct");
    let first = bob.get("/v1/rooms/lunch/messages").ok()["messages"][0]["time_ms"].clone();
    assert_eq!(whois["since_ms"], first);
    assert_eq!(bob.get(&format!("/v1/rooms/lunch/people/{}", "ab".repeat(32))).refused(404), "author");
}

#[test]
fn typing_off_neither_sends_nor_shows_typing() {
    let quiet = Serving::start_with("typing = false\n");
    let ada = Serving::start();
    ada.post("/v1/rooms", &json!({"name": "lunch", "open": true})).ok();
    let ticket = ada.get("/v1/rooms/lunch/ticket").ok();
    quiet.post("/v1/rooms", &json!({"ticket": ticket["ticket"]}));
    let (mut at_ada, mut at_quiet) = (ada.events(), quiet.events());
    for events in [&mut at_ada, &mut at_quiet] {
        let met = |event: &Value| event["room"]["name"] == "lunch" && event["room"]["peers"][0].is_object();
        events.until("room", met);
    }
    for (who, events, text) in [(&quiet, &mut at_ada, "from quiet"), (&ada, &mut at_quiet, "from ada")] {
        who.post("/v1/rooms/lunch/typing", &Value::Null);
        who.post("/v1/rooms/lunch/messages", &json!({"text": text})).ok();
        let heard = events.names_until("message", |event| event["message"]["text"] == text);
        assert!(!heard.iter().any(|name| name == "typing"), "{text}: {heard:?}");
    }
}

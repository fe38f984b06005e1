//! Bots that are members of their own.

use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    time::Instant,
};

use serde_json::{Value, json};

use crate::{
    Two,
    process::{PATIENCE, Reply, Serving},
    two,
};

/// A bot of somebody, and its token.
struct Bot<'a> {
    whose: &'a Serving,
    token: String,
}

const TEXT: (&str, &str) = ("Content-Type", "text/plain");
const JSON: (&str, &str) = ("Content-Type", "application/json");

impl<'a> Bot<'a> {
    /// A bot that a person makes on the command line.
    fn new(whose: &'a Serving, name: &str, rooms: &[&str]) -> Self {
        let made = whose.command(&[&["bot", "new", name], rooms].concat());
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let token = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        let told = String::from_utf8(made.stderr).unwrap();
        assert!(token.len() == 32 && !told.contains(&token) && told.contains("RUMORMILL_TOKEN"), "{told}");
        assert!(told.contains(&format!("{}/v1/rooms/", whose.origin())), "it tells where to ask: {told}");
        Self { whose, token }
    }

    fn ask(&self, method: &str, path: &str, (name, value): (&str, &str), body: &str) -> Reply {
        self.whose.ask_as(&self.token, method, path, &[(name, value.to_owned())], body)
    }

    fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, JSON, "")
    }

    /// The same over loopback.
    fn ask_page(&self, method: &str, path: &str, body: &str) -> Reply {
        let host = ("Host", format!("127.0.0.1:{}", self.whose.port()));
        let token = ("Authorization", format!("Bearer {}", self.token));
        self.whose.ask_page(method, path, &[host, token], body)
    }
}

fn person(who: &Serving, nick: &str) -> Value {
    let people = who.get("/v1/rooms/lunch/people").ok();
    let found = people["people"].as_array().unwrap().iter().find(|person| person["nick"] == nick);
    found.cloned().unwrap_or_default()
}

/// How often a text was said in lunch.
fn times(who: &Serving, text: &str) -> usize {
    let page = who.get("/v1/rooms/lunch/messages?limit=200").ok();
    page["messages"].as_array().unwrap().iter().filter(|message| message["text"] == text).count()
}

#[test]
fn a_bot_speaks_reads_and_is_named_as_a_member_of_its_own() {
    let Two { ada, bob, .. } = two();
    let (mut at_ada, mut at_bob) = (ada.events(), bob.events());
    let bot = Bot::new(&ada, "ci", &[]);
    let own = ada.get("/v1/rooms/lunch").ok()["author"].clone();
    // By either door, and as the command says it.
    let said = bot.ask("POST", "/v1/rooms/lunch/messages", TEXT, "by the socket").ok();
    let said = said["messages"][0].clone();
    assert_eq!((&said["nick"], &said["mine"]), (&json!("ci"), &json!(true)));
    assert_ne!(said["author"], own);
    let page = bot.ask_page("POST", "/v1/rooms/lunch/messages", r#"{"text": "over loopback"}"#).ok();
    assert_eq!(page["messages"][0]["author"], said["author"]);
    let mut command = crate::process::rumormill(ada.home().parent().unwrap(), &["send", "lunch", "by command"]);
    assert!(command.env("RUMORMILL_TOKEN", &bot.token).output().unwrap().status.success());
    for text in ["by the socket", "over loopback", "by command"] {
        for events in [&mut at_ada, &mut at_bob] {
            let told = events.until("message", |event| event["message"]["text"] == text)["message"].clone();
            assert_eq!((&told["nick"], &told["author"], &told["mine"]), (&json!("ci"), &said["author"], &json!(false)));
        }
    }
    assert_eq!(person(&ada, "ci")["author"], said["author"]);
    assert_eq!(person(&ada, "ci")["me"], false);
    assert_eq!(person(&bob, "ci")["author"], said["author"]);
    // A mention by its name means the bot alone, and it counts as one who received what was said.
    let asked =
        ada.post("/v1/rooms/lunch/messages", &json!({"text": "@ci are you there?"})).ok()["messages"][0].clone();
    let path = format!("/v1/rooms/lunch/messages/{}", asked["ref"].as_str().unwrap());
    let begun = Instant::now();
    while bot.get(&path).status != 200 {
        assert!(begun.elapsed() < PATIENCE);
    }
    assert_eq!(bot.get(&path).ok()["names_me"], true);
    at_bob.until("message", |event| event["message"]["ref"] == asked["ref"] && event["message"]["names_me"] == false);
    let holds = |holder: &Value| holder["author"] == said["author"];
    while !ada.get(&format!("{path}/holders")).ok()["holders"].as_array().unwrap().iter().any(holds) {
        assert!(begun.elapsed() < PATIENCE);
    }
    // It has a read marker of its own.
    let place = json!({"place": asked["place"]}).to_string();
    assert_eq!(bot.ask("PUT", "/v1/rooms/lunch/read", JSON, &place).ok()["read"], asked["place"]);
    assert_ne!(ada.get("/v1/rooms/lunch").ok()["read"], asked["place"]);
}

#[test]
fn whatever_is_killed_a_bot_stays_who_it_is_and_says_nothing_twice() {
    let Two { ada, mut bob, .. } = two();
    let token = Bot::new(&bob, "ci", &["lunch"]).token;
    let once = |bob: &Serving, number: usize| {
        let headers = [("Idempotency-Key", format!("build {number}")), ("Content-Type", "text/plain".into())];
        let said =
            bob.ask_as(&token, "POST", "/v1/rooms/lunch/messages", &headers, &format!("build {number} is green"));
        let said = said.ok()["messages"][0].clone();
        (said["author"].clone(), said["ref"].clone())
    };
    let first = once(&bob, 0);
    for number in 1..4 {
        let said = once(&bob, number);
        bob.crash();
        assert_eq!(once(&bob, number), said, "as it was said before");
        assert_eq!(said.0, first.0, "by the same author");
    }
    let mut events = ada.events();
    once(&bob, 4);
    let last = "build 4 is green";
    if times(&ada, last) == 0 {
        events.until("message", |event| event["message"]["text"] == last);
    }
    for who in [&ada, &bob] {
        let begun = Instant::now();
        while (0..5).any(|number| times(who, &format!("build {number} is green")) != 1) {
            assert!(begun.elapsed() < PATIENCE, "each is said, and once");
        }
    }
    // No fork was made, and nobody is told of one.
    assert_eq!(person(&ada, "ci")["author"], first.0);
    assert_eq!(ada.get("/v1/rooms/lunch").ok()["people"], 2, "who wrote: ada and the bot");
}

#[test]
fn the_token_of_a_bot_reaches_nothing_of_its_owner() {
    let (ada, said) = Serving::heard();
    ada.post("/v1/rooms", &json!({"name": "lunch"})).ok();
    let work = ada.post("/v1/rooms", &json!({"name": "work"})).ok()["id"].as_str().unwrap().to_owned();
    ada.post("/v1/rooms/work/messages", &json!({"text": "confidential"})).ok();
    ada.post("/v1/rooms/lunch/hooks", &json!({"name": "CI"})).ok();
    let bot = Bot::new(&ada, "ci", &["lunch"]);
    let other = Bot::new(&ada, "log", &["work"]);
    for path in ["", "/messages", "/ticket", "/people", "/export"].map(|what| format!("/v1/rooms/{work}{what}")) {
        assert_eq!(bot.get(&path).refused(404), "room", "{path}");
        assert_eq!(bot.ask_page("GET", &path, "").refused(404), "room", "{path}");
    }
    let rooms = bot.get("/v1/rooms").ok();
    assert_eq!((rooms["rooms"].as_array().unwrap().len(), &rooms["rooms"][0]["name"]), (1, &json!("lunch")));
    let own = [
        ("GET", "/v1/hooks"),
        ("POST", "/v1/rooms/lunch/hooks"),
        ("DELETE", "/v1/hooks/x"),
        ("GET", "/v1/bots"),
        ("POST", "/v1/bots"),
        ("DELETE", "/v1/bots/log"),
        ("DELETE", "/v1/bots/ci"),
    ];
    for (method, path) in own {
        let body = r#"{"name": "mine"}"#;
        assert_eq!(bot.ask(method, path, JSON, body).refused(403), "owner", "{method} {path}");
        assert_eq!(bot.ask_page(method, path, body).refused(403), "owner", "{method} {path}");
    }
    // No link to the page, which is the owner's.
    assert_eq!(bot.ask("POST", "/link", JSON, "{}").refused(404), "path");
    assert_eq!(bot.ask_page("DELETE", "/session", "").refused(404), "path");
    assert!(!bot.get("/metrics").body.contains(&work));
    // A token that is nobody's never acts for the owner, not even at the owner's own socket.
    let wrong = format!("{}{}", &bot.token[..31], if bot.token.ends_with('x') { 'y' } else { 'x' });
    for token in [&wrong, "", &other.token[..31]] {
        assert_eq!(ada.ask_as(token, "GET", "/v1/rooms", &[], "").refused(401), "token");
    }
    for scheme in [format!("bearer {}", bot.token), format!("Basic {}", bot.token), bot.token.clone()] {
        assert_eq!(ada.ask_with("/v1/rooms", &[("Authorization", scheme)]).refused(401), "token");
    }
    let host = ("Host", "evil.example".to_owned());
    let token = ("Authorization", format!("Bearer {}", bot.token));
    assert_eq!(ada.ask_page("GET", "/v1/rooms", &[host, token], "").refused(421), "host");
    // The owner's token asks as the owner at both doors.
    let owners = fs::read_to_string(ada.home().join("token")).unwrap();
    let rooms = ada.ask_as(owners.trim(), "GET", "/v1/rooms", &[], "").ok();
    assert_eq!(rooms["rooms"].as_array().unwrap().len(), 2);
    assert_eq!(ada.get("/v1/hooks").ok()["hooks"].as_array().unwrap().len(), 1);
    assert_eq!(ada.get("/v1/bots").ok()["bots"].as_array().unwrap().len(), 2);
    // What is kept tells the token to nobody, and nobody else can read it; nor is it logged.
    let (bots, record) = (ada.home().join("bots"), ada.home().join("bots/ci/bot.json"));
    assert!(!fs::read_to_string(&record).unwrap().contains(&bot.token));
    assert_eq!(record.metadata().unwrap().mode() & 0o777, 0o600);
    for dir in [bots.join("ci"), bots] {
        assert_eq!(dir.metadata().unwrap().permissions().mode() & 0o777, 0o700, "{}", dir.display());
    }
    let token = bot.token.clone();
    let log = said(ada);
    assert!(log.contains("rumormill") && !log.contains(&token), "it was asked to log everything");
}

#[test]
fn a_removed_bot_is_gone_with_its_token_and_a_damaged_one_hinders_nobody() {
    let Two { mut ada, .. } = two();
    let bot = Bot::new(&ada, "ci", &["lunch"]);
    let mut listens = ada.socket();
    let head = format!("GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n", bot.token);
    listens.write_all(head.as_bytes()).unwrap();
    let mut beginning = [0; 12];
    listens.read_exact(&mut beginning).unwrap();
    assert_eq!(&beginning, b"HTTP/1.1 200");
    let (token, home) = (bot.token, ada.home().join("bots/ci"));
    assert!(ada.command(&["bot", "remove", "ci"]).status.success());
    // What it listened to ends.
    listens.read_to_end(&mut Vec::new()).unwrap();
    assert!(!home.exists());
    assert_eq!(ada.ask_as(&token, "GET", "/v1/rooms", &[], "").refused(401), "token");
    assert_eq!(ada.command(&["bot", "remove", "ci"]).status.code(), Some(2));
    assert_eq!(ada.command(&["bot", "list"]).stdout, b"");

    let (damaged, untold) = (Bot::new(&ada, "one", &["lunch"]).token, Bot::new(&ada, "two", &["lunch"]).token);
    let whole = Bot::new(&ada, "three", &["lunch"]).token;
    let bots = ada.home().join("bots");
    ada.crash_while(|| {
        fs::write(bots.join("one/rumormill.db"), "this is no database").unwrap();
        fs::write(bots.join("two/bot.json"), "this is no record").unwrap();
        fs::create_dir(bots.join("not a name")).unwrap();
    });
    assert_eq!(ada.ask_as(&damaged, "GET", "/v1/rooms", &[], "").refused(500), "corrupt");
    assert_eq!(ada.ask_as(&untold, "GET", "/v1/rooms", &[], "").refused(401), "token");
    assert_eq!(ada.ask_as(&whole, "GET", "/v1/rooms/lunch", &[], "").ok()["nick"], "three");
    let list = String::from_utf8(ada.command(&["bot", "list"]).stdout).unwrap();
    let lines: Vec<&str> = list.lines().collect();
    assert!(lines[0].starts_with("one  takes no part: ") && lines[1] == "three  lunch", "{list}");
    assert!(lines[2].starts_with("two  lunch  takes no part: its token cannot be read"), "{list}");
    let doctor = String::from_utf8(ada.command(&["doctor"]).stdout).unwrap();
    assert!(doctor.contains("ILL  bot          one: ") && doctor.contains("`rumormill bot remove one`"), "{doctor}");
    assert!(doctor.contains("ok   bot          three takes part in 1 room"), "{doctor}");
    // Nothing that such a bot may keep is forgotten unseen.
    let kept = ada.command(&["forget", "lunch", "--yes"]);
    let why = String::from_utf8(kept.stderr).unwrap();
    assert!(!kept.status.success() && why.contains("the bot one cannot leave the room"), "{why}");
    for name in ["one", "two"] {
        assert!(ada.command(&["bot", "remove", name]).status.success(), "{name}");
    }
    let forgotten = ada.command(&["forget", "lunch", "--yes"]);
    let said = String::from_utf8(forgotten.stderr).unwrap();
    assert!(forgotten.status.success() && said.contains("Your bots leave it too: three."), "{said}");
    assert_eq!(ada.command(&["bot", "list"]).stdout, b"three  in no room\n");
}

#[test]
fn bots_are_bounded_and_called_what_a_directory_can_be_called() {
    let ada = Serving::start();
    ada.post("/v1/rooms", &json!({"name": "lunch"})).ok();
    let make = |name: &str| ada.post("/v1/bots", &json!({"name": name, "rooms": ["lunch"]}));
    for name in ["", "../up", "a/b", "two words", "-x", "ä"] {
        assert_eq!(make(name).refused(400), "bot-name", "{name:?}");
    }
    assert_eq!(ada.post("/v1/bots", &json!({"name": "ci", "rooms": ["nowhere"]})).refused(404), "room");
    assert!(!ada.home().join("bots").exists(), "what is refused leaves nothing");
    make("ci").ok();
    assert_eq!(make("ci").refused(409), "bot-exists");
    (1..16).for_each(|number| _ = make(&format!("bot-{number}")).ok());
    assert_eq!(make("one-more").refused(409), "bots");
    assert_eq!(ada.get("/v1/bots").ok()["bots"].as_array().unwrap().len(), 16);
    assert_eq!(ada.delete("/v1/bots/ci").status, 204);
    make("one-more").ok();
    // All of them meet.
    let begun = Instant::now();
    while ada.get("/v1/rooms/lunch").ok()["peers"].as_array().unwrap().len() < 16 {
        assert!(begun.elapsed() < PATIENCE);
    }
}

#[test]
fn a_bot_is_made_and_kept_whether_or_not_a_process_has_the_home_open() {
    let dir = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| crate::process::rumormill(dir.path(), &[args, &["--loopback"]].concat());
    let printed = |args: &[&str]| {
        let output = run(args).stdin(std::process::Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    };
    printed(&["new", "lunch", "--nick", "ada"]);
    let token = printed(&["bot", "new", "ci"]);
    assert_eq!(printed(&["bot", "list"]), "ci  lunch");
    // With its token nothing is said in the owner's name, also where nobody could answer it.
    let sent = run(&["send", "lunch", "hello"]).env("RUMORMILL_TOKEN", &token).output().unwrap();
    let why = String::from_utf8(sent.stderr).unwrap();
    assert_eq!(sent.status.code(), Some(6), "{why}");
    assert!(why.contains("RUMORMILL_TOKEN is set") && !why.contains(&token), "{why}");
    assert!(!printed(&["log", "lunch"]).contains("hello"));
    assert_eq!(printed(&["bot", "remove", "ci"]), "");
    assert_eq!(printed(&["bot", "list"]), "");
}

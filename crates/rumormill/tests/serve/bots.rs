//! The example bots work as described.

use std::{
    collections::BTreeMap,
    env,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{Two, process::Serving, two};

/// A running bot, killed on drop.
struct Bot(Child);

impl Bot {
    fn start(program: &str, args: &[&str], whose: &Serving) -> Self {
        Self::start_as(program, args, whose, "")
    }

    /// A bot with this token, if it is not empty.
    fn start_as(program: &str, args: &[&str], whose: &Serving, token: &str) -> Self {
        let bin = Path::new(env!("CARGO_BIN_EXE_rumormill")).parent().unwrap();
        let path = env::join_paths([bin.to_owned()].into_iter().chain(env::split_paths(&env::var_os("PATH").unwrap())));
        let example = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(args[0]);
        let mut command = Command::new(program);
        command.arg(example).args(&args[1..]).env("PATH", path.unwrap()).env("RUMORMILL_HOME", whose.home());
        if !token.is_empty() {
            command.env("RUMORMILL_TOKEN", token);
        }
        Self(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap())
    }
}

impl Bot {
    /// Returns when the bot says that it listens.
    fn listens(&mut self) {
        let lines = BufReader::new(self.0.stdout.take().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line.ends_with("listening")), "the bot has gone");
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_python_bot_answers() {
    let Two { ada, bob, .. } = two();
    let dir = tempfile::tempdir().unwrap();
    let mut bot = in_python(&bob, &dir.path().join("bot.json"));
    bot.listens();
    let mut events = ada.events();
    let asked = ada.post("/v1/rooms/lunch/messages", &json!({"text": "!roll 2d6"})).ok()["messages"][0]["ref"].clone();
    let answer = events.until("message", |event| event["message"]["reply_to"]["ref"] == asked);
    let text = answer["message"]["text"].as_str().unwrap();
    let (dice, sum) = text.split_once(" = ").unwrap();
    let dice: Vec<u32> = dice.split(" + ").map(|die| die.parse().unwrap()).collect();
    assert_eq!((dice.len(), dice.iter().sum::<u32>().to_string()), (2, sum.to_owned()));
    assert_eq!(answer["message"]["names_me"], true);
}

/// The bot in Rust.
#[path = "../../../client/examples/bot.rs"]
#[allow(dead_code, reason = "the test starts it by its own name")]
mod rust;

const SOCKET: &str = "RUMORMILL_TEST_BOT_SOCKET";
const STATE: &str = "RUMORMILL_TEST_BOT_STATE";

/// The bot in Rust, in a separate process: does nothing unless this test started it as one.
#[tokio::test]
async fn the_bot_in_rust_runs() {
    let (Some(socket), Some(state)) = (env::var_os(SOCKET), env::var_os(STATE)) else { return };
    let client = rust::client(socket.to_str().unwrap(), env::var("RUMORMILL_TOKEN").ok()).unwrap();
    rust::run(client, state.into()).await.unwrap();
}

/// The same bot as a member of its own, with this token, over loopback.
fn in_rust_as(token: &str, whose: &Serving, state: &Path) -> Bot {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["bots::the_bot_in_rust_runs", "--exact", "--nocapture"]).env("RUMORMILL_TOKEN", token);
    command.env(SOCKET, format!("127.0.0.1:{}", whose.port())).env(STATE, state);
    Bot(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap())
}

fn in_rust(whose: &Serving, state: &Path) -> Bot {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["bots::the_bot_in_rust_runs", "--exact", "--nocapture"]);
    command.env(SOCKET, whose.home().join("socket")).env(STATE, state);
    Bot(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap())
}

fn in_python(whose: &Serving, state: &Path) -> Bot {
    Bot::start("python3", &["bot.py", state.to_str().unwrap()], whose)
}

/// The answers to each question, in the room of the person who asked.
fn answers(ada: &Serving) -> BTreeMap<String, Vec<String>> {
    let mut answers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let page = ada.get("/v1/rooms/lunch/messages?limit=200").ok();
    for message in page["messages"].as_array().unwrap() {
        let text = message["text"].as_str().unwrap().to_owned();
        match message["reply_to"]["ref"].as_str() {
            Some(question) => answers.entry(question.to_owned()).or_default().push(text),
            None if text.starts_with('!') => {
                answers.entry(message["ref"].as_str().unwrap().to_owned()).or_default();
            }
            None => {}
        }
    }
    answers
}

/// A bot answers each question once, although its process and the bot itself are killed again and again.
fn each_question_is_answered_once(question: &str, start: fn(&Serving, &Path) -> Bot) {
    let Two { ada, mut bob, .. } = two();
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("bot.json");
    let ask = || ada.post("/v1/rooms/lunch/messages", &json!({"text": question})).ok()["messages"][0]["ref"].clone();
    let answered = |asked: &Value| {
        let mut events = ada.events();
        // Messages from before a listener are no events.
        if answers(&ada)[asked.as_str().unwrap()].is_empty() {
            events.until("message", |event| event["message"]["reply_to"]["ref"] == *asked);
        }
    };
    let mut events = bob.events();
    let before = ask();
    events.until("message", |event| event["message"]["ref"] == before);
    let mut bot = start(&bob, &state);
    bot.listens();
    answered(&ask());
    let mut asked = Value::Null;
    bob.crash_while(|| asked = ask());
    answered(&asked);
    drop(bot);
    let asked = ask();
    bob.crash();
    let mut bot = start(&bob, &state);
    answered(&asked);
    for round in 0..4 {
        let asked = ask();
        // The kills hit the bot and its process before they receive a question, while they answer, or after.
        thread::sleep(Duration::from_millis(round * 15));
        if round % 2 == 0 {
            drop(bot);
            bot = start(&bob, &state);
        }
        bob.crash();
        answered(&asked);
    }
    // A bot that comes back reads the last hour again, and answers this question last.
    drop(bot);
    let asked = ask();
    let _bot = start(&bob, &state);
    answered(&asked);
    let mut answers = answers(&ada);
    assert_eq!(answers.remove(before.as_str().unwrap()), Some(Vec::new()), "asked before the bot came");
    assert_eq!(answers.len(), 8);
    assert!(answers.values().all(|answers| answers.len() == 1), "{answers:?}");
}

#[test]
fn the_python_bot_answers_each_question_once_across_kills() {
    each_question_is_answered_once("!roll 2d6", in_python);
}

#[test]
fn the_rust_bot_answers_each_question_once_across_kills() {
    each_question_is_answered_once("!count to three", in_rust);
}

#[test]
fn the_bots_answer_as_members_of_their_own() {
    let Two { ada, bob, .. } = two();
    let dir = tempfile::tempdir().unwrap();
    let [python, rust] = ["dice", "counter"].map(|name| {
        let made = bob.command(&["bot", "new", name, "lunch"]);
        String::from_utf8(made.stdout).unwrap().trim().to_owned()
    });
    let mut in_python = Bot::start_as("python3", &["bot.py", dir.path().join("1").to_str().unwrap()], &bob, &python);
    let mut in_rust = in_rust_as(&rust, &bob, &dir.path().join("2"));
    in_python.listens();
    in_rust.listens();
    let mut events = ada.events();
    for (question, name) in [("!roll 2d6", "dice"), ("!count to three", "counter")] {
        let asked = ada.post("/v1/rooms/lunch/messages", &json!({"text": question})).ok();
        let asked = asked["messages"][0]["ref"].clone();
        let answer = events.until("message", |event| event["message"]["reply_to"]["ref"] == asked);
        assert_eq!(answer["message"]["nick"], name);
    }
}

#[test]
fn the_shell_bot_answers() {
    let Two { ada, bob, .. } = two();
    let mut events = ada.events();
    let _bot = Bot::start("sh", &["bot.sh", "lunch"], &bob);
    let answered = AtomicBool::new(false);
    thread::scope(|scope| {
        // The bot does not report when it begins to listen, so the test asks again.
        scope.spawn(|| {
            while !answered.load(Ordering::Relaxed) {
                ada.post("/v1/rooms/lunch/messages", &json!({"text": "!time"})).ok();
                thread::sleep(Duration::from_millis(500));
            }
        });
        let is_time = |text: &str| text.starts_with("it is ") && text.ends_with(" UTC");
        events.until("message", |event| event["message"]["text"].as_str().is_some_and(is_time));
        answered.store(true, Ordering::Relaxed);
    });
}

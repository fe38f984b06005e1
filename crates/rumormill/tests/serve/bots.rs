//! The example bots work as described.

use std::{
    env,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use serde_json::json;

use crate::{Two, process::Serving, two};

/// A running bot, killed on drop.
struct Bot(Child);

impl Bot {
    fn start(program: &str, args: &[&str], whose: &Serving) -> Self {
        let bin = Path::new(env!("CARGO_BIN_EXE_rumormill")).parent().unwrap();
        let path = env::join_paths([bin.to_owned()].into_iter().chain(env::split_paths(&env::var_os("PATH").unwrap())));
        let example = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(args[0]);
        let mut command = Command::new(program);
        command.arg(example).args(&args[1..]).env("PATH", path.unwrap()).env("RUMORMILL_HOME", whose.home());
        Self(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap())
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_bot_in_python_answers_who_asks() {
    let Two { ada, bob, .. } = two();
    let mut bot = Bot::start("python3", &["bot.py"], &bob);
    let mut line = String::new();
    BufReader::new(bot.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "listening\n");
    let mut events = ada.events();
    let asked = ada.post("/v1/rooms/lunch/messages", &json!({"text": "!roll 2d6"})).ok()["messages"][0]["ref"].clone();
    let answer = events.until("message", |event| event["message"]["reply_to"]["ref"] == asked);
    let text = answer["message"]["text"].as_str().unwrap();
    let (dice, sum) = text.split_once(" = ").unwrap();
    let dice: Vec<u32> = dice.split(" + ").map(|die| die.parse().unwrap()).collect();
    assert_eq!((dice.len(), dice.iter().sum::<u32>().to_string()), (2, sum.to_owned()));
    assert_eq!(answer["message"]["names_me"], true);
}

#[test]
fn the_bot_in_a_pipe_answers_who_asks() {
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

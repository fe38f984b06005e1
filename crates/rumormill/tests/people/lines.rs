//! Line mode: what a person reads there, orders and all, with talk and messages in one stream as a terminal shows them.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use crate::person::Person;

/// A line that has not come by then never will.
const PATIENCE: Duration = Duration::from_secs(120);

/// An open chat, with all that it prints.
pub(crate) struct Window {
    child: Child,
    stdin: Option<ChildStdin>,
    shown: Receiver<String>,
    /// Everything that was read so far.
    pub(crate) read: Vec<String>,
}

impl Window {
    pub(crate) fn of(command: &mut Command) -> Self {
        let (reader, writer) = std::io::pipe().unwrap();
        command.stdin(Stdio::piped()).stdout(writer.try_clone().unwrap()).stderr(writer);
        let mut child = command.spawn().unwrap();
        // Drops our ends of the pipe, so that it ends with the child.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let stdin = child.stdin.take();
        let (lines, shown) = channel();
        thread::spawn(move || {
            for line in BufReader::new(reader).lines() {
                // The test may have ended before the chat.
                let _ = lines.send(line.unwrap().trim_end().to_owned());
            }
        });
        Self { child, stdin, shown, read: Vec::new() }
    }

    pub(crate) fn types(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// The next line; `None` at the end.
    fn line(&mut self) -> Option<String> {
        match self.shown.recv_timeout(PATIENCE) {
            Ok(line) => {
                self.read.push(line.clone());
                Some(line)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("nothing came after this: {:#?}", self.read),
        }
    }

    /// Reads until a line contains these words.
    pub(crate) fn until(&mut self, words: &str) -> String {
        loop {
            let Some(line) = self.line() else { panic!("it ended without {words:?}: {:#?}", self.read) };
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Reads until a line contains these words, unless one that was read does.
    pub(crate) fn shows(&mut self, words: &str) {
        if !self.read.iter().any(|line| line.contains(words)) {
            self.until(words);
        }
    }

    /// Types an order, and reads until these words are answered.
    fn asks(&mut self, order: &str, answer: &str) -> String {
        self.types(order);
        self.until(answer)
    }

    /// Leaves; returns everything that was shown.
    pub(crate) fn leaves(self) -> Vec<String> {
        self.ends_with(0)
    }

    /// Leaves a room of which nobody was reached; returns everything that was shown.
    pub(crate) fn gives_up(self) -> Vec<String> {
        self.ends_with(6)
    }

    /// Leaves, with this exit code; returns everything that was shown.
    pub(crate) fn ends_with(mut self, code: i32) -> Vec<String> {
        drop(self.stdin.take());
        while self.line().is_some() {}
        assert_eq!(self.child.wait().unwrap().code(), Some(code), "{:#?}", self.read);
        std::mem::take(&mut self.read)
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A room with two people in it.
fn two(ada: &Person, bob: &Person) -> (Window, Window) {
    let mut here = Window::of(&mut ada.command(&["new", "lunch", "--open", "--nick", "ada"]));
    let ticket = here.until("rumor2");
    let mut there = Window::of(bob.command(&["join", &ticket, "--nick", "bob"]).current_dir(bob.home.path()));
    there.until("you are in lunch");
    here.until("* bob joined");
    (here, there)
}

/// A line without its time.
fn timeless(line: &str) -> &str {
    let time = line.find(':').map_or(0, |colon| colon - 2);
    assert_eq!(line.as_bytes().get(time + 5), Some(&b' '), "{line}");
    line[time + 5..].trim_start()
}

#[test]
fn every_order_works_and_its_answer_says_so() {
    let (ada, bob) = (Person::new(), Person::new());
    let (mut here, mut there) = two(&ada, &bob);
    here.types("soup or salad?");
    there.until("soup or salad?");
    there.types("/reply soup, please");
    assert_eq!(timeless(&here.until("soup, please")), "bob  soup, please  (to ada: soup or salad?)");
    there.until("soup, please  (to ada: soup or salad?)  ✓ 1/1");
    there.types("/react 👍");
    assert_eq!(timeless(&here.until("👍")), "ada  soup or salad?  👍 1");
    there.until("👍 1");
    there.types("/react 👍");
    assert_eq!(timeless(&there.until("~ ")), "ada  soup or salad?");
    there.types("/edit the soup, please");
    assert_eq!(timeless(&here.until("the soup, please")), "bob  the soup, please  (to ada: soup or salad?)  (edited)");
    there.asks("/search soup", "the soup, please  (to");
    there.types("/delete");
    assert_eq!(timeless(&here.until("took back")), "* bob took back what was here");
    there.asks("/delete", "there is no such message on the newest page");
    there.asks("/search please", "nothing found");

    there.asks("/topic", "there is no topic; /topic TEXT sets one");
    there.types("/topic what to eat");
    assert_eq!(timeless(&here.until("set the topic")), "* bob set the topic: what to eat");
    here.asks("/topic", "the topic: what to eat");
    there.types("/names");
    there.shows("bob  you");
    there.shows("ada  here");

    let menu = ada.home.path().join("menu.txt");
    fs::write(&menu, "soup\n").unwrap();
    here.types(&format!("/file {}", menu.display()));
    assert_eq!(timeless(&there.until("menu.txt")), "ada  menu.txt, 5 B, text/plain");
    let saved = there.asks("/get", "saved as ");
    let saved = bob.home.path().join(saved.strip_prefix("saved as ").unwrap());
    assert_eq!(fs::read_to_string(saved).unwrap(), "soup\n");

    there.asks("/hide ada", "ada is hidden, for you alone; /hide ada shows them again");
    here.asks("not for bob", "not for bob  ✓ 1/1");
    there.asks("/hide ada", "ada is shown again");
    assert!(!there.read.iter().any(|line| line.contains("not for bob")), "{:#?}", there.read);
    there.asks("/log", "not for bob");

    there.asks("/mute", "muted: nothing said here rings or notifies you; /mute undoes it");
    there.asks("/mute", "no longer muted");
    there.asks("/pin", "pinned: this room stands first; /pin undoes it");
    there.asks("/unread", "unread from here on, in every window, until you come back or say something");
    there.asks("/dance", "there is no order /dance; /help lists them");
    for order in ["/reply", "/react", "/edit", "/delete", "/topic", "/search", "/names", "/file", "/get", "/hide"] {
        there.asks("/help", &format!("{order} "));
    }
    there.leaves();
    let mut back = Window::of(&mut bob.command(&["chat", "lunch"]));
    back.until("1 new");
    assert_eq!(timeless(&back.until("ada  ")), "ada  not for bob");
    back.leaves();
    here.leaves();
}

#[test]
fn each_return_begins_where_one_left_off() {
    let (ada, bob) = (Person::new(), Person::new());
    let (mut here, mut there) = two(&ada, &bob);
    here.types("one");
    there.until("ada  one");
    there.leaves();
    for told in [["two", "three"], ["four", "five"]] {
        // Said while bob is away: it comes after his room has opened.
        told.iter().for_each(|text| here.types(text));
        let mut back = Window::of(&mut bob.command(&["chat", "lunch"]));
        back.until(&format!("ada  {}", told[1]));
        let shown = back.leaves();
        let mark = shown.iter().position(|line| line == "new since you were here" || line == "2 new").unwrap();
        let at = |text: &str| shown.iter().position(|line| line.ends_with(&format!("  {text}"))).unwrap();
        assert_eq!(mark + 1, at(told[0]), "{shown:#?}");
        assert!(at("one") < mark, "{shown:#?}");
        assert_eq!(shown.iter().filter(|line| line.ends_with("new") || line.contains("new since")).count(), 1);
    }
    here.leaves();
}

//! Two people at two machines, which are two network namespaces with a cable between them. The transcript
//! `two_machines.txt` is played line by line, and everything that the people read is compared with it before the next
//! step.
//!
//! In it `ada$` is a command that ada runs, `ada>` a line that she types into the last one, `ada|` a line that she
//! reads, and `ada.` the exit code. A paragraph below `# Again:` is repeated for as long as the talk should last.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use crate::{person::Person, space::apart};

const TRANSCRIPT: &str = include_str!("two_machines.txt");

/// Set inside the two machines.
const INSIDE: &str = "RUMORMILL_TWO_MACHINES";

/// Messages of a page.
const PAGE: usize = 50;

/// Only catches hangs.
const HANG: Duration = Duration::from_secs(60);

#[test]
fn two_people_at_two_machines_found_join_talk_leave_and_come_back() {
    at_two_machines("two_people_at_two_machines_found_join_talk_leave_and_come_back", Duration::ZERO);
}

#[test]
#[ignore = "takes ten minutes; `make talk` runs it"]
fn two_people_at_two_machines_talk_for_ten_minutes() {
    at_two_machines("two_people_at_two_machines_talk_for_ten_minutes", Duration::from_secs(600));
}

/// Runs a test of this file again inside the two machines, and plays the transcript there.
fn at_two_machines(test: &str, talk: Duration) {
    if std::env::var_os(INSIDE).is_some() {
        return Story::default().play(TRANSCRIPT, talk);
    }
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args([&format!("machines::{test}"), "--exact", "--include-ignored", "--nocapture"]).env(INSIDE, "1");
    let cable = "mount -t tmpfs tmpfs /run && ip netns add ada && ip netns add bob && \
                 ip link add lan netns ada type veth peer name lan netns bob && \
                 for one in ada:1 bob:2; do \
                   ip -n ${one%:*} link set lo up && ip -n ${one%:*} addr add 10.77.0.${one#*:}/24 dev lan && \
                   ip -n ${one%:*} link set lan up && ip -n ${one%:*} route add 224.0.0.0/4 dev lan || exit 77; \
                 done";
    match apart("--net --mount", cable, &again) {
        Some(output) => assert!(
            output.status.success(),
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
        None => assert!(std::env::var_os("CI").is_none(), "two network namespaces are needed here"),
    }
}

/// A paragraph whose page shows the last messages of the talk, as many as a page has.
fn with_page(paragraph: &str, talks: usize) -> String {
    let lines: Vec<&str> = paragraph.lines().collect();
    let find = |words: &str| lines.iter().position(|line| line.contains(words));
    let (Some(begin), Some(turn), Some(end)) = (find("| hh:mm"), find(" Soup or salad?"), find("| you are in")) else {
        return paragraph.into();
    };
    let page = [&lines[begin..turn], &lines[turn..turn + 2].repeat(talks), &lines[turn + 2..end]].concat();
    let page = &page[page.len().saturating_sub(PAGE)..];
    [&lines[..begin], page, &lines[end..]].concat().join("\n")
}

/// The two people, and the values that differ between runs of the transcript.
#[derive(Default)]
struct Story {
    people: BTreeMap<String, Person>,
    running: BTreeMap<String, Running>,
    ticket: String,
    digests: Vec<String>,
}

/// What somebody runs.
struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Story {
    fn play(mut self, transcript: &str, talk: Duration) {
        let mut talks = 1;
        for paragraph in transcript.split("\n\n") {
            let begun = Instant::now();
            self.paragraph(&with_page(paragraph, talks));
            while paragraph.starts_with("# Again:") && begun.elapsed() < talk {
                // People are no faster.
                thread::sleep(Duration::from_secs(2));
                self.paragraph(paragraph);
                talks += 1;
            }
        }
        assert!(self.running.is_empty(), "everybody has left");
    }

    fn paragraph(&mut self, paragraph: &str) {
        let mut wanted: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for line in paragraph.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let (who, what) = line.split_at(3);
            let (sign, what) = what.split_at(1);
            let what = what.strip_prefix(' ').unwrap_or(what);
            if ["$", ">"].contains(&sign) {
                self.check(paragraph, std::mem::take(&mut wanted));
            }
            match sign {
                "$" => self.run(who, what),
                ">" => self.running.get_mut(who).unwrap().type_line(what),
                "|" | "." => wanted.entry(who).or_default().push(format!("{sign} {what}")),
                _ => panic!("nothing is known of {line:?}"),
            }
        }
        self.check(paragraph, wanted);
    }

    fn check(&mut self, paragraph: &str, wanted: BTreeMap<&str, Vec<String>>) {
        let (mut read, mut is_right) = (String::new(), true);
        for (who, mut wanted) in wanted {
            let mut lines = self.read(who, &wanted);
            read.extend(lines.iter().map(|line| format!("{who}{line}\n")));
            // Actions of two people at the same time come in any order.
            lines.sort();
            wanted.sort();
            // A full page that already shows what is new begins one line later.
            if wanted.len() > PAGE && lines.len() + 1 == wanted.len() {
                let at = lines.iter().zip(&wanted).position(|(read, wanted)| read != wanted).unwrap_or(lines.len());
                wanted.remove(at);
            }
            is_right &= lines == wanted;
        }
        assert!(is_right, "wanted:\n{paragraph}\n\nread:\n{read}");
    }

    fn run(&mut self, who: &str, line: &str) {
        let line = line.strip_prefix("rumormill ").unwrap().replace("TICKET", &self.ticket);
        let person = self.people.entry(who.into()).or_insert_with(Person::new);
        let mut command = Command::new("ip");
        command.args(["netns", "exec", who, "sh", "-c", "exec \"$0\" \"$@\" 2>&1", env!("CARGO_BIN_EXE_rumormill")]);
        command.args(line.split(' ')).env("RUMORMILL_HOME", person.home.path().join("home")).env("TZ", "UTC");
        command.env_remove("RUST_LOG").env_remove("LOGNAME").env_remove("USER");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let (send, lines) = channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        self.running.insert(who.into(), Running { child, stdin, lines });
    }

    /// The next lines that somebody reads, as many as `wanted` has, in the form of the transcript.
    fn read(&mut self, who: &str, wanted: &[String]) -> Vec<String> {
        let (mut read, until) = (Vec::new(), Instant::now() + HANG);
        while read.len() < wanted.len() {
            let running = self.running.get_mut(who).unwrap_or_else(|| panic!("{who} has nothing open: {read:?}"));
            match running.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let line = format!("| {}", self.known(&line));
                    // A slow machine also reports the progress of a line.
                    if wanted.contains(&line) || !line.ends_with("  … 0/1") {
                        read.push(line);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let exit = running.child.wait().unwrap().code().unwrap_or(-1);
                    self.running.remove(who);
                    read.push(format!(". {exit}"));
                }
                Err(RecvTimeoutError::Timeout) => break,
            }
        }
        read
    }

    /// A line with placeholders for values that differ between runs.
    fn known(&mut self, line: &str) -> String {
        let line = line.split(' ').map(|word| self.word(word)).collect::<Vec<_>>().join(" ");
        // What was missed comes with the first page, or right after it.
        if line == "1 new" {
            return "new since you were here".into();
        }
        match line.strip_suffix(" ms").and_then(|line| line.rsplit_once(' ')) {
            Some((before, _)) => format!("{before} N ms"),
            None => line,
        }
    }

    fn word(&mut self, whole: &str) -> String {
        let word = whole.trim_end_matches([':', ';', ',']);
        let behind = &whole[word.len()..];
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_hex = |length| word.len() == length && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let known = match word.split_once(':') {
            _ if word.starts_with("rumor2") => {
                word.clone_into(&mut self.ticket);
                "TICKET".into()
            }
            _ if is_hex(32) => format!("DIGEST-{}", self.digest(word)),
            _ if is_hex(8) => "ID".into(),
            Some((hour, minute)) if is_number(hour) && is_number(minute) => "hh:mm".into(),
            Some((address, port)) if address.starts_with("10.77.0.") && is_number(port) => format!("{address}:PORT"),
            _ => word.into(),
        };
        known + behind
    }

    /// The number of a digest: equal digests have the same number.
    fn digest(&mut self, digest: &str) -> usize {
        let known = self.digests.iter().position(|one| one == digest);
        known.unwrap_or_else(|| {
            self.digests.push(digest.into());
            self.digests.len() - 1
        }) + 1
    }
}

impl Running {
    fn type_line(&mut self, line: &str) {
        match line {
            "^D" => drop(self.stdin.take()),
            line => writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap(),
        }
    }
}

//! Measures how long people wait, with the program itself: `cargo bench -p rumormill --bench people -- MEASUREMENT`.
//!
//! - `first-line [REPEATS]`: from Enter on `join` to the first line from the other side, on loopback and, as root,
//!   between two network namespaces without internet; also while nobody who governs is there.
//! - `away [MESSAGES]`: from opening the chat again to its newest screen, and to all messages.
//! - `fifty [NODES] [SECONDS]`: a room where each node sends a line every two seconds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement that cannot go on has failed"
)]
#![allow(clippy::print_stdout, reason = "it prints what it measured")]

use std::{
    collections::BTreeSet,
    env, fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

/// Messages of a screen.
const SCREEN: usize = 50;

fn main() {
    let args: Vec<String> = env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let number = |at: usize, otherwise: u64| args.get(at).map_or(otherwise, |arg| arg.parse().unwrap());
    match args.first().map(String::as_str) {
        Some("first-line") => first_line(number(1, 10)),
        Some("away") => away(number(1, 50_000)),
        Some("fifty") => fifty(number(1, 50) as usize, Duration::from_secs(number(2, 600))),
        _ => println!("name a measurement: first-line, away or fifty"),
    }
}

/// A person with a separate home, on a network.
struct Person {
    home: TempDir,
    net: Net,
}

/// The network of a process.
#[derive(Clone, Copy)]
enum Net {
    Loopback,
    /// A network namespace of this name.
    Namespace(&'static str),
}

impl Person {
    fn on(net: Net) -> Self {
        Self { home: tempfile::tempdir().unwrap(), net }
    }

    fn command(&self, args: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_rumormill");
        let mut command = match self.net {
            Net::Loopback => {
                let mut command = Command::new(program);
                command.arg("--loopback");
                command
            }
            Net::Namespace(name) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", name, program]);
                command
            }
        };
        command.args(args).env("RUMORMILL_HOME", self.home.path().join("home"));
        command
    }

    fn open(&self, args: &[&str]) -> Chat {
        let mut child =
            self.command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let stdout = child.stdout.take().map(BufReader::new);
        Chat { child, stdin, stdout }
    }

    fn ask(&self, args: &[&str]) -> String {
        let output = self.command(args).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The state of the only room.
    fn room(&self) -> Value {
        serde_json::from_str(&self.ask(&["rooms", "--json"])).unwrap()
    }
}

/// An open chat, line by line.
struct Chat {
    child: Child,
    stdin: ChildStdin,
    /// Its output, until that is drained.
    stdout: Option<BufReader<ChildStdout>>,
}

impl Chat {
    fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.stdout.as_mut().unwrap().read_line(&mut line).unwrap(), 0, "the chat has ended");
        line
    }

    fn until(&mut self, words: &str) -> String {
        loop {
            let line = self.line();
            if line.contains(words) {
                return line.trim().to_owned();
            }
        }
    }

    /// Discards all output from now on, so that the chat never has to wait for us.
    fn drain(&mut self) {
        let stdout = self.stdout.take().unwrap();
        thread::spawn(move || stdout.lines().map_while(Result::ok).count());
    }

    fn say(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").unwrap();
    }

    /// CPU seconds so far, and megabytes in memory now and at most.
    fn cost(&self) -> (f64, f64, f64) {
        let proc = Path::new("/proc").join(self.child.id().to_string());
        let stat = fs::read_to_string(proc.join("stat")).unwrap();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
        let status = fs::read_to_string(proc.join("status")).unwrap();
        let kib = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
        };
        (ticks / 100.0, kib("VmRSS:"), kib("VmHWM:"))
    }
}

impl Drop for Chat {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The reported figures of many measurements, in milliseconds.
fn spread(mut times: Vec<Duration>) -> String {
    times.sort();
    let ms = |at: usize| times[at].as_millis();
    format!("median {} ms, least {}, most {}", ms(times.len() / 2), ms(0), ms(times.len() - 1))
}

/// How somebody comes to a room.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// By the founder's ticket.
    Ticket,
    /// By its name on the LAN.
    Name,
    /// By the ticket of a member, while the founder, who alone governs, is away.
    Member,
}

fn first_line(repeats: u64) {
    let lan = Lan::lay();
    let mut ways = vec![
        ("loopback", [Net::Loopback, Net::Loopback], Way::Ticket),
        ("loopback, every governor away", [Net::Loopback, Net::Loopback], Way::Member),
    ];
    if lan.is_some() {
        let ends = [Net::Namespace(Lan::NAMES[0]), Net::Namespace(Lan::NAMES[1])];
        ways.push(("two namespaces, by ticket", ends, Way::Ticket));
        ways.push(("two namespaces, by name", ends, Way::Name));
        ways.push(("two namespaces, every governor away", ends, Way::Member));
    } else {
        println!("namespaces were left out: that needs root and `ip`");
    }
    for (name, [one, other], way) in ways {
        let times = (0..repeats).map(|_| {
            let (ada, bob, cleo) = (Person::on(one), Person::on(other), Person::on(one));
            let args: &[&str] = if way == Way::Name { &["new", "lunch", "--lan"] } else { &["new", "lunch"] };
            let mut here = ada.open(args);
            let mut ticket = here.until("rumor2");
            if way == Way::Member {
                let mut founder = here;
                founder.say("come in");
                here = cleo.open(&["join", &ticket]);
                here.until("come in");
                ticket = cleo.ask(&["ticket", "lunch"]).trim().to_owned();
                drop(founder);
            }
            here.say("the first line");
            here.until("the first line");
            let start = Instant::now();
            let mut there = bob.open(&["join", if way == Way::Name { "lunch" } else { &ticket }]);
            there.until("the first line");
            start.elapsed()
        });
        println!("{name}: {}", spread(times.collect()));
    }
}

/// Two network namespaces with a cable between them and nothing else.
struct Lan;

impl Lan {
    const NAMES: [&'static str; 2] = ["rumor-here", "rumor-there"];

    fn lay() -> Option<Self> {
        let lan = Self;
        lan.clear();
        let [here, there] = Self::NAMES;
        let steps = [
            format!("netns add {here}"),
            format!("netns add {there}"),
            format!("link add rumor0 netns {here} type veth peer name rumor0 netns {there}"),
            format!("-n {here} addr add 10.77.0.1/24 dev rumor0"),
            format!("-n {there} addr add 10.77.0.2/24 dev rumor0"),
            format!("-n {here} link set lo up"),
            format!("-n {there} link set lo up"),
            format!("-n {here} link set rumor0 up"),
            format!("-n {there} link set rumor0 up"),
            // As a router without internet assigns it.
            format!("-n {here} route add default dev rumor0"),
            format!("-n {there} route add default dev rumor0"),
        ];
        steps.iter().all(|step| Self::ip(step)).then_some(lan)
    }

    fn clear(&self) {
        Self::NAMES.iter().for_each(|name| _ = Self::ip(&format!("netns del {name}")));
    }

    fn ip(step: &str) -> bool {
        let ran = Command::new("ip").args(step.split(' ')).stderr(Stdio::null()).status();
        ran.is_ok_and(|status| status.success())
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        self.clear();
    }
}

fn away(messages: u64) {
    let (ada, bob) = (Person::on(Net::Loopback), Person::on(Net::Loopback));
    let mut here = ada.open(&["new", "lunch"]);
    let ticket = here.until("rumor2");
    {
        let mut there = bob.open(&["join", &ticket]);
        there.until("founded");
        there.say("see you");
        here.until("see you");
    }
    let mut send = ada.command(&["send", "lunch"]).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = std::io::BufWriter::new(send.stdin.take().unwrap());
    (1..=messages)
        .for_each(|at| writeln!(lines, "message {at} of what was said meanwhile, in a line as people write").unwrap());
    drop(lines);
    assert!(send.wait().unwrap().success());
    let total = ada.room()["entries"].as_u64().unwrap();

    let start = Instant::now();
    let mut log = bob.open(&["log", "lunch", "--follow", "--json", "--last", "0"]);
    let mut wanted: BTreeSet<u64> = (messages + 1 - (SCREEN as u64).min(messages)..=messages).collect();
    let mut first = None;
    while !wanted.is_empty() {
        let message: Value = serde_json::from_str(&log.line()).unwrap();
        let number = message["text"].as_str().and_then(|text| text.split(' ').nth(1)?.parse().ok());
        if number.is_some_and(|number| wanted.remove(&number)) {
            first.get_or_insert_with(|| start.elapsed());
        }
    }
    let screen = start.elapsed();
    log.drain();
    let mut samples = Vec::new();
    while samples.last() != Some(&0) {
        let room = bob.room();
        let (entries, missing) = (room["entries"].as_u64().unwrap(), room["missing"].as_u64().unwrap());
        assert_eq!(entries + missing, total, "what is told to be missing is not what is missing");
        samples.push(missing);
    }
    println!(
        "away for {messages} messages: from the command to the first of the newest {SCREEN} {} ms, to all of them {} ms, to \
         everything {} ms",
        first.unwrap_or_default().as_millis(),
        screen.as_millis(),
        start.elapsed().as_millis()
    );
    println!(
        "asked {} times meanwhile, held and missing always made {total}; missing first: {}",
        samples.len(),
        samples[0]
    );
}

fn fifty(nodes: usize, length: Duration) {
    let people: Vec<Person> = (0..nodes).map(|_| Person::on(Net::Loopback)).collect();
    let mut chats = vec![people[0].open(&["new", "lunch"])];
    let ticket = chats[0].until("rumor2");
    for person in &people[1..] {
        let mut chat = person.open(&["join", &ticket]);
        chat.say("here");
        chat.until("here");
        chats.push(chat);
    }
    chats.iter_mut().for_each(Chat::drain);
    let before: f64 = chats.iter().map(|chat| chat.cost().0).sum();
    let start = Instant::now();
    let every = Duration::from_secs(2);
    let rounds = (length.as_millis() / every.as_millis()).max(1) as u32;
    for round in 0..rounds {
        for (at, chat) in chats.iter_mut().enumerate() {
            let due = every * round + every * at as u32 / nodes as u32;
            thread::sleep(due.saturating_sub(start.elapsed()));
            chat.say(&format!("line {round} of {at}, about as long as what people say to each other in a room"));
        }
    }
    let wanted = u64::from(rounds) * nodes as u64 + nodes as u64;
    let deadline = Instant::now() + Duration::from_secs(120);
    let rooms: Vec<Value> = people
        .iter()
        .map(|person| {
            loop {
                let room = person.room();
                let done = room["entries"].as_u64().unwrap() >= wanted && room["missing"] == 0;
                assert!(Instant::now() < deadline, "not everything has arrived: {room}");
                if done {
                    break room;
                }
            }
        })
        .collect();
    let digests: BTreeSet<&str> = rooms.iter().map(|room| room["digest"].as_str().unwrap()).collect();
    let entries: BTreeSet<u64> = rooms.iter().map(|room| room["entries"].as_u64().unwrap()).collect();
    let costs: Vec<(f64, f64, f64)> = chats.iter().map(Chat::cost).collect();
    let cpu: f64 = costs.iter().map(|cost| cost.0).sum::<f64>() - before;
    let most = |of: fn(&(f64, f64, f64)) -> f64| costs.iter().map(of).fold(0.0, f64::max);
    println!(
        "{nodes} nodes, {rounds} lines each in {} s: entries {entries:?} and digests {} at all nodes; CPU {:.2} cores in all, {:.0} µs \
         a line and node; memory at most {:.0} MB now, {:.0} MB ever",
        start.elapsed().as_secs(),
        digests.len(),
        cpu / start.elapsed().as_secs_f64(),
        cpu * 1e6 / (f64::from(rounds) * (nodes * nodes) as f64),
        most(|cost| cost.1),
        most(|cost| cost.2),
    );
    assert_eq!((digests.len(), entries.len()), (1, 1));
}

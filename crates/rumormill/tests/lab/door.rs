//! Hostile clients of the console port: none may stop or slow down a process, or make it grow.

use std::{
    io::Write,
    net::{Ipv4Addr, TcpStream},
};

use crate::stage::{Lab, resident};

/// The bytes by which a process may grow, whatever its clients do.
const GROWTH: u64 = 32 << 20;

/// A single process, and its memory when it was ready.
struct Alone {
    lab: Lab,
    os_pid: u32,
    before: u64,
}

impl Alone {
    fn start() -> Self {
        let lab = Lab::new(1);
        let os_pid = lab.start(0, 1);
        assert_eq!(lab.connect(0).log(), "chatLog <empty>");
        Self { before: resident(os_pid), os_pid, lab }
    }

    /// Checks that the process still answers, and has not grown.
    fn is_well(&self, log: &str) {
        assert_eq!(self.lab.connect(0).log(), log);
        let grown = resident(self.os_pid).saturating_sub(self.before);
        assert!(grown < GROWTH, "grown by {grown} bytes");
    }
}

#[test]
fn each_bad_line_gets_one_error_and_the_next_one_works() {
    let alone = Alone::start();
    let mut client = alone.lab.connect(0);
    let too_long = format!("msg 1 {}", "x".repeat(9_000));
    let far_too_long = "x".repeat(50_000);
    let bad: [&[u8]; 9] = [
        b"hello",
        b"msg",
        b"msg 1",
        b"get",
        b"get lost",
        b"msg 1 \xff\xfe",
        b"\x00\x01\x02\x16\x03\x01",
        too_long.as_bytes(),
        far_too_long.as_bytes(),
    ];
    for line in bad {
        client.send(line).unwrap();
        client.send(b"\n").unwrap();
        let answer = client.line();
        assert!(
            answer.starts_with("error: "),
            "{answer:?} to {:?}",
            String::from_utf8_lossy(&line[..line.len().min(40)])
        );
    }
    client.send(b"\n\r\nmsg 1 fine\r\n").unwrap();
    assert_eq!(client.log(), "chatLog fine");
    alone.is_well("chatLog fine");
}

#[test]
fn control_characters_stay_out_of_the_log_line() {
    let alone = Alone::start();
    let mut client = alone.lab.connect(0);
    client.send("msg 1 a\u{1b}[2Jb\u{85}c\u{2028}d\re\0f\n".as_bytes()).unwrap();
    let log = client.log();
    assert!(log.starts_with("chatLog a") && log.ends_with('f'), "{log:?}");
    assert!(!log.contains(|char: char| char.is_control() || char == '\u{2028}'), "{log:?}");
}

#[test]
fn a_line_without_end_is_thrown_away() {
    let alone = Alone::start();
    let mut client = alone.lab.connect(0);
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..64 {
        client.send(&piece).unwrap();
    }
    assert_eq!(client.line(), "error: line too long, at most 16384 bytes");
    alone.is_well("chatLog <empty>");
    client.send(b"\nmsg 1 after\n").unwrap();
    assert_eq!(client.log(), "chatLog after");
}

#[test]
fn random_bytes_stop_nothing() {
    let alone = Alone::start();
    // A fixed sequence in which every byte follows every other.
    let mut state = 1u32;
    let rubbish: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(1 << 20)
    .collect();
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, alone.lab.port)).unwrap();
    // The client never reads the errors, so the process may hang up before it has sent everything.
    let _ = client.write_all(&rubbish);
    alone.is_well("chatLog <empty>");
}

#[test]
fn clients_that_are_silent_or_stop_in_the_middle_keep_nobody_out() {
    let alone = Alone::start();
    let mut first = alone.lab.connect(0);
    assert_eq!(first.log(), "chatLog <empty>");
    let mut clients = Vec::new();
    for number in 0..200 {
        let mut client = alone.lab.connect(0);
        if number % 2 == 0 {
            client.send(b"msg 1 never fini").unwrap();
        }
        clients.push(client);
    }
    alone.is_well("chatLog <empty>");
    assert_eq!(first.log(), "chatLog <empty>", "one that works is the last to go");
    clients[0].closed();
}

#[test]
fn fifty_clients_are_served() {
    let alone = Alone::start();
    let mut clients: Vec<_> = (0..50).map(|_| alone.lab.connect(0)).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client.send(format!("msg {number} from-{number}\n").as_bytes()).unwrap();
    }
    for client in &mut clients {
        let log = client.log_until(|log| log.split(',').count() == 50);
        assert!(log.contains("from-49") && log.contains("from-0"), "{log}");
    }
}

#[test]
fn a_client_that_never_reads_holds_up_only_itself() {
    let alone = Alone::start();
    let mut client = alone.lab.connect(0);
    for number in 0..2_000 {
        client.send(format!("msg {number} {}\n", "x".repeat(100)).as_bytes()).unwrap();
    }
    let log = client.log_until(|log| log.split(',').count() == 2_000);
    let mut deaf = alone.lab.connect(0);
    // A hundred answers of 200 kB are more than the system buffers for a connection.
    deaf.send("get chatLog\n".repeat(100).as_bytes()).unwrap();
    alone.is_well(&log);
}

#[test]
fn a_web_page_is_shut_out() {
    let alone = Alone::start();
    let mut page = alone.lab.connect(0);
    page.send(b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\nmsg 1 from a web page\n").unwrap();
    page.closed();
    alone.is_well("chatLog <empty>");
}

//! A node for the Maelstrom workbench: lines of JSON on standard input and output, in real time.
//!
//! `maelstrom test -w broadcast --bin target/release/examples/maelstrom --node-count 25 --time-limit 20 --rate 100
//! --latency 100`; the variable `GATHER_MS` trades latency for messages.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "that is how the workbench talks")]

use std::{
    env,
    io::{self, BufRead, Write},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rumormill_proto::{
    rumor::{Policy, delegating::Delegating},
    time::Now,
};
use rumormill_sim::maelstrom::Node;

/// Milliseconds to wait when there is no deadline.
const IDLE_MS: u64 = 60_000;

/// Lines that wait to be handled.
const LINES: usize = 1_024;

fn main() -> io::Result<()> {
    let gather_ms = env::var("GATHER_MS").ok().and_then(|ms| ms.parse().ok()).unwrap_or(0);
    let mut node = Node::new(Policy::Delegating(Delegating { gather_ms, ..Delegating::default() }));
    let (lines, read) = mpsc::sync_channel(LINES);
    thread::spawn(move || io::stdin().lock().lines().map_while(Result::ok).try_for_each(|line| lines.send(line)));
    let begin = Instant::now();
    loop {
        let now = || Now {
            ticks_ms: begin.elapsed().as_millis() as u64,
            wall_ms: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64,
        };
        let due_ms = node.next_deadline().unwrap_or(u64::MAX);
        let pause_ms = due_ms.saturating_sub(now().ticks_ms).min(IDLE_MS);
        match read.recv_timeout(Duration::from_millis(pause_ms)) {
            Ok(line) => {
                if let Err(why) = node.take(&line, now()) {
                    eprintln!("{why}");
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        if node.next_deadline().is_some_and(|ms| ms <= now().ticks_ms) {
            node.wake(now());
        }
        let mut out = io::stdout().lock();
        node.take_lines().iter().try_for_each(|line| writeln!(out, "{line}"))?;
        out.flush()?;
    }
}

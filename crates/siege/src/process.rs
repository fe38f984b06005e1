//! A node in its own process, for attacks on whole processes: stopped, or with few file descriptors.

use std::{collections::BTreeSet, process::Stdio, time::Instant};

use futures_util::StreamExt as _;
use rumormill_node::{Home, Message, Node, RoomEvent, RoomStatus, Settings, Ticket, What};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::nodes::{PATIENCE, comes, memory_mib, soon};

/// The child: a node that joins, prints its own ticket, then everything it is shown, until its input ends.
pub async fn node(ticket: &str) {
    let node = Node::open(Settings::memory()).await.unwrap();
    let ticket: Ticket = ticket.parse().unwrap();
    let room = node.join(&ticket).await.unwrap();
    let mut events = room.events();
    tell(&format!("ticket {}", room.ticket().await.unwrap()));
    let ends = tokio::task::spawn_blocking(|| std::io::stdin().lines().count());
    let shown = async {
        while let Some(event) = events.next().await {
            let message = match event {
                RoomEvent::Message { message, .. } => Some(message),
                RoomEvent::Inserted { of, .. } => room.message(of).await.unwrap_or_default(),
                _ => None,
            };
            if let Some(Message { what: What::Text(text), .. }) = message {
                tell(&format!("shown {}", text.text));
            }
        }
    };
    tokio::select! {
        _ = ends => {}
        () = shown => {}
    }
}

/// A process that opens a home with one room. It prints the milliseconds until the home and until the newest page were
/// open, its memory in MiB, the numbers of entries and authors in the room, and of lines on the page.
pub async fn open(home: &str, page: usize) {
    let begun = Instant::now();
    let mut settings = Settings::memory();
    settings.home = Home::Dir(home.into());
    let node = Node::open(settings).await.unwrap();
    let room = node.rooms().pop().unwrap();
    let open_ms = begun.elapsed().as_millis();
    let lines = room.entries().page(None, page).await.unwrap().len();
    let page_ms = begun.elapsed().as_millis() - open_ms;
    comes(&room, |status| status.entries > 0).await;
    let RoomStatus { entries, authors, .. } = room.status();
    tell(&format!("{open_ms} {page_ms} {} {entries} {authors} {lines}", memory_mib()));
    node.close().await;
}

#[allow(clippy::print_stdout, reason = "the child speaks to its parent this way")]
fn tell(line: &str) {
    println!("{line}");
}

/// The parent.
pub struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    _input: Option<ChildStdin>,
    /// How to reach it.
    pub ticket: Ticket,
}

impl Process {
    /// A node in this room, with at most `descriptors` file descriptors.
    pub async fn start(ticket: &Ticket, descriptors: u32) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -n {descriptors} && exec \"$0\" node \"$1\"")]);
        command.arg(program).arg(ticket.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = soon("the ticket of a process", lines.next_line()).await.unwrap().unwrap();
        let ticket = first.strip_prefix("ticket ").unwrap().parse().unwrap();
        let input = child.stdin.take();
        Self { child, lines, _input: input, ticket }
    }

    /// Waits until it was shown these lines, in any order; returns how many of them it was shown.
    pub async fn is_shown(&mut self, texts: impl IntoIterator<Item = String>) -> u64 {
        let mut wanted: BTreeSet<String> = texts.into_iter().map(|text| format!("shown {text}")).collect();
        let all = wanted.len();
        let wait = async {
            while !wanted.is_empty()
                && let Ok(Some(line)) = self.lines.next_line().await
            {
                wanted.remove(&line);
            }
        };
        // The caller counts what is missing.
        let _ = tokio::time::timeout(PATIENCE, wait).await;
        (all - wanted.len()) as u64
    }

    /// Sends it a signal by name.
    pub async fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &id]).status().await;
        assert!(sent.unwrap().success(), "a child can be signalled");
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

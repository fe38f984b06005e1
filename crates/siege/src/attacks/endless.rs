//! F9: a line that never ends, at every input that reads lines.

use std::net::Ipv4Addr;

use tokio::{
    io::{AsyncBufReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use crate::{
    Attack, Bound, Form, Outcome,
    nodes::{run as run_nodes, soon},
    product::{Product, page_answers},
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "F9",
    name: "endless",
    says: "1 GiB without a newline reaches a console, the page, a chat's standard input, `send` and the lab's proxy; \
        none keeps more than a piece of it, and each continues or ends as it should",
    defences: &[],
    run,
};

/// Bytes to send, and bytes of each piece.
const BYTES: (u64, u64) = (16 << 20, 1 << 30);
const PIECE: usize = 1 << 20;

/// KiB by which a process may grow at its peak: what one allocates in normal work, and half of what the short form
/// sends.
const GROWTH_KIB: u64 = 8 * 1024;

fn run(form: Form) -> Outcome {
    let bytes = form.pick(BYTES.0, BYTES.1);
    run_nodes(async {
        let mut outcome = Outcome::default();
        console(bytes, &mut outcome).await;
        page(bytes, &mut outcome).await;
        typed(bytes, &mut outcome).await;
        proxy(bytes, &mut outcome).await;
        outcome
    })
}

/// Sends up to `bytes` bytes, as far as they are accepted; returns how many were.
async fn send(door: &mut (impl AsyncWrite + Unpin), bytes: u64) -> u64 {
    let piece = vec![b'x'; PIECE];
    let mut sent = 0;
    while sent < bytes && soon("a piece to be taken", door.write_all(&piece)).await.is_ok() {
        sent += PIECE as u64;
    }
    sent
}

fn grown(outcome: &mut Outcome, who: &str, product: &Product, before: u64) {
    let grown = product.peak_kib() - before;
    outcome.count(format!("KiB that {who} grew by at its peak"), grown, Bound::AtMost(GROWTH_KIB));
}

async fn console(bytes: u64, outcome: &mut Outcome) {
    let (product, port) = Product::console().await;
    let mut door = BufReader::new(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap());
    door.write_all(b"get chatLog\n").await.unwrap();
    let mut told = String::new();
    soon("the empty log", door.read_line(&mut told)).await.unwrap();
    let before = product.peak_kib();
    let sent = send(&mut door, bytes).await;
    door.write_all(b"\nmsg 1 after\nget chatLog\n").await.unwrap();
    soon("the refusal", door.read_line(&mut told)).await.unwrap();
    soon("the log", door.read_line(&mut told)).await.unwrap();
    let right = "chatLog <empty>\nerror: line too long, at most 16384 bytes\nchatLog after\n";
    outcome.count("bytes that a console accepted", sent, Bound::Is(bytes));
    outcome.count("it refused once and accepted the next line", u64::from(told == right), Bound::Is(1));
    grown(outcome, "the process of a console", &product, before);
}

async fn page(bytes: u64, outcome: &mut Outcome) {
    let (product, port) = Product::serve().await;
    assert!(page_answers(port).await, "all is well before");
    let before = product.peak_kib();
    let mut door = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    let sent = send(&mut door, bytes).await;
    outcome.count("bytes sent before the page closed the connection", sent, Bound::AtMost(bytes - PIECE as u64));
    outcome.count("it answers the next request", u64::from(page_answers(port).await), Bound::Is(1));
    grown(outcome, "the process of a page", &product, before);
}

/// Lines typed into a chat without a terminal, and lines sent beside it.
async fn typed(bytes: u64, outcome: &mut Outcome) {
    let mut chat = Product::start(&["new", "lunch", "--nick", "ada", "--loopback"]).await;
    chat.input.write_all(b"before\n").await.unwrap();
    while !chat.line().await.contains("before") {}
    let before = chat.peak_kib();
    let sent = send(&mut chat.input, bytes).await;
    chat.input.write_all(b"\nafter\n").await.unwrap();
    let mut next = chat.line().await;
    // Receipts of earlier lines may come in between.
    while next.contains("before") {
        next = chat.line().await;
    }
    outcome.count("bytes that a chat accepted", sent, Bound::Is(bytes));
    outcome.count(
        "it accepted the next line, and nothing in between",
        u64::from(next.contains("ada  after")),
        Bound::Is(1),
    );
    grown(outcome, "a chat", &chat, before);
    let mut beside = chat.beside(&["send", "lunch", "--loopback"]);
    let mut input = beside.stdin.take().unwrap();
    let sent = send(&mut input, bytes).await;
    drop(input);
    let ended = soon("the end of a command that sends", beside.wait()).await.unwrap();
    outcome.count("bytes that `send` accepted", sent, Bound::Is(bytes));
    outcome.count("its exit code reports the failure", u64::from(!ended.success()), Bound::Is(1));
}

async fn proxy(bytes: u64, outcome: &mut Outcome) {
    let mut proxy = Product::start_silent(&["lab", "proxy"]);
    proxy.input.write_all(b"help\n").await.unwrap();
    proxy.line().await;
    let before = proxy.peak_kib();
    let sent = send(&mut proxy.input, bytes).await;
    outcome.count("bytes that the lab's proxy accepted", sent, Bound::Is(bytes));
    grown(outcome, "the lab's proxy", &proxy, before);
    proxy.input.write_all(b"\nexit\n").await.unwrap();
    proxy.end().await;
}

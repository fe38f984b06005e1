//! F1: connections that begin a request and never finish it.

use std::{net::Ipv4Addr, time::Duration};

use tokio::{
    io::{self, AsyncWriteExt},
    net::{TcpStream, UnixStream},
    sync::mpsc,
    task::JoinSet,
};

use crate::{
    Attack, Bound, Form, Outcome,
    nodes::{run as run_nodes, soon},
    product::{Product, console_answers, http_answers, page_answers},
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "F1",
    name: "slow",
    says: "900 connections send half a request to the page, then to a console, and reconnect when they are closed; \
        honest requests are answered meanwhile",
    defences: &[],
    run,
};

/// Connections to one input.
const CONNECTIONS: (u64, u64) = (100, 900);

/// Of these, the number of a page's places, twice.
const QUEUED: u64 = 256;

/// Pause before a disconnected client reconnects: without it the machine runs out of ports.
const AGAIN: Duration = Duration::from_secs(5);

/// Honest requests, one after the other.
const ASKED: u64 = 3;

/// File descriptors of an attacked process: twice the number of places, of which a page has 128.
const DESCRIPTORS: u64 = 256;

/// KiB by which a process may grow: 128 connections with the 32 KiB of a head each, eight times.
const GROWTH_KIB: u64 = 32 * 1024;

fn run(form: Form) -> Outcome {
    run_nodes(async {
        let mut outcome = Outcome::default();
        page(form, &mut outcome).await;
        console(form, &mut outcome).await;
        outcome
    })
}

async fn page(form: Form, outcome: &mut Outcome) {
    let (product, port) = Product::serve().await;
    assert!(page_answers(port).await, "all is well before");
    let before = product.peak_kib();
    let crowd = crowd(form, port, b"GET /healthz HTTP/1.1\r\nHost: loc").await;
    let (mut answered, mut in_home) = (0, 0);
    for _ in 0..ASKED {
        let stream = UnixStream::connect(product.socket()).await.unwrap();
        let answer = soon("an answer at the socket", http_answers(stream, "localhost")).await;
        in_home += u64::from(answer.unwrap_or(false));
        answered += u64::from(page_answers(port).await);
    }
    tell(form, outcome, "the page", &crowd);
    outcome.count("requests to the page answered meanwhile", answered, Bound::Is(ASKED));
    outcome.count("requests to the socket in the home answered meanwhile", in_home, Bound::Is(ASKED));
    bounds(outcome, "the page", &product, before);
}

async fn console(form: Form, outcome: &mut Outcome) {
    let (product, port) = Product::console().await;
    let asks = || console_answers(port, "get chatLog\n", "chatLog <empty>");
    assert!(asks().await, "all is well before");
    let before = product.peak_kib();
    let crowd = crowd(form, port, b"msg 1 never fini").await;
    let mut answered = 0;
    for _ in 0..ASKED {
        answered += u64::from(asks().await);
    }
    tell(form, outcome, "a console", &crowd);
    outcome.count("consoles answered meanwhile", answered, Bound::Is(ASKED));
    bounds(outcome, "a console", &product, before);
}

/// Opens connections and waits for as many as fit into the input's places and the system's queue. All reconnect until
/// the result is dropped.
async fn crowd(form: Form, port: u16, half: &'static [u8]) -> JoinSet<()> {
    let (made, mut first) = mpsc::channel(QUEUED as usize);
    let mut crowd = JoinSet::new();
    for _ in 0..form.pick(CONNECTIONS.0, CONNECTIONS.1) {
        crowd.spawn(stay(port, half, made.clone()));
    }
    for _ in 0..form.pick(CONNECTIONS.0, QUEUED) {
        soon("a connection", first.recv()).await.unwrap();
    }
    crowd
}

async fn stay(port: u16, half: &[u8], made: mpsc::Sender<()>) {
    loop {
        if let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await
            && stream.write_all(half).await.is_ok()
        {
            // Only the first ones are awaited.
            let _ = made.try_send(());
            // Until the process disconnects it in some way.
            let _ = io::copy(&mut stream, &mut io::sink()).await;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

fn tell(form: Form, outcome: &mut Outcome, door: &str, crowd: &JoinSet<()>) {
    let least = form.pick(CONNECTIONS.0, CONNECTIONS.1);
    outcome.count(format!("slow connections to {door}"), crowd.len() as u64, Bound::AtLeast(least));
}

fn bounds(outcome: &mut Outcome, door: &str, product: &Product, before: u64) {
    outcome.count(format!("descriptors behind {door}"), product.descriptors(), Bound::AtMost(DESCRIPTORS));
    let grown = product.peak_kib() - before;
    outcome.count(format!("KiB that the process behind {door} grew by"), grown, Bound::AtMost(GROWTH_KIB));
}

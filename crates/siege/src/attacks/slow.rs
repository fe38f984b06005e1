//! F1: connections that begin to say something and never end it.

use std::{net::Ipv4Addr, time::Duration};

use tokio::{
    io::{self, AsyncWriteExt},
    net::{TcpStream, UnixStream},
    task::JoinSet,
};

use crate::{
    Attack, Bound, Form, Outcome,
    nodes::{run as run_nodes, soon},
    product::{Product, console_answers, http_answers, page_answers},
};

/// The row.
pub(super) const ATTACK: Attack = Attack {
    threat: "F1",
    name: "slow",
    says: "900 connections to the page, then to a console, say half of something, and come again when they are hung up on; \
           whoever asks meanwhile is answered",
    defences: &[],
    run,
};

/// Connections to a door.
const CONNECTIONS: (u64, u64) = (100, 900);

/// Who is hung up on comes again after this: without it the machine has no ports left for anybody.
const AGAIN: Duration = Duration::from_secs(5);

/// Honest requests, one after the other.
const ASKED: u64 = 3;

/// File descriptors of a process that is attacked: twice the places at a door, of which a page has 128.
const DESCRIPTORS: u64 = 256;

/// KiB that a process grows by: 128 connections with the 32 KiB of a head each, eight times.
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
    outcome.count("requests to the page that were answered meanwhile", answered, Bound::Is(ASKED));
    outcome.count("requests to the socket in the home that were answered", in_home, Bound::Is(ASKED));
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
    outcome.count("consoles that were answered meanwhile", answered, Bound::Is(ASKED));
    bounds(outcome, "a console", &product, before);
}

/// So many connections that have all been made, and come again until this is dropped.
async fn crowd(form: Form, port: u16, half: &'static [u8]) -> JoinSet<()> {
    let mut crowd = JoinSet::new();
    for _ in 0..form.pick(CONNECTIONS.0, CONNECTIONS.1) {
        let first = soon("a connection", begin(port, half)).await.unwrap();
        crowd.spawn(stay(first, port, half));
    }
    crowd
}

async fn begin(port: u16, half: &[u8]) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.write_all(half).await?;
    Ok(stream)
}

async fn stay(first: TcpStream, port: u16, half: &[u8]) {
    let mut made = Ok(first);
    loop {
        if let Ok(stream) = &mut made {
            // Until it is hung up on, one way or the other.
            let _ = io::copy(stream, &mut io::sink()).await;
        }
        drop(made);
        tokio::time::sleep(AGAIN).await;
        made = begin(port, half).await;
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

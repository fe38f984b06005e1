//! F1: connections that begin to say something and never end it.

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

/// Of these, the places of a page and as many more.
const QUEUED: u64 = 256;

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

/// So many connections, of which as many as the door and the system's queue hold have been made. All come again until this
/// is dropped.
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
            // Only the first ones are waited for.
            let _ = made.try_send(());
            // Until it is hung up on, one way or the other.
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

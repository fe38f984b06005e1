//! O5: a member names peers at the address of a victim that did not ask for our packets.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use iroh::SecretKey;
use rumormill_node::Settings;
use rumormill_proto::{
    frame::{Contact, Frame},
    ids::PeerId,
};
use tokio::net::UdpSocket;

use crate::{
    Attack, Bound, Form, Outcome,
    nodes::{Town, run as block_on},
    rogue::Rogue,
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "O5",
    name: "reflected",
    says: "a member names many peers at one address where nobody answers; the node sends three packets there at most",
    defences: &["told-once"],
    run,
};

/// How many peers it names, and how often: for longer than one dial lasts.
const PEERS: (usize, usize) = (32, 240);
const EVERY: Duration = Duration::from_millis(250);

/// Packets of one dial.
const PACKETS: u64 = 3;

fn run(form: Form) -> Outcome {
    block_on(async {
        let mut outcome = Outcome::default();
        let town = Town::new(vec![Settings::memory(), Settings::memory()]).await;
        let victim = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = victim.local_addr().unwrap().port();
        let packets = Arc::new(AtomicU64::new(0));
        let counting = tokio::spawn(count(victim, packets.clone()));
        let member = Rogue::new(&town.nodes[0]).await;
        let server = member.member(&town.rooms[0]).await.expect("a member is let in").read_all();
        let mut tick = tokio::time::interval(EVERY);
        for _ in 0..form.pick(PEERS.0, PEERS.1) {
            tick.tick().await;
            let address = [&[1, 4, 127, 0, 0, 1][..], &port.to_be_bytes(), &[0]].concat().into();
            let contact = Contact { peer: PeerId(*SecretKey::generate().public().as_bytes()), address };
            server.say(&Frame::Shuffle { peers: vec![contact], answer: true }).await;
        }
        counting.abort();
        let packets = packets.load(Ordering::Relaxed);
        outcome.count("packets to the address", packets, Bound::AtMost(PACKETS));
        outcome.count("the node has heard of it", packets, Bound::AtLeast(1));
        member.endpoint.close().await;
        town.close().await;
        outcome
    })
}

/// Counts arriving packets.
async fn count(victim: UdpSocket, packets: Arc<AtomicU64>) {
    let mut packet = [0; 2_048];
    while victim.recv_from(&mut packet).await.is_ok() {
        packets.fetch_add(1, Ordering::Relaxed);
    }
}

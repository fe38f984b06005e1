//! C3: a member names the ports of strangers, so that they skip the strangers' queue.

use std::time::{Duration, Instant};

use bytes::Bytes;
use rumormill_node::limits::{HANDSHAKES_AT_ONCE, HANDSHAKES_PER_S, SOCKET_ADDRS};
use rumormill_proto::{
    frame::{Contact, Frame},
    ids::PeerId,
    limits::SHUFFLE_PEERS,
};

use crate::{
    Attack, Bound, Form, Outcome,
    engines::push,
    nodes::{Homes, Town, besiege_with, comes},
    pen::Pen,
    rogue::{ADDRESS, PRESENT, Rogue, wall_ms},
};

/// The row of this attack.
pub(super) const ATTACK: Attack = Attack {
    threat: "C3",
    name: "hearsay",
    says: "a member claims the ports of strangers as its own, and names the strangers as peers; no more of them are \
        let in than of any strangers",
    defences: &["hearsay"],
    run,
};

/// Number of strangers whose ports are named.
const STRANGERS: usize = 64;

/// How often each stranger dials.
const TIMES: usize = 4;

/// Pause between two strangers: shorter than the rate at which strangers are let in, for as long as lines are said.
const EVERY: Duration = Duration::from_millis(500 / HANDSHAKES_PER_S as u64);
const AT_ONCE: Duration = Duration::from_nanos(1);

/// Duration of one dial. Two packets of an ignored dial are a second apart.
const DIAL: Duration = Duration::from_secs(3);

fn run(form: Form) -> Outcome {
    let prepare = async |town: &Town| {
        let mut strangers = Vec::new();
        for _ in 0..STRANGERS {
            strangers.push(Rogue::new(&town.nodes[0]).await);
        }
        strangers
    };
    besiege_with(form, Homes::Memory, prepare, async |town, _, strangers| {
        let mut outcome = Outcome::default();
        let member = Rogue::new(&town.nodes[0]).await;
        let told = tell(&member, town, &strangers).await;
        let (begun, mut dials, mut inside) = (Instant::now(), Vec::new(), 0);
        let mut tick = tokio::time::interval(form.pick(AT_ONCE, EVERY));
        for stranger in strangers.iter().flat_map(|stranger| std::iter::repeat_n(stranger, TIMES)) {
            tick.tick().await;
            let (endpoint, target) = (stranger.endpoint.clone(), stranger.target.clone());
            dials.push(tokio::spawn(async move {
                let taken = tokio::time::timeout(DIAL, endpoint.connect(target, PRESENT)).await;
                taken.is_ok_and(|taken| taken.is_ok()).then(Instant::now)
            }));
        }
        let mut last = begun;
        for dial in dials {
            let taken = dial.await.unwrap();
            inside += u64::from(taken.is_some());
            last = taken.map_or(last, |at| at.max(last));
        }
        let share = HANDSHAKES_AT_ONCE + 1 + ((last - begun).as_secs_f64() * f64::from(HANDSHAKES_PER_S)) as u32;
        let beyond = inside.saturating_sub(u64::from(share));
        outcome.count("the node has heard of them", u64::from(told), Bound::Is(1));
        outcome.count("strangers let in beyond their share", beyond, Bound::Is(0));
        for rogue in strangers.into_iter().chain([member]) {
            rogue.endpoint.close().await;
        }
        outcome
    })
}

/// A member names the ports, and then says something; returns whether that was heard, and so everything before it.
async fn tell(member: &Rogue, town: &Town, strangers: &[Rogue]) -> bool {
    let room = &town.rooms[0];
    let Some(mut wire) = member.member(room).await else { return false };
    for some in strangers.chunks(SOCKET_ADDRS) {
        wire.control(&[&[ADDRESS][..], &address(some)].concat()).await;
    }
    for some in strangers.chunks(SHUFFLE_PEERS) {
        let contact = |stranger: &Rogue| Contact {
            peer: PeerId(*stranger.endpoint.id().as_bytes()),
            address: address(std::slice::from_ref(stranger)),
        };
        wire.say(&Frame::Shuffle { peers: some.iter().map(contact).collect(), answer: true }).await;
    }
    let before = room.status().authors;
    wire.say(&push(1, Pen::new(room.id(), 1, wall_ms()).line("here we are"))).await;
    let heard = comes(room, |status| status.authors > before).await;
    wire.read_all();
    heard
}

/// Ports on loopback, encoded as in contacts.
fn address(of: &[Rogue]) -> Bytes {
    let mut out = vec![of.len() as u8];
    for rogue in of {
        let port = rogue.endpoint.bound_sockets()[0].port();
        out.extend_from_slice(&[4, 127, 0, 0, 1]);
        out.extend_from_slice(&port.to_be_bytes());
    }
    out.push(0);
    out.into()
}

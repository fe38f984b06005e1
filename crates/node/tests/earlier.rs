//! Peers of version 0.1.0: their recorded bytes still have the same meaning, and a current node talks with peers that
//! send exactly those bytes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a story that cannot go on has failed")]

mod support;

use std::{
    fs,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use data_encoding::HEXLOWER;
use iroh::{
    Endpoint, SecretKey,
    endpoint::{Connection, SendStream},
};
use rumormill_node::{Node, Ticket};
use rumormill_proto::{codec::Reader, frame::Frame, ids::EntryId, run::RawRun};
use support::{addr, endpoint, memory, soon, status};
use tokio::sync::Notify;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Side {
    Dialler,
    Accepter,
}

/// A recorded envelope.
struct Said {
    side: Side,
    bulk: bool,
    bytes: Vec<u8>,
    means: String,
}

/// A recorded connection.
struct Link {
    alpn: String,
    exported: [u8; 32],
    said: Vec<Said>,
}

/// One recording.
struct Recording {
    ticket: Ticket,
    digest: String,
    entries: u64,
    links: Vec<Link>,
}

const VERSIONS: [&str; 2] = ["1", "1.1"];

fn recording(version: &str) -> Recording {
    let path = format!("{}/tests/fixtures/0.1.0/dialogue-{version}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(path).unwrap();
    let mut links: Vec<Link> = Vec::new();
    let (mut ticket, mut digest, mut entries) = (None, String::new(), 0);
    for line in text.lines() {
        let (word, rest) = line.split_once(' ').unwrap();
        match word {
            "ticket" => ticket = Some(rest.parse().unwrap()),
            "digest" => digest = rest.to_owned(),
            "entries" => entries = rest.parse().unwrap(),
            "alpn" => links.push(Link { alpn: rest.to_owned(), exported: [0; 32], said: Vec::new() }),
            "exported" => links.last_mut().unwrap().exported = unhex(rest).try_into().unwrap(),
            _ => {
                let side = if word == "dialler" { Side::Dialler } else { Side::Accepter };
                let mut words = rest.splitn(3, ' ');
                let bulk = words.next() == Some("bulk");
                let bytes = unhex(words.next().unwrap());
                let means = words.next().unwrap_or_default().to_owned();
                links.last_mut().unwrap().said.push(Said { side, bulk, bytes, means });
            }
        }
    }
    Recording { ticket: ticket.unwrap(), digest, entries, links }
}

fn unhex(text: &str) -> Vec<u8> {
    HEXLOWER.decode(text.as_bytes()).unwrap()
}

/// The channel of an envelope and its body.
fn opened(envelope: &[u8]) -> (u64, Bytes) {
    let mut reader = Reader::new(Bytes::copy_from_slice(envelope));
    let len = reader.number("length").unwrap();
    assert_eq!(len, reader.left() as u64);
    let channel = reader.number("channel").unwrap();
    (channel, reader.rest().clone())
}

/// The frame of a bulk stream's envelope.
fn unpacked(body: Bytes) -> Bytes {
    let mut reader = Reader::new(body);
    let len = reader.number("length").unwrap() as usize;
    zstd::bulk::decompress(reader.rest(), len).unwrap().into()
}

/// The meaning of a frame, in words that do not depend on the code.
fn meaning(frame: &Frame) -> String {
    let runs = |runs: &[RawRun]| runs.iter().map(run_meaning).collect::<Vec<_>>().join(", ");
    match frame {
        Frame::Hello(hello) => format!("Hello author {} clock {}", hello.author, hello.wall_ms),
        Frame::Known { next } => format!("Known {next}"),
        Frame::Push(push) => {
            format!("Push {} part {} hops {}: {}", push.push, push.part, push.hops, runs(&push.runs))
        }
        Frame::Ack { pushes } => format!("Ack {pushes:?}"),
        Frame::Pull => "Pull".into(),
        Frame::Have { heads } => format!("Have {heads:x?}"),
        Frame::Status { digest, answer } => format!("Status {} answer {answer}", HEXLOWER.encode(digest)),
        Frame::Ranges(ranges) => format!("Ranges salt {} {:x?}", ranges.salt, ranges.prints),
        Frame::Heads(heads) => {
            let head = |head: &rumormill_proto::frame::Brief| {
                format!("{:x} next {} check {:x} cut {:?}", head.author, head.next, head.check, head.cut)
            };
            format!("Heads all {} [{}]", heads.all, heads.heads.iter().map(head).collect::<Vec<_>>().join(", "))
        }
        Frame::Want(want) => {
            let range =
                |range: &rumormill_proto::frame::Range| format!("{:x} {}..={}", range.author, range.first, range.last);
            let ranges = want.ranges.iter().map(range).collect::<Vec<_>>().join(", ");
            format!("Want {} newest {} [{ranges}]", want.want, want.newest)
        }
        Frame::Runs { want, runs: some } => format!("Runs {want}: {}", runs(some)),
        Frame::Done { want } => format!("Done {want}"),
        Frame::Evidence { run } => format!("Evidence {}", run_meaning(run)),
        Frame::Fork { proof } => format!("Fork of {} bytes", proof.len()),
        Frame::Secrets { secrets } => format!("Secrets {}", secrets.len()),
        Frame::Acts { heads } => format!("Acts {heads:?}"),
        Frame::WantActs { want, from } => format!("WantActs {want} {from:?}"),
        Frame::Shuffle { peers, answer } => format!("Shuffle of {} answer {answer}", peers.len()),
        #[allow(unreachable_patterns, reason = "later versions say more")]
        _ => "something that 0.1.0 never said".into(),
    }
}

fn run_meaning(run: &RawRun) -> String {
    let entries = run.entries().iter().map(|entry| {
        let body = entry.body.bytes().map_or("gone".into(), |body| {
            let shown: String = String::from_utf8_lossy(body).chars().take(24).collect();
            format!("{} bytes {shown:?}", body.len())
        });
        format!(
            "{}.{} kind {} seen {} {body}",
            entry.time.ms(),
            entry.time.counter(),
            entry.kind.number(),
            entry.seen.len()
        )
    });
    let (first, signed) = (run.first(), run.signature().is_some());
    let prev: EntryId = run.prev();
    let listed = entries.collect::<Vec<_>>().join("; ");
    format!("{} from {first} prev {} signed {signed} [{listed}]", run.author().short(), HEXLOWER.encode(&prev.0[..4]))
}

#[test]
fn what_was_said_means_what_it_meant_and_is_written_the_same() {
    for version in VERSIONS {
        let mut kinds = [0; 16];
        for link in recording(version).links {
            for said in link.said.iter().filter(|said| opened(&said.bytes).0 > 0) {
                let (_, body) = opened(&said.bytes);
                let body = if said.bulk { unpacked(body) } else { body };
                kinds[usize::from(body[0])] += 1;
                let frame = Frame::decode(body.clone()).unwrap();
                assert_eq!(frame.encode(), body, "{}", said.means);
                assert_eq!(meaning(&frame), said.means);
            }
        }
        assert!([1, 2, 3, 4, 7, 9, 11, 15].iter().all(|kind| kinds[*kind] > 0), "of every kind some: {kinds:?}");
    }
}

/// The tag of the ticket's room on one connection.
fn tag(ticket: &Ticket, exported: &[u8; 32], side: Side) -> [u8; 32] {
    let key = blake3::derive_key("rumormill 1 greeting", &ticket.secret);
    let side = u8::from(side == Side::Accepter);
    blake3::Hasher::new_keyed(&key).update(exported).update(&[side]).update(&ticket.room.0).finalize().into()
}

/// Bytes of a greeting before its tags: the length in two digits, the channel, the kind, what the process drew.
const BEFORE_TAGS: usize = 2 + 1 + 1 + 8;

/// The recorded greeting, with the tag of this connection in place of the recorded one.
fn greeting(recording: &Recording, link: &Link, said: &Said, exported: &[u8; 32]) -> Vec<u8> {
    let (then, now) =
        (tag(&recording.ticket, &link.exported, said.side), tag(&recording.ticket, exported, Side::Dialler));
    let mut bytes = said.bytes.clone();
    let tags = bytes[BEFORE_TAGS..].chunks_exact_mut(32);
    let mut found = 0;
    for one in tags.filter(|one| **one == then) {
        one.copy_from_slice(&now);
        found += 1;
    }
    assert_eq!(found, 1, "the room's tag follows from its secret and the session as it did");
    bytes
}

/// Everything a node sent to one peer, envelope by envelope.
#[derive(Default)]
struct Heard {
    envelopes: Mutex<Vec<Vec<u8>>>,
    more: Notify,
}

impl Heard {
    /// Reads one stream to its end.
    async fn listen(self: Arc<Self>, mut stream: iroh::endpoint::RecvStream) {
        let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
        while let Ok(Some(read)) = stream.read(&mut piece).await {
            bytes.extend_from_slice(&piece[..read]);
            loop {
                let mut reader = Reader::new(Bytes::copy_from_slice(&bytes));
                let Ok(len) = reader.number("length") else { break };
                let end = bytes.len() - reader.left() + len as usize;
                if bytes.len() < end {
                    break;
                }
                self.envelopes.lock().unwrap().push(bytes.drain(..end).collect());
                self.more.notify_waiters();
            }
        }
    }

    /// Waits for an envelope. A stream that ended brings none.
    async fn until(&self, good: impl Fn(&[u8]) -> bool) {
        loop {
            let more = self.more.notified();
            if self.envelopes.lock().unwrap().iter().any(|envelope| good(envelope)) {
                return;
            }
            more.await;
        }
    }
}

/// A peer of version 0.1.0, which plays one side of a recorded connection.
struct Player {
    endpoint: Endpoint,
    connection: Connection,
    live: SendStream,
    heard: Arc<Heard>,
}

impl Player {
    async fn connect(node: &Node, alpn: &str, key: SecretKey) -> Self {
        let endpoint = endpoint(key).await;
        let target = addr(node);
        let connection = soon("a connection", endpoint.connect(target, alpn.as_bytes())).await.unwrap();
        let (live, replies) = connection.open_bi().await.unwrap();
        let heard = Arc::new(Heard::default());
        tokio::spawn(heard.clone().listen(replies));
        Self { endpoint, connection, live, heard }
    }

    /// Waits until the node has said this.
    async fn hears(&self, what: &str, good: impl Fn(&[u8]) -> bool) {
        let wait = async {
            tokio::select! {
                biased;
                () = self.heard.until(good) => {}
                reason = self.connection.closed() => panic!("instead of {what}: {reason}"),
            }
        };
        soon(what, wait).await;
    }

    async fn play(&mut self, recording: &Recording, link: &Link, side: Side) {
        let mut exported = [0; 32];
        self.connection.export_keying_material(&mut exported, b"rumormill 1 greeting", b"").unwrap();
        let mut bulk: Option<SendStream> = None;
        for said in link.said.iter().filter(|said| said.side == side) {
            let (channel, body) = opened(&said.bytes);
            if said.bulk {
                if bulk.is_none() {
                    // A peer sends bulk answers only to whom it has heard, and streams overtake each other.
                    self.hears("the answer to its Hello", is_known).await;
                    bulk = Some(self.connection.open_uni().await.unwrap());
                }
                bulk.as_mut().unwrap().write_all(&said.bytes).await.unwrap();
            } else if (channel, body.first()) == (0, Some(&0)) {
                let bytes = greeting(recording, link, said, &exported);
                self.live.write_all(&bytes).await.unwrap();
            } else {
                self.live.write_all(&said.bytes).await.unwrap();
            }
        }
        if let Some(mut bulk) = bulk {
            bulk.finish().unwrap();
        }
    }
}

/// The branches of the id space in which nobody is yet, as the node sees them.
///
/// Each player gets a branch of its own, so the node tells each of them itself. Of two players in one branch the node
/// tells one and leaves the other to it while it does not know everybody, and a player passes nothing on.
struct Branches {
    taken: Vec<u8>,
}

impl Branches {
    /// The first digit of an id, three bits.
    fn digit(id: &[u8; 32]) -> u8 {
        id[0] >> 5
    }

    fn seen_from(node: &Node) -> Self {
        Self { taken: vec![Self::digit(&node.peer().0)] }
    }

    /// A key whose id lies in a branch that was free.
    fn next_key(&mut self) -> SecretKey {
        loop {
            let key = SecretKey::generate();
            let digit = Self::digit(key.public().as_bytes());
            if !self.taken.contains(&digit) {
                self.taken.push(digit);
                return key;
            }
        }
    }
}

/// Whether an envelope carries the answer to a Hello.
fn is_known(envelope: &[u8]) -> bool {
    let (channel, body) = opened(envelope);
    channel > 0 && matches!(Frame::decode(body), Ok(Frame::Known { .. }))
}

/// Whether a peer of this version can read an envelope. It bars a sender of frames of a later kind. Version 1 also bars
/// a sender of controls of a later kind, which later versions ignore.
fn readable(version: &str, envelope: &[u8]) -> bool {
    let (channel, body) = opened(envelope);
    let kind = body[0];
    match (channel, version) {
        (0, "1") => kind <= 3,
        (0, _) => true,
        _ => (1..=15).contains(&kind) && Frame::decode(body).is_ok(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_talks_with_peers_that_say_exactly_that() {
    for version in VERSIONS {
        let recording = recording(version);
        let node = memory().await;
        let room = node.join(&recording.ticket).await.unwrap();
        let mut players = Vec::new();
        let mut branches = Branches::seen_from(&node);
        for link in &recording.links {
            for side in [Side::Accepter, Side::Dialler] {
                let mut player = Player::connect(&node, &link.alpn, branches.next_key()).await;
                player.play(&recording, link, side).await;
                player.hears("the answer to its Hello", is_known).await;
                players.push(player);
            }
        }
        status(&room, "everything that was said", |status| {
            (status.entries, status.missing, HEXLOWER.encode(&status.digest))
                == (recording.entries, 0, recording.digest.clone())
        })
        .await;

        let said = "said by a node of today";
        room.say(said).await.unwrap();
        let pushed = |envelope: &[u8]| match Frame::decode(opened(envelope).1) {
            Ok(Frame::Push(push)) => {
                let entries = push.runs.iter().flat_map(|run| run.entries());
                entries.into_iter().any(|entry| entry.body.bytes().is_some_and(|body| body == said))
            }
            _ => false,
        };
        for player in &players {
            player.hears("what a node of today says", pushed).await;
            assert_eq!(player.connection.close_reason(), None, "it is a peer like any other");
            let envelopes = player.heard.envelopes.lock().unwrap();
            assert!(envelopes.iter().all(|envelope| readable(version, envelope)), "{version}: {envelopes:?}");
        }
        for player in players {
            player.endpoint.close().await;
        }
        node.close().await;
    }
}

//! Peers that violate the protocol: the connection ends, the peer is barred, and nobody else notices.
//!
//! Each story has a counterpart that shows that the same peer is accepted if it behaves.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that cannot go on has failed")]

mod support;

use std::{sync::Mutex, time::Duration};

use bytes::Bytes;
use futures_util::StreamExt as _;
use iroh::{
    Endpoint, EndpointAddr, SecretKey,
    endpoint::{Connection, ConnectionError, RecvStream, SendStream},
};
use rumormill_node::{Error, FileState, Node, Room, RoomEvent};
use rumormill_proto::{
    admit::Author,
    codec::put_number,
    content::{File, Target},
    entry::{Body, Kind, RawEntry},
    frame::{Frame, Hello},
    ids::{EntryId, FileId, PeerId, RoomId},
    introduction::{Introduction, Side},
    run::RawRun,
    time::Time,
};
use rumormill_store::{FileSource, Files, RoomFile, limits::PIECE_BYTES};
use support::{addr, endpoint, holds, memory, shown, soon, status};

/// A handmade peer.
struct Rogue {
    endpoint: Endpoint,
    target: EndpointAddr,
}

/// Its connection.
struct Wire {
    connection: Connection,
    live: SendStream,
    replies: RecvStream,
    /// Bytes of replies that are not a whole envelope yet.
    unread: Vec<u8>,
    me: PeerId,
}

impl Rogue {
    async fn new(target: &Node) -> Self {
        let endpoint = endpoint(SecretKey::generate()).await;
        let target = addr(target);
        Self { endpoint, target }
    }

    async fn connect(&self) -> Wire {
        self.connect_as(NEWEST).await
    }

    async fn connect_as(&self, version: &[u8]) -> Wire {
        let connection = soon("a connection", self.endpoint.connect(self.target.clone(), version)).await.unwrap();
        let (live, replies) = connection.open_bi().await.unwrap();
        let me = PeerId(*self.endpoint.id().as_bytes());
        Wire { connection, live, replies, unread: Vec::new(), me }
    }
}

impl Wire {
    async fn send(&mut self, bytes: &[u8]) {
        // The node may have closed the connection already.
        let _ = self.live.write_all(bytes).await;
    }

    fn exported(&self) -> [u8; 32] {
        let mut exported = [0; 32];
        self.connection.export_keying_material(&mut exported, b"rumormill 1 greeting", b"").unwrap();
        exported
    }

    /// Introduces the author of this peer, and proves it, except in the first version, which has no proof.
    async fn introduce(&mut self, room: &Room) {
        self.say(&hello()).await;
        if self.connection.alpn() == FIRST {
            return;
        }
        let to = PeerId(*self.connection.remote_id().as_bytes());
        let signed =
            Introduction { exported: self.exported(), side: Side::Dialler, from: self.me, to, room: room.id() };
        let author = Author::from_secret(&[8; 32]);
        let signature = author.introduce(&signed);
        self.send(&envelope(0, &[&[INTRODUCTION, 0][..], &author.id().0, &signature].concat())).await;
    }

    /// Announces the room as a member would.
    async fn greet(&mut self, room: &Room) {
        let exported = self.exported();
        let ticket = room.ticket().await.unwrap();
        let key = blake3::derive_key("rumormill 1 greeting", &ticket.secret);
        let tag = blake3::Hasher::new_keyed(&key).update(&exported).update(&[0]).update(&ticket.room.0).finalize();
        self.send(&envelope(0, &[&[0], &[7; 8][..], tag.as_bytes()].concat())).await;
    }

    async fn say(&mut self, frame: &Frame) {
        self.send(&envelope(1, &frame.encode())).await;
    }

    /// The first byte of each control that the node sends before the frame that contains `text`.
    async fn controls_before(&mut self, text: &[u8]) -> Vec<u8> {
        let mut controls = Vec::new();
        let bytes = &mut self.unread;
        loop {
            // Lengths have two digits at most: everything sent here is short.
            while let [low, rest @ ..] = &bytes[..] {
                let digits = 1 + usize::from(low & 0x80 != 0);
                let Some(high) = bytes.get(digits - 1).filter(|_| rest.len() + 1 > digits) else { break };
                let len = usize::from(low & 0x7f) + if digits == 2 { usize::from(*high) << 7 } else { 0 };
                if bytes.len() < digits + len {
                    break;
                }
                let envelope: Vec<u8> = bytes.drain(..digits + len).skip(digits).collect();
                match envelope.split_first() {
                    Some((0, control)) => controls.extend(control.first()),
                    _ if envelope.windows(text.len()).any(|window| window == text) => return controls,
                    _ => {}
                }
            }
            let mut piece = [0; 4096];
            let read = soon("what the node says", self.replies.read(&mut piece)).await.unwrap().unwrap();
            bytes.extend_from_slice(&piece[..read]);
        }
    }

    /// Requests a file; returns the whole answer.
    async fn ask(&self, channel: u64, hash: FileId, size: u64, first: u64) -> Vec<u8> {
        let mut asked = Vec::new();
        put_number(&mut asked, channel);
        asked.extend_from_slice(&hash.0);
        put_number(&mut asked, size);
        put_number(&mut asked, first);
        self.ask_raw(&asked).await
    }

    async fn ask_raw(&self, asked: &[u8]) -> Vec<u8> {
        let (mut send, mut receive) = self.connection.open_bi().await.unwrap();
        send.write_all(asked).await.unwrap();
        send.finish().unwrap();
        soon("an answer", receive.read_to_end(1 << 20)).await.unwrap_or_default()
    }

    /// Answers requests for a file with these pieces, beginning with the requested one, and notes its number.
    async fn serve(&self, pieces: &[Vec<u8>], firsts: &Mutex<Vec<u8>>) {
        while let Ok((mut send, mut receive)) = self.connection.accept_bi().await {
            let asked = receive.read_to_end(100).await.unwrap();
            let first = *asked.last().unwrap();
            firsts.lock().unwrap().push(first);
            let mut answer = vec![1];
            for piece in pieces.iter().skip(usize::from(first)) {
                answer.extend_from_slice(&(piece.len() as u32).to_be_bytes());
                answer.extend_from_slice(piece);
            }
            // A peer that finds the pieces wrong does not read them to the end.
            let _ = send.write_all(&answer).await;
            let _ = send.finish();
        }
    }

    /// The number with which the node closed the connection, which must arrive.
    async fn closed(&self) -> u64 {
        ended(&self.connection).await.unwrap()
    }
}

const FIRST: &[u8] = b"rumormill/1";
const NEWEST: &[u8] = b"rumormill/1.1";

/// The control that ends the talk about a room.
const PART: u8 = 2;

/// The control for typing.
const TYPING: u8 = 4;

/// The control that introduces an author.
const INTRODUCTION: u8 = 5;

const NOTHING_SHARED: u64 = 1;
const BARRED: u64 = 3;

fn envelope(channel: u64, body: &[u8]) -> Vec<u8> {
    let mut rest = Vec::new();
    put_number(&mut rest, channel);
    rest.extend_from_slice(body);
    let mut out = Vec::new();
    put_number(&mut out, rest.len() as u64);
    out.extend_from_slice(&rest);
    out
}

fn hello() -> Frame {
    Frame::Hello(Hello { author: Author::from_secret(&[8; 32]).id(), wall_ms: 0 })
}

/// A run that its author did not sign.
fn forged(room: &Room) -> RawRun {
    let text = |body: &'static str| RawEntry {
        time: Time::from_ms(1),
        seen: vec![],
        kind: Kind::TEXT,
        body: Body::Here(body.as_bytes().into()),
    };
    let author = Author::from_secret(&[8; 32]);
    let signed = author.sign(&room.id(), 0, EntryId::default(), vec![text("signed")]).unwrap();
    RawRun::new(author.id(), 0, EntryId::default(), vec![text("forged")], signed.signature().copied()).unwrap()
}

/// The number with which the node closed a connection; `None` when it has forgotten the connection before that number
/// arrived, and says so of each packet since.
async fn ended(connection: &Connection) -> Option<u64> {
    match soon("the end of the connection", connection.closed()).await {
        ConnectionError::ApplicationClosed(close) => Some(close.error_code.into_inner()),
        ConnectionError::Reset => None,
        other => panic!("{other}"),
    }
}

/// A node with a well-behaved member beside it, to see that the two go on.
async fn pair() -> (Node, Room, Node, Room) {
    let (a, b) = (memory().await, memory().await);
    let there = a.create("attacked").await.unwrap();
    let here = b.join(&there.ticket().await.unwrap()).await.unwrap();
    status(&there, "a link", |status| status.peers.len() == 1).await;
    (a, there, b, here)
}

async fn goes_on(there: &Room, here: &Room) {
    let mut events = here.events();
    there.say("we go on").await.unwrap();
    shown(here, &mut events, "we go on").await;
}

/// Waits until the node ends this connection of a peer, and expects that the peer may not come back.
async fn is_barred(rogue: &Rogue, wire: &Wire) {
    assert!(matches!(ended(&wire.connection).await, Some(BARRED) | None));
    for _ in 0..20 {
        let again = soon("a connection", rogue.endpoint.connect(rogue.target.clone(), NEWEST)).await.unwrap();
        if let Some(said) = ended(&again).await {
            assert_eq!(said, BARRED);
            return;
        }
    }
    panic!("no number arrived");
}

/// Sends the output of the attack as a member that has greeted, and expects to be barred.
async fn barred(attack: impl AsyncFn(&mut Wire, &Room)) {
    let (a, there, b, here) = pair().await;
    let rogue = Rogue::new(&a).await;
    let mut wire = rogue.connect().await;
    wire.greet(&there).await;
    attack(&mut wire, &there).await;
    is_barred(&rogue, &wire).await;
    goes_on(&there, &here).await;
    status(&there, "one link", |status| status.peers.len() == 1).await;
    rogue.endpoint.close().await;
    a.close().await;
    b.close().await;
}

#[tokio::test]
async fn a_peer_that_behaves_is_let_in() {
    let (a, there, b, _here) = pair().await;
    let rogue = Rogue::new(&a).await;
    let mut wire = rogue.connect().await;
    wire.greet(&there).await;
    wire.introduce(&there).await;
    status(&there, "the peer made by hand", |status| status.peers.len() == 2).await;
    assert!(wire.connection.close_reason().is_none());
    rogue.endpoint.close().await;
    a.close().await;
    b.close().await;
}

#[tokio::test]
async fn a_peer_of_the_first_version_is_told_nothing_it_would_refuse() {
    for (version, told) in [(FIRST, false), (NEWEST, true)] {
        let (a, there, b, _here) = pair().await;
        let rogue = Rogue::new(&a).await;
        let mut wire = rogue.connect_as(version).await;
        wire.greet(&there).await;
        wire.introduce(&there).await;
        wire.controls_before(&there.author().0).await;
        there.typing().await.unwrap();
        there.say("written").await.unwrap();
        assert_eq!(wire.controls_before(b"written").await.contains(&TYPING), told, "{version:?}");
        rogue.endpoint.close().await;
        a.close().await;
        b.close().await;
    }
}

#[tokio::test]
async fn what_a_later_version_says_is_skipped_and_typing_has_a_budget() {
    let (a, there, b, here) = pair().await;
    let rogue = Rogue::new(&a).await;
    let mut wire = rogue.connect().await;
    wire.greet(&there).await;
    wire.introduce(&there).await;
    status(&there, "the peer made by hand", |status| status.peers.len() == 2).await;
    let mut events = there.events();
    wire.send(&envelope(0, &[200, 1, 2, 3])).await;
    for _ in 0..10_000 {
        wire.send(&envelope(0, &[TYPING, 0])).await;
    }
    let author = Author::from_secret(&[8; 32]);
    let text = RawEntry { time: Time::from_ms(1), seen: vec![], kind: Kind::TEXT, body: Body::Here("said".into()) };
    let run = author.sign(&there.id(), 0, EntryId::default(), vec![text]).unwrap();
    wire.say(&Frame::Runs { want: 0, runs: vec![run] }).await;
    let mut typings = 0;
    loop {
        match soon("what was said", events.next()).await.unwrap() {
            RoomEvent::Typing { author: who } => {
                assert_eq!(who, author.id());
                typings += 1;
            }
            RoomEvent::Message { message, .. } if message.place.author == author.id() => break,
            _ => {}
        }
    }
    assert!((1..100).contains(&typings), "{typings} of 10,000");
    assert!(wire.connection.close_reason().is_none());
    goes_on(&there, &here).await;
    rogue.endpoint.close().await;
    a.close().await;
    b.close().await;
}

#[tokio::test]
async fn a_stranger_learns_nothing_and_is_sent_away() {
    let (a, there, b, here) = pair().await;
    let rogue = Rogue::new(&a).await;
    let mut wire = rogue.connect().await;
    wire.send(&envelope(0, &[&[0][..], &[7; 8], &[1; 32], &[2; 32]].concat())).await;
    assert_eq!(wire.closed().await, NOTHING_SHARED);
    goes_on(&there, &here).await;
    rogue.endpoint.close().await;
    a.close().await;
    b.close().await;
}

#[tokio::test]
async fn a_forged_signature_bars() {
    barred(async |wire, room| {
        wire.say(&hello()).await;
        wire.say(&Frame::Runs { want: 0, runs: vec![forged(room)] }).await;
    })
    .await;
}

#[tokio::test]
async fn random_bytes_bar() {
    barred(async |wire, _| wire.send(&blake3::Hasher::new().finalize_xof_bytes()).await).await;
}

#[tokio::test]
async fn an_envelope_past_the_bound_bars() {
    barred(async |wire, _| wire.send(&[0xff, 0xff, 0xff, 0xff, 0x0f]).await).await;
}

#[tokio::test]
async fn a_channel_that_was_not_announced_bars() {
    barred(async |wire, _| wire.send(&envelope(9, &Frame::Pull.encode())).await).await;
}

#[tokio::test]
async fn a_frame_before_the_greeting_bars() {
    let (a, there, b, here) = pair().await;
    let rogue = Rogue::new(&a).await;
    let mut wire = rogue.connect().await;
    wire.say(&hello()).await;
    is_barred(&rogue, &wire).await;
    goes_on(&there, &here).await;
    rogue.endpoint.close().await;
    a.close().await;
    b.close().await;
}

#[tokio::test]
async fn a_compressed_bomb_bars() {
    barred(async |wire, _| {
        let mut bulk = wire.connection.open_uni().await.unwrap();
        let mut body = Vec::new();
        put_number(&mut body, 100);
        body.extend_from_slice(&zstd::bulk::compress(&vec![0; 50_000_000], 1).unwrap());
        let _ = bulk.write_all(&envelope(1, &body)).await;
    })
    .await;
}

#[tokio::test]
async fn whoever_connects_and_says_nothing_is_dropped() {
    let (a, there, b, here) = pair().await;
    let rogue = Rogue::new(&a).await;
    let connection = soon("a connection", rogue.endpoint.connect(rogue.target.clone(), NEWEST)).await.unwrap();
    soon("the end of the connection", connection.closed()).await;
    goes_on(&there, &here).await;
    rogue.endpoint.close().await;
    a.close().await;
    b.close().await;
}

#[tokio::test]
async fn whoever_says_only_what_means_nothing_is_dropped() {
    let (a, there, b, here) = pair().await;
    let rogue = Rogue::new(&a).await;
    let mut wire = rogue.connect().await;
    let connection = wire.connection.clone();
    let talk = async {
        loop {
            wire.send(&envelope(0, &[200, 1, 2, 3])).await;
            tokio::task::yield_now().await;
            if connection.close_reason().is_some() {
                return;
            }
        }
    };
    soon("the end of the connection", talk).await;
    goes_on(&there, &here).await;
    rogue.endpoint.close().await;
    a.close().await;
    b.close().await;
}

#[tokio::test]
async fn whoever_talks_about_no_room_any_more_is_sent_away() {
    let (a, there, b, here) = pair().await;
    let rogue = Rogue::new(&a).await;
    let mut wire = rogue.connect().await;
    wire.greet(&there).await;
    wire.introduce(&there).await;
    status(&there, "the peer made by hand", |status| status.peers.len() == 2).await;
    wire.send(&envelope(0, &[PART, 0])).await;
    assert_eq!(wire.closed().await, NOTHING_SHARED);
    goes_on(&there, &here).await;
    rogue.endpoint.close().await;
    a.close().await;
    b.close().await;
}

#[tokio::test]
async fn a_peer_that_never_reads_slows_nobody() {
    let (a, there, b, here) = pair().await;
    let rogue = Rogue::new(&a).await;
    let mut wire = rogue.connect().await;
    wire.greet(&there).await;
    wire.introduce(&there).await;
    status(&there, "the peer made by hand", |status| status.peers.len() == 2).await;
    let big = bytes::Bytes::from(vec![b'x'; 8000]);
    let mut said = 0;
    let talk = async {
        while there.status().traffic.dropped == 0 && wire.connection.close_reason().is_none() {
            let lines = vec![(Kind::TEXT, big.clone()); 16];
            there.entries().say(lines).await.unwrap();
            said += 16;
        }
    };
    soon("the end of what is kept for it", talk).await;
    status(&here, "all bursts", |status| status.entries == said + 1).await;
    drop(wire);
    rogue.endpoint.close().await;
    a.close().await;
    b.close().await;
}

trait XofBytes {
    fn finalize_xof_bytes(&self) -> Vec<u8>;
}

impl XofBytes for blake3::Hasher {
    fn finalize_xof_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; 4096];
        self.finalize_xof().fill(&mut bytes);
        bytes
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_handshakes_leaves_members_alone() {
    let (a, there, b, here) = pair().await;
    let strangers: Vec<_> = (0..100)
        .map(|_| {
            let target = a.clone();
            tokio::spawn(async move {
                let rogue = Rogue::new(&target).await;
                let dial = rogue.endpoint.connect(rogue.target.clone(), NEWEST);
                let taken =
                    tokio::time::timeout(Duration::from_secs(3), dial).await.is_ok_and(|dialled| dialled.is_ok());
                rogue.endpoint.close().await;
                taken
            })
        })
        .collect();
    goes_on(&there, &here).await;
    let mut taken = 0;
    for stranger in strangers {
        taken += usize::from(stranger.await.unwrap());
    }
    assert!(taken < 100, "all {taken} were taken");
    assert_eq!(there.status().peers.len(), 1);
    a.close().await;
    b.close().await;
}

/// Somebody offers a file and leaves; returns the node that holds the room, the file, and its pieces as they travel.
async fn offered() -> (Node, Room, Target, File, Vec<Vec<u8>>) {
    let (a, there, b, here) = pair().await;
    let whole: Vec<u8> = (0..4 * PIECE_BYTES + 9).map(|at| (at / 5 + at / PIECE_BYTES) as u8).collect();
    let upload = here.upload().await.unwrap().write(Bytes::from(whole.clone())).await.unwrap();
    let (target, _) = upload.say("photo.jpg", "", None).await.unwrap();
    holds(&there, 2).await;
    b.close().await;
    status(&there, "being alone", |status| status.peers.is_empty()).await;
    let file = there.file(target).await.unwrap();
    let files = Files::nowhere();
    let room = RoomId::default();
    let mut import = files.import(&room).unwrap();
    import.write(&whole).unwrap();
    let (hash, size) = import.end().unwrap();
    assert_eq!((hash, size), (file.hash, file.size));
    let source: FileSource = files.source(RoomFile { room, hash }, size).unwrap().unwrap();
    let pieces = (0..).map_while(|at| source.piece(at).unwrap()).collect();
    (a, there, target, file, pieces)
}

/// A handmade peer that is in the room.
async fn member(rogue: &Rogue, room: &Room, peers: usize) -> Wire {
    let mut wire = rogue.connect().await;
    wire.greet(room).await;
    wire.introduce(room).await;
    status(room, "the peer made by hand", |status| status.peers.len() == peers).await;
    wire
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_on_with_another_holder_where_the_first_left_it() {
    let (a, there, target, _, pieces) = offered().await;
    let (one, other) = (Rogue::new(&a).await, Rogue::new(&a).await);
    let wires = [member(&one, &there, 1).await, member(&other, &there, 2).await];
    let firsts = Mutex::new(Vec::new());
    // Each peer sends up to three pieces, and ends.
    let give_three = async |wire: &Wire| {
        let (mut send, mut receive) = wire.connection.accept_bi().await.unwrap();
        let first = *receive.read_to_end(100).await.unwrap().last().unwrap();
        firsts.lock().unwrap().push(first);
        send.write_all(&[1]).await.unwrap();
        for piece in pieces.iter().skip(usize::from(first)).take(3) {
            send.write_all(&(piece.len() as u32).to_be_bytes()).await.unwrap();
            send.write_all(piece).await.unwrap();
        }
        send.finish().unwrap();
    };
    let mut fetch = there.fetch(target).await.unwrap();
    let read = async {
        let mut at = 0;
        while at < fetch.file().size {
            at += fetch.read(at, u64::MAX).await.unwrap().len() as u64;
        }
    };
    soon("the whole file", async { tokio::join!(give_three(&wires[0]), give_three(&wires[1]), read) }).await;
    assert_eq!(*firsts.lock().unwrap(), [0, 3]);
    a.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_piece_that_is_wrong_is_refused_its_sender_barred_and_the_rest_asked_for_elsewhere() {
    let (a, there, target, file, pieces) = offered().await;
    let mut wrong = pieces.clone();
    wrong[2][PIECE_BYTES / 2] ^= 1;
    let (liar, honest) = (Rogue::new(&a).await, Rogue::new(&a).await);
    let wire = member(&liar, &there, 1).await;
    let firsts = Mutex::default();
    let mut events = there.events();
    let _fetch = there.fetch(target).await.unwrap();
    tokio::join!(wire.serve(&wrong, &firsts), async {
        is_barred(&liar, &wire).await;
    });
    let waits = async {
        let mut begun = false;
        loop {
            if let RoomEvent::File { state, have, .. } = events.next().await.unwrap() {
                begun |= state == FileState::Fetching;
                if (state, have) == (FileState::Waiting, 2 * PIECE_BYTES as u64) {
                    return begun;
                }
            }
        }
    };
    assert!(soon("what verified is kept", waits).await, "it came, before it did not");
    let wire = member(&honest, &there, 1).await;
    let comes = async {
        while there.file_state(&file).0 != FileState::Here {
            events.next().await.unwrap();
        }
        wire.connection.close(0u32.into(), b"");
    };
    soon("the rest", async { tokio::join!(wire.serve(&pieces, &firsts), comes) }).await;
    assert_eq!(*firsts.lock().unwrap(), [0, 2]);
    a.close().await;
}

#[tokio::test]
async fn only_members_are_served_and_only_what_their_room_names() {
    let (a, there, b, _here) = pair().await;
    let send = async |room: &Room, bytes: &'static [u8]| {
        let upload = room.upload().await.unwrap().write(Bytes::from_static(bytes)).await.unwrap();
        let (said, _) = upload.say("f", "", None).await.unwrap();
        room.file(said).await.unwrap()
    };
    let file = send(&there, b"for members").await;
    let elsewhere = send(&a.create("elsewhere").await.unwrap(), b"for others").await;
    let rogue = Rogue::new(&a).await;
    let wire = member(&rogue, &there, 2).await;
    assert_eq!(wire.ask(0, file.hash, file.size, 0).await, [&[1, 0, 0, 0, 11][..], b"for members"].concat());
    assert_eq!(wire.ask(0, file.hash, file.size, 1).await, [1], "there is one piece");
    let refused = [(0, elsewhere.hash, elsewhere.size), (0, file.hash, file.size + 1), (7, file.hash, file.size)];
    for (channel, hash, size) in refused {
        assert_eq!(wire.ask(channel, hash, size, 0).await, [0]);
    }
    let stranger = Rogue::new(&a).await;
    let mut outside = stranger.connect().await;
    outside.send(&envelope(0, &[&[0][..], &[7; 8], &[1; 32], &[2; 32]].concat())).await;
    assert_eq!(outside.closed().await, NOTHING_SHARED);
    assert!(outside.connection.open_bi().await.is_err());
    assert_eq!(there.file(Target { author: there.author(), seq: 0 }).await, Err(Error::NoFile));
    a.close().await;
    b.close().await;
}

#[tokio::test]
async fn what_asks_for_no_file_bars() {
    for asked in [&b""[..], &[0; 12], &[0; 90], &[0xff; 64]] {
        barred(async |wire, room| {
            wire.introduce(room).await;
            status(room, "the peer made by hand", |status| status.peers.len() == 2).await;
            wire.ask_raw(asked).await;
        })
        .await;
    }
}

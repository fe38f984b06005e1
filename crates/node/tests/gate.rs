//! The gate of closed rooms against a handmade peer that knows the room's secret: what it gets of the room, byte by byte.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that cannot go on has failed")]

mod support;

use aes_gcm_siv::{Aes256GcmSiv, KeyInit as _, aead::Aead as _};
use iroh::{
    Endpoint, EndpointAddr, SecretKey,
    endpoint::{Connection, ConnectionError, RecvStream, SendStream},
};
use rumormill_node::{Membership, Node, Room, Ticket};
use rumormill_proto::{
    admit::Author,
    codec::put_number,
    entry::{Body, Kind, RawEntry},
    frame::{Frame, Hello},
    governance::{Act, Order, Says, countersign},
    ids::{AuthorId, EntryId, PeerId},
    introduction::{Introduction, Side},
    run::RawRun,
    time::Time,
};
use support::{addr, endpoint, memory, soon};

const GREETING: u8 = 0;
const ADDRESS: u8 = 1;
const PART: u8 = 2;
const PROOF: u8 = 6;

const NOTHING_SHARED: u64 = 1;

/// A handmade peer with a ticket, which writes under this key.
struct Caller {
    endpoint: Endpoint,
    target: EndpointAddr,
    ticket: Ticket,
    author: Author,
}

/// Its connection, and what came over it.
struct Wire {
    connection: Connection,
    live: SendStream,
    replies: RecvStream,
    unread: Vec<u8>,
    signed: Introduction,
}

/// What the node said: the kind of a control, or a frame.
#[derive(Debug)]
enum Said {
    Control(u8),
    Frame(Frame),
}

impl Caller {
    async fn new(target: &Node, ticket: &Ticket, secret: u8) -> Self {
        let endpoint = endpoint(SecretKey::generate()).await;
        let target = addr(target);
        Self { endpoint, target, ticket: ticket.clone(), author: Author::from_secret(&[secret; 32]) }
    }

    /// Connects and announces the room, as whoever knows its secret can.
    async fn calls(&self) -> Wire {
        let connection = soon("a connection", self.endpoint.connect(self.target.clone(), b"rumormill/1.1")).await;
        let connection = connection.unwrap();
        let (live, replies) = connection.open_bi().await.unwrap();
        let mut exported = [0; 32];
        connection.export_keying_material(&mut exported, b"rumormill 1 greeting", b"").unwrap();
        let (from, to) = (PeerId(*self.endpoint.id().as_bytes()), PeerId(*self.target.id.as_bytes()));
        let signed = Introduction { exported, side: Side::Dialler, from, to, room: self.ticket.room };
        let mut wire = Wire { connection, live, replies, unread: Vec::new(), signed };
        let key = blake3::derive_key("rumormill 1 greeting", &self.ticket.secret);
        let tag = blake3::Hasher::new_keyed(&key).update(&exported).update(&[0]).update(&self.ticket.room.0).finalize();
        wire.control(&[&[GREETING], &[7; 8][..], tag.as_bytes()].concat()).await;
        wire
    }

    /// Proves its key, and that of its ticket if it comes as a guest.
    async fn proves(&self, wire: &mut Wire, is_guest: bool) {
        let proof = self.proof(&wire.signed, is_guest);
        self.shows(wire, proof).await;
    }

    fn proof(&self, signed: &Introduction, is_guest: bool) -> Vec<u8> {
        let mut plain = self.author.id().0.to_vec();
        plain.extend_from_slice(&self.author.introduce(signed));
        match is_guest {
            false => plain.extend_from_slice(&[0, 0]),
            true => {
                let pass = self.ticket.admits.unwrap().pass;
                plain.push(1);
                plain.extend_from_slice(&pass.ticket.0);
                plain.extend_from_slice(&Author::from_secret(&pass.secret).id().0);
                plain.extend_from_slice(&signed.countersign(&pass.secret, &self.author.id()));
            }
        }
        plain
    }

    /// Seals a proof as newcomers do, and sends it.
    async fn shows(&self, wire: &mut Wire, mut plain: Vec<u8>) {
        plain.resize(1024, 0);
        let mut key = blake3::Hasher::new_derive_key("rumormill 1 proof");
        key.update(&self.ticket.secret).update(&wire.signed.exported).update(&[0]).update(&self.ticket.room.0);
        let key: [u8; 32] = key.finalize().into();
        let sealed = Aes256GcmSiv::new(&key.into()).encrypt(&Default::default(), &*plain).unwrap();
        wire.control(&[&[PROOF, 0][..], &sealed].concat()).await;
    }

    /// Its first entry, with its ticket.
    fn join(&self) -> RawRun {
        let pass = self.ticket.admits.unwrap().pass;
        let (room, ticket) = (self.ticket.room, pass.ticket);
        let (key, countersignature) = countersign(&pass.secret, &room, &ticket, &self.author.id());
        let says = Says::Join { ticket, key, exchange: self.author.exchange(), countersignature };
        let (kind, body) = Act { before: None, says }.encode().unwrap();
        let entry = RawEntry { time: Time::from_ms(1), seen: vec![], kind, body: Body::Here(body) };
        self.author.sign(&room, 0, EntryId::default(), vec![entry]).unwrap()
    }
}

impl Wire {
    async fn control(&mut self, body: &[u8]) {
        self.send(0, body).await;
    }

    async fn says(&mut self, frame: &Frame) {
        self.send(1, &frame.encode()).await;
    }

    async fn send(&mut self, channel: u64, body: &[u8]) {
        let (mut rest, mut out) = (Vec::new(), Vec::new());
        put_number(&mut rest, channel);
        rest.extend_from_slice(body);
        put_number(&mut out, rest.len() as u64);
        // The node may have closed the connection already.
        let _ = self.live.write_all(&out).await;
        let _ = self.live.write_all(&rest).await;
    }

    /// The next thing that the node says; `None` at the end of the connection.
    async fn hears(&mut self) -> Option<Said> {
        loop {
            let digits = self.unread.iter().position(|byte| byte & 0x80 == 0).map(|last| last + 1);
            if let Some(digits) = digits {
                let len = (0..digits).map(|at| usize::from(self.unread[at] & 0x7f) << (7 * at)).sum::<usize>();
                if self.unread.len() >= digits + len {
                    let envelope: Vec<u8> = self.unread.drain(..digits + len).skip(digits).collect();
                    return Some(match envelope.split_first().unwrap() {
                        (0, control) => Said::Control(control[0]),
                        // The room is among the first hundred tags.
                        (_, frame) => Said::Frame(Frame::decode(frame.to_vec().into()).unwrap()),
                    });
                }
            }
            let mut piece = [0; 4096];
            let read = soon("what the node says", self.replies.read(&mut piece)).await.ok()??;
            self.unread.extend_from_slice(&piece[..read]);
        }
    }

    /// All that the node says until it parts with us.
    async fn hears_out(&mut self) -> Vec<Said> {
        let mut all = Vec::new();
        while let Some(said) = self.hears().await {
            all.push(said);
        }
        all
    }

    async fn closed(&self) -> u64 {
        match soon("the end of the connection", self.connection.closed()).await {
            ConnectionError::ApplicationClosed(close) => close.error_code.into_inner(),
            other => panic!("{other}"),
        }
    }
}

/// Checks that nothing of the room was said: no frame, and no proof of who writes there.
fn nothing(said: &[Said]) {
    let tells = |said: &&Said| !matches!(said, Said::Control(GREETING | ADDRESS | PART));
    assert!(!said.iter().any(|said| tells(&said)), "{said:?}");
}

/// Checks that so many proofs came, which only members can open, and nothing else of the room.
async fn sealed_proofs(wire: &mut Wire, count: usize) {
    let (sealed, rest): (Vec<Said>, _) =
        wire.hears_out().await.into_iter().partition(|said| matches!(said, Said::Control(PROOF)));
    assert_eq!(sealed.len(), count);
    nothing(&rest);
    assert_eq!(wire.closed().await, NOTHING_SHARED);
}

async fn until(room: &Room, what: &str, good: impl Fn(&Room) -> bool) {
    let mut events = room.events();
    let wait = async {
        while !good(room) {
            futures_util::StreamExt::next(&mut events).await;
        }
    };
    soon(what, wait).await;
}

fn is_in(room: &Room, author: AuthorId) -> bool {
    room.members()
        .iter()
        .any(|member| member.author == author && matches!(member.place, rumormill_node::Place::Present(_)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_ticket_gets_not_a_byte_of_the_room() {
    let node = memory().await;
    let ann = node.create_closed("lunch").await.unwrap();
    ann.say("between us").await.unwrap();
    let ticket = ann.new_ticket(5, None).await.unwrap();
    let made = ticket.admits.unwrap().pass.ticket;
    let caller = Caller::new(&node, &ticket, 8).await;
    ann.order(Order::Revoke(made)).await.unwrap();
    for is_guest in [true, false] {
        let mut wire = caller.calls().await;
        caller.proves(&mut wire, is_guest).await;
        wire.says(&Frame::Runs { want: 0, runs: vec![caller.join()] }).await;
        wire.says(&Frame::Status { digest: [0; 16], answer: false }).await;
        nothing(&wire.hears_out().await);
        assert_eq!(wire.closed().await, NOTHING_SHARED, "as whoever does not know the room, and nobody is barred");
    }
    // Nor does what proves nothing: it is answered once with a proof, sealed under an epoch that only members hold.
    for proofs in [1, 0] {
        let mut wire = caller.calls().await;
        wire.control(&[&[PROOF, 0][..], &[5; 1040]].concat()).await;
        sealed_proofs(&mut wire, proofs).await;
    }
    assert_eq!(ann.members().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_greeting_in_somebody_elses_name_opens_nothing() {
    let node = memory().await;
    let ann = node.create_closed("lunch").await.unwrap();
    let ticket = ann.new_ticket(1, None).await.unwrap();
    let ben = Caller::new(&node, &ticket, 9).await;
    let mut bens = ben.calls().await;
    ben.proves(&mut bens, true).await;
    bens.says(&Frame::Runs { want: 0, runs: vec![ben.join()] }).await;
    until(&ann, "the welcome", |room| is_in(room, ben.author.id())).await;
    ann.say("between us").await.unwrap();

    // Mallory knows the room's secret and who is in it: she signs for Ben, and repeats what Ben signed at his connection.
    let mallory = Caller::new(&node, &ticket, 8).await;
    for is_repeated in [false, true] {
        let mut wire = mallory.calls().await;
        let (by, at) = if is_repeated { (&ben, bens.signed) } else { (&mallory, wire.signed) };
        let mut proof = by.proof(&at, false);
        proof[..32].copy_from_slice(&ben.author.id().0);
        mallory.shows(&mut wire, proof).await;
        wire.says(&Frame::Status { digest: [0; 16], answer: false }).await;
        sealed_proofs(&mut wire, usize::from(!is_repeated)).await;
    }
    // Ben himself is let in by the same means.
    let mut wire = ben.calls().await;
    ben.proves(&mut wire, false).await;
    while !matches!(wire.hears().await.unwrap(), Said::Frame(_)) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_key_gets_the_acts_that_removed_it_and_no_more() {
    let node = memory().await;
    let ann = node.create_closed("lunch").await.unwrap();
    let ticket: Ticket = ann.ticket().await.unwrap();
    let mallory = Caller::new(&node, &ticket, 8).await;
    let mut wire = mallory.calls().await;
    mallory.proves(&mut wire, true).await;
    // Ann proves who she is, and lets in whoever shows its join.
    while !matches!(wire.hears().await.unwrap(), Said::Control(PROOF)) {}
    wire.says(&Frame::Runs { want: 0, runs: vec![mallory.join()] }).await;
    until(&ann, "the welcome", |room| is_in(room, mallory.author.id())).await;
    ann.say("before").await.unwrap();
    while !matches!(wire.hears().await.unwrap(), Said::Frame(Frame::Push(push)) if words(&push.runs)) {}

    ann.order(Order::Remove(mallory.author.id())).await.unwrap();
    until(&ann, "the removal", |room| !is_in(room, mallory.author.id())).await;
    ann.say("behind her back").await.unwrap();
    let said = wire.hears_out().await;
    // Before that she is admitted, so that what she said stays.
    let told = said.iter().position(|said| matches!(said, Said::Frame(Frame::Runs { want: 0, .. }))).unwrap();
    only_acts(&said[told..], ann.author());
    assert_eq!(wire.closed().await, NOTHING_SHARED);

    // Somebody joins, and Mallory comes again: she was told. After a pause she is told the same once more, for it may not have
    // arrived.
    let other = memory().await;
    let ben = other.join(&ann.ticket().await.unwrap()).await.unwrap();
    until(&ben, "to be let in", |room| matches!(room.membership(), Membership::Present(_))).await;
    let named = |run: &RawRun| run.wire().windows(32).any(|bytes| bytes == ben.author().0);
    for is_guest in [false, true] {
        let mut wire = mallory.calls().await;
        mallory.proves(&mut wire, is_guest).await;
        wire.says(&Frame::Status { digest: [0; 16], answer: false }).await;
        let said = wire.hears_out().await;
        assert!(!only_acts(&said, ann.author()).iter().any(named), "not who came behind: {said:?}");
    }
    // Her process begins anew at another place: she is told once more, and hears nothing that came behind.
    let anew = Caller::new(&node, &ticket, 8).await;
    let mut wire = anew.calls().await;
    anew.proves(&mut wire, false).await;
    let said = wire.hears_out().await;
    let runs = only_acts(&said, ann.author());
    assert!(!runs.is_empty() && !runs.iter().any(named), "not who came behind: {said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_of_the_first_version_shows_that_it_is_too_old_for_a_room_that_is_closed() {
    let (node, other) = (memory().await, memory().await);
    let ann = node.create("lunch").await.unwrap();
    let ticket = ann.ticket().await.unwrap();
    // It knows the room's secret, and never says who writes there.
    let old = Caller::new(&node, &ticket, 8).await;
    let mut wire = old.calls().await;
    wire.says(&Frame::Hello(Hello { author: old.author.id(), wall_ms: 1 })).await;
    while !matches!(wire.hears().await.unwrap(), Said::Frame(_)) {}
    ann.close([].into()).await.unwrap();
    let said = wire.hears_out().await;
    let pushed = said.iter().flat_map(|said| match said {
        Said::Frame(Frame::Push(push)) => push.runs.iter().flat_map(RawRun::entries).collect(),
        _ => Vec::new(),
    });
    let pushed: Vec<&RawEntry> = pushed.collect();
    let told = pushed.iter().position(|entry| {
        let text = entry.body.bytes().filter(|_| entry.kind == Kind::TEXT);
        text.is_some_and(|text| String::from_utf8_lossy(text).contains("version 0.1 are too old"))
    });
    let closed = pushed.iter().position(|entry| entry.kind == Kind::CLOSE);
    assert!(told.is_some() && told < closed, "{pushed:?}");
    assert_eq!(wire.closed().await, NOTHING_SHARED);
    // Where everybody is of this version nobody is told that.
    let dinner = node.create("dinner").await.unwrap();
    let guest = other.join(&dinner.ticket().await.unwrap()).await.unwrap();
    guest.say("hello").await.unwrap();
    support::says(&dinner, &["hello"]).await;
    support::status(&dinner, "a guest", |status| status.peers.len() == 1).await;
    dinner.close([].into()).await.unwrap();
    support::says(&dinner, &["hello"]).await;
}

fn words(runs: &[RawRun]) -> bool {
    runs.iter().flat_map(RawRun::entries).any(|entry| entry.kind.opened() == Some(Kind::TEXT))
}

/// Checks that nothing came but acts of this author, and headers that lead to them, and returns them.
fn only_acts(said: &[Said], author: AuthorId) -> Vec<RawRun> {
    let mut all = Vec::new();
    for said in said {
        match said {
            Said::Control(PART | ADDRESS | GREETING) => {}
            Said::Frame(Frame::Runs { want: 0, runs }) => all.extend(runs.iter().cloned()),
            other => panic!("{other:?}"),
        }
    }
    for run in &all {
        assert_eq!(run.author(), author);
        let bare = |entry: &RawEntry| entry.kind.is_act() || entry.body.bytes().is_none();
        assert!(run.entries().iter().all(bare), "{run:?}");
    }
    let removals = all.iter().flat_map(RawRun::entries).filter(|entry| entry.kind == Kind::REMOVE);
    assert_eq!(removals.count(), 1);
    all
}

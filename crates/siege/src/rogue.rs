//! Hostile peers on the real transport: a [`Rogue`] has a key and an endpoint, and a [`Wire`] is one of its
//! connections, on which it can send any bytes.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use iroh::{
    Endpoint, EndpointAddr, RelayMode, SecretKey,
    endpoint::{Connection, ConnectionError, PortmapperConfig, RecvStream, SendStream, presets},
};
use rumormill_node::{Node, Room};
use rumormill_proto::{
    admit::Author,
    codec::put_number,
    frame::{Contact, Frame, Hello, Want},
    ids::{PeerId, Seq},
    introduction::{Introduction, Side},
    limits::PUSH_RUNS,
    run::RawRun,
};
use tokio::sync::Mutex;

use crate::nodes::PATIENCE;

/// Protocol names that peers of the first version and of the present one announce.
pub const FIRST: &[u8] = b"rumormill/1";
/// See [`FIRST`].
pub const PRESENT: &[u8] = b"rumormill/1.1";

/// Codes with which a node closes a connection.
pub const NOTHING_SHARED: u64 = 1;
/// See [`NOTHING_SHARED`].
pub const BARRED: u64 = 3;

/// The control that says how to reach the sender.
pub const ADDRESS: u8 = 1;

/// The control that says which author writes at the sender.
const INTRODUCTION: u8 = 5;

/// Time within which a node with a free place answers a handshake; one that ignores it never answers.
const DIAL: Duration = Duration::from_secs(5);

/// A hostile peer.
pub struct Rogue {
    /// Its endpoint.
    pub endpoint: Endpoint,
    /// The node that it attacks.
    pub target: EndpointAddr,
}

/// One connection of a hostile peer.
pub struct Wire {
    /// The connection.
    pub connection: Connection,
    /// The live stream to the node.
    pub live: SendStream,
    /// The live stream from the node. Unless something reads it, the node's queue fills.
    pub replies: RecvStream,
    /// Its transport key.
    me: PeerId,
}

impl Rogue {
    /// A rogue with a new key.
    pub async fn new(target: &Node) -> Self {
        Self::with_key(target, SecretKey::generate()).await
    }

    /// A rogue with this key.
    pub async fn with_key(target: &Node, key: SecretKey) -> Self {
        let id = iroh::EndpointId::from_bytes(&target.peer().0).unwrap();
        Self::between(key, EndpointAddr::new(id).with_ip_addr(target.local_addrs()[0])).await
    }

    /// A rogue that attacks a node in another process, on loopback.
    pub async fn to(contact: &Contact) -> Self {
        let id = iroh::EndpointId::from_bytes(&contact.peer.0).unwrap();
        // The contact has a count, the family of the first address, its four bytes, and then its port.
        let port = u16::from_be_bytes([contact.address[6], contact.address[7]]);
        let target = EndpointAddr::new(id).with_ip_addr((std::net::Ipv4Addr::LOCALHOST, port).into());
        Self::between(SecretKey::generate(), target).await
    }

    async fn between(key: SecretKey, target: EndpointAddr) -> Self {
        let endpoint = Endpoint::builder(presets::Minimal)
            .relay_mode(RelayMode::Disabled)
            .portmapper_config(PortmapperConfig::Disabled)
            .clear_ip_transports()
            .bind_addr("127.0.0.1:0")
            .unwrap()
            .secret_key(key)
            .bind()
            .await
            .unwrap();
        Self { endpoint, target }
    }

    /// A connection; `None` when a few seconds do not suffice to get one.
    pub async fn connect(&self, version: &[u8]) -> Option<Wire> {
        let dial = async {
            let connection = self.endpoint.connect(self.target.clone(), version).await.ok()?;
            let (live, replies) = connection.open_bi().await.ok()?;
            Some(Wire { connection, live, replies, me: PeerId(*self.endpoint.id().as_bytes()) })
        };
        tokio::time::timeout(DIAL, dial).await.ok().flatten()
    }

    /// A member's connection: the greeting and the hello are done. The member proves no author.
    pub async fn member(&self, room: &Room) -> Option<Wire> {
        let author = Author::from_secret(blake3::hash(self.endpoint.id().as_bytes()).as_bytes());
        let mut wire = self.connect(PRESENT).await?;
        wire.greet(room).await;
        wire.say(&Frame::Hello(Hello { author: author.id(), wall_ms: wall_ms() })).await;
        Some(wire)
    }

    /// The same, and proves that this author writes there.
    pub async fn author(&self, room: &Room, author: &Author) -> Option<Wire> {
        let mut wire = self.connect(PRESENT).await?;
        wire.greet(room).await;
        wire.say(&Frame::Hello(Hello { author: author.id(), wall_ms: wall_ms() })).await;
        wire.introduce(room, author).await;
        Some(wire)
    }
}

/// The code with which the node closed the connection; `None` when it did not.
pub async fn closed(connection: &Connection) -> Option<u64> {
    match tokio::time::timeout(PATIENCE / 4, connection.closed()).await {
        Ok(ConnectionError::ApplicationClosed(close)) => Some(close.error_code.into_inner()),
        Ok(_) | Err(_) => None,
    }
}

/// Wall clock of a correct machine.
pub fn wall_ms() -> u64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_millis() as u64)
}

impl Wire {
    /// Sends raw bytes; returns whether the connection accepted them.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        self.live.write_all(bytes).await.is_ok()
    }

    fn exported(&self) -> [u8; 32] {
        let mut exported = [0; 32];
        self.connection.export_keying_material(&mut exported, b"rumormill 1 greeting", b"").unwrap();
        exported
    }

    /// Greets for the room, as a member does.
    pub async fn greet(&mut self, room: &Room) -> bool {
        let ticket = room.ticket().await.unwrap();
        let key = blake3::derive_key("rumormill 1 greeting", &ticket.secret);
        let tag =
            blake3::Hasher::new_keyed(&key).update(&self.exported()).update(&[0]).update(&ticket.room.0).finalize();
        self.send(&envelope(0, &[&[0], &[7; 8][..], tag.as_bytes()].concat())).await
    }

    /// Proves that this author writes here.
    async fn introduce(&mut self, room: &Room, author: &Author) -> bool {
        let to = PeerId(*self.connection.remote_id().as_bytes());
        let signed =
            Introduction { exported: self.exported(), side: Side::Dialler, from: self.me, to, room: room.id() };
        let signature = author.introduce(&signed);
        self.control(&[&[INTRODUCTION, 0][..], &author.id().0, &signature].concat()).await
    }

    /// Sends a frame for the room of the greeting.
    pub async fn say(&mut self, frame: &Frame) -> bool {
        self.send(&envelope(1, &frame.encode())).await
    }

    /// Sends a control of the connection.
    pub async fn control(&mut self, body: &[u8]) -> bool {
        self.send(&envelope(0, body)).await
    }

    /// See [`closed`].
    pub async fn closed(&self) -> Option<u64> {
        closed(&self.connection).await
    }

    /// Reads and discards everything in the background, so that the node's queue does not fill.
    pub fn read_all(self) -> Server {
        self.serving(Vec::new())
    }

    /// Reads everything in the background, and answers wants from these runs, as a member does.
    pub fn serving(self, runs: Vec<RawRun>) -> Server {
        let Self { connection, live, replies, .. } = self;
        let live = Arc::new(Mutex::new(live));
        let server = Server { connection, live: live.clone(), runs: Arc::default() };
        runs.into_iter().for_each(|run| server.holds(run));
        tokio::spawn(serve(replies, live, server.runs.clone()));
        server
    }
}

/// A connection whose wants are answered in the background.
#[derive(Clone)]
pub struct Server {
    /// The connection.
    pub connection: Connection,
    live: Arc<Mutex<SendStream>>,
    runs: Runs,
}

/// The runs to serve, by author and first seq.
type Runs = Arc<std::sync::Mutex<BTreeMap<(u64, Seq), RawRun>>>;

impl Server {
    /// Also serves this run from now on.
    pub fn holds(&self, run: RawRun) {
        self.runs.lock().unwrap().insert((run.author().prefix(), run.first()), run);
    }

    /// Sends a frame for the room of the greeting; returns whether the connection accepted it.
    pub async fn say(&self, frame: &Frame) -> bool {
        say(&self.live, frame).await
    }
}

async fn say(live: &Mutex<SendStream>, frame: &Frame) -> bool {
    live.lock().await.write_all(&envelope(1, &frame.encode())).await.is_ok()
}

async fn serve(mut replies: RecvStream, live: Arc<Mutex<SendStream>>, runs: Runs) {
    let (mut unread, mut piece) = (Vec::new(), vec![0; 65_536]);
    while let Ok(Some(count)) = replies.read(&mut piece).await {
        unread.extend_from_slice(&piece[..count]);
        while let Some(body) = next_envelope(&mut unread) {
            let Some((1.., frame)) = body.split_first() else { continue };
            if let Ok(Frame::Want(want)) = Frame::decode(Bytes::copy_from_slice(frame)) {
                let answer = answer(&runs.lock().unwrap(), &want);
                for runs in answer.chunks(PUSH_RUNS) {
                    say(&live, &Frame::Runs { want: want.want, runs: runs.to_vec() }).await;
                }
                say(&live, &Frame::Done { want: want.want }).await;
            }
        }
    }
}

/// All wanted runs: the newest, and those of each range from the top down.
fn answer(runs: &BTreeMap<(u64, Seq), RawRun>, want: &Want) -> Vec<RawRun> {
    let newest = runs.values().rev().take(want.newest as usize).cloned();
    let of = |author, first, last| runs.range((author, first)..=(author, last)).rev().map(|(_, run)| run.clone());
    newest.chain(want.ranges.iter().flat_map(|range| of(range.author, range.first, range.last))).collect()
}

/// The next complete envelope after its length, with a channel of one digit.
fn next_envelope(unread: &mut Vec<u8>) -> Option<Vec<u8>> {
    let digits = unread.iter().position(|byte| byte & 0x80 == 0)? + 1;
    let number = |value: usize, (at, byte): (usize, &u8)| value | usize::from(byte & 0x7f) << (7 * at);
    let len = unread[..digits].iter().enumerate().fold(0, number);
    (unread.len() >= digits + len).then(|| unread.drain(..digits + len).skip(digits).collect())
}

/// An envelope of the live stream: `channel` 0 is a control, 1 the first room of the greeting.
pub fn envelope(channel: u64, body: &[u8]) -> Vec<u8> {
    let mut rest = Vec::new();
    put_number(&mut rest, channel);
    rest.extend_from_slice(body);
    let mut out = Vec::new();
    put_number(&mut out, rest.len() as u64);
    out.extend_from_slice(&rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelopes_come_out_as_they_went_in() {
        let mut bytes = [envelope(1, &[7; 300]), envelope(0, b"x"), envelope(1, b"cut")].concat();
        bytes.pop();
        assert_eq!(next_envelope(&mut bytes), Some([&[1][..], &[7; 300]].concat()));
        assert_eq!(next_envelope(&mut bytes), Some(b"\0x".to_vec()));
        assert_eq!(next_envelope(&mut bytes), None);
    }
}

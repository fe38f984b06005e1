//! The settings of a node, and of a room on it.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use iroh::RelayUrl;
use rumormill_proto::{
    frame::Contact,
    ids::RoomId,
    rumor::{Policy, delegating::Delegating},
    sync::Pace,
    view::Shape,
};
use rumormill_store::{Closed, HomeKey, Keep, Private, RoomRecord};
use zeroize::Zeroize;

use crate::limits::{HOST_BYTES, RELAY_URL_BYTES};

/// The settings of a node.
#[derive(Clone)]
pub struct Settings {
    /// The home of rooms and keys.
    pub home: Home,
    /// The sockets where peers reach the node.
    pub bind: Bind,
    /// Whether the node announces itself on the LAN and looks for members of its rooms there.
    pub lan: bool,
    /// Whether the node uses relays and hole punching. Without, it uses only addresses that it is given and the LAN.
    pub relay: bool,
    /// The relays at which peers reach the node. If there are none, the public relays of n0, where the node publishes
    /// its address too. Relays that others chose are only used to reach those others.
    pub relays: Vec<Relay>,
    /// Whether the node stores in the Mainline DHT how it is reached, and looks up there how peers are, if it goes beyond
    /// this machine and the LAN.
    pub dht: bool,
    /// The nodes that the DHT is entered by. If there are none, those that other programs use.
    pub dht_nodes: Vec<DhtNode>,
    /// Whether the node sends nothing beyond the networks that this machine is attached to; relays are off then.
    pub lan_only: bool,
    /// The secret of the transport key, if it does not come from the home.
    pub peer_secret: Option<[u8; 32]>,
    /// The key under which the keys in the home are sealed, if they are.
    pub key: Option<HomeKey>,
    /// Whether the events of rooms include each step of the protocol, see [`RoomEvent::Step`](crate::RoomEvent::Step).
    pub trace: bool,
    /// A clock for tests, which differs from the machine's.
    pub clock: ClockShift,
}

/// The URL of a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay(pub(crate) RelayUrl);

impl FromStr for Relay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no relay: write a URL such as https://relay.example.org");
        let url = RelayUrl::from_str(text).map_err(|_| wrong())?;
        let alone = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        let fits = matches!(url.scheme(), "http" | "https") && url.has_host() && url.fragment().is_none();
        (alone && fits && url.as_str().len() <= RELAY_URL_BYTES).then_some(Self(url)).ok_or_else(wrong)
    }
}

impl fmt::Display for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A node of the Mainline DHT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DhtNode {
    /// Its name or its IPv4 address.
    pub(crate) host: String,
    /// Its UDP port.
    pub(crate) port: u16,
}

impl FromStr for DhtNode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_host = |host: &str| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
            (1..=HOST_BYTES).contains(&host.len()) && host.bytes().all(fits)
        };
        let parts = text.rsplit_once(':').filter(|(host, _)| is_host(host));
        let node = parts.and_then(|(host, port)| Some(Self { host: host.to_owned(), port: port.parse().ok()? }));
        let wrong = || {
            format!(
                "{text:?} is no node of the DHT: write a name or IPv4 address and a port, such as dht.example.org:6881"
            )
        };
        node.filter(|node| node.port > 0).ok_or_else(wrong)
    }
}

impl fmt::Display for DhtNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// The milliseconds by which a node's clock is ahead of the machine's. Clones are the same clock, which a test can set
/// while the node runs.
#[derive(Clone, Debug, Default)]
pub struct ClockShift(Arc<AtomicI64>);

impl ClockShift {
    /// Sets the milliseconds.
    pub fn set(&self, ahead_ms: i64) {
        self.0.store(ahead_ms, Ordering::Relaxed);
    }

    pub(crate) fn ahead_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The home of rooms and keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Home {
    /// In this directory, which one node at a time may have open.
    Dir(PathBuf),
    /// In this directory, which no node may have open: the node reads it, and creates and changes nothing there.
    Still(PathBuf),
    /// In memory: everything is gone when the node closes.
    Memory,
}

impl Home {
    /// Its directory, if it has one.
    pub fn dir(&self) -> Option<&Path> {
        match self {
            Self::Dir(dir) | Self::Still(dir) => Some(dir),
            Self::Memory => None,
        }
    }
}

/// The sockets where peers reach a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bind {
    /// On every network, at a port that stays the same if it is free.
    Any,
    /// On 127.0.0.1 only, without a port mapper, the LAN or relays.
    Loopback {
        /// UDP port; 0 for any free one.
        port: u16,
    },
}

impl Settings {
    /// The settings for a person: a home in this directory, reachable from the LAN and the internet.
    pub fn dir(path: impl Into<PathBuf>) -> Self {
        Self {
            home: Home::Dir(path.into()),
            bind: Bind::Any,
            lan: true,
            relay: true,
            relays: Vec::new(),
            dht: false,
            dht_nodes: Vec::new(),
            lan_only: false,
            peer_secret: None,
            key: None,
            trace: false,
            clock: ClockShift::default(),
        }
    }

    /// The settings for a test or an example: nothing is kept, and only this machine reaches the node.
    pub fn memory() -> Self {
        Self {
            home: Home::Memory,
            bind: Bind::Loopback { port: 0 },
            lan: false,
            relay: false,
            relays: Vec::new(),
            dht: false,
            dht_nodes: Vec::new(),
            lan_only: false,
            peer_secret: None,
            key: None,
            trace: false,
            clock: ClockShift::default(),
        }
    }
}

impl Settings {
    /// How far the node goes to reach peers.
    pub fn reach(&self) -> Reach {
        match self.bind {
            Bind::Loopback { .. } => Reach::Machine,
            Bind::Any if self.lan_only => Reach::Lan,
            Bind::Any if !self.relay => Reach::Direct { dht: self.dht },
            Bind::Any if self.relays.is_empty() => Reach::Public { dht: self.dht },
            Bind::Any => Reach::Relays { relays: self.relays.clone(), dht: self.dht },
        }
    }
}

/// How far a node goes to reach peers, and with whose help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To peers on this machine.
    Machine,
    /// To peers in the networks that this machine is attached to. Not a packet goes beyond them.
    Lan,
    /// To the addresses that tickets, peers and the LAN give, without help.
    Direct {
        /// Whether the node also stores its addresses in the Mainline DHT, and looks up there those of others.
        dht: bool,
    },
    /// To the same, through these relays too.
    Relays {
        /// The relays.
        relays: Vec<Relay>,
        /// Whether the node also stores its relay in the Mainline DHT, and looks up there how others are reached.
        dht: bool,
    },
    /// To the same, through the public relays of n0 too, where the node publishes its address and looks up those of
    /// others.
    Public {
        /// Whether the node also stores its relay in the Mainline DHT, and looks up there how others are reached.
        dht: bool,
    },
}

impl Reach {
    /// Whether the node enters the Mainline DHT.
    pub fn dht(&self) -> bool {
        match self {
            Self::Machine | Self::Lan => false,
            Self::Direct { dht } | Self::Relays { dht, .. } | Self::Public { dht } => *dht,
        }
    }
}

/// Leaves the secret out.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { home, bind, lan, relay, relays, dht, dht_nodes, lan_only, peer_secret: _, key: _, trace, clock } =
            self;
        f.debug_struct("Settings")
            .field("home", home)
            .field("bind", bind)
            .field("lan", lan)
            .field("relay", relay)
            .field("relays", relays)
            .field("dht", dht)
            .field("dht_nodes", dht_nodes)
            .field("lan_only", lan_only)
            .field("trace", trace)
            .field("clock", clock)
            .finish_non_exhaustive()
    }
}

impl Drop for Settings {
    fn drop(&mut self) {
        self.peer_secret.zeroize();
    }
}

/// How a node takes part in a room, for [`Node::enter`](crate::Node::enter).
#[derive(Clone)]
pub struct RoomSetup {
    /// The room.
    pub id: RoomId,
    /// The secret that its members know.
    pub secret: [u8; 32],
    /// The signing key of the author who writes here.
    pub author_secret: [u8; 32],
    /// Whether that key is new, so that no peer can have entries by it.
    pub fresh_author: bool,
    /// The user's name for the room; empty for the founder's.
    pub name: String,
    /// The peers that links are kept with.
    pub shape: Shape,
    /// How rumors spread.
    pub policy: Policy,
    /// How often anti-entropy compares.
    pub pace: Pace,
    /// Peers to dial.
    pub contacts: Vec<Contact>,
    /// Whether the home remembers the room.
    pub keep: bool,
    /// How much of the room is kept.
    pub retention: Keep,
    /// Whether the room is announced by name on the LAN.
    pub announced: bool,
    /// How a closed room is held; `None` for an open one.
    pub closed: Option<Closed>,
    /// The room that it comes out of, if it is a private one.
    pub private: Option<Private>,
    /// The name to say once we are let in.
    pub nick: Option<String>,
}

impl RoomSetup {
    /// The setup by which people enter rooms.
    pub(crate) fn new(id: RoomId, secret: [u8; 32], author_secret: [u8; 32], name: &str) -> Self {
        Self {
            id,
            secret,
            author_secret,
            fresh_author: true,
            name: name.to_owned(),
            shape: Shape::Open,
            policy: Policy::Delegating(Delegating::default()),
            pace: Pace::default(),
            contacts: Vec::new(),
            keep: true,
            retention: Keep::default(),
            announced: false,
            closed: None,
            private: None,
            nick: None,
        }
    }

    /// The setup of a room that the home remembers.
    pub(crate) fn kept(record: RoomRecord) -> Self {
        let mut setup = Self::new(record.id, record.secret, record.author_secret, &record.name);
        setup.fresh_author = false;
        setup.contacts = record.contacts;
        setup.retention = record.keep;
        setup.announced = record.announced;
        setup.closed = record.closed;
        setup.private = record.private;
        setup.nick = record.nick;
        setup
    }
}

/// Leaves the secrets out.
impl fmt::Debug for RoomSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoomSetup")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("shape", &self.shape)
            .field("policy", &self.policy)
            .field("pace", &self.pace)
            .field("contacts", &self.contacts)
            .field("keep", &self.keep)
            .field("retention", &self.retention)
            .field("announced", &self.announced)
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}

impl Drop for RoomSetup {
    fn drop(&mut self) {
        self.secret.zeroize();
        self.author_secret.zeroize();
        if let Some(pass) = self.closed.as_mut().and_then(|closed| closed.pass.as_mut()) {
            pass.secret.zeroize();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_is_a_url_of_a_host() {
        for text in ["https://relay.example.org", "https://relay.example.org:8443/", "http://127.0.0.1:3340"] {
            assert!(text.parse::<Relay>().is_ok(), "{text}");
        }
        let long = format!("https://{}.example.org", "a".repeat(RELAY_URL_BYTES));
        for text in ["", "relay.example.org", "ftp://example.org", "https://", "https://a:b@example.org", &long] {
            assert!(text.parse::<Relay>().unwrap_err().contains("https://relay.example.org"), "{text}");
        }
    }

    #[test]
    fn a_node_of_the_dht_is_a_host_and_a_port() {
        for text in ["dht.example.org:6881", "203.0.113.5:1", "localhost:65535"] {
            assert_eq!(text.parse::<DhtNode>().map(|node| node.to_string()), Ok(text.to_owned()));
        }
        let long = format!("{}:1", "a".repeat(HOST_BYTES + 1));
        for text in
            ["", ":1", "dht.example.org", "dht.example.org:0", "a:70000", "[::1]:1", "a b:1", "udp://a:1", &long]
        {
            assert!(text.parse::<DhtNode>().unwrap_err().contains("dht.example.org:6881"), "{text}");
        }
    }

    #[test]
    fn the_dht_is_entered_only_by_whoever_goes_beyond_the_lan_and_asks_for_it() {
        let asks = |change: fn(&mut Settings)| {
            let mut settings = Settings::dir("home");
            settings.dht = true;
            change(&mut settings);
            settings.reach()
        };
        assert_eq!(Settings::dir("home").reach(), Reach::Public { dht: false });
        assert_eq!(asks(|_| ()), Reach::Public { dht: true });
        assert_eq!(asks(|settings| settings.relay = false), Reach::Direct { dht: true });
        assert_eq!(asks(|settings| settings.lan_only = true), Reach::Lan);
        assert_eq!(asks(|settings| settings.bind = Bind::Loopback { port: 0 }), Reach::Machine);
    }
}

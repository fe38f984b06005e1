//! How a node and a room on it are set up.

use std::{
    fmt,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use rumormill_proto::{frame::Contact, ids::RoomId, rumor::Policy, sync::Pace, view::Shape};
use rumormill_store::Keep;
use zeroize::Zeroize;

/// How a node is set up.
#[derive(Clone)]
pub struct Settings {
    /// Where rooms and keys are kept.
    pub home: Home,
    /// Where peers reach it.
    pub bind: Bind,
    /// Whether it announces itself on the LAN and looks for members of its rooms there.
    pub lan: bool,
    /// Whether it uses public relays, hole punching and address publishing; without, only given addresses
    /// and the LAN.
    pub relay: bool,
    /// Secret of the transport key, when it does not come from the home.
    pub peer_secret: Option<[u8; 32]>,
    /// Whether each step of the protocol is told, see [`rumormill_proto::input::Event::Step`].
    pub trace: bool,
    /// How far the clock is ahead of the machine's, for tests.
    pub clock: ClockShift,
}

/// Milliseconds by which a node's clock is ahead of the machine's. Clones are the same clock, which tests set while it runs.
#[derive(Clone, Debug, Default)]
pub struct ClockShift(Arc<AtomicI64>);

impl ClockShift {
    /// Sets it.
    pub fn set(&self, ahead_ms: i64) {
        self.0.store(ahead_ms, Ordering::Relaxed);
    }

    pub(crate) fn ahead_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Where rooms and keys are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Home {
    /// In this directory, which one node at a time may have open.
    Dir(PathBuf),
    /// In this directory, which no node may have open: it is read, and nothing is made or changed there.
    Still(PathBuf),
    /// Nowhere: all is gone when the node closes.
    Memory,
}

/// Where peers reach a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bind {
    /// On every network, at any free port.
    Any,
    /// On 127.0.0.1 only; never uses a port mapper, the LAN or relays.
    Loopback {
        /// UDP port; 0 for any free one.
        port: u16,
    },
}

impl Settings {
    /// A node of a person: a home on disk, reachable from the LAN and the internet.
    pub fn dir(path: impl Into<PathBuf>) -> Self {
        Self {
            home: Home::Dir(path.into()),
            bind: Bind::Any,
            lan: true,
            relay: true,
            peer_secret: None,
            trace: false,
            clock: ClockShift::default(),
        }
    }

    /// A node of a test or an example: keeps nothing, and only this machine reaches it.
    pub fn memory() -> Self {
        Self {
            home: Home::Memory,
            bind: Bind::Loopback { port: 0 },
            lan: false,
            relay: false,
            peer_secret: None,
            trace: false,
            clock: ClockShift::default(),
        }
    }
}

/// Leaves the secret out.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { home, bind, lan, relay, peer_secret: _, trace, clock } = self;
        f.debug_struct("Settings")
            .field("home", home)
            .field("bind", bind)
            .field("lan", lan)
            .field("relay", relay)
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

/// How a node takes part in a room, see [`crate::Node::enter`].
#[derive(Clone)]
pub struct RoomSetup {
    /// The room.
    pub id: RoomId,
    /// What its members know and others do not.
    pub secret: [u8; 32],
    /// Signing key of the author who writes from here.
    pub author_secret: [u8; 32],
    /// Whether that key was made just now, so that no peer can know entries by it.
    pub fresh_author: bool,
    /// How the user calls the room; empty for the name its owner gave it.
    pub name: String,
    /// Whom links are kept with.
    pub shape: Shape,
    /// How rumors spread.
    pub policy: Policy,
    /// How often anti-entropy compares.
    pub pace: Pace,
    /// Peers to dial.
    pub contacts: Vec<Contact>,
    /// Whether the home remembers the room.
    pub keep: bool,
    /// How much of what is said is kept.
    pub retention: Keep,
    /// Whether those who ask on the LAN are told of it by name, and let in.
    pub announced: bool,
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
            .finish_non_exhaustive()
    }
}

impl Drop for RoomSetup {
    fn drop(&mut self) {
        self.secret.zeroize();
        self.author_secret.zeroize();
    }
}

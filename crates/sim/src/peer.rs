//! One peer: its home, which survives a crash, and the process that runs from it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use rumormill_proto::{
    admit::Author,
    engine::Engine,
    frame::Contact,
    governance::{TicketId, TicketKey},
    ids::{AuthorId, PeerId},
    input::{Input, Unsaid},
    view::Shape,
};
use rumormill_store::{Memory, Read};

use crate::{
    nature::Nature,
    network::End,
    queue::{Index, LinkId, ProcessId},
    serving::Serving,
};

/// Contacts that a home remembers at most, as in a node.
const CONTACTS: usize = 64;

/// Inputs that wait at most for a process that does not run; further ones are lost.
const INBOX: usize = 4096;

/// The point in a turn at which a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Before its outputs are durable.
    BeforeAppend,
    /// After they are durable, before others learn of them.
    BeforeSend,
    /// After others learned of them, before anyone here does.
    BeforeEmit,
}

/// What survives a crash.
pub(crate) struct Remains {
    pub(crate) id: PeerId,
    pub(crate) author: AuthorId,
    pub(crate) author_secret: [u8; 32],
    /// Whether nobody can know the author yet.
    pub(crate) fresh: bool,
    pub(crate) store: Memory,
    pub(crate) contacts: Vec<PeerId>,
    /// The ticket by which its author asks to be let into a closed room.
    pub(crate) pass: Option<(TicketId, TicketKey)>,
    /// Whether it stores and serves what it cannot read.
    pub(crate) keeps: bool,
}

impl Remains {
    pub(crate) fn new(id: PeerId, author_secret: [u8; 32], store: Memory) -> Self {
        let author = Author::from_secret(&author_secret).id();
        Self { id, author, author_secret, fresh: false, store, contacts: Vec::new(), pass: None, keeps: false }
    }
}

/// What a crash destroys.
pub(crate) struct Process {
    pub(crate) number: ProcessId,
    pub(crate) engine: Engine,
    pub(crate) reader: Box<dyn Read>,
    pub(crate) inbox: VecDeque<Input>,
    /// Whether a turn is scheduled.
    pub(crate) turn_due: bool,
    /// The scheduled deadline, in milliseconds.
    pub(crate) wake_ms: Option<u64>,
    /// Our ends of links.
    pub(crate) ends: BTreeMap<Index, End>,
    pub(crate) servings: BTreeMap<u64, (Index, Serving)>,
    /// Tags of unanswered sayings.
    pub(crate) unanswered: Vec<u64>,
    /// Whether the engine abandons its log for a new key.
    pub(crate) leaves: bool,
}

impl Process {
    pub(crate) fn new(number: ProcessId, engine: Engine, reader: Box<dyn Read>) -> Self {
        Self {
            number,
            engine,
            reader,
            inbox: VecDeque::new(),
            turn_due: false,
            wake_ms: None,
            ends: BTreeMap::new(),
            servings: BTreeMap::new(),
            unanswered: Vec::new(),
            leaves: false,
        }
    }

    /// Adds an input for the next turn.
    pub(crate) fn put(&mut self, input: Input) {
        if self.inbox.len() < INBOX {
            self.inbox.push_back(input);
        }
    }
}

/// One peer of a world.
pub(crate) struct Peer {
    pub(crate) home: Remains,
    pub(crate) process: Option<Process>,
    pub(crate) shape: Shape,
    pub(crate) nature: Nature,
    /// Milliseconds by which its clock is ahead of the world's.
    pub(crate) clock_ms: i64,
    pub(crate) paused: bool,
    /// Peers that know its address, namely those that it met since it has a new one; `None` while all do.
    pub(crate) met: Option<BTreeSet<Index>>,
    /// Peers that it refuses to talk to before this time.
    pub(crate) barred: BTreeMap<Index, u64>,
    /// Where its next turn with something to store must end the process.
    pub(crate) ends_at: Option<Stage>,
    /// Why its engine refused what was last to be said or done there.
    pub(crate) refused: Option<Unsaid>,
}

impl Peer {
    pub(crate) fn new(home: Remains, shape: Shape) -> Self {
        let (nature, clock_ms, paused) = (Nature::Honest, 0, false);
        let (met, barred, ends_at, refused) = (None, BTreeMap::new(), None, None);
        Self { home, process: None, shape, nature, clock_ms, paused, met, barred, ends_at, refused }
    }

    /// Whether it runs and is not paused.
    pub(crate) fn is_up(&self) -> bool {
        self.process.is_some() && !self.paused
    }

    /// The process, unless another one has replaced it.
    pub(crate) fn process_numbered(&mut self, number: ProcessId) -> Option<&mut Process> {
        self.process.as_mut().filter(|process| process.number == number)
    }

    /// Ends the process. Its knowledge of other peers stays in the home, as a node keeps it there while running.
    pub(crate) fn end(&mut self) {
        let Some(process) = self.process.take() else { return };
        let worked = process.engine.contacts();
        let strangers = self.home.contacts.iter().copied().filter(|id| worked.iter().all(|known| known.peer != *id));
        self.home.contacts = worked.iter().map(|known| known.peer).chain(strangers).take(CONTACTS).collect();
    }

    /// Peers at the other ends of its links.
    pub(crate) fn linked(&self) -> impl Iterator<Item = Index> + '_ {
        self.process.iter().flat_map(|process| process.ends.keys().copied())
    }

    /// Its end of the link to another peer.
    pub(crate) fn end_to(&self, other: Index) -> Option<&End> {
        self.process.as_ref()?.ends.get(&other)
    }

    pub(crate) fn link_to(&self, other: Index) -> Option<LinkId> {
        self.end_to(other).map(|end| end.link)
    }
}

/// The name of the peer at `index`: spread over the id space, with the index in the last bytes, so that finding a peer
/// by name needs no map.
pub(crate) fn peer_id(scattered: [u8; 32], index: Index) -> PeerId {
    let mut id = scattered;
    id[28..].copy_from_slice(&index.to_be_bytes());
    PeerId(id)
}

/// The index in a peer's name.
pub(crate) fn index_of(id: &PeerId) -> Index {
    let [.., a, b, c, d] = id.0;
    Index::from_be_bytes([a, b, c, d])
}

/// How to reach a peer: in a world the name is enough, and the address only has a realistic length.
pub(crate) fn contact(peer: PeerId) -> Contact {
    Contact { peer, address: Bytes::from_static(b"host") }
}

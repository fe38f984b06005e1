//! Observations at the border between engines and their driver. All checkers work on these.

use rumormill_proto::{
    admit::{Entry, Run},
    engine::Size,
    fork::Proof,
    frame::Frame,
    frontier::Frontier,
    ids::{AuthorId, EntryId, Seq},
    input::Arrival,
    reject::Reject,
};
use rumormill_store::TimelineRow;

/// One event at one peer. Peers are identified by their number in the world.
#[derive(Debug)]
pub enum Fact<'a> {
    /// A process starts, with this content in its store: at the beginning, after a crash, or with another store.
    Started {
        /// The peer.
        peer: usize,
        /// The author who writes there.
        author: AuthorId,
        /// All its entries in timeline order.
        lines: &'a [TimelineRow],
        /// Cut logs, each with the seq of its cut.
        cuts: &'a [(AuthorId, Seq)],
    },
    /// The scenario makes this author write from two places, so its log may fork.
    Twinned {
        /// The author.
        author: AuthorId,
    },
    /// The scenario makes this peer lie.
    Turned {
        /// The peer.
        peer: usize,
    },
    /// A run was made durable.
    Appended {
        /// The peer.
        peer: usize,
        /// The run.
        run: &'a Run,
    },
    /// A log was cut.
    WasCut {
        /// The peer.
        peer: usize,
        /// The proof of the fork.
        proof: &'a Proof,
    },
    /// Entries of a log left the store, for another branch of it comes in their place.
    Parted {
        /// The peer.
        peer: usize,
        /// Author of the log.
        author: AuthorId,
        /// The first seq that left.
        at: Seq,
    },
    /// A peer acknowledged an entry that was said there.
    Said {
        /// The peer.
        peer: usize,
        /// Author of the entry.
        author: AuthorId,
        /// Seq of the entry.
        seq: Seq,
        /// Id of the entry, if the store has it.
        id: Option<EntryId>,
    },
    /// An entry appeared in the timeline.
    Shown {
        /// The peer.
        peer: usize,
        /// The entry.
        entry: &'a Entry,
        /// How it arrived.
        arrival: Arrival,
        /// Milliseconds since the world began.
        at_ms: u64,
        /// Wall clock of the peer, in milliseconds since the Unix epoch.
        wall_ms: u64,
        /// Links that its fastest copy crossed, if it came as a rumor.
        hops: Option<u8>,
    },
    /// A peer learned that a log is forked.
    Forked {
        /// The peer.
        peer: usize,
        /// Author of the log.
        author: AuthorId,
    },
    /// A log left the timeline because the room has more authors than it has space for.
    Evicted {
        /// The peer.
        peer: usize,
        /// Author of the log.
        author: AuthorId,
    },
    /// A peer sends a frame to another.
    Sent {
        /// The sender.
        peer: usize,
        /// The receiver.
        to: usize,
        /// The frame.
        frame: &'a Frame,
        /// Its bytes on the wire.
        wire: &'a [u8],
    },
    /// A peer closed its link to another because of what that peer sent.
    Barred {
        /// The peer that bars.
        peer: usize,
        /// The barred peer.
        other: usize,
        /// The reason.
        reject: Reject,
    },
    /// A peer finished a turn.
    Turn {
        /// The peer.
        peer: usize,
        /// Number of outputs of that turn.
        outputs: usize,
        /// The engine's frontier.
        frontier: &'a Frontier,
        /// Sizes of everything in the engine that has a bound.
        sizes: &'a [Size],
    },
}

/// The state of a peer when all is quiet.
#[derive(Debug)]
pub struct Remains {
    /// Its number.
    pub peer: usize,
    /// Its timeline.
    pub lines: Vec<TimelineRow>,
    /// Cut logs, each with the seq of its cut.
    pub cuts: Vec<(AuthorId, Seq)>,
}

impl Remains {
    /// Whether the entry lies beyond a cut.
    pub fn is_cut(&self, author: &AuthorId, seq: Seq) -> bool {
        self.cuts.iter().any(|(cut, at)| cut == author && *at <= seq)
    }
}

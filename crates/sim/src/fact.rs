//! What a world observes at the border between engines and their driver: the material of all checkers.

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

/// One thing that happened at one peer. Peers are told by their number in the world.
#[derive(Debug)]
pub enum Fact<'a> {
    /// A process starts, with this in its store: at the beginning, after a crash, or with another store.
    Started {
        /// Where.
        peer: usize,
        /// Who writes there.
        author: AuthorId,
        /// All it holds, in the order of the timeline.
        lines: &'a [TimelineRow],
        /// Logs that are cut, and where.
        cuts: &'a [(AuthorId, Seq)],
    },
    /// The scenario makes this author write from two places: its log may fork.
    Twinned {
        /// Which author.
        author: AuthorId,
    },
    /// The scenario makes this peer misbehave.
    Turned {
        /// Which peer.
        peer: usize,
    },
    /// A run was made durable.
    Appended {
        /// Where.
        peer: usize,
        /// The run.
        run: &'a Run,
    },
    /// A log was cut.
    WasCut {
        /// Where.
        peer: usize,
        /// Why.
        proof: &'a Proof,
    },
    /// Something said was acknowledged to whoever said it.
    Said {
        /// Where.
        peer: usize,
        /// In whose log.
        author: AuthorId,
        /// At which place.
        seq: Seq,
        /// Its id, when the store has it.
        id: Option<EntryId>,
    },
    /// An entry appeared in the timeline.
    Shown {
        /// Where.
        peer: usize,
        /// Which.
        entry: &'a Entry,
        /// How.
        arrival: Arrival,
        /// Milliseconds since the world began.
        at_ms: u64,
        /// What the clock showed there, in milliseconds since the Unix epoch.
        wall_ms: u64,
        /// Links that its fastest copy crossed, when it came as a rumor.
        hops: Option<u8>,
    },
    /// A log was found to be forked.
    Forked {
        /// Where.
        peer: usize,
        /// Whose log.
        author: AuthorId,
    },
    /// A log left the timeline, for the room has more authors than there is space.
    Evicted {
        /// Where.
        peer: usize,
        /// Whose log.
        author: AuthorId,
    },
    /// A peer says something to another.
    Sent {
        /// Who.
        peer: usize,
        /// To whom.
        to: usize,
        /// What.
        frame: &'a Frame,
        /// Its bytes on the wire.
        wire: &'a [u8],
    },
    /// A peer closed its link to another because of what that one did.
    Barred {
        /// Who.
        peer: usize,
        /// Whom.
        other: usize,
        /// Why.
        reject: Reject,
    },
    /// A peer finished a turn.
    Turn {
        /// Which.
        peer: usize,
        /// Outputs of that turn.
        outputs: usize,
        /// What the engine holds.
        frontier: &'a Frontier,
        /// How many it holds of what has a bound.
        sizes: &'a [Size],
    },
}

/// What is left of a peer when all is quiet.
#[derive(Debug)]
pub struct Remains {
    /// Its number.
    pub peer: usize,
    /// Its timeline.
    pub lines: Vec<TimelineRow>,
    /// Logs that were cut, and where.
    pub cuts: Vec<(AuthorId, Seq)>,
}

impl Remains {
    /// Whether the entry lies beyond a cut.
    pub fn is_cut(&self, author: &AuthorId, seq: Seq) -> bool {
        self.cuts.iter().any(|(cut, at)| cut == author && *at <= seq)
    }
}

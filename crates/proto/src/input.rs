//! The words at the engine's border: what goes in, and what comes out.

use bytes::Bytes;

use crate::{
    admit::{Entry, Run},
    clock::Skew,
    content::Vouch,
    entry::Kind,
    fork::Proof,
    ids::{AuthorId, PeerId, Seq},
    log::Log,
    message::{Contact, Message},
    reject::Reject,
    run::RawRun,
};

/// What the store kept of one log.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Whose it is.
    pub author: AuthorId,
    /// Its pieces and cut.
    pub log: Log,
    /// Whom it vouches for, see [`Input::Vouches`]: the first half of [`crate::limits::FOUNDER_SHARE`].
    pub vouches: Vec<Vouch>,
}

/// Something to say: one entry of our own to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saying {
    /// Number that [`Output::Said`] repeats.
    pub tag: u64,
    /// What the body is.
    pub kind: Kind,
    /// At most [`crate::limits::BODY_BYTES`] bytes.
    pub body: Bytes,
}

/// Pieces of a room's logs that somebody kept outside of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    /// Why logs are cut, as [`Proof::wire`] says it; looked at behind the runs.
    pub proofs: Vec<Bytes>,
    /// Signed runs; of one log, ascending.
    pub runs: Vec<RawRun>,
}

/// What became of an [`Import`], in entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// That are held from now on and were not before.
    pub new: u64,
    /// That were held before.
    pub known: u64,
    /// That have no place: beyond a cut, from the future, or in too many pieces.
    pub refused: u64,
    /// Why the rest was not looked at.
    pub reject: Option<Reject>,
}

/// An entry that is held without its body, which is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bare {
    /// Whose entry.
    pub author: AuthorId,
    /// Which.
    pub seq: Seq,
    /// BLAKE3 hash of the body, as the header says it.
    pub hash: [u8; 32],
}

/// What goes into the engine.
#[derive(Clone, Debug)]
pub enum Input {
    /// A link to a member of the room is up. A second one without [`Input::Down`] replaces the first.
    Up {
        /// Who is at the other end.
        peer: PeerId,
        /// How to reach it again, when that is known.
        address: Option<Bytes>,
    },
    /// The key of this author signed the connection to a peer of which [`Input::Up`] told: it writes there. Until then
    /// nobody does, whatever the peer says. Another author in its place is told in the same way.
    Proved {
        /// Who is at the other end.
        peer: PeerId,
        /// Who writes there.
        author: AuthorId,
    },
    /// The link is gone.
    Down {
        /// Who was at the other end.
        peer: PeerId,
    },
    /// An [`Output::Dial`] came to nothing.
    Unreachable {
        /// Who was dialled.
        peer: PeerId,
    },
    /// Peers of this room that we have heard of, from a ticket, the LAN or an earlier visit.
    Heard {
        /// Peers and how to reach them.
        contacts: Vec<Contact>,
    },
    /// A message came in.
    Received {
        /// Who sent it.
        from: PeerId,
        /// What it says.
        message: Message,
    },
    /// Somebody here says something.
    Say(Vec<Saying>),
    /// Takes what is verified of this, wherever it lay; nothing of it waits for its cause, and nobody is told but by
    /// anti-entropy. [`Output::Imported`] answers.
    Import(Import),
    /// What the store holds of these logs is less than it was: something was damaged and taken out. It is fetched
    /// again.
    Lost {
        /// What is left of each.
        logs: Vec<(AuthorId, Log)>,
    },
    /// The answer to [`Output::Bare`]: what the store holds without a body though nothing explains it.
    Bare {
        /// The newest of it, in that order.
        bare: Vec<Bare>,
        /// How many there are.
        all: u64,
    },
    /// The answer to [`Output::Recall`].
    Recalled {
        /// What was asked for.
        what: Recall,
        /// What was found; `None` when we hold nothing there that its author's signature reaches, or no proof.
        found: Option<Found>,
    },
    /// The answer to [`Output::Vouches`]: whom the entries of a log vouch for that are in the timeline, each author once,
    /// where that was said first; in the order of the log and of
    /// [`vouched_for`](crate::content::vouched_for). An entry whose body was dropped because it is over the bounds of the
    /// room still counts here, one that was retracted does not.
    Vouches {
        /// Whose log.
        author: AuthorId,
        /// The first of them, as many as were asked for.
        vouches: Vec<Vouch>,
    },
    /// The answer to [`Output::Cut`] and [`Output::Evict`]: what the store holds of the log now.
    CutDone {
        /// Whose log was cut or taken out.
        author: AuthorId,
        /// What is left.
        log: Log,
    },
    /// The deadline has come.
    Wake,
}

/// Something about a fork that the store keeps and the engine needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recall {
    /// Whose log.
    pub author: AuthorId,
    /// A run must reach from at most this seq, or the lowest held of its block, to the end of the block or to
    /// the last signed entry in it. Entries beyond a cut count here. Of a proof, where it cuts.
    pub seq: Seq,
    /// What to do with it.
    pub purpose: Purpose,
}

/// What is recalled, and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A signed run of ours, bodies dropped, to be shown to this peer as [`Message::Evidence`].
    Show(PeerId),
    /// Such a run, to be held against one that seems to contradict it.
    Compare {
        /// The other run, without bodies.
        theirs: Box<RawRun>,
        /// Who brought it, if a peer did.
        from: Option<PeerId>,
    },
    /// The proof of the log's cut, to be shown to this peer as [`Message::Fork`].
    Prove(PeerId),
    /// To find the first entry of our own log that is stamped later than this, from where on the log is left.
    Leave {
        /// Milliseconds since the Unix epoch.
        after_ms: u64,
        /// The run above, all of which is.
        above: Option<Box<RawRun>>,
    },
}

/// What was recalled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Our own run.
    Run(RawRun),
    /// The bytes of a [`Proof`].
    Proof(Bytes),
}

/// What comes out of the engine. Whoever drives it does all appends and cuts of a batch in one durable commit,
/// then sends and serves, then emits.
#[derive(Clone, Debug)]
pub enum Output {
    /// Make this durable, and part of the timeline.
    Append(Run),
    /// Tell the newest entries that are held without a body though nothing explains it, `most` of them; answer with
    /// [`Input::Bare`].
    Bare {
        /// How many.
        most: usize,
    },
    /// Put this body where it is wanted, durably. It is the one that the entry's header names.
    Fill {
        /// Whose entry it belongs to.
        author: AuthorId,
        /// Which.
        seq: Seq,
        /// What was said.
        body: Bytes,
    },
    /// Cut this log at the proof's seq, durably: entries from there on leave the timeline but are kept as
    /// evidence. Answer with [`Input::CutDone`].
    Cut(Proof),
    /// Take this log out of the store and the timeline, durably: at most
    /// [`EVICTED_ENTRIES`](crate::limits::EVICTED_ENTRIES) entries of it, from below, and with the last one everything
    /// that is kept of it. Answer with [`Input::CutDone`]; what is left is asked for again.
    Evict(AuthorId),
    /// Read whom an author vouches for and answer with [`Input::Vouches`].
    Vouches {
        /// Whose log.
        author: AuthorId,
        /// How many at most.
        most: usize,
    },
    /// Read this and answer with [`Input::Recalled`], whatever is found. At most
    /// [`crate::limits::RECALLS`] are unanswered at a time.
    Recall(Recall),
    /// Say this to a peer.
    Send {
        /// To whom.
        to: PeerId,
        /// What.
        message: Message,
    },
    /// Read entries and say them to a peer in [`Message::Runs`], then [`Message::Done`] when `want` is not 0.
    Serve {
        /// To whom.
        to: PeerId,
        /// The want that is answered; 0 when there was none.
        want: u64,
        /// How many of the newest entries of the timeline to send first.
        newest: usize,
        /// Pieces of logs, to be sent in turn, a block of each, from the top down. What is not held is
        /// left out.
        ranges: Vec<(AuthorId, Seq, Seq)>,
    },
    /// Connect to this peer; answer with [`Input::Up`] or [`Input::Unreachable`].
    Dial(Contact),
    /// Close the link to this peer; no [`Input::Down`] follows.
    Close {
        /// Whom.
        peer: PeerId,
        /// What it did, when it is to be barred.
        reject: Option<Reject>,
    },
    /// What was said has its place, and the append before this one makes it durable.
    Said {
        /// Number of the [`Saying`].
        tag: u64,
        /// Its place in our log.
        seq: Seq,
    },
    /// A saying was refused; nothing changed.
    Unsaid {
        /// Number of the [`Saying`].
        tag: u64,
        /// Why.
        why: Unsaid,
    },
    /// An import has come to its end, and the appends before this one make it durable; in the order of the imports.
    Imported(Imported),
    /// Tell the interfaces.
    Emit(Event),
}

/// Why a [`Saying`] was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsaid {
    /// The body is larger than [`crate::limits::BODY_BYTES`].
    TooLong,
    /// Our own log is forked and takes nothing more: a new author key is needed.
    Forked,
    /// Too much waits to be said already.
    Full,
    /// It cannot be an entry here: a founding that is not the room's, or a room with too many authors.
    Refused,
}

/// How an entry came into the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// At the end.
    End,
    /// Above entries that were there already, because it was late.
    Late,
    /// Above, by a backfill.
    History,
}

/// What a node tells an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// An entry has its place in the timeline.
    Shown {
        /// The entry.
        entry: Entry,
        /// How it came there.
        arrival: Arrival,
        /// Links that its fastest copy crossed to get here, when it came as a rumor.
        hops: Option<u8>,
    },
    /// An entry that was shown without its body has it now; or what is known of who keeps it has changed.
    Filled {
        /// Whose entry.
        author: AuthorId,
        /// Which.
        seq: Seq,
    },
    /// Somebody came: the author key has signed the connection.
    Came {
        /// Which.
        peer: PeerId,
        /// Who writes from there.
        author: AuthorId,
    },
    /// A peer went.
    Went {
        /// Which.
        peer: PeerId,
    },
    /// A peer holds our own log below this seq.
    Holds {
        /// Which.
        peer: PeerId,
        /// Seq after the last entry it holds.
        next: Seq,
    },
    /// Entries we know to be missing; 0 when the last has come.
    Missing {
        /// How many.
        entries: u64,
    },
    /// A log is forked and was cut.
    Forked {
        /// Whose.
        author: AuthorId,
        /// From where.
        at: Seq,
    },
    /// There are more authors than there is space, and nobody vouches for this one: its log left store and timeline. It
    /// comes again when somebody vouches for it.
    Evicted {
        /// Whose.
        author: AuthorId,
    },
    /// A clock disagrees with others, or none does any more.
    Skewed(Skew),
    /// A step of the protocol, when [`Config::trace`](crate::config::Config::trace) is set.
    Step(Step),
}

/// A step of the protocol, for those who want to see it work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A rumor was pushed.
    RumorTo {
        /// To whom.
        peer: PeerId,
        /// Entries in it.
        entries: usize,
    },
    /// A rumor came.
    RumorFrom {
        /// From whom.
        peer: PeerId,
        /// Entries in it.
        entries: usize,
        /// Whether any was new.
        new: bool,
    },
    /// A peer answered a rumor.
    AckFrom {
        /// Who.
        peer: PeerId,
        /// Whether it was new there.
        new: bool,
    },
    /// A coin was flipped after a peer had known a rumor already.
    Coin {
        /// Whether it said: go on.
        go_on: bool,
    },
    /// A round of anti-entropy began.
    RoundWith {
        /// With whom.
        peer: PeerId,
    },
    /// A status came.
    StatusFrom {
        /// From whom.
        peer: PeerId,
        /// Whether it equals ours.
        same: bool,
    },
    /// Entries were wanted from a peer.
    Wanted {
        /// From whom.
        peer: PeerId,
        /// How many.
        entries: u64,
    },
    /// Entries are being served to a peer.
    Served {
        /// To whom.
        peer: PeerId,
        /// How many at most.
        entries: u64,
    },
    /// An entry waits for its predecessor or cause.
    Pending {
        /// Whose.
        author: AuthorId,
        /// Which.
        seq: Seq,
    },
}

//! The words at the engine's border: inputs, outputs and events.

use bytes::Bytes;

use crate::{
    admit::{Entry, Run},
    clock::Skew,
    content::Vouch,
    entry::Kind,
    epochs::Secret,
    fork::Proof,
    frame::{Contact, Frame},
    governance::{Order, Seat, Signed, TicketId, TicketKey},
    ids::{AuthorId, PeerId, Seq},
    log::Log,
    reject::Reject,
    run::RawRun,
};

/// The part of one log that the store kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its author.
    pub author: AuthorId,
    /// Its pieces and cut.
    pub log: Log,
    /// The authors it vouches for, see [`Input::Vouches`]: the first half of [`crate::limits::FOUNDER_SHARE`].
    pub vouches: Vec<Vouch>,
}

/// Something to say: one entry of our own to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saying {
    /// A number that [`Output::Said`] repeats; not `u64::MAX`, which stands for what the engine says by itself.
    pub tag: u64,
    /// The kind of the body.
    pub kind: Kind,
    /// The body: at most [`crate::limits::BODY_BYTES`] bytes.
    pub body: Bytes,
}

/// Pieces of a room's logs that somebody kept outside of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    /// Why logs are cut, as [`Proof::wire`] says it. The engine looks at them after the runs.
    pub proofs: Vec<Bytes>,
    /// Signed runs; those of one log ascend.
    pub runs: Vec<RawRun>,
}

/// The result of an [`Import`], in entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportCounts {
    /// Entries that are held from now on and were not before.
    pub new: u64,
    /// Entries that were held before.
    pub known: u64,
    /// Entries that do not fit: beyond a cut, from the future, or in too many pieces.
    pub refused: u64,
    /// Why the engine did not look at the rest.
    pub reject: Option<Reject>,
}

/// An entry that is held without its body. The body is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bare {
    /// The author of the entry.
    pub author: AuthorId,
    /// Its seq.
    pub seq: Seq,
    /// BLAKE3 hash of the body, as the header says it.
    pub hash: [u8; 32],
}

/// By what somebody asks to be let into a closed room, besides the key under which it writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// As a member: the acts that made it one, in signed runs, or none of them.
    Chain(Vec<RawRun>),
    /// As a newcomer: the key of this ticket signed the connection too.
    Ticket(TicketId, TicketKey),
}

impl Default for Credential {
    fn default() -> Self {
        Self::Chain(Vec::new())
    }
}

/// In which form entries are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As they are held.
    Held,
    /// Each piece comes with a signature: what follows it up to the next one goes along, without the bodies of entries
    /// that are no acts.
    Proved,
    /// The same, and no entry that is no act has its body.
    Acts,
}

/// An input of the engine.
#[derive(Clone, Debug)]
pub enum Input {
    /// A link to a member of the room is up. A second one without [`Input::Down`] replaces the first.
    Up {
        /// The peer at the other end.
        peer: PeerId,
        /// How to reach it again, when that is known.
        address: Option<Bytes>,
    },
    /// The key of this author signed the connection to a peer for which [`Input::Up`] came: the author writes there. In a
    /// closed room nothing is exchanged before, and only with those whom the room lets in.
    /// Until this input comes nobody does, whatever the peer says. The same input replaces it by another author.
    Proved {
        /// The peer at the other end.
        peer: PeerId,
        /// The author who writes there.
        author: AuthorId,
        /// What else it proved or showed, in a closed room.
        by: Credential,
    },
    /// The link is gone.
    Down {
        /// The peer that was at the other end.
        peer: PeerId,
    },
    /// An [`Output::Dial`] has failed.
    Unreachable {
        /// The peer that was dialled.
        peer: PeerId,
    },
    /// Peers of this room, from a ticket, the LAN or an earlier visit.
    Heard {
        /// Peers and how to reach them.
        contacts: Vec<Contact>,
    },
    /// A frame came in.
    Received {
        /// The sender.
        from: PeerId,
        /// Its content.
        frame: Frame,
    },
    /// Somebody here says something.
    Say(Vec<Saying>),
    /// Somebody here does something in a closed room. [`Output::Said`] or [`Output::Unsaid`] answers.
    Order {
        /// A number that the answer repeats.
        tag: u64,
        /// What.
        order: Order,
    },
    /// Takes every part of the import that can be verified. Imported entries do not wait for their causes, and peers
    /// get them through anti-entropy only. [`Output::Imported`] answers.
    Import(Import),
    /// The store holds less of these logs than before: it found damage and took it out. The engine fetches it again.
    Lost {
        /// The rest of each.
        logs: Vec<(AuthorId, Log)>,
    },
    /// The answer to [`Output::Bare`]: entries that the store holds without a body, although nothing explains that.
    Bare {
        /// The newest of it, in that order.
        bare: Vec<Bare>,
        /// How many there are.
        all: u64,
    },
    /// The answer to [`Output::Look`]: of each range the entries that are held, ascending.
    Looked(Vec<(Look, Vec<Signed>)>),
    /// The answer to [`Output::Recall`].
    Recalled {
        /// The question.
        what: Recall,
        /// The answer; `None` when we hold nothing there that its author's signature covers, or no proof.
        found: Option<Found>,
    },
    /// The answer to [`Output::Vouches`]: the authors that the entries of a log in the timeline vouch for. Each author
    /// is named once, where an entry first vouches for it, in the order of the log and of
    /// [`vouched_for`](crate::content::vouched_for). An entry whose body was dropped because the room is over its
    /// bounds still counts here; a retracted one does not.
    Vouches {
        /// The author of the log.
        author: AuthorId,
        /// The first of them, as many as the engine asked for.
        vouches: Vec<Vouch>,
    },
    /// The answer to [`Output::Cut`] and [`Output::Evict`]: the part of the log that the store still holds.
    CutDone {
        /// The author of the log that was cut or removed.
        author: AuthorId,
        /// The rest of the log.
        log: Log,
    },
    /// The deadline has come.
    Wake,
}

/// Entries of a log of a closed room of which the engine knows no more than that they are held: [`LOOK`] at most.
///
/// [`LOOK`]: crate::limits::LOOK
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The author of the log.
    pub author: AuthorId,
    /// The seq of the first.
    pub first: Seq,
    /// The seq of the last. Fewer may be held.
    pub last: Seq,
}

/// Something about a fork that the store keeps and the engine needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recall {
    /// The author of the log.
    pub author: AuthorId,
    /// Of a run: it must reach from this seq or below, or from the lowest held seq of its block, to the end of the
    /// block or to the last signed entry in it. Entries beyond a cut count here. Of a proof: the seq of its cut.
    pub seq: Seq,
    /// What the engine does with it.
    pub purpose: Purpose,
}

/// A question to the store, and its purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A signed run of ours, bodies dropped, to be shown to this peer as [`Frame::Evidence`].
    Show(PeerId),
    /// Such a run, to be compared with one that seems to contradict it.
    Compare {
        /// The other run, without bodies.
        theirs: Box<RawRun>,
        /// The peer that brought it, if one did.
        from: Option<PeerId>,
    },
    /// The proof of the log's cut, to be shown to this peer as [`Frame::Fork`].
    Prove(PeerId),
    /// A run of our own log, to find its first entry that is stamped later than this: the log is left from there on.
    Leave {
        /// Milliseconds since the Unix epoch.
        after_ms: u64,
        /// The run above, every entry of which is stamped later.
        above: Option<Box<RawRun>>,
    },
}

/// The answer of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Our own run.
    Run(RawRun),
    /// The bytes of a [`Proof`].
    Proof(Bytes),
}

/// An output of the engine. The driver does all appends and cuts of a batch in one durable commit, then sends and
/// serves, then emits.
#[derive(Clone, Debug)]
pub enum Output {
    /// Make this durable, and part of the timeline.
    Append(Run),
    /// Make this durable as evidence: it begins at the cut of a log, is without bodies, and its signature vouches for the
    /// entry below the cut, which is held.
    Prolong(Run),
    /// Tell the newest `most` entries that are held without a body, although nothing explains that; answer with
    /// [`Input::Bare`].
    Bare {
        /// How many.
        most: usize,
    },
    /// Store this wanted body, durably. It is the one that the entry's header names.
    Fill {
        /// The author of its entry.
        author: AuthorId,
        /// Which.
        seq: Seq,
        /// The body.
        body: Bytes,
    },
    /// Cut this log at the proof's seq, durably: entries from there on leave the timeline but are kept as
    /// evidence. Answer with [`Input::CutDone`].
    Cut(Proof),
    /// A log of a closed room is forked; keep the proof, durably. The store keeps two proofs of a log: the lowest, and of
    /// the others the last. An older second one stays if the last is the lowest.
    Prove(Proof),
    /// Another branch takes the place of this one in a log of a closed room: its entries leave store and timeline from
    /// this seq on, durably, before anything is appended.
    Part {
        /// The author of the log.
        author: AuthorId,
        /// The first seq that leaves.
        at: Seq,
    },
    /// Make the secret of an epoch durable. What is sealed under it can be read from then on.
    Keep(Secret),
    /// Take this log out of the store and the timeline, durably: at most
    /// [`EVICTED_ENTRIES`](crate::limits::EVICTED_ENTRIES) entries at once, from below, and with the last of them
    /// everything else that the store keeps of the log. Answer with [`Input::CutDone`]; the engine asks again for the
    /// rest.
    Evict(AuthorId),
    /// Read which authors an author vouches for, and answer with [`Input::Vouches`].
    Vouches {
        /// The author of the log.
        author: AuthorId,
        /// How many at most.
        most: usize,
    },
    /// Read these entries and answer with [`Input::Looked`], whatever is found. What was appended before counts. The next
    /// such output follows the answer.
    Look(Vec<Look>),
    /// Read this and answer with [`Input::Recalled`], whatever is found. At most [`crate::limits::RECALLS`] wait for an
    /// answer at a time.
    Recall(Recall),
    /// Say this to a peer.
    Send {
        /// The receiver.
        to: PeerId,
        /// The frame.
        frame: Frame,
    },
    /// Read entries and send them to a peer in [`Frame::Runs`], then send [`Frame::Done`] if `want` is not 0.
    Serve {
        /// The receiver.
        to: PeerId,
        /// The want that this answers; 0 if there was none.
        want: u64,
        /// How many of the newest entries of the timeline to send first.
        newest: usize,
        /// Pieces of logs, to be sent in turn, a block of each, from the top down. Entries that are not held are left
        /// out.
        ranges: Vec<(AuthorId, Seq, Seq)>,
        /// In which form.
        form: Form,
        /// Pieces of these logs that were taken back, in a closed room: see [`RawRun::without_hidden`].
        hidden: Vec<(AuthorId, Seq, Seq)>,
    },
    /// Serve nothing more to this peer of what was to be served before: it was removed. In closed rooms only.
    Withdraw {
        /// The peer.
        to: PeerId,
    },
    /// Prove to this peer who writes here: it has proved well who writes there. In closed rooms only.
    Introduce {
        /// The peer.
        peer: PeerId,
    },
    /// Connect to this peer; answer with [`Input::Up`] or [`Input::Unreachable`].
    Dial(Contact),
    /// Close the link to this peer; no [`Input::Down`] follows.
    Close {
        /// The peer.
        peer: PeerId,
        /// Its fault, if it is to be barred.
        reject: Option<Reject>,
    },
    /// A saying has its place in our log, and the append before this output makes it durable.
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
    /// An import is done, and the appends before this output make it durable. Imports are answered in their order.
    Imported(ImportCounts),
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
    /// The queue of sayings is full.
    Full,
    /// We are no member of this closed room, or were removed from it.
    NotMember,
    /// Our role in this closed room does not allow it, or not against somebody of that rank.
    Rank,
    /// There is nothing to do it to: no such member, role, newcomer, ticket or entry.
    Nothing,
    /// Earlier words of ours wait to be written, which the act has to name.
    Early,
    /// It cannot be an entry here: a founding that is not the room's, or a room with too many authors.
    Refused,
}

/// How an entry came into the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// At the end.
    End,
    /// Above entries that were there already, because the entry was late.
    Late,
    /// Above, by a backfill.
    History,
}

/// An event for an interface.
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
    /// An entry that was shown without its body has it now, or it has become known whether any peer still keeps the
    /// body.
    Filled {
        /// The author of the entry.
        author: AuthorId,
        /// Which.
        seq: Seq,
    },
    /// Somebody came: the author key has signed the connection.
    Came {
        /// Which.
        peer: PeerId,
        /// The author who writes from there.
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
        /// The author.
        author: AuthorId,
        /// From where.
        at: Seq,
        /// Whether the author left the log because clocks differ, as far as the proof shows.
        left: bool,
    },
    /// The room has more authors than places, and nobody vouches for this one: its log left store and timeline. The log
    /// comes back when somebody vouches for the author.
    Evicted {
        /// The author.
        author: AuthorId,
    },
    /// Other entries of a log count than before, in a closed room: those between the two come into the timeline or leave
    /// it, as far as they are held.
    Counts {
        /// The author of the log.
        author: AuthorId,
        /// How many entries counted.
        before: Seq,
        /// How many count from now on.
        now: Seq,
    },
    /// Somebody came into a closed room, went, waits to be let in, was given a role or lost it.
    Seated {
        /// Who.
        author: AuthorId,
        /// Where it sits from now on; `None` if it is out. [`Engine::ended_by`](crate::engine::Engine::ended_by) tells by
        /// whom.
        seat: Option<Seat>,
    },
    /// A clock disagrees with others, or none does any more.
    Skewed(Skew),
    /// A step of the protocol, when [`Config::trace`](crate::config::Config::trace) is set.
    Step(Step),
}

/// A step of the protocol, to watch it work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A rumor was pushed.
    RumorTo {
        /// The receiver.
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
        /// The author.
        peer: PeerId,
        /// Whether it was new there.
        new: bool,
    },
    /// We flipped a coin because a peer had known a rumor already.
    Coin {
        /// Whether it says to go on.
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
        /// The receiver.
        peer: PeerId,
        /// How many at most.
        entries: u64,
    },
    /// An entry waits for its predecessor or cause.
    Pending {
        /// The author.
        author: AuthorId,
        /// Which.
        seq: Seq,
    },
}

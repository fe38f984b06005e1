//! Logs on disk for Rumormill. Entries that were appended survive a crash.
//!
//! A driver of an engine writes through [`Store`]; [`Read`] is a read handle that exists beside it. Two forms behave
//! the same: [`Disk`] is one SQLite file and [`Memory`] is ordered maps. [`Files`] keeps what is too large for entries.
//! This crate knows nothing of the network, async or the clock.

mod check;
mod disk;
mod error;
mod files;
mod governed;
mod keep;
mod lapsed;
pub mod limits;
mod memory;
mod note;
mod row;
mod share;
mod surplus;
mod wanted;
mod words;

use std::fmt;

use rumormill_proto::{
    admit::Run,
    content::{Target, Vouch},
    entry::{Body, Kind, Seen},
    epochs::Secret,
    fork::Proof,
    frame::Contact,
    governance::{Governance, Last, Signed, TicketId},
    ids::{AuthorId, EntryId, FileId, RoomId, Seq},
    input::{Bare, Found, Kept, Look, Output, Purpose, Recall},
    log::{Head, Log},
    run::RawRun,
    timeline::Place,
};

pub use crate::{
    check::{CheckReport, Fault, Problem},
    disk::{Disk, HomeKey, Still},
    error::Error,
    files::{Bytes, FileSource, Files, HeldFile, Import, Listed, Part, Piece, RoomFile, free_bytes, used_bytes},
    keep::{Filled, Keep, KeepFiles},
    memory::Memory,
    share::Shared,
    surplus::surplus,
    wanted::{By, Wanted},
};

/// One change to make durable.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// Entries to add to their log and to the timeline. A [`Kind::RETRACTION`] among them drops the body of its target
    /// and of all the target's edits, including edits that arrive later. A later cut of the retraction does not undo
    /// this.
    Append(&'a Run),
    /// A log is forked: entries at or beyond the proof's seq leave the timeline but are kept as evidence. A cut at or
    /// above the current one changes nothing.
    Cut(&'a Proof),
    /// A log of a closed room is forked: keeps the proof, and cuts nothing, for the room's acts say what counts. Of each
    /// log the lowest proof is kept and one other: the last, or if that is the lowest the one of the higher seq.
    Prove(&'a Proof),
    /// The entries of a log from `at` on leave the store and the timeline: another branch takes their place.
    Part {
        /// Author of the log.
        author: &'a AuthorId,
        /// The first seq that leaves.
        at: Seq,
    },
    /// The continuation of a log behind its cut, from a held entry below the cut up to the next signature. It is kept
    /// as evidence of that entry and replaces other evidence of its block. The run begins at the cut and has no bodies.
    Prolong(&'a Run),
    /// An author no longer has a place in the room. Removes at most
    /// [`EVICTED_ENTRIES`](rumormill_proto::limits::EVICTED_ENTRIES) entries of its log, in whole blocks from the
    /// lowest up, and with the last entry everything else kept of the log.
    Evict(&'a AuthorId),
    /// A body that [`Read::bare`] listed as wanted. A body that is not wanted, or does not match its header, changes
    /// nothing.
    Fill {
        /// Author of the entry it belongs to.
        author: &'a AuthorId,
        /// Seq of that entry.
        seq: Seq,
        /// The body.
        body: &'a bytes::Bytes,
    },
    /// The secret of an epoch of a closed room. Entries that are sealed under it are read from then on.
    Keep(&'a Secret),
    /// A call that must be carried out only once wrote an entry, see [`Read::once`]. The store remembers the latest
    /// [`limits::ONCE`] calls of a room.
    Once(Once, Target),
}

/// Identifies a call that must be carried out only once. Both fields are hashes, so nothing of the call itself is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Once {
    /// Hash of the key that the caller chose for the call.
    pub key: [u8; 32],
    /// Hash of the call's content.
    pub asks: [u8; 32],
}

impl<'a> Change<'a> {
    /// The change that an engine output asks to make durable, if any.
    pub fn of(output: &'a Output) -> Option<Self> {
        match output {
            Output::Append(run) => Some(Self::Append(run)),
            Output::Cut(proof) => Some(Self::Cut(proof)),
            Output::Prove(proof) => Some(Self::Prove(proof)),
            Output::Part { author, at } => Some(Self::Part { author, at: *at }),
            Output::Prolong(run) => Some(Self::Prolong(run)),
            Output::Evict(author) => Some(Self::Evict(author)),
            Output::Keep(secret) => Some(Self::Keep(secret)),
            Output::Fill { author, seq, body } => Some(Self::Fill { author, seq: *seq, body }),
            _ => None,
        }
    }

    /// Author of the log that changes, if one does.
    pub fn author(&self) -> Option<AuthorId> {
        match self {
            Self::Append(run) | Self::Prolong(run) => Some(run.author()),
            Self::Cut(proof) | Self::Prove(proof) => Some(proof.author()),
            Self::Evict(author) | Self::Fill { author, .. } | Self::Part { author, .. } => Some(**author),
            Self::Once(_, of) => Some(of.author),
            Self::Keep(_) => None,
        }
    }

    /// Whether this can make the log's part in the timeline shorter.
    pub fn shortens(&self) -> bool {
        matches!(self, Self::Cut(_) | Self::Evict(_))
    }
}

/// Where logs are kept.
pub trait Store: Send {
    /// Makes all changes, in order, in one durable commit; they may concern several rooms. For every change that
    /// [shortens](Change::shortens) a log, returns what is left of that log after all changes.
    ///
    /// # Errors
    /// Nothing of the batch is kept on an error, and a later batch may succeed. [`Error::Unfit`] when a run does not
    /// fit its log, which is the caller's mistake.
    fn commit(&mut self, changes: &[(RoomId, Change<'_>)]) -> Result<Vec<(AuthorId, Log)>, Error>;

    /// Everything known of each log of a room, authors ascending. Never reads entries.
    ///
    /// # Errors
    /// When the file cannot be read or contradicts itself.
    fn kept(&self, room: &RoomId) -> Result<Vec<Kept>, Error>;

    /// The rooms that were put, ids ascending. A damaged room does not hide the others.
    ///
    /// # Errors
    /// When the list of rooms cannot be read.
    fn rooms(&self) -> Result<Rooms, Error>;

    /// Keeps a room or replaces its record, durably. Keeps the first [`limits::CONTACTS`] contacts whose addresses are
    /// at most [`ADDRESS_BYTES`](rumormill_proto::limits::ADDRESS_BYTES) long.
    ///
    /// # Errors
    /// As [`Store::commit`].
    fn put_room(&mut self, room: &RoomRecord) -> Result<(), Error>;

    /// Forgets a room and its secrets, durably; joining it again starts empty. [`Store::sweep`] later removes the
    /// entries from the disk, also after a crash. [`Store::index`] rebuilds the search indexes of all rooms.
    ///
    /// # Errors
    /// As [`Store::commit`].
    fn leave(&mut self, room: &RoomId) -> Result<(), Error>;

    /// Removes in one commit up to `rows` runs of left rooms, or some more smaller rows, then rows of abandoned
    /// indexes, then edits of retracted entries. Returns whether more remain. When none remain, no copy is left in any
    /// file of the store.
    ///
    /// # Errors
    /// As [`Store::commit`], when no room yields anything; [`Error::Read`] when copies remain because a reader does not
    /// end.
    fn sweep(&mut self, rows: usize) -> Result<bool, Error>;

    /// The secret of this peer's transport key: the stored one, or else `fresh`, which is then stored.
    ///
    /// # Errors
    /// As [`Store::commit`].
    fn peer_secret(&mut self, fresh: [u8; 32]) -> Result<[u8; 32], Error>;

    /// Adds up to `entries` more entries to the index of [`Read::search`], in one commit;
    /// returns whether more wait. Call it when idle: queries find unindexed entries too, but more slowly. It also wipes
    /// the last copies of dropped bodies, which otherwise stay on disk for up to [`limits::WIPE_COMMITS`] commits.
    ///
    /// # Errors
    /// As [`Store::commit`].
    fn index(&mut self, entries: usize) -> Result<bool, Error>;

    /// Drops bodies of a room that exceed the bounds of its [`Keep`], oldest first by timeline, in one commit that
    /// walks at most `most` entries, and some bodies of an author over its share; returns whether more wait. `now_ms`
    /// is the time that ages are measured against. An entry that arrives later and belongs below the dropped ones loses
    /// its body on arrival. Entries that a cut took out of the timeline keep their bodies.
    ///
    /// # Errors
    /// As [`Store::commit`].
    fn expire(&mut self, room: &RoomId, now_ms: u64, most: usize) -> Result<bool, Error>;

    /// Notes which parts of the logs of a closed room do not count at this time, each as author, first and last seq, and drops
    /// the bodies of words in those that have not counted for [`limits::LAPSED_MS`], of `most` entries at most; returns whether
    /// more wait. What counts again before that keeps its bodies.
    ///
    /// # Errors
    /// As [`Store::commit`].
    fn lapse(&mut self, room: &RoomId, parts: &[(AuthorId, Seq, Seq)], now_ms: u64, most: usize)
    -> Result<bool, Error>;

    /// Checks a room and removes whatever is damaged, so that it is fetched again from peers; returns what the check
    /// found. Call it before joining the room, because its logs may become shorter.
    ///
    /// # Errors
    /// As [`Store::commit`]; [`Error::Corrupt`] when damage makes the tables unreadable.
    fn mend(&mut self, room: &RoomId) -> Result<CheckReport, Error>;

    /// A read handle that another thread can use at the same time. It sees every commit that ended before the call.
    ///
    /// # Errors
    /// When the file cannot be opened a second time.
    fn reader(&self) -> Result<Box<dyn Read>, Error>;
}

/// A read handle. Its errors are those of an unreadable file, and [`Error::Corrupt`] when the content is not what was
/// written.
pub trait Read: Send {
    /// The last `limit` entries of the timeline before `before`, or of the whole timeline when that is `None`;
    /// ascending. One index walk that never reads the rest.
    fn page(&mut self, room: &RoomId, before: Option<Place>, limit: usize) -> Result<Vec<TimelineRow>, Error>;

    /// The first `limit` entries of the timeline after `after`, or of the whole timeline when that is `None`;
    /// ascending.
    fn page_after(&mut self, room: &RoomId, after: Option<Place>, limit: usize) -> Result<Vec<TimelineRow>, Error>;

    /// As [`Read::page`], but messages only: leaves out entries about messages and kinds of future versions. Skipping
    /// any number of those costs nothing.
    fn messages(&mut self, room: &RoomId, before: Option<Place>, limit: usize) -> Result<Vec<TimelineRow>, Error>;

    /// As [`Read::page_after`], of messages only.
    fn messages_after(&mut self, room: &RoomId, after: Option<Place>, limit: usize) -> Result<Vec<TimelineRow>, Error>;

    /// One run of entries within `first..=last` of a log, the topmost. It ends at `last` or the highest held entry
    /// below, and begins at `first`, the block's beginning or the lowest held entry, whichever is highest. It has a
    /// signature when its end is signed: a head, a multiple of [`BLOCK`](rumormill_proto::limits::BLOCK), or any end of
    /// an appended run while its block is not whole.
    ///
    /// Where a log is cut and the entry below the cut is unsigned, the run continues to the next signature, without the
    /// bodies beyond the cut.
    ///
    /// The disk form recomputes the hashes, which must lead to the stored id of the last entry; otherwise it serves
    /// nothing.
    /// otherwise.
    fn run(&mut self, room: &RoomId, author: &AuthorId, first: Seq, last: Seq) -> Result<Option<RawRun>, Error>;

    /// As [`Read::run`], with a signature wherever one is held: if none is at the end, the run goes on to the next one,
    /// without the bodies of entries that are no acts. For a log of a closed room, which may end below what is held; there
    /// a run has no act but its last entry, which its author signed.
    fn proved_run(&mut self, room: &RoomId, author: &AuthorId, first: Seq, last: Seq) -> Result<Option<RawRun>, Error> {
        let Some(mut run) = self.run(room, author, first, last)? else { return Ok(None) };
        let before_last = run.entries().len() - 1;
        if let Some(act) = run.entries()[..before_last].iter().rposition(|entry| entry.kind.is_act()) {
            let above = run.first() + act as u64 + 1;
            let Some(upper) = self.run(room, author, above, run.last())? else { return Ok(None) };
            run = upper;
        }
        if run.signature().is_some() || run.last() < last {
            return Ok(Some(run));
        }
        let Some(above) = self.recall(room, author, last)?.filter(|above| above.first() <= last + 1) else {
            return Ok(Some(run));
        };
        let (mut entries, mut signature) = (run.entries().to_vec(), above.signature().copied());
        for (header, seq) in above.entries().iter().zip(above.first()..).filter(|(_, seq)| *seq > last) {
            let act = match header.kind.is_act() {
                true => self.run(room, author, seq, seq)?.filter(|act| act.signature().is_some()),
                false => None,
            };
            match act {
                Some(act) => {
                    entries.extend(act.entries().iter().cloned());
                    signature = act.signature().copied();
                    break;
                }
                None => entries.push(header.clone()),
            }
        }
        let signed = RawRun::new(*author, run.first(), run.prev(), entries, signature);
        Ok(Some(signed.unwrap_or(run)))
    }

    /// Acts of a closed room, each in a run of its own, as its author signed it. Those that are not held are left out.
    fn acts(&mut self, room: &RoomId, places: &[(AuthorId, Seq)]) -> Result<Vec<RawRun>, Error> {
        let mut acts = Vec::new();
        for (author, seq) in places {
            acts.extend(self.run(room, author, *seq, *seq)?.filter(|run| run.signature().is_some()));
        }
        Ok(acts)
    }

    /// The seqs of the acts of a log, ascending, and perhaps of some that it does not hold any more.
    fn act_seqs(&mut self, room: &RoomId, author: &AuthorId) -> Result<Vec<Seq>, Error>;

    /// The last act that is held of a log. Reads nothing else.
    fn last_act(&mut self, room: &RoomId, author: &AuthorId) -> Result<Option<Last>, Error> {
        governed::last_act(self, room, author)
    }

    /// What is held of a closed room, as its engine reads it: `owner` founded the room. Reads the acts, and the words that
    /// they name.
    fn governance(&mut self, room: &RoomId, owner: AuthorId) -> Result<Governance, Error> {
        governed::governance(self, room, owner)
    }

    /// Answers [`Output::Look`] of the engine, for one range: what is held of it, ascending.
    fn looked(&mut self, room: &RoomId, look: &Look) -> Result<Vec<Signed>, Error> {
        governed::looked(self, room, look)
    }

    /// The secrets of epochs that are held of a closed room.
    fn secrets(&mut self, room: &RoomId) -> Result<Vec<Secret>, Error>;

    /// A signed run of the block of `seq`, without bodies, entries beyond a cut included. It shows the id of the entry
    /// at `seq`, or else begins at the lowest held entry of the block. `None` when no signature reaches.
    fn recall(&mut self, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<Option<RawRun>, Error>;

    /// Why a log is cut; `None` when it is not cut or its stored proof no longer verifies.
    fn proof(&mut self, room: &RoomId, author: &AuthorId) -> Result<Option<Proof>, Error> {
        Ok(self.proofs(room, author)?.into_iter().next())
    }

    /// The proofs that a log is forked, as far as they verify, the lowest first. An open room has the one that cuts the
    /// log.
    fn proofs(&mut self, room: &RoomId, author: &AuthorId) -> Result<Vec<Proof>, Error>;

    /// Answers [`Output::Recall`] of the engine.
    fn recalled(&mut self, room: &RoomId, what: &Recall) -> Result<Option<Found>, Error> {
        match what.purpose {
            Purpose::Prove(_) => {
                let proofs = self.proofs(room, &what.author)?;
                let named = proofs.iter().find(|proof| proof.at() == what.seq).or(proofs.first());
                Ok(named.map(|proof| Found::Proof(proof.wire().clone())))
            }
            Purpose::Show(_) | Purpose::Compare { .. } | Purpose::Leave { .. } => {
                Ok(self.recall(room, &what.author, what.seq)?.map(Found::Run))
            }
        }
    }

    /// The spans of logs that cover the newest `count` entries of the timeline: author, lowest and highest seq; authors
    /// ascending.
    fn newest(&mut self, room: &RoomId, count: usize) -> Result<Vec<(AuthorId, Seq, Seq)>, Error>;

    /// One entry of the timeline.
    fn line(&mut self, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<Option<TimelineRow>, Error>;

    /// Everything that is said about some entries, ascending: for each target the last [`Kind::EDIT`], a
    /// [`Kind::RETRACTION`] if there is one, and for every author and sign the last [`Kind::REACTION`] if it sets the
    /// sign; at most `limit` for one target, dropping the oldest reactions. Only entries in the timeline whose bodies
    /// are kept count. Each group of neighbouring targets in one log costs one index walk.
    fn notes(&mut self, room: &RoomId, targets: &[Target], limit: usize) -> Result<Vec<TimelineRow>, Error>;

    /// The first `most` authors that an author vouches for, see
    /// [`Input::Vouches`](rumormill_proto::input::Input::Vouches).
    fn vouches(&mut self, room: &RoomId, author: &AuthorId, most: usize) -> Result<Vec<Vouch>, Error>;

    /// The newest `most` entries that lack their bodies although neither a retraction nor the room's bounds explain it,
    /// and how many there are in all. An entry stops counting once it is retracted or falls out of the bounds.
    fn bare(&mut self, room: &RoomId, most: usize) -> Result<(Vec<Bare>, u64), Error>;

    /// Whether [`Read::bare`] counts this entry.
    fn is_bare(&mut self, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<bool, Error>;

    /// The call with this key that was carried out, and the entry that it wrote.
    fn once(&mut self, room: &RoomId, key: &[u8; 32]) -> Result<Option<(Once, Target)>, Error>;

    /// Authors who lost bodies because they said more than their share, ascending.
    fn shares(&mut self, room: &RoomId) -> Result<Vec<Shared>, Error>;

    /// How much of a room's bounds its bodies use.
    fn filled(&mut self, room: &RoomId) -> Result<Filled, Error>;

    /// The last name of each author and the place of the entry that set it; authors ascending. Beyond [`limits::NICKS`]
    /// authors, only those with the newest names.
    fn nicks(&mut self, room: &RoomId) -> Result<Vec<(AuthorId, Place, String)>, Error>;

    /// The name that an author had before the entry at a place, if any.
    fn named_before(&mut self, room: &RoomId, place: Place) -> Result<Option<String>, Error>;

    /// Everything known of each log of a room, authors ascending. Never reads entries.
    fn kept(&mut self, room: &RoomId) -> Result<Vec<Kept>, Error>;

    /// The last entry of every log that has one in the timeline, and its time; authors ascending.
    fn heads(&mut self, room: &RoomId) -> Result<Vec<(AuthorId, Head)>, Error>;

    /// The newest `most` entries of kind [`Kind::LETTER`] that can be read, newest first.
    fn letters(&mut self, room: &RoomId, most: usize) -> Result<Vec<TimelineRow>, Error>;

    /// The last [`Kind::TOPIC`].
    fn topic(&mut self, room: &RoomId) -> Result<Option<TimelineRow>, Error>;

    /// Whether a room names a file: the timeline has an unretracted [`Kind::FILE`] with this hash.
    fn names(&mut self, room: &RoomId, file: &FileId) -> Result<bool, Error> {
        Ok(!self.offerers(room, file, 1)?.is_empty())
    }

    /// The files of a room whose bytes are sealed, that unretracted entries offer: hash and number of the sealed bytes.
    /// Newest first, `most` at most.
    fn carried(&mut self, room: &RoomId, most: usize) -> Result<Vec<(FileId, u64)>, Error>;

    /// The first `most` authors whose entries name a file, ascending.
    fn offerers(&mut self, room: &RoomId, file: &FileId, most: usize) -> Result<Vec<AuthorId>, Error>;

    /// The entries of one author that a cut took out of the timeline, to be repeated under a new key; ascending.
    fn beyond_cut(&mut self, room: &RoomId, author: &AuthorId) -> Result<Vec<TimelineRow>, Error>;

    /// Full-text search in texts, imported ones included, and in names of files, newest first. An entry matches when it
    /// has all words, the last one as a prefix; an edited entry matches by its last [`Kind::EDIT`] only. Case and
    /// accents do not matter, nor does punctuation except the signs of words such as c++: there is no syntax. Only the
    /// first [`limits::QUERY_WORDS`] words count. The author and the time are those of the original entry, or of the imported
    /// message. An empty search finds nothing.
    fn search(&mut self, room: &RoomId, wanted: &Wanted, limit: usize) -> Result<Vec<TimelineRow>, Error>;

    /// Entries in the timeline of a room.
    fn count(&mut self, room: &RoomId) -> Result<u64, Error>;

    /// Authors who prove to have seen an entry of the timeline: one of their entries below it knows it, see
    /// [`Knows`](rumormill_proto::knows::Knows); ascending. Looks into [`limits::HOLDER_ENTRIES`] entries that do not know
    /// it, and past these finds nobody more.
    fn holders(&mut self, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<Vec<AuthorId>, Error>;

    /// Verifies every hash and signature of a room, that the timeline leads to every entry, and that notes and totals
    /// match the entries.
    fn check(&mut self, room: &RoomId) -> Result<CheckReport, Error> {
        self.check_telling(room, &mut |_| ())
    }

    /// As [`Read::check`], reporting on the way how many entries were checked.
    fn check_telling(&mut self, room: &RoomId, tell: &mut dyn FnMut(u64)) -> Result<CheckReport, Error>;
}

/// A row of the timeline. It is not an [`Entry`](rumormill_proto::admit::Entry): admission verified it, and
/// [`Read::check`] verifies it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineRow {
    /// Its position in the timeline.
    pub place: Place,
    /// Hash of the canonical header.
    pub id: EntryId,
    /// Kind of the body. A sealed one if the body cannot be opened: then the body is there while the secret is lacking,
    /// and is not where it is damaged.
    pub kind: Kind,
    /// Whether the body was sealed, opened or not.
    pub sealed: bool,
    /// The body, opened where it was sealed.
    pub body: Body,
    /// What the author had seen since its previous entry.
    pub seen: Seen,
}

impl TimelineRow {
    /// The kind under which it was signed.
    pub fn signed_kind(&self) -> Kind {
        self.kind.sealed().filter(|_| self.sealed).unwrap_or(self.kind)
    }
}

/// A room as its user keeps it. The secrets live in the store on purpose: a user who loses the store gets new keys, and
/// so never writes one log twice.
#[derive(Clone, PartialEq, Eq)]
pub struct RoomRecord {
    /// The room.
    pub id: RoomId,
    /// The room secret, which admits to the room.
    pub secret: [u8; 32],
    /// The signing key of the author who writes from here.
    pub author_secret: [u8; 32],
    /// The user's name for it.
    pub name: String,
    /// Peers to dial when the node opens the room, at most [`limits::CONTACTS`].
    pub contacts: Vec<Contact>,
    /// How many bodies to keep. Changed bounds take effect with the next [`Store::expire`].
    pub keep: Keep,
    /// Whether the node announces it to peers on the LAN that ask.
    pub announced: bool,
    /// How a closed room is held; `None` for an open one.
    pub closed: Option<Closed>,
    /// The room that it comes out of, if it is a private one.
    pub private: Option<Private>,
    /// The name that the user chose before being let in, and that is to be said then.
    pub nick: Option<String>,
}

/// A closed room of a few people out of another one, whose keys they keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Private {
    /// The room that it comes out of.
    pub of: RoomId,
    /// The people in it: the keys of each, the main one first.
    pub people: Vec<Vec<AuthorId>>,
}

/// What a home keeps of a closed room besides its entries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// Who founded it.
    pub founder: AuthorId,
    /// The ticket by which the user came, if by one.
    pub pass: Option<Pass>,
    /// The author whose device this home is in the room, if it came as one.
    pub device_of: Option<AuthorId>,
    /// Whether this home stores and serves the room without being able to read it.
    pub keeps: bool,
}

/// A ticket of a closed room, as its holder has it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// The entry that announces it.
    pub ticket: TicketId,
    /// Its secret key.
    pub secret: [u8; 32],
}

impl fmt::Debug for Closed {
    /// Leaves the secret of the ticket out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closed").field("founder", &self.founder).finish_non_exhaustive()
    }
}

impl fmt::Debug for Pass {
    /// Leaves the secret out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pass").field("ticket", &self.ticket).finish_non_exhaustive()
    }
}

/// The rooms of a store.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rooms {
    /// Rooms that can be opened.
    pub whole: Vec<RoomRecord>,
    /// Rooms whose records cannot be read.
    pub damaged: Vec<DamagedRoom>,
}

/// A room that was put, and whose record is damaged so that it cannot be opened.
#[derive(Clone, PartialEq, Eq)]
pub struct DamagedRoom {
    /// The room.
    pub id: RoomId,
    /// The user's name for it; empty when lost.
    pub name: String,
    /// The room secret, if it survived: then only the author's key is lost.
    pub secret: Option<[u8; 32]>,
    /// Peers to dial, as far as known.
    pub contacts: Vec<Contact>,
    /// How many bodies to keep.
    pub keep: Keep,
    /// How a closed room is held, as far as known.
    pub closed: Option<Closed>,
    /// The problem.
    pub why: String,
}

impl fmt::Debug for DamagedRoom {
    /// Leaves the secret out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, name, contacts, keep, why, .. } = self;
        f.debug_struct("DamagedRoom")
            .field("id", id)
            .field("name", name)
            .field("contacts", contacts)
            .field("keep", keep)
            .field("why", why)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RoomRecord {
    /// Leaves the secrets out, so that they reach no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, name, contacts, keep, announced, .. } = self;
        f.debug_struct("RoomRecord")
            .field("id", id)
            .field("name", name)
            .field("contacts", contacts)
            .field("keep", keep)
            .field("announced", announced)
            .finish_non_exhaustive()
    }
}

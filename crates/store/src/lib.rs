//! Logs on disk for Rumormill: what is appended here is still known after a crash.
//!
//! [`Store`] is written by whoever drives an engine, [`Read`] is a handle for reading that lives beside it. There
//! are two forms with the same behaviour: [`Disk`] in one SQLite file and [`Memory`] in ordered maps. [`Files`] keeps
//! what is too large for entries.
//! Nothing in here knows the network, async or the clock.

mod check;
mod disk;
mod error;
mod files;
mod keep;
pub mod limits;
mod memory;
mod note;
mod row;
mod share;
mod surplus;
mod words;

use std::fmt;

use rumormill_proto::{
    admit::Run,
    content::{Target, Vouch},
    entry::{Body, Kind, Seen},
    fork::Proof,
    frame::Contact,
    ids::{AuthorId, EntryId, FileId, RoomId, Seq},
    input::{Bare, Found, Kept, Output, Purpose, Recall},
    log::{Head, Log},
    run::RawRun,
    timeline::Place,
};

pub use crate::{
    check::{CheckReport, Fault, Problem},
    disk::{Disk, Still},
    error::Error,
    files::{Bytes, FileSource, Files, HeldFile, Import, Listed, Part, Piece, RoomFile, free_bytes},
    keep::{Keep, KeepFiles},
    memory::Memory,
    share::Shared,
    surplus::surplus,
};

/// One thing to make durable.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// Entries that take their place in their log and in the timeline. What a [`Kind::RETRACTION`] among them is about
    /// loses its body, and so do all its edits, whether they are here or come later. It stays so when the retraction is
    /// cut.
    Append(&'a Run),
    /// A log is forked: entries at or beyond the proof's seq leave the timeline but stay as evidence. A cut at or
    /// above the one kept changes nothing.
    Cut(&'a Proof),
    /// What goes on behind the cut of a log from a held entry below it, up to a signature: it stays as evidence of that
    /// entry, in the place of other evidence of its block. The run begins at the cut and is without bodies.
    Prolong(&'a Run),
    /// An author has no place in the room any more: of its log leave at most [`EVICTED_ENTRIES`](rumormill_proto::limits::EVICTED_ENTRIES) entries, whole blocks,
    /// from below, and with the last one everything that is kept of it.
    Evict(&'a AuthorId),
    /// A body that [`Read::bare`] told to be wanted. One that is not wanted, or not what the header names, changes nothing.
    Fill {
        /// Whose entry it belongs to.
        author: &'a AuthorId,
        /// Which.
        seq: Seq,
        /// What was said.
        body: &'a bytes::Bytes,
    },
}

impl<'a> Change<'a> {
    /// What an output of the engine asks to be made durable, if it asks for that.
    pub fn of(output: &'a Output) -> Option<Self> {
        match output {
            Output::Append(run) => Some(Self::Append(run)),
            Output::Cut(proof) => Some(Self::Cut(proof)),
            Output::Prolong(run) => Some(Self::Prolong(run)),
            Output::Evict(author) => Some(Self::Evict(author)),
            Output::Fill { author, seq, body } => Some(Self::Fill { author, seq: *seq, body }),
            _ => None,
        }
    }

    /// Whose log is changed.
    pub fn author(&self) -> AuthorId {
        match self {
            Self::Append(run) | Self::Prolong(run) => run.author(),
            Self::Cut(proof) => proof.author(),
            Self::Evict(author) | Self::Fill { author, .. } => **author,
        }
    }

    /// Whether less of the log is in the timeline afterwards.
    pub fn shortens(&self) -> bool {
        matches!(self, Self::Cut(_) | Self::Evict(_))
    }
}

/// Where logs are kept.
pub trait Store: Send {
    /// All changes, in order, in one durable commit, possibly of several rooms. Returns for every change that
    /// [shortens](Change::shortens) a log what is left of it when all changes are made.
    ///
    /// # Errors
    /// Nothing of the batch is kept then, and a later one may succeed. [`Error::Unfit`] when a run has no place in its
    /// log, which is the caller's mistake.
    fn commit(&mut self, changes: &[(RoomId, Change<'_>)]) -> Result<Vec<(AuthorId, Log)>, Error>;

    /// What is kept of all logs of a room, authors ascending. Never reads entries.
    ///
    /// # Errors
    /// When the file cannot be read or what it says makes no sense.
    fn kept(&self, room: &RoomId) -> Result<Vec<Kept>, Error>;

    /// The rooms that were put, ids ascending; one that is damaged hides no other.
    ///
    /// # Errors
    /// When it cannot be read which rooms there are.
    fn rooms(&self) -> Result<Rooms, Error>;

    /// Keeps a room, or replaces what was put before; durable. The first [`limits::CONTACTS`] contacts are kept
    /// whose addresses are no longer than [`ADDRESS_BYTES`](rumormill_proto::limits::ADDRESS_BYTES).
    ///
    /// # Errors
    /// As [`Store::commit`].
    fn put_room(&mut self, room: &RoomRecord) -> Result<(), Error>;

    /// Forgets a room and its secrets, durably: whoever enters it again begins with nothing. What was said goes from the disk
    /// by [`Store::sweep`], after a crash too. The search indexes of all rooms are built anew, by [`Store::index`].
    ///
    /// # Errors
    /// As [`Store::commit`].
    fn leave(&mut self, room: &RoomId) -> Result<(), Error>;

    /// Takes up to `rows` runs of rooms that were left off the disk, or some more of smaller rows, in one commit; then the same of
    /// indexes that were given up with them, and of edits of what was taken back. Returns whether there are more.
    ///
    /// # Errors
    /// As [`Store::commit`], when nothing can be taken out of any room.
    fn sweep(&mut self, rows: usize) -> Result<bool, Error>;

    /// The secret of this peer's transport key: the one kept, or else `fresh`, which is kept from then on.
    ///
    /// # Errors
    /// As [`Store::commit`].
    fn peer_secret(&mut self, fresh: [u8; 32]) -> Result<[u8; 32], Error>;

    /// Takes up to `entries` more entries into the index of [`Read::search`], in one
    /// commit; returns whether more wait. To be called when there is nothing better to do: what is not indexed
    /// is found all the same, but more slowly. It also lets go of the last copies of bodies that were dropped, which
    /// otherwise stay on disk for up to [`limits::WIPE_COMMITS`] commits.
    ///
    /// # Errors
    /// As [`Store::commit`].
    fn index(&mut self, entries: usize) -> Result<bool, Error>;

    /// Drops bodies of a room that are over the bounds of its [`Keep`], oldest first by timeline, in one commit that
    /// reaches over at most `most` entries, and some of an author that has more than its share; returns whether more wait. `now_ms` is the time by which they are too old.
    /// What comes later and belongs below what was dropped is dropped when it comes. What a cut took out of the
    /// timeline stays.
    ///
    /// # Errors
    /// As [`Store::commit`].
    fn expire(&mut self, room: &RoomId, now_ms: u64, most: usize) -> Result<bool, Error>;

    /// Checks a room and takes out of it whatever is damaged, so that it is fetched again from peers who have it;
    /// returns what was found. To be called before a room is entered, for its logs may come out shorter.
    ///
    /// # Errors
    /// As [`Store::commit`]; [`Error::Corrupt`] when the file is damaged so that its tables cannot be read.
    fn mend(&mut self, room: &RoomId) -> Result<CheckReport, Error>;

    /// A handle for reading, usable from another thread at the same time. It sees every commit that ended
    /// before the call.
    ///
    /// # Errors
    /// When the file cannot be opened once more.
    fn reader(&self) -> Result<Box<dyn Read>, Error>;
}

/// A handle for reading. Errors are those of a file that cannot be read, and [`Error::Corrupt`] when what it says
/// is not what was written.
pub trait Read: Send {
    /// The `limit` entries of the timeline before `before`, or the last ones when there is no `before`;
    /// ascending. One index walk that never reads the rest.
    fn page(&mut self, room: &RoomId, before: Option<Place>, limit: usize) -> Result<Vec<TimelineRow>, Error>;

    /// The `limit` entries of the timeline after `after`, or the first ones when there is no `after`; ascending.
    fn page_after(&mut self, room: &RoomId, after: Option<Place>, limit: usize) -> Result<Vec<TimelineRow>, Error>;

    /// As [`Read::page`], of messages only: what people read, and not what is about that, nor kinds of versions to come.
    /// However much there is of those, it costs nothing.
    fn messages(&mut self, room: &RoomId, before: Option<Place>, limit: usize) -> Result<Vec<TimelineRow>, Error>;

    /// As [`Read::page_after`], of messages only.
    fn messages_after(&mut self, room: &RoomId, after: Option<Place>, limit: usize) -> Result<Vec<TimelineRow>, Error>;

    /// One run of entries within `first..=last` of a log, the topmost: it ends at `last` or the highest held
    /// below, and begins at `first`, the block's beginning or the lowest held, whichever is highest. It carries a
    /// signature when its end is signed: a head, a multiple of [`BLOCK`](rumormill_proto::limits::BLOCK), or any
    /// end of an appended run while its block is not whole.
    ///
    /// Where a log is cut and nothing is signed at the cut, the run goes on to the next signature, without the bodies
    /// beyond the cut.
    ///
    /// On disk its hashes are computed again and must lead to the id kept of its last entry; nothing is served
    /// otherwise.
    fn run(&mut self, room: &RoomId, author: &AuthorId, first: Seq, last: Seq) -> Result<Option<RawRun>, Error>;

    /// A signed run of the block of `seq`, bodies dropped, entries beyond a cut included. It tells the id of the entry
    /// at `seq`, or else begins at the lowest one held of the block. `None` when no signature reaches.
    fn recall(&mut self, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<Option<RawRun>, Error>;

    /// Why a log is cut; `None` when it is not, and when the proof that is kept does not verify any more.
    fn proof(&mut self, room: &RoomId, author: &AuthorId) -> Result<Option<Proof>, Error>;

    /// What the engine asks for by [`Output::Recall`](rumormill_proto::input::Output::Recall).
    fn recalled(&mut self, room: &RoomId, what: &Recall) -> Result<Option<Found>, Error> {
        match what.purpose {
            Purpose::Prove(_) => Ok(self.proof(room, &what.author)?.map(|proof| Found::Proof(proof.wire().clone()))),
            Purpose::Show(_) | Purpose::Compare { .. } | Purpose::Leave { .. } => {
                Ok(self.recall(room, &what.author, what.seq)?.map(Found::Run))
            }
        }
    }

    /// The spans of logs that make up the newest `count` entries of the timeline: author, lowest and highest
    /// seq; authors ascending.
    fn newest(&mut self, room: &RoomId, count: usize) -> Result<Vec<(AuthorId, Seq, Seq)>, Error>;

    /// One entry of the timeline.
    fn line(&mut self, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<Option<TimelineRow>, Error>;

    /// What stands about some entries, ascending: of each the last [`Kind::EDIT`], whether there is a
    /// [`Kind::RETRACTION`], and of every author and sign the last [`Kind::REACTION`] when it puts the sign there; at
    /// most `limit` of one entry, the newest reactions left. Only entries in the timeline count whose bodies are kept.
    /// One walk along an index for each row of neighbours in one log.
    fn notes(&mut self, room: &RoomId, targets: &[Target], limit: usize) -> Result<Vec<TimelineRow>, Error>;

    /// Whom an author vouches for, see [`Input::Vouches`](rumormill_proto::input::Input::Vouches): the first `most`.
    fn vouches(&mut self, room: &RoomId, author: &AuthorId, most: usize) -> Result<Vec<Vouch>, Error>;

    /// The newest entries that came without their bodies, where neither a retraction nor the bounds of the room explain
    /// it: `most` of them, and how many there are in all. What lost its body before it was retracted or fell out of the
    /// bounds counts no more.
    fn bare(&mut self, room: &RoomId, most: usize) -> Result<(Vec<Bare>, u64), Error>;

    /// Whether an entry is one of those that [`Read::bare`] counts.
    fn is_bare(&mut self, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<bool, Error>;

    /// Authors of whom bodies were let go because they said more than their share, authors ascending.
    fn shares(&mut self, room: &RoomId) -> Result<Vec<Shared>, Error>;

    /// The last name of each author, and where it was said; authors ascending. When there are more than
    /// [`limits::NICKS`], those whose names are newest.
    fn nicks(&mut self, room: &RoomId) -> Result<Vec<(AuthorId, Place, String)>, Error>;

    /// The name that an author had before the entry at a place; none when they had taken none.
    fn named_before(&mut self, room: &RoomId, place: Place) -> Result<Option<String>, Error>;

    /// What is kept of all logs of a room, authors ascending. Never reads entries.
    fn kept(&mut self, room: &RoomId) -> Result<Vec<Kept>, Error>;

    /// The last entry of every log that has one in the timeline, and when it was written; authors ascending.
    fn heads(&mut self, room: &RoomId) -> Result<Vec<(AuthorId, Head)>, Error>;

    /// The last [`Kind::TOPIC`].
    fn topic(&mut self, room: &RoomId) -> Result<Option<TimelineRow>, Error>;

    /// Whether a room names a file: there is a [`Kind::FILE`] in the timeline that says its hash and is not taken back.
    fn names(&mut self, room: &RoomId, file: &FileId) -> Result<bool, Error> {
        Ok(!self.offerers(room, file, 1)?.is_empty())
    }

    /// Authors whose entries name a file so: the first `most`, ascending.
    fn offerers(&mut self, room: &RoomId, file: &FileId, most: usize) -> Result<Vec<AuthorId>, Error>;

    /// The entries of one author that a cut took out of the timeline, to be said again under a new key;
    /// ascending.
    fn beyond_cut(&mut self, room: &RoomId, author: &AuthorId) -> Result<Vec<TimelineRow>, Error>;

    /// Full-text search in what was said, here or elsewhere, and in names of files, newest first. An entry is found when
    /// it has all `words` and one that begins with the last of them; an edited one when the last [`Kind::EDIT`] of it
    /// has, whatever it said at first. Case and accents do not matter, nor does punctuation but for the signs of words
    /// such as c++: there is no syntax. Only the first [`limits::QUERY_WORDS`] words count; without a word nothing is
    /// found.
    fn search(&mut self, room: &RoomId, words: &str, limit: usize) -> Result<Vec<TimelineRow>, Error>;

    /// Entries in the timeline of a room.
    fn count(&mut self, room: &RoomId) -> Result<u64, Error>;

    /// Who proves to have seen an entry of the timeline: authors of whom an entry below it knows it, see
    /// [`Knows`](rumormill_proto::knows::Knows); ascending. Of those who said nothing for [`limits::HOLDER_ENTRIES`] entries
    /// of others who do not know it either, nothing is found out.
    fn holders(&mut self, room: &RoomId, author: &AuthorId, seq: Seq) -> Result<Vec<AuthorId>, Error>;

    /// Verifies every hash and signature of a room, that the timeline leads to every entry, and that notes and totals
    /// say what the entries do.
    fn check(&mut self, room: &RoomId) -> Result<CheckReport, Error> {
        self.check_telling(room, &mut |_| ())
    }

    /// [`Read::check`], telling on the way how many entries were looked at.
    fn check_telling(&mut self, room: &RoomId, tell: &mut dyn FnMut(u64)) -> Result<CheckReport, Error>;
}

/// A row of the timeline. Not an [`Entry`](rumormill_proto::admit::Entry): it was verified when it was admitted,
/// and [`Read::check`] verifies it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineRow {
    /// Where it stands in the timeline.
    pub place: Place,
    /// Hash of the canonical header.
    pub id: EntryId,
    /// What the body is.
    pub kind: Kind,
    /// What was said.
    pub body: Body,
    /// What the author had seen since its previous entry.
    pub seen: Seen,
}

/// A room as its user keeps it. The secrets live in the store on purpose: whoever loses the store gets new keys,
/// and so never writes one log twice.
#[derive(Clone, PartialEq, Eq)]
pub struct RoomRecord {
    /// The room.
    pub id: RoomId,
    /// What lets one in.
    pub secret: [u8; 32],
    /// The signing key of the author who writes from here.
    pub author_secret: [u8; 32],
    /// How the user calls it.
    pub name: String,
    /// Peers to dial when the room is entered, at most [`limits::CONTACTS`].
    pub contacts: Vec<Contact>,
    /// How much of what is said is kept. Other bounds than before take effect with the next [`Store::expire`].
    pub keep: Keep,
    /// Whether those who ask on the LAN are told of it.
    pub announced: bool,
}

/// What there is of rooms.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rooms {
    /// Those that can be entered.
    pub whole: Vec<RoomRecord>,
    /// Those of which that cannot be read.
    pub damaged: Vec<DamagedRoom>,
}

/// A room that was put, and of which it cannot be read any more how to enter it.
#[derive(Clone, PartialEq, Eq)]
pub struct DamagedRoom {
    /// The room.
    pub id: RoomId,
    /// How the user calls it; empty when that is lost.
    pub name: String,
    /// What lets one in, if that is left: then only the author's key is lost.
    pub secret: Option<[u8; 32]>,
    /// Peers to dial, as far as they are known.
    pub contacts: Vec<Contact>,
    /// How much of what is said is kept.
    pub keep: Keep,
    /// What is wrong.
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

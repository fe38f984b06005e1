//! Authors with prepared entries, for all tests of the store.
#![allow(dead_code, unused_macros, clippy::unwrap_used, reason = "each test uses what it needs, and may fail")]

pub(crate) mod chat;

use bytes::Bytes;
use rumormill_proto::{
    admit::{Admission, Author, Run, Trust},
    entry::{Body, Kind, LogKey, RawEntry, Seen},
    fork::Proof,
    ids::{AuthorId, EntryId, RoomId, Seq},
    run::{RawRun, block_end},
    time::Time,
    timeline::Place,
};
use rumormill_store::{Change, Error, Keep, RoomRecord, Store, TimelineRow};

/// Runs each law on each form.
macro_rules! laws {
    ($($law:ident)*) => {
        mod memory {
            $(#[test] fn $law() { super::$law(&mut rumormill_store::Memory::new()); })*
        }
        mod disk {
            $(#[test] fn $law() {
                let dir = tempfile::tempdir().unwrap();
                super::$law(&mut rumormill_store::Disk::open(&dir.path().join("home")).unwrap());
            })*
        }
    };
}

pub(crate) const ROOM: RoomId = RoomId([1; 32]);
pub(crate) const OTHER_ROOM: RoomId = RoomId([2; 32]);

/// An open room of which so much is kept.
pub(crate) fn record(id: RoomId, keep: Keep) -> RoomRecord {
    let (secret, author_secret, name) = ([1; 32], [2; 32], "room".into());
    RoomRecord {
        id,
        secret,
        author_secret,
        name,
        contacts: vec![],
        keep,
        announced: false,
        closed: None,
        private: None,
        nick: None,
    }
}

/// A whole log, of which a test appends any part.
pub(crate) struct Script {
    pub(crate) room: RoomId,
    author: Author,
    entries: Vec<RawEntry>,
    ids: Vec<EntryId>,
}

pub(crate) fn text(ms: u64, body: impl Into<Bytes>) -> RawEntry {
    RawEntry { time: Time::from_ms(ms), seen: vec![], kind: Kind::TEXT, body: Body::Here(body.into()) }
}

impl Script {
    pub(crate) fn new(room: RoomId, secret: u8, entries: Vec<RawEntry>) -> Self {
        let author = Author::from_secret(&[secret; 32]);
        let ids = ids(&room, &author.id(), &entries);
        Self { room, author, entries, ids }
    }

    /// A log of `count` lines, the first at `start_ms`, then one every `step_ms`.
    pub(crate) fn lines(secret: u8, count: u64, start_ms: u64, step_ms: u64) -> Self {
        let line = |seq| text(start_ms + seq * step_ms, format!("line {seq} of {secret}"));
        Self::new(ROOM, secret, (0..count).map(line).collect())
    }

    /// The same log up to `at`, then a different one.
    pub(crate) fn forked(&self, at: Seq, secret: u8) -> Self {
        let mut entries = self.entries.clone();
        for entry in entries.iter_mut().skip(at as usize) {
            entry.body = Body::Here("said twice".into());
        }
        Self::new(self.room, secret, entries)
    }

    pub(crate) fn id(&self) -> AuthorId {
        self.author.id()
    }

    pub(crate) fn len(&self) -> u64 {
        self.entries.len() as u64
    }

    fn prev(&self, first: Seq) -> EntryId {
        first.checked_sub(1).map_or(EntryId::default(), |below| self.ids[below as usize])
    }

    fn slice(&self, first: Seq, last: Seq) -> Vec<RawEntry> {
        self.entries[first as usize..=last as usize].to_vec()
    }

    /// A signed run in wire form.
    pub(crate) fn raw(&self, first: Seq, last: Seq) -> RawRun {
        self.author.sign(&self.room, first, self.prev(first), self.slice(first, last)).unwrap()
    }

    /// A signed run.
    pub(crate) fn run(&self, first: Seq, last: Seq) -> Run {
        Admission::new(self.room).admit(&self.raw(first, last), Trust::Signature).unwrap()
    }

    /// The run as served by a store that holds the whole log: signed only at its block's end.
    pub(crate) fn served(&self, first: Seq, last: Seq) -> RawRun {
        let signed = last == block_end(last) || last + 1 == self.len();
        match signed {
            true => self.raw(first, last),
            false => RawRun::new(self.id(), first, self.prev(first), self.slice(first, last), None).unwrap(),
        }
    }

    /// A run without a signature.
    pub(crate) fn bare(&self, first: Seq, last: Seq) -> Run {
        let raw = RawRun::new(self.id(), first, self.prev(first), self.slice(first, last), None).unwrap();
        Admission::new(self.room).admit(&raw, Trust::LeadsTo(self.ids[last as usize])).unwrap()
    }

    /// The signed run as served by a peer that dropped some of its bodies.
    pub(crate) fn blank(&self, first: Seq, last: Seq, drops: impl Fn(Seq) -> bool) -> Run {
        let raw = self.raw(first, last);
        let entries = (first..).zip(raw.entries()).map(|(seq, entry)| match drops(seq) {
            true => RawEntry { body: entry.body.dropped(), ..entry.clone() },
            false => entry.clone(),
        });
        let raw = RawRun::new(raw.author(), first, raw.prev(), entries.collect(), raw.signature().copied()).unwrap();
        Admission::new(self.room).admit(&raw, Trust::Signature).unwrap()
    }

    /// Signed runs of whole blocks, as far as `first..=last` allows; ascending.
    pub(crate) fn runs(&self, first: Seq, last: Seq) -> Vec<Run> {
        let mut runs = Vec::new();
        let mut at = first;
        while at <= last {
            let end = block_end(at).min(last);
            runs.push(self.run(at, end));
            at = end + 1;
        }
        runs
    }

    pub(crate) fn place(&self, seq: Seq) -> Place {
        Place { time: self.entries[seq as usize].time, author: self.id(), seq }
    }

    pub(crate) fn line(&self, seq: Seq) -> TimelineRow {
        let RawEntry { seen, kind, body, .. } = self.entries[seq as usize].clone();
        TimelineRow { place: self.place(seq), id: self.ids[seq as usize], kind, sealed: false, body, seen }
    }

    /// The proof that `self` and `other` fork at `at`.
    pub(crate) fn proof(&self, other: &Self, at: Seq) -> Proof {
        let proof = Proof::new(&mut Admission::new(self.room), &self.raw(at, at), &other.raw(at, at)).unwrap();
        assert_eq!(proof.at(), at);
        proof
    }
}

fn ids(room: &RoomId, author: &AuthorId, entries: &[RawEntry]) -> Vec<EntryId> {
    let key = LogKey::new(room, author);
    let mut prev = EntryId::default();
    let link = |(entry, seq): (&RawEntry, Seq)| {
        prev = key.id(seq, &prev, entry, &mut Vec::new());
        prev
    };
    entries.iter().zip(0..).map(link).collect()
}

/// `entry` with this `seen`.
pub(crate) fn seeing(entry: RawEntry, mut seen: Seen) -> RawEntry {
    seen.sort_unstable();
    RawEntry { seen, ..entry }
}

/// Appends runs in one commit.
pub(crate) fn append(store: &mut dyn Store, room: RoomId, runs: &[Run]) -> Result<(), Error> {
    let changes: Vec<_> = runs.iter().map(|run| (room, Change::Append(run))).collect();
    store.commit(&changes).map(|_| ())
}

/// The whole timeline.
pub(crate) fn timeline(store: &dyn Store, room: &RoomId) -> Vec<TimelineRow> {
    store.reader().unwrap().page(room, None, usize::MAX).unwrap()
}

/// A number from the environment.
pub(crate) fn number_from(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |number| number.parse().unwrap())
}

/// Random numbers that a seed reproduces (splitmix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 when that is 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % (bound as u64).max(1)) as usize
    }
}

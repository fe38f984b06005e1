//! How long bodies are kept, and which ones exceed the bounds.
//!
//! The earliest bodies of the timeline go first. The room stores how far that went as its floor: no entry below it has
//! a body, and an entry that arrives later and belongs below it loses its body on arrival.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::{AddAssign, SubAssign},
};

use rumormill_proto::{
    entry::{Body, Kind, RawEntry},
    ids::{AuthorId, Seq},
    time::Time,
    timeline::Place,
};

use crate::note::plain;

/// How much of a room to keep: everything within all of these bounds. Entries stay for ever because a log has no holes;
/// only the bodies of [`Kind::TEXT`], [`Kind::ADDRESSED`], [`Kind::EDIT`] and [`Kind::IMPORTED`] are dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// How long to keep a body, in milliseconds.
    pub age_ms: Option<u64>,
    /// Number of bodies to keep.
    pub entries: Option<u64>,
    /// Bytes of bodies to keep.
    pub bytes: Option<u64>,
    /// Bounds for files, which are separate. Names of files stay.
    pub files: KeepFiles,
    /// Bytes of bodies to keep of each author; by default [`SHARE_BYTES`](crate::limits::SHARE_BYTES). This bound goes
    /// by logs, not by the timeline, and drops bodies of all kinds.
    pub share: Option<u64>,
}

/// How many of the files that a room names to keep here; see [`surplus`](crate::surplus).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeepFiles {
    /// How long to keep a file after it arrived, in milliseconds.
    pub age_ms: Option<u64>,
    /// Number of files to keep.
    pub count: Option<u64>,
    /// Bytes of files to keep.
    pub bytes: Option<u64>,
}

/// How much the bodies take that the bounds of a room may drop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// Bytes of bodies.
    pub bytes: u64,
    /// Entries before this time lost their bodies, to these bounds or to narrower ones of before. `None` when nothing was
    /// dropped.
    pub since: Option<Time>,
}

impl Filled {
    pub(crate) fn of(tally: Tally, bared: Option<Place>) -> Self {
        Self { bytes: u64::try_from(tally.bytes).unwrap_or(0), since: bared.map(|bared| bared.time) }
    }
}

impl Keep {
    /// These bounds without those for files and authors.
    pub fn of_texts(self) -> Self {
        Self { files: KeepFiles::default(), share: None, ..self }
    }
}

/// Number and bytes of the bodies in the timeline that the bounds may drop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) entries: i64,
    pub(crate) bytes: i64,
}

impl Tally {
    pub(crate) fn of(entry: &RawEntry) -> Self {
        Self::of_body(entry.kind, &entry.body)
    }

    pub(crate) fn of_body(kind: Kind, body: &Body) -> Self {
        match body {
            Body::Here(bytes) if expires(kind) => Self { entries: 1, bytes: bytes.len() as i64 },
            _ => Self::default(),
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, more: Self) {
        self.entries += more.entries;
        self.bytes += more.bytes;
    }
}

impl SubAssign for Tally {
    fn sub_assign(&mut self, less: Self) {
        self.entries -= less.entries;
        self.bytes -= less.bytes;
    }
}

/// Whether bodies of this kind expire. Names, topics and retractions stay.
pub(crate) fn expires(kind: Kind) -> bool {
    [Kind::TEXT, Kind::ADDRESSED, Kind::EDIT, Kind::IMPORTED].contains(&plain(kind))
}

/// One walk upwards from the floor to find the bodies over the bounds.
pub(crate) struct Expiry {
    keep: Keep,
    /// Older bodies are too old.
    oldest: Time,
    tally: Tally,
    /// Number of entries that the walk may still pass.
    left: usize,
    /// Where the walk has got to.
    floor: Option<Place>,
    more: bool,
    /// Entries that lose their bodies.
    pub(crate) over: BTreeMap<AuthorId, BTreeSet<Seq>>,
}

impl Expiry {
    pub(crate) fn new(keep: Keep, tally: Tally, now_ms: u64, most: usize) -> Self {
        let oldest = keep.age_ms.map_or(Time(0), |age_ms| Time::from_ms(now_ms.saturating_sub(age_ms)));
        Self { keep, oldest, tally, left: most, floor: None, more: false, over: BTreeMap::new() }
    }

    /// Takes the next entry of the timeline; returns whether to go on.
    pub(crate) fn visit(&mut self, place: Place, body: Tally) -> bool {
        let above = |held: i64, bound: Option<u64>| bound.is_some_and(|bound| u64::try_from(held).unwrap_or(0) > bound);
        let over = place.time < self.oldest
            || above(self.tally.entries, self.keep.entries)
            || above(self.tally.bytes, self.keep.bytes);
        self.more = over && self.left == 0;
        if !over || self.more {
            return false;
        }
        self.left -= 1;
        self.floor = Some(place);
        if body.entries > 0 {
            self.tally -= body;
            self.over.entry(place.author).or_default().insert(place.seq);
        }
        true
    }

    /// The floor after dropping all of these, and whether more waits; `None` when nothing changes.
    pub(crate) fn end(&self, floor: Option<Place>) -> Option<(Option<Place>, bool)> {
        // An entry that arrives later and is already too old need not be stored with its body first.
        let too_old = Place { time: self.oldest, author: AuthorId([0; 32]), seq: 0 };
        let aged = Some(too_old).filter(|_| self.keep.age_ms.is_some() && !self.more);
        let ended = self.floor.max(aged).max(floor);
        (self.floor.is_some() || (floor.is_none() && ended.is_some())).then_some((ended, self.more))
    }
}

/// Whether an entry belongs below the floor and so keeps no body.
pub(crate) fn is_below(floor: Option<Place>, place: Place, kind: Kind) -> bool {
    expires(kind) && floor.is_some_and(|floor| place <= floor)
}

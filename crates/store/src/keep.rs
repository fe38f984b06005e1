//! How long bodies are kept, and what is over that.
//!
//! What goes first is what stands first in the timeline. How far that went is kept with the room as its floor: below it
//! nothing has a body any more, and what comes later and belongs below is dropped on arrival.

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

/// How much of what is said in a room is kept: everything within all of these bounds. Entries stay for ever, for a log
/// has no holes; it is the bodies of [`Kind::TEXT`], [`Kind::ADDRESSED`], [`Kind::EDIT`] and [`Kind::IMPORTED`] that are dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// Milliseconds for which a body is kept.
    pub age_ms: Option<u64>,
    /// Bodies that are kept.
    pub entries: Option<u64>,
    /// Bytes of bodies that are kept.
    pub bytes: Option<u64>,
    /// The same for files, which are bounded apart. Their names stay.
    pub files: KeepFiles,
    /// Bytes of bodies that are kept of each author; without it [`SHARE_BYTES`](crate::limits::SHARE_BYTES). This goes by
    /// logs and not by the timeline, and takes bodies of all kinds.
    pub share: Option<u64>,
}

/// How many of the files that a room names are kept here; see [`surplus`](crate::surplus).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeepFiles {
    /// Milliseconds for which a file is kept once it is here.
    pub age_ms: Option<u64>,
    /// Files that are kept.
    pub count: Option<u64>,
    /// Bytes of files that are kept.
    pub bytes: Option<u64>,
}

impl Keep {
    /// These bounds without those of files and authors.
    pub fn of_texts(self) -> Self {
        Self { files: KeepFiles::default(), share: None, ..self }
    }
}

/// Bodies in the timeline that can be dropped for want of room, and their bytes.
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

/// What is said. What people are called, what a room is about and what takes something back stays.
pub(crate) fn expires(kind: Kind) -> bool {
    [Kind::TEXT, Kind::ADDRESSED, Kind::EDIT, Kind::IMPORTED].contains(&kind)
}

/// One walk from the floor upwards, to find what is over the bounds.
pub(crate) struct Expiry {
    keep: Keep,
    /// What is older is too old.
    oldest: Time,
    tally: Tally,
    /// Entries that may still be walked past.
    left: usize,
    /// How far the walk went.
    floor: Option<Place>,
    more: bool,
    /// What is to lose its body.
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

    /// The floor when all of this is dropped, and whether more waits; `None` when nothing changes.
    pub(crate) fn end(&self, floor: Option<Place>) -> Option<(Option<Place>, bool)> {
        // Whatever comes later and is too old by now need not be written down first.
        let too_old = Place { time: self.oldest, author: AuthorId([0; 32]), seq: 0 };
        let aged = Some(too_old).filter(|_| self.keep.age_ms.is_some() && !self.more);
        let ended = self.floor.max(aged).max(floor);
        (self.floor.is_some() || (floor.is_none() && ended.is_some())).then_some((ended, self.more))
    }
}

/// Whether an entry belongs below the floor, so that its body is not kept.
pub(crate) fn is_below(floor: Option<Place>, place: Place, kind: Kind) -> bool {
    expires(kind) && floor.is_some_and(|floor| place <= floor)
}

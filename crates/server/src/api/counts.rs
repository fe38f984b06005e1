//! Remembers what reading a room from its unread marker on found, so that the next count continues from there: the
//! state of a room is sent several times a second.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use rumormill_node::proto::{frontier::Digest, ids::RoomId, timeline::Place};

use super::words::{AuthorHex, Display, PlaceText};
use crate::lock::lock;

/// Everything that the counts depend on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Basis {
    /// Identifies the held entries, together with their number.
    pub(super) digest: Digest,
    pub(super) entries: u64,
    pub(super) read: Option<PlaceText>,
    pub(super) nick: String,
    pub(super) hidden: BTreeSet<AuthorHex>,
    /// What is held back in an open room, and a stamp of who is known there.
    pub(super) display: (Option<Display>, u64),
}

/// The counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) unread: u64,
    /// Unread messages that mention me.
    pub(super) mentions: u64,
    /// The last counted message, if there was one.
    pub(super) upto: Option<Place>,
    /// Whether there are more messages than are counted.
    pub(super) many: bool,
}

/// How far remembered counts still apply.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Nothing has changed since.
    Same(Counted),
    /// This many entries have come since.
    Grown { counted: Counted, by: u64 },
    /// There are none, or they no longer apply.
    Nothing,
}

/// The last counts of each room.
#[derive(Default)]
pub(super) struct Counts(Mutex<BTreeMap<RoomId, (Basis, Counted)>>);

impl Counts {
    /// The last counts, as far as they still apply.
    pub(super) fn of(&self, room: &RoomId, basis: &Basis) -> Known {
        let counts = lock(&self.0);
        let Some((known, counted)) = counts.get(room) else { return Known::Nothing };
        let reader = |basis: &Basis| (basis.read.clone(), basis.nick.clone(), basis.hidden.clone(), basis.display);
        match basis.entries.checked_sub(known.entries) {
            _ if known == basis => Known::Same(counted.clone()),
            Some(by) if by > 0 && reader(known) == reader(basis) => Known::Grown { counted: counted.clone(), by },
            _ => Known::Nothing,
        }
    }

    pub(super) fn set(&self, room: RoomId, basis: Basis, counted: Counted) {
        lock(&self.0).insert(room, (basis, counted));
    }

    /// Forgets a room.
    pub(super) fn forget(&self, room: &RoomId) {
        lock(&self.0).remove(room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_reused_or_continued_until_something_else_changes() {
        let (counts, room) = (Counts::default(), RoomId([1; 32]));
        let (basis, counted) = (Basis::default(), Counted { unread: 3, ..Counted::default() });
        assert_eq!(counts.of(&room, &basis), Known::Nothing);
        counts.set(room, basis.clone(), counted.clone());
        assert_eq!(counts.of(&room, &basis), Known::Same(counted.clone()));
        let grown = Basis { digest: [1; 16], entries: 7, ..basis.clone() };
        assert_eq!(counts.of(&room, &grown), Known::Grown { counted, by: 7 });
        let changed = [
            Basis { digest: [1; 16], ..basis.clone() },
            Basis { read: Some("p".into()), ..grown.clone() },
            Basis { nick: "ada".into(), ..grown.clone() },
            Basis { hidden: BTreeSet::from(["b".into()]), ..grown },
        ];
        for basis in changed {
            assert_eq!(counts.of(&room, &basis), Known::Nothing, "{basis:?}");
        }
        counts.forget(&room);
        assert_eq!(counts.of(&room, &basis), Known::Nothing);
    }
}

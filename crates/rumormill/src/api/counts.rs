//! What is found by reading a room from its unread marker on, remembered until something changes: rooms tell how they stand
//! several times a second.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use rumormill_node::proto::{frontier::Digest, ids::RoomId};

use super::words::{AuthorHex, PlaceText};

/// What the counts follow from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Basis {
    /// The entries that are here, by their digest and number.
    pub(super) digest: Digest,
    pub(super) entries: u64,
    pub(super) read: Option<PlaceText>,
    pub(super) nick: String,
    pub(super) hidden: BTreeSet<AuthorHex>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) unread: u64,
    /// Those of them that name me.
    pub(super) mentions: u64,
    pub(super) topic: String,
}

/// The last counts of each room.
#[derive(Default)]
pub(super) struct Counts(Mutex<BTreeMap<RoomId, (Basis, Counted)>>);

impl Counts {
    /// What was found, unless something has changed since.
    pub(super) fn of(&self, room: &RoomId, basis: &Basis) -> Option<Counted> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(room).filter(|(known, _)| known == basis).map(|(_, counted)| counted.clone())
    }

    pub(super) fn set(&self, room: RoomId, basis: Basis, counted: Counted) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(room, (basis, counted));
    }

    /// Forgets a room.
    pub(super) fn forget(&self, room: &RoomId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_hold_until_something_changes() {
        let (counts, room) = (Counts::default(), RoomId([1; 32]));
        let (basis, counted) = (Basis::default(), Counted { unread: 3, ..Counted::default() });
        assert_eq!(counts.of(&room, &basis), None);
        counts.set(room, basis.clone(), counted.clone());
        assert_eq!(counts.of(&room, &basis), Some(counted));
        let changed = [
            Basis { digest: [1; 16], ..basis.clone() },
            Basis { entries: 1, ..basis.clone() },
            Basis { read: Some("p".into()), ..basis.clone() },
            Basis { nick: "ada".into(), ..basis.clone() },
            Basis { hidden: BTreeSet::from(["b".into()]), ..basis.clone() },
        ];
        for basis in changed {
            assert_eq!(counts.of(&room, &basis), None, "{basis:?}");
        }
        counts.forget(&room);
        assert_eq!(counts.of(&room, &basis), None);
    }
}

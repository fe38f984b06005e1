//! The authors that I do not want to read: one file in the home. Nobody else learns of it, and the node keeps and
//! passes on their messages like all others.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use rumormill_text::Kept;

use super::words::{AuthorHex, RoomHex, codes};
use crate::{answer::Refusal, limits::HIDDEN};

type Lists = BTreeMap<RoomHex, BTreeSet<AuthorHex>>;

/// The hidden authors of each room; at most [`HIDDEN`] in each.
pub(super) struct Hidden(Kept<Lists>);

impl Hidden {
    /// Reads the file in `dir`.
    ///
    /// # Errors
    /// When there is a file and it cannot be read.
    pub(super) fn open(dir: &Path) -> Result<Self, Refusal> {
        Ok(Self(Kept::open(dir.join("hidden.json"))?))
    }

    /// The hidden authors of a room.
    pub(super) fn of(&self, room: &RoomHex) -> BTreeSet<AuthorHex> {
        self.0.read(|lists| lists.get(room).cloned().unwrap_or_default())
    }

    /// Hides an author, or shows them again; returns whether that changed anything.
    ///
    /// # Errors
    /// When too many are hidden, or the file cannot be written.
    pub(super) fn set(&self, room: &RoomHex, author: AuthorHex, hidden: bool) -> Result<bool, Refusal> {
        if hidden
            && self.0.read(|lists| lists.get(room).is_some_and(|list| list.len() >= HIDDEN && !list.contains(&author)))
        {
            let what = format!("{HIDDEN} people are hidden in this room, the most that can be");
            return Err(Refusal::new(codes::HIDDEN, what, "show somebody again first"));
        }
        Ok(self.0.change(|lists| {
            let list = lists.entry(room.clone()).or_default();
            let changed = if hidden { list.insert(author) } else { list.remove(&author) };
            if list.is_empty() {
                lists.remove(room);
            }
            changed
        })?)
    }

    /// Forgets a room.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn forget(&self, room: &RoomHex) -> Result<(), Refusal> {
        self.0.change(|lists| lists.remove(room).is_some())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_people_stay_hidden_in_that_room_until_shown() {
        let dir = tempfile::tempdir().unwrap();
        let hidden = Hidden::open(dir.path()).unwrap();
        assert!(hidden.set(&"r".into(), "bob".into(), true).unwrap());
        assert!(!hidden.set(&"r".into(), "bob".into(), true).unwrap());
        let again = Hidden::open(dir.path()).unwrap();
        assert_eq!((again.of(&"r".into()).len(), again.of(&"s".into()).len()), (1, 0));
        assert!(again.set(&"r".into(), "bob".into(), false).unwrap());
        assert!(Hidden::open(dir.path()).unwrap().of(&"r".into()).is_empty());
    }

    #[test]
    fn hidden_people_are_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let hidden = Hidden::open(dir.path()).unwrap();
        for author in 0..HIDDEN {
            hidden.set(&"r".into(), AuthorHex(author.to_string()), true).unwrap();
        }
        assert_eq!(hidden.set(&"r".into(), "one more".into(), true).unwrap_err().refused.code, "hidden");
        hidden.set(&"r".into(), "0".into(), false).unwrap();
        hidden.set(&"r".into(), "one more".into(), true).unwrap();
    }
}

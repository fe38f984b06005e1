//! Authors that I chose in each room, to be hidden from me or because I verified them: one file in the home for each.
//! Nobody else learns of it, and the node keeps and passes on their messages like all others.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use rumormill_text::Kept;

use super::words::{AuthorHex, RoomHex, codes};
use crate::{answer::Refusal, limits::CHOSEN};

type Lists = BTreeMap<RoomHex, BTreeSet<AuthorHex>>;

/// The chosen authors of each room; at most [`CHOSEN`] in each.
pub(super) struct Chosen(Kept<Lists>);

impl Chosen {
    /// Reads the file with this name in `dir`.
    ///
    /// # Errors
    /// When there is a file and it cannot be read.
    pub(super) fn open(dir: &Path, name: &str) -> Result<Self, Refusal> {
        Ok(Self(Kept::open(dir.join(name))?))
    }

    /// The chosen authors of a room, those that are chosen everywhere among them.
    pub(super) fn of(&self, room: &RoomHex) -> BTreeSet<AuthorHex> {
        let list = |lists: &Lists, room: &RoomHex| lists.get(room).cloned().unwrap_or_default();
        self.0.read(|lists| list(lists, room).into_iter().chain(list(lists, &everywhere())).collect())
    }

    /// Whether an author is chosen in a room.
    pub(super) fn has(&self, room: &RoomHex, author: &AuthorHex) -> bool {
        let has = |list: Option<&BTreeSet<AuthorHex>>| list.is_some_and(|list| list.contains(author));
        self.0.read(|lists| has(lists.get(room)) || has(lists.get(&everywhere())))
    }

    /// Chooses an author, or no longer; returns whether that changed anything.
    ///
    /// # Errors
    /// When too many are chosen, or the file cannot be written.
    pub(super) fn set(&self, room: &RoomHex, author: AuthorHex, chosen: bool) -> Result<bool, Refusal> {
        if chosen
            && self.0.read(|lists| lists.get(room).is_some_and(|list| list.len() >= CHOSEN && !list.contains(&author)))
        {
            let what = format!("these are {CHOSEN} people in this room, the most that this home remembers");
            return Err(Refusal::new(codes::HIDDEN, what, "take it back for somebody first"));
        }
        Ok(self.0.change(|lists| {
            let elsewhere = !chosen && remove(lists, &everywhere(), &author);
            let list = lists.entry(room.clone()).or_default();
            let changed = if chosen { list.insert(author) } else { list.remove(&author) || elsewhere };
            if list.is_empty() {
                lists.remove(room);
            }
            changed
        })?)
    }

    /// The chosen authors by rooms; those that are chosen everywhere without one.
    pub(super) fn all(&self) -> Vec<(Option<RoomHex>, BTreeSet<AuthorHex>)> {
        let room = |room: &RoomHex| Some(room.clone()).filter(|room| *room != everywhere());
        self.0.read(|lists| lists.iter().map(|(of, authors)| (room(of), authors.clone())).collect())
    }

    /// Chooses an author in a room, or everywhere without one, or no longer.
    ///
    /// # Errors
    /// As [`Chosen::set`].
    pub(super) fn put(&self, room: Option<&RoomHex>, author: AuthorHex, chosen: bool) -> Result<bool, Refusal> {
        match room {
            Some(room) => self.set(room, author, chosen),
            None => self.set(&everywhere(), author, chosen),
        }
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

/// The name under which the authors stand that are chosen in all rooms. No room has it.
fn everywhere() -> RoomHex {
    "everywhere".into()
}

fn remove(lists: &mut Lists, room: &RoomHex, author: &AuthorHex) -> bool {
    let Some(list) = lists.get_mut(room) else { return false };
    let removed = list.remove(author);
    if list.is_empty() {
        lists.remove(room);
    }
    removed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_people_stay_hidden_in_that_room_until_shown() {
        let dir = tempfile::tempdir().unwrap();
        let hidden = Chosen::open(dir.path(), "hidden.json").unwrap();
        assert!(hidden.set(&"r".into(), "bob".into(), true).unwrap());
        assert!(!hidden.set(&"r".into(), "bob".into(), true).unwrap());
        let again = Chosen::open(dir.path(), "hidden.json").unwrap();
        assert_eq!((again.of(&"r".into()).len(), again.of(&"s".into()).len()), (1, 0));
        assert!(again.set(&"r".into(), "bob".into(), false).unwrap());
        assert!(Chosen::open(dir.path(), "hidden.json").unwrap().of(&"r".into()).is_empty());
    }

    #[test]
    fn whoever_is_hidden_everywhere_is_shown_again_from_any_room() {
        let dir = tempfile::tempdir().unwrap();
        let hidden = Chosen::open(dir.path(), "hidden.json").unwrap();
        assert!(hidden.put(None, "bob".into(), true).unwrap());
        let hides = |room: &str| (hidden.of(&room.into()).len(), hidden.has(&room.into(), &"bob".into()));
        assert_eq!((hides("r"), hides("s")), ((1, true), (1, true)));
        assert!(hidden.set(&"r".into(), "bob".into(), false).unwrap());
        assert_eq!((hides("r"), hides("s")), ((0, false), (0, false)));
        assert!(!hidden.set(&"r".into(), "bob".into(), false).unwrap());
    }

    #[test]
    fn hidden_people_are_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let hidden = Chosen::open(dir.path(), "hidden.json").unwrap();
        for author in 0..CHOSEN {
            hidden.set(&"r".into(), AuthorHex(author.to_string()), true).unwrap();
        }
        assert_eq!(hidden.set(&"r".into(), "one more".into(), true).unwrap_err().refused.code, "hidden");
        hidden.set(&"r".into(), "0".into(), false).unwrap();
        hidden.set(&"r".into(), "one more".into(), true).unwrap();
    }
}

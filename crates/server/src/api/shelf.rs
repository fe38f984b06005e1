//! This person's list of rooms: their order, which are muted or pinned, what is held back in which, and of which a hint was
//! told. One file in the home; nobody else learns of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use rumormill_text::Kept;
use serde::{Deserialize, Serialize};

use super::words::{Attention, Display, RoomHex};
use crate::answer::Refusal;

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Rooms {
    /// In the order in which they were entered.
    order: Vec<RoomHex>,
    muted: BTreeSet<RoomHex>,
    pinned: BTreeSet<RoomHex>,
    /// Those whose hint was told, or is not needed.
    hinted: BTreeSet<RoomHex>,
    /// What is held back in open rooms; nothing in those that are not here.
    display: BTreeMap<RoomHex, Display>,
}

/// This person's list of rooms.
pub(super) struct Shelf(Kept<Rooms>);

impl Shelf {
    /// Reads the file in `dir`.
    ///
    /// # Errors
    /// When there is a file and it cannot be read.
    pub(super) fn open(dir: &Path) -> Result<Self, Refusal> {
        Ok(Self(Kept::open(dir.join("rooms.json"))?))
    }

    /// The position of a room in the list: pinned rooms come first, an unknown room last.
    pub(super) fn rank(&self, room: &RoomHex) -> (bool, usize) {
        self.0.read(|rooms| {
            let place = rooms.order.iter().position(|known| known == room).unwrap_or(usize::MAX);
            (!rooms.pinned.contains(room), place)
        })
    }

    /// Appends rooms that have no place yet, in this order.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn place<'a>(&self, entered: impl IntoIterator<Item = &'a RoomHex>) -> Result<(), Refusal> {
        self.0.change(|rooms| {
            let before = rooms.order.len();
            let known: BTreeSet<RoomHex> = rooms.order.iter().cloned().collect();
            rooms.order.extend(entered.into_iter().filter(|room| !known.contains(room)).cloned());
            rooms.order.len() > before
        })?;
        Ok(())
    }

    /// Whether a room is muted, and whether it is pinned.
    pub(super) fn attention(&self, room: &RoomHex) -> (bool, bool) {
        self.0.read(|rooms| (rooms.muted.contains(room), rooms.pinned.contains(room)))
    }

    /// Changes whether a room is muted or pinned, as far as the request says.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn attend(&self, room: &RoomHex, Attention { muted, pinned }: Attention) -> Result<(), Refusal> {
        fn set(rooms: &mut BTreeSet<RoomHex>, room: &RoomHex, wanted: Option<bool>) -> bool {
            match wanted {
                Some(true) => rooms.insert(room.clone()),
                Some(false) => rooms.remove(room),
                None => false,
            }
        }
        self.0.change(|rooms| set(&mut rooms.muted, room, muted) | set(&mut rooms.pinned, room, pinned))?;
        Ok(())
    }

    /// Whether the hint of a room is still to be told.
    pub(super) fn has_hint(&self, room: &RoomHex) -> bool {
        self.0.read(|rooms| !rooms.hinted.contains(room))
    }

    /// Notes that the hint of a room was told, or is not needed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn drop_hint(&self, room: &RoomHex) -> Result<(), Refusal> {
        self.0.change(|rooms| rooms.hinted.insert(room.clone()))?;
        Ok(())
    }

    /// What is held back in an open room.
    pub(super) fn display(&self, room: &RoomHex) -> Display {
        self.0.read(|rooms| rooms.display.get(room).copied().unwrap_or_default())
    }

    /// Sets that; returns whether it is another than before.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn set_display(&self, room: &RoomHex, display: Display) -> Result<bool, Refusal> {
        Ok(self.0.change(|rooms| {
            let before = match display == Display::default() {
                true => rooms.display.remove(room),
                false => rooms.display.insert(room.clone(), display),
            };
            before.unwrap_or_default() != display
        })?)
    }

    /// Forgets a room.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn forget(&self, room: &RoomHex) -> Result<(), Refusal> {
        self.0.change(|rooms| {
            let before = rooms.order.len();
            rooms.order.retain(|known| known != room);
            (rooms.order.len() < before)
                | rooms.muted.remove(room)
                | rooms.pinned.remove(room)
                | rooms.hinted.remove(room)
                | rooms.display.remove(room).is_some()
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_told_once_and_again_when_the_room_is_entered_again() {
        let dir = tempfile::tempdir().unwrap();
        let (shelf, room) = (Shelf::open(dir.path()).unwrap(), RoomHex::from("a"));
        assert!(shelf.has_hint(&room));
        shelf.drop_hint(&room).unwrap();
        let again = Shelf::open(dir.path()).unwrap();
        assert!(!again.has_hint(&room) && again.has_hint(&"b".into()));
        again.forget(&room).unwrap();
        assert!(again.has_hint(&room));
    }

    #[test]
    fn what_is_held_back_in_a_room_is_remembered_until_it_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let (shelf, room) = (Shelf::open(dir.path()).unwrap(), RoomHex::from("a"));
        let display = Display { hold: true, flood: 10 };
        assert!(shelf.set_display(&room, display).unwrap() && !shelf.set_display(&room, display).unwrap());
        let again = Shelf::open(dir.path()).unwrap();
        assert_eq!((again.display(&room), again.display(&"b".into())), (display, Display::default()));
        again.forget(&room).unwrap();
        assert_eq!(again.display(&room), Display::default());
    }

    #[test]
    fn rooms_keep_their_order_and_pinned_ones_come_first() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(dir.path()).unwrap();
        let rooms: [RoomHex; 3] = ["c", "a", "b"].map(RoomHex::from);
        shelf.place(&rooms[..2]).unwrap();
        shelf.place(&rooms).unwrap();
        let order = |shelf: &Shelf| {
            let mut order = ["a", "b", "c"].map(RoomHex::from);
            order.sort_by_key(|room| shelf.rank(room));
            order.map(|room| room.to_string()).concat()
        };
        assert_eq!(order(&shelf), "cab");
        shelf.attend(&rooms[2], Attention { pinned: Some(true), muted: None }).unwrap();
        let again = Shelf::open(dir.path()).unwrap();
        assert_eq!(order(&again), "bca");
        assert_eq!(again.attention(&rooms[2]), (false, true));
        again.attend(&rooms[2], Attention { pinned: Some(false), muted: Some(true) }).unwrap();
        assert_eq!((order(&again), again.attention(&rooms[2])), ("cab".into(), (true, false)));
        again.forget(&rooms[2]).unwrap();
        assert_eq!(again.attention(&rooms[2]), (false, false));
        again.place(&rooms).unwrap();
        again.forget(&rooms[0]).unwrap();
        again.place(&rooms).unwrap();
        assert_eq!(order(&again), "abc", "entered again, it stands last");
    }
}

//! The unread marker of each room: one file in the home, small and written whole.

use std::{collections::BTreeMap, path::Path};

use rumormill_text::Kept;

use super::words::{PlaceText, RoomHex};
use crate::answer::Refusal;

/// The place up to which each room was read.
pub(super) struct Marks(Kept<BTreeMap<RoomHex, PlaceText>>);

impl Marks {
    /// Reads the file in `dir`.
    ///
    /// # Errors
    /// When there is a file and it cannot be read.
    pub(super) fn open(dir: &Path) -> Result<Self, Refusal> {
        Ok(Self(Kept::open(dir.join("read.json"))?))
    }

    pub(super) fn of(&self, room: &RoomHex) -> Option<PlaceText> {
        self.0.read(|places| places.get(room).cloned())
    }

    /// Marks everything up to `place` as read; the marker never moves back.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn set(&self, room: RoomHex, place: PlaceText) -> Result<(), Refusal> {
        let further = |places: &mut BTreeMap<RoomHex, PlaceText>| {
            let known = places.get(&room).is_some_and(|known| *known >= place);
            if !known {
                places.insert(room, place);
            }
            !known
        };
        self.0.change(further)?;
        Ok(())
    }

    /// Moves the marker back to `before`, the place right before `place`, so that `place` and all after it are unread.
    /// Never moves it forward.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn set_back(&self, room: RoomHex, before: Option<PlaceText>, place: PlaceText) -> Result<(), Refusal> {
        let back = |places: &mut BTreeMap<RoomHex, PlaceText>| {
            let is_read = places.get(&room).is_some_and(|known| *known >= place);
            match before {
                Some(before) if is_read => _ = places.insert(room, before),
                _ if is_read => _ = places.remove(&room),
                _ => {}
            }
            is_read
        };
        Ok(self.0.change(back).map(|_| ())?)
    }

    /// Moves the marker back to a place, or to before all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn reset(&self, room: &RoomHex, place: Option<PlaceText>) -> Result<(), Refusal> {
        let back = |places: &mut BTreeMap<RoomHex, PlaceText>| match (places.get(room), place) {
            (Some(known), Some(place)) if *known > place => places.insert(room.clone(), place).is_some(),
            (Some(_), None) => places.remove(room).is_some(),
            _ => false,
        };
        Ok(self.0.change(back).map(|_| ())?)
    }

    /// Forgets a room.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn forget(&self, room: &RoomHex) -> Result<(), Refusal> {
        self.0.change(|places| places.remove(room).is_some())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marker_can_be_moved_back() {
        let dir = tempfile::tempdir().unwrap();
        let marks = Marks::open(dir.path()).unwrap();
        marks.set("r".into(), "5".into()).unwrap();
        marks.set_back("r".into(), Some("6".into()), "7".into()).unwrap();
        assert_eq!(marks.of(&"r".into()), Some("5".into()), "it was not read yet");
        marks.set_back("r".into(), Some("2".into()), "3".into()).unwrap();
        assert_eq!(Marks::open(dir.path()).unwrap().of(&"r".into()), Some("2".into()));
        marks.reset(&"r".into(), Some("3".into())).unwrap();
        assert_eq!(marks.of(&"r".into()), Some("2".into()), "that would be forward");
        marks.reset(&"r".into(), Some("1".into())).unwrap();
        assert_eq!(marks.of(&"r".into()), Some("1".into()));
        marks.set_back("r".into(), None, "1".into()).unwrap();
        assert_eq!(Marks::open(dir.path()).unwrap().of(&"r".into()), None);
    }

    #[test]
    fn setting_the_marker_never_moves_it_back() {
        let dir = tempfile::tempdir().unwrap();
        let marks = Marks::open(dir.path()).unwrap();
        assert_eq!(marks.of(&"r".into()), None);
        marks.set("r".into(), "2".into()).unwrap();
        marks.set("r".into(), "1".into()).unwrap();
        assert_eq!(Marks::open(dir.path()).unwrap().of(&"r".into()), Some("2".into()));
    }
}

//! The messages that a chat has shown.

use std::collections::BTreeSet;

use rumormill_api::PlaceText;

use crate::limits::TOLD;

/// Everything up to a floor, where the first page began or what was remembered ends, and some messages beyond it.
#[derive(Default)]
pub(super) struct Told {
    floor: Option<PlaceText>,
    /// At most [`TOLD`], the newest.
    places: BTreeSet<PlaceText>,
}

impl Told {
    /// The first page begins with the message at `first`; whatever is above is not shown.
    pub(super) fn begin(&mut self, first: Option<PlaceText>) {
        self.floor = first;
    }

    /// Notes that the message at `place` is shown.
    pub(super) fn note(&mut self, place: PlaceText) {
        self.places.insert(place);
        if self.places.len() > TOLD {
            self.floor = self.floor.take().max(self.places.pop_first());
        }
    }

    /// Whether an event repeats a message that was shown.
    pub(super) fn is_repeated(&self, place: &PlaceText) -> bool {
        self.places.contains(place)
    }

    /// Whether a message of a page was shown, or is further up than what was shown.
    pub(super) fn has(&self, place: &PlaceText) -> bool {
        self.floor.as_ref() >= Some(place) || self.places.contains(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time_ms: u64) -> PlaceText {
        PlaceText::earliest(time_ms)
    }

    #[test]
    fn a_message_that_came_to_count_below_others_was_not_shown() {
        let mut told = Told::default();
        told.begin(Some(at(10)));
        [10, 30].map(at).into_iter().for_each(|place| told.note(place));
        assert!(told.has(&at(9)) && told.has(&at(10)) && told.has(&at(30)));
        assert!(!told.has(&at(20)), "it is beyond the floor, and nobody saw it");
        assert!(!told.is_repeated(&at(9)), "an event brings it late, and only once");
    }

    #[test]
    fn a_message_that_is_too_long_ago_to_be_remembered_counts_as_shown() {
        let mut told = Told::default();
        (0..TOLD as u64 + 3).map(at).for_each(|place| told.note(place));
        assert_eq!(told.places.len(), TOLD);
        assert!((0..TOLD as u64 + 3).map(at).all(|place| told.has(&place)));
        assert!(!told.has(&at(TOLD as u64 + 3)));
    }
}

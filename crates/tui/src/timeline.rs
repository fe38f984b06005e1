//! The part of the open room's timeline that is kept in memory: a window that grows where the person reads, and is cut
//! at its other end.

use std::collections::{BTreeMap, BTreeSet};

use rumormill_api::{Arrival, AuthorHex, EntryRef, FileHex, FileState, Message, PlaceText};

use crate::limits::MESSAGES_KEPT;

/// A window of the timeline.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    messages: BTreeMap<PlaceText, Message>,
    /// Messages that came in above others that were shown already.
    late: BTreeSet<PlaceText>,
    /// Whether there is something above the window.
    pub(super) above: bool,
    /// Whether there is something below it.
    pub(super) below: bool,
    /// Whether a page was requested and has not come.
    pub(super) asked: bool,
    /// Messages of events since that request, because the page may be older.
    told: BTreeMap<PlaceText, Message>,
    /// The first unread message.
    pub(super) marker: Option<PlaceText>,
    /// The place up to which the room was read; `None` once the marker is found.
    read: Option<PlaceText>,
    /// Whether the window begins right at the first unread message.
    begins: bool,
}

impl Timeline {
    /// An empty window, in a room that was read up to `read`.
    pub(super) fn new(read: Option<PlaceText>) -> Self {
        Self { read, asked: true, ..Self::default() }
    }

    /// An empty window to begin with the first message after `read`.
    pub(super) fn unread(read: PlaceText) -> Self {
        Self { read: Some(read), begins: true, asked: true, above: true, below: true, ..Self::default() }
    }

    /// An empty window to begin at the start of the room.
    pub(super) fn from_start() -> Self {
        Self { asked: true, below: true, ..Self::default() }
    }

    /// A window around one message, which grows both ways.
    pub(super) fn around(message: Message) -> Self {
        let place = message.place.clone();
        let messages = BTreeMap::from([(place, message)]);
        Self { messages, above: true, below: true, ..Self::default() }
    }

    /// Everything in the window, in order.
    pub(super) fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.messages.values()
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(super) fn oldest(&self) -> Option<&PlaceText> {
        self.messages.first_key_value().map(|(place, _)| place)
    }

    pub(super) fn newest(&self) -> Option<&PlaceText> {
        self.messages.last_key_value().map(|(place, _)| place)
    }

    /// The message at a place.
    pub(super) fn at(&self, place: &PlaceText) -> Option<&Message> {
        self.messages.get(place)
    }

    /// The message with this entry. Looks at the newest first, which are requested most.
    pub(super) fn of(&self, entry: &EntryRef) -> Option<&Message> {
        self.messages.values().rev().find(|message| message.r#ref == *entry)
    }

    pub(super) fn is_late(&self, place: &PlaceText) -> bool {
        self.late.contains(place)
    }

    /// The message before or after a place that is not hidden.
    pub(super) fn beside(&self, place: &PlaceText, after: bool) -> Option<&Message> {
        use std::ops::Bound::{Excluded, Unbounded};
        match after {
            true => self.messages.range((Excluded(place.clone()), Unbounded)).find(|(_, message)| !message.hidden),
            false => self.messages.range(..place.clone()).rfind(|(_, message)| !message.hidden),
        }
        .map(|(_, message)| message)
    }

    /// Marks everything so far as seen.
    pub(super) fn seen(&mut self) {
        (self.marker, self.read) = (None, None);
    }

    /// Marks a message as unread: the marker moves to the first of those.
    pub(super) fn mark(&mut self, place: &PlaceText) {
        if self.marker.as_ref().is_none_or(|marker| place < marker) {
            self.marker = Some(place.clone());
        }
    }

    /// Whether there are no unread messages between `read` and `top`.
    pub(super) fn leads_on(&self, read: &PlaceText, top: &PlaceText) -> bool {
        let mut before = self.messages.values().rev().skip_while(|message| message.place >= *top);
        self.reaches(read) && !before.by_ref().take_while(|message| message.place > *read).any(counts)
    }

    /// Whether the window begins at `read` or above it.
    fn reaches(&self, read: &PlaceText) -> bool {
        self.begins || !self.above || self.oldest().is_some_and(|oldest| oldest <= read)
    }

    /// Messages of others from the marker on.
    pub(super) fn unread_shown(&self) -> usize {
        let marker = self.marker.iter().flat_map(|marker| self.messages.range(marker.clone()..));
        marker.filter(|(_, message)| counts(message)).count()
    }

    /// Takes the newest page.
    pub(super) fn newest_page(&mut self, messages: Vec<Message>, more: bool) {
        self.above |= more;
        self.below = false;
        self.page(messages);
        self.cut_above();
    }

    /// Takes the page above.
    pub(super) fn page_above(&mut self, messages: Vec<Message>, more: bool) {
        self.above = more;
        self.page(messages);
        while self.messages.len() > MESSAGES_KEPT {
            self.below = true;
            if let Some((place, _)) = self.messages.pop_last() {
                self.late.remove(&place);
            }
        }
    }

    /// Takes the page below.
    pub(super) fn page_below(&mut self, messages: Vec<Message>, more: bool) {
        self.below = more;
        self.page(messages);
        self.cut_above();
    }

    fn page(&mut self, messages: Vec<Message>) {
        self.asked = false;
        let mut told = std::mem::take(&mut self.told);
        let newer = messages.into_iter().map(|message| told.remove(&message.place).unwrap_or(message));
        self.messages.extend(newer.map(|message| (message.place.clone(), message)));
        self.place_marker();
    }

    fn cut_above(&mut self) {
        while self.messages.len() > MESSAGES_KEPT {
            self.above = true;
            if let Some((place, _)) = self.messages.pop_first() {
                self.late.remove(&place);
            }
        }
    }

    /// Sets the marker as soon as the window reaches it.
    fn place_marker(&mut self) {
        if !self.read.as_ref().is_some_and(|read| self.reaches(read)) {
            return;
        }
        let Some(read) = self.read.take() else { return };
        let first = self.messages.values().find(|message| message.place > read && counts(message));
        if let Some(place) = first.map(|message| message.place.clone()) {
            self.mark(&place);
        }
    }

    /// Takes a message of an event; returns whether it came in above others.
    pub(super) fn take(&mut self, message: Message, arrival: Arrival) -> bool {
        let place = message.place.clone();
        if self.messages.contains_key(&place) {
            self.change(message);
            return false;
        }
        self.tell(&message);
        let outside = match (self.oldest(), self.newest()) {
            (Some(oldest), _) if self.above && place < *oldest => true,
            (_, newest) => self.below && newest.is_none_or(|newest| place > *newest),
        };
        if outside {
            return false;
        }
        let late = arrival == Arrival::Late && self.newest().is_some_and(|newest| place < *newest);
        if late {
            self.late.insert(place.clone());
        }
        self.messages.insert(place, message);
        self.cut_above();
        late
    }

    /// Takes a changed message, if it is in the window. The event with its holders may have come before.
    pub(super) fn change(&mut self, message: Message) {
        self.tell(&message);
        if let Some(known) = self.messages.get_mut(&message.place) {
            let holders = known.holders.max(message.holders);
            *known = Message { holders, ..message };
        }
    }

    /// Remembers a message of an event while a page is requested.
    fn tell(&mut self, message: &Message) {
        if self.asked && self.told.len() < MESSAGES_KEPT {
            self.told.insert(message.place.clone(), message.clone());
        }
    }

    /// Hides an author's messages, or shows them again, but for those that are held back.
    pub(super) fn hide(&mut self, author: &AuthorHex, hidden: bool) {
        let of_author = self.all().filter(|message| message.author == *author);
        of_author.for_each(|message| message.hidden = hidden || message.folded.is_some());
    }

    /// Notes the state of a file.
    pub(super) fn stands(&mut self, hash: &FileHex, state: FileState, have: u64) {
        let files = self.all().filter_map(|message| message.file.as_mut());
        files.filter(|file| file.hash == *hash).for_each(|file| (file.state, file.have) = (state, have));
    }

    /// Notes how many others hold a message of mine.
    pub(super) fn held(&mut self, entry: &EntryRef, holders: u64) {
        if let Some(message) = self.messages.values_mut().rev().find(|message| message.r#ref == *entry) {
            message.holders = Some(message.holders.unwrap_or(0).max(holders));
        }
    }

    /// All messages that are or will be shown.
    fn all(&mut self) -> impl Iterator<Item = &mut Message> {
        self.messages.values_mut().chain(self.told.values_mut())
    }
}

/// Whether a message can be unread.
fn counts(message: &Message) -> bool {
    !message.mine && !message.hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(at: usize) -> Message {
        Message { place: PlaceText(format!("{at:08}")), r#ref: EntryRef(format!("a.{at}")), ..Message::default() }
    }

    fn window(range: std::ops::Range<usize>) -> Timeline {
        let mut timeline = Timeline::default();
        timeline.newest_page(range.map(message).collect(), true);
        timeline
    }

    #[test]
    fn messages_beyond_the_window_stay_out() {
        let mut timeline = window(100..110);
        assert!(!timeline.take(message(50), Arrival::Late), "above, where there is more anyway");
        assert_eq!(timeline.len(), 10);
        assert!(!timeline.take(message(110), Arrival::End));
        timeline.below = true;
        timeline.take(message(200), Arrival::End);
        assert_eq!(timeline.newest(), Some(&message(110).place));
    }

    #[test]
    fn a_page_that_events_overtook_undoes_nothing() {
        let mut timeline = Timeline::new(None);
        let newer = |at| Message { text: "newer".into(), ..message(at) };
        timeline.change(newer(5));
        timeline.take(newer(6), Arrival::End);
        timeline.newest_page(vec![message(4), message(5), message(6)], false);
        let texts: Vec<&str> = timeline.messages().map(|message| message.text.as_str()).collect();
        assert_eq!(texts, ["", "newer", "newer"]);
        timeline.asked = true;
        timeline.change(newer(3));
        timeline.hide(&AuthorHex::default(), true);
        timeline.page_above(vec![message(3)], false);
        assert!(timeline.messages().all(|message| message.hidden));
        timeline.change(newer(4));
        timeline.page_above(vec![message(4)], false);
        assert_eq!(timeline.at(&message(4).place), Some(&message(4)), "a page that was asked for since is newer");
    }

    #[test]
    fn messages_that_come_in_above_are_late() {
        let mut timeline = Timeline::default();
        timeline.newest_page(vec![message(1), message(9)], false);
        assert!(timeline.take(message(5), Arrival::Late));
        assert!(timeline.is_late(&message(5).place));
        assert!(!timeline.take(message(5), Arrival::Late), "once");
        assert!(!timeline.take(message(10), Arrival::Late), "nothing is below it");
        assert!(!timeline.take(message(3), Arrival::History));
        assert!(!timeline.is_late(&message(3).place));
    }

    #[test]
    fn the_window_is_bounded_at_the_far_end() {
        let mut timeline = window(MESSAGES_KEPT..2 * MESSAGES_KEPT);
        timeline.take(message(2 * MESSAGES_KEPT), Arrival::End);
        assert_eq!((timeline.len(), timeline.oldest()), (MESSAGES_KEPT, Some(&message(MESSAGES_KEPT + 1).place)));
        timeline.page_above((MESSAGES_KEPT - 99..=MESSAGES_KEPT).map(message).collect(), true);
        assert_eq!((timeline.len(), timeline.below), (MESSAGES_KEPT, true));
        assert_eq!(timeline.oldest(), Some(&message(MESSAGES_KEPT - 99).place));
        timeline.page_below((2 * MESSAGES_KEPT - 99..2 * MESSAGES_KEPT).map(message).collect(), false);
        assert_eq!((timeline.len(), timeline.below, timeline.above), (MESSAGES_KEPT, false, true));
    }

    #[test]
    fn the_marker_is_found_when_the_window_reaches_it() {
        let mut timeline = Timeline::new(Some(message(97).place));
        timeline.newest_page((100..110).map(message).collect(), true);
        assert_eq!(timeline.marker, None);
        timeline.take(message(110), Arrival::End);
        timeline.page_above((90..100).map(message).collect(), true);
        assert_eq!(timeline.marker, Some(message(98).place));
        assert_eq!(timeline.unread_shown(), 13);
        timeline.mark(&message(101).place);
        assert_eq!(timeline.marker, Some(message(98).place), "it stands before the first");
    }

    #[test]
    fn a_window_of_the_unread_begins_with_the_marker() {
        let mut timeline = Timeline::unread(message(97).place);
        timeline.page_below((98..110).map(message).collect(), true);
        assert_eq!(timeline.marker, Some(message(98).place));
        assert!(timeline.leads_on(&message(97).place, &message(98).place));
        assert!(!timeline.leads_on(&message(97).place, &message(99).place), "what is passed over is not read");
    }

    #[test]
    fn receipts_only_grow() {
        let mut timeline = window(0..3);
        timeline.held(&"a.1".into(), 4);
        timeline.held(&"a.1".into(), 3);
        let holders = |timeline: &Timeline| timeline.of(&"a.1".into()).and_then(|message| message.holders);
        assert_eq!(holders(&timeline), Some(4));
        timeline.take(Message { holders: Some(0), ..message(1) }, Arrival::End);
        assert_eq!(holders(&timeline), Some(4), "told of before it was said");
    }
}

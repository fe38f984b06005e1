//! The latest events, numbered, so that a reader can resume after a break.
//!
//! An id names the run of the process and the number of an event. Typing and frames on the wire have no numbers, since
//! they are over by the time a reader resumes. Neither has the state of a room: every reader receives it when it connects.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use data_encoding::HEXLOWER;
use rumormill_text::escaped;

use super::words::{Event, Lag, RoomHex, Sent};
use crate::limits::RECENT_BYTES;

/// An event as it is sent, serialized once for all listeners.
pub(super) struct Numbered {
    /// Its number, or the number of the last event before it.
    pub(super) number: u64,
    /// Whether a reader can resume from this number: every event with a lower one was sent before.
    pub(super) is_mark: bool,
    /// The room in which it happened.
    pub(super) room: Option<RoomHex>,
    /// The values of `event:` and `data:`, safe on a terminal.
    pub(super) name: String,
    pub(super) data: String,
}

impl Numbered {
    /// Serializes an event; `None` when that fails.
    pub(super) fn new(event: &Event, number: u64, is_mark: bool) -> Option<Self> {
        let Sent { name, data } = event.send().ok()?;
        Some(Self { number, is_mark, room: event.room().cloned(), name, data: escaped(&data).into_owned() })
    }

    /// Its memory, estimated in bytes.
    fn bytes(&self) -> usize {
        self.data.len() + 256
    }
}

/// The latest events with numbers.
pub(super) struct Recent {
    run: String,
    last: u64,
    /// The events up to `last`, without gaps.
    kept: VecDeque<Arc<Numbered>>,
    bytes: usize,
    /// Rooms whose state was sent since they were entered.
    entered: BTreeSet<RoomHex>,
}

impl Recent {
    /// No events yet. `run` is unique to this run of the process.
    pub(super) fn new(run: [u8; 8]) -> Self {
        Self { run: HEXLOWER.encode(&run), last: 0, kept: VecDeque::new(), bytes: 0, entered: BTreeSet::new() }
    }

    /// The number of the last event.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// The id from which a reader resumes after the event with this number.
    pub(super) fn id(&self, number: u64) -> String {
        format!("{}.{number}", self.run)
    }

    /// The number in an id; `None` for an id of another run.
    pub(super) fn number(&self, id: &str) -> Option<u64> {
        let (run, number) = id.split_once('.')?;
        number.parse().ok().filter(|number| run == self.run && *number <= self.last)
    }

    /// Serializes an event, and keeps it if readers need it after a break.
    pub(super) fn note(&mut self, event: &Event) -> Option<Arc<Numbered>> {
        let stays = self.stays(event);
        let told = Arc::new(Numbered::new(event, self.last + u64::from(stays), stays)?);
        if stays {
            self.last = told.number;
            self.bytes += told.bytes();
            self.kept.push_back(told.clone());
            while self.bytes > RECENT_BYTES
                && let Some(oldest) = self.kept.pop_front()
            {
                self.bytes -= oldest.bytes();
            }
        }
        Some(told)
    }

    /// Whether a reader that resumes needs the event.
    fn stays(&mut self, event: &Event) -> bool {
        match event {
            // The first event of a room is its state.
            Event::Room { room } => self.entered.insert(room.id.clone()),
            Event::Left { room } => {
                self.entered.remove(room);
                true
            }
            Event::Typing { .. } | Event::Step { .. } => false,
            Event::Message { .. }
            | Event::Changed { .. }
            | Event::Held { .. }
            | Event::File { .. }
            | Event::Person { .. }
            | Event::Recounted { .. }
            | Event::Asked { .. }
            | Event::Notice { .. }
            | Event::Lagged { .. } => true,
        }
    }

    /// Notes that an event was dropped because nobody listened: no earlier reader can resume across it.
    pub(super) fn skip(&mut self) {
        self.last += 1;
        self.kept.clear();
        self.bytes = 0;
    }

    /// The events after a number, or how many there were when some are no longer kept.
    pub(super) fn after(&self, number: u64) -> Result<impl Iterator<Item = Arc<Numbered>>, u64> {
        let missed = self.last.saturating_sub(number);
        let known = self.kept.len();
        match usize::try_from(missed) {
            Ok(count) if count <= known => Ok(self.kept.iter().skip(known - count).cloned()),
            _ => Err(missed),
        }
    }
}

/// Where a reader starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Since {
    /// With the next event.
    Now,
    /// After the event with this id, after a break.
    Id(String),
    /// After the event with this number of this run: the reader was too slow.
    Number(u64),
}

impl Recent {
    /// The events that a reader missed, or one event that says that they are lost.
    pub(super) fn since(&self, since: &Since) -> VecDeque<Arc<Numbered>> {
        let (number, lag) = match since {
            Since::Now => return VecDeque::new(),
            Since::Id(id) => (self.number(id), Lag::Break),
            Since::Number(number) => (Some(*number), Lag::Slow),
        };
        let lagged = match number.map(|number| self.after(number)) {
            Some(Ok(missed)) => return missed.collect(),
            Some(Err(missed)) => Event::lagged(missed, lag),
            None => Event::lagged(0, Lag::Restart),
        };
        Numbered::new(&lagged, self.last, true).map(Arc::new).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Event {
        Event::Left { room: text.into() }
    }

    fn rooms(told: &VecDeque<Arc<Numbered>>) -> Vec<String> {
        told.iter().map(|told| told.room.clone().map_or_else(|| told.data.clone(), |room| room.0)).collect()
    }

    #[test]
    fn a_reader_that_resumes_receives_missed_events_once() {
        let mut recent = Recent::new([1; 8]);
        for text in ["a", "b", "c"] {
            recent.note(&said(text));
            recent.note(&Event::Typing { room: text.into(), author: "x".into(), nick: String::new() });
        }
        let after = |number: u64| rooms(&recent.since(&Since::Id(recent.id(number))));
        assert_eq!([after(0), after(1), after(3)], [vec!["a", "b", "c"], vec!["b", "c"], vec![]]);
        assert_eq!(rooms(&recent.since(&Since::Number(2))), ["c"]);
        assert!(recent.since(&Since::Now).is_empty());
    }

    #[test]
    fn an_entered_room_begins_with_its_state() {
        let mut recent = Recent::new([1; 8]);
        let room = |entries| {
            let room = super::super::words::Room { id: "r".into(), entries, ..Default::default() };
            Event::Room { room }
        };
        let marks = [room(1), room(2), said("r"), room(3), room(4)].map(|event| recent.note(&event).unwrap().is_mark);
        assert_eq!(marks, [true, false, true, true, false]);
    }

    #[test]
    fn events_that_were_dropped_are_reported_as_missed() {
        let mut recent = Recent::new([1; 8]);
        recent.note(&said("a"));
        let told =
            |recent: &Recent, since| recent.since(&since).iter().map(|told| told.data.clone()).collect::<String>();
        let other = Recent::new([2; 8]).id(0);
        for id in [other.as_str(), "", "7", "0101010101010101.", "0101010101010101.2", "x.1"] {
            let told = told(&recent, Since::Id(id.into()));
            assert!(told.starts_with(r#"{"missed":0,"why":"restart","help":"#), "{id}: {told}");
        }
        recent.skip();
        assert!(told(&recent, Since::Id(recent.id(1))).starts_with(r#"{"missed":1,"why":"break""#));
        assert!(told(&recent, Since::Number(0)).starts_with(r#"{"missed":2,"why":"slow""#));
        assert_eq!(told(&recent, Since::Id(recent.id(2))), "");
    }

    #[test]
    fn kept_events_are_bounded() {
        let mut recent = Recent::new([1; 8]);
        let long = "x".repeat(64 * 1024);
        for _ in 0..100 {
            recent.note(&said(&long));
        }
        assert!(recent.bytes <= RECENT_BYTES && recent.kept.len() > RECENT_BYTES / (128 * 1024), "{}", recent.bytes);
        assert_eq!(recent.kept.iter().map(|told| told.bytes()).sum::<usize>(), recent.bytes);
        assert_eq!(recent.since(&Since::Number(99)).len(), 1);
        assert!(recent.since(&Since::Number(1)).front().is_some_and(|told| told.room.is_none()));
    }
}

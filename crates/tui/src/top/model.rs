//! The samples that are shown, their order, and the keys.

use std::{cmp::Reverse, collections::VecDeque};

use crossterm::event::KeyCode;
use rumormill_api::{Carried, Figures, LinkFigures, Path, Room, Spread, Within};

use crate::{input::Key, limits::SAMPLES, paint::Paint};

/// The state of rooms and process at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    /// Milliseconds since the first sample was asked for.
    pub(crate) at_ms: u64,
    pub(crate) rooms: Vec<Room>,
    pub(crate) figures: Figures,
}

/// The order of rooms and links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// The busiest first.
    Rate,
    /// Stopped rooms and those that miss most first; relayed and slow links first.
    Trouble,
    /// By name; links by id.
    Name,
}

impl Sort {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Trouble => "trouble",
            Self::Name => "name",
        }
    }
}

/// Whether the person stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Stay,
    Leave,
}

/// Everything that is shown.
pub(crate) struct Top {
    /// The latest samples, oldest first.
    samples: VecDeque<Sample>,
    pub(super) sort: Sort,
    /// Rows of the tables that are scrolled out above.
    pub(super) above: usize,
    pub(super) paint: Paint,
}

impl Top {
    /// Before the first sample.
    pub(crate) fn new(paint: Paint) -> Self {
        Self { samples: VecDeque::new(), sort: Sort::Rate, above: 0, paint }
    }

    pub(crate) fn take(&mut self, sample: Sample) {
        if self.samples.len() >= SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    pub(crate) fn press(&mut self, key: Key) -> Next {
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => return Next::Leave,
            KeyCode::Char('c') if key.ctrl => return Next::Leave,
            KeyCode::Char('s') => {
                self.sort = match self.sort {
                    Sort::Rate => Sort::Trouble,
                    Sort::Trouble => Sort::Name,
                    Sort::Name => Sort::Rate,
                };
            }
            KeyCode::Up | KeyCode::Char('k') => self.above = self.above.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.above += 1,
            KeyCode::PageUp => self.above = self.above.saturating_sub(10),
            KeyCode::PageDown => self.above += 10,
            KeyCode::Home => self.above = 0,
            KeyCode::End => self.above = usize::MAX / 2,
            _ => {}
        }
        Next::Stay
    }

    pub(super) fn last(&self) -> Option<&Sample> {
        self.samples.back()
    }

    /// The change of a figure in a second, between the last two samples.
    pub(super) fn rate(&self, of: impl Fn(&Sample) -> Option<u64>) -> u64 {
        let (Some(last), Some(before)) = (self.last(), self.samples.iter().nth_back(1)) else { return 0 };
        let more = of(last).zip(of(before)).and_then(|(now, then)| now.checked_sub(then)).unwrap_or(0);
        let ms = last.at_ms.saturating_sub(before.at_ms).max(1);
        u64::try_from(u128::from(more) * 1_000 / u128::from(ms)).unwrap_or(u64::MAX)
    }

    /// The times in the window of samples, and its length in seconds.
    pub(super) fn lately(&self, of: impl Fn(&Figures) -> &Spread) -> (Spread, u64) {
        let (Some(last), Some(first)) = (self.last(), self.samples.front()) else { return Default::default() };
        (since(of(&last.figures), of(&first.figures)), last.at_ms.saturating_sub(first.at_ms) / 1_000)
    }

    /// Bytes received and sent in a second, over all links.
    pub(super) fn carried(&self) -> [u64; 2] {
        let sum = |one: u64, other: u64| Some(one.saturating_add(other));
        let of = |sample: &Sample| sample.figures.carried;
        let bytes_in = |Carried { direct_in, relayed_in, .. }| sum(direct_in, relayed_in);
        let bytes_out = |Carried { direct_out, relayed_out, .. }| sum(direct_out, relayed_out);
        [self.rate(|sample| bytes_in(of(sample))), self.rate(|sample| bytes_out(of(sample)))]
    }

    /// The rooms in their order, with the bytes that each received and sent in a second.
    pub(super) fn rooms(&self) -> Vec<(&Room, [u64; 2])> {
        let rates = |room: &Room| {
            let of = |bytes: fn(&Room) -> u64| {
                self.rate(|sample| sample.rooms.iter().find(|other| other.id == room.id).map(bytes))
            };
            [of(|room| room.traffic.bytes_in), of(|room| room.traffic.bytes_out)]
        };
        let mut rooms: Vec<_> =
            self.last().iter().flat_map(|last| &last.rooms).map(|room| (room, rates(room))).collect();
        rooms.sort_by(|(one, _), (other, _)| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
        match self.sort {
            Sort::Rate => rooms.sort_by_key(|(_, [bytes_in, bytes_out])| Reverse(bytes_in.saturating_add(*bytes_out))),
            Sort::Trouble => rooms.sort_by_key(|(room, _)| Reverse((room.stopped.is_some(), room.missing))),
            Sort::Name => {}
        }
        rooms
    }

    /// The links in their order, with the bytes that each received and sent in a second.
    pub(super) fn links(&self) -> Vec<(&LinkFigures, [u64; 2])> {
        let rates = |link: &LinkFigures| {
            let of = |bytes: fn(&LinkFigures) -> u64| {
                self.rate(|sample| sample.figures.links.iter().find(|other| other.peer == link.peer).map(bytes))
            };
            [of(|link| link.bytes_in), of(|link| link.bytes_out)]
        };
        let mut links: Vec<_> =
            self.last().iter().flat_map(|last| &last.figures.links).map(|link| (link, rates(link))).collect();
        match self.sort {
            Sort::Rate => links.sort_by_key(|(_, [bytes_in, bytes_out])| Reverse(bytes_in.saturating_add(*bytes_out))),
            Sort::Trouble => links.sort_by_key(|(link, _)| Reverse((link.path == Path::Relayed, link.rtt_ms))),
            Sort::Name => {}
        }
        links
    }
}

/// The times that were added to `before`; all of them if they were counted anew.
fn since(now: &Spread, before: &Spread) -> Spread {
    let is_same = now.count >= before.count && now.within.len() == before.within.len();
    if !is_same {
        return now.clone();
    }
    let within = now.within.iter().zip(&before.within);
    Spread {
        count: now.count - before.count,
        sum_us: now.sum_us.saturating_sub(before.sum_us),
        within: within.map(|(now, then)| Within { ms: now.ms, count: now.count.saturating_sub(then.count) }).collect(),
    }
}

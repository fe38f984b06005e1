//! How far my own lines have come: `✓ 4/7` behind each.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use rumormill_api::{EntryRef, Room};
use rumormill_text::show::receipt;

use crate::limits::{RECEIPT_MS, RECEIPTS, STIR_MS};

/// My lines on their way, oldest first.
#[derive(Default)]
pub(crate) struct Receipts {
    lines: VecDeque<OnTheWay>,
    /// When to look again, after something stirred.
    look: Option<Instant>,
}

struct OnTheWay {
    said: EntryRef,
    /// As it is shown, without the receipt.
    line: String,
    /// When it is shown even though not all have it.
    due: Instant,
    /// How many had it when it was shown.
    shown: Option<u64>,
    /// How many others hold it.
    holders: u64,
}

impl Receipts {
    /// Follows a line. When [`RECEIPTS`] are followed already, the oldest is forgotten.
    pub(crate) fn follow(&mut self, said: EntryRef, line: String) {
        if self.lines.len() == RECEIPTS {
            self.lines.pop_front();
        }
        let due = Instant::now() + Duration::from_millis(RECEIPT_MS);
        self.lines.push_back(OnTheWay { said, line, due, shown: None, holders: 0 });
    }

    /// So many others hold this entry now.
    pub(crate) fn held(&mut self, entry: &EntryRef, holders: u64) {
        if let Some(line) = self.lines.iter_mut().find(|line| line.said == *entry) {
            line.holders = holders;
            self.look.get_or_insert_with(|| Instant::now() + Duration::from_millis(STIR_MS));
        }
    }

    /// Whether this entry is one of the lines followed, which are shown with their receipt.
    pub(crate) fn awaits(&self, entry: &EntryRef) -> bool {
        self.lines.iter().any(|line| line.said == *entry)
    }

    /// Whether some line has not been shown yet.
    pub(crate) fn unheard(&self) -> bool {
        self.lines.iter().any(|line| line.shown.is_none())
    }

    /// The line said last, if it is still followed.
    pub(crate) fn last(&self) -> Option<EntryRef> {
        self.lines.back().map(|line| line.said.clone())
    }

    /// When [`Receipts::settle`] has something to do.
    pub(crate) fn due(&self) -> Option<Instant> {
        let unshown = self.lines.iter().filter(|line| line.shown.is_none()).map(|line| line.due);
        unshown.chain(self.look).min()
    }

    /// Lines to show: those that everyone in the room has, and those that have waited long enough.
    pub(crate) fn settle(&mut self, room: &Room) -> Vec<String> {
        let now = Instant::now();
        if self.due().is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.look = None;
        let mut news = Vec::new();
        self.lines.retain_mut(|line| {
            let others = others(room).max(line.holders);
            let all = others > 0 && line.holders == others;
            if all && line.shown.is_none_or(|shown| shown < line.holders) || line.shown.is_none() && line.due <= now {
                news.push(line.with_receipt(others));
                line.shown = Some(line.holders);
            }
            !all
        });
        news
    }

    /// The lines that were never shown, as far as they came.
    pub(crate) fn close(&mut self, room: &Room) -> Vec<String> {
        let lines = std::mem::take(&mut self.lines).into_iter();
        lines.filter(|line| line.shown.is_none()).map(|line| line.with_receipt(others(room))).collect()
    }
}

impl OnTheWay {
    fn with_receipt(&self, others: u64) -> String {
        format!("{}  {}", self.line, receipt(self.holders, others))
    }
}

/// Those who ever wrote, or those who are here, if these are more; without me.
fn others(room: &Room) -> u64 {
    room.people.saturating_sub(1).max(room.peers.len() as u64)
}

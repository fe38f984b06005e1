//! How many others have each of my lines: `✓ 4/7` behind it.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use rumormill_api::EntryRef;
use rumormill_text::show::receipt;

use crate::limits::{ALONE_MS, RECEIPT_MS, RECEIPTS, STIR_MS};

/// The other people whom a line may reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Company {
    /// How many are here.
    pub(crate) here: u64,
    /// How many there are, here or not.
    pub(crate) others: u64,
}

/// My lines that not everybody has yet, oldest first.
#[derive(Default)]
pub(crate) struct Receipts {
    lines: VecDeque<OnTheWay>,
    /// When to check again after an event.
    look: Option<Instant>,
}

struct OnTheWay {
    said: EntryRef,
    /// The shown line, without the receipt.
    line: String,
    /// When the line is shown even if not all have it.
    due: Instant,
    /// How many had it when it was shown.
    shown: Option<u64>,
    /// How many others hold it.
    holders: u64,
}

impl Receipts {
    /// Follows a line; drops the oldest when [`RECEIPTS`] are followed already.
    pub(crate) fn follow(&mut self, said: EntryRef, line: String, company: Company) {
        if self.lines.len() == RECEIPTS {
            self.lines.pop_front();
        }
        let due = Instant::now() + Duration::from_millis(if company.here == 0 { ALONE_MS } else { RECEIPT_MS });
        self.lines.push_back(OnTheWay { said, line, due, shown: None, holders: 0 });
    }

    /// Notes how many others hold an entry.
    pub(crate) fn held(&mut self, entry: &EntryRef, holders: u64) {
        if let Some(line) = self.lines.iter_mut().find(|line| line.said == *entry) {
            line.holders = holders;
            self.look.get_or_insert_with(|| Instant::now() + Duration::from_millis(STIR_MS));
        }
    }

    /// Whether this entry is a followed line, which is shown with its receipt.
    pub(crate) fn awaits(&self, entry: &EntryRef) -> bool {
        self.lines.iter().any(|line| line.said == *entry)
    }

    /// Whether some line has not been shown yet.
    pub(crate) fn unheard(&self) -> bool {
        self.lines.iter().any(|line| line.shown.is_none())
    }

    /// The last line, if it is still followed.
    pub(crate) fn last(&self) -> Option<EntryRef> {
        self.lines.back().map(|line| line.said.clone())
    }

    /// When [`Receipts::settle`] has something to do.
    pub(crate) fn due(&self) -> Option<Instant> {
        let unshown = self.lines.iter().filter(|line| line.shown.is_none()).map(|line| line.due);
        unshown.chain(self.look).min()
    }

    /// Lines to show: those that everybody here has, and those that have waited long enough; then again those that
    /// everybody has by now.
    pub(crate) fn settle(&mut self, company: Company) -> Vec<String> {
        let now = Instant::now();
        if self.due().is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.look = None;
        let mut news = Vec::new();
        self.lines.retain_mut(|line| {
            let others = company.others.max(line.holders);
            let all = others > 0 && line.holders == others;
            let settled = company.here > 0 && line.holders >= company.here || line.due <= now;
            let shows = match line.shown {
                None => all || settled,
                Some(shown) => all && shown < line.holders,
            };
            if shows {
                news.push(line.with_receipt(others));
                line.shown = Some(line.holders);
            }
            !all
        });
        news
    }

    /// The lines that were never shown, with what receipts they have.
    pub(crate) fn close(&mut self, company: Company) -> Vec<String> {
        let lines = std::mem::take(&mut self.lines).into_iter();
        lines.filter(|line| line.shown.is_none()).map(|line| line.with_receipt(company.others)).collect()
    }
}

impl OnTheWay {
    fn with_receipt(&self, others: u64) -> String {
        format!("{}  {}", self.line, receipt(self.holders, others))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(company: Company) -> Receipts {
        let mut receipts = Receipts::default();
        receipts.follow("a.1".into(), "12:00 ann  hi".into(), company);
        receipts
    }

    /// Moves all deadlines as if time had passed.
    fn passes(receipts: &mut Receipts, ms: u64) {
        let ms = Duration::from_millis(ms);
        receipts.lines.iter_mut().for_each(|line| line.due -= ms);
        receipts.look = receipts.look.map(|look| look - ms);
    }

    #[test]
    fn a_line_is_shown_once_everybody_here_has_it() {
        let company = Company { here: 1, others: 3 };
        let mut receipts = line(company);
        assert_eq!(receipts.settle(company), Vec::<String>::new(), "nobody has it");
        receipts.held(&"a.1".into(), 1);
        passes(&mut receipts, STIR_MS);
        assert_eq!(receipts.settle(company), ["12:00 ann  hi  ✓ 1/3"]);
        receipts.held(&"a.1".into(), 2);
        passes(&mut receipts, STIR_MS);
        assert_eq!(receipts.settle(company), Vec::<String>::new(), "it is shown already");
        receipts.held(&"a.1".into(), 3);
        passes(&mut receipts, STIR_MS);
        assert_eq!(receipts.settle(company), ["12:00 ann  hi  ✓ 3/3"]);
        assert_eq!(receipts.due(), None);
    }

    #[test]
    fn a_line_does_not_wait_when_nobody_is_here() {
        let company = Company { here: 0, others: 2 };
        let mut receipts = line(company);
        passes(&mut receipts, ALONE_MS);
        assert_eq!(receipts.settle(company), ["12:00 ann  hi  … 0/2"]);
    }
}

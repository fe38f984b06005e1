//! The asking side: what peers told of, what is wanted from whom, and what is known to be missing.

use std::collections::BTreeMap;

use super::{Asked, Sync, send};
use crate::{
    ids::{PeerId, Seq},
    input::{Event, Output, Step},
    limits::{BLOCK, NEWEST_PAGE, PAGED_ENTRIES, RANGES, TOLD, WANT_ENTRIES, WANT_MS},
    log::Log,
    logs::Logs,
    message::{Message, Range, Want},
    run::block_end,
};

impl Sync {
    /// Remembers that `peer` holds the log with this prefix below `next`.
    pub(crate) fn tell(&mut self, peer: PeerId, prefix: u64, next: Seq) {
        let told = self.told.entry(peer).or_default();
        if told.len() < TOLD || told.contains_key(&prefix) {
            told.insert(prefix, next);
        }
    }

    /// A want was answered to its end: what did not come is not to be had from this peer.
    pub(crate) fn done(&mut self, from: PeerId, want: u64, logs: &mut Logs, now_ms: u64, out: &mut Vec<Output>) {
        if self.wants.get(&from).is_some_and(|asked| asked.want == want) {
            self.give_up(from, logs);
            self.plan(from, logs, now_ms, out);
        }
    }

    /// Ends a want. The peer is not asked again for what it did not deliver, until it tells of it anew.
    pub(super) fn give_up(&mut self, peer: PeerId, logs: &mut Logs) {
        let Some(asked) = self.wants.remove(&peer) else { return };
        for range in asked.ranges {
            let author = logs.frontier().with_prefix(range.author).next().map(|(author, _)| *author);
            if author.is_some_and(|author| logs.has(author, range.last)) {
                continue;
            }
            if let Some(told) = self.told.get_mut(&peer) {
                told.remove(&range.author);
            }
            if self.told.values().all(|told| !told.contains_key(&range.author)) {
                logs.expect_no_history(range.author);
            }
            if self.barren.len() < TOLD {
                self.barren.insert((peer, range.author));
            }
        }
    }

    /// Asks for what did not come by itself: for a little directly, for much as one does after a comparison.
    pub(super) fn ask_for_lacks(&mut self, logs: &mut Logs, now_ms: u64, out: &mut Vec<Output>) {
        let mut due = Vec::new();
        self.lacks.retain(|prefix, lack| {
            let author = logs.frontier().with_prefix(*prefix).next().map(|(author, _)| *author);
            let first = author.map_or(0, |author| logs.next_wanted(author));
            let wanted = first <= lack.last && first < logs.end(*prefix);
            if wanted && lack.due_ms <= now_ms {
                self.patience.repaired(*prefix, (first, lack.last));
                due.push((lack.from, Range { author: *prefix, first, last: block_end(lack.last) }, lack.last + 1));
            }
            wanted && lack.due_ms > now_ms
        });
        let mut little: BTreeMap<PeerId, Vec<Range>> = BTreeMap::new();
        for (from, range, next) in due {
            if range.last - range.first >= 2 * BLOCK {
                self.tell(from, range.author, next);
                self.plan(from, logs, now_ms, out);
            } else if let Some(range) = self.unasked(range) {
                little.entry(from).or_default().push(range);
            }
        }
        for (peer, ranges) in little {
            for ranges in ranges.chunks(RANGES) {
                self.ask(peer, 0, ranges.to_vec(), out);
            }
        }
    }

    pub(crate) fn ask(&mut self, peer: PeerId, newest: u32, ranges: Vec<Range>, out: &mut Vec<Output>) -> u64 {
        self.wants_made += 1;
        let want = self.wants_made;
        let entries = ranges.iter().map(|range| range.last - range.first + 1).fold(newest.into(), u64::saturating_add);
        self.step(Step::Wanted { peer, entries }, out);
        send(out, peer, Message::Want(Want { want, newest, ranges }));
        want
    }

    /// Wants from `peer` what it told of and nobody else was asked for, unless it is answering a want already.
    pub(crate) fn plan(&mut self, peer: PeerId, logs: &mut Logs, now_ms: u64, out: &mut Vec<Output>) {
        if self.wants.contains_key(&peer) {
            return;
        }
        let (above, entries) = self.above(peer, logs);
        let mut newest = 0;
        if entries > PAGED_ENTRIES {
            above.iter().for_each(|range| logs.expect_history(range.author, range.last + 1));
            let first_page = self.paged.is_empty();
            self.paged.insert(peer);
            newest = if first_page { NEWEST_PAGE as u32 } else { 0 };
        }
        let ranges = match newest {
            0 => self.share_out(peer, above, logs),
            _ => Vec::new(),
        };
        if newest > 0 || !ranges.is_empty() {
            let want = self.ask(peer, newest, ranges.clone(), out);
            self.wants.insert(peer, Asked { want, ranges, due_ms: now_ms + WANT_MS });
        } else {
            self.paged.remove(&peer);
        }
    }

    /// What `peer` told of above our heads, up to the ends of their blocks, and how many entries it told of; what has
    /// come since is forgotten.
    fn above(&mut self, peer: PeerId, logs: &Logs) -> (Vec<Range>, u64) {
        let (mut above, mut entries) = (Vec::new(), 0u64);
        let Some(told) = self.told.get_mut(&peer) else { return (above, entries) };
        told.retain(|prefix, next| {
            let author = logs.frontier().with_prefix(*prefix).next().map(|(author, _)| *author);
            let first = author.map_or(0, |author| logs.next_wanted(author));
            let end = logs.end(*prefix).min(*next);
            let lacking = first < end;
            if lacking {
                above.push(Range { author: *prefix, first, last: block_end(end - 1) });
                entries = entries.saturating_add(end - first);
            }
            lacking
        });
        (above, entries)
    }

    /// The part of `above` and of the gaps that fits into one want and that nobody else was asked for.
    fn share_out(&self, peer: PeerId, above: Vec<Range>, logs: &Logs) -> Vec<Range> {
        let gaps = logs.gappy().flat_map(|author| {
            let gaps = logs.frontier().log(author).into_iter().flat_map(Log::gaps);
            gaps.map(|(first, last)| Range { author: author.prefix(), first, last })
        });
        let gaps = gaps.filter(|range| !self.barren.contains(&(peer, range.author)));
        let free = above.into_iter().chain(gaps).filter_map(|range| self.unasked(range));
        let mut ranges: Vec<Range> = free.take(RANGES).collect();
        let each = (WANT_ENTRIES / ranges.len().max(1) as u64).max(BLOCK);
        for range in &mut ranges {
            let from = (range.last + 1).saturating_sub(each) / BLOCK * BLOCK + 1;
            if from > BLOCK {
                range.first = range.first.max(from);
            }
        }
        ranges
    }

    /// What of a range no peer is being asked for; of that, what lies below.
    fn unasked(&self, mut range: Range) -> Option<Range> {
        for asked in self.wants.values().flat_map(|asked| &asked.ranges) {
            let overlaps = asked.author == range.author && asked.first <= range.last && range.first <= asked.last;
            if overlaps {
                range.last = asked.first.checked_sub(1)?;
            }
        }
        (range.first <= range.last).then_some(range)
    }

    /// Counts what is known to be missing, so many bodies among it, and tells it when it changed.
    pub(crate) fn count_missing(&mut self, logs: &Logs, bodies: u64, out: &mut Vec<Output>) {
        let mut above: BTreeMap<u64, u64> = BTreeMap::new();
        for (prefix, next) in self.told.values().flatten() {
            let author = logs.frontier().with_prefix(*prefix).next().map(|(author, _)| *author);
            let end = logs.end(*prefix).min(*next);
            let lacking = end.saturating_sub(author.map_or(0, |author| logs.next_wanted(author)));
            let most = above.entry(*prefix).or_default();
            *most = lacking.max(*most);
        }
        let gaps = logs.gappy().flat_map(|author| logs.frontier().log(author).into_iter().flat_map(Log::gaps));
        let gaps = gaps.map(|(first, last)| last - first + 1);
        let missing = above.into_values().chain(gaps).fold(bodies, u64::saturating_add);
        if missing != self.missing {
            self.missing = missing;
            out.push(Output::Emit(Event::Missing { entries: missing }));
        }
    }
}

//! Parts of the logs of a closed room that do not count, and since when they do not.
//!
//! *A body goes thirty days after its entry ceased to count here, not before, and its header stays.* So whatever a governor
//! below the owner ended is there again for thirty days. The clock is that of this machine: a governor may date an act back.

use rumormill_proto::{
    entry::RawEntry,
    ids::{AuthorId, Seq},
};

use crate::{limits::LAPSED_MS, note::may_go};

/// A part of a log that does not count: the entries `first..=last`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lapsed {
    pub(crate) author: AuthorId,
    pub(crate) first: Seq,
    pub(crate) last: Seq,
    /// Since when, in milliseconds of the clock of this machine.
    pub(crate) since_ms: u64,
    /// Whether its bodies were dropped.
    pub(crate) dropped: bool,
}

/// The parts that do not count at this time, given what was known before: what did not count before either keeps its time, and
/// what counts again is forgotten.
pub(crate) fn renewed(before: &[Lapsed], parts: &[(AuthorId, Seq, Seq)], now_ms: u64) -> Vec<Lapsed> {
    let mut renewed = Vec::new();
    for (author, first, last) in joined(parts) {
        let mut next = first;
        let overlaps = |old: &&Lapsed| old.author == author && old.first <= last && first <= old.last;
        for old in before.iter().filter(overlaps) {
            let (begin, end) = (old.first.max(next), old.last.min(last));
            if next < begin {
                renewed.push(Lapsed { author, first: next, last: begin - 1, since_ms: now_ms, dropped: false });
            }
            // A clock that was ahead and is right now would keep it for longer.
            let since_ms = old.since_ms.min(now_ms);
            renewed.push(Lapsed { first: begin, last: end, since_ms, ..old.clone() });
            next = end + 1;
        }
        if next <= last {
            renewed.push(Lapsed { author, first: next, last, since_ms: now_ms, dropped: false });
        }
    }
    renewed
}

/// The same parts in order, without overlaps.
fn joined(parts: &[(AuthorId, Seq, Seq)]) -> Vec<(AuthorId, Seq, Seq)> {
    let mut sorted: Vec<_> = parts.iter().copied().filter(|(_, first, last)| first <= last).collect();
    sorted.sort_unstable();
    let mut joined: Vec<(AuthorId, Seq, Seq)> = Vec::new();
    for (author, first, last) in sorted {
        match joined.last_mut().filter(|(other, _, end)| *other == author && first <= end.saturating_add(1)) {
            Some((_, _, end)) => *end = last.max(*end),
            None => joined.push((author, first, last)),
        }
    }
    joined
}

/// Marks the pieces whose time has come as dropped, of `most` entries at most, and returns them. Says also whether more wait.
pub(crate) fn take_due(parts: &mut Vec<Lapsed>, now_ms: u64, most: usize) -> (Vec<Lapsed>, bool) {
    let (mut left, mut due, mut more) = (most as u64, Vec::new(), false);
    for part in std::mem::take(parts) {
        let waits = part.dropped || now_ms.saturating_sub(part.since_ms) < LAPSED_MS;
        if waits || left == 0 {
            more |= !waits;
            parts.push(part);
            continue;
        }
        let last = part.last.min(part.first.saturating_add(left - 1));
        left -= last - part.first + 1;
        let gone = Lapsed { last, dropped: true, ..part.clone() };
        due.push(gone.clone());
        parts.push(gone);
        if last < part.last {
            more = true;
            parts.push(Lapsed { first: last + 1, ..part });
        }
    }
    (due, more)
}

/// Whether the body of an entry that does not count goes: those of names, retractions and acts stay, which are of use beyond
/// a log's end.
pub(crate) fn lapses(entry: &RawEntry) -> bool {
    entry.kind.can_be_hidden() && may_go(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: AuthorId = AuthorId([1; 32]);
    const BEN: AuthorId = AuthorId([2; 32]);

    /// The parts as author, first, last, since and whether they were dropped.
    fn told(parts: &[Lapsed]) -> Vec<(u8, Seq, Seq, u64, bool)> {
        parts.iter().map(|part| (part.author.0[0], part.first, part.last, part.since_ms, part.dropped)).collect()
    }

    #[test]
    fn what_goes_on_keeps_its_time_and_what_came_back_begins_anew() {
        let first = renewed(&[], &[(BEN, 7, 9), (ADA, 5, 9), (ADA, 8, 12), (ADA, 13, 13), (ADA, 3, 2)], 100);
        assert_eq!(told(&first), [(1, 5, 13, 100, false), (2, 7, 9, 100, false)]);
        let wider = renewed(&first, &[(ADA, 2, 20)], 200);
        assert_eq!(told(&wider), [(1, 2, 4, 200, false), (1, 5, 13, 100, false), (1, 14, 20, 200, false)]);
        assert_eq!(renewed(&wider, &[(ADA, 2, 20)], 300), wider, "nothing changes");
        let narrower = renewed(&wider, &[(ADA, 4, 6)], 300);
        assert_eq!(told(&narrower), [(1, 4, 4, 200, false), (1, 5, 6, 100, false)]);
        assert_eq!(told(&renewed(&[], &[(ADA, 4, 6)], 400)), [(1, 4, 6, 400, false)]);
        // A clock that was ahead.
        assert_eq!(told(&renewed(&narrower, &[(ADA, 5, 6)], 50)), [(1, 5, 6, 50, false)]);
    }

    #[test]
    fn thirty_days_later_pieces_are_due_and_only_once() {
        let mut parts = renewed(&[], &[(ADA, 0, 9)], 0);
        parts.extend(renewed(&[], &[(BEN, 0, 4)], 10));
        let before = parts.clone();
        assert_eq!(take_due(&mut parts, LAPSED_MS - 1, 99), (vec![], false));
        assert_eq!(parts, before);
        let (due, more) = take_due(&mut parts, LAPSED_MS, 6);
        assert_eq!((told(&due), more), (vec![(1, 0, 5, 0, true)], true));
        assert_eq!(told(&parts), [(1, 0, 5, 0, true), (1, 6, 9, 0, false), (2, 0, 4, 10, false)]);
        let (due, more) = take_due(&mut parts, LAPSED_MS + 10, 4);
        assert_eq!((told(&due), more), (vec![(1, 6, 9, 0, true)], true));
        let (due, more) = take_due(&mut parts, LAPSED_MS + 10, 99);
        assert_eq!((told(&due), more), (vec![(2, 0, 4, 10, true)], false));
        assert_eq!(take_due(&mut parts, u64::MAX, 99), (vec![], false));
    }
}

//! The asking side: the announcements of peers, and our wants.

use std::collections::BTreeMap;

use super::{
    Asked, Page, Small, Sync,
    lacks::{Due, Name},
};
use crate::{
    defence,
    frame::{Frame, Range, Want},
    ids::{AuthorId, PeerId, Seq},
    input::{Event, Step},
    limits::{
        BARREN, BLOCK, GAPS_LOOKED_AT, LACK_MS, NEWEST_PAGE, PAGE_MS, PAGED_ENTRIES, RANGES, SMALL_WANTS, TOLD,
        UPWARDS_ENTRIES, WANT_ENTRIES, WANT_MS,
    },
    log::Log,
    logs::Logs,
    run::block_end,
    turn::Turn,
};

/// Entries that we ask for at once where two authors share a prefix, because the other's are served too.
const SHARED_ENTRIES: u64 = 2 * BLOCK;

/// The entries that we can ask of one peer.
#[derive(Debug, Default)]
struct Offer {
    above: Vec<Range>,
    gaps: Vec<(AuthorId, Range)>,
    /// How many entries it announced above our heads: all of them, or more than [`PAGED_ENTRIES`].
    told: u64,
}

impl Offer {
    fn len(&self) -> usize {
        self.above.len() + self.gaps.len()
    }

    fn ranges(&mut self) -> impl Iterator<Item = &mut Range> {
        self.above.iter_mut().chain(self.gaps.iter_mut().map(|(_, range)| range))
    }
}

impl Sync {
    /// Remembers that `peer` claims to hold the log with this prefix below `next`.
    pub(crate) fn tell(&mut self, peer: PeerId, prefix: u64, next: Seq) {
        let told = self.told.entry(peer).or_default();
        if told.len() < TOLD || told.contains_key(&prefix) {
            told.insert(prefix, next);
        }
    }

    /// Whether a peer claims to hold an entry. Only the siege asks, to show the effect of believing that.
    pub(crate) fn is_claimed(&self, prefix: u64, seq: Seq) -> bool {
        self.told.values().any(|told| told.get(&prefix).is_some_and(|next| seq < *next))
    }

    /// A peer announced heads: we ask for those that do not come by themselves until `due_ms`.
    pub(crate) fn have(&mut self, from: PeerId, heads: &[(u64, Seq)], due_ms: u64, logs: &Logs) {
        for (prefix, last) in heads {
            let known = logs.frontier().with_prefix(*prefix).any(|(author, _)| logs.has(*author, *last));
            if !known && *last < logs.under(*prefix).end {
                self.lacks.add((*prefix, None), *last, from, due_ms);
            }
        }
    }

    /// A verified run names this entry, and the peer that brought the run has it. Sets when to ask for the entry.
    pub(crate) fn named(&mut self, entry: (AuthorId, Seq), from: PeerId, logs: &Logs, now_ms: u64) {
        let patient_ms = self.patience.ms(LACK_MS);
        let due_ms = match self.hidden.is_under_way(entry, logs.next_wanted(entry.0), now_ms) {
            true => now_ms + patient_ms,
            false => now_ms + patient_ms.saturating_sub(LACK_MS),
        };
        self.lack(entry, from, due_ms, logs);
    }

    /// A verified run shows that a peer has this entry. We ask for it unless it comes by itself until `due_ms`.
    pub(crate) fn lack(&mut self, (author, last): (AuthorId, Seq), from: PeerId, due_ms: u64, logs: &Logs) {
        self.lacks.add(logs.name(author), last, from, due_ms);
    }

    /// A peer answered a want to its end: it does not have the entries that did not come.
    pub(crate) fn done(&mut self, from: PeerId, want: u64, logs: &mut Logs, turn: &mut Turn<'_>) {
        let now_ms = turn.now.ticks_ms;
        if let Some(asked) = self.wants.get(&from).filter(|asked| asked.want == want) {
            for Range { author, last, .. } in &asked.above {
                logs.wait_in_vain(from, (*author, None), *last);
            }
            if asked.newest && asked.came == 0 && asked.known {
                self.page.older.insert(from);
            }
            self.give_up(from, logs, now_ms);
            self.plan(from, logs, turn);
        } else if self.small.get(&want).is_some_and(|small| small.peer == from) {
            let Some(small) = self.end_of(want) else { return };
            for (name, _, last) in &small.logs {
                logs.wait_in_vain(from, *name, *last);
            }
            self.end_small(small, logs, now_ms);
            self.lacks.resume(&from, now_ms);
        }
    }

    /// A want of a little is over.
    fn end_of(&mut self, want: u64) -> Option<Small> {
        let small = self.small.remove(&want)?;
        if let Some(open) = self.open.get_mut(&small.peer) {
            *open -= 1;
            if *open == 0 {
                self.open.remove(&small.peer);
            }
        }
        Some(small)
    }

    /// Ends a want. We do not ask the peer again for undelivered entries until it announces them again.
    pub(super) fn give_up(&mut self, peer: PeerId, logs: &mut Logs, now_ms: u64) {
        let Some(asked) = self.wants.remove(&peer) else { return };
        self.release(peer, &asked);
        if asked.newest && asked.came == 0 {
            self.page.free_ms = now_ms;
        }
        let mut in_vain = asked.newest && !self.page.older.contains(&peer);
        for range in asked.above {
            let mut under = logs.frontier().with_prefix(range.author).map(|(author, _)| *author);
            match under.find(|author| logs.has(*author, range.last)) {
                // A run that is held for its time came. We do not ask for it again before a peer tells of it again.
                Some(author) if !logs.is_early(author, range.last) => continue,
                came => in_vain |= came.is_none(),
            }
            if let Some(told) = self.told.get_mut(&peer) {
                told.remove(&range.author);
            }
        }
        if in_vain && asked.came == 0 {
            self.credit.fail(peer);
        }
        for (author, range) in asked.gaps {
            let of_branch = |(of, branch, _): &(PeerId, AuthorId, Seq)| *of == peer && *branch == author;
            if logs.has(author, range.last) || self.branches.keys().any(of_branch) {
                continue;
            }
            let barren = self.barren.entry(peer).or_default();
            if barren.len() < BARREN {
                barren.insert(author);
            }
            if self.linked.iter().all(|peer| self.barren.get(peer).is_some_and(|barren| barren.contains(&author))) {
                logs.hollow(&author);
            }
        }
    }

    /// Other peers may be asked for the entries of this want.
    pub(super) fn release(&mut self, peer: PeerId, asked: &Asked) {
        for range in asked.above.iter().chain(asked.gaps.iter().map(|(_, range)| range)) {
            if let Some(reserved) = self.reserved.get_mut(&range.author) {
                reserved.retain(|(by, ..)| *by != peer);
                if reserved.is_empty() {
                    self.reserved.remove(&range.author);
                }
            }
        }
    }

    /// We are not far behind this peer, or no longer.
    pub(super) fn no_more_paged(&mut self, peer: &PeerId) {
        if self.paged.remove(peer) && self.paged.is_empty() {
            self.page = Page::default();
        }
    }

    /// Asks for the entries that did not come by themselves: for a few directly, for many as after a comparison.
    pub(super) fn ask_for_lacks(&mut self, logs: &mut Logs, turn: &mut Turn<'_>) {
        let now_ms = turn.now.ticks_ms;
        let mut little: BTreeMap<PeerId, Vec<(Name, Range, Seq)>> = BTreeMap::new();
        while let Some(name) = self.lacks.due(now_ms) {
            let (prefix, author) = name;
            let (first, end) = match author {
                Some(author) => (logs.next_wanted(author), logs.takes_to(&author)),
                None => (logs.under(prefix).next, logs.under(prefix).end),
            };
            let (open, little_of) = (&self.open, &little);
            let busy = |peer: &PeerId| {
                let asked = little_of.get(peer).map_or(0, |asked| asked.len() / RANGES);
                open.get(peer).map_or(0, |open| *open) + asked >= SMALL_WANTS
            };
            for due in self.lacks.ask(name, (first, end), now_ms + WANT_MS, (&self.credit, busy)) {
                match due {
                    Due::Much(peer, last) => {
                        self.tell(peer, prefix, last + 1);
                        self.plan(peer, logs, turn);
                    }
                    Due::Little(peer, last) => {
                        let most = if author.is_some() { first + SHARED_ENTRIES } else { Seq::MAX };
                        // If the entry is here in a run that is held for its time, we want the shorter run.
                        let is_early =
                            logs.early(prefix, (last, last)).next().is_some() && defence::is_on("early-shorter");
                        let end = if is_early { last } else { block_end(last) };
                        let range = Range { author: prefix, first, last: end.min(block_end(most)) };
                        if let Some(range) = self.unasked(range, 0) {
                            little.entry(peer).or_default().push((name, range, last));
                        }
                    }
                }
            }
        }
        for (peer, asked) in little {
            for asked in asked.chunks(RANGES) {
                let want = self.ask(peer, 0, asked.iter().map(|(_, range, _)| *range).collect(), turn);
                let logs = asked.iter().map(|(name, range, last)| (*name, range.first, *last)).collect();
                self.small.insert(want, Small { peer, logs, came: 0, due_ms: now_ms + WANT_MS });
                *self.open.entry(peer).or_default() += 1;
            }
        }
    }

    /// Ends wants of a little that nobody answered. Silence costs credit; an answer that brings nothing lets us ask
    /// others at once.
    pub(super) fn give_up_small(&mut self, logs: &Logs, now_ms: u64) {
        while let Some((want, _)) = self.small.first_key_value().filter(|(_, small)| small.due_ms <= now_ms) {
            let Some(small) = self.end_of(*want) else { return };
            let (peer, came) = (small.peer, small.came);
            if self.end_small(small, logs, now_ms) && came == 0 {
                self.credit.fail(peer);
            }
        }
    }

    /// Asks others that announced it for what did not come; if some of it came, asks the same peer for the rest.
    /// Returns whether something did not come.
    fn end_small(&mut self, small: Small, logs: &Logs, now_ms: u64) -> bool {
        let mut lacks = false;
        for (name, first, last) in small.logs {
            let next = name.1.map_or_else(|| logs.under(name.0).next, |author| logs.next_wanted(author));
            if next > last {
                continue;
            }
            lacks = true;
            match name.1.is_some() && next > first {
                true => self.lacks.add(name, last, small.peer, now_ms),
                false => self.lacks.hurry(name, now_ms),
            }
        }
        lacks
    }

    /// A number for a want.
    pub(crate) fn number(&mut self) -> u64 {
        self.wants_made += 1;
        self.wants_made
    }

    pub(crate) fn ask(&mut self, peer: PeerId, newest: u32, ranges: Vec<Range>, turn: &mut Turn<'_>) -> u64 {
        let want = self.number();
        let entries = ranges.iter().map(|range| range.last - range.first + 1).fold(newest.into(), u64::saturating_add);
        turn.step(Step::Wanted { peer, entries });
        turn.send(peer, Frame::Want(Want { want, newest, ranges }));
        want
    }

    /// Wants from `peer` the entries that it announced and no other peer was asked for, unless it is still answering a
    /// want.
    pub(crate) fn plan(&mut self, peer: PeerId, logs: &mut Logs, turn: &mut Turn<'_>) {
        if self.wants.contains_key(&peer) || self.held_off.contains(&peer) {
            return;
        }
        let now_ms = turn.now.ticks_ms;
        let trusted = self.credit.trusts(&peer);
        let mut offer = self.offer(peer, logs, 0);
        // In a closed room the newest entries count only once the acts that let their authors in are here.
        let is_far = trusted && !logs.is_closed() && offer.told > PAGED_ENTRIES;
        if is_far {
            self.paged.insert(peer);
        }
        let newest = is_far && self.is_page_free(&peer, now_ms);
        if newest {
            self.page.free_ms = now_ms + PAGE_MS;
            offer = Offer::default();
        } else if offer.len() == 0 && defence::is_on("reserved") {
            // The peer has nothing else to offer: others are too slow with their wants.
            offer = self.offer(peer, logs, now_ms);
        }
        self.offer_branches(peer, logs, now_ms, &mut offer);
        if !trusted {
            probe(&mut offer);
        }
        if !newest && offer.len() == 0 {
            return self.no_more_paged(&peer);
        }
        share_out(&mut offer, logs);
        let ranges: Vec<Range> = offer.ranges().map(|range| *range).collect();
        if trusted {
            for range in &ranges {
                self.reserved.entry(range.author).or_default().push((peer, range.first, range.last));
            }
        }
        let want = self.ask(peer, if newest { NEWEST_PAGE as u32 } else { 0 }, ranges, turn);
        let (above, gaps, due_ms) = (offer.above, offer.gaps, now_ms + WANT_MS);
        self.wants.insert(peer, Asked { want, newest, above, gaps, came: 0, known: false, due_ms, free_ms: due_ms });
    }

    fn is_page_free(&self, peer: &PeerId, now_ms: u64) -> bool {
        !self.page.came && self.page.free_ms <= now_ms && !self.page.older.contains(peer)
    }

    /// What `peer` told of above our heads, up to the ends of the blocks, and our gaps, unless another peer was asked
    /// for it and is not slow by `slow_ms`. Forgets what has come since.
    fn offer(&mut self, peer: PeerId, logs: &Logs, slow_ms: u64) -> Offer {
        let mut offer = Offer::default();
        let trusted = self.credit.trusts(&peer);
        let most = if trusted { RANGES } else { 1 };
        let mut over = Vec::new();
        for (prefix, next) in self.told.get(&peer).into_iter().flatten() {
            let under = logs.under(*prefix);
            let end = under.end.min(*next);
            if under.next >= end || under.count > 1 {
                over.push(*prefix);
                continue;
            }
            offer.told = offer.told.saturating_add(end - under.next);
            if offer.above.len() < most {
                // A forked log is taken from the bottom upwards, and a want is served downwards.
                let last = if logs.is_forked_under(*prefix) { under.next } else { end - 1 };
                let range = Range { author: *prefix, first: under.next, last: block_end(last) };
                offer.above.extend(self.unasked(range, slow_ms));
            } else if !trusted || offer.told > PAGED_ENTRIES {
                break;
            }
        }
        if let Some(told) = self.told.get_mut(&peer) {
            over.iter().for_each(|prefix| _ = told.remove(prefix));
        }
        self.offer_gaps(peer, logs, slow_ms, &mut offer);
        offer
    }

    /// A part of our gaps: those behind the ones that we looked at before, if there are many.
    fn offer_gaps(&mut self, peer: PeerId, logs: &Logs, slow_ms: u64, offer: &mut Offer) {
        let barren = self.barren.get(&peer);
        let mut looked_at = None;
        for (count, author) in logs.gaps().behind(self.looked_at).enumerate() {
            if offer.len() >= RANGES || count >= GAPS_LOOKED_AT {
                looked_at = Some(*author);
                break;
            }
            if barren.is_some_and(|barren| barren.contains(author)) {
                continue;
            }
            for (first, last) in logs.frontier().log(author).into_iter().flat_map(Log::gaps) {
                let range = self.unasked(Range { author: author.prefix(), first, last }, slow_ms);
                offer.gaps.extend(range.map(|range| (*author, range)));
            }
        }
        offer.gaps.truncate(RANGES.saturating_sub(offer.above.len()));
        self.looked_at = looked_at;
    }

    /// Parts of the branches that are to take the place of others. A peer that does not have one is asked again later.
    fn offer_branches(&mut self, peer: PeerId, logs: &mut Logs, now_ms: u64, offer: &mut Offer) {
        let wanted = logs.branches();
        let is_wanted =
            |of: &AuthorId, last: Seq| wanted.iter().any(|(author, range)| (author, range.last) == (of, last));
        self.branches.retain(|(of, author, last), _| *of != peer || is_wanted(author, *last));
        for (author, range) in wanted {
            let asked = (peer, author, range.last);
            let may = self.branches.get(&asked).is_none_or(|again_ms| *again_ms <= now_ms);
            if offer.len() < RANGES && may {
                self.branches.insert(asked, now_ms + WANT_MS);
                offer.gaps.push((author, range));
            }
        }
    }

    /// The part of a range that no peer is being asked for, except slow ones; if there are several parts, the lowest.
    fn unasked(&self, mut range: Range, slow_ms: u64) -> Option<Range> {
        for (peer, first, last) in self.reserved.get(&range.author).into_iter().flatten() {
            let is_slow = self.wants.get(peer).is_none_or(|asked| asked.free_ms <= slow_ms);
            if !is_slow && *first <= range.last && range.first <= *last {
                range.last = first.checked_sub(1)?;
            }
        }
        (range.first <= range.last).then_some(range)
    }

    /// Tells how many entries, and bodies of others, are missing, if that has changed.
    pub(crate) fn count_missing(&mut self, logs: &Logs, bodies: u64, turn: &mut Turn<'_>) {
        let missing = logs.missing().saturating_add(bodies);
        if missing != self.missing {
            self.missing = missing;
            turn.emit(Event::Missing { entries: missing });
        }
    }
}

/// Reduces an offer to a single block, for a peer that did not deliver.
fn probe(offer: &mut Offer) {
    let one = usize::from(offer.above.is_empty());
    offer.above.truncate(1);
    offer.gaps.truncate(one);
    offer.ranges().for_each(|range| range.first = range.first.max(range.last.saturating_sub(BLOCK - 1)));
}

/// Shortens each range to its part of one want.
fn share_out(offer: &mut Offer, logs: &Logs) {
    let count = offer.len().max(1) as u64;
    if logs.is_closed() {
        // Nothing is history there, so entries wait for those below them, and only a few can.
        let each = (UPWARDS_ENTRIES / count).max(BLOCK);
        offer.above.iter_mut().for_each(|range| range.last = range.last.min(block_end(range.first + each - 1)));
    }
    let each = (WANT_ENTRIES / count).max(BLOCK);
    for range in offer.ranges() {
        let each = if logs.under(range.author).count > 1 { SHARED_ENTRIES } else { each };
        let from = (range.last + 1).saturating_sub(each) / BLOCK * BLOCK + 1;
        if from > BLOCK {
            range.first = range.first.max(from);
        }
    }
}

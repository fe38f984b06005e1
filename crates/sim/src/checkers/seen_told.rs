//! An entry tells what its author had seen since its previous entry, in what it names or in what the named entries name
//! in turn. It tells nothing else, and stands below all of it. Entries too far ahead of the author's clock for anyone to
//! follow are not causes. A peer so far behind that it began with the newest page names nothing for a while, and no peer
//! names the entries of a burst.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rumormill_proto::{
    admit::Entry,
    entry::Seen,
    frame::Frame,
    ids::{AuthorId, Seq},
    limits::{BURST, BURST_MS, FOLLOW_MS, SEEN_PAIRS},
    time::Time,
};

use super::{Checker, Fact, Verdict};

/// The view of one author.
#[derive(Default)]
struct Reader {
    author: AuthorId,
    /// Whether everything shown since its previous entry is known: only after its first entry since it started from a
    /// store.
    is_known: bool,
    /// Whether the peer asked for the newest page.
    paged: bool,
    /// The newest seq shown of each other author that its entries do not tell of yet.
    untold: BTreeMap<AuthorId, Seq>,
    /// The seq after the highest shown of each other author.
    tops: BTreeMap<AuthorId, Seq>,
    /// The seq after the highest of each other author that its own entries tell of: its vector clock.
    told: BTreeMap<AuthorId, Seq>,
    /// Recently shown entries of each other author, as times; oldest first.
    lately: BTreeMap<AuthorId, VecDeque<u64>>,
    /// Until this time of the world, in milliseconds, it need not name a burst or anything that follows from it.
    burst_ms: u64,
    /// The greatest time shown of other authors.
    last: Time,
    /// The seq after its last entry.
    next: Seq,
    /// Verdicts on its own entries, due once they are acknowledged: others may return lost entries, which were written
    /// in another state.
    judged: BTreeMap<Seq, Verdict>,
}

impl Reader {
    fn shown(&mut self, entry: &Entry, all: &Shown, (at_ms, wall_ms): (u64, u64)) {
        if entry.author == self.author {
            let judged = self.judge(entry, all, at_ms);
            self.judged.insert(entry.seq, judged);
            self.next = entry.seq + 1;
            return;
        }
        let top = self.tops.entry(entry.author).or_default();
        *top = (entry.seq + 1).max(*top);
        let lately = self.lately.entry(entry.author).or_default();
        lately.push_back(at_ms);
        while lately.front().is_some_and(|first| first + BURST_MS <= at_ms) {
            lately.pop_front();
        }
        if lately.len() as u64 > BURST {
            self.burst_ms = at_ms + BURST_MS;
        }
        if !self.waited(entry) && entry.time.ms() <= wall_ms.saturating_add(FOLLOW_MS) {
            let newest = self.untold.entry(entry.author).or_default();
            *newest = entry.seq.max(*newest);
            self.last = self.last.max(entry.time);
        }
    }

    /// Whether an entry was shown only because the reader wrote: it names entries under the reader's key that the
    /// reader had not written then. The key is in use in two places.
    fn waited(&self, entry: &Entry) -> bool {
        entry.seen.iter().any(|(of, up_to)| *of == self.author && *up_to >= self.next)
    }

    fn judge(&mut self, entry: &Entry, all: &Shown, at_ms: u64) -> Verdict {
        if entry.time <= self.last {
            return Err("stands above what its author had seen".into());
        }
        let few = self.untold.len() <= SEEN_PAIRS;
        let was_known = std::mem::replace(&mut self.is_known, true);
        let unseen = self.tell(entry, all);
        self.untold.retain(|author, seq| self.told.get(author).is_none_or(|next| *next <= *seq));
        let is_expected = few && was_known && !self.paged && at_ms > self.burst_ms;
        match (self.untold.iter().next(), unseen) {
            (Some((author, seq)), _) if is_expected => {
                Err(format!("does not tell of {author:?} {seq}, which its author had seen"))
            }
            (_, Some((author, seq))) if was_known && !self.paged => {
                Err(format!("tells of {author:?} {seq}, which its author had not seen"))
            }
            _ => Ok(()),
        }
    }

    /// Adds to the vector clock what an entry names and what the entries name that it tells of. Returns something that was
    /// not shown here, if there is any.
    fn tell(&mut self, entry: &Entry, all: &Shown) -> Option<(AuthorId, Seq)> {
        let mut open: Vec<_> = entry.seen.iter().map(|pair| (*pair, true)).collect();
        let mut unseen = None;
        while let Some(((author, seq), is_sure)) = open.pop() {
            let told = self.told.entry(author).or_default();
            if author == self.author || seq < *told {
                continue;
            }
            let is_sure = is_sure && !all.odd.contains(&author);
            let named = all.named.range((author, *told)..=(author, seq)).flat_map(|(_, seen)| seen);
            open.extend(named.map(|pair| (*pair, is_sure)));
            *told = seq + 1;
            if is_sure && self.tops.get(&author).is_none_or(|top| *top <= seq) {
                unseen = Some((author, seq));
            }
        }
        unseen
    }

    fn said(&mut self, seq: Seq) -> Verdict {
        let later = self.judged.split_off(&(seq + 1));
        let judged = std::mem::replace(&mut self.judged, later);
        judged.into_iter().next_back().filter(|(of, _)| *of == seq).map_or(Ok(()), |(_, judged)| judged)
    }
}

/// What was shown anywhere.
#[derive(Default)]
struct Shown {
    /// What each entry names; where an author wrote two, what both do.
    named: BTreeMap<(AuthorId, Seq), Seen>,
    /// Authors who write two logs, or whose logs are cut: an entry that is named, and what it names, may be others than
    /// those shown here.
    odd: BTreeSet<AuthorId>,
}

impl Shown {
    fn add(&mut self, entry: &Entry) {
        let is_odd = self.odd.contains(&entry.author);
        let named = self.named.entry((entry.author, entry.seq)).or_insert_with(|| entry.seen.clone());
        if is_odd {
            let other: Vec<_> = entry.seen.iter().filter(|pair| !named.contains(pair)).copied().collect();
            named.extend(other);
        }
    }
}

/// All authors.
#[derive(Default)]
pub(super) struct SeenTold {
    readers: BTreeMap<usize, Reader>,
    shown: Shown,
}

impl Checker for SeenTold {
    fn property(&self) -> &'static str {
        "an entry names what its author saw"
    }

    fn see(&mut self, fact: &Fact<'_>) -> Verdict {
        match fact {
            Fact::Started { peer, author, lines, .. } => {
                let mut reader = Reader { author: *author, is_known: lines.is_empty(), ..Reader::default() };
                for line in *lines {
                    let top = reader.tops.entry(line.place.author).or_default();
                    *top = (line.place.seq + 1).max(*top);
                }
                self.readers.insert(*peer, reader);
                Ok(())
            }
            Fact::WasCut { proof, .. } => {
                self.shown.odd.insert(proof.author());
                Ok(())
            }
            Fact::Twinned { author } => {
                self.shown.odd.insert(*author);
                Ok(())
            }
            Fact::Sent { peer, frame: Frame::Want(want), .. } if want.newest > 0 => {
                self.readers.entry(*peer).or_default().paged = true;
                Ok(())
            }
            Fact::Shown { peer, entry, at_ms, wall_ms, .. } => {
                self.shown.add(entry);
                self.readers.entry(*peer).or_default().shown(entry, &self.shown, (*at_ms, *wall_ms));
                Ok(())
            }
            Fact::Said { peer, author, seq, .. } => {
                let judged = self.readers.entry(*peer).or_default().said(*seq);
                judged.map_err(|why| format!("{author:?} {seq}, said at peer {peer}, {why}"))
            }
            _ => Ok(()),
        }
    }
}

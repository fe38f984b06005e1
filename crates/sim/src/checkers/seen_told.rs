//! An entry names what its author had seen since its previous entry, and stands below all of it. Entries too far ahead
//! of the author's clock for anyone to follow are not causes. A peer so far behind that it began with the newest page
//! names nothing for a while, and no peer names the entries of a burst.

use std::collections::{BTreeMap, VecDeque};

use rumormill_proto::{
    admit::Entry,
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
    /// The newest seq shown of each other author and not named yet.
    unnamed: BTreeMap<AuthorId, Seq>,
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
    fn shown(&mut self, entry: &Entry, (at_ms, wall_ms): (u64, u64)) {
        if entry.author == self.author {
            let judged = self.judge(entry, at_ms);
            self.judged.insert(entry.seq, judged);
            self.next = entry.seq + 1;
            return;
        }
        let lately = self.lately.entry(entry.author).or_default();
        lately.push_back(at_ms);
        while lately.front().is_some_and(|first| first + BURST_MS <= at_ms) {
            lately.pop_front();
        }
        if lately.len() as u64 > BURST {
            self.burst_ms = at_ms + BURST_MS;
        }
        if !self.waited(entry) && entry.time.ms() <= wall_ms.saturating_add(FOLLOW_MS) {
            let newest = self.unnamed.entry(entry.author).or_default();
            *newest = entry.seq.max(*newest);
            self.last = self.last.max(entry.time);
        }
    }

    /// Whether an entry was shown only because the reader wrote: it names entries under the reader's key that the
    /// reader had not written then. The key is in use in two places.
    fn waited(&self, entry: &Entry) -> bool {
        entry.seen.iter().any(|(of, up_to)| *of == self.author && *up_to >= self.next)
    }

    fn judge(&mut self, entry: &Entry, at_ms: u64) -> Verdict {
        if entry.time <= self.last {
            return Err("stands above what its author had seen".into());
        }
        let names = |author: &AuthorId, seq: Seq| entry.seen.iter().any(|(of, up_to)| of == author && *up_to >= seq);
        let few = self.unnamed.len() <= SEEN_PAIRS;
        let was_known = std::mem::replace(&mut self.is_known, true);
        self.unnamed.retain(|author, seq| !names(author, *seq));
        let is_expected = few && was_known && !self.paged && at_ms > self.burst_ms;
        match self.unnamed.iter().next().filter(|_| is_expected) {
            Some((author, seq)) => Err(format!("does not name {author:?} {seq}, which its author had seen")),
            None => Ok(()),
        }
    }

    fn said(&mut self, seq: Seq) -> Verdict {
        let later = self.judged.split_off(&(seq + 1));
        let judged = std::mem::replace(&mut self.judged, later);
        judged.into_iter().next_back().filter(|(of, _)| *of == seq).map_or(Ok(()), |(_, judged)| judged)
    }
}

/// All authors.
#[derive(Default)]
pub(super) struct SeenTold {
    readers: BTreeMap<usize, Reader>,
}

impl Checker for SeenTold {
    fn property(&self) -> &'static str {
        "an entry names what its author saw"
    }

    fn see(&mut self, fact: &Fact<'_>) -> Verdict {
        match fact {
            Fact::Started { peer, author, lines, .. } => {
                let reader = Reader { author: *author, is_known: lines.is_empty(), ..Reader::default() };
                self.readers.insert(*peer, reader);
                Ok(())
            }
            Fact::Sent { peer, frame: Frame::Want(want), .. } if want.newest > 0 => {
                self.readers.entry(*peer).or_default().paged = true;
                Ok(())
            }
            Fact::Shown { peer, entry, at_ms, wall_ms, .. } => {
                self.readers.entry(*peer).or_default().shown(entry, (*at_ms, *wall_ms));
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

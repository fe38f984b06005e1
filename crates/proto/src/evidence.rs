//! Questions about forks that only the store can answer: the order of reading them, those that proved nothing, and how
//! often a peer gets the same answer.
//!
//! A peer causes each question by something it said, which may be a lie and costs it little. So peers take turns, and
//! one question of each is read at a time. A node stops listening to a peer whose evidence proved nothing several
//! times. It tells a peer the same thing about a log again only after a pause, which doubles. Anti-entropy asks again
//! for whatever is left out.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    ops::Bound::{Excluded, Unbounded},
};

use crate::{
    defence,
    ids::{AuthorId, EntryId, PeerId, Seq},
    input::{Output, Purpose, Recall},
    limits::{
        BARREN_EVIDENCE, PROOF_PAUSE_LONGEST_MS, PROOF_PAUSE_MS, PROOFS_SHOWN, PROOFS_TOLD, RECALLS, RECALLS_BYTES,
        RECALLS_OF_ONE, SETTLED,
    },
    turn::Turn,
};

/// For whom the store is read: a peer, or ourselves.
type Asker = Option<PeerId>;

/// A summary of a held log: the id of its head, and its number of entries.
pub(crate) type Holding = (EntryId, u64);

/// Questions that wait to be read, evidence that proved nothing, and answers that peers got.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    waiting: BTreeMap<Asker, VecDeque<Recall>>,
    /// Bytes of runs that wait.
    bytes: usize,
    /// The askers for whom the store is being read.
    reading: BTreeSet<Asker>,
    /// The asker whose turn was last.
    last: Asker,
    /// How often evidence of a peer proved nothing.
    barren: BTreeMap<PeerId, u32>,
    /// By the id of their last entry: runs that proved nothing, and the logs they were compared with.
    settled: BTreeMap<EntryId, Holding>,
    /// The parts of logs that each peer was shown.
    shown: BTreeMap<PeerId, Pauses>,
    /// Forks that were passed on to all.
    told: Pauses,
    /// Forks that are to be passed on, by time.
    due: BTreeSet<(u64, AuthorId)>,
}

impl Evidence {
    /// Takes a question, unless too many wait or the peer was shown the same thing a moment ago.
    pub(crate) fn ask(&mut self, what: Recall, now_ms: u64) {
        let (asker, bytes) = (asker(&what), size(&what));
        let is_limited = defence::is_on("questions");
        let of_one = self.waiting.get(&asker).map_or(0, VecDeque::len);
        let full = of_one >= RECALLS_OF_ONE || (of_one > 0 && self.bytes + bytes > RECALLS_BYTES);
        if is_limited && (full || !self.may_show(&what, now_ms)) {
            return;
        }
        self.bytes += bytes;
        self.waiting.entry(asker).or_default().push_back(what);
    }

    fn may_show(&mut self, what: &Recall, now_ms: u64) -> bool {
        let (to, mark) = match &what.purpose {
            Purpose::Show(to) => (to, Mark::Head(what.seq)),
            Purpose::Prove(to) => (to, Mark::Cut(what.seq)),
            Purpose::Compare { .. } | Purpose::Leave { .. } => return true,
        };
        let shown = self.shown.entry(*to).or_default();
        let known = shown.0.get(&what.author).filter(|told| told.mark == mark).copied();
        shown.may((what.author, mark), known, PROOFS_SHOWN, now_ms)
    }

    /// Asks the store the next questions, one of each asker in turn.
    pub(crate) fn read(&mut self, turn: &mut Turn<'_>) {
        while self.reading.len() < RECALLS
            && let Some(asker) = self.next()
        {
            let Some(waiting) = self.waiting.get_mut(&asker) else { return };
            let what = waiting.pop_front();
            if waiting.is_empty() {
                self.waiting.remove(&asker);
            }
            self.last = asker;
            if let Some(what) = what {
                self.bytes -= size(&what);
                self.reading.insert(asker);
                turn.out.push(Output::Recall(what));
            }
        }
    }

    /// The next asker: the first one after the last asker for which nothing is being read.
    fn next(&self) -> Option<Asker> {
        let above = self.waiting.range((Excluded(self.last), Unbounded));
        let all = above.chain(self.waiting.range(..=self.last));
        all.map(|(asker, _)| *asker).find(|asker| !self.reading.contains(asker))
    }

    /// A question was answered.
    pub(crate) fn answered(&mut self, what: &Recall) {
        self.reading.remove(&asker(what));
    }

    /// Whether we still look at evidence of this peer.
    pub(crate) fn hears(&self, peer: &PeerId) -> bool {
        self.barren.get(peer).is_none_or(|times| *times < BARREN_EVIDENCE) || !defence::is_on("evidence")
    }

    /// Whether a run that ends in this entry was compared with exactly this, and proved nothing.
    pub(crate) fn is_settled(&self, last: &EntryId, held: Holding) -> bool {
        self.settled.get(last) == Some(&held)
    }

    /// A run that ends in this entry proves nothing against our log.
    pub(crate) fn settle(&mut self, last: EntryId, held: Holding) {
        if self.settled.len() >= SETTLED {
            self.settled.pop_first();
        }
        self.settled.insert(last, held);
    }

    /// Evidence that a peer brought proved a fork, or nothing new.
    pub(crate) fn credit(&mut self, peer: PeerId, news: bool) {
        match news {
            true => drop(self.barren.remove(&peer)),
            false => *self.barren.entry(peer).or_default() += 1,
        }
    }

    /// Whether to send a fork to all peers at once. If not, it is due later.
    pub(crate) fn may_tell(&mut self, author: AuthorId, at: Seq, now_ms: u64) -> bool {
        let known = self.told.0.get(&author).copied();
        let due_ms = known.map_or(now_ms + PROOF_PAUSE_MS, |told| told.again_ms);
        let may = self.told.may((author, Mark::Cut(at)), known, PROOFS_TOLD, now_ms);
        if may || !defence::is_on("proofs") {
            self.due.remove(&(due_ms, author));
            return true;
        }
        if self.due.len() < PROOFS_TOLD {
            self.due.insert((due_ms, author));
        }
        false
    }

    /// Logs of which to pass on a lower fork now.
    pub(crate) fn due(&mut self, now_ms: u64) -> Vec<AuthorId> {
        let mut due = Vec::new();
        while let Some((due_ms, author)) = self.due.first().copied().filter(|(due_ms, _)| *due_ms <= now_ms) {
            self.due.remove(&(due_ms, author));
            due.push(author);
        }
        due
    }

    /// When the next fork is due.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        self.due.first().map(|(due_ms, _)| *due_ms)
    }

    /// The link is gone. A question that is being read for its peer is still answered.
    pub(crate) fn forget(&mut self, peer: &PeerId) {
        for what in self.waiting.remove(&Some(*peer)).into_iter().flatten() {
            self.bytes -= size(&what);
        }
        self.barren.remove(peer);
        self.shown.remove(peer);
    }

    /// Questions that wait or are being read.
    pub(crate) fn len(&self) -> usize {
        self.waiting.values().map(VecDeque::len).sum::<usize>() + self.reading.len()
    }
}

/// For whom the store is read.
fn asker(what: &Recall) -> Asker {
    match &what.purpose {
        Purpose::Show(peer) | Purpose::Prove(peer) => Some(*peer),
        Purpose::Compare { from, .. } => *from,
        Purpose::Leave { .. } => None,
    }
}

fn size(what: &Recall) -> usize {
    match &what.purpose {
        Purpose::Compare { theirs, .. } => theirs.wire().len(),
        Purpose::Leave { above, .. } => above.as_ref().map_or(0, |above| above.wire().len()),
        Purpose::Show(_) | Purpose::Prove(_) => 0,
    }
}

/// An answer about a log: the proof that cuts it at a seq, or our run up to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Cut(Seq),
    Head(Seq),
}

/// When an answer may be repeated, and how long the last pause was.
#[derive(Clone, Copy, Debug)]
struct Pause {
    mark: Mark,
    again_ms: u64,
    pause_ms: u64,
}

/// The last answer by author. The pauses between answers double.
#[derive(Debug, Default)]
struct Pauses(BTreeMap<AuthorId, Pause>);

impl Pauses {
    /// Whether this may be told now, and notes that it is. A thing that was told before, `known`, has to wait for its
    /// pause. When `bound` logs are noted, those told longest ago are forgotten; if none can be, this is not told.
    fn may(&mut self, (author, mark): (AuthorId, Mark), known: Option<Pause>, bound: usize, now_ms: u64) -> bool {
        if known.is_some_and(|told| now_ms < told.again_ms) {
            return false;
        }
        if self.0.len() >= bound && !self.0.contains_key(&author) {
            self.0.retain(|_, told| now_ms < told.again_ms.saturating_add(told.pause_ms));
            if self.0.len() >= bound {
                return false;
            }
        }
        let pause_ms = known.map_or(PROOF_PAUSE_MS, |told| (2 * told.pause_ms).min(PROOF_PAUSE_LONGEST_MS));
        self.0.insert(author, Pause { mark, again_ms: now_ms + pause_ms, pause_ms });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Writer, turn};

    const ADA: PeerId = PeerId([1; 32]);
    const BEA: PeerId = PeerId([2; 32]);

    fn compare(from: Asker) -> Recall {
        let theirs = Box::new(Writer::new(1).write(1, "x"));
        Recall { author: theirs.author(), seq: 0, purpose: Purpose::Compare { theirs, from } }
    }

    fn log(author: u8, purpose: Purpose) -> Recall {
        Recall { author: AuthorId([author; 32]), seq: 7, purpose }
    }

    fn read(evidence: &mut Evidence) -> Vec<Recall> {
        let ((), out) = turn(0, |turn| evidence.read(turn));
        out.into_iter().filter_map(|output| if let Output::Recall(what) = output { Some(what) } else { None }).collect()
    }

    #[test]
    fn a_flood_of_one_peer_keeps_no_other_from_its_turn() {
        let mut evidence = Evidence::default();
        (0..10_000).for_each(|_| evidence.ask(compare(Some(ADA)), 0));
        assert_eq!(evidence.len(), RECALLS_OF_ONE);
        assert_eq!(read(&mut evidence).len(), 1);
        evidence.ask(compare(Some(BEA)), 0);
        evidence.ask(compare(None), 0);
        let next: Vec<Asker> = read(&mut evidence).iter().map(asker).collect();
        assert_eq!(next, [Some(BEA), None]);
        evidence.answered(&compare(Some(ADA)));
        assert_eq!(read(&mut evidence).len(), 1);
        evidence.forget(&ADA);
        assert_eq!(evidence.len(), 3, "what is read for whoever has gone is read to its end");
    }

    #[test]
    fn few_are_read_at_once_and_all_in_their_turn() {
        let mut evidence = Evidence::default();
        let peers = (0..20).map(|peer| PeerId([peer; 32]));
        peers.clone().for_each(|peer| (0..2).for_each(|_| evidence.ask(compare(Some(peer)), 0)));
        let mut turns = Vec::new();
        let mut under_way = VecDeque::new();
        while evidence.len() > 0 {
            under_way.extend(read(&mut evidence));
            assert!(under_way.len() <= RECALLS);
            let Some(what) = under_way.pop_front() else { break };
            turns.extend(asker(&what));
            evidence.answered(&what);
        }
        assert_eq!(turns.len(), 40);
        let first: BTreeSet<_> = turns[..20].iter().collect();
        assert_eq!(first.len(), 20, "each has one before any has two");
    }

    #[test]
    fn runs_that_wait_take_bounded_memory() {
        let mut evidence = Evidence::default();
        let theirs = Writer::new(1).write(1, &"x".repeat(8000));
        let large = |peer| {
            let purpose = Purpose::Compare { theirs: Box::new(theirs.clone()), from: Some(PeerId([peer; 32])) };
            Recall { author: theirs.author(), seq: 0, purpose }
        };
        (0..100).for_each(|peer| (0..100).for_each(|_| evidence.ask(large(peer), 0)));
        let size = theirs.wire().len();
        assert!(evidence.bytes <= RECALLS_BYTES + 100 * size && evidence.bytes > RECALLS_BYTES / 2);
        (0..100).for_each(|peer| evidence.forget(&PeerId([peer; 32])));
        assert_eq!((evidence.bytes, evidence.len()), (0, 0));
    }

    #[test]
    fn the_same_is_told_again_after_pauses_that_grow() {
        let mut evidence = Evidence::default();
        let mut asked = |what: Recall, now_ms| {
            evidence.ask(what, now_ms);
            let read = read(&mut evidence);
            read.iter().for_each(|what| evidence.answered(what));
            read.len()
        };
        let times = |asked: &mut dyn FnMut(Recall, u64) -> usize, purpose: Purpose| {
            (0..100_000u64).filter(|ms| asked(log(1, purpose.clone()), *ms) > 0).count()
        };
        let expected = (0..).map(|times| PROOF_PAUSE_MS << times).scan(0, |at, pause| {
            *at += pause;
            Some(*at)
        });
        let expected = 1 + expected.take_while(|at| *at < 100_000).count();
        assert_eq!(times(&mut asked, Purpose::Prove(ADA)), expected);
        assert_eq!(times(&mut asked, Purpose::Show(BEA)), expected);
        assert_eq!(asked(log(2, Purpose::Prove(ADA)), 100_000), 1, "another log");
        assert_eq!(asked(Recall { seq: 6, ..log(1, Purpose::Prove(ADA)) }, 100_000), 1, "a lower cut");
    }

    #[test]
    fn the_first_fork_goes_out_at_once_and_lower_ones_more_and_more_seldom() {
        let mut evidence = Evidence::default();
        let author = AuthorId([1; 32]);
        let mut told = 0;
        for ms in 0..60_000 {
            told += usize::from(evidence.may_tell(author, 1_000_000 - ms, ms));
            for author in evidence.due(ms) {
                told += usize::from(evidence.may_tell(author, 1_000_000 - ms, ms));
            }
            assert!(ms > 0 || told == 1);
        }
        assert!((5..=8).contains(&told), "{told} times in a minute");
        assert!(evidence.due.len() <= 1);
        assert!(evidence.may_tell(AuthorId([2; 32]), 5, 60_000), "another log");
    }

    #[test]
    fn forks_of_any_number_of_logs_take_bounded_memory() {
        let mut evidence = Evidence::default();
        let author = |number: u32| {
            let mut id = [0; 32];
            id[..4].copy_from_slice(&number.to_be_bytes());
            AuthorId(id)
        };
        for at in [1, 0] {
            let told = (0..2 * PROOFS_TOLD as u32).filter(|number| evidence.may_tell(author(*number), at, 0)).count();
            assert_eq!(told, if at == 1 { PROOFS_TOLD } else { 0 });
        }
        assert!(evidence.next_deadline() > Some(0), "what finds no place is not tried without end");
        for number in 0..2 * PROOFS_SHOWN as u32 {
            evidence.ask(Recall { author: author(number), seq: 1, purpose: Purpose::Prove(ADA) }, 0);
            read(&mut evidence).iter().for_each(|what| evidence.answered(what));
        }
        assert_eq!(evidence.shown[&ADA].0.len(), PROOFS_SHOWN);
        assert!(evidence.told.0.len() <= PROOFS_TOLD && evidence.due.len() <= PROOFS_TOLD);
        for number in 0..2 * SETTLED as u32 {
            evidence.settle(EntryId(author(number).0), (EntryId::default(), 1));
        }
        assert_eq!(evidence.settled.len(), SETTLED);
    }

    #[test]
    fn who_shows_what_proves_nothing_is_not_listened_to_for_long() {
        let mut evidence = Evidence::default();
        for _ in 0..BARREN_EVIDENCE - 1 {
            evidence.credit(ADA, false);
        }
        assert!(evidence.hears(&ADA));
        evidence.credit(ADA, true);
        (0..BARREN_EVIDENCE).for_each(|_| evidence.credit(ADA, false));
        assert!(!evidence.hears(&ADA) && evidence.hears(&BEA));
        evidence.settle(EntryId([5; 32]), (EntryId([1; 32]), 9));
        assert!(evidence.is_settled(&EntryId([5; 32]), (EntryId([1; 32]), 9)));
        assert!(!evidence.is_settled(&EntryId([5; 32]), (EntryId([1; 32]), 10)), "more is held since");
    }
}

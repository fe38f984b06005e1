//! Anti-entropy: the truth behind the rumor (Demers et al. 1987, section 1.3).
//!
//! Every interval a node compares its frontier with one random peer's. A round begins with a digest of 16 bytes; if the
//! digests are equal the round ends there. Otherwise both sides go down the tree of the author space, eight branches a
//! step, into the branches whose fingerprints differ, until one side lists the few heads in a branch. Then each side
//! knows what the other lacks. It serves a little at once; of much it tells the heads, and the side that lacks the
//! entries wants them in the order that suits it.
//!
//! The newest first suits it: one page of the newest entries of all authors if much is lacking, then everything else
//! downwards from the top of each log. Entries that come this way wait for nothing: a signed head shows that everything
//! below it exists, and a want is under way for it.
//!
//! The answering side is stateless. The requesting side remembers what each peer announced, asks each peer for one want at
//! a time and no two peers for the same entries, and forgets what a peer announced when it does not deliver.
//!
//! An announcement costs a peer ten bytes and is only a reason to ask that peer. It changes neither what counts as
//! missing nor how entries are shown or spread. A peer that announces in vain loses its `credit`, and a want keeps
//! others from being asked for the same entries only while it brings something.
//!
//! An entry that was announced, or is named as a cause, has time to come as a rumor before it is asked for, see
//! `patience`.
//!
//! Peers name a log by eight bytes of its author. If two authors share these, each side compares all logs that it has
//! under them, shows the newest signed run of each log that the other seems to lack, and asks for a few blocks at a
//! time.
//!
//! Invariant: while two connected peers' frontiers differ, one of them lacks something that it will want in
//! the next round between them, or in the next one after patience with rumors has ended.

mod answer;
mod ask;
#[cfg(test)]
mod attacks;
mod credit;
mod hidden;
mod lacks;

use std::collections::{BTreeMap, BTreeSet};

use answer::{compare, detail};
use credit::Credit;
use hidden::Hidden;
use lacks::Lacks;
pub(crate) use lacks::Name;

use crate::{
    frame::{Brief, Frame, Heads, Range},
    frontier::{Branch, Digest},
    ids::{AuthorId, PeerId, Seq},
    input::{Recall, Step},
    limits::{DENSE_HEADS, FAR_BEHIND_BYTES, SERVE_AT_ONCE, WANT_MS},
    logs::{Logs, Origin},
    patience::Patience,
    run::RawRun,
    turn::Turn,
    view::View,
};

/// How often a node compares with a random peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Milliseconds between rounds after a difference.
    pub busy_ms: u64,
    /// Milliseconds between rounds when all is quiet; the interval doubles up to it.
    pub quiet_ms: u64,
}

impl Default for Pace {
    /// A person waits half a second for a lost line without wondering; ten seconds cost an idle pair of peers 4 bytes a
    /// second.
    fn default() -> Self {
        Self { busy_ms: 500, quiet_ms: 10_000 }
    }
}

/// A want that a peer has not answered to its end.
#[derive(Debug)]
struct Asked {
    want: u64,
    newest: bool,
    /// Ranges above our heads, which the peer announced.
    above: Vec<Range>,
    /// Ranges in the gaps of our logs.
    gaps: Vec<(AuthorId, Range)>,
    /// How many new entries it brought.
    came: u64,
    /// Whether it brought something that we knew.
    known: bool,
    /// When we give it up.
    due_ms: u64,
    /// When others may be asked for the same: [`WANT_MS`] after it was asked, and a millisecond later for each entry that came.
    free_ms: u64,
}

/// A want of a little, asked of a peer.
#[derive(Debug)]
struct Small {
    peer: PeerId,
    /// For each log the first seq that was lacking, and the last that the peer announced.
    logs: Vec<(Name, Seq, Seq)>,
    came: u64,
    due_ms: u64,
}

/// The newest page. One is enough.
#[derive(Debug, Default)]
struct Page {
    /// Whether something of it has come.
    came: bool,
    /// When another peer may be asked for it.
    free_ms: u64,
    /// Peers that have much that we lack, all of it older than the newest page that we hold.
    older: BTreeSet<PeerId>,
}

/// The state of the asking side.
#[derive(Debug)]
pub(crate) struct Sync {
    pace: Pace,
    interval_ms: u64,
    round_ms: u64,
    wants_made: u64,
    /// By peer and author prefix: the seq after the last that the peer announced and we lack.
    told: BTreeMap<PeerId, BTreeMap<u64, Seq>>,
    /// Peers of which nothing is wanted until they have brought acts of a closed room.
    held_off: BTreeSet<PeerId>,
    linked: BTreeSet<PeerId>,
    /// Logs with gaps that a peer could not fill.
    barren: BTreeMap<PeerId, BTreeSet<AuthorId>>,
    /// The parts of other branches of logs that a peer was asked for, by their last seq, and when it may be again.
    branches: BTreeMap<(PeerId, AuthorId, Seq), u64>,
    /// The log with gaps that was looked at last.
    looked_at: Option<AuthorId>,
    /// Peers whose announcements show that we are far behind.
    paged: BTreeSet<PeerId>,
    page: Page,
    wants: BTreeMap<PeerId, Asked>,
    /// By author prefix: the ranges that each peer is being asked for.
    reserved: BTreeMap<u64, Vec<(PeerId, Seq, Seq)>>,
    small: BTreeMap<u64, Small>,
    /// How many wants of a little each peer has yet to answer: [`SMALL_WANTS`] at most.
    open: BTreeMap<PeerId, usize>,
    lacks: Lacks,
    hidden: Hidden,
    credit: Credit,
    patience: Patience,
    missing: u64,
}

impl Sync {
    pub(crate) fn new(pace: Pace, now_ms: u64) -> Self {
        Self {
            interval_ms: pace.busy_ms,
            round_ms: now_ms + pace.busy_ms,
            pace,
            wants_made: 0,
            told: BTreeMap::new(),
            held_off: BTreeSet::new(),
            linked: BTreeSet::new(),
            barren: BTreeMap::new(),
            branches: BTreeMap::new(),
            looked_at: None,
            paged: BTreeSet::new(),
            page: Page::default(),
            wants: BTreeMap::new(),
            reserved: BTreeMap::new(),
            small: BTreeMap::new(),
            open: BTreeMap::new(),
            lacks: Lacks::default(),
            hidden: Hidden::default(),
            credit: Credit::default(),
            patience: Patience::new(),
            missing: 0,
        }
    }

    pub(crate) fn next_deadline(&self) -> u64 {
        let wants = self.wants.values().map(|asked| asked.due_ms);
        let small = self.small.first_key_value().map(|(_, small)| small.due_ms);
        wants.chain(small).chain(self.lacks.next_deadline()).fold(self.round_ms, u64::min)
    }

    /// How many entries are proved to exist and are missing.
    pub(crate) fn missing(&self) -> u64 {
        self.missing
    }

    /// How many logs we remember as announced and not come.
    pub(crate) fn lacks(&self) -> usize {
        self.lacks.len()
    }

    /// Begins a round with a peer.
    pub(crate) fn begin(&self, peer: PeerId, logs: &Logs, turn: &mut Turn<'_>) {
        turn.step(Step::RoundWith { peer });
        turn.send(peer, Frame::Status { digest: logs.frontier().digest(), answer: false });
    }

    pub(crate) fn up(&mut self, peer: PeerId, now_ms: u64) {
        self.linked.insert(peer);
        self.hurry(now_ms);
    }

    pub(crate) fn down(&mut self, peer: PeerId) {
        self.linked.remove(&peer);
        self.told.remove(&peer);
        self.held_off.remove(&peer);
        if let Some(asked) = self.wants.remove(&peer) {
            self.release(peer, &asked);
            self.page.free_ms = if asked.newest { 0 } else { self.page.free_ms };
        }
        self.small.retain(|_, small| small.peer != peer);
        self.open.remove(&peer);
        self.page.older.remove(&peer);
        self.no_more_paged(&peer);
        self.barren.remove(&peer);
        self.branches.retain(|(of, ..), _| *of != peer);
        self.lacks.down(&peer);
        self.credit.forget(&peer);
        self.patience.forget(&peer);
    }

    /// Wants nothing of a peer for now.
    pub(crate) fn hold(&mut self, peer: PeerId) {
        self.held_off.insert(peer);
    }

    /// Wants of a peer what it has.
    pub(crate) fn go_on(&mut self, peer: &PeerId) {
        self.held_off.remove(peer);
    }

    /// Answers a status; returns whether the peer holds the same as we.
    pub(crate) fn status(
        &mut self,
        from: PeerId,
        (digest, answer): (Digest, bool),
        logs: &Logs,
        turn: &mut Turn<'_>,
    ) -> bool {
        let ours = logs.frontier().digest();
        let same = ours == digest;
        turn.step(Step::StatusFrom { peer: from, same });
        if same {
            self.interval_ms = self.interval_ms.saturating_mul(2).min(self.pace.quiet_ms);
            self.barren.remove(&from);
        } else {
            self.interval_ms = self.pace.busy_ms;
        }
        if same && !answer {
            turn.send(from, Frame::Status { digest: ours, answer: true });
        } else if !same && !answer {
            let salt = turn.random.number() as u32;
            detail(logs, Branch::ROOT, (DENSE_HEADS, salt), from, turn);
        }
        same
    }

    /// Compares heads: serves or lists the entries that the peer lacks, wants those that we lack. Returns the questions
    /// about forks that the store has to answer.
    pub(crate) fn heads(&mut self, from: PeerId, heads: &Heads, logs: &mut Logs, turn: &mut Turn<'_>) -> Vec<Recall> {
        let mut theirs: BTreeMap<u64, Vec<Brief>> = BTreeMap::new();
        for brief in &heads.heads {
            theirs.entry(brief.author).or_default().push(*brief);
        }
        let ours = compare(heads, &theirs, logs);
        self.answer(from, &ours, logs, turn);
        for (prefix, briefs) in theirs {
            self.hear(from, prefix, &briefs, logs);
        }
        self.plan(from, logs, turn);
        ours.questions(from, logs)
    }

    /// Remembers what a peer tells of the logs under one prefix, if that says which log is meant. If we know two of
    /// them, the peer shows us the newest signed run.
    fn hear(&mut self, from: PeerId, prefix: u64, briefs: &[Brief], logs: &Logs) {
        let under = logs.under(prefix);
        let end = briefs.iter().map(|brief| brief.next.min(brief.cut.unwrap_or(Seq::MAX))).max().unwrap_or(0);
        let is_clear = under.count == 0 || (under.count == 1 && briefs.len() == 1);
        if is_clear && end.min(under.end) > under.next {
            self.tell(from, prefix, end);
        }
    }

    /// The origin of runs that we are about to take: whether they belong to a page or a backfill. How much of them is
    /// new shows that, because any peer can claim to have much and then bring a single line.
    pub(crate) fn origin(&self, from: PeerId, want: u64, runs: &[RawRun], logs: &Logs) -> Origin {
        let asked = self.wants.get(&from).filter(|asked| asked.want == want && self.paged.contains(&from));
        let Some(asked) = asked else { return Origin::Repair(from) };
        let new = runs.iter().filter(|run| !logs.has(run.author(), run.last()));
        let (entries, bytes) =
            new.fold((0, 0), |(entries, bytes), run| (entries + run.entries().len() as u64, bytes + run.wire().len()));
        match asked.came + entries > SERVE_AT_ONCE || bytes > FAR_BEHIND_BYTES {
            true => Origin::History(from),
            false => Origin::Repair(from),
        }
    }

    /// A peer brought runs that were new, and perhaps some that were `known`, perhaps in answer to a want. New runs
    /// give the want more time.
    pub(crate) fn brought(&mut self, from: PeerId, want: u64, (runs, known): (&[&RawRun], bool), now_ms: u64) {
        let mut asked = self.wants.get_mut(&from).filter(|asked| asked.want == want);
        asked.iter_mut().for_each(|asked| asked.known |= known);
        let entries: u64 = runs.iter().map(|run| run.entries().len() as u64).sum();
        if entries == 0 {
            return;
        }
        self.credit.deliver(&from);
        if let Some(asked) = asked {
            asked.came += entries;
            asked.due_ms = now_ms + WANT_MS;
            asked.free_ms += entries;
            self.page.came |= asked.newest;
            return;
        }
        if let Some(small) = self.small.get_mut(&want).filter(|small| small.peer == from) {
            small.came += entries;
            runs.iter().for_each(|run| self.hidden.note(run.author(), now_ms));
        }
        runs.iter().for_each(|run| self.patience.repaired(from, run));
    }

    /// A peer brought something new.
    pub(crate) fn delivers(&mut self, peer: &PeerId) {
        self.credit.deliver(peer);
    }

    /// How long we wait for what.
    pub(crate) fn patience(&mut self) -> &mut Patience {
        &mut self.patience
    }

    /// Does due work: lacks, wants, the next round.
    pub(crate) fn wake(&mut self, logs: &mut Logs, view: &View, turn: &mut Turn<'_>) {
        let now_ms = turn.now.ticks_ms;
        self.give_up_small(logs, now_ms);
        self.ask_for_lacks(logs, turn);
        let overdue: Vec<_> =
            self.wants.iter().filter(|(_, asked)| asked.due_ms <= now_ms).map(|(peer, _)| *peer).collect();
        for peer in &overdue {
            self.give_up(*peer, logs, now_ms);
        }
        if !overdue.is_empty() {
            let others: Vec<_> = view.active().filter(|peer| !overdue.contains(peer)).collect();
            others.into_iter().for_each(|peer| self.plan(peer, logs, turn));
        }
        if self.round_ms <= now_ms {
            self.round_ms = now_ms + turn.random.jitter(self.interval_ms);
            let peers: Vec<_> = view.active().collect();
            if let Some(peer) = turn.random.pick(&peers) {
                self.begin(*peer, logs, turn);
            }
        }
    }

    /// Makes the next round come soon, as after a difference.
    pub(crate) fn hurry(&mut self, now_ms: u64) {
        self.interval_ms = self.pace.busy_ms;
        self.round_ms = self.round_ms.min(now_ms + self.pace.busy_ms);
    }
}

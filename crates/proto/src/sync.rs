//! Anti-entropy: the truth behind the rumor (Demers et al. 1987, section 1.3).
//!
//! Every interval a node compares its frontier with one random peer's. A round begins with a digest of 16
//! bytes; when they are equal it ends there. Otherwise both go down the tree of the author space, eight
//! branches a step, into branches whose fingerprints differ, until one lists the few heads in a branch. Then
//! each knows what the other lacks: a little is served at once; of much, the heads are told, and the one who
//! lacks it wants it in the order that suits it.
//!
//! What suits it is the newest first: one page of the newest entries of all authors when much is lacking, then
//! everything else downwards from the top of each log. Entries known to come by such a backfill are waited for by
//! nobody.
//!
//! Who answers holds no state. Who wants remembers what each peer told of, asks each peer for one want at a
//! time and no two peers for the same entries, and forgets what a peer told when it does not deliver.
//!
//! What was announced, or is named as a cause, is given time to come as a rumor before it is asked for, see [`Patience`].
//!
//! Invariant: while two connected peers' frontiers differ, one of them lacks something that it will want in
//! the next round between them, or in the next one after patience with rumors has ended.

mod answer;
mod ask;

use std::collections::{BTreeMap, BTreeSet};

use answer::{compare, detail, lacks_of};

use crate::{
    frontier::{Branch, Digest},
    ids::{PeerId, Seq},
    input::{Event, Output, Recall, Step},
    limits::{DENSE_HEADS, LACKS, WANT_MS},
    logs::Logs,
    message::{Brief, Heads, Message, Range},
    patience::Patience,
    random::Random,
    run::RawRun,
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
    /// Half a second is what a person waits for a lost line without wondering; ten seconds cost an idle pair
    /// of peers 4 bytes a second.
    fn default() -> Self {
        Self { busy_ms: 500, quiet_ms: 10_000 }
    }
}

/// What was asked of a peer and has not been answered to its end.
#[derive(Debug)]
struct Asked {
    want: u64,
    ranges: Vec<Range>,
    due_ms: u64,
}

/// Something that others have and that may be under way: asked for when it has not come by then.
#[derive(Debug)]
struct Lack {
    last: Seq,
    from: PeerId,
    due_ms: u64,
}

/// The state of one who wants.
#[derive(Debug)]
pub(crate) struct Sync {
    pace: Pace,
    trace: bool,
    interval_ms: u64,
    round_ms: u64,
    wants_made: u64,
    /// By peer and author prefix: the seq after the last that the peer told of and we lack.
    told: BTreeMap<PeerId, BTreeMap<u64, Seq>>,
    /// Gaps that a peer could not fill.
    barren: BTreeSet<(PeerId, u64)>,
    paged: BTreeSet<PeerId>,
    wants: BTreeMap<PeerId, Asked>,
    lacks: BTreeMap<u64, Lack>,
    patience: Patience,
    missing: u64,
}

impl Sync {
    pub(crate) fn new(pace: Pace, trace: bool, now_ms: u64) -> Self {
        Self {
            interval_ms: pace.busy_ms,
            round_ms: now_ms + pace.busy_ms,
            pace,
            trace,
            wants_made: 0,
            told: BTreeMap::new(),
            barren: BTreeSet::new(),
            paged: BTreeSet::new(),
            wants: BTreeMap::new(),
            lacks: BTreeMap::new(),
            patience: Patience::new(),
            missing: 0,
        }
    }

    pub(crate) fn next_deadline(&self) -> u64 {
        let wants = self.wants.values().map(|asked| asked.due_ms);
        let lacks = self.lacks.values().map(|lack| lack.due_ms);
        wants.chain(lacks).fold(self.round_ms, u64::min)
    }

    /// Entries known to be missing.
    pub(crate) fn missing(&self) -> u64 {
        self.missing
    }

    /// Logs remembered as announced and not come.
    pub(crate) fn lacks(&self) -> usize {
        self.lacks.len()
    }

    /// Begins a round with a peer.
    pub(crate) fn begin(&mut self, peer: PeerId, logs: &Logs, out: &mut Vec<Output>) {
        self.step(Step::RoundWith { peer }, out);
        send(out, peer, Message::Status { digest: logs.frontier().digest(), answer: false });
    }

    pub(crate) fn down(&mut self, peer: PeerId) {
        self.told.remove(&peer);
        self.wants.remove(&peer);
        self.paged.remove(&peer);
        self.barren.retain(|(barren, _)| *barren != peer);
        self.lacks.retain(|_, lack| lack.from != peer);
    }

    /// Answers a status; says whether the peer holds what we hold.
    pub(crate) fn status(
        &mut self,
        from: PeerId,
        (digest, answer): (Digest, bool),
        logs: &Logs,
        random: &mut Random,
        out: &mut Vec<Output>,
    ) -> bool {
        let ours = logs.frontier().digest();
        let same = ours == digest;
        self.step(Step::StatusFrom { peer: from, same }, out);
        if same {
            self.interval_ms = self.interval_ms.saturating_mul(2).min(self.pace.quiet_ms);
            self.barren.retain(|(barren, _)| *barren != from);
        } else {
            self.interval_ms = self.pace.busy_ms;
        }
        if same && !answer {
            send(out, from, Message::Status { digest: ours, answer: true });
        } else if !same && !answer {
            let salt = random.number() as u32;
            detail(logs, Branch::ROOT, (DENSE_HEADS, salt), from, out);
        }
        same
    }

    /// Compares heads: serves or tells what the peer lacks, wants what we lack. Returns what the store has to be asked
    /// about forks.
    pub(crate) fn heads(
        &mut self,
        from: PeerId,
        heads: &Heads,
        logs: &mut Logs,
        now_ms: u64,
        out: &mut Vec<Output>,
    ) -> Vec<Recall> {
        let mut theirs: BTreeMap<u64, Brief> = BTreeMap::new();
        for brief in &heads.heads {
            theirs.insert(brief.author, *brief);
        }
        let ours = compare(heads, &theirs, logs);
        self.answer(from, &ours, logs, now_ms, out);
        for brief in theirs.values().filter(|brief| lacks_of(brief, logs)) {
            self.tell(from, brief.author, brief.next);
        }
        self.plan(from, logs, now_ms, out);
        ours.questions(from, logs)
    }

    /// Runs came that answer a want: it is given more time. Those that nobody wanted may be under way as rumors.
    pub(crate) fn runs(&mut self, from: PeerId, want: u64, runs: &[RawRun], now_ms: u64) {
        for run in runs.iter().filter(|_| want == 0) {
            self.patience.repaired(run.author().prefix(), (run.first(), run.last()));
        }
        if let Some(asked) = self.wants.get_mut(&from).filter(|asked| asked.want == want) {
            asked.due_ms = now_ms + WANT_MS;
        }
    }

    /// What is waited for, and for how long.
    pub(crate) fn patience(&mut self) -> &mut Patience {
        &mut self.patience
    }

    /// Somebody has entries of this author up to `last`. Unless they come by themselves until `due_ms`, they are asked
    /// for.
    pub(crate) fn lack(&mut self, prefix: u64, last: Seq, from: PeerId, due_ms: u64) {
        if self.lacks.len() < LACKS || self.lacks.contains_key(&prefix) {
            let lack = self.lacks.entry(prefix).or_insert(Lack { last, from, due_ms });
            if last > lack.last {
                (lack.last, lack.from) = (last, from);
            }
            lack.due_ms = lack.due_ms.min(due_ms);
        }
    }

    /// Whatever is due: lacks, wants, the next round.
    pub(crate) fn wake(
        &mut self,
        logs: &mut Logs,
        view: &View,
        now_ms: u64,
        random: &mut Random,
        out: &mut Vec<Output>,
    ) {
        self.ask_for_lacks(logs, now_ms, out);
        let overdue: Vec<_> =
            self.wants.iter().filter(|(_, asked)| asked.due_ms <= now_ms).map(|(peer, _)| *peer).collect();
        for peer in &overdue {
            self.give_up(*peer, logs);
        }
        if !overdue.is_empty() {
            let others: Vec<_> = view.active().filter(|peer| !overdue.contains(peer)).collect();
            others.into_iter().for_each(|peer| self.plan(peer, logs, now_ms, out));
        }
        if self.round_ms <= now_ms {
            self.round_ms = now_ms + random.jitter(self.interval_ms);
            let peers: Vec<_> = view.active().collect();
            if let Some(peer) = random.pick(&peers) {
                self.begin(*peer, logs, out);
            }
        }
    }

    /// After a difference the next round comes soon.
    pub(crate) fn hurry(&mut self, now_ms: u64) {
        self.interval_ms = self.pace.busy_ms;
        self.round_ms = self.round_ms.min(now_ms + self.pace.busy_ms);
    }

    fn step(&self, step: Step, out: &mut Vec<Output>) {
        if self.trace {
            out.push(Output::Emit(Event::Step(step)));
        }
    }
}

fn send(out: &mut Vec<Output>, to: PeerId, message: Message) {
    out.push(Output::Send { to, message });
}

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

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    frontier::{Branch, Digest},
    ids::{AuthorId, PeerId, Seq},
    input::{Event, Output, Purpose, Recall, Step},
    limits::{
        BLOCK, DENSE_HEADS, HEADS, HEADS_REPLIES, LACKS, LEAF_HEADS, NEWEST_PAGE, PAGED_ENTRIES, RANGES, SERVE_AT_ONCE,
        TOLD, WANT_ENTRIES, WANT_MS,
    },
    log::Log,
    logs::Logs,
    message::{Brief, Heads, Message, Range, Ranges, Want},
    patience::Patience,
    random::Random,
    run::{RawRun, block_end},
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

    /// Goes into the branches that differ.
    pub(crate) fn ranges(&mut self, from: PeerId, ranges: &Ranges, logs: &Logs, out: &mut Vec<Output>) {
        let children = ranges.branch.children().into_iter().flatten().zip(ranges.prints);
        let differs = |(child, theirs): &(Branch, u32)| logs.frontier().print(*child, ranges.salt) != *theirs;
        let differing: Vec<_> = children.filter(differs).collect();
        let dense = differing.len() > Branch::FANOUT / 2;
        let few = if dense { DENSE_HEADS } else { LEAF_HEADS };
        for (child, _) in differing {
            detail(logs, child, (few, ranges.salt), from, out);
        }
    }

    /// Compares heads: serves or tells what the peer lacks, wants what we lack.
    pub(crate) fn heads(&mut self, from: PeerId, heads: &Heads, logs: &mut Logs, now_ms: u64, out: &mut Vec<Output>) {
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
    }

    /// Remembers that `peer` holds the log with this prefix below `next`.
    pub(crate) fn tell(&mut self, peer: PeerId, prefix: u64, next: Seq) {
        let told = self.told.entry(peer).or_default();
        if told.len() < TOLD || told.contains_key(&prefix) {
            told.insert(prefix, next);
        }
    }

    /// Serves what is little, lists what is much, shows what contradicts.
    fn answer(&mut self, to: PeerId, found: &Compared, logs: &Logs, now_ms: u64, out: &mut Vec<Output>) {
        for author in &found.proofs {
            if let Some(proof) = logs.proof(author) {
                send(out, to, Message::Fork { proof: proof.wire().clone() });
            }
        }
        for (author, seq) in &found.conflicts {
            out.push(Output::Recall(Recall { author: *author, seq: *seq, purpose: Purpose::Show(to) }));
        }
        let is_late = |(author, first, _): &&(AuthorId, Seq, Seq)| *first < self.patience.fresh_from(author, now_ms);
        let lacks: Vec<_> = found.lacking.iter().filter(is_late).copied().collect();
        let lacking = lacks.iter().map(|(_, first, last)| last - first + 1).fold(0, u64::saturating_add);
        let mut listed = found.listed.clone();
        if lacking <= SERVE_AT_ONCE {
            self.serve(to, 0, 0, lacks, out);
        } else {
            listed.extend(lacks.iter().map(|(author, ..)| *author));
        }
        listed.sort();
        for authors in listed.chunks(HEADS).take(HEADS_REPLIES) {
            let logs = authors.iter().filter_map(|author| logs.frontier().log(author).map(|log| (author, log)));
            let heads = Heads { branch: Branch::ROOT, all: false, heads: logs.map(brief).collect() };
            send(out, to, Message::Heads(heads));
        }
    }

    /// Serves a want.
    pub(crate) fn want(&mut self, from: PeerId, want: &Want, logs: &Logs, out: &mut Vec<Output>) {
        let named = want.ranges.iter().flat_map(|range| {
            let authors = logs.frontier().with_prefix(range.author);
            authors.filter_map(|(author, log)| {
                let last = range.last.min(log.head()?.seq);
                (range.first <= last).then_some((*author, range.first, last))
            })
        });
        let ranges = named.take(RANGES).collect();
        self.serve(from, want.want, (want.newest as usize).min(NEWEST_PAGE), ranges, out);
    }

    fn serve(&self, to: PeerId, want: u64, newest: usize, ranges: Vec<(AuthorId, Seq, Seq)>, out: &mut Vec<Output>) {
        if want == 0 && ranges.is_empty() {
            return;
        }
        let entries = ranges.iter().map(|(_, first, last)| last - first + 1).fold(newest as u64, u64::saturating_add);
        self.step(Step::Served { peer: to, entries }, out);
        out.push(Output::Serve { to, want, newest, ranges });
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

    /// A want was answered to its end: what did not come is not to be had from this peer.
    pub(crate) fn done(&mut self, from: PeerId, want: u64, logs: &mut Logs, now_ms: u64, out: &mut Vec<Output>) {
        if self.wants.get(&from).is_some_and(|asked| asked.want == want) {
            self.give_up(from, logs);
            self.plan(from, logs, now_ms, out);
        }
    }

    /// Ends a want. The peer is not asked again for what it did not deliver, until it tells of it anew.
    fn give_up(&mut self, peer: PeerId, logs: &mut Logs) {
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

    /// Asks for what did not come by itself: for a little directly, for much as one does after a comparison.
    fn ask_for_lacks(&mut self, logs: &mut Logs, now_ms: u64, out: &mut Vec<Output>) {
        let mut due = Vec::new();
        self.lacks.retain(|prefix, lack| {
            let author = logs.frontier().with_prefix(*prefix).next().map(|(author, _)| *author);
            let first = author.map_or(0, |author| logs.next_wanted(author));
            let cut = author.and_then(|author| logs.cut(&author)).unwrap_or(Seq::MAX);
            let wanted = lack.last < cut && first <= lack.last;
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

    fn ask(&mut self, peer: PeerId, newest: u32, ranges: Vec<Range>, out: &mut Vec<Output>) -> u64 {
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
            let end = author.and_then(|author| logs.cut(&author)).map_or(*next, |cut| cut.min(*next));
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

    /// Counts what is known to be missing, and tells it when it changed.
    pub(crate) fn count_missing(&mut self, logs: &Logs, out: &mut Vec<Output>) {
        let mut above: BTreeMap<u64, u64> = BTreeMap::new();
        for (prefix, next) in self.told.values().flatten() {
            let author = logs.frontier().with_prefix(*prefix).next().map(|(author, _)| *author);
            let end = author.and_then(|author| logs.cut(&author)).map_or(*next, |cut| cut.min(*next));
            let lacking = end.saturating_sub(author.map_or(0, |author| logs.next_wanted(author)));
            let most = above.entry(*prefix).or_default();
            *most = lacking.max(*most);
        }
        let gaps = logs.gappy().flat_map(|author| logs.frontier().log(author).into_iter().flat_map(Log::gaps));
        let gaps = gaps.map(|(first, last)| last - first + 1);
        let missing = above.into_values().chain(gaps).fold(0, u64::saturating_add);
        if missing != self.missing {
            self.missing = missing;
            out.push(Output::Emit(Event::Missing { entries: missing }));
        }
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

/// Lists a branch when it holds `few` heads at most, otherwise tells the fingerprints of its children.
fn detail(logs: &Logs, branch: Branch, (few, salt): (usize, u32), to: PeerId, out: &mut Vec<Output>) {
    let listed = logs.frontier().within(branch).nth(few).is_none();
    let message = match branch.children() {
        Some(children) if !listed => {
            let mut prints = [0; Branch::FANOUT];
            for (print, child) in prints.iter_mut().zip(children) {
                *print = logs.frontier().print(child, salt);
            }
            Message::Ranges(Ranges { salt, branch, prints })
        }
        _ => {
            let heads = logs.frontier().within(branch).take(HEADS).map(brief).collect();
            Message::Heads(Heads { branch, all: true, heads })
        }
    };
    send(out, to, message);
}

fn brief((author, log): (&AuthorId, &Log)) -> Brief {
    Brief { author: author.prefix(), next: log.next(), check: Logs::check(log), cut: log.cut() }
}

/// Whether a brief tells of entries that we neither hold nor know to be cut.
fn lacks_of(brief: &Brief, logs: &Logs) -> bool {
    let held = logs.frontier().with_prefix(brief.author).next();
    let next = held.map_or(0, |(author, _)| logs.next_wanted(*author));
    let cut = held.and_then(|(author, _)| logs.cut(author)).unwrap_or(Seq::MAX);
    brief.next.min(cut) > next
}

/// What a comparison of heads found out.
#[derive(Debug, Default)]
struct Compared {
    /// Entries that the peer lacks.
    lacking: Vec<(AuthorId, Seq, Seq)>,
    /// Authors whose heads the peer should hear, whatever it lacks.
    listed: Vec<AuthorId>,
    /// Authors whose forks the peer does not know.
    proofs: Vec<AuthorId>,
    /// Heads at the same seq with different ids.
    conflicts: Vec<(AuthorId, Seq)>,
}

fn compare(heads: &Heads, theirs: &BTreeMap<u64, Brief>, logs: &Logs) -> Compared {
    let mut found = Compared::default();
    let frontier = logs.frontier();
    if heads.all {
        for ours in frontier.within(heads.branch) {
            compare_one(ours, theirs.get(&ours.0.prefix()).copied(), &mut found);
        }
    } else {
        for (prefix, brief) in theirs {
            frontier.with_prefix(*prefix).for_each(|ours| compare_one(ours, Some(*brief), &mut found));
        }
    }
    found
}

fn compare_one((author, log): (&AuthorId, &Log), theirs: Option<Brief>, found: &mut Compared) {
    let end = |cut: Option<Seq>| cut.unwrap_or(Seq::MAX);
    let their_cut = end(theirs.and_then(|brief| brief.cut));
    let their_next = theirs.map_or(0, |brief| brief.next);
    let our_cut = end(log.cut());
    if our_cut < their_cut {
        found.proofs.push(*author);
    }
    if their_cut < our_cut {
        found.listed.push(*author);
    }
    let next = log.next().min(their_cut);
    let check = theirs.map_or(0, |brief| brief.check);
    match log.head() {
        Some(_) if their_next < next => found.lacking.push((*author, their_next, next - 1)),
        Some(head) if their_next == head.seq + 1 && check != Logs::check(log) => {
            found.conflicts.push((*author, head.seq));
        }
        _ => {}
    }
}

//! All logs of a room as the engine knows them: held entries, waiting runs, proved forks.
//!
//! Runs come in by [`Logs::take`], from any source, and leave by [`Logs::release`] when they may be shown. Invariant: a
//! released run never stands before its cause, with two exceptions: the cause lies below a signed head that we hold,
//! and a backfill brings it later; or a visit's first page or an import brings one log after the other. Nothing changes
//! here because a peer merely claims to hold something.

mod ahead;
mod branches;
mod closed;
mod crowd;
mod looking;

use std::collections::BTreeMap;

pub(crate) use ahead::TakenAct;
use bytes::Bytes;
use closed::Closed;
pub(crate) use closed::Moved;

use crate::{
    admit::{Admission, Run, Trust},
    defence,
    entry::{Kind, RawEntry},
    fork::Proof,
    frontier::Frontier,
    gaps::Gaps,
    ids::{AuthorId, EntryId, PeerId, RoomId, Seq},
    input::Kept,
    limits::AHEAD_MS,
    log::{Log, Unfit, Verdict},
    pending::{Arrived, Pending, Waiting},
    reject::Reject,
    rumor::Source,
    run::RawRun,
    standing::{Crowd, Standing},
    sync::Name,
    time::Now,
};

/// Which way a run came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Written here.
    Here,
    /// Pushed by a peer.
    Rumor(Source),
    /// Brought by anti-entropy.
    Repair(PeerId),
    /// Brought by anti-entropy to a node that is far behind: it waits for nothing, and no peer is told of it.
    History(PeerId),
    /// Imported by somebody here, from an export.
    Import,
}

impl Origin {
    /// The peer that brought it.
    pub(crate) fn peer(self) -> Option<PeerId> {
        match self {
            Self::Rumor(source) => Some(source.peer),
            Self::Repair(peer) | Self::History(peer) => Some(peer),
            Self::Here | Self::Import => None,
        }
    }
}

/// The outcome for a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Something of it was new. It is released now or later.
    New,
    /// Nothing of it was new.
    Known,
    /// It has no place now; nothing changed.
    Refused,
    /// It is properly signed and contradicts our log at this seq.
    Contradicts(Seq),
}

/// A run that may be shown, and has its place in the frontier.
#[derive(Debug)]
pub(crate) struct Released {
    pub(crate) run: Run,
    pub(crate) raw: RawRun,
    pub(crate) origin: Origin,
    /// Whether a backfill or an import brought it, or it waited in vain for its causes.
    pub(crate) history: bool,
}

/// Our knowledge of the logs whose authors' ids begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Under {
    /// How many logs: one, unless somebody ground keys to collide.
    pub(crate) count: usize,
    /// The highest of their seqs after the last entry that is held or waits without a gap.
    pub(crate) next: Seq,
    /// Where the log is cut, if there is only one; no entry counts from there on.
    pub(crate) end: Seq,
}

/// All logs of a room.
pub(crate) struct Logs {
    door: Admission,
    frontier: Frontier,
    standing: Standing,
    room: RoomId,
    /// What a closed room comes to.
    closed: Option<Box<Closed>>,
    /// Where logs are proved to be forked; the store keeps the proofs.
    cuts: BTreeMap<AuthorId, Seq>,
    pub(crate) pending: Pending,
    /// Runs of a backfill or an import, which wait for nothing and are released next.
    backfilled: Vec<Released>,
    gaps: Gaps,
    contradictions: Vec<(Origin, RawRun)>,
    /// Forks that two runs showed before either was shown; the lowest of each log.
    proved: BTreeMap<AuthorId, Proof>,
}

/// The entries that no run has to wait for.
pub(crate) struct Held<'a> {
    frontier: &'a Frontier,
    cuts: &'a BTreeMap<AuthorId, Seq>,
    standing: &'a Standing,
    closed: Option<&'a Closed>,
}

impl Held<'_> {
    /// Whether no run has to wait for this entry: we hold it, it lies below a head that we hold or beyond a cut, its
    /// author has no place here, or we hold its log in as many pieces as are allowed.
    pub(crate) fn met(&self, author: AuthorId, seq: Seq) -> bool {
        let reaches = |log: &Log| log.is_full() || log.head().is_some_and(|head| seq <= head.seq);
        self.frontier.log(&author).is_some_and(reaches)
            || self.cuts.get(&author).is_some_and(|cut| seq >= *cut)
            || self.closed.is_some_and(|closed| seq >= closed.end_of(&author))
            || !self.has_place(&author)
    }
}

impl Logs {
    /// Logs of a room of any size.
    #[cfg(test)]
    pub(crate) fn new(room: RoomId, kept: Vec<Kept>) -> Self {
        Self::of(room, Crowd::default(), kept)
    }

    /// The logs that the store kept; takes no more authors than `crowd` allows.
    pub(crate) fn of(room: RoomId, crowd: Crowd, kept: Vec<Kept>) -> Self {
        let mut logs = Self {
            door: Admission::new(room),
            frontier: Frontier::default(),
            standing: Standing::new(room, crowd),
            room,
            closed: None,
            cuts: BTreeMap::new(),
            pending: Pending::default(),
            backfilled: Vec::new(),
            gaps: Gaps::default(),
            contradictions: Vec::new(),
            proved: BTreeMap::new(),
        };
        for Kept { author, log, vouches } in kept {
            logs.cuts.extend(log.cut().map(|cut| (author, cut)));
            logs.restore(author, log, vouches);
        }
        logs.reckon(0);
        logs
    }

    fn held(&self) -> Held<'_> {
        let closed = self.closed.as_deref();
        Held { frontier: &self.frontier, cuts: &self.cuts, standing: &self.standing, closed }
    }

    pub(crate) fn door(&mut self) -> &mut Admission {
        &mut self.door
    }

    /// Reads a proof of a fork, unless it is of no use.
    ///
    /// # Errors
    /// As [`Proof::parse`].
    pub(crate) fn read_proof(&mut self, wire: Bytes) -> Result<Option<Proof>, Reject> {
        let (cuts, closed) = (&self.cuts, &self.closed);
        Proof::parse_useful(&mut self.door, wire, |author, (lowest, highest)| match closed {
            Some(closed) => closed.useful(author, (lowest, highest)),
            None => cuts.get(author).is_none_or(|cut| lowest < *cut),
        })
    }

    pub(crate) fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Where a fork ends a log.
    pub(crate) fn cut(&self, author: &AuthorId) -> Option<Seq> {
        match &self.closed {
            Some(closed) => closed.fork(author),
            None => self.cuts.get(author).copied(),
        }
    }

    /// Runs that wait for a cause or their time.
    pub(crate) fn waiting(&self) -> usize {
        self.pending.len()
    }

    /// Steps that were taken for runs that wait.
    pub(crate) fn work(&self) -> u64 {
        self.pending.work()
    }

    /// A peer went, and no longer brings the entries that its runs wait for.
    pub(crate) fn down(&mut self, peer: PeerId, now_ms: u64) {
        self.pending.down(peer, now_ms);
    }

    /// A peer was asked for a log up to `last`, and has no more of it than it brought.
    pub(crate) fn wait_in_vain(&mut self, from: PeerId, (prefix, author): Name, last: Seq) {
        let authors = author.map_or(AuthorId::lowest(prefix)..=AuthorId::highest(prefix), |author| author..=author);
        self.pending.wait_in_vain(from, authors, last);
    }

    /// The entries that are missing below heads that we hold.
    pub(crate) fn gaps(&self) -> &Gaps {
        &self.gaps
    }

    /// No linked peer holds the missing entries of this log.
    pub(crate) fn hollow(&mut self, author: &AuthorId) {
        self.gaps.hollow(author);
    }

    /// How many entries are proved to exist and are missing.
    pub(crate) fn missing(&self) -> u64 {
        self.gaps.missing()
    }

    /// Updates the count of missing entries for the waiting runs. Its cost is proportional to the change.
    pub(crate) fn count_waiting(&mut self) {
        let (changed, in_vain) = self.pending.changed();
        in_vain.into_iter().for_each(|author| self.gaps.waited_in_vain(author));
        for author in changed {
            let next = self.frontier.log(&author).map_or(0, Log::next);
            self.gaps.wait(author, self.pending.missing(author, next));
        }
    }

    /// The short name of a log here: its author's full id if that shares eight bytes with another.
    pub(crate) fn name(&self, author: AuthorId) -> (u64, Option<AuthorId>) {
        let is_shared = self.frontier.with_prefix(author.prefix()).any(|(other, _)| *other != author);
        (author.prefix(), is_shared.then_some(author))
    }

    /// Whether the run that brings this entry is held until its time comes.
    pub(crate) fn is_early(&self, author: AuthorId, seq: Seq) -> bool {
        self.pending.is_early(author, seq)
    }

    /// The runs by authors with this prefix that are held until their time comes and bring an entry of `first..=last`.
    pub(crate) fn early(&self, prefix: u64, span: (Seq, Seq)) -> impl Iterator<Item = &RawRun> {
        self.pending.early(prefix, span)
    }

    /// The seq after the last entry that is held or waits without a gap.
    pub(crate) fn next_wanted(&self, author: AuthorId) -> Seq {
        let next = self.frontier.log(&author).map_or(0, Log::next);
        self.pending.next_after(author, next)
    }

    /// Whether the entry has its place in its log.
    pub(crate) fn holds(&self, author: &AuthorId, seq: Seq) -> bool {
        self.whole(author).is_some_and(|log| log.holds(seq))
    }

    /// Whether the entry is held or waits.
    pub(crate) fn has(&self, author: AuthorId, seq: Seq) -> bool {
        self.frontier.log(&author).is_some_and(|log| log.holds(seq)) || self.pending.holds(author, seq)
    }

    /// Forgets where a log is cut: the store has lost the proof of it. Peers prove it again.
    pub(crate) fn uncut(&mut self, author: &AuthorId) {
        self.cuts.remove(author);
    }

    /// Records a proof, unless one is known that cuts as low. The frontier changes when the store has cut; in a closed
    /// room with the next fold.
    pub(crate) fn prove(&mut self, proof: &Proof) -> bool {
        let (author, at) = (proof.author(), proof.at());
        if let Some(closed) = &mut self.closed {
            let news = closed.prove(author, at);
            if news {
                self.end_at_gap(author);
            }
            return news;
        }
        let news = self.has_place(&author) && self.cut(&author).is_none_or(|cut| at < cut);
        if news {
            self.pending.cut(author, at);
            self.standing.cut(author, at);
            self.cuts.insert(author, at);
        }
        news
    }

    /// Verifies a run and puts it where it belongs.
    ///
    /// # Errors
    /// A [`Reject`] when the run is bad, whatever is held.
    pub(crate) fn take(&mut self, raw: &RawRun, origin: Origin, at: Now) -> Result<Taken, Reject> {
        let author = raw.author();
        if !self.has_place(&author) && !self.newcomer(raw)? {
            return Ok(Taken::Refused);
        }
        if self.take_branch(raw, origin)? {
            return Ok(Taken::New);
        }
        if self.is_forked(&author) && self.whole(&author).map_or(0, Log::next) < raw.first() {
            return Ok(Taken::Refused);
        }
        let verdict = self.judge(raw);
        // Nothing ever drops the body that founds a room, and without the body nobody can tell whether it founds the
        // room.
        if defence::is_on("founding-body") && raw.entries().iter().any(founds_without_body) {
            return Ok(Taken::Refused);
        }
        let signed = raw.signature().is_some();
        if self.cut(&author).is_some_and(|cut| raw.first() >= cut) {
            return Ok(Taken::Refused);
        }
        match verdict {
            Verdict::Known => Ok(Taken::Known),
            Verdict::Cut | Verdict::TooManySpans => Ok(Taken::Refused),
            Verdict::Take(_) | Verdict::TakePart(..) if self.waits(raw) && self.pending.is_signed_alike(raw) => {
                Ok(Taken::Known)
            }
            Verdict::Take(trust @ (Trust::LeadsTo(_) | Trust::Backfills(_))) => match self.door.admit(raw, trust) {
                Err(Reject::Unlinked) => self.contradicts(raw, raw.last()),
                run => Ok(self.place(run?, raw, origin, at)),
            },
            Verdict::Forks(seq) => self.contradicts(raw, seq),
            Verdict::Take(Trust::Signature) | Verdict::TakePart(..) if !signed => Ok(Taken::Refused),
            Verdict::Take(Trust::Signature) => {
                let run = self.door.admit(raw, Trust::Signature)?;
                Ok(self.place(run, raw, origin, at))
            }
            Verdict::TakePart(first, last) => {
                let run = self.door.admit(raw, Trust::Signature)?;
                let part = run.part(first, last);
                Ok(part.map_or(Taken::Known, |run| self.place(run, raw, origin, at)))
            }
        }
    }

    fn judge(&self, raw: &RawRun) -> Verdict {
        match self.whole(&raw.author()) {
            _ if raw.first() >= self.takes_to(&raw.author()) => Verdict::Cut,
            Some(log) => log.judge_below(raw, log.cut().unwrap_or(Seq::MAX).min(self.misfit(raw))),
            None => Log::default().judge_below(raw, self.misfit(raw)),
        }
    }

    /// Whether a run by somebody who has no place here is the first entry of a newcomer that may wait.
    fn newcomer(&mut self, raw: &RawRun) -> Result<bool, Reject> {
        if !self.is_closed() || raw.first() > 0 || raw.signature().is_none() || !raw.entries()[0].kind.is_act() {
            return Ok(false);
        }
        let run = self.door.admit(raw, Trust::Signature)?;
        Ok(self.let_wait(run.first()))
    }

    /// A run that does not fit our log proves something only if it is signed.
    fn contradicts(&mut self, raw: &RawRun, seq: Seq) -> Result<Taken, Reject> {
        if raw.signature().is_none() {
            return Ok(Taken::Refused);
        }
        self.door.admit(raw, Trust::Signature)?;
        Ok(Taken::Contradicts(seq))
    }

    fn waits(&self, raw: &RawRun) -> bool {
        let floor = self.frontier.log(&raw.author()).map_or(0, Log::next);
        self.pending.knows(raw, floor)
    }

    fn place(&mut self, run: Run, raw: &RawRun, origin: Origin, at: Now) -> Taken {
        let head = self.frontier.head(&run.author());
        if self.cuts.get(&run.author()).is_some_and(|cut| run.last().seq >= *cut) {
            return Taken::Refused;
        }
        // A room has one founding for ever, whatever the founder's clock said: no node holds it back. In a closed room the
        // clocks of others follow what the owner did.
        let owned = self.closed.as_ref().is_some_and(|closed| closed.governance.owner() == run.author());
        let founds = run.last().kind == Kind::FOUND || owned;
        let until_ms = run.last().time.ms().saturating_sub(AHEAD_MS);
        let until_ms = if until_ms > at.wall_ms && !founds { until_ms } else { 0 };
        if origin == Origin::Import && until_ms > 0 {
            return Taken::Refused;
        }
        if self.contradicts_waiting(&run, raw) {
            return Taken::Refused;
        }
        let backfills = head.is_some_and(|head| run.last().seq < head.seq);
        let waits_for_nothing = origin == Origin::Import || (until_ms == 0 && matches!(origin, Origin::History(_)));
        if backfills || waits_for_nothing {
            return match self.insert(&run, raw, origin) {
                true => {
                    self.backfilled.push(Released { run, raw: raw.clone(), origin, history: true });
                    Taken::New
                }
                false => Taken::Refused,
            };
        }
        let first = run.first();
        if head.is_some_and(|head| head.seq + 1 == first.seq && head.id != first.prev) {
            return Taken::Contradicts(first.seq - 1);
        }
        if self.waits(raw) {
            return Taken::Known;
        }
        self.pending.add(Arrived { run, raw: raw.clone(), origin, until_ms }, at.ticks_ms);
        Taken::New
    }

    /// Whether a run and one that waits prove a fork. Both are signed, so neither has to be released for that.
    fn contradicts_waiting(&mut self, run: &Run, raw: &RawRun) -> bool {
        let Some(waiting) = self.pending.contradicting(run) else { return false };
        let Ok(proof) = Proof::new(&mut self.door, raw, waiting) else { return false };
        let news = self.prove(&proof);
        if news {
            self.proved.insert(proof.author(), proof);
        }
        news
    }

    /// Forks that arriving runs have proved. Their cuts count already.
    pub(crate) fn proved(&mut self) -> impl Iterator<Item = Proof> + use<> {
        std::mem::take(&mut self.proved).into_values()
    }

    /// Runs that turned out to contradict our log when they were released.
    pub(crate) fn contradictions(&mut self) -> Vec<(Origin, RawRun)> {
        std::mem::take(&mut self.contradictions)
    }

    /// Entries that `raw` waits for and that are not here at all, if it waits; some of them if there are many.
    pub(crate) fn lacks(&self, raw: &RawRun) -> Vec<(AuthorId, Seq)> {
        self.pending.lacks(raw.author(), raw.last(), &self.held())
    }

    /// Wall-clock milliseconds at which a run that is held for its time may be shown.
    pub(crate) fn next_due(&self) -> Option<u64> {
        self.pending.next_due()
    }

    /// Everything that may be shown now, runs of one log ascending.
    pub(crate) fn release(&mut self, now: Now) -> Vec<Released> {
        let mut released = std::mem::take(&mut self.backfilled);
        let before = released.len();
        self.pending.come_due(now.wall_ms, now.ticks_ms);
        self.pending.expire(now.ticks_ms);
        while let Some(ready) = {
            let closed = self.closed.as_deref();
            self.pending.next(&Held { frontier: &self.frontier, cuts: &self.cuts, standing: &self.standing, closed })
        } {
            released.extend(ready.into_iter().filter_map(|waiting| self.show(waiting)));
        }
        released[before..].sort_by_key(|released| (released.run.author(), released.run.first().seq));
        released
    }

    fn show(&mut self, waiting: Waiting) -> Option<Released> {
        let Waiting { run, raw, origin, alone, .. } = waiting;
        let history = alone || matches!(origin, Origin::History(_));
        let head = self.frontier.head(&run.author());
        let run = match head {
            Some(head) => run.part(head.seq + 1, Seq::MAX)?,
            None => run,
        };
        let first = run.first().seq;
        // The run before this one may just have turned out to contradict our log.
        if first > 0 && origin != Origin::Here && !alone && !self.held().met(run.author(), first - 1) {
            return None;
        }
        self.insert(&run, &raw, origin).then_some(Released { run, raw, origin, history })
    }

    /// Puts a run into the frontier. A run that contradicts our log is kept for the proof instead.
    fn insert(&mut self, run: &Run, raw: &RawRun, origin: Origin) -> bool {
        let author = run.author();
        if !self.has_place(&author) {
            return false;
        }
        let head = self.frontier.head(&author).map(|head| head.seq);
        let fit = match self.is_closed() {
            true => self.insert_closed(run),
            false => self.frontier.update(author, |log| log.insert(run)),
        };
        match fit {
            Ok(()) => {
                self.note_gaps(author);
                self.took(run, head);
                if let Some(head) = self.frontier.head(&author) {
                    self.pending.held(author, head.seq);
                }
            }
            Err(Unfit::Forks(_)) => self.contradictions.push((origin, raw.clone())),
            Err(Unfit::TimeBackwards | Unfit::NoPlace) => {}
        }
        fit.is_ok()
    }

    /// The rest of the run `raw` beyond the cut, after the log took the entries below it; its signature vouches for
    /// those. Without it nobody could be shown that the author wrote the entry below the cut, and a fork there would
    /// stay unproved.
    pub(crate) fn prolonging(&mut self, run: &Run, raw: &RawRun) -> Option<Run> {
        let cut = *self.cuts.get(&run.author())?;
        if run.signature().is_some() || run.last().seq + 1 != cut {
            return None;
        }
        self.door.admit(&raw.without_bodies().ok()?, Trust::Signature).ok()?.part(cut, raw.last())
    }

    fn note_gaps(&mut self, author: AuthorId) {
        if let Some(log) = self.frontier.log(&author) {
            self.gaps.note(author, log);
        }
    }

    /// The id and seq of the head, for a comparison.
    pub(crate) fn check(log: &Log) -> u32 {
        let EntryId([a, b, c, d, ..]) = log.head().map(|head| head.id).unwrap_or_default();
        u32::from_be_bytes([a, b, c, d])
    }
}

fn founds_without_body(entry: &RawEntry) -> bool {
    entry.kind == Kind::FOUND && entry.body.bytes().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        limits::PENDING_MS,
        testing::{ROOM, Writer},
    };

    const THERE: Origin = Origin::Repair(PeerId([9; 32]));
    const HISTORY: Origin = Origin::History(PeerId([9; 32]));
    const AT: Now = at(1_000);

    const fn at(wall_ms: u64) -> Now {
        Now { ticks_ms: 0, wall_ms }
    }

    fn take(logs: &mut Logs, run: &RawRun) -> Taken {
        logs.take(run, THERE, AT).unwrap()
    }

    fn released(logs: &mut Logs) -> Vec<(AuthorId, Seq, Seq)> {
        let released = logs.release(AT);
        released.iter().map(|one| (one.run.author(), one.run.first().seq, one.run.last().seq)).collect()
    }

    #[test]
    fn an_effect_waits_for_its_cause() {
        let (mut asker, mut answerer) = (Writer::new(1), Writer::new(2));
        let question = asker.write(1, "where?");
        let answer = answerer.write_seen(vec![vec![(asker.id(), 0)]], "here");
        let mut logs = Logs::new(ROOM, vec![]);
        assert_eq!(take(&mut logs, &answer), Taken::New);
        assert_eq!(released(&mut logs), []);
        assert_eq!(logs.lacks(&answer), [(asker.id(), 0)]);
        assert_eq!(take(&mut logs, &answer), Taken::Known, "what waits is known");
        take(&mut logs, &question);
        assert_eq!(released(&mut logs).len(), 2);
        assert_eq!(take(&mut logs, &answer), Taken::Known);
    }

    #[test]
    fn runs_that_name_each_other_come_together() {
        let (mut one, mut other) = (Writer::new(1), Writer::new(2));
        let (one_zero, other_zero) = (one.write(1, "x"), other.write(1, "y"));
        let from_one = one.write_seen(vec![vec![], vec![(other.id(), 1)]], "x");
        let from_other = other.write_seen(vec![vec![], vec![(one.id(), 1)]], "y");
        let mut logs = Logs::new(ROOM, vec![]);
        for run in [&from_one, &from_other, &one_zero] {
            take(&mut logs, run);
            assert!(released(&mut logs).len() < 2, "both wait for the other's first");
        }
        take(&mut logs, &other_zero);
        assert_eq!(released(&mut logs).len(), 3);
    }

    #[test]
    fn what_waits_proves_that_what_it_follows_is_missing() {
        let mut writer = Writer::new(1);
        let lines: Vec<_> = (0..10).map(|_| writer.write(1, "x")).collect();
        let mut logs = Logs::new(ROOM, vec![]);
        let mut missing = |come: &[usize], ticks_ms: u64| {
            come.iter().for_each(|at| _ = logs.take(&lines[*at], THERE, Now { ticks_ms, ..AT }).unwrap());
            let shown = logs.release(Now { ticks_ms, ..AT }).len();
            logs.count_waiting();
            (shown, logs.missing())
        };
        assert_eq!(missing(&[0], 0), (1, 0));
        assert_eq!(missing(&[5], 0), (0, 4));
        assert_eq!(missing(&[9, 3], 0), (0, 6));
        assert_eq!(missing(&[1, 2], 0), (3, 4));
        assert_eq!(missing(&[4], 0), (2, 3));
        assert_eq!(missing(&[], PENDING_MS), (0, 0), "what waited in vain is gone");
        assert_eq!(missing(&[9], PENDING_MS), (0, 0), "and does not count when it comes again");
        assert_eq!(missing(&[6], PENDING_MS), (1, 2), "until something of the log has come");
        assert_eq!(missing(&[8], PENDING_MS), (0, 1));
        assert_eq!(missing(&[7], PENDING_MS), (3, 0));
    }

    #[test]
    fn what_follows_a_contradiction_is_not_shown() {
        let mut writer = Writer::new(1);
        let zero = writer.write(1, "x");
        let mut twin = writer.clone();
        let ours = writer.write(1, "ours");
        let (theirs, last) = (twin.write(2, "theirs"), twin.write(1, "theirs"));
        let mut logs = Logs::new(ROOM, vec![]);
        take(&mut logs, &zero);
        take(&mut logs, &ours);
        released(&mut logs);
        assert_eq!(take(&mut logs, &last), Taken::New, "it waits for what it follows");
        assert_eq!(take(&mut logs, &theirs), Taken::Contradicts(1), "it follows another entry than is held");
        assert_eq!(released(&mut logs), []);
        assert_eq!(logs.frontier().log(&writer.id()).map(Log::next), Some(2));
    }

    /// Where the log of `writer` is cut after these runs came, none of which may be shown, and how many proofs they
    /// made.
    fn cut_by(writer: &Writer, runs: &[&RawRun]) -> (Option<Seq>, usize) {
        let mut logs = Logs::new(ROOM, vec![]);
        let mut proofs = 0;
        for run in runs {
            take(&mut logs, run);
            assert_eq!(released(&mut logs), []);
            proofs += logs.proved().count();
        }
        assert_eq!(logs.contradictions(), []);
        (logs.cut(&writer.id()), proofs)
    }

    #[test]
    fn two_runs_that_wait_prove_a_fork_before_either_is_shown() {
        let mut writer = Writer::new(1);
        [1, 4].into_iter().for_each(|count| _ = writer.write(count, "never sent"));
        let mut twin = writer.clone();
        let before = writer.clone();
        let ours = [writer.write(3, "ours"), writer.write(3, "ours")];
        let theirs = [twin.write(3, "theirs"), twin.write(3, "theirs")];
        let mut longer = before.clone();
        let longer = longer.write_each(&["theirs", "theirs", "theirs", "and more"]);
        let mut late = before.clone();
        late.write(3, "ours");
        let late = late.write(2, "theirs");
        assert_eq!(cut_by(&writer, &[&ours[0], &ours[1]]), (None, 0), "one log");
        assert_eq!(cut_by(&writer, &[&ours[0], &theirs[0]]), (Some(5), 1), "of the same seqs");
        assert_eq!(cut_by(&writer, &[&ours[0], &longer]), (Some(5), 1), "of which one goes on");
        assert_eq!(cut_by(&writer, &[&longer, &ours[0]]), (Some(5), 1));
        assert_eq!(cut_by(&writer, &[&ours[0], &theirs[1]]), (Some(7), 1), "by the prev of the upper one");
        assert_eq!(cut_by(&writer, &[&theirs[1], &ours[0]]), (Some(7), 1));
        assert_eq!(cut_by(&writer, &[&ours[0], &ours[1], &late]), (Some(8), 1));
        assert_eq!(cut_by(&writer, &[&ours[0], &ours[1], &late, &theirs[0]]), (Some(5), 2), "and a lower one");
        assert_eq!(cut_by(&writer, &[&theirs[0], &ours[0], &ours[1], &theirs[1]]), (Some(5), 1), "nothing lies beyond");
    }

    #[test]
    fn a_run_that_waits_contradicts_what_is_held_at_once() {
        let (mut asker, mut writer) = (Writer::new(2), Writer::new(1));
        asker.write(1, "never sent");
        let zero = writer.write(1, "x");
        let before = writer.clone();
        let mut logs = Logs::new(ROOM, vec![]);
        take(&mut logs, &zero);
        take(&mut logs, &writer.write(2, "ours"));
        released(&mut logs);
        let longer = before.clone().write_seen(vec![vec![], vec![], vec![(asker.id(), 0)]], "theirs");
        assert_eq!(take(&mut logs, &longer), Taken::Contradicts(2), "it would wait for the asker");
        let mut longer = before.clone();
        let longer = longer.write_each(&["ours", "ours", "and more"]);
        assert_eq!(take(&mut logs, &longer), Taken::New);
    }

    #[test]
    fn pieces_of_different_sizes_wait_side_by_side() {
        let (mut asker, mut answerer) = (Writer::new(1), Writer::new(2));
        let zero = asker.write(1, "x");
        let mut again = asker.clone();
        let questions = asker.write_seen(vec![vec![], vec![], vec![], vec![(answerer.id(), 0)]], "where?");
        again.write(1, "where?");
        let piece = again.write(1, "where?");
        let answer = answerer.write_seen(vec![vec![(asker.id(), 3)]], "here");
        let mut logs = Logs::new(ROOM, vec![]);
        take(&mut logs, &zero);
        assert_eq!(released(&mut logs).len(), 1);
        for run in [&piece, &questions] {
            assert_eq!(take(&mut logs, run), Taken::New);
        }
        assert_eq!(released(&mut logs), []);
        assert_eq!(logs.next_wanted(asker.id()), 5);
        take(&mut logs, &answer);
        assert_eq!(released(&mut logs).len(), 2, "the answer names an entry above the piece");
    }

    #[test]
    fn history_waits_for_nothing_and_what_lies_below_its_head_holds_nobody_up() {
        let mut writer = Writer::new(1);
        let runs = writer.write_blocks(200, "x");
        let mut reader = Writer::new(2);
        let comment = reader.write_seen(vec![vec![(writer.id(), 150)]], "agreed");
        let mut logs = Logs::new(ROOM, vec![]);
        take(&mut logs, &comment);
        take(&mut logs, &runs[4]);
        assert_eq!(released(&mut logs), [], "nothing shows that a backfill brings the rest");
        assert_eq!(logs.take(&runs[4], HISTORY, AT), Ok(Taken::Known), "and who says so has to bring more");
        assert_eq!(logs.take(&runs[3], HISTORY, AT), Ok(Taken::New));
        let page = logs.release(AT);
        assert_eq!(page.len(), 3, "the part that came, what follows it, and what names an entry below its head");
        assert_eq!(page.iter().filter(|one| one.history).count(), 1, "a rumor stays news");
        assert_eq!(logs.gaps().missing(), 129);
        assert_eq!(take(&mut logs, &runs[2]), Taken::New);
        let backfill = logs.release(AT);
        assert!(backfill.len() == 1 && backfill[0].history);
        assert_eq!(logs.gaps().missing(), 65);
    }

    #[test]
    fn what_lies_ahead_is_held_until_its_time() {
        let mut logs = Logs::new(ROOM, vec![]);
        logs.take(&Writer::new(1).write(1, "a second ahead is nothing"), THERE, at(0)).unwrap();
        assert_eq!(logs.release(at(0)).len(), 1);
        logs.take(&Writer::new(2).later(AHEAD_MS).write(1, "x"), THERE, at(0)).unwrap();
        assert_eq!(logs.release(at(0)).len(), 0);
        let due = logs.next_due().unwrap();
        assert_eq!(logs.release(at(due)).len(), 1);
        assert_eq!(logs.next_due(), None);
    }

    #[test]
    fn a_hostile_author_fills_only_its_own_share() {
        let mut logs = Logs::new(ROOM, vec![]);
        let mut hostile = Writer::new(1);
        hostile.write(1, "never sent");
        for _ in 0..3_000 {
            let run = hostile.write(1, "x");
            logs.take(&run, THERE, AT).unwrap();
        }
        let (mut asker, mut answerer) = (Writer::new(2), Writer::new(3));
        let question = asker.write(1, "where?");
        let answer = answerer.write_seen(vec![vec![(asker.id(), 0)]], "here");
        take(&mut logs, &answer);
        let waiting = (0..3_001).filter(|seq| logs.has(hostile.id(), *seq)).count();
        assert!(waiting <= crate::limits::PENDING_RUNS_OF_ONE, "{waiting} wait");
        take(&mut logs, &question);
        assert_eq!(released(&mut logs).len(), 2);
    }

    #[test]
    fn an_unsigned_run_is_taken_only_where_it_leads_to_something_trusted() {
        let mut writer = Writer::new(1);
        let runs = writer.write_blocks(200, "x");
        let bare =
            |run: &RawRun| RawRun::new(run.author(), run.first(), run.prev(), run.entries().to_vec(), None).unwrap();
        let mut logs = Logs::new(ROOM, vec![]);
        let bare_history = logs.take(&bare(&runs[4]), HISTORY, AT);
        assert_eq!(bare_history, Ok(Taken::Refused));
        logs.take(&runs[4], HISTORY, AT).unwrap();
        released(&mut logs);
        assert_eq!(take(&mut logs, &bare(&runs[2])), Taken::Refused);
        assert_eq!(take(&mut logs, &bare(&runs[3])), Taken::New);
    }

    #[test]
    fn a_cut_holds_for_all_that_comes() {
        let mut writer = Writer::new(1);
        let zero = writer.write(1, "x");
        let mut twin = writer.clone();
        let (ours, theirs) = (writer.write(3, "ours"), twin.write(3, "theirs"));
        let mut logs = Logs::new(ROOM, vec![]);
        take(&mut logs, &zero);
        take(&mut logs, &ours);
        released(&mut logs);
        let next = twin.write(1, "theirs");
        assert_eq!(take(&mut logs, &next), Taken::Contradicts(3));
        let proof = Proof::new(logs.door(), &ours, &theirs).unwrap();
        assert!(logs.prove(&proof) && !logs.prove(&proof));
        assert_eq!(logs.cut(&writer.id()), Some(1));
        let mut reader = Writer::new(2);
        take(&mut logs, &reader.write_seen(vec![vec![(writer.id(), 40)]], "what others saw beyond counts as seen"));
        assert_eq!(released(&mut logs).len(), 1);
        let mut fresh = Logs::new(ROOM, vec![]);
        fresh.prove(&Proof::new(&mut Admission::new(ROOM), &ours, &theirs).unwrap());
        let mut whole = Writer::new(1);
        whole.write(1, "x");
        assert_eq!(take(&mut fresh, &ours), Taken::Refused);
        assert_eq!(take(&mut fresh, &zero), Taken::New);
    }

    #[test]
    fn what_a_log_takes_up_to_its_cut_brings_what_vouches_for_it() {
        let mut writer = Writer::new(1);
        let (zero, one) = (writer.write(1, "x"), writer.write(1, "y"));
        let mut twin = writer.clone();
        let (ours, theirs) = (writer.write(3, "ours"), twin.write(3, "theirs"));
        let entries = one.entries().iter().chain(ours.entries()).cloned().collect();
        let long = RawRun::new(writer.id(), 1, one.prev(), entries, ours.signature().copied()).unwrap();
        let mut logs = Logs::new(ROOM, vec![]);
        take(&mut logs, &zero);
        released(&mut logs);
        let proof = Proof::new(logs.door(), &ours, &theirs).unwrap();
        assert!(logs.prove(&proof) && proof.at() == 2);
        let mut log = logs.frontier().log(&writer.id()).unwrap().clone();
        log.cut_at(2, None);
        logs.replace(writer.id(), log);

        assert_eq!(take(&mut logs, &long), Taken::New);
        let taken = logs.release(AT).pop().unwrap();
        assert_eq!((taken.run.first().seq, taken.run.last().seq, taken.run.signature()), (1, 1, None));
        let beyond = logs.prolonging(&taken.run, &taken.raw).unwrap();
        assert_eq!((beyond.first().seq, beyond.last().seq, beyond.signature()), (2, 4, ours.signature()));
        let signed = logs.door().admit(&one, Trust::Signature).unwrap();
        assert_eq!(logs.prolonging(&signed, &one), None, "what is signed needs nothing");
    }
}

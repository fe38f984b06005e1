//! Runs that peers bring, and their answers to our pushes.

use std::collections::BTreeSet;

use super::{ANY_TIME_MS, Parts};
use crate::{
    defence,
    frame::{Frame, Push},
    ids::{AuthorId, PeerId, Seq},
    input::{Output, Step},
    limits::{LACKED_AT_ONCE, PUSHES_OF_OWN},
    logs::{Origin, Taken},
    reject::Blame,
    rumor::Source,
    run::RawRun,
    time::Now,
    turn::Turn,
};

/// The accepted part of some runs.
pub(super) struct Took<'a> {
    pub(super) news: Vec<&'a RawRun>,
    pub(super) known: Vec<RawRun>,
}

impl Parts {
    pub(super) fn push(&mut self, from: PeerId, push: Push, turn: &mut Turn<'_>) {
        let source = Source { peer: from, part: push.part, hops: push.hops.max(1) };
        let origin = match defence::is_on("history") {
            false if push.runs.iter().any(|run| self.sync.is_claimed(run.author().prefix(), run.last())) => {
                Origin::History(from)
            }
            _ => Origin::Rumor(source),
        };
        let Some(took) = self.take(from, &push.runs, origin, turn) else { return };
        let (new, known) = (!took.news.is_empty(), took.known);
        let entries = push.runs.iter().map(|run| run.entries().len()).sum();
        if new {
            self.sync.delivers(&from);
        }
        self.sync.patience().rumor(from, self.view.len(), new, &known);
        turn.step(Step::RumorFrom { peer: from, entries, new });
        let covered = self.covers(from, &push);
        match self.rumors.is_urgent(push.part) {
            // We do not pass on a run that is held for its time, and the sender must not count it as held here.
            _ if push.runs.iter().any(|run| self.logs.is_early(run.author(), run.last())) => {}
            true => {
                self.receipts.told(from, covered);
                turn.send(from, Frame::Ack { pushes: vec![(push.push, new)] });
            }
            false => self.receipts.add(from, (push.push, new), covered),
        }
        if !known.is_empty() {
            self.rumors.known(known, source, &self.view, turn);
        }
    }

    /// Seq after the last entry of its sender's own that a push carries.
    fn covers(&self, from: PeerId, push: &Push) -> Seq {
        self.authors.get(&from).and_then(|author| carries(push, author)).unwrap_or(0)
    }

    /// Notes for those at the other end of our links that we hold what these authors wrote.
    pub(super) fn owe(&mut self, authors: &BTreeSet<AuthorId>) {
        if authors.is_empty() || !self.rumors.tells_authors() {
            return;
        }
        for (peer, author) in self.authors.iter().filter(|(_, author)| authors.contains(author)) {
            self.receipts.holds(*peer, self.next_of(author));
        }
    }

    pub(super) fn ack(&mut self, from: PeerId, (push, new): (u64, bool), turn: &mut Turn<'_>) {
        turn.step(Step::AckFrom { peer: from, new });
        if let Some(next) = self.pushed.remove(&(from, push)) {
            self.held(from, next, turn);
        }
        self.rumors.ack(from, (push, new), &self.view, turn);
    }

    /// Takes runs that a peer brought. Returns `None` when it had to close the link.
    pub(super) fn take<'a>(
        &mut self,
        from: PeerId,
        runs: &'a [RawRun],
        origin: Origin,
        turn: &mut Turn<'_>,
    ) -> Option<Took<'a>> {
        let wall_ms = self.time_ms(turn.now);
        let (mut news, mut known) = (Vec::new(), Vec::new());
        for run in runs {
            let wall_ms = if run.author() == self.own.id() { ANY_TIME_MS } else { wall_ms };
            match self.logs.take(run, origin, Now { wall_ms, ..turn.now }) {
                Ok(Taken::New) => news.push(run),
                Ok(Taken::Known) => known.push(run.clone()),
                Ok(Taken::Refused) => self.keep_outside(from, run),
                Ok(Taken::Contradicts(seq)) => self.compare(run, seq, Some(from)),
                Err(reject) => {
                    if reject.blame() == Blame::Peer {
                        self.close(from, Some(reject), turn);
                        return None;
                    }
                }
            }
        }
        self.bodies.runs(from, runs, turn);
        if !news.is_empty() {
            self.view.brought(&from);
            self.brought_by = Some(from);
        }
        self.settle(turn);
        let acts: Vec<RawRun> = news.iter().filter(|run| self.waits_as_act(run)).map(|run| (*run).clone()).collect();
        if !acts.is_empty() {
            self.take_acts(from, &acts, turn);
        }
        for run in &news {
            let lacks = self.logs.lacks(run);
            // A race between rumors leaves one or two open.
            let at_once = lacks.len() > LACKED_AT_ONCE;
            for lack in lacks {
                match at_once {
                    true => self.sync.lack(lack, from, turn.now.ticks_ms, &self.logs),
                    false => self.sync.named(lack, from, &self.logs, turn.now.ticks_ms),
                }
            }
        }
        Some(Took { news, known })
    }

    /// Whether a run brings an act of a closed room that has no place in its log yet.
    fn waits_as_act(&self, run: &RawRun) -> bool {
        self.logs.is_closed() && run.ends_with_act() && !self.logs.holds(&run.author(), run.last())
    }

    /// Notes which of our own entries a push carries, because its answer shows that the peer holds them.
    pub(super) fn note_pushes(&mut self, turn: &Turn<'_>) {
        for output in turn.said() {
            if let Output::Send { to, frame: Frame::Push(push) } = output {
                self.note_push(*to, push);
            }
        }
    }

    fn note_push(&mut self, to: PeerId, push: &Push) {
        // The link may have ended since.
        let Some(next) = carries(push, &self.own.id()).filter(|_| self.view.is_active(&to)) else { return };
        if self.pushed.len() >= PUSHES_OF_OWN {
            self.pushed.pop_first();
        }
        self.pushed.insert((to, push.push), next);
    }
}

/// Seq after the last entry of an author that a push carries.
fn carries(push: &Push, author: &AuthorId) -> Option<Seq> {
    push.runs.iter().filter(|run| run.author() == *author).map(|run| run.last().saturating_add(1)).max()
}

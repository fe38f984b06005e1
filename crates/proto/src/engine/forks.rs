//! Forks: runs that seem to contradict our logs, and the proofs that result.

use super::Parts;
use crate::{
    admit::Trust,
    evidence::Holding,
    fork::Proof,
    frame::Frame,
    ids::{AuthorId, PeerId, Seq},
    input::{Event, Found, Output, Purpose, Recall, Unsaid},
    limits::LACK_MS,
    run::RawRun,
    time::Now,
    turn::Turn,
};

impl Parts {
    /// Asks the store for our own run where `run`, which is signed and which `from` brought, contradicts it. Does
    /// nothing for a log that is cut as low as the run reaches: nothing more can be proved of it.
    pub(super) fn compare(&mut self, run: &RawRun, seq: Seq, from: Option<PeerId>) {
        if self.is_cut_below(run) {
            return;
        }
        let Ok(theirs) = run.without_bodies() else { return };
        let purpose = Purpose::Compare { theirs: Box::new(theirs), from };
        self.evidence.ask(Recall { author: run.author(), seq, purpose }, 0);
    }

    /// Whether the log of a run is cut at or below the lowest seq whose id the run contains.
    fn is_cut_below(&self, run: &RawRun) -> bool {
        self.logs.cut(&run.author()).is_some_and(|cut| cut <= run.first().saturating_sub(1))
    }

    pub(super) fn evidence(&mut self, from: PeerId, run: &RawRun, turn: &mut Turn<'_>) {
        if !self.evidence.hears(&from) || self.is_cut_below(run) {
            return;
        }
        match self.logs.door().admit(run, Trust::Signature) {
            Err(reject) => self.close(from, Some(reject), turn),
            Ok(theirs) => {
                // The run shows what its author wrote. Perhaps no peer has named this log so far.
                if !self.logs.has(run.author(), run.last()) {
                    let due_ms = turn.now.ticks_ms + self.sync.patience().ms(LACK_MS);
                    self.sync.lack((run.author(), run.last()), from, due_ms, &self.logs);
                }
                let (last, held) = (theirs.last().id, self.holding(&run.author()));
                let in_vain = held.is_none_or(|held| held.0 == last || self.evidence.is_settled(&last, held));
                match in_vain {
                    true => self.evidence.credit(from, false),
                    false => self.compare(run, run.first(), Some(from)),
                }
            }
        }
    }

    /// The held part of a log, if any.
    fn holding(&self, author: &AuthorId) -> Option<Holding> {
        let log = self.logs.frontier().log(author)?;
        Some((log.head()?.id, log.len()))
    }

    pub(super) fn recalled(&mut self, what: Recall, found: Option<Found>, turn: &mut Turn<'_>) {
        self.evidence.answered(&what);
        match (what.purpose, found) {
            (Purpose::Show(to), Some(Found::Run(run))) => {
                turn.send(to, Frame::Evidence { run });
            }
            (Purpose::Prove(to), Some(Found::Proof(proof))) => {
                turn.send(to, Frame::Fork { proof });
            }
            (Purpose::Compare { theirs, from }, Some(Found::Run(ours))) => {
                let proof = Proof::new(self.logs.door(), &ours, &theirs);
                let news = proof.as_ref().is_ok_and(|proof| self.prove(proof, turn));
                if let Some(from) = from {
                    self.evidence.credit(from, news);
                }
                if proof.is_err() {
                    self.proved_nothing(&theirs);
                }
            }
            (Purpose::Leave { after_ms, above }, Some(Found::Run(run))) => {
                self.leave(run, (after_ms, above), turn);
            }
            _ => {}
        }
    }

    fn proved_nothing(&mut self, theirs: &RawRun) {
        let held = self.holding(&theirs.author());
        if let (Some(held), Ok(theirs)) = (held, self.logs.door().admit(theirs, Trust::Signature)) {
            self.evidence.settle(theirs.last().id, held);
        }
    }

    pub(super) fn fork(&mut self, from: PeerId, wire: bytes::Bytes, turn: &mut Turn<'_>) {
        match self.logs.read_proof(wire) {
            Err(reject) => self.close(from, Some(reject), turn),
            Ok(Some(proof)) => _ = self.prove(&proof, turn),
            Ok(None) => {}
        }
    }

    /// Settles the forks that came to light while runs were put in their places: those that two runs prove, and those
    /// that the store has to be asked about.
    pub(super) fn settle_forks(&mut self, turn: &mut Turn<'_>) {
        self.logs.proved().for_each(|proof| self.forked(&proof, turn));
        for (origin, run) in self.logs.contradictions() {
            self.compare(&run, run.first().saturating_sub(1), origin.peer());
        }
    }

    /// Cuts a log where a proof says, unless the log is cut as low already. Returns whether it was not.
    pub(super) fn prove(&mut self, proof: &Proof, turn: &mut Turn<'_>) -> bool {
        let news = self.logs.prove(proof);
        if news {
            self.forked(proof, turn);
        }
        news
    }

    /// A log is proved to be forked. Every linked peer gets the first proof at once, and proofs of lower forks after
    /// pauses.
    fn forked(&mut self, proof: &Proof, turn: &mut Turn<'_>) {
        let (author, at) = (proof.author(), proof.at());
        if self.evidence.may_tell(author, at, turn.now.ticks_ms) {
            for to in self.view.active() {
                turn.send(to, Frame::Fork { proof: proof.wire().clone() });
            }
        }
        self.own.forked(&author);
        self.sync.hurry(turn.now.ticks_ms);
        turn.out.push(match self.logs.is_closed() {
            true => Output::Prove(proof.clone()),
            false => Output::Cut(proof.clone()),
        });
        turn.emit(Event::Forked { author, at, left: proof.is_left() });
        if author == self.own.id() {
            turn.out.extend(self.own.unsay(Unsaid::Forked).into_iter().map(|(tag, why)| Output::Unsaid { tag, why }));
        }
    }

    /// Tells everybody of the lower forks that were kept back. The store has the proofs.
    pub(super) fn pass_on_forks(&mut self, now: Now) {
        for author in self.evidence.due(now.ticks_ms) {
            let Some(seq) = self.logs.cut(&author) else { continue };
            if self.evidence.may_tell(author, seq, now.ticks_ms) {
                let prove = |to| Recall { author, seq, purpose: Purpose::Prove(to) };
                let all: Vec<_> = self.view.active().map(prove).collect();
                all.into_iter().for_each(|what| self.evidence.ask(what, now.ticks_ms));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::Engine,
        input::Input,
        limits::PROOF_PAUSE_MS,
        testing::{NOW, Writer, engine},
    };

    fn received(engine: &mut Engine, runs: Vec<RawRun>, ticks_ms: u64) -> Vec<Output> {
        let (from, frame) = (PeerId([2; 32]), Frame::Runs { want: 0, runs });
        let mut out = Vec::new();
        engine.handle(Input::Received { from, frame }, Now { ticks_ms, ..NOW }, &mut out);
        out
    }

    #[test]
    fn a_fork_of_what_waits_is_told_to_everybody_at_once_and_lower_ones_after_a_pause() {
        let mut engine = engine(9);
        for peer in [2, 3] {
            engine.handle(Input::Up { peer: PeerId([peer; 32]), address: None }, NOW, &mut Vec::new());
        }
        let mut writer = Writer::new(1);
        writer.write(1, "never sent");
        // From the top down: of the two lines at each seq, one follows the other log.
        let mut lines = Vec::new();
        for _ in 0..40 {
            let mut twin = writer.clone();
            lines.push((writer.write(1, "ours"), twin.write(1, "theirs")));
        }
        let (mut told, mut cuts) = (0, Vec::new());
        for (at, (ours, theirs)) in lines.into_iter().rev().enumerate() {
            let ms = NOW.ticks_ms + at as u64 * PROOF_PAUSE_MS / 100;
            assert!(!received(&mut engine, vec![ours], ms).iter().any(|output| matches!(output, Output::Append(_))));
            for output in received(&mut engine, vec![theirs], ms) {
                match output {
                    Output::Cut(proof) => cuts.push(proof.at()),
                    Output::Send { frame: Frame::Fork { .. }, .. } => told += 1,
                    _ => {}
                }
            }
        }
        assert_eq!(cuts, (1..=40).rev().collect::<Vec<_>>());
        assert_eq!(told, 2, "both peers, once");
    }
}

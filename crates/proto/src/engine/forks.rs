//! Forks: what seems to contradict what is held, and the proofs that come of it.

use super::Engine;
use crate::{
    admit::Trust,
    fork::Proof,
    ids::{PeerId, Seq},
    input::{Event, Output, Purpose, Recall},
    message::Message,
    run::RawRun,
    time::Now,
};

impl Engine {
    /// Asks for what we hold where `run` contradicts it.
    pub(super) fn compare(&mut self, run: RawRun, seq: Seq, out: &mut Vec<Output>) {
        let author = run.author();
        out.push(Output::Recall(Recall { author, seq, purpose: Purpose::Compare(Box::new(run)) }));
    }

    pub(super) fn evidence(&mut self, from: PeerId, run: &RawRun, now: Now, out: &mut Vec<Output>) {
        match self.logs.door().admit(run, Trust::Signature) {
            Err(reject) => self.close(from, reject, now, out),
            Ok(_) => self.compare(run.clone(), run.first(), out),
        }
    }

    pub(super) fn recalled(&mut self, what: Recall, run: Option<RawRun>, out: &mut Vec<Output>) {
        match (what.purpose, run) {
            (Purpose::Show(to), Some(run)) => out.push(Output::Send { to, message: Message::Evidence { run } }),
            (Purpose::Compare(theirs), Some(ours)) => {
                if let Ok(proof) = Proof::new(self.logs.door(), &ours, &theirs) {
                    self.prove(proof, out);
                }
            }
            (_, None) => {}
        }
    }

    pub(super) fn fork(&mut self, from: PeerId, wire: bytes::Bytes, now: Now, out: &mut Vec<Output>) {
        match Proof::parse(self.logs.door(), wire) {
            Err(reject) => self.close(from, reject, now, out),
            Ok(proof) => self.prove(proof, out),
        }
    }

    /// Cuts a log where a proof says, and tells everybody.
    pub(super) fn prove(&mut self, proof: Proof, out: &mut Vec<Output>) {
        if !self.logs.prove(proof.clone()) {
            return;
        }
        let (author, at) = (proof.author(), proof.at());
        for to in self.view.active() {
            out.push(Output::Send { to, message: Message::Fork { proof: proof.wire().clone() } });
        }
        out.push(Output::Cut(proof));
        out.push(Output::Emit(Event::Forked { author, at }));
        if author == self.own.id() {
            out.extend(self.own.unsay().into_iter().map(|(tag, why)| Output::Unsaid { tag, why }));
        }
    }
}

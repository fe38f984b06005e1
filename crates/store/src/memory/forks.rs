//! Forked logs: cuts and their evidence, and in closed rooms proofs, and branches that make place for others.

use rumormill_proto::{
    admit::Run,
    fork::Proof,
    ids::{AuthorId, Seq},
    log::Log,
    run::block_end,
};

use super::{Shelf, Shelved, unnote};
use crate::{
    keep::Tally,
    row::{rows, with_proof},
    share::weight,
};

impl Shelf {
    /// Cuts a log; `log` is the result.
    pub(super) fn cut(&mut self, proof: &Proof, log: Log) {
        let (author, at) = (proof.author(), proof.at());
        let shelved = self.logs.entry(author).or_default();
        let shown = shelved.log.cut().unwrap_or(Seq::MAX);
        if shown <= at {
            return;
        }
        *shelved = Shelved { log, proofs: vec![proof.clone()] };
        self.unplace(author, (at, shown));
    }

    /// Keeps a proof that a log of a closed room is forked.
    pub(super) fn prove(&mut self, proof: &Proof) {
        let shelved = self.logs.entry(proof.author()).or_default();
        shelved.proofs = with_proof(std::mem::take(&mut shelved.proofs), proof.clone());
    }

    /// Takes out the entries of a log from `at` on; `log` is the result.
    pub(super) fn part(&mut self, author: AuthorId, at: Seq, log: Log) {
        self.unplace(author, (at, Seq::MAX));
        self.rows.retain(|(of, seq), _| *of != author || *seq < at);
        self.logs.entry(author).or_default().log = log;
    }

    /// Takes entries of a log, up to the end, out of the timeline and of what is noted of them.
    fn unplace(&mut self, author: AuthorId, (at, end): (Seq, Seq)) {
        self.vouches.retain(|(of, seq), _| *of != author || *seq < at);
        for (_, row) in self.rows.range((author, at)..(author, end)) {
            self.timeline.remove(&row.place(author));
            self.bare.remove(&row.place(author));
            self.messages.remove(&row.place(author));
            unnote(&mut self.notes, &self.ring, author, row);
            self.tally -= Tally::of(&row.raw);
            self.taken.entry(author).or_default().bytes -= weight(&row.raw);
        }
    }

    /// Keeps the evidence for the entry below the cut of a log.
    pub(super) fn prolong(&mut self, run: &Run) {
        let (author, first) = (run.author(), run.first().seq);
        if self.log(&author).and_then(Log::cut) != Some(first) {
            return;
        }
        (first..=block_end(first)).for_each(|seq| _ = self.rows.remove(&(author, seq)));
        self.rows.extend(rows(run).map(|row| ((author, row.seq), row)));
    }
}

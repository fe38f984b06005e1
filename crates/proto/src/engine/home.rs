//! What the home brings beside what peers do: pieces of logs that were kept outside of the room, and the news that
//! something that was held is damaged and gone.

use super::{ANY_TIME_MS, Engine};
use crate::{
    fork::Proof,
    ids::{AuthorId, Seq},
    input::{Import, Imported, Output},
    log::Log,
    logs::{Origin, Taken},
    message::{Hello, Message},
    reject::Reject,
    run::RawRun,
    time::Now,
};

impl Engine {
    /// Takes what is verified of an import, up to the first that is not.
    pub(super) fn import(&mut self, import: &Import, now: Now, out: &mut Vec<Output>) {
        let mut imported = Imported::default();
        imported.reject = self.import_all(import, &mut imported, now, out).err();
        out.push(Output::Imported(imported));
    }

    fn import_all(
        &mut self,
        import: &Import,
        imported: &mut Imported,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Result<(), Reject> {
        for wire in &import.proofs {
            let proof = Proof::parse(self.logs.door(), wire.clone())?;
            self.prove(proof, out);
        }
        for run in &import.runs {
            let held = self.held_of(run);
            let own = run.author() == self.own.id();
            let wall_ms = if own { ANY_TIME_MS } else { self.clock.correct(now.wall_ms) };
            if let Taken::Contradicts(seq) = self.logs.take(run, Origin::Import, wall_ms)? {
                self.compare(run.clone(), seq, out);
            }
            let holds = self.held_of(run);
            imported.known += held;
            imported.new += holds - held;
            imported.refused += run.entries().len() as u64 - holds;
        }
        Ok(())
    }

    /// How many entries of a run are held, or wait.
    fn held_of(&self, run: &RawRun) -> u64 {
        (run.first()..=run.last()).filter(|seq| self.logs.has(run.author(), *seq)).count() as u64
    }

    /// Takes back what was said of logs of which the store holds less now, and asks every peer for it. When our own
    /// log has lost its head, it goes on above what is lost, which nobody writes again: its place is kept by the hash.
    pub(super) fn lost(&mut self, logs: Vec<(AuthorId, Log)>, now: Now, out: &mut Vec<Output>) {
        for (author, log) in logs {
            if author == self.own.id() {
                self.own.lost(self.logs.frontier().head(&author));
            }
            let uncut = log.cut().is_none();
            self.logs.replace(author, log);
            // Why it is cut is known here, though no longer to the store.
            if let Some(proof) = self.logs.proof(&author).filter(|_| uncut) {
                out.push(Output::Cut(proof.clone()));
            }
        }
        let peers: Vec<_> = self.view.active().collect();
        for to in peers {
            let hello = Hello { author: self.own.id(), wall_ms: now.wall_ms };
            out.push(Output::Send { to, message: Message::Hello(hello) });
            self.sync.begin(to, &self.logs, out);
            self.sync.plan(to, &mut self.logs, now.ticks_ms, out);
        }
        self.sync.hurry(now.ticks_ms);
    }

    /// The seq after the last of our own log that is held.
    pub(super) fn own_next(&self) -> Seq {
        self.logs.frontier().log(&self.own.id()).map_or(0, Log::next)
    }
}

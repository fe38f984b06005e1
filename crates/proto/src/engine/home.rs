//! Inputs from the home rather than from peers: imported pieces of logs, and the news that the store has lost something
//! to damage.

use super::{ANY_TIME_MS, Parts};
use crate::{
    fork::Proof,
    frame::{Frame, Hello},
    ids::{AuthorId, Seq},
    input::{Import, ImportCounts, Output},
    log::Log,
    logs::{Origin, Taken},
    reject::Reject,
    run::RawRun,
    time::Now,
    turn::Turn,
};

impl Parts {
    /// Takes the runs and proofs of an import, up to the first that cannot be verified.
    pub(super) fn import(&mut self, import: &Import, turn: &mut Turn<'_>) {
        let mut imported = ImportCounts::default();
        imported.reject = self.import_all(import, &mut imported, turn).err();
        turn.out.push(Output::Imported(imported));
    }

    fn import_all(&mut self, import: &Import, imported: &mut ImportCounts, turn: &mut Turn<'_>) -> Result<(), Reject> {
        for run in &import.runs {
            let held = self.held_of(run);
            let own = run.author() == self.own.id();
            let wall_ms = if own { ANY_TIME_MS } else { self.time_ms(turn.now) };
            if let Taken::Contradicts(seq) = self.logs.take(run, Origin::Import, Now { wall_ms, ..turn.now })? {
                self.compare(run, seq, None);
            }
            let holds = self.held_of(run);
            if held > 0 {
                self.fill_from(run, turn);
            }
            imported.known += held;
            imported.new += holds - held;
            imported.refused += run.entries().len() as u64 - holds;
        }
        // Entries beyond a cut stay as evidence and let others verify the entries below. So the runs have to be there
        // before the cut.
        self.settle(turn);
        for wire in &import.proofs {
            let proof = Proof::parse(self.logs.door(), wire.clone())?;
            self.prove(&proof, turn);
        }
        Ok(())
    }

    /// Gives the store the bodies of entries that it holds, as long as it wants any. The store takes the bodies that it
    /// lacks, if they are the ones that the headers name.
    fn fill_from(&mut self, run: &RawRun, turn: &mut Turn<'_>) {
        if !self.bodies.wants() {
            return;
        }
        let author = run.author();
        for (entry, seq) in run.entries().iter().zip(run.first()..) {
            if let Some(body) = entry.body.bytes().filter(|_| self.logs.has(author, seq)) {
                turn.out.push(Output::Fill { author, seq, body: body.clone() });
            }
        }
        self.bodies.imported(run, turn);
    }

    /// How many entries of a run are held or wait.
    fn held_of(&self, run: &RawRun) -> u64 {
        (run.first()..=run.last()).filter(|seq| self.logs.has(run.author(), *seq)).count() as u64
    }

    /// Corrects our announcements of logs of which the store now holds less, and asks every peer for the lost entries.
    /// When our own log has lost its head, we write on above the lost entries: nobody writes those seqs again, because
    /// the hash of the old head keeps their place.
    pub(super) fn lost(&mut self, logs: Vec<(AuthorId, Log)>, turn: &mut Turn<'_>) {
        for (author, log) in logs {
            if author == self.own.id() {
                self.own.lost(self.logs.frontier().head(&author));
            }
            let uncut = log.cut().is_none();
            self.cut_done(author, log, turn);
            if uncut {
                self.logs.uncut(&author);
            }
        }
        let peers: Vec<_> = self.view.active().collect();
        for to in peers {
            let hello = Hello { author: self.own.id(), wall_ms: turn.now.wall_ms };
            turn.send(to, Frame::Hello(hello));
            self.sync.begin(to, &self.logs, turn);
            self.sync.plan(to, &mut self.logs, turn);
        }
        self.sync.hurry(turn.now.ticks_ms);
    }

    /// The seq after the last of our own log that is held.
    pub(super) fn own_next(&self) -> Seq {
        self.next_of(&self.own.id())
    }

    /// The seq after the last of an author's log that is held.
    pub(super) fn next_of(&self, author: &AuthorId) -> Seq {
        self.logs.frontier().log(author).map_or(0, Log::next)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::{
        admit::Run,
        engine::Engine,
        entry::Kind,
        ids::PeerId,
        input::{Input, Saying},
        limits::{AHEAD_MS, PENDING_MS},
        testing::{NOW, Writer, engine},
    };

    /// The result of an import, and the runs that it appends.
    fn import(engine: &mut Engine, runs: Vec<RawRun>) -> (ImportCounts, Vec<Run>) {
        let mut out = Vec::new();
        engine.handle(Input::Import(Import { proofs: vec![], runs }), NOW, &mut out);
        assert!(!out.iter().any(|output| matches!(output, Output::Send { .. })), "nobody is told");
        let appended = out.iter().filter_map(|output| match output {
            Output::Append(run) => Some(run.clone()),
            _ => None,
        });
        let imported = out.iter().find_map(|output| match output {
            Output::Imported(imported) => Some(*imported),
            _ => None,
        });
        (imported.unwrap(), appended.collect())
    }

    #[test]
    fn an_import_waits_for_no_cause_and_brings_nothing_twice() {
        let (mut asker, mut answerer) = (Writer::new(2), Writer::new(3));
        let question = asker.write(1, "where?");
        let answer = answerer.write_seen(vec![vec![(asker.id(), 0)]], "here");
        let mut engine = engine(9);
        let (imported, appended) = import(&mut engine, vec![answer.clone()]);
        assert_eq!((imported, appended.len()), (ImportCounts { new: 1, ..ImportCounts::default() }, 1));
        let (imported, _) = import(&mut engine, vec![answer, question.clone()]);
        assert_eq!(imported, ImportCounts { new: 1, known: 1, ..ImportCounts::default() });
        let (imported, appended) = import(&mut engine, vec![question]);
        assert_eq!((imported, appended.len()), (ImportCounts { known: 1, ..ImportCounts::default() }, 0));
    }

    #[test]
    fn an_import_fills_what_is_wanted() {
        let mut writer = Writer::new(2);
        let first = writer.write(1, "first");
        let run = writer.write(3, "hello");
        let blank = run.without_bodies().unwrap();
        let mut engine = engine(9);
        let fills = |engine: &mut Engine| {
            let mut out = Vec::new();
            engine.handle(Input::Import(Import { proofs: vec![], runs: vec![run.clone()] }), NOW, &mut out);
            out.iter().filter(|output| matches!(output, Output::Fill { .. })).count()
        };
        assert_eq!(import(&mut engine, vec![first, blank.clone()]).0.new, 4);
        assert_eq!(fills(&mut engine), 0, "the store wants nothing so far as is known");
        let bare = (run.first()..).zip(run.entries()).map(|(seq, entry)| crate::input::Bare {
            author: run.author(),
            seq,
            hash: entry.body.hash(),
        });
        engine.handle(Input::Bare { bare: bare.collect(), all: 3 }, NOW, &mut Vec::new());
        assert_eq!(engine.missing(), 3);
        assert_eq!(import(&mut engine, vec![blank]).0.known, 3);
        assert_eq!(engine.missing(), 3, "it came without them again");
        assert_eq!((fills(&mut engine), engine.missing()), (3, 0));
    }

    #[test]
    fn what_is_bad_or_from_the_future_does_not_come_in() {
        let mut engine = engine(9);
        let future = Writer::new(2).later(NOW.wall_ms + AHEAD_MS + 1).write(1, "soon");
        assert_eq!(import(&mut engine, vec![future]).0, ImportCounts { refused: 1, ..ImportCounts::default() });
        let (good, other) = (Writer::new(3).write(1, "a"), Writer::new(3).write(1, "b"));
        let forged =
            RawRun::new(good.author(), 0, good.prev(), good.entries().to_vec(), other.signature().copied()).unwrap();
        let (imported, appended) = import(&mut engine, vec![forged, good]);
        assert_eq!((imported.reject, appended.len()), (Some(Reject::Signature), 0));
    }

    #[test]
    fn a_log_that_lost_its_head_goes_on_above_what_is_lost() {
        let mut engine = engine(9);
        let say = |engine: &mut Engine, tag| -> Option<Run> {
            let mut out = Vec::new();
            let saying = Saying { tag, kind: Kind::TEXT, body: Bytes::from_static(b"x") };
            engine.handle(Input::Say(vec![saying]), NOW, &mut out);
            out.into_iter().find_map(|output| if let Output::Append(run) = output { Some(run) } else { None })
        };
        let first = say(&mut engine, 1).unwrap();
        let second = say(&mut engine, 2).unwrap();
        let me = engine.author();
        let mut left = Log::default();
        left.insert(&first).unwrap();
        engine.handle(Input::Lost { logs: vec![(me, left)] }, NOW, &mut Vec::new());
        assert_eq!(engine.frontier().head(&me).unwrap().seq, 0);
        let third = say(&mut engine, 3).unwrap();
        assert_eq!((third.first().seq, third.first().prev), (2, second.last().id));
        assert_eq!(engine.frontier().log(&me).unwrap().gaps().collect::<Vec<_>>(), [(1, 1)]);
        let raw = RawRun::new(me, 1, second.first().prev, vec![raw_of(&second)], second.signature().copied()).unwrap();
        assert_eq!(import(&mut engine, vec![raw]).0.new, 1);
        assert_eq!(engine.frontier().log(&me).unwrap().gaps().count(), 0);
    }

    #[test]
    fn what_we_wrote_and_what_waits_for_its_cause_is_followed_and_not_contradicted() {
        let (mut other, mut own) = (Writer::new(2), Writer::new(9));
        other.write(1, "never sent");
        let first = own.write(1, "x");
        let second = own.write_seen(vec![vec![(other.id(), 0)]], "an answer");
        let mut engine = engine(9);
        let from = PeerId([2; 32]);
        engine.handle(Input::Up { peer: from, address: None }, NOW, &mut Vec::new());
        let frame = Frame::Runs { want: 0, runs: vec![first, second.clone()] };
        engine.handle(Input::Received { from, frame }, NOW, &mut Vec::new());
        assert_eq!(engine.frontier().head(&own.id()).unwrap().seq, 0);
        let mut out = Vec::new();
        let saying = Saying { tag: 1, kind: Kind::TEXT, body: Bytes::from_static(b"x") };
        engine.handle(Input::Say(vec![saying]), NOW, &mut out);
        assert!(!out.iter().any(|output| matches!(output, Output::Append(_))), "what it names may come: {out:?}");
        let later = Now { ticks_ms: NOW.ticks_ms + PENDING_MS, wall_ms: NOW.wall_ms + PENDING_MS };
        assert!(engine.next_deadline() <= later.ticks_ms);
        engine.handle(Input::Wake, later, &mut out);
        let said = out.iter().find_map(|output| if let Output::Append(run) = output { Some(run) } else { None });
        let first = said.unwrap().first();
        assert_eq!((first.seq, first.prev), (2, crate::testing::admit(&second).last().id));
        assert!(!out.iter().any(|output| matches!(output, Output::Cut(_))), "{out:?}");
    }

    fn raw_of(run: &Run) -> crate::entry::RawEntry {
        let entry = run.first();
        crate::entry::RawEntry {
            time: entry.time,
            seen: entry.seen.clone(),
            kind: entry.kind,
            body: entry.body.clone(),
        }
    }
}

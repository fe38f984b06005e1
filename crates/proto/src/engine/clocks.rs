//! Consequences of others' clocks: the votes, the notices, and leaving our log for a new key.

use super::{Engine, Parts};
use crate::{
    admit::Trust,
    clock::Clock,
    defence,
    entry::Kind,
    fork::Proof,
    frame::{Frame, Hello},
    ids::{AuthorId, PeerId, Seq},
    input::{Event, Output, Purpose, Recall},
    limits::OTHERS_MS,
    run::RawRun,
    time::Now,
    turn::Turn,
};

impl Engine {
    /// This engine's knowledge of clocks, for the engine that continues under a new key.
    pub fn clock(&self) -> &Clock {
        &self.parts.clock
    }

    /// Takes over an earlier engine's knowledge of clocks.
    pub fn set_clock(&mut self, clock: Clock) {
        self.parts.clock = clock;
    }
}

impl Parts {
    /// Reads how far the owner of a closed room has governed.
    pub(super) fn follow_owner(&mut self) {
        if let Some(owned_ms) = self.logs.fold().map(|fold| fold.owned_ms()) {
            self.clock.governed(owned_ms);
        }
    }

    /// The time by our clock, unless the clock is refuted.
    pub(super) fn time_ms(&self, now: Now) -> u64 {
        self.clock.now_ms(now, self.said_ms())
    }

    /// Notices that our clock was set, and tells everybody.
    pub(super) fn look(&mut self, turn: &mut Turn<'_>) {
        if self.clock.look(turn.now) {
            let hello = Hello { author: self.own.id(), wall_ms: turn.now.wall_ms };
            let peers = self.view.active();
            turn.out.extend(peers.map(|to| Output::Send { to, frame: Frame::Hello(hello.clone()) }));
            self.judge(turn);
        }
    }

    /// An author has proved to write at a peer: now it is present, and its clock has a vote.
    pub(super) fn proved(&mut self, peer: PeerId, author: AuthorId, turn: &mut Turn<'_>) {
        if !self.view.is_active(&peer) {
            return;
        }
        let before = self.authors.insert(peer, author);
        if before != Some(author) {
            self.logs.befriend(author);
            self.keys.iter_mut().for_each(|keys| keys.forget(&peer));
            self.release_secrets(turn.now.ticks_ms);
            if before.is_some() {
                self.receipts.forget(&peer);
            }
            before.into_iter().for_each(|author| self.parted(author));
            turn.emit(Event::Came { peer, author });
        }
        self.clock.proved(peer, author);
        self.judge(turn);
    }

    /// Tells whose clock looks wrong, when that has changed.
    pub(super) fn judge(&mut self, turn: &mut Turn<'_>) {
        let others_ms = self.others_ms(turn.now);
        let skew = self.clock.judge(turn.now, self.said_ms(), others_ms);
        turn.out.extend(skew.map(|skew| Output::Emit(Event::Skewed(skew))));
        self.strayed = None;
    }

    /// Leaves our log for a new key when it is too far ahead to be read: a contradiction under our own key makes
    /// everybody cut it there. Does nothing if others wrote as late as we did, because then the peers that cannot read
    /// us have wrong clocks.
    pub(super) fn stray(&mut self, now: Now) {
        // In a closed room another key would have to be let in first, and a role would be lost.
        if self.logs.is_closed() {
            return;
        }
        let me = self.own.id();
        let Some(head) = self.logs.frontier().head(&me).filter(|head| Some(head.seq) != self.strayed) else { return };
        let Some(stray) = self.clock.stray(now, head.time.ms()) else { return };
        self.strayed = Some(head.seq);
        if self.logs.cut(&me).is_some() || !defence::is_on("leave-log") {
            return;
        }
        if stray.sure || self.others_ms(now) <= stray.after_ms {
            let purpose = Purpose::Leave { after_ms: stray.after_ms, above: None };
            self.evidence.ask(Recall { author: me, seq: head.seq, purpose }, now.ticks_ms);
        }
    }

    /// Looks for the first entry of our log that is too far ahead, block by block from the top down. `run` is the next
    /// block.
    pub(super) fn leave(&mut self, run: RawRun, (after_ms, above): (u64, Option<Box<RawRun>>), turn: &mut Turn<'_>) {
        // The founding of a room stays in its log for ever, and no node holds it back.
        let mut entries = run.entries().iter().zip(run.first()..);
        let first = entries.find(|(entry, _)| entry.kind != Kind::FOUND && entry.time.ms() > after_ms);
        match (first.map(|(_, seq)| seq), above) {
            (Some(seq), _) if seq == run.first() && seq > 0 => {
                let purpose = Purpose::Leave { after_ms, above: Some(Box::new(run)) };
                self.evidence.ask(Recall { author: self.own.id(), seq: seq - 1, purpose }, turn.now.ticks_ms);
            }
            (Some(seq), _) => self.leave_at(&run, seq, turn),
            (None, Some(above)) => self.leave_at(&above, above.first(), turn),
            (None, None) => {}
        }
    }

    fn leave_at(&mut self, ours: &RawRun, seq: Seq, turn: &mut Turn<'_>) {
        let Ok(run) = self.logs.door().admit(ours, Trust::Signature) else { return };
        let Some(entry) = run.entries().iter().find(|entry| entry.seq == seq) else { return };
        let other = self.own.contradict(&self.room, seq, entry.prev, entry.time);
        if let Ok(proof) = other.and_then(|other| Proof::new(self.logs.door(), ours, &other)) {
            self.clock.leaves(turn.now);
            self.prove(&proof, turn);
        }
    }

    /// Time of our own last entry.
    pub(super) fn said_ms(&self) -> u64 {
        self.logs.frontier().head(&self.own.id()).map_or(0, |head| head.time.ms())
    }

    /// The newest time in the logs of authors whose clocks we do not know. This looks at all logs, so it does so once a
    /// second at most, whatever peers say.
    fn others_ms(&mut self, now: Now) -> u64 {
        if self.others.0 <= now.ticks_ms {
            let me = self.own.id();
            let unknown =
                |author: &AuthorId| *author != me && !self.clock.knows(author) && self.logs.cut(author).is_none();
            let logs = self.logs.frontier().logs().filter(|(author, _)| unknown(author));
            let newest_ms = logs.filter_map(|(_, log)| log.head()).map(|head| head.time.ms()).max();
            self.others = (now.ticks_ms + OTHERS_MS, newest_ms.unwrap_or(0));
        }
        self.others.1
    }
}

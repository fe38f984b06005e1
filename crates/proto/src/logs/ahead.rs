//! Acts of a closed room that are held ahead of the rest of their logs, so that they count before the words between them
//! have come.
//!
//! Invariant: what is held ahead of a log is the acts that follow its held part without a hole: each names the one before.
//!
//! They are in memory only; the log brings them again. The frontier tells of the last one of each log, so peers that hold
//! the same logs and not the same acts differ, and those who lack some ask for them.

use std::collections::BTreeMap;

use super::{Closed, Logs, Origin};
use crate::{
    admit::{Entry, Run, Trust},
    governance::{Act, Signed},
    ids::{AuthorId, EntryId, Seq},
    limits::{ACTS_WITHOUT_GRANT, AHEAD_BYTES},
    log::Log,
    reject::Reject,
    run::RawRun,
};

/// An act, alone.
#[derive(Debug)]
struct Alone {
    id: EntryId,
    raw: RawRun,
    origin: Origin,
}

/// The acts that are held ahead.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    of: BTreeMap<AuthorId, BTreeMap<Seq, Alone>>,
    bytes: usize,
}

/// The outcome for an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TakenAct {
    /// It counts from now on.
    New,
    /// It is held, ahead or in its log.
    Known,
    /// An act before it is not here.
    Hole,
    /// It has no place.
    Refused,
}

/// An act to be served: from the store, or from here if it is held ahead.
pub(crate) type Served = (AuthorId, Seq, Option<RawRun>);

impl Ahead {
    fn put(&mut self, author: AuthorId, seq: Seq, act: Alone) {
        self.bytes += act.raw.wire().len();
        self.of.entry(author).or_default().insert(seq, act);
    }

    fn retain(&mut self, author: &AuthorId, keeps: impl Fn(Seq, &EntryId) -> bool) {
        let Some(acts) = self.of.get_mut(author) else { return };
        let bytes = &mut self.bytes;
        acts.retain(|seq, act| {
            let stays = keeps(*seq, &act.id);
            *bytes -= if stays { 0 } else { act.raw.wire().len() };
            stays
        });
        if acts.is_empty() {
            self.of.remove(author);
        }
    }
}

impl Closed {
    /// Whether as much of a log is held ahead as may be.
    fn is_full_ahead(&mut self, author: &AuthorId, more: usize) -> bool {
        let count = self.ahead.of.get(author).map_or(0, BTreeMap::len);
        self.ahead.bytes + more > AHEAD_BYTES || (count >= ACTS_WITHOUT_GRANT && !self.fold().has_grant(author))
    }

    /// Forgets the acts of a log that are no longer ahead of it.
    fn prune_ahead(&mut self, author: &AuthorId) {
        let governance = &self.governance;
        self.ahead.retain(author, |seq, id| governance.is_ahead(author, seq, id));
    }
}

impl Logs {
    /// Takes the act at the end of a run ahead of the rest of its log.
    ///
    /// # Errors
    /// A [`Reject`] when the run is bad, whatever is held.
    pub(crate) fn take_act(&mut self, raw: &RawRun, origin: Origin) -> Result<TakenAct, Reject> {
        let (author, seq) = (raw.author(), raw.last());
        // By its first entry somebody waits or is a device: of those who are not in, it belongs into the log.
        let stays = seq > 0 || self.closed.as_ref().is_some_and(|closed| closed.is_member(&author));
        if !stays
            || !self.has_place(&author)
            || !raw.ends_with_act()
            || self.misfit(raw) <= seq
            || seq >= self.takes_to(&author)
        {
            return Ok(TakenAct::Refused);
        }
        if self.whole(&author).is_some_and(|log| log.holds(seq)) && seq < self.whole_next(&author) {
            return Ok(TakenAct::Known);
        }
        let run = self.door.admit(raw, Trust::Signature)?;
        let (room, act) = (self.room, run.last().clone());
        let Some(alone) = alone(&act, raw) else { return Ok(TakenAct::Refused) };
        let Some(closed) = &mut self.closed else { return Ok(TakenAct::Refused) };
        if closed.governance.is_ahead(&author, seq, &act.id) {
            return Ok(TakenAct::Known);
        }
        if closed.is_full_ahead(&author, alone.wire().len()) {
            return Ok(TakenAct::Refused);
        }
        let Some(before) = before(&act) else { return Ok(TakenAct::Refused) };
        if !closed.governance.insert_ahead(Signed::of(&room, &act), before) {
            return Ok(TakenAct::Hole);
        }
        closed.ahead.put(author, seq, Alone { id: act.id, raw: alone, origin });
        self.note_ahead(author);
        Ok(TakenAct::New)
    }

    /// The seq after what is held of a log from seq 0 on.
    fn whole_next(&self, author: &AuthorId) -> Seq {
        let spans = self.whole(author).map(Log::spans).unwrap_or_default();
        spans.first().filter(|span| span.first == 0).map_or(0, |span| span.last.seq + 1)
    }

    /// Notes acts that a run contradicts, which is about to be put into its log: that proves a fork.
    pub(super) fn contradict_ahead(&mut self, run: &Run) {
        let Some(closed) = &self.closed else { return };
        let Some(acts) = closed.ahead.of.get(&run.author()) else { return };
        let other = |entry: &Entry| acts.get(&entry.seq).filter(|act| act.id != entry.id);
        let proofs = run.entries().iter().filter_map(other).map(|act| (act.origin, act.raw.clone()));
        self.contradictions.extend(proofs);
    }

    /// Tells in the frontier which act of a log is the last that is held ahead.
    pub(super) fn note_ahead(&mut self, author: AuthorId) {
        let Some(closed) = &mut self.closed else { return };
        closed.prune_ahead(&author);
        let end = closed.end_of(&author);
        let acts = closed.ahead.of.get(&author);
        let last = acts.and_then(|acts| acts.range(..end).next_back()).map(|(seq, act)| (*seq, act.id));
        self.frontier.note_act(author, last);
    }

    /// Forgets the acts of somebody who has no place any more.
    pub(super) fn forget_ahead(&mut self, author: AuthorId) {
        if let Some(closed) = &mut self.closed {
            closed.governance.forget_ahead(&author);
        }
        self.note_ahead(author);
    }

    /// The seq after the last act of a log that is known and passed on.
    pub(crate) fn next_act(&mut self, author: &AuthorId) -> Seq {
        let end = self.end_of(author);
        self.fold().and_then(|fold| fold.newest_act(author, end)).map_or(0, |last| last.seq + 1)
    }

    /// The authors with these eight bytes of whom acts are taken.
    pub(crate) fn acting(&self, prefix: u64) -> Vec<AuthorId> {
        let range = AuthorId::lowest(prefix)..=AuthorId::highest(prefix);
        self.closed.iter().flat_map(|closed| closed.reaches.range(range.clone())).map(|(author, _)| *author).collect()
    }

    /// The acts of these logs from a seq on, in order.
    pub(crate) fn acts(&mut self, prefix: u64, from: Seq) -> Vec<Served> {
        let mut acts = Vec::new();
        for author in self.acting(prefix) {
            let end = self.end_of(&author);
            let seqs = self.fold().map(|fold| fold.acts_from(&author, from)).unwrap_or_default();
            let ahead = self.closed.as_ref().and_then(|closed| closed.ahead.of.get(&author));
            let held = |seq: Seq| ahead.and_then(|acts| acts.get(&seq)).map(|act| act.raw.clone());
            acts.extend(seqs.into_iter().filter(|seq| *seq < end).map(|seq| (author, seq, held(seq))));
        }
        acts
    }

    /// Whether some act is held ahead of a log.
    pub(crate) fn is_ahead(&self, author: &AuthorId) -> bool {
        self.closed.as_ref().is_some_and(|closed| closed.ahead.of.contains_key(author))
    }
}

/// The last entry of a run as a run of its own.
fn alone(act: &Entry, raw: &RawRun) -> Option<RawRun> {
    let entries = raw.entries().last().into_iter().cloned().collect();
    RawRun::new(act.author, act.seq, act.prev, entries, raw.signature().copied()).ok()
}

/// The act that an act names as the one before it; `None` if it cannot be read.
fn before(act: &Entry) -> Option<Option<EntryId>> {
    let act = Act::parse(act.kind, act.body.bytes()?).ok()??;
    Some(act.before.map(|before| before.id))
}

//! Branches of forked logs in a closed room, see [`crate::governance`].
//!
//! Invariant: a node holds one branch of each log, and takes another in its place only once it has all of the other up to
//! an entry that an ending or a voucher names, and no higher such act names an entry of the branch that goes.
//!
//! Until then the other branch waits here, in memory, from the named entry downwards: a signature proves that its author
//! wrote the named entry, and hashes lead to what lies below. So a governor cannot make others drop what they hold for an
//! entry that nobody has.
//!
//! The bounds are [`BRANCHES`] and [`BRANCH_BYTES`]. A branch that is longer between the fork and the named entry is taken
//! only by nodes that hold nothing above the fork.

use std::collections::{BTreeMap, BTreeSet};

use super::{Closed, Logs, Origin, Released};
use crate::{
    admit::{Run, Trust},
    frame::Range,
    governance::Named,
    ids::{AuthorId, EntryId, Seq},
    input::Look,
    limits::{BLOCK, BRANCH_BYTES, BRANCHES, BRANCHES_OFF, RANGES},
    log::Head,
    reject::Reject,
    run::RawRun,
};

/// Branches that come in, by the entry that is named.
#[derive(Debug, Default)]
pub(super) struct Branches {
    coming: BTreeMap<(AuthorId, EntryId), Coming>,
    /// Runs that came so far.
    came: u64,
    /// Named entries that no log here is to lead to: their branch leaves the line, or is too long.
    off: BTreeSet<EntryId>,
    /// What the store has to tell before it is known where a branch parts from the one that is held.
    pub(super) looks: BTreeMap<AuthorId, Look>,
    /// Logs that the store has to shorten before the rest of another branch is appended.
    parted: Vec<(AuthorId, Seq)>,
}

/// What has come of a branch: runs from the top downwards, each linked to the one above it.
#[derive(Debug, Default)]
struct Coming {
    runs: Vec<(Run, RawRun)>,
    bytes: usize,
    /// The number of the run that came last.
    last: u64,
    /// Which way it came.
    origin: Option<Origin>,
}

impl Branches {
    /// The next entry of a branch that has to come.
    fn next(&self, author: &AuthorId, named: &Named) -> Option<(Seq, EntryId)> {
        match self.coming.get(&(*author, named.last.id)).and_then(|coming| coming.runs.last()) {
            Some((run, _)) => Some((run.first().seq.checked_sub(1)?, run.first().prev)),
            None => Some((named.last.seq, named.last.id)),
        }
    }

    /// The branch of a named entry. If too many come in, the one of which nothing came for the longest goes: its author may
    /// withhold the rest.
    fn coming(&mut self, key: (AuthorId, EntryId)) -> &mut Coming {
        if self.coming.len() >= BRANCHES && !self.coming.contains_key(&key) {
            let oldest = self.coming.iter().min_by_key(|(_, coming)| coming.last).map(|(key, _)| *key);
            oldest.iter().for_each(|key| _ = self.coming.remove(key));
        }
        self.came += 1;
        let coming = self.coming.entry(key).or_default();
        coming.last = self.came;
        coming
    }

    fn give_up(&mut self, author: AuthorId, id: EntryId) {
        self.coming.remove(&(author, id));
        if self.off.len() >= BRANCHES_OFF {
            self.off.pop_first();
        }
        self.off.insert(id);
    }
}

impl Closed {
    /// The named entries of other branches of a log that are wanted here.
    fn wanted(&mut self, author: &AuthorId) -> Vec<Named> {
        if !self.fold().named().any(|named| named == author) {
            return Vec::new();
        }
        let mut wanted = self.fold().elsewhere(author);
        wanted.retain(|named| !self.branches.off.contains(&named.last.id));
        wanted.truncate(BRANCHES);
        wanted
    }

    /// The lowest seq of what has come of a branch, and the held entry to which it leads.
    fn joint(&mut self, author: &AuthorId, named: &Named) -> Option<(Seq, Option<Head>)> {
        self.changed |= self.governance.is_touched();
        let fold = self.governance.fold();
        let (lowest, _) = self.branches.coming.get(&(*author, named.last.id))?.runs.last()?;
        match fold.joint(lowest) {
            Ok(joint) => Some((lowest.first().seq, joint)),
            Err(look) => {
                self.branches.looks.insert(*author, look);
                None
            }
        }
    }
}

impl Logs {
    /// The next parts of the branches that are wanted: a few blocks of each, so that little comes that is held.
    pub(crate) fn branches(&mut self) -> Vec<(AuthorId, Range)> {
        let Some(closed) = &mut self.closed else { return Vec::new() };
        let named: Vec<AuthorId> = closed.fold().named().copied().collect();
        let mut ranges = Vec::new();
        for author in named {
            for named in closed.wanted(&author) {
                let Some((last, _)) = closed.branches.next(&author, &named) else { continue };
                ranges.push((author, Range { author: author.prefix(), first: last.saturating_sub(4 * BLOCK), last }));
                if ranges.len() >= RANGES {
                    return ranges;
                }
            }
        }
        ranges
    }

    /// Whether a log is known to be forked. Such a log is taken from the bottom upwards, for only what follows the held
    /// part by hash belongs to the same branch.
    pub(crate) fn is_forked(&self, author: &AuthorId) -> bool {
        self.closed.as_ref().is_some_and(|closed| closed.governance.is_proved(author))
    }

    /// Whether one of the logs whose authors' ids begin with these eight bytes is known to be forked.
    pub(crate) fn is_forked_under(&self, prefix: u64) -> bool {
        self.frontier.with_prefix(prefix).any(|(author, _)| self.is_forked(author))
    }

    /// Lets a log that turned out to be forked end at its lowest gap: what is held above may belong to another branch.
    pub(super) fn end_at_gap(&mut self, author: AuthorId) {
        let Some(whole) = self.whole(&author).cloned() else { return };
        let at = whole.gaps().last().map(|(first, _)| first);
        self.pending.cut(author, at.unwrap_or(whole.next()));
        if let Some(at) = at {
            self.shorten(author, at);
        }
    }

    /// Lets go of the entries of a log from `at` on.
    fn shorten(&mut self, author: AuthorId, at: Seq) {
        let mut whole = self.whole(&author).cloned().unwrap_or_default();
        let Some(closed) = &mut self.closed else { return };
        closed.looking.forget(&author);
        let below = at.checked_sub(1).and_then(|seq| closed.fold().head_at(&author, seq));
        closed.governance.forget(&author, at);
        closed.branches.parted.push((author, at));
        self.pending.cut(author, at);
        whole.end_at(at, below);
        self.show_part(author, whole);
        self.note_gaps(author);
    }

    /// Takes a run of a branch that is wanted and not held. Returns whether it was one.
    pub(super) fn take_branch(&mut self, raw: &RawRun, origin: Origin) -> Result<bool, Reject> {
        let author = raw.author();
        let Some(closed) = &mut self.closed else { return Ok(false) };
        let mut took = false;
        for named in closed.wanted(&author) {
            took |= self.take_of(raw, &named, origin)?;
            if self.is_whole(&author, &named) {
                self.turn_to(author, &named);
                return Ok(true);
            }
        }
        Ok(took)
    }

    /// Holds a branch of a log in place of the one that is held if it is known by now that all of it is here.
    pub(super) fn look_at_branches(&mut self, author: AuthorId) {
        let wanted = self.closed.as_mut().map(|closed| closed.wanted(&author)).unwrap_or_default();
        if let Some(named) = wanted.into_iter().find(|named| self.is_whole(&author, named)) {
            self.turn_to(author, &named);
        }
    }

    /// Takes a run if it goes on from what has come of a branch, downwards.
    fn take_of(&mut self, raw: &RawRun, named: &Named, origin: Origin) -> Result<bool, Reject> {
        let key = (raw.author(), named.last.id);
        let Some(closed) = &self.closed else { return Ok(false) };
        let begun = closed.branches.coming.contains_key(&key);
        let next = closed.branches.next(&key.0, named);
        let Some((seq, id)) = next.filter(|(seq, _)| (raw.first()..=raw.last()).contains(seq)) else {
            return Ok(false);
        };
        if self.misfit(raw) <= raw.last() {
            return Ok(false);
        }
        // A name alone does not prove that the author wrote the entry. What lies below a signed entry needs no more.
        let linked = begun && raw.last() == seq;
        let trust = if linked { Trust::Backfills(id) } else { Trust::Signature };
        let run = match self.door.admit(raw, trust) {
            Ok(run) => run.part(raw.first(), seq).filter(|run| run.last().id == id),
            Err(Reject::Unlinked) => None,
            Err(reject) => return Err(reject),
        };
        let (Some(run), Some(closed)) = (run, &mut self.closed) else { return Ok(false) };
        let coming = closed.branches.coming(key);
        coming.bytes += raw.wire().len();
        coming.origin = Some(origin);
        coming.runs.push((run, raw.clone()));
        if coming.bytes > BRANCH_BYTES {
            closed.branches.give_up(key.0, key.1);
        }
        Ok(true)
    }

    /// Whether all of a branch is here: what has come of it leads to an entry that is held, or to the first of all.
    fn is_whole(&mut self, author: &AuthorId, named: &Named) -> bool {
        let Some(closed) = &mut self.closed else { return false };
        closed.joint(author, named).is_some_and(|(first, joint)| first == 0 || joint.is_some())
    }

    /// Holds a branch in place of the one that is held, unless a higher act names an entry of that one.
    fn turn_to(&mut self, author: AuthorId, named: &Named) {
        let Some(closed) = &mut self.closed else { return };
        let Some((_, joint)) = closed.joint(&author, named) else { return };
        let Some(coming) = closed.branches.coming.remove(&(author, named.last.id)) else { return };
        let Some(origin) = coming.origin else { return };
        let at = joint.map_or(0, |head| head.seq + 1);
        if named.through.is_some_and(|through| at <= through) {
            return closed.branches.give_up(author, named.last.id);
        }
        self.shorten(author, at);
        for (run, raw) in coming.runs.into_iter().rev() {
            let Some(run) = run.part(at, Seq::MAX) else { continue };
            if self.insert_closed(&run).is_ok() {
                self.backfilled.push(Released { run, raw, origin, history: true });
            }
        }
        self.note_gaps(author);
    }

    /// The logs that the store has to shorten, and from which seq on, before it appends anything more.
    pub(crate) fn parted(&mut self) -> Vec<(AuthorId, Seq)> {
        self.closed.as_mut().map(|closed| std::mem::take(&mut closed.branches.parted)).unwrap_or_default()
    }
}

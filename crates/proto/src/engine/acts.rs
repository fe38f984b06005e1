//! Acts of a closed room are fetched first: whoever has been away knows who is in and who is out before it has the words.
//!
//! Each list of heads is preceded by the last act of each of these logs. A node that lacks some of the acts wants them
//! from the peer that told of them, and wants nothing else of that peer until they are here. It wants those of whom
//! its fold says that they are in, so the founder's first; each act that counts may name more.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::Parts;
use crate::{
    frame::Frame,
    ids::{AuthorId, PeerId, Seq},
    input::{Form, Output},
    limits::{ACTS_SERVED, HEADS, PUSH_RUNS, TOLD, WANT_MS},
    logs::{Origin, TakenAct},
    reject::Blame,
    run::RawRun,
    turn::Turn,
};

/// A want of acts that a peer has not answered to its end.
#[derive(Debug)]
struct Asked {
    want: u64,
    /// The logs, and from which seq on.
    from: Vec<(u64, Seq)>,
    due_ms: u64,
}

/// The acts that peers told of.
#[derive(Debug, Default)]
pub(super) struct Acts {
    /// By peer and author prefix: the seq after the last act that the peer told of and that we may lack.
    told: BTreeMap<PeerId, BTreeMap<u64, Seq>>,
    asked: BTreeMap<PeerId, Asked>,
    /// Whether more people may be known than when the last acts were wanted.
    pub(super) stale: bool,
}

impl Acts {
    pub(super) fn next_deadline(&self) -> Option<u64> {
        self.asked.values().map(|asked| asked.due_ms).min()
    }

    /// Forgets a peer that went.
    pub(super) fn forget(&mut self, peer: &PeerId) {
        self.told.remove(peer);
        self.asked.remove(peer);
    }

    fn tell(&mut self, peer: PeerId, (prefix, next): (u64, Seq)) {
        let told = self.told.entry(peer).or_default();
        if told.len() < TOLD || told.contains_key(&prefix) {
            told.insert(prefix, next);
        }
    }
}

impl Parts {
    /// A peer told which acts are the last of some logs. Those that are ahead here and that it lacks it is told of.
    pub(super) fn hear_acts(&mut self, from: PeerId, heads: &[(u64, Seq)], turn: &mut Turn<'_>) {
        if !self.logs.is_closed() {
            return;
        }
        let mut ours = Vec::new();
        for (prefix, next) in heads.iter().copied() {
            self.acts.tell(from, (prefix, next));
            let ahead = self.logs.acting(prefix).into_iter().filter(|author| self.logs.is_ahead(author));
            let more: Vec<Seq> = ahead.collect::<Vec<_>>().iter().map(|author| self.logs.next_act(author)).collect();
            ours.extend(more.into_iter().filter(|ours| next < *ours).map(|ours| (prefix, ours)));
        }
        ours.truncate(HEADS);
        if !ours.is_empty() {
            turn.send(from, Frame::Acts { heads: ours });
        }
        self.want_acts(from, turn);
    }

    /// The seq from which on we lack acts of a log of which others know acts below `next`, if we do.
    fn lacks_acts(&mut self, prefix: u64, next: Seq) -> Option<Seq> {
        let acting = self.logs.acting(prefix).into_iter();
        let ours = acting.map(|author| (self.logs.next_act(&author), self.logs.takes_to(&author)));
        ours.filter(|(ours, end)| *ours < next.min(*end)).map(|(ours, _)| ours).min()
    }

    /// Wants from a peer the acts that it told of and that we lack, unless it is still answering.
    fn want_acts(&mut self, peer: PeerId, turn: &mut Turn<'_>) {
        if self.acts.asked.contains_key(&peer) || !self.view.is_active(&peer) {
            return;
        }
        let told: Vec<(u64, Seq)> = self.acts.told.get(&peer).into_iter().flatten().map(|(a, b)| (*a, *b)).collect();
        let (mut from, mut over) = (Vec::new(), Vec::new());
        for (prefix, next) in told {
            match self.lacks_acts(prefix, next) {
                Some(ours) if from.len() < HEADS => from.push((prefix, ours)),
                // Somebody of whom we have not heard yet may be one of us.
                None if !self.logs.acting(prefix).is_empty() => over.push(prefix),
                _ => {}
            }
        }
        if let Some(told) = self.acts.told.get_mut(&peer) {
            over.iter().for_each(|prefix| _ = told.remove(prefix));
        }
        if from.is_empty() {
            return;
        }
        let want = self.sync.number();
        self.acts.asked.insert(peer, Asked { want, from: from.clone(), due_ms: turn.now.ticks_ms + WANT_MS });
        self.sync.hold(peer);
        turn.send(peer, Frame::WantActs { want, from });
    }

    /// Serves a want of acts: those of the store first, and those that are held ahead of it.
    pub(super) fn serve_acts(&mut self, to: PeerId, want: u64, from: &[(u64, Seq)], turn: &mut Turn<'_>) {
        let mut acts = Vec::new();
        for (prefix, from) in from {
            if self.logs.is_closed() && acts.len() < ACTS_SERVED {
                acts.extend(self.logs.acts(*prefix, *from));
            }
        }
        acts.truncate(ACTS_SERVED);
        let ranges = acts.iter().filter(|(.., ahead)| ahead.is_none()).map(|(author, seq, _)| (*author, *seq, *seq));
        let ranges: Vec<(AuthorId, Seq, Seq)> = ranges.collect();
        let ahead: Vec<RawRun> = acts.into_iter().filter_map(|(.., ahead)| ahead).collect();
        for runs in ahead.chunks(PUSH_RUNS) {
            turn.send(to, Frame::Runs { want, runs: runs.to_vec() });
        }
        match ranges.is_empty() {
            true => turn.send(to, Frame::Done { want }),
            false => turn.out.push(Output::Serve { to, want, newest: 0, ranges, form: Form::Acts, hidden: Vec::new() }),
        }
    }

    /// Takes the acts that answer a want of acts. Returns whether they do.
    pub(super) fn take_wanted_acts(&mut self, from: PeerId, want: u64, runs: &[RawRun], turn: &mut Turn<'_>) -> bool {
        if self.acts.asked.get(&from).is_none_or(|asked| asked.want != want) {
            return false;
        }
        // By its first entry somebody waits or is a device, so that goes into its log.
        let (first, behind): (Vec<RawRun>, _) = runs.iter().cloned().partition(|run| run.first() == 0);
        if !first.is_empty() && self.take(from, &first, Origin::Repair(from), turn).is_none() {
            return true;
        }
        if self.take_acts(from, &behind, turn)
            && let Some(asked) = self.acts.asked.get_mut(&from)
        {
            asked.due_ms = turn.now.ticks_ms + WANT_MS;
        }
        true
    }

    /// Takes acts ahead of the rest of their logs. Returns whether any were new.
    pub(super) fn take_acts(&mut self, from: PeerId, runs: &[RawRun], turn: &mut Turn<'_>) -> bool {
        let mut new = false;
        for run in runs.iter().filter(|run| run.ends_with_act()) {
            match self.logs.take_act(run, Origin::Repair(from)) {
                Ok(TakenAct::New) => new = true,
                Ok(TakenAct::Hole) => self.acts.tell(from, (run.author().prefix(), run.last().saturating_add(1))),
                Ok(TakenAct::Known | TakenAct::Refused) => {}
                Err(reject) => {
                    if reject.blame() == Blame::Peer {
                        self.close(from, Some(reject), turn);
                        return new;
                    }
                }
            }
        }
        self.settle(turn);
        self.want_acts(from, turn);
        new
    }

    /// A peer answered a want of acts to its end. What it did not bring it has to tell of again.
    pub(super) fn acts_done(&mut self, from: PeerId, want: u64, turn: &mut Turn<'_>) {
        if self.acts.asked.get(&from).is_none_or(|asked| asked.want != want) {
            return;
        }
        let Some(asked) = self.acts.asked.remove(&from) else { return };
        let mut came = false;
        for (prefix, first) in asked.from {
            let told = self.acts.told.get(&from).and_then(|told| told.get(&prefix)).copied();
            match told.and_then(|next| self.lacks_acts(prefix, next)) {
                Some(ours) if ours <= first => _ = self.acts.told.get_mut(&from).map(|told| told.remove(&prefix)),
                _ => came = true,
            }
        }
        self.want_acts(from, turn);
        if self.acts.asked.contains_key(&from) || !self.view.is_active(&from) {
            return;
        }
        // The rest of the logs comes next; a round tells of those of whose authors we have not heard before.
        self.sync.go_on(&from);
        self.sync.plan(from, &mut self.logs, turn);
        if came {
            self.sync.begin(from, &self.logs, turn);
        }
    }

    /// Gives up wants of acts that nobody answered.
    pub(super) fn wake_acts(&mut self, turn: &mut Turn<'_>) {
        let now_ms = turn.now.ticks_ms;
        let overdue = self.acts.asked.iter().filter(|(_, asked)| asked.due_ms <= now_ms);
        for (peer, want) in overdue.map(|(peer, asked)| (*peer, asked.want)).collect::<Vec<_>>() {
            self.acts_done(peer, want, turn);
        }
    }

    /// Wants the acts of people of whom we heard since.
    pub(super) fn want_more_acts(&mut self, turn: &mut Turn<'_>) {
        if std::mem::take(&mut self.acts.stale) {
            let peers: Vec<PeerId> = self.acts.told.keys().copied().collect();
            peers.into_iter().for_each(|peer| self.want_acts(peer, turn));
        }
    }

    /// What precedes a list of heads: the last act of each of these logs.
    pub(super) fn acts_of(&mut self, prefixes: impl Iterator<Item = u64>) -> Option<Frame> {
        let prefixes: BTreeSet<u64> = prefixes.collect();
        let mut heads = Vec::new();
        for prefix in prefixes {
            let next = self.logs.acting(prefix).iter().map(|author| self.logs.next_act(author)).max();
            heads.extend(next.filter(|next| *next > 0).map(|next| (prefix, next)));
        }
        heads.truncate(HEADS);
        (!heads.is_empty()).then_some(Frame::Acts { heads })
    }
}

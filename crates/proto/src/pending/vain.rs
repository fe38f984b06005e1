//! Runs that wait in vain: the peer that brought them does not have the entries they wait for.
//!
//! An honest log may lack entries that nobody has any more, and a hostile one may never have had them. So a run waits
//! [`IN_VAIN_MS`] for entries that its bringer was asked for and does not have; in that time rounds would bring them
//! from others. Then the run is released *alone*: it waits only for runs that wait here too. So all nodes come to show
//! what one of them shows.

use std::{collections::BTreeMap, ops::RangeInclusive};

use super::Pending;
use crate::{
    defence,
    ids::{AuthorId, PeerId, Seq},
    limits::{ASKED_IN_VAIN, IN_VAIN_MS, ORPHAN_MS},
};

/// What peers were asked for and do not have, up to which seq: by peer and the first eight bytes of the author. A run
/// that looks at its needs one after the other learns from it which of them the peer was asked for long ago. Kept for
/// [`IN_VAIN_MS`], and never longer than twice that.
#[derive(Debug, Default)]
pub(super) struct InVain {
    young: BTreeMap<PeerId, BTreeMap<u64, Seq>>,
    old: BTreeMap<PeerId, BTreeMap<u64, Seq>>,
    turn_ms: u64,
}

impl InVain {
    fn add(&mut self, peer: PeerId, prefix: u64, last: Seq) {
        let names = self.young.entry(peer).or_default();
        if names.len() >= ASKED_IN_VAIN && !names.contains_key(&prefix) {
            names.pop_first();
        }
        let highest = names.entry(prefix).or_default();
        *highest = last.max(*highest);
    }

    pub(super) fn has(&self, peer: PeerId, (author, seq): (AuthorId, Seq)) -> bool {
        let has = |names: &BTreeMap<u64, Seq>| names.get(&author.prefix()).is_some_and(|last| seq <= *last);
        [&self.young, &self.old].iter().any(|peers| peers.get(&peer).is_some_and(has))
    }

    pub(super) fn forget(&mut self, peer: &PeerId) {
        self.young.remove(peer);
        self.old.remove(peer);
    }

    fn turn(&mut self, now_ms: u64) {
        if self.turn_ms <= now_ms {
            self.turn_ms = now_ms.saturating_add(IN_VAIN_MS);
            self.old = std::mem::take(&mut self.young);
        }
    }
}

impl Pending {
    /// A peer was asked for the entries of these authors up to `last`, from the top down, and has no more than it
    /// brought.
    pub(crate) fn wait_in_vain(&mut self, from: PeerId, authors: RangeInclusive<AuthorId>, last: Seq) {
        self.asked_in_vain.add(from, authors.start().prefix(), last);
        let wanted = self.wanted.range((*authors.start(), 0)..=(*authors.end(), Seq::MAX));
        let lacking = wanted.filter(|((author, seq), _)| *seq <= last && !self.is_coming(*author, *seq));
        let groups = lacking.flat_map(|(_, wanted)| &wanted.groups).filter_map(|name| self.groups.get(name));
        let looking: Vec<u64> = groups.filter_map(|group| group.open.last().copied()).collect();
        for number in looking {
            self.steps += 1;
            let Some(waiting) = self.runs.get(&number) else { continue };
            if waiting.origin.peer() != Some(from) || waiting.vain || waiting.early {
                continue;
            }
            self.in_vain(number);
        }
    }

    /// The bringer of a run does not have the entries it waits for. Others get time to bring them, even if the bringer
    /// went in the meantime.
    pub(super) fn in_vain(&mut self, number: u64) {
        if let Some(waiting) = self.runs.get_mut(&number) {
            waiting.vain = true;
            let expires_ms = waiting.expires_ms.max(waiting.came_ms.saturating_add(IN_VAIN_MS));
            self.age(number, expires_ms);
        }
    }

    /// Whether the peer that brought a run was lately asked for the entries the run needs, and does not have them
    /// either.
    pub(super) fn was_in_vain(&self, number: u64, (author, seq): (AuthorId, Seq)) -> bool {
        let peer = self.runs.get(&number).and_then(|waiting| waiting.origin.peer());
        !self.is_coming(author, seq) && peer.is_some_and(|peer| self.asked_in_vain.has(peer, (author, seq)))
    }

    /// Lets a run that waits in vain and is old wait only for runs that wait here too; returns whether it is such a
    /// run.
    pub(super) fn is_over(&mut self, number: u64) -> bool {
        let Some(waiting) = self.runs.get_mut(&number) else { return false };
        let over = !waiting.alone && waiting.came_ms.saturating_add(IN_VAIN_MS) <= self.now_ms;
        waiting.alone |= over;
        over
    }

    /// Drops the runs that have waited too long. A run that waited in vain goes alone, once. A run that waits for
    /// something that waits here too gets a little longer, to look at what else it needs.
    pub(crate) fn expire(&mut self, now_ms: u64) {
        self.asked_in_vain.turn(now_ms);
        self.now_ms = now_ms;
        while let Some((_, number)) = self.ages.first().filter(|(expires_ms, _)| *expires_ms <= now_ms).copied() {
            let stands = self.stands_here(number);
            match self.runs.get_mut(&number) {
                Some(waiting) if !waiting.vain && !waiting.spared && !waiting.early && stands => {
                    waiting.spared = true;
                    self.age(number, now_ms.saturating_add(ORPHAN_MS));
                }
                Some(waiting) if waiting.vain && !waiting.alone && defence::is_on("in-vain") => {
                    waiting.alone = true;
                    let group = waiting.group;
                    self.age(number, now_ms.saturating_add(IN_VAIN_MS));
                    self.leave(group);
                    self.woken.insert(group);
                }
                waiting => {
                    self.waited.extend(waiting.map(|waiting| waiting.run.author()));
                    self.evict(number);
                }
            }
        }
    }

    /// Whether the group of a run waits for something that waits here too.
    fn stands_here(&self, number: u64) -> bool {
        let group = self.runs.get(&number).and_then(|waiting| self.groups.get(&waiting.group));
        group.and_then(|group| group.waits_for).is_some_and(|(author, seq)| self.is_coming(author, seq))
    }

    /// Sets the ticks at which a run goes.
    pub(super) fn age(&mut self, number: u64, expires_ms: u64) {
        if let Some(waiting) = self.runs.get_mut(&number) {
            self.ages.remove(&(waiting.expires_ms, number));
            waiting.expires_ms = expires_ms;
            self.ages.insert((expires_ms, number));
        }
    }
}

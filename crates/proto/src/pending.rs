//! Runs that are verified but wait: for the entry before them, for an entry that their author had seen, or for their
//! time to come.
//!
//! A run is released together with every other run that it waits for: the greatest set of waiting runs whose needs are
//! met by what we hold and by each other. Two runs that name one another's entries are released at once; no run is
//! released before its cause.
//!
//! **How it is found.** A run looks at one need at a time and passes on only when that need is met. So it is looked at
//! when that need is met, and at no other time. A waiting run stands below the run that brings what it waits for, in a
//! [`Forest`]. At the top of each tree is an entry that is not here, or a run whose time has not come. If a run would
//! stand below itself, all runs on the way round wait for one another. They become one *group*, which has the needs of
//! all; those within the group are met (path-based strong components: Purdom 1970, Gabow 2000).
//!
//! **What it costs.** Let the edges of a run be its entries and the pairs in their `seen`. A run passes each of its
//! needs once, and once more each time its group falls apart, which happens [`FREED`] times before the run goes. A
//! group grows by joining the smaller to the larger. So runs with `m` edges together cost O(m log n) steps from when
//! the first came to when the last went, in whatever order they came, if `n` wait at once; [`Pending::work`] counts the
//! steps.
//!
//! The set is bounded, and no run stays for long. An evicted run is not lost: no frontier counts it, so anti-entropy
//! brings it again.

mod cover;
mod early;
mod forest;
mod forks;
mod share;
mod vain;

use std::collections::{BTreeMap, BTreeSet};

use cover::Cover;
use forest::{Forest, Node};
use share::Shares;
use vain::InVain;

use crate::{
    admit::Run,
    defence,
    ids::{AuthorId, PeerId, Seq},
    limits::{EARLY_MS, FREED, ORPHAN_MS, PENDING_MS, PENDING_PAIR_BYTES, PENDING_RUN_BYTES},
    logs::{Held, Origin},
    run::RawRun,
};

/// A run that waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) run: Run,
    pub(crate) raw: RawRun,
    pub(crate) origin: Origin,
    /// The need that is looked at: `None` is the entry below the run, then come entry and pair.
    at: Option<(usize, usize)>,
    /// Whether its time is still to come.
    early: bool,
    until_ms: u64,
    /// Ticks at which the run came, or at which its time came.
    came_ms: u64,
    /// Ticks at which it goes.
    expires_ms: u64,
    group: u64,
    node: Node,
    /// How many times its group fell apart.
    freed: u8,
    /// Whether the peer that brought it was asked for what it waits for and does not have it.
    vain: bool,
    /// Whether it waits only for runs that wait here too.
    pub(crate) alone: bool,
    /// Whether it may stay a little past its time, for runs that wait here too.
    spared: bool,
}

/// Runs that wait for each other, or a single one.
#[derive(Debug)]
struct Group {
    /// The run whose node stands above those of the others.
    top: u64,
    members: Vec<u64>,
    /// Members that have needs left; the last of them is looked at.
    open: Vec<u64>,
    waits_for: Option<(AuthorId, Seq)>,
}

/// An entry that groups wait for. Its node stands below the run that brings it.
#[derive(Debug)]
struct Wanted {
    node: Node,
    groups: BTreeSet<u64>,
}

/// All runs that wait.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// The runs by number, in the order in which they came.
    runs: BTreeMap<u64, Waiting>,
    groups: BTreeMap<u64, Group>,
    wanted: BTreeMap<(AuthorId, Seq), Wanted>,
    /// Groups to look at.
    woken: BTreeSet<u64>,
    forest: Forest,
    cover: Cover,
    shares: Shares,
    /// Runs by the wall-clock milliseconds before which they may not be shown.
    early: BTreeSet<(u64, u64)>,
    /// Runs by the ticks at which they go.
    ages: BTreeSet<(u64, u64)>,
    /// Authors of runs that waited too long.
    waited: BTreeSet<AuthorId>,
    asked_in_vain: InVain,
    /// Ticks at the last look for runs that are too old.
    now_ms: u64,
    arrivals: u64,
    steps: u64,
}

/// A run that is to wait, and what comes with it.
pub(crate) struct Arrived {
    pub(crate) run: Run,
    pub(crate) raw: RawRun,
    pub(crate) origin: Origin,
    /// Wall-clock milliseconds before which it may not be shown; 0 when it may.
    pub(crate) until_ms: u64,
}

impl Waiting {
    fn span(&self) -> (AuthorId, (Seq, Seq)) {
        (self.run.author(), (self.run.first().seq, self.run.last().seq))
    }

    /// Its first need at `at` or behind it, and where that is.
    fn need(&self, at: Option<(usize, usize)>) -> Option<((usize, usize), (AuthorId, Seq))> {
        let first = self.run.first();
        if at.is_none()
            && let Some(before) = first.seq.checked_sub(1)
        {
            return Some(((0, 0), (first.author, before)));
        }
        let (mut entry, mut pair) = at.unwrap_or_default();
        while let Some(seen) = self.run.entries().get(entry).map(|entry| &entry.seen) {
            match seen.get(pair) {
                Some((author, _)) if *author == first.author => pair += 1,
                Some(need) => return Some(((entry, pair + 1), *need)),
                None => (entry, pair) = (entry + 1, 0),
            }
        }
        None
    }

    fn share(&self) -> (Option<PeerId>, usize) {
        let peer = match self.origin {
            Origin::Rumor(source) => Some(source.peer),
            Origin::Repair(peer) | Origin::History(peer) => Some(peer),
            Origin::Here | Origin::Import => None,
        };
        let pairs: usize = self.run.entries().iter().map(|entry| entry.seen.len()).sum();
        (peer, PENDING_RUN_BYTES.max(2 * self.raw.wire().len() + pairs * PENDING_PAIR_BYTES))
    }
}

impl Pending {
    pub(crate) fn len(&self) -> usize {
        self.runs.len()
    }

    /// Steps taken so far.
    pub(crate) fn work(&self) -> u64 {
        self.steps + self.forest.steps()
    }

    /// Whether the entry at `seq` of `author` waits.
    pub(crate) fn holds(&self, author: AuthorId, seq: Seq) -> bool {
        self.cover.of(author, seq).is_some()
    }

    /// Whether everything that a run would bring waits already. What we hold ends before `floor`.
    pub(crate) fn knows(&self, raw: &RawRun, floor: Seq) -> bool {
        self.cover.knows(raw.author(), (raw.first().max(floor), raw.last()), floor)
    }

    /// The first seq from `next` on that does not wait.
    pub(crate) fn next_after(&self, author: AuthorId, next: Seq) -> Seq {
        self.cover.next_after(author, next)
    }

    /// How many entries from `next` on, where what we hold ends, are not here although a waiting run follows them: its
    /// chain of hashes proves that they exist.
    pub(crate) fn missing(&self, author: AuthorId, next: Seq) -> u64 {
        self.cover.missing(author, next)
    }

    /// Authors whose waiting runs have changed, and authors of whom something waited in vain and went.
    pub(crate) fn changed(&mut self) -> (BTreeSet<AuthorId>, BTreeSet<AuthorId>) {
        (self.cover.changed(), std::mem::take(&mut self.waited))
    }

    /// Adds a run. Other runs go if a bound is reached.
    pub(crate) fn add(&mut self, arrived: Arrived, now_ms: u64) {
        let Arrived { run, raw, origin, until_ms } = arrived;
        let (author, span) = (run.author(), (run.first().seq, run.last().seq));
        self.arrivals += 1;
        let number = self.arrivals;
        // Runs that needed a longer run for an entry that this one brings now need only this one.
        let longer: Vec<_> = self.cover.reaching(author, span.1).collect();
        longer.into_iter().for_each(|longer| self.part(longer));
        self.cover.ending(author, span.1).into_iter().for_each(|old| self.evict(old));
        // Our own words wait for nothing. They may follow an entry that we lost here, and name its hash.
        let at = (origin == Origin::Here).then_some((run.entries().len(), 0));
        let (early, node) = (until_ms > 0, self.forest.add());
        let expires_ms = now_ms.saturating_add(if early { EARLY_MS } else { PENDING_MS });
        self.steps += run.entries().len() as u64;
        let (group, freed, vain, alone, spared) = (number, 0, false, false, false);
        let waiting = Waiting {
            run,
            raw,
            origin,
            at,
            early,
            until_ms,
            came_ms: now_ms,
            expires_ms,
            group,
            node,
            freed,
            vain,
            alone,
            spared,
        };
        self.shares.add(number, author, waiting.share());
        self.ages.insert((expires_ms, number));
        if early {
            self.early.insert((until_ms, number));
        }
        self.runs.insert(number, waiting);
        self.cover.insert(author, span, (number, !early));
        self.alone(number);
        for need in self.wanted_in(author, span) {
            if early { self.meet(need) } else { self.stand(need) }
        }
        while let Some(surplus) = self.shares.surplus(&author) {
            self.evict(surplus);
        }
    }

    /// Makes a run a group of its own, to be looked at.
    fn alone(&mut self, number: u64) {
        if let Some(waiting) = self.runs.get_mut(&number) {
            waiting.group = number;
            let group = Group { top: number, members: vec![number], open: vec![number], waits_for: None };
            self.groups.insert(number, group);
            self.woken.insert(number);
        }
    }

    /// A peer went. The runs that it brought also go soon, unless others complete them.
    pub(crate) fn down(&mut self, peer: PeerId, now_ms: u64) {
        self.asked_in_vain.forget(&peer);
        if !defence::is_on("pending-orphans") {
            return;
        }
        for number in self.shares.of_peer(peer) {
            let Some(waiting) = self.runs.get_mut(&number) else { continue };
            waiting.vain = false;
            let orphaned_ms = now_ms.saturating_add(ORPHAN_MS);
            if !waiting.early && orphaned_ms < waiting.expires_ms {
                self.age(number, orphaned_ms);
            }
        }
    }

    /// Entries of `author` up to `head` are held, or no run has to wait for them.
    pub(crate) fn held(&mut self, author: AuthorId, head: Seq) {
        self.cover.held(author, head);
        self.cover.ended(author, head).into_iter().for_each(|useless| self.evict(useless));
        self.wanted_in(author, (0, head)).into_iter().for_each(|need| self.meet(need));
    }

    /// Forgets what waits of `author` from `at` on. No run waits for that any more either.
    pub(crate) fn cut(&mut self, author: AuthorId, at: Seq) {
        self.forget(author, at);
        self.wanted_in(author, (at, Seq::MAX)).into_iter().for_each(|need| self.meet(need));
    }

    /// Forgets the runs of `author` that wait and end at `at` or above.
    pub(crate) fn forget(&mut self, author: AuthorId, at: Seq) {
        for number in self.shares.of_author(&author) {
            if self.runs.get(&number).is_some_and(|waiting| waiting.run.last().seq >= at) {
                self.evict(number);
            }
        }
    }

    /// The entries that `author`'s run that ends at `last` waits for and that do not wait here themselves: of each
    /// author the highest.
    pub(crate) fn lacks(&self, author: AuthorId, last: Seq, held: &Held<'_>) -> Vec<(AuthorId, Seq)> {
        let waiting = self.cover.ending(author, last).and_then(|number| self.runs.get(&number));
        let Some(waiting) = waiting.filter(|waiting| waiting.origin != Origin::Here) else { return Vec::new() };
        let mut lacks = BTreeMap::new();
        let mut at = None;
        while let Some((next, (author, seq))) = waiting.need(at) {
            at = Some(next);
            let comes = |bringer: &Waiting| !bringer.early || bringer.is_no_cause(seq, waiting.time_of(next));
            if !held.met(author, seq) && !self.bringer(author, seq).is_some_and(comes) {
                let highest = lacks.entry(author).or_insert(seq);
                *highest = seq.max(*highest);
            }
        }
        lacks.into_iter().collect()
    }

    /// Takes out the runs of one group that need not wait any longer, ordered by author and seq. The caller puts them
    /// where they belong and tells [`Pending::held`] before it asks for the next.
    pub(crate) fn next(&mut self, held: &Held<'_>) -> Option<Vec<Waiting>> {
        if !defence::is_on("pending-worklist") {
            self.wake_all();
        }
        while let Some(group) = self.woken.pop_first() {
            if let Some(members) = self.look(group, held) {
                let nodes: Vec<_> = members.iter().filter_map(|number| self.node(*number)).collect();
                nodes.into_iter().for_each(|node| self.forest.cut(node));
                let mut released: Vec<_> = members.into_iter().filter_map(|number| self.take_out(number)).collect();
                released.sort_by_key(Waiting::span);
                return Some(released);
            }
        }
        None
    }

    /// Looks at every waiting run whatever came, which the work list spares us.
    fn wake_all(&mut self) {
        let all: Vec<_> = self.groups.keys().copied().collect();
        for name in all {
            self.leave(name);
            self.woken.insert(name);
        }
    }

    /// Passes the needs of a group that are met. When all are met, dissolves the group and returns its members.
    fn look(&mut self, mut name: u64, held: &Held<'_>) -> Option<Vec<u64>> {
        loop {
            self.steps += 1;
            let group = self.groups.get_mut(&name)?;
            let Some(number) = group.open.last().copied() else {
                return self.groups.remove(&name).map(|group| group.members);
            };
            let waiting = self.runs.get_mut(&number)?;
            if waiting.early {
                return None;
            }
            let Some((next, (author, seq))) = waiting.need(waiting.at) else {
                group.open.pop();
                continue;
            };
            let by = self.cover.of(author, seq);
            let (alone, follows, stamped) = (waiting.alone, waiting.run.author() == author, waiting.time_of(next));
            let bringer = by.and_then(|by| self.runs.get(&by));
            let within = bringer.is_some_and(|by| by.group == name);
            let alone = alone && bringer.is_none_or(|by| by.early && !follows);
            let excused = !follows && bringer.is_some_and(|by| by.is_no_cause(seq, stamped));
            if within || alone || excused || held.met(author, seq) {
                self.runs.get_mut(&number)?.at = Some(next);
            } else {
                if self.was_in_vain(number, (author, seq)) {
                    self.in_vain(number);
                    if self.is_over(number) {
                        continue;
                    }
                }
                name = self.wait(name, (author, seq), by)?;
            }
        }
    }

    /// Lets a group wait for an entry. If the run that brings the entry waits for the group, the two become one, which
    /// is returned.
    fn wait(&mut self, name: u64, need: (AuthorId, Seq), by: Option<u64>) -> Option<u64> {
        let top = self.node(self.groups.get(&name)?.top)?;
        let node = match self.wanted.get(&need) {
            Some(wanted) => wanted.node,
            None => self.want(need),
        };
        if by.is_some() && self.forest.root(node) == top {
            let joined = self.join(name, by?);
            self.drop_unwanted(need);
            return joined;
        }
        self.forest.link(top, node);
        self.wanted.get_mut(&need)?.groups.insert(name);
        self.groups.get_mut(&name)?.waits_for = Some(need);
        None
    }

    fn want(&mut self, need: (AuthorId, Seq)) -> Node {
        let node = self.forest.add();
        self.wanted.insert(need, Wanted { node, groups: BTreeSet::new() });
        let by = self.cover.of(need.0, need.1).and_then(|by| self.node(by));
        if let Some(by) = by {
            self.forest.link(node, by);
        }
        node
    }

    /// Joins a group with all that stand between it and the run `by`, which stands below it.
    fn join(&mut self, mut name: u64, mut by: u64) -> Option<u64> {
        let top = self.groups.get(&name)?.top;
        let top_node = self.node(top)?;
        loop {
            self.steps += 1;
            let other = self.runs.get(&by)?.group;
            if other == name {
                return Some(name);
            }
            let (need, other_top) = (self.groups.get(&other)?.waits_for?, self.groups.get(&other)?.top);
            self.leave(other);
            let other_node = self.node(other_top)?;
            self.forest.link(other_node, top_node);
            by = self.cover.of(need.0, need.1)?;
            name = self.merge(name, other)?;
            self.groups.get_mut(&name)?.top = top;
        }
    }

    /// Makes two groups one, under the name of the larger.
    fn merge(&mut self, one: u64, other: u64) -> Option<u64> {
        let len = |name| self.groups.get(&name).map(|group: &Group| group.members.len());
        let (large, small) = if len(one)? < len(other)? { (other, one) } else { (one, other) };
        let mut small = self.groups.remove(&small)?;
        for member in &small.members {
            self.steps += 1;
            self.runs.get_mut(member)?.group = large;
        }
        let group = self.groups.get_mut(&large)?;
        group.members.append(&mut small.members);
        group.open.append(&mut small.open);
        Some(large)
    }

    /// A group waits for nothing just now.
    fn leave(&mut self, name: u64) {
        let Some(group) = self.groups.get_mut(&name) else { return };
        let (top, Some(need)) = (group.top, group.waits_for.take()) else { return };
        if let Some(node) = self.node(top) {
            self.forest.cut(node);
        }
        if let Some(wanted) = self.wanted.get_mut(&need) {
            wanted.groups.remove(&name);
        }
        self.drop_unwanted(need);
    }

    fn drop_unwanted(&mut self, need: (AuthorId, Seq)) {
        if self.wanted.get(&need).is_some_and(|wanted| wanted.groups.is_empty()) {
            let node = self.wanted.remove(&need).map(|wanted| wanted.node);
            node.into_iter().for_each(|node| {
                self.forest.cut(node);
                self.forest.remove(node);
            });
        }
    }

    /// The entry has come: looks at the groups that waited for it.
    fn meet(&mut self, need: (AuthorId, Seq)) {
        let groups = self.wanted.get(&need).map(|wanted| wanted.groups.clone()).unwrap_or_default();
        for name in groups {
            self.steps += 1;
            self.leave(name);
            self.woken.insert(name);
        }
    }

    /// Puts an entry that is waited for below the run that brings it now.
    fn stand(&mut self, need: (AuthorId, Seq)) {
        self.steps += 1;
        let Some(wanted) = self.wanted.get(&need) else { return };
        let (node, by) = (wanted.node, self.cover.of(need.0, need.1));
        self.forest.cut(node);
        let Some((by, above)) = by.and_then(|by| Some((by, self.node(by)?))) else { return };
        if self.forest.root(above) == node {
            // The run that brings the entry waits for it: the last on the way round looks again, and finds the circle.
            let mut name = self.runs.get(&by).map(|by| by.group);
            while let Some(group) = name.and_then(|name| self.groups.get(&name))
                && let Some(waits_for) = group.waits_for.filter(|waits_for| *waits_for != need)
            {
                self.steps += 1;
                let by = self.cover.of(waits_for.0, waits_for.1);
                name = by.and_then(|by| self.runs.get(&by)).map(|by| by.group);
            }
            if let Some(name) = name {
                self.woken.insert(name);
                self.leave(name);
            }
        }
        if self.wanted.contains_key(&need) {
            self.forest.link(node, above);
        }
    }

    fn node(&self, number: u64) -> Option<Node> {
        self.runs.get(&number).map(|waiting| waiting.node)
    }

    fn wanted_in(&self, author: AuthorId, (first, last): (Seq, Seq)) -> Vec<(AuthorId, Seq)> {
        self.wanted.range((author, first)..=(author, last)).map(|(need, _)| *need).collect()
    }

    /// Parts the group of a run, if there are others in it: what they need of each other is looked at again. Runs to
    /// which this happens again and again go.
    fn part(&mut self, number: u64) {
        let Some(name) = self.runs.get(&number).map(|waiting| waiting.group) else { return };
        if self.groups.get(&name).is_none_or(|group| group.members.len() < 2) {
            return;
        }
        self.leave(name);
        self.woken.remove(&name);
        let members = self.groups.remove(&name).map(|group| group.members).unwrap_or_default();
        let mut tired = Vec::new();
        for member in members {
            self.steps += 1;
            let Some(waiting) = self.runs.get_mut(&member) else { continue };
            self.forest.cut(waiting.node);
            waiting.freed += 1;
            if waiting.origin != Origin::Here {
                waiting.at = None;
            }
            if waiting.freed > FREED && defence::is_on("pending-freed") {
                tired.push(member);
            }
            self.alone(member);
        }
        tired.into_iter().filter(|member| *member != number).for_each(|member| self.evict(member));
    }

    /// Forgets a run.
    fn evict(&mut self, number: u64) {
        self.part(number);
        self.leave(number);
        self.groups.remove(&number);
        self.woken.remove(&number);
        self.take_out(number);
    }

    /// Takes out a run that is no longer in any group. Groups that waited for its entries wait for another run, if one
    /// brings them.
    fn take_out(&mut self, number: u64) -> Option<Waiting> {
        let waiting = self.runs.remove(&number)?;
        let (author, span) = waiting.span();
        self.steps += waiting.run.entries().len() as u64;
        self.shares.remove(number, author, waiting.share());
        self.ages.remove(&(waiting.expires_ms, number));
        self.early.remove(&(waiting.until_ms, number));
        self.cover.remove(author, span);
        for need in self.wanted_in(author, span) {
            self.stand(need);
        }
        self.forest.cut(waiting.node);
        self.forest.remove(waiting.node);
        Some(waiting)
    }
}

#[cfg(test)]
mod tests;

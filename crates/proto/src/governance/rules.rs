//! The rules of a room: whether members make tickets, slow mode, and whether the words of newcomers are held until somebody lets
//! them through. Every node applies them alike, and none reads a clock.
//!
//! An act that sets rules is a *ruling*. It lists how many entries of each log its author held: what lies beyond is ruled,
//! whatever time it claims, and what lies below is not. So nobody evades a ruling by a clock that was set back; who was
//! away when it was made, and spoke meanwhile, is ruled too. The last ruling by (time, author, seq) that rules an entry applies
//! to it, so a later one changes nothing of what was shown.
//!
//! Slow mode goes by the times that the entries of one log claim, which only grow there, and no claimed time lies before that of the
//! ruling. So by false times one gains only places of the past that one left empty, and never more messages in all.
//!
//! Rules bind nobody within what a role of theirs covers: nothing of lower rank hides words of governors.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    deed::{Deed, Role, Signed},
    entries::Entries,
    fold::{Fold, Steps},
    governors::Governors,
    members::Members,
    ranks::Extent,
};
use crate::{
    ids::{AuthorId, Seq},
    input::Look,
    limits::{ACTS_WITHOUT_GRANT, LOOK, RULED_LOGS, RULINGS},
    time::Time,
};

/// The rules of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Whether members make tickets, and not only governors.
    pub tickets: bool,
    /// The least time between two messages of one member, in seconds; 0 for none.
    pub slow_s: u64,
    /// Whether what newcomers say is held until somebody lets them through.
    pub hold: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self { tickets: true, slow_s: 0, hold: false }
    }
}

/// An act that sets rules.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ruling {
    at: (Time, AuthorId, Seq),
    rules: Rules,
    /// How many entries of each log it does not rule.
    counts: BTreeMap<AuthorId, Seq>,
}

impl Ruling {
    fn rules(&self, author: &AuthorId, seq: Seq, time: Time) -> bool {
        match self.counts.get(author) {
            Some(count) => seq >= *count,
            // A full list may lack somebody, who goes by its clock.
            None if self.counts.len() >= RULED_LOGS => time > self.at.0,
            None => true,
        }
    }
}

/// The rulings that count, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rulings {
    all: Vec<Ruling>,
}

impl Rulings {
    pub(crate) fn of(entries: &Entries, governors: &Governors) -> Self {
        let acts = governors.grants.iter().flat_map(|grant| &grant.acts).map(|act| entries.act(*act));
        let rulings = acts.filter_map(|act| {
            let Some(Deed::Rules { rules, counts }) = &act.deed else { return None };
            let counts = counts.iter().copied().collect();
            Some(Ruling { at: (act.time, act.author, act.seq), rules: *rules, counts })
        });
        let mut all: Vec<Ruling> = rulings.collect();
        all.sort_by_key(|ruling| ruling.at);
        all.drain(..all.len().saturating_sub(RULINGS));
        Self { all }
    }

    /// The rules now.
    pub(crate) fn last(&self) -> Rules {
        self.all.last().map_or(Rules::default(), |ruling| ruling.rules)
    }

    /// The ruling that applies to an entry.
    fn at(&self, author: &AuthorId, seq: Seq, time: Time) -> Option<&Ruling> {
        self.all.iter().rev().find(|ruling| ruling.rules(author, seq, time))
    }

    /// Whether a member may not announce a ticket by this entry.
    pub(crate) fn forbid_ticket(&self, act: &Signed) -> bool {
        self.at(&act.author, act.seq, act.time).is_some_and(|ruling| !ruling.rules.tickets)
    }

    /// The first of the last rulings in a row that hold the words of newcomers.
    fn holding(&self) -> Option<&Ruling> {
        self.all.iter().rev().take_while(|ruling| ruling.rules.hold).last()
    }

    fn slows(&self) -> bool {
        self.all.iter().any(|ruling| ruling.rules.slow_s > 0)
    }
}

/// Whose words are held: newcomers by ticket that joined under a ruling which holds, and whom no governor, and no member that is
/// not held itself, let through. To be admitted by name is not enough: whoever ends a ticket admits all who came by it.
pub(crate) fn held(
    entries: &Entries,
    (governors, members): (&Governors, &Members),
    (rulings, extent): (&Rulings, impl Fn(&AuthorId) -> Extent),
) -> BTreeSet<AuthorId> {
    let Some(holding) = rulings.holding() else { return BTreeSet::new() };
    let (mut through, mut let_through) = (Vec::new(), BTreeMap::<AuthorId, Vec<AuthorId>>::new());
    let joined = |key: &&AuthorId| {
        let first = entries.tree(key).and_then(|tree| tree.first_acts().next()).map(|act| entries.act(act));
        let joins = |act: &Signed| matches!(act.deed, Some(Deed::Join { .. })) && holding.rules(key, 0, act.time);
        !governors.of_key.contains_key(*key) && first.is_some_and(joins)
    };
    let mut held: BTreeSet<AuthorId> = members.all.iter().filter(joined).copied().collect();
    if held.is_empty() {
        return held;
    }
    for key in &members.all {
        let Some(tree) = entries.tree(key) else { continue };
        let branch = extent(key).of(tree);
        let most = if governors.of_key.contains_key(key) { usize::MAX } else { ACTS_WITHOUT_GRANT };
        for act in tree.acts(&branch, 0).take(most).map(|act| entries.act(act)) {
            let Some(Deed::LetThrough(who)) = &act.deed else { continue };
            match held.contains(key) {
                true => let_through.entry(*key).or_default().push(*who),
                false => through.push(*who),
            }
        }
    }
    while let Some(who) = through.pop() {
        if held.remove(&who) {
            through.extend(let_through.remove(&who).into_iter().flatten());
        }
    }
    held
}

/// How far slow mode was applied to a log.
#[derive(Clone, Debug, Default)]
struct Paced {
    /// What of the log was looked at: as far as it counts, and without what roles cover.
    of: (Extent, Vec<(Seq, Seq)>),
    next: Seq,
    /// When the last message that is shown was said, in milliseconds.
    last_ms: Option<u64>,
    /// Whether the last message was too early.
    early: bool,
    /// The messages that were too early: first and last of each row.
    beyond: Vec<(Seq, Seq)>,
}

/// The messages that slow mode keeps out. It is kept, for a new message changes nothing of it but what follows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pace {
    rulings: Rulings,
    of: BTreeMap<AuthorId, Paced>,
    grew: BTreeSet<AuthorId>,
    /// How often it changed.
    changes: u64,
    /// The logs that it cannot look at further, for words were let go of: from which seq on.
    lacks: BTreeMap<AuthorId, Seq>,
}

impl Pace {
    /// A log has one more entry.
    pub(crate) fn grew(&mut self, author: AuthorId) {
        self.grew.insert(author);
    }

    /// A log has other entries.
    pub(crate) fn forget(&mut self, author: &AuthorId) {
        self.of.remove(author);
        self.lacks.remove(author);
        self.grew.insert(*author);
    }

    /// The words that it has to look at.
    pub(crate) fn looks(&self) -> impl Iterator<Item = Look> {
        self.lacks.iter().map(|(author, first)| Look { author: *author, first: *first, last: first + LOOK - 1 })
    }

    /// The host has told words of a range, the first of which is this one, or holds none. What it cannot tell is passed over, so
    /// that nothing is asked twice.
    pub(crate) fn answered(&mut self, look: &Look, first: Option<Seq>) {
        if self.lacks.get(&look.author) != Some(&look.first) {
            return;
        }
        self.lacks.remove(&look.author);
        if let Some((paced, first)) = self.of.get_mut(&look.author).zip(first) {
            paced.next = paced.next.max(first);
        }
    }

    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// Looks at what came. `folded` says whether anything else than logs may have changed.
    pub(crate) fn refresh(&mut self, entries: &Entries, steps: &Steps, folded: bool) {
        if folded && self.rulings != steps.rulings {
            self.rulings = steps.rulings.clone();
            self.of.clear();
            self.changes += 1;
        }
        let grew = std::mem::take(&mut self.grew);
        if !self.rulings.slows() {
            self.lacks.clear();
            return;
        }
        if !folded && grew.is_empty() {
            return;
        }
        let all = &steps.members.all;
        if folded {
            self.of.retain(|key, _| all.contains(key));
            self.lacks.retain(|key, _| all.contains(key));
        }
        let authors: Vec<AuthorId> =
            if folded { all.iter().copied().collect() } else { grew.intersection(all).copied().collect() };
        authors.iter().for_each(|author| self.look(entries, steps, author));
    }

    fn look(&mut self, entries: &Entries, steps: &Steps, author: &AuthorId) {
        let Some(tree) = entries.tree(author) else { return };
        let Some(free) = covered(&steps.governors, author) else {
            self.changes += u64::from(self.of.remove(author).is_some_and(|paced| !paced.beyond.is_empty()));
            self.lacks.remove(author);
            return;
        };
        let extent = steps.members.extent(&steps.removals, author);
        let paced = self.of.entry(*author).or_default();
        if paced.of != (extent, free.clone()) {
            self.changes += u64::from(!paced.beyond.is_empty());
            *paced = Paced { of: (extent, free), ..Paced::default() };
        }
        let branch = extent.of(tree);
        let mut next = branch.len();
        self.lacks.remove(author);
        for (seq, word) in tree.words(&branch, paced.next) {
            let Some((time, is_message)) = word else {
                self.lacks.insert(*author, seq);
                next = seq;
                break;
            };
            if !is_message {
                continue;
            }
            let is_free = paced.of.1.iter().any(|(from, end)| (*from..*end).contains(&seq));
            let ruling = self.rulings.at(author, seq, time).filter(|ruling| !is_free && ruling.rules.slow_s > 0);
            let at_ms = ruling.map_or(time.ms(), |ruling| time.ms().max(ruling.at.0.ms()));
            let slow_ms = ruling.map_or(0, |ruling| ruling.rules.slow_s.saturating_mul(1_000));
            let early = paced.last_ms.is_some_and(|last_ms| at_ms < last_ms.saturating_add(slow_ms));
            match (early, paced.beyond.last_mut().filter(|_| paced.early)) {
                (true, Some((_, last))) => *last = seq,
                (true, None) => paced.beyond.push((seq, seq)),
                (false, _) => paced.last_ms = Some(at_ms),
            }
            self.changes += u64::from(early);
            paced.early = early;
        }
        paced.next = next;
    }
}

/// What roles of a key cover of its log; `None` if it has one.
fn covered(governors: &Governors, key: &AuthorId) -> Option<Vec<(Seq, Seq)>> {
    let grants = governors.grants_of(key).filter(|grant| grant.role != Role::Keeper);
    grants
        .map(|grant| {
            let end = grant.cut.into_iter().chain(grant.down).min()?;
            Some((grant.from, end))
        })
        .collect()
}

impl Fold<'_> {
    /// The rules of the room.
    pub fn rules(&self) -> Rules {
        self.steps.rulings.last()
    }

    /// The newcomers whose words are held.
    pub fn held(&self) -> &BTreeSet<AuthorId> {
        &self.steps.held
    }

    /// The messages that were said too early in slow mode: of each author the first and the last of each row.
    pub fn slowed(&self) -> BTreeMap<AuthorId, Vec<(Seq, Seq)>> {
        let slowed = self.pace.of.iter().filter(|(_, paced)| !paced.beyond.is_empty());
        slowed.map(|(key, paced)| (*key, paced.beyond.clone())).collect()
    }

    /// How often the messages that slow mode keeps out changed since the start.
    pub(crate) fn slow_changes(&self) -> u64 {
        self.pace.changes()
    }

    /// Milliseconds for which a member has to wait before its next message is shown, at a time in milliseconds since the Unix
    /// epoch.
    pub fn slow_left_ms(&self, me: &AuthorId, now_ms: u64) -> u64 {
        let slow_ms = self.rules().slow_s.saturating_mul(1_000);
        let last_ms = self.pace.of.get(me).and_then(|paced| paced.last_ms);
        last_ms.map_or(0, |last_ms| last_ms.saturating_add(slow_ms).saturating_sub(now_ms))
    }

    /// How many entries of each log are held, the logs that grew last: what a ruling does not rule.
    pub(super) fn unruled(&self) -> Vec<(AuthorId, Seq)> {
        let logs = self.members().iter().filter_map(|key| {
            let last = self.last(key)?;
            let head = self.head_at(key, last.seq)?;
            Some((head.time, *key, last.seq + 1))
        });
        let mut logs: Vec<(Time, AuthorId, Seq)> = logs.collect();
        logs.sort_unstable_by(|one, other| other.cmp(one));
        let mut counts: Vec<(AuthorId, Seq)> =
            logs.into_iter().take(RULED_LOGS).map(|(_, key, count)| (key, count)).collect();
        counts.sort_unstable();
        counts
    }
}

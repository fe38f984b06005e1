//! What the engine of a closed room asks of the fold: how far each log counts there, who waits, and what an own act has
//! to say.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    act::{Ended, Terms},
    deed::{Deed, End, Last, Role, Signed, TicketId},
    fold::Fold,
    ranks::Grant,
};
use crate::{
    admit::Run,
    ids::{AuthorId, EntryId, Seq},
    input::Look,
    limits::{ACT_ENDINGS, JOINS, TICKET_HEADS},
    log::Head,
};

/// How much of a log this node takes and passes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    /// The seq after the last entry.
    pub(crate) end: Seq,
    /// The seq from which on nothing is taken. Above the end there may be acts that count, and move it once they are held.
    pub(crate) takes: Seq,
    /// Whether its author is a member: then these entries count, and are shown.
    pub(crate) member: bool,
    /// Where a fork ends the log, whatever else ends it.
    pub(crate) fork: Option<Seq>,
    /// The seq up to which an ending or a voucher chose the branch: forks at or below it end nothing.
    pub(crate) tip: Option<Seq>,
}

/// An entry that an ending or a voucher names, and that is not on the branch that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// The entry.
    pub(crate) last: Last,
    /// The highest held entry that acts named which choose before this one: the branch has to lead through it.
    pub(crate) through: Option<Seq>,
}

impl Fold<'_> {
    /// How much of each log is taken and passed on: of members what lies within their cut, of those who wait or are
    /// expected the first entry.
    pub(crate) fn reaches(&self) -> BTreeMap<AuthorId, Reach> {
        let members = &self.steps.members;
        let first = |key: &AuthorId| {
            let fork = self.fork_above(key, None);
            let end = fork.map_or(1, |fork| fork.min(1));
            (*key, Reach { end, takes: end, member: false, fork, tip: None })
        };
        let mut all: BTreeMap<AuthorId, Reach> = self.joining().iter().chain(&members.expected).map(first).collect();
        all.extend(members.all.iter().filter_map(|key| Some((*key, self.reach_of_member(key)?))));
        all
    }

    /// How far the log of a member reaches; `None` if a governor lets nothing of it count. That a log forks at its first
    /// entry is passed on, or others would take one of its branches.
    fn reach_of_member(&self, key: &AuthorId) -> Option<Reach> {
        let extent = self.steps.members.extent(&self.steps.removals, key);
        let tip = extent.tip.map(|tip| tip.seq);
        let fork = match self.steps.governors.owner.tip {
            // Its fork ends the owner's log at an entry for which somebody vouches.
            Some(tip) if *key == self.entries.owner() => Some(tip.seq + 1),
            _ => self.fork_above(key, tip),
        };
        let end = extent.cut.into_iter().chain(fork).min().unwrap_or(Seq::MAX);
        let grants = self.steps.governors.grants_of(key).map(|grant| grant.cut.unwrap_or(Seq::MAX));
        let takes = grants.chain([end]).max().unwrap_or(end).min(fork.unwrap_or(Seq::MAX));
        (extent.cut != Some(0) || takes > 0).then_some(Reach { end, takes, member: true, fork, tip })
    }

    fn fork_above(&self, key: &AuthorId, tip: Option<Seq>) -> Option<Seq> {
        self.entries.tree(key)?.proved_above(tip)
    }

    /// The authors whose logs endings or vouchers name entries of.
    pub(crate) fn named(&self) -> impl Iterator<Item = &AuthorId> {
        self.steps.removals.named.keys()
    }

    /// The entries of a log that endings and vouchers name, and that do not come with the branch that is held: it has
    /// another entry there, or ends at a fork below. The first to choose comes first.
    /// None as long as the host has to tell what is held there.
    pub(crate) fn elsewhere(&self, author: &AuthorId) -> Vec<Named> {
        let Some(named) = self.steps.removals.named.get(author) else { return Vec::new() };
        let tree = self.entries.tree(author);
        if tree.is_some_and(|tree| named.iter().any(|last| tree.lacks(last.seq))) {
            return Vec::new();
        }
        let fork =
            self.fork_above(author, self.steps.members.extent(&self.steps.removals, author).tip.map(|tip| tip.seq));
        let (mut through, mut elsewhere) = (None, Vec::new());
        for last in named {
            let held = tree.and_then(|tree| tree.head_at(last.seq));
            if held.is_some_and(|held| held.id == last.id) {
                through = through.max(Some(last.seq));
            } else if held.is_some() || fork.is_some_and(|fork| fork <= last.seq) {
                elsewhere.push(Named { last: *last, through });
            }
        }
        elsewhere
    }

    /// The end of what is held of a log, whether it counts or not.
    pub(crate) fn held_end(&self, key: AuthorId) -> Option<Ended> {
        let tree = self.entries.tree(&key)?;
        let branch = tree.whole();
        let spot = branch.last()?;
        let last = Some(Last { seq: spot.seq, id: tree.id(spot)? });
        let act = tree.last_act(&branch).map(|act| self.entries.act(act)).map(|act| Last { seq: act.seq, id: act.id });
        Some(Ended { end: End { key, last }, act })
    }

    /// The governors, and how many entries of each log are held.
    pub(crate) fn governors(&self) -> impl Iterator<Item = (AuthorId, Seq)> {
        let keys = self.steps.governors.of_key.keys();
        keys.map(|key| (*key, self.entries.tree(key).map_or(0, |tree| tree.whole().len())))
    }

    /// The forked logs of governors of which nobody above has chosen a branch, and for which `me` may vouch; where each is
    /// forked, and how much of it is held.
    pub(crate) fn undecided(&self, me: &AuthorId) -> Vec<(AuthorId, Seq, Seq)> {
        if self.appoints(me).is_err() {
            return Vec::new();
        }
        let undecided = self.governors().filter_map(|(key, held)| {
            let fork = self.entries.tree(&key)?.fork()?;
            let named = self.steps.removals.named.get(&key);
            let chosen = named.is_some_and(|named| named.iter().any(|last| last.seq >= fork));
            let above = self.role(&key) == Some(Role::Owner) || self.outranks(me, &key);
            (key != *me && above && !chosen).then_some((key, fork, held))
        });
        undecided.collect()
    }

    /// The highest entry of a run that is held, with all entries below it.
    ///
    /// # Errors
    /// What the host has to tell first.
    pub(crate) fn joint(&self, run: &Run) -> Result<Option<Head>, Look> {
        let (author, first, last) = (run.author(), run.first().seq.saturating_sub(1), run.last().seq);
        let Some(tree) = self.entries.tree(&author) else { return Ok(None) };
        if (first..=last).any(|seq| tree.lacks(seq)) {
            return Err(Look { author, first, last });
        }
        let held = run.entries().iter().rev().find(|entry| tree.find_whole(entry.seq, &entry.id).is_some());
        let below = || {
            let (seq, id) = (run.first().seq.checked_sub(1)?, run.first().prev);
            tree.find_whole(seq, &id).and_then(|_| tree.head_at(seq))
        };
        Ok(held.map(|entry| Head { seq: entry.seq, id: entry.id, time: entry.time }).or_else(below))
    }

    /// Those who wait: devices, and of each ticket the [`JOINS`] newcomers of the lowest ids.
    pub(crate) fn joining(&self) -> BTreeSet<AuthorId> {
        let mut of_ticket: BTreeMap<TicketId, usize> = BTreeMap::new();
        let fits = |key: &&AuthorId| match self.first_deed(key) {
            Some(Deed::Join { ticket, .. }) => {
                let count = of_ticket.entry(*ticket).or_insert(0);
                *count += 1;
                *count <= JOINS
            }
            _ => true,
        };
        self.steps.members.waiting.iter().filter(fits).copied().collect()
    }

    pub(crate) fn first_deed(&self, key: &AuthorId) -> Option<&Deed> {
        let act = self.entries.tree(key)?.first_acts().next()?;
        self.entries.act(act).deed.as_ref()
    }

    /// The ticket by which somebody who waits wants to come in.
    pub(crate) fn knocks(&self, key: &AuthorId) -> Option<TicketId> {
        let Some(Deed::Join { ticket, .. }) = self.first_deed(key) else { return None };
        let waits = self.steps.members.waiting.contains(key) && !self.steps.governors.of_key.contains_key(key);
        waits.then_some(*ticket)
    }

    /// Whether somebody who is no member may wait with this first entry.
    pub(crate) fn may_wait(&self, first: &Signed) -> bool {
        let members = &self.steps.members;
        match &first.deed {
            _ if first.seq > 0 => false,
            Some(Deed::Join { ticket, key }) => {
                let mut of_ticket = members.waiting.iter().filter(|who| self.knocks(who) == Some(*ticket));
                let last = of_ticket.nth(JOINS - 1);
                members.open.get(ticket) == Some(key) && last.is_none_or(|last| first.author < *last)
            }
            Some(Deed::Device(of)) => members.all.contains(of) || self.steps.removals.persons.contains(of),
            _ => false,
        }
    }

    /// The entry of a log without forks at this seq, if it was not let go of.
    pub(crate) fn head_at(&self, author: &AuthorId, seq: Seq) -> Option<Head> {
        self.entries.tree(author)?.head_at(seq)
    }

    /// The grants of a key that nothing ended.
    pub(crate) fn live(&self, key: &AuthorId) -> impl Iterator<Item = &Grant> {
        let grants = self.steps.governors.grants_of(key);
        grants.filter(|grant| grant.cut.is_none() && grant.down.is_none())
    }

    /// The highest role of a key, if it has one.
    pub fn role(&self, key: &AuthorId) -> Option<Role> {
        self.live(key).map(|grant| grant.role).min()
    }

    /// Whether somebody stores and serves what it cannot read, and is nothing else.
    pub fn is_keeper(&self, key: &AuthorId) -> bool {
        self.role(key) == Some(Role::Keeper) && !self.is_present(key)
    }

    /// Whether somebody was a keeper and nothing else, and is none any more.
    pub fn was_keeper(&self, key: &AuthorId) -> bool {
        let grants = self.steps.governors.of_key.contains_key(key);
        grants && self.live(key).next().is_none() && !self.members().contains(key)
    }

    /// Whether the room has, or had, keepers: whoever keeps its entries may meet people while nobody is there.
    pub(crate) fn has_keepers(&self) -> bool {
        self.grants().iter().any(|grant| grant.role == Role::Keeper)
    }

    /// Whether somebody appointed one of the keepers.
    pub(crate) fn appointed_keeper(&self, by: &AuthorId) -> bool {
        let keepers = self.grants().iter().filter(|grant| grant.role == Role::Keeper && grant.cut.is_none());
        keepers.filter_map(|grant| grant.by).any(|act| self.entries.act(act).author == *by)
    }

    /// Whether somebody is a member who was not removed.
    pub fn is_present(&self, key: &AuthorId) -> bool {
        let (removals, members) = (&self.steps.removals, &self.steps.members);
        members.all.contains(key) && !removals.out.contains(key) && !members.ended.contains_key(key)
    }

    /// Whether an act of `by` against `key` counts: every grant that nothing ended ranks below.
    pub(crate) fn outranks(&self, by: &AuthorId, key: &AuthorId) -> bool {
        let Some(rank) = self.live(by).map(|grant| grant.rank).min() else { return false };
        self.live(key).all(|grant| grant.role == Role::Keeper || rank < grant.rank)
    }

    /// An ending of this key that takes nothing back.
    pub(crate) fn end_of(&self, key: AuthorId) -> Ended {
        Ended { end: End { key, last: self.last(&key) }, act: self.last_act(&key) }
    }

    /// The last act of a log that counts, or that would count if its author were a member.
    pub(crate) fn last_act(&self, author: &AuthorId) -> Option<Last> {
        let tree = self.entries.tree(author)?;
        let branch = self.steps.members.extent(&self.steps.removals, author).of(tree);
        let act = self.entries.act(tree.last_act(&branch)?);
        Some(Last { seq: act.seq, id: act.id })
    }

    /// The last act of a log below a seq that is known, whether or not all entries below are held.
    pub(crate) fn newest_act(&self, author: &AuthorId, end: Seq) -> Option<Last> {
        let tree = self.entries.tree(author)?;
        let act = self.entries.act(tree.newest_act(&tree.whole().cut(end))?);
        Some(Last { seq: act.seq, id: act.id })
    }

    /// Whether a key was ever given a role.
    pub(crate) fn has_grant(&self, key: &AuthorId) -> bool {
        self.steps.governors.of_key.contains_key(key)
    }

    /// The acts of a log from this seq on that are known, in order.
    pub(crate) fn acts_from(&self, author: &AuthorId, from: Seq) -> Vec<Seq> {
        let Some(tree) = self.entries.tree(author) else { return Vec::new() };
        let whole = tree.whole();
        tree.acts(&whole, from).map(|act| self.entries.act(act).seq).collect()
    }

    /// Whether something of the room is not told yet for want of entries: acts are known ahead of a log of which an act names
    /// an entry that is not held, or that is forked.
    pub fn is_provisional(&self) -> bool {
        let named = &self.steps.removals.named;
        self.entries.trees().filter(|(_, tree)| tree.knows_ahead()).any(|(key, tree)| {
            let lacks = |last: &Last| tree.find_whole(last.seq, &last.id).is_none();
            tree.fork().is_some() || named.get(key).is_some_and(|named| named.iter().any(lacks))
        })
    }

    /// What ended these keys, for an act that takes it back or knows of it; ascending.
    pub(crate) fn endings_of_all(&self, keys: &[AuthorId]) -> Vec<EntryId> {
        let all: BTreeSet<EntryId> = keys.iter().flat_map(|key| self.endings(key)).collect();
        all.into_iter().take(ACT_ENDINGS).collect()
    }

    /// The ticket by which somebody came, and which its removal ends.
    pub(crate) fn came_by(&self, key: &AuthorId) -> Option<TicketId> {
        let Some(Deed::Join { ticket, .. }) = self.first_deed(key) else { return None };
        self.steps.members.open.contains_key(ticket).then_some(*ticket)
    }

    /// The devices that fall with a person, itself included; ascending.
    pub(crate) fn person(&self, key: &AuthorId) -> Vec<AuthorId> {
        let is_device = |other: &&AuthorId| matches!(self.first_deed(other), Some(Deed::Device(of)) if of == key);
        let devices = self.members().iter().filter(is_device).copied();
        let all: BTreeSet<AuthorId> = devices.chain([*key]).collect();
        all.into_iter().collect()
    }

    /// Names the last act of every governor in the terms of a ticket.
    pub(crate) fn with_heads(&self, terms: Terms) -> Terms {
        let live = self.grants().iter().filter(|grant| grant.cut.is_none() && grant.down.is_none());
        let governors: BTreeSet<AuthorId> = live.map(|grant| grant.key).take(TICKET_HEADS).collect();
        let heads = governors.into_iter().filter_map(|key| Some((key, self.newest_act(&key, Seq::MAX)?))).collect();
        Terms { heads, ..terms }
    }

    /// Whether a ticket was announced and lets in.
    pub(crate) fn is_open(&self, ticket: &TicketId) -> bool {
        self.steps.members.open.contains_key(ticket)
    }

    /// Whether a key made this ticket.
    pub(crate) fn made(&self, key: &AuthorId, ticket: &TicketId) -> bool {
        let Some(tree) = self.entries.tree(key) else { return false };
        tree.all_acts().any(|(_, act)| ticket.is(&self.entries.act(act).id))
    }
}

/// The place of somebody who is present in a closed room, or waits to be let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// What it may do; `None` for a member without a role, and for whoever waits.
    pub role: Option<Role>,
    /// The ticket by which it waits; `None` for a member.
    pub knocks: Option<TicketId>,
    /// Author and seq of the act that last let it in or gave it its role; `None` for the owner and for devices.
    pub by: Option<(AuthorId, Seq)>,
}

impl Fold<'_> {
    /// Everybody who is present or waits.
    pub fn seats(&self) -> BTreeMap<AuthorId, Seat> {
        let waits =
            |key: AuthorId| self.knocks(&key).map(|ticket| (key, Seat { role: None, knocks: Some(ticket), by: None }));
        let mut seats: BTreeMap<AuthorId, Seat> = self.joining().into_iter().filter_map(waits).collect();
        let keepers = self.steps.governors.of_key.keys().filter(|key| self.is_keeper(key)).copied();
        for key in self.present().into_iter().chain(keepers.collect::<Vec<_>>()) {
            let grant = self.live(&key).min_by_key(|grant| grant.role);
            let act = match grant {
                Some(grant) => grant.by,
                None => self.steps.members.let_in.get(&key).copied(),
            };
            let by = act.map(|act| self.entries.act(act)).map(|act| (act.author, act.seq));
            seats.insert(key, Seat { role: grant.map(|grant| grant.role), knocks: None, by });
        }
        seats
    }

    /// The act that last ended a key or its roles: author and seq. An act that keeps it out comes before one that a role
    /// shielded it from.
    pub fn ended_by(&self, key: &AuthorId) -> Option<(AuthorId, Seq)> {
        let endings = || self.steps.governors.endings_of(key).filter(|ending| ending.sort.cuts());
        let keeps_out = endings().filter(|ending| self.steps.removals.endings.contains(&ending.id)).last();
        let act = self.entries.act(keeps_out.or_else(|| endings().last())?.act);
        Some((act.author, act.seq))
    }
}

//! What a governor's node does without being asked, so that the acts of governors alone come to tell nearly all members: it
//! confirms newcomers and devices that have been in for an hour, and removes by name whom a ticket let in beyond its uses.
//!
//! A raid is not made permanent: a governor has an hour to end the ticket, and no ticket's newcomers are confirmed faster
//! than [`CONFIRMED`] an hour. Governors take turns by rank, so mostly one of them writes. The decision reads no clock but the
//! time that it is given.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    deed::{Deed, Role, Signed, TicketId},
    fold::Fold,
    order::Order,
};
use crate::{
    ids::AuthorId,
    limits::{ACT_ADMITTED, ACT_KEYS, CONFIRM_LATER_MS, CONFIRM_MS, CONFIRMED, GOVERNOR_SEEN_MS, WELCOMES_A_DAY},
};

const DAY_MS: u64 = 24 * 3_600_000;

/// The ticket by which somebody came; `None` for a device.
type Way = Option<TicketId>;

impl Fold<'_> {
    /// The newcomers that `me` is to confirm at a time in milliseconds since the Unix epoch, as the order that does it: all that
    /// are due by one way. `linked` are the authors who write at linked peers.
    pub fn confirmation_due(&self, me: &AuthorId, now_ms: u64, linked: &BTreeSet<AuthorId>) -> Option<Order> {
        if !self.keeps_books(me) {
            return None;
        }
        let turn_ms = CONFIRM_MS + self.ahead(me, now_ms, linked) as u64 * CONFIRM_LATER_MS;
        let confirmed = self.confirmed_since(now_ms.saturating_sub(CONFIRM_MS));
        let ended: BTreeSet<TicketId> = self
            .tickets()
            .iter()
            .filter(|ticket| ticket.ended || ticket.expires_ms.is_some_and(|ends_ms| ends_ms <= now_ms))
            .map(|ticket| ticket.id)
            .collect();
        let mut due: BTreeMap<Way, Vec<(u64, AuthorId)>> = BTreeMap::new();
        for (key, way, since_ms) in self.unconfirmed() {
            let old = since_ms.saturating_add(CONFIRM_MS) <= now_ms;
            if old && way.is_none_or(|ticket| !ended.contains(&ticket)) {
                due.entry(way).or_default().push((since_ms, key));
            }
        }
        due.into_iter().find_map(|(ticket, mut who)| {
            who.sort_unstable();
            let late = who.first().is_some_and(|(since_ms, _)| since_ms.saturating_add(turn_ms) <= now_ms);
            let left = CONFIRMED.saturating_sub(confirmed.get(&ticket).copied().unwrap_or(0));
            let who: Vec<AuthorId> = who.into_iter().map(|(_, key)| key).take(left.min(ACT_ADMITTED)).collect();
            (late && !who.is_empty()).then_some(Order::Confirm { who, ticket })
        })
    }

    /// The order that removes some of those whom a ticket let in beyond its uses, if `me` governs: of `due` those who still
    /// are.
    pub(crate) fn surplus_due(&self, me: &AuthorId, due: impl Iterator<Item = AuthorId>) -> Option<Order> {
        let who: Vec<AuthorId> = due.filter(|key| self.surplus().contains(key)).take(ACT_KEYS).collect();
        (self.keeps_books(me) && !who.is_empty()).then_some(Order::PutOut(who))
    }

    /// Whether a node does the bookkeeping: somebody governs there, and nothing has cut that log.
    pub(crate) fn keeps_books(&self, me: &AuthorId) -> bool {
        let whole = self.entries.tree(me).is_none_or(|tree| tree.proved().is_empty());
        whole && self.is_present(me) && self.role(me).is_some_and(Role::governs)
    }

    /// How many governors come before this one and were seen within a week: those of higher rank, and of its own rank those
    /// with a lower key.
    pub(crate) fn ahead(&self, me: &AuthorId, now_ms: u64, linked: &BTreeSet<AuthorId>) -> usize {
        let place = |key: &AuthorId| {
            let grants = self.live(key).filter(|grant| grant.role != Role::Keeper);
            grants.map(|grant| grant.rank).min().map(|rank| (rank, *key))
        };
        let Some(mine) = place(me) else { return 0 };
        let keys: BTreeSet<AuthorId> = self.grants().iter().map(|grant| grant.key).collect();
        let seen = |key: &AuthorId| {
            let said = self.last(key).and_then(|last| self.head_at(key, last.seq));
            linked.contains(key) || said.is_some_and(|head| head.time.ms().saturating_add(GOVERNOR_SEEN_MS) > now_ms)
        };
        keys.iter().filter(|key| place(key).is_some_and(|other| other < mine) && seen(key)).count()
    }

    /// Members whom no governor has named: newcomers and devices of which nothing bad is known, how they came, and the
    /// latest time, in milliseconds, of the acts that made them members.
    fn unconfirmed(&self) -> Vec<(AuthorId, Way, u64)> {
        let hidden: BTreeSet<AuthorId> = self.hidden().map(|(author, ..)| author).collect();
        let governors = &self.steps.governors;
        let good = |key: &&AuthorId| {
            let whole = self.entries.tree(key).is_some_and(|tree| tree.proved().is_empty());
            let heard = !hidden.contains(*key) && !self.held().contains(*key);
            whole && heard && self.is_present(key) && !governors.of_key.contains_key(*key)
        };
        let named = self.named_devices();
        let unconfirmed = self.members().iter().filter(good).filter_map(|key| {
            let let_in = self.steps.members.let_in.get(key).map(|act| self.entries.act(*act));
            let first = self.head_at(key, 0)?.time.ms();
            match (self.first_deed(key)?, let_in.map(|act| (act, &act.deed))) {
                (Deed::Join { ticket, .. }, Some((act, Some(Deed::Welcome { .. })))) => {
                    Some((*key, Some(*ticket), first.max(act.time.ms())))
                }
                (Deed::Device(of), None) if self.is_present(of) => {
                    Some((*key, None, first.max(named.get(key)?.time.ms())))
                }
                _ => None,
            }
        });
        unconfirmed.collect()
    }

    /// The acts by which members name their devices.
    fn named_devices(&self) -> BTreeMap<AuthorId, &Signed> {
        let owners: BTreeSet<AuthorId> = self
            .members()
            .iter()
            .filter_map(|key| if let Some(Deed::Device(of)) = self.first_deed(key) { Some(*of) } else { None })
            .collect();
        let acts = owners.iter().flat_map(|of| self.acts_of(of));
        acts.filter_map(|act| if let Some(Deed::Mine(device)) = &act.deed { Some((*device, act)) } else { None })
            .collect()
    }

    /// How many governors confirmed by each way since a time in milliseconds.
    fn confirmed_since(&self, since_ms: u64) -> BTreeMap<Way, usize> {
        let mut confirmed: BTreeMap<Way, usize> = BTreeMap::new();
        for act in self.grants().iter().flat_map(|grant| self.acts(grant)) {
            let Some(Deed::Admit { who, ticket, .. }) = &act.deed else { continue };
            let comes = |key: &&AuthorId| ticket.is_some() || matches!(self.first_deed(key), Some(Deed::Device(_)));
            if act.time.ms() > since_ms {
                *confirmed.entry(*ticket).or_default() += who.iter().filter(comes).count();
            }
        }
        confirmed
    }

    /// The ticket by which `me` may let in somebody who waits, at a time in milliseconds since the Unix epoch: the ticket lets in
    /// by that time, and `me` has not let in [`WELCOMES_A_DAY`] by it on that day.
    pub fn may_welcome(&self, me: &AuthorId, who: &AuthorId, now_ms: u64) -> Option<TicketId> {
        let ticket = self.knocks(who)?;
        let known = self.tickets().into_iter().find(|known| known.id == ticket)?;
        let today = |act: &&&Signed| act.time.ms() / DAY_MS == now_ms / DAY_MS;
        let by_it = |act: &&Signed| matches!(act.deed, Some(Deed::Welcome { ticket: by, .. }) if by == ticket);
        let count = self.acts_of(me).iter().filter(today).filter(|act| by_it(act)).count();
        (known.lets_in(now_ms) && count < WELCOMES_A_DAY).then_some(ticket)
    }
}

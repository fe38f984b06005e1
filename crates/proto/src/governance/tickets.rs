//! The tickets of a closed room.

use std::collections::BTreeMap;

use super::{
    act::Guest,
    deed::{Deed, Signed, TicketId, TicketKey},
    fold::Fold,
};
use crate::ids::{AuthorId, Seq};

/// A ticket that was announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announced {
    /// The ticket.
    pub id: TicketId,
    /// Whom it lets in.
    pub guest: Guest,
    /// Its key.
    pub key: TicketKey,
    /// Who made it.
    pub maker: AuthorId,
    /// The entry that announces it, in the maker's log.
    pub seq: Seq,
    /// How many it lets in.
    pub uses: u64,
    /// How many came by it.
    pub used: u64,
    /// Milliseconds since the Unix epoch at which it ends, if it does.
    pub expires_ms: Option<u64>,
    /// Whether it was revoked, or ended with its maker or with somebody who came by it.
    pub ended: bool,
}

impl Announced {
    /// Whether somebody may still be let in by it, at a time in milliseconds since the Unix epoch.
    pub fn lets_in(&self, now_ms: u64) -> bool {
        !self.ended && self.used < self.uses && self.expires_ms.is_none_or(|ends_ms| now_ms < ends_ms)
    }
}

impl Fold<'_> {
    /// The tickets that members announced, also those that ended; by maker and seq.
    pub fn tickets(&self) -> Vec<Announced> {
        let mut used: BTreeMap<TicketId, u64> = BTreeMap::new();
        let keepers = self.steps.governors.of_key.keys().filter(|key| self.is_keeper(key));
        for ticket in self.members().iter().chain(keepers).filter_map(|key| self.ticket_of(key)) {
            *used.entry(ticket).or_default() += 1;
        }
        let mut tickets = Vec::new();
        for maker in self.members() {
            for act in self.acts_of(maker) {
                let Some(Deed::Ticket { ticket: id, guest, key, uses, expires_ms }) = act.deed else { continue };
                let (used, ended) = (used.get(&id).copied().unwrap_or(0), !self.is_open(&id));
                tickets.push(Announced { id, guest, key, maker: *maker, seq: act.seq, uses, used, expires_ms, ended });
            }
        }
        tickets
    }

    /// The acts of an author within its cut.
    pub(crate) fn acts_of(&self, author: &AuthorId) -> Vec<&Signed> {
        let Some(tree) = self.entries.tree(author) else { return Vec::new() };
        let branch = self.steps.members.extent(&self.steps.removals, author).of(tree);
        tree.acts(&branch, 0).map(|act| self.entries.act(act)).collect()
    }

    /// The ticket that somebody shows in its first entry.
    pub fn ticket_of(&self, key: &AuthorId) -> Option<TicketId> {
        match self.first_deed(key) {
            Some(Deed::Join { ticket, .. }) => Some(*ticket),
            _ => None,
        }
    }
}

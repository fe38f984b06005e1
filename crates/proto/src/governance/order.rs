//! What somebody here wants to do in a closed room, and the act that says so.

use std::collections::BTreeSet;

use super::{
    act::{Act, Ended, Guest, Says, Terms},
    deed::{Appointed, End, Role, TicketId, TicketKey},
    fold::Fold,
    rules::Rules,
};
use bytes::Bytes;

use crate::{
    epochs::{EpochBox, EpochId},
    ids::{AuthorId, Seq},
    input::Unsaid,
    limits::RANK_STEPS,
    run::Signature,
};

/// Something that somebody here wants to do. The engine adds what the act has to name: where logs end, which endings it
/// takes back or knows of, the last acts of governors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Let people in. Takes back what ended them, as far as our rank allows.
    Admit(Vec<AuthorId>),
    /// Say that newcomers whom members let in stay, whatever becomes of their ticket, or that devices do.
    Confirm {
        /// Who.
        who: Vec<AuthorId>,
        /// The ticket by which they came; `None` for devices.
        ticket: Option<TicketId>,
    },
    /// Remove newcomers whom a ticket let in beyond its uses.
    PutOut(Vec<AuthorId>),
    /// Announce a ticket.
    Ticket {
        /// Whom it lets in.
        guest: Guest,
        /// Its key.
        key: TicketKey,
        /// How many it lets in.
        uses: u64,
        /// Milliseconds since the Unix epoch at which it ends, if it does.
        expires_ms: Option<u64>,
    },
    /// End a ticket.
    Revoke(TicketId),
    /// Ask to be let in by a ticket: our first entry.
    Join {
        /// The ticket.
        ticket: TicketId,
        /// Its key.
        key: TicketKey,
        /// Our X25519 key.
        exchange: [u8; 32],
        /// See [`countersigned`](super::countersigned).
        countersignature: Signature,
    },
    /// Let in somebody who joined.
    Welcome(AuthorId),
    /// Say whose device we are: our first entry.
    Device {
        /// Whose.
        of: AuthorId,
        /// Our X25519 key.
        exchange: [u8; 32],
    },
    /// Name a device of ours.
    Mine(AuthorId),
    /// Give a role to a person and its devices.
    Appoint(AuthorId, Role),
    /// End the roles of a person.
    Dismiss(AuthorId),
    /// Remove a person, and end the ticket by which it came.
    Remove(AuthorId),
    /// End one key alone.
    End(AuthorId),
    /// Say that of a forked log the branch stands that is held here, up to its last entry.
    Vouch(AuthorId),
    /// Give back our own roles.
    StepDown,
    /// Take back words of somebody.
    Hide {
        /// Whose.
        author: AuthorId,
        /// The first.
        first: Seq,
        /// The last.
        last: Seq,
    },
    /// Set the rules of the room.
    Rules(Rules),
    /// Show the words of a newcomer.
    LetThrough(AuthorId),
    /// Name a secret under which words are sealed from now on.
    Epoch(EpochId),
    /// Hand the secret of an epoch to people who may be away.
    Boxes {
        /// The epoch.
        epoch: EpochId,
        /// The keys, ascending, and the box of each.
        boxes: Vec<(AuthorId, EpochBox)>,
        /// Secrets of other epochs, sealed under this one.
        before: Bytes,
    },
}

impl Fold<'_> {
    /// The act by which `me` does this.
    ///
    /// # Errors
    /// Why it would not count, or [`Unsaid::TooLong`].
    pub(crate) fn act(&self, me: &AuthorId, order: Order) -> Result<Act, Unsaid> {
        let begins = matches!(order, Order::Join { .. } | Order::Device { .. });
        match self.is_present(me) {
            false if !begins => return Err(Unsaid::NotMember),
            // A backup may have a role before it begins.
            true if begins && !matches!(order, Order::Device { .. } if self.count(me) == 0) => {
                return Err(Unsaid::Nothing);
            }
            _ => {}
        }
        Ok(Act { before: self.newest_act(me, Seq::MAX), says: self.says(me, order)? })
    }

    fn says(&self, me: &AuthorId, order: Order) -> Result<Says, Unsaid> {
        match order {
            Order::Join { ticket, key, exchange, countersignature } => {
                Ok(Says::Join { ticket, key, exchange, countersignature })
            }
            Order::Device { of, exchange } => Ok(Says::Device { of, exchange }),
            Order::Mine(device) => self.may_name(me, &device).map(|()| Says::Mine(device)),
            Order::Welcome(who) => {
                let ticket = self.knocks(&who).ok_or(Unsaid::Nothing)?;
                Ok(Says::Welcome { who, ticket })
            }
            Order::Ticket { guest: Guest::Keeper, .. } if self.appoints(me).is_err() => Err(Unsaid::Rank),
            Order::Ticket { .. } if self.governs(me).is_err() && !self.rules().tickets => Err(Unsaid::Rank),
            Order::Ticket { guest, key, uses, expires_ms } => {
                Ok(Says::Ticket(self.with_heads(Terms { guest, key, uses, expires_ms, heads: Vec::new() })))
            }
            Order::Revoke(ticket) => match self.is_open(&ticket) {
                false => Err(Unsaid::Nothing),
                true if self.made(me, &ticket) => Ok(Says::Revoke(ticket)),
                true => self.governs(me).map(|()| Says::Revoke(ticket)),
            },
            Order::Admit(mut who) => {
                self.governs(me)?;
                who.sort_unstable();
                who.dedup();
                let despite = self.endings_of_all(&who);
                Ok(Says::Admit { who, ticket: None, despite })
            }
            Order::Confirm { who, ticket } => self.confirm(me, who, ticket),
            Order::PutOut(who) => self.put_out(me, who),
            Order::Hide { author, first, last } => {
                self.against(me, &author)?;
                let unknown = || if self.entries.lacks(&author, last) { Unsaid::Early } else { Unsaid::Nothing };
                let last = self.head_at(&author, last).ok_or_else(unknown)?;
                Ok(Says::Hide { author, first, last: last.into() })
            }
            Order::Rules(rules) => self.rule(me, rules),
            Order::LetThrough(who) => self.let_through(me, who),
            Order::Vouch(key) => self.vouch(me, key),
            Order::Epoch(epoch) => Ok(self.epoch(epoch)),
            Order::Boxes { epoch, boxes, before } => Ok(Says::Boxes { epoch, boxes, before }),
            Order::StepDown => match self.role(me) {
                Some(_) => Ok(Says::StepDown { closer: None }),
                None => Err(Unsaid::Nothing),
            },
            Order::Appoint(who, role) => {
                self.appoints(me)?;
                let keys = self.person(&who);
                let despite = self.endings_of_all(&keys);
                let others = keys.iter().filter(|key| **key != who);
                let appointed = |key: &AuthorId| Appointed { key: *key, from: self.count(key) };
                let keys = std::iter::once(&who).chain(others).map(appointed).collect();
                Ok(Says::Appoint { role, keys, despite })
            }
            Order::Dismiss(who) => self.dismiss(me, &who),
            Order::Remove(who) => self.remove(me, &who),
            // A device that was named ends before it has begun, too: a backup that nobody restored.
            Order::End(key) if key == *me || self.is_device_of(&key, me) || self.names(me, &key) => {
                Ok(Says::End(self.end_of(key)))
            }
            Order::End(key) => {
                self.against(me, &key)?;
                Ok(Says::End(self.end_of(key)))
            }
        }
    }

    fn confirm(&self, me: &AuthorId, mut who: Vec<AuthorId>, ticket: Option<TicketId>) -> Result<Says, Unsaid> {
        self.governs(me)?;
        who.sort_unstable();
        who.dedup();
        Ok(Says::Admit { who, ticket, despite: Vec::new() })
    }

    fn put_out(&self, me: &AuthorId, mut who: Vec<AuthorId>) -> Result<Says, Unsaid> {
        self.governs(me)?;
        who.sort_unstable();
        who.dedup();
        // Nothing of them counts, and their ticket stays what it is for those who came in time.
        let end = |key| Ended { end: End { key, last: None }, act: None };
        Ok(Says::Remove { ends: who.into_iter().map(end).collect(), tickets: Vec::new(), knowing: Vec::new() })
    }

    fn rule(&self, me: &AuthorId, rules: Rules) -> Result<Says, Unsaid> {
        match self.role(me) {
            Some(Role::Owner | Role::CoOwner) => Ok(Says::Rules { rules, counts: self.unruled() }),
            _ => Err(Unsaid::Rank),
        }
    }

    fn let_through(&self, me: &AuthorId, who: AuthorId) -> Result<Says, Unsaid> {
        match (self.held().contains(&who), self.held().contains(me)) {
            (true, false) => Ok(Says::LetThrough(who)),
            (true, true) => Err(Unsaid::Rank),
            (false, _) => Err(Unsaid::Nothing),
        }
    }

    fn vouch(&self, me: &AuthorId, key: AuthorId) -> Result<Says, Unsaid> {
        self.appoints(me)?;
        // The owner has nobody above, so co-owners vouch for its log.
        if self.role(&key) != Some(Role::Owner) {
            self.against(me, &key)?;
        }
        self.held_end(key).map(Says::Vouch).ok_or(Unsaid::Nothing)
    }

    fn dismiss(&self, me: &AuthorId, who: &AuthorId) -> Result<Says, Unsaid> {
        self.appoints(me)?;
        let keys: Vec<_> = self.person(who).into_iter().filter(|key| self.role(key).is_some()).collect();
        if keys.is_empty() {
            return Err(Unsaid::Nothing);
        }
        keys.iter().try_for_each(|key| self.against(me, key))?;
        // Whoever holds the ticket of a keeper could come by it again.
        let keepers = keys.iter().filter(|key| self.is_keeper(key));
        let tickets: BTreeSet<TicketId> = keepers.filter_map(|key| self.came_by(key)).collect();
        let ends = keys.into_iter().map(|key| self.end_of(key)).collect();
        Ok(Says::Dismiss { ends, tickets: tickets.into_iter().collect() })
    }

    fn remove(&self, me: &AuthorId, who: &AuthorId) -> Result<Says, Unsaid> {
        if !self.is_present(who) {
            return Err(Unsaid::Nothing);
        }
        let keys = self.person(who);
        keys.iter().try_for_each(|key| self.against(me, key))?;
        let knowing = self.endings_of_all(&keys);
        let tickets = self.came_by(who).into_iter().collect();
        Ok(Says::Remove { ends: keys.into_iter().map(|key| self.end_of(key)).collect(), tickets, knowing })
    }

    /// Whether somebody may admit and remove.
    fn governs(&self, me: &AuthorId) -> Result<(), Unsaid> {
        if self.role(me).is_some_and(Role::governs) { Ok(()) } else { Err(Unsaid::Rank) }
    }

    /// Whether somebody may appoint and dismiss.
    pub(super) fn appoints(&self, me: &AuthorId) -> Result<(), Unsaid> {
        let may = |role| matches!(role, Role::Owner | Role::CoOwner);
        let deep = |path: &super::Path| path.steps().len() >= RANK_STEPS;
        match self.live(me).next() {
            Some(grant) if may(grant.role) && !deep(&grant.path) => Ok(()),
            _ => Err(Unsaid::Rank),
        }
    }

    fn against(&self, me: &AuthorId, key: &AuthorId) -> Result<(), Unsaid> {
        self.governs(me)?;
        if self.outranks(me, key) { Ok(()) } else { Err(Unsaid::Rank) }
    }
}

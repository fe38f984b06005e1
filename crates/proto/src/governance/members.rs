//! The third step of the fold: who is a member.
//!
//! First those whom governors' acts name, then devices, then newcomers that hold a ticket, one at a time: of all welcomes
//! by members the earliest comes first. So nobody can take the place of somebody who let it in.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
};

use super::{
    act::Guest,
    deed::{Deed, End, Role, Signed, TicketId, TicketKey},
    entries::Entries,
    governors::Governors,
    ranks::Extent,
    removals::Removals,
    rules::Rulings,
    tree::ActNo,
};
use crate::{
    ids::{AuthorId, EntryId, Seq},
    limits::{ACTS_WITHOUT_GRANT, DEVICES},
    time::Time,
};

/// What the third step comes to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members {
    /// Everybody who is a member, removed or not.
    pub(crate) all: BTreeSet<AuthorId>,
    /// Newcomers that were welcomed when their ticket had no use left.
    pub(crate) surplus: BTreeSet<AuthorId>,
    /// The devices that a person named and that say they are its own, and whose each is.
    pub(crate) devices: BTreeMap<AuthorId, AuthorId>,
    /// Devices that their person ended, and how far their logs count.
    pub(crate) ended: BTreeMap<AuthorId, Extent>,
    /// The acts that ended them, and those that ended a ticket by which somebody came who is no member without it.
    pub(crate) endings: BTreeSet<EntryId>,
    /// Tickets that were ended.
    pub(crate) revoked: BTreeSet<TicketId>,
    /// The acts that ended them.
    pub(crate) revocations: BTreeSet<EntryId>,
    /// Newcomers and devices that are not in, and whose first entry everybody has to hold: newcomers whose ticket is
    /// open, and devices of members and of those who were removed.
    pub(crate) waiting: BTreeSet<AuthorId>,
    /// The acts by which people without a role were let in.
    pub(crate) let_in: BTreeMap<AuthorId, ActNo>,
    /// Keys that members welcomed or named as devices, and of which no first entry is held that fits.
    pub(crate) expected: BTreeSet<AuthorId>,
    /// Authors, and the keys that each named as a device, whether these say so too or not.
    pub(crate) named: BTreeSet<(AuthorId, AuthorId)>,
    /// Tickets that let in, keepers too, and their keys.
    pub(crate) open: BTreeMap<TicketId, TicketKey>,
}

/// A ticket, and how many it may let in still.
struct Open {
    key: TicketKey,
    left: u64,
    maker: AuthorId,
    announced: EntryId,
}

struct Admission<'a> {
    entries: &'a Entries,
    governors: &'a Governors,
    removals: &'a Removals,
    rulings: &'a Rulings,
    tickets: BTreeMap<TicketId, Open>,
    /// The tickets of keepers, which let in nobody by themselves.
    keeping: BTreeMap<TicketId, TicketKey>,
    /// Devices, and whose they say they are.
    device_of: BTreeMap<AuthorId, AuthorId>,
    /// Newcomers, and the ticket and the key that each shows.
    joins: BTreeMap<AuthorId, (TicketId, TicketKey)>,
    /// Welcomes that have a ticket, the earliest first.
    welcomes: BinaryHeap<Reverse<(Time, AuthorId, Seq, ActNo)>>,
    /// Welcomes by tickets that nobody who counts has announced so far.
    early: BTreeMap<TicketId, Vec<ActNo>>,
    /// The acts that end tickets.
    revoking: Vec<(TicketId, EntryId)>,
    members: Members,
}

impl Members {
    pub(crate) fn of(entries: &Entries, (governors, rulings): (&Governors, &Rulings), removals: &Removals) -> Self {
        let mut admission = Admission {
            entries,
            governors,
            removals,
            rulings,
            tickets: BTreeMap::new(),
            keeping: BTreeMap::new(),
            device_of: BTreeMap::new(),
            joins: BTreeMap::new(),
            welcomes: BinaryHeap::new(),
            early: BTreeMap::new(),
            revoking: Vec::new(),
            members: Self::default(),
        };
        admission.read_first_entries();
        let named = admission.named_by_governors();
        admission.settle(named);
        admission.welcome_all();
        admission.note_lost();
        admission.find_waiting();
        admission.members
    }

    /// How far the log of a member counts.
    pub(crate) fn extent(&self, removals: &Removals, key: &AuthorId) -> Extent {
        self.ended.get(key).copied().unwrap_or_else(|| removals.extent(key))
    }
}

impl<'a> Admission<'a> {
    /// The acts of a key that are read: within its cut, and not without end if it has no grant.
    fn acts(&self, key: &AuthorId) -> Vec<(ActNo, &'a Signed)> {
        let Some(tree) = self.entries.tree(key) else { return Vec::new() };
        let branch = self.members.extent(self.removals, key).of(tree);
        let governs = self.governors.of_key.contains_key(key);
        let most = if governs { usize::MAX } else { ACTS_WITHOUT_GRANT };
        tree.acts(&branch, 0).take(most).map(|act| (act, self.entries.act(act))).collect()
    }

    fn read_first_entries(&mut self) {
        for (key, tree) in self.entries.trees() {
            let branch = self.removals.extent(key).of(tree);
            let Some(act) = tree.acts(&branch, 0).next().map(|act| self.entries.act(act)) else { continue };
            match act.deed {
                Some(Deed::Device(of)) if act.seq == 0 => {
                    self.device_of.insert(*key, of);
                }
                Some(Deed::Join { ticket, key: shown }) if act.seq == 0 => {
                    self.joins.insert(*key, (ticket, shown));
                }
                _ => {}
            }
        }
    }

    /// Whether a device falls with its person: a removal that does not name the device counts against the person.
    fn falls(&self, key: &AuthorId) -> bool {
        self.device_of.get(key).is_some_and(|of| self.removals.persons.contains(of))
            && !self.removals.out.contains(key)
            && !self.governors.of_key.contains_key(key)
    }

    /// Everybody whom acts of governors make a member, in the order in which they settle.
    fn named_by_governors(&mut self) -> Vec<AuthorId> {
        let (mut named, mut by_ticket) = (Vec::new(), Vec::new());
        let (mut admitted, mut makers) = (BTreeSet::<AuthorId>::new(), BTreeSet::new());
        for grant in &self.governors.grants {
            if grant.role != Role::Keeper {
                named.push(grant.key);
            }
            for (number, act) in grant.acts.iter().map(|act| (*act, self.entries.act(*act))) {
                let Some(deed) = &act.deed else { continue };
                self.members.revoked.extend(deed.revoked());
                self.revoking.extend(deed.revoked().iter().map(|ticket| (*ticket, act.id)));
                if let Deed::Admit { who, .. } = deed {
                    who.iter().for_each(|who| _ = self.members.let_in.insert(*who, number));
                }
                match deed {
                    Deed::Admit { who, ticket: None, .. } => admitted.extend(who),
                    Deed::Admit { who, ticket: Some(ticket), .. } => {
                        by_ticket.extend(who.iter().map(|who| (*ticket, *who)))
                    }
                    Deed::Ticket { ticket, guest: Guest::Keeper, key, .. } => {
                        self.keeping.insert(*ticket, *key);
                    }
                    Deed::Ticket { .. } => {
                        makers.insert(grant.key);
                        self.announce(act);
                    }
                    _ => {}
                }
            }
        }
        for maker in &makers {
            let acts = self.acts(maker);
            self.revoke_own(maker, &acts);
        }
        if let Some(lists) = &self.governors.lists {
            // Those who are out were members, for what they said before counts.
            admitted.extend(lists.ends.keys());
            self.members.let_in.extend(&lists.kept);
        }
        named.extend(admitted);
        named.retain(|key| !self.falls(key));
        self.members.all.extend(named.iter().copied());
        for (ticket, who) in by_ticket {
            if self.members.all.contains(&who) || self.falls(&who) || !self.use_up(&ticket) {
                continue;
            }
            self.members.all.insert(who);
            named.push(who);
        }
        named
    }

    /// Opens a ticket, unless it is open.
    fn announce(&mut self, act: &Signed) {
        if let Some(Deed::Ticket { ticket, guest: Guest::Member, key, uses, .. }) = act.deed {
            let open = Open { key, left: uses, maker: act.author, announced: act.id };
            self.tickets.entry(ticket).or_insert(open);
        }
    }

    /// Whether somebody joined by this ticket, and holds it, if it is open.
    fn holds(&self, who: &AuthorId, ticket: &TicketId) -> bool {
        let joined = self.joins.get(who).filter(|(by, _)| by == ticket);
        joined.is_some_and(|(_, key)| self.tickets.get(ticket).is_none_or(|open| open.key == *key))
    }

    /// Ends the tickets of a key that it revoked itself.
    fn revoke_own(&mut self, key: &AuthorId, acts: &[(ActNo, &Signed)]) {
        for (_, act) in acts {
            let Some(Deed::Revoke(ticket)) = &act.deed else { continue };
            let own = |open: &Open| open.maker == *key && ticket.is(&open.announced);
            if self.tickets.get(ticket).is_some_and(own) {
                self.members.revoked.insert(*ticket);
                self.revoking.push((*ticket, act.id));
            }
        }
    }

    /// Takes a use of a ticket. Returns whether there was one.
    fn use_up(&mut self, ticket: &TicketId) -> bool {
        let Some(open) = self.tickets.get_mut(ticket).filter(|open| open.left > 0) else { return false };
        open.left -= 1;
        true
    }

    /// Lets new members bring in their devices, open their tickets and say their welcomes.
    fn settle(&mut self, mut new: Vec<AuthorId>) {
        let persons = new.len();
        for at in 0..persons {
            let devices = self.devices(&new[at].clone());
            new.extend(devices);
        }
        for key in &new {
            self.open_tickets(key);
        }
        for key in &new {
            for (number, act) in self.acts(key) {
                let Some(Deed::Welcome { who, ticket }) = &act.deed else { continue };
                if self.members.revoked.contains(ticket) {
                    continue;
                }
                if !self.holds(who, ticket) {
                    self.members.expected.insert(*who);
                    continue;
                }
                match self.tickets.contains_key(ticket) {
                    true => self.queue(number),
                    false => self.early.entry(*ticket).or_default().push(number),
                }
            }
        }
    }

    /// The devices that come in with a member: the first eight that it names and that say they are its own.
    fn devices(&mut self, key: &AuthorId) -> Vec<AuthorId> {
        if self.device_of.contains_key(key) {
            return Vec::new();
        }
        let acts = self.acts(key);
        let mut pairs = Vec::new();
        let mut seen = BTreeSet::new();
        for (_, act) in &acts {
            let Some(Deed::Mine(device)) = act.deed else { continue };
            self.members.named.insert((*key, device));
            if !seen.insert(device) || pairs.len() == DEVICES {
                continue;
            }
            match self.device_of.get(&device) == Some(key) {
                true => pairs.push(device),
                false => _ = self.members.expected.insert(device),
            }
        }
        for device in &pairs {
            self.members.devices.insert(*device, *key);
            self.end_device(device, &acts);
        }
        pairs.retain(|device| !self.falls(device) && self.members.all.insert(*device));
        pairs
    }

    /// Ends the log of a device where its person says. That chooses a branch after all that governors said.
    fn end_device(&mut self, device: &AuthorId, acts: &[(ActNo, &Signed)]) {
        let Some(tree) = self.entries.tree(device) else { return };
        let said = acts.iter().filter_map(|(_, act)| match &act.deed {
            Some(Deed::End(end)) if end.key == *device => Some(*end),
            _ => None,
        });
        let mut said: Vec<End> = said.collect();
        if said.is_empty() || self.governors.of_key.contains_key(device) {
            return;
        }
        let ends = |act: &&Signed| matches!(&act.deed, Some(Deed::End(end)) if end.key == *device);
        self.members.endings.extend(acts.iter().map(|(_, act)| *act).filter(ends).map(|act| act.id));
        said.sort_unstable();
        let mut extent = self.removals.extent(device);
        let mut line = tree.line();
        line.tell(false, extent.tip);
        for end in said {
            let place = end.last.and_then(|last| tree.find_whole(last.seq, &last.id));
            let count = line.tell(end.last.is_none(), place).unwrap_or(end.count());
            extent.cut = Some(extent.cut.map_or(count, |cut| cut.min(count)));
        }
        self.members.ended.insert(*device, Extent { tip: line.tip(), ..extent });
    }

    /// Opens the tickets of a member. Those of somebody who was removed end.
    fn open_tickets(&mut self, key: &AuthorId) {
        if self.removals.out.contains(key) {
            return;
        }
        let acts = self.acts(key);
        for (_, act) in &acts {
            let Some(Deed::Ticket { ticket, .. }) = &act.deed else { continue };
            if !self.tickets.contains_key(ticket) && self.rulings.forbid_ticket(act) {
                continue;
            }
            self.announce(act);
            for number in self.early.remove(ticket).into_iter().flatten() {
                self.queue(number);
            }
        }
        self.revoke_own(key, &acts);
    }

    /// Lets a welcome wait for its turn.
    fn queue(&mut self, number: ActNo) {
        let welcome = self.entries.act(number);
        self.welcomes.push(Reverse((welcome.time, welcome.author, welcome.seq, number)));
    }

    /// Takes the welcomes one after the other, the earliest first.
    fn welcome_all(&mut self) {
        while let Some(Reverse((_, _, _, act))) = self.welcomes.pop() {
            let Some(Deed::Welcome { who, ticket }) = &self.entries.act(act).deed else { continue };
            let known = self.members.all.contains(who) || self.members.surplus.contains(who);
            if known || self.members.revoked.contains(ticket) || !self.holds(who, ticket) {
                continue;
            }
            if self.use_up(ticket) {
                self.members.let_in.insert(*who, act);
                self.members.all.insert(*who);
                self.settle(vec![*who]);
            } else {
                self.members.surplus.insert(*who);
            }
        }
    }

    /// Notes the acts that ended a ticket by which somebody came who is no member without it.
    fn note_lost(&mut self) {
        let lost = self.joins.iter().filter(|(key, _)| !self.members.all.contains(key));
        let lost: BTreeSet<TicketId> = lost.map(|(_, (ticket, _))| *ticket).collect();
        let noted: Vec<EntryId> =
            self.revoking.iter().filter(|(ticket, _)| lost.contains(ticket)).map(|(_, id)| *id).collect();
        self.members.endings.extend(noted);
        self.members.revocations = self.revoking.iter().map(|(_, id)| *id).collect();
    }

    /// A log that forks at its first entry is nobody's, but everybody has to see that it forks.
    fn find_waiting(&mut self) {
        let waits = |act: ActNo| match &self.entries.act(act).deed {
            // A device of somebody who was removed cannot be admitted, so everybody has to know that it is one.
            Some(Deed::Device(of)) => self.members.all.contains(of) || self.removals.persons.contains(of),
            Some(Deed::Join { ticket, key }) => {
                let open = self.tickets.get(ticket).map(|open| open.key).or_else(|| self.keeping.get(ticket).copied());
                open == Some(*key) && !self.members.revoked.contains(ticket)
            }
            _ => false,
        };
        let waiting = self.entries.trees().filter(|(_, tree)| tree.first_acts().any(waits)).map(|(key, _)| *key);
        self.members.waiting = waiting.filter(|key| !self.members.all.contains(key)).collect();
        let Members { all, expected, .. } = &mut self.members;
        let begun = |key: &AuthorId| self.entries.tree(key).is_some_and(|tree| tree.branch(None).len() > 0);
        expected.retain(|key| !all.contains(key) && !begun(key));
        let open =
            self.tickets.iter().map(|(ticket, open)| (*ticket, open.key)).chain(std::mem::take(&mut self.keeping));
        self.members.open = open.filter(|(ticket, _)| !self.members.revoked.contains(ticket)).collect();
    }
}

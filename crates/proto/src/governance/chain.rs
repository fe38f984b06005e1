//! Who is let into the exchange of a closed room, and the acts by which somebody shows it to those who have never heard of
//! it.
//!
//! A *chain* is the acts that lead from the founder to a member: the appointment of whoever admitted it, its join, the
//! announcement of its ticket, its welcome, and what leads to their authors. A node that knows none of them takes the
//! chain for the exchange of acts alone, if each link vouches for the next and nothing that it holds ends one. Whether the
//! acts count only the whole fold says.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    deed::{Deed, Role, Signed, TicketId, TicketKey},
    fold::Fold,
    ranks::Grant,
    tree::ActNo,
};
use crate::{
    ids::{AuthorId, Seq},
    limits::CHAIN_ACTS,
};

/// Acts by their places: author and seq.
type Places = BTreeSet<(AuthorId, Seq)>;

impl Fold<'_> {
    /// Whether a key lets into everything: a present member's or a keeper's.
    pub(crate) fn lets_in(&self, key: &AuthorId) -> bool {
        self.is_present(key) || self.role(key) == Some(Role::Keeper)
    }

    /// Whether somebody was a member, or had been welcomed, and is out.
    pub(crate) fn is_out(&self, key: &AuthorId) -> bool {
        let (removals, members) = (&self.steps.removals, &self.steps.members);
        let ended = removals.out.contains(key) || members.ended.contains_key(key) || members.surplus.contains(key);
        let ended = ended || self.was_keeper(key);
        let of = if let Some(Deed::Device(of)) = self.first_deed(key) { Some(of) } else { None };
        let falls = of.is_some_and(|of| removals.persons.contains(of)) && !members.all.contains(key);
        ended || falls
    }

    /// Whether nothing that is held says anything of a key: it never was a member, and is not out.
    pub(crate) fn is_unheard(&self, key: &AuthorId) -> bool {
        !self.members().contains(key) && !self.is_keeper(key) && !self.is_out(key)
    }

    /// Whether a ticket of this key lets in, by the entries and, at this time, by its end; `None` for one that nobody
    /// announced.
    pub(crate) fn ticket_lives(&self, ticket: &TicketId, key: &TicketKey, now_ms: u64) -> Option<bool> {
        let known = self.tickets().into_iter().find(|known| known.id == *ticket)?;
        Some(known.key == *key && known.lets_in(now_ms))
    }

    /// The acts that put somebody out: those that end its key or its person's, or those by which others used up its ticket.
    /// Of somebody who came with a ticket that has ended, the acts that ended that.
    pub(crate) fn put_out_by(&self, key: &AuthorId) -> Places {
        let person = if let Some(Deed::Device(of)) = self.first_deed(key) { Some(of) } else { None };
        let endings = [key].into_iter().chain(person).flat_map(|key| self.steps.governors.endings_of(key));
        let mut acts: Vec<ActNo> = endings.filter(|ending| ending.sort.cuts()).map(|ending| ending.act).collect();
        let mut all = Places::new();
        if let Some(of) = person.filter(|_| self.steps.members.ended.contains_key(key)) {
            let ends = |act: &&&Signed| matches!(&act.deed, Some(Deed::End(end)) if end.key == *key);
            all.extend(self.acts_of(of).iter().filter(ends).map(|act| (*of, act.seq)));
            self.lead_to(of, &mut all);
        }
        if acts.is_empty()
            && all.is_empty()
            && let Some(ticket) = self.ticket_of(key)
        {
            let revokes = |act: &&ActNo| {
                self.entries.act(**act).deed.as_ref().is_some_and(|deed| deed.revoked().contains(&ticket))
            };
            acts.extend(self.grants().iter().flat_map(|grant| &grant.acts).filter(revokes));
            for other in self.members().iter().filter(|other| self.ticket_of(other) == Some(ticket)) {
                all.insert((*other, 0));
                acts.extend(self.steps.members.let_in.get(other));
            }
        }
        for act in acts {
            let act = self.entries.act(act);
            all.insert((act.author, act.seq));
            self.lead_to(&act.author, &mut all);
        }
        let closing = self.closing().filter(|closing| all.contains(&closing.by));
        // Without its lists a closing act says nothing.
        if let Some(closing) = closing {
            all.extend(self.lists_of(closing));
            self.lead_to_closer(&closing.by.0, &mut all);
        }
        all
    }

    /// The acts that make somebody a member or a keeper, in the order of author and seq; none if they are more than a chain
    /// holds.
    pub fn chain(&self, key: &AuthorId) -> Vec<(AuthorId, Seq)> {
        let mut all = Places::new();
        if self.members().contains(key) {
            self.lead_to(key, &mut all);
        } else if let Some(grant) = self.live(key).next() {
            self.lead_to_grant(grant, &mut all);
        }
        if all.len() > CHAIN_ACTS { Vec::new() } else { all.into_iter().collect() }
    }

    /// Adds the acts that make somebody a member, and their authors what they are.
    fn lead_to(&self, key: &AuthorId, all: &mut Places) {
        if *key == self.entries.owner() {
            return;
        }
        let mut grants = self.steps.governors.grants_of(key).filter(|grant| grant.role != Role::Keeper);
        if let Some(grant) = self.live(key).find(|grant| grant.role != Role::Keeper).or_else(|| grants.next()) {
            return self.lead_to_grant(grant, all);
        }
        if let Some(Deed::Device(of)) = self.first_deed(key)
            && let Some(mine) = self.acts_of(of).iter().find(|act| act.deed == Some(Deed::Mine(*key)))
            && !self.steps.members.let_in.contains_key(key)
        {
            all.extend([(*key, 0), (*of, mine.seq)]);
            return self.lead_to(of, all);
        }
        let Some(number) = self.steps.members.let_in.get(key) else { return };
        let act = self.entries.act(*number);
        if !all.insert((act.author, act.seq)) {
            return;
        }
        match &act.deed {
            Some(Deed::Welcome { ticket, .. }) => {
                all.insert((*key, 0));
                if let Some(announced) = self.tickets().iter().find(|known| known.id == *ticket) {
                    all.insert((announced.maker, announced.seq));
                    self.lead_to(&announced.maker, all);
                }
                self.lead_to(&act.author, all);
            }
            deed => {
                if let Some(Deed::List { .. }) = deed {
                    self.lead_to_closer(&act.author, all);
                }
                self.lead_to_act(*number, all);
            }
        }
    }

    /// Adds the owner's step-down that lets somebody close the room.
    fn lead_to_closer(&self, key: &AuthorId, all: &mut Places) {
        let named = self.steps.governors.closer.filter(|(closer, _)| closer == key);
        all.extend(named.map(|(_, act)| (self.entries.owner(), self.entries.act(act).seq)));
    }

    /// Adds what gave a grant.
    fn lead_to_grant(&self, grant: &Grant, all: &mut Places) {
        let Some(number) = grant.by else { return };
        let act = self.entries.act(number);
        if all.insert((act.author, act.seq)) {
            self.lead_to_act(number, all);
        }
    }

    /// Adds what gave the grant under which an act counts.
    fn lead_to_act(&self, number: ActNo, all: &mut Places) {
        let grant = self.grants().iter().find(|grant| grant.acts.contains(&number));
        grant.into_iter().for_each(|grant| self.lead_to_grant(grant, all));
    }

    /// Whether these acts, which their authors' signatures cover, make somebody a member or a keeper as far as this fold
    /// knows: each vouches for the next, from the founder or from somebody who is known, and nothing that is held ends one of them.
    pub fn vouched(&self, key: &AuthorId, acts: &[Signed]) -> bool {
        let mut chain = Chain { fold: self, acts, told: BTreeMap::new() };
        acts.len() <= CHAIN_ACTS && (chain.makes_member(key) || chain.makes_keeper(key))
    }
}

/// A chain that is looked at.
struct Chain<'a> {
    fold: &'a Fold<'a>,
    acts: &'a [Signed],
    /// The members that were looked at. One that is being looked at vouches for nobody.
    told: BTreeMap<(AuthorId, Option<Role>), bool>,
}

impl<'a> Chain<'a> {
    /// Whether somebody is a member: it is known and present, or the chain makes it one.
    fn is_member(&mut self, key: &AuthorId) -> bool {
        self.fold.is_present(key) || *key == self.fold.entries.owner() || self.makes_member(key)
    }

    fn makes_member(&mut self, key: &AuthorId) -> bool {
        if let Some(told) = self.told.get(&(*key, None)) {
            return *told;
        }
        self.told.insert((*key, None), false);
        let acts = self.acts;
        let makes = !self.fold.is_out(key) && acts.iter().any(|act| self.lets_in(act, key));
        self.told.insert((*key, None), makes);
        makes
    }

    fn makes_keeper(&mut self, key: &AuthorId) -> bool {
        let acts = self.acts;
        let names = |deed: &Option<Deed>| match deed {
            Some(Deed::Appoint { keys, role: Role::Keeper, .. }) => keys.iter().any(|appointed| appointed.key == *key),
            _ => false,
        };
        !self.fold.is_out(key) && acts.iter().any(|act| names(&act.deed) && self.governs(act))
    }

    /// Whether an act makes somebody a member, and its author may do that.
    fn lets_in(&mut self, act: &Signed, key: &AuthorId) -> bool {
        match &act.deed {
            Some(Deed::Appoint { keys, role, .. }) => {
                *role != Role::Keeper && keys.iter().any(|appointed| appointed.key == *key) && self.governs(act)
            }
            Some(Deed::Admit { who, .. }) => who.contains(key) && self.governs(act),
            Some(Deed::List { kept, .. }) => kept.contains(key) && self.governs(act),
            Some(Deed::Welcome { who, ticket }) => {
                who == key && self.comes_by(key, ticket) && self.is_member(&act.author)
            }
            Some(Deed::Mine(device)) => {
                let is = |first: &Signed| first.seq == 0 && first.deed == Some(Deed::Device(act.author));
                let said = self.acts.iter().any(|first| first.author == *key && is(first));
                device == key && said && self.is_member(&act.author)
            }
            _ => false,
        }
    }

    /// Whether somebody joined by a ticket that a member announced.
    fn comes_by(&mut self, key: &AuthorId, ticket: &TicketId) -> bool {
        let acts = self.acts;
        let shown = acts.iter().find_map(|act| match act.deed {
            Some(Deed::Join { ticket: by, key: shown }) if act.author == *key && act.seq == 0 && by == *ticket => {
                Some(shown)
            }
            _ => None,
        });
        if self.fold.steps.members.revoked.contains(ticket) {
            return false;
        }
        acts.iter().any(|act| match act.deed {
            Some(Deed::Ticket { ticket: id, key, .. }) => {
                id == *ticket && Some(key) == shown && self.is_member(&act.author)
            }
            _ => false,
        })
    }

    /// Whether the author of an act holds a role that allows it: as far as is known, or by an appointment of the chain.
    fn governs(&mut self, act: &Signed) -> bool {
        let (author, Some(deed)) = (act.author, &act.deed) else { return false };
        let lists = matches!(deed, Deed::List { .. }) && self.closes(&author);
        let may = |role: Role| role.may(deed) || lists && role == Role::CoOwner;
        if self.founds(act) || self.fold.live(&author).any(|grant| may(grant.role)) {
            return true;
        }
        let ended = self.fold.steps.governors.endings_of(&author).any(|ending| ending.sort.cuts());
        if ended || self.fold.is_out(&author) {
            return false;
        }
        let acts = self.acts;
        acts.iter().any(|other| match &other.deed {
            Some(Deed::Appoint { keys, role, .. }) => {
                let covers = keys.iter().any(|keys| keys.key == author && keys.from <= act.seq);
                covers && may(*role) && self.holds(&author, *role, other)
            }
            _ => false,
        })
    }

    /// Whether the owner wrote an act, and had not stepped down as far as is known.
    fn founds(&self, act: &Signed) -> bool {
        let down = self.fold.grants().first().and_then(|owner| owner.down);
        act.author == self.fold.entries.owner() && down.is_none_or(|down| act.seq <= down)
    }

    /// Whether the owner's step-down names somebody to close the room: as far as is known, or by the chain.
    fn closes(&self, key: &AuthorId) -> bool {
        let named = Some(Deed::StepDown { closer: Some(*key) });
        let owner = self.fold.entries.owner();
        self.fold.steps.governors.closer.is_some_and(|(closer, _)| closer == *key)
            || self.acts.iter().any(|act| act.author == owner && act.deed == named)
    }

    /// Whether somebody holds a role by this appointment.
    fn holds(&mut self, key: &AuthorId, role: Role, appointment: &Signed) -> bool {
        if let Some(told) = self.told.get(&(*key, Some(role))) {
            return *told;
        }
        self.told.insert((*key, Some(role)), false);
        let holds = self.governs(appointment);
        self.told.insert((*key, Some(role)), holds);
        holds
    }
}

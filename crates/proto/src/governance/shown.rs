//! What of a closed room people see.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    closing::Closing,
    deed::{Deed, Role, Signed},
    fold::Fold,
    ranks::Grant,
};
use crate::{
    entry::Kind,
    ids::{AuthorId, Seq},
};

/// What of a closed room people see, as its entries have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// How many entries of each member's log count.
    pub ends: BTreeMap<AuthorId, Seq>,
    /// The words that governors took back: of each author the first and the last.
    pub hidden: BTreeMap<AuthorId, Vec<(Seq, Seq)>>,
    /// The acts that did something: author and seq.
    pub done: BTreeSet<(AuthorId, Seq)>,
    /// The messages that slow mode keeps out: of each author the first and the last of each row.
    pub slowed: BTreeMap<AuthorId, Vec<(Seq, Seq)>>,
    /// Newcomers whose words are held.
    pub held: BTreeSet<AuthorId>,
    /// Whether those who read here see them all the same.
    pub lifts: bool,
    /// Who reads here: its own words are not held from it.
    pub reader: Option<AuthorId>,
    /// How the room was closed, if it was founded as an open one.
    pub closing: Option<Closing>,
}

impl Shown {
    /// Whether an entry counts, and nobody took it back.
    pub fn shows(&self, author: &AuthorId, seq: Seq, kind: Kind) -> bool {
        let counts = self.ends.get(author).is_some_and(|end| seq < *end);
        match counts && kind.is_act() {
            true => self.done.contains(&(*author, seq)),
            // Somebody whose words were taken back keeps its name.
            false => {
                let hidden = kind.can_be_hidden() && self.hides(author, seq);
                counts && !hidden && (kind == Kind::NICK || !self.rules_out(author, seq, kind))
            }
        }
    }

    /// Whether an entry that was signed as this kind says something in plain after the room was closed.
    pub fn voids(&self, author: &AuthorId, seq: Seq, kind: Kind) -> bool {
        self.closing.as_ref().is_some_and(|closing| closing.voids(author, seq, kind))
    }

    /// Whether the words of somebody are held until it is let through, whoever reads here.
    pub fn holds(&self, author: &AuthorId) -> bool {
        self.held.contains(author)
    }

    fn rules_out(&self, author: &AuthorId, seq: Seq, kind: Kind) -> bool {
        let slowed = || self.slowed.get(author).is_some_and(|rows| within(rows, seq));
        let held = self.holds(author) && !self.lifts && self.reader != Some(*author);
        held || kind.is_message() && slowed()
    }

    fn hides(&self, author: &AuthorId, seq: Seq) -> bool {
        let ranges = self.hidden.get(author).into_iter().flatten();
        ranges.into_iter().any(|(first, last)| (*first..=*last).contains(&seq))
    }
}

/// Whether a seq lies in one of these rows, which ascend.
fn within(rows: &[(Seq, Seq)], seq: Seq) -> bool {
    let next = rows.partition_point(|(first, _)| *first <= seq);
    next.checked_sub(1).and_then(|row| rows.get(row)).is_some_and(|(_, last)| seq <= *last)
}

impl Fold<'_> {
    /// What people see.
    pub fn shown(&self) -> Shown {
        let mut hidden: BTreeMap<AuthorId, Vec<(Seq, Seq)>> = BTreeMap::new();
        self.hidden().for_each(|(author, first, last)| hidden.entry(author).or_default().push((first, last)));
        let (slowed, held) = (self.slowed(), self.held().clone());
        let (done, closing) = (self.done(), self.closing().cloned());
        Shown { ends: self.ends(), hidden, done, slowed, held, lifts: false, reader: None, closing }
    }

    fn ends(&self) -> BTreeMap<AuthorId, Seq> {
        let (removals, members) = (&self.steps.removals, &self.steps.members);
        let end = |key: &AuthorId| (*key, members.extent(removals, key).cut.unwrap_or(Seq::MAX));
        members.all.iter().map(end).collect()
    }

    /// The acts that did something: those that count under a grant, unless they are against somebody of equal or higher
    /// rank, and of each newcomer the first welcome and the first act that let it through.
    fn done(&self) -> BTreeSet<(AuthorId, Seq)> {
        let under = |grant| self.acts(grant).filter(move |act| self.does(grant, act));
        let governed = self.grants().iter().flat_map(under);
        let mut first: BTreeMap<(AuthorId, bool), &Signed> = BTreeMap::new();
        for act in self.members().iter().flat_map(|member| self.acts_of(member)) {
            let (who, welcomes) = match &act.deed {
                Some(Deed::Welcome { who, ticket }) if self.ticket_of(who) == Some(*ticket) => (who, true),
                Some(Deed::LetThrough(who)) if !self.held().contains(&act.author) => (who, false),
                _ => continue,
            };
            if self.members().contains(who) && self.ticket_of(who).is_some() {
                let other = first.entry((*who, welcomes)).or_insert(act);
                let order = |act: &Signed| (act.time, act.author, act.seq);
                *other = if order(act) < order(other) { act } else { *other };
            }
        }
        governed.chain(first.into_values()).map(|act| (act.author, act.seq)).collect()
    }

    fn does(&self, grant: &Grant, act: &Signed) -> bool {
        let above = |key: &AuthorId| {
            let mut others = self.steps.governors.grants_of(key);
            others.all(|other| other.role == Role::Keeper || grant.rank < other.rank)
        };
        match &act.deed {
            Some(deed @ (Deed::Dismiss { .. } | Deed::Remove { .. } | Deed::Hide { .. })) => {
                let out = |key: &AuthorId| matches!(deed, Deed::Remove { .. }) && self.steps.removals.out.contains(key);
                deed.ends().iter().any(|end| above(&end.key) || out(&end.key))
            }
            // That somebody ended a device of its own concerns nobody else.
            Some(Deed::End(end)) if self.is_device_of(&end.key, &act.author) => false,
            Some(Deed::End(end)) => end.key == act.author || above(&end.key),
            // Whoever came by a ticket, or as a device, was in before, and is confirmed.
            Some(Deed::Admit { who, despite, .. }) => {
                let comes = |who| matches!(self.first_deed(who), Some(Deed::Join { .. } | Deed::Device(_)));
                !despite.is_empty() || !who.iter().all(comes)
            }
            Some(Deed::Close { .. }) => self.closing().is_some_and(|closing| closing.by == (act.author, act.seq)),
            // These count once.
            Some(Deed::Welcome { .. } | Deed::LetThrough(_)) => false,
            _ => true,
        }
    }
}

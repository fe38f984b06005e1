//! What a set of entries comes to: who governs, who is in, and which entries count.

use std::collections::BTreeSet;

use super::{
    deed::{Deed, Last, Role, Signed},
    entries::Entries,
    epochs::Epochs,
    governors::Governors,
    members::Members,
    ranks::{Grant, Sort},
    removals::Removals,
    rules::{Pace, Rulings, held},
    tree::{Branch, Spot, Tree},
};
use crate::ids::{AuthorId, EntryId, Seq};

/// The steps. Each reads those before it only.
#[derive(Clone, Debug, Default)]
pub(crate) struct Steps {
    pub(crate) governors: Governors,
    pub(crate) removals: Removals,
    pub(crate) members: Members,
    pub(crate) epochs: Epochs,
    pub(crate) rulings: Rulings,
    /// Newcomers whose words are held.
    pub(crate) held: BTreeSet<AuthorId>,
}

impl Steps {
    pub(crate) fn of(entries: &Entries) -> Self {
        let governors = Governors::of(entries);
        let removals = Removals::of(entries, &governors);
        let rulings = Rulings::of(entries, &governors);
        let mut steps = Self { governors, removals, rulings, ..Self::default() };
        steps.let_in(entries);
        steps
    }

    /// Repeats the steps behind the second.
    pub(crate) fn let_in(&mut self, entries: &Entries) {
        let Self { governors, removals, rulings, .. } = self;
        let members = Members::of(entries, (governors, rulings), removals);
        self.epochs = Epochs::of(entries, governors, removals, &members);
        self.held = held(entries, (governors, &members), (rulings, |key| members.extent(removals, key)));
        self.members = members;
    }
}

/// The state of a room, as the entries that are held have it.
#[derive(Clone, Copy, Debug)]
pub struct Fold<'a> {
    pub(crate) entries: &'a Entries,
    pub(crate) steps: &'a Steps,
    pub(crate) pace: &'a Pace,
}

impl<'a> Fold<'a> {
    /// All grants, also those that ended, the highest first.
    pub fn grants(&self) -> &'a [Grant] {
        &self.steps.governors.grants
    }

    /// When the owner governed last, in milliseconds by its own clock; 0 if it has not.
    pub fn owned_ms(&self) -> u64 {
        let owner = self.grants().iter().find(|grant| grant.by.is_none());
        owner.and_then(|grant| grant.acts.last()).map_or(0, |act| self.entries.act(*act).time.ms())
    }

    /// The acts that count under a grant, in the order of the log.
    pub fn acts(&self, grant: &'a Grant) -> impl Iterator<Item = &'a Signed> {
        let entries = self.entries;
        grant.acts.iter().map(move |act| entries.act(*act))
    }

    /// Everybody who is a member, also those who were removed: what they said before counts.
    pub fn members(&self) -> &'a BTreeSet<AuthorId> {
        &self.steps.members.all
    }

    /// The members who are not removed.
    pub fn present(&self) -> BTreeSet<AuthorId> {
        let Steps { removals, members, .. } = self.steps;
        members
            .all
            .iter()
            .filter(|key| !removals.out.contains(key) && !members.ended.contains_key(key))
            .copied()
            .collect()
    }

    /// Newcomers that were welcomed when their ticket had no use left.
    pub fn surplus(&self) -> &'a BTreeSet<AuthorId> {
        &self.steps.members.surplus
    }

    /// The counting acts that end a key, or grants of it, the highest first.
    pub fn endings(&self, key: &AuthorId) -> impl Iterator<Item = EntryId> {
        let endings = self.steps.governors.endings_of(key);
        endings.filter(|ending| ending.sort != Sort::Voucher).map(|ending| ending.id)
    }

    /// How many entries of an author's log count.
    pub fn count(&self, author: &AuthorId) -> Seq {
        self.counted_branch(author).map_or(0, |(_, branch)| branch.len())
    }

    /// The last entry of an author that counts: what an ending names that takes nothing back.
    pub fn last(&self, author: &AuthorId) -> Option<Last> {
        let (tree, branch) = self.counted_branch(author)?;
        let spot = branch.last()?;
        Some(Last { seq: spot.seq, id: tree.id(spot)? })
    }

    /// Whether an entry counts: its author is a member, and it lies within the author's cut. Says no of what was let go of, of
    /// which [`Fold::count`] tells.
    pub fn counts(&self, author: &AuthorId, seq: Seq, id: &EntryId) -> bool {
        let Some((tree, branch)) = self.counted_branch(author) else { return false };
        tree.find(seq, id).is_some_and(|spot| Tree::leads_through(&branch, spot))
    }

    /// The ids of all entries that count, those apart that were let go of.
    pub fn counted(&self) -> BTreeSet<EntryId> {
        let branches = self.members().iter().filter_map(|member| self.counted_branch(member));
        branches.flat_map(|(tree, branch)| tree.ids(branch)).collect()
    }

    /// The words that governors took back: whose, from which seq, and the last of them. An act against somebody of equal
    /// or higher rank takes nothing back.
    pub fn hidden(&self) -> impl Iterator<Item = (AuthorId, Seq, Seq)> {
        let governors = &self.steps.governors;
        let acts = self.grants().iter().flat_map(move |grant| self.acts(grant).map(move |act| (grant, act)));
        acts.filter_map(move |(grant, act)| {
            let Some(Deed::Hide { until, first }) = &act.deed else { return None };
            let above = |other: &Grant| other.role == Role::Keeper || grant.rank < other.rank;
            let last = until.last.filter(|last| self.counts(&until.key, last.seq, &last.id))?;
            governors.grants_of(&until.key).all(above).then_some((until.key, *first, last.seq))
        })
    }

    /// The ids of all entries that are passed on, of those that were not let go of: those that count, and those without which others would not come to
    /// the same state. These are, of each log of a member, of a newcomer or device that waits, and of a governor, the
    /// lowest fork, what leads to the entry that chooses the branch, and the fork behind that branch; the vouchers for
    /// the owner's log; and the first entries of those who wait and of devices that their person ended.
    pub fn passed_on(&self) -> BTreeSet<EntryId> {
        let Steps { governors, members, .. } = self.steps;
        let mut all = self.counted();
        for act in &governors.owner.vouchers {
            self.pass_on_voucher(self.entries.act(*act), &mut all);
        }
        for (author, tree) in self.entries.trees() {
            let waits = members.waiting.contains(author);
            if waits || members.all.contains(author) || governors.of_key.contains_key(author) {
                self.pass_on_forks(author, tree, &mut all);
            }
            if waits {
                all.extend(tree.ids(tree.branch(None).cut(1)));
            }
            // By its first entry a device is one, even when its person ended it before that entry.
            if members.ended.contains_key(author) {
                all.extend(tree.ids(self.steps.removals.extent(author).of(tree).cut(1)));
            }
        }
        all
    }

    fn pass_on_voucher(&self, voucher: &Signed, all: &mut BTreeSet<EntryId>) {
        let leading = |author: &AuthorId, seq, id: &EntryId| {
            let tree = self.entries.tree(author)?;
            Some(tree.ids(tree.leading_to(tree.find(seq, id)?)))
        };
        all.extend(leading(&voucher.author, voucher.seq, &voucher.id).into_iter().flatten());
        for end in voucher.deed.iter().flat_map(Deed::ends) {
            let Some(last) = end.last else { continue };
            all.extend(leading(&end.key, last.seq, &last.id).into_iter().flatten());
        }
    }

    fn pass_on_forks(&self, author: &AuthorId, tree: &Tree, all: &mut BTreeSet<EntryId>) {
        let tip = self.steps.members.extent(&self.steps.removals, author).tip;
        let forks: [Vec<Spot>; 2] = [tree.lowest_fork(), tree.fork_behind(&tree.branch(tip))];
        all.extend(forks.iter().flatten().filter_map(|spot| tree.id(*spot)));
        if let Some(tip) = tip {
            all.extend(tree.ids(tree.leading_to(tip)));
        }
    }

    fn counted_branch(&self, author: &AuthorId) -> Option<(&'a Tree, Branch)> {
        let tree = self.entries.tree(author).filter(|_| self.members().contains(author))?;
        Some((tree, self.steps.members.extent(&self.steps.removals, author).of(tree)))
    }
}

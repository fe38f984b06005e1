//! What the fold reads: every verified entry that is held, whether shown, waiting or in quarantine.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    deed::{Deed, Signed},
    tree::{ActNo, Grown, Tree},
};
use crate::{
    ids::{AuthorId, EntryId, Seq},
    log::Head,
};

/// The entries that are held. It only grows, and the order in which it grew shows nowhere.
#[derive(Clone, Debug)]
pub(crate) struct Entries {
    owner: AuthorId,
    trees: BTreeMap<AuthorId, Tree>,
    acts: Vec<Signed>,
    /// Places in `acts` of acts that were forgotten.
    free: Vec<ActNo>,
    /// The entries that acts name as the last that counts.
    named: BTreeSet<EntryId>,
    /// The acts that name an epoch.
    epochs: BTreeSet<ActNo>,
    /// The acts that hold boxes.
    boxes: BTreeSet<ActNo>,
}

/// What of the fold an entry may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Touched {
    /// Nothing but how far one log goes.
    Nothing,
    /// Who is a member.
    Members,
    /// Anything.
    Everything,
}

impl Entries {
    pub(crate) fn new(owner: AuthorId) -> Self {
        let (trees, acts, free) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { owner, trees, acts, free, named: BTreeSet::new(), epochs: BTreeSet::new(), boxes: BTreeSet::new() }
    }

    /// Takes an entry. `governs` tells whether its author has a grant.
    pub(crate) fn insert(&mut self, entry: Signed, governs: impl FnOnce(&AuthorId) -> bool) -> Touched {
        let (author, id) = (entry.author, entry.id);
        let head = Head { seq: entry.seq, id, time: entry.time };
        let act = entry.deed.is_some().then(|| self.free.last().copied().unwrap_or(self.acts.len()));
        let grown = self.trees.entry(author).or_default().insert(head, entry.prev, act);
        if grown == Grown::Not {
            return Touched::Nothing;
        }
        let touched = match &entry.deed {
            _ if grown == Grown::Otherwise || self.named.contains(&id) => Touched::Everything,
            _ if grown == Grown::Apart => Touched::Nothing,
            None => Touched::Nothing,
            Some(Deed::End(_)) => Touched::Everything,
            // A co-owner's word about the owner's log counts wherever it stands.
            Some(Deed::Vouch(end)) if end.key == self.owner => Touched::Everything,
            Some(Deed::Join { .. } | Deed::Welcome { .. } | Deed::Device(_) | Deed::Mine(_)) => Touched::Members,
            Some(Deed::Epoch { .. } | Deed::Boxes { .. }) => Touched::Members,
            Some(_) if governs(&author) => Touched::Everything,
            Some(_) => Touched::Members,
        };
        if let Some(deed) = &entry.deed {
            self.named.extend(deed.ends().iter().filter_map(|end| end.last).map(|last| last.id));
            let at = self.free.pop().unwrap_or(self.acts.len());
            match deed {
                Deed::Epoch { .. } => _ = self.epochs.insert(at),
                Deed::Boxes { .. } => _ = self.boxes.insert(at),
                _ => {}
            }
            match self.acts.get_mut(at) {
                Some(place) => *place = entry,
                None => self.acts.push(entry),
            }
        }
        touched
    }

    /// Forgets the entries of a log from `at` on. Returns whether there were any.
    pub(crate) fn forget(&mut self, author: &AuthorId, at: Seq) -> bool {
        let Some(tree) = self.trees.get_mut(author).filter(|tree| tree.reaches(at)) else { return false };
        let forgotten = tree.forget_from(at);
        for act in &forgotten {
            self.epochs.remove(act);
            self.boxes.remove(act);
        }
        self.free.extend(forgotten);
        if tree.is_empty() {
            self.trees.remove(author);
        }
        true
    }

    /// Sets where a log is proved to be forked. Returns whether that is news.
    pub(crate) fn prove(&mut self, author: AuthorId, forks: BTreeSet<Seq>) -> bool {
        let tree = self.trees.entry(author).or_default();
        let news = *tree.proved() != forks;
        tree.prove(forks);
        if tree.is_empty() {
            self.trees.remove(&author);
        }
        news
    }

    pub(crate) fn owner(&self) -> AuthorId {
        self.owner
    }

    pub(crate) fn tree(&self, author: &AuthorId) -> Option<&Tree> {
        self.trees.get(author)
    }

    pub(crate) fn trees(&self) -> impl Iterator<Item = (&AuthorId, &Tree)> {
        self.trees.iter()
    }

    /// The acts that name an epoch, on whatever branch.
    pub(crate) fn epochs(&self) -> impl Iterator<Item = &Signed> {
        self.epochs.iter().map(|act| self.act(*act))
    }

    /// The acts that hold boxes, on whatever branch.
    pub(crate) fn boxes(&self) -> impl Iterator<Item = &Signed> {
        self.boxes.iter().map(|act| self.act(*act))
    }

    pub(crate) fn act(&self, act: ActNo) -> &Signed {
        &self.acts[act]
    }
}

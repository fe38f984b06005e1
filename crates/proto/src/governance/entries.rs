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
        let tree = self.trees.entry(author).or_default();
        let denies = tree.denies_ahead(head.seq, &id, entry.deed.is_some());
        if denies {
            let forgotten = tree.forget_ahead(head.seq);
            self.release(forgotten);
        }
        let tree = self.trees.entry(author).or_default();
        let ahead = tree.ahead(head.seq, &id);
        let act = entry.deed.is_some().then(|| ahead.or(self.free.last().copied()).unwrap_or(self.acts.len()));
        let grown = tree.insert(head, entry.prev, (act, entry.message));
        let touched = match grown {
            _ if denies => Touched::Everything,
            Grown::Not => Touched::Nothing,
            Grown::Otherwise => Touched::Everything,
            _ if self.named.contains(&id) => Touched::Everything,
            Grown::Apart => Touched::Nothing,
            Grown::Longer => self.touched_by(&entry, governs),
        };
        if grown != Grown::Not && ahead.is_none() {
            self.note_act(entry);
        }
        touched
    }

    /// Takes an act ahead of what is held of its log, if it follows the last one that is known there: that is `before`.
    /// Returns what it may change, or `None` if it does not follow.
    pub(crate) fn insert_ahead(
        &mut self,
        entry: Signed,
        before: Option<EntryId>,
        governs: impl FnOnce(&AuthorId) -> bool,
    ) -> Option<Touched> {
        let tree = self.trees.entry(entry.author).or_default();
        let whole = tree.whole();
        let last = tree.newest_act(&whole).map(|act| &self.acts[act]);
        let follows = last.map(|last| last.id) == before && last.is_none_or(|last| last.seq < entry.seq);
        if !follows || entry.seq < whole.len() || entry.deed.is_none() {
            return None;
        }
        let held = tree.held(entry.seq, &entry.id);
        tree.insert_ahead(entry.seq, entry.id, held.or(self.free.last().copied()).unwrap_or(self.acts.len()));
        let touched = self.touched_by(&entry, governs);
        if held.is_none() {
            self.note_act(entry);
        }
        Some(touched)
    }

    /// What of the fold an entry may change that is read from now on.
    fn touched_by(&self, entry: &Signed, governs: impl FnOnce(&AuthorId) -> bool) -> Touched {
        match &entry.deed {
            None => Touched::Nothing,
            Some(Deed::End(_)) => Touched::Everything,
            // A co-owner's word about the owner's log counts wherever it stands.
            Some(Deed::Vouch(end)) if end.key == self.owner => Touched::Everything,
            Some(Deed::Join { .. } | Deed::Welcome { .. } | Deed::Device(_) | Deed::Mine(_)) => Touched::Members,
            Some(Deed::Epoch { .. } | Deed::Boxes { .. } | Deed::LetThrough(_)) => Touched::Members,
            Some(_) if governs(&entry.author) => Touched::Everything,
            Some(_) => Touched::Members,
        }
    }

    fn note_act(&mut self, entry: Signed) {
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
    }

    /// Forgets the entries of a log from `at` on. Returns whether there were any.
    pub(crate) fn forget(&mut self, author: &AuthorId, at: Seq) -> bool {
        let Some(tree) = self.trees.get_mut(author).filter(|tree| tree.reaches(at)) else { return false };
        let (forgotten, empty) = (tree.forget_from(at), tree.is_empty());
        if empty {
            self.trees.remove(author);
        }
        self.release(forgotten);
        true
    }

    /// Forgets acts of which no log holds any more.
    fn release(&mut self, forgotten: Vec<ActNo>) {
        for act in &forgotten {
            self.epochs.remove(act);
            self.boxes.remove(act);
        }
        self.free.extend(forgotten);
    }

    /// Forgets the acts of a log that are known ahead of what is held. Returns whether there were any.
    pub(crate) fn forget_ahead(&mut self, author: &AuthorId) -> bool {
        let Some(tree) = self.trees.get_mut(author).filter(|tree| tree.knows_ahead()) else { return false };
        let forgotten = tree.forget_ahead(0);
        self.release(forgotten);
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

//! What the fold reads: every verified entry that is held, whether shown, waiting or in quarantine.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    deed::{Deed, Signed},
    tree::{ActNo, Grown, Tree},
};
use crate::{
    ids::{AuthorId, EntryId, Seq},
    log::{Head, Span},
};

/// The entries that are held. It only grows, and the order in which it grew shows nowhere.
#[derive(Clone, Debug)]
pub(crate) struct Entries {
    owner: AuthorId,
    trees: BTreeMap<AuthorId, Tree>,
    acts: Vec<Signed>,
    /// Places in `acts` of acts that were forgotten.
    free: Vec<ActNo>,
    /// The places that something reads besides those of acts: of the entries that acts name as the last that counts, and of
    /// those below a proved fork. What stands there is not let go of.
    marks: BTreeSet<(AuthorId, Seq)>,
    /// The marks at entries that were let go of.
    lacking: BTreeSet<(AuthorId, Seq)>,
    /// Logs of which something may be let go of.
    grown: BTreeSet<AuthorId>,
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
        Self {
            owner,
            trees: BTreeMap::new(),
            acts: Vec::new(),
            free: Vec::new(),
            marks: BTreeSet::new(),
            lacking: BTreeSet::new(),
            grown: BTreeSet::new(),
            epochs: BTreeSet::new(),
            boxes: BTreeSet::new(),
        }
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
        let marked = self.marks.contains(&(author, head.seq));
        let touched = match grown {
            _ if denies => Touched::Everything,
            Grown::Not => Touched::Nothing,
            Grown::Otherwise => Touched::Everything,
            _ if marked => Touched::Everything,
            Grown::Again | Grown::Apart => Touched::Nothing,
            Grown::Longer => self.touched_by(&entry, governs),
        };
        self.grown.insert(author);
        if grown == Grown::Again {
            self.lacking.remove(&(author, head.seq));
        } else if grown != Grown::Not && ahead.is_none() {
            self.note_act(entry);
        }
        touched
    }

    /// Takes a piece of a log of which the host tells the last entry and the acts, see [`Tree::insert_span`].
    pub(crate) fn insert_span(&mut self, author: AuthorId, span: &Span, acts: Vec<Signed>) {
        let mut numbered = Vec::new();
        for act in acts {
            let head = (act.seq, act.id, act.time);
            numbered.extend(self.note_act(act).map(|number| (head.0, head.1, head.2, number)));
        }
        self.trees.entry(author).or_default().insert_span(span, numbered.into_iter());
        self.grown.insert(author);
        let marked = self.marks.range((author, span.first)..=(author, span.last.seq));
        let marked: Vec<_> = marked.copied().collect();
        marked.into_iter().for_each(|(author, seq)| self.mark(author, seq));
    }

    /// Keeps what stands at a place from being let go of. If it was let go of, the host is to tell it again.
    pub(crate) fn mark(&mut self, author: AuthorId, seq: Seq) {
        self.marks.insert((author, seq));
        if self.lacks(&author, seq) {
            self.lacking.insert((author, seq));
        }
    }

    /// Whether an entry is held and was let go of.
    pub(crate) fn lacks(&self, author: &AuthorId, seq: Seq) -> bool {
        self.trees.get(author).is_some_and(|tree| tree.lacks(seq))
    }

    /// The marks at entries that were let go of.
    pub(crate) fn lacking(&self) -> impl Iterator<Item = (AuthorId, Seq)> {
        self.lacking.iter().copied()
    }

    /// The host holds no such entries.
    pub(crate) fn give_up(&mut self, author: AuthorId, (first, last): (Seq, Seq)) {
        self.lacking.retain(|(of, seq)| *of != author || !(first..=last).contains(seq));
    }

    /// Lets go of what is known of words, see [`Tree::let_go`].
    pub(crate) fn let_go(&mut self) {
        for author in std::mem::take(&mut self.grown) {
            if let Some(tree) = self.trees.get_mut(&author) {
                tree.let_go(|seq| self.marks.contains(&(author, seq)));
            }
        }
    }

    /// Whether something may be let go of.
    pub(crate) fn has_grown(&self) -> bool {
        !self.grown.is_empty()
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

    /// Gives an act a number, unless the entry is none.
    fn note_act(&mut self, entry: Signed) -> Option<ActNo> {
        let deed = entry.deed.as_ref()?;
        let named: Vec<_> = deed.ends().iter().filter_map(|end| Some((end.key, end.last?.seq))).collect();
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
        named.into_iter().for_each(|(key, seq)| self.mark(key, seq));
        Some(at)
    }

    /// Forgets the entries of a log from `at` on. Returns whether there were any.
    pub(crate) fn forget(&mut self, author: &AuthorId, at: Seq) -> bool {
        let Some(tree) = self.trees.get_mut(author).filter(|tree| tree.reaches(at)) else { return false };
        let (forgotten, empty) = (tree.forget_from(at), tree.is_empty());
        self.lacking.retain(|(of, seq)| of != author || *seq < at);
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
        forks.iter().filter_map(|fork| fork.checked_sub(1)).for_each(|below| self.mark(author, below));
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

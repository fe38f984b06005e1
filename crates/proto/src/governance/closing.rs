//! How an open room was closed: by an act of its founder, once and for good; or, once the founder has stepped down, of the
//! co-owner whom its step-down names.
//!
//! Before it, that node lists every other author with the last entry that stays, and whether the author is kept. Up to
//! there each log counts for ever, whatever fork is made below. Those who are kept are members. The others are out as if
//! whoever closed the room had removed them there. Beyond, and of authors that are not listed, nothing in plain counts: words are
//! sealed, as in every closed room.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    act::Says,
    deed::{Deed, End, Last, Signed},
    entries::Entries,
    fold::Fold,
    ranks::Grant,
    tree::ActNo,
};
use crate::{
    admit::{Admission, Entry, Trust},
    entry::{Founding, Kind, RawEntry, founding},
    ids::{AuthorId, RoomId, Seq},
    limits::ACT_LISTED,
    run::RawRun,
};
use bytes::Bytes;

/// An author of an open room that is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Whose log, and the last entry that stays.
    pub end: End,
    /// Whether the author is a member afterwards.
    pub kept: bool,
}

/// How an open room was closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closing {
    /// By which act: its author and seq.
    pub by: (AuthorId, Seq),
    /// How many entries of each log may be in plain.
    plain: BTreeMap<AuthorId, Seq>,
}

impl Closing {
    /// Whether an entry of this kind says something in plain after the room was closed.
    pub fn voids(&self, author: &AuthorId, seq: Seq, kind: Kind) -> bool {
        kind.is_word() && self.plain.get(author).is_none_or(|end| *end <= seq)
    }

    /// How many entries of a log may be in plain.
    pub fn plain(&self, author: &AuthorId) -> Seq {
        self.plain.get(author).copied().unwrap_or(0)
    }
}

/// What a closing act and its lists say.
#[derive(Clone, Debug)]
pub(crate) struct Lists {
    /// The lists.
    acts: Vec<ActNo>,
    pub(crate) closing: Closing,
    /// The authors that are kept, and the list that names each.
    pub(crate) kept: BTreeMap<AuthorId, ActNo>,
    /// Where each listed log ends.
    pub(crate) ends: BTreeMap<AuthorId, End>,
}

impl Lists {
    /// What a closing act says, which counts under a grant; `None` if its lists are not all there.
    pub(crate) fn of(entries: &Entries, grant: &Grant, act: ActNo) -> Option<Self> {
        let signed = entries.act(act);
        let Some(Deed::Close { lists }) = signed.deed else { return None };
        let count = usize::try_from(lists).ok()?;
        let before = grant.acts.iter().rev().skip_while(|other| **other != act);
        let lists = before.filter(|other| matches!(entries.act(**other).deed, Some(Deed::List { .. }))).take(count);
        let lists: Vec<ActNo> = lists.copied().collect();
        if lists.len() < count {
            return None;
        }
        let closing = Closing { by: (signed.author, signed.seq), plain: [(signed.author, signed.seq)].into() };
        let mut all = Self { acts: lists, closing, kept: BTreeMap::new(), ends: BTreeMap::new() };
        for list in all.acts.clone() {
            all.read(&entries.act(list).deed, list);
        }
        Some(all)
    }

    /// Reads a list. Of an author that several name the last counts, which is read first. Whoever closes the room needs none.
    fn read(&mut self, deed: &Option<Deed>, list: ActNo) {
        let Some(Deed::List { ends, kept }) = deed else { return };
        for end in ends {
            if end.key == self.closing.by.0 || self.ends.contains_key(&end.key) {
                continue;
            }
            self.ends.insert(end.key, *end);
            self.closing.plain.insert(end.key, end.count());
            if kept.contains(&end.key) {
                self.kept.insert(end.key, list);
            }
        }
    }
}

impl<'a> Fold<'a> {
    /// How the room was closed, if it was founded as an open one.
    pub fn closing(&self) -> Option<&'a Closing> {
        self.steps.governors.lists.as_ref().map(|lists| &lists.closing)
    }

    /// The lists that belong to a closing: author and seq of each.
    pub(crate) fn lists_of(&self, closing: &Closing) -> Vec<(AuthorId, Seq)> {
        let lists = self.steps.governors.lists.iter().flat_map(|lists| &lists.acts);
        lists.map(|list| (closing.by.0, self.entries.act(*list).seq)).collect()
    }

    /// The lists by which `me` closes an open room as it is held here. Whoever is in `out` is not kept.
    pub fn lists(&self, me: &AuthorId, out: &BTreeSet<AuthorId>) -> Vec<Says> {
        let others = self.entries.trees().filter(|(key, _)| *key != me);
        let listed = others.filter_map(|(key, tree)| {
            let spot = tree.branch(None).last()?;
            let last = Last { seq: spot.seq, id: tree.id(spot)? };
            Some(Listed { end: End { key: *key, last: Some(last) }, kept: !out.contains(key) })
        });
        let listed: Vec<Listed> = listed.collect();
        listed.chunks(ACT_LISTED).map(|listed| Says::List(listed.to_vec())).collect()
    }
}

impl Says {
    /// Whether it can be an act of this author, as far as it says itself: a room is closed by its founder, or by whom that
    /// named when it stepped down.
    pub fn is_of(&self, room: &RoomId, author: &AuthorId) -> bool {
        match self {
            Self::Close { founding: body, named, .. } => {
                let founder = match named {
                    None => Some(*author),
                    Some(run) => Some(run.author()).filter(|_| names(room, run, author)),
                };
                founder.is_some_and(|founder| matches!(founding(room, &founder, body), Ok(Founding::Open { .. })))
            }
            _ => true,
        }
    }

    /// Closes a room that was founded by this body, behind so many lists. `named` is the founder's step-down, unless the
    /// founder closes it.
    pub fn close(lists: usize, founding: &Bytes, named: Option<RawRun>) -> Self {
        Self::Close { lists: lists as u64, founding: founding.clone(), named }
    }
}

/// Whether this is a step-down that its author signed, and that names somebody.
fn names(room: &RoomId, run: &RawRun, who: &AuthorId) -> bool {
    let [RawEntry { kind: Kind::STEP_DOWN, .. }] = run.entries() else { return false };
    let admitted = Admission::new(*room).admit(run, Trust::Signature);
    let says = |entry: &Entry| Signed::of(room, entry).deed == Some(Deed::StepDown { closer: Some(*who) });
    admitted.is_ok_and(|admitted| admitted.entries().iter().all(says))
}

//! Who ranks above whom: the path of appointments decides, and nothing else.

use std::{cmp::Ordering, collections::BTreeSet};

use super::{
    deed::Role,
    tree::{ActNo, Branch, Spot},
};
use crate::{
    ids::{AuthorId, EntryId, Seq},
    limits::RANK_STEPS,
};

/// One step of a path: the seq of the appointing act in its author's log, and the place in its list of keys.
pub type Step = (Seq, u8);

/// The appointments that lead from the owner to a grant. Paths compare step by step; a path ranks above what it begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(Vec<Step>);

impl Path {
    /// The steps, from the owner on.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The path of a grant that the holder of this path gives; `None` where it would be longer than paths get.
    pub(crate) fn then(&self, step: Step) -> Option<Self> {
        (self.0.len() < RANK_STEPS).then(|| Self(self.0.iter().copied().chain([step]).collect()))
    }
}

/// The place of a grant among all others: 0 is the owner's, moderators and keepers are all of one
/// rank. The lower number ranks above.
pub(crate) type Rank = u32;

/// The rank of all moderators and keepers.
pub(crate) const LEAF: Rank = Rank::MAX;

/// A role that somebody was given, and what it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Who holds it.
    pub key: AuthorId,
    /// The appointments that lead to it.
    pub path: Path,
    /// The role.
    pub role: Role,
    /// The first seq of the holder's log from which it holds.
    pub from: Seq,
    /// How many entries of the holder's log it covers at most; `None` if nobody ended it.
    pub cut: Option<Seq>,
    /// The holder's step-down, if it stepped down.
    pub down: Option<Seq>,
    pub(crate) rank: Rank,
    /// The act that gave it; `None` for the owner's.
    pub(crate) by: Option<ActNo>,
    /// The acts that count under it, in the order of the log.
    pub(crate) acts: Vec<ActNo>,
    /// The endings that touch it.
    pub(crate) touching: BTreeSet<EntryId>,
}

/// An appointment that waits for its turn. The greatest is next.
pub(crate) struct Queued {
    pub(crate) key: AuthorId,
    pub(crate) path: Path,
    pub(crate) role: Role,
    pub(crate) from: Seq,
    /// The grant and the act that gave it; `None` for the owner's.
    pub(crate) by: Option<(usize, ActNo)>,
    /// How many were queued before: among moderators those appointed from above come first.
    pub(crate) number: usize,
}

impl Queued {
    fn order(&self) -> (bool, Option<&Path>, usize) {
        let leaf = self.role.is_leaf();
        (leaf, (!leaf).then_some(&self.path), self.number)
    }
}

impl Ord for Queued {
    fn cmp(&self, other: &Self) -> Ordering {
        other.order().cmp(&self.order())
    }
}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Queued {}

/// A key that a counting act ends or vouches for.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    pub(crate) rank: Rank,
    pub(crate) by: AuthorId,
    pub(crate) act: ActNo,
    pub(crate) id: EntryId,
    /// How many entries it leaves.
    pub(crate) count: Seq,
    /// The last entry that it leaves; zeros for none.
    pub(crate) last: EntryId,
    pub(crate) sort: Sort,
}

impl Ending {
    /// The order in which endings of one key choose a branch of its log.
    pub(crate) fn order(&self) -> (Rank, Seq, EntryId) {
        (self.rank, self.count, self.last)
    }
}

/// What kind of ending it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Dismissal,
    Removal,
    /// The end of one key of a person.
    OneKey,
    Voucher,
}

impl Sort {
    /// Whether it ends words, too.
    pub(crate) fn removes(self) -> bool {
        matches!(self, Self::Removal | Self::OneKey)
    }

    /// Whether it ends a grant.
    pub(crate) fn cuts(self) -> bool {
        self != Self::Voucher
    }
}

/// A log, as far as it counts: the branch that is vouched for up to `tip`, and how many entries of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) tip: Option<Spot>,
    pub(crate) cut: Option<Seq>,
}

impl Extent {
    /// The entries that count.
    pub(crate) fn of(self, tree: &super::tree::Tree) -> Branch {
        let branch = tree.branch(self.tip);
        match self.cut {
            Some(count) => branch.cut(count),
            None => branch,
        }
    }
}
